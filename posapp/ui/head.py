"""The bar at the top: which till, who, the shift and its money; at the right whether money may be taken now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout

from posapp.domain.fiscal import ShiftState
from posapp.till.views import RegisterView
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Button, Label, Pane
from posapp.ui.lights import INKS
from posapp.ui.look import Look
from posapp.ui.readiness import Readiness
from posapp.ui.theme import HEAD, Space, Target, Type


class Head(Pane):
    """Says less when it is narrow: the money of the day goes first, then the receipts, then the cashier."""

    acted = Signal(str)

    def __init__(self, look: Look, till: str, cashier: str, *, is_training: bool) -> None:
        super().__init__(look, "surface", edge="bottom")
        self._till = till
        self._cashier = cashier
        self._register: RegisterView | None = None
        self.facts = _Facts(look, self.refresh)
        self.training = Label(look, look.say("training"), Type.STRONG, ink="training")
        self.lamp = LampIcon(look)
        self.ready = Label(look, token=Type.STRONG, right=True)
        self.ready.setMaximumWidth(look.px(520))
        self.button = Button(look, "", height=Target.SMALL)
        self.button.clicked.connect(self._press)
        self._act = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(Space.S4), 0, look.px(Space.S4), 0)
        row.setSpacing(look.px(Space.S2))
        row.addWidget(self.facts, 1)
        row.addWidget(self.training)
        row.addSpacing(look.px(Space.S3))
        row.addWidget(self.lamp)
        row.addWidget(self.ready)
        row.addWidget(self.button)
        self.training.setVisible(is_training)  # a widget that is shown before it has a parent becomes a window
        self.setFixedHeight(look.px(HEAD))

    def show_register(self, register: RegisterView | None, readiness: Readiness) -> None:
        """The register as it answered last."""
        self._register = register
        self._act = readiness.act
        self.lamp.show_shape(readiness.shape)
        self.button.setVisible(bool(readiness.act))
        if readiness.act:
            self.button.set_text(self.look.say(f"act.{readiness.act}"))
        room = QFontMetrics(self.ready.font())
        words = room.elidedText(readiness.words, Qt.TextElideMode.ElideRight, self.look.px(420))
        self.ready.set_text(words, INKS[readiness.shape])
        self.ready.setToolTip(readiness.words)
        self.ready.setAccessibleName(readiness.words)
        self.refresh()

    def refresh(self) -> None:
        """The facts that fit."""
        facts = self._all_facts()
        metrics = QFontMetrics(self.facts.font())
        room = self.facts.width()
        # What is dropped first: (index from the end) money, receipts, cashier. The shift stays.
        for drop in ((), ("sum",), ("sum", "receipts"), ("sum", "receipts", "cashier")):
            text = " · ".join(words for name, words in facts if name not in drop)
            if metrics.horizontalAdvance(text) <= room:
                break
        self.facts.set_text(text)

    def _all_facts(self) -> list[tuple[str, str]]:
        say, register = self.look.say, self._register
        key = "head.till_number" if self._till.isdigit() else "head.till"
        facts = [("till", say(key, till=self._till))]
        if self._cashier:
            facts.append(("cashier", self._cashier))
        shift = None if register is None else register.shift
        if register is None or shift is None or shift.state is ShiftState.CLOSED:
            return facts
        if register.shift_opened_at is not None and register.closes is not None and register.closes.left:
            age, at = self.look.age(register.shift_opened_at), f"{register.closes.at:%H:%M}"
            facts.append(("shift", say("head.shift_ends", n=shift.number, age=age, at=at)))
        elif register.shift_opened_at is not None:
            facts.append(("shift", say("head.shift", n=shift.number, age=self.look.age(register.shift_opened_at))))
        else:
            facts.append(("shift", say("head.shift_only", n=shift.number)))
        facts.append(("receipts", say.count("receipts", register.receipts_today)))
        facts.append(("sum", say.money(register.sum_today)))
        return facts

    def _press(self) -> None:
        if self._act:
            self.acted.emit(self._act)


class _Facts(Label):
    """Tells when it has more or less room."""

    def __init__(self, look: Look, resized: Callable[[], None]) -> None:
        self._resized: Callable[[], None] | None = None
        super().__init__(look, token=Type.BODY, elide=True)
        self._resized = resized

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The head chooses anew what to say."""
        super().resizeEvent(event)
        if self._resized is not None:
            self._resized()
