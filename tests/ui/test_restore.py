"""A damaged journal in the window: a plain screen, one deliberate button, and the till comes back by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from posapp.errors import JournalError, PosError
from posapp.lanes import Lanes
from posapp.till.own_documents import Waiting
from posapp.till.restore import Report
from posapp.ui.desk import Desk
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.restore_screen import STEPS, report_words
from posapp.ui.service_screen import LookSettings
from posapp.ui.start import main, make_application
from posapp.ui.trouble import trouble_of
from posapp.ui.window import Window
from posapp.ui.words import Say
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import NOW, FakeDesk, report, view

ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape
CTRL = Qt.KeyboardModifier.ControlModifier
DAMAGED = JournalError("journal_damaged", what="страница 7")
Tell = Callable[[tuple[str, int, int]], None]


def offer(shop: Shop, error: PosError = DAMAGED) -> list[tuple[str, str]]:
    """The till finds out while it recovers, and a person goes to the screen; what is asked for is kept."""
    asked: list[tuple[str, str]] = []
    shop.window.restore_asked.connect(lambda who, why: asked.append((who, why)))
    shop.desk.recover_error = error
    shop.window.act("recover")
    shop.window.frame.head.button.click()
    assert shop.window.frame.shown == "restore"
    return asked


@pytest.mark.parametrize(
    "error",
    [
        DAMAGED,
        JournalError("journal_lost", path="/x"),
        JournalError("restore_unfinished", why="w"),
        JournalError("directory_copied", was="a", here="b"),
    ],
)
def test_what_blocks_selling_leads_to_the_restore(shop: Shop, error: PosError) -> None:
    offer(shop, error)
    screen = shop.window.frame.restore
    assert screen.message.whole == trouble_of(error, Say()).message
    assert "posapp" not in screen.message.whole + trouble_of(error, Say()).action


def test_enter_begins_nothing_and_a_name_and_a_reason_are_needed(shop: Shop) -> None:
    asked = offer(shop)
    side = shop.window.frame.restore.side
    assert side.who.text() == "Иванова А."
    assert not side.button.isEnabled()
    side.why.setText("Сломался диск")
    for widget in (side, side.why, side.button):
        widget.setFocus()
        shop.hands.press(ENTER, held=5)
    assert asked == []
    shop.hands.press(ENTER, chord=CTRL, held=10)
    assert asked == [("Иванова А.", "Сломался диск")]


def test_escape_leads_back_until_it_runs(shop: Shop) -> None:
    offer(shop)
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "orders"
    shop.window.act("restore")
    shop.window.restore_progressed(("storage", 120, 480))
    shop.hands.press(ESC)
    shop.window.close()
    assert shop.window.isVisible()
    assert shop.window.frame.shown == "restore"
    shop.window.frame.restore.side.busy(False)


def test_the_steps_are_ticked_off_and_never_go_back(shop: Shop) -> None:
    offer(shop)
    screen = shop.window.frame.restore
    shapes = []
    for step in ("check", "copy", "check", "storage"):
        shop.window.restore_progressed((step, 120, 480))
        shapes.append([lamp.shape_shown for lamp, _words in screen.steps.values()])
    assert shapes[1] == shapes[2] == [Shape.OK, Shape.WAIT] + [Shape.NONE] * (len(STEPS) - 2)
    assert "120 из 480" in screen.steps["storage"][1].whole
    shop.window.frame.restore.side.busy(False)


def test_a_restore_that_fails_says_why_and_may_be_tried_again(shop: Shop) -> None:
    asked = offer(shop)
    side = shop.window.frame.restore.side
    side.why.setText("w")
    side.button.click()
    shop.window.not_restored(JournalError("disk_full"))
    assert side.banner.trouble is not None
    assert side.banner.trouble.code == "404"
    side.button.click()
    assert len(asked) == 2
    side.busy(False)


def test_the_report_tells_what_came_from_where_and_what_waits() -> None:
    look = Look(Say(), lambda: NOW)
    made: Report = report(lost=("оборот смены 213",), waiting=(Waiting("ФД 4519 не читается"),))
    words = "\n".join(report_words(made, look))
    for part in ("сегодня, ", "приняты 2 чека", "damaged-20261121", "оборот смены 213", "ФД 4519 не читается"):
        assert part in words
    assert "из ФН" in report_words(report(base="nothing"), look)[0]


def test_from_a_damaged_journal_to_a_sale_on_real_lanes(qtbot: QtBot) -> None:
    """The desk cannot be made, a person has it restored on the worker, and the till opens without a new start."""
    make_application()
    desk, lanes, steps = FakeDesk(), Lanes.threads(), list[str]()
    desk.add(view())
    windows: list[Window] = []

    def make_desk() -> tuple[Desk, Lanes]:
        if "restored" not in steps:
            steps.append("damaged")
            raise DAMAGED
        return desk, lanes

    def restore(who: str, why: str, tell: Tell) -> Report:
        steps.append(f"{who}: {why}, gui={threading.current_thread() is threading.main_thread()}")
        tell(("storage", 1, 2))
        steps.append("restored")
        return report()

    def ready(window: Window) -> None:
        steps.append("ready")
        windows.append(window)
        try:
            qtbot.waitUntil(lambda: window.frame.head.ready.whole == "Готова к приёму денег")
            window.scanned("10457")
            qtbot.waitUntil(lambda: window.frame.shown == "order")
            steps.append("sold")
        finally:
            window.close()

    def person() -> None:
        window = next(each for each in make_application().topLevelWidgets() if isinstance(each, Window))
        try:
            qtbot.waitUntil(lambda: window.frame.shown == "restore")
            side = window.frame.restore.side
            side.why.setText("Сломался диск")
            QTest.mouseClick(side.button, Qt.MouseButton.LeftButton)
            qtbot.waitUntil(lambda: "принят" in window.frame.restore.result.whole)
            QTest.mouseClick(side.button, Qt.MouseButton.LeftButton)
        except BaseException:
            window.frame.restore.side.busy(False)
            window.close()
            raise

    QTimer.singleShot(200, person)
    QTimer.singleShot(60_000, make_application().quit)  # a failure ends the loop, whatever it was
    assert main(make_desk, now=lambda: NOW, on_ready=ready, settings=LookSettings(is_muted=True), restore=restore) == 0
    assert steps == ["damaged", "Старший: Сломался диск, gui=False", "restored", "ready", "sold"]


def test_an_open_desk_is_let_go_before_the_restore_begins(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.window.detach()
    shop.window.scanned("10457")
    shop.window.go("log")
    shop.window.act("sync")
    assert shop.window.frame.shown == "orders"
    shop.window.attach(shop.desk, Lanes.on_the_spot(), poll=False)
    assert shop.window.frame.shown == "order"  # what was scanned meanwhile
