"""Receipts of every settlement kind, and what each of them must leave in the fiscal storage, tag by tag.

What is expected is written down here from the tables of the formats, not taken from the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import (
    CashlessDetail,
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.settlement import Settlement
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate

CASH, CARD, PREPAID, CREDIT, OTHER = TenderKind
GOODS, PAYMENT = PaymentObject.COMMODITY, PaymentObject.PAYMENT
WHOLE, CALCULATED = VatRate.VAT_10, VatRate.VAT_10_110
"""Rates that every register knows; the others have samples of their own."""
SELL, REFUND, BUY, BUY_REFUND = ReceiptKind

Tenders = dict[TenderKind, int]


def line(
    kopecks: int,
    quantity: str = "1",
    vat: VatRate = WHOLE,
    method: PaymentMethod = PaymentMethod.FULL_PAYMENT,
    sort: PaymentObject = GOODS,
    **more: Any,
) -> ReceiptLine:
    price, count = Money(kopecks), Quantity.of(quantity)
    name = f"Товар {vat.title}".replace("\u00a0", " ")  # АТОЛ has no such space
    return ReceiptLine(name, price, count, price.times(count), vat, method, sort, **more)


def receipt(lines: Sequence[ReceiptLine], paid: Tenders, kind: ReceiptKind = SELL, **more: Any) -> Receipt:
    """What is `paid` in kopecks."""
    fields: dict[str, Any] = {
        "identity": uuid4(),
        "settlement": Settlement("shop.example", 17, "1", kind),
        "order_number": "10-17",
        "lines": tuple(lines),
        "tenders": tuple(Tender(each, Money(kopecks)) for each, kopecks in paid.items()),
        "tax_system": TaxSystem.OSN,
        "till": "1",
        "cashier": "Курьер Ёлкина",
        "created_at": datetime(2026, 11, 21, 9, tzinfo=UTC),
    }
    return Receipt(**{**fields, **more})


_M = PaymentMethod
STEPS: dict[str, tuple[list[ReceiptLine], Tenders]] = {
    "full, cash with change": ([line(24_500, "2"), line(99_999, "0.386", VatRate.VAT_10)], {CASH: 100_000}),
    "full, card": ([line(24_500, "2")], {CARD: 49_000}),
    "full, cash and card": ([line(24_500, "2")], {CASH: 9_000, CARD: 40_000}),
    "prepayment 100 %": ([line(50_000, vat=CALCULATED, method=_M.FULL_PREPAYMENT)], {CARD: 50_000}),
    "prepayment, a part": ([line(20_000, vat=CALCULATED, method=_M.PREPAYMENT)], {CARD: 20_000}),
    "prepayment at older rates": (
        [
            line(12_000, vat=VatRate.VAT_20_120, method=_M.FULL_PREPAYMENT),
            line(11_000, vat=VatRate.VAT_10_110, method=_M.FULL_PREPAYMENT),
            line(10_500, vat=VatRate.VAT_5_105, method=_M.FULL_PREPAYMENT),
            line(10_700, vat=VatRate.VAT_7_107, method=_M.FULL_PREPAYMENT),
        ],
        {CARD: 44_200},
    ),
    "advance": ([line(15_000, vat=CALCULATED, method=_M.ADVANCE, sort=PAYMENT)], {CASH: 15_000}),
    "offset of a prepayment": ([line(50_000)], {PREPAID: 50_000}),
    "offset, the rest by card": ([line(50_000)], {PREPAID: 20_000, CARD: 30_000}),
    "goods on credit": ([line(50_000, method=_M.CREDIT)], {CREDIT: 50_000}),
    "partly on credit": ([line(50_000, method=_M.PARTIAL_PAYMENT)], {CARD: 20_000, CREDIT: 30_000}),
    "the debt is paid": (
        [line(30_000, vat=VatRate.NONE, method=_M.CREDIT_PAYMENT, sort=PAYMENT)],
        {CARD: 30_000},
    ),
    "counter-provision": ([line(50_000)], {OTHER: 50_000}),
    "every tender": (
        [line(50_000), line(10_000, method=_M.CREDIT)],
        {CASH: 20_000, CARD: 15_000, PREPAID: 10_000, CREDIT: 10_000, OTHER: 5_000},
    ),
    "every rate": (
        [line(10_000 + rate.value, "1.5", rate) for rate in VatRate if not rate.is_calculated],
        {CARD: sum((10_000 + rate.value) * 15 // 10 + (rate.value % 2) for rate in VatRate if not rate.is_calculated)},
    ),
}


def settlements() -> dict[str, Receipt]:
    """Every step as a sale and as its return, and what is bought; by name."""
    made: dict[str, Receipt] = {}
    for name, (lines, paid) in STEPS.items():
        total = sum(each.line_sum.kopecks for each in lines)
        exact = {**paid, CASH: paid[CASH] - (sum(paid.values()) - total)} if CASH in paid else paid
        made[name] = receipt(lines, paid)
        made[f"{name}, returned"] = receipt(lines, exact, REFUND, basis=OriginalReceipt("3141592653"))
    for kind in (BUY, BUY_REFUND):
        made[f"{kind.name}"] = receipt([line(30_000, vat=VatRate.NONE)], {CASH: 30_000}, kind)
    return made


FULL = receipt(
    [line(24_500, "2"), line(30_000, sort=PaymentObject.SERVICE)],
    {CARD: 79_000},
    buyer_contact="+79161234567",
    buyer_name="ООО «Ромашка»",
    buyer_inn="7801234564",
    cashier_inn="780123456724",
    place="Доставка: подъезд 2",
    address="190000, г. Санкт-Петербург, Невский пр., д. 1",
    is_internet=True,
    cashless=(
        CashlessDetail(Money(70_000), 1, "RRN 312345678901", "карта"),
        CashlessDetail(Money(9_000), 2, "A6124101530450070000010011700501"),
    ),
)
"""A sale with everything that is taken of buyer, cashier, place and payments."""

SELF = CorrectionBasis(CorrectionType.SELF, date(2026, 11, 3), text="чек не пробит")
ORDER = CorrectionBasis(CorrectionType.ORDER, date(2026, 11, 3), number="12-34/5")
OLD_RATES = (
    VatRate.VAT_20,
    VatRate.VAT_10,
    VatRate.VAT_0,
    VatRate.NONE,
)
"""Rates of a hand-over that a correction of FFD 1.05 has a sum for."""


def correction(
    told: CorrectionBasis = SELF, kind: ReceiptKind = SELL, rates: Sequence[VatRate] = OLD_RATES, **more: Any
) -> Receipt:
    """A correction with a line of 100 roubles for each rate, paid partly in cash."""
    lines = [line(10_000, vat=rate) for rate in rates]
    total = 10_000 * len(lines)
    return receipt(lines, {CASH: 1_000, CARD: total - 1_000}, kind, correction=told, **more)


def marked(code: str, method: PaymentMethod = PaymentMethod.FULL_PAYMENT, **more: Any) -> ReceiptLine:
    """A line of one marked thing."""
    return replace(line(25_000, method=method, **more), marking=code)


# ------------------------------------------------------------------------------------------------ what is expected


def of_document(made: Receipt) -> dict[int, Any]:
    """The flat tags that a document of this receipt must have, in either format."""
    cash = made.tender(CASH).kopecks - made.change.kopecks
    told: dict[int, Any] = {
        1054: made.kind.value,
        1020: made.total.kopecks,
        1031: cash,
        1081: made.tender(CARD).kopecks,
        1215: made.tender(PREPAID).kopecks,
        1216: made.tender(CREDIT).kopecks,
        1217: made.tender(OTHER).kopecks,
        1055: made.tax_system.value,
        1021: made.cashier,
    }
    texts = {1008: made.buyer_contact, 1203: made.cashier_inn, 1187: made.place, 1009: made.address}
    told |= {tag: text for tag, text in texts.items() if text}
    if made.basis is not None:
        told[1192] = made.basis.document_sign
    if made.is_internet:
        told[1125] = 1
    return told


def of_line(each: ReceiptLine) -> dict[int, Any]:
    """The tags that every line must have, in either format."""
    return {
        1030: each.name,
        1079: each.price.kopecks,
        1023: each.quantity.value,
        1043: each.line_sum.kopecks,
        1199: each.vat.value,
        1214: each.payment_method.value,
        1212: each.payment_object.value,
    }


_FLAT = {1: 1102, 2: 1103, 5: 1104, 6: 1105, 3: 1106, 4: 1107}


def of_vat(made: Receipt) -> tuple[dict[int, int], dict[int, int]]:
    """VAT of the document by rate: the flat tags, and the sums in 1115 by 1199. Line by line, then added."""
    flat: dict[int, int] = {}
    new: dict[int, int] = {}
    for each in made.lines:
        kopecks, percent = each.line_sum.kopecks, each.vat.percent
        inside = (2 * kopecks * percent + 100 + percent) // (2 * (100 + percent)) if percent else kopecks
        chosen = flat if each.vat.value in _FLAT else new
        tag = _FLAT.get(each.vat.value, each.vat.value)
        chosen[tag] = chosen.get(tag, 0) + inside
    return flat or ({1104: 0} if new else {}), new


def plain(entries: Sequence[ffd.Entry], *path: int) -> Any:
    """The value of a tag, None where there is none."""
    found = ffd.find(entries, *path)
    return None if found is None else found.value


def lines_of(entries: Sequence[ffd.Entry]) -> list[tuple[ffd.Entry, ...]]:
    """The lines (1059) of a document."""
    return [each.items or () for each in entries if each.tag == 1059]


def rates_of(entries: Sequence[ffd.Entry]) -> dict[int, int]:
    """The sums of 1115 by rate."""
    outer = ffd.find(entries, 1115)
    inside = [each.items or () for each in (outer.items or ())] if outer is not None else []
    return {plain(each, 1199): plain(each, 1120) for each in inside}
