"""Claims without a wire: a till that lives in the process of the store. For the simulation and for tests.

`LocalDesk` is a `posapp.till.claims.ClaimDesk`; what it says is what the gateway would say over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from posapp.domain.claim import Claim, Closed, Holdings, SoldOrder, TakenFor
from posapp.gateway.store import ClaimStore, TillCard


class LocalDesk:
    """The claims of one till on a store.

    Args:
        store: what the gateway keeps, shared by all tills.
        card: who the till is; `enrol` makes it known.
        now: the gateway's clock, aware.
    """

    def __init__(self, store: ClaimStore, card: TillCard, now: Callable[[], datetime]) -> None:
        self._store = store
        self._card = card
        self._now = now

    @property
    def is_away(self) -> bool:
        """A store in this process always answers."""
        return False

    def enrol(self) -> None:
        """Makes the till known. Raises SetupError `till_name_taken`, `portal_name_differs`."""
        self._store.enrol(self._card, self._now())

    def take(self, order_ids: Sequence[int], why: TakenFor) -> list[Claim]:
        """See `ClaimDesk`."""
        return self._store.take(self._card.portal, self._card.identity, order_ids, why, self._now())

    def release(self, fences: Mapping[int, int]) -> list[Claim]:
        """See `ClaimDesk`."""
        return self._store.release(self._card.portal, self._card.identity, fences, self._now())

    def close_orders(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        """See `ClaimDesk`."""
        return self._store.close_orders(self._card.portal, self._card.identity, sold, self._now())

    def holdings(self) -> Holdings:
        """See `ClaimDesk`."""
        return self._store.holdings(self._card.portal, self._card.identity, self._now())

    def confirm_lost(self, fences: Mapping[int, int]) -> None:
        """See `ClaimDesk`."""
        self._store.confirm_lost(self._card.portal, self._card.identity, fences, self._now())

    def look(self, order_id: int) -> Claim:
        """See `ClaimDesk`."""
        return self._store.look(self._card.portal, self._card.identity, order_id, self._now())

    def take_over(self, order_id: int, fence: int, who: str, why: str) -> Claim:
        """See `ClaimDesk`."""
        return self._store.take_over(self._card.portal, self._card.identity, order_id, fence, who, why, self._now())
