"""Virtual time: one clock for a whole world. Nobody waits; whoever would wait moves the clock on.

Things that end by themselves – a power cut, a lost network – are timers; they go off in their turn while the clock is
moved, also in the middle of somebody's waiting.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

BORN = datetime(2026, 11, 21, 9, 0)
"""The world's first moment, local time of the shop."""
ZONE = timezone(timedelta(hours=3), "MSK")


class Clock:
    """Naive local time, as registers keep it; `aware` is the same moment with the zone."""

    def __init__(self, born: datetime = BORN) -> None:
        self._born = born
        self._now = born
        self._timers: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._now

    @property
    def aware(self) -> datetime:
        """This moment with the shop's zone."""
        return self._now.replace(tzinfo=ZONE)

    def seconds(self) -> float:
        """Seconds since the world began: what `time.monotonic` would say."""
        return (self._now - self._born).total_seconds()

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.move_to(self._now + timedelta(seconds=seconds))

    def move_to(self, moment: datetime) -> None:
        """Time passes until `moment`, timers going off on the way; a moment in the past changes nothing."""
        while self._timers and self._timers[0][0] <= moment:
            due, _, act = heapq.heappop(self._timers)
            self._now = max(self._now, due)
            act()
        self._now = max(self._now, moment)

    def move_to_second(self, seconds: float) -> None:
        """Time passes until so many seconds after the world began."""
        self.move_to(self._born + timedelta(seconds=seconds))

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """`act` will be done when so many seconds have passed."""
        heapq.heappush(self._timers, (self._now + timedelta(seconds=seconds), next(self._numbers), act))

    def forget_timers(self) -> None:
        """Does at once what was to be done later."""
        timers, self._timers = sorted(self._timers), []
        for _, _, act in timers:
            act()
