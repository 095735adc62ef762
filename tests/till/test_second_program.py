"""Another program prints on the same register: its documents are never ours, its receipt is never cancelled."""

from __future__ import annotations

import pytest

from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover
from tests.till.rig import Killed
from tests.till.shops import PORTAL, TOTAL, Shop, an_order

KOPECKS = TOTAL.kopecks


def foreign_numbers(shop: Shop) -> list[int]:
    storage = shop.register.printer.identity.storage_number
    return [each.number for each in shop.till.journal.foreign_documents(storage)]


def test_rule_5_its_document_between_our_look_and_our_receipt_is_not_ours(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 2


def test_rule_11_its_document_between_our_look_and_our_receipt_is_accounted_for(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.sell(an_order(2))
    assert foreign_numbers(shop) == [shop.register.receipts[0].number]


def test_rule_5_its_document_right_after_ours_does_not_lend_us_its_receipt_number(shop: Shop) -> None:
    shop.register.meanwhile(0xFF0A, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("command", ["8D", "FF46", "FF45"])
def test_rule_6_its_document_of_our_kind_and_total_beside_a_lost_reply(shop: Shop, command: str, when: str) -> None:
    """The counter grew, kind and total are right, and yet it is not ours."""
    register = shop.register
    code = int(command, 16)
    if when == "before":
        register.foreign_receipt(KOPECKS)
        register.advance(60.0)
    register.fault(command, "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    register.heal()
    if when == "after":
        if code != 0xFF45:  # it, too, could only begin after our receipt had been cancelled there by hand
            register.printer.receipt = None
        register.foreign_receipt(KOPECKS)
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 2
    assert len({each.key for each in register.receipts}) == 2


def test_rule_6_its_document_printed_while_our_reply_was_lost_is_not_taken_for_ours(shop: Shop) -> None:
    register = shop.register
    register.fault("FF45", "drop_command")
    with pytest.raises(Refused, match="чека нет"):
        shop.sell()
    register.heal()
    register.foreign_receipt(KOPECKS)
    assert shop.stored().state is State.PENDING
    shop.sell()
    shop.assert_exactly_one()
    assert len(register.receipts) == 2


def test_rule_7_its_open_receipt_is_not_cancelled(shop: Shop) -> None:
    shop.register.foreign_open(500)
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "foreign_receipt_open"
    assert shop.register.count(0x88) == 0
    assert shop.till.journal.receipts_of_order(PORTAL, 1) == []
    shop.register.foreign_close(500)
    shop.sell()
    shop.assert_exactly_one()


def test_rule_7_its_receipt_opened_in_the_last_moment_is_not_cancelled(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_open(KOPECKS))
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "foreign_receipt_open"
    assert shop.register.count(0x88) == 0
    assert shop.stored().state is State.REFUSED
    shop.register.foreign_close(KOPECKS)
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("kind, kopecks", [(0, 12_345), (2, 49_000), (1, 0)])
def test_rule_7_its_receipt_found_after_our_crash_contradicts_ours_and_stays(
    shop: Shop, kind: int, kopecks: int
) -> None:
    shop.register.killed_at = (0x8D, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.restart()
    shop.register.heal()
    if kind == 2:
        shop.register.do_cash_in(1_000_000)
    shop.register.foreign_open(kopecks, kind)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.register.count(0x88) == 0
    assert shop.stored().state is State.SENDING
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))  # rule 10
    shop.register.printer.receipt = None  # its owner cancels it
    shop.sell()
    shop.assert_exactly_one()


def test_rule_7_its_document_without_fiscal_force_is_left_alone(shop: Shop) -> None:
    shop.register.killed_at = (0x8D, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.restart()
    shop.register.heal()
    shop.register.printer.is_non_fiscal_open = True
    with pytest.raises((OutcomeUnknown, ResolveNeeded)):
        shop.sell()
    assert shop.register.count(0x88) == 0
    assert shop.register.printer.is_non_fiscal_open


@pytest.mark.parametrize("command", [0x8D, 0xFF0C, 0xFF46, 0x89])
@pytest.mark.parametrize("after", [False, True])
def test_rule_7_our_own_receipt_left_open_by_a_crash_is_cancelled_once(shop: Shop, command: int, after: bool) -> None:
    shop.register.killed_at = (command, after)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    was_open = shop.register.printer.receipt is not None
    shop.restart()
    shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(0x88) == was_open
    assert len(shop.register.receipts) == 1


@pytest.mark.parametrize("after", [False, True])
def test_rule_6_a_crash_around_the_closing_command(shop: Shop, after: bool) -> None:
    shop.register.killed_at = (0xFF45, after)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert shop.register.count(0xFF45) == (1 if after else 2)


def test_rule_6_a_closing_command_that_is_executed_after_we_gave_up(shop: Shop) -> None:
    """The register was busy for minutes: absence is no proof while it has not answered."""
    shop.register.fault("FF45", "delay", value=500.0)
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    assert shop.stored().state is State.SENDING
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    shop.register.heal()
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1


def test_rule_5_a_reply_drained_after_a_reconnect_is_only_a_hint(shop: Shop) -> None:
    """The register still holds the answer of our FF45, and another program has printed the like since."""
    register = shop.register
    register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        shop.sell()
    register.heal()
    register.foreign_receipt(KOPECKS)
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert [each.key == shop.receipt().key for each in register.receipts] == [True, False]


def test_rule_11_documents_of_others_are_remembered_as_foreign(shop: Shop) -> None:
    numbers = [shop.register.foreign_receipt(KOPECKS), shop.register.foreign_receipt(100)]
    recover.recover(shop.till)
    assert foreign_numbers(shop) == numbers


def test_rule_11_a_stamp_of_this_till_that_the_journal_does_not_know_stops_selling(shop: Shop) -> None:
    shop.register.foreign_receipt(KOPECKS, stamp="1·1001·ABCDEFGH12345678")
    with pytest.raises(ResolveNeeded, match="1001"):
        shop.sell()
    assert shop.register.count(0x8D) == 0


def test_rule_11_a_stamp_of_another_till_is_foreign(shop: Shop) -> None:
    number = shop.register.foreign_receipt(KOPECKS, stamp="2·1001·ABCDEFGH12345678")
    shop.sell()
    assert foreign_numbers(shop) == [number]
    shop.assert_exactly_one()
