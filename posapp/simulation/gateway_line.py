"""The way from a till to the gateway's claims: the real store in this process, behind a network that fails.

`GatewayLine` is a `posapp.till.claims.ClaimDesk`. A call that does not get through changes nothing; one whose answer
is lost has changed everything and says `Offline` all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from posapp.domain.claim import Claim, Closed, Holdings, SoldOrder, TakenFor
from posapp.gateway.desk import LocalDesk
from posapp.gateway.store import ClaimStore, TillCard
from posapp.http import NoAnswer
from posapp.simulation.clock import Clock
from posapp.simulation.register import Killed

T = TypeVar("T")
LATENCY_S, PATIENCE_S = 0.05, 5.0
BEFORE, AFTER = "before", "after"


class GatewayLine:
    """The claims of one till, over a line that may be down, lose answers, or outlive the till."""

    def __init__(self, store: ClaimStore, card: TillCard, clock: Clock, now: Callable[[], datetime]) -> None:
        self._desk = LocalDesk(store, card, now)
        self._clock = clock
        self._desk.enrol()
        self.is_up = True
        self.loses_answers = 0
        """So many answers are lost on their way back."""
        self.killed_at: str | None = None
        """The till dies at its next call: `before` or `after` the gateway has worked on it."""
        self._was_away = False

    @property
    def is_away(self) -> bool:
        """Whether it did not answer a moment ago."""
        return self._was_away

    def _over_the_line(self, call: Callable[[], T]) -> T:
        if not self.is_up:
            self._was_away = True
            self._clock.advance(PATIENCE_S)
            raise NoAnswer("нет соединения", sent=False)
        self._die(BEFORE)
        result = call()
        self._die(AFTER)
        if self.loses_answers > 0:
            self.loses_answers -= 1
            self._was_away = True
            self._clock.advance(PATIENCE_S)
            raise NoAnswer("ответа нет за отведённое время", sent=True)
        self._was_away = False
        self._clock.advance(LATENCY_S)
        return result

    def _die(self, moment: str) -> None:
        if self.killed_at == moment:
            self.killed_at = None
            raise Killed

    def take(self, order_ids: Sequence[int], why: TakenFor) -> list[Claim]:
        """See `ClaimDesk`."""
        return self._over_the_line(lambda: self._desk.take(order_ids, why))

    def release(self, fences: Mapping[int, int]) -> list[Claim]:
        """See `ClaimDesk`."""
        return self._over_the_line(lambda: self._desk.release(fences))

    def close_orders(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        """See `ClaimDesk`."""
        return self._over_the_line(lambda: self._desk.close_orders(sold))

    def holdings(self) -> Holdings:
        """See `ClaimDesk`."""
        return self._over_the_line(self._desk.holdings)

    def confirm_lost(self, fences: Mapping[int, int]) -> None:
        """See `ClaimDesk`."""
        self._over_the_line(lambda: self._desk.confirm_lost(fences))

    def look(self, order_id: int) -> Claim:
        """See `ClaimDesk`."""
        return self._over_the_line(lambda: self._desk.look(order_id))

    def take_over(self, order_id: int, fence: int, who: str, why: str) -> Claim:
        """See `ClaimDesk`."""
        return self._over_the_line(lambda: self._desk.take_over(order_id, fence, who, why))
