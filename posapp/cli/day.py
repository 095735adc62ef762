"""`posapp day open|refuse|close|report|list`: the courier's day, from the float to the cash handed in."""

from __future__ import annotations

from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, language
from posapp.domain.money import Money
from posapp.errors import UsageError
from posapp.till import courier_day, orders
from posapp.till.context import Till
from posapp.till.courier_day import DayReport


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="День курьера: размен, отказы, сдача выручки.", no_args_is_help=True)
    group.command("open")(command(open_))
    group.command("refuse")(command(refuse))
    group.command("close")(command(close))
    group.command("report")(command(report))
    group.command("list")(command(list_))
    app.add_typer(group, name="day")


def open_(
    courier: Annotated[str, typer.Option("--courier", help="Кто взял размен; иначе кассир из настроек.")] = "",
    float_: Annotated[str, typer.Option("--float", help="Размен, рубли; можно 0.")] = "0",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Курьер берёт размен: с этого места считаются его чеки."""
    from posapp import app

    taken = _sum(float_)
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        _tell(till, courier_day.begin(till, courier, taken), json)


def refuse(
    order: Annotated[str, typer.Argument(help="Номер заказа, от которого отказались целиком.")],
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Покупатель отказался от всего заказа: что вернуть в магазин и почему."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        found = courier_day.refuse(till, orders.find(till, order), why)
    refused = found.refused
    body = {"order": refused.order_number, "why": refused.why, "amount_kopecks": refused.amount.kopecks}
    text = (
        f"Отказ от заказа {refused.order_number} записан: {refused.why}. Вернуть в магазин товара на {refused.amount}."
    )
    if language() == "en":
        text = f"Order {refused.order_number} refused: {refused.why}. Goods of {refused.amount} go back to the shop."
    answer(json, {**body, "lines": [dict(each) for each in refused.lines]}, text)


def close(
    cash: Annotated[str, typer.Option("--cash", help="Сколько наличных насчитали, рубли; можно 0.")],
    received_by: Annotated[str, typer.Option("--received-by", help="Кто принял деньги: второй, не курьер.")],
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Курьер сдаёт выручку: подписывают оба, разница – с причиной. Лист печатается этой же командой."""
    from posapp import app

    counted = _sum(cash)
    with app.open_till(app.data_dir(data_dir)) as till:
        _tell(till, courier_day.hand_in(till, counted, received_by, why), json)


def report(
    day: Annotated[int | None, typer.Argument(min=1, help="Номер дня; иначе открытый, иначе последний.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Лист дня: размен, чеки по видам оплаты, отказы, сколько должно быть и сколько сдано."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        _tell(till, courier_day.find(till, day), json)


def list_(data_dir: DataDir = None, json: Json = False) -> None:
    """Последние дни курьеров."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = [courier_day.report(till, each) for each in till.journal.courier_days()]
        rows = [
            {name: body[name] for name in _LISTED} | {"receipts": len(each.receipts)}
            for each in found
            for body in [each.as_json()]
        ]
        lines = [_line(till, each) for each in found]
    answer(json, {"days": rows}, "\n".join(lines) or "Дней курьера ещё не было.")


_LISTED = ("day", "courier", "opened_at", "closed_at", "should_be_kopecks", "counted_kopecks", "difference_kopecks")


def _line(till: Till, found: DayReport) -> str:
    day = found.day
    at = f"{day.opened_at.astimezone(till.now().tzinfo):%d.%m.%Y %H:%M}"
    state = "открыт" if day.counted is None else f"сдано {day.counted}, разница {found.difference}"
    return f"{day.id:>4}  {at}  {day.courier}  чеков {len(found.receipts)}, отказов {len(found.refusals)}  {state}"


def _tell(till: Till, found: DayReport, json: bool) -> None:
    answer(json, found.as_json(), courier_day.text(found, till.now(), language()))


def _sum(text: str) -> Money:
    """A sum that may be nothing. Raises UsageError."""
    try:
        return Money.parse(text)
    except ValueError as error:
        raise UsageError("bad_amount", text=text) from error
