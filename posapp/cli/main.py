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

COMMANDS = {
    "setup": "setup", "orders": "orders", "sell": "sell", "refund": "refund", "correct": "correct", "shift": "shift",
    "day": "day", "sync": "sync", "outbox": "sync", "resolve": "resolve", "reconcile": "reconcile", "audit": "audit",
    "receipt": "receipt", "tlv": "receipt", "qr": "receipt", "backup": "backup", "restore": "restore",
    "uninstall": "leave", "marking": "marking", "sim": "sim", "demo": "demo", "bench": "bench", "simulate": "simulate",
    "gateway": "gateway", "run": "window", "catalogue": "catalogue", "jobs": "jobs", "stock": "stock",
    "card": "card", "doctor": "doctor",
}  # fmt: skip
"""Each command and the module of `posapp.cli` that has it; each module has `register(app)`."""


def build(first: str = "") -> typer.Typer:
    """The command line; with the name of a command only what that one needs: the rest takes longer than the work."""
    app = typer.Typer(
        name="posapp",
        help="Касса для магазинов на Битрикс: чек, оплата, статус и склад без ручной работы.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)  # else a single command would swallow its own name
    modules = [COMMANDS[first]] if first in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in modules:
        import_module(f"posapp.cli.{name}").register(app)
    return app


def _nothing() -> None:
    """What `posapp` does before its command."""


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    speak_utf8()
    logs.to_stderr()
    as_json = "--json" in arguments
    if any(map(_is_no_text, arguments)):
        show_error(UsageError("usage", what="в ней есть байты, которые не текст"), as_json=as_json)
        return UsageError.exit_code
    try:
        commands = typer.main.get_command(build(arguments[0] if arguments else ""))
        code = commands.main(args=arguments, prog_name="posapp", standalone_mode=False)
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
