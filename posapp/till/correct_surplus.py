"""A document that is one too many and that the journal cannot hold: its settlement has its receipt already (rule 1).

Two documents for one payment come from what must not happen: a copied data directory, two tills with one number. The
surplus one is real – the storage and the tax service have it – so it is taken into the journal beside the other, under
a part of its own, and taken back like any receipt that should not be there.
"""

from __future__ import annotations

from dataclasses import replace

from posapp.domain import ffd
from posapp.domain.checkout import settlement_of
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Stamp, State, extra_part
from posapp.errors import SaleError
from posapp.till import audit, recover, register
from posapp.till.context import Till

_FORMS = (DocumentType.RECEIPT, DocumentType.CORRECTION)


def surplus(till: Till, number: int) -> tuple[Receipt, FiscalMark]:
    """The receipt that document `number` shows, as the second one of its payment; nothing is changed.

    Raises SaleError `correction_unfit` when it is not this till's, is known, or is the only one of its order, and
    DeviceError.
    """
    register.refuse_other_device(till)
    document = till.printer.read_document(number)
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    is_ours = recover.is_unknown_ours(till, document)
    if stamp is None or document.type not in _FORMS or document.kind is not ReceiptKind.SELL or not is_ours:
        raise _unfit(number, "это не чек прихода этой кассы, которого не знает журнал")
    order = till.journal.order(till.portal, stamp.order) if stamp.order else None
    if order is None:
        raise _unfit(number, f"заказа {stamp.order or '–'} нет на борту: сначала загрузите заказы")
    settlement = settlement_of(order, document.kind)
    if not _has_receipt(till, settlement.portal, settlement.order_id):
        raise _unfit(number, f"другого чека по заказу нет: «posapp resolve {stamp.key} --document {number}»")
    settlement = replace(settlement, part=extra_part(settlement.part, stamp.key))
    entries = ffd.read_document(till.printer.document_tlv(number)).entries
    try:
        receipt = receipt_from(entries, stamp, settlement, now=till.now(), is_training=till.settings.is_training)
    except ValueError as error:
        raise _unfit(number, f"он не похож на чек этой программы ({error})") from error
    return receipt, till.printer.document_mark(number)


def take_in(till: Till, number: int, why: str) -> str:
    """Takes the surplus document into the journal and returns its key. The portal hears nothing of it.

    Called again after a crash in between it goes on. Raises as `surplus` does, JournalError.
    """
    known = till.journal.receipt_of_document(till.identity.storage_number, number)
    if known is not None:
        return known.receipt.key
    recover.resolve_all(till)
    receipt, mark = surplus(till, number)
    key = receipt.key
    stored = till.journal.receipt(key)
    if stored is None:
        till.journal.add_receipt(receipt)
    elif stored.state is not State.PENDING:
        raise _unfit(number, f"чек {key} в журнале {stored.state.value}")
    till.journal.start_attempt(key, till.printer.connect(), number - 1, mark.shift_number)
    decision = audit.decided(till, "receipt.adopted", key, why, document=number, order=receipt.order_number, surplus=1)
    till.journal.fiscalize(key, mark, By.PERSON, [], {"adopted": number}, decision=decision)
    return key


def _has_receipt(till: Till, portal: str, order_id: int) -> bool:
    of_order = till.journal.receipts_of_order(portal, order_id)
    return any(each.state is State.FISCALIZED and each.receipt.kind is ReceiptKind.SELL for each in of_order)


def _unfit(number: int, why: str) -> SaleError:
    return SaleError("correction_unfit", key=f"ФД {number}", why=why)
