"""A till's part of the request budget that all tills of a portal share through the gateway (`gateway.budget`).

A till asks for a few requests at a time and spends them within seconds. When the gateway does not answer, every till
goes on with its fair share – the leak and a fifth of the bucket, divided by the number of tills – and never more:
together they stay within what the portal allows, whether the gateway is there or not, and also while some of them have
noticed and others have not. It begins that share with an empty hand, for what was granted before has just been used.

One request of a portion is kept for somebody who waits at the counter, so that a scan does not wait for the gateway.
Nor does it wait for the question of a pull: nothing is locked while the gateway is asked, and a person asks beside it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from posapp.errors import SyncError
from posapp.sync.governor import HEADROOM, Limits, Priority

PORTION = 5
AWAY_S = 5.0
"""How long a gateway that did not answer is left alone."""
SHARE_BURST = 0.2
REMEMBER_S = 900.0
"""A gateway that has just started has not met every till yet: the highest number of the last minutes counts."""
UNKNOWN_TILLS = 4
"""Who shares is not known before the gateway's first answer; more tills than this in one shop are rare."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What the gateway granted: requests for `valid_s` seconds; with none, ask again in `retry_s`."""

    granted: int
    valid_s: float
    retry_s: float
    tills: int


class BudgetDesk(Protocol):
    """The gateway, as far as budgets go; `claims.GatewayDesk` over HTTP."""

    def budget(self, want: int, priority: int, size: float, leak_per_s: float, carried: float) -> Portion:
        """Asks for requests; `carried` went out without it and may still be in the portal's bucket.

        Raises SyncError when the gateway is away or declines.
        """
        ...


class SharedBudget:
    """A `governor.Share`. Used from several threads.

    Args:
        desk: makes the gateway's desk; may raise PosError, then the gateway counts as away.
        clock: seconds that only grow, those of the governor.
        limits: the portal's whole budget as set up here.
        tills: how many tills shared it last, None when that is not known.
    """

    def __init__(self, desk: BudgetDesk, clock: Callable[[], float], limits: Limits, tills: int | None = None) -> None:
        self._desk = desk
        self._clock = clock
        self._limits = limits
        self._counted: deque[tuple[float, int]] = deque(maxlen=512)
        if tills is not None:
            self._counted.append((clock(), max(1, tills)))
        self._tills = UNKNOWN_TILLS if tills is None else max(1, tills)
        self._lock = threading.Lock()  # held for moments only, never while the gateway is asked
        self._asking = threading.Lock()  # whoever can wait asks one behind the other
        self._left = 0
        self._valid_until = 0.0
        self._ask_at: dict[Priority, float] = {}
        self._away_until: float | None = None
        self._losses = 0
        self._level = 0.0  # of the bucket that is ours alone while the gateway is away
        self._level_at = 0.0

    @property
    def tills(self) -> int:
        """How many tills share, by the gateway's last word."""
        return self._tills

    @property
    def is_away(self) -> bool:
        """The gateway did not answer a moment ago."""
        return self._away_until is not None

    @property
    def leak_per_s(self) -> float:
        """What this till may count on: nobody knows what the others leave, so its fair share."""
        return self._limits.leak_per_s / self._tills

    def take(self, priority: Priority) -> float:
        """Takes one request; 0 when it is ours, else after how many seconds to ask again."""
        delay = self._at_hand(priority)
        if delay is not None:
            return delay
        if priority is Priority.PERSON:
            return self._ask(priority)
        with self._asking:
            delay = self._at_hand(priority)
            return self._ask(priority) if delay is None else delay

    def _at_hand(self, priority: Priority) -> float | None:
        """As `take`, without the gateway; None when it has to be asked."""
        with self._lock:
            now = self._clock()
            if self._away_until is not None and now < self._away_until:
                return self._take_share(priority, now)
            if now >= self._valid_until:
                self._left = 0
            kept = 0 if priority is Priority.PERSON else 1
            if self._left > kept:
                self._left -= 1
                return 0.0
            ask_at = self._ask_at.get(priority, 0.0)
            return ask_at - now if now < ask_at else None

    def _ask(self, priority: Priority) -> float:
        with self._lock:
            now, losses = self._clock(), self._losses
            carried = 0.0 if self._away_until is None else self._share_level(now)
        try:
            found = self._desk.budget(PORTION, int(priority), self._limits.size, self._limits.leak_per_s, carried)
        except SyncError:
            with self._lock:
                return self._lost(priority)
        with self._lock:
            if losses != self._losses:  # lost for somebody else meanwhile, who goes on with the share: not both
                return self._take_share(priority, self._clock())
            return self._granted(priority, now, found)

    def _granted(self, priority: Priority, now: float, found: Portion) -> float:
        """The gateway's answer to what was asked at `now`."""
        self._away_until = None
        self._count_tills(now, found.tills)
        if not found.granted:
            self._ask_at[priority] = now + found.retry_s
            return max(found.retry_s, 0.05)
        self._left = self._left * (now < self._valid_until) + found.granted - 1
        self._valid_until = now + found.valid_s  # from before the question: the gateway's seconds began later
        return 0.0

    def _count_tills(self, now: float, tills: int) -> None:
        if not self._counted or self._counted[-1][1] != tills or now - self._counted[-1][0] > REMEMBER_S / 10:
            self._counted.append((now, tills))
        while len(self._counted) > 1 and now - self._counted[0][0] > REMEMBER_S:
            self._counted.popleft()
        self._tills = max(1, tills, *(each for _, each in self._counted))

    def _lost(self, priority: Priority) -> float:
        """The gateway is away: from now on our fair share, beginning with nothing."""
        now = self._clock()
        if self._away_until is None:
            self._left, self._level, self._level_at = 0, self._share_size(), now
        self._losses += 1
        self._away_until = now + AWAY_S
        return self._take_share(priority, now)

    def _share_size(self) -> float:
        return max(1.0, SHARE_BURST * self._limits.size / self._tills)

    def _share_level(self, now: float) -> float:
        self._level = max(0.0, self._level - (now - self._level_at) * self.leak_per_s)
        self._level_at = now
        return self._level

    def _take_share(self, priority: Priority, now: float) -> float:
        free = max(1.0, self._share_size() * (1 - HEADROOM[priority])) - self._share_level(now)
        if free < 1 - 1e-6:
            return (1 - free) / self.leak_per_s
        self._level += 1
        return 0.0
