"""`posapp doctor`: what is wrong, in plain words; the ladder out of a hung register; the wire trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, complain, language
from posapp.devices.registry import is_followed
from posapp.errors import PosError, UsageError
from posapp.till import doctor, doctor_words, ladder, ofd_relay, recover
from posapp.till.context import Till
from posapp.till.doctor_verdicts import Level
from posapp.till.ladder import Rung

SIGNS = {Level.OK: "✓", Level.NOTE: "·", Level.WARN: "!", Level.ALARM: "!!", Level.STOP: "✗"}
RUNGS = {
    Rung.PRINT: ("печать", "print"),
    Rung.DOCUMENT: ("документ", "document"),
    Rung.SHIFT: ("смена", "shift"),
}
SENT = ("Передано документов: {sent}, ждут: {waiting}.", "Documents sent: {sent}, waiting: {waiting}.")
NOT_NEEDED = ("Эта ККТ передаёт документы ОФД сама.", "This register sends its documents to the OFD by itself.")
DONE = ("сделано", "done")
NOTHING = ("делать нечего", "nothing to do")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(command(examine))


def examine(
    repair: Annotated[
        bool, typer.Option("--repair", help="По ступеням: допечатать, решить судьбу открытого чека, закрыть смену.")
    ] = False,
    close_shift: Annotated[
        bool, typer.Option("--close-shift", help="С --repair: закрыть и смену, которая ещё не просрочена.")
    ] = False,
    cancel_foreign: Annotated[
        bool, typer.Option("--cancel-foreign", help="С --repair: отменить открытый чек другой программы (--why).")
    ] = False,
    send_ofd: Annotated[
        bool, typer.Option("--send-ofd", help="Передать ОФД то, что ККТ передаёт через этот компьютер.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Записать в этот файл всё, что идёт между программой и ККТ.")
    ] = None,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Проверяет кассу и говорит, что не так и что делать; на ККТ при этом ничего не меняется."""
    if (close_shift or cancel_foreign) and not repair:
        raise UsageError("usage", what="--close-shift и --cancel-foreign идут вместе с --repair")
    if repair and send_ofd:
        raise UsageError("usage", what="--repair и --send-ofd – разные дела: сначала одно, потом другое")
    if why and not cancel_foreign:
        raise UsageError("usage", what="--why идёт вместе с --cancel-foreign")
    with _open(data_dir, trace, write=repair or send_ofd) as till:
        if send_ofd:
            return _send(till, json)
        if repair:
            word = why if cancel_foreign else ""
            return _repair(replace(till, person=by.strip()), json, word, close_shift=close_shift, asks=cancel_foreign)
        report = doctor.examine(till)
    answer(json, report.as_json(language()), text_of(report, language()))
    return report.exit_code


@contextmanager
def _open(data_dir: Path | None, trace: Path | None, *, write: bool) -> Iterator[Till]:
    from posapp import app

    folder = app.data_dir(data_dir)
    if trace is not None:
        printer = app.load_settings(folder).printer
        if printer is not None and not is_followed(printer.model, printer.link):
            raise UsageError("usage", what="--trace слушает линию байтов; у веб-сервера и драйвера АТОЛ журналы свои")
    listening = None if trace is None else app.trace_to(trace)
    with app.open_till(folder, write=write, trace=listening) as till:
        yield till


def _send(till: Till, json: bool) -> int:
    """Carries the register's messages to its OFD."""
    from posapp.devices.ofd_socket import exchange

    recover.recover(till)
    done = ofd_relay.carry(till, exchange)
    waiting = till.printer.storage_health().unsent
    body: dict[str, object] = {"needed": done.is_needed, "sent": done.sent, "waiting": waiting}
    if done.trouble is not None:
        body["error"] = done.trouble.as_json(language())
    words = SENT if done.is_needed else NOT_NEEDED
    answer(json, body, words[language() == "en"].format(sent=done.sent, waiting="–" if waiting is None else waiting))
    if done.trouble is not None and not json:
        complain(f"{done.trouble.message(language())} {done.trouble.action(language())}")
    return 0 if done.trouble is None else done.trouble.exit_code


def text_of(report: doctor.Report, told: str) -> str:
    """The report for a person: devices with their matters, trouble with its remedy and code."""
    is_english, lines = told == "en", []
    for each in report.verdicts:
        lines.append(
            f"{SIGNS[each.level]:<2} {doctor_words.title(each.device, each.matter, told)}: {each.message(told)}"
        )
        if each.trouble is not None:
            code = "code" if is_english else "код"
            lines.append(f"   {each.action(told)}  {code} {each.trouble.number} ({each.trouble.code})")
    if report.stops_on is not None and report.worst is not Level.STOP:
        until = (
            "Nothing else done, the till works until" if is_english else "Если ничего не делать, касса проработает до"
        )
        lines.append(f"{until} {report.stops_on:%d.%m.%Y}.")
    return "\n".join(lines)


def _repair(till: Till, json: bool, why: str, *, close_shift: bool, asks: bool) -> int:
    """The ladder; it ends where somebody is needed, and says what was done until then."""
    if asks and not why.strip():
        raise PosError("why_needed")
    done: list[dict[str, object]] = []
    trouble: PosError | None = None
    index = int(language() == "en")
    try:
        for rung, was_done in ladder.climb_all(till, why=why, close_shift=close_shift):
            done.append({"step": rung.value, "done": was_done})
    except PosError as error:
        trouble = error
    lines = [f"{RUNGS[Rung(str(each['step']))][index]}: {(DONE if each['done'] else NOTHING)[index]}" for each in done]
    body: dict[str, object] = {"steps": done}
    if trouble is not None:
        body |= {"stopped_at": list(Rung)[len(done)].value, "error": trouble.as_json(language())}
    answer(json, body, "\n".join(lines))
    if trouble is None:
        return 0
    if not json:
        step = RUNGS[list(Rung)[len(done)]][index]
        complain(f"{step}: {trouble.message(language())} {trouble.action(language())}")
    return trouble.exit_code
