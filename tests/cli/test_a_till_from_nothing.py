"""A script builds a till on the command line and works a day on it, the bad moments included."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, set_up

NUMBERS = itertools.count(1)
USED: set[str] = set()


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=60, seed=3) as started:
        yield started


@pytest.fixture
def till(run: Run, shop: PracticeShop) -> Iterator[Run]:
    """A till that is set up, its orders on board, the shift open; closed again at the end.

    Each has a name of its own: a till that finds its name on documents that it does not know sells nothing.
    """
    set_up(run, shop, f"т{next(NUMBERS)}")
    assert run("orders", "pull")[1]["complete"]
    assert run("shift", "open")[0] == 0
    yield run
    _register(shop, "paper", {"state": "ok"})
    shop.network(up=True)
    run("shift", "close")


def _register(shop: PracticeShop, what: str, body: object) -> None:
    request = urllib.request.Request(f"{shop.register['control']}/_sim/{what}", json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=10).close()


def _orders(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run("orders", "list")[1]["orders"]
    return rows


def _sellable(run: Run) -> dict[str, Any]:
    """An order that no test before has had: the tills share a register, and no order is sold on it twice."""
    found = next(
        row
        for row in _orders(run)
        if not (row["cancelled"] or row["done"] or row["order"] in USED)
        and row["to_pay_kopecks"] == row["price_kopecks"]
    )
    USED.add(found["order"])
    return found


def test_a_day(till: Run, shop: PracticeShop) -> None:
    order = _sellable(till)
    number, price = order["order"], order["price_kopecks"]
    code, sold = till("sell", number, "--cash", roubles(price + 10_000))
    assert code == 0
    assert sold["order"] == number
    assert sold["receipt"]["change_kopecks"] == 10_000
    assert sold["receipt"]["state"] == "fiscalized"
    assert sold["outbox_pending"] == 4
    code, again = till("sell", number, "--cash", roubles(price))
    assert (code, again["error"]["code"]) == (1, "already_receipted")
    assert again["receipt"] == sold["receipt"]
    documents = [each for each in shop.documents() if each["key"] == sold["receipt"]["key"]]
    assert [each["total_kopecks"] for each in documents] == [price]
    assert till("orders", "show", number)[1]["lights"] == {
        "receipt": "green", "money": "amber", "status": "amber", "stock": "amber",
    }  # fmt: skip
    assert till("sync", "--once")[1]["left"] == 0
    assert set(till("orders", "show", number)[1]["lights"].values()) == {"green"}
    assert till("receipt", "show", sold["receipt"]["key"])[1]["receipt"] == sold["receipt"]


def test_the_drawer(till: Run) -> None:
    before = till("shift", "status")[1]["drawer_kopecks"]
    assert till("shift", "cash-in", "1000")[1]["drawer_kopecks"] == before + 100_000
    assert till("shift", "cash-out", "250.50")[1]["drawer_kopecks"] == before + 74_950
    code, answer = till("shift", "cash-out", "99999999")
    assert (code, answer["error"]["code"]) == (1, "not_enough_cash")
    assert till("shift", "x")[1]["drawer_kopecks"] == before + 74_950


def test_offline_sales_wait_and_go_by_themselves(till: Run, shop: PracticeShop) -> None:
    order = _sellable(till)
    shop.network(up=False)
    code, sold = till("sell", order["order"], "--card", roubles(order["price_kopecks"]))
    assert (code, sold["receipt"]["state"]) == (0, "fiscalized")
    code, offline = till("sync", "--once")
    assert (code, offline["error"]["code"], offline["left"]) == (1, "offline", 4)
    shop.network(up=True)
    assert till("sync", "--once")[1] | {"pulled": None} == {"delivered": 4, "failed": 0, "left": 0, "pulled": None}


@pytest.mark.parametrize(
    "amounts, code",
    [
        pytest.param(["--cash", "0.01"], "tenders_short", id="short"),
        pytest.param([], "tenders_short", id="nothing"),
        pytest.param(["--card", "99999"], "tenders_over", id="cashless over"),
    ],
)
def test_tenders_that_do_not_fit(till: Run, shop: PracticeShop, amounts: list[str], code: str) -> None:
    before = len(shop.documents())
    exit_code, answer = till("sell", _sellable(till)["order"], *amounts)
    assert (exit_code, answer["error"]["code"]) == (1, code)
    assert len(shop.documents()) == before


def test_orders_that_cannot_be_sold(till: Run, shop: PracticeShop) -> None:
    state = {each["accountNumber"]: each for each in shop.state()["orders"]}
    cancelled = next(number for number, each in state.items() if each["canceled"] == "Y")
    mine = {row["order"] for row in _orders(till) if not row["done"]}
    paid = next(row["order"] for row in _orders(till) if row["to_pay_kopecks"] == 0 and row["order"] not in mine)
    part = next(
        number
        for number, each in state.items()
        if each["payed"] == "N" and any(payment["paid"] == "Y" for payment in each["payments"])
    )
    expected = {
        "nothing-like-it": "unknown_order",
        cancelled: "order_cancelled",
        paid: "already_paid",
        part: "part_paid",
    }
    before = len(shop.documents())
    for number, code in expected.items():
        exit_code, answer = till("sell", number, "--cash", "100000")
        assert (number, exit_code, answer["error"]["code"]) == (number, 1, code)
    assert len(shop.documents()) == before


@pytest.mark.parametrize("state, code", [("out", "paper_out"), ("cover", "cover_open")])
def test_paper_trouble_begins_nothing(till: Run, shop: PracticeShop, state: str, code: str) -> None:
    order = _sellable(till)
    _register(shop, "paper", {"state": state})
    exit_code, answer = till("sell", order["order"], "--cash", "100000")
    assert (exit_code, answer["error"]["code"]) == (1, code)
    _register(shop, "paper", {"state": "ok"})
    assert till("sell", order["order"], "--cash", "100000")[0] == 0


def test_without_a_shift_nothing_is_begun(till: Run) -> None:
    assert till("shift", "close")[0] == 0
    exit_code, answer = till("sell", _sellable(till)["order"], "--cash", "100000")
    assert (exit_code, answer["error"]["code"]) == (1, "shift_closed")
    assert till("shift", "open")[0] == 0


def test_a_rate_that_nobody_confirmed_holds_the_receipt(run: Run, shop: PracticeShop) -> None:
    run("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    run("setup", "portal", "--mode", "till-driven")
    run("orders", "pull")
    exit_code, answer = run("sell", _sellable(run)["order"], "--cash", "100000")
    assert (exit_code, answer["error"]["code"]) == (1, "vat_unmapped")


@pytest.mark.parametrize(
    "arguments, exit_code, code",
    [
        (["setup", "printer", "--model", "shtrih", "--port", "/dev/nothing"], 1, "device_unreachable"),
        (["setup", "printer", "--model", "typewriter", "--port", "/dev/nothing"], 2, "usage"),
        (["setup", "portal", "--mode", "whatever"], 2, "usage"),
        (["sell", "1", "--cash", "12,3,4"], 2, "bad_amount"),
        (["sell"], 2, "usage"),
        (["nonsense"], 2, "usage"),
        (["orders", "list"], 1, "not_set_up"),
        (["resolve", "0123456789ABCDEF"], 2, "usage"),
    ],
)
def test_wrong_usage_and_absent_things(run: Run, arguments: list[str], exit_code: int, code: str) -> None:
    got, answer = run(*arguments)
    assert (got, answer["error"]["code"]) == (exit_code, code)
    assert answer["error"]["message"]
    assert answer["error"]["action"]


def test_a_practice_register_is_refused_by_a_live_directory(run: Run, shop: PracticeShop) -> None:
    code, answer = run("setup", "printer", "--model", "shtrih", "--port", shop.register["port"])
    assert (code, answer["error"]["code"]) == (1, "training_mismatch")
    assert run("setup", "show")[1]["error"]["code"] == "not_set_up"


def test_a_wrong_password_saves_nothing(run: Run, shop: PracticeShop) -> None:
    port = shop.register["port"]
    code, answer = run("setup", "printer", "--model", "shtrih", "--port", port, "--training", "--password", "77")
    assert (code, answer["error"]["code"]) == (1, "wrong_password")
    assert run("setup", "show")[1]["error"]["code"] == "not_set_up"


def test_the_webhook_is_never_shown(till: Run, shop: PracticeShop, tmp_path: Path) -> None:
    secret = shop.portal["webhook"].rstrip("/").rpartition("/")[2]
    assert secret not in json.dumps(till("setup", "show")[1])
    for path in (tmp_path / "till").rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
