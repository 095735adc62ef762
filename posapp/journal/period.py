"""Questions to the journal about a period of time: keys and ids only, what they stand for is asked one by one.

They are asked a few times a day, by the reconciliation, beside everything else; so each opens a reading connection of
its own. Moments are aware.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from posapp.journal.connect import open_reader
from posapp.journal.failures import sorted_failures
from posapp.journal.mapping import micros


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


def operations_between(path: Path, since: datetime, until: datetime) -> list[int]:
    """The ids of shift operations begun at `since` … before `until`, oldest first. Raises JournalError."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT id FROM operations WHERE started_at >= ? AND started_at < ? ORDER BY id",
            (micros(since), micros(until)),
        )
        return [row[0] for row in rows]


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with sorted_failures(path), closing(open_reader(path)) as db:
        yield db
