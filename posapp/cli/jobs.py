"""`posapp jobs run|list|show|refuse`: receipts that the portal or the site orders."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, language
from posapp.journal.job_rows import Job
from posapp.till import job_loop, jobs
from posapp.till.context import Till
from posapp.till.job_loop import JobsView, Rounds, Stopped, Waiting

EXIT_PERSON = 3
ONCE_ROUNDS = 10
"""So many rounds `--once` goes on while there is work: five checks come in each."""

STATES = {
    "open": ("ждёт печати", "waits to be printed"),
    "held": ("придержано", "held"),
    "refused": ("не напечатано", "not printed"),
    "done": ("готово", "done"),
}


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Чеки, которые заказывает портал или сайт.", no_args_is_help=True)
    group.command("run")(command(run))
    group.command("list")(command(list_))
    group.command("show")(command(show))
    group.command("refuse")(command(refuse))
    app.add_typer(group, name="jobs")


def run(
    once: Annotated[bool, typer.Option("--once", help="Всё, что есть сейчас, и конец.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Печатает по заданиям портала или сайта, пока не остановят (SIGTERM); без человека и после перезапуска тоже."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till, app.rounds_of(till) as rounds, _until_told() as waiting:

        def tell(seen: JobsView) -> None:
            if not seen.is_quiet:
                answer(json, seen.as_json(language()), text_of(seen, language()))

        if once:
            return _once(rounds, waiting, tell)
        job_loop.run(rounds, waiting, tell)
    return 0


def _once(rounds: Rounds, waiting: Waiting, tell: Callable[[JobsView], None]) -> int:
    """Rounds while there is something to print or to tell."""
    rounds.begin()
    for _ in range(ONCE_ROUNDS):
        try:
            seen, may_go_on = rounds.once(waiting, wait_s=0)
        except Stopped:
            return 0
        tell(seen)
        if not may_go_on or not (seen.untold or seen.printed or seen.reports):
            break
    return EXIT_PERSON if seen.held or seen.waiting or seen.trouble is not None else 0


@contextmanager
def _until_told() -> Iterator[Waiting]:
    """SIGTERM and SIGINT end it: what is being printed is finished, what the site holds is left."""
    waiting = Waiting()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGTERM, signal.SIGINT):
            before[each] = signal.signal(each, lambda *_: waiting.end())
    try:
        yield waiting
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def text_of(seen: JobsView, speech: str) -> str:
    """A round for people."""
    english = speech == "en"
    said = [
        (f"printed: {', '.join(seen.printed)}" if english else f"напечатано: {', '.join(seen.printed)}")
        if seen.printed
        else "",
        (f"shift closed by {', '.join(seen.reports)}" if english else f"смена закрыта: {', '.join(seen.reports)}")
        if seen.reports
        else "",
        (f"refused: {', '.join(seen.refused)}" if english else f"не напечатано: {', '.join(seen.refused)}")
        if seen.refused
        else "",
        (f"wait {seen.waiting}, held {seen.held}" if english else f"ждёт {seen.waiting}, придержано {seen.held}")
        if seen.waiting or seen.held
        else "",
        f"{seen.trouble.message(speech)} {seen.trouble.action(speech)}" if seen.trouble is not None else "",
    ]
    return "\n".join(filter(None, said)) or ("results are being told" if english else "сообщаем результаты")


# ------------------------------------------------------------------------------------------------ looking
def list_(
    all_: Annotated[bool, typer.Option("--all", help="И те, о которых портал всё знает.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Задания: что ждёт печати, что придержано и почему, о чём портал ещё не знает."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = [
            each for each in till.journal.jobs(limit) if all_ or not each.is_told or each.state in ("open", "held")
        ]
        rows = [body_of(till, each) for each in found]
    lines = [line_of(each, row) for each, row in zip(found, rows, strict=True)]
    answer(json, {"jobs": rows}, "\n".join(lines) or "Заданий нет: всё напечатано, портал всё знает.")


Number = Annotated[str, typer.Argument(help="Номер задания: целиком (check|сайт|417), одно число или ключ чека.")]


def show(number: Number, data_dir: DataDir = None, json: Json = False) -> None:
    """Одно задание: что заказано, чем кончилось, почему стоит."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        job = jobs.find(till, number)
        row = {**body_of(till, job), "ordered": job.body}
    lines = [line_of(job, row)]
    trouble = jobs.trouble_of(job)
    if trouble is not None:
        lines.append(f"  {trouble.message(language())} {trouble.action(language())}")
    answer(json, {"job": row}, "\n".join(lines))


def refuse(number: Number, by: By = "", why: Why = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Отказаться от задания: портал узнает, что чек не напечатан. Печатается, только если закажут снова."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        job = jobs.refuse(replace(till, person=by.strip()), number, why)
        row = body_of(till, job)
    answer(json, {"job": row}, f"Задание {job.external_id}: не печатается, портал узнает при следующем обмене.")


def body_of(till: Till, job: Job) -> dict[str, Any]:
    """A job as JSON; its receipt's state and document beside it."""
    stored = till.journal.receipt(job.receipt_key) if job.receipt_key else None
    trouble = jobs.trouble_of(job)
    return {
        "source": job.source,
        "job": job.external_id,
        "kind": job.kind,
        "state": job.state,
        "told": job.is_told,
        "deliveries": job.deliveries,
        "received_at": job.received_at.isoformat(),
        "delivered_at": job.delivered_at.isoformat(),
        "receipt": job.receipt_key,
        "receipt_state": None if stored is None else stored.state.value,
        "document_number": None if stored is None or stored.mark is None else stored.mark.document_number,
        "total_kopecks": None if stored is None else stored.receipt.total.kopecks,
        "error": None if trouble is None else trouble.as_json(language()),
    }


def line_of(job: Job, row: Mapping[str, Any]) -> str:
    """A job for people."""
    state = STATES[job.state][language() == "en"]
    told = (
        "" if job.is_told or job.state == "open" else (", not told yet" if language() == "en" else ", портал не знает")
    )
    document = f", ФД {row['document_number']}" if row["document_number"] else ""
    error = row["error"]
    why = f": {error['message']}" if isinstance(error, dict) else ""
    return f"{job.external_id:<32} {state}{document}{told}{why}"
