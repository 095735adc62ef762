"""`posapp refund` as typed: found in every way, in part and in full, told to the portal, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, set_up


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=20, seed=11) as started:
        yield started


@pytest.fixture
def run(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    """In a data directory that is set up, orders on board, its shift open."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("orders", "pull")[0] == 0
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


def sell_one(run: Run) -> dict[str, Any]:
    """An order of several pieces, sold by card."""
    for row in run("orders", "list")[1]["orders"]:
        if row["cancelled"] or row["done"] or row["to_pay_kopecks"] != row["price_kopecks"]:
            continue
        code, sold = run("sell", row["order"], "--card", roubles(row["price_kopecks"]))
        if code == 0:  # another directory of this module may have sold it
            return sold
    raise AssertionError("no order is left")


def test_in_part_and_then_in_full_and_never_again(run: Run, shop: PracticeShop) -> None:
    sold = sell_one(run)
    key, order, total = sold["receipt"]["key"], sold["order"], sold["receipt"]["total_kopecks"]
    code, look = run("refund", key, "--look")
    assert (code, look["left"]["total_kopecks"], look["of"]["made_here"]) == (0, total, True)
    assert look["left"]["tenders"] == {"cashless_kopecks": total}
    code, part = run("refund", "--qr", sold["receipt"]["qr"], "--line", "1×1")
    assert code == 0
    assert (part["receipt"]["kind"], part["of"]["key"], part["order"]) == ("sell_refund", key, order)
    assert part["receipt"]["total_kopecks"] + part["left"]["total_kopecks"] == total
    code, rest = run("refund", "--document", str(sold["receipt"]["mark"]["document_number"]))
    assert (code, rest["left"]["total_kopecks"]) == (0, 0)
    code, again = run("refund", "--order", order)
    assert (code, again["error"]["code"]) == (1, "already_refunded")
    assert run("sync", "--once")[0] == 0
    code, shown = run("orders", "show", order)
    assert len(shown["receipts"]) == 3
    assert set(shown["lights"].values()) == {"green"}
    assert run("reconcile")[1]["differences"] == []
    assert run("shift", "counters")[1]["agrees"] is True


@pytest.mark.parametrize(
    "arguments, code, error",
    [
        ((), 2, "usage"),
        (("KEY", "--line", "0"), 2, "usage"),
        (("KEY", "--line", "one"), 2, "usage"),
        (("KEY", "--line", "1x"), 2, "usage"),
        (("KEY", "--document", "3"), 2, "usage"),
        (("KEY", "--line", "1", "--line", "1x1"), 2, "usage"),
        (("KEY", "--override"), 2, "usage"),
        (("KEY", "--paid", "gold"), 2, "usage"),
        (("KEY",), 1, "refund_nothing"),
        (("--qr", "nonsense"), 1, "bad_input"),
        (("--document", "9999"), 1, "refund_nothing"),
        (("--order", "no-such-order"), 1, "unknown_order"),
    ],
)
def test_what_cannot_be_meant(run: Run, arguments: tuple[str, ...], code: int, error: str) -> None:
    found = run("refund", *arguments)
    assert (found[0], found[1]["error"]["code"]) == (code, error)


def test_more_than_was_sold_and_money_that_never_came(run: Run) -> None:
    sold = sell_one(run)
    key, order = sold["receipt"]["key"], sold["order"]
    assert run("refund", key, "--line", "1x999")[1]["error"]["code"] == "refund_over"
    assert run("refund", key, "--line", "99")[1]["error"]["code"] == "refund_nothing"
    assert run("refund", key, "--cash", "1.00")[1]["error"]["code"] == "refund_over"
    short = run("refund", key, "--card", "0.01")[1]["error"]
    assert short["code"] == "refund_over"
    assert "картой 0,01" in short["message"]
    other = next(row["order"] for row in run("orders", "list")[1]["orders"] if row["order"] != order)
    assert run("refund", key, "--order", other)[1]["error"]["code"] == "refund_other_order"


def test_the_field_of_the_list_and_the_status_are_chosen_and_proven(run: Run) -> None:
    portal = ("setup", "portal", "--mode", "till-driven")
    assert run(*portal, "--receipts-field", "externalPayment")[1]["error"]["code"] == "usage"
    assert run(*portal, "--refund-status", "??")[1]["error"]["code"] == "not_set_up"
    code, chosen = run(*portal, "--receipts-field", "psStatusMessage", "--refund-status", "F")
    assert (code, chosen["portal"]["receipts_field"], chosen["portal"]["refund_status"]) == (0, "psStatusMessage", "F")
    code, again = run(*portal)
    assert (again["portal"]["receipts_field"], again["portal"]["refund_status"]) == ("psStatusMessage", "F")
    sold = sell_one(run)
    assert run("refund", sold["receipt"]["key"], "--line", "1")[0] == 0
    assert run("sync", "--once")[0] == 0
    assert set(run("orders", "show", sold["order"])[1]["lights"].values()) == {"green"}
