"""`posapp orders pull|list|show|route`: what is on board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from posapp.cli import claims, order_progress, order_route, setup_common
from posapp.cli.common import DataDir, Json, answer, command, language
from posapp.cli.order_table import lamps, row_of, table
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.offers import Offer
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.errors import PosError, UsageError
from posapp.journal.rows import Refusal
from posapp.till import doorstep, order_load, orders, refusing, sale
from posapp.till.courier_day import refusal_row
from posapp.till.route import RouteProof
from posapp.till.views import OrderView, PullResult, ReceiptView


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
        doorstep.leave_with_deliveries(till)
        in_all = till.journal.order_count(till.portal)
    body = {
        "expected": found.expected,
        "on_board": found.on_board,
        "changed": found.changed,
        "in_all": in_all,
        "complete": found.is_complete,
        "at": found.at.isoformat(),
        "unread": [{"id": order_id, "why": why} for order_id, why in found.unread.items()],
    }
    lines = [_pulled_words(found, in_all)]
    lines += [f"Не читается заказ с номером {order_id} на портале: {why}" for order_id, why in found.unread.items()]
    answer(json, body, "\n".join(lines))
    return 0


def _pulled_words(found: PullResult, in_all: int) -> str:
    """What came; after the first load, when only changes are asked for, above all what there is."""
    if not found.is_update:
        return f"На борту {found.on_board} из {found.expected} заказов, изменилось {found.changed}."
    changed = f"изменилось {found.changed}" if found.changed else "изменений нет"
    short = "" if found.is_complete else f" Прочитано {found.on_board} из {found.expected} изменённых."
    return f"Всего заказов на борту: {in_all}, {changed}.{short}"


def list_(
    search: Annotated[str, typer.Argument(help="Номер, имя или конец телефона.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Заказы на борту."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = orders.rows(till, search)
    answer(json, {"orders": [row_of(each) for each in found]}, table(found))


def route(
    numbers: Annotated[list[str] | None, typer.Argument(help="С --take: только эти заказы.")] = None,
    take: Annotated[bool, typer.Option("--take", help="Закрепить за этой кассой, на связи, перед выездом.")] = False,
    responsible: Annotated[
        int | None, typer.Option(min=0, help="Чьи заказы: номер ответственного на портале; 0 – любого.")
    ] = None,
    property_: Annotated[
        list[str] | None, typer.Option("--property", help="КОД=ЗНАЧЕНИЕ свойства заказа; можно несколько.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Только заказы в этом статусе; можно несколько.")
    ] = None,
    everything: Annotated[bool, typer.Option("--no-filter", help="Без отбора: все доставки, что на борту.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Заказы курьера по времени. С отбором спрашивает портал, проверяет, что на борту все, и запоминает отбор.

    С --take закрепляет их за этой кассой, чтобы продавать без связи.
    """
    from posapp import app

    folder = app.data_dir(data_dir)
    chosen = order_route.filter_of(responsible, property_ or [], status or [])
    if everything and chosen is not None:
        raise UsageError("usage", what="--no-filter отменяет отбор, вместе с ним его не задают")
    if everything or chosen is not None:
        settings = app.load_settings(folder)
        if settings.route != chosen:
            if chosen is not None:
                order_route.refuse_unknown(folder, chosen)
            setup_common.save(folder, settings.with_(route=chosen))
    proof = order_route.proved(folder) if chosen is not None or take else None
    if take:
        return _take_route(data_dir, numbers or [], json, proof)
    return order_route.tell(folder, proof, json=json)


