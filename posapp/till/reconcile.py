"""The reconciliation: what the journal, the fiscal storage, the portal and the OFD say of the same receipts.

Only differences are told (`reconcile_views.Difference`), each with the one step against it. A witness that could not be
asked is told as such: silence never counts as agreement. Nothing is changed anywhere; the result is kept as facts of
the journal, for "last reconciled at …".

    run          a period, for a person
    at_start     what is new since the last good one: few documents, few requests
    after_close  the shift that was just closed, whole

How the witnesses are asked: `readings`, `readings_away`. What differs: `differences` (journal, storage), and
`shift_differences`, `portal_differences`, `ofd_differences` – pure functions of what was read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from posapp.errors import PosError, SetupError
from posapp.till import differences, ofd_differences, portal_differences, readings, readings_away, shift_differences
from posapp.till.context import Till
from posapp.till.readings import Head, Here, Span, Stopped, Tell, Where
from posapp.till.reconcile_views import (
    JOURNAL,
    OFD,
    PORTAL,
    STORAGE,
    Difference,
    LastReconciled,
    Move,
    NotChecked,
    Phrase,
    ReconcileProgress,
    ReconcileReport,
)
from posapp.till.shift_opening import SHIFT_OPENED
from posapp.till.witnesses import JournalReading, StorageReading

log = logging.getLogger("posapp")

LISTED_MAX = 500
START_DAYS_MAX = 31
LOOK_BACK = timedelta(days=2)
"""A run at start looks at receipts this long before the last good one: the OFD has a day, orders change meanwhile."""
_LAST, _GOOD = "reconciled", "reconciled_good"

__all__ = ["Here", "Stopped", "after_close", "at_start", "last", "on_dates", "run"]


def _silent(_progress: ReconcileProgress) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class _Run:
    """One reconciliation under way."""

    till: Till
    where: Where
    span: Span
    tell: Tell
    after: int | None
    foreign_expected: bool | None
    found: list[Difference] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    foreign: int = 0


# ------------------------------------------------------------------------------------------------ the three occasions
def run(
    till: Till,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Tell = _silent,
    *,
    where: Where | None = None,
    foreign_expected: bool | None = None,
) -> ReconcileReport:
    """Reconciles a period.

    Args:
        since: aware; None for the beginning of the shift that is open, else of today.
        until: aware, not included; None for now.
        progress: told after each page; raises `Stopped` to end it.
        where: the lanes that register and exchange live on; the caller's thread by default.
        foreign_expected: whether other programs print on this register. None: as the shop said at set-up; they may,
            unless the register puts no stamp into our documents, for then nobody could tell them from ours.

    Raises:
        JournalError: the journal cannot be read. Trouble of all others is part of the report.
        Stopped: no report.
    """
    return _reconcile(till, since, until, progress, where or Here(), "person", None, foreign_expected)


def at_start(till: Till, progress: Tell = _silent, *, where: Where | None = None) -> ReconcileReport | None:
    """What is new since the last good reconciliation; never raises but `Stopped`. None when it failed as a whole."""
    good = _good(till)
    since, after = None, None
    if good is not None:
        edge = till.now() - timedelta(days=START_DAYS_MAX)
        since, after = max(good.at - LOOK_BACK, edge), good.document
    return _quietly(lambda: _reconcile(till, since, None, progress, where or Here(), "start", after, None))


def after_close(till: Till, progress: Tell = _silent, *, where: Where | None = None) -> ReconcileReport | None:
    """The shift that was just closed; never raises but `Stopped`: the close has succeeded whatever this finds."""
    return _quietly(lambda: _reconcile(till, _opened_at(till), None, progress, where or Here(), "close", None, None))


def last(till: Till) -> LastReconciled | None:
    """The last reconciliation, None when there was none."""
    stored = till.journal.get_fact(_LAST)
    return None if stored is None else _last_from(json.loads(stored))


def on_dates(till: Till, first: date | None, final: date | None) -> tuple[datetime | None, datetime | None]:
    """The moments of a period of whole days, `final` included, in the till's zone; None stays None."""
    zone = till.now().tzinfo
    since = None if first is None else datetime.combine(first, time(), zone)
    until = None if final is None else datetime.combine(final + timedelta(days=1), time(), zone)
    return since, until


def _quietly(job: Callable[[], ReconcileReport]) -> ReconcileReport | None:
    """For what runs by itself: the trouble is logged, and the work beside which it runs has not failed."""
    try:
        return job()
    except Stopped:
        raise
    except PosError as error:
        log.warning("reconciliation: %s", error)
    except Exception:
        # A bug here must never make a closed shift, or a started program, look as if it had failed.
        log.exception("reconciliation failed")
    return None


