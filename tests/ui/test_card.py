"""A card at the window: a real till, a real terminal on a socket, a cashier's keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.devices.terminal import ManualTerminal
from posapp.devices.terminal_simulator import Fault
from posapp.settings import TerminalSettings
from posapp.till import shift_opening
from posapp.till.context import Till
from posapp.ui.payment_pane import PaymentPane, Step
from tests.devices.terminals import Desk, terminal
from tests.till.rig import Register
from tests.till.shops import TOTAL, Shop, an_order, shop_at
from tests.ui.conftest import MakeShop
from tests.ui.desks import NOW
from tests.ui.real import RealShop, window_on

ENTER, F7, F8, F11 = Qt.Key.Key_Return, Qt.Key.Key_F7, Qt.Key.Key_F8, Qt.Key.Key_F11


@pytest.fixture
def desk() -> Iterator[Desk]:
    with terminal() as desk:
        yield desk


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Shop]:
    with shop_at(tmp_path, Register()) as shop:
        yield shop


def connected(shop: Shop, desk: Desk) -> Till:
    settings = shop.till.settings.with_(terminal=TerminalSettings("tcp", desk.url, "SIM-1", is_simulated=True))
    return replace(shop.till, settings=settings, terminal=desk.client())


def paying(shop: RealShop) -> PaymentPane:
    shop.open(shop.board(an_order()))
    return shop.window.pane


def step_of(pane: PaymentPane) -> Step:
    """Asked anew each time."""
    return pane.step


def charge(shop: RealShop, qtbot: QtBot, held: int = 0) -> None:
    """F8, and the moment in which a scanner would type more."""
    shop.hands.press(F8, held=held)
    qtbot.waitUntil(lambda: not shop.window.pane.is_about_to_ask)


def code_of(pane: PaymentPane) -> str:
    return "" if pane.banner.trouble is None else pane.banner.trouble.code


def test_one_key_charges_and_prints(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    with window_on(connected(till, desk), qtbot) as shop:
        pane = paying(shop)
        charge(shop, qtbot, held=4)
        assert pane.step is Step.DONE
        assert desk.moved() == [TOTAL.kopecks]
    till.assert_exactly_one()


def test_a_code_whose_first_key_is_f8_charges_nobody(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    """Scanners set up for GS1 type FNC1 as F8, some also in front of the code."""
    with window_on(connected(till, desk), qtbot) as shop:
        pane = paying(shop)
        for end in ("\r", ""):
            shop.hands.press(F8)
            shop.hands.scan("0104607103820700215LKh", end=end)
            qtbot.waitUntil(lambda: not pane.is_about_to_ask)
            shop.hands.settle()
        assert desk.server.bank.operations() == []
        assert till.till.journal.cards() == []


def test_declined_leaves_the_method_and_nothing_armed(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    with window_on(connected(till, desk), qtbot) as shop:
        pane = paying(shop)
        desk.breaks(Fault("charge", "decline", value="недостаточно средств"))
        charge(shop, qtbot)
        assert (pane.step, code_of(pane)) == (Step.PAY, "181")
        shop.hands.press(ENTER)
        assert desk.moved() == []
        shop.hands.press(F8)  # a person chose to try again, then presses
        shop.hands.press(ENTER)
        assert (pane.step, desk.moved()) == (Step.DONE, [TOTAL.kopecks])


def test_unknown_blocks_the_order_until_it_is_known(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    with window_on(connected(till, desk), qtbot) as shop:
        pane = paying(shop)
        desk.breaks(Fault("charge", "drop", "after"), Fault("inquire", "drop", times=9))
        charge(shop, qtbot)
        assert (pane.step, code_of(pane)) == (Step.BLOCKED, "180")
        for key in (F7, F8, ENTER):
            shop.hands.press(key)
        assert pane.step is Step.BLOCKED
        cases = shop.window.desk.cases("ru") if shop.window.desk is not None else []
        assert [(each.kind.value, [choice.id for choice in each.choices]) for each in cases] == [
            ("card", ["card_taken", "card_not_taken"])
        ]
        desk.breaks()
        shop.window.act("recover")
        shop.open(an_order())
        assert code_of(pane) == "182"  # the card is charged, and the order says so until its receipt is printed
        shop.window.act("resume")
        shop.hands.press(ENTER)
        assert (pane.step, desk.moved()) == (Step.DONE, [TOTAL.kopecks])
    till.assert_exactly_one()


def test_a_terminal_that_does_not_answer_may_be_used_by_hand(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    with window_on(connected(till, desk), qtbot) as shop:
        pane = paying(shop)
        desk.switch_off()
        charge(shop, qtbot)
        assert (pane.step, code_of(pane)) == (Step.PAY, "116")
        assert pane.card.rrn.isVisible()
        shop.hands.type("632109004512")
        shop.hands.press(ENTER)
        assert pane.step is Step.DONE
        assert shop.receipts(an_order())[0].cashless[0].identifiers == "632109004512"


def test_a_terminal_that_is_not_connected_wants_the_number_typed(till: Shop, qtbot: QtBot) -> None:
    settings = till.till.settings.with_(terminal=TerminalSettings("manual"))
    with window_on(replace(till.till, settings=settings, terminal=ManualTerminal()), qtbot) as shop:
        pane = paying(shop)
        shop.hands.press(F8)
        shop.hands.press(ENTER)
        assert step_of(pane) is Step.PAY
        shop.hands.type("632109004512")
        shop.hands.press(ENTER)
        assert step_of(pane) is Step.DONE


def test_a_red_light_takes_no_card_and_says_why_cash_goes_on(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    made = connected(till, desk)
    opening = shift_opening.of(made, 1)
    assert opening is not None
    till.register.advance((opening.at + timedelta(hours=24, minutes=-4) - till.register.now).total_seconds())
    with window_on(made, qtbot) as shop:
        pane = paying(shop)
        shop.window.act("recover")
        head = shop.window.frame.head
        assert "смена кончается" in head.ready.toolTip()
        shop.hands.press(F8)
        assert (pane.step, code_of(pane)) == (Step.METHODS, "196")
        assert not pane.methods.buttons[next(each for each in pane.methods.buttons if each.value == "card")].isEnabled()
        shop.hands.press(F7)
        shop.hands.press(ENTER)
        assert (step_of(pane), desk.moved()) == (Step.DONE, [])


def test_a_register_that_has_been_silent_takes_no_card(make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    shop.desk.views["010460"] = shop.desk.views["10460"]
    shop.hands.scan("010460")
    look = shop.window.look
    monkeypatch.setattr(look, "now", lambda: NOW + timedelta(seconds=121))
    shop.window.reports.show_readiness()
    assert "ККТ молчит" in shop.window.frame.head.ready.toolTip()
    assert [each.value for each, button in shop.window.pane.methods.buttons.items() if button.isEnabled()] == ["cash"]
    assert shop.window.errands is not None
    shop.window.errands.read_register()
    assert shop.window.frame.head.ready.toolTip() == "Готова к приёму денег"


def test_in_a_low_window_the_first_digit_brings_the_field(till: Shop, desk: Desk, qtbot: QtBot) -> None:
    with window_on(connected(till, desk), qtbot) as shop:
        shop.window.resize(683, 384)
        pane = paying(shop)
        desk.switch_off()
        charge(shop, qtbot)
        pane = shop.window.pane
        pane.setFocus()
        shop.hands.type("632109004512")
        assert pane.card.rrn.text() == "632109004512"
        shop.hands.press(ENTER)
        assert step_of(pane) is Step.DONE
