"""How fast the portal may be asked: the request budget of Bitrix24, kept on our side (reference: Bitrix REST, limits).

Three limits hold at the same time:

1. *Intensity*, a leaky bucket per source address and portal: every HTTP request adds one, `leak_per_s` of them run out
   each second, and a request that would lift the level above `size` is answered 503 `QUERY_LIMIT_EXCEEDED`. A batch is
   one request. Everything behind one router shares the bucket, so a 503 may come although we kept to it: then we take
   the bucket for full and pause, each time longer. Tills that have a gateway share its bucket (`shared_budget`).
2. *Operating time* per method: the portal adds up its own seconds over ten minutes and tells the sum so far in every
   answer (`operating`, cumulative) with the moment the oldest part leaves it (`operating_reset_at`). From
   `operating_s` on that method alone is answered 429 `OPERATION_TIME_LIMIT`; we slow down before.
3. A request is cut after 60 seconds; that is the client's time limit, not ours.

Neither refusal executes anything, so repeating is safe.

Who may go first is settled by head-room, not by a queue: the less urgent a request, the more of the bucket it must
leave empty (`HEADROOM`). A load of a hundred thousand orders keeps its bucket a fifth empty, so whoever stands at the
counter goes at once, and marks overtake it by themselves – also across tills that share a bucket.

Used from several threads. Clock and sleep are given, so a virtual clock drives it too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from posapp.errors import Offline

PAUSE_S = 1.0  # the least wait after a 503
PAUSE_MAX_S = 16.0
UNKNOWN_BLOCK_S = 60.0  # a 429 that does not say until when
SLOW_FROM = 0.8  # of the operating time: from here on a method is spread over what is left of its ten minutes
SPEND_UP_TO = 0.98
USED_OVER_S = 60.0  # requests a second are told over the last minute
_EPSILON = 1e-6


class Priority(IntEnum):
    """Whose request it is, the most urgent first."""

    PERSON = 0  # somebody waits at the counter
    MARK = 1
    PAYMENT = 2
    STATUS = 3
    STOCK = 4
    PULL = 5  # orders, catalogue, the first load


HEADROOM: Mapping[Priority, float] = {
    Priority.PERSON: 0.0,
    Priority.MARK: 0.04,
    Priority.PAYMENT: 0.06,
    Priority.STATUS: 0.08,
    Priority.STOCK: 0.10,
    Priority.PULL: 0.20,
}
"""The part of the bucket that a request leaves empty for more urgent ones."""


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


class Share(Protocol):
    """A till's part of a bucket that several tills use; `shared_budget.SharedBudget` is one."""

    def take(self, priority: Priority) -> float:
        """Takes one request; 0 when it is ours, else after how many seconds to ask again. May ask the gateway."""
        ...

    @property
    def leak_per_s(self) -> float:
        """How many requests a second this till may count on."""
        ...

    @property
    def tills(self) -> int:
        """How many tills share it."""
        ...

    @property
    def is_away(self) -> bool:
        """The gateway does not answer; the till keeps to its fair share."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """How the budget stands, for people.

    `used_per_s` is that of the last minute, `free` how many requests could go at once, `request_s` how long one takes.
    `resting`: methods that wait for their operating time, and how many seconds more. `tills` share the budget, through
    a gateway that may not answer.
    """

    allowed_per_s: float
    used_per_s: float
    free: float
    request_s: float
    resting: Mapping[str, float] = field(default_factory=dict)
    tills: int = 1
    is_gateway_away: bool = False

    def drain_s(self, requests: int) -> float:
        """About how long so many requests, one after the other, will take."""
        by_budget = (requests - self.free) / self.allowed_per_s
        return max(0.0, by_budget, requests * self.request_s)


@dataclass(slots=True)
class _Method:
    """What is known of a method's operating time: seconds used so far, what a call costs, until when it rests."""

    used_s: float = 0.0
    cost_s: float = 0.0
    until: float = 0.0
    is_known: bool = False


