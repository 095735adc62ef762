"""The self-check: a row per matter with how bad it is, and beside it the remedy and the one step that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.till.doctor_verdicts import Level, Verdict
from posapp.till.doctor_words import title
from posapp.ui.banner import Banner
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.lights import INKS, Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.tables import Index, RowDelegate, RowsModel, Table, draw, width_of
from posapp.ui.theme import Space, Target, Type

if TYPE_CHECKING:  # it knows the journal, which the first paint must not wait for
    from posapp.till.doctor import Report

ROW = 64
SHAPES = {
    Level.OK: Shape.OK,
    Level.NOTE: Shape.NONE,
    Level.WARN: Shape.WAIT,
    Level.ALARM: Shape.BAD,
    Level.STOP: Shape.BAD,
}
STEPS = {
    "print_unfinished": "print",
    "own_receipt_open": "document",
    "sending_left": "document",
    "foreign_receipt_open": "resolve",
    "shift_expired": "ask_close_shift",
    "entries_wait": "sync",
}
"""What helps against a trouble: a rung of the ladder, or a screen; codes that are missing need hands or a command."""
RUNGS = ("print", "document")


def step_of(verdict: Verdict) -> str:
    """The step against a verdict, "" for none."""
    return "" if verdict.trouble is None else STEPS.get(verdict.trouble.code, "")


def shape_of(verdict: Verdict) -> Shape:
    """Crimson where an outcome is not known; else by how bad it is."""
    if verdict.trouble is not None and verdict.trouble.code in ("sending_left", "own_receipt_open"):
        return Shape.UNKNOWN
    return SHAPES[verdict.level]


class DoctorScreen(QWidget):
    """Emits `asked` for another look; `side` is the right pane."""

    asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.summary = Label(look, say("doctor.never"), Type.STRONG, wrap=True)
        self.days = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.again = Button(look, say("doctor.again"), icon="refresh", height=Target.SMALL)
        self.table = Table(look, say("doctor.table"), ROW)
        self.model: RowsModel[Verdict] = RowsModel(lambda row: row.message(say.language), self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(_VerdictDelegate(look, self.model))
        self.side = VerdictSide(look)
        self._build()
        self.again.clicked.connect(lambda _checked=False: self.asked.emit())
        self.table.chosen.connect(self._choose)
        self.table.opened.connect(self._open)

    def _build(self) -> None:
        px, look = self.look.px, self.look
        head = QVBoxLayout()
        head.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        head.setSpacing(px(Space.S1))
        head.addWidget(Label(look, look.say("doctor.title"), Type.TITLE))
        head.addWidget(self.summary)
        head.addWidget(self.days)
        row = QHBoxLayout()
        row.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        row.addWidget(self.again)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        column.setSpacing(px(Space.S2))
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self.table, 1)

    def show_running(self, words: str) -> None:
        """The register is being asked; the last report stays in sight."""
        self.again.rest(True)
        self.side.rest(True)
        self.summary.set_text(words, INKS[Shape.WAIT])

    def show_report(self, report: Report) -> None:
        """What was found. Devices keep their places; the worst row is chosen."""
        say = self.look.say
        when = say.moment(report.at, self.look.now())
        ink = {Level.WARN: "wait", Level.ALARM: "bad", Level.STOP: "bad"}.get(report.worst, "ok")
        self.again.rest(False)
        self.side.rest(False)
        self.summary.set_text(say(f"doctor.level.{report.worst.word}", when=when), ink)
        works_on = report.stops_on is not None and report.worst is not Level.STOP
        told = (
            "" if report.stops_on is None or not works_on else say("doctor.stops_on", day=f"{report.stops_on:%d.%m.%Y}")
        )
        self.days.set_text(told)
        self.days.setVisible(bool(told))
        self.model.show_rows(list(report.verdicts))
        worst = max(range(len(report.verdicts)), key=lambda at: _urgency(report.verdicts[at]), default=-1)
        if worst >= 0:
            self.table.selectRow(worst)

    def show_failed(self, words: str) -> None:
        """The look itself could not be done."""
        self.again.rest(False)
        self.side.rest(False)
        self.summary.set_text(words, INKS[Shape.BAD])

    def _choose(self, number: int) -> None:
        self.side.show_verdict(self.model.rows[number] if 0 <= number < len(self.model.rows) else None)

    def _open(self, number: int) -> None:
        """Enter or a tap: the step gets the focus, it is not taken by itself."""
        self._choose(number)
        self.focus_step()

    def focus_step(self) -> None:
        """The one button gets the focus, where there is one."""
        if self.side.button.isVisible():
            self.side.button.setFocus(Qt.FocusReason.OtherFocusReason)


def _urgency(verdict: Verdict) -> tuple[Level, bool]:
    """How soon a row wants a person: the worst, and of those the print, which is the first rung."""
    return verdict.level, step_of(verdict) == RUNGS[0]


class _VerdictDelegate(RowDelegate):
    """Above: the device, how bad. Below: what was found."""

    def __init__(self, look: Look, model: RowsModel[Verdict]) -> None:
        super().__init__(look, model)
        self.model = model

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """One verdict."""
        look, say, px = self.look, self.look.say, self.look.px
        row = self.model.rows[index.row()]
        shape, side, pad = shape_of(row), px(24), px(Space.S4)
        paint_lamp(painter, QRectF(rect.left() + pad, rect.top() + px(20), side, side), shape, look)
        left = rect.left() + pad + side + px(Space.S3)
        level = say(f"doctor.row.{row.level.word}")
        wide = width_of(look, level, Type.TABLE)
        upper = QRect(rect.right() - pad - wide, rect.top() + px(6), wide, px(28))
        draw(painter, look, upper, level, Type.TABLE, INKS[shape], right=True)
        name = QRect(left, upper.top(), upper.left() - left - px(12), px(28))
        draw(painter, look, name, title(row.device, row.matter, say.language), Type.STRONG)
        lower = QRect(left, rect.top() + px(34), rect.right() - pad - left, px(24))
        draw(painter, look, lower, row.message(say.language), Type.TABLE, "text2")


class VerdictSide(Pane):
    """Emits `stepped` with the verdict whose button was pressed."""

    stepped = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "surface", edge="left")
        self._verdict: Verdict | None = None
        self.title = Label(look, "", Type.TITLE, wrap=True)
        self.message = Label(look, "", Type.BODY, wrap=True)
        self.action = Label(look, "", Type.BODY, wrap=True)
        self.code = Label(look, "", Type.TABLE, ink="text2")
        self.banner = Banner(look)
        self.button = Button(look, "", kind=Kind.PRIMARY, height=Target.PRINT, token=Type.TITLE, centred=True)
        self.button.clicked.connect(self._press)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        column.addWidget(self.title)
        column.addWidget(self.message)
        column.addSpacing(px(Space.S3))
        column.addWidget(self.action)
        column.addWidget(self.code)
        column.addStretch(1)
        column.addWidget(self.banner)
        column.addWidget(self.button)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("no_ring", True)
        self.setAccessibleName(look.say("doctor.side"))
        self.show_verdict(None)

    def show_verdict(self, verdict: Verdict | None) -> None:
        """Another one; None when none is chosen."""
        say = self.look.say
        self._verdict = verdict
        self.banner.clear()
        step = "" if verdict is None else step_of(verdict)
        self.button.setVisible(bool(step))
        if verdict is None:
            self.title.set_text(say("doctor.side"))
            self.message.set_text(say("doctor.side_hint"))
            self.action.set_text("")
            self.code.set_text("")
            return
        self.title.set_text(title(verdict.device, verdict.matter, say.language))
        self.message.set_text(verdict.message(say.language))
        self.action.set_text(verdict.action(say.language) or say("doctor.nothing"))
        self.code.set_text("" if verdict.trouble is None else say("code", code=verdict.trouble.number))
        if step:
            self.button.set_text(say(f"doctor.step.{step}"))

    def rest(self, rests: bool) -> None:
        """While the register is asked nothing is pressed; the focus goes nowhere by itself."""
        self.button.rest(rests)

    def _press(self) -> None:
        if self._verdict is not None:
            self.stepped.emit(self._verdict)
