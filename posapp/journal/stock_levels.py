"""What the stores have, as the portal last told it: the small reading side that overselling looks at.

`stock_of` is plain SQL on a read-only connection; through the journal it is `Journal.stock_of`. Amounts are decimals of
the product's own measure. What this till has sold since is not in them.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from posapp.journal.board_rows import StoreAmount

_AMOUNTS = "SELECT product_id, store_id, amount, reserved FROM store_amounts WHERE portal = ? AND product_id = ?"


def amounts_of(db: sqlite3.Connection, portal: str, product_id: int) -> list[StoreAmount]:
    """What each store has of a product, by store; empty where the portal tells nothing of it."""
    rows = db.execute(_AMOUNTS + " ORDER BY store_id", (portal, product_id))
    return [StoreAmount(row[0], row[1], Decimal(row[2]), Decimal(row[3])) for row in rows]


def stock_of(db: sqlite3.Connection, portal: str, product_id: int) -> list[tuple[int, Decimal]]:
    """(store id, amount) of a product, by store."""
    return [(each.store_id, each.amount) for each in amounts_of(db, portal, product_id)]


def stores(db: sqlite3.Connection, portal: str) -> dict[int, tuple[str, bool]]:
    """Stores by id: title, whether it is in use."""
    rows = db.execute("SELECT store_id, title, is_active FROM stores WHERE portal = ? ORDER BY store_id", (portal,))
    return {row[0]: (row[1], bool(row[2])) for row in rows}


def count(db: sqlite3.Connection, portal: str) -> int:
    """How many amounts are on board."""
    return int(db.execute("SELECT count(*) FROM store_amounts WHERE portal = ?", (portal,)).fetchone()[0])
