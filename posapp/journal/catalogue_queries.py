"""Questions about the catalogue and sales without an order, as plain SQL on a read-only connection."""

from __future__ import annotations

import sqlite3
from typing import Any

from posapp.domain.money import Money
from posapp.domain.product import Product, ProductPrice
from posapp.journal.mapping import body_of, receipt_of
from posapp.journal.rows import CatalogueCounts, StoredReceipt, WalkIn

_COLUMNS = (
    "p.portal, p.product_id, p.name, p.kind, p.is_active, p.measure, p.measure_name, p.vat_row, p.vat_included,"
    " p.marking, p.updated_at"
)
_OF_IDS = f"SELECT {_COLUMNS} FROM products p WHERE p.portal = ? AND p.product_id IN "  # noqa: S608
LIMIT_MAX = 500


def by_code(db: sqlite3.Connection, portal: str, code: str) -> list[tuple[str, Product]]:
    """The products with a code, each with what the code is to it: `barcode`, `article` or `scale`; by id.

    One read by the primary key; the prices of what was found are a second look. Needs a snapshot.
    """
    rows = db.execute(
        f"SELECT c.kind, {_COLUMNS} FROM product_codes c CROSS JOIN products p"  # noqa: S608
        " ON p.portal = c.portal AND p.product_id = c.product_id WHERE c.portal = ? AND c.code = ?",
        (portal, code),
    ).fetchall()
    return [(row[0], _product(db, row[1:])) for row in rows]


def product(db: sqlite3.Connection, portal: str, product_id: int) -> Product | None:
    """By the portal's id. Needs a snapshot."""
    row = db.execute(_OF_IDS + "(?)", (portal, product_id)).fetchone()
    return None if row is None else _product(db, row)


def products(db: sqlite3.Connection, portal: str, search: str, after: int, limit: int) -> list[Product]:
    """A page by id, those whose name holds `search` in any case, with codes and prices. Needs a snapshot."""
    where, values = "portal = ? AND product_id > ?", [portal, after]
    if search.strip():
        where += " AND instr(search, ?) > 0"
        values.append(search.strip().casefold())
    ids = f"SELECT product_id FROM products WHERE {where} ORDER BY product_id LIMIT ?"  # noqa: S608
    chosen = [row[0] for row in db.execute(ids, [*values, min(limit, LIMIT_MAX)])]
    places = ", ".join("?" * len(chosen))
    rows = db.execute(_OF_IDS + f"({places}) ORDER BY p.product_id", [portal, *chosen]).fetchall() if chosen else []
    return [_product(db, row, _codes(db, portal, row[1])) for row in rows]


def counts(db: sqlite3.Connection, portal: str) -> CatalogueCounts:
    """How much is on board. Needs a snapshot."""
    queries = (
        "SELECT count(*) FROM products WHERE portal = ?",
        "SELECT count(*) FROM product_codes WHERE portal = ? AND kind = 'barcode'",
        "SELECT count(*) FROM product_prices WHERE portal = ?",
    )
    return CatalogueCounts(*(int(db.execute(each, (portal,)).fetchone()[0]) for each in queries))


def _product(db: sqlite3.Connection, row: tuple[Any, ...], codes: dict[str, tuple[str, ...]] | None = None) -> Product:
    return Product(
        portal=row[0],
        product_id=row[1],
        name=row[2],
        kind=row[3],
        is_active=bool(row[4]),
        measure=row[5],
        measure_name=row[6],
        vat_row=row[7],
        vat_included=bool(row[8]),
        marking=row[9],
        updated_at=row[10],
        prices=_prices(db, row[0], row[1]),
        **(codes or {}),
    )


def _prices(db: sqlite3.Connection, portal: str, product_id: int) -> tuple[ProductPrice, ...]:
    rows = db.execute(
        "SELECT price_id, product_id, kopecks, currency, quantity_from, quantity_to FROM product_prices"
        " WHERE portal = ? AND product_id = ?",
        (portal, product_id),
    )
    return tuple(ProductPrice(row[0], row[1], Money(row[2]), row[3], row[4], row[5]) for row in rows)


_NAMES = {"barcode": "barcodes", "article": "articles", "scale": "scale_numbers"}


def _codes(db: sqlite3.Connection, portal: str, product_id: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    rows = db.execute("SELECT kind, code FROM product_codes WHERE portal = ? AND product_id = ?", (portal, product_id))
    for kind, code in rows:
        found[_NAMES[kind]] = (*found.get(_NAMES[kind], ()), code)
    return found


# ------------------------------------------------------------------------------------------------ walk-ins
_RECEIPT = "SELECT r.body, r.state, r.reason, r.mark, r.fiscalized_at, r.attempts FROM walk_ins w CROSS JOIN receipts r"


def walk_in(db: sqlite3.Connection, key: str) -> WalkIn | None:
    """What the receipt `key` sold; None for a receipt of an order and for one that was read back from the storage."""
    row = db.execute(
        "SELECT receipt_key, content, goods, is_told FROM walk_ins WHERE receipt_key = ?", (key,)
    ).fetchone()
    return None if row is None else WalkIn(row[0], row[1], tuple(body_of(row[2])["goods"]), bool(row[3]))


def untold(db: sqlite3.Connection, content: str) -> list[StoredReceipt]:
    """The receipts of these goods that are not cancelled and of which nobody was told that they are printed."""
    rows = db.execute(
        f"{_RECEIPT} ON r.key = w.receipt_key"
        " WHERE w.is_told = 0 AND w.content = ? AND r.state != 'cancelled' ORDER BY r.id",
        (content,),
    )
    return [receipt_of(row) for row in rows]
