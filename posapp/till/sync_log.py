"""The sync log as people read it, the rule by which it is kept, and how the portal's request budget stands.

Every request that really went out is a row: when, what for, how long, what came of it. What it asked and was answered
lies beside the row, masked before it was stored (`posapp.sync.masking`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from posapp.errors import WORDS, SaleError, SetupError
from posapp.journal.rows import NEEDS_ADMINISTRATOR, LogFilter, LogKeep, LogRow, NewLogRow
from posapp.till.context import Till
from posapp.till.lights import trouble_of
from posapp.till.sync_views import BudgetView, SyncDetail
from posapp.till.views import SyncRow

if TYPE_CHECKING:
    from posapp.journal.store import Journal
    from posapp.settings import Settings
    from posapp.sync.bitrix.client import BitrixClient, RequestLog
    from posapp.sync.governor import Figures

CHIP_FILTERS: Mapping[str, str | None] = {"mine": None, "way": "waiting", "done": "done", "all": None}
SEARCH_MAX = 64
KEY_LENGTH = 16
PIECES = 10
"""Pieces of the log that are removed after one exchange: what is due in months goes in minutes, and nobody waits."""
FLUSH_AT = 8
"""So many requests of a pull are kept together: a load of all orders must not pile up its answers in memory."""
ROUND_REQUESTS, ROUND_RECEIPTS = 5, 49
"""What a round of write-back asks for so many receipts (`sync.bitrix.rounds`)."""
FRESH = timedelta(minutes=2)
"""Older figures of use are nobody's any more: nothing was asked since."""
KEEP_FIGURES = timedelta(seconds=30)


# ---------------------------------------------------------------------------------------------- reading
def page(till: Till, chip: str, search: str, before: int | None) -> list[SyncRow]:
    """The log, newest first, 200 rows a page; `chip` is mine, way, done or all.

    What needs a person (`mine`) has one row for each entry, which tells its trouble: as many as the chip counts.

    `search`: an order's number or its beginning, or the key of a receipt.
    """
    wanted = LogFilter(state=CHIP_FILTERS[chip], before_id=before)
    if chip == "mine":
        return [row_of(_told(till, each)) for each in till.journal.log_troubles(searching(wanted, search))]
    return [row_of(each) for each in till.journal.log_page(searching(wanted, search))]


def searching(wanted: LogFilter, search: str) -> LogFilter:
    """The filter with what a person typed: the key of a receipt where it is one, else the beginning of an order."""
    text = search.strip()[:SEARCH_MAX]
    is_key = len(text) == KEY_LENGTH and text.isascii() and text.isalnum() and not text.isdigit()
    return replace(wanted, receipt=text.upper()) if is_key else replace(wanted, search=text)


def _told(till: Till, row: LogRow) -> LogRow:
    """The row of an entry that needs a person with the entry's trouble, where its last request tells another or none:
    what Bitrix accepted may still have come to nothing."""
    from posapp.sync.masking import masked_reason

    entry = till.journal.entry(row.entry_id) if row.entry_id is not None else None
    trouble = trouble_of(entry) if entry is not None else None
    if entry is None or (row.outcome != "done" and (trouble is None or row.code == entry.code)):
        return row
    reason = "" if trouble is None else masked_reason(trouble.message(), "", None, None)
    return replace(row, outcome="failed", code=entry.code, reason=reason)


def row_of(row: LogRow) -> SyncRow:
    """A row as the window shows it."""
    is_stuck = row.entry_state == "waiting" and row.code in NEEDS_ADMINISTRATOR
    return SyncRow(
        row_id=row.id,
        at=row.at,
        order_number=row.order_number,
        step=row.step,
        method=row.method,
        outcome=row.outcome,
        code=row.code,
        reason=row.reason,
        duration_ms=row.duration_ms,
        attempt=row.attempt,
        entry=row.entry_id,
        entry_state="failed" if is_stuck else row.entry_state,  # tried again, but only an administrator can mend it
        receipt=row.receipt_key,
        http=row.http,
    )


