"""Scans are told from fingers, wherever the focus is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from posapp.ui.wedge import GAP_MS, LENGTH_MIN, QUICK_MS, Burst, LastKeys, Verdict, Wedge, mend_layout

codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-&=.", min_size=LENGTH_MIN, max_size=80)


def feed(burst: Burst, text: str, gap_ms: int, start_ms: int = 0) -> list[Verdict]:
    return [burst.key(each, start_ms + n * gap_ms, is_end=each in "\r\t", is_plain=True) for n, each in enumerate(text)]


@given(codes, st.integers(0, GAP_MS), st.sampled_from("\r\t"))
def test_a_fast_burst_with_an_end_is_a_scan(code: str, gap_ms: int, end: str) -> None:
    burst = Burst()
    verdicts = feed(burst, code + end, gap_ms)
    assert verdicts == [Verdict.HOLD] * len(code) + [Verdict.SCAN]
    assert burst.take() == code


@given(codes, st.integers(GAP_MS + 1, 1000))
def test_fingers_are_no_scan(code: str, gap_ms: int) -> None:
    assert Verdict.SCAN not in feed(Burst(), code + "\r", gap_ms)


@pytest.mark.parametrize("number", ["104", "1045", "10457"])
def test_a_short_order_number_is_a_scan_at_a_pace_that_no_hand_has(number: str) -> None:
    burst = Burst()
    assert feed(burst, number + "\r", QUICK_MS)[-1] is Verdict.SCAN
    assert burst.take() == number


@pytest.mark.parametrize("number", ["5", "50", "500", "1000", "15000"])
def test_a_short_number_at_a_quick_hands_pace_is_no_scan(number: str) -> None:
    assert feed(Burst(), number + "\r", QUICK_MS + 1)[-1] is Verdict.PASS


def test_one_pause_of_a_hand_makes_a_short_number_no_scan() -> None:
    burst = Burst()
    feed(burst, "10", 5)
    for n, each in enumerate("457", 1):
        burst.key(each, n * 50, is_end=False, is_plain=True)
    assert burst.key("\r", 155, is_end=True, is_plain=True) is Verdict.PASS


def test_a_late_enter_is_a_fingers() -> None:
    burst = Burst()
    feed(burst, "123456", 5)
    assert burst.key("\r", 30 + GAP_MS, is_end=True, is_plain=True) is Verdict.PASS


def test_a_held_key_is_never_part_of_a_scan() -> None:
    assert Burst().key("5", 0, is_end=False, is_plain=False) is Verdict.PASS


def test_a_space_alone_presses_a_button_at_once_but_belongs_inside_a_code() -> None:
    assert Burst().key(" ", 0, is_end=False, is_plain=True) is Verdict.PASS
    assert feed(Burst(), "AB 12345\r", 2)[-1] is Verdict.SCAN


@pytest.mark.parametrize(
    "typed, meant",
    [("ЙЦУКЕН-123", "QWERTY-123"), ("ещ=20261121Е1405", "to=20261121T1405"), ("10457", "10457"), ("ABC", "ABC")],
)
def test_a_scanner_on_the_russian_layout_is_understood(typed: str, meant: str) -> None:
    assert mend_layout(typed) == meant


def test_the_separator_of_a_gs1_code_belongs_to_it() -> None:
    assert feed(Burst(), "0104607\x1d21ABC\r", 3)[-1] is Verdict.SCAN
    assert feed(Burst(), "\x1d", 3) == [Verdict.PASS]


class Ear(QObject):
    """A field with the focus and a filter before it."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.wedge = Wedge(LastKeys(), self)
        self.codes: list[str] = []
        self.wedge.scanned.connect(lambda scan: self.codes.append(scan.text))
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self.wedge)
        qtbot.addWidget(self.field, before_close_func=lambda _w: application.removeEventFilter(self.wedge))
        self.field.show()
        self.field.setFocus()
        qtbot.waitUntil(self.field.hasFocus)


def test_real_key_events_of_a_scanner_never_reach_the_field(qtbot: QtBot) -> None:
    ear = Ear(qtbot)
    for each in "4607034370299":
        QTest.keyClick(ear.field.windowHandle(), Qt.Key(ord(each)))
    QTest.keyClick(ear.field.windowHandle(), Qt.Key.Key_Return)
    assert ear.codes == ["4607034370299"]
    assert ear.field.text() == ""
    assert ear.wedge.last.scan_ms > 0


def test_capital_letters_of_a_scanner_come_with_shift(qtbot: QtBot) -> None:
    """Each capital is Shift down, letter, Shift up: the Shift must not break the burst."""
    ear = Ear(qtbot)
    for each in "ORDER-10457":
        shift = Qt.KeyboardModifier.ShiftModifier if each.isalpha() else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(ear.field.windowHandle(), Qt.Key(ord(each)), shift)
    QTest.keyClick(ear.field.windowHandle(), Qt.Key.Key_Return)
    assert [code.upper() for code in ear.codes] == ["ORDER-10457"]
    assert ear.field.text() == ""


def test_a_real_finger_reaches_the_field_after_a_moment(qtbot: QtBot) -> None:
    ear = Ear(qtbot)
    QTest.keyClick(ear.field.windowHandle(), Qt.Key.Key_7)
    qtbot.waitUntil(lambda: ear.field.text() == "7")
    assert ear.codes == []


def test_a_few_fast_keys_reach_the_field_in_order_before_enter(qtbot: QtBot) -> None:
    ear = Ear(qtbot)
    returns: list[str] = []
    ear.field.returnPressed.connect(lambda: returns.append(ear.field.text()))
    for each in "12":
        QTest.keyClick(ear.field.windowHandle(), Qt.Key(ord(each)))
    QTest.keyClick(ear.field.windowHandle(), Qt.Key.Key_Return)
    assert returns == ["12"]
    assert ear.codes == []


def test_a_scanner_without_an_end_key_is_heard(qtbot: QtBot) -> None:
    ear = Ear(qtbot)
    for each in "4607034370299":
        QTest.keyClick(ear.field.windowHandle(), Qt.Key(ord(each)))
    qtbot.waitUntil(lambda: ear.codes == ["4607034370299"])
    assert ear.field.text() == ""


@pytest.mark.parametrize(
    "key, modifier",
    [(Qt.Key.Key_F8, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ControlModifier)],
)
def test_a_separator_typed_as_a_key_is_no_key(qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    ear = Ear(qtbot)
    window = ear.field.windowHandle()
    for each in "0104607":
        QTest.keyClick(window, Qt.Key(ord(each)))
    QTest.keyClick(window, key, modifier)
    for each in "21555":
        QTest.keyClick(window, Qt.Key(ord(each)))
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert ear.codes == ["0104607\x1d21555"]


def test_each_held_press_gets_its_release(qtbot: QtBot) -> None:
    """A button would stay down for ever if the release of a replayed press were lost."""
    ear = Ear(qtbot)
    seen: list[QEvent.Type] = []

    class Spy(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                seen.append(event.type())
            return False

    spy = Spy()
    ear.field.installEventFilter(spy)
    QTest.keyClick(ear.field.windowHandle(), Qt.Key.Key_7)
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [QEvent.Type.KeyPress, QEvent.Type.KeyRelease]
