"""What is written into the sync log and what is taken out of it; a part of `changes.Changes`.

The log is kept by rule (`rows.LogKeep`). What is too old goes in small pieces, each a transaction of its own, so that
no sale waits for it. Two things are kept whatever their age: the last row of every entry that is not delivered – it
says why –, and the newest `LEAST` rows, for a clock that was wrong must not empty the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from posapp.journal import statements as sql

LEAST = 10_000
"""The newest rows, which no age removes."""

PIECE = 500
"""Rows that are removed in one transaction."""

# The last row of an entry that the portal does not know yet is the only word on why.
_KEPT = (
    "entry_id IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM outbox WHERE outbox.id = sync_log.entry_id AND outbox.state != 'done')"
    " AND NOT EXISTS (SELECT 1 FROM sync_log AS later WHERE later.entry_id = sync_log.entry_id"
    " AND later.id > sync_log.id)"
)
_TOO_MANY = f"SELECT id FROM sync_log WHERE id <= :bound AND NOT ({_KEPT}) ORDER BY id LIMIT :piece"  # noqa: S608
_TOO_OLD = f"SELECT id FROM sync_log WHERE at < :before AND id <= :newest AND NOT ({_KEPT}) ORDER BY at LIMIT :piece"  # noqa: S608
_LAST_BEFORE = "SELECT id FROM sync_log WHERE at < :before ORDER BY at DESC LIMIT 1"
_BODIES = "SELECT log_id FROM sync_bodies WHERE is_done = 1 AND log_id <= :bound ORDER BY log_id LIMIT :piece"


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A row as it is stored: the columns of `sync_log` but its id; request and answer packed, None for neither."""

    columns: Mapping[str, object]
    bodies: tuple[bytes, bytes] | None


class LogChanges:
    """On the writing connection, each a part of one transaction."""

    _db: sqlite3.Connection

    def add_log(self, rows: Sequence[PackedRow]) -> None:
        """Requests that happened."""
        last: int = sql.LAST_LOG.run(self._db, {}).fetchone()[0]
        numbered = list(enumerate(rows, last + 1))
        sql.ADD_LOG.run_many(self._db, [{**row.columns, "id": number} for number, row in numbered])
        sql.ADD_BODY.run_many(
            self._db,
            [
                {"log_id": number, "is_done": int(row.columns["outcome"] == "done"), "request": sent, "answer": got}
                for number, row in numbered
                if row.bodies is not None
                for sent, got in (row.bodies,)
            ],
        )

    def trim_log(self, before: int, bodies_before: int, rows: int) -> int:
        """Removes a piece of what is too old or too much; how much it was, 0 when nothing is left to remove.

        Args:
            before: rows older than this moment go (microseconds).
            bodies_before: requests and answers of rows that went well and are older than this go.
            rows: how many rows are kept.
        """
        last: int = sql.LAST_LOG.run(self._db, {}).fetchone()[0]
        values = {"bound": last - max(rows, LEAST), "before": before, "newest": last - LEAST, "piece": PIECE}
        gone = [row[0] for row in self._db.execute(_TOO_MANY, values)]
        gone = gone or [row[0] for row in self._db.execute(_TOO_OLD, values)]
        if gone:
            self._db.executemany("DELETE FROM sync_bodies WHERE log_id = ?", [(each,) for each in gone])
            self._db.executemany("DELETE FROM sync_log WHERE id = ?", [(each,) for each in gone])
            return len(gone)
        found = self._db.execute(_LAST_BEFORE, {"before": bodies_before}).fetchone()
        if found is None:
            return 0
        bound = min(found[0], last - LEAST)
        bodies = self._db.execute(_BODIES, {"bound": bound, "piece": PIECE}).fetchall()
        self._db.executemany("DELETE FROM sync_bodies WHERE log_id = ?", bodies)
        return len(bodies)
