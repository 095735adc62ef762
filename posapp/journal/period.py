"""Questions to the journal about a period: of time, or from one fiscal document to another.

They are asked beside everything else – by the reconciliation, after a receipt is out –, so each opens a reading
connection of its own. Moments are aware. Periods of time give keys and ids only; what they stand for is asked one by
one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from posapp.journal.connect import open_reader
from posapp.journal.failures import sorted_failures
from posapp.journal.mapping import micros, moment, receipt_of
from posapp.journal.rows import StoredReceipt


def fiscalized_between(path: Path, since: datetime, until: datetime, limit: int) -> list[str]:
    """The keys of receipts whose mark came into the journal at `since` … before `until`, oldest first.

    Raises JournalError for trouble with the disk.
    """
    with _reading(path) as db:
        rows = db.execute(
            "SELECT key FROM receipts WHERE fiscalized_at IS NOT NULL AND fiscalized_at >= ? AND fiscalized_at < ?"
            " ORDER BY fiscalized_at, id LIMIT ?",
            (micros(since), micros(until), limit),
        )
        return [row[0] for row in rows]


def fiscalized_moments(path: Path, since: datetime, until: datetime) -> list[datetime]:
    """When marks came into the journal at `since` … before `until`, ascending, in UTC. Raises JournalError."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT fiscalized_at FROM receipts WHERE fiscalized_at IS NOT NULL AND fiscalized_at >= ?"
            " AND fiscalized_at < ? ORDER BY fiscalized_at",
            (micros(since), micros(until)),
        )
        return [moment(row[0]) for row in rows]


def operations_between(path: Path, since: datetime, until: datetime) -> list[int]:
    """The ids of shift operations begun at `since` … before `until`, oldest first. Raises JournalError."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT id FROM operations WHERE started_at >= ? AND started_at < ? ORDER BY id",
            (micros(since), micros(until)),
        )
        return [row[0] for row in rows]


def receipts_of_documents(path: Path, storage_number: str, after: int, until: int) -> list[StoredReceipt]:
    """Receipts proven by documents of a storage (1041) with numbers (1040) above `after` up to `until`, ascending."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT body, state, reason, mark, fiscalized_at, attempts FROM receipts WHERE document_number IS NOT NULL"
            " AND storage_number = ? AND document_number > ? AND document_number <= ? ORDER BY document_number",
            (storage_number, after, until),
        )
        return [receipt_of(row) for row in rows]


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with sorted_failures(path), closing(open_reader(path)) as db:
        yield db
