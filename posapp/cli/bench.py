"""`posapp bench NAME`: one figure of the design, measured with its floor in the same run."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, emit
from posapp.errors import UsageError

NAMES = ("receipt", "journal", "load", "gateway", "drain", "log")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("bench")(command(bench))


def bench(
    name: Annotated[str, typer.Argument(help=" | ".join(NAMES))],
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> None:
    """Измеряет: значение, предел и их отношение, одним объектом."""
    if name not in NAMES:
        raise UsageError("usage", what=f"измерения «{name}» нет, есть: {', '.join(NAMES)}")
    emit(import_module(f"posapp.bench.{name}").run())
