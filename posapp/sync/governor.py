"""How fast the portal may be asked: the request budget of Bitrix24, kept on our side (reference: Bitrix REST, limits).

Three limits hold at the same time:

1. *Intensity*, a leaky bucket per source address and portal: every HTTP request adds one, `leak_per_s` of them run out
   each second, and a request that would lift the level above `size` is answered 503 `QUERY_LIMIT_EXCEEDED`. A batch is
   one request. Everything behind one router shares the bucket, so a 503 may come although we kept to it: then we take
   the bucket for full and pause, each time longer.
2. *Operating time* per method: the portal adds up its own seconds over ten minutes and tells the sum so far in every
   answer (`operating`, cumulative) with the moment the oldest part leaves it (`operating_reset_at`). From
   `operating_s` on that method alone is answered 429 `OPERATION_TIME_LIMIT`.
3. A request is cut after 60 seconds; that is the client's time limit, not ours.

Neither refusal executes anything, so repeating is safe. Clock and sleep are given, so a virtual clock drives it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from posapp.errors import Offline

PAUSE_S = 1.0  # the least wait after a 503
PAUSE_MAX_S = 16.0
UNKNOWN_BLOCK_S = 60.0  # a 429 that does not say until when
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """A portal's budget.

    `reserve` requests of the bucket stay unused: requests may arrive closer together than they were sent.
    `patience_s` is the longest wait inside a call; what must wait longer fails as `throttled` and is tried later.
    """

    size: float = 50.0
    leak_per_s: float = 2.0
    operating_s: float = 480.0
    reserve: float = 1.0
    patience_s: float = 20.0


CLOUD = Limits()
ENTERPRISE = Limits(size=250.0, leak_per_s=5.0)


class Governor:
    """One per portal. `wait` before each request, then tell what the answer said."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        limits: Limits = CLOUD,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._limits = limits
        self._level = 0.0
        self._level_at = monotonic()
        self._not_before = self._level_at
        self._pause_s = PAUSE_S
        self._blocked_until: dict[str, float] = {}

    def now(self) -> float:
        """Seconds of the clock this governor runs on."""
        return self._monotonic()

    def delay_before(self, methods: Iterable[str]) -> float:
        """Seconds to wait before a request that runs these methods (those inside a batch), 0 when it may go now."""
        now = self._monotonic()
        free = self._limits.size - self._limits.reserve
        bucket_s = (self._level_now(now) + 1 - free) / self._limits.leak_per_s
        blocked_s = max((self._blocked_until.get(method, now) - now for method in methods), default=0.0)
        delay = max(bucket_s, blocked_s, self._not_before - now)
        return delay if delay > _EPSILON else 0.0

    def wait(self, methods: Iterable[str], patience_s: float | None = None) -> None:
        """Sleep as long as the budget asks for and count one request.

        Raises:
            Offline: `throttled`, when that would take longer than the patience (that of the limits, or less if the
                caller has less); nothing was counted.
        """
        delay = self.delay_before(methods)
        longest = self._limits.patience_s if patience_s is None else min(patience_s, self._limits.patience_s)
        if delay > longest:
            raise Offline("throttled", retry_after_s=round(delay))
        if delay:
            self._sleep(delay)
        now = self._monotonic()
        self._level = self._level_now(now) + 1
        self._level_at = now

    def note_answer(self) -> None:
        """The portal answered something else than 503: pauses start short again."""
        self._pause_s = PAUSE_S

    def note_operating(self, method: str, operating_s: float, reset_in_s: float) -> None:
        """What an answer said about a method: seconds used so far, and in how many seconds the oldest leave."""
        if operating_s >= self._limits.operating_s:
            self._blocked_until[method] = self._monotonic() + max(reset_in_s, 0.0)
        else:
            self._blocked_until.pop(method, None)

    def note_throttled(self) -> None:
        """503 `QUERY_LIMIT_EXCEEDED`: the bucket is full, whoever filled it."""
        now = self._monotonic()
        self._level = self._limits.size
        self._level_at = now
        self._not_before = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)

    def note_blocked(self, method: str) -> None:
        """429 `OPERATION_TIME_LIMIT`: this method rests, until the moment known from before or for a minute."""
        now = self._monotonic()
        if self._blocked_until.get(method, now) <= now:
            self._blocked_until[method] = now + UNKNOWN_BLOCK_S

    def _level_now(self, now: float) -> float:
        return max(0.0, self._level - (now - self._level_at) * self._limits.leak_per_s)
