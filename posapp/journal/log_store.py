"""The sync log as the journal offers it; a part of `store.Journal`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from posapp.journal import log_queries
from posapp.journal.connect import Readers
from posapp.journal.mapping import micros, moment, number_key
from posapp.journal.rows import Decision, LogFilter, LogKeep, LogRow, NewLogRow

if TYPE_CHECKING:
    from posapp.journal.changes import Changes
    from posapp.journal.log_changes import PackedRow

T = TypeVar("T")
_LEVEL = 1  # of zlib: bodies are short, the CPU is a shop's
_PAGE = 500
_UNPACKED_MAX = 1 << 20


class LogStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    def add_log(self, rows: Sequence[NewLogRow]) -> None:
        """Requests to the portal that happened."""
        packed = [pack(each) for each in rows]
        self._write(lambda changes: changes.add_log(packed))

    def log_rows(
        self,
        *,
        needs_person: bool = False,
        state: str | None = None,
        search: str = "",
        before_id: int | None = None,
        limit: int = 200,
    ) -> list[LogRow]:
        """A page of the sync log, newest first; the next page begins before the last id of this one."""
        return self.log_page(LogFilter(needs_person, state, search, before_id=before_id), limit)

    def log_page(self, wanted: LogFilter, limit: int = 200) -> list[LogRow]:
        """A page of the rows that pass a filter, newest first."""
        with self._readers.reading() as db:
            return log_queries.rows(db, wanted, limit)

    def log_troubles(self, wanted: LogFilter, limit: int = 200) -> list[LogRow]:
        """A page of the entries that need a person, each as one row (see `log_queries.troubles`)."""
        with self._readers.reading() as db:
            return log_queries.troubles(db, wanted, limit)

    def log_all(self, wanted: LogFilter) -> Iterator[LogRow]:
        """Every row that passes a filter, newest first, read page by page: nothing waits for whoever takes them."""
        while page := self.log_page(wanted, _PAGE):
            yield from page
            wanted = replace(wanted, before_id=page[-1].id)

    def log_row(self, row_id: int) -> LogRow | None:
        """A row by its number."""
        with self._readers.reading() as db:
            return log_queries.row(db, row_id)

    def log_bodies(self, row_id: int) -> tuple[str, str] | None:
        """Request and answer of a row, masked; None when they are not kept (any more)."""
        with self._readers.reading() as db:
            found = log_queries.bodies(db, row_id)
        return None if found is None else (_unpacked(found[0]), _unpacked(found[1]))

    def done_entries(self) -> int:
        """How many entries of the outbox the portal knows, up to a hundred thousand."""
        with self._readers.reading() as db:
            return log_queries.done_entries(db)

    def log_extent(self) -> tuple[int, datetime | None]:
        """About how many rows there are, and when the oldest is from."""
        with self._readers.snapshot() as db:
            count, oldest = log_queries.extent(db)
        return count, None if oldest is None else moment(oldest)

    def trim_log(self, keep: LogKeep, now: datetime) -> int:
        """Removes one small piece of what the rule does not keep; how much it was, 0 when there is no more."""
        before = micros(now - timedelta(days=keep.days))
        bodies_before = micros(now - timedelta(days=min(keep.body_days, keep.days)))
        return self._write(lambda changes: changes.trim_log(before, bodies_before, keep.rows))


def pack(row: NewLogRow) -> PackedRow:
    """A row as it is stored. Done by whoever brings it: the writer's thread has sales to write."""
    from posapp.journal.log_changes import PackedRow

    columns = {
        "at": micros(row.at),
        "entry_id": row.entry_id,
        "order_number": row.order_number,
        "order_key": number_key(row.order_number),
        "step": row.step,
        "method": row.method,
        "outcome": row.outcome,
        "http": row.http,
        "code": row.code,
        "reason": row.reason,
        "duration_ms": row.duration_ms,
        "attempt": row.attempt,
    }
    has_bodies = row.request or row.answer
    return PackedRow(columns, (_packed(row.request), _packed(row.answer)) if has_bodies else None)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), _LEVEL) if text else b""


def _unpacked(data: bytes) -> str:
    return zlib.decompressobj().decompress(data, _UNPACKED_MAX).decode(errors="replace") if data else ""
