"""`posapp setup portal`: the portal is connected, proven fit for its mode, and kept under one name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posapp import vault
from posapp.cli import setup_check, setup_jobs, setup_stock, setup_way
from posapp.cli import setup_common as common
from posapp.cli.common import DataDir, Json, answer, complain, language
from posapp.errors import PosError, SetupError, SyncError, UsageError
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import PortalSettings, Settings
from posapp.till import portal_name, setup
from posapp.till.setup_check import CheckReport

if TYPE_CHECKING:
    from posapp.sync.bitrix.check import PortalCheck
    from posapp.sync.bitrix.client import BitrixClient

MODES = ("till-driven", "portal-driven", "site-poll")


def portal(
    mode: Annotated[str, typer.Option(help="till-driven: чеки печатает касса. Иначе – как настроено.")] = "",
    webhook_stdin: Annotated[bool, typer.Option("--webhook-stdin", help="Вебхук – строкой на вводе.")] = False,
    oauth: Annotated[str, typer.Option(help="Адрес портала: подключить локальное приложение (OAuth).")] = "",
    client_id: Annotated[str, typer.Option(help="client_id из карточки приложения.")] = "",
    client_secret_stdin: Annotated[
        bool,
        typer.Option("--client-secret-stdin", help="client_secret – строкой на вводе; иначе POSAPP_CLIENT_SECRET."),
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Порт из адреса http://127.0.0.1:ПОРТ/ в карточке приложения.", min=1, max=65535)
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Браузер не открывать, напечатать адрес.")] = False,
    install_callback: Annotated[str, typer.Option(help="HOST:PORT, где ждать установку приложения «только API».")] = "",
    wait: Annotated[int, typer.Option(help="Сколько секунд ждать браузер или установку.", min=0)] = 0,
    token_url: Annotated[str, typer.Option(help="Сервер авторизации, если он не oauth.bitrix.info.")] = "",
    renamed: Annotated[str, typer.Option(help="Портал переехал: его новый адрес, по слову администратора.")] = "",
    final_status: Annotated[str, typer.Option(help="Статус выданного заказа.")] = "F",
    receipts_field: Annotated[
        str | None, typer.Option(help="Поле оплаты для списка её чеков: comments или psStatusMessage.")
    ] = None,
    refund_status: Annotated[
        str | None, typer.Option(help="Статус заказа, за который вернули все деньги; пусто – статус не менять.")
    ] = None,
    poll_link_stdin: Annotated[
        bool,
        typer.Option("--poll-link-stdin", help="site-poll: ссылка сайта строкой на вводе, иначе POSAPP_POLL_LINK."),
    ] = False,
    rates: Annotated[
        str | None, typer.Option(help="Ставки НДС товаров магазина, которым касса верит в чеках сайта: 22,10,none.")
    ] = None,
    site_vat_checked: Annotated[
        bool | None,
        typer.Option(
            "--site-vat-checked/--site-vat-unchecked",
            help="На сайте вручную заданы коды vat5, vat7, vat22 – проверено.",
        ),
    ] = None,
    same_site: Annotated[
        bool | None,
        typer.Option(
            "--same-site/--another-site", help="site-poll: ссылка с другим адресом – того же сайта или другого."
        ),
    ] = None,
    advance_rate: Annotated[str | None, typer.Option(help="Ставка авансов, которые портал шлёт без НДС.")] = None,
    training: common.Training = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Подключает портал: вебхук (POSAPP_WEBHOOK или со ввода) или приложение; проверяет права и кто печатает чеки."""
    from posapp import app
    from posapp.sync.bitrix.receipt_lists import FIELDS

    if receipts_field is not None and receipts_field not in FIELDS:
        raise UsageError("usage", what=f"--receipts-field {receipts_field}: есть {', '.join(FIELDS)}")
    folder = app.data_dir(data_dir)
    settings = setup.begin(folder, training=training, identity=app.new_id())
    mode = _mode(settings, mode)
    ordered = setup_jobs.chosen_of(settings, rates, advance_rate, checked=site_vat_checked)
    if mode == setup_jobs.SITE_POLL:
        setup_jobs.site_poll(folder, settings, ordered, from_stdin=poll_link_stdin, same=same_site, json=json)
        return
    known_port = settings.oauth.port if settings.oauth else setup_way.DEFAULT_PORT
    asked = setup_way.Asked(
        oauth, client_id, client_secret_stdin, port or known_port, not no_browser, install_callback,
        min(wait, setup_way.WAIT_MAX_S), token_url, json,
    )  # fmt: skip
    has_application = settings.oauth is not None
    with _way(settings, folder, asked, webhook_stdin=webhook_stdin, renamed=renamed) as way:
        settings, report = _proven(settings, folder, way, mode, final_status, receipts_field, refund_status)
        settings = setup_jobs.with_mode(settings.with_(oauth=way.oauth), mode, ordered)
        kept = way.keep(settings.identity)
        common.save(folder, settings)
        way.settle(settings.identity)
        mode_of_stock = setup_stock.proposed(settings, way.access) if way.oauth is None else ""
    has_left = has_application and way.oauth is None
    _answer(settings, report, kept, has_left=has_left, stock=mode_of_stock, json=json)


@contextmanager
def _way(
    settings: Settings, folder: Path, asked: setup_way.Asked, *, webhook_stdin: bool, renamed: str
) -> Iterator[setup_way.Way]:
    """The one way that was asked for. Raises UsageError for two at once."""
    if sum(map(bool, (asked.portal, webhook_stdin, renamed))) > 1:
        raise UsageError("usage", what="одно из трёх: --oauth, --webhook-stdin, --renamed")
    if not asked.portal and (asked.client_id or asked.callback or asked.token_url or asked.secret_stdin):
        raise UsageError("usage", what="--client-id и прочее – вместе с --oauth АДРЕС_ПОРТАЛА")
    if asked.portal:
        with setup_way.by_application(settings, folder, asked) as way:
            yield way
    elif renamed:
        yield setup_way.after_rename(settings, folder, renamed)
    elif webhook_stdin:
        line = common.line_of_stdin()
        if not line:
            raise UsageError("usage", what="на вводе нет вебхука")
        yield setup_way.by_webhook(vault.Secret(line))
    else:
        yield setup_way.known_way(settings, folder)


