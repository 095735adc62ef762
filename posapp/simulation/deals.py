"""The deals of the simulated shop beyond "money and goods change hands": what is ordered, and in which steps it ends.

A deal is an order with payments of its own and a list of steps; each step is one settlement, typed as `--as`. Where
tills share a gateway an order has one receipt only (rule 15), so there only deals of one step are offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from posapp.domain.offers import Way
from posapp.simulation.event import Event

FIRST = 900
"""The number of a day's first order with a deal; the others count from 0."""
DAY_DEALS = 4
"""How many of a day's orders are settled in another way than at once."""
SHARE = Decimal("0.4")
"""The first of two payments, as a share of the price."""
TOMORROW = 0.3
"""How often the last step of a deal comes a day later."""


@dataclass(frozen=True, slots=True)
class Step:
    """One settlement: how, and whose payment's money it is, counted from 0; None leaves that to the till."""

    way: Way
    payment: int | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """`paid` says of each payment whether its money came in on the site before the till saw the order."""

    name: str
    paid: tuple[bool, ...]
    steps: tuple[Step, ...]


DEALS = {
    each.name: each
    for each in (
        Deal("ahead", (False,), (Step(Way.PREPAYMENT), Step(Way.HANDOVER))),
        Deal("advance", (False,), (Step(Way.ADVANCE), Step(Way.HANDOVER))),
        Deal("parts", (False, False), (Step(Way.PART_PREPAYMENT, 0), Step(Way.REST, 1))),
        Deal("all ahead", (False, False), (Step(Way.ADVANCE, 1), Step(Way.PART_PREPAYMENT, 0), Step(Way.HANDOVER))),
        Deal("credit", (False,), (Step(Way.CREDIT), Step(Way.DEBT))),
        Deal("debts", (False, False), (Step(Way.CREDIT), Step(Way.DEBT, 1), Step(Way.DEBT, 0))),
        Deal("part credit", (False, False), (Step(Way.PART_CREDIT, 0), Step(Way.DEBT, 1))),
        Deal("rest on credit", (True, False), (Step(Way.CREDIT), Step(Way.DEBT, 1))),
        Deal("site", (True,), (Step(Way.SITE_PAYMENT), Step(Way.HANDOVER))),
        Deal("paid", (True,), (Step(Way.HANDOVER),)),
        Deal("half", (True, False), (Step(Way.REST, 1),)),
        Deal("barter", (False,), (Step(Way.BARTER),)),
    )
}
IN_ONE_STEP = tuple(name for name, deal in DEALS.items() if len(deal.steps) == 1)


def of_day(seed: int, day: int, tills: int) -> list[str]:
    """The names of a day's deals."""
    random = Random(f"{seed}/deals/{day}")
    return [random.choice(IN_ONE_STEP if tills > 1 else tuple(DEALS)) for _ in range(DAY_DEALS)]


def planned(seed: int, day: int, begin: float, hours: tuple[float, float], tills: int) -> list[Event]:
    """The customers of the deals that came on `day`, and of those of the day before that end today.

    `begin` is the day's first second since the world began; `hours` are seconds of the day in which they come.
    """
    events = []
    for came in (day - 1, day):
        random = Random(f"{seed}/steps/{came}")
        for number, name in enumerate(of_day(seed, came, tills)):
            steps = DEALS[name].steps
            moments = sorted(random.uniform(*hours) for _ in steps)
            is_late, till = len(steps) > 1 and random.random() < TOMORROW, random.randrange(tills)
            pays = [random.choice(("cash", "card", "mix", "over")) for _ in steps]
            presses = [random.choice((1, 2, 3, 4)) for _ in steps]
            for at in range(len(steps)):
                ends_on = came + (is_late and at == len(steps) - 1)
                if came < 0 or ends_on != day:
                    continue
                moment = moments[at] if came == day else random.uniform(*hours)
                args: dict[str, Any] = {"day": came, "order": FIRST + number, "deal": name, "step": at}
                args |= {"pay": pays[at], "presses": presses[at], "fresh": random.random() < 0.25}
                events.append(Event(round(begin + moment, 1), "sell", till, args))
    return events


def payments(price: Decimal, name: str, pay_system: int) -> list[dict[str, Any]]:
    """The payments of an order with this deal, as the portal shows them."""
    paid = DEALS[name].paid
    share = (price * SHARE).quantize(Decimal(1)) or price
    sums = [price] if len(paid) == 1 else [share, price - share]
    return [
        {"paySystemId": pay_system, "paid": "Y" if is_paid else "N", "sum": amount}
        for amount, is_paid in zip(sums, paid, strict=True)
    ]
