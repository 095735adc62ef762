"""Questions about shifts, couriers' days and refusals, as plain SQL on a read-only connection."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from posapp.domain.money import Money
from posapp.journal.mapping import body_of, micros, moment, moment_or_none, receipt_of
from posapp.journal.rows import CourierDay, NewRefusal, Refusal, StoredReceipt, StoredShift

_SHIFT = (
    "SELECT storage_number, shift_number, factory_number, opened_document, opened_at, closed_document, closed_at,"
    " report FROM shifts "
)
_DAY = (
    "SELECT id, courier, opened_by, opened_at, float_kopecks, storage_number, after_document, until_document,"
    " closed_at, received_by, counted_kopecks, why, figures FROM courier_days "
)
_REFUSAL = (
    "SELECT id, at, day_id, portal, order_id, order_number, amount_kopecks, who, why, lines, is_whole, receipt_key"
    " FROM refusals "
)
_RECEIPT = "SELECT body, state, reason, mark, fiscalized_at, attempts FROM receipts "
_OF_STORAGE = (
    "document_number IS NOT NULL AND storage_number = :storage"
    " AND document_number > :after AND document_number <= :until"
)
_ELSEWHERE = (
    "fiscalized_at IS NOT NULL AND storage_number != :storage AND fiscalized_at >= :since AND fiscalized_at < :end"
)
LAST = 1 << 62


# ------------------------------------------------------------------------------------------------ shifts
def shift(db: sqlite3.Connection, storage_number: str, shift_number: int) -> StoredShift | None:
    """By its number."""
    row = db.execute(
        _SHIFT + "WHERE storage_number = ? AND shift_number = ?", (storage_number, shift_number)
    ).fetchone()
    return None if row is None else _shift_of(row)


def shifts(db: sqlite3.Connection, storage_number: str, limit: int) -> list[StoredShift]:
    """The newest first."""
    rows = db.execute(_SHIFT + "WHERE storage_number = ? ORDER BY shift_number DESC LIMIT ?", (storage_number, limit))
    return [_shift_of(row) for row in rows]


def _shift_of(row: tuple[Any, ...]) -> StoredShift:
    return StoredShift(row[0], row[1], row[2], row[3], _local(row[4]), row[5], _local(row[6]), body_of(row[7]))


def _local(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


# ------------------------------------------------------------------------------------------------ days
def open_day(db: sqlite3.Connection) -> CourierDay | None:
    """The one that is not handed in yet."""
    row = db.execute(_DAY + "WHERE is_open = 1").fetchone()
    return None if row is None else _day_of(row)


def day(db: sqlite3.Connection, day_id: int) -> CourierDay | None:
    """By id."""
    row = db.execute(_DAY + "WHERE id = ?", (day_id,)).fetchone()
    return None if row is None else _day_of(row)


def day_of_document(db: sqlite3.Connection, storage_number: str, number: int) -> int | None:
    """The day whose documents are around this one; on a register other than the day's, the day that is open."""
    row = db.execute(
        "SELECT id FROM courier_days WHERE storage_number = :storage AND after_document < :number"
        " AND (until_document IS NULL OR until_document >= :number) ORDER BY id DESC LIMIT 1",
        {"storage": storage_number, "number": number},
    ).fetchone()
    if row is None:
        row = db.execute(
            "SELECT id FROM courier_days WHERE is_open = 1 AND storage_number != ?", (storage_number,)
        ).fetchone()
    return None if row is None else int(row[0])


def days(db: sqlite3.Connection, limit: int) -> list[CourierDay]:
    """The newest first."""
    return [_day_of(row) for row in db.execute(_DAY + "ORDER BY id DESC LIMIT ?", (limit,))]


def _day_of(row: tuple[Any, ...]) -> CourierDay:
    return CourierDay(
        id=row[0],
        courier=row[1],
        opened_by=row[2],
        opened_at=moment(row[3]),
        float_taken=Money(row[4]),
        storage_number=row[5],
        after_document=row[6],
        until_document=row[7],
        closed_at=moment_or_none(row[8]),
        received_by=row[9] or "",
        counted=None if row[10] is None else Money(row[10]),
        why=row[11],
        figures=body_of(row[12]) if row[12] else {},
    )


def last_document(db: sqlite3.Connection, factory_number: str, storage_number: str) -> int:
    """The newest document of a storage that the journal knows: by the device book or by a receipt of ours."""
    known = db.execute(
        "SELECT last_document FROM devices WHERE factory_number = ? AND storage_number = ?",
        (factory_number, storage_number),
    ).fetchone()
    ours = db.execute(
        "SELECT max(document_number) FROM receipts WHERE document_number IS NOT NULL AND storage_number = ?",
        (storage_number,),
    ).fetchone()
    return max(known[0] if known else 0, ours[0] or 0)


def receipts_of_day(db: sqlite3.Connection, of: CourierDay) -> list[StoredReceipt]:
    """Its receipts, in the order of their documents; see `CourierDayRow`. Needs a snapshot: two looks."""
    values = _bounds(of)
    found = db.execute(_RECEIPT + f"WHERE {_OF_STORAGE} ORDER BY document_number", values).fetchall()
    found += db.execute(_RECEIPT + f"WHERE {_ELSEWHERE} ORDER BY fiscalized_at", values).fetchall()
    return [receipt_of(row) for row in found]


def count_of_day(db: sqlite3.Connection, of: CourierDay) -> int:
    """How many receipts it has now."""
    values = _bounds(of)
    looks = (f"SELECT count(*) FROM receipts WHERE {each}" for each in (_OF_STORAGE, _ELSEWHERE))  # noqa: S608
    return sum(int(db.execute(look, values).fetchone()[0]) for look in looks)


def _bounds(of: CourierDay) -> dict[str, object]:
    return {
        "storage": of.storage_number,
        "after": of.after_document,
        "until": LAST if of.until_document is None else of.until_document,
        "since": micros(of.opened_at),
        "end": LAST if of.closed_at is None else micros(of.closed_at),
    }


# ------------------------------------------------------------------------------------------------ refusals
def refusals_of_day(db: sqlite3.Connection, day_id: int) -> list[Refusal]:
    """Oldest first."""
    return [_refusal_of(row) for row in db.execute(_REFUSAL + "WHERE day_id = ? ORDER BY id", (day_id,))]


def refusals(db: sqlite3.Connection, limit: int) -> list[Refusal]:
    """The newest first, of all orders and days."""
    return [_refusal_of(row) for row in db.execute(_REFUSAL + "ORDER BY id DESC LIMIT ?", (limit,))]


def refusals_of_order(db: sqlite3.Connection, portal: str, order_id: int) -> list[Refusal]:
    """Oldest first."""
    rows = db.execute(_REFUSAL + "WHERE portal = ? AND order_id = ? ORDER BY id", (portal, order_id))
    return [_refusal_of(row) for row in rows]


def _refusal_of(row: tuple[Any, ...]) -> Refusal:
    lines = body_of(row[9])["lines"]
    refused = NewRefusal(
        portal=row[3],
        order_id=row[4],
        order_number=row[5],
        amount=Money(row[6]),
        who=row[7],
        why=row[8],
        lines=tuple(lines),
        is_whole=bool(row[10]),
        receipt_key=row[11],
    )
    return Refusal(row[0], moment(row[1]), row[2], refused)
