"""`posapp sync [status|log]` and `posapp outbox list|retry|hold`: the exchange with the portal."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from posapp.cli import catalogue, sync_log
from posapp.cli.common import By, DataDir, Json, Why, answer, command, complain, language, show_error
from posapp.cli.reconcile import text_of
from posapp.errors import PosError
from posapp.till import exchange, keeping, order_load, reconcile, resolve, shift_rule
from posapp.till.context import Till
from posapp.till.lights import trouble_of
from posapp.till.reconcile_views import ReconcileProgress
from posapp.till.shift import ShiftReport
from posapp.till.views import CaseKind, ClaimsReport, DeliverReport, PullResult

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
EXIT_PERSON = 3


def register(app: typer.Typer) -> None:
    """Adds the command and the group."""
    exchange_group = typer.Typer(invoke_without_command=True)
    exchange_group.callback()(command(sync_or_more))
    sync_log.add_to(exchange_group)
    app.add_typer(exchange_group, name="sync")
    group = typer.Typer(help="Что портал ещё не знает.", no_args_is_help=True)
    group.command("list")(command(list_))
    group.command("retry")(command(retry))
    group.command("hold")(command(hold))
    app.add_typer(group, name="outbox")


Once = Annotated[bool, typer.Option("--once", help="Один раз всё, что ждёт, и конец.")]


def sync_or_more(ctx: typer.Context, once: Once = False, data_dir: DataDir = None, json: Json = False) -> int:
    """Отправляет в Битрикс всё, что ждёт, и загружает изменения. Без --once повторяет до остановки."""
    return 0 if ctx.invoked_subcommand is not None else sync(once, data_dir, json)


def sync(once: bool = False, data_dir: Path | None = None, json: bool = False) -> int:
    """The exchange, once or until it is stopped; the exit code."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        if once:
            return _round(till, json, force=True)
        stop = _told_to_stop()
        loader = order_load.Loader(till)
        _look_again(till)
        _round(till, json, force=True, loader=loader)
        _reconcile(till, json, stop)
        seen, pause_s = 0, EVERY.total_seconds()
        while not stop.wait(pause_s):
            _look_again(till)
            _round(till, json, force=False, loader=loader)
            _close_if_due(till, json)
            load = order_load.current(till)
            gets_on = load is not None and load.seen != seen  # a load of orders that gets on waits for nobody
            seen, pause_s = 0 if load is None else load.seen, 0 if gets_on else EVERY.total_seconds()
        return 0


def _close_if_due(till: Till, json: bool) -> None:
    """The shop's rule for its shift; whatever keeps it from closing, the exchange goes on, and the next round tries."""
    try:
        done = shift_rule.close_if_due(till) if shift_rule.is_time(till) else None
    except PosError as error:
        log.warning("shift: %s", error)
        return
    if isinstance(done, ShiftReport):
        answer(json, {"shift_closed": done.shift.number}, f"Смена {done.shift.number} закрыта по правилу.")
        reconcile.after_close(till)


def _look_again(till: Till) -> None:
    """A program that goes on holds the directory, so nobody else can find out what became of a receipt: it must.

    What the storage proves is decided; what it does not stays an alarm.
    """
    if not resolve.alarms(till):
        return
    try:
        resolve.cases(till)
    except PosError as error:
        log.warning("resolve: %s", error)


def _reconcile(till: Till, json: bool, stop: Event) -> None:
    """Once, at the start of a program that goes on: what is new since the last good reconciliation."""

    def go_on(_progress: ReconcileProgress) -> None:
        if stop.is_set():
            raise reconcile.Stopped

    try:
        found = reconcile.at_start(till, go_on)
    except reconcile.Stopped:
        return
    if found is not None:
        answer(json, {"reconciled": found.as_json(language())}, text_of(found))


def _told_to_stop() -> Event:
    """Set by SIGTERM or SIGINT: the round that runs is finished, no write's answer is thrown away."""
    stop = Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    return stop


