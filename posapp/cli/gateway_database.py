"""The gateway's database as commands open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from posapp.errors import SetupError, UsageError

if TYPE_CHECKING:
    from posapp.gateway.store import SqlStore

DATABASE_VARIABLE = "POSAPP_GATEWAY_DATABASE"
"""An address with a password does not belong on a command line, which every user of the computer can read."""
Database = Annotated[
    str,
    typer.Option(
        envvar=DATABASE_VARIABLE, help="sqlite:////путь/gateway.sqlite или postgresql://… (с паролем – переменной)"
    ),
]


def opened(database: str, *, is_patient: bool = False) -> SqlStore:
    """The database of an address; `is_patient`: see `open_engine`.

    Raises UsageError without one, SetupError where it does not open.
    """
    if not database:
        raise UsageError("usage", what="не указано --database, например sqlite:///gateway.sqlite")
    try:
        from posapp.gateway.store import open_store
    except ImportError as error:
        raise not_installed(error) from error
    return open_store(database, is_patient=is_patient)


def not_installed(error: ImportError) -> SetupError:
    """The gateway's own libraries are an extra."""
    return SetupError("gateway_database", what=f"не установлено {error.name}: pip install posapp[gateway]")
