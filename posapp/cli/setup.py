"""`posapp setup printer|portal|vat|show`: the wizard without a screen. Each step tests what it saves."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from posapp import vault
from posapp.cli import (
    leave,
    setup_backup,
    setup_cashbox,
    setup_catalogue,
    setup_check,
    setup_exchange,
    setup_find,
    setup_gateway,
    setup_marking,
    setup_ofd,
    setup_portal,
    setup_sales,
    setup_scanner,
    setup_shift,
    setup_stock,
    setup_storage,
    setup_tell,
    setup_terminal,
)
from posapp.cli.common import By, DataDir, Json, Why, answer, command, complain, language
from posapp.cli.setup_common import Training, checked_cashier, checked_name, line_of_stdin, portal_of, save
from posapp.devices.candidates import usb_at
from posapp.devices.registry import ATOL, SHTRIH, make_printer
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.vat import VatRate, rule_for
from posapp.errors import JournalError, SetupError, SyncError, UsageError
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import Settings
from posapp.till import requests, setup
from posapp.till.audit import decided

log = logging.getLogger(__name__)

VAT_PATIENCE_S = 10.0
UNPROVEN_KEY = {
    SHTRIH: " Где ККТ принимает ключ чека, не проверено: повторите при открытой смене.",
    ATOL: " Принимает ли ККТ ключ чека, покажет первый чек: задания АТОЛ не дают проверить это без документа.",
}
"""What set-up says of a register that it could not try the key on."""


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Настройка: каждая команда проверяет то, что сохраняет.", no_args_is_help=True)
    group.command("printer")(command(printer))
    group.command("find")(command(setup_find.find_registers))
    group.command("portal")(command(setup_portal.portal))
    group.command("check")(command(setup_check.check))
    group.command("vat")(command(vat))
    group.command("sales")(command(setup_sales.sales))
    group.command("catalogue")(command(setup_catalogue.catalogue))
    group.command("gateway")(command(setup_gateway.gateway))
    group.command("cashbox")(command(setup_cashbox.cashbox))
    group.command("backup")(command(setup_backup.backup))
    group.command("ofd")(command(setup_ofd.ofd))
    group.command("shift")(command(setup_shift.shift))
    group.command("exchange")(command(setup_exchange.exchange))
    group.command("marking")(command(setup_marking.marking))
    group.command("storage")(command(setup_storage.storage))
    group.command("stock")(command(setup_stock.stock))
    group.command("tell")(command(setup_tell.tell))
    group.command("scanner")(command(setup_scanner.scanner))
    group.command("terminal")(command(setup_terminal.terminal))
    group.command("sign-out")(command(leave.sign_out))
    group.command("show")(command(show))
    app.add_typer(group, name="setup")


def printer(
    model: Annotated[str, typer.Option(help="shtrih|atol")] = "",
    port: Annotated[str, typer.Option(help="/dev/ttyACM0, COM3, socket://HOST:PORT, http://HOST:16732")] = "",
    link: Annotated[str, typer.Option(help="auto; shtrih: v1|v2; atol: web|library|wire")] = "auto",
    password: Annotated[int, typer.Option(help="Пароль системного администратора ККТ.", min=0, max=99_999_999)] = 30,
    login_stdin: Annotated[
        bool, typer.Option("--login-stdin", help="Логин веб-сервера АТОЛ строкой имя:пароль на вводе.")
    ] = False,
    library: Annotated[
        Path | None, typer.Option(help="Драйвер АТОЛ или его каталог, если он не на своём обычном месте.")
    ] = None,
    till: Annotated[str | None, typer.Option(help="Номер этой кассы.")] = None,
    cashier: Annotated[str | None, typer.Option(help="Кассир: должность и фамилия.")] = None,
    baud: Annotated[int, typer.Option(help="Скорость порта.", min=1200, max=921_600)] = setup.DEFAULT_BAUD,
    find: Annotated[bool, typer.Option("--find", help="Найти ККТ вместо --model и --port.")] = False,
    at: setup_find.At = None,
    factory_number: Annotated[str, typer.Option(help="С --find: которую из найденных.")] = "",
    only_program: Annotated[
        bool, typer.Option("--only-program", help="Магазин подтверждает: никто другой на этой ККТ не печатает.")
    ] = False,
    leave_queue: Annotated[
        bool, typer.Option("--leave-queue", help="Прежний веб-сервер АТОЛ не вернётся: исход начатого решит человек.")
    ] = False,
    by: By = "",
    why: Why = "",
    training: Training = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Подключает ККТ: находит её, читает номера, доказывает связь и сохраняет."""
    from posapp import app

    till, cashier = checked_name(till), checked_cashier(cashier)
    folder = app.data_dir(data_dir)
    settings = setup.begin(folder, training=training, identity=app.new_id())
    secret = atol_login(login_stdin)
    given = app.atol_login(settings.identity) if secret is None else secret.reveal()
    _either_port_or_search(bool(model), bool(port), find=find, narrows=bool(at or factory_number))
    if find:
        found = setup_find.choose(settings, at or [], password, factory_number, quiet=json)
        model, port, link, baud = found.model, found.port, found.link, found.baud
    driver = str(library.absolute()) if library else ""
    device = make_printer(model, port, link=link, password=password, baud=baud, login=lambda: given, library=driver)
    if not leave_queue:
        _refuse_leaving(folder, settings, device.queue)
    profile = setup.probe(device)
    if settings.gateway is not None and till not in (None, settings.till):
        raise UsageError("usage", what="номер кассы знает шлюз: смените его командой setup gateway --till")
    before = settings
    settings = setup.with_printer(
        settings,
        profile,
        model=model,
        port=port,
        link=link,
        password=password,
        only_program=only_program,
        baud=baud,
        usb=usb_at(port),
        library=driver,
    )
    settings = settings.with_(till=till or settings.till, cashier=cashier or settings.cashier)
    _note_replaced(folder, before, settings, by, why)
    in_vault = secret is None or vault.keep_atol_login(settings.identity, secret)
    save(folder, settings)
    body = {"printer": {**asdict(settings)["printer"], "password": None}, "kind": settings.kind}
    text = f"{profile.model}: {profile.identity}, РН {profile.identity.registration_number}. Сохранено."
    if not profile.key_tags:
        text += UNPROVEN_KEY[model]
    if not in_vault:
        text += " Хранилища паролей нет: задавайте POSAPP_ATOL_LOGIN при каждом запуске."
    answer(json, body, text)


