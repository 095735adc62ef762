"""The one button that makes a fiscal document: it repeats verb and sum, fires once, and never on a scanner's Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from posapp.ui.controls import ENTER_KEYS, Button, Kind
from posapp.ui.look import Look
from posapp.ui.theme import Target, Type
from posapp.ui.wedge import LastKeys

AFTER_KEY_MS = 100
AFTER_SCAN_MS = 300


class MoneyButton(Button):
    """Armed or not. When it fires it disarms itself in the same call; only new money or a person arms it again.

    `fired` replaces `clicked`: nothing else of a push button's ways to click (auto-repeat, default button, animation)
    reaches the sale.
    """

    fired = Signal()

    def __init__(self, look: Look, last: LastKeys) -> None:
        super().__init__(
            look, "", key="Enter", icon="printer", kind=Kind.PRIMARY, height=Target.PRINT, token=Type.TITLE,
            centred=True,
        )  # fmt: skip
        self._last = last
        self._armed = False
        self.setEnabled(False)

    @property
    def is_armed(self) -> bool:
        """Enter or a tap would print now."""
        return self._armed

    def arm(self, text: str, caption: str = "") -> None:
        """Ready, with verb and sum."""
        self._armed = True
        self.set_text(text, caption)
        self.setEnabled(True)

    def disarm(self, reason: str, caption: str = "") -> None:
        """Not ready, and the reason in its place."""
        self._armed = False
        self.set_text(reason, caption)
        self._rest()

    def enter(self, event: QKeyEvent) -> bool:
        """Enter, wherever it was pressed on the payment screen. True when it fired."""
        now = self._last.clock()
        is_finger = (
            not event.isAutoRepeat()
            and now - self._last.scan_ms >= AFTER_SCAN_MS
            and now - self._last.previous_ms >= AFTER_KEY_MS
        )
        return is_finger and self._fire()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space by the rules of `enter`; the rest goes to the screen."""
        if event.key() in (*ENTER_KEYS, Qt.Key.Key_Space):
            self.enter(event)
            event.accept()
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A tap that ends on the button."""
        inside = self.rect().contains(event.position().toPoint())
        self.setDown(False)
        event.accept()
        if inside and event.button() == Qt.MouseButton.LeftButton:
            self._fire()

    def nextCheckState(self) -> None:
        """Has none."""

    def _fire(self) -> bool:
        if not self._armed:
            return False
        self._armed = False
        self._rest()
        self.fired.emit()
        return True

    def _rest(self) -> None:
        # Qt would hand the focus of a disabled button to its neighbour: the pane takes it instead.
        home = self.parentWidget()
        if self.hasFocus() and home is not None:
            home.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setEnabled(False)
