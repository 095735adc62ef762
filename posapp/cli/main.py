"""The command line: every group of commands has a file of its own, this one joins them."""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import click
import typer

from posapp.cli.common import EXIT_UNKNOWN, show_error
from posapp.errors import UsageError

GROUPS = ("setup", "orders", "sell", "shift", "sync", "resolve", "receipt", "sim", "demo", "bench", "window")
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
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    as_json = "--json" in arguments
    try:
        code = typer.main.get_command(build()).main(args=arguments, prog_name="posapp", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        show_error(UsageError("usage", what=error.format_message()), as_json=as_json)
        return 2
    except click.exceptions.Abort:
        return EXIT_UNKNOWN
    return code if isinstance(code, int) else 0
