"""Questions to the sync log, quick with a million rows: every page is found by an index that fits its filter."""

from __future__ import annotations

import sqlite3

from posapp.journal.mapping import log_row_of, micros, number_key
from posapp.journal.rows import NEEDS_ADMINISTRATOR, LogFilter, LogRow

LAST_LETTER = "\U0010ffff"
FEW = 50_000
"""So many rows of an order are sorted; more of them stand so close together that walking down the log meets them."""

DONE_MAX = 100_000
"""Entries are counted up to here; beyond it nobody needs the number."""

_LOG = (
    "SELECT log.id, log.at, log.entry_id, log.order_number, log.step, log.method, log.outcome, log.http, log.code,"
    " log.reason, log.duration_ms, log.attempt, coalesce(entry.state, ''), coalesce(entry.receipt_key, '')"
    " FROM ({ids}) AS hit"
    " CROSS JOIN sync_log AS log ON log.id = hit.id LEFT JOIN outbox AS entry ON entry.id = log.entry_id"
    " ORDER BY log.id DESC"
)
_STUCK = f"entry.state = 'waiting' AND entry.code IN {NEEDS_ADMINISTRATOR}"
_NEEDS_PERSON = f"(entry.state IN ('failed', 'held') OR {_STUCK})"
_TRY = "SELECT max(log.id) FROM sync_log AS log INDEXED BY ix_sync_log_entry WHERE log.entry_id = entry.id"
_TROUBLES = (
    "SELECT hit.id, coalesce(log.at, entry.created_at), entry.id, entry.order_number, coalesce(log.step, entry.step),"  # noqa: S608
    " coalesce(log.method, ''), coalesce(log.outcome, 'failed'), log.http, coalesce(log.code, ''),"
    " coalesce(log.reason, ''), coalesce(log.duration_ms, 0), coalesce(log.attempt, entry.tries), entry.state,"
    " entry.receipt_key FROM"
    f" (SELECT entry.id AS entry_id, coalesce(({_TRY} AND log.outcome != 'done'), ({_TRY}), -entry.id) AS id"
    f" FROM outbox AS entry INDEXED BY ix_outbox_open WHERE entry.state != 'done' AND {_NEEDS_PERSON}{{more}}) AS hit"
    " CROSS JOIN outbox AS entry ON entry.id = hit.entry_id LEFT JOIN sync_log AS log ON log.id = hit.id"
    " WHERE hit.id < :before_id ORDER BY hit.id DESC LIMIT :limit"
)
_COUNT_ORDER = "SELECT count(*) FROM (SELECT 1 FROM sync_log WHERE order_key >= :begin AND order_key < :end LIMIT :few)"


def rows(db: sqlite3.Connection, wanted: LogFilter, limit: int) -> list[LogRow]:
    """A page of the log, newest first."""
    search = wanted.search.strip()
    begin = number_key(search)
    values: dict[str, object] = {
        "before_id": _begin(db, wanted), "limit": limit, "state": wanted.state, "receipt": wanted.receipt,
        "since": 0 if wanted.since is None else micros(wanted.since), "begin": begin, "end": begin + LAST_LETTER,
        "few": FEW,
    }  # fmt: skip
    where = ["log.id < :before_id"]
    if wanted.needs_person:
        where.append(_NEEDS_PERSON)
    if wanted.state is not None:
        where.append("entry.state = :state")
    if wanted.receipt:
        where.append("entry.receipt_key = :receipt")
    if search:
        where.append("log.order_key >= :begin AND log.order_key < :end")
    if wanted.failed:
        where.append("log.outcome != 'done'")
    if wanted.since is not None:
        where.append("log.at >= :since")
        values["first"] = _first_since(db, micros(wanted.since))
        where.append("log.id >= :first")
    source, order = _way(db, wanted, search, values, where)
    ids = f"SELECT log.id FROM {source} WHERE {' AND '.join(where)} ORDER BY {order} DESC LIMIT :limit"  # noqa: S608
    return [log_row_of(row) for row in db.execute(_LOG.format(ids=ids), values)]


