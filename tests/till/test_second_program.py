"""Another program prints on the same register: its documents are never ours, its receipt is never cancelled."""

from __future__ import annotations

import pytest

from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve
from tests.till.rig import Killed
from tests.till.shops import TOTAL, Shop, an_order

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
    if command == "8D" and when == "before":  # whose receipt is open there is not proven (rule 7)
        assert resolve.decide_not_made(shop.till, shop.receipt().key) == "pending"
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
