"""A receipt read back from its fiscal document: for a journal that lost what the storage has kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from posapp.domain import ffd
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import PaymentMethod, PaymentObject, Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, Stamp, identity_of
from posapp.domain.vat import VatRate


def receipt_from(
    entries: Sequence[ffd.Entry], stamp: Stamp, settlement: Settlement, *, now: datetime, is_training: bool
) -> Receipt:
    """The receipt that a document shows. Raises ValueError when it is not one that this program would have printed.

    Cash is what was paid, not what was handed over: a document does not know the change. The identity has only the 80
    bits that travel in the key; the key is the same.
    """
    lines = tuple(_line(entry.items or ()) for entry in entries if entry.tag == 1059)
    tenders = tuple(
        Tender(kind, Money(amount)) for kind in TenderKind if (amount := _int(entries, kind.value, default=0)) > 0
    )
    receipt = Receipt(
        identity=UUID(int=identity_of(stamp.key)),
        settlement=settlement,
        order_number=stamp.order,
        lines=lines,
        tenders=tenders,
        tax_system=TaxSystem(_int(entries, 1055)),
        till=stamp.till,
        cashier=_text(entries, 1021),
        created_at=now,
        buyer_contact=_text(entries, 1008),
        buyer_name=_text(entries, 1227),
        buyer_inn=_text(entries, 1228).strip(),
        is_training=is_training,
    )
    if receipt.kind != _int(entries, 1054) or receipt.total.kopecks != _int(entries, 1020):
        raise ValueError("kind or total of the document differ from its lines")
    return receipt


def _line(entries: Sequence[ffd.Entry]) -> ReceiptLine:
    quantity = ffd.find(entries, 1023)
    if quantity is None or not isinstance(quantity.value, Decimal):
        raise ValueError("a line without a quantity")
    return ReceiptLine(
        name=_text(entries, 1030),
        price=Money(_int(entries, 1079)),
        quantity=Quantity(quantity.value),
        line_sum=Money(_int(entries, 1043)),
        vat=VatRate(_int(entries, 1199)),
        payment_method=PaymentMethod(_int(entries, 1214)),
        payment_object=PaymentObject(_int(entries, 1212)),
        marking=_marking(entries),
    )


def _marking(entries: Sequence[ffd.Entry]) -> str:
    """What the storage keeps of a marking code: GTIN and serial (1163 {1305}), which name the thing for a refund.

    The check code is not in the document, and of other families not even the whole name.
    """
    product = ffd.find(entries, 1163, 1305)
    return product.value if product is not None and isinstance(product.value, str) else ""


def _int(entries: Sequence[ffd.Entry], tag: int, default: int | None = None) -> int:
    found = ffd.find(entries, tag)
    if found is None and default is not None:
        return default
    if found is None or not isinstance(found.value, int):
        raise ValueError(f"the document has no number under tag {tag}")
    return found.value


def _text(entries: Sequence[ffd.Entry], tag: int) -> str:
    found = ffd.find(entries, tag)
    return found.value if found is not None and isinstance(found.value, str) else ""
