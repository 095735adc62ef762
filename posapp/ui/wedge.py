"""A scanner that types: its bursts are told from fingers and caught wherever the focus is.

A keyboard-wedge scanner sends a code as keys, milliseconds apart, and ends with Enter or Tab. An application event
filter sees each real key as ShortcutOverride and KeyPress, each twice (the native window, then the widget). We act on
the copy of the native window and swallow both types. The first key is held for a moment: if nothing follows it was a
finger and is sent on. Held keys never trigger shortcuts; digits and letters have none.

`Burst` is the pure part, without Qt: keys with their times go in, decisions come out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow

from posapp.domain import layout
from posapp.domain.scans import GAP_MS, GS, LENGTH_MIN, ScanRules, understood, unwrapped

# GAP_MS: longest pause between two keys of a scan; scanners send 2–30 ms apart, fingers 80 and more.
# LENGTH_MIN: at fingers' fastest pace, a code must be this long to be told from a number that is typed.
QUICK_MS, QUICK_MIN = 30, 3
"""A short order number (10457) is a scan too when every key, Enter among them, came at a pace that no hand has."""

# GS stands between the groups of a GS1 code. Scanners type it as F8 or as Ctrl+], which must not choose a method.


class Verdict(Enum):
    """What to do with a key."""

    HOLD = auto()  # keep it, it may be a scan
    PASS = auto()  # not ours; whatever is held goes first
    SCAN = auto()  # the held keys are a code and this key was its end


@dataclass(slots=True)
class Burst:
    """Keys that came so close together that a scanner may have sent them."""

    text: str = ""
    last_ms: int = 0
    widest_ms: int = 0  # the longest pause so far
    rules: ScanRules = field(default_factory=ScanRules)

    @property
    def length_min(self) -> int:
        """How long a code must be; one with the scanner's own prefix is told by that."""
        prefix = self.rules.prefix
        starts = prefix and self.text.startswith((prefix, layout.typed_in_russian(prefix)))
        return len(prefix) + 1 if starts else self.rules.length_min

    def key(self, text: str, at_ms: int, *, is_end: bool, is_plain: bool) -> Verdict:
        """Judges a key: `text` its character, `is_end` Enter or Tab, `is_plain` no modifier and no auto-repeat."""
        gap_ms = at_ms - self.last_ms if self.text else 0
        is_close = gap_ms <= self.rules.gap_ms
        if is_end:
            is_quick = len(self.text) >= QUICK_MIN and max(gap_ms, self.widest_ms) <= QUICK_MS
            is_code = is_close and len(self.text) >= self.length_min
            return Verdict.SCAN if is_plain and (is_code or is_quick) else Verdict.PASS
        starts = bool(self.text) or text != " "
        is_group = text == GS and len(self.text) >= 3
        if not (is_plain and len(text) == 1 and (text.isprintable() or is_group) and starts and is_close):
            return Verdict.PASS
        self.text += text
        self.last_ms = at_ms
        self.widest_ms = max(self.widest_ms, gap_ms)
        return Verdict.HOLD

    def take(self) -> str:
        """The code, and an empty burst again."""
        text, self.text, self.widest_ms = self.text, "", 0
        return text


def mend_layout(text: str) -> str:
    """A code that the scanner typed on the Russian layout, in the Latin letters that it meant.

    Here the slip of an order is meant as much as a code of goods; what is mixed is translated as far as it goes, and
    whoever reads a marking code refuses it (`posapp.domain.marking`).
    """
    return text.translate(layout.BACK) if layout.looks_russian(text) else text


__all__ = [
    "GAP_MS",
    "GS",
    "LENGTH_MIN",
    "QUICK_MIN",
    "QUICK_MS",
    "Burst",
    "LastKeys",
    "Verdict",
    "Wedge",
    "mend_layout",
]
_LONG_AGO = -1_000_000