# ------------------------------------------------------------------------------------------------ one reconciliation
def _reconcile(
    till: Till,
    since: datetime | None,
    until: datetime | None,
    progress: Tell,
    where: Where,
    why: str,
    after: int | None,
    foreign_expected: bool | None,
) -> ReconcileReport:
    now = till.now()
    head, trouble = _head(till, where)
    begin = since or _begin(till, head, now)
    until = None if until is not None and until > now else until
    if foreign_expected is None and till.settings.printer is not None and till.settings.printer.only_program:
        foreign_expected = False
    work = _Run(till, where, Span(begin, until, now), progress, after, foreign_expected)
    journal = where.device(lambda: readings.read_journal(till, work.span))
    if len(journal.kept) > readings.RECEIPTS_MAX:
        journal = replace(journal, kept=journal.kept[: readings.RECEIPTS_MAX])
        work.not_checked.append(_too_many(JOURNAL, readings.RECEIPTS_MAX))
    work.checked[JOURNAL] = len(journal.kept)
    work.found += differences.of_journal(journal, now)
    storage = _storage(work, head, trouble, journal)
    _portal(work, journal)
    _ofd(work, journal, storage)
    report = _report(work)
    _keep(till, report, why, storage, after)
    return report


def _head(till: Till, where: Where) -> tuple[Head | None, PosError | None]:
    try:
        return where.device(lambda: readings.read_head(till)), None
    except PosError as error:
        return None, error


