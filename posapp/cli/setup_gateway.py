"""`posapp setup gateway`: the tills of a portal share a gateway; or a person says that this till is the only one."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from posapp import vault
from posapp.cli import setup_common
from posapp.cli.common import By, DataDir, Json, answer, language
from posapp.errors import SetupError, UsageError
from posapp.settings import GatewaySettings, Settings
from posapp.till import alone, claim_sync, claims
from posapp.till.views import ClaimsReport

SECRET_MIN = 32
ENROL_PATIENCE_S = 10.0


def gateway(
    url: Annotated[str, typer.Option(help="Адрес шлюза: https://… или http:// внутри своей сети.")] = "",
    till: Annotated[str | None, typer.Option(help="Номер этой кассы, у каждой свой.")] = None,
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Секрет – строкой на вводе.")] = False,
    another_portal: Annotated[
        bool, typer.Option("--another-portal", help="У шлюза уже кассы другого портала, и это правда другой портал.")
    ] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="Шлюза нет: эта касса на портале одна, другой больше нет (--why).")
    ] = False,
    why: Annotated[str, typer.Option(help="С --alone: почему так решено.")] = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Подключает кассу к шлюзу: проверяет связь, секрет (POSAPP_GATEWAY_SECRET или со ввода) и номер кассы."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    if alone == bool(url):
        raise UsageError("usage", what="нужно одно из двух: --url или --alone")
    if alone:
        _stand_alone(folder, settings, " ".join(why.split()), by.strip(), json)
        return
    name = setup_common.checked_name(till) or settings.till
    settings, kept = _enrolled(settings, url, name, secret_stdin, is_another=another_portal)
    setup_common.save(folder, settings)
    with app.open_till(folder) as opened:
        report = claim_sync.introduce(opened)
    _answer(settings, report, kept, json)


def _enrolled(
    settings: Settings, url: str, name: str, secret_stdin: bool, *, is_another: bool
) -> tuple[Settings, bool]:
    """The settings with a gateway that has just let this till in; whether the vault has kept the secret."""
    from posapp.http import HttpClient
    from posapp.sync.claims import GatewayDesk, gateway_url

    secret = _given_secret(settings.identity, from_stdin=secret_stdin)
    portal = settings.portal.portal if settings.portal else ""
    http = HttpClient()
    try:
        desk = GatewayDesk(
            url, secret, portal, settings.identity, lambda: http, time.monotonic, timeout_s=ENROL_PATIENCE_S
        )
        desk.enrol(name, is_another=is_another)
    finally:
        http.close()
    kept = vault.keep_gateway_secret(settings.identity, secret)
    return settings.with_(gateway=GatewaySettings(gateway_url(url)), till=name), kept


def _given_secret(identity: str, *, from_stdin: bool) -> vault.Secret:
    secret = vault.Secret(setup_common.line_of_stdin()) if from_stdin else vault.gateway_secret(identity)
    if secret is None or not secret.reveal():
        raise SetupError("gateway_secret", what="его нет")
    if len(secret.reveal()) < SECRET_MIN:
        raise SetupError("gateway_secret", what=f"в нём меньше {SECRET_MIN} знаков")
    return secret


def _stand_alone(folder: Path, settings: Settings, why: str, by: str, json: bool) -> None:
    """Without a gateway from now on. A till that had one leaves it in order: told of all receipts, holding none."""
    from posapp import app

    if not why:
        raise UsageError("usage", what="--alone вместе с --why: почему известно, что касса одна")
    with app.open_till(folder, person=by) as opened:
        if settings.gateway is not None:
            claims.leave(opened)
        alone.confirm_alone(opened, why)
    setup_common.save(folder, settings.with_(gateway=None))
    answer(json, {"gateway": None}, "Шлюза нет: касса на портале одна, все заказы её.")


def _answer(settings: Settings, report: ClaimsReport | None, kept: bool, json: bool) -> None:
    body = {
        "gateway": asdict(settings)["gateway"],
        "till": settings.till,
        "secret": "keyring" if kept else "this run or environment",
        "claims": None if report is None else report.as_json(language()),
    }
    text = f"Шлюз {settings.gateway.url if settings.gateway else ''} знает кассу {settings.till}."
    if report is not None:
        text += f" Закреплено за ней {report.held}, ему рассказано о чеках: {report.closed}."
    if not kept:
        text += " Хранилища паролей нет: задавайте POSAPP_GATEWAY_SECRET при каждом запуске."
    answer(json, body, text)