class Governor:
    """One per portal. `wait` before each request, then tell what the answer said."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        limits: Limits = CLOUD,
        share: Share | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._limits = limits
        self._share = share
        self._lock = threading.RLock()
        self._level = 0.0
        self._level_at = monotonic()
        self._not_before = self._level_at
        self._pause_s = PAUSE_S
        self._methods: dict[str, _Method] = {}
        self._sent: deque[float] = deque(maxlen=1000)
        self._request_s = 0.0

    def now(self) -> float:
        """Seconds of the clock this governor runs on."""
        return self._monotonic()

    def delay_before(self, methods: Iterable[str], priority: Priority = Priority.PERSON) -> float:
        """Seconds to wait before a request that runs these methods (those inside a batch), 0 when it may go now."""
        with self._lock:
            now = self._monotonic()
            free = self._ceiling(priority) - self._level_now(now)
            bucket_s = (1 - free) / self._limits.leak_per_s
            resting_s = max((self._rest_of(method) - now for method in methods), default=0.0)
            delay = max(bucket_s, resting_s, self._not_before - now)
            return delay if delay > _EPSILON else 0.0

    def wait(
        self, methods: Iterable[str], patience_s: float | None = None, priority: Priority = Priority.PERSON
    ) -> None:
        """Sleep as long as the budget asks for and count one request.

        Raises:
            Offline: `throttled`, when that would take longer than the patience (that of the limits, or less if the
                caller has less); nothing was counted.
        """
        wanted = tuple(methods)
        longest = self._limits.patience_s if patience_s is None else min(patience_s, self._limits.patience_s)
        deadline = self._monotonic() + longest
        while True:
            delay = self._take(wanted, priority)
            if not delay:
                return
            if self._monotonic() + delay > deadline + _EPSILON:
                raise Offline("throttled", retry_after_s=round(delay))
            self._sleep(delay)  # another thread may have gone meanwhile: look again

    def figures(self) -> Figures:
        """How the budget stands."""
        with self._lock:
            now = self._monotonic()
            used = sum(now - at < USED_OVER_S for at in self._sent) / USED_OVER_S
            resting = {name: each.until - now for name, each in self._methods.items() if each.until > now}
            if self._share is not None:  # what the others leave is not known: nothing is promised beyond the share
                share = self._share
                return Figures(share.leak_per_s, used, 0.0, self._request_s, resting, share.tills, share.is_away)
            free = max(0.0, self._ceiling(Priority.STATUS) - self._level_now(now))
            return Figures(self._limits.leak_per_s, used, free, self._request_s, resting)

    # ------------------------------------------------------------------------------------------ what answers say
    def note_answer(self, took_s: float | None = None) -> None:
        """The portal answered something else than 503: pauses start short again. `took_s`: how long it took."""
        with self._lock:
            self._pause_s = PAUSE_S
            if took_s is not None:
                self._request_s = took_s if not self._request_s else 0.8 * self._request_s + 0.2 * took_s

    def note_operating(self, method: str, operating_s: float, reset_in_s: float) -> None:
        """What an answer said about a method: seconds used so far – the sum, not this call's –, and in how many the
        oldest leave it.

        Near the limit the method is spread: at its present cost a call, what is left lasts until the reset.
        """
        with self._lock:
            now, limit = self._monotonic(), self._limits.operating_s
            known = self._methods.setdefault(method, _Method())
            if known.is_known and operating_s > known.used_s:
                cost = operating_s - known.used_s
                known.cost_s = cost if not known.cost_s else 0.7 * known.cost_s + 0.3 * cost
            known.used_s, known.is_known = operating_s, True
            if operating_s >= limit:
                known.until = now + max(reset_in_s, 0.0)
            elif operating_s >= SLOW_FROM * limit:
                left = max(SPEND_UP_TO * limit - operating_s, known.cost_s, _EPSILON)
                every = max(reset_in_s, 0.0) * known.cost_s / left
                known.until = min(max(known.until, now) + every, now + max(reset_in_s, 0.0))
            else:
                known.until = 0.0

    def note_throttled(self) -> None:
        """503 `QUERY_LIMIT_EXCEEDED`: the bucket is full, whoever filled it."""
        with self._lock:
            now = self._monotonic()
            self._level = self._limits.size
            self._level_at = now
            self._not_before = now + self._pause_s
            self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)

    def note_blocked(self, method: str) -> None:
        """429 `OPERATION_TIME_LIMIT`: this method rests, until the moment known from before or for a minute."""
        with self._lock:
            now = self._monotonic()
            known = self._methods.setdefault(method, _Method())
            if known.until <= now:
                known.until = now + UNKNOWN_BLOCK_S

    # ------------------------------------------------------------------------------------------ the bucket
    def _take(self, methods: tuple[str, ...], priority: Priority) -> float:
        """Counts one request and gives 0, or the seconds after which to try again. The share may ask over the network,
        so nobody is kept waiting by a lock meanwhile."""
        with self._lock:
            delay = self.delay_before(methods, priority)
            if delay:
                return delay
            self._add(1)
        if self._share is not None and (delay := self._share.take(priority)) > 0:
            with self._lock:
                self._add(-1)
            return delay
        with self._lock:  # `figures` goes through them
            self._sent.append(self._monotonic())
        return 0.0

    def _add(self, requests: int) -> None:
        now = self._monotonic()
        self._level = max(0.0, self._level_now(now) + requests)
        self._level_at = now

    def _ceiling(self, priority: Priority) -> float:
        """How full a request of this priority may make the bucket; one always fits into an empty one."""
        return max(1.0, self._limits.size * (1 - HEADROOM[priority]) - self._limits.reserve)

    def _level_now(self, now: float) -> float:
        return max(0.0, self._level - (now - self._level_at) * self._limits.leak_per_s)

    def _rest_of(self, method: str) -> float:
        known = self._methods.get(method)
        return 0.0 if known is None else known.until