def _begin(till: Till, head: Head | None, now: datetime) -> datetime:
    """The beginning of the shift that is open, where this till has opened it; else of today."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    opened = _opened_at(till)
    is_open = head is not None and (head.shift.is_open or head.shift.is_expired)
    return opened if opened is not None and is_open else midnight


def _opened_at(till: Till) -> datetime | None:
    opened = till.journal.get_fact(SHIFT_OPENED)
    return datetime.fromisoformat(opened) if opened else None


# ------------------------------------------------------------------------------------------------ the witnesses in turn
def _storage(work: _Run, head: Head | None, trouble: PosError | None, journal: JournalReading) -> StorageReading | None:
    till = work.till
    here = till.identity.storage_number if till.settings.printer is not None else ""
    former = [each for each in journal.kept if each.mark.storage_number != here]
    if former:
        names = ", ".join(sorted({each.mark.storage_number for each in former}))
        why = Phrase(f"чеков прежнего ФН {names}: {len(former)}, его здесь больше нет",
                     f"receipts of the former storage {names}: {len(former)}, it is not here any more")  # fmt: skip
        work.not_checked.append(NotChecked(STORAGE, why, is_trouble=False))
    if head is None:
        if trouble is not None and trouble.code == "wrong_device":
            facts = {"found": str(trouble.facts.get("found")), "expected": str(trouble.facts.get("expected"))}
            work.found.append(
                Difference("storage_replaced", Move.ADMINISTRATOR, command="posapp setup printer", facts=facts)
            )
        _unasked(work, STORAGE, trouble)
        return None
    reading, broke = readings.read_storage(till, work.where, head, work.span, journal, work.tell, work.after)
    if broke is not None:
        _unasked(work, STORAGE, broke)
    work.checked[STORAGE] = len(reading.found) + len(reading.looked_up)
    work.foreign = len(differences.foreign(reading.found))
    work.found += differences.of_storage(journal, reading, foreign_expected=work.foreign_expected)
    work.found += shift_differences.of_shifts(journal, reading)
    return reading


def _portal(work: _Run, journal: JournalReading) -> None:
    try:
        kept, portal = readings_away.read_portal(work.till, work.where, work.span, journal, work.tell)
    except PosError as error:
        _unasked(work, PORTAL, error)
        return
    work.checked[PORTAL] = len(portal.orders)
    work.found += portal_differences.of_portal(kept, portal, work.span.now)


def _ofd(work: _Run, journal: JournalReading, storage: StorageReading | None) -> None:
    try:
        found = readings_away.read_ofd(work.till, work.span, journal, storage, work.tell)
    except PosError as error:
        _unasked(work, OFD, error)
        return
    work.checked[OFD] = sum(len(each.held) for each in found)
    for each in found:
        work.found += ofd_differences.of_ofd(each, work.till.settings.till, work.span.now)


_MISSING = {
    STORAGE: Phrase("ККТ не указана – «posapp setup printer».", "no register is set up: “posapp setup printer”."),
    PORTAL: Phrase("портал не указан – «posapp setup portal».", "no portal is set up: “posapp setup portal”."),
    OFD: Phrase("ОФД не указан – «posapp setup ofd».", "no OFD is set up: “posapp setup ofd”."),
}


def _unasked(work: _Run, source: str, trouble: PosError | None) -> None:
    """Not set up is no trouble; everything else is: nobody knows whether it agrees."""
    error = trouble or SetupError("not_set_up", what="не указана ККТ", command="printer")
    is_missing = isinstance(error, SetupError) and error.code == "not_set_up" and not _is_set_up(work.till, source)
    why = _MISSING[source] if is_missing else Phrase.of(error)
    work.not_checked.append(NotChecked(source, why, is_trouble=not is_missing))


def _is_set_up(till: Till, source: str) -> bool:
    settings = till.settings
    parts = {STORAGE: settings.printer, PORTAL: settings.portal, OFD: settings.ofd or till.ofd}
    return parts[source] is not None


def _too_many(source: str, most: int) -> NotChecked:
    return NotChecked(
        source,
        Phrase(f"сверены первые {most} чеков, возьмите период короче", f"only the first {most}: take a shorter period"),
    )


# ------------------------------------------------------------------------------------------------ the result
_LOUDEST = ("two_documents", "storage_differs", "storage_lacks", "storage_replaced", "sending_left", "ofd_extra")


def _report(work: _Run) -> ReconcileReport:
    """The loudest first: two receipts for one order, then what contradicts the storage; what needs nobody last."""
    ranks = {code: rank for rank, code in enumerate(_LOUDEST)}
    found = sorted(
        work.found,
        key=lambda each: (
            each.move is Move.PROGRAM,
            ranks.get(each.code, len(ranks)),
            each.document_number or 0,
            each.order,
        ),
    )
    return ReconcileReport(
        since=work.span.since,
        until=work.span.until,
        at=work.span.now,
        checked=dict(work.checked),
        differences=tuple(found[:LISTED_MAX]),
        not_checked=tuple(work.not_checked),
        more=max(0, len(found) - LISTED_MAX),
        foreign=work.foreign,
    )


@dataclass(frozen=True, slots=True)
class _Good:
    """Up to where everything agreed: when, and the last document of the storage that was read then."""

    at: datetime
    storage: str
    document: int


def _good(till: Till) -> _Good | None:
    stored = till.journal.get_fact(_GOOD)
    if stored is None or till.settings.printer is None:
        return None
    row = json.loads(stored)
    good = _Good(datetime.fromisoformat(row["at"]), row["storage"], row["document"])
    return good if good.storage == till.identity.storage_number else None


def _keep(till: Till, report: ReconcileReport, why: str, storage: StorageReading | None, after: int | None) -> None:
    till.journal.set_fact(_LAST, json.dumps(_row(report, why), ensure_ascii=False))
    if not report.is_good or report.until is not None or storage is None:
        return
    former = _good(till)
    first = storage.found[0].document.number if storage.found else storage.last + 1
    reaches = former is None or (first if after is None else after + 1) <= former.document + 1
    if reaches and (former is None or report.since <= former.at):
        row = {"at": report.at.isoformat(), "storage": storage.device.storage_number, "document": storage.last}
        till.journal.set_fact(_GOOD, json.dumps(row))


def _row(report: ReconcileReport, why: str) -> dict[str, object]:
    return {
        "why": why,
        "since": report.since.isoformat(),
        "until": None if report.until is None else report.until.isoformat(),
        "at": report.at.isoformat(),
        "checked": dict(report.checked),
        "differences": [each.as_row() for each in report.differences],
        "not_checked": [[each.source, each.why.ru, each.why.en, each.is_trouble] for each in report.not_checked],
        "more": report.more,
        "foreign": report.foreign,
    }


def _last_from(row: Mapping[str, Any]) -> LastReconciled:
    report = ReconcileReport(
        since=datetime.fromisoformat(row["since"]),
        until=None if row["until"] is None else datetime.fromisoformat(row["until"]),
        at=datetime.fromisoformat(row["at"]),
        checked=row["checked"],
        differences=tuple(map(Difference.from_row, row["differences"])),
        not_checked=tuple(
            NotChecked(source, Phrase(ru, en), is_trouble) for source, ru, en, is_trouble in row["not_checked"]
        ),
        more=row["more"],
        foreign=row["foreign"],
    )
    return LastReconciled(report, row["why"])
