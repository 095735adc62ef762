"""Where a key leads: the screens by their names, one step back, and keys that no widget wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from posapp.ui.draft import Method

if TYPE_CHECKING:
    from posapp.ui.window import Window

GO_KEYS = {
    Qt.Key.Key_F1: "help",
    Qt.Key.Key_F2: "find",
    Qt.Key.Key_F3: "till",
    Qt.Key.Key_F4: "refund",
    Qt.Key.Key_F5: "route",
    Qt.Key.Key_F6: "log",
    Qt.Key.Key_F11: "more",
}
SHIFT_KEYS = {Qt.Key.Key_F2: "find_register", Qt.Key.Key_F6: "resolve", Qt.Key.Key_F5: "day"}
"""Letters with Ctrl fail on the Russian layout, so what has no key of its own has a function key with Shift."""


_OWN_KEYS = ("refusal", "refund", "day", "restore")
"""Screens that take every key which leads nowhere else."""


class Going:
    """Goes from screen to screen for the window. While a receipt is printed nothing moves."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def go(self, where: str) -> None:
        """A screen by the name that its key has."""
        window, counter = self._window, self._window.counter
        if counter is None or window.is_busy:
            return
        steps = {
            "back": self.back,
            "mix": self._mix,
            "find": self._find,
            "find_register": lambda: window.act("find_register"),
            "till": self._till,
            "refund": window.refunder.open,
            "day": window.backroom.open_day,
            "route": self._route,
            "log": self._log,
            "more": self._more,
            "reconcile": self._reconcile,
            "doctor": window.doctors.open,
            "help": self._help,
            "resolve": window.backroom.open_desk,
        }
        steps[where]()

    def _mix(self) -> None:
        self._window.pane.choose(Method.MIX)
        self._window.frame.arrange()

    def _find(self) -> None:
        self.leave()
        self._window.frame.orders.search.selectAll()

    def _till(self) -> None:
        counter = self._window.counter
        if counter is None or counter.view is None:
            self.leave()
        else:
            counter.show_again()

    def _route(self) -> None:
        frame = self._window.frame
        frame.show_screen("route")
        self._window.read_route()
        frame.route.table.setFocus()

    def _log(self) -> None:
        frame, counter = self._window.frame, self._window.counter
        number = counter.view.order.number if counter is not None and counter.view else ""
        self.log_of(number)
        frame.log.table.setFocus()

    def log_of(self, number: str) -> None:
        """The exchange of one order, or – "" – what needs a person."""
        frame = self._window.frame
        frame.log.search.setText(number)
        frame.show_screen("log")
        frame.log.choose_chip("all" if number else "mine")

    def _more(self) -> None:
        frame = self._window.frame
        frame.show_screen("service")
        frame.service.pull.setFocus()
        if self._window.errands is not None:
            self._window.errands.read_copies()

    def _reconcile(self) -> None:
        frame = self._window.frame
        frame.show_screen("reconcile")
        frame.reconcile.table.setFocus()

    def _help(self) -> None:
        frame = self._window.frame
        frame.help.show_for(frame.shown)
        frame.show_screen("help")

    def back(self) -> None:
        """Esc: one step back, and nothing is lost."""
        window, frame, counter = self._window, self._window.frame, self._window.counter
        if frame.shown == "restore" and frame.is_peeking and not frame.restore.side.is_busy:
            frame.show_screen("restore")
        if counter is None or window.is_busy:
            return
        if self._back_inside():
            return
        if frame.is_peeking:
            frame.show_screen(frame.shown)
        elif frame.shown in ("reconcile", "doctor"):
            self.go("more")
        elif frame.shown == "restore":
            if not frame.restore.side.is_busy:
                self.go("till")
        elif frame.shown == "refusal" or frame.shown in ("route", "log", "service", "resolve", "help"):
            self.go("till")
        elif frame.shown == "order" and window.pane.back():
            frame.arrange()
        elif frame.shown == "orders":
            window.pane.clear_trouble()
            frame.orders.search.clear()
            window.search("")
        else:
            self.leave()

    def arrange_service(self) -> None:
        """Back from the drawer: on a narrow screen the list of acts is in sight again."""
        self._window.frame.show_screen("service")

    def _back_inside(self) -> bool:
        """One step back inside the screen that is shown; False when it has none."""
        frame = self._window.frame
        if frame.shown == "resolve" and frame.resolve.side.back():
            frame.arrange(peek=frame.is_peeking)
        elif frame.shown == "service" and frame.service.side.back():
            self.arrange_service()
        else:
            return frame.shown == "log" and not frame.is_peeking and frame.log.back()
        return True

    def leave(self) -> None:
        """The order is put aside; the list, ready for the next scan."""
        window, counter = self._window, self._window.counter
        if counter is None or window.is_busy:
            return
        counter.leave()
        window.pane.show_idle(window.reports.register)
        window.frame.orders.search.clear()
        window.frame.show_screen("orders")
        window.frame.orders.search.setFocus()
        window.search("")

    # ------------------------------------------------------------------ keys

    def key(self, event: QKeyEvent) -> None:
        """A key that the focused widget did not want."""
        window, frame, key = self._window, self._window.frame, Qt.Key(event.key())
        event.accept()
        if event.isAutoRepeat() and key not in (Qt.Key.Key_Backspace,):
            return
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        where = (SHIFT_KEYS if is_shifted else GO_KEYS).get(key)
        if where is not None:
            self.go(where)
        elif key == Qt.Key.Key_Escape:
            self.back()
        elif frame.shown in _OWN_KEYS:
            self._key_of_screen(event)
        elif key == Qt.Key.Key_Delete and frame.shown == "order":
            window.act("undo_code")
        elif frame.shown in ("order", "receipt"):
            window.pane.key(event)
            frame.arrange()
        elif frame.shown == "resolve":
            self._key_on_desk(key, event)
        elif frame.shown == "service" and frame.service.side.is_at_drawer:
            frame.service.side.drawer.key(event)
        elif frame.shown == "orders":
            self._key_on_list(key, event)
        else:
            event.ignore()

    def _key_of_screen(self, event: QKeyEvent) -> None:
        frame = self._window.frame
        screens = {
            "refusal": frame.refusal.key,
            "refund": frame.refund.key,
            "day": frame.day.side.key,
            "restore": frame.restore.side.key,
        }
        screens[frame.shown](event)

    def _key_on_desk(self, key: Qt.Key, event: QKeyEvent) -> None:
        if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._window.backroom.turn_case(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            self._window.frame.resolve.side.key(event)

    def _key_on_list(self, key: Qt.Key, event: QKeyEvent) -> None:
        orders = self._window.frame.orders
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and orders.model.rows:
            orders.table.setFocus()
            orders.table.selectRow(0)
        elif event.text().isprintable() and event.text() and not orders.search.hasFocus():
            orders.search.setFocus()
            orders.search.insert(event.text())
            self._window.search(orders.search.text())
