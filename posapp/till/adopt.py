"""Documents of this till that its journal does not know: a restored or copied data directory (rule 11).

The storage is right and the journal is behind. A person confirms the document; its receipt is read back from the TLV
into the journal with its own key, so the settlement is taken again and the portal hears of it. Nothing is printed.
"""

from __future__ import annotations

from dataclasses import replace

from posapp.domain import ffd
from posapp.domain.checkout import settlement_of
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.lawful import Step
from posapp.domain.offers import next_part, part_of
from posapp.domain.order import Order
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Stamp, State
from posapp.domain.undone import REFUNDS
from posapp.errors import ResolveNeeded
from posapp.journal.rows import Decision, SettlementTaken
from posapp.till import correction_state, job_adopt, recover, refund_adopt, refusing, stock_rows, walkin_adopt
from posapp.till.context import Till
from posapp.till.outbox_rows import entries_for

_FORMS = (DocumentType.RECEIPT, DocumentType.CORRECTION)


def strays(till: Till) -> list[FiscalDocument]:
    """The documents that stop selling: stamped by this till, made since the journal last looked, unknown to it."""
    identity = till.printer.connect()
    known = till.journal.known_device(identity.factory_number)
    if known is None or known.identity != identity:
        return []
    return [
        document
        for document in till.printer.documents_after(known.last_document)
        if recover.is_unknown_ours(till, document)
    ]


def adopt(till: Till, key: str, number: int, decision: Decision | None = None) -> None:
    """Takes document `number`, stamped with `key`, into the journal. Raises ResolveNeeded where it does not fit.

    `decision`: whose word it is, kept together with the mark.
    """
    recover.resolve_all(till)
    document = till.printer.read_document(number)
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    if stamp is None or stamp.key != key or document.type not in _FORMS or document.kind is None:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} – не чек с ключом {key}")
    stored = till.journal.receipt(key)
    if stored is None:
        till.journal.set_fact(stock_rows.RESTORED_AT, till.now().isoformat())  # it went back in time
        _take_in(till, stamp, number, document.kind)
    elif stored.state in (State.HELD, State.REFUSED):
        till.journal.move(key, State.PENDING, By.PERSON, f"чек есть в ФН: ФД {number}")
    elif stored.state is not State.PENDING:
        raise ResolveNeeded("not_resolvable", why=f"чек {key} в журнале {stored.state.value}")
    kept = till.journal.receipt(key)
    if kept is None or (kept.receipt.kind, kept.receipt.total) != (document.kind, document.total):
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не подходит по виду или сумме")
    till.journal.start_attempt(key, till.printer.connect(), number - 1, document.shift_number or 0)
    mark = till.printer.document_mark(number)
    entries = entries_for(till, kept.receipt, mark)
    correction_state.note_alone(till, kept.receipt)
    till.journal.fiscalize(key, mark, By.PERSON, entries, {"adopted": number}, decision=decision)


def _take_in(till: Till, stamp: Stamp, number: int, kind: ReceiptKind) -> None:
    if walkin_adopt.is_of_walk_in(stamp):
        walkin_adopt.take_in(till, stamp, number, kind)
        return
    if job_adopt.is_of_job(stamp):
        job_adopt.take_in(till, stamp, number, kind)
        return
    order = till.journal.order(till.portal, stamp.order)
    if order is None:
        raise ResolveNeeded("not_resolvable", why=f"заказа {stamp.order} нет на борту: сначала загрузите заказы")
    entries = ffd.read_document(till.printer.document_tlv(number)).entries
    try:
        receipt = receipt_from(
            entries, stamp, settlement_of(order, kind), now=till.now(), is_training=till.settings.is_training
        )
        till.journal.add_receipt(_of_its_order(till, order, receipt))
    except ValueError as error:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не похож на чек этой программы: {error}") from error
    except SettlementTaken as error:
        raise ResolveNeeded("not_resolvable", why=f"по заказу {stamp.order} уже есть чек {error.key}") from error


def _of_its_order(till: Till, order: Order, receipt: Receipt) -> Receipt:
    """The receipt with what it settled of the order, by what it says: which part, and what was refused."""
    fixing = correction_state.as_fix(till, receipt)
    if fixing is not None:
        return fixing
    if receipt.kind in REFUNDS:
        return refund_adopt.as_refund(till, receipt)
    if receipt.kind is not ReceiptKind.SELL or receipt.correction is not None or receipt.step is not Step.HANDOVER:
        return _of_its_part(till, order, receipt)
    refused = refusing.read_back(till, order, receipt)
    return replace(_of_its_part(till, order, receipt), refused=refused)


def _of_its_part(till: Till, order: Order, receipt: Receipt) -> Receipt:
    """The part: goods without money, or which sum; behind those of it that were taken back."""
    stored = till.journal.receipts_of_order(order.portal, order.order_id)
    alive = [each.receipt for each in stored if each.state is not State.CANCELLED]
    if receipt.kind is not ReceiptKind.SELL:
        return receipt
    part = part_of(order, receipt, alive) or receipt.settlement.part
    part = next_part(order, part, [each.receipt for each in stored if each.state is State.FISCALIZED])
    return replace(receipt, settlement=replace(receipt.settlement, part=part))
