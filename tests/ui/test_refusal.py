"""At the door by keyboard, with the real till: a part is taken, nothing is taken, what cannot be done says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.checkout import Terms
from posapp.domain.money import Money
from posapp.domain.order import Order, OrderShipment
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import TenderKind
from posapp.till import courier_day, sale
from posapp.ui.payment_pane import Step
from posapp.ui.refusal import Refusal
from tests.till.shops import LINES, TOTAL, an_order
from tests.ui.real import RealShop, real_shop

ENTER, ESC, F7 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F7
DOWN, MINUS, PLUS = Qt.Key.Key_Down, "-", "+"
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def shop(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as found:
        yield found


def boarded(shop: RealShop, **more: object) -> Order:
    """Two packs of tea and a mug, in one shipment with the portal's items."""
    made = an_order()
    lines = tuple(replace(line, basket_id=40 + n) for n, line in enumerate(made.lines))
    items = tuple((line.basket_id, line.quantity) for line in lines)
    shipment = OrderShipment(5, is_deducted=False, items=items)
    return shop.board(replace(made, lines=lines, shipments=(shipment,), **more))  # type: ignore[arg-type]


def open_refusal(shop: RealShop, order: Order) -> None:
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F8, chord=SHIFT)
    assert shop.window.frame.shown == "refusal"


def press(shop: RealShop, sign: str, times: int = 1) -> None:
    for _ in range(times):
        shop.hands.press(Qt.Key.Key_Minus if sign == MINUS else Qt.Key.Key_Plus)


def test_one_of_two_stays_and_the_rest_is_paid(shop: RealShop) -> None:
    order = boarded(shop)
    open_refusal(shop, order)
    press(shop, MINUS)
    side = shop.window.frame.refusal.side
    assert not side.go.is_armed, "why?"
    shop.hands.type("1")
    shop.hands.press(ENTER)
    assert shop.window.pane.step is Step.METHODS
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert receipt.total == TOTAL - LINES[0]
    assert receipt.tender(TenderKind.CASH) == TOTAL - LINES[0]
    assert receipt.refused is not None
    assert [(each.number, each.refused) for each in receipt.refused.lines] == [(1, Decimal(1))]
    assert receipt.refused.why == shop.window.look.say("refusal.reason.fit")
    assert [each.refused.is_whole for each in shop.till.journal.refusals(5)] == [False]


def test_taken_after_all(shop: RealShop) -> None:
    order = boarded(shop)
    open_refusal(shop, order)
    press(shop, MINUS)
    press(shop, PLUS)
    shop.hands.press(DOWN)
    press(shop, MINUS)
    shop.hands.type("2")
    shop.hands.press(ENTER)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert receipt.total == TOTAL - LINES[1]


def test_nothing_is_taken(shop: RealShop) -> None:
    courier_day.begin(shop.till, "Орлов Д.", Money(300_000))
    order = boarded(shop)
    open_refusal(shop, order)
    press(shop, MINUS, 2)
    shop.hands.press(DOWN)
    press(shop, MINUS)
    shop.hands.type("4")
    shop.hands.press(ENTER, held=4)
    (refusal,) = courier_day.find(shop.till, None).refusals
    assert refusal.refused.is_whole
    assert refusal.refused.why == shop.window.look.say("refusal.reason.mind")
    assert shop.window.frame.shown == "orders"
    assert shop.receipts(order) == []


def test_without_a_day_the_refusal_says_what_is_missing(shop: RealShop) -> None:
    order = boarded(shop)
    open_refusal(shop, order)
    press(shop, MINUS, 2)
    shop.hands.press(DOWN)
    press(shop, MINUS)
    shop.hands.type("4")
    shop.hands.press(ENTER)
    assert shop.window.frame.refusal.side.banner.isVisible()
    assert shop.till.journal.refusals(5) == []


def test_esc_gives_the_whole_order_back(shop: RealShop) -> None:
    order = boarded(shop)
    open_refusal(shop, order)
    press(shop, MINUS)
    shop.hands.type("1")
    shop.hands.press(ENTER)
    shop.hands.press(ESC)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert (receipt.total, receipt.refused) == (TOTAL, None)


def test_a_begun_receipt_goes_on_with_its_refusal(shop: RealShop) -> None:
    """The program ended when it was begun: the same goods, the same sum, once."""
    order = boarded(shop)
    refused = Terms(refused=(RefusedLine(2),), why="не подошёл")
    receipt = sale._new_receipt(shop.till, order, sale.tenders_of(TOTAL, None), terms=refused)
    shop.till.journal.add_receipt(receipt)
    shop.open(order)
    shop.window.act("resume")
    shop.hands.press(ENTER)
    (made,) = shop.receipts(order)
    assert (made.key, made.total) == (receipt.key, TOTAL - LINES[1])
    assert made.refused == receipt.refused


def test_what_cannot_be_parted_says_why(shop: RealShop) -> None:
    order = shop.board(an_order())
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F8, chord=SHIFT)
    press(shop, MINUS)
    side = shop.window.frame.refusal.side
    assert side.banner.isVisible()
    shop.hands.press(ENTER)
    assert shop.window.frame.shown == "refusal"


def test_what_is_weighed_is_taken_or_not() -> None:
    refusal = Refusal((Decimal("0.386"), Decimal(3)), (Decimal(0), Decimal(0)))
    assert refusal.step(1, -1).stays == (Decimal("0.386"), Decimal(0))
    assert refusal.step(1, -1).step(1, -1).step(1, 1).is_none
    assert refusal.step(2, -1).step(2, -1).step(2, -1).step(2, -1).taken(2) == 0
    assert refusal.step(1, -1).step(2, -1).is_all is False
