"""From an order and tenders to a receipt, or the exact reason why not. No clock, no I/O: the caller gives both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from posapp.domain.deal_lines import lines_for
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.inn import is_inn
from posapp.domain.money import ZERO, Money, total
from posapp.domain.offers import Offer, Way
from posapp.domain.order import Order, OrderLine
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import PLACE_MAX, CashlessDetail, Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.refused import RefusedGoods
from posapp.domain.settlement import Settlement
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate, is_lawful_under, is_plausible, rule_for
from posapp.errors import SaleError

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+[1-9][0-9]{9,14}")
CONTACT_MAX = 64  # tag 1008


@dataclass(frozen=True, slots=True)
class VatTable:
    """The portal's VAT rows as pulled, and what a person confirmed for each (`DELIVERY_ROW` for delivery lines)."""

    rows: Mapping[int, PortalVatRow]
    confirmed: Mapping[int, VatRate]

    def rate_for(self, line: OrderLine, day: date) -> VatRate:
        """The confirmed rate of a line. Raises SaleError `vat_unmapped` where anything does not fit; no default.

        `day` is that of the deal: today, or for an older deal the day on which a person says that it was made.
        """
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
    tax_systems: tuple[TaxSystem, ...] = ()
    cashier_inn: str = ""
    place: str = ""
    is_mobile: bool = False

    def system_for(self, lines: Sequence[tuple[str, VatRate]]) -> TaxSystem:
        """The shop's own tax system when it allows all these rates, else the first registered one that does.

        A shop has at most one that knows 5 % and 7 %, so this is no choice. Raises SaleError `vat_against_tax_system`.
        """
        for system in (self.tax_system, *self.tax_systems):
            if all(is_lawful_under(rate, system) for _, rate in lines):
                return system
        name, rate = next(each for each in lines if not is_lawful_under(each[1], self.tax_system))
        raise SaleError("vat_against_tax_system", line=name, rate=rate.title, system=self.tax_system.name)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person says about a sale besides its tenders.

    `contact`, `buyer_name`, `buyer_inn` take the place of what the order says; `deal_day` is the day of an older deal,
    whose VAT rate still counts; `cashless` tells of the cashless payments (1234); `refused` is what of the order the
    customer does not take. `why` is the reason for an older deal or for a refusal. `payment_id` and `shipment_id` name
    one of several.
    """

    way: Way = Way.FULL
    payment_id: int | None = None
    cashless: tuple[CashlessDetail, ...] = ()
    contact: str = ""
    buyer_name: str = ""
    buyer_inn: str = ""
    deal_day: date | None = None
    why: str = ""
    refused: tuple[RefusedLine, ...] = ()
    shipment_id: int | None = None


FULL_PAYMENT = Terms()
"""Money and goods change hands, all of it, now."""


def refuse_unsellable(order: Order) -> None:
    """Raises SaleError when money and goods cannot change hands for the whole order now."""
    _refuse_other_hands(order)
    if order.is_paid:
        raise SaleError("already_paid", order=order.number)
    if order.is_part_paid:
        raise SaleError("part_paid", order=order.number, paid=order.paid, total=order.price)
    _refuse(order, _why_unfit(order) or _why_not_at_once(order))


def refuse_unfit(order: Order) -> None:
    """Raises SaleError when no receipt at all may be made from the order as it stands."""
    _refuse_other_hands(order)
    _refuse(order, _why_unfit(order))


def _refuse_other_hands(order: Order) -> None:
    """Cancelled, or receipted by the portal."""
    if order.is_cancelled:
        raise SaleError("order_cancelled", order=order.number)
    for payment in order.payments:
        if payment.prints_receipt is None:
            raise SaleError("portal_no_paysystems")
        if payment.prints_receipt:
            raise SaleError("portal_prints", system=payment.pay_system)


def _refuse(order: Order, why: str | None) -> None:
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
    if order.lines_total != order.price:
        return f"строки дают {order.lines_total}, а заказ {order.price}"
    return None


def _why_not_at_once(order: Order) -> str | None:
    """Why it is not one payment for all."""
    awaited = order.open_payments
    if len(awaited) != 1:
        return f"ждём одну оплату, а в нём {len(awaited)}"
    if awaited[0].amount != order.price:
        inner = sum((each.amount for each in order.payments if each.is_inner and not each.is_paid), ZERO)
        rest = f", ещё {inner} ждут оплаты с внутреннего счёта покупателя" if inner else ""
        return f"оплата {awaited[0].amount}, а заказ {order.price}{rest}"
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


def full_offer(order: Order) -> Offer:
    """Money and goods change hands for the whole order. Raises SaleError when they cannot."""
    refuse_unsellable(order)
    return Offer(Way.FULL, due=order.price, payment_id=order.open_payments[0].payment_id)


def receipt_of(
    order: Order,
    tenders: Sequence[Tender],
    vat: VatTable,
    seller: Seller,
    *,
    identity: UUID,
    now: datetime,
    offer: Offer | None = None,
    terms: Terms = FULL_PAYMENT,
    refused: RefusedGoods | None = None,
) -> Receipt:
    """The frozen receipt of an order. Raises SaleError with the reason when there can be none.

    Args:
        tenders: the money that was handed over; what was prepaid or is on credit comes from the offer.
        offer: one of `offers.offers`; None for full payment.
        terms: what the person says besides.
        refused: what parts `order`, which is what is taken, from the one that was ordered (`partial.handed_over`).
    """
    if offer is None:
        offer = full_offer(order)
    refuse_unfit(order)
    if offer.due == ZERO and tenders:
        raise SaleError("no_money_now", order=order.number)
    check_tenders(offer.due, tenders)
    rates = [] if offer.way is Way.DEBT else [_rate(vat, line, terms.deal_day, now.date()) for line in order.lines]
    lines = lines_for(offer, order, rates)
    contact, name, inn = _buyer(order, terms)
    return Receipt(
        identity=identity,
        settlement=Settlement(order.portal, order.order_id, offer.part, ReceiptKind.SELL),
        order_number=order.number,
        lines=lines,
        tenders=offer.tenders(tenders),
        tax_system=seller.system_for([(line.name, line.vat) for line in lines]),
        till=seller.till,
        cashier=seller.cashier,
        created_at=now,
        buyer_contact=contact,
        buyer_name=name,
        buyer_inn=inn,
        is_training=seller.is_training,
        cashless=terms.cashless,
        cashier_inn=seller.cashier_inn,
        place=seller.place,
        address=order.buyer.address[:PLACE_MAX] if seller.is_mobile and order.is_courier else "",
        is_internet=offer.way is Way.SITE_PAYMENT,
        refused=refused,
    )


def _rate(vat: VatTable, line: OrderLine, deal_day: date | None, today: date) -> VatRate:
    """The rate of the deal's day; of today's where the deal is new or the line fits only today's."""
    if deal_day is None:
        return vat.rate_for(line, today)
    try:
        return vat.rate_for(line, deal_day)
    except SaleError:
        return vat.rate_for(line, today)


def _buyer(order: Order, terms: Terms) -> tuple[str, str, str]:
    """Contact (1008), name (1227) and INN (1228), as the person at the till says, else as the order says."""
    buyer = order.buyer
    contact = terms.contact or buyer.email or buyer.phone
    if terms.contact and not is_contact(terms.contact):
        raise SaleError("contact_unfit", contact=terms.contact[:CONTACT_MAX])
    inn = terms.buyer_inn or buyer.inn
    if inn and not is_inn(inn):
        raise SaleError("inn_unfit", inn=inn[:20])
    if bool(terms.buyer_name) != bool(terms.buyer_inn):
        raise SaleError("inn_unfit", inn=terms.buyer_inn or "–")
    return contact, terms.buyer_name or buyer.company, inn


def is_contact(text: str) -> bool:
    """Whether tag 1008 takes it: an e-mail address, or a phone as `+79001234567`."""
    return len(text) <= CONTACT_MAX and bool(_EMAIL.fullmatch(text) or _PHONE.fullmatch(text))
