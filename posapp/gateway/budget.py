"""One request budget for all tills of a portal: the leaky bucket of Bitrix24 is the address's, not the till's.

    POST /v1/budget {portal, till, want: 1…10, priority: 0…5, size, leak_per_s, carried}
                    → {granted, valid_s, retry_s, tills}

Three tills behind one router share two requests a second (reference: Bitrix REST, trap 65). Each asks here for a few
requests at a time. What is granted counts as sent at once; a till may use it for `valid_s` seconds and no longer, so
the portal's bucket is never fuller than this one was plus what runs out in that time: by so much this one stays below
the brim. The less urgent the request, the more room it leaves (`governor.HEADROOM`): whoever stands at the counter of
one till does not wait for the load of another. `tills` says how many share, which is what a till falls back to when the
gateway does not answer.

A till that went on without the gateway says how much of it may still be in the portal's bucket: `carried`.

Kept in memory: a budget is worth nothing a minute later. After a start the bucket counts as half full. Several gateway
processes on one database would each grant a whole budget; the portal then answers 503, which loses nothing but time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.routing import Route

from posapp.domain.claim import number_of
from posapp.gateway.door import Answer, Body, Door, who_of
from posapp.sync.governor import HEADROOM, Priority

WANT_MAX = 10
VALID_S = 5.0
RESERVE = 1.0
SEEN_S = 24 * 3600.0
"""A till that has not asked for so long is not counted any more."""
PORTALS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests a till may send within `valid_s`; with none, ask again in `retry_s`. `tills` share it."""

    granted: int
    valid_s: float
    retry_s: float
    tills: int


@dataclass(frozen=True, slots=True)
class Budget:
    """A portal's bucket: so many requests at once, and so many a second after that."""

    size: float
    leak_per_s: float


@dataclass(slots=True)
class _Till:
    """A till: when it asked last, what it was granted of late (runs out like a bucket), when it last got nothing."""

    limits: Budget
    seen_s: float
    recent: float = 0.0
    denied_s: float | None = None


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float
    tills: dict[str, _Till] = field(default_factory=dict)


class Budgets:
    """The buckets of all portals. Not for several threads at once."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def grant(
        self, portal: str, till: str, want: int, priority: Priority, limits: Budget, now_s: float, carried: float = 0.0
    ) -> Grant:
        """Requests for a till, as many as there are.

        Args:
            limits: of the portal as this till was set up; the least that any of its tills knows counts.
            carried: what it sent without us and what may not have run out yet.
            now_s: the gateway's clock in seconds; a clock that was put back lets nothing run out.
        """
        bucket = self._buckets.get(portal)
        if bucket is None:
            if len(self._buckets) >= PORTALS_MAX:
                self._buckets.clear()
            bucket = self._buckets[portal] = _Bucket(limits.size / 2, now_s)
        mine = bucket.tills.setdefault(till, _Till(limits, now_s))
        bucket.tills = {name: each for name, each in bucket.tills.items() if abs(now_s - each.seen_s) <= SEEN_S}
        bucket.tills[till], mine.limits = mine, limits
        size = min(each.limits.size for each in bucket.tills.values())
        leak = min(each.limits.leak_per_s for each in bucket.tills.values())
        passed = max(0.0, now_s - bucket.at_s)
        bucket.level = max(0.0, bucket.level - passed * leak) + max(0.0, min(carried, size))
        for each in bucket.tills.values():
            each.recent = max(0.0, each.recent - passed * leak / len(bucket.tills))
        bucket.at_s = mine.seen_s = now_s
        free = max(1.0, size * (1 - HEADROOM[priority]) - RESERVE - leak * VALID_S) - bucket.level
        granted = max(0, min(want, int(free + 1e-6)))
        if priority is not Priority.PERSON and _somebody_waits_longer(bucket, mine, now_s):
            granted = 0
        bucket.level += granted
        mine.recent += granted
        mine.denied_s = None if granted else now_s
        retry_s = 0.0 if granted else max(0.05, (1 - free) / leak)
        return Grant(granted, VALID_S, retry_s, len(bucket.tills))


def _somebody_waits_longer(bucket: _Bucket, mine: _Till, now_s: float) -> bool:
    """A till that had less of late got nothing a moment ago: it goes first, or one till would take all."""
    return any(
        each is not mine and each.denied_s is not None and now_s - each.denied_s < VALID_S and each.recent < mine.recent
        for each in bucket.tills.values()
    )


class BudgetDesk:
    """The part of the gateway that grants requests (see `app.Part`)."""

    def __init__(self) -> None:
        self._budgets = Budgets()

    def routes(self, door: Door) -> list[Route]:
        """Answered on the event loop: nothing here waits for anything."""
        return door.waiting({"/v1/budget": self._grant})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nothing runs beside the requests."""
        yield

    async def _grant(self, body: Body, at: datetime) -> Answer:
        portal, till = who_of(body)
        want, priority = number_of(body, "want"), Priority(number_of(body, "priority", least=0))
        limits = Budget(_number(body, "size", 10_000), _number(body, "leak_per_s", 1_000))
        carried = _number(body, "carried", 10_000, least=0.0)
        found = self._budgets.grant(portal, till, min(want, WANT_MAX), priority, limits, at.timestamp(), carried)
        return {"granted": found.granted, "valid_s": found.valid_s, "retry_s": found.retry_s, "tills": found.tills}


def _number(body: Mapping[str, Any], name: str, most: float, least: float = 0.001) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(name)
    return float(value)
