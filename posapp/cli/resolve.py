"""`posapp resolve`: what waits, each with its story and the lawful decisions; or one of these decisions, taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, emit, language, say
from posapp.errors import JournalError, UsageError
from posapp.till import resolve
from posapp.till.context import Till
from posapp.till.views import Case, Recovered

EXIT_WAITS = 3
_WHICH = "--document N, --not-made [--foreign N], --made, --foreign N, --qr, --cancel-open, --cancel"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("resolve")(command(decide))


def decide(
    key: Annotated[str | None, typer.Argument(help="Ключ чека, 16 знаков, вид операции смены или номер ККТ.")] = None,
    document: Annotated[int | None, typer.Option(min=1, help="Это он: номер ФД.")] = None,
    not_made: Annotated[bool, typer.Option("--not-made", help="Не сделано.")] = False,
    foreign: Annotated[
        list[int] | None, typer.Option(min=1, help="Этот ФД – другой программы. Можно несколько.")
    ] = None,
    lost: Annotated[bool, typer.Option("--lost", help="С --not-made: прежнего ФН нет, в ОФД чека нет.")] = False,
    qr: Annotated[str, typer.Option("--qr", help="Прежнего ФН нет, чек есть: текст его QR-кода.")] = "",
    receipt_number: Annotated[int | None, typer.Option(min=1, help="С --qr: номер чека за смену.")] = None,
    made: Annotated[bool, typer.Option("--made", help="Операция смены сделана.")] = False,
    cancel_open: Annotated[
        bool, typer.Option("--cancel-open", help="Отменить открытый на ККТ чек другой программы.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Отказаться от начатого и не отправленного чека.")] = False,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Без ключа: сначала решает сам всё, что доказывает ФН, потом показывает остальное, по строке на дело."""
    from posapp import app

    numbers = tuple(foreign or ())
    choices = {
        f"made:{document}": document is not None,
        "lost_not_made:" + ",".join(map(str, numbers)): not_made and lost,
        "not_made:" + ",".join([*map(str, numbers), "open"]): not_made and not lost,
        f"foreign:{','.join(map(str, numbers))}": bool(numbers) and not not_made,
        "lost_made": bool(qr),
        "operation_made": made,
        "cancel_open": cancel_open,
        "cancel": cancel,
    }
    chosen = [choice for choice, is_chosen in choices.items() if is_chosen]
    if (key is None) != (not chosen) or len(chosen) > 1 or (lost and not not_made):
        raise UsageError("usage", what=f"нужен КЛЮЧ и одно из {_WHICH}, или ничего")
    if bool(qr) != (receipt_number is not None):
        raise UsageError("usage", what="--qr и --receipt-number идут вместе")
    folder = app.data_dir(data_dir)
    if key is None:
        with _looking(folder) as till:
            return _list(till, json)
    with app.open_till(folder) as till:
        _take(
            replace(till, person=by.strip()),
            key,
            chosen[0],
            why,
            {"qr": qr, "receipt_number": str(receipt_number)},
            json,
        )
    return 0


@contextmanager
def _looking(folder: Path) -> Iterator[Till]:
    """The till; where another program holds it, one that only reads."""
    from posapp import app

    with ExitStack() as stack:
        try:
            till = stack.enter_context(app.open_till(folder))
        except JournalError as error:
            if error.code != "journal_busy":
                raise
            till = stack.enter_context(app.open_till(folder, write=False))
        yield till


def _list(till: Till, json: bool) -> int:
    proven: list[Recovered] = []
    cases = resolve.cases(till, language(), proven)
    if not json:
        for each in proven:
            say(f"{each.key}: {each.why}.")
        if not cases:
            say("Разбирать нечего.")
    for case in cases:
        if json:
            emit(case.as_json())
        else:
            say(_text(case))
    return EXIT_WAITS if cases else 0


def _text(case: Case) -> str:
    """A case for people: its key and title, the story, then every choice with what becomes of it."""
    lines = [f"{case.key}  {case.title}", *(f"  {line}" for line in case.story)]
    for choice in case.choices:
        lines += [f"  → {choice.words}", f"      {choice.consequence}", f"      {choice.command}"]
    return "\n".join(lines)


def _take(till: Till, key: str, choice: str, why: str, answers: dict[str, str], json: bool) -> None:
    if choice.startswith("not_made:") and resolve.is_operation(till, key):
        choice = "operation_not_made"
    done = resolve.decide(till, key, choice, "", why, answers, language())
    body: dict[str, object] = {"key": key, "state": done.state}
    if done.receipt is not None:
        body["receipt"] = done.receipt.as_json()
    answer(json, body, done.words)
