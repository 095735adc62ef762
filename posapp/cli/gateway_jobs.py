"""`posapp gateway jobs`: the portal's checks on the gateway, what needs a person, and what a person decides.

It reads the gateway's own database, so it is typed where the gateway runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from posapp.cli.common import Json, NoDataDir, Why, answer, command
from posapp.cli.gateway_database import Database, opened
from posapp.domain.fiscal import FiscalMark
from posapp.errors import UsageError

WHICH = ("attention", "open", "unknown", "untold", "doubtful", "all")
LIMIT = 200
EXIT_PERSON = 3
WAITS_LONG = timedelta(minutes=10)


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    group.command("jobs")(command(jobs))
    group.command("job")(command(job))
    group.command("settle")(command(settle))


def jobs(
    which: Annotated[str, typer.Argument(help=" | ".join(WHICH))] = "attention",
    database: Database = "",
    data_dir: NoDataDir = None,
    json: Json = False,
) -> int:
    """Задания портала: по умолчанию те, что ждут человека (код выхода 3, если такие есть)."""
    from posapp import app
    from posapp.gateway.apply_store import SqlApplications

    if which not in WHICH:
        raise UsageError("usage", what=f"списка «{which}» нет, есть: {', '.join(WHICH)}")
    store = opened(database)
    try:
        queue = SqlApplications(store.engine)
        names = ("open", "untold", "doubtful") if which == "attention" else (which,)
        found = {int(str(row["job"])): row for name in names for row in queue.list_jobs(name, LIMIT)}
        asked = queue.strangers() if which == "attention" else []
    finally:
        store.close()
    chosen = [row for row in found.values() if which != "attention" or needs_person(row, app.now())]
    rows = [row | {"todo": todo(row)} for row in chosen]
    lines = [*map(_line, rows), *map(_asked_line, asked)]
    answer(json, {"jobs": rows, "unknown_to_us": asked}, "\n".join(lines) or "Заданий нет.")
    return EXIT_PERSON if which == "attention" and lines else 0


def job(
    number: Annotated[int, typer.Argument(help="Номер задания.")],
    database: Database = "",
    data_dir: NoDataDir = None,
    json: Json = False,
) -> None:
    """Что было с одним заданием, по порядку."""
    from posapp.gateway.apply_store import SqlApplications

    store = opened(database)
    try:
        story = SqlApplications(store.engine).story(number)
    finally:
        store.close()
    lines = [f"{row['at']}  {row['what']:<12} касса {row['till'] or '–'}  №{row['fence']}" for row in story]
    answer(json, {"job": number, "story": story}, "\n".join(lines) or "С заданием ещё ничего не было.")


def settle(
    number: Annotated[str, typer.Argument(help="Номер задания, либо UUID чека, которого шлюз не знает.")],
    decision: Annotated[str, typer.Argument(help="not-made | made | seen | tell")],
    why: Why,
    by: Annotated[str, typer.Option("--by", help="Кто решил.")],
    document: Annotated[int, typer.Option(help="С made: номер ФД.")] = 0,
    sign: Annotated[str, typer.Option(help="С made: ФП.")] = "",
    receipt: Annotated[int, typer.Option(help="С made: номер чека в смене.")] = 0,
    shift: Annotated[int, typer.Option(help="С made: номер смены.")] = 0,
    storage: Annotated[str, typer.Option(help="С made: номер ФН.")] = "",
    registration: Annotated[str, typer.Option(help="С made: РН ККТ.")] = "",
    printed_at: Annotated[str, typer.Option(help="С made: время чека, 2026-11-21T12:05:00.")] = "",
    database: Database = "",
    data_dir: NoDataDir = None,
    json: Json = False,
) -> None:
    """Решение старшего: чека нет, чек есть (с признаками), на портале поправлено, сказать порталу ещё раз."""
    from posapp import app
    from posapp.gateway.apply_store import SqlApplications

    reason, who = " ".join(why.split()), " ".join(by.split())
    if not reason or not who:
        raise UsageError("usage", what="--why и --by: почему и кто решил")
    if decision not in ("not-made", "made", "seen", "tell"):
        raise UsageError("usage", what=f"решения «{decision}» нет, есть: not-made, made, seen, tell")
    mark = None
    if decision == "made":
        mark = _mark(document, sign, receipt, shift, storage, registration, printed_at)
    store = opened(database)
    try:
        queue = SqlApplications(store.engine)
        if number.isascii() and number.isdigit():
            queue.settle(int(number), decision, who, reason, app.now(), mark)
        elif decision == "not-made":
            queue.no_receipt(number, who, reason)
        else:
            raise UsageError("usage", what=f"{number}: шлюз этого чека не знает, решить можно только not-made")
    finally:
        store.close()
    named = int(number) if number.isdecimal() else number
    answer(json, {"job": named, "decision": decision}, f"Задание {number}: записано.")


def _asked_line(row: dict[str, object]) -> str:
    return (
        f"  портал {row['portal']} спрашивает чек {row['uuid']}, которого шлюз не знает (с {row['since']}).\n"
        "      База шлюза старше этого чека. Найдите его на портале и у касс («posapp jobs list --all»). Чека нет:"
        f" posapp gateway settle {row['uuid']} not-made, и портал закажет его снова. Чек есть: впишите его в оплату."
    )


def _mark(
    document: int, sign: str, receipt: int, shift: int, storage: str, registration: str, printed_at: str
) -> dict[str, object]:
    fields = {
        "document_number": document, "document_sign": sign, "receipt_number": receipt, "shift_number": shift,
        "storage_number": storage, "registration_number": registration, "printed_at": printed_at,
    }  # fmt: skip
    try:
        mark = FiscalMark.from_json(fields)
    except ValueError as error:
        raise UsageError("usage", what=f"made: нужны все признаки чека ({error})") from error
    if not storage.isdigit() or not registration.isdigit():
        raise UsageError("usage", what="made: нужны --storage и --registration")
    return mark.as_json()


def needs_person(row: dict[str, Any], now: datetime) -> bool:
    """What goes on by itself needs nobody: a job that came just now, marks that the portal is still to be told."""
    if row["state"] == "new" and now - datetime.fromisoformat(row["received_at"]) > WAITS_LONG:
        return True
    is_doubtful = row["doubtful"] and row["state"] in ("done", "refused")
    return bool(row["state"] == "unknown" or is_doubtful or (row["apply"] and not row["told"] and not row["due"]))


def todo(row: dict[str, Any]) -> str:
    """What to do about a job, in words; "" for nothing."""
    check = row["check"]
    if row["state"] == "unknown":
        return (
            f"Касса начала чек и замолчала. Включите её: она сообщит сама. Её больше нет – посмотрите в памяти кассы"
            f" (ФН) и решите: posapp gateway settle {row['job']} not-made либо made с признаками."
        )
    if row["doubtful"] and row["state"] == "refused":
        return (
            f"Чек {check} касса не напечатала, а портал мог счесть его напечатанным: шлюз ему не отвечал. Откройте чек"
            " на портале; если он «напечатан» – создайте там новый чек этой оплаты и отметьте:"
            f" posapp gateway settle {row['job']} seen."
        )
    if row["doubtful"] and row["state"] == "done":
        return (
            f"Шлюз не отвечал порталу, пока чек {check} печатался: портал мог счесть его напечатанным без признаков."
            " Откройте чек на портале; признаков нет – впишите их в поля оплаты (они ниже) и отметьте:"
            f" posapp gateway settle {row['job']} seen."
        )
    if row["apply"] and not row["told"] and not row["due"]:
        return (
            f"Портал не принял признаки чека {check} ({row['apply']}). Если у него этот чек с ошибкой – нажмите на"
            " портале «Напечатать ещё раз»: второго чека не будет, придут признаки этого. Иначе – впишите их в поля"
            f" оплаты и отметьте: posapp gateway settle {row['job']} seen."
        )
    if row["state"] == "new":
        whom = f"кассу с ККТ {row['register']}" if row["register"] else "любую кассу магазина"
        why = f" Прошлая касса вернула: {row['reason']}." if row["reason"] else ""
        return f"Ждёт {whom}: включите её, откройте смену, запустите «posapp jobs run».{why}"
    return ""


def _line(row: dict[str, Any]) -> str:
    mark = row["mark"]
    made = f"ФД {mark['document_number']} ФП {mark['document_sign']} ФН {mark['storage_number']}" if mark else ""
    head = f"{row['job']:>6}  чек {row['check']:<8} {row['state']:<8} {row['total'] or '':>10}  {made}"
    return head.rstrip() + (f"\n        {row['todo']}" if row["todo"] else "")
