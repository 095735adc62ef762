"""`posapp restore`: a data directory comes back from its newest sound copy and the register's fiscal storage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, complain, language
from posapp.errors import UsageError
from posapp.till.restore import Report

EXIT_WAITS = 3
STEPS = {
    "check": "проверяем журнал и копии",
    "copy": "берём копию",
    "salvage": "читаем, что осталось в повреждённом файле",
    "place": "ставим журнал на место",
    "storage": "читаем ФН",
    "orders": "загружаем заказы",
    "adopt": "принимаем чеки",
}
STEPS_EN = {
    "check": "checking the journal and the copies",
    "copy": "taking the copy",
    "salvage": "reading what is left in the damaged file",
    "place": "putting the journal in place",
    "storage": "reading the storage",
    "orders": "pulling orders",
    "adopt": "taking receipts in",
}
TELL_EVERY = 50


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("restore")(command(restore))


def restore(
    copy: Annotated[
        Path | None, typer.Option("--copy", help="Эта копия, или самая новая целая из этой папки.", show_default=False)
    ] = None,
    from_storage: Annotated[
        bool, typer.Option("--from-storage", help="Прочитать ФН с первого документа: чеки этой кассы – в журнал.")
    ] = False,
    take: Annotated[
        list[str] | None, typer.Option("--take", help="ФД=ЗАКАЗ: документ без номера заказа – чек этого заказа.")
    ] = None,
    foreign: Annotated[list[int] | None, typer.Option("--foreign", help="ФД – не чек этой кассы.")] = None,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Повреждённый, пропавший, старый или скопированный каталог: копия, остатки, ФН. Прерванное продолжает.

    Ничего не удаляет: повреждённый файл остаётся в папке damaged. Код 3, если что-то ждёт человека.
    """
    from posapp import app

    if copy is not None and from_storage:
        raise UsageError("usage", what="--copy и --from-storage вместе не бывают")
    folder = app.data_dir(data_dir)
    report = app.restore_directory(
        folder,
        " ".join(why.split()),
        copy=copy,
        from_storage=from_storage,
        person=by.strip(),
        progress=_tell,
        named=dict(map(_named, take or [])),
        foreign=foreign or (),
    )
    answer(json, report.as_json(), _text(report))
    return 0 if report.is_whole else EXIT_WAITS


def _named(pair: str) -> tuple[int, str]:
    number, _, order = pair.partition("=")
    if not (number.isascii() and number.isdigit() and order.strip()):
        raise UsageError("usage", what=f"--take {pair}: ждём ФД=ЗАКАЗ")
    return int(number), order.strip()


def _tell(step: str, done: int, total: int) -> None:
    """A line on stderr now and then, where somebody looks."""
    if sys.stderr is None or not sys.stderr.isatty() or (total and done % TELL_EVERY and done != total):
        return
    words = (STEPS_EN if language() == "en" else STEPS)[step]
    complain(f"{words}: {done}/{total}" if total else f"{words}…")


def _text(report: Report) -> str:
    english = language() == "en"
    lines = [_source(report, english)]
    salvaged = sum(report.salvaged.values())
    if english:
        lines.append(f"Rows saved from the damaged file: {salvaged}. Receipts taken in: {len(report.adopted)}.")
    else:
        lines.append(f"Строк спасено из повреждённого файла: {salvaged}. Чеков принято из ФН: {len(report.adopted)}.")
    if report.aside:
        lines.append(f"The damaged file: {report.aside}." if english else f"Повреждённый файл: {report.aside}.")
    if report.unreadable:
        if english:
            lines.append(f"Documents that the storage no longer holds whole: {report.unreadable}.")
        else:
            lines.append(f"Документов, которых в ФН уже нет целиком: {report.unreadable}.")
    for case in report.waiting:
        lines.append(f"{'Waits' if english else 'Ждёт'}: {case.order or '–'} {case.key or '–'} {case.why}".rstrip())
    if report.is_whole:
        lines.append("The till may sell." if english else "Можно продавать.")
    elif english:
        lines.append("Nothing can be sold until that is settled: run the command again, or “posapp resolve”.")
    else:
        lines.append("Пока это не решено, продавать нельзя: повторите команду или откройте «posapp resolve».")
    return "\n".join(lines)


def _source(report: Report, english: bool) -> str:
    if report.from_copy:
        at = report.copy_at or "?"
        return f"From the copy of {at}: {report.from_copy}." if english else f"Из копии {at}: {report.from_copy}."
    if report.base == "journal":
        return "The journal is sound, it stays." if english else "Журнал цел и остаётся."
    return "No copy: the journal begins anew." if english else "Копий нет: журнал начат заново."
