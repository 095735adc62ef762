"""The courier's day: the float in the morning, the sheet, the cash handed in at the evening, signed by both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.money import ZERO, Money
from posapp.ui.amount import AmountField, key_of
from posapp.ui.banner import Banner
from posapp.ui.controls import ENTER_KEYS, Button, Field, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.money_button import MoneyButton
from posapp.ui.paper import letters
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys

if TYPE_CHECKING:  # it knows the journal, which the first paint must not wait for
    from posapp.till.courier_day import DayReport

SHEET_PX = 20


class DayScreen(QWidget):
    """The sheet that both sign; what is done with it stands in `side`."""

    onward = Signal()

    def __init__(self, look: Look, last: LastKeys, *, who: str, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self.title = Label(look, look.say("day.title"), Type.TITLE, elide=True)
        self.sheet = Label(look, "", Type.TABLE, wrap=True)
        self.sheet.setFont(letters(look.px(SHEET_PX)))
        self.sheet.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.side = DaySide(look, last, who=who, stacked=stacked)
        page = Pane(look, "surface")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(look.px(Space.S4), look.px(Space.S2), look.px(Space.S4), look.px(Space.S2))
        inside.addWidget(self.sheet)
        inside.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, look.px(Space.S3), 0, 0)
        head = QHBoxLayout()
        head.setContentsMargins(look.px(Space.S4), 0, look.px(Space.S4), 0)
        head.addWidget(self.title, 1)
        column.addLayout(head)
        column.addWidget(Scroller(look, page), 1)
        if stacked:
            further = Button(look, look.say("refusal.onward"), kind=Kind.PRIMARY, height=Target.SMALL)
            further.clicked.connect(self.onward)
            column.addWidget(further)

    def show_report(self, report: DayReport | None) -> None:
        """The day as it stands, or as it was signed; None before the first one."""
        from posapp.till.courier_day import text

        say = self.look.say
        shown = say("day.none") if report is None else text(report, self.look.now(), say.language)
        self.sheet.set_text(shown)
        self.side.show_report(report)


class DaySide(Pane):
    """Emits `begun(courier, float)` and `handed_in(counted, receiver, why)`, once per deliberate act."""

    begun = Signal(str, object)
    handed_in = Signal(object, str, str)
    left = Signal()

    def __init__(self, look: Look, last: LastKeys, *, who: str, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="top" if stacked else "left")
        say = look.say
        self._report: DayReport | None = None
        self._is_busy = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("no_ring", True)
        self.setAccessibleName(say("day.title"))
        self.words = Label(look, "", Type.TITLE, wrap=True)
        self.name = Field(look, say("day.courier"))
        self.name.setText(who)
        self.amount = AmountField(look, say("day.sum"))
        self.difference = Label(look, "", Type.STRONG, wrap=True)
        self.why = Field(look, say("day.why"))
        self.why.setPlaceholderText(say("day.why"))
        self.banner = Banner(look)
        self.money = MoneyButton(look, last)
        self.money.icon_name = "cash"
        self.back = Button(look, say("way.back"), key="Esc", kind=Kind.QUIET)
        self.name_word = Label(look, "", Type.BODY)
        self.sum_word = Label(look, "", Type.BODY)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        for widget in (self.words, self.sum_word, self.amount, self.difference, self.why, self.name_word, self.name):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.banner)
        column.addWidget(self.money)
        column.addSpacing(px(Space.S4))
        column.addWidget(self.back)
        self.amount.edited.connect(self._refresh)
        self.name.textEdited.connect(self._refresh)
        self.why.textEdited.connect(self._refresh)
        self.money.fired.connect(self._fire)
        self.back.clicked.connect(self.left)
        self._who = who

    @property
    def is_open(self) -> bool:
        """A day is open: it may be closed, else one may be begun."""
        return self._report is not None and self._report.day.is_open

    def show_report(self, report: DayReport | None) -> None:
        """Another state of the day: what can be done with it begins anew."""
        self._report, self._is_busy = report, False
        say = self.look.say
        self.words.set_text(say("day.hand_in" if self.is_open else "day.begin"))
        self.sum_word.set_text(say("day.counted" if self.is_open else "day.float"))
        self.name_word.set_text(say("day.receiver" if self.is_open else "day.courier"))
        self.name.setText("" if self.is_open else self._who)
        self.name.setAccessibleName(self.name_word.whole)
        self.amount.setAccessibleName(self.sum_word.whole)
        self.why.clear()
        self.amount.show_sum(None)
        self.banner.clear()
        self._refresh()
        self.amount.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_trouble(self, trouble: Trouble) -> None:
        """It was not done, and why."""
        self._is_busy = False
        self._refresh()
        self.banner.show_trouble(trouble)

    def key(self, event: QKeyEvent) -> bool:
        """Digits are the sum, Enter does it."""
        if Qt.Key(event.key()) in ENTER_KEYS:
            self.money.enter(event)
            return True
        digit = key_of(event)
        if digit:
            self.amount.feed(digit)
        return bool(digit)

    @property
    def _difference(self) -> Money:
        if self._report is None or self.amount.amount is None:
            return ZERO
        return self.amount.amount - self._report.should_be

    def _refresh(self) -> None:
        say, amount, name = self.look.say, self.amount.amount, self.name.text().strip()
        self.banner.clear()
        differs = self.is_open and amount is not None and bool(self._difference)
        self.why.setVisible(differs)
        self.difference.setVisible(self.is_open and amount is not None)
        if self.is_open and self._report is not None and amount is not None:
            words = say("day.differs", should=self._report.should_be, sum=self._difference)
            self.difference.set_text(words if differs else say("day.agrees"), "bad" if differs else "ok")
        if amount is None:
            self.money.disarm(say("drawer.type"))
        elif not name or (self._report is not None and self.is_open and name == self._report.day.courier):
            self.money.disarm(say("day.name_receiver" if self.is_open else "day.name_courier"))
        elif differs and not self.why.text().strip():
            self.money.disarm(say("day.name_why"))
        elif not self._is_busy:
            self.money.arm(say("day.do_hand_in" if self.is_open else "day.do_begin", sum=amount))

    def _fire(self) -> None:
        amount, name = self.amount.amount, self.name.text().strip()
        if amount is None:
            return
        self._is_busy = True
        if self.is_open:
            self.handed_in.emit(amount, name, self.why.text().strip())
        else:
            self.begun.emit(name, amount)
