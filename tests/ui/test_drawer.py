"""Cash in and out at the window: by keyboard with the real till, down to the register's own drawer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.money import Money
from posapp.errors import Refused, ResolveNeeded
from posapp.till import shift
from tests.ui.conftest import Shop
from tests.ui.real import RealShop, real_shop

ENTER, ESC, F11 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F11


@pytest.fixture
def till(tmp_path: Path, qtbot: QtBot) -> Iterator[RealShop]:
    with real_shop(tmp_path, qtbot) as found:
        yield found


def in_drawer(shop: RealShop) -> Money:
    return shift.status(shop.till).totals.drawer


def move(shop: RealShop | Shop, kind: str, typed: str) -> None:
    shop.window.act(kind)
    shop.hands.type(typed)
    shop.hands.press(ENTER)


def test_cash_goes_in_and_out(till: RealShop) -> None:
    till.hands.press(F11)
    move(till, "cash_in", "3000")
    assert in_drawer(till) == Money(300_000)
    assert "3\u202f000,00" in till.window.frame.service.side.banner.message.whole
    move(till, "cash_out", "1200,50")
    assert in_drawer(till) == Money(179_950)


def test_more_than_there_is_cannot_be_pressed(till: RealShop) -> None:
    move(till, "cash_in", "100")
    move(till, "cash_out", "101")
    assert not till.window.frame.service.side.drawer.money.is_armed
    assert in_drawer(till) == Money(10_000)
    till.hands.press(ESC)
    assert not till.window.frame.service.side.is_at_drawer
    assert till.window.frame.shown == "service"


def test_a_held_enter_moves_cash_once(shop: Shop) -> None:
    shop.window.act("cash_in")
    shop.hands.type("500")
    shop.hands.press(ENTER, held=5)
    assert [each for each in shop.desk.asked if each[0] == "cash_in"] == [("cash_in", Money(50_000))]


def test_a_refusal_disarms_until_something_is_typed(shop: Shop) -> None:
    shop.desk.cash_error = Refused("paper_out")
    move(shop, "cash_in", "500")
    shop.hands.press(ENTER)
    assert len([each for each in shop.desk.asked if each[0] == "cash_in"]) == 1
    assert shop.window.frame.service.side.is_at_drawer
    shop.desk.cash_error = None
    shop.hands.type("1")
    shop.hands.press(ENTER)
    assert not shop.window.frame.service.side.is_at_drawer


def test_a_difference_of_the_counters_shows_both_figures_and_the_button(shop: Shop) -> None:
    what = "приход, сумма: по журналу 1,00 ₽, в ККТ 2,00 ₽; приход, чеков: по журналу 1, в ККТ 2"
    shop.desk.trouble = ResolveNeeded("counters_differ", shift=214, what=what)
    shop.hands.scan("10457\t")
    shop.window.reports.register_known(shop.desk.register(), None)
    said = shop.window.pane.banner.action.whole
    assert "по журналу 1,00 ₽, в ККТ 2,00 ₽\nПриход" in said
    assert shop.window.pane.banner.button.isVisibleTo(shop.window.pane.banner)
