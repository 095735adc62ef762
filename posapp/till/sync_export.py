"""The sync log as data: a row as JSON, many of them as lines of JSON or as CSV, for people who look for a pattern."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from posapp.errors import WORDS, UsageError
from posapp.journal.rows import LogFilter, LogRow
from posapp.till.context import Till

COLUMNS = (
    "row", "at", "order", "receipt", "entry", "entry_state", "step", "method", "outcome", "http", "code", "number",
    "reason", "duration_ms", "attempt",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def row_json(row: LogRow) -> dict[str, object]:
    """A row for programs; `number` is the code that people say over the phone."""
    words = WORDS.get(row.code)
    return {
        "row": row.id,
        "at": row.at.isoformat(),
        "order": row.order_number,
        "receipt": row.receipt_key,
        "entry": row.entry_id,
        "entry_state": row.entry_state,
        "step": row.step,
        "method": row.method,
        "outcome": row.outcome,
        "http": row.http,
        "code": row.code,
        "number": None if words is None else words.number,
        "reason": row.reason,
        "duration_ms": row.duration_ms,
        "attempt": row.attempt,
    }


def lines(till: Till, wanted: LogFilter, *, as_csv: bool = False, with_bodies: bool = False) -> Iterator[str]:
    """Every row that passes the filter, newest first, a line each (CSV: the head first, made for spreadsheets).

    `with_bodies` adds request and answer, masked as they are stored.
    """
    if as_csv:
        yield _csv([*COLUMNS, *(("request", "answer") if with_bodies else ())])
    for row in till.journal.log_all(wanted):
        body = row_json(row)
        if with_bodies:
            request, answer = till.journal.log_bodies(row.id) or ("", "")
            body |= {"request": request, "answer": answer}
        yield _csv(body.values()) if as_csv else json.dumps(body, ensure_ascii=False)


def _csv(values: object) -> str:
    """A line; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    cells = ["" if each is None else str(each) for each in values]  # type: ignore[attr-defined]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([f"'{each}" if each.startswith(FORMULA) else each for each in cells])
    return out.getvalue()


def moment_of(text: str, now: datetime) -> datetime:
    """A moment as people type it: `2026-11-21`, `2026-11-21T14:30`, or so long ago: `30m`, `2h`, `3d`.

    Raises UsageError.
    """
    cleaned = text.strip()
    if cleaned[-1:] in _UNITS and cleaned[:-1].isdigit() and len(cleaned) <= 6:
        return now - timedelta(**{_UNITS[cleaned[-1]]: int(cleaned[:-1])})
    try:
        found = datetime.fromisoformat(cleaned)
    except ValueError as error:
        raise UsageError("usage", what=f"«{text[:40]}» – не время: 2026-11-21, 2026-11-21T14:30, 2h, 3d") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo)
