"""A refund by scanner and keyboard, with the real till, down to the register's document and drawer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.order import Order
from posapp.domain.receipt import TenderKind
from posapp.errors import Refused
from posapp.till import refund, shift
from posapp.ui.payment_pane import Step
from posapp.ui.refunder import names_receipt
from posapp.ui.refunding import Return
from tests.screens.refunds import found
from tests.till.shops import LINES, TOTAL, an_order
from tests.ui.conftest import Shop
from tests.ui.real import RealShop, real_shop

ENTER, ESC, F4, F7 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F4, Qt.Key.Key_F7
DOWN, PLUS, MINUS = Qt.Key.Key_Down, Qt.Key.Key_Plus, Qt.Key.Key_Minus


@pytest.fixture
def till(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as made:
        yield made


def sold(till: RealShop) -> Order:
    """An order that was paid in cash; its receipt is on the screen."""
    order = till.board(an_order())
    till.open(order)
    till.hands.press(F7)
    till.hands.press(ENTER)
    assert len(till.receipts(order)) == 1
    return order


def refunds(till: RealShop, order: Order) -> list[Money]:
    return [each.total for each in till.receipts(order) if each.kind is ReceiptKind.SELL_REFUND]


def test_a_part_of_the_receipt_on_the_screen(till: RealShop) -> None:
    order = sold(till)
    till.hands.press(F4)
    assert till.window.frame.shown == "refund"
    till.hands.press(ENTER)
    assert refunds(till, order) == [], "nothing is chosen by itself"
    till.hands.press(PLUS)
    till.hands.press(ENTER, held=5)
    assert refunds(till, order) == [LINES[0]]
    assert till.window.frame.refund.side.total.whole == till.window.look.say.money(LINES[0])
    assert shift.status(till.till).totals.drawer == TOTAL - LINES[0]


def test_by_the_code_of_the_paper_from_anywhere(till: RealShop) -> None:
    order = sold(till)
    stored = till.till.journal.receipts_of_order(order.portal, order.order_id)[0]
    assert stored.mark is not None
    till.hands.press(ENTER)
    code = stored.mark.qr(stored.receipt.total, stored.receipt.kind)
    assert names_receipt(code)
    till.hands.scan(code)
    assert till.window.frame.shown == "refund"
    till.hands.type("1")
    till.hands.press(ENTER)
    assert refunds(till, order) == [TOTAL]
    till.hands.scan(code)
    assert not till.window.frame.refund.side.money.is_armed, "nothing is left"


@pytest.mark.parametrize("is_order", [True, False])
def test_by_a_number_that_is_typed(till: RealShop, is_order: bool) -> None:
    order = sold(till)
    stored = till.till.journal.receipts_of_order(order.portal, order.order_id)[0]
    assert stored.mark is not None
    till.hands.press(ENTER)
    till.hands.press(F4)
    till.hands.type(order.number if is_order else str(stored.mark.document_number))
    till.hands.press(ENTER)
    till.hands.press(DOWN)
    till.hands.press(PLUS)
    till.hands.press(ENTER)
    assert refunds(till, order) == [LINES[1]]


def test_twice_a_part_never_more_than_was_sold(till: RealShop) -> None:
    order = sold(till)
    for _ in range(2):
        till.hands.press(F4)
        till.hands.press(PLUS)
        till.hands.press(PLUS)
        till.hands.press(MINUS)
        till.hands.press(ENTER)
        till.hands.press(ESC)
        till.open(order)
        if len(refunds(till, order)) == 1:
            till.window.refunder.find(order.number)
            till.hands.press(PLUS)
            till.hands.press(ENTER)
            break
    assert refunds(till, order) == [LINES[0], LINES[0]]
    till.window.refunder.find(order.number)
    row = till.window.frame.refund.lines.rows[0]
    assert not row.more.isEnabled()
    assert row.words.whole == till.window.look.say("refund.gone")


def test_what_is_not_there_says_so(till: RealShop) -> None:
    till.hands.press(F4)
    till.hands.type("4711")
    till.hands.press(ENTER)
    assert till.window.frame.refund.side.banner.isVisible()
    till.hands.press(ESC)
    assert till.window.frame.shown == "orders"


def test_a_begun_refund_is_ended_and_not_begun_anew(till: RealShop) -> None:
    order = sold(till)
    (receipt,) = till.receipts(order)
    original = refund.found(till.till, refund.Wanted(key=receipt.key))
    begun = refund._receipt(till.till, original, {0: Quantity.of("1")}, None, ())
    till.till.journal.add_receipt(begun)
    till.hands.press(F4)
    assert till.window.frame.refund.side.banner.isVisible()
    till.hands.press(PLUS)
    till.hands.press(ENTER)
    assert refunds(till, order) == [LINES[0]]
    stored = till.till.journal.receipts_of_order(order.portal, order.order_id)
    assert begun.key in [each.receipt.key for each in stored if each.mark is not None]


def test_an_order_whose_refund_is_begun_sells_nothing(till: RealShop) -> None:
    order = sold(till)
    (receipt,) = till.receipts(order)
    original = refund.found(till.till, refund.Wanted(key=receipt.key))
    till.till.journal.add_receipt(refund._receipt(till.till, original, {0: Quantity.of("1")}, None, ()))
    till.hands.press(ENTER)
    till.open(order)
    assert till.window.pane.step is Step.BLOCKED
    for key in (F7, ENTER, ENTER):
        till.hands.press(key)
    assert len(till.receipts(order)) == 1
    till.window.pane.banner.button.click()
    till.hands.press(ENTER)
    assert refunds(till, order) == [LINES[0]]


def test_what_came_back_whole_may_be_sold_anew(till: RealShop) -> None:
    order = sold(till)
    till.hands.press(F4)
    till.hands.type("1")
    till.hands.press(ENTER)
    till.hands.press(ESC)
    till.open(order)
    assert till.window.pane.step is Step.METHODS
    till.hands.press(F7)
    till.hands.press(ENTER)
    assert [each.kind for each in till.receipts(order)][-1] is ReceiptKind.SELL
    assert len(till.receipts(order)) == 3


def test_a_refusal_arms_nothing_by_itself(shop: Shop) -> None:
    shop.desk.refundable = found()
    shop.desk.sell_error = Refused("paper_out")
    shop.window.refunder.find("4502")
    shop.hands.press(PLUS)
    for _ in range(3):
        shop.hands.press(ENTER)
    assert len([each for each in shop.desk.asked if each[0] == "refund"]) == 1
    shop.desk.sell_error = None
    shop.window.frame.refund.side.banner.button.click()
    shop.hands.press(ENTER)
    assert len([each for each in shop.desk.asked if each[0] == "refund"]) == 2
    assert shop.desk.asked[-1][0] != "refund", "what was shown is told"
    assert any(each[0] == "refund_seen" for each in shop.desk.asked)


def test_a_doubt_needs_a_senior(shop: Shop) -> None:
    shop.desk.refundable = found(in_doubt=True)
    shop.window.refunder.find("4502")
    shop.hands.press(PLUS)
    shop.hands.press(ENTER)
    assert not any(each[0] == "refund" for each in shop.desk.asked)
    shop.window.frame.refund.side.who.setFocus()
    shop.hands.type("petrova")
    shop.hands.press(ENTER)
    (asked,) = [each for each in shop.desk.asked if each[0] == "refund"]
    assert str(asked[-1]).casefold() == "petrova"


def test_what_is_weighed_comes_back_whole() -> None:
    back = Return((Decimal("0.386"), Decimal(2)), (Decimal(0), Decimal(0)))
    assert back.step(1, 1).lines() == {0: Quantity.of("0.386")}
    assert back.step(2, 1).step(2, 1).step(2, 1).back[1] == 2
    assert back.step(2, -1).is_none
    assert back.all().back == back.left


def test_the_tender_of_the_original_is_kept() -> None:
    made = found(card=True).original.receipt
    assert made.tender(TenderKind.CASHLESS) == made.total
