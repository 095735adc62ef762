"""Typing a sum: a field that groups digits while they are typed, and a keypad like the number pad of a keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from posapp.domain.money import Money
from posapp.ui.controls import Button, Field
from posapp.ui.draft import sum_of, type_into
from posapp.ui.look import Look
from posapp.ui.theme import Space, Target, Type

RUB_OUT = "<"


def key_of(event: QKeyEvent) -> str:
    """The key of a sum that a key event means: a digit, `,`, `<`; "" for any other."""
    if event.key() == Qt.Key.Key_Backspace:
        return RUB_OUT
    text = event.text()
    if len(text) == 1 and text in "0123456789":
        return text
    return "," if text in (",", ".", "б", "ю", "Б", "Ю") and text else ""


class AmountField(Field):
    """Roubles and kopecks. Digits always go to the end; the first digit after `show_sum` begins a new sum."""

    edited = Signal()

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(look, name, token=Type.SUM, height=Target.METHOD)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.setAcceptDrops(False)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.typed = ""
        self._is_fresh = True

    @property
    def amount(self) -> Money | None:
        """The sum; None when the field is empty."""
        return sum_of(self.typed)

    def feed(self, key: str) -> None:
        """One key of the keyboard, the keypad or the screen."""
        if self._is_fresh and key != RUB_OUT:
            self.typed = ""
        self._is_fresh = False
        self.typed = type_into(self.typed, key)
        self._show()
        self.edited.emit()

    def show_sum(self, amount: Money | None) -> None:
        """Puts a sum in, without `edited`."""
        whole, part = divmod(amount.kopecks, 100) if amount is not None else (0, 0)
        self.typed = "" if amount is None else f"{whole},{part:02d}" if part else str(whole)
        self._is_fresh = True
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of a sum; everything else is the screen's."""
        key = key_of(event)
        if key:
            self.feed(key)
            event.accept()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The next digit begins a new sum."""
        super().focusInEvent(event)
        self._is_fresh = True
        self.deselect()

    def _show(self) -> None:
        whole, comma, part = self.typed.partition(",")
        say = self.look.say
        point = "," if say.language == "ru" else "."
        self.setText((say.number(int(whole)) if whole else "") + (point if comma else "") + part)


class Keypad(QWidget):
    """7-8-9 on top, 0 at the bottom: the same as the number pad under the cashier's hand."""

    pressed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(look.px(Space.S2))
        for number, key in enumerate(("7", "8", "9", "4", "5", "6", "1", "2", "3", "0", ",", RUB_OUT)):
            is_rub_out = key == RUB_OUT
            button = Button(look, "" if is_rub_out else key, icon="backspace" if is_rub_out else "", centred=True)
            button.token = Type.TITLE
            button.setFont(look.font(Type.TITLE))
            button.setMinimumHeight(look.px(Target.SMALL))
            button.setMaximumHeight(look.px(Target.ROW))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard has its own digits
            button.setAccessibleName(look.say("keypad.rub_out") if is_rub_out else key)
            button.clicked.connect(lambda _checked=False, which=key: self.pressed.emit(which))
            grid.addWidget(button, number // 3, number % 3)
