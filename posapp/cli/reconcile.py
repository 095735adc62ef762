"""`posapp reconcile`: what journal, fiscal storage, portal and OFD do not agree on, and the one step for each."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, answer, command, complain, language
from posapp.errors import UsageError
from posapp.till import reconcile
from posapp.till.context import Till
from posapp.till.reconcile_views import SOURCES, Move, ReconcileProgress, ReconcileReport

EXIT_PERSON = 3
_NAMES = {
    "ru": {"journal": "журнал", "storage": "ФН", "portal": "Битрикс", "ofd": "ОФД"},
    "en": {"journal": "journal", "storage": "storage", "portal": "Bitrix", "ofd": "OFD"},
}
_MOVES = {
    Move.PROGRAM: ("программа", "program"),
    Move.CASHIER: ("кассир", "cashier"),
    Move.MANAGER: ("старший", "senior"),
    Move.ADMINISTRATOR: ("администратор", "administrator"),
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("reconcile")(command(run))


def run(
    from_: Annotated[str, typer.Option("--from", help="С какого дня: 2026-11-01. Иначе с открытия смены.")] = "",
    to: Annotated[str, typer.Option("--to", help="По какой день включительно. Иначе по сейчас.")] = "",
    alone: Annotated[
        bool, typer.Option("--only-program", help="Другие программы на этой ККТ не печатают: их чеки – расхождение.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Сверяет журнал, ФН, Битрикс и ОФД и показывает только расхождения. Код 3: нужен человек."""
    from posapp import app

    first, final = _day(from_, "--from"), _day(to, "--to")
    if first is not None and final is not None and final < first:
        raise UsageError("usage", what="--to раньше, чем --from")
    if final is not None and first is None:
        raise UsageError("usage", what="--to без --from")
    with app.open_till(app.data_dir(data_dir)) as till:
        report = _report(till, first, final, alone=alone)
    answer(json, report.as_json(language()), text_of(report))
    return EXIT_PERSON if report.needs_person else 0


def _report(till: Till, first: date | None, final: date | None, *, alone: bool) -> ReconcileReport:
    if first is not None and first > till.now().date():
        raise UsageError("usage", what="--from в будущем")
    since, until = reconcile.on_dates(till, first, final)
    return reconcile.run(till, since, until, _tell, foreign_expected=False if alone else None)


def _day(text: str, option: str) -> date | None:
    """A day as ISO or as people here write it."""
    if not text:
        return None
    for shape in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    raise UsageError("usage", what=f"{option} {text[:20]}: ждём день вида 2026-11-21")


def _tell(progress: ReconcileProgress) -> None:
    """A long period shows that it goes on; who reads a file wants no such lines."""
    if sys.stderr is not None and sys.stderr.isatty():
        of = "" if progress.total is None else f" / {progress.total}"
        complain(f"{_NAMES[language()][progress.source]}: {progress.done}{of}")


def text_of(report: ReconcileReport) -> str:
    """A reconciliation for a person, in the language of the command line."""
    spoken = language()
    names, is_english = _NAMES[spoken], spoken == "en"
    counted = ", ".join(f"{names[each]} {report.checked[each]}" for each in SOURCES if each in report.checked)
    since = f"{report.since:%d.%m.%Y %H:%M}"
    until = "" if report.until is None else f" – {report.until:%d.%m.%Y %H:%M}"
    lines = [f"Reconciled from {since}{until}: {counted}." if is_english else f"Сверка с {since}{until}: {counted}."]
    for each in report.differences:
        whose = _MOVES[each.move][is_english]
        lines.append(f"! {each.message(spoken)}")
        lines.append(f"  → {whose}: {each.action(spoken)}" + (f"  [{each.command}]" if each.command else ""))
    if report.more:
        lines.append(f"… and {report.more} more" if is_english else f"… и ещё {report.more}")
    for silent in report.not_checked:
        said = "Not checked" if is_english else "Не сверено"
        lines.append(f"{said} – {names[silent.source]}: {silent.why.text(spoken)}")
    return "\n".join([*lines, _verdict(report, is_english=is_english)])


def _verdict(report: ReconcileReport, *, is_english: bool) -> str:
    count = len(report.differences) + report.more
    if count:
        return f"Differences: {count}." if is_english else f"Расхождений: {count}."
    if report.is_good:
        return "No differences." if is_english else "Расхождений нет."
    return "No differences in what was compared." if is_english else "В том, что сверено, расхождений нет."
