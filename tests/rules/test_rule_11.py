"""Rule 11: at every start the journal's last known document is compared with the register, and all between are read.

A known key gives its mark, a key of this till that the journal does not know is taken in or goes to the resolve desk,
the others are foreign. So a data directory that was copied to another machine, or restored, sells nothing before that;
nor does a new directory on a register where a till of this name has worked, as far back as a bounded look reaches.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.domain.money import Money
from posapp.errors import Refused, ResolveNeeded, Unreachable
from posapp.till import recover, resolve, shift
from tests.rules.worlds import (
    OWN_NUMBER,
    a_second_till,
    killed_at,
    new_storage,
)
from tests.till.shops import TOTAL, Shop, an_order

KOPECKS = TOTAL.kopecks


def foreign_numbers(shop: Shop) -> list[int]:
    storage = shop.register.printer.identity.storage_number
    return [each.number for each in shop.till.journal.foreign_documents(storage)]


def accounted(shop: Shop) -> int:
    """The last document that the journal has accounted for."""
    known = shop.till.journal.known_device(str(OWN_NUMBER))
    assert known is not None
    return known.last_document


# ---------------------------------------------------------------------------------------------- documents of others


def test_rule_11_documents_of_others_are_remembered_as_foreign(shop: Shop) -> None:
    numbers = [shop.register.foreign_receipt(KOPECKS), shop.register.foreign_receipt(100)]
    recover.recover(shop.till)
    assert foreign_numbers(shop) == numbers


def test_rule_11_its_document_between_our_look_and_our_receipt_is_accounted_for(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.sell(an_order(2))
    assert foreign_numbers(shop) == [shop.register.receipts[0].number]


def test_rule_11_a_stamp_of_another_till_is_foreign(shop: Shop) -> None:
    number = shop.register.foreign_receipt(KOPECKS, stamp="2·7001·ABCDEFGH12345678")
    shop.sell()
    assert foreign_numbers(shop) == [number]
    shop.assert_exactly_one()


def test_rule_11_a_stamp_of_this_till_that_the_journal_does_not_know_stops_selling(shop: Shop) -> None:
    shop.register.foreign_receipt(KOPECKS, stamp="1·1001·ABCDEFGH12345678")
    with pytest.raises(ResolveNeeded, match="1001"):
        shop.sell()
    assert shop.register.count(0x8D) == 0


@pytest.mark.parametrize("act", ["sell", "shift", "start"])
def test_rule_11_whatever_is_done_first_the_storage_is_read_before(shop: Shop, act: str) -> None:
    shop.register.foreign_receipt(KOPECKS, stamp="1·1001·ABCDEFGH12345678")
    begin: dict[str, Callable[[], object]] = {
        "sell": lambda: shop.sell(an_order(2)),
        "shift": lambda: shift.cash_in(shop.till, Money(100)),
        "start": lambda: recover.recover(shop.till),
    }
    with pytest.raises(ResolveNeeded):
        begin[act]()
    assert not {0x8D, 0x50} & set(shop.register.written)


def test_rule_11_an_auto_opened_shift_makes_the_numbers_jump_and_all_is_accounted_for(shop: Shop) -> None:
    """Another program closes the shift in the last moment, and our receipt opens the next one by itself."""
    register = shop.register
    register.printer.traits = replace(register.printer.traits, opens_shift=True)
    before = register.printer.storage.last_number
    register.meanwhile(0x8D, "before", register.foreign_shift_close)
    shop.sell()
    shop.assert_exactly_one()
    mark = shop.stored().mark
    assert mark is not None
    assert (mark.document_number, mark.shift_number, mark.receipt_number) == (before + 3, 2, 1)
    shop.sell(an_order(2))
    assert accounted(shop) == before + 4
    assert foreign_numbers(shop) == []


@pytest.mark.parametrize("after", [False, True])
def test_rule_11_an_auto_opened_shift_beside_a_lost_reply(shop: Shop, after: bool) -> None:
    """Two new documents, or one that is not ours: the counter grew either way."""
    register = shop.register
    register.printer.traits = replace(register.printer.traits, opens_shift=True)
    register.meanwhile(0x8D, "before", register.foreign_shift_close)
    killed_at(shop, 0xFF45, after=after)
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 1


# ---------------------------------------------------------------------------------------------- other storages


def test_rule_11_a_new_storage_stops_until_it_is_set_up_and_then_sells(shop: Shop) -> None:
    shop.sell()
    shop.restart()
    shop.register.be(new_storage(shop))
    with pytest.raises(Refused) as told:
        shop.sell(an_order(2))
    assert told.value.code == "wrong_device"
    shop.close()
    shop.set_up_again()
    shift.open_shift(shop.till)
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)


def test_rule_11_a_storage_that_counts_less_than_the_journal_sells_nothing(shop: Shop) -> None:
    shop.sell()
    shop.register.printer.storage.documents.pop()
    shop.restart()
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))


# ---------------------------------------------------------------------------------------------- restored and copied


def test_rule_11_a_restored_backup_sells_nothing_over_documents_it_does_not_know(shop: Shop) -> None:
    """The receipt was made after the copy was taken."""
    shop.close()
    before = {path: path.read_bytes() for path in shop.folder.glob("journal*") if path.is_file()}
    shop.reopen()
    shop.sell()
    shop.close()
    for path in shop.folder.glob("journal*"):
        if path.is_file():
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    shop.reopen()
    with pytest.raises(ResolveNeeded, match="1001"):
        shop.sell()
    assert len(shop.register.receipts) == 1


@pytest.mark.parametrize("has_receipt", [False, True])
def test_rule_11_a_copied_directory_sells_nothing_while_the_first_one_goes_on(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, has_receipt: bool
) -> None:
    """Two machines with the same till: what one has printed the other one finds on the register, and stops."""
    if has_receipt:
        shop.sell(an_order(2))
    shop.close()
    copy = tmp_path_factory.mktemp("machine") / "data"
    shutil.copytree(shop.folder, copy)
    shop.reopen()
    shop.sell()
    shop.till.printer.close()
    twin = Shop(copy, shop.register)
    try:
        for order in (an_order(1), an_order(3)):
            with pytest.raises(ResolveNeeded, match="1001"):
                twin.sell(order)
        assert len(shop.register.receipts) == 1 + has_receipt
    finally:
        twin.close()
    shop.sell(an_order(3))
    shop.assert_exactly_one(3)


# ---------------------------------------------------------------------------------------------- the first contact


def a_new_directory(shop: Shop, folder: Path) -> Shop:
    """The same till, set up anew on the same register: its journal knows nothing."""
    shop.till.printer.close()
    fresh = Shop(folder, shop.register)
    fresh._ids = itertools.count(1001)
    return fresh


def test_rule_11_a_new_directory_on_its_own_old_register_sells_nothing_before_that(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.sell()
    number = shop.register.printer.storage.last_number
    fresh = a_new_directory(shop, tmp_path_factory.mktemp("fresh"))
    try:
        for order in (an_order(1), an_order(2)):
            with pytest.raises(ResolveNeeded, match=f"ФД {number} напечатан этой кассой"):
                fresh.sell(order)
        assert len(shop.register.receipts) == 1
        fresh.till.journal.save_orders([an_order(1)], claimed=True)
        (case,) = resolve.waiting(fresh.till)
        resolve.decide_made(fresh.till, case.key, number)
        fresh.assert_exactly_one()
        fresh.sell(an_order(2))
        assert len(shop.register.receipts) == 2
    finally:
        fresh.close()


def test_rule_11_a_new_directory_beside_other_programs_sells(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A hundred and twenty documents of others: all accounted for, none in the way."""
    numbers = [shop.register.foreign_receipt(100 + each) for each in range(120)]
    fresh = a_new_directory(shop, tmp_path_factory.mktemp("fresh"))
    try:
        fresh.sell()
        fresh.assert_exactly_one()
        assert foreign_numbers(fresh) == numbers
    finally:
        fresh.close()


