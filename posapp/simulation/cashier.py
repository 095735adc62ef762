"""The cashier: takes an order, takes money, presses the button – once, twice, or walks away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from posapp.domain.checkout import FULL_PAYMENT, Terms
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine, handed_over
from posapp.domain.receipt import Tender
from posapp.simulation import market, senior
from posapp.simulation.deals import DEALS
from posapp.simulation.event import Event
from posapp.simulation.remedies import remedy
from posapp.till import counters, exchange, orders, sale
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import Told, World

DAY_SALES = 50
KEY_BROKEN_S = 7200.0
"""How long the portal's key is revoked or lacks a scope at most (`faults_portal`)."""
SOLD = ("ok", "already_receipted", "deal_goes_on", "way_closed")  # or nothing more is to be done
NEEDS_SENIOR = ("resolve_needed", "begun_differs", "other_tenders")


def sell(world: World, event: Event) -> str:
    """One customer at the till: the order is looked up, then the button is pressed until it worked or nobody cares."""
    seat = world.seats[event.till]
    number = market.order_id(event.args["day"], event.args["order"])
    words = []
    for press in range(event.args["presses"]):
        found = _order(world, seat, number, is_fresh=event.args["fresh"])
        words.append(found.code)
        if not found.is_ok:
            if found.code in ("killed", *_DISK):
                remedy(world, seat, found.code)
                continue
            break
        told = _press(world, seat, found.value, event.args["pay"], _terms(found.value, event.args))
        words.append(told.code)
        if told.code in SOLD:
            break
        if told.code in NEEDS_SENIOR:
            senior.settle(world, seat, order_id=number)
        elif press + 1 < event.args["presses"] and not remedy(world, seat, told.code):
            break
    return " ".join(words)


_DISK = ("disk_full", "disk_read_only", "journal_busy", "journal_failed")


def last_customers(world: World, day: int, orders: int) -> int:
    """Before the shop closes whoever still waits is served, until the day has its sales; how many that were."""
    served = 0
    for number in range(orders):
        if world.judge.receipts_of_day(day) >= DAY_SALES:
            break
        order_id = market.order_id(day, number)
        if order_id in world.portal.shop.orders and not world.judge.is_settled(order_id):
            seat = world.seats[number % len(world.seats)]
            found = _order(world, seat, order_id, is_fresh=False)
            if found.is_ok:
                served += _served(world, seat, found.value)
    return served


def _served(world: World, seat: Seat, order: Order) -> bool:
    told = _press(world, seat, order, "cash")
    if told.code == "portal_no_paysystems":  # nobody goes home before the portal has said what it prints (rule 14)
        seat.line.is_up = True
        told = _press(world, seat, _read_anew(world, seat, order), "cash")
        if told.code == "portal_no_paysystems":  # the administrator is called, and mends the portal's key
            world.clock.advance(KEY_BROKEN_S)
            told = _press(world, seat, _read_anew(world, seat, order), "cash")
    if told.code == "device_unreachable":  # nor before the cable is in its place again
        seat.register.is_plugged = True
    if not told.is_ok and remedy(world, seat, told.code):
        told = _press(world, seat, order, "cash")
    return told.is_ok


def _read_anew(world: World, seat: Seat, order: Order) -> Order:
    found = _order(world, seat, order.order_id, is_fresh=True)
    return found.value if found.is_ok else order


def _order(world: World, seat: Seat, number: int, *, is_fresh: bool) -> Told:
    """The order as the till finds it: read again from the portal, or from the copy on board."""

    def find(till: Till) -> Order:
        on_board = till.journal.order_by_id(till.portal, number)
        text = on_board.number if on_board else str(number)
        return exchange.order_for_sale(till, text) if is_fresh or on_board is None else orders.find(till, text)

    return world.attempt(seat, find)


def _terms(order: Order, args: Mapping[str, Any]) -> Terms:
    """What is chosen besides the money: nothing, a thing that the customer does not take, the step of a deal."""
    goods = [number for number, line in enumerate(order.lines, 1) if not line.is_delivery]
    if "refuses" in args and len(goods) > 1:
        return Terms(refused=(RefusedLine(goods[int(args["refuses"] * len(goods))]),), why="не подошло")
    if "deal" not in args:
        return FULL_PAYMENT
    step = DEALS[args["deal"]].steps[args["step"]]
    known = step.payment is not None and step.payment < len(order.payments)
    return Terms(way=step.way, payment_id=order.payments[step.payment or 0].payment_id if known else None)


def _press(world: World, seat: Seat, order: Order, pay: str, terms: Terms = FULL_PAYMENT) -> Told:
    """The button; and whoever hears the answer holds it against what is there."""
    told = _told(world, seat, order, pay, terms)
    if told.code == "maybe_receipted" and not world.judge.is_settled(order.order_id):
        told = _told(world, seat, order, pay, terms, "посмотрели бумажный чек: он другого покупателя")
    if told.is_ok:
        world.attempt(seat, counters.settle)  # the receipt is out: now the till compares the register's counters
    return told


def _told(world: World, seat: Seat, order: Order, pay: str, terms: Terms, override: str = "") -> Told:
    def press(till: Till) -> sale.Sold:
        due = order.price if terms.way is Way.FULL else sale.offer_of(till, order, terms).due
        if terms.refused:
            due = handed_over(order, terms.refused, till.fee_policy, terms.why, till.who).taken.price
        return sale.sell(till, order, _tenders(due, pay), override, terms=terms)

    if terms.refused:
        world.judge.may_refuse(order.order_id)
    with world.judge.listening(seat, order.order_id):
        told = world.attempt(seat, press)
    world.judge.told_about_sale(seat, order.order_id, told, terms.way)
    return told


def _tenders(price: Money, pay: str) -> tuple[Tender, ...]:
    if not price.kopecks:
        return ()
    if pay == "card" or price.kopecks < 2:
        return sale.tenders_of(None, price)
    half = Money(price.kopecks // 2)
    match pay:
        case "mix":
            return sale.tenders_of(half, price - half)
        case "over":  # a round banknote; the rest is change
            return sale.tenders_of(Money(-(-price.kopecks // 100_000) * 100_000), None)
    return sale.tenders_of(price, None)
