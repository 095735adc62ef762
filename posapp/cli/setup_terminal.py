"""`posapp setup terminal`: the card terminal, asked before it is saved."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer
from posapp.devices.terminal import TcpTerminal
from posapp.errors import SetupError, UsageError
from posapp.settings import TERMINALS, Settings, TerminalSettings


def terminal(
    model: Annotated[str, typer.Option(help="tcp – касса сама даёт сумму терминалу; manual – RRN набирают.")] = "",
    port: Annotated[str, typer.Option(help="Для tcp: socket://АДРЕС:ПОРТ.")] = "",
    off: Annotated[bool, typer.Option("--off", help="Без терминала: карту касса не ведёт.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Терминал для карт: спрашивает его и сохраняет; без параметров – показывает."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if off and (model or port):
        raise UsageError("usage", what="--off идёт без других параметров")
    if off:
        settings = settings.with_(terminal=None)
        setup_common.save(folder, settings)
    elif model or port:
        settings = settings.with_(terminal=_chosen(settings, model or "tcp", port))
        setup_common.save(folder, settings)
    chosen = settings.terminal
    answer(json, {"terminal": None if chosen is None else asdict(chosen)}, terminal_text(settings))


def _chosen(settings: Settings, model: str, port: str) -> TerminalSettings:
    """What is saved, after it was asked. Raises UsageError, Unreachable, SetupError `terminal_kind`."""
    if model not in TERMINALS:
        raise UsageError("usage", what=f"терминала «{model}» нет, есть: {', '.join(TERMINALS)}")
    if (model == "tcp") != bool(port):
        raise UsageError("usage", what="--port нужен терминалу tcp, и только ему")
    if model == "manual":
        return TerminalSettings(model)
    asked = TcpTerminal(port)
    try:
        told = asked.hello()
    finally:
        asked.close()
    is_simulated = told.get("simulated") is True
    if is_simulated != settings.is_training:
        raise SetupError("terminal_kind")
    name = "".join(each for each in str(told.get("terminal", "")) if each.isprintable())
    return TerminalSettings(model, port, name[:32], is_simulated)


def terminal_text(settings: Settings) -> str:
    """One line for people."""
    chosen = settings.terminal
    if chosen is None:
        return "Терминал: не указан, карту касса не ведёт"
    if not chosen.is_connected:
        return "Терминал: не подключён, номер операции (RRN) набирают"
    return f"Терминал: {chosen.name or 'без имени'}, {chosen.port}"