def counts(till: Till) -> dict[str, int]:
    """Entries by chip, for the numbers beside the filters."""
    found = till.journal.outbox_counts()
    done = till.journal.done_entries()
    mine, way = found.failed + found.held + found.stuck, found.waiting - found.stuck
    return {"mine": mine, "way": way, "done": done, "all": mine + way + done}


def detail(till: Till, row_id: int, language: str = "ru") -> SyncDetail:
    """A row with request, answer, and our words for what went wrong. Raises SaleError `not_found`."""
    mine = [each for each in till.journal.log_troubles(LogFilter(before_id=row_id + 1), 1) if each.id == row_id]
    found = mine[0] if mine else till.journal.log_row(row_id)
    if found is None:
        raise SaleError("not_found", what=f"строка {row_id}")
    bodies = till.journal.log_bodies(row_id)
    trouble, remedy = _words(till, _told(till, found) if mine else found, language)
    request, answer = bodies or ("", "")
    return SyncDetail(row_of(found), request, answer, bodies is not None, trouble, remedy)


def _words(till: Till, row: LogRow, language: str) -> tuple[str, str]:
    """What went wrong and what to do: by the entry where its last trouble is this one, else by the row alone."""
    if not row.code:
        return "", ""
    entry = till.journal.entry(row.entry_id) if row.entry_id is not None else None
    known = trouble_of(entry) if entry is not None and entry.code == row.code else None
    words = WORDS.get(row.code)
    if known is not None:
        return row.reason or known.message(language), known.action(language)
    if words is None:
        return row.reason, ""
    remedy = words.en_action if language == "en" else words.ru_action
    return row.reason, remedy.format_map(_Unknown())


class _Unknown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


# ---------------------------------------------------------------------------------------------- writing
@contextmanager
def recorded(till: Till, client: BitrixClient, step: str = "pull") -> Iterator[None]:
    """Every request of the block becomes a row of the log that concerns no order; failed ones too."""
    pages = _Pages(till, step)
    try:
        with client.recording_to(pages):
            yield
    finally:
        pages.flush()


class _Pages:
    """Keeps requests a few at a time."""

    def __init__(self, till: Till, step: str) -> None:
        self._till, self._step = till, step
        self._waiting: list[NewLogRow] = []

    def append(self, entry: RequestLog) -> None:
        """One request; the commands of a batch are told by the batch."""
        if entry.in_batch:
            return
        sent, got = entry.wire.masked() if entry.wire is not None else ("", "")
        self._waiting.append(
            NewLogRow(
                at=self._till.now(),
                entry_id=None,
                order_number="",
                step=self._step,
                method=entry.method,
                outcome=entry.outcome,
                http=entry.http,
                code=entry.code,
                reason=entry.wire.masked_reason(entry.reason) if entry.wire is not None else entry.reason,
                duration_ms=entry.duration_ms,
                attempt=1,
                request=sent,
                answer=got,
            )
        )
        if len(self._waiting) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """What waits, in one transaction."""
        rows: Sequence[NewLogRow] = self._waiting
        self._waiting = []
        if rows:
            self._till.journal.add_log(rows)


# ---------------------------------------------------------------------------------------------- the rule
def rule(till: Till) -> LogKeep:
    """How long the log is kept here."""
    chosen = till.settings.log
    return LogKeep(chosen.days, chosen.rows, chosen.body_days)


def trim(till: Till, pieces: int = PIECES) -> int:
    """Removes what the rule does not keep, a few pieces of it; how many rows and bodies that was."""
    gone, keep, now = 0, rule(till), till.now()
    for _ in range(pieces):
        piece = till.journal.trim_log(keep, now)
        gone += piece
        if not piece:
            break
    return gone


