"""A list to choose from: what can be done, which payment, which line. Digits choose, fingers too, Enter never does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Type

KEYS_MAX = 9
HEIGHT = 72
"""Two lines in the size that cashiers read."""
_NARROW = 320


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be chosen: its words, a line below them, and what is told when it is chosen.

    `elides`: the words are a name of any length, and may end in an ellipsis.
    """

    words: str
    caption: str
    value: object
    elides: bool = False


class ChoicePage(QWidget):
    """Emits `chosen` with the value of an option, `left` to go back. Nothing has the focus, so Enter does nothing."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.options: tuple[Option, ...] = ()
        self.buttons: list[Button] = []
        self.lead = Label(look, "", Type.BODY, wrap=True)
        page = Pane(look, "surface")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, look.px(Space.S2), look.px(Space.S2))
        inside.setSpacing(look.px(Space.S2))
        self._list = QVBoxLayout()
        self._list.setSpacing(look.px(Space.S2))
        inside.addLayout(self._list)
        inside.addStretch(1)
        self.scroller = Scroller(look, page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(Space.S3))
        column.addWidget(self.lead)
        column.addWidget(self.scroller, 1)
        self._blank = QWidget()  # in the place of the list where there is none
        column.addWidget(self._blank, 1)
        self.back = Button(look, look.say("pay.aside"), key="Esc", kind=Kind.QUIET)
        self.back.clicked.connect(self.left)
        column.addWidget(self.back)

    def show_options(self, options: Sequence[Option], lead: str = "", back: str = "") -> None:
        """A button for each; the first is the likeliest. `back`: what Esc does, unless it puts the order aside."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.options, self.buttons = tuple(options), []
        self.lead.set_text(lead)
        self.lead.setVisible(bool(lead))
        self.back.set_text(back or self.look.say("pay.aside"))
        self.scroller.setVisible(bool(options))
        self._blank.setVisible(not options)
        for number, option in enumerate(options, start=1):
            self._list.addWidget(self._button(number, option))

    def key(self, digit: str) -> bool:
        """A digit that was pressed. True when there is such an option."""
        number = int(digit) if digit.isdecimal() else 0
        if not 1 <= number <= min(len(self.options), KEYS_MAX):
            return False
        self.chosen.emit(self.options[number - 1].value)
        return True

    def _button(self, number: int, option: Option) -> Button:
        kind = Kind.PRIMARY if number == 1 else Kind.PLAIN
        key = str(number) if number <= KEYS_MAX else ""
        button = _OptionButton(self.look, option.words, key=key, kind=kind, height=HEIGHT)
        button.elides = option.elides
        button.setToolTip(option.words if option.elides else "")
        button.set_text(option.words, option.caption)
        button.clicked.connect(lambda: self.chosen.emit(option.value))
        self.buttons.append(button)
        return button


class _OptionButton(Button):
    """The words, and below them what they mean in sums, both in full size."""

    elides = False

    def sizeHint(self) -> QSize:
        """As wide as the longer line."""
        hint = super().sizeHint()
        words = QFontMetrics(self.font()).horizontalAdvance(self.text())
        below = QFontMetrics(self.look.font(Type.BODY)).horizontalAdvance(self.caption)
        width = hint.width() + max(0, below - words)
        return QSize(min(width, self.look.px(_NARROW)) if self.elides else width, hint.height())

    def _paint_words(self, painter: QPainter, inside: QRect, ink: QColor) -> None:
        if not self.caption:
            super()._paint_words(painter, inside, ink)
            return
        look = self.look
        line = look.px(28)
        top = inside.top() + (inside.height() - 2 * line) // 2
        painter.setPen(ink)
        for number, (text, token) in enumerate(((self.text(), self.token), (self.caption, Type.BODY))):
            font = look.font(token)
            painter.setFont(font)
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            box = QRect(inside.left(), top + number * line, inside.width(), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
