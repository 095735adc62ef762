"""`posapp setup exchange`: how fast the portal may be asked, and how long the sync log is kept."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer, language
from posapp.errors import SetupError, UsageError
from posapp.settings import LogSettings, PortalSettings, Settings
from posapp.sync.governor import CLOUD, ENTERPRISE, Limits

PLANS = {"cloud": CLOUD, "enterprise": ENTERPRISE}
BURST_MAX, PER_SECOND_MAX = 10_000, 1_000.0


def exchange(
    plan: Annotated[
        str, typer.Option("--plan", help="Тариф Битрикс24: cloud (50 запросов и 2 в секунду) | enterprise (250 и 5).")
    ] = "",
    burst: Annotated[int | None, typer.Option("--burst", help="Сколько запросов можно сразу.")] = None,
    per_second: Annotated[float | None, typer.Option("--per-second", help="Сколько потом в секунду.")] = None,
    log_days: Annotated[int | None, typer.Option("--log-days", help="Сколько дней хранить журнал обмена.")] = None,
    log_rows: Annotated[int | None, typer.Option("--log-rows", help="Сколько строк журнала хранить.")] = None,
    log_body_days: Annotated[
        int | None, typer.Option("--log-body-days", help="Сколько дней хранить запросы и ответы того, что прошло.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Темп обмена с порталом и срок журнала обмена. Что не названо, остаётся как было."""
    from posapp import app

    folder = app.data_dir(data_dir)
    kept = app.load_settings(folder)
    changed = kept.with_(
        portal=_portal(kept, plan, burst, per_second), log=_log(kept, log_days, log_rows, log_body_days)
    )
    if changed != kept:
        setup_common.save(folder, changed)
    body = {"log": asdict(changed.log), **_limits(changed.portal)}
    answer(json, body, _text(changed))


def _portal(kept: Settings, plan: str, burst: int | None, per_second: float | None) -> PortalSettings | None:
    if not plan and burst is None and per_second is None:
        return kept.portal
    if kept.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    if plan and (plan not in PLANS or burst is not None or per_second is not None):
        raise UsageError("usage", what=f"--plan {plan}: cloud или enterprise, без --burst и --per-second")
    limits = PLANS.get(plan) or Limits(kept.portal.limit_burst, kept.portal.limit_per_second)
    chosen_burst = int(limits.size) if burst is None else burst
    chosen_rate = limits.leak_per_s if per_second is None else per_second
    if not (1 <= chosen_burst <= BURST_MAX and 0 < chosen_rate <= PER_SECOND_MAX):
        raise UsageError("usage", what=f"--burst от 1 до {BURST_MAX}, --per-second больше 0 и до {PER_SECOND_MAX:.0f}")
    return replace(kept.portal, limit_burst=chosen_burst, limit_per_second=chosen_rate)


def _log(kept: Settings, days: int | None, rows: int | None, body_days: int | None) -> LogSettings:
    was = kept.log
    days = was.days if days is None else days
    chosen = LogSettings(
        days, was.rows if rows is None else rows, min(was.body_days, days) if body_days is None else body_days
    )
    if not chosen.is_sound:
        what = "дней от 1 до 3650, запросы и ответы не дольше строк, строк от 10000 до 10000000"
        raise UsageError("usage", what=what)
    return chosen


def _limits(portal: PortalSettings | None) -> dict[str, object]:
    return {} if portal is None else {"burst": portal.limit_burst, "per_second": portal.limit_per_second}


def _text(kept: Settings) -> str:
    is_en, log, portal = language() == "en", kept.log, kept.portal
    lines = []
    if portal is not None:
        burst, rate = portal.limit_burst, f"{portal.limit_per_second:g}"
        russian = f"Запросов сразу: {burst}, потом {rate.replace('.', ',')} в секунду."
        lines.append(f"{burst} requests at once, then {rate} a second." if is_en else russian)
    russian = f"Журнал обмена: {log.days} дней, не больше {log.rows} строк; подробности удачного {log.body_days} дней."
    english = f"The sync log: {log.days} days, at most {log.rows} rows; details of what went well {log.body_days} days."
    return "\n".join([*lines, english if is_en else russian])
