"""`posapp orders pull|list|show|route`: what is on board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from posapp.cli import claims, order_progress
from posapp.cli.common import DataDir, Json, answer, command, language
from posapp.domain.offers import Offer
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.errors import UsageError
from posapp.till import order_load, orders, refusing, sale
from posapp.till.claims import held
from posapp.till.courier_day import refusal_row
from posapp.till.views import OrderRow, OrderView

LAMPS = {"grey": "○", "amber": "◔", "green": "✓", "red": "!"}


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Заказы на этой кассе.", no_args_is_help=True)
    group.command("pull")(command(pull))
    group.command("list")(command(list_))
    group.command("show")(command(show))
    group.command("offers")(command(offers))
    group.command("refused")(command(refused))
    group.command("route")(command(route))
    group.command("claims")(command(claims.held))
    group.command("release")(command(claims.release))
    group.command("take-over")(command(claims.take_over_order))
    app.add_typer(group, name="orders")


def pull(
    everything: Annotated[bool, typer.Option("--all", help="Все заказы портала, и законченные.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Незаконченные за столько дней; первый раз – за 30.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Загружает заказы с портала и проверяет, что загружены все. Прерванная загрузка продолжается с места."""
    from posapp import app

    if everything and days is not None:
        raise UsageError("usage", what="--all и --days вместе не пишут: --all и есть все заказы")
    wish = order_load.Wish(is_all=everything, days=days or order_load.DAYS) if everything or days else None
    folder = app.data_dir(data_dir)
    with app.open_till(folder) as till:
        found = order_progress.pull_to_the_end(till, wish, json=json)
    body = {
        "expected": found.expected,
        "on_board": found.on_board,
        "changed": found.changed,
        "complete": found.is_complete,
        "at": found.at.isoformat(),
        "unread": [{"id": order_id, "why": why} for order_id, why in found.unread.items()],
    }
    lines = [f"На борту {found.on_board} из {found.expected} заказов, изменилось {found.changed}."]
    lines += [f"Не читается заказ с номером {order_id} на портале: {why}" for order_id, why in found.unread.items()]
    answer(json, body, "\n".join(lines))
    return 0


