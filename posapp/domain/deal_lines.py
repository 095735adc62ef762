"""The lines of a receipt for each way of settling an order: which goods, at which sums, by which method and rate.

Goods that are handed over, and goods that are prepaid in full, stand as they are in the order. Of a part that is paid
ahead every line shows its share; an advance has no goods, so it shows a line for each rate; a debt is one payment
without VAT, which the hand-over carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from posapp.domain.money import Money, Quantity, spread
from posapp.domain.offers import Offer, Way
from posapp.domain.order import Order, OrderLine
from posapp.domain.parted import part_of_shipment
from posapp.domain.product import OTHER_MEASURE, PIECE
from posapp.domain.receipt import NAME_MAX, PaymentMethod, PaymentObject, ReceiptLine
from posapp.domain.terms import MEASURES
from posapp.domain.vat import VatRate

ONE = Quantity(Decimal(1))
_AS_ORDERED: Mapping[Way, PaymentMethod] = {
    Way.FULL: PaymentMethod.FULL_PAYMENT,
    Way.HANDOVER: PaymentMethod.FULL_PAYMENT,
    Way.REST: PaymentMethod.FULL_PAYMENT,
    Way.BARTER: PaymentMethod.FULL_PAYMENT,
    Way.PREPAYMENT: PaymentMethod.FULL_PREPAYMENT,
    Way.CREDIT: PaymentMethod.CREDIT,
    Way.PART_CREDIT: PaymentMethod.PARTIAL_PAYMENT,
}

_MEASURE_OF = {word: measure for measure, word in MEASURES.items() if measure != OTHER_MEASURE}
"""The portal's word for a measure to tag 2108. Packs, pairs and what else is none of its measures count like pieces."""


def lines_for(offer: Offer, order: Order, rates: Sequence[VatRate]) -> tuple[ReceiptLine, ...]:
    """The lines. `rates` are the direct rates of the order's lines, in their order; a debt needs none.

    Of an order with several shipments those of the one that goes out.
    """
    if offer.way is Way.DEBT:
        return (_payment(f"Оплата долга по заказу № {order.number}", offer.total, CREDIT_PAYMENT, VatRate.NONE),)
    if offer.way is Way.ADVANCE:
        return _advance(offer, order, rates)
    if offer.way is Way.PART_PREPAYMENT or (offer.way is Way.SITE_PAYMENT and offer.total != order.price):
        return _shares(offer, order, rates)
    method = _AS_ORDERED.get(offer.way, PaymentMethod.FULL_PREPAYMENT)
    if offer.way is Way.CREDIT and offer.prepaid:
        method = PaymentMethod.PARTIAL_PAYMENT
    is_ahead = method is PaymentMethod.FULL_PREPAYMENT
    part = part_of_shipment(order, offer.shipment_id)
    going = [(line, rates[number - 1]) for number, line in (part.lines if part else enumerate(order.lines, start=1))]
    return tuple(line_of(line, rate.calculated if is_ahead else rate, method) for line, rate in going)


CREDIT_PAYMENT, ADVANCE = PaymentMethod.CREDIT_PAYMENT, PaymentMethod.ADVANCE


def line_of(line: OrderLine, rate: VatRate, method: PaymentMethod = PaymentMethod.FULL_PAYMENT) -> ReceiptLine:
    """A line of the order as it stands."""
    return ReceiptLine(
        name=printed_name(line.name),
        price=line.price,
        quantity=line.quantity,
        line_sum=line.line_sum,
        vat=rate,
        payment_method=method,
        payment_object=PaymentObject.SERVICE if line.is_delivery else PaymentObject.COMMODITY,
        measure=_MEASURE_OF.get(line.measure, PIECE),
    )


def printed_name(name: str) -> str:
    """A name as tag 1030 takes it: one line, cut to its length."""
    return " ".join(name.split())[:NAME_MAX].strip()


def _shares(offer: Offer, order: Order, rates: Sequence[VatRate]) -> tuple[ReceiptLine, ...]:
    """Every line's share of a part that is paid ahead (method 2)."""
    shares = spread(offer.total, [line.line_sum.kopecks for line in order.lines])
    return tuple(
        _payment(printed_name(line.name), share, PaymentMethod.PREPAYMENT, rate.calculated)
        for line, share, rate in zip(order.lines, shares, rates, strict=True)
        if share
    )


def _advance(offer: Offer, order: Order, rates: Sequence[VatRate]) -> tuple[ReceiptLine, ...]:
    """A line for each rate of the order, by its turnover (method 3)."""
    turnover: dict[VatRate, int] = {}
    for line, rate in zip(order.lines, rates, strict=True):
        turnover[rate] = turnover.get(rate, 0) + line.line_sum.kopecks
    shares = spread(offer.total, list(turnover.values()))
    name = f"Аванс по заказу № {order.number}"
    return tuple(
        _payment(name, share, ADVANCE, rate.calculated) for rate, share in zip(turnover, shares, strict=True) if share
    )


def _payment(name: str, amount: Money, method: PaymentMethod, rate: VatRate) -> ReceiptLine:
    return ReceiptLine(name[:NAME_MAX], amount, ONE, amount, rate, method, PaymentObject.PAYMENT)