def clock_ms() -> int:
    """Milliseconds of the monotonic clock."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class _Held:
    press: QKeyEvent
    is_released: bool = False


@dataclass(slots=True)
class LastKeys:
    """When keys went down and when the last scan ended: what a money button asks before it obeys Enter."""

    clock: Callable[[], int] = clock_ms
    key_ms: int = _LONG_AGO  # the key that is being handled
    previous_ms: int = _LONG_AGO  # the one before it
    scan_ms: int = _LONG_AGO
    is_scanning: bool = False  # keys are held back: a scan may be coming in

    def note_key(self) -> None:
        """A key went down now."""
        self.previous_ms, self.key_ms = self.key_ms, self.clock()


class Wedge(QObject):
    """The application event filter (`application.installEventFilter(wedge)`); `scanned` brings a `Scan`."""

    scanned = Signal(object)

    def __init__(self, last: LastKeys, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.last = last
        self.typed = ""  # the last scan as it arrived
        self._burst = Burst()
        self._held: list[_Held] = []
        self._window: QWindow | None = None
        self._replaying = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._waited)

    def obey(self, rules: ScanRules) -> None:
        """How this shop's scanner is set up."""
        self._burst.rules = rules

    @property
    def is_holding(self) -> bool:
        """Keys are kept back until it is clear whose they are."""
        return bool(self._held)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Holds, passes or takes a key of the native window; nothing else is touched."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride):
            return False
        if self._replaying or not isinstance(watched, QWindow) or not isinstance(event, QKeyEvent):
            return False
        if kind == QEvent.Type.ShortcutOverride:
            return self._swallow_override(event)
        if kind == QEvent.Type.KeyRelease:
            return self._release(event)
        return self._press(watched, event)

    def _swallow_override(self, event: QKeyEvent) -> bool:
        text = event.text()
        is_letter = _is_plain(event) and len(text) == 1 and text.isprintable() and text != " "
        if is_letter or (self._held and _is_group(event)):
            event.accept()  # "handled": the shortcut map is not asked, the KeyPress still comes
            return True
        return False

    def _press(self, window: QWindow, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False  # a scanner presses Shift for its capital letters
        self.last.note_key()
        now = event.timestamp() or self.last.clock()
        is_end = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
        is_group = bool(self._held) and _is_group(event)
        text, is_plain = (GS, True) if is_group else (event.text(), _is_plain(event))
        verdict = self._burst.key(text, now, is_end=is_end, is_plain=is_plain)
        if verdict is Verdict.PASS and self._held:
            self._flush()
            # The held keys were fingers, but this one may be the first of a scan.
            verdict = self._burst.key(event.text(), now, is_end=is_end, is_plain=_is_plain(event))
        if verdict is Verdict.HOLD:
            self._window = window
            self._held.append(_Held(event.clone()))
            self.last.is_scanning = True
            self._timer.start(self._burst.rules.gap_ms)
            return True
        if verdict is Verdict.SCAN:
            self._take()
            return True
        return False

    def _release(self, event: QKeyEvent) -> bool:
        for each in self._held:
            if each.press.key() == event.key() and not each.is_released:
                each.is_released = True
                return True
        return False

    def _waited(self) -> None:
        # Keys that already lie in the queue (a busy moment of the GUI) go first: one more turn of the event loop.
        QTimer.singleShot(0, self, self._give_up)

    def _give_up(self) -> None:
        if self._timer.isActive() or not self._held:
            return
        if len(self._burst.text) >= self._burst.length_min:
            self._take()  # a scanner without an end key
        else:
            self._flush()

    def _take(self) -> None:
        self._timer.stop()
        self._held.clear()
        self.last.is_scanning = False
        self.last.scan_ms = self.last.clock()
        self.typed = self._burst.take()
        self.scanned.emit(understood(unwrapped(self.typed, self._burst.rules)))

    def _flush(self) -> None:
        """Sends held keys on to the window, in order, each with its release if it came meanwhile."""
        self._timer.stop()
        self.last.is_scanning = False
        held, self._held = self._held, []
        self._burst.take()
        window = self._window
        if window is None:
            return
        self._replaying = True
        try:
            for each in held:
                QCoreApplication.sendEvent(window, each.press)
                if each.is_released:
                    press = each.press
                    QCoreApplication.sendEvent(
                        window, QKeyEvent(QEvent.Type.KeyRelease, press.key(), press.modifiers(), press.text())
                    )
        finally:
            self._replaying = False


_MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
)


def _is_plain(event: QKeyEvent) -> bool:
    """No Ctrl, Alt or Meta, and not a held key: Shift and the number pad are what scanners use too."""
    extra = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
    return not event.isAutoRepeat() and not event.modifiers() & extra


def _is_group(event: QKeyEvent) -> bool:
    is_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return event.key() == Qt.Key.Key_F8 or (is_control and event.key() == Qt.Key.Key_BracketRight)
