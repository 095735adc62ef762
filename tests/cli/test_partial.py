"""`posapp sell --refuse` as typed: at the door, with and without the portal, and what the portal's people see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=16, seed=7) as started:
        yield started


@pytest.fixture
def run(typed: Run, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(shop.folder))
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])

    assert typed("orders", "pull")[0] == 0
    if typed("shift", "status")[1]["shift"]["state"] != "open":
        assert typed("shift", "open")[0] == 0
    return typed


def door_step(run: Run) -> list[dict[str, Any]]:
    """Unpaid orders of at least two lines of goods, not receipted yet."""
    found = []
    for row in run("orders", "list")[1]["orders"]:
        shown = run("orders", "show", row["order"])[1]
        goods = [line for line in shown["lines"] if line["name"] != "Доставка"]
        if "full" in shown["offers"] and len(goods) > 1 and not row["cancelled"]:
            found.append(shown)
    return found


def state(shop: PracticeShop, order_id: int) -> dict[str, Any]:
    with urlopen(f"{shop.portal['url']}/_sim/state", timeout=20) as answer:
        orders = json.loads(answer.read(), parse_float=Decimal)["orders"]
    return next(order for order in orders if order["id"] == order_id)


def network(shop: PracticeShop, *, up: bool) -> None:
    body = json.dumps({"up": up}).encode()
    urlopen(Request(f"{shop.portal['url']}/_sim/network", body, {"Content-Type": "application/json"}), timeout=20)


def test_a_line_stays_away_with_no_network_and_the_portal_hears_of_it_later(shop: PracticeShop, run: Run) -> None:
    order = door_step(run)[0]
    refused, number = order["lines"][0], order["order"]
    left = order["price_kopecks"] - refused["sum_kopecks"]
    assert run("day", "open", "--courier", "Орлов Д.")[0] == 0
    network(shop, up=False)
    try:
        sell = ("sell", number, "--cash", roubles(left), "--refuse", "1")
        code, answer = run(*sell)
        assert (code, answer["error"]["code"]) == (2, "usage")  # without a reason
        code, sold = run(*sell, "--why", "не подошёл")
        assert (code, sold["receipt"]["total_kopecks"], sold["outbox_pending"]) == (0, left, 4)
        told = sold["receipt"]["refused"]
        assert [(line["number"], line["name"]) for line in told["lines"]] == [(1, refused["name"])]
        assert (told["amount_kopecks"], told["why"]) == (refused["sum_kopecks"], "не подошёл")
        assert run(*sell, "--why", "не подошёл")[1]["error"]["code"] == "already_receipted"
    finally:
        network(shop, up=True)
    assert run("sync", "--once")[0] == 0
    shown = run("orders", "show", number)[1]
    assert set(shown["lights"].values()) == {"green"}
    portal = state(shop, order["id"])
    assert (portal["payed"], portal["deducted"], portal["price"]) == ("Y", "Y", Decimal(left) / 100)
    assert len(portal["basketItems"]) == len([line for line in order["lines"] if line["name"] != "Доставка"]) - 1
    (day,) = run("day", "report")[1]["refusals"]
    (listed, *_) = run("orders", "refused")[1]["refused"]
    assert day == listed
    assert (listed["order"], listed["is_whole"], listed["key"]) == (number, False, sold["receipt"]["key"])
    assert run("reconcile")[1]["differences"] == []
    printed = run("receipt", "show", number)[1]
    assert printed["receipt"]["refused"] == told
    assert refused["name"] not in [line["name"] for line in printed["lines"]]


def test_a_part_of_a_line_in_every_spelling(run: Run) -> None:
    orders = [each for each in door_step(run) if any(line["quantity"] == "3" for line in each["lines"])]
    for order, sign in zip(orders, ("×", "x", "*", "х"), strict=False):
        line = next(line for line in order["lines"] if line["quantity"] == "3")
        left = order["price_kopecks"] - 2 * line["price_kopecks"]
        refuse = f"{line['number']}{sign}2"
        code, sold = run("sell", order["order"], "--card", roubles(left), "--refuse", refuse, "--why", "лишнее")
        assert (code, sold["receipt"]["total_kopecks"]) == (0, left), sold
    assert orders


WRONG = [
    (["all"], 1, "refused_all"),
    (["99"], 1, "refused_line"),
    (["1", "1"], 1, "refused_line"),
    (["1×1000"], 1, "refused_line"),
    (["0"], 1, "refused_line"),
    (["1×0"], 2, "usage"),
    (["1×-1"], 2, "usage"),
    (["первую"], 2, "usage"),
    (["1×1×1"], 2, "usage"),
    ([""], 2, "usage"),
]


def test_what_is_typed_wrongly_prints_nothing(run: Run) -> None:
    order = door_step(run)[-1]["order"]
    for refuse, code, name in WRONG:
        options = [part for each in refuse for part in ("--refuse", each)]
        found = run("sell", order, "--cash", "1", "--why", "проба", *options)
        assert (found[0], found[1]["error"]["code"]) == (code, name), refuse
    assert run("orders", "show", order)[1]["receipts"] == []


def test_the_rule_of_the_delivery_is_set_up_and_shown(run: Run) -> None:
    given = ("setup", "sales", "--refusal-fee", "free-from", "--free-from", "3000", "--fee", "299")
    assert run(*given)[1]["sales"]["fee_rule"] == "free-from"
    sales = run("setup", "sales")[1]["sales"]
    assert (sales["fee_free_from_kopecks"], sales["fee_kopecks"]) == (300_000, 29_900)
    for wrong in (("--refusal-fee", "free-from"), ("--fee", "299"), ("--refusal-fee", "keep", "--fee", "299")):
        assert run("setup", "sales", *wrong)[0] == 2
    assert run("setup", "sales", "--refusal-fee", "keep")[1]["sales"]["fee_rule"] == "keep"


def test_what_was_paid_before_is_handed_over_in_part(shop: PracticeShop, run: Run) -> None:
    """The money for the rest is named until it went back; the portal's order keeps its price and is not closed."""
    orders = [run("orders", "show", row["order"])[1] for row in run("orders", "list")[1]["orders"]]
    order = next(each for each in orders if "handover" in each["offers"] and len(each["lines"]) > 1)
    number, refused = order["order"], order["lines"][0]
    refuse = ("--refuse", "1", "--why", "не подошёл")
    code, answer = run("sell", number, "--cash", roubles(order["price_kopecks"]), *refuse)
    assert (code, answer["error"]["code"]) == (1, "refused_prepaid")
    code, sold = run("sell", number, "--as", "handover", *refuse)
    assert (code, sold["outbox_pending"]) == (0, 1)
    assert sold["receipt"]["total_kopecks"] == order["price_kopecks"] - refused["sum_kopecks"]
    assert sold["receipt"]["refused"]["to_refund_kopecks"] == refused["sum_kopecks"]
    assert run("sync", "--once")[0] == 0
    shown = run("orders", "show", number)[1]
    assert shown["to_refund_kopecks"] == refused["sum_kopecks"]
    assert (shown["lights"]["stock"], shown["lights"]["status"]) == ("green", "grey")
    portal = state(shop, order["id"])
    assert (portal["price"], portal["payed"], portal["statusId"]) == (Decimal(order["price_kopecks"]) / 100, "Y", "P")
    assert run("reconcile")[1]["differences"] == []


def test_what_was_prepaid_here_names_the_command_of_its_refund(
    shop: PracticeShop, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    order = door_step(run)[1]
    number, refused = order["order"], order["lines"][1]
    price = roubles(order["price_kopecks"])
    key = run("sell", number, "--as", "prepayment", "--cash", price)[1]["receipt"]["key"]
    code, sold = run("sell", number, "--as", "handover", "--refuse", "2", "--why", "мал")
    assert (code, sold["receipt"]["refused"]["to_refund_kopecks"]) == (0, refused["sum_kopecks"])
    assert main(["orders", "show", number, "--data-dir", str(shop.folder)]) == 0
    told = capsys.readouterr().out
    assert f"posapp refund {key} --line 2x{refused['quantity']}" in told
    assert run("refund", key, "--line", f"2x{refused['quantity']}")[0] == 0
    assert run("orders", "show", number)[1]["to_refund_kopecks"] == 0
