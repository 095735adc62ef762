"""Every way of settling, by keyboard, down to what stands in the fiscal storage's receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Way, way_of
from posapp.domain.order import Order, OrderPayment
from posapp.domain.receipt import PaymentMethod, TenderKind
from posapp.ui.dealing import Choice
from posapp.ui.payment_pane import Step
from tests.till.shops import TOTAL, an_order
from tests.ui.real import RealShop, real_shop

ENTER, ESC, F7, F8 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F7, Qt.Key.Key_F8
SHIFT = Qt.KeyboardModifier.ShiftModifier
PART = Money(20_000)


@pytest.fixture
def shop(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as found:
        yield found


def paid_by(order: Order, *sums: tuple[Money, bool]) -> Order:
    """The order with these payments: their sums, and which are paid."""
    return replace(
        order,
        payments=tuple(
            OrderPayment(70 + n, 1, "Карта", amount, is_paid=is_paid, prints_receipt=False)
            for n, (amount, is_paid) in enumerate(sums)
        ),
    )


def step_of(shop: RealShop) -> Step:
    return shop.window.pane.step


def ways_of(shop: RealShop) -> list[Way | None]:
    """The ways of the list, None for what is no way."""
    return [each.value.way if isinstance(each.value, Choice) else None for each in shop.window.pane.choice.options]


def number_of(shop: RealShop, way: Way) -> str:
    """The digit that stands on its button."""
    return shop.window.pane.choice.buttons[ways_of(shop).index(way)].key


UNPAID = {
    Way.PREPAYMENT: (PaymentMethod.FULL_PREPAYMENT, TenderKind.CASH),
    Way.ADVANCE: (PaymentMethod.ADVANCE, TenderKind.CASH),
    Way.BARTER: (PaymentMethod.FULL_PAYMENT, TenderKind.OTHER),
    Way.CREDIT: (PaymentMethod.CREDIT, TenderKind.CREDIT),
}


@pytest.mark.parametrize("way", UNPAID)
def test_another_way_of_an_unpaid_order(shop: RealShop, way: Way) -> None:
    order = shop.board(an_order())
    shop.open(order)
    assert step_of(shop) is Step.METHODS
    shop.hands.press(Qt.Key.Key_F7, chord=SHIFT)
    assert step_of(shop) is Step.CHOOSE
    for _ in range(2):
        shop.hands.press(ENTER)
    assert step_of(shop) is Step.CHOOSE, "Enter chooses nothing"
    assert set(ways_of(shop)) == {*UNPAID, None}
    shop.hands.type(number_of(shop, way))
    method, tender = UNPAID[way]
    if tender is TenderKind.CASH:
        shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert way_of(receipt) is way
    assert {line.payment_method for line in receipt.lines} == {method}
    assert receipt.tender(tender) == TOTAL
    assert step_of(shop) is Step.DONE


def test_what_was_paid_before_is_offered_first_and_stands_on_1215(shop: RealShop) -> None:
    order = shop.board(paid_by(an_order(), (TOTAL, True)))
    shop.open(order)
    assert "590,00" in shop.window.pane.banner.message.whole
    assert number_of(shop, Way.HANDOVER) == "1"
    shop.hands.type("1")
    assert step_of(shop) is Step.PAY
    assert shop.receipts(order) == []
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert receipt.tender(TenderKind.PREPAID) == TOTAL


def test_money_of_the_site_then_the_goods(shop: RealShop) -> None:
    """Two receipts of one order, one after the other; the second is offered when the first is there."""
    order = shop.board(paid_by(an_order(), (TOTAL, True)))
    shop.open(order)
    shop.hands.type(number_of(shop, Way.SITE_PAYMENT))
    shop.hands.press(ENTER)
    assert shop.window.pane.done.goods.whole == shop.window.look.say("done.goods_later")
    shop.hands.press(ENTER)
    shop.open(order)
    assert step_of(shop) is Step.CHOOSE
    shop.hands.type(number_of(shop, Way.HANDOVER))
    shop.hands.press(ENTER)
    assert [way_of(each) for each in shop.receipts(order)] == [Way.SITE_PAYMENT, Way.HANDOVER]


def test_one_of_several_payments_is_chosen(shop: RealShop) -> None:
    order = shop.board(paid_by(an_order(), (PART, False), (TOTAL - PART, False)))
    shop.open(order)
    shop.hands.type(number_of(shop, Way.PART_PREPAYMENT))
    options = shop.window.pane.choice.options
    assert [each.value.due for each in options] == [PART, TOTAL - PART]  # type: ignore[attr-defined]
    shop.hands.type("2")
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert (way_of(receipt), receipt.settlement.payment_id) == (Way.PART_PREPAYMENT, 71)
    assert receipt.tender(TenderKind.CASHLESS) == TOTAL - PART


def test_goods_on_credit_and_the_debt_later(shop: RealShop) -> None:
    order = shop.board(an_order())
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F7, chord=SHIFT)
    shop.hands.type(number_of(shop, Way.CREDIT))
    shop.hands.press(ENTER)
    assert shop.window.pane.done.money.whole == shop.window.look.say("done.money_none")
    shop.hands.press(ENTER)
    shop.open(order)
    assert "590,00" in shop.window.pane.banner.message.whole
    shop.hands.type("1")
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    credit, debt = shop.receipts(order)
    assert (way_of(credit), way_of(debt)) == (Way.CREDIT, Way.DEBT)
    assert debt.tender(TenderKind.CASH) == TOTAL
    shop.hands.press(ENTER)
    shop.open(order)
    assert step_of(shop) is Step.DONE, "nothing is left to settle"


def test_the_rest_of_a_part_payment(shop: RealShop) -> None:
    order = shop.board(paid_by(an_order(), (PART, True), (TOTAL - PART, False)))
    shop.open(order)
    shop.hands.type("1")
    shop.hands.type("500")
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert (way_of(receipt), receipt.tender(TenderKind.PREPAID), receipt.change) == (Way.REST, PART, Money(11_000))


def test_esc_goes_back_a_step_at_a_time(shop: RealShop) -> None:
    order = shop.board(an_order())
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F7, chord=SHIFT)
    shop.hands.type(number_of(shop, Way.PREPAYMENT))
    shop.hands.press(F7)
    seen = []
    for _ in range(4):
        shop.hands.press(ESC)
        seen.append(step_of(shop))
    assert seen == [Step.METHODS, Step.CHOOSE, Step.METHODS, Step.IDLE]


def test_after_going_back_it_is_the_usual_sale_again(shop: RealShop) -> None:
    order = shop.board(an_order())
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F7, chord=SHIFT)
    shop.hands.type(number_of(shop, Way.PREPAYMENT))
    shop.hands.press(ESC)
    shop.hands.press(ESC)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert way_of(receipt) is Way.FULL


def test_looking_elsewhere_keeps_what_was_chosen(shop: RealShop) -> None:
    order = shop.board(an_order())
    shop.open(order)
    shop.hands.press(Qt.Key.Key_F7, chord=SHIFT)
    shop.hands.type(number_of(shop, Way.PREPAYMENT))
    shop.hands.press(Qt.Key.Key_F6)
    shop.hands.press(Qt.Key.Key_F3)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert way_of(receipt) is Way.PREPAYMENT
    assert receipt.tender(TenderKind.CREDIT) == ZERO


def test_a_rate_that_nobody_confirmed_is_told_before_money_is_taken(shop: RealShop) -> None:
    order = an_order()
    lines = tuple(replace(line, vat_row=99) for line in order.lines)
    shop.board(paid_by(replace(order, lines=lines), (TOTAL, True)))
    shop.open(order)
    assert step_of(shop) is Step.BLOCKED
    assert shop.window.pane.choice.options == ()
