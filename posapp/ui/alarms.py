"""How many outcomes are not known, for the head and the foot of every screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from posapp.till.views import Alarm

PATIENCE = timedelta(seconds=15)
"""What the program is working on is no news before that: a receipt takes seconds, a look at the storage some more."""


@dataclass(frozen=True, slots=True)
class CaseAlarm:
    """The alarms of now in one glance. `needs_person`: how many of them nobody but a person can decide."""

    count: int = 0
    oldest_at: datetime | None = None
    is_overdue: bool = False
    needs_person: int = 0


def alarm_of(alarms: Sequence[Alarm]) -> CaseAlarm:
    """What is worth telling: whatever a person has to decide, and what the program has been at for a while."""
    told = [each for each in alarms if each.owner == "person" or each.age >= PATIENCE]
    if not told:
        return CaseAlarm()
    return CaseAlarm(
        len(told),
        min(each.since for each in told),
        any(each.is_overdue for each in told),
        sum(each.owner == "person" for each in told),
    )
