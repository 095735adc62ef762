"""Questions about card money."""

from __future__ import annotations

import sqlite3
from typing import Any

from posapp.domain.money import Money
from posapp.journal.card_rows import CardOperation
from posapp.journal.mapping import moment

_SELECT = (
    "SELECT c.reference, c.kind, c.settlement, c.portal, c.order_id, c.order_number, c.receipt_key, c.amount_kopecks,"
    " c.who, c.original, c.of_reference, c.state, c.decided_by, c.rrn, c.authorization, c.card, c.terminal, c.reason,"
    " c.asked_at, c.ended_at, EXISTS (SELECT 1 FROM receipts r WHERE r.key = c.receipt_key AND r.state = 'fiscalized')"
    " FROM card_operations c "
)
_OPEN = _SELECT + "WHERE c.state IN ('asking','approved') ORDER BY c.id"


def operation(db: sqlite3.Connection, reference: str) -> CardOperation | None:
    """By its reference."""
    row = db.execute(_SELECT + "WHERE c.reference = ?", (reference,)).fetchone()
    return None if row is None else _operation(row)


def open_operations(db: sqlite3.Connection) -> list[CardOperation]:
    """Those that something is owed of, oldest first."""
    return [each for each in map(_operation, db.execute(_OPEN)) if each.is_open]


def of_order(db: sqlite3.Connection, portal: str, order_id: int) -> list[CardOperation]:
    """Every operation of an order, oldest first."""
    rows = db.execute(_SELECT + "WHERE c.portal = ? AND c.order_id = ? ORDER BY c.id", (portal, order_id))
    return [_operation(row) for row in rows]


def of_receipt(db: sqlite3.Connection, key: str) -> CardOperation | None:
    """The one that moved money for a receipt: approved, and not given back."""
    row = db.execute(
        _SELECT + "WHERE c.receipt_key = ? AND c.state IN ('approved','receipted') ORDER BY c.id", (key,)
    ).fetchone()
    return None if row is None else _operation(row)


def newest(db: sqlite3.Connection, limit: int) -> list[CardOperation]:
    """The newest first."""
    return [_operation(row) for row in db.execute(_SELECT + "ORDER BY c.id DESC LIMIT ?", (limit,))]


def _operation(row: tuple[Any, ...]) -> CardOperation:
    return CardOperation(
        reference=row[0],
        kind=row[1],
        settlement=row[2],
        portal=row[3],
        order_id=row[4],
        order_number=row[5],
        receipt_key=row[6],
        amount=Money(row[7]),
        who=row[8],
        original=row[9],
        of=row[10],
        state=row[11],
        by=row[12],
        rrn=row[13],
        authorization=row[14],
        card=row[15],
        terminal=row[16],
        reason=row[17],
        asked_at=moment(row[18]),
        ended_at=None if row[19] is None else moment(row[19]),
        is_receipted=bool(row[20]),
    )