def troubles(db: sqlite3.Connection, wanted: LogFilter, limit: int) -> list[LogRow]:
    """A row for each entry that needs a person: its newest request that did not go well, else its newest one.

    An entry that asked nothing has a row of its own, whose id is the entry's with a minus. Of the filter count
    `search`, `receipt` and `before_id`.
    """
    search = wanted.search.strip()
    begin = number_key(search)
    more = " AND entry.order_key >= :begin AND entry.order_key < :end" if search else ""
    more += " AND entry.receipt_key = :receipt" if wanted.receipt else ""
    values = {
        "before_id": wanted.before_id if wanted.before_id is not None else 1 << 62, "limit": limit, "begin": begin,
        "end": begin + LAST_LETTER, "receipt": wanted.receipt,
    }  # fmt: skip
    return [log_row_of(row) for row in db.execute(_TROUBLES.format(more=more), values)]


def _way(
    db: sqlite3.Connection, wanted: LogFilter, search: str, values: dict[str, object], where: list[str]
) -> tuple[str, str]:
    """Where to read and by what to sort. The way is ours, not the planner's: CROSS JOIN goes from left to right, `+`
    forbids an index, INDEXED BY names it."""
    by_entries = wanted.needs_person or bool(wanted.receipt) or (wanted.state is not None and wanted.state != "done")
    if by_entries:
        if not wanted.receipt:
            where.append("entry.state != 'done'")
        return "outbox AS entry CROSS JOIN sync_log AS log ON log.entry_id = entry.id", "+log.id"
    is_few = bool(search) and db.execute(_COUNT_ORDER, values).fetchone()[0] < FEW
    log = "sync_log AS log"
    if is_few:
        log = "sync_log AS log INDEXED BY ix_sync_log_order"
    elif wanted.failed:
        log = "sync_log AS log INDEXED BY ix_sync_log_trouble"
    elif wanted.state is not None:
        log = "sync_log AS log INDEXED BY ix_sync_log_told"
        where.append("log.entry_id IS NOT NULL")
    elif search:
        log = "sync_log AS log NOT INDEXED"
    order = "+log.id" if is_few else "log.id"
    return (log, order) if wanted.state is None else (f"{log} CROSS JOIN outbox AS entry ON entry.id = log.entry_id",
                                                      order)  # fmt: skip


def _begin(db: sqlite3.Connection, wanted: LogFilter) -> int:
    """The id under which the page begins."""
    found = wanted.before_id if wanted.before_id is not None else 1 << 62
    if wanted.until is not None:
        last = db.execute(
            "SELECT id FROM sync_log WHERE at <= ? ORDER BY at DESC, id DESC LIMIT 1", (micros(wanted.until),)
        ).fetchone()
        found = min(found, 0 if last is None else last[0] + 1)
    return found


def _first_since(db: sqlite3.Connection, since: int) -> int:
    found = db.execute("SELECT id FROM sync_log WHERE at >= ? ORDER BY at LIMIT 1", (since,)).fetchone()
    return 1 << 62 if found is None else int(found[0])


def row(db: sqlite3.Connection, row_id: int) -> LogRow | None:
    """A row by its number."""
    found = db.execute(_LOG.format(ids="SELECT :id AS id"), {"id": row_id}).fetchone()
    return None if found is None else log_row_of(found)


def bodies(db: sqlite3.Connection, row_id: int) -> tuple[bytes, bytes] | None:
    """Request and answer of a row, packed; None when they are not kept (any more)."""
    found = db.execute("SELECT request, answer FROM sync_bodies WHERE log_id = ?", (row_id,)).fetchone()
    return None if found is None else (found[0], found[1])


def done_entries(db: sqlite3.Connection) -> int:
    """How many entries of the outbox are done, `DONE_MAX` for more than that."""
    count = "SELECT count(*) FROM (SELECT 1 FROM outbox INDEXED BY ix_outbox_done WHERE state = 'done' LIMIT ?)"
    return int(db.execute(count, (DONE_MAX,)).fetchone()[0])


def extent(db: sqlite3.Connection) -> tuple[int, int | None]:
    """About how many rows there are, by their ids, and when the oldest is from (microseconds)."""
    first = db.execute("SELECT id, at FROM sync_log ORDER BY id LIMIT 1").fetchone()
    if first is None:
        return 0, None
    last = db.execute("SELECT id FROM sync_log ORDER BY id DESC LIMIT 1").fetchone()
    return int(last[0] - first[0] + 1), int(first[1])
