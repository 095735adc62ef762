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
        *row[:6],
        bool(row[6]),
        row[7],
        moment(row[8]),
        moment(row[9]),
        row[10],
        row[11],
        body_of(row[12]) if row[12] else {},
        row[13],
        body_of(row[14]),
        body_of(row[15]),
    )