def list_(
    search: Annotated[str, typer.Argument(help="Номер, имя или конец телефона.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Заказы на борту."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = orders.rows(till, search)
    answer(json, {"orders": [_row(each) for each in found]}, _table(found))


def route(
    numbers: Annotated[list[str] | None, typer.Argument(help="С --take: только эти заказы.")] = None,
    take: Annotated[bool, typer.Option("--take", help="Закрепить за этой кассой, на связи, перед выездом.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Доставки на сегодня по времени; с --take закрепляет их за этой кассой, чтобы продавать без связи."""
    from posapp import app

    if take:
        return _take_route(data_dir, numbers or [], json)
    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = orders.route(till)
        ours = held(till, [each.order_id for each in found])
    rows = [_row(each) | {"claimed": each.order_id in ours} for each in found]
    count = f"Закреплено за этой кассой {len(ours)} из {len(found)}."
    answer(json, {"orders": rows}, f"{_table(found)}\n{count}" if found else _table(found))
    return 0


def _take_route(data_dir: Path | None, numbers: list[str], json: bool) -> int:
    """Exit code 3 when another till has one of them: the courier must know before he leaves."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        found, named = claims.take_route(till, numbers)
    elsewhere = [each for each in found if not each.may_sell]
    body = {
        "asked": len(found),
        "taken": [named[each.order_id] for each in found if each.may_sell],
        "elsewhere": [{"order": named[each.order_id], "till": each.till, "state": each.state} for each in elsewhere],
    }
    lines = [f"Закреплено {len(found) - len(elsewhere)} из {len(found)}."]
    lines += [f"{named[each.order_id]}: у кассы {each.till} ({each.document or each.state})" for each in elsewhere]
    answer(json, body, "\n".join(lines))
    return claims.EXIT_PERSON if elsewhere else 0


def show(
    order: Annotated[str, typer.Argument(help="Номер заказа.")], data_dir: DataDir = None, json: Json = False
) -> None:
    """Заказ, его чеки и четыре лампы."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        shown = orders.view(till, orders.find(till, order))
    answer(json, _view(shown), _text(shown))


def offers(
    order: Annotated[str, typer.Argument(help="Номер заказа.")], data_dir: DataDir = None, json: Json = False
) -> None:
    """Что сейчас можно сделать с заказом: какой чек, сколько взять денег и что набрать."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = orders.find(till, order)
        ways = sale.offers_of(till, found)
        made = sale.made_for(till, found)
    body = {"order": found.number, "offers": [each.as_json(language()) for each in ways]}
    lines = [_offer_line(found.number, each, several=_is_one_of_many(each, ways)) for each in ways]
    lines += filter(None, [refusing.refund_text(made)])
    settled = "Order {} is settled." if language() == "en" else "По заказу {} всё рассчитано."
    answer(json, body, "\n".join(lines) or settled.format(found.number))


def refused(data_dir: DataDir = None, json: Json = False) -> None:
    """От чего отказались у двери: что вернуть в магазин, новые сверху."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = till.journal.refusals()
        zone = till.now().tzinfo
    lines = []
    for each in found:
        told = each.refused
        what = "весь заказ" if told.is_whole else "часть"
        lines.append(
            f"{each.at.astimezone(zone):%d.%m.%Y %H:%M}  {told.order_number}  {told.amount}  {what}: {told.why}"
        )
        lines += [f"    {row['name']} × {row['quantity']}" for row in told.lines]
    answer(json, {"refused": [refusal_row(each) for each in found]}, "\n".join(lines) or "Отказов не было.")


def _is_one_of_many(offer: Offer, ways: Sequence[Offer]) -> bool:
    return sum(each.way is offer.way for each in ways) > 1


_OFFER_WORDS = {
    "ru": ("взять", "денег не брать", "зачёт", "в долг", "взамен денег"),
    "en": ("take", "take no money", "paid before", "on credit", "instead of money"),
}
"""Money that is taken, and none; then what stands on the receipt without anybody handing anything over."""


def _offer_line(number: str, offer: Offer, *, several: bool) -> str:
    words = _OFFER_WORDS[language()]
    parts = [f"{words[0]} {offer.due}"] if offer.due else [words[1]]
    sums = zip(words[2:], (offer.prepaid, offer.credit, offer.other), strict=True)
    parts += [f"{word} {amount}" for word, amount in sums if amount]
    which = ("payment", offer.payment_id) if offer.payment_id is not None else ("shipment", offer.shipment_id)
    named = f" --{which[0]} {which[1]}" if several else ""
    command = f"posapp sell {number} --as {offer.way.value}{named}"
    return f"{offer.title(language())}: {', '.join(parts)}\n    {command}"


def _row(row: OrderRow) -> dict[str, Any]:
    return {
        "order": row.number,
        "id": row.order_id,
        "price_kopecks": row.price.kopecks,
        "to_pay_kopecks": row.to_pay.kopecks,
        "cancelled": row.is_cancelled,
        "courier": row.is_courier,
        "delivery_window": row.delivery_window,
        "done": row.is_done,
        "lights": row.lights.as_json(),
    }


def _table(rows: list[OrderRow]) -> str:
    lines = [
        f"{row.number:<12} {row.price!s:>16}  {_lamps(row.lights.as_json())}  {row.delivery_window:<13} {row.address}"
        for row in rows
    ]
    return "\n".join(lines) or "Заказов на борту нет. Загрузите их: posapp orders pull"


def _lamps(lights: dict[str, str]) -> str:
    names = {"receipt": "Чек", "money": "Деньги", "status": "Статус", "stock": "Склад"}
    return " ".join(f"{title} {LAMPS[lights[name]]}" for name, title in names.items())


def _view(shown: OrderView) -> dict[str, Any]:
    order = shown.order
    return {
        "order": order.number,
        "id": order.order_id,
        "price_kopecks": order.price.kopecks,
        "to_pay_kopecks": order.to_pay.kopecks,
        "lines": [
            {
                "number": number,
                "name": line.name,
                "quantity": str(line.quantity),
                "price_kopecks": line.price.kopecks,
                "sum_kopecks": line.line_sum.kopecks,
            }
            for number, line in enumerate(order.lines, 1)
        ],
        "receipts": [each.as_json() for each in shown.receipts],
        "to_refund_kopecks": refusing.to_refund(_printed(shown)).kopecks,
        "lights": shown.lights.as_json(),
        "offers": [each.way.value for each in shown.offers],
        "refusal": None if shown.refusal is None else shown.refusal.as_json(language()),
    }


def _printed(shown: OrderView) -> list[Receipt]:
    return [each.receipt for each in shown.receipts if each.state is State.FISCALIZED]


def _text(shown: OrderView) -> str:
    order = shown.order
    lines = [f"Заказ {order.number} · {order.price} · к оплате {order.to_pay}"]
    for number, line in enumerate(order.lines, 1):
        lines.append(
            f"  {number}. {line.name}  {str(line.quantity).replace('.', ',')} × {line.price} = {line.line_sum}"
        )
    lines += [f"Отказ: {each.receipt.refused.text()}" for each in shown.receipts if each.receipt.refused is not None]
    lines += filter(None, [refusing.refund_text(_printed(shown))])
    lines.append(_lamps(shown.lights.as_json()))
    if shown.offers:
        lines.append("Можно: " + "; ".join(dict.fromkeys(each.title(language()) for each in shown.offers)))
    if shown.refusal is not None:
        lines.append(f"{shown.refusal.message(language())} {shown.refusal.action(language())}")
    return "\n".join(lines)
