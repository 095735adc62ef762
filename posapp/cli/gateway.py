"""`posapp gateway`: the process that the tills of a portal share, and what people see of its jobs.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8077", "database": "sqlite", "cashbox": "shop.example" | null}
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, emit
from posapp.cli.gateway_database import Database, not_installed, opened
from posapp.errors import SetupError, UsageError
from posapp.vault import GATEWAY_VARIABLE, WEBHOOK_VARIABLE

if TYPE_CHECKING:
    from posapp.gateway.whole import CashboxSettings

PATH_VARIABLE = "POSAPP_GATEWAY_PRINT_PATH"
PORTAL_VARIABLE = "POSAPP_GATEWAY_PORTAL"
ZONE_VARIABLE = "POSAPP_GATEWAY_TIME_ZONE"


def register(app: typer.Typer) -> None:
    """Adds the command and its group."""
    from posapp.cli import gateway_jobs

    group = typer.Typer(help="Шлюз: общий для нескольких касс процесс.", no_args_is_help=False)
    group.callback(invoke_without_command=True)(gateway)
    gateway_jobs.register(group)
    app.add_typer(group, name="gateway")


def gateway(
    context: typer.Context,
    listen: Annotated[str, typer.Option(help="HOST:PORT; порт 0 – любой свободный.")] = "127.0.0.1:8077",
    database: Database = "",
    portal: Annotated[
        str,
        typer.Option(envvar=PORTAL_VARIABLE, help="Имя портала, как у касс; иначе адрес из POSAPP_WEBHOOK."),
    ] = "",
    time_zone: Annotated[
        str, typer.Option(envvar=ZONE_VARIABLE, help="Часовой пояс сервера портала: по нему портал пишет ссылку чека.")
    ] = "Europe/Moscow",
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> None:
    """Шлюз: у кого какой заказ, задания портала кассам. Секреты – из POSAPP_GATEWAY_SECRET, …_PRINT_PATH, …_WEBHOOK."""
    if context.invoked_subcommand is None:
        command(_serve)(listen=listen, database=database, portal=portal, time_zone=time_zone, json=json)


def _serve(listen: str, database: str, portal: str, time_zone: str, json: bool) -> None:
    from posapp import app

    host, port = _address(listen)
    store = opened(database)
    try:
        from posapp.gateway import serve, whole

        with _cashbox(portal, time_zone) as cashbox:
            served = whole.gateway(store, os.environ.get(GATEWAY_VARIABLE, ""), app.now, cashbox)
            try:
                socket = serve.listen(host, port)
            except OSError as error:
                raise SetupError("gateway_address", what=f"{listen}: {error.strerror or error}") from error
            ready = {"database": database.partition(":")[0].partition("+")[0], "cashbox": cashbox and cashbox.portal}
            with socket:
                serve.serve(served, socket, lambda: emit({"url": serve.url_of(socket), **ready}))
    except ImportError as error:
        raise not_installed(error) from error
    finally:
        store.close()


@contextmanager
def _cashbox(portal: str, time_zone: str) -> Iterator[CashboxSettings | None]:
    """The portal's cashbox, None where no secret path is set. Its key is the administrator's webhook."""
    from posapp import app
    from posapp.gateway.whole import CashboxSettings
    from posapp.sync.governor import CLOUD
    from posapp.vault import Secret

    path, webhook = os.environ.get(PATH_VARIABLE, "").strip(), os.environ.get(WEBHOOK_VARIABLE, "")
    if not path:
        yield None
        return
    zone = _zone(time_zone)
    if not webhook:
        if not portal:
            raise UsageError("usage", what=f"нужен --portal или вебхук портала в {WEBHOOK_VARIABLE}")
        yield CashboxSettings(portal, path, zone, None)
        return
    with app.portal_client(Secret(webhook), CLOUD) as client:
        yield CashboxSettings(portal or client.address, path, zone, client)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError("usage", what=f"--time-zone {name}: ждём имя вроде Europe/Moscow") from error


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError("usage", what=f"--listen {text}: ждём HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)
