"""`posapp resolve`: what waits for a person, and the two lawful decisions."""

from __future__ import annotations

from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, answer, command, emit, say
from posapp.errors import UsageError
from posapp.till import recover, resolve

EXIT_WAITS = 3


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("resolve")(command(decide))


def decide(
    key: Annotated[str | None, typer.Argument(help="Ключ чека, 16 знаков, или вид операции смены.")] = None,
    document: Annotated[int | None, typer.Option(help="Это он: номер ФД.")] = None,
    not_made: Annotated[bool, typer.Option("--not-made", help="Чека нет.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Отказаться от начатого и не отправленного чека.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Без ключа: сначала решает сам всё, что доказывает ФН, потом показывает остальное, по строке на дело."""
    from posapp import app

    chosen = (document is not None) + not_made + cancel
    if (key is None) != (chosen == 0) or chosen > 1:
        raise UsageError("usage", what="нужен КЛЮЧ и одно из --document N, --not-made, --cancel, или ничего")
    with app.open_till(app.data_dir(data_dir)) as till:
        if key is None:
            cases = resolve.waiting(till)
            for case in cases:
                if json:
                    emit(case.as_json())
                else:
                    say(f"{case.key}  заказ {case.order_number}, {case.total}: {case.why}")
            if not cases:
                recover.recover(till)
            return EXIT_WAITS if cases else 0
        if document is not None:
            done = resolve.decide_made(till, key, document)
            answer(json, {"key": key, "receipt": done.view.as_json()}, f"Чек {key}: ФД {document}.")
        elif not_made:
            state = resolve.decide_not_made(till, key)
            answer(json, {"key": key, "state": state}, f"{key}: не сделано, можно повторить.")
        else:
            resolve.cancel(till, key)
            answer(json, {"key": key, "state": "cancelled"}, f"Чек {key} отменён.")
    return 0
