"""`posapp setup check`: what the portal lets the till do, what is missing, why it is needed and what to tick."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from posapp.cli.common import DataDir, Json, answer, language
from posapp.cli.setup_common import portal_of
from posapp.errors import SetupError
from posapp.settings import Settings
from posapp.till.setup_check import CheckReport, Mark, Point, judge

if TYPE_CHECKING:
    from posapp.sync.bitrix.client import BitrixClient


def check(data_dir: DataDir = None, json: Json = False) -> int:
    """Сверяет права и возможности портала с тем, что нужно кассе. Ничего не меняет; код 1 – чего-то не хватает."""
    from posapp import app

    folder: Path = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    with portal_of(settings, folder) as client:
        report = report_of(client, settings)
    answer(json, report.as_json(language()), text_of(report, language()))
    return 0 if report.is_fit else 1


def report_of(client: BitrixClient, settings: Settings, mode: str = "") -> CheckReport:
    """The check of a portal in its mode. Raises Offline, Rejected when it cannot be asked."""
    from posapp import app
    from posapp.sync.bitrix.rights import look

    chosen = mode or (settings.portal.mode if settings.portal else "")
    seen = look(client)
    return judge(seen, chosen, portal=client.portal, is_application=client.is_application, now=app.now())


def text_of(report: CheckReport, spoken: str) -> str:
    """For people: who we are there, each gap with its reason and its remedy, then what is good to know."""
    say = _EN if spoken == "en" else _RU
    lines = [say["head"].format(portal=report.portal, access=say[report.access], user=report.user or "–")]
    lines += gaps_of(report, spoken)
    lines.append(say["fit" if report.is_fit else "unfit"])
    known = {True: say["yes"], False: say["no"], None: say["unsaid"]}
    if report.access == "oauth":
        lines.append(say["events"].format(known[report.has_offline_events]))
    else:
        lines.append(say["no_events"])
    lines.append(say["inventory"].format(known[report.keeps_inventory]))
    printing = say["unsaid"] if report.prints is None else ", ".join(report.prints) or say["none"]
    lines.append(say["prints"].format(printing))
    return "\n".join(lines)


def gaps_of(report: CheckReport, spoken: str, *, with_optional: bool = True) -> list[str]:
    """The lines about what is missing, unknown or – unless that is not wanted – left out; none when all is there."""
    say = _EN if spoken == "en" else _RU
    told = (each for each in report.gaps() if with_optional or each.mark is not Mark.OPTIONAL)
    return [line for each in told for line in _gap(each, report, say, spoken)]


def _gap(point: Point, report: CheckReport, say: dict[str, str], spoken: str) -> list[str]:
    why, what = point.words(report.access, spoken)
    code = f" ({point.error})" if point.error else ""
    sign = {Mark.MISSING: "✗", Mark.OPTIONAL: "–", Mark.UNKNOWN: "?"}[point.mark]
    lines = [f"{sign} {say[point.kind].format(point.name)}{why}{code}."]
    return lines if point.mark is Mark.UNKNOWN else [*lines, f"    {say['do']}: {what}."]


_RU = {
    "head": "Портал {portal}, {access}, от имени: {user}.",
    "webhook": "вебхук",
    "oauth": "приложение",
    "scope": "нет права {}: ",
    "right": "не разрешено ",
    "method": "нет метода {}: ",
    "field": "нет поля {}: ",
    "mode": "платёжная система «{}»: ",
    "clock": "часы ({}): ",
    "do": "администратору",
    "fit": "✓ Всё нужное кассе есть.",
    "unfit": "Касса так работать не может: исправьте отмеченное «✗» и повторите «posapp setup check».",
    "yes": "да",
    "no": "нет",
    "unsaid": "портал не сказал",
    "events": "События заказов без потерь (rest_offline_extended): {}.",
    "no_events": "Событий у вебхука нет: изменения заказов касса узнаёт обходом. Сразу – через приложение.",
    "inventory": "Складской учёт Битрикс включён: {}.",
    "prints": "Платёжные системы, которые печатают чеки сами: {}.",
    "none": "нет таких",
}
_EN = {
    "head": "Portal {portal}, {access}, on behalf of: {user}.",
    "webhook": "webhook",
    "oauth": "application",
    "scope": "no scope {}: ",
    "right": "not allowed ",
    "method": "no method {}: ",
    "field": "no field {}: ",
    "mode": "pay system “{}”: ",
    "clock": "clock ({}): ",
    "do": "administrator",
    "fit": "✓ All that the till needs is there.",
    "unfit": "The till cannot work so: mend what is marked “✗” and repeat “posapp setup check”.",
    "yes": "yes",
    "no": "no",
    "unsaid": "the portal did not say",
    "events": "Events of orders without losses (rest_offline_extended): {}.",
    "no_events": "A webhook hears no events: changes of orders are found by asking. At once: by an application.",
    "inventory": "Bitrix keeps inventory: {}.",
    "prints": "Pay systems that print receipts themselves: {}.",
    "none": "none",
}
