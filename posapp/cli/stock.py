"""`posapp stock show|settle`: how much there is as far as this till knows, and what a person decides of a doubt."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command
from posapp.errors import UsageError
from posapp.till import catalogue, stock


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Остатки на портале.", no_args_is_help=True)
    group.command("show")(command(show))
    group.command("settle")(command(settle))
    app.add_typer(group, name="stock")


def show(
    codes: Annotated[list[str], typer.Argument(help="Коды товаров.")], data_dir: DataDir = None, json: Json = False
) -> None:
    """Сколько товара: на портале, когда его спросили, и за вычетом проданного здесь."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        products = [catalogue.item(till, each).product for each in codes]
        levels = [stock.level(till, each.product_id, each.name) for each in products]
    rows = [
        {
            "product": each.product_id,
            "name": each.name,
            "on_portal": _text(each.on_portal),
            "unconfirmed": _text(each.unconfirmed),
            "shown": _text(each.shown),
            "read_at": None if each.read_at is None else each.read_at.isoformat(),
        }
        for each in levels
    ]
    lines = [_line(each) for each in levels]
    answer(json, {"stock": rows}, "\n".join(lines))


def _line(each: stock.Level) -> str:
    if each.shown is None:
        sold = _text(-each.unconfirmed)
        return f"{each.product_id:>6} {each.name[:40]:<40} портал остатка не сообщал; продано здесь: {sold}"
    at = f", портал спрошен {each.read_at:%d.%m.%Y %H:%M}" if each.read_at else ""
    here = f" (на портале {_text(each.on_portal)}, здесь {_text(each.unconfirmed)}{at})"
    return f"{each.product_id:>6} {each.name[:40]:<40} {_text(each.shown)}{here}"


def settle(
    entry: Annotated[int, typer.Argument(help="Номер записи из outbox list.")],
    done: Annotated[bool, typer.Option("--done", help="Остаток в Битрикс уже верен: больше ничего не писать.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Этот чек остатка не менял: записать.")] = False,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Решает за запись об остатке, о которой касса сама узнать не может: изменён он или нет."""
    from posapp import app

    if done == again or not why.strip():
        raise UsageError("usage", what="нужно одно из двух: --done или --again, и --why")
    with app.open_till(app.data_dir(data_dir)) as till:
        stock.settle(replace(till, person=by.strip()), entry, why.strip(), is_done=done)
    state = "done" if done else "waiting"
    text = f"Запись {entry}: остаток верен." if done else f"Запись {entry} будет отправлена при следующем обмене."
    answer(json, {"entry": entry, "state": state}, text)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}" if value else "0"
