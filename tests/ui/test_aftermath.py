"""What the cashier is told after the button was pressed: how it was paid, what waits, what the storage proved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import ZERO, Money
from posapp.domain.printed import text_of
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused
from posapp.till.views import Lights, OrderView, ReceiptView
from posapp.ui.draft import Paid
from posapp.ui.head import Head
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.payment_pane import SLOW_S, Step
from posapp.ui.receipt_picture import ReceiptPicture
from posapp.ui.start import make_application
from posapp.ui.words import Say
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import GREY, NOW, FakeDesk, fiscalized, order, receipt_of

ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape
F7, F8 = Qt.Key.Key_F7, Qt.Key.Key_F8
DUE = Money(248_000)


def sell(shop: Shop, method: Qt.Key) -> None:
    """Scans the order, chooses a method, prints."""
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.hands.press(method)
    shop.hands.press(ENTER)


def step_of(shop: Shop) -> Step:
    """Asked anew each time."""
    return shop.window.pane.step


def is_armed(shop: Shop) -> bool:
    """Enter would print now."""
    return shop.window.pane.money.is_armed


def receipt_lamp(shop: Shop) -> Shape:
    """The lamp beside «Чек напечатан»."""
    return shop.window.pane.done.receipt_lamp.shape_shown


def told(shop: Shop) -> str:
    """The code of the message in the pane, "" for none."""
    trouble = shop.window.pane.banner.trouble
    return "" if trouble is None else trouble.code


@pytest.mark.parametrize(
    "cash, card, key, amount",
    [
        (DUE, ZERO, "pay.change", ZERO),
        (Money(300_000), ZERO, "pay.change", Money(52_000)),
        (ZERO, DUE, "done.paid_card", DUE),
        (Money(48_000), Money(200_000), "done.paid", DUE),
        (Money(50_000), Money(200_000), "pay.change", Money(2_000)),
    ],
)
def test_a_card_has_no_change(cash: Money, card: Money, key: str, amount: Money) -> None:
    assert Paid.of(receipt_of(order(), cash, card)) == Paid(key, amount)


def test_after_a_card_the_largest_words_are_what_was_paid(shop: Shop) -> None:
    sell(shop, F8)
    done = shop.window.pane.done
    assert (done.word.whole, done.change.whole) == ("Оплачено картой", "2\u202f480,00\xa0₽")


def test_a_slow_print_is_spoken_of_and_cannot_be_left(shop: Shop) -> None:
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.hands.press(F7)
    pane = shop.window.pane
    pane.printing(SLOW_S - 1)
    assert not pane.banner.isVisible()
    pane.printing(SLOW_S)
    assert pane.banner.isVisible()
    assert "Второй чек не нужен" in pane.banner.action.whole
    assert not shop.window.frame.bar.back.isVisible()


def test_after_a_failure_the_key_of_the_method_tries_again(shop: Shop) -> None:
    shop.desk.sell_error = Refused("paper_out")
    sell(shop, F7)
    pane = shop.window.pane
    assert not is_armed(shop)
    assert pane.banner.button.key == "F7"
    shop.hands.press(ENTER)
    assert len(shop.sales()) == 1
    shop.desk.sell_error = None
    shop.hands.press(F7)
    assert is_armed(shop)
    shop.hands.press(ENTER)
    assert shop.window.frame.shown == "receipt"


def test_paper_that_ended_in_this_very_receipt(shop: Shop) -> None:
    sell(shop, F7)
    pane, register = shop.window.pane, shop.desk.register()
    shop.desk.trouble = Refused("paper_out")
    shop.window.reports.register_known(shop.desk.register(), None)
    assert told(shop) == "104"
    assert receipt_lamp(shop) is Shape.WAIT
    assert pane.done.receipt.whole == "Чек записан в ФН"
    shop.window.reports.register_known(register, None)
    assert told(shop) == ""
    assert receipt_lamp(shop) is Shape.OK


def unknown(shop: Shop) -> OrderView:
    """A card was charged, the answer of the register is lost and the register is away."""
    shop.desk.sell_error = OutcomeUnknown(key="X")
    shop.desk.is_away = False
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.hands.press(F8)
    shop.desk.is_away = True
    shop.hands.press(ENTER)
    assert step_of(shop) is Step.BLOCKED
    shop.desk.is_away = False
    return shop.desk.views["10457"]


def test_what_the_storage_proved_is_said_receipt_made(shop: Shop) -> None:
    before = unknown(shop)
    made = fiscalized(receipt_of(before.order, ZERO, DUE))
    shop.desk.views["10457"] = replace(before, receipts=(made,))
    shop.window.act("recover")
    assert shop.window.frame.shown == "receipt"
    assert told(shop) == "133"
    assert "4518" in shop.window.pane.banner.message.whole
    assert shop.window.pane.done.is_new
    assert shop.played[-1] == "receipt"


def test_what_the_storage_proved_is_said_no_receipt_and_the_card_is_not_charged_again(shop: Shop) -> None:
    before = unknown(shop)
    begun = ReceiptView(receipt_of(before.order, ZERO, DUE), State.PENDING, None, None)
    shop.desk.views["10457"] = replace(before, receipts=(begun,))
    shop.window.act("recover")
    pane = shop.window.pane
    assert told(shop) == "132"
    assert "второй раз деньги не берите" in pane.banner.action.whole
    for key in (F7, F8, ENTER):
        shop.hands.press(key)
    assert step_of(shop) is Step.METHODS
    pane.banner.button.click()
    assert step_of(shop) is Step.PAY
    assert "уже списана" in pane.card.first.whole
    assert pane.money.caption == ""  # nothing is to be approved by the terminal
    assert shop.window.frame.bar.back.text() == "Отложить заказ"
    shop.desk.sell_error = None
    shop.hands.press(ENTER)
    assert [each[2:] for each in shop.sales()] == [(ZERO, DUE), (ZERO, DUE)]
    assert shop.window.frame.shown == "receipt"


def test_a_receipt_refused_by_the_register_says_why(shop: Shop) -> None:
    def refuse(before: OrderView, cash: Money, card: Money) -> ReceiptView:
        return ReceiptView(receipt_of(before.order, cash, card), State.REFUSED, None, None, reason="нет бумаги")

    shop.desk.sell_result = refuse
    sell(shop, F7)
    assert "нет бумаги" in shop.window.pane.banner.message.whole
    assert not is_armed(shop)


def test_enter_neither_closes_a_shift_nor_opens_the_next(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.window.act("close_shift")
    for _ in range(3):
        shop.hands.press(ENTER)
    assert ("close_shift",) not in shop.desk.asked
    shop.window.frame.service.side.banner.button.click()
    assert ("close_shift",) in shop.desk.asked
    shop.hands.press(ENTER)
    assert ("open_shift",) not in shop.desk.asked


def test_a_shift_of_more_than_a_day_says_so(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.shift = Shift(ShiftState.EXPIRED, 214, 84)
    window = make_shop(desk).window
    window.go("more")
    assert "больше 24\xa0часов" in window.frame.service.shift.whole


@pytest.mark.parametrize("till, words", [("2", "Касса 2"), ("Касса 1", "Касса 1"), ("Остров", "Остров")])
def test_a_till_that_is_a_number_is_called_one(qtbot: QtBot, till: str, words: str) -> None:
    make_application()
    head = Head(Look(Say(), lambda: NOW), till, "", is_training=False)
    qtbot.addWidget(head)
    head.resize(1366, 56)
    head.refresh()
    assert head.facts.whole == words


def test_the_picture_of_a_receipt_is_its_printed_form(qtbot: QtBot) -> None:
    made = fiscalized(receipt_of(order(), Money(300_000), ZERO))
    picture = ReceiptPicture(Look(Say("en"), lambda: NOW))
    qtbot.addWidget(picture)
    for width in (32, 48):
        shown = replace(made, profile=replace(made.profile, width=width))
        picture.show_receipt(shown)
        assert [row.text.rstrip() for row in picture.rows] == text_of(replace(shown.form, qr=""), width).splitlines()
    assert "СДАЧА =520.00" in picture.accessibleName()


def test_a_message_that_is_not_about_a_lamp_stays_when_lamps_are_read(shop: Shop) -> None:
    """The paper's message is no lamp's: turning lamps must not wipe it away."""
    sell(shop, F7)
    shop.desk.trouble = Refused("paper_out")
    shop.window.reports.register_known(shop.desk.register(), None)
    before = shop.desk.views["10457"]
    shop.desk.views["10457"] = replace(before, lights=Lights(before.lights.receipt, GREY, GREY, GREY))
    shop.window.reports.synced(None)
    assert told(shop) == "104"
