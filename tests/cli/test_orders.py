"""Orders as typed: loaded with their progress, a route that is proved, a change that is seen before the money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from posapp.http import HttpClient
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import Governor, Limits
from tests.cli.tills import Run, roubles, sellable, set_up

COUNT = 12


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=COUNT, seed=9) as started:
        yield started


@pytest.fixture
def manager(shop: PracticeShop) -> Iterator[BitrixClient]:
    """Somebody who works on the portal."""
    http = HttpClient()
    yield BitrixClient(shop.portal["webhook"], http, Governor(lambda: 0.0, lambda _s: None, Limits(size=1e9)))
    http.close()


@pytest.fixture
def till(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    """A till that is set up, with an open shift; nothing is on board yet."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


def dearer(manager: BitrixClient, order_id: int) -> int:
    """A manager puts ten roubles on the first line of the order, and on its payment. The new sum in kopecks."""
    order = manager.call("sale.order.get", {"id": order_id})["order"]
    line, payment = order["basketItems"][0], order["payments"][0]
    more = 10 * line["quantity"]
    fields = {
        "name": line["name"],
        "quantity": line["quantity"],
        "price": line["price"] + 10,
        "basePrice": line["price"] + 10,
        "discountPrice": 0,
        "customPrice": "Y",
    }
    manager.call("sale.basketitem.update", {"id": line["id"], "fields": fields})
    manager.call("sale.order.update", {"id": order_id, "fields": {"price": order["price"] + more}})
    paid = {"paySystemId": payment["paySystemId"], "sum": payment["sum"] + more}
    manager.call("sale.payment.update", {"id": payment["id"], "fields": paid})
    return int((order["price"] + more) * 100)


def test_all_orders_with_progress_on_stderr_and_one_answer_on_stdout(
    till: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["orders", "pull", "--all", "--json"]) == 0
    written = capsys.readouterr()
    (answer,) = [json.loads(line) for line in written.out.splitlines()]
    assert (answer["complete"], answer["expected"], answer["on_board"], answer["unread"]) == (True, COUNT, COUNT, [])
    assert answer["in_all"] == COUNT
    progress = [json.loads(line) for line in written.err.splitlines() if line.startswith("{")]
    assert progress[0]["progress"] == {"on_board": 0, "expected": COUNT, "checking": False, "left_s": None}
    assert main(["orders", "pull"]) == 0
    assert capsys.readouterr().out == f"Всего заказов на борту: {COUNT}, изменений нет.\n"
    again = till("orders", "pull")[1]
    assert (again["expected"], again["on_board"], again["in_all"], again["complete"]) == (0, 0, COUNT, True)
    assert till("orders", "pull", "--all", "--days", "5")[1]["error"]["code"] == "usage"


def test_a_route_is_proved_and_its_change_seen_before_the_money(till: Run, manager: BitrixClient) -> None:
    assert till("orders", "pull")[0] == 0
    code, route = till("orders", "route", "--responsible", "1")
    assert (code, route["proof"]["complete"], route["filter"]["responsible"]) == (0, True, 1)
    assert route["proof"]["expected"] == route["proof"]["on_board"] == len(route["orders"]) > 5
    assert till("orders", "route", "--responsible", "999")[1]["proof"]["expected"] == 0
    assert till("orders", "route", "--no-filter")[0] == 0
    assert till("orders", "route", "--responsible", "1")[1]["proof"]["complete"]

    first = sellable(till)[0]
    now = dearer(manager, first["id"])
    assert till("sync", "--once")[0] == 0
    shown = till("orders", "show", first["order"])[1]
    assert shown["changes"][0]["what"] == "to_pay"
    assert shown["changes"][0]["money"] is True
    assert [row["order"] for row in till("orders", "route")[1]["orders"] if row["changed"]] == [first["order"]]

    code, answer = till("sell", first["order"], "--cash", roubles(now))
    assert (code, answer["error"]["code"]) == (1, "changed_at_door")
    assert answer["changes"] == shown["changes"]
    assert till("orders", "show", first["order"])[1]["receipts"] == []
    code, sold = till("sell", first["order"], "--cash", roubles(now))
    assert (code, sold["receipt"]["total_kopecks"]) == (0, now)
    assert till("orders", "show", first["order"])[1]["changes"] == []


def test_a_route_by_what_the_portal_does_not_have_is_refused_and_not_kept(
    till: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert till("orders", "pull")[0] == 0
    assert till("orders", "route", "--responsible", "1")[0] == 0
    for wrong, words in (
        (("--property", "COURIR=Орлов"), "нет свойства заказа «COURIR» (есть: ADDRESS, COMPANY, "),
        (("--status", "XX"), "нет статуса «XX» (есть: D, "),
        (("--status", "N", "--status", "DN"), "нет статуса «DN»"),  # one of deliveries, not of orders
    ):
        code, answer = till("orders", "route", *wrong)
        assert (code, answer["error"]["code"]) == (2, "usage")
        assert words in answer["error"]["message"]
    assert till("orders", "route")[1]["filter"]["responsible"] == 1
    nobody = text(capsys, "orders", "route", "--property", "courier=Никого такого нет", "--status", "N")
    assert "По этому отбору заказов нет." in nobody
    assert "orders pull" not in nobody


def test_an_order_shows_its_refunds_and_a_whole_refusal(till: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert till("orders", "pull")[0] == 0
    sold, refused = sellable(till)[-2:]
    assert till("sell", sold["order"], "--cash", roubles(sold["price_kopecks"]))[0] == 0
    assert till("refund", "--order", sold["order"])[0] == 0
    assert till("day", "open", "--courier", "Орлов Д.", "--float", "100")[0] == 0
    assert till("day", "refuse", refused["order"], "--why", "не подошёл")[0] == 0
    assert text(capsys, "orders", "show", sold["order"]).count("ФД") == 2
    assert "Возврат" in text(capsys, "orders", "show", sold["order"])
    assert "не подошёл" in text(capsys, "orders", "show", refused["order"])
    (kept,) = till("orders", "show", refused["order"])[1]["refused_whole"]
    assert kept["why"] == "не подошёл"


def text(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return str(capsys.readouterr().out)


def test_a_filter_that_cannot_be_is_refused_before_anything_is_asked(till: Run) -> None:
    for wrong in (("--property", "COURIER"), ("--status", "delivered"), ("--no-filter", "--responsible", "1")):
        code, answer = till("orders", "route", *wrong)
        assert (code, answer["error"]["code"]) == (2, "usage")