def _mode(settings: Settings, typed: str) -> str:
    mode = typed or (settings.portal.mode if settings.portal else "")
    if not mode:
        raise UsageError("usage", what=f"нужен --mode, есть: {', '.join(MODES)}")
    if mode not in MODES:
        raise UsageError("usage", what=f"режима «{mode}» нет, есть: {', '.join(MODES)}")
    return mode


def _proven(
    settings: Settings, folder: Path, way: setup_way.Way, mode: str, final: str, field: str | None, status: str | None
) -> tuple[Settings, CheckReport]:
    """The settings with a portal that has just proven fit, and what the self-check saw of it.

    A refusal for want of rights carries the whole check: an administrator mends all of it at once.
    """
    from posapp import app
    from posapp.sync.bitrix.check import check_portal_driven, check_receipts_field, check_till_driven
    from posapp.sync.governor import CLOUD

    with app.portal_client(way.access, CLOUD) as client:
        try:
            check = (check_till_driven if mode == MODES[0] else check_portal_driven)(client, final)
            found = _portal_settings(settings, check, mode, final, field, status)
            check_receipts_field(client, found.receipts_field)
            report = setup_check.report_of(client, settings, mode)
        except SyncError as error:
            raise _with_check(error, client, settings, mode) from None
        setup.with_portal(settings, found, {})
        name = _portal_name(folder, settings, client, way)
    address = "" if name == check.portal else check.portal
    return setup.with_portal(settings, replace(found, portal=name, address=address), check.vat_rows), report


def _with_check(error: SyncError, client: BitrixClient, settings: Settings, mode: str) -> PosError:
    """The error with what is missing beside it, where the portal can be asked at all."""
    from posapp.sync.bitrix.answers import is_access

    if not is_access(error):
        return error
    try:
        report = setup_check.report_of(client, settings, mode)
    except SyncError:
        return error
    error.extra = {"check": report.as_json(language())}
    complain(setup_check.text_of(report, language()))
    return error


def _portal_settings(
    settings: Settings, check: PortalCheck, mode: str, final_status: str, field: str | None, status: str | None
) -> PortalSettings:
    """What was proven and what was said; what was not said of the receipts stays as it was. SetupError for a status
    that the portal does not have."""
    before = settings.portal
    refunded = (before.refund_status if before else "") if status is None else status.strip()
    if refunded and refunded not in check.statuses:
        known = ", ".join(sorted(check.statuses))
        raise SetupError("not_set_up", what=f"на портале нет статуса «{refunded}» (есть: {known})", command="portal")
    return PortalSettings(
        check.portal,
        mode,
        final_status,
        check.is_simulated,
        receipts_field=field or (before.receipts_field if before else "comments"),
        refund_status=refunded,
    )


def _portal_name(folder: Path, settings: Settings, client: BitrixClient, way: setup_way.Way) -> str:
    """Under which name the portal is kept (see `portal_name`). Nothing to ask while it is the one that is set up.

    An application's portal is known by its own id. A webhook's portal that moved must have the orders receipted here.
    """
    from posapp import app
    from posapp.journal.store import Journal

    known = settings.portal
    is_known = known is not None and client.address in (known.portal, known.address)
    if known is not None and (is_known or (way.is_same and way.oauth is not None)):
        return known.portal
    if not (folder / JOURNAL_NAME).exists():
        return known.portal if known is not None and way.is_same else client.address
    with Journal.open(folder, now=app.now) as journal:
        name = portal_name.name_of(journal, client, app.now())
        if known is None or not way.is_same:
            return name
        if name != known.portal and journal.receipt_portals():
            raise SetupError("not_renamed", why=f"на {client.address} нет заказов, чеки которых пробиты здесь")
        return known.portal


def _answer(settings: Settings, report: CheckReport, kept: bool, *, has_left: bool, stock: str, json: bool) -> None:
    """What is set up now, and what an administrator may still want to mend."""
    found, oauth = settings.portal, settings.oauth
    if found is None:
        raise AssertionError("a portal was proven")
    body = {
        "portal": asdict(found),
        "kind": settings.kind,
        "secret": "keyring" if kept else "this run or environment",
        "access": "webhook" if oauth is None else "oauth",
        "oauth": None if oauth is None else asdict(oauth),
        "check": report.as_json(language()),
        "stock_proposed": stock or None,
    }
    prints = "сам чеков не печатает" if settings.jobs is None else "чеки заказывает он, кассе – через шлюз"
    text = f"Портал {found.portal}: связь есть, {prints}."
    if oauth is not None:
        text += f" Подключено приложение {oauth.client_id}."
    if has_left:
        text += " Приложение больше не используется."
    if found.address:
        text += f" Адрес {found.address} – у того же портала: заказы и чеки остаются под прежним именем."
    if not kept:
        text += " Хранилища паролей нет: задавайте POSAPP_WEBHOOK при каждом запуске."
    if vault.given_webhook() is not None and oauth is not None:
        text += " POSAPP_WEBHOOK ещё задан и идёт впереди приложения: уберите его."
    if stock:
        text += f" Остатки: подходит posapp setup stock --mode {stock}."
    gaps = setup_check.gaps_of(report, language(), with_optional=False)
    answer(json, body, "\n".join([text, *gaps]))
