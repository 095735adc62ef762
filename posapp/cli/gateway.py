"""`posapp gateway`: the process that the tills of a portal share, and what people see of its jobs.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8077", "database": "sqlite", "cashbox": "shop.example" | null,
     "site": "shop.example" | null}
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, emit
from posapp.cli.gateway_database import Database, not_installed, opened
from posapp.errors import SetupError, UsageError
from posapp.vault import GATEWAY_VARIABLE, WEBHOOK_VARIABLE

if TYPE_CHECKING:
    from posapp.gateway.site import SiteSettings
    from posapp.gateway.whole import CashboxSettings

PATH_VARIABLE = "POSAPP_GATEWAY_PRINT_PATH"
PORTAL_VARIABLE = "POSAPP_GATEWAY_PORTAL"
ZONE_VARIABLE = "POSAPP_GATEWAY_TIME_ZONE"
SITE_VARIABLE, CALLBACK_VARIABLE = "POSAPP_SITE", "POSAPP_SITE_CALLBACK"
SITE_SECRETS = ("POSAPP_SITE_SECRET", "POSAPP_SITE_SECRET_BEFORE")
"""The site's secret, and the one before it while it is changed."""


def register(app: typer.Typer) -> None:
    """Adds the command and its group."""
    from posapp.cli import gateway_jobs

    group = typer.Typer(help="Шлюз: общий для нескольких касс процесс.", no_args_is_help=False)
    group.callback(invoke_without_command=True)(gateway)
    gateway_jobs.register(group)
    app.add_typer(group, name="gateway")


def gateway(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT; порт 0 – любой свободный; fd:3 – сокет от systemd.")
    ] = "127.0.0.1:8077",
    database: Database = "",
    portal: Annotated[
        str,
        typer.Option(envvar=PORTAL_VARIABLE, help="Имя портала, как у касс; иначе адрес из POSAPP_WEBHOOK."),
    ] = "",
    time_zone: Annotated[
        str, typer.Option(envvar=ZONE_VARIABLE, help="Часовой пояс сервера портала: по нему портал пишет ссылку чека.")
    ] = "Europe/Moscow",
    site: Annotated[str, typer.Option(envvar=SITE_VARIABLE, help="Имя сайта, который присылает заказы.")] = "",
    callback: Annotated[
        str, typer.Option(envvar=CALLBACK_VARIABLE, help="Куда сообщать сайту о чеках: https://…/cashbox-callback.php.")
    ] = "",
    tender: Annotated[str, typer.Option(help="Чем оплачен заказ сайта, если он этого не сказал: cash или card.")] = "",
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> None:
    """Шлюз: у кого какой заказ, задания портала кассам. Секреты – из POSAPP_GATEWAY_SECRET, …_PRINT_PATH, …_WEBHOOK."""
    if context.invoked_subcommand is None:
        pushes = _Site(site, callback, tender)
        command(_serve)(listen=listen, database=database, portal=portal, time_zone=time_zone, site=pushes, json=json)


@dataclass(frozen=True, slots=True)
class _Site:
    """What was typed about the site that pushes its orders."""

    name: str
    callback: str
    tender: str


def _serve(listen: str, database: str, portal: str, time_zone: str, site: _Site, json: bool) -> None:
    from posapp import app

    host, port = _address(listen)
    _refuse_odd(site)
    store = opened(database, is_patient=bool(os.environ.get(PATH_VARIABLE, "").strip()))
    try:
        from posapp.gateway import serve, whole

        with _cashbox(portal, time_zone) as cashbox:
            secret, pushed = os.environ.get(GATEWAY_VARIABLE, ""), _pushing(site)
            served = whole.gateway(store, secret, app.now, cashbox, pushed, _zone(time_zone))
            try:
                socket = serve.listen(host, port)
            except OSError as error:
                raise SetupError("gateway_address", what=f"{listen}: {error.strerror or error}") from error
            ready = {
                "database": database.partition(":")[0].partition("+")[0],
                "cashbox": cashbox and cashbox.portal,
                "site": pushed and pushed.portal,
            }
            with socket:
                serve.serve(served, socket, lambda: emit({"url": serve.url_of(socket), **ready}))
    except ImportError as error:
        raise not_installed(error) from error
    finally:
        store.close()


def _refuse_odd(site: _Site) -> None:
    if site.tender not in ("", "cash", "card"):
        raise UsageError("usage", what=f"--tender {site.tender}: ждём cash или card")
    if not site.name and (site.callback or site.tender):
        raise UsageError("usage", what="--callback и --tender только вместе с --site")
    if site.callback and not site.callback.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise UsageError("usage", what="--callback: только https://, иначе чеки читал бы кто угодно")


def _pushing(site: _Site) -> SiteSettings | None:
    """The site that pushes its orders; its secret, and the one before while it is changed, from the environment."""
    from posapp.gateway.site import SiteSettings

    if not site.name:
        return None
    secrets = [each for each in (os.environ.get(name, "").strip() for name in SITE_SECRETS) if each]
    return SiteSettings(site.name, secrets, site.tender, site.callback)


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
    """Host and port; `fd` and a number for a socket that is open already."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError("usage", what=f"--listen {text}: ждём HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)
