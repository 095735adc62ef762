"""At the door: what changed since the courier left stands above the goods, and comes before the money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.money import Money
from posapp.domain.order import Buyer, Order
from posapp.till import doorstep
from posapp.till.views import PullResult
from posapp.ui.payment_pane import Step
from tests.till.shops import TOTAL, an_order
from tests.ui.real import RealShop, real_shop

ENTER, F7 = Qt.Key.Key_Return, Qt.Key.Key_F7
MORE = Money(5_000)


@pytest.fixture
def shop(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as found:
        yield found


def dearer(order: Order) -> Order:
    """The mug costs more now, and the payment with it."""
    tea, mug = order.lines
    payments = tuple(replace(each, amount=each.amount + MORE) for each in order.payments)
    return replace(
        order, lines=(tea, replace(mug, price=mug.price + MORE)), price=order.price + MORE, payments=payments
    )


def left_with(shop: RealShop, order: Order, later: Order) -> Order:
    """The courier leaves with the order; the sweep brings a later copy."""
    doorstep.leave_with(shop.till, [shop.board(order)])
    return shop.board(later)


def step(shop: RealShop) -> Step:
    return shop.window.pane.step


def told(shop: RealShop) -> list[str]:
    bar = shop.window.frame.order.changes
    return [each.text() for each in bar.lines if bar.isVisible() and each.isVisible()]


def test_no_money_is_taken_before_the_difference_was_seen(shop: RealShop) -> None:
    order = left_with(shop, an_order(), dearer(an_order()))
    shop.open(order)
    assert step(shop) is Step.BLOCKED
    assert told(shop) == [f"К оплате: {TOTAL} → {TOTAL + MORE}", f"Кружка: цена {Money(10_000)} → {Money(15_000)}"]
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert shop.receipts(order) == []
    shop.window.act("seen")
    assert step(shop) is Step.METHODS
    assert told(shop) == []
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    (receipt,) = shop.receipts(order)
    assert receipt.total == TOTAL + MORE


def test_another_address_is_shown_and_stops_nothing(shop: RealShop) -> None:
    moved = replace(an_order(), buyer=Buyer(address="ул. Мира, 9"))
    order = left_with(shop, an_order(), moved)
    shop.open(order)
    assert told(shop) == ["Адрес: нет → ул. Мира, 9"]
    assert step(shop) is Step.METHODS
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert len(shop.receipts(order)) == 1
    assert told(shop) == []


def test_a_change_that_comes_while_the_order_is_on_the_screen_stops_the_sale(shop: RealShop) -> None:
    order = left_with(shop, an_order(), an_order())
    shop.open(order)
    assert step(shop) is Step.METHODS
    shop.board(dearer(order))
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert shop.receipts(order) == []
    assert shop.window.counter is not None
    assert step(shop) is Step.BLOCKED  # with the sum as it is now
    assert str(TOTAL + MORE) in told(shop)[0]
    assert shop.till.journal.receipts_of_order(order.portal, order.order_id) == []
    shop.window.act("seen")
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert [each.total for each in shop.receipts(order)] == [TOTAL + MORE]


def test_an_order_of_the_counter_that_a_sweep_changes_shows_its_new_sum_at_once(shop: RealShop) -> None:
    """Nobody left with it, so there is no list of differences; but no old sum stays on the screen either."""
    order = shop.board(an_order())
    shop.open(order)
    shop.board(dearer(order))
    assert shop.window.counter is not None
    shop.window.counter.look_again()
    assert shop.window.pane.draft is not None
    assert shop.window.pane.draft.due == TOTAL + MORE
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert [each.total for each in shop.receipts(order)] == [TOTAL + MORE]


def test_a_proof_of_yesterday_takes_nobody_on_the_road(shop: RealShop) -> None:
    screen = shop.window.frame.route
    now = shop.window.look.now()
    screen.show_route([], PullResult(3, 3, 0, now))
    assert "3 из 3 на борту" in screen.facts.text()
    screen.show_route([], PullResult(3, 3, 0, now - timedelta(days=1)))
    assert "не выезжайте" in screen.facts.text()


def test_a_pull_of_what_changed_never_says_0_of_0_on_board(shop: RealShop) -> None:
    screen = shop.window.frame.service
    now = shop.window.look.now()
    screen.show_pull(PullResult(0, 0, 0, now, is_update=True))
    assert "0 из 0" not in screen.orders.whole
    assert "изменений нет" in screen.orders.whole
    screen.show_pull(PullResult(3, 3, 3, now, is_update=True))
    assert "изменилось заказов: 3" in screen.orders.whole
    screen.show_pull(PullResult(3, 2, 2, now, unread={7: "–"}, is_update=True))
    assert "Загрузите ещё раз" in screen.orders.whole
    screen.show_pull(PullResult(32, 32, 4, now))
    assert "32 из 32 на борту ✓" in screen.orders.whole
