"""A receipt: frozen, checked on creation, with its key. What is printed is exactly this.

`checkout.receipt_of` is the one way from an order and tenders to a receipt; nothing changes it afterwards. What
belongs to one try to print (device, shift, document numbers) is in the journal's attempt row, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import KOPECKS_MAX, ZERO, Money, Quantity, total
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.vat import VatRate, line_vat, receipt_vat

NAME_MAX = 128  # tag 1030


class TenderKind(IntEnum):
    """How money is handed over; the value is the tag of its total on the receipt."""

    CASH = 1031
    CASHLESS = 1081
    PREPAID = 1215
    CREDIT = 1216
    OTHER = 1217


class PaymentMethod(IntEnum):
    """Признак способа расчёта, tag 1214. Never cash or card."""

    FULL_PREPAYMENT = 1
    PREPAYMENT = 2
    ADVANCE = 3
    FULL_PAYMENT = 4
    PARTIAL_PAYMENT = 5
    CREDIT = 6
    CREDIT_PAYMENT = 7


class PaymentObject(IntEnum):
    """Признак предмета расчёта, tag 1212 (the values used today)."""

    COMMODITY = 1
    EXCISE = 2
    JOB = 3
    SERVICE = 4
    PAYMENT = 10
    ANOTHER = 13


class TaxSystem(IntEnum):
    """Применяемая система налогообложения, tag 1055."""

    OSN = 1
    USN_INCOME = 2
    USN_INCOME_OUTCOME = 4
    ESHN = 16
    PATENT = 32


@dataclass(frozen=True, slots=True)
class Tender:
    """Money handed over. For cash this is what was given, change included."""

    kind: TenderKind
    amount: Money

    def __post_init__(self) -> None:
        if self.amount <= ZERO:
            raise ValueError("a tender is more than nothing")


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line as printed: gross price after discounts, quantity, the sum the register must also arrive at."""

    name: str
    price: Money
    quantity: Quantity
    line_sum: Money
    vat: VatRate
    payment_method: PaymentMethod = PaymentMethod.FULL_PAYMENT
    payment_object: PaymentObject = PaymentObject.COMMODITY

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > NAME_MAX:
            raise ValueError(f"a line's name has 1…{NAME_MAX} characters")
        if self.price < ZERO or self.line_sum != self.price.times(self.quantity):
            raise ValueError(f"line sum {self.line_sum} is not price × quantity")
        if self.line_sum.kopecks > KOPECKS_MAX:
            raise ValueError(f"line sum {self.line_sum} does not fit a receipt")

    @property
    def vat_sum(self) -> Money:
        """VAT inside the line (tag 1200)."""
        return line_vat(self.line_sum, self.vat)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A cash receipt (кассовый чек) of one settlement."""

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

    @property
    def key(self) -> str:
        """16 characters that travel inside the fiscal document."""
        return short_key(self.identity)

    @property
    def kind(self) -> ReceiptKind:
        """Tag 1054."""
        return self.settlement.kind

    @property
    def total(self) -> Money:
        """Tag 1020: the sum of the lines."""
        return total([line.line_sum for line in self.lines])

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
        """Everything, for the journal; the reverse is `from_json`."""
        return {
            "identity": str(self.identity),
            "settlement": {
                "portal": self.settlement.portal,
                "order_id": self.settlement.order_id,
                "part": self.settlement.part,
                "kind": self.settlement.kind.value,
            },
            "order_number": self.order_number,
            "lines": [
                {
                    "name": line.name,
                    "price_kopecks": line.price.kopecks,
                    "quantity": str(line.quantity),
                    "sum_kopecks": line.line_sum.kopecks,
                    "vat": line.vat.value,
                    "payment_method": line.payment_method.value,
                    "payment_object": line.payment_object.value,
                }
                for line in self.lines
            ],
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

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Receipt:
        """The receipt that `as_json` wrote, checked again."""
        settled = body["settlement"]
        return cls(
            identity=UUID(body["identity"]),
            settlement=Settlement(
                settled["portal"], settled["order_id"], settled["part"], ReceiptKind(settled["kind"])
            ),
            order_number=body["order_number"],
            lines=tuple(
                ReceiptLine(
                    name=line["name"],
                    price=Money(line["price_kopecks"]),
                    quantity=Quantity(Decimal(line["quantity"])),
                    line_sum=Money(line["sum_kopecks"]),
                    vat=VatRate(line["vat"]),
                    payment_method=PaymentMethod(line["payment_method"]),
                    payment_object=PaymentObject(line["payment_object"]),
                )
                for line in body["lines"]
            ),
            tenders=tuple(Tender(TenderKind(each["kind"]), Money(each["amount_kopecks"])) for each in body["tenders"]),
            tax_system=TaxSystem(body["tax_system"]),
            till=body["till"],
            cashier=body["cashier"],
            created_at=datetime.fromisoformat(body["created_at"]),
            buyer_contact=body["buyer_contact"],
            buyer_name=body["buyer_name"],
            buyer_inn=body["buyer_inn"],
            is_training=body["is_training"],
        )
