"""Other tills of ours on the same register: what they have receipted there is read from the storage, not asked.

The stamp of a document names till and order (tag 1086). Whoever accounts for the documents of a register (rule 11)
therefore learns which orders another till has receipted on it, with no network and no gateway. Such an order is not
sold here: it would be the second receipt of the same settlement. Two portals may number their orders alike, so a
manager may answer for the sale, audited.

A sale that shows nobody's key – its TLV is gone, or the register takes none – and that the journal does not know proves
only by another total that it is not an order's receipt (rule 6): the journal may have gone back in time. Its total is
kept, and an order of just that total is sold on a manager's word only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from posapp.domain import ffd
from posapp.domain.fiscal import FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.settlement import Stamp
from posapp.domain.undone import REFUNDS
from posapp.errors import SaleError
from posapp.till import audit
from posapp.till.context import Till


def note_receipts(till: Till, foreign: Sequence[FiscalDocument]) -> None:
    """Keeps which orders the sales among these documents settled, by the stamps of other tills, and which receipts the
    refunds among them took back."""
    for document in foreign:
        stamp = Stamp.parse(document.stamp) if document.stamp else None
        if stamp is not None and stamp.order and document.kind is ReceiptKind.SELL:
            said = {"till": stamp.till, "document": f"ФД {document.number}"}
            till.journal.set_fact(_fact(stamp.order), json.dumps(said, ensure_ascii=False))
        if document.kind in REFUNDS:
            _note_refund(till, document)


def _note_refund(till: Till, document: FiscalDocument) -> None:
    """Keeps which receipt a refund of another till or program takes back, by the sign that it names (1192)."""
    try:
        named = ffd.find(ffd.read_document(document.tlv).entries, 1192) if document.tlv else None
    except ffd.BadTlv:
        return
    sign = named.value.strip() if named is not None and isinstance(named.value, str) else ""
    if sign.isascii() and sign.isdigit():
        known = refunds_beside(till, till.identity.storage_number, str(int(sign)))
        till.journal.set_fact(_fact_of_refunds(till.identity.storage_number, str(int(sign))),
                              json.dumps(sorted({*known, document.number})))  # fmt: skip


def refunds_beside(till: Till, storage_number: str, sign: str) -> list[int]:
    """The documents of a storage by which others took back the receipt with this sign."""
    return list(json.loads(till.journal.get_fact(_fact_of_refunds(storage_number, sign)) or "[]"))


def refuse_receipted(till: Till, order: Order, override: str = "") -> None:
    """Raises SaleError `receipted_elsewhere` for an order that another till has receipted on this register.

    And `maybe_receipted` for one of which an unread sale may be the receipt.
    """
    _refuse_unread(till, order, override)
    beside = receipted_beside(till, order.number)
    if beside is None:
        return
    if not override:
        raise SaleError("receipted_elsewhere", order=order.number, **beside)
    seen = f"касса {beside['till']}, {beside['document']}"
    till.journal.note(audit.decided(till, "claim.overridden", order.number, override, beside=seen))


def receipted_beside(till: Till, number: str) -> dict[str, str] | None:
    """Which till's document on this register is the receipt of an order, or of a check that a portal ordered."""
    said = till.journal.get_fact(_fact(number))
    return dict(json.loads(said)) if said else None


def note_unread(till: Till, documents: Sequence[FiscalDocument]) -> None:
    """Keeps the totals of sales of which nobody can say whose they are."""
    for document in documents:
        if document.kind is ReceiptKind.SELL and document.total is not None:
            found = _unread(till, document.total)
            _keep_unread(till, document.total, {*found, document.number})


def forget_unread(till: Till, document: FiscalDocument) -> None:
    """A person has said that this document is another program's."""
    if document.total is not None and document.number in (found := _unread(till, document.total)):
        _keep_unread(till, document.total, found - {document.number})


def unread_sales(till: Till, order: Order) -> list[int]:
    """The numbers of the documents of which one may be the receipt of this order."""
    return sorted(_unread(till, order.price)) if till.settings.printer is not None else []


def _refuse_unread(till: Till, order: Order, override: str) -> None:
    found = unread_sales(till, order)
    if not found:
        return
    documents = ", ".join(f"ФД {number}" for number in found)
    if not override:
        raise SaleError("maybe_receipted", order=order.number, documents=documents, total=order.price)
    till.journal.note(audit.decided(till, "claim.overridden", order.number, override, beside=documents))


def _unread(till: Till, total: Money) -> set[int]:
    return set(json.loads(till.journal.get_fact(_fact_of_total(till, total)) or "[]"))


def _keep_unread(till: Till, total: Money, numbers: set[int]) -> None:
    till.journal.set_fact(_fact_of_total(till, total), json.dumps(sorted(numbers)))


def _fact_of_refunds(storage_number: str, sign: str) -> str:
    return f"refunded_beside:{storage_number}:{sign}"


def _fact_of_total(till: Till, total: Money) -> str:
    return f"unread_sales:{till.identity.storage_number}:{total.kopecks}"


def _fact(order_number: str) -> str:
    return f"receipted_on_this_register:{order_number}"
