"""`posapp audit verify|list`: what people decided, and the proof that nobody has changed the record of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, answer, command, emit_or_stop, language, say
from posapp.till import audit

EXIT_BROKEN = 1


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Кто, что и почему решил.", no_args_is_help=True)
    group.command("verify")(command(verify))
    group.command("list")(command(list_))
    app.add_typer(group, name="audit")


def verify(
    against: Annotated[
        Path | None, typer.Option("--against", help="Прежняя копия журнала: все её записи должны быть на месте.")
    ] = None,
    head: Annotated[str, typer.Option("--head", help="Хеш записи, выписанный когда-то отсюда.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Проверяет цепь записей. Код 1 – и точная запись, – если её кто-то менял. Работает и рядом с открытой кассой."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        verdict = till.journal.verify_audit(against=against, head=head)
    broken = verdict.first_broken
    body = {
        "records": verdict.records,
        "ok": broken is None,
        "head": verdict.head,
        "first_broken": None if broken is None else broken.as_json(),
    }
    if broken is None:
        text = f"Записей {verdict.records}, цепь цела. Последний хеш: {verdict.head}"
    else:
        place = "Цепь нарушена" if broken.record is None else f"Цепь нарушена на записи {broken.record}"
        text = f"{place} ({broken.kind}): {broken.why}. Записей {verdict.records}."
    answer(json, body, text)
    return 0 if broken is None else EXIT_BROKEN


def list_(
    after: Annotated[int, typer.Option("--after", min=0, help="Только записи с большим номером.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Не больше стольких.")] = 500,
    subject: Annotated[str | None, typer.Option("--subject", help="Только об этом: ключ чека, запись, ККТ.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Решения людей, старые первыми, по строке на запись."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        records = till.journal.audit_rows(after, limit, subject=subject)
    for each in records:
        if json:
            emit_or_stop(
                {
                    "record": each.id,
                    "at": each.at.isoformat(),
                    "who": each.who,
                    "what": each.what,
                    "subject": each.subject,
                    "why": each.why,
                    "facts": each.facts,
                    "hash": each.hash,
                }
            )
        else:
            why = f" – {each.why}" if each.why else ""
            at = f"{each.at.astimezone():%d.%m.%Y %H:%M:%S}"
            say(f"{each.id:>5}  {at}  {each.who}: {audit.words(each.what, language())}, {each.subject}{why}")
