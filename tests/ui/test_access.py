"""For every screen in its telling states: names, sizes, fonts, ways out by Tab, no text cut in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from posapp.ui.controls import Button, Kind, Label
from posapp.ui.money_button import MoneyButton
from posapp.ui.service_screen import LookSettings
from posapp.ui.tables import Table
from posapp.ui.window import Window
from tests.screens.scenes import SCENES
from tests.ui.conftest import MakeShop


def visible(window: Window) -> list[QWidget]:
    return [each for each in window.frame.findChildren(QWidget) if each.isVisible()]


def check_whatever_takes_the_focus_has_a_name(window: Window) -> None:
    found = [each for each in visible(window) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert found
    for widget in found:
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None
        assert interface.text(QAccessible.Text.Name).strip(), widget


def check_whatever_is_touched_is_large_enough(window: Window) -> None:
    targets = [each for each in visible(window) if isinstance(each, (QPushButton, QLineEdit))]
    assert targets
    for widget in targets:
        assert widget.width() >= window.look.px(44), widget.accessibleName()
        assert widget.height() >= window.look.px(44), widget.accessibleName()
        if isinstance(widget, MoneyButton):
            assert widget.height() >= window.look.px(80)


def check_at_most_one_button_is_loud(window: Window) -> None:
    loud = [
        each.text()
        for each in visible(window)
        if isinstance(each, Button) and each.kind is Kind.PRIMARY and each.isEnabled()
    ]
    assert len(loud) <= 1, loud


def check_no_word_is_cut_in_silence_and_none_is_too_small(window: Window) -> None:
    """A label shows all of its text, or ends in an ellipsis and has the whole as tool tip; a button shows all."""
    for widget in visible(window):
        if isinstance(widget, QLabel) and widget.text():
            metrics = QFontMetrics(widget.font())
            assert widget.font().pixelSize() >= window.look.px(14)
            if widget.wordWrap():
                needed = metrics.boundingRect(0, 0, widget.width(), 10_000, Qt.TextFlag.TextWordWrap, widget.text())
                assert needed.height() <= widget.height() + 1, widget.text()
            else:
                assert metrics.horizontalAdvance(widget.text()) <= widget.width() + 1, widget.text()
            if isinstance(widget, Label) and widget.text() != widget.whole:
                assert widget.text().endswith("…")
                assert widget.toolTip() == widget.whole
        if isinstance(widget, Button) and widget.text():
            assert widget.sizeHint().width() <= widget.width() + 1, widget.text()


def check_nothing_hangs_over_the_edge(window: Window) -> None:
    assert (window.width(), window.height()) == (1366, 768)
    areas = [each for each in window.frame.findChildren(QScrollArea) if each.isVisible()]
    for widget in visible(window):
        parent = widget.parentWidget()
        if any(area.isAncestorOf(widget) for area in areas):
            continue  # what scrolls may lie below the edge
        if isinstance(widget, (QPushButton, QLineEdit, QLabel)) and parent is not None:
            box = widget.rect().translated(widget.mapTo(window, widget.rect().topLeft()))
            assert window.rect().contains(box), widget.accessibleName()
            assert parent.rect().contains(widget.geometry()), widget.accessibleName()


def check_siblings_do_not_overlap(window: Window) -> None:
    for parent in {each.parentWidget() for each in visible(window) if isinstance(each, (Button, Label, QLineEdit))}:
        assert parent is not None
        boxes = [
            each
            for each in parent.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
            if each.isVisible() and isinstance(each, (Button, Label, QLineEdit))
        ]
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                assert not one.geometry().intersects(other.geometry()), (one.text(), other.text())


def check_tab_goes_round_and_leaves_every_table(window: Window) -> None:
    handle = window.windowHandle()
    assert handle is not None
    reachable = {
        each
        for each in visible(window)
        if each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.focusProxy() is None
    }
    seen = set[QWidget]()
    for _ in range(3 * len(reachable) + 3):
        QTest.keyClick(handle, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.add(focus)
        if reachable <= seen:
            break
    assert reachable <= seen, [each.accessibleName() or each for each in reachable - seen]
    assert (
        any(isinstance(each, Table) for each in seen)
        or window.frame.shown
        in ("receipt", "refusal", "refund", "day", "service", "resolve", "reconcile", "help", "restore")
        or (window.frame.stacked or window.frame.orders.empty.isVisible() or window.frame.log.is_detail_shown)
    )


CHECKS: tuple[Callable[[Window], None], ...] = (
    check_whatever_takes_the_focus_has_a_name,
    check_whatever_is_touched_is_large_enough,
    check_at_most_one_button_is_loud,
    check_no_word_is_cut_in_silence_and_none_is_too_small,
    check_nothing_hangs_over_the_edge,
    check_siblings_do_not_overlap,
    check_tab_goes_round_and_leaves_every_table,  # moves the focus, so it is the last
)


@pytest.mark.parametrize("name", SCENES)
def test_a_screen_can_be_used_by_everybody(qtbot: QtBot, name: str) -> None:
    window = SCENES[name]()
    try:
        qtbot.waitUntil(window.isActiveWindow)
        QApplication.processEvents()  # layouts
        for check in CHECKS:
            check(window)
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_ring_is_where_the_focus_is(make_shop: MakeShop) -> None:
    window = make_shop().window
    search = window.frame.orders.search
    search.setFocus()
    ring = window.frame.ring
    assert ring.isVisible()
    place = search.rect().translated(search.mapTo(window.frame, search.rect().topLeft()))
    assert ring.geometry() == place.adjusted(-5, -5, 5, 5)
    window.go("more")
    assert ring.geometry() != place.adjusted(-5, -5, 5, 5)


def test_the_frame_keeps_its_places_from_order_to_receipt(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    window, pane = shop.window, shop.window.pane
    QApplication.processEvents()
    places = {"total": pane.total.mapTo(window, pane.total.rect().topRight())}
    shop.hands.press(Qt.Key.Key_F7)
    QApplication.processEvents()
    assert pane.total.mapTo(window, pane.total.rect().topRight()) == places["total"]
    money = pane.money.geometry()
    assert (window.frame.head.height(), window.frame.strip.height()) == (56, 56)
    assert window.frame.right.width() == 540
    shop.hands.press(Qt.Key.Key_Return)
    QApplication.processEvents()
    assert pane.next.geometry() == money
    assert (window.frame.head.height(), window.frame.strip.height()) == (56, 56)


def test_the_look_changes_without_a_restart_and_the_order_stays(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    kept: list[LookSettings] = []
    shop.window.settled.connect(kept.append)
    for settings in (LookSettings("dark", 1.25), LookSettings("light", 2.0), LookSettings(language="en")):
        shop.window.settle(settings)
        assert shop.window.frame.shown == "order"
        assert shop.window.pane.total.whole.startswith("2")
    assert kept[-1].language == "en"
    assert shop.window.pane.caption.whole == "To pay"
