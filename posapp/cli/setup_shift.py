"""`posapp setup shift`: the shop's rule for its shift."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer, language
from posapp.domain.shift_hours import parse_time
from posapp.errors import UsageError
from posapp.settings import ShiftSettings


def shift(
    close_at: Annotated[
        str, typer.Option("--close-at", help="Во сколько закрывать смену: 23:30. Делают окно и «posapp sync».")
    ] = "",
    none: Annotated[bool, typer.Option("--none", help="Правила больше нет: смену закрывают люди.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Время, в которое смена закрывается сама: только когда ничего не начато и десять минут не было чеков."""
    from posapp import app

    if bool(close_at) == none:
        raise UsageError("usage", what="нужно одно из двух: --close-at или --none")
    try:
        kept = ShiftSettings(f"{parse_time(close_at):%H:%M}" if close_at else "")
    except ValueError as error:
        raise UsageError("usage", what=f"--close-at {close_at}: ждём ЧЧ:ММ") from error
    folder = app.data_dir(data_dir)
    setup_common.save(folder, app.load_settings(folder).with_(shift=kept))
    answer(json, {"shift": asdict(kept)}, _text(kept))


def _text(kept: ShiftSettings) -> str:
    if language() == "en":
        return (
            f"The shift is closed at {kept.close_at}. Saved." if kept.close_at else "No rule: people close the shift."
        )
    return f"Смена закрывается в {kept.close_at}. Сохранено." if kept.close_at else "Правила нет: смену закрывают люди."
