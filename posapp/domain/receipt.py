"""A receipt: frozen, checked on creation, with its key. What is printed is exactly this.

`checkout.receipt_of` is the one way from an order and tenders to a receipt; nothing changes it afterwards. What
belongs to one try to print (device, shift, document numbers) is in the journal's attempt row, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.inn import is_personal_inn
from posapp.domain.lawful import Step, check_line, check_receipt, step_of
from posapp.domain.money import KOPECKS_MAX, ZERO, Money, Quantity, total
from posapp.domain.refused import RefusedGoods
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.terms import (
    CashlessDetail,
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.vat import VatRate, line_vat, receipt_vat

NAME_MAX = 128  # tag 1030
PLACE_MAX = 256  # tags 1009 and 1187

__all__ = [
    "NAME_MAX",
    "PLACE_MAX",
    "CashlessDetail",
    "CorrectionBasis",
    "OriginalReceipt",
    "PaymentMethod",
    "PaymentObject",
    "Receipt",
    "ReceiptLine",
    "TaxSystem",
    "Tender",
    "TenderKind",
]


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line as printed: gross price after discounts, quantity, the sum the register must also arrive at.

    `measure` is tag 2108 (0 = pieces), `marking` the marking code as it was scanned, GS characters kept ("" = none).
    """

    name: str
    price: Money
    quantity: Quantity
    line_sum: Money
    vat: VatRate
    payment_method: PaymentMethod = PaymentMethod.FULL_PAYMENT
    payment_object: PaymentObject = PaymentObject.COMMODITY
    measure: int = 0
    marking: str = ""

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > NAME_MAX:
            raise ValueError(f"a line's name has 1…{NAME_MAX} characters")
        if self.price < ZERO or self.line_sum != self.price.times(self.quantity):
            raise ValueError(f"line sum {self.line_sum} is not price × quantity")
        if self.line_sum.kopecks > KOPECKS_MAX:
            raise ValueError(f"line sum {self.line_sum} does not fit a receipt")
        check_line(self)

    @property
    def vat_sum(self) -> Money:
        """VAT inside the line (tag 1200)."""
        return line_vat(self.line_sum, self.vat)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A cash receipt (кассовый чек) of one settlement, or a correction of one; both go the same way.

    `cashless` tells of each cashless payment (1234), `cashier_inn` is 1203, `address` 1009, `place` 1187, `is_internet`
    1125. `basis` is the document that a refund takes back or that this one replaces (1192), `correction` makes it a
    correction receipt (1173, 1174). `refused` is the one thing here that is not printed: what of the order was not
    handed over with this receipt.
    """

    identity: UUID
    settlement: Settlement
    order_number: str
    lines: tuple[ReceiptLine, ...]
    tenders: tuple[Tender, ...]
    tax_system: TaxSystem
    till: str
    cashier: str
    created_at: datetime
    buyer_contact: str = ""
    buyer_name: str = ""
    buyer_inn: str = ""
    is_training: bool = False
    cashless: tuple[CashlessDetail, ...] = ()
    cashier_inn: str = ""
    place: str = ""
    address: str = ""
    is_internet: bool = False
    basis: OriginalReceipt | None = None
    correction: CorrectionBasis | None = None
    refused: RefusedGoods | None = None

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("a receipt has at least one line")
        if len({tender.kind for tender in self.tenders}) != len(self.tenders):
            raise ValueError("one tender of a kind")
        if self.total <= ZERO:
            raise ValueError("a receipt's total is more than nothing")
        if self.total.kopecks > KOPECKS_MAX:
            raise ValueError(f"a receipt's total of {self.total} does not fit a receipt")
        if self.handed_over < self.total:
            raise ValueError("the tenders do not cover the total")
        if self.handed_over - self.tender(TenderKind.CASH) > self.total:
            raise ValueError("change is given from cash only")
        check_receipt(self)
        if self.cashier_inn and not is_personal_inn(self.cashier_inn):
            raise ValueError("a cashier's INN has twelve digits that fit")
        if max(len(self.place), len(self.address)) > PLACE_MAX:
            raise ValueError(f"a place or address has at most {PLACE_MAX} characters")
        is_sale = self.kind is ReceiptKind.SELL and self.correction is None
        if self.refused is not None and not (is_sale and self.step is Step.HANDOVER):
            raise ValueError("goods are refused where goods are handed over")

    @property
    def key(self) -> str:
        """16 characters that travel inside the fiscal document."""
        return short_key(self.identity)

    @property
    def kind(self) -> ReceiptKind:
        """Tag 1054."""
        return self.settlement.kind

    @property
    def step(self) -> Step:
        """Money ahead, hand-over, or a debt paid."""
        return step_of(self)

    @property
    def document_type(self) -> DocumentType:
        """The form of the document: a receipt (3) or a correction receipt (31)."""
        return DocumentType.RECEIPT if self.correction is None else DocumentType.CORRECTION

    @property
    def total(self) -> Money:
        """Tag 1020: the sum of the lines."""
        return total([line.line_sum for line in self.lines])

    @property
    def settled_money(self) -> Money:
        """What this receipt settles of the order's payments: all but what was prepaid and what is on credit."""
        return self.total - self.tender(TenderKind.PREPAID) - self.tender(TenderKind.CREDIT)

    @property
    def handed_over(self) -> Money:
        """All tenders together."""
        return total([tender.amount for tender in self.tenders])

    @property
    def change(self) -> Money:
        """What the cashier gives back."""
        return self.handed_over - self.total

    def tender(self, kind: TenderKind) -> Money:
        """The tender of a kind, zero when there is none."""
        return total([each.amount for each in self.tenders if each.kind is kind])

    def vat(self, formula: str) -> dict[VatRate, Money]:
        """VAT by rate, by the formula of the device (`L` or `T`)."""
        return receipt_vat(((line.line_sum, line.vat) for line in self.lines), formula)

    def as_json(self) -> dict[str, Any]:
        """Everything, for the journal; the reverse is `from_json`.

        What came after the first release is written only when it is set, so receipts without it keep their bytes.
        """
        body = {
            "identity": str(self.identity),
            "settlement": {
                "portal": self.settlement.portal,
                "order_id": self.settlement.order_id,
                "part": self.settlement.part,
                "kind": self.settlement.kind.value,
            },
            "order_number": self.order_number,
            "lines": [_line_body(line) for line in self.lines],
            "tenders": [{"kind": each.kind.value, "amount_kopecks": each.amount.kopecks} for each in self.tenders],
            "tax_system": self.tax_system.value,
            "till": self.till,
            "cashier": self.cashier,
            "created_at": self.created_at.isoformat(),
            "buyer_contact": self.buyer_contact,
            "buyer_name": self.buyer_name,
            "buyer_inn": self.buyer_inn,
            "is_training": self.is_training,
        }
        return body | self._later_fields()

    def _later_fields(self) -> dict[str, Any]:
        later: dict[str, Any] = {
            "cashless": [each.as_json() for each in self.cashless],
            "cashier_inn": self.cashier_inn,
            "place": self.place,
            "address": self.address,
            "is_internet": self.is_internet,
            "basis": self.basis and self.basis.as_json(),
            "correction": self.correction and self.correction.as_json(),
            "refused": self.refused and self.refused.as_json(),
        }
        return {name: value for name, value in later.items() if value}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Receipt:
        """The receipt that `as_json` wrote, checked again."""
        settled, basis, correction = body["settlement"], body.get("basis"), body.get("correction")
        refused = body.get("refused")
        return cls(
            identity=UUID(body["identity"]),
            settlement=Settlement(
                settled["portal"], settled["order_id"], settled["part"], ReceiptKind(settled["kind"])
            ),
            order_number=body["order_number"],
            lines=tuple(_line_of(line) for line in body["lines"]),
            tenders=tuple(Tender(TenderKind(each["kind"]), Money(each["amount_kopecks"])) for each in body["tenders"]),
            tax_system=TaxSystem(body["tax_system"]),
            till=body["till"],
            cashier=body["cashier"],
            created_at=datetime.fromisoformat(body["created_at"]),
            buyer_contact=body["buyer_contact"],
            buyer_name=body["buyer_name"],
            buyer_inn=body["buyer_inn"],
            is_training=body["is_training"],
            cashless=tuple(CashlessDetail.from_json(each) for each in body.get("cashless", ())),
            cashier_inn=body.get("cashier_inn", ""),
            place=body.get("place", ""),
            address=body.get("address", ""),
            is_internet=body.get("is_internet", False),
            basis=None if basis is None else OriginalReceipt.from_json(basis),
            correction=None if correction is None else CorrectionBasis.from_json(correction),
            refused=None if refused is None else RefusedGoods.from_json(refused),
        )


def _line_body(line: ReceiptLine) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": line.name,
        "price_kopecks": line.price.kopecks,
        "quantity": str(line.quantity),
        "sum_kopecks": line.line_sum.kopecks,
        "vat": line.vat.value,
        "payment_method": line.payment_method.value,
        "payment_object": line.payment_object.value,
    }
    if line.measure:
        body["measure"] = line.measure
    if line.marking:
        body["marking"] = line.marking
    return body


def _line_of(body: Mapping[str, Any]) -> ReceiptLine:
    return ReceiptLine(
        name=body["name"],
        price=Money(body["price_kopecks"]),
        quantity=Quantity(Decimal(body["quantity"])),
        line_sum=Money(body["sum_kopecks"]),
        vat=VatRate(body["vat"]),
        payment_method=PaymentMethod(body["payment_method"]),
        payment_object=PaymentObject(body["payment_object"]),
        measure=body.get("measure", 0),
        marking=body.get("marking", ""),
    )
