"""What the journal keeps about how orders come on board; plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from posapp.domain.order import Order

READING, CHECKING, DONE = "reading", "checking", "done"


@dataclass(frozen=True, slots=True)
class OrderLoad:
    """The load of all orders of a portal, so far.

    `condition` is the portal's filter; every order up to `after_id` that satisfies it has been read, `until_id` was the
    newest when it began. `expected` is the portal's own count, `seen` how many were read (with `CHECKING` as `stage`:
    how many are proven to be there). `began` is the portal's clock at the beginning, ISO with offset.
    """

    portal: str
    condition: Mapping[str, str]
    began: str
    until_id: int
    expected: int
    started_at: datetime
    after_id: int = 0
    seen: int = 0
    stage: str = READING
    ended_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Nothing of it is left to do."""
        return self.stage == DONE

    @property
    def is_complete(self) -> bool:
        """It has ended, and the portal counts no more orders than were read."""
        return self.is_done and self.seen >= self.expected


@dataclass(frozen=True, slots=True)
class RouteStop:
    """An order of the route: the copy that the courier left with, and when he did."""

    copy: Order
    left_at: datetime


@dataclass(frozen=True, slots=True)
class StoreAmount:
    """How much of a product a store has. `amount` includes what is `reserved` for orders."""

    product_id: int
    store_id: int
    amount: Decimal
    reserved: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brings into the journal, in one transaction: copies, what could not be read, where it goes on.

    `ours` are the orders that this till may sell without asking, `others` those it may not. `unread`: ids → why;
    `settled` are ids of which nothing is left to be asked for. `facts`: see `Journal.set_facts`.
    """

    portal: str
    ours: tuple[Order, ...] = ()
    others: tuple[Order, ...] = ()
    unread: Mapping[int, str] = field(default_factory=dict)
    settled: tuple[int, ...] = ()
    load: OrderLoad | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
