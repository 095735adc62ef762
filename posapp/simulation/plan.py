"""A seed becomes a plan: events that are data, so that a plan can be stored, shortened and played again.

Nothing is drawn while a plan is played: an event carries whatever it needs. A day's events depend on the seed and on
that day alone, so a longer run begins with the shorter one. Morning and evening are the frame of a day and stay in
every shortened plan; any other event may be left out, the rest keeps its meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from posapp.simulation import deals, faults, returns
from posapp.simulation.event import Event

DAY_S = 86_400.0
OPENS_S, CLOSES_S = 0.0, 11 * 3600.0
SALES_MIN, SALES_MAX = 48, 55
REFUSES = 0.05
"""How many customers do not take everything; of an order of one thing nothing is refused."""
WORLD_DAYS = 5
"""How long one world lives; a longer run plays several, each with a seed of its own."""

ONE, PORTAL, REGISTER = "one till", "several tills on one portal", "two tills on one register"


@dataclass(frozen=True, slots=True)
class Plan:
    """A world and what happens in it. `kind` is one of ONE, PORTAL, REGISTER; `command` plays it again."""

    seed: int
    days: int
    kind: str
    tills: int
    events: tuple[Event, ...]
    command: str = ""


def world_seed(seed: int, number: int) -> int:
    """The seed of world `number` of a run; the first one's is the run's own, so that it is replayed by it."""
    if number == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:5], "big")


def plan_of(seed: int, days: int, tills: int | None, only: Sequence[str] = ()) -> Plan:
    """The plan of one world.

    Args:
        tills: None leaves kind and number of tills to the seed.
        only: names of faults; the others do not happen. Empty: all of them.
    """
    kind, count = _kind(Random(f"{seed}/world"), tills)
    events = [event for day in range(days) for event in _day(seed, day, days, count, only)]
    command = f"posapp simulate --seed {seed} --days {days}"
    command += "" if tills is None else f" --tills {tills}"
    command += f" --faults {','.join(only)}" if only else ""
    return Plan(seed, days, kind, count, tuple(events), command)


def _kind(random: Random, tills: int | None) -> tuple[str, int]:
    drawn = random.choice((ONE, ONE, PORTAL, REGISTER))
    several = random.choice((2, 3))
    if tills is None:
        return drawn, {ONE: 1, PORTAL: several, REGISTER: 2}[drawn]
    if tills == 1:
        return ONE, 1
    return (REGISTER, 2) if tills == 2 and random.random() < 0.5 else (PORTAL, tills)


def _day(seed: int, day: int, days: int, tills: int, only: Sequence[str]) -> list[Event]:
    random = Random(f"{seed}/day/{day}")
    begin = day * DAY_S
    sales = random.randint(SALES_MIN, SALES_MAX)
    orders = sales + 10
    stays_broken = random.random() < 0.4
    heals = day == days - 1 or not stays_broken
    arrive = {"day": day, "orders": orders, "deals": deals.of_day(seed, day, tills)}
    events = [Event(begin + OPENS_S, "morning", 0, arrive)]
    events += _sales(random, day, begin, sales, tills)
    events += deals.planned(seed, day, begin, (OPENS_S + 600, CLOSES_S - 900), tills)
    came_today = [each for each in events if each.what == "sell" and each.args["day"] == day]
    events += returns.planned(Random(f"{seed}/returns/{day}"), came_today, begin + CLOSES_S - 600, tills)
    events += _people(random, day, begin, orders, tills)
    events += faults.planned(random, begin, (OPENS_S + 300, CLOSES_S - 300), tills, only)
    events.sort(key=lambda event: event.at)
    events.append(Event(begin + CLOSES_S, "evening", 0, {"day": day, "orders": orders, "heals": heals}))
    return events


def _sales(random: Random, day: int, begin: float, count: int, tills: int) -> list[Event]:
    events = []
    for number in range(count):
        at = begin + random.uniform(OPENS_S + 600, CLOSES_S - 900)
        args: dict[str, Any] = {
            "day": day,
            "order": number,
            "pay": random.choice(("cash", "cash", "card", "card", "mix", "over")),
            "presses": random.choice((1, 2, 2, 3, 3, 4)),
            "fresh": random.random() < 0.25,
        }
        till = number % tills if random.random() < 0.8 else random.randrange(tills)
        if random.random() < REFUSES:  # at the door a thing is not taken
            args["refuses"] = random.random()
        events.append(Event(round(at, 1), "sell", till, args))
        if random.random() < 0.08:  # the same order again: another cashier, or an impatient one
            later = at + random.choice((1.0, 40.0, 1800.0))
            again = {**args, "pay": random.choice(("cash", "card", "mix")), "presses": 1}
            till = till if random.random() < 0.4 else random.randrange(tills)
            events.append(Event(round(later, 1), "sell", till, again))
    return events


def _people(random: Random, day: int, begin: float, orders: int, tills: int) -> list[Event]:
    def moment() -> float:
        return round(begin + random.uniform(OPENS_S + 900, CLOSES_S - 900), 1)

    events = []
    for till in range(tills):
        if tills > 1 and random.random() < 0.5:  # a courier takes the route along and is gone for hours
            leaves = round(begin + OPENS_S + random.uniform(60, 900), 1)
            events.append(Event(leaves, "route", till, {"day": day, "orders": [*range(till, orders, tills)]}))
            if random.random() < 0.6:
                away = {"name": "network_down", "for_s": round(random.uniform(3600, 6 * 3600))}
                events.append(Event(leaves + 1, "fault", till, away))
        events += [Event(moment(), "sync", till, {"force": random.random() < 0.3}) for _ in range(max(2, 4 - tills))]
        events.append(Event(moment(), "manager", till))
        inside = {"code": random.choice((0x8D, 0xFF46, 0xFF45)), "when": random.choice(("before", "after"))}
        events.append(Event(moment(), "sync_inside", till, inside))
        events += [Event(moment(), "cash_in", till, {"kopecks": random.randrange(1000, 500_000)}) for _ in range(2)]
        events += [Event(moment(), "cash_out", till, {"kopecks": random.randrange(1000, 90_000)})]
        events.append(Event(moment(), "x_report", till))
        if random.random() < 0.5:
            events.append(Event(moment(), "restart", till))
        events += [Event(moment(), "outbox", till, {"do": random.choice(("hold", "retry")), "pick": random.random()})]
        if random.random() < 0.3:
            events.append(Event(moment(), "give_up", till, {"pick": random.random()}))
        if random.random() < 0.15:
            events.append(Event(moment(), "new_shift", till))
    for _ in range(random.randint(1, 5)):
        does = random.choice(("comment", "edit", "cancel", "pay", "delete", "status"))
        order = random.choice((*range(orders), *range(deals.FIRST, deals.FIRST + deals.DAY_DEALS)))
        events.append(Event(moment(), "portal", 0, {"day": day, "order": order, "do": does}))
    for _ in range(random.choice((0, 0, 1, 2))):
        does = random.choice(("receipt", "correction", "cash_in", "leave_open"))
        args = {"do": does, "kopecks": random.randrange(1, 9999) * 10}
        events.append(Event(moment(), "second", random.randrange(tills), args))
    return events