def _either_port_or_search(model: bool, port: bool, *, find: bool, narrows: bool) -> None:
    """Raises UsageError unless a register is named by model and port, or looked for."""
    if (find and (model or port)) or (not find and (narrows or not (model and port))):
        raise UsageError("usage", what="нужны --model и --port вместе, или --find (с ним можно --at, --factory-number)")


def atol_login(from_stdin: bool) -> vault.Secret | None:
    """`user:password` from standard input, None when it does not come from there. Raises UsageError."""
    line = line_of_stdin() if from_stdin else ""
    if from_stdin and not line.partition(":")[2]:
        raise UsageError("usage", what="ждём логин веб-сервера АТОЛ на вводе: имя:пароль")
    return vault.Secret(line) if line else None


def _refuse_leaving(folder: Path, settings: Settings, queue: str) -> None:
    """Raises SetupError `queue_waits` while something that was sent into another queue has no outcome yet."""
    from posapp import app

    if settings.printer is None or not (folder / JOURNAL_NAME).exists():
        return
    try:
        with app.open_till(folder, write=False, checks=False) as till:
            requests.refuse_leaving(till.journal, queue)
    except JournalError as error:  # recovery asks the same again before anything is concluded
        log.warning("setup: what is under way could not be read: %s", error)


def _note_replaced(folder: Path, before: Settings, after: Settings, by: str, why: str) -> None:
    """Keeps who put another register or storage in place of the former one, before it is done.

    It is an act that counts: from then on a person may settle, at the resolve desk, what was sent to the former one.
    A journal that cannot be written stops no set-up: it has to be restored, and that asks for the register itself.
    """
    from posapp import app

    old, new = before.printer, after.printer
    if old is None or new is None or not (folder / JOURNAL_NAME).exists():
        return
    former = DeviceIdentity(old.factory_number, old.registration_number, old.storage_number)
    found = DeviceIdentity(new.factory_number, new.registration_number, new.storage_number)
    if former == found:
        return
    try:
        with app.open_till(folder, person=by.strip(), checks=False) as till:
            facts = {"former": str(former), "former_registration": former.registration_number}
            till.journal.note(decided(till, "printer.replaced", found.factory_number, why, found=str(found), **facts))
    except JournalError as error:
        if error.code == "journal_busy":
            raise
        log.warning("setup: who replaced the register could not be kept: %s", error)


