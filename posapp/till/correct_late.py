"""A settlement that was made without the register: the receipt that should have been printed, as a correction.

What was settled follows from the order as a sale's receipt does (`offers`), but as it stood before the money: a payment
that is marked paid and has no receipt here is looked at as if it were still awaited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from posapp.domain.checkout import Terms, receipt_of, refuse_unfit
from posapp.domain.correction import Basis, late
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.offers import Deal, Offer, Way, chosen
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.settlement import State
from posapp.errors import SaleError
from posapp.till import sale
from posapp.till.context import Till
from posapp.till.correct_plan import format_of
from posapp.till.correction_state import UNPRINTED
from posapp.till.receipts import mark_text

_AS_IT_STANDS = (Way.HANDOVER, Way.SITE_PAYMENT)
"""Ways that rest on money that came in before: the payment stays paid."""


@dataclass(frozen=True, slots=True)
class Late:
    """What a person says of a settlement without the register: when it was, what it was, how it was paid.

    `tenders` are the money that was taken; `tender` instead of them: all of it by this one.
    """

    day: date
    way: Way = Way.FULL
    payment_id: int | None = None
    tenders: tuple[Tender, ...] = ()
    tender: TenderKind | None = None
    basis: Basis = field(default_factory=Basis)


def planned_late(till: Till, order: Order, said: Late, why: str) -> Receipt:
    """The correction receipt; nothing is changed. Asks the register for its format.

    Raises SaleError, Refused `register_lacks`, DeviceError.
    """
    if said.day > till.now().date():
        raise SaleError("correction_unfit", key=order.number, why="день расчёта ещё не настал")
    _refuse_begun_sale(till, order)
    refuse_unfit(order)
    offer = _offer(till, order, said)
    money = said.tenders or ((Tender(said.tender, offer.due),) if said.tender is not None and offer.due else ())
    terms = Terms(way=offer.way, payment_id=offer.payment_id, deal_day=said.day, why=why)
    now = till.now().replace(microsecond=0)
    made = receipt_of(order, money, till.vat, till.seller, identity=till.new_id(), now=now, offer=offer, terms=terms)
    return late(made, said.basis, said.day, format_of(till), why)


def _offer(till: Till, order: Order, said: Late) -> Offer:
    """What was settled. Raises SaleError `already_receipted` for an order of which nothing is left to settle."""
    try:
        return late_offer(order, sale.made_for(till, order), said.way, said.payment_id)
    except SaleError as error:
        stored = till.journal.receipts_of_order(order.portal, order.order_id)
        made = [each for each in stored if each.state is State.FISCALIZED and each.receipt.kind is ReceiptKind.SELL]
        if not made or error.code != "way_closed" or error.facts["ways"] != "–":
            raise
        document, at = mark_text(made[-1].mark)
        raise SaleError("already_receipted", order=order.number, document=document, at=at) from error


def late_offer(order: Order, made: Sequence[Receipt], way: Way, payment_id: int | None) -> Offer:
    """What was settled. Raises SaleError `way_closed`, `way_unclear`, `deal_unclear`."""
    if way in _AS_IT_STANDS:
        return chosen(order, made, way, payment_id)
    taken = Deal(order, tuple(made)).taken
    untold = [each for each in order.payments if each.is_paid and not each.is_inner and each.payment_id not in taken]
    if payment_id is None and len(untold) > 1:
        payments = ", ".join(f"{each.payment_id} ({each.amount})" for each in untold)
        raise SaleError("way_unclear", order=order.number, payments=payments)
    meant = {each.payment_id for each in untold if payment_id in (None, each.payment_id)}
    payments_then = tuple(replace(each, is_paid=False) if each.payment_id in meant else each for each in order.payments)
    return chosen(replace(order, payments=payments_then), made, way, payment_id)


def _refuse_begun_sale(till: Till, order: Order) -> None:
    """Raises SaleError when an ordinary receipt of the order was begun: it comes first, or is given up."""
    for stored in till.journal.receipts_of_order(order.portal, order.order_id):
        if stored.state in UNPRINTED and stored.receipt.kind is ReceiptKind.SELL:
            key = stored.receipt.key
            why = f"по нему начат чек {key}: напечатайте его или откажитесь – «posapp resolve {key} --cancel»"
            raise SaleError("correction_unfit", key=order.number, why=why)