def _take_route(data_dir: Path | None, numbers: list[str], json: bool, proof: RouteProof | None) -> int:
    """Exit code 3 when another till has one of them: the courier must know before he leaves."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        found, named = claims.take_route(till, numbers)
        copies = [order for each in named if (order := till.journal.order_by_id(till.portal, each)) is not None]
        doorstep.leave_with(till, copies, anew=True)
    elsewhere = [each for each in found if not each.may_sell]
    body = {
        "asked": len(found),
        "taken": [named[each.order_id] for each in found if each.may_sell],
        "elsewhere": [{"order": named[each.order_id], "till": each.till, "state": each.state} for each in elsewhere],
    }
    if proof is not None:
        body["proof"] = proof.as_json()
    lines = [*order_route.proof_lines(proof), f"Закреплено {len(found) - len(elsewhere)} из {len(found)}."]
    lines += [f"{named[each.order_id]}: у кассы {each.till} ({each.document or each.state})" for each in elsewhere]
    answer(json, body, "\n".join(lines))
    is_short = proof is not None and not proof.is_complete
    return claims.EXIT_PERSON if elsewhere or is_short else 0


def show(
    order: Annotated[str, typer.Argument(help="Номер заказа.")], data_dir: DataDir = None, json: Json = False
) -> None:
    """Заказ, его чеки и четыре лампы."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        shown = orders.view(till, orders.find(till, order))
        refusals = till.journal.refusals_of_order(till.portal, shown.order.order_id)
        whole = [each for each in refusals if each.refused.is_whole]
    body = _view(shown) | {"refused_whole": [refusal_row(each) for each in whole]}
    answer(json, body, _text(shown, [_refused_line(each) for each in whole]))


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
        "left_at": None if shown.left_at is None else shown.left_at.isoformat(),
        "changes": [each.as_json(language()) for each in shown.changes],
        "refusal": None if shown.refusal is None else shown.refusal.as_json(language()),
        "card": None if shown.owed is None else _owed(shown.owed),
    }


def _owed(trouble: PosError) -> dict[str, object]:
    """Card money without an answer or a receipt: its words, and the operation."""
    operation = trouble.extra["card"]
    return {**trouble.as_json(language()), **(operation if isinstance(operation, dict) else {})}


def _printed(shown: OrderView) -> list[Receipt]:
    return [each.receipt for each in shown.receipts if each.state is State.FISCALIZED]


_KINDS = {ReceiptKind.SELL: "Чек", ReceiptKind.SELL_REFUND: "Возврат"}
_STATES = {
    State.PENDING: "не напечатан",
    State.HELD: "отложен",
    State.SENDING: "исход не известен",
    State.REFUSED: "ККТ отказала",
    State.CANCELLED: "отменён",
}


def _receipt_line(shown: ReceiptView) -> str:
    """`Возврат 1 480,00 ₽ · ФД 77 · 21.11.2026 14:10`."""
    receipt, mark = shown.receipt, shown.mark
    title = _KINDS.get(receipt.kind, receipt.kind.name)
    if mark is None:
        return f"{title} {receipt.total} · {_STATES.get(shown.state, shown.state.value)}"
    return f"{title} {receipt.total} · ФД {mark.document_number} · {mark.printed_at:%d.%m.%Y %H:%M}"


def _refused_line(refusal: Refusal) -> str:
    told = refusal.refused
    at = f"{refusal.at.astimezone():%d.%m.%Y %H:%M}"
    return f"Отказ от всего заказа {at}: {told.why}. Вернуть в магазин: {told.amount}."


def _changes_lines(shown: OrderView) -> list[str]:
    """What has changed since the courier left with the order."""
    if not shown.changes or shown.left_at is None:
        return []
    at = f"{shown.left_at.astimezone():%d.%m %H:%M}"
    title = f"Changed since {at}:" if language() == "en" else f"Изменился с {at}, когда его взяли в дорогу:"
    return [title, *(f"  ! {each.words(language())}" for each in shown.changes)]


def _text(shown: OrderView, refused_whole: Sequence[str] = ()) -> str:
    order = shown.order
    lines = [f"Заказ {order.number} · {order.price} · к оплате {order.to_pay}", *_changes_lines(shown)]
    for number, line in enumerate(order.lines, 1):
        lines.append(
            f"  {number}. {line.name}  {str(line.quantity).replace('.', ',')} × {line.price} = {line.line_sum}"
        )
    lines += [_receipt_line(each) for each in shown.receipts]
    lines += [f"Отказ: {each.receipt.refused.text()}" for each in shown.receipts if each.receipt.refused is not None]
    lines += list(refused_whole)
    lines += filter(None, [refusing.refund_text(_printed(shown))])
    lines.append(lamps(shown.lights.as_json()))
    if shown.offers:
        lines.append("Можно: " + "; ".join(dict.fromkeys(each.title(language()) for each in shown.offers)))
    if shown.owed is not None:
        lines.append(f"{shown.owed.message(language())} {shown.owed.action(language())}")
    if shown.refusal is not None:
        lines.append(f"{shown.refusal.message(language())} {shown.refusal.action(language())}")
    return "\n".join(lines)
