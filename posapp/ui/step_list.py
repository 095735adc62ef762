"""Lines with a number between − and +, for fingers and keys: what is refused at the door, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.ui.controls import Button, Label, Pane
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Target, Type


class StepList(QWidget):
    """The lines. Emits `stepped(number, by)`; arrows go from line to line, − and + change the one with the focus."""

    stepped = Signal(int, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.rows: list[StepRow] = []
        page = Pane(look, "surface")
        self._lines = QVBoxLayout(page)
        self._lines.setContentsMargins(look.px(Space.S4), 0, look.px(Space.S4), look.px(Space.S2))
        self._lines.setSpacing(look.px(Space.S1))
        self._lines.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Scroller(look, page))

    def show_lines(self, names: Sequence[tuple[int, str]]) -> None:
        """Other lines: their numbers and names."""
        for row in self.rows:
            self._lines.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for number, name in names:
            row = StepRow(self.look, number, name)
            row.stepped.connect(self.stepped)
            row.turned.connect(self._turn)
            self._lines.insertWidget(len(self.rows), row)
            row.show()  # at once: what is not shown yet cannot have the focus
            self.rows.append(row)

    def focus_first(self) -> None:
        """The first line has the focus."""
        if self.rows:
            self.rows[0].setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _here(self) -> int:
        return next((n for n, row in enumerate(self.rows) if row.hasFocus()), -1)

    def _turn(self, by: int) -> None:
        if self.rows:
            there = min(max(self._here + by, 0), len(self.rows) - 1)
            self.rows[there].setFocus(Qt.FocusReason.TabFocusReason)

    def key(self, event: QKeyEvent) -> bool:
        """A key that nobody else wanted. True when it was ours."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._turn(1 if key == Qt.Key.Key_Down else -1)
            return True
        by = {Qt.Key.Key_Minus: -1, Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1}.get(key)
        if by is None or self._here < 0:
            return False
        self.stepped.emit(self.rows[self._here].number, by)
        return True


class StepRow(Pane):
    """A line of goods: its name, how much is taken, − and +."""

    stepped = Signal(int, int)
    turned = Signal(int)

    def __init__(self, look: Look, number: int, name: str) -> None:
        super().__init__(look, "surface", edge="bottom")
        self.number = number
        self._name = name
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.name = Label(look, name, Type.STRONG, elide=True)
        self.words = Label(look, "", Type.BODY, ink="text2")
        self.less = _step(look, "−", look.say("step.less", name=name))
        self.more = _step(look, "+", look.say("step.more", name=name))
        self.less.clicked.connect(lambda: self.stepped.emit(number, -1))
        self.more.clicked.connect(lambda: self.stepped.emit(number, 1))
        self.taken = Label(look, "", Type.SUM, right=True)
        self.taken.setMinimumWidth(look.px(72))
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(Space.S2), look.px(Space.S2), look.px(Space.S2), look.px(Space.S2))
        row.setSpacing(look.px(Space.S3))
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(self.name)
        text.addWidget(self.words)
        row.addLayout(text, 1)
        row.addWidget(self.less)
        row.addWidget(self.taken)
        row.addWidget(self.more)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from line to line: the page that scrolls must not have them."""
        by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if by is None:
            event.ignore()
        else:
            self.turned.emit(by)

    def show_count(self, count: Decimal, words: str, ink: str, *, may_less: bool, may_more: bool) -> None:
        """The number between − and +, and what it means."""
        self.words.set_text(words, ink)
        self.taken.set_text(plain(count, self.look))
        self.setAccessibleName(f"{self._name}: {words}")
        self.less.setEnabled(may_less)
        self.more.setEnabled(may_more)


def plain(value: Decimal, look: Look) -> str:
    """A quantity without zeros at its end."""
    return look.say.quantity(f"{value.normalize():f}")


def _step(look: Look, sign: str, name: str) -> Button:
    button = Button(look, sign, height=Target.ROW, token=Type.TITLE, centred=True)
    button.setFixedWidth(look.px(Target.METHOD))
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the line has the focus, − and + are its keys
    button.setAccessibleName(name)
    return button
