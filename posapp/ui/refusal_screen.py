"""At the door: what the customer takes and what not, line by line, what it costs then, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.order import Order
from posapp.domain.partial import HandedOver
from posapp.ui.banner import Banner
from posapp.ui.controls import ENTER_KEYS, Button, Field, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.money_button import MoneyButton
from posapp.ui.refusal import Refusal
from posapp.ui.step_list import StepList, StepRow, plain
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys

REASONS = ("fit", "broken", "other", "mind")


class RefusalScreen(QWidget):
    """The lines with − and +. Emits `stepped(line, by)`; the sums and the reason stand in `side`."""

    stepped = Signal(int, int)
    onward = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self._stacked = stacked
        self.title = Label(look, "", Type.TITLE, elide=True)
        self.hint = Label(look, look.say("refusal.hint"), Type.BODY, ink="text2", wrap=True)
        self.side = RefusalSide(look, last, stacked=stacked)
        self.lines = StepList(look)
        self.lines.stepped.connect(self.stepped)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, look.px(Space.S3), 0, 0)
        head = QVBoxLayout()
        head.setContentsMargins(look.px(Space.S4), 0, look.px(Space.S4), 0)
        head.addWidget(self.title)
        head.addWidget(self.hint)
        column.addLayout(head)
        column.addWidget(self.lines, 1)
        if stacked:  # the sums and the reason are on the next page
            self.hint.hide()
            further = Button(look, look.say("refusal.onward"), key="Enter", kind=Kind.PRIMARY, height=Target.SMALL)
            further.clicked.connect(self.onward)
            column.addWidget(further)

    @property
    def rows(self) -> list[StepRow]:
        """The lines."""
        return self.lines.rows

    def begin(self, order: Order, refusal: Refusal) -> None:
        """Another order."""
        self.title.set_text(self.look.say("refusal.title", number=order.number))
        lines = enumerate(order.lines, start=1)
        self.lines.show_lines([(number, line.name) for number, line in lines if not line.is_delivery])
        self.show_refusal(refusal)
        self.lines.focus_first()

    def show_refusal(self, refusal: Refusal) -> None:
        """What is taken of each line now."""
        say = self.look.say
        for row in self.rows:
            taken, ordered = refusal.taken(row.number), refusal.ordered[row.number - 1]
            stays = ordered - taken
            words = say("refusal.stays", n=plain(stays, self.look), of=plain(ordered, self.look))
            ink = "bad" if stays else "text2"
            may = {"may_less": taken > 0, "may_more": stays > 0}
            row.show_count(taken, words if stays else say("refusal.takes"), ink, **may)
        self.side.show_refusal(refusal)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows, − and + for the lines; the rest is the side's."""
        if self.lines.key(event):
            return True
        if self._stacked and Qt.Key(event.key()) in ENTER_KEYS and self.isVisible():
            self.onward.emit()
            return True
        return self.side.key(event)


