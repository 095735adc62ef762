"""The reconciliation: what journal, register, Bitrix and OFD say differently, whose move it is, and the one step."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from posapp.till.reconcile_views import SOURCES, Difference, LastReconciled, Move, ReconcileProgress
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.lights import INKS, Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.tables import Index, RowDelegate, RowsModel, Table, draw, width_of
from posapp.ui.theme import Space, Target, Type

ROW = 64
PERIODS = (("shift", None), ("week", 7), ("month", 31))
"""Name in the catalogue → how many days back from now; None: the open shift, or today."""

_STEPS = {
    "two_documents": "order",
    "storage_unknown_ours": "resolve",
    "sending_left": "resolve",
    "portal_waits": "sync",
    "portal_held": "entry",
}


def step_of(difference: Difference) -> str:
    """The button beside a difference: `order`, `resolve`, `sync`, `entry` (the outbox entry again), "" for none."""
    if difference.code == "portal_held" and entry_of(difference) is None:
        return "order" if difference.order else ""
    return _STEPS.get(difference.code, "order" if difference.order else "")


def entry_of(difference: Difference) -> int | None:
    """The number of the outbox entry that a held difference is about: it ends its command."""
    number = difference.command.rpartition(" ")[2]
    return int(number) if number.isdecimal() else None


def shape_of_difference(difference: Difference) -> Shape:
    """Crimson where two documents may stand for one sale, red where a person has to act, amber where nobody does."""
    if difference.code == "two_documents":
        return Shape.UNKNOWN
    return Shape.WAIT if difference.move is Move.PROGRAM else Shape.BAD


class ReconcileScreen(QWidget):
    """`side` stands in the right pane: the chosen difference in whole sentences, and its button."""

    asked = Signal(object)  # days back, or None
    stopped = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.summary = Label(look, say("recon.never"), Type.STRONG, wrap=True)
        self.facts = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.buttons = {name: Button(look, say(f"recon.period.{name}"), height=Target.SMALL) for name, _days in PERIODS}
        self.progress = Label(look, "", Type.BODY, ink="wait", elide=True)
        self.stop = Button(look, say("recon.stop"), height=Target.SMALL, kind=Kind.QUIET)
        self.table = Table(look, say("recon.table"), ROW)
        self.model: RowsModel[Difference] = RowsModel(lambda row: row.message(say.language), self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(_DifferenceDelegate(look, self.model))
        self.empty = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.side = DifferenceSide(look)
        self._build()
        for name, days in PERIODS:
            self.buttons[name].clicked.connect(lambda _checked=False, back=days: self.asked.emit(back))
        self.stop.clicked.connect(self.stopped)
        self.table.chosen.connect(self._choose)
        self.table.opened.connect(self._act)
        self.show_last(None)
        self.show_progress(None, is_running=False)

    def _build(self) -> None:
        px, look = self.look.px, self.look
        head = QVBoxLayout()
        head.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        head.setSpacing(px(Space.S1))
        head.addWidget(Label(look, look.say("recon.title"), Type.TITLE))
        head.addWidget(self.summary)
        head.addWidget(self.facts)
        row = QHBoxLayout()
        row.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        row.setSpacing(px(Space.S2))
        for button in self.buttons.values():
            row.addWidget(button)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        column.setSpacing(px(Space.S2))
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(body, 1)

    def show_last(self, last: LastReconciled | None) -> None:
        """The last reconciliation."""
        say = self.look.say
        if last is None:
            self.summary.set_text(say("recon.never"))
            self.facts.set_text("")
            self.empty.set_text(say("recon.empty_never"))
        else:
            self.summary.set_text(*summary_of(last, self.look))
            self.facts.set_text(facts_of(last, self.look))
            self.empty.set_text(say("recon.empty"))
        rows = list(last.report.differences) if last is not None else []
        self.model.show_rows(rows)
        self._stack.setCurrentIndex(0 if rows else 1)
        if rows:
            self.table.selectRow(0)
        else:
            self.side.show_difference(None)

    def show_progress(self, progress: ReconcileProgress | None, *, is_running: bool) -> None:
        """How far it is; its buttons rest meanwhile."""
        for button in self.buttons.values():
            button.setVisible(not is_running)
        self.stop.setVisible(is_running)
        self.progress.set_text(progress_words(progress, self.look) if is_running else "")

    def _choose(self, number: int) -> None:
        self.side.show_difference(self.model.rows[number] if 0 <= number < len(self.model.rows) else None)

    def _act(self, number: int) -> None:
        """Enter or a tap on a row: its step gets the focus, it is not taken by itself."""
        self._choose(number)
        self.focus_step()

    def focus_step(self) -> None:
        """The one button gets the focus, where there is one."""
        if self.side.button.isVisible():
            self.side.button.setFocus(Qt.FocusReason.OtherFocusReason)


def progress_words(progress: ReconcileProgress | None, look: Look) -> str:
    """`Читаем ФН: 40 из 84…`."""
    say = look.say
    if progress is None:
        return say("recon.begins")
    source = say(f"recon.source.{progress.source}")
    key = "recon.progress" if progress.total is not None else "recon.progress_open"
    return say(key, source=source, done=progress.done, total=progress.total)


def summary_of(last: LastReconciled, look: Look) -> tuple[str, str]:
    """`Сверка сегодня, 21:04: 2 расхождения`, and its ink."""
    say, report = look.say, last.report
    when = say.moment(report.at, look.now())
    away = [say(f"recon.source.{each.source}") for each in report.not_checked if each.is_trouble]
    if last.count:
        ink = INKS[Shape.BAD if report.needs_person else Shape.WAIT]
        return say.count("recon.differences", last.count, when=when), ink
    if away:
        return say("recon.away", when=when, sources=", ".join(away)), INKS[Shape.WAIT]
    return say("recon.good", when=when), INKS[Shape.OK]


def facts_of(last: LastReconciled, look: Look) -> str:
    """How much was read of each source, and which one said nothing."""
    say, report = look.say, last.report
    parts = [
        say("recon.checked", source=say(f"recon.source.{source}"), n=report.checked[source])
        for source in SOURCES
        if source in report.checked
    ]
    silent = [
        say("recon.silent", source=say(f"recon.source.{each.source}"), why=each.why.text(say.language))
        for each in report.not_checked
    ]
    occasion = say(f"recon.why.{last.why}")
    since = say("recon.since", when=say.moment(report.since, look.now()))
    return " · ".join([occasion, since, ", ".join(parts), *silent])


class _DifferenceDelegate(RowDelegate):
    """Above: where and how much, whose move. Below: what differs."""

    def __init__(self, look: Look, model: RowsModel[Difference]) -> None:
        super().__init__(look, model)
        self.model = model

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """One difference."""
        look, say, px = self.look, self.look.say, self.look.px
        row = self.model.rows[index.row()]
        shape, side = shape_of_difference(row), px(24)
        pad = px(Space.S4)
        paint_lamp(painter, QRectF(rect.left() + pad, rect.top() + px(8), side, side), shape, look)
        left = rect.left() + pad + side + px(Space.S3)
        move = say(f"recon.move.{row.move.value}")
        wide = width_of(look, move, Type.TABLE)
        upper = QRect(rect.right() - pad - wide, rect.top() + px(6), wide, px(28))
        draw(painter, look, upper, move, Type.TABLE, INKS[shape], right=True)
        draw(
            painter, look, QRect(left, upper.top(), upper.left() - left - px(12), px(28)), where(row, look), Type.STRONG
        )
        lower = QRect(left, rect.top() + px(34), rect.right() - pad - left, px(24))
        draw(painter, look, lower, row.message(say.language), Type.TABLE, "text2")


def where(difference: Difference, look: Look) -> str:
    """`Заказ 10457 · ФД 4518 · 2 480,00 ₽`, as far as known."""
    say = look.say
    parts = [
        say("recon.order", number=difference.order) if difference.order else "",
        say("paper.fd", n=difference.document_number) if difference.document_number is not None else "",
        say.money(difference.amount) if difference.amount is not None else "",
    ]
    return " · ".join(each for each in parts if each) or say("code", code=difference.number)


class DifferenceSide(Pane):
    """Emits `stepped` with the difference whose button was pressed."""

    stepped = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "surface", edge="left")
        self._difference: Difference | None = None
        self.title = Label(look, "", Type.TITLE, wrap=True)
        self.message = Label(look, "", Type.BODY, wrap=True)
        self.whose = Label(look, "", Type.STRONG, wrap=True)
        self.action = Label(look, "", Type.BODY, wrap=True)
        self.code = Label(look, "", Type.TABLE, ink="text2")
        self.button = Button(look, "", kind=Kind.PRIMARY, height=Target.PRINT, token=Type.TITLE, centred=True)
        self.button.clicked.connect(self._press)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        for widget in (self.title, self.message):
            column.addWidget(widget)
        column.addSpacing(px(Space.S3))
        for widget in (self.whose, self.action, self.code):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.button)
        self.show_difference(None)

    def show_difference(self, difference: Difference | None) -> None:
        """Another one; None when none is chosen."""
        look, say = self.look, self.look.say
        self._difference = difference
        step = "" if difference is None else step_of(difference)
        self.button.setVisible(bool(step))
        if difference is None:
            self.title.set_text(say("recon.side"))
            self.message.set_text(say("recon.side_hint"))
            for label in (self.whose, self.action, self.code):
                label.set_text("")
            return
        shape = shape_of_difference(difference)
        self.title.set_text(where(difference, look))
        self.message.set_text(difference.message(say.language))
        self.whose.set_text(say(f"recon.move.{difference.move.value}"), INKS[shape])
        self.action.set_text(difference.action(say.language))
        self.code.set_text(say("code", code=difference.number))
        if step:
            self.button.set_text(say(f"recon.step.{step}"))

    def _press(self) -> None:
        if self._difference is not None:
            self.stepped.emit(self._difference)
