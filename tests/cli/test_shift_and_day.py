"""`posapp shift` and `posapp day` as typed: a shift with its counters and report, its rule, a courier's day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, sellable, set_up


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=20, seed=5) as started:
        yield started


@pytest.fixture
def run(run: Run, shop: PracticeShop, tmp_path: Path) -> Run:
    """In a data directory that is set up, its orders on board."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("orders", "pull")[0] == 0
    return run


@pytest.fixture
def till(run: Run) -> Iterator[Run]:
    """With an open shift."""
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


def test_a_shift_and_a_courier_day_from_morning_to_evening(till: Run) -> None:
    opened, first, second, refused = till("shift", "status")[1], *sellable(till)[:3]
    assert (opened["shift"]["state"], opened["close_at"], opened["opened_at"] is not None) == ("open", None, True)
    day = till("day", "open", "--courier", "Орлов Д.", "--float", "3000")[1]
    assert (day["courier"], day["float_kopecks"], day["should_be_kopecks"]) == ("Орлов Д.", 300_000, 300_000)
    assert till("sell", first["order"], "--cash", roubles(first["price_kopecks"] + 5_000))[0] == 0
    assert till("sell", second["order"], "--card", roubles(second["price_kopecks"]))[0] == 0
    code, kept = till("day", "refuse", refused["order"], "--why", "не подошёл")
    assert (code, kept["amount_kopecks"], len(kept["lines"]) > 0) == (0, refused["price_kopecks"], True)
    now = till("day", "report")[1]
    assert now["by_tender"]["cash_kopecks"] == first["price_kopecks"]
    assert now["by_tender"]["cashless_kopecks"] == second["price_kopecks"]
    should_be = 300_000 + first["price_kopecks"]
    assert (now["should_be_kopecks"], now["counted_kopecks"], now["closed_at"]) == (should_be, None, None)
    assert [row["order"] for row in now["refusals"]] == [refused["order"]]

    short = ("day", "close", "--cash", roubles(should_be - 100), "--received-by", "Иванова А.")
    code, answer = till(*short)
    assert (code, answer["error"]["code"], answer["error"]["number"]) == (1, "day_difference", 177)
    code, closed = till(*short, "--why", "рубль упал")
    assert (code, closed["difference_kopecks"], closed["received_by"]) == (0, -100, "Иванова А.")
    assert till("day", "report", str(closed["day"]))[1]["why"] == "рубль упал"
    (listed,) = till("day", "list")[1]["days"]
    assert (listed["difference_kopecks"], listed["receipts"]) == (-100, 2)
    assert till("audit", "verify")[0] == 0

    code, counters = till("shift", "counters")
    assert (code, counters["agrees"], counters["differences"]) == (0, True, [])
    code, nothing = till("shift", "counters", "--accept", "--why", "так")
    assert (code, nothing["error"]["code"]) == (1, "counters_agree")
    code, ended = till("shift", "close")
    assert (ended["shift"]["state"], ended["counters"]["agrees"]) == ("closed", True)
    report = till("shift", "report")[1]
    assert report["closed"]["document_number"] == ended["last_document"]
    assert report["counters"]["receipts"]["sell"]["cash_kopecks"] == first["price_kopecks"]
    assert report["ours"] == {
        "sell": {
            "receipts": 2,
            "cash_kopecks": first["price_kopecks"],
            "cashless_kopecks": second["price_kopecks"],
        }
    }
    assert report["is_whole"]
    assert till("shift", "report", str(report["shift"]))[1] == report


def test_the_rule_is_set_and_asked(till: Run) -> None:
    assert till("shift", "close", "--if-due")[1] == {"closed": False, "because": "no_rule"}
    for wrong in ("25:00", "noon"):
        assert till("setup", "shift", "--close-at", wrong)[0] == 2
    assert till("setup", "shift", "--close-at", "9:05")[1] == {"shift": {"close_at": "09:05"}}
    answer = till("shift", "close", "--if-due")[1]
    assert answer == {"closed": False, "because": "too_early"}
    assert till("setup", "shift", "--none")[1] == {"shift": {"close_at": ""}}
    assert till("setup", "show")[1]["shift"] == {"close_at": ""}


def test_what_cannot_be_is_refused(run: Run) -> None:
    assert run("day", "report")[1]["error"]["code"] == "day_not_open"
    assert run("shift", "report")[1]["error"]["code"] == "not_found"
    assert run("day", "close", "--cash", "1", "--received-by", "Иванова")[1]["error"]["code"] == "day_not_open"
    assert run("day", "open", "--float", "много")[0] == 2
    assert run("day", "open", "--courier", "Орлов")[0] == 0
    assert run("day", "open", "--courier", "Петров")[1]["error"]["code"] == "day_open"
    assert run("day", "close", "--cash", "0", "--received-by", "Орлов")[1]["error"]["code"] == "day_names"
    assert run("day", "close", "--cash", "0", "--received-by", "Петров")[0] == 0
