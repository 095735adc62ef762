"""Rule 6: what is unknown is resolved by reading, never by repeating; and absence is proof only at the very end.

Our link is closed, opened again and drained, the register is idle, so the command can no longer run; nothing of ours is
open; then the last number is read. Every document after the stored number is read: the one with our key is ours. All
read whole and none ours, or no new document, proves that it was not made. A document whose TLV is gone proves itself
not ours only by another kind or total. Everything else waits for a person. That the counter grew proves nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from posapp.devices.shtrih import commands as c
from posapp.domain.checkout import receipt_of
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Settlement, Stamp, State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded, Unreachable
from posapp.till import recover, resolve
from posapp.till.sale import AlreadyReceipted
from tests.rules.worlds import PASSWORD, Killed, killed_at, loses_its_cable_at
from tests.till.doubts import lost_before_closing
from tests.till.shops import TOTAL, Shop, an_order, cash

KOPECKS = TOTAL.kopecks
LOOKS_AT_STORAGE, LOOKS_AT_MODE, CLOSES = 0xFF01, 0x10, 0xFF45


# ---------------------------------------------------------------------------------------------- it may still run


def test_rule_6_a_closing_command_still_running_when_we_come_back_is_waited_for(shop: Shop) -> None:
    """The cable broke right after our FF45; the register works on it for another minute."""
    shop.register.fault("FF45", "delay", value=60.0)
    shop.register.killed_at = (CLOSES, True)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.killed_at = None
    assert shop.register.receipts == [], "it runs still"
    shop.restart()
    for _ in range(100):
        try:
            shop.sell()
        except OutcomeUnknown:  # busy: it says nothing, least of all "not made"
            assert shop.stored().state is State.SENDING
            continue
        except AlreadyReceipted:
            break
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1
    assert shop.register.count(CLOSES) == 1


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


def test_rule_6_a_receipt_that_is_closed_between_our_looks_is_found(shop: Shop) -> None:
    """The command lay in a converter: it runs after we have read the last number and before we ask what is open."""
    register = shop.register
    killed_at(shop, CLOSES, after=False)
    register.meanwhile(
        LOOKS_AT_STORAGE, "after", lambda: register.do(c.CloseReceipt(PASSWORD, (KOPECKS, *(0,) * 15), tax_system=1))
    )
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 1


def test_rule_6_absence_is_not_read_before_the_register_is_idle(shop: Shop) -> None:
    """The line is free and nothing is open, but 10h says that a command runs: its document comes at the end."""
    register = shop.register
    killed_at(shop, CLOSES, after=False)
    printer, execute = register.printer, register.printer.execute
    under_way, printer.receipt = printer.receipt, None
    printer.busy_until = printer.clock(register.now) + timedelta(seconds=20)

    def ending(command: Any, now: datetime) -> Any:
        if printer.busy_until is not None and printer.clock(now) >= printer.busy_until:
            printer.busy_until, printer.receipt = None, under_way
            register.do(c.CloseReceipt(PASSWORD, (KOPECKS, *(0,) * 15), tax_system=1))
        return execute(command, now)

    printer.execute = ending  # type: ignore[method-assign]
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 1
    assert register.count(CLOSES) == 1


@pytest.mark.parametrize("after", [False, True])
def test_rule_6_the_last_number_is_read_after_idleness_and_after_nothing_is_open(shop: Shop, after: bool) -> None:
    """The order of the proof, on the wire: mode (idle), storage, mode (what is open), storage."""
    killed_at(shop, CLOSES, after=after)
    shop.register.printer.receipt = None
    shop.register.written.clear()
    recover.resolve(shop.till, shop.receipt().key)
    asked = [each for each in shop.register.written if each in (LOOKS_AT_STORAGE, LOOKS_AT_MODE)]
    assert asked[0] == LOOKS_AT_MODE
    if not after:
        assert asked[-1] == LOOKS_AT_STORAGE, "absence was read at the very end"
        last_mode = max(at for at, each in enumerate(asked) if each == LOOKS_AT_MODE)
        assert LOOKS_AT_STORAGE in asked[:last_mode]
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_6_an_open_receipt_of_ours_is_no_absence_before_it_is_cancelled(shop: Shop) -> None:
    """88h is refused (the paper is out): neither "not made" nor anything else is said."""
    killed_at(shop, CLOSES, after=False)
    shop.register.fault("88", "error", value=0x6B, times=0)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            shop.sell()
        assert shop.stored().state is State.SENDING
    shop.register.heal()
    shop.sell()
    shop.assert_exactly_one()


def test_rule_6_absence_is_no_proof_while_the_register_is_away(shop: Shop) -> None:
    key = lost_before_closing(shop)
    shop.register.is_plugged = False
    with pytest.raises(OutcomeUnknown, match=key):
        shop.sell()
    with pytest.raises(Unreachable):
        shop.sell(an_order(2))
    assert shop.stored().state is State.SENDING
    shop.register.is_plugged = True
    shop.sell()
    shop.assert_exactly_one()


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


def test_rule_6_a_cable_that_breaks_at_the_closing_command_is_resolved_at_once(shop: Shop) -> None:
    loses_its_cable_at(shop, CLOSES)
    shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(CLOSES) == 1


# ---------------------------------------------------------------------------------------------- whose is it


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


def test_rule_6_another_program_reads_a_document_between_our_requests(shop: Shop) -> None:
    """Its FF3A changes what our FF3B hands out: the tags of another document must not prove ours absent."""
    register = shop.register
    shop.sell(an_order(2))
    foreign = register.receipt_of_another_till()
    register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        shop.sell()
    register.heal()
    shop.restart()
    documents = register.printer.storage.documents
    assert len(documents[foreign - 1].body) == len(documents[-1].body), "else the length would tell them apart"
    register.be_read_by_another(foreign)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 3


def test_rule_6_documents_between_ours_are_all_read(shop: Shop) -> None:
    """Receipts of our kind and total, a correction, the end of a shift and the next one: ours is among them."""
    register = shop.register
    register.meanwhile(0x8D, "before", lambda: register.foreign_receipt(KOPECKS))
    killed_at(shop, CLOSES, after=True)
    register.foreign_receipt(KOPECKS)
    register.foreign_correction(KOPECKS)
    register.foreign_shift_close()
    register.do(c.OpenShift(PASSWORD))
    register.foreign_receipt(KOPECKS)
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(register.receipts) == 4


def test_rule_6_our_key_in_two_documents_is_for_a_person(shop: Shop) -> None:
    killed_at(shop, CLOSES, after=True)
    shop.register.foreign_receipt(KOPECKS, stamp=Stamp("1", "1001", shop.receipt().key).text())
    with pytest.raises(ResolveNeeded, match="нескольких"):
        shop.sell()
    assert shop.stored().state is State.SENDING


def test_rule_6_our_key_on_another_sum_is_for_a_person(shop: Shop) -> None:
    key = lost_before_closing(shop)
    shop.register.foreign_receipt(KOPECKS + 100, stamp=Stamp("1", "1001", key).text())
    with pytest.raises(ResolveNeeded, match="другую сумму"):
        shop.sell()
    assert shop.stored().state is State.SENDING


# ---------------------------------------------------------------------------------------------- a TLV that is gone


def test_rule_6_a_document_that_cannot_be_read_with_our_total_waits_for_a_person(shop: Shop) -> None:
    key = lost_before_closing(shop)
    number = shop.register.foreign_receipt(KOPECKS)
    shop.register.lose_tlv(number)
    with pytest.raises(ResolveNeeded, match=f"ФД {number}"):
        shop.sell()
    assert shop.stored().state is State.SENDING
    (case,) = resolve.waiting(shop.till)
    assert case.key == key
    assert [(each.number, each.whole) for each in case.documents] == [(number, False)]
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))
    assert len(shop.register.receipts) == 1


def test_rule_6_a_document_that_cannot_be_read_with_another_total_proves_itself_not_ours(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.register.lose_tlv(shop.register.foreign_receipt(KOPECKS - 1))
    shop.sell()
    shop.assert_exactly_one()


def test_rule_6_our_own_document_whose_tlv_is_gone_waits_for_a_person(shop: Shop) -> None:
    """It is ours, and nothing can show it any more: a person gives its number."""
    killed_at(shop, CLOSES, after=True)
    number = shop.register.printer.storage.last_number
    shop.register.lose_tlv(number)
    with pytest.raises(ResolveNeeded, match=f"ФД {number}"):
        shop.sell()
    resolve.decide_made(shop.till, shop.receipt().key, number)
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1


@pytest.mark.parametrize(
    "form, kind, kopecks, whole, is_proven_other",
    [
        (DocumentType.RECEIPT, ReceiptKind.SELL, KOPECKS, True, True),  # read to the end, and our key was not in it
        (DocumentType.RECEIPT, ReceiptKind.SELL, KOPECKS, False, False),
        (DocumentType.RECEIPT, ReceiptKind.SELL, KOPECKS + 1, False, True),
        (DocumentType.RECEIPT, ReceiptKind.SELL_REFUND, KOPECKS, False, True),
        (DocumentType.CORRECTION, ReceiptKind.SELL, KOPECKS, False, False),
        (DocumentType.SHIFT_OPEN, None, None, False, True),
        (DocumentType.SHIFT_CLOSE, None, None, False, True),
        (DocumentType.EXCHANGE_REPORT, None, None, False, True),
    ],
)
def test_rule_6_what_proves_that_a_document_is_not_ours(
    shop: Shop, form: DocumentType, kind: ReceiptKind | None, kopecks: int | None, whole: bool, is_proven_other: bool
) -> None:
    total = None if kopecks is None else Money(kopecks)
    document = FiscalDocument(7, form, "1", datetime(2026, 11, 21), kind, total, 1, 1, None, whole)
    assert recover.proven_other(document, a_receipt(shop)) is is_proven_other


def a_receipt(shop: Shop) -> Receipt:
    made = receipt_of(an_order(), cash(TOTAL), shop.till.vat, shop.till.seller, identity=UUID(int=5), now=shop.now())
    return replace(made, settlement=Settlement("shop", 1, "1", ReceiptKind.SELL))
