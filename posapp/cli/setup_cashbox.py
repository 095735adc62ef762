"""`posapp setup cashbox`: the portal gets a REST cashbox whose PRINT_URL and CHECK_URL are the gateway's."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from posapp import vault
from posapp.cli.common import DataDir, Json, answer
from posapp.errors import SetupError, SyncError, UsageError
from posapp.settings import Settings
from posapp.vault import Secret

if TYPE_CHECKING:
    from posapp.sync.bitrix.cashbox import CashboxReport

PATH_VARIABLE = "POSAPP_GATEWAY_PRINT_PATH"
_PATH = re.compile(r"/cb/([A-Za-z0-9_-]{32,128})/print")
PROBE_S = 10.0


def cashbox(
    url: Annotated[str, typer.Option(help="Адрес шлюза из интернета: https://kassa.shop.example")] = "",
    email: Annotated[str, typer.Option(help="Почта, на которую портал пишет об ошибках чеков.")] = "",
    register: Annotated[str, typer.Option(help="Заводской номер ККТ; иначе ККТ этого каталога.")] = "",
    any_register: Annotated[
        bool, typer.Option("--any-register", help="Чеки портала печатает любая касса магазина.")
    ] = False,
    ofd: Annotated[str, typer.Option(help="ОФД в обозначениях Битрикс: bx_taxcomofd, bx_ofdruofd, …")] = "",
    new_path: Annotated[bool, typer.Option("--new-path", help="Новый секретный путь вместо прежнего.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Убирает кассу и обработчик с портала.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Заводит на портале кассу, чеки которой печатают кассы через шлюз. Вебхук администратора – из POSAPP_WEBHOOK."""
    from posapp import app
    from posapp.sync.bitrix import cashbox as portal_side
    from posapp.sync.governor import CLOUD

    settings = _settings(app.data_dir(data_dir))
    number = _number(settings, register, any_register)
    if ofd and ofd not in portal_side.OFDS:
        raise UsageError("usage", what=f"--ofd {ofd}: есть {', '.join(portal_side.OFDS)}")
    if not remove and (not url or not re.fullmatch(r"[^@\s]+@[^@\s]+", email)):
        raise UsageError("usage", what="нужны --url и --email, либо --remove")
    with app.portal_client(_webhook(settings), CLOUD) as client:
        if remove:
            gone = portal_side.remove(client)
            answer(json, {"removed": list(gone)}, "Убрано с портала: " + (", ".join(gone) or "ничего не было") + ".")
            return
        base = _base(url)
        path = _path(portal_side.print_url_of(client), new=new_path)
        _refuse_mix(settings, client.is_simulator is True)
        plan = portal_side.CashboxPlan(f"{base}/cb/{path}/print", f"{base}/cb/{path}/check", number, email, ofd)
        report = portal_side.register(client, plan)
        portal = client.portal
    told = _probe(plan.check_url)
    body = {
        "portal": portal, "handler": report.handler_id, "cashbox": report.cashbox_id, "name": report.name,
        "changed": list(report.changed), "other_active": list(report.others), "gateway": told,
        "environment": {PATH_VARIABLE: path, "POSAPP_GATEWAY_PORTAL": portal},
    }  # fmt: skip
    answer(json, body, _text(report, portal, path, told))


def _settings(folder: Path) -> Settings | None:
    """What is set up in this directory; the command also runs where nothing is, on the gateway's machine."""
    from posapp import app

    try:
        return app.load_settings(folder)
    except SetupError as error:
        if error.code != "not_set_up":
            raise
        return None


def _number(settings: Settings | None, register: str, any_register: bool) -> str:
    if any_register:
        return ""
    number = register or (settings.printer.factory_number if settings and settings.printer else "")
    if not number.isascii() or not number.isdigit():
        raise UsageError("usage", what="нужен --register с заводским номером ККТ, либо --any-register")
    return number


def _webhook(settings: Settings | None) -> Secret:
    given = os.environ.get(vault.WEBHOOK_VARIABLE, "")
    if given:
        return Secret(given)
    if settings is None:
        raise SetupError("secret_missing")
    return vault.webhook(settings.identity)


def _base(url: str) -> str:
    """The gateway's address as the portal calls it. Plain HTTP only where it cannot leave the inner network."""
    from posapp.sync.claims import gateway_url

    try:
        return gateway_url(url)
    except SetupError as error:
        raise SetupError("cashbox_address", what=str(error.facts.get("what", url[:60]))) from error


def _path(known_url: str, *, new: bool) -> str:
    """The secret part of the path: the one that was set, else the portal's, else a new one."""
    given = os.environ.get(PATH_VARIABLE, "").strip()
    known = _PATH.search(urlsplit(known_url).path)
    if new or not (given or known):
        return secrets.token_urlsafe(36)
    if given and not _PATH.fullmatch(f"/cb/{given}/print"):
        raise SetupError("print_path", what="нужно не меньше 32 латинских букв и цифр")
    return given or (known[1] if known else "")


def _refuse_mix(settings: Settings | None, is_simulator: bool) -> None:
    """Training and live never meet (rule 20)."""
    if settings is not None and settings.is_training != is_simulator:
        what = "учебный, а каталог данных настоящий" if is_simulator else "настоящий, а каталог данных учебный"
        raise SetupError("training_mismatch", what=f"Портал {what}. На портале ничего не изменено.")


def _probe(check_url: str) -> str:
    """Whether the gateway answers at its new address: `answers`, `other` (something else does), `away`."""
    from posapp.http import HttpClient, SecretUrl

    http = HttpClient()
    try:
        found = http.post_json(SecretUrl(check_url), {}, PROBE_S)
        return "answers" if found.status == 200 and found.json() == {"STATUS": "WAIT"} else "other"
    except SyncError:
        return "away"
    except ValueError:
        return "other"
    finally:
        http.close()


def _text(report: CashboxReport, portal: str, path: str, told: str) -> str:
    done = f"Касса «{report.name}» стоит на портале {portal}."
    lines = [done if report.changed else done[:-1] + ", менять было нечего."]
    lines += [
        "Шлюзу при запуске нужно:",
        f"  export {PATH_VARIABLE}={path}",
        f"  export POSAPP_GATEWAY_PORTAL={portal}",
    ]
    if told != "answers":
        lines.append(
            "По этому адресу шлюз пока не отвечает: запустите его с этими переменными, потом проверьте ещё раз."
        )
    if report.others:
        names = ", ".join(report.others)
        lines.append(
            f"На портале включены и другие кассы: {names}. Портал выбирает любую: выключите их или ограничьте."
        )
    return "\n".join(lines)
