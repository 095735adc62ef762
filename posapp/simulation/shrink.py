"""A failing plan reduced to the few events that matter: delta debugging over events that are data.

The days' mornings and evenings stay; of everything else, ever smaller parts are left out as long as the same promise
is still broken. The result fails with the same words but for the numbers in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from posapp.simulation.event import Event
from posapp.simulation.plan import Plan
from posapp.simulation.runner import play

RUNS_MAX = 400


def shrunk(plan: Plan, fails: Callable[[Plan], str] | None = None, runs_max: int = RUNS_MAX) -> list[str]:
    """The reduced plan, one event a line, and what it breaks. `fails` says what a plan breaks, "" for nothing."""
    small, violation = reduced(plan, fails or _violation, runs_max)
    return [*(event.as_json() for event in small.events), violation]


def reduced(plan: Plan, fails: Callable[[Plan], str], runs_max: int = RUNS_MAX) -> tuple[Plan, str]:
    """The smallest plan found within `runs_max` runs, and what it breaks."""
    wanted = fails(plan)
    if not wanted:
        return plan, ""
    work = _Reduction(plan, fails, runs_max, wanted)
    work.drop_days()
    work.minimise()
    return work.plan, work.violation


class _Reduction:
    def __init__(self, plan: Plan, fails: Callable[[Plan], str], runs_max: int, wanted: str) -> None:
        self.plan = plan
        self.violation = wanted
        self._fails = fails
        self._left = runs_max
        self._wanted = kind_of(wanted)

    def _try(self, plan: Plan) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        found = self._fails(plan)
        if kind_of(found) != self._wanted:
            return False
        self.plan, self.violation = plan, found
        return True

    def drop_days(self) -> None:
        """The days after the one that fails are not needed; the one that fails ends with everything healed."""
        for days in range(1, self.plan.days):
            last = max(at for at, event in enumerate(self.plan.events) if event.args.get("day") == days - 1)
            events = self.plan.events[: last + 1]
            if self._try(replace(self.plan, days=days, events=_healing(events))):
                return

    def minimise(self) -> None:
        """ddmin: leave out halves, quarters, eighths … until single events."""
        size = 2
        while True:
            free = [event for event in self.plan.events if not event.is_frame]
            if not free:
                return
            parts = _parts(free, min(size, len(free)))
            if any(self._try(self._without(part)) for part in parts):
                size = max(2, size - 1)
            elif size >= len(free) or self._left <= 0:
                return
            else:
                size *= 2

    def _without(self, part: Sequence[Event]) -> Plan:
        gone = {id(event) for event in part}
        return replace(self.plan, events=tuple(each for each in self.plan.events if id(each) not in gone))


def kind_of(violation: str) -> str:
    """A violation without its numbers and names."""
    words = re.sub(r"^день \d+, шаг \d+: ", "", violation)
    return re.sub(r"\b[0-9A-Z]{16}\b|\d+", "#", words)


def _violation(plan: Plan) -> str:
    return play(plan).violation


def _parts(events: Sequence[Event], count: int) -> list[Sequence[Event]]:
    edges = [len(events) * number // count for number in range(count + 1)]
    return [events[edges[number] : edges[number + 1]] for number in range(count)]


def _healing(events: Sequence[Event]) -> tuple[Event, ...]:
    last = events[-1]
    if last.what != "evening":
        return tuple(events)
    return (*events[:-1], replace(last, args={**last.args, "heals": True}))
