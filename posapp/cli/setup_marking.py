"""`posapp setup marking`: whom the till asks whether marked goods may be sold; tested before it is saved."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from posapp import vault
from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer
from posapp.errors import SaleError, SetupError, UsageError
from posapp.settings import MarkingSettings, Settings

if TYPE_CHECKING:
    from posapp.devices.marking import Look


def marking(
    online: Annotated[str, typer.Option(help="Адрес «Честного знака»: https://cdn.crpt.ru (без ключа).")] = "",
    local: Annotated[str, typer.Option(help="Адрес локального модуля: http://localhost:5995.")] = "",
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Ключ – первой строкой на вводе, имя:пароль модуля – второй.")
    ] = False,
    sell_unanswered: Annotated[
        bool, typer.Option("--sell-unanswered", help="Продавать, когда никто не ответил: решение магазина.")
    ] = False,
    register_only: Annotated[
        bool,
        typer.Option("--register-only", help="Товары магазина не под разрешительным режимом: спрашивает только ККТ."),
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Маркированное больше не продаём.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Проверка кодов маркировки: ключ из POSAPP_MARKING_KEY, модуль из POSAPP_MARKING_MODULE (имя:пароль) или ввода."""
    from posapp import app

    if (bool(online or local), register_only, off).count(True) != 1:
        raise UsageError("usage", what="нужно одно из: --online и (или) --local, --register-only, --off")
    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if off or register_only:
        kept = None if off else MarkingSettings("", "", is_simulated=settings.is_training)
        setup_common.save(folder, settings.with_(marking=kept))
        text = "Маркированное не продаём." if off else "Коды проверяет только ККТ; «Честный знак» не спрашиваем."
        answer(json, {"marking": None if kept is None else asdict(kept)}, text)
        return
    secrets = _given(settings.identity, online, local, from_stdin=key_stdin)
    found, seen = _checked(settings, online, local, secrets, sells_unanswered=sell_unanswered)
    in_vault = _kept(settings.identity, secrets)
    setup_common.save(folder, settings.with_(marking=found))
    body = {"marking": asdict(found), **asdict(seen), "secret": "keyring" if in_vault else "this run or environment"}
    text = f"«Честный знак»: площадок {len(seen.hosts)}, локальный модуль: {seen.local_status or 'не указан'}."
    if not in_vault:
        text += " Хранилища паролей нет: задавайте POSAPP_MARKING_KEY и POSAPP_MARKING_MODULE при каждом запуске."
    answer(json, body, text)


def _given(
    identity: str, online: str, local: str, *, from_stdin: bool
) -> tuple[vault.Secret | None, vault.Secret | None]:
    """Key and module's password, those that are needed. Raises UsageError, SetupError."""
    wanted = (
        (online, vault.marking_key, "ключа «Честного знака», задайте POSAPP_MARKING_KEY"),
        (local, vault.module_login, "имени и пароля модуля, задайте POSAPP_MARKING_MODULE"),
    )
    found: list[vault.Secret | None] = []
    for address, find, what in wanted:
        if not address:
            found.append(None)
            continue
        line = setup_common.line_of_stdin() if from_stdin else ""
        secret = vault.Secret(line) if line else find(identity)
        if secret is None:
            raise SetupError("not_set_up", what=f"нет {what}", command="marking")
        found.append(secret)
    return found[0], found[1]


def _checked(
    settings: Settings,
    online: str,
    local: str,
    secrets: tuple[vault.Secret | None, vault.Secret | None],
    *,
    sells_unanswered: bool,
) -> tuple[MarkingSettings, Look]:
    """A service that lets us in and is of our kind (rule 20). Raises SaleError, SetupError."""
    from posapp import app
    from posapp.devices.marking import Access, check_url

    online, local = check_url(online) if online else "", check_url(local) if local else ""
    key, login = secrets
    check = app.marking_check(Access(online, key.reveal() if key else "", local, login.reveal() if login else ""))
    try:
        seen = check.look()
    finally:
        check.close()
    missing = [*seen.troubles, *([] if not local or seen.local_status == "ready" else ["локальный модуль не готов"])]
    if missing or (online and not seen.hosts):
        raise SaleError("marking_access", reason="; ".join(missing) or "ни одна площадка не отвечает")
    if bool(check.is_simulator) != settings.is_training:
        kind = "учебный, а каталог данных настоящий" if check.is_simulator else "настоящий, а каталог данных учебный"
        raise SetupError("training_mismatch", what=f"«Честный знак» {kind}. Не сохранено.")
    return MarkingSettings(online, local, bool(check.is_simulator), sells_unanswered), seen


def _kept(identity: str, secrets: tuple[vault.Secret | None, vault.Secret | None]) -> bool:
    """Keeps what was given; False when there is no vault."""
    key, login = secrets
    kept = [vault.keep_marking_key(identity, key)] if key else []
    kept += [vault.keep_module_login(identity, login)] if login else []
    return all(kept)
