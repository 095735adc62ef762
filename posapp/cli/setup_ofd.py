"""`posapp setup ofd`: the OFD that a reconciliation asks; tested before it is saved."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from posapp import vault
from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer
from posapp.errors import SetupError, UsageError
from posapp.settings import OfdSettings, Settings

PATIENCE_S = 10.0


def ofd(
    url: Annotated[str, typer.Option(help="Адрес ОФД: https://… (без ключа).")] = "",
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Ключ – строкой на вводе.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Больше не спрашивать ОФД.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Подключает ОФД для сверки: ключ из POSAPP_OFD_TOKEN или со ввода; спрашивает первый документ нашего ФН."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if off == bool(url):
        raise UsageError("usage", what="нужно одно из двух: --url или --off")
    if off:
        setup_common.save(folder, settings.with_(ofd=None))
        answer(json, {"ofd": None}, "ОФД при сверке больше не спрашиваем.")
        return
    secret = _given_token(settings.identity, from_stdin=token_stdin)
    found = _checked(settings, url, secret)
    kept = vault.keep_ofd_token(settings.identity, secret)
    setup_common.save(folder, settings.with_(ofd=found))
    body = {"ofd": asdict(found), "kind": settings.kind, "secret": "keyring" if kept else "this run or environment"}
    text = f"ОФД {found.url}: отвечает и знает наш ФН."
    if not kept:
        text += " Хранилища паролей нет: задавайте POSAPP_OFD_TOKEN при каждом запуске."
    answer(json, body, text)


def _given_token(identity: str, *, from_stdin: bool) -> vault.Secret:
    if from_stdin:
        line = setup_common.line_of_stdin()
        if not line:
            raise UsageError("usage", what="на вводе нет ключа ОФД")
        return vault.Secret(line)
    found = vault.ofd_token(identity)
    if found is None:
        raise SetupError("ofd_unreachable", reason="нет ключа доступа, задайте POSAPP_OFD_TOKEN")
    return found


def _checked(settings: Settings, url: str, token: vault.Secret) -> OfdSettings:
    """An OFD that lets us in, knows our storage and is of our kind (rule 20). Raises SyncError, SetupError."""
    from posapp.http import HttpClient
    from posapp.sync.ofd import BODY_MAX, HttpOfd, check_url

    if settings.printer is None:
        raise SetupError("not_set_up", what="не указана ККТ, без неё не узнать, какой ФН спрашивать", command="printer")
    adapter = HttpOfd(check_url(url), token.reveal(), HttpClient(body_max=BODY_MAX), timeout_s=PATIENCE_S)
    try:
        for _page in adapter.documents(settings.printer.storage_number, 1, 1):
            continue  # document 1 is the registration: an OFD that knows the storage has it, or will
    finally:
        adapter.close()
    found = OfdSettings(check_url(url), is_simulated=bool(adapter.is_simulator))
    if found.is_simulated != settings.is_training:
        kind = "учебный, а каталог данных настоящий" if found.is_simulated else "настоящий, а каталог данных учебный"
        raise SetupError("training_mismatch", what=f"ОФД {kind}. ОФД не сохранён.")
    return found
