"""From an order and tenders to a receipt, or the exact reason why not. No clock, no I/O: the caller gives both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money, total
from posapp.domain.order import Order, OrderLine
from posapp.domain.receipt import (
    NAME_MAX,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.settlement import Settlement
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate, is_plausible, rule_for
from posapp.errors import SaleError


@dataclass(frozen=True, slots=True)
class VatTable:
    """The portal's VAT rows as pulled, and what a person confirmed for each (`DELIVERY_ROW` for delivery lines)."""

    rows: Mapping[int, PortalVatRow]
    confirmed: Mapping[int, VatRate]

    def rate_for(self, line: OrderLine, day: date) -> VatRate:
        """The confirmed rate of a line. Raises SaleError `vat_unmapped` where anything does not fit; no default."""
        row_id = DELIVERY_ROW if line.is_delivery and line.vat_row is None else line.vat_row
        rate = None if row_id is None else self.confirmed.get(row_id)
        if rate is None:
            raise SaleError("vat_unmapped", line=line.name, row=_row_text(line))
        agrees = line.vat_percent is None or line.vat_percent == (rate.percent or 0)
        if not agrees or not self._is_plausible(line, rate, day):
            raise SaleError("vat_unmapped", line=line.name, row=_row_text(line))
        return rate

    def _is_plausible(self, line: OrderLine, rate: VatRate, day: date) -> bool:
        """Whether the confirmed rate still fits the portal's row; delivery has no row, there only the date asks."""
        if line.vat_row is None or line.vat_row == DELIVERY_ROW:
            return line.is_delivery and rule_for(rate, day) is not None
        row = self.rows.get(line.vat_row)
        return row is not None and is_plausible(row, rate, day)


def _row_text(line: OrderLine) -> str:
    if line.vat_row is None:
        rate = "не указана" if line.vat_percent is None else f"{line.vat_percent.normalize():f} %"
        return f"ставка заказа {rate}, строки НДС на портале нет"
    return f"строка НДС {line.vat_row}"


@dataclass(frozen=True, slots=True)
class Seller:
    """What the till itself adds to a receipt."""

    till: str
    cashier: str
    tax_system: TaxSystem
    is_training: bool


def refuse_unsellable(order: Order) -> None:
    """Raises SaleError when no receipt may be made from the order as it stands."""
    if order.is_cancelled:
        raise SaleError("order_cancelled", order=order.number)
    for payment in order.payments:
        if payment.prints_receipt is None:
            raise SaleError("portal_no_paysystems")
        if payment.prints_receipt:
            raise SaleError("portal_prints", system=payment.pay_system)
    if order.is_paid:
        raise SaleError("already_paid", order=order.number)
    if order.is_part_paid:
        raise SaleError("part_paid", order=order.number, paid=order.paid, total=order.price)
    why = _why_unfit(order)
    if why is not None:
        raise SaleError("order_unfit", order=order.number, why=why)


def _why_unfit(order: Order) -> str | None:
    """What in the order itself forbids a receipt; None when nothing does."""
    if order.problems:
        return "; ".join(order.problems)
    if not order.lines:
        return "в нём нет товаров"
    if order.price <= ZERO:
        return f"его сумма {order.price}"
    for line in order.lines:
        if not line.name.strip() or line.price < ZERO:
            return f"строка «{line.name.strip()}» с ценой {line.price}"
    awaited = order.open_payments
    if len(awaited) != 1:
        return f"ждём одну оплату, а в нём {len(awaited)}"
    if awaited[0].amount != order.price:
        return f"оплата {awaited[0].amount}, а заказ {order.price}"
    if order.lines_total != order.price:
        return f"строки дают {order.lines_total}, а заказ {order.price}"
    return None


def settlement_of(order: Order, kind: ReceiptKind = ReceiptKind.SELL) -> Settlement:
    """The settlement of an order's one open payment – or of its first payment once it is paid.

    The buyer's inner account comes last: it never was what a till settled.
    """
    payments = order.open_payments or sorted(order.payments, key=lambda each: each.is_inner)
    part = str(payments[0].payment_id) if payments else "order"
    return Settlement(order.portal, order.order_id, part, kind)


def check_tenders(due: Money, tenders: Sequence[Tender]) -> None:
    """Raises SaleError when the money handed over is short, or more than due is cashless."""
    handed_over = total([each.amount for each in tenders])
    cashless = total([each.amount for each in tenders if each.kind is not TenderKind.CASH])
    if cashless > due:
        raise SaleError("tenders_over", card=cashless, total=due)
    if handed_over < due:
        raise SaleError("tenders_short", missing=due - handed_over)


def receipt_of(
    order: Order,
    tenders: Sequence[Tender],
    vat: VatTable,
    seller: Seller,
    *,
    identity: UUID,
    now: datetime,
) -> Receipt:
    """The frozen receipt of a pay-on-delivery order. Raises SaleError with the reason when there can be none."""
    refuse_unsellable(order)
    lines = tuple(_receipt_line(line, vat.rate_for(line, now.date())) for line in order.lines)
    check_tenders(order.price, tenders)
    return Receipt(
        identity=identity,
        settlement=settlement_of(order),
        order_number=order.number,
        lines=lines,
        tenders=tuple(tenders),
        tax_system=seller.tax_system,
        till=seller.till,
        cashier=seller.cashier,
        created_at=now,
        buyer_contact=order.buyer.email or order.buyer.phone,
        buyer_name=order.buyer.company,
        buyer_inn=order.buyer.inn,
        is_training=seller.is_training,
    )


def _receipt_line(line: OrderLine, rate: VatRate) -> ReceiptLine:
    return ReceiptLine(
        name=" ".join(line.name.split())[:NAME_MAX].strip(),
        price=line.price,
        quantity=line.quantity,
        line_sum=line.line_sum,
        vat=rate,
        payment_object=PaymentObject.SERVICE if line.is_delivery else PaymentObject.COMMODITY,
    )
