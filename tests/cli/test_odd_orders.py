"""Orders as people write them into a file, with nothing but what an order needs: pulled, sold, told to the portal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles

Row = dict[str, Any]
MOST = 99_999_999.99


def _line(name: str = "Товар", price: float = 100, quantity: float = 1, **more: object) -> Row:
    return {"name": name, "price": price, "quantity": quantity, **more}


def _order(order_id: int, *lines: Row, **more: object) -> Row:
    return {"id": order_id, "basketItems": list(lines), "payments": [{}], "shipments": [{}], **more}


SOLD = {
    "the least": _order(1, _line()),
    "150 lines": _order(2, *(_line(f"Товар {number}", 10.1 + number / 100, 1 + number % 3) for number in range(150))),
    "a long name": _order(3, _line("«Ёлки» \"и\" 'палки' <b>&amp; " + "щ" * 140)),
    "pictures in the name": _order(4, _line("Подарок 🎁👨‍👩‍👧 " + "😀" * 130)),
    "decimals": _order(5, _line("Сыр", 899.9, 0.386), _line("Масло", 123.45, 1.234567), _line("Нить", 0.37, 12.3456)),
    "a gift": _order(6, _line("Подарок", 0), _line(price=55.55)),
    "net prices": _order(7, _line(price=100, quantity=3, vatRate=0.22, vatIncluded="N")),
    "a kopeck": _order(8, _line(price=0.01)),
    "the most": _order(9, _line("Яхта", MOST)),
    "the most again": _order(10, _line("Ещё яхта", MOST)),
    "delivery": _order(11, _line(vatRate=0.22, price=122), shipments=[{"priceDelivery": 199}]),
    "two shipments": _order(12, _line(), shipments=[{}, {}]),
    "A/7 №5": _order(13, _line(), accountNumber="A/7 №5"),
    "№15": _order(14, _line(), accountNumber="№15"),
    "half a character": _order(15, _line("Чай \ud83d чёрный")),
    "odd characters": _order(16, _line("Таб\tи\nперевод \u202e\ufeff\u0000")),
}
REFUSED = {
    "fractions of a kopeck": _order(51, _line(price=33.3333, quantity=3)),
    "too much for a line": _order(52, _line("Яхты", 60_000_000, 2)),
    "less than nothing": _order(53, _line(price=-5), _line()),
    "no name": _order(54, _line(" ")),
    "an old rate": _order(55, _line(price=118, vatRate=0.18)),
    "seven decimals": _order(56, _line(quantity=0.1234567)),
    "no payment": _order(57, _line(), payments=[]),
}

KNOWN, NOTHING_TO_SHIP = _order(71, _line()), _order(72, _line(), shipments=[])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeShop]:
    path = tmp_path_factory.mktemp("orders") / "заказы 1.json"
    path.write_text(json.dumps({"orders": [*SOLD.values(), *REFUSED.values(), KNOWN, NOTHING_TO_SHIP]}), "utf-8")
    with PracticeShop(orders=path) as started:
        assert main(["orders", "pull", "--data-dir", str(started.folder)]) == 0
        assert main(["shift", "open", "--data-dir", str(started.folder)]) == 0
        yield started


@pytest.fixture(autouse=True)
def key(shop: PracticeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])


@pytest.fixture
def run(shop: PracticeShop, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with `--json` on the shop's till; gives exit code and answer, which is all that was written."""

    def command(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main([*arguments, "--json", "--data-dir", str(shop.folder)])
        return code, json.loads(capsys.readouterr().out)

    return command


def _number(order: Row) -> str:
    return str(order.get("accountNumber", order["id"]))


@pytest.mark.parametrize("name", SOLD)
def test_it_is_sold_and_every_light_turns_green(run: Run, shop: PracticeShop, name: str) -> None:
    number = _number(SOLD[name])
    shown = run("orders", "show", number)[1]
    due = shown["to_pay_kopecks"]
    code, sold = run("sell", number, "--card", roubles(due))
    assert (code, sold["order"], sold["receipt"]["total_kopecks"]) == (0, number, due)
    documents = [each for each in shop.documents() if each["key"] == sold["receipt"]["key"]]
    assert [each["total_kopecks"] for each in documents] == [due]
    code, synced = run("sync", "--once")
    assert (code, synced["failed"], synced["left"]) == (0, 0, 0)
    assert set(run("orders", "show", number)[1]["lights"].values()) == {"green"}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_reason_and_the_others_are_on_board(run: Run, shop: PracticeShop, name: str) -> None:
    before = len(shop.documents())
    code, answer = run("sell", _number(REFUSED[name]), "--cash", "1000000")
    assert code == 1
    assert answer["error"]["code"] in ("order_unfit", "vat_unmapped")
    assert len(shop.documents()) == before


def test_a_full_drawer_does_not_keep_the_shift_open(run: Run) -> None:
    """Two sales of the most that a receipt may come to: more than one receipt lies in the drawer."""
    for amount in ("99999999.99", "99999999.99"):
        assert run("shift", "cash-in", amount)[0] == 0
    assert run("shift", "status")[1]["drawer_kopecks"] == 2 * 9_999_999_999
    assert run("shift", "close")[0] == 0
    assert run("shift", "open")[1]["shift"]["state"] == "open"


def test_what_the_portal_knows_is_neither_sent_again_nor_held(run: Run) -> None:
    assert run("sell", _number(KNOWN), "--card", "100")[0] == 0
    assert run("sync", "--once")[0] == 0
    entry = str(run("outbox", "list", "--order", _number(KNOWN))[1]["entries"][0]["entry"])
    for what in ("retry", "hold"):
        code, answer = run("outbox", what, entry)
        assert (code, answer["error"]["code"]) == (1, "entry_done")


def test_an_exchange_that_leaves_work_for_a_person_says_so(run: Run) -> None:
    assert run("sell", _number(NOTHING_TO_SHIP), "--card", "100")[0] == 0
    code, synced = run("sync", "--once")
    assert (code, synced["failed"], synced["left"]) == (3, 1, 0)
    assert run("sync", "--once")[0] == 0  # told once; the red light and `outbox list` go on telling
    assert run("orders", "show", _number(NOTHING_TO_SHIP))[1]["lights"]["stock"] == "red"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_exchange_runs_until_it_is_told_to_stop(shop: PracticeShop, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "posapp", "sync", "--json", "--data-dir", str(shop.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["left"] == 0
        process.send_signal(end)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, errors) == (0, b"")