# ---------------------------------------------------------------------------------------------- the budget
def after_exchange(till: Till) -> None:
    """The quiet moment behind a round: the figures of the budget are kept for other processes, the log is trimmed."""
    if till.settings.portal is None or till.journal.is_read_only:
        return
    with suppress(SetupError):  # a till without a key asks nobody
        if till.client is not None:
            _note(till, till.client().budget)
    trim(till)


def _note(till: Till, figures: Figures) -> None:
    now = till.now()
    stored = _stored(till)
    said = {
        "allowed": figures.allowed_per_s,
        "used": round(figures.used_per_s, 2),
        "free": round(figures.free, 1),
        "request_s": round(figures.request_s, 2),
        "resting": {name: (now + timedelta(seconds=left)).isoformat() for name, left in figures.resting.items()},
        "tills": figures.tills,
        "away": figures.is_gateway_away,
    }
    same = {name: stored.get(name) for name in said} == said
    if not same or _at(stored) is None or not timedelta(0) <= now - (_at(stored) or now) < KEEP_FIGURES:
        till.journal.set_fact(_fact(till), json.dumps({**said, "at": now.isoformat()}))


def tills_of(journal: Journal, settings: Settings) -> int | None:
    """How many tills shared the portal's budget at the last exchange; None where that is not known or nobody shares."""
    if settings.gateway is None or settings.portal is None:
        return None
    text = journal.get_fact(f"budget:{settings.portal.portal}")
    try:
        return int(json.loads(text)["tills"]) if text else None
    except (ValueError, KeyError, TypeError):
        return None


def budget(till: Till) -> BudgetView:
    """How the request budget stands, by what the last exchange kept: also from another process."""
    from posapp.sync.governor import Figures

    portal = till.settings.portal
    counts = till.journal.outbox_counts()
    stored, now = _stored(till), till.now()
    at = _at(stored)
    is_fresh = at is not None and timedelta(0) <= now - at < FRESH
    allowed = float(stored.get("allowed") or (portal.limit_per_second if portal else 2.0))
    burst = float(portal.limit_burst if portal else 50)
    free = float(stored.get("free", 0.0)) if is_fresh else burst * 0.9
    figures = Figures(allowed, 0.0, free, float(stored.get("request_s", 0.0)))
    since = till.journal.get_fact(f"offline_since:{portal.portal}") if portal else None
    way = counts.waiting - counts.stuck
    resting = {name: datetime.fromisoformat(str(until)) for name, until in dict(stored.get("resting") or {}).items()}
    return BudgetView(
        allowed_per_s=allowed,
        used_per_s=float(stored.get("used", 0.0)) if is_fresh else 0.0,
        waiting=counts.waiting,
        receipts_waiting=counts.receipts_waiting,
        needs_person=counts.failed + counts.held + counts.stuck,
        drains_in_s=_drains_in(figures, way, counts.receipts_waiting, counts.next_due_at, now) if not since else None,
        is_offline=bool(since),
        measured_at=at,
        resting={name: until for name, until in resting.items() if until > now},
        tills=int(stored.get("tills", 1)),
        is_gateway_away=bool(stored.get("away")),
    )


def _drains_in(figures: Figures, way: int, receipts: int, next_due: datetime | None, now: datetime) -> float | None:
    """Seconds until the portal knows everything that can be told without a person: first the next try, then rounds."""
    if not way:
        return None if receipts else 0.0
    rounds = max(ceil(receipts / ROUND_RECEIPTS), ceil(way / (4 * ROUND_RECEIPTS)))
    wait_s = max(0.0, (next_due - now).total_seconds()) if next_due is not None else 0.0
    return wait_s + figures.drain_s(rounds * ROUND_REQUESTS)


def _stored(till: Till) -> dict[str, Any]:
    text = till.journal.get_fact(_fact(till)) if till.settings.portal is not None else None
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _at(stored: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(str(stored["at"])) if "at" in stored else None


def _fact(till: Till) -> str:
    return f"budget:{till.portal}"
