"""The receipt of another till, made anew from the order and from what is told of it. Pure.

The portal's list names sums, tenders, the way of settling and a digest of the lines; the order has the lines. Together
they give the very receipt, or it is seen that the order has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from uuid import UUID

from posapp.domain.checkout import Seller, Terms, VatTable, receipt_of
from posapp.domain.lawful import MONEY
from posapp.domain.marked_lines import with_codes
from posapp.domain.marking import MarkingCode
from posapp.domain.money import ZERO, total
from posapp.domain.offers import Offer, Way
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.receipt_list import Listed, digest_of
from posapp.domain.settlement import Settlement, identity_of
from posapp.errors import SaleError


def told_receipt(
    order: Order,
    told: Listed,
    part: str,
    vat: VatTable,
    seller: Seller,
    zone: tzinfo | None,
    codes: Mapping[int, Sequence[MarkingCode]],
) -> Receipt:
    """The sale that `told` names, of this order.

    Args:
        part: which part of the order it settled.
        zone: of this till's clock; the list has local times.
        codes: marking codes of its things, by the number of the line from 1; the order does not have them.

    Raises:
        SaleError: `refund_unclear` – the order as it stands now does not give a receipt of that sum; what `receipt_of`
            raises.
    """
    sums = dict(told.tenders)
    try:
        way = Way(told.way)
    except ValueError:
        raise SaleError("refund_unclear", why=f"чек ФД {told.document_number} не обычная продажа") from None
    settlement = Settlement(order.portal, order.order_id, part, told.kind)
    money = [Tender(kind, amount) for kind, amount in told.tenders if kind in MONEY and way is not Way.SITE_PAYMENT]
    offer = Offer(
        way,
        due=total([each.amount for each in money]),
        prepaid=sums.get(TenderKind.PREPAID, ZERO),
        credit=sums.get(TenderKind.CREDIT, ZERO),
        other=sums.get(TenderKind.OTHER, ZERO),
        came_in=sums.get(TenderKind.CASHLESS, ZERO) if way is Way.SITE_PAYMENT else ZERO,
        payment_id=settlement.payment_id,
        shipment_id=settlement.shipment_id,
    )
    terms = Terms(way=way, payment_id=settlement.payment_id, deal_day=told.at.date())
    identity, now = UUID(int=identity_of(told.key)), told.at.replace(tzinfo=zone)
    try:
        made = receipt_of(order, money, vat, seller, identity=identity, now=now, offer=offer, terms=terms)
    except ValueError as error:  # the order was changed since: what was paid then is no receipt of it now
        why = f"чек ФД {told.document_number} на {told.total}, а заказ сейчас {order.price}"
        raise SaleError("refund_unclear", why=why) from error
    made = replace(made, settlement=settlement, lines=with_codes(made.lines, codes) if codes else made.lines)
    if made.total != told.total:
        why = f"чек ФД {told.document_number} на {told.total}, а по заказу сейчас {made.total}"
        raise SaleError("refund_unclear", why=why)
    return made


def is_exact(receipt: Receipt, told: Listed) -> bool:
    """Whether the lines are the very ones that were printed."""
    return bool(told.digest) and digest_of(receipt.lines) == told.digest