def test_rule_11_the_first_look_is_bounded_and_reaches_as_far_as_it_says(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover, "FIRST_LOOK", 10)
    shop.sell()
    ours = shop.register.printer.storage.last_number
    for number in range(9):
        shop.register.foreign_receipt(100 + number)
    near = a_new_directory(shop, tmp_path_factory.mktemp("near"))
    with pytest.raises(ResolveNeeded, match=f"ФД {ours}"):
        near.sell(an_order(2))
    near.close()
    shop.register.foreign_receipt(500)
    far = a_new_directory(shop, tmp_path_factory.mktemp("far"))
    far.sell(an_order(2))
    assert accounted(far) == shop.register.printer.storage.last_number
    far.close()


def test_rule_11_a_first_look_that_breaks_off_goes_on_where_it_was(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover, "BATCH", 10)
    numbers = [shop.register.foreign_receipt(100 + each) for each in range(35)]
    fresh = a_new_directory(shop, tmp_path_factory.mktemp("fresh"))
    try:
        shop.register.faults([{"command": "FF3A", "nth": 25, "do": "power_off", "when": "before"}])
        with pytest.raises((Refused, Unreachable)):
            fresh.sell()
        assert 0 < accounted(fresh) < numbers[-1]
        half = accounted(fresh)
        shop.register.heal()
        read = len([each for each in shop.register.written if each == 0xFF3A])
        fresh.sell()
        assert len([each for each in shop.register.written if each == 0xFF3A]) - read <= numbers[-1] - half + 1
        assert foreign_numbers(fresh) == numbers
    finally:
        fresh.close()


def test_rule_11_another_till_on_this_register_is_not_stopped_by_ours(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.sell()
    number = shop.register.printer.storage.last_number
    shop.till.printer.close()
    with a_second_till(shop, tmp_path_factory.mktemp("second")) as second:
        second.sell(an_order(2))
        second.assert_exactly_one(2)
        assert foreign_numbers(second) == [number]


def test_rule_11_a_long_look_tells_how_far_it_is(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    for each in range(60):
        shop.register.foreign_receipt(100 + each)
    fresh = a_new_directory(shop, tmp_path_factory.mktemp("fresh"))
    try:
        with caplog.at_level("INFO", logger="posapp.till.recover"):
            recover.recover(fresh.till)
            told = [each.getMessage() for each in caplog.records]
            assert told == ["ФН: прочитано 50 из 62 документов", "ФН: прочитано 62 из 62 документов"]
            caplog.clear()
            fresh.sell()
            assert caplog.records == [], "a short one says nothing"
    finally:
        fresh.close()
