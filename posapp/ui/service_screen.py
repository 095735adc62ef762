"""Shift, orders and the look of the program: what is needed a few times a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.fiscal import ShiftState
from posapp.till.views import PullResult, RegisterView
from posapp.ui.banner import Banner
from posapp.ui.controls import Button, Label, Pane, Stack
from posapp.ui.drawer_page import DrawerPage
from posapp.ui.look import Look
from posapp.ui.safety_panel import CopiesSection, ReconcileSection
from posapp.ui.scroller import Scroller
from posapp.ui.theme import FACTORS, THEMES, Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys


@dataclass(frozen=True, slots=True)
class LookSettings:
    """What a person chose for this window; the caller of `start.main` keeps it."""

    theme: str = "light"
    factor: float = 1.0
    is_muted: bool = False
    language: str = ""  # "" = as the desk says


class ServiceScreen(QWidget):
    """Emits `acted` with what a button is for; `settled` with new LookSettings."""

    acted = Signal(str)
    settled = Signal(object)

    def __init__(self, look: Look, last: LastKeys, settings: LookSettings, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self._settings = settings
        say = look.say
        self.shift = Label(look, say("service.no_register"), Type.BODY, wrap=True)
        self.identity = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.orders = Label(look, say("service.not_pulled"), Type.BODY, wrap=True)
        self.open = self._act_button("open_shift")
        self.close_shift = self._act_button("ask_close_shift")
        self.x_report = self._act_button("x_report")
        self.cash_in = self._act_button("cash_in")
        self.cash_out = self._act_button("cash_out")
        self.pull = self._act_button("pull", "refresh")
        self.refund = self._act_button("refund")
        self.day = self._act_button("day")
        self.reconcile = ReconcileSection(look)
        self.copies = CopiesSection(look)
        self.side = ServiceSide(look, last, [] if stacked else [self.reconcile, self.copies], stacked=stacked)
        self.side.acted.connect(self.acted)
        page = Pane(look, "surface")
        column = QVBoxLayout(page)
        px = look.px
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        column.addWidget(Label(look, say("service.shift"), Type.TITLE))
        column.addWidget(self.shift)
        column.addWidget(self.identity)
        if look.factor > 1:  # three words of this length do not fit beside each other
            column.addLayout(self._row((self.open, self.close_shift)))
            column.addLayout(self._row((self.x_report,)))
            column.addLayout(self._row((self.cash_in, self.cash_out)))
        else:
            column.addLayout(self._row((self.open, self.close_shift, self.x_report, self.cash_in, self.cash_out)))
        column.addSpacing(px(Space.S4))
        column.addWidget(Label(look, say("service.orders"), Type.TITLE))
        column.addWidget(self.orders)
        for row in (
            ((self.pull,), (self.refund, self.day)) if look.factor > 1 else ((self.pull, self.refund, self.day),)
        ):
            column.addLayout(self._row(row))
        column.addSpacing(px(Space.S4))
        for section in (self.reconcile, self.copies):
            section.acted.connect(self.acted)
            if stacked:  # the right pane is not in sight
                column.addWidget(section)
                column.addSpacing(px(Space.S4))
        column.addWidget(Label(look, say("service.look"), Type.TITLE))
        self._add_choices(column)
        column.addSpacing(px(Space.S4))
        column.addLayout(self._row((self._act_button("doctor", "list-check"), self._act_button("quit", "x"))))
        column.addStretch(1)
        self._scroll(page)
        self.show_register(None)

    def _scroll(self, page: QWidget) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scroller(self.look, page))

    def _act_button(self, act: str, icon: str = "") -> Button:
        button = Button(self.look, self.look.say(f"act.{act}"), icon=icon)
        button.clicked.connect(lambda: self.acted.emit(act))
        return button

    def _row(self, widgets: Iterable[QWidget]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self.look.px(Space.S2))
        for widget in widgets:
            row.addWidget(widget)
        row.addStretch(1)
        return row

    def _add_choices(self, column: QVBoxLayout) -> None:
        now, say = self._settings, self.look.say
        language = self.look.say.language
        groups = [
            [(say(f"theme.{name}"), now.theme == name, replace(now, theme=name)) for name in THEMES],
            [(say("scale", n=round(each * 100)), now.factor == each, replace(now, factor=each)) for each in FACTORS],
            [
                (say("sound.on"), not now.is_muted, replace(now, is_muted=False)),
                (say("sound.off"), now.is_muted, replace(now, is_muted=True)),
            ],
            [(say(f"language.{each}"), language == each, replace(now, language=each)) for each in ("ru", "en")],
        ]
        is_narrow = self.look.factor > 1
        for pair in [[each] for each in groups] if is_narrow else (groups[:2], groups[2:]):
            row = QHBoxLayout()
            row.setSpacing(self.look.px(Space.S2))
            for group in pair:
                for text, is_now, then in group:
                    button = Button(self.look, text, height=Target.SMALL)
                    button.setCheckable(True)
                    button.setChecked(is_now)
                    button.clicked.connect(lambda _checked=False, which=then: self.settled.emit(which))
                    row.addWidget(button)
                row.addSpacing(self.look.px(Space.S5))
            row.addStretch(1)
            column.addLayout(row)

    def show_register(self, register: RegisterView | None) -> None:
        """The shift and which of its acts are possible."""
        say = self.look.say
        shift = None if register is None else register.shift
        is_open = shift is not None and shift.state is ShiftState.OPEN
        self.open.setEnabled(shift is not None and shift.state is ShiftState.CLOSED)
        self.close_shift.setEnabled(shift is not None and shift.state is not ShiftState.CLOSED)
        self.close_shift.setVisible(self.close_shift.isEnabled())  # one place: only one of the two can be done
        self.open.setVisible(not self.close_shift.isEnabled())
        for button in (self.x_report, self.cash_in, self.cash_out):
            button.setEnabled(is_open)
        self.identity.set_text("" if register is None or register.identity is None else str(register.identity))
        if register is None or shift is None:
            self.shift.set_text(say("service.no_register"))
            return
        if shift.state is ShiftState.CLOSED:
            self.shift.set_text(say("service.closed", n=shift.number))
            return
        receipts = say.count("receipts", register.receipts_today)
        facts = {"n": shift.number, "receipts": receipts, "sum": register.sum_today}
        if shift.state is ShiftState.EXPIRED:
            self.shift.set_text(say("service.expired", **facts))
        else:
            age = self.look.age(register.shift_opened_at) if register.shift_opened_at else "–"
            self.shift.set_text(say("service.open", age=age, **facts))

    def show_pull(self, pulled: PullResult | None) -> None:
        """How many orders are on board; where only changes were asked for the numbers are of those."""
        if pulled is None:
            return
        say = self.look.say
        if not pulled.is_update:
            key = "service.pulled" if pulled.is_complete else "service.pulled_short"
        elif pulled.is_complete:
            key = "service.updated" if pulled.changed else "service.up_to_date"
        else:
            key = "service.updated_short"
        facts = {"on_board": pulled.on_board, "expected": pulled.expected, "n": pulled.changed}
        self.orders.set_text(say(key, when=say.moment(pulled.at, self.look.now()), **facts))


class ServiceSide(Pane):
    """Whether everything is safe, what came of an act, and the one stop before a shift is closed."""

    acted = Signal(str)

    def __init__(self, look: Look, last: LastKeys, sections: Sequence[QWidget], *, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="left")
        px = look.px
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.pages = Stack()
        self.drawer = DrawerPage(look, last, stacked=stacked)
        self.drawer.left.connect(self.back)
        home = Pane(look, "surface", edge="left")
        self.pages.addWidget(home)
        self.pages.addWidget(self.drawer)
        whole.addWidget(self.pages)
        column = QVBoxLayout(home)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # where Enter does nothing, while a shift is asked about
        self.setProperty("no_ring", True)
        self.setAccessibleName(look.say("service.shift"))
        self.hint = Label(look, look.say("service.hint"), Type.BODY, ink="text2", wrap=True)
        self.banner = Banner(look)
        self.banner.acted.connect(self.acted)
        page = Pane(look, "surface")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, px(Space.S2), px(Space.S2))
        inside.setSpacing(px(Space.S4))
        for widget in (*sections, self.hint):
            inside.addWidget(widget)
        inside.addStretch(1)
        column.addWidget(Scroller(look, page), 1)
        column.addWidget(self.banner)

    @property
    def is_at_drawer(self) -> bool:
        """Cash is put in or taken out."""
        return self.pages.currentWidget() is self.drawer

    def begin_drawer(self, kind: str) -> None:
        """The page of the drawer."""
        self.banner.clear()
        self.pages.setCurrentWidget(self.drawer)
        self.drawer.begin(kind)

    def back(self) -> bool:
        """From the drawer to the sections. False when there is no step back."""
        if not self.is_at_drawer:
            return False
        self.pages.setCurrentIndex(0)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def show_trouble(self, trouble: Trouble) -> None:
        """A message, good or bad."""
        if self.is_at_drawer:
            self.drawer.show_trouble(trouble)
        else:
            self.banner.show_trouble(trouble)