def vat(
    accept_proposed: Annotated[bool, typer.Option("--accept-proposed", help="Подтвердить предложенное.")] = False,
    map_: Annotated[list[str] | None, typer.Option("--map", help="ID=КОД (тег 1199); доставка – 0.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Показывает и подтверждает ставки НДС: строка портала → тег 1199. Неподтверждённая ставка задержит чек."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    if accept_proposed and settings.printer is None:  # the rate of deliveries hangs on its tax system
        raise SetupError("not_set_up", what="не указана ККТ, без неё не предложить ставку доставки", command="printer")
    settings = _with_fresh_rows(settings, folder)
    today = app.now()
    mapping: dict[int, VatRate] = {}
    if accept_proposed:
        lines = setup.vat_lines(settings, today.date())
        mapping = {line.row.row_id: line.proposed for line in lines if line.proposed is not None}
    for pair in map_ or []:
        row_id, rate = _pair(pair)
        mapping[row_id] = rate
    if mapping:
        settings = setup.with_vat(settings, mapping, today.date(), today.isoformat())
        save(folder, settings)
    rows = [
        {
            "id": line.row.row_id,
            "name": line.row.name,
            "percent": None if line.row.percent is None else f"{line.row.percent:f}",
            "confirmed": line.confirmed,
            "proposed": line.proposed,
            "reason": _reason(line, today.date()),
        }
        for line in setup.vat_lines(settings, today.date())
    ]
    text = "\n".join(
        f"{line.row.row_id:>4}  {line.row.name:<24} "
        f"подтверждено: {_rate(line.confirmed):<13} предлагаем: {_rate(line.proposed):<13} "
        f"{_reason(line, today.date())}"
        for line in setup.vat_lines(settings, today.date())
    )
    answer(json, {"rows": rows}, text)


def _with_fresh_rows(settings: Settings, folder: Path) -> Settings:
    """The rows as the portal has them now; as they were when it does not answer. Raises SetupError `other_portal`."""
    from posapp.sync.bitrix.orders import read_furniture

    try:
        with portal_of(settings, folder) as client, client.within(VAT_PATIENCE_S):
            rows = read_furniture(client).vat_rows
    except (SetupError, SyncError) as error:
        if error.code == "other_portal":
            raise
        complain(f"Строки НДС – прежние, с портала не прочитаны. {error.message(language())}")
        return settings
    return settings.with_(vat=setup.with_rows(settings.vat, rows))


def _rate(rate: VatRate | None) -> str:
    return "нет" if rate is None else f"{rate.title} ({rate.value})"


def _reason(line: setup.VatLine, day: date) -> str:
    """Why the confirmed rate, or else the proposed one, is lawful on that day, and since when."""
    rate = line.confirmed or line.proposed
    rule = None if rate is None else rule_for(rate, day)
    if rule is None:
        return "" if rate is None else "для новых продаж уже не действует"
    return f"{rule.reason}, с {rule.since:%d.%m.%Y}"


def _pair(text: str) -> tuple[int, VatRate]:
    row, _, code = text.partition("=")
    try:
        return (0 if row == "delivery" else int(row)), VatRate(int(code))
    except ValueError as error:
        raise UsageError("usage", what=f"--map {text}: ждём ID=КОД, код 1…12") from error


def show(data_dir: DataDir = None, json: Json = False) -> None:
    """Что настроено. Секретов здесь нет."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    body = asdict(settings)
    body["data_dir"] = str(folder)
    if body["printer"] is not None:
        body["printer"]["password"] = None
    printer = settings.printer
    lines = [
        f"Каталог {folder}: {'учебный' if settings.is_training else 'настоящий'}",
        f"Касса {settings.till}, кассир {settings.cashier}",
        f"ККТ: {f'{printer.name}, {printer.port}, № {printer.factory_number}' if printer else 'не указана'}",
        f"Портал: {_portal_text(settings)}",
        f"Чеки по заказу портала: {_jobs_text(settings)}",
        f"Шлюз: {settings.gateway.url if settings.gateway else 'нет, касса на портале одна'}",
        f"НДС: подтверждено строк {len(settings.vat.confirmed)} из {len(settings.vat.rows) + 1}",
        f"Маркировка: {_marking_text(settings)}",
        setup_terminal.terminal_text(settings),
        f"Каталог: {_catalogue_text(settings)}",
        f"Остатки: {settings.stock.mode if settings.stock else 'режим не выбран: posapp setup stock'}",
    ]
    answer(json, body, "\n".join(lines))


def _portal_text(settings: Settings) -> str:
    if settings.portal is None:
        return "не указан"
    way = f"приложение {settings.oauth.client_id}" if settings.oauth else "вебхук"
    moved = f" (теперь {settings.portal.address})" if settings.portal.address else ""
    return f"{settings.portal.portal}{moved}, {settings.portal.mode}, {way}"


def _jobs_text(settings: Settings) -> str:
    chosen = settings.jobs
    if chosen is None:
        return "нет, печатает касса"
    return f"по опросу сайта {chosen.site}" if chosen.site else "через шлюз"


def _marking_text(settings: Settings) -> str:
    chosen = settings.marking
    if chosen is None:
        return "не продаём"
    return ", ".join(each for each in (chosen.online, chosen.local) if each) or "проверяет только ККТ"


def _catalogue_text(settings: Settings) -> str:
    chosen = settings.catalogue
    if chosen is None:
        return "без заказа не продаём"
    return f"штрихкод {chosen.barcode or '–'}, артикул {chosen.article or '–'}, тип цены {chosen.price_type}"
