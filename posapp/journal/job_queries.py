"""Questions about the jobs that the portal or the site orders."""

from __future__ import annotations

import sqlite3
from typing import Any

from posapp.journal.job_rows import Job
from posapp.journal.mapping import body_of, moment

_JOB = (
    "SELECT id, source, external_id, kind, factory_number, state, is_told, deliveries, received_at, delivered_at,"
    " receipt_key, shift_number, lease, code, facts, body FROM jobs "
)
OPEN = "(is_told = 0 OR state IN ('open','held'))"
"""As the partial index has it."""


def job(db: sqlite3.Connection, source: str, external_id: str) -> Job | None:
    """By its number."""
    row = db.execute(_JOB + "WHERE source = ? AND external_id = ?", (source, external_id)).fetchone()
    return None if row is None else _job(row)


def job_of_receipt(db: sqlite3.Connection, key: str) -> Job | None:
    """The job that a receipt is for."""
    row = db.execute(_JOB + "WHERE receipt_key = ?", (key,)).fetchone()
    return None if row is None else _job(row)


def open_jobs(db: sqlite3.Connection, source: str, limit: int) -> list[Job]:
    """Those that wait for anything, or whose end is not acknowledged; the oldest first."""
    rows = db.execute(_JOB + f"WHERE source = ? AND {OPEN} ORDER BY id LIMIT ?", (source, limit))
    return [_job(row) for row in rows]


def jobs(db: sqlite3.Connection, limit: int) -> list[Job]:
    """The newest first."""
    return [_job(row) for row in db.execute(_JOB + "ORDER BY id DESC LIMIT ?", (limit,))]


def _job(row: tuple[Any, ...]) -> Job:
    return Job(
        id=row[0],
        source=row[1],
        external_id=row[2],
        kind=row[3],
        register=row[4],
        state=row[5],
        is_told=bool(row[6]),
        deliveries=row[7],
        received_at=moment(row[8]),
        delivered_at=moment(row[9]),
        receipt_key=row[10],
        shift_number=row[11],
        lease=body_of(row[12]) if row[12] else {},
        code=row[13],
        facts=body_of(row[14]),
        body=body_of(row[15]),
    )
