"""`posapp demo`: a practice shop and the window on it; `--headless` plays the main job and proves it.

The headless play sells ten pay-on-delivery orders, two of them while the portal is away, waits until everything is
delivered, and then asks three witnesses: the portal, the journal and the register's fiscal storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, complain, emit
from posapp.cli.practice import PracticeShop
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.errors import PosError
from posapp.till import exchange, orders, sale, shift
from posapp.till.context import Till
from posapp.till.sale import Sold
from posapp.till.views import Lights

ORDERS, OFFLINE, ROUNDS_MAX = 10, 2, 20
RECEIPT = 3  # the form of a receipt in the fiscal storage


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(command(demo))


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Без окна: сыграть главное и доказать.")] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебный магазин: портал и касса понарошку, во временном каталоге."""
    with PracticeShop() as shop:
        if headless:
            return play(shop)
        from posapp.cli.window import show_window

        _stock_up(shop)
        return show_window(shop.folder)


def _stock_up(shop: PracticeShop) -> None:
    """Orders on board before the window opens, so that the first scan finds something."""
    from posapp import app

    with app.open_till(shop.folder) as till:
        exchange.pull(till)


def play(shop: PracticeShop) -> int:
    """The main job; returns the exit code."""
    from posapp import app

    with app.open_till(shop.folder) as till:
        exchange.pull(till)
        shift.open_shift(till)
        chosen = _sellable(till)[:ORDERS]
        online, offline = chosen[: len(chosen) - OFFLINE], chosen[len(chosen) - OFFLINE :]
        done = {order.order_id: _sell(till, order, number) for number, order in enumerate(online)}
        exchange.sync(till, force=True)
        shop.network(up=False)
        try:
            done |= {order.order_id: _sell(till, order, number) for number, order in enumerate(offline)}
            exchange.sync(till, force=True)
        finally:
            shop.network(up=True)
        _deliver_all(till)
        return _judge(shop, till, chosen, {order.order_id for order in offline}, done)


def _sellable(till: Till) -> list[Order]:
    """Orders that a courier can close: nothing stands against a receipt."""
    views = (orders.view(till, orders.find(till, row.number)) for row in orders.rows(till))
    return sorted((view.order for view in views if view.refusal is None), key=lambda order: order.order_id)


def _sell(till: Till, order: Order, number: int) -> Sold | PosError:
    """Cash, card and both in turn; cash is handed over in round notes, so that change is due."""
    due = order.to_pay
    note = Money((due.kopecks // 100_000 + 1) * 100_000)
    half = Money(due.kopecks // 2)
    cash, card = ((note, None), (None, due), (due - half, half))[number % 3]
    try:
        return sale.sell(till, exchange.order_for_sale(till, order.number), sale.tenders_of(cash, card))
    except PosError as error:
        return error


def _deliver_all(till: Till) -> None:
    for _ in range(ROUNDS_MAX):
        report, _pulled = exchange.sync(till, force=True)
        if not report.left:
            return


def _judge(
    shop: PracticeShop, till: Till, chosen: Sequence[Order], offline: set[int], done: dict[int, Sold | PosError]
) -> int:
    state = {int(each["id"]): each for each in shop.state()["orders"]}
    documents = shop.documents()
    green = 0
    for order in chosen:
        outcome = done[order.order_id]
        if isinstance(outcome, PosError):
            emit({"order": order.number, "offline": order.order_id in offline, "error": outcome.as_json()})
            continue
        lights = orders.view(till, orders.find(till, order.number)).lights
        line = _line(order, outcome, state[order.order_id], documents, lights)
        line["offline"] = order.order_id in offline
        is_green = lights.all_green and line["documents_with_key"] == 1 and _portal_is_green(line["portal"])
        green += is_green
        emit(line)
    receipts = sum(1 for each in documents if each["type"] == RECEIPT)
    emit({"summary": {"orders": len(chosen), "green": green, "documents": receipts}})
    if green == len(chosen) == ORDERS == receipts:
        return 0
    complain("Не всё зелёное: смотрите строки выше.")
    return 1


def _line(
    order: Order, outcome: Sold, portal: dict[str, Any], documents: list[dict[str, Any]], lights: Lights
) -> dict[str, Any]:
    view = outcome.view
    part = view.receipt.settlement.part
    payment: dict[str, Any] = next((each for each in portal["payments"] if str(each["id"]) == part), {})
    mark = view.mark
    matches = (
        mark is not None
        and str(payment.get("payVoucherNum")) == str(mark.document_number)
        and str(payment.get("psInvoiceId")) == view.receipt.key
        and f"fp={mark.document_sign}" in str(payment.get("psStatusDescription"))
    )
    return {
        "order": order.number,
        "offline": False,
        "receipt": view.as_json(),
        "portal": {
            "payed": portal["payed"],
            "status": portal["statusId"],
            "deducted": portal["deducted"],
            "mark_matches": matches,
        },
        "documents_with_key": sum(1 for each in documents if each["key"] == view.receipt.key),
        "lights": lights.as_json(),
    }


def _portal_is_green(portal: dict[str, Any]) -> bool:
    return portal == {"payed": "Y", "status": "F", "deducted": "Y", "mark_matches": True}