def _round(till: Till, json: bool, *, force: bool, loader: order_load.Loader | None = None) -> int:
    keeping.check_if_due(till)
    for trouble in keeping.keep_copies(till).troubles:
        complain(f"{trouble.message(language())} {trouble.action(language())}")
    report, pulled = exchange.sync(till, force=force, loader=loader)
    body = _body(report, pulled)
    needs_person = _tell_alarms(till, body)
    if report.offline is not None:
        error = report.offline
        error.extra = body
        show_error(error, as_json=json)
        return error.exit_code
    text = f"Отправлено {report.delivered}, требует человека {report.failed}, ждёт {report.left}."
    goods = [] if report.catalogue is None else [catalogue.text_of(report.catalogue)]
    answer(json, body, "\n".join([text, *goods, *_claims_lines(report.claims)]))
    needs_person |= bool(report.failed or (report.claims is not None and report.claims.doubled))
    return EXIT_PERSON if needs_person else 0


def _tell_alarms(till: Till, body: dict[str, Any]) -> bool:
    """What is sent to the register and not known to be made; whether somebody has to be told."""
    alarms = resolve.alarms(till)
    if alarms:
        body["alarms"] = [each.as_json() for each in alarms]
    late = [each for each in alarms if each.needs_telling]
    for each in late:
        words = each.words(language())
        complain(words if each.kind is CaseKind.CORRECTION else f"{words} posapp resolve")
    return bool(late)


def _claims_lines(claims: ClaimsReport | None) -> list[str]:
    """What the gateway had to say, for people."""
    if claims is None:
        return []
    told = [*claims.doubled, *claims.lost, *([claims.trouble] if claims.trouble else [])]
    count = f"Закреплено за кассой {claims.held}, шлюз узнал о чеках: {claims.closed}."
    return [count, *(f"{each.message(language())} {each.action(language())}" for each in told)]


def _body(report: DeliverReport, pulled: PullResult | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "delivered": report.delivered,
        "failed": report.failed,
        "left": report.left,
        "pulled": None if pulled is None else {"expected": pulled.expected, "on_board": pulled.on_board},
    }
    if report.catalogue is not None:
        body["catalogue"] = report.catalogue.as_json(language())
    if report.claims is not None:
        body["claims"] = report.claims.as_json(language())
    return body


def list_(
    state: Annotated[str | None, typer.Option(help="waiting|failed|held|done")] = None,
    order: Annotated[str, typer.Option(help="Номер заказа.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Записи очереди: что, по какому заказу, сколько попыток, почему стоит."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = till.journal.entries(state=state, order=order)
    rows = []
    for each in found:
        trouble = trouble_of(each)
        rows.append(
            {
                "entry": each.id,
                "order": each.order_number,
                "receipt": each.receipt_key,
                "step": each.step,
                "state": each.state,
                "tries": each.tries,
                "due_at": each.due_at.isoformat(),
                "error": trouble.as_json(language()) if trouble else None,
            }
        )
    lines = [
        f"{row['entry']:>6} {row['order']:<12} {row['step']:<8} {row['state']:<8} попыток {row['tries']}"
        + (f"  {row['error']['message']}" if isinstance(row["error"], dict) else "")
        for row in rows
    ]
    answer(json, {"entries": rows}, "\n".join(lines) or "Очередь пуста: портал знает всё.")


Entry = Annotated[int, typer.Argument(help="Номер записи из outbox list.")]


def retry(entry: Entry, by: By = "", why: Why = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Повторить запись, причина которой устранена."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        exchange.retry(replace(till, person=by.strip()), entry, why)
    answer(json, {"entry": entry, "state": "waiting"}, f"Запись {entry} будет отправлена при следующем обмене.")


def hold(entry: Entry, by: By = "", why: Why = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Не отправлять запись, пока человек не решит."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        exchange.hold(replace(till, person=by.strip()), entry, why)
    answer(json, {"entry": entry, "state": "held"}, f"Запись {entry} придержана.")
