"""A window on a desk in memory, a clock that stands still, and hands: a scanner and fingers."""

from __future__ import annotations

import os

# Also where there is a screen: windows that jump up would take the keys of the person who works there.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from posapp.lanes import Lanes
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.start import make_application, make_window
from posapp.ui.wedge import LastKeys
from posapp.ui.window import Window
from tests.ui.desks import NOW, FakeDesk, order, view

KEYS = {"\r": Qt.Key.Key_Return, "\t": Qt.Key.Key_Tab}


@dataclass
class Hands:
    """Keys as the native window gets them, with the times that a scanner or a finger would give them."""

    window: Window
    qtbot: QtBot
    clock: list[int]
    now_ms: int = 10_000

    def scan(self, text: str, end: str = "\r") -> None:
        """A scanner: 3 ms from key to key."""
        for each in text + end:
            self._key(KEYS.get(each, Qt.Key.Key_A), each, 3)

    def type(self, text: str) -> None:
        """Fingers: 200 ms from key to key; returns when the last one has arrived."""
        for each in text:
            self._key(Qt.Key(ord(each.upper())) if each.isascii() else Qt.Key.Key_A, each, 200)
        self.settle()

    def press(
        self,
        key: Qt.Key,
        *,
        after_ms: int = 500,
        held: int = 0,
        chord: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """A key that writes nothing (Enter, F7, Esc), with `chord` held; `held` more times by auto-repeat."""
        self._key(key, "\r" if key == Qt.Key.Key_Return else "", after_ms, chord=chord)
        for _ in range(held):
            self.repeat(key, after_ms=30)

    def repeat(self, key: Qt.Key, *, after_ms: int) -> None:
        """An auto-repeat of a held key."""
        self._key(key, "\r", after_ms, is_repeat=True)

    def settle(self) -> None:
        """Until no key is held back."""
        self.qtbot.waitUntil(lambda: not self.window.wedge.is_holding)

    def _key(
        self,
        key: Qt.Key,
        text: str,
        after_ms: int,
        *,
        is_repeat: bool = False,
        chord: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        self.now_ms += after_ms
        self.clock[0] += after_ms
        target = self.window.windowHandle()
        assert target is not None
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, chord, text, is_repeat)
            event.setTimestamp(self.now_ms)
            QCoreApplication.sendEvent(target, event)


@dataclass
class Shop:
    """Everything that a test of the window needs."""

    window: Window
    desk: FakeDesk
    hands: Hands
    played: list[str] = field(default_factory=list)

    def sales(self) -> list[tuple[object, ...]]:
        return [each for each in self.desk.asked if each[0] == "sell"]


MakeShop = Callable[..., Shop]


@pytest.fixture
def make_shop(qtbot: QtBot) -> Iterator[MakeShop]:
    """A window; its desk and look may be given, and `lanes` when the test wants threads."""
    made: list[Window] = []

    def make(desk: FakeDesk | None = None, settings: LookSettings | None = None, lanes: Lanes | None = None) -> Shop:
        make_application()
        desk = desk or FakeDesk()
        if not desk.views:
            desk.add(view(), view(order(10460)), view(order(20999)))
        clock = [1_000_000]
        played: list[str] = []
        sounds = Sounds(play_file=lambda path: played.append(Path(path).stem))
        window = make_window(settings or LookSettings(), lambda: NOW, last=LastKeys(lambda: clock[0]), sounds=sounds)
        made.append(window)
        window.show()
        qtbot.waitUntil(lambda: window.isActiveWindow())
        window.attach(desk, lanes or Lanes.on_the_spot(), poll=False)
        return Shop(window, desk, Hands(window, qtbot, clock), played)

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """A shop with three orders and a register that is ready."""
    return make_shop()
