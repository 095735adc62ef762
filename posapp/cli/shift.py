"""`posapp shift open|close|x|status|report|counters|cash-in|cash-out`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, amount, answer, command, complain, language
from posapp.cli.reconcile import text_of
from posapp.domain.money import ZERO
from posapp.till import counter_fact, counters, reconcile, recover, shift, shift_opening, shift_reports, shift_rule
from posapp.till.context import Till
from posapp.till.reconcile_views import ReconcileReport
from posapp.till.shift import ShiftReport

WORDS = {"open": "открыта", "closed": "закрыта", "expired": "старше 24 часов"}
Amount = Annotated[str, typer.Argument(help="Рубли: 1234.50")]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Смена и ящик.", no_args_is_help=True)
    group.command("open")(command(open_))
    group.command("close")(command(close))
    group.command("x")(command(x_report))
    group.command("status")(command(status))
    group.command("report")(command(report))
    group.command("counters")(command(compare))
    group.command("cash-in")(command(cash_in))
    group.command("cash-out")(command(cash_out))
    app.add_typer(group, name="shift")


def open_(data_dir: DataDir = None, json: Json = False) -> None:
    """Открывает смену."""
    _run(data_dir, json, shift.open_shift)


def close(
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Только если пора по правилу «posapp setup shift» и ничего не начато.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Закрывает смену, затем сверяет её. Что бы сверка ни нашла, смена закрыта, и код возврата – её."""
    if if_due:
        _close_if_due(data_dir, json)
    else:
        _run(data_dir, json, shift.close_shift, reconciles=True)


def x_report(data_dir: DataDir = None, json: Json = False) -> None:
    """Печатает X-отчёт; смена остаётся открытой."""
    _run(data_dir, json, shift.x_report)


def status(data_dir: DataDir = None, json: Json = False) -> None:
    """Смена и деньги в ящике, как говорит ККТ; с 22-го часа – сколько осталось и когда закрыть."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        report = shift.status(till)
        looked = till.printer.status()
        opened, advised = shift_opening.opened_at(till, looked), shift_rule.close_advice(till, looked)
    body = _body(report) | {
        "opened_at": None if opened is None else opened.isoformat(timespec="seconds"),
        "close_at": None if advised is None else advised.at.isoformat(timespec="minutes"),
        "close_because": None if advised is None else advised.reason.value,
        "minutes_left": None if advised is None else advised.minutes_left,
    }
    text = _text(report)
    if advised is not None:
        told = shift_rule.warning(advised)
        text += f"\n{told.message(language())} {told.action(language())}"
    answer(json, body, text)


def report(
    number: Annotated[int | None, typer.Argument(min=1, help="Номер смены; иначе последняя закрытая.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Смена, как её запомнил журнал: отчёты, счётчики ККТ перед закрытием, свои суммы. ККТ не нужна."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = shift_reports.report(till, number)
    answer(json, found.as_json(), shift_reports.text(found, language()))


def compare(
    accept: Annotated[
        bool, typer.Option("--accept", help="Разобрались: верны счётчики ККТ, продажи продолжаются (--why).")
    ] = False,
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Сверяет счётчики ККТ с журналом сейчас; код возврата 3, пока они расходятся. --accept – решение старшего."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        if accept:
            found = counters.accept(till, why)
        else:
            recover.recover(till)
            found = counters.compare(till)
        left = counter_fact.trouble(till)
    answer(json, found.as_json(), f"{found.text(language())}.")
    if left is None:
        return 0
    complain(f"{left.message(language())} {left.action(language())}")
    return left.exit_code


def cash_in(sum_: Amount, data_dir: DataDir = None, json: Json = False) -> None:
    """Внесение в ящик."""
    money = amount(sum_) or ZERO
    _run(data_dir, json, lambda till: shift.cash_in(till, money))


def cash_out(sum_: Amount, data_dir: DataDir = None, json: Json = False) -> None:
    """Выплата из ящика."""
    money = amount(sum_) or ZERO
    _run(data_dir, json, lambda till: shift.cash_out(till, money))


def _close_if_due(data_dir: Path | None, json: bool) -> None:
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        done = shift_rule.close_if_due(till)
        if isinstance(done, ShiftReport):
            _answer(json, done, {"closed": True}, reconcile.after_close(till), reconciles=True)
            return
    words = shift_rule.WORDS[done.code][language() == "en"]
    text = f"The shift stays as it is: {words}." if language() == "en" else f"Смену не закрываем: {words}."
    answer(json, {"closed": False, "because": done.code}, text)


def _run(data_dir: Path | None, json: bool, act: Callable[[Till], ShiftReport], *, reconciles: bool = False) -> None:
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        report = act(till)
        found = reconcile.after_close(till) if reconciles else None
    _answer(json, report, {}, found, reconciles=reconciles)


def _answer(
    json: bool, report: ShiftReport, more: dict[str, object], found: ReconcileReport | None, *, reconciles: bool
) -> None:
    body, text = _body(report) | more, _text(report)
    if report.counters is not None:
        body["counters"] = report.counters.as_json()
        if not report.counters.agrees:
            text += f"\n{report.counters.text(language())}."
    if reconciles:
        body["reconciled"] = None if found is None else found.as_json(language())
        text += "\n" + (text_of(found) if found is not None else "Сверить не удалось: «posapp reconcile».")
    answer(json, body, text)


def _text(report: ShiftReport) -> str:
    return f"Смена {report.shift.number} {WORDS[report.shift.state.value]}, в ящике {report.totals.drawer}."


def _body(report: ShiftReport) -> dict[str, object]:
    return {
        "shift": {"state": report.shift.state.value, "number": report.shift.number},
        "last_document": report.last_document,
        "drawer_kopecks": report.totals.drawer.kopecks,
        "cash_in_kopecks": report.totals.cash_in.kopecks,
        "cash_out_kopecks": report.totals.cash_out.kopecks,
    }
