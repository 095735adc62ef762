"""`posapp sync status` and `posapp sync log [show|export]`: what was exchanged with the portal, and how fast."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, answer, command, language
from posapp.cli.common import say as tell
from posapp.errors import JournalError, UsageError
from posapp.journal.rows import LogFilter, LogRow
from posapp.till import sync_export, sync_log
from posapp.till.context import Till
from posapp.till.sync_views import SyncDetail

LIMIT, LIMIT_MAX = 50, 5000
STEPS = {
    "pull": ("загрузка", "pull"),
    "mark": ("чек", "receipt"),
    "payment": ("деньги", "money"),
    "status": ("статус", "status"),
    "stock": ("склад", "stock"),
}
OUTCOMES = {"done": ("принято", "accepted"), "failed": ("отказано", "declined"), "lost": ("нет ответа", "no answer")}

Order = Annotated[str, typer.Option("--order", help="Номер заказа или его начало.")]
Receipt = Annotated[str, typer.Option("--receipt", help="Ключ чека.")]
Failed = Annotated[bool, typer.Option("--failed", help="Только то, что не прошло.")]
Since = Annotated[str, typer.Option("--since", help="Не раньше: 2026-11-21, 2026-11-21T14:30, 2h, 3d.")]
Until = Annotated[str, typer.Option("--until", help="Не позже; так же.")]


def add_to(group: typer.Typer) -> None:
    """Adds the commands to `posapp sync`."""
    group.command("status")(command(status))
    inner = typer.Typer(help="Каждый запрос к порталу: когда, зачем, сколько длился, чем кончился.",
                        invoke_without_command=True)  # fmt: skip
    inner.callback()(command(log))
    inner.command("show")(command(show))
    inner.command("export")(command(export))
    group.add_typer(inner, name="log")


def status(data_dir: DataDir = None, json: Json = False) -> None:
    """Сколько запросов в секунду разрешает Битрикс, сколько идёт и когда опустеет очередь."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        told = sync_log.budget(till)
    words = told.words(language())
    more = "" if not told.needs_person else _either(f" Требуют человека: {told.needs_person}.",
                                                     f" Need a person: {told.needs_person}.")  # fmt: skip
    answer(json, {**told.as_json(), "text": words}, words + more)


def log(
    ctx: typer.Context,
    order: Order = "",
    receipt: Receipt = "",
    failed: Failed = False,
    since: Since = "",
    until: Until = "",
    before: Annotated[int | None, typer.Option("--before", help="Строки с номерами меньше этого.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=LIMIT_MAX, help="Сколько строк.")] = LIMIT,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Журнал обмена, новое сверху. Запрос и ответ одной строки – sync log show НОМЕР."""
    from posapp import app

    if ctx.invoked_subcommand is not None:
        return
    with app.open_till(app.data_dir(data_dir), write=False) as till:
        wanted = _filter(till, order, receipt, since, until, failed=failed)
        found = till.journal.log_page(replace(wanted, before_id=before), limit)
    body = {"rows": [sync_export.row_json(each) for each in found],
            "next": found[-1].id if len(found) == limit else None}  # fmt: skip
    empty = _either("Таких запросов нет.", "There are no such requests.")
    answer(json, body, "\n".join(map(_line, found)) or empty)


def show(
    row: Annotated[int, typer.Argument(help="Номер строки из sync log.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Одна строка целиком: что спросили, что ответил портал, что это значит и что делать."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        detail = sync_log.detail(till, row, language())
        stored = till.journal.log_row(row)
    body: dict[str, object] = {} if stored is None else sync_export.row_json(stored)
    body |= {
        "trouble": detail.trouble,
        "remedy": detail.remedy,
        "kept": detail.is_kept,
        "request": detail.request,
        "answer": detail.answer,
    }
    answer(json, body, _text(detail, stored))


def export(
    file: Annotated[Path, typer.Argument(help="Куда: .csv – таблица, иначе строки JSON; «-» – на стандартный вывод.")],
    order: Order = "",
    receipt: Receipt = "",
    failed: Failed = False,
    since: Since = "",
    until: Until = "",
    bodies: Annotated[bool, typer.Option("--bodies", help="С запросами и ответами, со скрытым •••.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Выгружает журнал в файл. Личного и секретов в нём нет: они скрыты ещё при записи."""
    from posapp import app

    as_csv = file.suffix.lower() == ".csv"
    with app.open_till(app.data_dir(data_dir), write=False) as till:
        wanted = _filter(till, order, receipt, since, until, failed=failed)
        rows = sync_export.lines(till, wanted, as_csv=as_csv, with_bodies=bodies)
        if str(file) == "-":
            for each in rows:
                tell(each)
            return
        count = _write(file, rows, as_csv=as_csv) - as_csv
    text = _either(f"Строк выгружено: {count}, файл {file}.", f"{count} rows written to {file}.")
    answer(json, {"file": str(file), "rows": count}, text)


# ---------------------------------------------------------------------------------------------- helpers
def _filter(till: Till, order: str, receipt: str, since: str, until: str, *, failed: bool) -> LogFilter:
    now = till.now()
    return LogFilter(
        search=order.strip()[: sync_log.SEARCH_MAX],
        receipt=receipt.strip().upper(),
        failed=failed,
        since=sync_export.moment_of(since, now) if since else None,
        until=sync_export.moment_of(until, now) if until else None,
    )


def _write(file: Path, rows: Iterable[str], *, as_csv: bool) -> int:
    """The rows into a new file that replaces the old one when it is whole; how many lines. Raises UsageError."""
    temporary, count = file.with_name(file.name + ".new"), 0
    try:
        with open(temporary, "w", encoding="utf-8-sig" if as_csv else "utf-8", newline="\n", opener=_private) as out:
            for count, each in enumerate(rows, 1):  # noqa: B007  # counts
                out.write(each + "\n")
        temporary.replace(file)
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            raise JournalError("disk_full") from error
        raise UsageError("usage", what=f"{file}: {error.strerror}") from error
    return count


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _either(russian: str, english: str) -> str:
    return english if language() == "en" else russian


def _line(row: LogRow) -> str:
    step, outcome = STEPS.get(row.step, (row.step, row.step)), OUTCOMES[row.outcome]
    at = row.at.astimezone()
    text = row.reason or _either(*outcome)
    return (f"{row.id:>8}  {at:%d.%m %H:%M:%S}  {row.order_number or '–':<12} {_either(*step):<9}"
            f" {row.duration_ms:>6} мс  {text}")  # fmt: skip


def _text(detail: SyncDetail, stored: LogRow | None) -> str:
    row = detail.row
    lines = [_line(stored)] if stored is not None else []
    lines.append(f"{row.method} · HTTP {row.http or '–'} · {_either('попытка', 'try')} {row.attempt}"
                 + (f" · {_either('чек', 'receipt')} {row.receipt}" if row.receipt else ""))  # fmt: skip
    if detail.remedy:
        lines.append(_either("Что делать: ", "What to do: ") + detail.remedy)
    if not detail.is_kept:
        return "\n".join([*lines, _either("Запрос и ответ больше не хранятся.", "Request and answer are not kept.")])
    return "\n".join([*lines, "", _either("Запрос:", "Request:"), detail.request, "", _either("Ответ:", "Answer:"),
                      detail.answer or _either("не было", "none")])  # fmt: skip
