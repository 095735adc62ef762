"""`posapp gateway`: the process that several tills of a portal share.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8077", "database": "sqlite"}
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, emit
from posapp.errors import SetupError, UsageError
from posapp.vault import GATEWAY_VARIABLE

DATABASE_VARIABLE = "POSAPP_GATEWAY_DATABASE"
"""An address with a password does not belong on a command line, which every user of the computer can read."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("gateway")(command(gateway))


def gateway(
    listen: Annotated[str, typer.Option(help="HOST:PORT; порт 0 – любой свободный.")] = "127.0.0.1:8077",
    database: Annotated[
        str,
        typer.Option(
            envvar=DATABASE_VARIABLE, help="sqlite:////путь/gateway.sqlite или postgresql://… (с паролем – переменной)"
        ),
    ] = "",
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> None:
    """Шлюз: общий для нескольких касс процесс, у кого какой заказ. Секрет – из POSAPP_GATEWAY_SECRET."""
    from posapp import app

    host, port = _address(listen)
    if not database:
        raise UsageError("usage", what="не указано --database, например sqlite:///gateway.sqlite")
    secret = os.environ.get(GATEWAY_VARIABLE, "")
    try:
        from posapp.gateway import app as door
        from posapp.gateway import serve
        from posapp.gateway.store import open_store
    except ImportError as error:
        raise SetupError(
            "gateway_database", what=f"не установлено {error.name}: pip install posapp[gateway]"
        ) from error
    store = open_store(database)
    try:
        served = door.make_app(store, secret, app.now)
        try:
            socket = serve.listen(host, port)
        except OSError as error:
            raise SetupError("gateway_address", what=f"{listen}: {error.strerror or error}") from error
        engine = database.partition(":")[0].partition("+")[0]
        with socket:
            serve.serve(served, socket, lambda: emit({"url": serve.url_of(socket), "database": engine}))
    finally:
        store.close()


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError("usage", what=f"--listen {text}: ждём HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)
