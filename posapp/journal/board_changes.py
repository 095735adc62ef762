"""Changes of what is on board: orders as they are pulled, the load of all of them, the route, the stores' stock.

A part of `changes.Changes`, on the writer's thread; each method is one transaction or a part of one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from posapp.domain.order import Order
from posapp.journal.board_rows import OrderLoad, Pulled, StoreAmount
from posapp.journal.mapping import micros, order_columns, text_of

_SAVE_LOAD = (
    "INSERT OR REPLACE INTO order_loads (portal, condition, began, stage, after_id, until_id, expected, seen,"
    " started_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UNREAD = (
    "INSERT INTO unread_orders (portal, order_id, why, since) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (portal, order_id) DO UPDATE SET why = excluded.why, since = excluded.since"
)
_LEAVE = (
    "INSERT INTO route_stops (portal, order_id, left_at, pulled_at, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (portal, order_id) DO UPDATE SET left_at = excluded.left_at, pulled_at = excluded.pulled_at,"
    " body = excluded.body"
)
_AMOUNT = (
    "INSERT OR REPLACE INTO store_amounts (portal, product_id, store_id, amount, reserved, pass_id)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class BoardChanges:
    """What `Changes` inherits."""

    _db: sqlite3.Connection
    _now: Callable[[], datetime]

    def save_orders(self, rows: Sequence[Mapping[str, object]]) -> int:
        """See `Changes`."""
        raise NotImplementedError

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """See `Changes`."""
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- orders
    def keep_pulled(self, pulled: Pulled) -> int:
        """Copies, unreadable ones, place of the load and facts; how many copies differ from before."""
        rows = [*(order_columns(each, is_claimed=True) for each in pulled.ours)]
        rows += [order_columns(each, is_claimed=False) for each in pulled.others]
        changed = self.save_orders(rows)
        now = micros(self._now())
        settled = {*pulled.settled, *(each.order_id for each in (*pulled.ours, *pulled.others))}
        self._db.executemany(
            "DELETE FROM unread_orders WHERE portal = ? AND order_id = ?",
            [(pulled.portal, order_id) for order_id in settled],
        )
        self._db.executemany(_UNREAD, [(pulled.portal, key, why, now) for key, why in pulled.unread.items()])
        if pulled.load is not None:
            self.save_load(pulled.load)
        self.set_facts(pulled.facts)
        return changed

    def save_load(self, load: OrderLoad) -> None:
        """Where the load stands; a former one of the portal is replaced."""
        ended = None if load.ended_at is None else micros(load.ended_at)
        condition = text_of(load.condition)
        values = (
            load.portal,
            condition,
            load.began,
            load.stage,
            load.after_id,
            load.until_id,
            load.expected,
            load.seen,
        )
        self._db.execute(_SAVE_LOAD, (*values, micros(load.started_at), ended))

    # -------------------------------------------------------------------------------------------- the route
    def leave_with(self, portal: str, orders: Sequence[Order], drops: Sequence[int]) -> None:
        """These copies are what the courier leaves with; the stops in `drops` are no longer his."""
        self._db.executemany(
            "DELETE FROM route_stops WHERE portal = ? AND order_id = ?", [(portal, order_id) for order_id in drops]
        )
        now = micros(self._now())
        rows = [(order_columns(each, is_claimed=False), each) for each in orders]
        self._db.executemany(
            _LEAVE, [(portal, each.order_id, now, row["pulled_at"], row["body"]) for row, each in rows]
        )

    # -------------------------------------------------------------------------------------------- stock
    def save_stores(self, portal: str, stores: Mapping[int, tuple[str, bool]]) -> None:
        """All stores of the portal; those it has no more are forgotten."""
        self._db.execute("DELETE FROM stores WHERE portal = ?", (portal,))
        self._db.executemany(
            "INSERT INTO stores (portal, store_id, title, is_active) VALUES (?, ?, ?, ?)",
            [(portal, key, title, int(is_active)) for key, (title, is_active) in stores.items()],
        )

    def save_amounts(
        self, portal: str, amounts: Sequence[StoreAmount], pass_id: int, facts: Mapping[str, str], *, is_last: bool
    ) -> int:
        """A part of the stock and where its reading goes on; the last part forgets what the pass did not see."""
        self._db.executemany(
            _AMOUNT,
            [
                (portal, each.product_id, each.store_id, f"{each.amount:f}", f"{each.reserved:f}", pass_id)
                for each in amounts
            ],
        )
        gone = 0
        if is_last:
            sweep = "DELETE FROM store_amounts WHERE portal = ? AND pass_id != ?"
            gone = self._db.execute(sweep, (portal, pass_id)).rowcount
        self.set_facts(facts)
        return gone