class RefusalSide(Pane):
    """What it costs, what goes back, why. Emits `reasoned(text)`, `taken()` – on to the money –, `all_refused()`."""

    reasoned = Signal(str)
    taken = Signal()
    all_refused = Signal()
    left = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="top" if stacked else "left")
        say = look.say
        self._refusal: Refusal | None = None
        self._handed: HandedOver | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("no_ring", True)
        self.setAccessibleName(say("refusal.pane"))
        self.caption = Label(look, say("due"), Type.STRONG, ink="text2")
        self.total = Label(look, "", Type.TOTAL, right=True)
        self.before = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.back_words = Label(look, "", Type.STRONG, wrap=True)
        self.reasons: list[Button] = []
        self.why = Field(look, say("refusal.why"))
        self.why.setPlaceholderText(say("refusal.why_hint"))
        self.why.textEdited.connect(self.reasoned)
        self.banner = Banner(look)
        self.go = MoneyButton(look, last)
        self.go.icon_name = "cash"
        self.go.fired.connect(self._fire)
        self.back = Button(look, say("way.back"), key="Esc", kind=Kind.QUIET)
        self.back.clicked.connect(self.left)
        self._build()

    def _build(self) -> None:
        look, px = self.look, self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        head = QHBoxLayout()
        head.addWidget(self.caption)
        head.addWidget(self.total, 1)
        column.addLayout(head)
        column.addWidget(self.before)
        column.addWidget(self.back_words)
        column.addStretch(1)
        grid = QGridLayout()
        grid.setSpacing(px(Space.S2))
        for number, name in enumerate(REASONS):
            text = look.say(f"refusal.reason.{name}")
            button = Button(look, text, key=str(number + 1))
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, which=text: self.choose_reason(which))
            grid.addWidget(button, number // 2, number % 2)
            self.reasons.append(button)
        self._ask = QWidget()
        asking = QVBoxLayout(self._ask)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.addWidget(Label(look, look.say("refusal.why"), Type.STRONG, ink="text2"))
        asking.addLayout(grid)
        asking.addWidget(self.why)
        column.addWidget(self._ask)
        column.addWidget(self.banner)
        column.addSpacing(px(Space.S2))
        column.addWidget(self.go)
        column.addSpacing(px(Space.S4))
        column.addWidget(self.back)

    def choose_reason(self, text: str) -> None:
        """One of the usual reasons."""
        self.why.put(text)
        self.reasoned.emit(text)

    def show_refusal(self, refusal: Refusal) -> None:
        """What is refused now; the sums follow with `show_sums`."""
        self._refusal = refusal
        if self.why.text() != refusal.why:
            self.why.put(refusal.why)
        for button in self.reasons:
            button.setChecked(button.text() == refusal.why)
        self._handed = None
        self._refresh()

    def show_sums(self, handed: HandedOver | None, order: Order) -> None:
        """What it comes to; None where nothing or everything is refused."""
        say, self._handed = self.look.say, handed
        self.banner.clear()
        self._ask.show()
        is_all = self._refusal is not None and self._refusal.is_all
        due = order.to_pay if handed is None else handed.taken.to_pay
        self.total.set_text("" if is_all else say.money(due))
        if handed is None:
            self.before.set_text(say("refusal.all") if is_all else say("refusal.none"))
            self.back_words.set_text("")
        else:
            told = handed.refused
            facts = {"before": told.order_before, "delivery": told.delivery_after, "was": told.delivery_before}
            is_same_fee = told.delivery_after == told.delivery_before
            key = "refusal.before" if not told.delivery_after and is_same_fee else "refusal.before_fee"
            self.before.set_text(say(key if is_same_fee else "refusal.before_new_fee", **facts))
            words = say("refusal.back", goods=told.text())
            refund = say("refusal.refund", sum=told.to_refund) if told.to_refund else ""
            self.back_words.set_text("\n".join(each for each in (words, refund) if each))
        self._refresh()

    def show_trouble(self, trouble: Trouble) -> None:
        """It cannot be done so, and why."""
        self.banner.show_trouble(trouble)
        for label in (self.total, self.before, self.back_words):
            label.set_text("")
        self._ask.hide()  # the message takes its place
        self._refresh()

    def key(self, event: QKeyEvent) -> bool:
        """Digits are reasons, Enter goes on."""
        if Qt.Key(event.key()) in ENTER_KEYS:
            self.go.enter(event)
            return True
        number = int(event.text()) if event.text() in ("1", "2", "3", "4") and not self.why.hasFocus() else 0
        if number:
            self.choose_reason(self.reasons[number - 1].text())
        return bool(number)

    def _refresh(self) -> None:
        say, refusal = self.look.say, self._refusal
        has_why = refusal is not None and bool(refusal.why.strip())
        if refusal is None or refusal.is_none:
            self.go.disarm(say("refusal.choose"))
        elif not has_why:
            self.go.disarm(say("refusal.name_why"))
        elif refusal.is_all:
            self.go.arm(say("refusal.do_all"))
        elif self._handed is not None:
            due = self._handed.taken.to_pay
            self.go.arm(say("refusal.go", sum=due) if due else say("refusal.go_free"))
        else:
            self.go.disarm(say("refusal.choose"))

    def _fire(self) -> None:
        if self._refusal is not None and self._refusal.is_all:
            self.all_refused.emit()
        else:
            self.taken.emit()
