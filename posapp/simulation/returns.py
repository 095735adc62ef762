"""Customers who bring a receipt back: all of it or a thing of it, at any till, an hour after they bought it.

The paper in their hands is what names the receipt (its QR). What the till asks of a senior – another till's receipt and
no network – the senior answers for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.domain.money import Quantity
from posapp.domain.receipt import TenderKind
from posapp.errors import SaleError
from posapp.simulation import market, senior
from posapp.simulation.event import Event
from posapp.simulation.papers import SALE
from posapp.simulation.remedies import remedy
from posapp.till import counters, refund
from posapp.till.context import Till
from posapp.till.refund_find import Wanted
from posapp.till.sale import Sold

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import Told, World

DAY_RETURNS = 4
WHY = "посмотрели бумажный чек и заказ"
NEEDS_SENIOR = ("resolve_needed", "refund_begun")


def planned(random: Random, sales: Sequence[Event], until: float, tills: int) -> list[Event]:
    """Some of those who bought come again, to any till, before `until` (seconds since the world began).

    An order comes back to one till only: two that give the same thing back on a senior's word give it back twice.
    """
    events: dict[tuple[int, int], Event] = {}
    early = [each for each in sales if each.at + 1200 < until]
    for sold in random.sample(early, min(DAY_RETURNS, len(early))):
        args = {
            "day": sold.args["day"],
            "order": sold.args["order"],
            "pick": random.random(),
            "part": random.random() < 0.6,
            "line": random.random(),
            "presses": random.choice((1, 2, 3, 4)),
        }
        at = random.uniform(sold.at + 600, until)
        till = sold.till if random.random() < 0.6 else random.randrange(tills)
        events.setdefault((sold.args["day"], sold.args["order"]), Event(round(at, 1), "refund", till, args))
    return list(events.values())


def refund_of(world: World, event: Event) -> str:
    """One customer with one wish: the button is pressed until it worked or nobody cares."""
    seat, number = world.seats[event.till], market.order_id(event.args["day"], event.args["order"])
    papers = [each for each in world.judge.papers_of(number) if each.kind == SALE]
    if not papers:
        return "no paper"
    paper = papers[int(event.args["pick"] * len(papers))]
    world.judge.asked_back(number)
    qr = world.judge.document_at(paper.place).qr(paper.place[0]) or ""
    wanted, words = Wanted(qr=qr, order=_name(world, number)), []
    for press in range(event.args["presses"]):
        told = _press(world, seat, number, wanted, event.args)
        if told.code == "refund_tender" and paper.sorts in ([TenderKind.CASH], [TenderKind.CASHLESS]):
            # how another till was paid the paper says; what else than money it was, nobody can tell the till
            wanted = replace(wanted, paid=paper.sorts[0])
            told = _press(world, seat, number, wanted, event.args)
        words.append(told.code)
        if told.is_ok:
            world.attempt(seat, lambda till: refund.told(till, told.value))  # noqa: B023
            world.attempt(seat, counters.settle)
            break
        if isinstance(told.error, SaleError) and told.code not in NEEDS_SENIOR:
            break
        if told.code in NEEDS_SENIOR:
            senior.settle(world, seat, order_id=number)
        elif press + 1 < event.args["presses"] and not remedy(world, seat, told.code):
            break
    return " ".join(words)


def _name(world: World, number: int) -> str:
    order = world.portal.shop.orders.get(number)
    return str(number) if order is None else str(order["accountNumber"])


def _press(world: World, seat: Seat, number: int, wanted: Wanted, args: Mapping[str, Any]) -> Told:
    def press(till: Till) -> Sold:
        original = refund.found(till, wanted)
        lines = None
        if args["part"]:
            at = int(args["line"] * len(original.receipt.lines))
            is_one = original.receipt.lines[at].quantity.value >= 1
            lines = {at: Quantity(Decimal(1)) if is_one else None}
        return refund.refund(till, original, lines, override=WHY if original.doubts else "")

    told = world.attempt(seat, press)
    world.judge.told_about_refund(seat, number, told)
    return told
