"""Cash put into the register's drawer or taken out of it: how much is there, how much moves, one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from posapp.domain.money import Money
from posapp.ui.amount import AmountField, Keypad, key_of
from posapp.ui.banner import Banner
from posapp.ui.controls import ENTER_KEYS, Button, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.money_button import MoneyButton
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys

IN, OUT = "cash_in", "cash_out"


class DrawerPage(Pane):
    """Emits `moved(kind, amount)` once per deliberate act, `left` to go back."""

    moved = Signal(str, object)
    left = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="left")
        say = look.say
        self.kind = IN
        self._drawer: Money | None = None
        self._is_busy = False
        self.title = Label(look, "", Type.TITLE)
        self.drawer = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.amount = AmountField(look, say("drawer.amount"))
        self.amount.edited.connect(self._edited)
        self.after = Label(look, "", Type.BODY, wrap=True)
        self.banner = Banner(look)
        self.keypad = Keypad(look)
        self.keypad.pressed.connect(self.amount.feed)
        self.money = MoneyButton(look, last)
        self.money.icon_name = "cash"
        self.money.fired.connect(self._fire)
        self.back = Button(look, say("way.back"), key="Esc", kind=Kind.QUIET, height=Target.ROW)
        self.back.clicked.connect(self.left)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        column.addWidget(self.title)
        column.addWidget(self.drawer)
        row = QHBoxLayout()
        row.setSpacing(px(Space.S3))
        row.addWidget(Label(look, say("drawer.amount"), Type.BODY))
        row.addWidget(self.amount, 1)
        column.addLayout(row)
        column.addWidget(self.after)
        column.addWidget(self.keypad)
        column.addStretch(1)
        column.addWidget(self.banner)
        column.addWidget(self.money)
        column.addSpacing(px(Space.S5 - Space.S2))
        column.addWidget(self.back)
        self._stacked = stacked

    def begin(self, kind: str) -> None:
        """One of the two acts, nothing typed."""
        self.kind, self._is_busy = kind, False
        self.title.set_text(self.look.say(f"drawer.{kind}"))
        self.banner.clear()
        self.amount.show_sum(None)
        self.show_drawer(None)
        self.amount.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_drawer(self, drawer: Money | None) -> None:
        """What the register says is in its drawer; None while it is asked."""
        self._drawer = drawer
        say = self.look.say
        self.drawer.set_text(say("drawer.asking") if drawer is None else say("drawer.now", sum=drawer))
        self._edited()

    def show_trouble(self, trouble: Trouble) -> None:
        """It was not done, and why; nothing is armed until another digit is typed."""
        self._is_busy = False
        self.banner.show_trouble(trouble)
        self.keypad.hide()
        self.money.disarm(self.look.say("pay.see_above"))

    def busy(self) -> None:
        """The register does it."""
        self._is_busy = True
        self.money.disarm(self.look.say("drawer.busy"))

    def key(self, event: QKeyEvent) -> bool:
        """A key that nobody else wanted. True when it was ours."""
        if Qt.Key(event.key()) in ENTER_KEYS:
            self.money.enter(event)
            return True
        digit = key_of(event)
        if digit:
            self.amount.feed(digit)
        return bool(digit)

    def _fire(self) -> None:
        if self.amount.amount:
            self.busy()
            self.moved.emit(self.kind, self.amount.amount)

    def _edited(self) -> None:
        if self._is_busy:
            return
        say, amount = self.look.say, self.amount.amount
        self.banner.clear()
        self.keypad.setVisible(not self._stacked)
        self.after.set_text("")
        if not amount:
            self.money.disarm(say("drawer.type"))
            return
        if self._drawer is not None:
            left = self._drawer + amount if self.kind == IN else self._drawer - amount
            if left < Money(0):
                self.after.set_text(say("drawer.short", sum=self._drawer), "bad")
                self.money.disarm(say("drawer.type"))
                return
            self.after.set_text(say("drawer.after", sum=left), "text2")
        self.money.arm(say(f"drawer.do.{self.kind}", sum=amount))
