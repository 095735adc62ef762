"""How an order may be settled, as the counter offers it: the ways in plain words, the payments of a way, what stands.

Only offers of the domain are here (`posapp.domain.offers`); nothing else can be chosen. What is no offer for the window
is what the till would refuse once the money is taken: a rate that nobody has confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Quantity
from posapp.domain.offers import Deal, Offer, Way, offers, way_of
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.settlement import State
from posapp.errors import SaleError
from posapp.till.views import OrderView
from posapp.ui.choice_page import Option
from posapp.ui.look import Look
from posapp.ui.refusal import Part

_ABOUT_THE_DEAL = ("already_paid", "part_paid", "order_unfit", "deal_goes_on")
"""Refusals of the usual sale that leave other ways open."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way with its offers: several where several payments could be settled so."""

    way: Way
    offers: tuple[Offer, ...]


def choices(view: OrderView) -> tuple[Choice, ...]:
    """What can be done with an order, the likeliest first; nothing where something else forbids it."""
    if view.refusal is not None and view.refusal.code not in _ABOUT_THE_DEAL:
        return ()
    open_now = [each for each in view.offers if each.way is Way.DEBT or None not in view.rates]
    ways = dict.fromkeys(each.way for each in open_now)
    return tuple(Choice(way, tuple(each for each in open_now if each.way is way)) for way in ways)


def others(view: OrderView) -> tuple[Choice, ...]:
    """The same without the usual sale, for an order that can be sold in the usual way."""
    return tuple(each for each in choices(view) if each.way is not Way.FULL)


AT_THE_DOOR = (Way.FULL, Way.REST, Way.HANDOVER)
"""Ways in which a part of the goods may be handed over."""
REFUSE = "refuse"
"""What is told when the customer does not take all."""


def can_refuse(view: OrderView) -> bool:
    """The customer may take a part of it, or nothing."""
    return any(each.way in AT_THE_DOOR for each in choices(view))


def way_options(found: Sequence[Choice], look: Look, *, can_refuse: bool) -> list[Option]:
    """A line for each way, and – the last – that the customer does not take all."""
    made = [Option(look.say(f"way.{each.way.value}"), _caption(each, look), each) for each in found]
    if can_refuse:
        made.append(Option(look.say("refusal.open"), look.say("refusal.open_caption"), REFUSE))
    return made


def _caption(choice: Choice, look: Look) -> str:
    return sums_words(choice.offers[0], look) if len(choice.offers) == 1 else look.say(which_of(choice))


def which_of(choice: Choice) -> str:
    """The key of the question which payment, or which shipment."""
    return "way.which" if choice.offers[0].payment_id is not None else "way.which_shipment"


def payment_options(choice: Choice, view: OrderView, look: Look) -> list[Option]:
    """A line for each payment that could be settled in this way."""
    if choice.offers[0].payment_id is None:
        return [
            Option(look.say("way.shipment", n=each.shipment_id), sums_words(each, look), each) for each in choice.offers
        ]
    names = {each.payment_id: each.pay_system for each in view.order.payments}
    return [
        Option(
            look.say("way.payment", system=names.get(each.payment_id or 0, "–"), n=each.payment_id),
            sums_words(each, look),
            each,
            elides=True,
        )
        for each in choice.offers
    ]


def sums_words(offer: Offer, look: Look) -> str:
    """`взять 1 000,00 ₽ · зачесть 1 480,00 ₽`: what is taken, and what stands on the receipt besides."""
    say = look.say
    is_told = bool(offer.prepaid and offer.credit)  # two sums say it: there is no room for three
    parts = [
        say("sums.due", sum=offer.due) if offer.due else "" if is_told else say("sums.no_money"),
        say("sums.prepaid", sum=offer.prepaid) if offer.prepaid else "",
        say("sums.credit", sum=offer.credit) if offer.credit else "",
        say("sums.other", sum=offer.other) if offer.other else "",
        say("sums.came_in", sum=offer.came_in) if offer.came_in else "",
    ]
    return " · ".join(each for each in parts if each)


def way_words(offer: Offer, look: Look) -> str:
    """What was chosen, and what stands on the receipt beside the money."""
    words = look.say(f"way.{offer.way.value}")
    beside = sums_words(offer, look).removeprefix(look.say("sums.due", sum=offer.due)).removeprefix(" · ")
    return f"{words} · {beside}" if beside else words


def stands_words(view: OrderView, look: Look) -> str:
    """How an order stands that is not sold in the usual way."""
    say = look.say
    made = tuple(each.receipt for each in view.receipts if each.state is State.FISCALIZED)
    deal = Deal(view.order, made)
    if deal.is_handed_over:
        return say("stands.debt", debt=deal.debt)
    if deal.paid >= view.order.price:
        return say("stands.ahead") if deal.taken else say("stands.paid", paid=deal.paid)
    if deal.paid > ZERO:
        return say("stands.part", paid=deal.paid, total=view.order.price)
    return say("stands.several")


def offer_of(receipt: Receipt) -> Offer:
    """The offer that a begun receipt was made of, as far as selling it again needs it."""
    way, cashless = way_of(receipt), receipt.tender(TenderKind.CASHLESS)
    came_in = cashless if way is Way.SITE_PAYMENT else ZERO
    return Offer(
        way,
        due=receipt.tender(TenderKind.CASH) + cashless - came_in - receipt.change,
        prepaid=receipt.tender(TenderKind.PREPAID),
        credit=receipt.tender(TenderKind.CREDIT),
        other=receipt.tender(TenderKind.OTHER),
        came_in=came_in,
        payment_id=receipt.settlement.payment_id,
        shipment_id=receipt.settlement.shipment_id,
    )


def part_of(receipt: Receipt) -> Part | None:
    """What a begun receipt was made without: it is said again, with the same goods."""
    told = receipt.refused
    if told is None:
        return None
    refused = tuple(RefusedLine(each.number, Quantity(each.refused)) for each in told.lines)
    return Part(refused, told.why)


def offer_for_part(view: OrderView, taken: Order) -> Offer | None:
    """How the part of an order that is taken is settled; None where it cannot be."""
    made = [each.receipt for each in view.receipts if each.state is State.FISCALIZED]
    try:
        found = offers(taken, made)
    except SaleError:
        return None
    return next((each for each in found if each.way in AT_THE_DOOR), None)


def is_sale(receipt: Receipt) -> bool:
    """A sale, neither a refund nor a correction: those are begun and ended elsewhere."""
    return receipt.kind is ReceiptKind.SELL and receipt.correction is None


def is_begun(view: OrderView) -> bool:
    """A receipt with these tenders was begun and can be continued, whatever else the refusal says."""
    receipt = view.receipt
    if receipt is None or receipt.state not in (State.PENDING, State.REFUSED) or not is_sale(receipt.receipt):
        return False
    codes = {"other_tenders"}
    if way_of(receipt.receipt) is not Way.FULL:
        codes |= set(_ABOUT_THE_DEAL)
    return view.refusal is None or view.refusal.code in codes


def is_same_deal(before: OrderView, after: OrderView) -> bool:
    """Nothing has changed that a person chooses by: what is shown may stay, and what was chosen too."""
    refusals = [each.refusal.code if each.refusal is not None else "" for each in (before, after)]
    return (
        refusals[0] == refusals[1]
        and before.offers == after.offers
        and before.order.lines == after.order.lines
        and before.rates == after.rates
        and [(each.receipt.key, each.state) for each in before.receipts]
        == [(each.receipt.key, each.state) for each in after.receipts]
    )
