"""Verified read–modify–write of a product's quantity: whatever is lost, late, killed or overtaken, each sale once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.journal.rows import Decision, IllegalMove, StockWrite
from tests.sync.goods import BY_QUANTITY, GOODS, Counter, counter_at
from tests.sync.portals import Row

METHODS = ("catalog.document.mode.status", "catalog.product.get", "catalog.product.update", "batch")
FAULTS: tuple[Row, ...] = (
    {"do": "reset"},
    {"do": "reset", "when": "after_commit"},
    {"do": "html", "value": 502},
    {"do": "html", "value": 504, "when": "after_commit"},
    {"do": "http", "value": 500, "when": "after_commit"},
    {"do": "http", "value": 503},
    {"do": "http", "value": 429},
    {"do": "warning", "value": "Сохранено с предупреждением"},
)
SENIOR = Decision("Старшая", "stock.settled", "entry")


class Killed(BaseException):
    """The process ends here."""


class Watched:
    """The journal, and what happens just before or after it keeps something."""

    def __init__(self, counter: Counter, **hooks: Callable[[], None]) -> None:
        self._journal = counter.journal
        self._hooks = hooks

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._journal, name)
        before, after = self._hooks.get(f"before_{name}"), self._hooks.get(f"after_{name}")
        if before is None and after is None:
            return found

        def run(*given: Any, **named: Any) -> Any:
            if before is not None:
                before()
            answer = found(*given, **named)
            if after is not None:
                after()
            return answer

        return run


def killed() -> None:
    raise Killed


# ------------------------------------------------------------------------------------------------ the plain way
def test_a_sale_and_a_return_change_the_number_once(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({500: "2", 501: "0.386"})
        assert counter.deliver().done == 1
        assert (counter.stock(500), counter.stock(501)) == (8, Decimal("9.614"))
        (move, _) = counter.journal.stock_moves(key)
        assert (move.seen, move.target) == (Decimal(10), Decimal(8))
        assert move.confirmed_at is not None
        counter.sell({500: "1"}, is_back=True)
        assert counter.deliver().done == 1
        assert counter.stock(500) == 9
        before = counter.writes()
        assert counter.deliver().done == 0
        assert counter.writes() == before
        assert {number for number, _ in counter.log()} == {"ФД 1", "ФД 2"}


def test_receipts_of_one_product_are_written_one_after_the_other(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        for _ in range(6):
            counter.sell({500: "1", 501: "1"})
        assert counter.deliver().done == 6
        assert (counter.stock(500), counter.stock(501)) == (4, 4)
        assert counter.writes() == ["catalog.product.update"] * 12


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: "-".join(map(str, each.values()))[:24])
def test_a_lost_answer_at_any_call_takes_nothing_twice(fault: Row, tmp_path: Path) -> None:
    told = [each for each in METHODS if fault["do"] != "warning" or each.endswith("update")]
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        left = [Decimal(10), Decimal(10)]
        for method, nth in itertools.product(told, (1, 2, 3)):
            counter.sell({500: "0.2", 501: "0.1"})
            counter.sell({500: "0.1"})
            counter.bitrix.faults({"method": method, "nth": nth, **fault})
            counter.deliver()
            counter.bitrix.faults()
            counter.deliver_until_done()
            left = [each - Decimal(much) for each, much in zip(left, ("0.3", "0.1"), strict=True)]
            assert [counter.stock(500), counter.stock(501)] == left, (method, nth)
        assert set(counter.states().split()) == {"done"}


# ------------------------------------------------------------------------------------------------ two tills
def test_trap_33_what_another_till_wrote_between_look_and_write_is_not_lost(tmp_path: Path) -> None:
    """An absolute number: read 10, another till writes 7, we write 8 – and see that we wrote over 7."""
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({500: "2"})
        times = itertools.count(1)

        def sells_too() -> None:
            if next(times) == 1:
                counter.put(500, 7)

        counter.deliver(Watched(counter, after_start_stock_writes=sells_too))
        assert counter.stock() == 5
        assert counter.entry(key).state == "done"
        assert counter.writes() == ["catalog.product.update"] * 2


def test_another_till_that_made_the_very_number_is_seen(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        counter.sell({500: "2"})
        times = itertools.count(1)
        sells = lambda: counter.put(500, 8) if next(times) == 1 else None  # noqa: E731
        counter.deliver(Watched(counter, after_start_stock_writes=sells))
        counter.deliver_until_done()
        assert counter.stock() == 6


def test_two_tills_that_sell_in_turns_lose_nothing(tmp_path: Path) -> None:
    """The other one writes at every look; in the end both are there."""
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        counter.sell({500: "1"})
        sold = iter(range(3))

        def sells_too() -> None:
            if next(sold, None) is not None:
                counter.put(500, counter.stock() - 1)

        counter.deliver(Watched(counter, after_start_stock_writes=sells_too))
        counter.deliver_until_done()
        assert counter.stock() == 6


# ------------------------------------------------------------------------------------------------ killed
STEPS = (
    "before_start_stock_writes", "after_start_stock_writes", "before_confirm_moves", "after_confirm_moves",
    "before_settle_entries",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_till_that_dies_between_its_steps_takes_nothing_twice(step: str, tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        counter.sell({500: "2", 501: "1"})
        counter.sell({500: "1"})
        with pytest.raises(Killed):
            counter.deliver(Watched(counter, **{step: killed}))
        counter.deliver_until_done()
        assert (counter.stock(500), counter.stock(501)) == (7, 9)


def test_rule_13_an_unknown_write_is_read_target_is_done_and_the_old_number_is_written_again(tmp_path: Path) -> None:
    for at, writes in (("after_start_stock_writes", 1), ("before_confirm_moves", 1)):
        with counter_at(tmp_path / at, BY_QUANTITY) as counter:
            counter.sell({500: "2"})
            with pytest.raises(Killed):
                counter.deliver(Watched(counter, **{at: killed}))
            assert counter.journal.stock_moves(counter.keys[0])[0].target == 8
            counter.deliver_until_done()
            assert (counter.stock(), len(counter.writes())) == (8, writes)


def test_a_lost_write_that_arrives_while_it_is_repeated_is_not_taken_for_another_tills(tmp_path: Path) -> None:
    """Read again it shows the old number, so it is repeated; then the first one comes after all."""
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({500: "2"})
        with pytest.raises(Killed):
            counter.deliver(Watched(counter, after_start_stock_writes=killed))
        counter.deliver(Watched(counter, after_start_stock_writes=lambda: counter.put(500, 8)))
        assert counter.stock() == 8
        entry = counter.entry(key)
        assert (entry.state, entry.code, entry.facts["found"]) == ("failed", "stock_unclear", "8")


def test_a_lost_write_is_not_forgotten_because_its_repetition_did_not_run(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        counter.sell({500: "2"})
        with pytest.raises(Killed):
            counter.deliver(Watched(counter, after_start_stock_writes=killed))
        throttled = {"method": "batch", "nth": 1, "times": 99, "do": "http", "value": 503}
        counter.deliver(Watched(counter, after_start_stock_writes=lambda: counter.bitrix.faults(throttled)))
        assert counter.states() == "waiting"
        counter.bitrix.faults()
        counter.put(500, 8)
        counter.deliver_until_done()
        assert (counter.stock(), counter.states()) == (8, "done")


# ------------------------------------------------------------------------------------------------ a person
def unclear(counter: Counter) -> str:
    """A write was begun, and then the number became one that says nothing."""
    key = counter.sell({500: "2", 501: "1"})
    with pytest.raises(Killed):
        counter.deliver(Watched(counter, after_start_stock_writes=killed))
    counter.put(500, 3)
    return key


def test_another_number_is_for_a_person_and_holds_the_next_receipts_of_it(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key, later = unclear(counter), counter.sell({500: "1"})
        counter.deliver()
        entry = counter.entry(key)
        assert (entry.state, entry.code, entry.facts["found"]) == ("failed", "stock_unclear", "3")
        assert counter.entry(later).state == "waiting"
        assert (counter.stock(500), counter.stock(501)) == (3, 9)
        counter.journal.retry_entry(entry.id, counter.clock.now())
        counter.deliver()
        assert counter.entry(key).code == "stock_unclear"
        assert counter.stock(500) == 3


@pytest.mark.parametrize("is_done, left", [(True, 2), (False, 0)])
def test_what_the_person_says_counts(is_done: bool, left: int, tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key, later = unclear(counter), counter.sell({500: "1"})
        counter.deliver()
        entry = counter.entry(key)
        if is_done:
            counter.journal.settle_stock(entry.id, "сверено", SENIOR)
        else:
            counter.journal.clear_stock(entry.id, key, counter.clock.now(), SENIOR)
        counter.deliver_until_done()
        assert counter.stock(500) == left
        assert counter.stock(501) == 9
        assert [counter.entry(each).state for each in (key, later)] == ["done", "done"]


def test_after_a_journal_went_back_nothing_is_taken_without_a_person(tmp_path: Path) -> None:
    """What the copy calls waiting may have been written by the journal that was lost."""
    rules = replace(BY_QUANTITY, restored_at=datetime(2030, 1, 1, tzinfo=UTC))
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({500: "2"})
        assert counter.deliver(rules=rules).failed == 1
        assert (counter.entry(key).code, counter.stock()) == ("stock_unclear", 10)
        counter.journal.clear_stock(counter.entry(key).id, key, counter.clock.now(), SENIOR)
        assert counter.deliver(rules=rules).done == 1
        assert counter.stock() == 8


def test_one_write_of_a_product_is_under_way_at_a_time(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        first, second = counter.sell({500: "2"}), counter.sell({500: "1"})
        counter.journal.start_stock_writes([StockWrite(first, 500, Decimal(10), Decimal(8))])
        with pytest.raises(IllegalMove):
            counter.journal.start_stock_writes([StockWrite(second, 500, Decimal(10), Decimal(9))])


# ------------------------------------------------------------------------------------------------ what the portal says
def test_less_than_nothing_is_refused_and_a_good_that_may_be_bought_at_zero_is_not(tmp_path: Path) -> None:
    goods = [GOODS[0], {**GOODS[1], "canBuyZero": "Y"}]
    with counter_at(tmp_path, BY_QUANTITY, products=goods) as counter:
        short, allowed = counter.sell({500: "11"}), counter.sell({501: "11"})
        counter.deliver()
        assert counter.entry(short).code == "stock_rejected"
        assert (counter.stock(500), counter.stock(501)) == (10, -1)
        assert counter.entry(allowed).state == "done"


def test_what_the_portal_does_not_count_is_not_written(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY, products=[{**GOODS[0], "quantityTrace": "N"}]) as counter:
        counter.sell({500: "2"})
        assert counter.deliver().done == 1
        assert (counter.stock(), counter.writes()) == (10, [])


def test_a_number_that_the_portal_keeps_is_told(tmp_path: Path) -> None:
    """Inventory management was switched on in between: the portal answers 200 and changes nothing."""
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({500: "2"})

        def switched() -> None:
            counter.bitrix.portal.shop.options["inventory_management"] = "Y"

        counter.deliver(Watched(counter, after_start_stock_writes=switched))
        assert (counter.entry(key).state, counter.entry(key).code) == ("failed", "stock_rejected")
        assert counter.stock() == 10
        assert counter.journal.stock_writing(counter.bitrix.client.portal) == {}


def test_a_product_that_is_gone_is_told(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        key = counter.sell({999: "1"})
        assert counter.deliver().failed == 1
        assert counter.entry(key).code == "stock_rejected"


def test_a_variation_is_written_as_one(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY, products=[{**GOODS[0], "type": 4}]) as counter:
        listed = [{"product_id": 500, "name": "Товар", "change": "-2", "is_offer": True}]
        counter.sell({}, goods=listed)
        assert counter.deliver().done == 1
        assert counter.writes() == ["catalog.product.offer.update"]
        assert counter.stock() == 8


# ------------------------------------------------------------------------------------------------ the till's own count
def test_what_is_sold_counts_until_the_portal_shows_it(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_QUANTITY) as counter:
        portal = counter.bitrix.client.portal
        before = counter.clock.now()
        counter.sell({500: "2"})
        counter.sell({500: "1"}, is_back=True)
        assert counter.journal.unconfirmed_stock(portal, 500) == -1
        counter.deliver_until_done()
        assert counter.journal.unconfirmed_stock(portal, 500) == 0
        assert counter.journal.unconfirmed_stock(portal, 500, before) == -1, "read before they were told"
        assert counter.journal.unconfirmed_stock(portal, 500, counter.clock.now()) == 0
