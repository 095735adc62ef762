"""Questions about the load of all orders, what could not be read, and the route; plain SQL, read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from posapp.domain.order import Order
from posapp.journal.board_rows import OrderLoad, RouteStop
from posapp.journal.mapping import body_of, moment, moment_or_none, order_of

_STOP = "SELECT body, pulled_at, left_at FROM route_stops WHERE portal = ?"
_CHUNK = 500


def load(db: sqlite3.Connection, portal: str) -> OrderLoad | None:
    """The load of a portal's orders; None before the first."""
    row = db.execute(
        "SELECT condition, began, until_id, expected, started_at, after_id, seen, stage, ended_at"
        " FROM order_loads WHERE portal = ?",
        (portal,),
    ).fetchone()
    if row is None:
        return None
    return OrderLoad(
        portal=portal,
        condition=body_of(row[0]),
        began=row[1],
        until_id=row[2],
        expected=row[3],
        started_at=moment(row[4]),
        after_id=row[5],
        seen=row[6],
        stage=row[7],
        ended_at=moment_or_none(row[8]),
    )


def behind(db: sqlite3.Connection, portal: str, after: int, limit: int) -> list[Order]:
    """A page of orders in the order of their ids, behind one."""
    rows = db.execute(
        "SELECT body, pulled_at FROM orders WHERE portal = ? AND order_id > ? ORDER BY order_id LIMIT ?",
        (portal, after, limit),
    )
    return [order_of(row) for row in rows]


def on_board(db: sqlite3.Connection, portal: str, order_ids: Sequence[int]) -> frozenset[int]:
    """Which of these orders are on board."""
    found: set[int] = set()
    for start in range(0, len(order_ids), _CHUNK):
        part = order_ids[start : start + _CHUNK]
        places = ", ".join("?" * len(part))
        query = f"SELECT order_id FROM orders WHERE portal = ? AND order_id IN ({places})"  # noqa: S608
        found.update(row[0] for row in db.execute(query, [portal, *part]))
    return frozenset(found)


def versions(db: sqlite3.Connection, portal: str, order_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Of the copies that are on board: the portal's version and when it had changed the order last, as it wrote it."""
    found: dict[int, tuple[int, str]] = {}
    for start in range(0, len(order_ids), _CHUNK):
        part = order_ids[start : start + _CHUNK]
        places = ", ".join("?" * len(part))
        query = (
            "SELECT order_id, json_extract(body, '$.version'), json_extract(body, '$.updated_at') FROM orders"  # noqa: S608
            f" WHERE portal = ? AND order_id IN ({places})"
        )
        found |= {row[0]: (row[1], row[2]) for row in db.execute(query, [portal, *part])}
    return found


def count(db: sqlite3.Connection, portal: str) -> int:
    """How many orders are on board."""
    return int(db.execute("SELECT count(*) FROM orders WHERE portal = ?", (portal,)).fetchone()[0])


def unread(db: sqlite3.Connection, portal: str, limit: int) -> dict[int, str]:
    """Orders that the portal has and that could not be read, and why; those asked for longest ago first."""
    rows = db.execute(
        "SELECT order_id, why FROM unread_orders WHERE portal = ? ORDER BY since, order_id LIMIT ?", (portal, limit)
    )
    return dict(rows.fetchall())


def stops(db: sqlite3.Connection, portal: str) -> list[RouteStop]:
    """The orders of the route as the courier left with them, by id."""
    return [_stop(row) for row in db.execute(_STOP + " ORDER BY order_id", (portal,))]


def stop(db: sqlite3.Connection, portal: str, order_id: int) -> RouteStop | None:
    """One of them."""
    row = db.execute(_STOP + " AND order_id = ?", (portal, order_id)).fetchone()
    return None if row is None else _stop(row)


def _stop(row: tuple[str, str, int]) -> RouteStop:
    return RouteStop(order_of((row[0], row[1])), moment(row[2]))
