"""The journal as somebody else sees it: its own read-only SQLite connection to the file, no code of the product."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from posapp.journal.connect import JOURNAL_NAME


class SeenReceipt(NamedTuple):
    """A receipt's row; a tuple, because a world looks at millions of them."""

    key: str
    order_id: int
    kind: int
    total_kopecks: int
    state: str
    storage_number: str | None
    document_number: int | None


class JournalView:
    """Looks into one journal file. Open a new one after the file was replaced."""

    def __init__(self, folder: Path) -> None:
        path = (folder / JOURNAL_NAME).absolute().as_posix()
        self._db = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None)
        self._version = -1

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def receipts(self) -> list[SeenReceipt]:
        """Every receipt, oldest first."""
        rows = self._db.execute(
            "SELECT key, order_id, kind, total_kopecks, state, storage_number, document_number"
            " FROM receipts ORDER BY id"
        )
        return [SeenReceipt._make(row) for row in rows]

    def has_changed(self) -> bool:
        """Whether anybody has written to the journal since this was asked last."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        former, self._version = self._version, version
        return bool(former != version)

    def receipt(self, key: str) -> SeenReceipt | None:
        """One receipt."""
        row = self._db.execute(
            "SELECT key, order_id, kind, total_kopecks, state, storage_number, document_number FROM receipts"
            " WHERE key = ?",
            (key,),
        ).fetchone()
        return None if row is None else SeenReceipt(*row)

    def outbox(self) -> list[tuple[int, str, str, str, int]]:
        """(id, receipt key, step, state, order id) of every entry, oldest first."""
        return self._db.execute("SELECT id, receipt_key, step, state, order_id FROM outbox ORDER BY id").fetchall()

    def sold_in_shift(self, storage_number: str, shift_number: int) -> int:
        """The sum of the sales whose marks name this storage and shift, in kopecks."""
        rows = self._db.execute(
            "SELECT total_kopecks, mark FROM receipts WHERE state = 'fiscalized' AND kind = 1 AND storage_number = ?",
            (storage_number,),
        )
        return sum(total for total, mark in rows if json.loads(mark)["shift_number"] == shift_number)

    def settled(self) -> object:
        """Something that changes whenever an entry of the outbox comes to be delivered, or no longer is."""
        return self._db.execute(
            "SELECT count(*), sum(id), sum(tries) FROM outbox WHERE state = 'done' UNION ALL"
            " SELECT count(*), sum(id), 0 FROM outbox WHERE state IN ('failed', 'held')"
        ).fetchall()

    def steps_of(self, key: str) -> list[str]:
        """The steps of a receipt in the outbox, in order."""
        rows = self._db.execute("SELECT step FROM outbox WHERE receipt_key = ? ORDER BY step_order", (key,))
        return [row[0] for row in rows]

    def foreign(self) -> set[tuple[str, int]]:
        """Documents that are tagged foreign: (storage, number)."""
        return set(self._db.execute("SELECT storage_number, number FROM foreign_documents"))

    def operations_sending(self) -> list[tuple[int, str]]:
        """(id, kind) of shift operations whose outcome is open."""
        return self._db.execute("SELECT id, kind FROM operations WHERE state = 'sending' ORDER BY id").fetchall()

    def attempts(self) -> list[tuple[str, str]]:
        """(outcome, evidence as JSON) of every attempt and shift operation; "" or `sending` while it is open."""
        tries = self._db.execute("SELECT outcome, evidence FROM attempts").fetchall()
        return tries + self._db.execute("SELECT state, evidence FROM operations").fetchall()

    def integrity(self) -> str:
        """`ok`, or the first thing that is wrong with the file."""
        return str(self._db.execute("PRAGMA integrity_check(1)").fetchone()[0])
