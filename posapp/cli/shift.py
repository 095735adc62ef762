"""`posapp shift open|close|x|status|cash-in|cash-out`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, amount, answer, command, language
from posapp.cli.reconcile import text_of
from posapp.domain.money import ZERO
from posapp.till import reconcile, shift
from posapp.till.context import Till
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
    group.command("cash-in")(command(cash_in))
    group.command("cash-out")(command(cash_out))
    app.add_typer(group, name="shift")


def open_(data_dir: DataDir = None, json: Json = False) -> None:
    """Открывает смену."""
    _run(data_dir, json, shift.open_shift)


def close(data_dir: DataDir = None, json: Json = False) -> None:
    """Закрывает смену, затем сверяет её. Что бы сверка ни нашла, смена закрыта, и код возврата – её."""
    _run(data_dir, json, shift.close_shift, reconciles=True)


def x_report(data_dir: DataDir = None, json: Json = False) -> None:
    """Печатает X-отчёт; смена остаётся открытой."""
    _run(data_dir, json, shift.x_report)


def status(data_dir: DataDir = None, json: Json = False) -> None:
    """Смена и деньги в ящике, как говорит ККТ."""
    _run(data_dir, json, shift.status)


def cash_in(sum_: Amount, data_dir: DataDir = None, json: Json = False) -> None:
    """Внесение в ящик."""
    money = amount(sum_) or ZERO
    _run(data_dir, json, lambda till: shift.cash_in(till, money))


def cash_out(sum_: Amount, data_dir: DataDir = None, json: Json = False) -> None:
    """Выплата из ящика."""
    money = amount(sum_) or ZERO
    _run(data_dir, json, lambda till: shift.cash_out(till, money))


def _run(data_dir: Path | None, json: bool, act: Callable[[Till], ShiftReport], *, reconciles: bool = False) -> None:
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        report = act(till)
        found = reconcile.after_close(till) if reconciles else None
    body: dict[str, object] = {
        "shift": {"state": report.shift.state.value, "number": report.shift.number},
        "last_document": report.last_document,
        "drawer_kopecks": report.totals.drawer.kopecks,
        "cash_in_kopecks": report.totals.cash_in.kopecks,
        "cash_out_kopecks": report.totals.cash_out.kopecks,
    }
    text = f"Смена {report.shift.number} {WORDS[report.shift.state.value]}, в ящике {report.totals.drawer}."
    if reconciles:
        body["reconciled"] = None if found is None else found.as_json(language())
        text += "\n" + (text_of(found) if found is not None else "Сверить не удалось: «posapp reconcile».")
    answer(json, body, text)
