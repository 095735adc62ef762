"""The command line: every group of commands has a file of its own, this one joins them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import typer

from posapp import logs
from posapp.cli.common import EXIT_UNKNOWN, complain, show_error, speak_utf8
from posapp.errors import UsageError

# Typer carries a click of its own, whose base class of all errors it does not export.
ClickError: type[Exception] = next(
    each for each in typer.BadParameter.__mro__ if issubclass(each, Exception) and each.__name__ == "ClickException"
)

GROUPS = (
    "setup", "orders", "sell", "refund", "correct", "shift", "day", "sync", "resolve", "reconcile", "audit", "receipt",
    "backup", "restore", "leave", "marking", "sim", "demo", "bench", "simulate",
    "gateway", "window", "catalogue",
)  # fmt: skip
"""Modules of `posapp.cli`; each has `register(app)`."""


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="posapp",
        help="Касса для магазинов на Битрикс: чек, оплата, статус и склад без ручной работы.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for name in GROUPS:
        import_module(f"posapp.cli.{name}").register(app)
    return app


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    speak_utf8()
    logs.to_stderr()
    as_json = "--json" in arguments
    if any(map(_is_no_text, arguments)):
        show_error(UsageError("usage", what="в ней есть байты, которые не текст"), as_json=as_json)
        return UsageError.exit_code
    try:
        code = typer.main.get_command(build()).main(args=arguments, prog_name="posapp", standalone_mode=False)
    except ClickError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            complain(str(error))
        else:
            show_error(UsageError("usage", what=str(error).rstrip(".")), as_json=as_json)
        return UsageError.exit_code
    except typer.Abort:
        return EXIT_UNKNOWN
    return code if isinstance(code, int) else 0


def _is_no_text(argument: str) -> bool:
    """Bytes that are no text in the system's encoding: no number and no key holds them. Files may be named so."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return not Path(argument).exists()
    return False
