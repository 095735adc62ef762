"""Orders on board, the route and the stores' stock, as the journal offers them; a part of `store.Journal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from posapp.domain.order import Order
from posapp.journal import board_queries, stock_levels
from posapp.journal.board_rows import OrderLoad, Pulled, RouteStop, StoreAmount
from posapp.journal.connect import Readers
from posapp.journal.rows import Decision

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")


class BoardStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- orders
    def keep_pulled(self, pulled: Pulled) -> int:
        """What a pull brought, in one transaction. Returns how many copies differ from before."""
        return self._write(lambda changes: changes.keep_pulled(pulled))

    def order_load(self, portal: str) -> OrderLoad | None:
        """The load of all orders of a portal, ended or not; None before the first."""
        with self._readers.reading() as db:
            return board_queries.load(db, portal)

    def orders_behind(self, portal: str, after: int, limit: int) -> list[Order]:
        """A page of orders in the order of their ids, behind the id `after`."""
        with self._readers.reading() as db:
            return board_queries.behind(db, portal, after, limit)

    def orders_on_board(self, portal: str, order_ids: Sequence[int]) -> frozenset[int]:
        """Which of these orders are here."""
        with self._readers.reading() as db:
            return board_queries.on_board(db, portal, order_ids)

    def order_versions(self, portal: str, order_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
        """Of those that are here: the portal's version of the copy, and its `dateUpdate` as the portal wrote it."""
        with self._readers.reading() as db:
            return board_queries.versions(db, portal, order_ids)

    def order_count(self, portal: str) -> int:
        """How many orders are here."""
        with self._readers.reading() as db:
            return board_queries.count(db, portal)

    def unread_orders(self, portal: str, limit: int = 50) -> dict[int, str]:
        """Orders that the portal has and that could not be read: id → why, asked for longest ago first."""
        with self._readers.reading() as db:
            return board_queries.unread(db, portal, limit)

    # -------------------------------------------------------------------------------------------- the route
    def leave_with(self, portal: str, orders: Sequence[Order], drops: Sequence[int] = ()) -> None:
        """The courier leaves with these copies; `drops` are orders that are his no longer."""
        self._write(lambda changes: changes.leave_with(portal, orders, drops))

    def route_stops(self, portal: str) -> list[RouteStop]:
        """The orders of the route, each as the courier left with it."""
        with self._readers.reading() as db:
            return board_queries.stops(db, portal)

    def route_stop(self, portal: str, order_id: int) -> RouteStop | None:
        """One of them, None for an order that is not on the route."""
        with self._readers.reading() as db:
            return board_queries.stop(db, portal, order_id)

    # -------------------------------------------------------------------------------------------- stock
    def save_stores(self, portal: str, stores: Mapping[int, tuple[str, bool]]) -> None:
        """All stores by id: title, whether it is in use."""
        self._write(lambda changes: changes.save_stores(portal, stores))

    def save_amounts(
        self, portal: str, amounts: Sequence[StoreAmount], pass_id: int, facts: Mapping[str, str], *, is_last: bool
    ) -> int:
        """A part of the stock and, in the same transaction, the `facts` that say where reading goes on.

        The last part of a pass forgets what the pass did not see; returns how many amounts that were.
        """
        return self._write(lambda changes: changes.save_amounts(portal, amounts, pass_id, facts, is_last=is_last))

    def stores(self, portal: str) -> dict[int, tuple[str, bool]]:
        """Stores by id: title, whether it is in use."""
        with self._readers.reading() as db:
            return stock_levels.stores(db, portal)

    def stock_of(self, portal: str, product_id: int) -> list[tuple[int, Decimal]]:
        """(store id, amount) of a product, by store; empty where the portal told nothing of it."""
        with self._readers.reading() as db:
            return stock_levels.stock_of(db, portal, product_id)

    def amounts_of(self, portal: str, product_id: int) -> list[StoreAmount]:
        """As `stock_of`, with what is reserved."""
        with self._readers.reading() as db:
            return stock_levels.amounts_of(db, portal, product_id)

    def amount_count(self, portal: str) -> int:
        """How many amounts are on board."""
        with self._readers.reading() as db:
            return stock_levels.count(db, portal)
