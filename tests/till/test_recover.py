"""Rules 3, 6, 7, 10, 11, 12: what recovery proves, what it leaves to a person, also when the disk fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.checkout import receipt_of
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Settlement, State
from posapp.errors import JournalError, OutcomeUnknown, Refused, ResolveNeeded, Unreachable
from posapp.till import recover, resolve, shift
from posapp.till.context import Till
from tests.till.rig import BORN, Killed
from tests.till.shops import TOTAL, Shop, an_order, cash

KOPECKS = TOTAL.kopecks


def a_receipt(shop: Shop, kind: ReceiptKind = ReceiptKind.SELL) -> Receipt:
    """Sums after each line: 490.00, 590.00."""
    order = an_order()
    made = receipt_of(order, cash(TOTAL), shop.till.vat, shop.till.seller, identity=UUID(int=5), now=shop.now())
    return replace(made, settlement=Settlement("shop", 1, "1", kind))


# ---------------------------------------------------------------------------------------------- tables


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


# ---------------------------------------------------------------------------------------------- storage


def lost_before_closing(shop: Shop) -> str:
    """A receipt that is `sending` and was never made; its key."""
    shop.register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.register.printer.receipt = None
    shop.restart()
    return shop.receipt().key


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


# ---------------------------------------------------------------------------------------------- registers


@pytest.mark.parametrize("number", [10_012_346, 11_012_345])
def test_rule_3_another_register_sells_nothing(shop: Shop, number: int) -> None:
    shop.sell()
    shop.restart()
    shop.register.be(Printer(identity_of(number), BORN))
    with pytest.raises(Refused) as told:
        shop.sell(an_order(2))
    assert told.value.code == "wrong_device"
    with pytest.raises(Refused):
        shift.open_shift(shop.till)
    assert shop.register.printer.storage.last_number == 1


def test_rule_3_a_register_swapped_behind_an_open_line_is_noticed(shop: Shop) -> None:
    """No serial line tells that its cable was moved."""
    shop.sell()
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    with pytest.raises(Refused) as told:
        shop.sell(an_order(2))
    assert told.value.code == "wrong_device"
    assert shop.register.printer.storage.last_number == 1


def test_rule_3_another_register_does_not_prove_that_nothing_was_made(shop: Shop) -> None:
    lost_before_closing(shop)
    mine = shop.register.printer
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    with pytest.raises((OutcomeUnknown, ResolveNeeded)):
        shop.sell()
    assert shop.stored().state is State.SENDING
    with pytest.raises(ResolveNeeded):
        resolve.decide_not_made(shop.till, shop.receipt().key)
    (case,) = resolve.waiting(shop.till)
    assert "10012346" in case.why
    shop.restart()
    del mine.__dict__["execute"]
    shop.register.be(mine)
    shop.sell()
    shop.assert_exactly_one()


def new_storage(shop: Shop) -> Printer:
    """The same register with a new fiscal storage."""
    who = replace(identity_of(10_012_345), storage_number="9999078900099999")
    return Printer(who, shop.register.now)


def test_rule_3_another_storage_in_the_same_register_proves_nothing(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.register.be(new_storage(shop))
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.stored().state is State.SENDING


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


def test_rule_10_a_doubt_on_a_register_that_is_gone_blocks_its_order_and_not_the_new_register(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.close()
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    shop.set_up_again()
    shift.open_shift(shop.till)
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.stored().state is State.SENDING
    assert len(shop.register.receipts) == 1


def test_rule_11_a_storage_that_counts_less_than_the_journal_sells_nothing(shop: Shop) -> None:
    shop.sell()
    shop.register.printer.storage.documents.pop()
    shop.restart()
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))


# ---------------------------------------------------------------------------------------------- disk


def spoil_disk(till: Till) -> None:
    """From now on SQLite writes nothing: SQLITE_READONLY, as when the system remounts a failing disk read-only."""
    till.journal._write(lambda changes: changes._db.execute("PRAGMA query_only = ON"))


def test_rule_12_a_disk_that_fails_between_attempt_and_mark_is_an_unknown_outcome(shop: Shop) -> None:
    """The document exists and its mark could not be kept: "nothing was printed" would be a lie."""
    shop.register.meanwhile(0xFF45, "after", lambda: spoil_disk(shop.till))
    with pytest.raises(OutcomeUnknown) as told:
        shop.sell()
    assert isinstance(told.value.__cause__, JournalError)
    assert told.value.exit_code == 3
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    assert shop.stored().state is State.SENDING
    assert len(shop.register.with_key(shop.receipt().key)) == 1
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_12_a_disk_that_fails_while_the_reply_is_lost_is_an_unknown_outcome(shop: Shop) -> None:
    shop.register.meanwhile(0xFF45, "after", lambda: spoil_disk(shop.till))
    shop.register.fault("FF45", "truncate", "after_commit", value=0, times=0)
    shop.register.meanwhile(0xFF45, "after", shop.register.unplug)
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    shop.restart()
    shop.register.heal()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_12_a_disk_that_fails_before_the_attempt_sends_nothing(shop: Shop) -> None:
    shop.register.meanwhile(0xFF01, "after", lambda: spoil_disk(shop.till))
    opened = shop.register.count(0x8D)
    with pytest.raises(JournalError) as told:
        shop.sell()
    assert told.value.exit_code == 1
    assert shop.register.count(0x8D) == opened
    shop.restart()
    shop.sell()
    shop.assert_exactly_one()


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
