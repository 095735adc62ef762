"""The limits of a cloud portal (reference: Bitrix REST 2.7).

1. *Intensity*: a leaky bucket per source address, so that all tills behind one router share it. One HTTP request adds
   one, a batch too; above the brim the front end answers 503 `QUERY_LIMIT_EXCEEDED` and nothing was executed.
2. *Operating time*: seconds of execution per caller and method over ten one-minute buckets. Above the limit this one
   method answers 429 `OPERATION_TIME_LIMIT` until the oldest minute leaves the window. Calls under 0.1 s do not count.
3. A single request is given up after 60 seconds: 504 from the front end, while the portal may go on and store.

The clock is an argument: unix seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_WINDOW_MINUTES = 10
_COUNTED_FROM_S = 0.1


@dataclass(frozen=True)
class LimitPlan:
    """A tariff: `brim` requests at once, `leak_per_s` after that, `operating_s` seconds of work per ten minutes.

    After `cut_s` seconds the front end gives a request up; the portal behind it may go on working.
    """

    brim: int
    leak_per_s: float
    operating_s: float
    cut_s: float = 60


PLANS: dict[str, LimitPlan | None] = {
    "cloud": LimitPlan(50, 2, 480),
    "enterprise": LimitPlan(250, 5, 480),
    "off": None,  # a portal on the shop's own server
}


@dataclass
class Limiter:
    """Both limits of one portal."""

    plan: LimitPlan | None
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _minutes: dict[tuple[str, str], deque[tuple[int, float]]] = field(default_factory=dict)

    def admits(self, source: str, now: float) -> bool:
        """Count a request of an address; False when it would spill the bucket (and then it is not counted)."""
        if self.plan is None:
            return True
        level, since = self._levels.get(source, (0.0, now))
        level = max(0.0, level - (now - since) * self.plan.leak_per_s)
        is_admitted = level + 1 <= self.plan.brim
        self._levels[source] = (level + is_admitted, now)
        return is_admitted

    def left(self, seconds: float) -> float:
        """How long a request that has taken so many seconds may still take."""
        return float("inf") if self.plan is None else self.plan.cut_s - seconds

    def spend(self, caller: str, method: str, seconds: float, now: float) -> None:
        """Add the execution time of one call."""
        if self.plan is None or seconds < _COUNTED_FROM_S:
            return
        minutes = self._window(caller, method, now)
        minute = int(now // 60)
        if minutes and minutes[-1][0] == minute:
            seconds += minutes.pop()[1]
        minutes.append((minute, seconds))

    def is_blocked(self, caller: str, method: str, now: float) -> bool:
        """Whether the method has used up its time."""
        spent = self.spent(caller, method, now)
        return self.plan is not None and spent is not None and spent[0] > self.plan.operating_s

    def spent(self, caller: str, method: str, now: float) -> tuple[float, int] | None:
        """Seconds in the window and the unix time at which its oldest minute leaves it; None without a limiter."""
        if self.plan is None:
            return None
        minutes = self._window(caller, method, now)
        oldest = minutes[0][0] if minutes else int(now // 60)
        return sum(seconds for _, seconds in minutes), (oldest + _WINDOW_MINUTES) * 60

    def _window(self, caller: str, method: str, now: float) -> deque[tuple[int, float]]:
        minutes = self._minutes.setdefault((caller, method), deque())
        while minutes and minutes[0][0] <= int(now // 60) - _WINDOW_MINUTES:
            minutes.popleft()
        return minutes
