"""A cashier at work: keyboard and scanner only."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import ZERO, Money
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, Refused, ResolveNeeded, SaleError, Unreachable
from posapp.lanes import Lane, Lanes, OnTheSpot
from posapp.till.views import Lights, OrderView, ReceiptView, Recovered
from posapp.ui.draft import Method
from posapp.ui.payment_pane import Step
from posapp.ui.service_screen import LookSettings
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import GREY, NOT_DUE, FakeDesk, fiscalized, green, line, order, rates_of, receipt_of, red, view

ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape
F2, F3, F5, F6, F7, F8, F11, F12 = (getattr(Qt.Key, f"Key_F{n}") for n in (2, 3, 5, 6, 7, 8, 11, 12))
DUE = Money(248_000)


def open_order(shop: Shop, number: str = "010457") -> None:
    """By scanner; slips carry six digits and more."""
    shop.desk.views.setdefault(number, shop.desk.views[str(int(number))])
    shop.hands.scan(number)
    assert shop.window.frame.shown == "order"


def step_of(shop: Shop) -> Step:
    """Asked anew each time."""
    return shop.window.pane.step


def trouble_code(shop: Shop) -> str:
    """The code of the message in the pane, "" for none."""
    trouble = shop.window.pane.banner.trouble
    return "" if trouble is None else trouble.code


def focusable(shop: Shop) -> list[QWidget]:
    return [
        each
        for each in shop.window.frame.findChildren(QWidget)
        if each.isVisible() and each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]


# ---------------------------------------------------------------------- scanning


def test_a_scan_opens_the_order_whatever_has_the_focus(make_shop: MakeShop) -> None:
    """From every focusable widget of every screen: the order opens, and no field has the code in it."""
    shop = make_shop()
    for key in (None, F5, F6, F11):
        if key is not None:
            shop.hands.press(key)
        for widget in focusable(shop):
            shop.window.leave()
            if key is not None:
                shop.hands.press(key)
            if not widget.isVisible():
                continue
            widget.setFocus()
            open_order(shop, "010460")
            assert shop.window.frame.orders.search.text() == ""
            assert shop.window.frame.log.search.text() == ""
            counter = shop.window.counter
            assert counter is not None
            assert counter.view is not None
            assert counter.view.order.number == "10460"
    assert shop.sales() == []


def test_enter_straight_after_a_scan_prints_nothing(shop: Shop) -> None:
    open_order(shop)
    for _ in range(5):
        shop.hands.press(ENTER)
    assert shop.sales() == []
    assert step_of(shop) is Step.METHODS


def test_an_unknown_code_says_so_and_changes_nothing(shop: Shop) -> None:
    open_order(shop)
    shop.hands.scan("99999999")
    trouble = shop.window.pane.banner.trouble
    assert trouble is not None
    assert trouble.code == "215"
    assert shop.window.pane.banner.isVisible()
    assert shop.window.frame.shown == "order"
    assert shop.played[-1] == "unknown"


def test_ten_scans_in_half_a_second_are_ten_answers(shop: Shop) -> None:
    for n in range(10):
        code = f"01046{n}"
        shop.desk.views[code] = view(order(10460 + n))
        shop.hands.scan(code)
    assert [each[1] for each in shop.desk.asked if each[0] == "find"] == [f"01046{n}" for n in range(10)]
    assert shop.played.count("scan") == 10


def test_the_same_order_twice_is_told_by_a_tone_and_loses_nothing(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("3000")
    shop.hands.scan("010457")
    assert shop.played[-1] == "duplicate"
    draft = shop.window.pane.draft
    assert draft is not None
    assert draft.received == Money(300_000)


def test_a_scan_while_money_is_taken_never_edits_the_sum(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("30")
    shop.hands.scan("4607034370299")
    assert shop.window.pane.cash.received.amount == Money(3_000)
    assert shop.sales() == []


def test_a_scanned_short_number_opens_that_order_and_is_no_sum(shop: Shop) -> None:
    """Order numbers of five digits are common: during payment they must not become money received."""
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.scan("10460")
    counter = shop.window.counter
    assert counter is not None
    assert counter.view is not None
    assert counter.view.order.number == "10460"
    shop.hands.press(ENTER)
    assert shop.sales() == []


def test_sums_typed_for_an_order_are_kept_while_another_is_served(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("3000")
    open_order(shop, "010460")
    assert step_of(shop) is Step.METHODS
    open_order(shop)
    assert step_of(shop) is Step.METHODS  # a method has to be chosen again
    shop.hands.press(F7)
    assert shop.window.pane.cash.received.amount == Money(300_000)


# ---------------------------------------------------------------------- paying


def test_job_card_is_two_keys_after_the_scan(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F8)
    assert shop.sales() == []
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, ZERO, DUE)]
    assert shop.window.frame.shown == "receipt"
    assert shop.played[-1] == "receipt"


def test_job_exact_cash_is_two_keys_after_the_scan(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, DUE, ZERO)]


def test_digits_go_to_received_without_choosing_anything(shop: Shop) -> None:
    open_order(shop)
    shop.hands.type("3000")
    assert shop.window.pane.cash.value.whole == str(Money(52_000))
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, Money(300_000), ZERO)]
    assert shop.window.pane.done.change.whole == str(Money(52_000))


def test_too_little_disarms_and_says_how_much(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("2000")
    money = shop.window.pane.money
    assert not money.is_armed
    assert "480,00" in money.text()
    shop.hands.press(ENTER)
    assert shop.sales() == []
    shop.hands.press(F12)
    assert shop.window.pane.mix.cash.amount == Money(200_000)
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, Money(200_000), Money(48_000))]


def test_ten_times_too_much_asks_once(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("30000")
    shop.hands.press(ENTER)
    assert shop.sales() == []
    trouble = shop.window.pane.banner.trouble
    assert trouble is not None
    assert trouble.code == "302"
    shop.window.pane.banner.button.click()
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, Money(3_000_000), ZERO)]


def test_quick_sums_and_the_keypad_do_what_the_keys_do(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    pane = shop.window.pane
    pane.cash.quick_buttons[2].click()
    assert pane.cash.received.amount == Money(300_000)
    pane.cash.keypad.pressed.emit("5")
    assert pane.cash.received.amount == Money(500)  # a new sum begins
    pane.cash.keypad.pressed.emit("0")
    assert pane.cash.received.amount == Money(5_000)


def test_holding_enter_prints_once(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.press(ENTER, held=100)
    assert len(shop.sales()) == 1
    assert shop.window.frame.shown == "receipt"  # the held key did not take the change away either


def test_enter_that_is_still_held_from_before_prints_nothing(shop: Shop) -> None:
    """The first repeat of a held key comes late enough to look like a finger."""
    open_order(shop)
    shop.hands.press(F7)
    for _ in range(3):
        shop.hands.repeat(ENTER, after_ms=500)
    assert shop.sales() == []


def test_enter_too_soon_after_a_key_or_a_scan_is_not_a_person(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F8)
    shop.hands.press(ENTER, after_ms=80)
    assert shop.sales() == []
    shop.hands.scan("99999999")  # a scan while the card is waited for
    shop.hands.press(ENTER, after_ms=200)
    assert shop.sales() == []
    shop.hands.press(ENTER)
    assert len(shop.sales()) == 1


def test_a_tap_prints_once_and_a_tap_that_slips_off_does_not(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    money = shop.window.pane.money
    QTest.mousePress(money, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(money, Qt.MouseButton.LeftButton, pos=money.rect().topLeft() - money.rect().center())
    assert shop.sales() == []
    QTest.mouseClick(money, Qt.MouseButton.LeftButton)
    QTest.mouseClick(money, Qt.MouseButton.LeftButton)
    assert len(shop.sales()) == 1


@pytest.mark.parametrize("key", [F2, F3, F5, F6, F7, F8, F11, F12, ESC, ENTER, Qt.Key.Key_Tab, Qt.Key.Key_Down])
def test_no_single_key_prints(shop: Shop, key: Qt.Key) -> None:
    open_order(shop)
    shop.hands.press(key)
    assert shop.sales() == []


def test_escape_goes_one_step_back_and_loses_no_sum(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("3000")
    shop.hands.press(ESC)
    assert step_of(shop) is Step.METHODS
    shop.hands.press(F7)
    assert shop.window.pane.cash.received.amount == Money(300_000)
    shop.hands.press(ESC)
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "orders"


def test_other_screens_bring_the_order_back(shop: Shop) -> None:
    open_order(shop)
    for key in (F5, F6, F11):
        shop.hands.press(key)
        assert shop.window.frame.shown != "order"
        shop.hands.press(ESC)
        assert shop.window.frame.shown == "order"


def test_the_next_customer_is_one_enter_away(shop: Shop) -> None:
    open_order(shop)
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    shop.hands.press(ENTER)
    assert shop.window.frame.shown == "orders"
    assert len(shop.sales()) == 1


# ---------------------------------------------------------------------- while printing


@pytest.fixture
def slow(make_shop: MakeShop) -> tuple[Shop, threading.Event]:
    """A register that prints when the test says so."""
    desk, go = FakeDesk(), threading.Event()

    def sell(before: OrderView, cash: Money, card: Money) -> ReceiptView:
        assert go.wait(20)
        return fiscalized(receipt_of(before.order, cash, card))

    desk.sell_result = sell
    lanes = Lanes(Lane("device"), Lane("sync", OnTheSpot()), Lane("journal", OnTheSpot()))
    shop = make_shop(desk, lanes=lanes)
    return shop, go


def test_while_printing_nothing_fires_nothing_moves_and_the_window_answers(
    slow: tuple[Shop, threading.Event], qtbot: QtBot
) -> None:
    shop, go = slow
    qtbot.waitUntil(lambda: shop.window.pane.methods.isEnabled() and shop.window.reports.register is not None)
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert step_of(shop) is Step.PRINTING
    assert "Печатаем" in shop.window.pane.money.text()
    for key in (ENTER, ESC, F2, F3, F8, F12, F6):
        shop.hands.press(key)
    shop.hands.scan("010460")
    shop.window.close()
    assert shop.window.isVisible()  # a receipt under way keeps the window
    assert shop.window.frame.shown == "order"
    qtbot.waitUntil(lambda: len(shop.sales()) == 1)  # the register's thread has begun
    go.set()
    qtbot.waitUntil(lambda: shop.window.frame.shown == "receipt")
    assert shop.window.lanes is not None
    shop.window.lanes.device.close()


# ---------------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    "error, code",
    [(Refused("paper_out"), "102"), (Unreachable("device_unreachable", port="COM5"), "101")],
)
def test_a_refusal_keeps_method_and_sum_and_arms_nothing(shop: Shop, error: PosError, code: str) -> None:
    shop.desk.sell_error = error
    open_order(shop)
    shop.hands.press(F7)
    shop.hands.type("3000")
    shop.hands.press(ENTER)
    pane = shop.window.pane
    assert pane.banner.trouble is not None
    assert pane.banner.trouble.code == code
    assert code in pane.banner.code.text()
    assert pane.draft is not None
    assert (pane.draft.method, pane.draft.received) == (Method.CASH, Money(300_000))
    for _ in range(3):
        shop.hands.press(ENTER)
    assert len(shop.sales()) == 1
    shop.desk.sell_error = None
    pane.banner.button.click()
    assert len(shop.sales()) == 1  # trying again arms, it does not print
    shop.hands.press(ENTER)
    assert shop.sales()[1] == ("sell", 10457, Money(300_000), ZERO)


@pytest.mark.parametrize(
    "error, act",
    [
        (OutcomeUnknown(key="X"), "recover"),
        (ResolveNeeded("resolve_needed", why="w", key="k"), "resolve"),
        (ZeroDivisionError("bug"), "recover"),
    ],
)
def test_an_unknown_outcome_offers_no_second_print(shop: Shop, error: BaseException, act: str) -> None:
    shop.desk.sell_error = error
    open_order(shop)
    shop.hands.press(F8)
    shop.desk.is_away = True
    shop.hands.press(ENTER)
    pane = shop.window.pane
    assert step_of(shop) is Step.BLOCKED
    assert pane.banner.trouble is not None
    assert (pane.banner.trouble.tone, pane.banner.trouble.act) == ("unknown", act)
    assert not pane.money.isVisible()
    for key in (F7, F8, F12, ENTER):
        shop.hands.press(key)
    shop.hands.type("1")
    assert len(shop.sales()) == 1
    assert shop.played[-1] == "person"
    shop.window.settle(LookSettings("dark"))  # new widgets know it too,
    assert step_of(shop) is Step.BLOCKED
    open_order(shop, "010460")
    open_order(shop)  # and so does the next scan,
    assert step_of(shop) is Step.BLOCKED
    shop.window.act("recover")  # which cannot be done while the register is away,
    assert step_of(shop) is Step.BLOCKED
    shop.desk.is_away = False
    shop.window.act("recover")  # until the storage has been read: no receipt was made
    assert step_of(shop) is Step.METHODS


def test_the_storage_is_read_by_itself_when_the_register_is_back(shop: Shop) -> None:
    """A cashier need not know that there is a button for it; and nothing is sold before."""
    shop.desk.sell_error = OutcomeUnknown(key="X")
    open_order(shop)
    shop.hands.press(F8)
    shop.desk.is_away = True
    shop.hands.press(ENTER)
    errands, head = shop.window.errands, shop.window.frame.head
    assert errands is not None
    for _ in range(3):
        errands.read_register()
    assert shop.desk.asked.count(("recover",)) == 1  # of the start: there is nobody to read from
    assert head.ready.whole == "ККТ не отвечает"
    shop.desk.is_away = False
    shop.desk.sell_error = None
    errands.read_register()
    assert shop.desk.asked.count(("recover",)) == 2
    assert step_of(shop) is Step.METHODS
    assert head.ready.whole == "Готова к приёму денег"
    errands.read_register()
    assert shop.desk.asked.count(("recover",)) == 2


def test_a_case_for_a_person_is_not_read_again_and_again(shop: Shop) -> None:
    calls: list[str] = []

    def recover() -> list[Recovered]:
        calls.append("recover")
        raise ResolveNeeded("resolve_needed", why="w", key="k")

    shop.desk.recover = recover  # type: ignore[method-assign]
    shop.desk.sell_error = OutcomeUnknown(key="X")
    open_order(shop)
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    assert shop.window.errands is not None
    for _ in range(5):
        shop.window.errands.read_register()
    assert calls == ["recover"]
    assert shop.window.frame.head.ready.whole == "Исход чека неизвестен"
    open_order(shop, "010460")
    for key in (F7, ENTER):
        shop.hands.press(key)
    assert len(shop.sales()) == 1
    shop.window.act("recover")
    assert len(calls) == 2


def test_a_register_that_is_switched_on_after_the_program_unlocks_selling(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.is_away = True
    shop = make_shop(desk)
    open_order(shop)
    shop.hands.press(F7)
    assert step_of(shop) is Step.METHODS
    assert shop.window.frame.head.ready.whole == "ККТ не отвечает"
    assert trouble_code(shop) == "101"
    desk.is_away = False
    assert shop.window.errands is not None
    shop.window.errands.read_register()
    assert trouble_code(shop) == ""
    shop.hands.press(F7)
    assert step_of(shop) is Step.PAY


def test_after_a_bug_while_printing_selling_waits_for_the_storage_to_be_read(shop: Shop) -> None:
    shop.desk.sell_error = ZeroDivisionError("bug")
    open_order(shop)
    shop.hands.press(F8)
    shop.desk.is_away = True
    shop.hands.press(ENTER)
    shop.desk.sell_error = None
    open_order(shop, "010460")
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    assert len(shop.sales()) == 1
    shop.desk.is_away = False
    shop.window.act("recover")
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    assert len(shop.sales()) == 2


def test_no_shift_no_money_and_one_button_opens_it(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.shift = Shift(ShiftState.CLOSED, 214)
    shop = make_shop(desk)
    open_order(shop)
    for key in (F7, F8, F12):
        shop.hands.press(key)
    shop.hands.type("5")
    assert step_of(shop) is Step.METHODS
    assert shop.window.pane.banner.trouble is not None
    assert shop.window.pane.banner.trouble.code == "107"
    assert shop.window.frame.head.button.isVisible()
    shop.window.frame.head.button.click()
    assert ("open_shift",) in desk.asked
    shop.hands.press(F7)
    assert step_of(shop) is Step.PAY


def test_a_dead_register_is_said_before_the_card_is_charged(shop: Shop) -> None:
    open_order(shop)
    shop.desk.trouble = Unreachable("device_unreachable", port="COM5")
    assert shop.window.errands is not None
    shop.window.errands.read_register()
    shop.hands.press(F8)
    assert step_of(shop) is Step.METHODS
    assert trouble_code(shop) == "101"
    shop.desk.trouble = None
    shop.window.errands.read_register()
    assert trouble_code(shop) == ""
    shop.hands.press(F8)
    assert step_of(shop) is Step.PAY


def test_a_cancelled_order_takes_no_money(shop: Shop) -> None:
    shop.desk.views["010480"] = view(
        order(10480, is_cancelled=True), refusal=SaleError("order_cancelled", order="10480")
    )
    shop.hands.scan("010480")
    assert step_of(shop) is Step.BLOCKED
    for key in (F7, F8, ENTER):
        shop.hands.press(key)
    assert shop.sales() == []


def test_a_receipt_that_was_begun_goes_on_with_its_own_tenders_only(shop: Shop) -> None:
    it = order(10481)
    begun = ReceiptView(receipt_of(it, Money(300_000), ZERO), State.REFUSED, None, None, reason="нет бумаги")
    shop.desk.add(
        OrderView(it, (begun,), NOT_DUE, SaleError("other_tenders", order="10481", tenders="…"), rates_of(it))
    )
    open_order(shop, "010481")
    for key in (F8, F7, ENTER):
        shop.hands.press(key)
    assert step_of(shop) is Step.METHODS
    shop.window.pane.banner.button.click()
    shop.hands.type("5")  # the sum is settled
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10481, Money(300_000), ZERO)]


def test_an_order_with_its_receipt_shows_it_and_sells_nothing(shop: Shop) -> None:
    it = order(10482)
    made = fiscalized(receipt_of(it, it.price, ZERO), 4502)
    lights = Lights(green("ФД 4502"), green(), green(), red(reason="нет права"))
    shop.desk.add(
        OrderView(
            it, (made,), lights, SaleError("already_receipted", order="10482", document=4502, at="…"), rates_of(it)
        )
    )
    shop.desk.views["010482"] = shop.desk.views["10482"]
    shop.hands.scan("010482")
    assert shop.window.frame.shown == "receipt"
    assert "4502" in shop.window.frame.receipt.number.whole
    assert shop.window.pane.banner.trouble is not None
    shop.window.pane.banner.button.click()  # the red lamp's own repair
    assert shop.desk.retried == [7]
    shop.hands.press(F7)
    assert shop.sales() == []


def test_an_order_that_changed_on_the_site_shows_the_new_sum_and_is_not_armed(shop: Shop) -> None:
    dearer = view(order(10457, (line("Чайник", 300_000),)))
    shop.desk.refreshed = None
    open_order(shop)
    shop.hands.press(F7)
    assert shop.window.counter is not None
    shop.window.counter._refreshed(dearer)
    assert shop.window.pane.total.whole == str(Money(300_000))
    shop.hands.press(ENTER)
    assert shop.sales() == []
    assert shop.window.pane.banner.trouble is not None
    assert shop.window.pane.banner.trouble.code == "216"
    shop.window.pane.banner.button.click()
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10457, Money(300_000), ZERO)]


def test_lights_follow_the_copy_on_disk(shop: Shop) -> None:
    open_order(shop)
    lights = Lights(green("ФД 1"), GREY, GREY, GREY)
    shop.desk.views["10457"] = replace(shop.desk.views["10457"], lights=lights)
    assert shop.window.errands is not None
    shop.window.errands.sync()
    assert shop.window.frame.order.lights.lamps["receipt"].words == "ФД 1"


def test_nothing_is_sold_before_recovery_has_ended(make_shop: MakeShop) -> None:
    class Stubborn(FakeDesk):
        def recover(self) -> list[object]:  # type: ignore[override]
            raise ResolveNeeded("resolve_needed", why="документ не читается", key="K")

    shop = make_shop(Stubborn())
    open_order(shop)
    for key in (F7, ENTER, F8, ENTER):
        shop.hands.press(key)
    assert shop.sales() == []
    assert shop.window.frame.head.ready.whole == "Исход чека неизвестен"
    assert trouble_code(shop) == "134"


def test_typing_on_the_idle_screen_finds_by_number_and_by_phone(shop: Shop) -> None:
    shop.hands.type("10460")
    assert [row.number for row in shop.window.frame.orders.model.rows] == ["10460"]
    shop.hands.press(ENTER)
    assert shop.window.frame.shown == "order"
    shop.hands.press(F2)
    shop.hands.type("4517")
    assert len(shop.window.frame.orders.model.rows) == 3
    shop.hands.press(ENTER)
    assert shop.window.counter is not None
    assert shop.window.counter.view is not None
    assert shop.window.counter.view.order.number == "10457"
    assert QApplication.focusWidget() is shop.window.pane
