"""The courier's day at the window, with the real till: float, money, hand-in, two signatures, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.money import Money
from posapp.till import courier_day
from tests.till.shops import TOTAL, an_order
from tests.ui.real import RealShop, real_shop

ENTER, ESC, F5, F7 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F5, Qt.Key.Key_F7
SHIFT = Qt.KeyboardModifier.ShiftModifier
FLOAT = Money(300_000)


@pytest.fixture
def till(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as found:
        yield found


def begun(till: RealShop) -> None:
    till.hands.press(F5, chord=SHIFT)
    assert till.window.frame.day.side.isVisible()
    till.window.frame.day.side.name.setText("Орлов Д.")
    till.hands.type("3000")
    till.hands.press(ENTER, held=3)
    assert courier_day.find(till.till, None).day.float_taken == FLOAT


def sold(till: RealShop) -> None:
    order = till.board(an_order())
    till.open(order)
    till.hands.press(F7)
    till.hands.press(ENTER)
    assert len(till.receipts(order)) == 1
    till.hands.press(ENTER)


def test_from_the_float_to_two_signatures(till: RealShop) -> None:
    begun(till)
    sold(till)
    till.hands.press(F5, chord=SHIFT)
    side = till.window.frame.day.side
    till.hands.type("3590")
    assert side.difference.whole == till.window.look.say("day.agrees")
    till.hands.press(ENTER)
    assert courier_day.find(till.till, None).day.is_open, "somebody else has to sign"
    side.name.setText("Петрова А.")
    side.name.textEdited.emit("Петрова А.")
    till.hands.press(ENTER)
    report = courier_day.find(till.till, None)
    assert (report.day.counted, report.day.received_by) == (FLOAT + TOTAL, "Петрова А.")
    assert "Петрова А." in till.window.frame.day.sheet.whole


def test_a_difference_needs_its_reason(till: RealShop) -> None:
    begun(till)
    sold(till)
    till.hands.press(F5, chord=SHIFT)
    side = till.window.frame.day.side
    till.hands.type("3500")
    side.name.setText("Петрова А.")
    side.name.textEdited.emit("Петрова А.")
    till.hands.press(ENTER)
    assert courier_day.find(till.till, None).day.is_open
    assert "90,00" in side.difference.whole
    side.why.setText("разменял не так")
    side.why.textEdited.emit("разменял не так")
    till.hands.press(ENTER)
    report = courier_day.find(till.till, None)
    assert report.difference == Money(-9_000)
    assert report.day.why == "разменял не так"


def test_the_courier_cannot_receive_it(till: RealShop) -> None:
    begun(till)
    till.hands.press(F5, chord=SHIFT)
    side = till.window.frame.day.side
    till.hands.type("3000")
    side.name.setText("Орлов Д.")
    side.name.textEdited.emit("Орлов Д.")
    assert not side.money.is_armed
    till.hands.press(ESC)
    assert till.window.frame.shown == "orders"
