"""What the gateway needs of a database, whichever it is; `tests/gateway/test_store.py` holds every one to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from posapp.domain.claim import Claim, Closed, Holdings, SoldOrder, TakenFor


@dataclass(frozen=True, slots=True)
class TillCard:
    """A till on a portal: the identity of its data directory and the name that people call it by."""

    portal: str
    identity: str
    name: str


class ClaimStore(Protocol):
    """What the gateway needs of a database."""

    def enrol(self, card: TillCard, at: datetime, *, is_another: bool = False) -> None:
        """Makes a till known, or changes its name.

        `is_another`: a person says that its portal is another one than those of the tills that are known; without it a
        second name is taken for the same portal at another address, whose orders would be claimed twice. Raises
        SetupError `till_name_taken`, `portal_name_differs`.
        """

    def take(self, portal: str, identity: str, order_ids: Sequence[int], why: TakenFor, at: datetime) -> list[Claim]:
        """Takes what is free; says of each order whose it is now. Raises Rejected `unknown_till`."""

    def release(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> list[Claim]:
        """Gives back claims of this till (order id → its fence); others and older fences stay as they are."""

    def close_orders(self, portal: str, identity: str, sold: Sequence[SoldOrder], at: datetime) -> list[Closed]:
        """Closes orders by their receipts, for ever. A report under a lost claim is believed: the receipt exists."""

    def holdings(self, portal: str, identity: str, at: datetime) -> Holdings:
        """What the till holds, and what it lost and has not confirmed to know."""

    def confirm_lost(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> None:
        """The till knows that it lost these claims."""

    def look(self, portal: str, identity: str, order_id: int, at: datetime) -> Claim:
        """Whose the order is."""

    def take_over(
        self, portal: str, identity: str, order_id: int, fence: int, who: str, why: str, at: datetime
    ) -> Claim:
        """Gives another till's claim to this one if it still has this fence; else says how it stands."""

    def close(self) -> None:
        """Lets the database go."""
