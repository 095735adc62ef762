"""`posapp receipt show|render|verify`, `posapp tlv decode`, `posapp qr parse`: receipts and fiscal documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from posapp.cli import decode, render
from posapp.cli.common import AlwaysJson, DataDir, Json, NoDataDir, answer, command, emit_or_stop
from posapp.domain.printed import text_of
from posapp.till import printed, walkin


def register(app: typer.Typer) -> None:
    """Adds the three groups."""
    receipt = typer.Typer(help="Чеки этой кассы и опубликованные чеки.", no_args_is_help=True)
    receipt.command("show")(command(show))
    receipt.command("render")(command(render.render))
    receipt.command("verify")(command(verify))
    receipt.command("begun")(command(begun))
    app.add_typer(receipt, name="receipt")
    tlv = typer.Typer(help="Фискальные документы.", no_args_is_help=True)
    tlv.command("decode")(command(tlv_decode))
    app.add_typer(tlv, name="tlv")
    qr = typer.Typer(help="QR-коды чеков.", no_args_is_help=True)
    qr.command("parse")(command(qr_parse))
    app.add_typer(qr, name="qr")


def show(
    key: Annotated[str, typer.Argument(help="Ключ чека, 16 знаков, или номер заказа.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Чек как текст, с тем же содержанием, что на бумаге."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        shown = printed.receipt_by(till, key)
    whole = shown.receipt.as_json()
    vat = shown.receipt.vat(shown.profile.vat_formula)
    body: dict[str, Any] = {"order": shown.receipt.order_number, "receipt": shown.as_json()}
    body |= {name: whole[name] for name in ("lines", "tenders", "tax_system", "cashier", "till", "created_at")}
    body["vat"] = [{"rate": rate.value, "amount_kopecks": amount.kopecks} for rate, amount in vat.items()]
    text = text_of(shown.form, shown.profile.width)
    answer(
        json, body, f"{text}\nСОСТОЯНИЕ: {shown.state.value} {shown.reason}".rstrip() if shown.mark is None else text
    )


def begun(data_dir: DataDir = None, json: Json = False) -> None:
    """Продажи без заказа, которые начаты и не напечатаны, и чем их закончить."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = walkin.begun(till)
    rows = [
        {"receipt": each.as_json(), "created_at": each.receipt.created_at.isoformat(), "reason": each.reason}
        for each in found
    ]
    lines = [
        f"{each.receipt.key}  {each.receipt.total!s:>14}  {each.receipt.created_at:%d.%m.%Y %H:%M}  "
        f"{each.state.value:<9} posapp sell --begun {each.receipt.key}"
        for each in found
    ]
    answer(json, {"begun": rows}, "\n".join(lines) or "Начатых продаж без заказа нет.")


def verify(
    files: Annotated[list[Path], typer.Argument(help="Опубликованные чеки, JSON.")],
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Пересчитывает опубликованные чеки: строки, НДС, итог, оплаты. Строка ответа на чек; код 1, если не сходится."""
    return decode.verify_files(files, emit_or_stop)


def tlv_decode(data_dir: NoDataDir = None, json: AlwaysJson = True) -> int:
    """Документы ФН и ОФД со ввода (base64 или hex, по одному на строку) – теги с названиями."""
    return decode.decode_tlv(sys.stdin or (), emit_or_stop)


def qr_parse(data_dir: NoDataDir = None, json: AlwaysJson = True) -> int:
    """QR-коды чеков со ввода, по одному на строку: текст кода или адрес с ним."""
    return decode.parse_qr(sys.stdin or (), emit_or_stop)
