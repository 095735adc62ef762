"""A receipt that the portal ordered, read back from its document: for a journal that went back in time (rule 11).

Its stamp names the check where others name their order, and its key follows from that number. So it comes back with the
settlement that it had, and when the portal orders the check again, the job meets it by its key and is told its mark.
"""

from __future__ import annotations

from posapp.domain import ffd
from posapp.domain.fiscal import FiscalDocument, ReceiptKind
from posapp.domain.portal_check import check_keys, check_settlement, is_external_id
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Stamp, State
from posapp.domain.undone import REFUNDS
from posapp.errors import ResolveNeeded
from posapp.journal.rows import SettlementTaken, StoredReceipt
from posapp.till import audit, correction_state, refund_adopt
from posapp.till.context import Till


def is_of_job(stamp: Stamp) -> bool:
    """A stamp whose order is a check of a portal or site."""
    return is_external_id(stamp.order)


def take_in(till: Till, stamp: Stamp, number: int, kind: ReceiptKind) -> None:
    """Document `number` as a receipt of the journal, `pending`. Raises ResolveNeeded where it does not fit."""
    entries = ffd.read_document(till.printer.document_tlv(number)).entries
    settlement = check_settlement(stamp.order, kind)
    try:
        receipt = receipt_from(entries, stamp, settlement, now=till.now(), is_training=till.settings.is_training)
        till.journal.add_receipt(_of_its_deal(till, receipt, stamp))
    except ValueError as error:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не похож на чек этой программы: {error}") from error
    except SettlementTaken as error:
        raise ResolveNeeded("not_resolvable", why=f"по заданию {stamp.order} уже есть чек {error.key}") from error


def _of_its_deal(till: Till, receipt: Receipt, stamp: Stamp) -> Receipt:
    """What was made at the till of an ordered receipt – its refund, its correction – carries the same number."""
    if stamp.key in check_keys(stamp.order):
        return receipt
    fixing = correction_state.as_fix(till, receipt)
    if fixing is not None:
        return fixing
    return refund_adopt.as_refund(till, receipt) if receipt.kind in REFUNDS else receipt


def named(till: Till, document: FiscalDocument, external_id: str) -> str:
    """A person says that a document without a key is the receipt of this check; the key under which it is kept.

    The one that was begun is it. Raises ResolveNeeded where kind or sum do not fit it, or it is printed already.
    """
    if document.kind is None or not document.whole:
        raise ResolveNeeded("not_resolvable", why=f"ФД {document.number} не чек или не читается целиком")
    begun = till.journal.receipt_of_settlement(check_settlement(external_id, document.kind))
    if begun is not None:
        if begun.state is State.FISCALIZED or begun.receipt.total != document.total:
            raise ResolveNeeded("not_resolvable", why=f"по заданию {external_id} уже есть чек {begun.receipt.key}")
        return begun.receipt.key
    stamp = Stamp(till.settings.till, external_id, check_keys(external_id)[0])
    take_in(till, stamp, document.number, document.kind)
    return stamp.key


def give_way(till: Till, document: FiscalDocument, stamp: Stamp, why: str) -> None:
    """A receipt of the same check that was begun and never sent gives way to the one that was printed."""
    if document.kind is None:
        return
    other = till.journal.receipt_of_settlement(check_settlement(stamp.order, document.kind))
    if _waits(other) and other is not None and other.receipt.key != stamp.key:
        reason = f"по заданию напечатан ФД {document.number}"
        decision = audit.decided(till, "receipt.cancelled", other.receipt.key, why, document=document.number)
        till.journal.move(other.receipt.key, State.CANCELLED, By.PERSON, reason, decision=decision)


def _waits(stored: StoredReceipt | None) -> bool:
    return stored is not None and stored.state in (State.PENDING, State.HELD, State.REFUSED)


__all__ = ["give_way", "is_of_job", "named", "take_in"]
