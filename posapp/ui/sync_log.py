"""The sync log: real requests to the portal with what came of them, and one button that repairs a failed one."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from posapp.till.sync_views import BudgetView, SyncDetail
from posapp.till.views import SyncRow
from posapp.ui.controls import Button, Field, Kind, Label, Pane
from posapp.ui.desk import CHIPS
from posapp.ui.lights import INKS, Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.sync_detail import RequestPage, facts_of, step_words, title_of, took
from posapp.ui.tables import Index, RowDelegate, RowsModel, Table, columns, draw
from posapp.ui.theme import Space, Target, Type

ROW = 44
ROWS_MAX = 20_000
"""So many rows are kept in the list: nobody scrolls further, and a million would fill the memory."""
_WIDTHS = (24, 72, 76, 72, 0, 40, 64, 76)  # lamp, when, order, step, what came of it, code, how long, try
_HEADS = ("", "log.when", "log.order", "log.step", "log.outcome", "log.code", "log.took", "log.try")
_RIGHT = (6, 7)


def shape_of_row(row: SyncRow) -> Shape:
    """Green proven, amber still on its way, red needs a person. A lost answer of a waiting entry is on its way."""
    if row.outcome == "done":
        return Shape.OK
    return Shape.BAD if is_mine(row) or not row.entry_state else Shape.WAIT


def is_mine(row: SyncRow) -> bool:
    """A person has to do something: the button «Повторить» is for this row."""
    return row.entry is not None and row.entry_state in ("failed", "held")


def outcome_words(row: SyncRow, look: Look) -> str:
    """What came of a request, in words."""
    return row.reason or look.say(f"outcome.{row.outcome}")


class SyncLog(QWidget):
    """`side` stands in the right pane: the chosen request and its repair."""

    asked = Signal(str, str, object)  # chip, search, before
    retry = Signal(int)
    order_asked = Signal(str)
    detail_asked = Signal(int)
    detail_opened = Signal()

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.chip = CHIPS[0]
        self._is_last_page = False
        self._is_asking = False
        self.chips = {chip: Button(look, "", height=Target.SMALL) for chip in CHIPS}
        self.search = Field(look, say("log.search"), token=Type.TABLE, height=Target.SMALL)
        self.search.setPlaceholderText(say("log.search_hint"))
        self.table = Table(look, say("log.table"), ROW)
        self.model: RowsModel[SyncRow] = RowsModel(self._row_words, self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(_LogDelegate(look, self.model))
        self.table.opens_twice = True
        self.budget = Label(look, "", Type.TABLE, ink="text2", elide=True)
        self.page = RequestPage(look, stacked=stacked)
        self.empty = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.side = _Details(look)
        self._build()
        self._connect()
        self.show_counts({})

    def _build(self) -> None:
        px = self.look.px
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        column.setSpacing(px(Space.S2))
        top = QHBoxLayout()
        top.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        top.addWidget(Label(self.look, self.look.say("log.title"), Type.TITLE))
        top.addSpacing(px(Space.S4))
        top.addWidget(self.search, 1)
        column.addLayout(top)
        row = QHBoxLayout()
        row.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        row.setSpacing(px(Space.S2))
        for chip, button in self.chips.items():
            button.setCheckable(True)
            button.setChecked(chip == self.chip)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        foot = QHBoxLayout()
        foot.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        foot.addWidget(self.budget, 1)
        column.addLayout(foot)
        column.addWidget(_Heads(self.look, self.table))
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column.addWidget(body, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._list)
        self._pages.addWidget(self.page)

    def _connect(self) -> None:
        for chip, button in self.chips.items():
            button.clicked.connect(lambda _checked=False, which=chip: self.choose_chip(which))
        self.search.textEdited.connect(lambda _text: self.ask())
        self.search.returnPressed.connect(self.table.setFocus)
        self.table.chosen.connect(self._show_details)
        self.table.opened.connect(self._act)
        self.table.verticalScrollBar().valueChanged.connect(self._near_the_end)
        self.side.retry.connect(self.retry)
        self.side.look_closer.connect(self.detail_asked)
        self.page.left.connect(self.back)

    @property
    def is_at_top(self) -> bool:
        """Only the first page is loaded and in sight: it may be read anew without rows jumping under the eye."""
        return self.table.verticalScrollBar().value() == 0 and not self._is_asking

    def choose_chip(self, chip: str) -> None:
        """Another saved filter."""
        self.chip = chip
        for name, button in self.chips.items():
            button.setChecked(name == chip)
        self.ask()

    def ask(self) -> None:
        """Wants the first page."""
        self._is_asking = True
        self.asked.emit(self.chip, self.search.text().strip(), None)

    def show_counts(self, counts: dict[str, int]) -> None:
        """How many rows each chip has."""
        say = self.look.say
        for chip, button in self.chips.items():
            number = say.number(counts[chip]) if chip in counts else ""
            button.set_text(say(f"chip.{chip}", n=number).rstrip())

    def show_page(self, rows: list[SyncRow], before: int | None) -> None:
        """A page that was asked for; the chosen request stays chosen."""
        self._is_asking = False
        self._is_last_page = not rows
        if before is not None:
            self.model.append_rows(rows)
            return
        index = self.table.currentIndex()
        chosen = self.model.rows[index.row()].row_id if index.isValid() else None
        self.model.show_rows(rows)
        say = self.look.say
        has_search = bool(self.search.text().strip())
        self.empty.set_text(say("log.nothing_found") if has_search else say(f"log.empty_{self.chip}"))
        self._stack.setCurrentIndex(0 if rows else 1)
        again = next((n for n, row in enumerate(rows) if row.row_id == chosen), 0)
        if rows:
            self.table.selectRow(again)
        else:
            self.side.show_row(None)

    def show_timeline(self, order_number: str, rows: list[SyncRow]) -> None:
        """All requests of the chosen order, the newest first."""
        self.side.show_timeline(order_number, rows)

    def show_budget(self, budget: BudgetView) -> None:
        """How fast the portal may be asked, and when the queue will be empty."""
        self.budget.set_text(budget.words(self.look.say.language))

    def show_detail(self, detail: SyncDetail) -> None:
        """What a row asked and was answered, in place of the list; its repair has the focus where there is one."""
        shape = shape_of_row(detail.row)
        self.page.show_detail(detail, Shape.BAD if shape is Shape.OK and detail.trouble else shape)
        self._pages.setCurrentWidget(self.page)
        self.side.show_list(is_shown=False)
        self.detail_opened.emit()
        if not self.focus_repair():
            self.page.copy.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_detail_shown(self) -> bool:
        """One request is in sight, and not the list."""
        return self._pages.currentWidget() is self.page

    def back(self) -> bool:
        """From one request to the list; False when the list is in sight already."""
        if not self.is_detail_shown:
            return False
        self._pages.setCurrentWidget(self._list)
        self.side.show_list(is_shown=True)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _near_the_end(self, value: int) -> None:
        bar = self.table.verticalScrollBar()
        if self._is_asking or self._is_last_page or not self.model.rows or value < bar.maximum() - bar.pageStep():
            return
        if len(self.model.rows) >= ROWS_MAX:
            self.budget.set_text(self.look.say("log.too_far", n=self.look.say.number(len(self.model.rows))))
            return
        self._is_asking = True
        self.asked.emit(self.chip, self.search.text().strip(), self.model.rows[-1].row_id)

    def _show_details(self, number: int) -> None:
        row = self.model.rows[number] if 0 <= number < len(self.model.rows) else None
        self.side.show_row(row)
        if row is not None and row.order_number:
            self.order_asked.emit(row.order_number)

    def _act(self, number: int) -> None:
        """Enter or a second tap on a row: what it asked and was answered. Its repair is not done by itself."""
        if 0 <= number < len(self.model.rows):
            self._show_details(number)
            self.detail_asked.emit(self.model.rows[number].row_id)

    def focus_repair(self) -> bool:
        """The one button gets the focus; False where there is none."""
        if not (self.side.button.isVisibleTo(self.side) and self.side.button.isEnabled()):
            return False
        self.side.button.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _row_words(self, row: SyncRow) -> str:
        say = self.look.say
        return say(
            "log.row",
            at=say.clock(row.at),
            number=row.order_number or "–",
            step=step_words(row, self.look),
            outcome=outcome_words(row, self.look),
        )


class _Heads(QWidget):
    """The names of the columns."""

    def __init__(self, look: Look, table: Table) -> None:
        super().__init__()
        self.look, self._table = look, table
        self.setFixedHeight(look.px(28))
        table.verticalScrollBar().rangeChanged.connect(
            lambda *_: self.update()
        )  # the bar comes, and the rows are narrower

    def paintEvent(self, _event: object) -> None:
        """Aligned with the rows."""
        painter = QPainter(self)
        rows = QRect(0, 0, self._table.viewport().width(), self.height())
        for number, (box, key) in enumerate(zip(columns(self.look, rows, _WIDTHS), _HEADS, strict=True)):
            if key:
                draw(painter, self.look, box, self.look.say(key), Type.TABLE, "text2", right=number in _RIGHT)


class _LogDelegate(RowDelegate):
    """One request in one line."""

    def __init__(self, look: Look, model: RowsModel[SyncRow]) -> None:
        super().__init__(look, model)
        self.model = model

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Lamp, time, order, step, outcome, code, how long it took, number of the try."""
        look, say = self.look, self.look.say
        row = self.model.rows[index.row()]
        shape = shape_of_row(row)
        lamp, when, order, step, outcome, code, lasted, tries = columns(look, rect, _WIDTHS)
        side = look.px(22)
        paint_lamp(painter, QRectF(lamp.left(), rect.top() + (rect.height() - side) / 2, side, side), shape, look)
        draw(painter, look, when, say.clock(row.at), Type.TABLE)
        draw(painter, look, order, row.order_number or "–", Type.TABLE_STRONG)
        draw(painter, look, step, step_words(row, look), Type.TABLE)
        ink = "text" if shape is Shape.OK else INKS[shape]
        draw(painter, look, outcome, outcome_words(row, look), Type.TABLE, ink)
        draw(painter, look, code, say.code(row.code), Type.TABLE, "text2")
        draw(painter, look, lasted, took(row, look), Type.TABLE, "text2", right=True)
        draw(painter, look, tries, say("log.try_n", n=row.attempt), Type.TABLE, "text2", right=True)


class _Details(Pane):
    """The chosen request, what its button does, and what else was asked for the same order."""

    retry = Signal(int)
    look_closer = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "surface", edge="left")
        say = look.say
        self._row: SyncRow | None = None
        self.title = Label(look, "", Type.TITLE, elide=True)
        self.outcome = Label(look, "", Type.STRONG, wrap=True)
        self.facts = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.hint = Label(look, "", Type.BODY, wrap=True)
        self.button = Button(
            look, say("log.retry"), icon="refresh", kind=Kind.PRIMARY, height=Target.PRINT,
            token=Type.TITLE, centred=True,
        )  # fmt: skip
        self.button.clicked.connect(self._press)
        self.closer = Button(look, say("log.bodies"), key="Enter", height=Target.SMALL, centred=True)
        self._is_list_shown = True
        self.closer.clicked.connect(self._look_closer)
        self.story = _Story(look)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        for widget in (self.title, self.outcome, self.facts):
            column.addWidget(widget)
        column.addSpacing(px(Space.S2))
        column.addWidget(self.story, 1)
        column.addWidget(self.hint)
        column.addWidget(self.closer)
        column.addWidget(self.button)
        self.show_row(None)

    def show_row(self, row: SyncRow | None) -> None:
        """Another request; None when none is chosen."""
        say = self.look.say
        changed = row is None or self._row is None or row.order_number != self._row.order_number
        self._row = row
        if changed:
            self.story.show_rows([])
        if row is None:
            self.title.set_text(say("log.choose"))
            for each in (self.outcome, self.facts, self.hint):
                each.set_text("")
            self.button.hide()
            self.closer.hide()
            return
        shape = shape_of_row(row)
        self.title.set_text(title_of(row, self.look))
        self.outcome.set_text(outcome_words(row, self.look), INKS[shape])
        self.facts.set_text(facts_of(row, self.look))
        self.closer.setVisible(self._is_list_shown)
        mine = is_mine(row)
        self.button.setVisible(mine)
        self.button.setEnabled(mine)
        key = "log.hint_mine" if mine else f"log.hint_{row.entry_state or 'pull'}"
        self.hint.set_text(say(key))

    def show_list(self, *, is_shown: bool) -> None:
        """Whether the list is in sight: Enter opens a request there, and repairs it where it is open."""
        self._is_list_shown = is_shown
        say = self.look.say
        self.closer.setVisible(is_shown and self._row is not None)
        self.button.key = "" if is_shown else "Enter"
        self.button.set_text(say("log.retry"))

    def show_timeline(self, order_number: str, rows: list[SyncRow]) -> None:
        """Requests of this order only."""
        if self._row is not None and self._row.order_number == order_number:
            self.story.show_rows(rows)

    def _look_closer(self) -> None:
        if self._row is not None:
            self.look_closer.emit(self._row.row_id)

    def _press(self) -> None:
        if self._row is not None and self._row.entry is not None:
            self.button.setEnabled(False)
            self.retry.emit(self._row.entry)


class _Story(QWidget):
    """As many requests of one order as there is room for."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._rows: list[SyncRow] = []

    def show_rows(self, rows: list[SyncRow]) -> None:
        """Another order's requests, the newest first."""
        self._rows = rows
        self.setAccessibleName("; ".join(self._words(row) for row in rows))
        self.update()

    def _words(self, row: SyncRow) -> str:
        return f"{self.look.say.clock(row.at)} {self.look.say(f'step.{row.step}')}: {outcome_words(row, self.look)}"

    def paintEvent(self, _event: object) -> None:
        """Time, lamp, step, outcome; the oldest fall off at the end."""
        look, painter, height = self.look, QPainter(self), self.look.px(32)
        say = look.say
        for number, row in enumerate(self._rows[: self.height() // height]):
            y, shape = number * height, shape_of_row(row)
            draw(painter, look, QRect(0, y, look.px(80), height), say.clock(row.at), Type.TABLE, "text2")
            side = look.px(20)
            paint_lamp(painter, QRectF(look.px(84), y + (height - side) / 2, side, side), shape, look)
            step = QRect(look.px(114), y, look.px(80), height)
            draw(painter, look, step, step_words(row, look), Type.TABLE)
            rest = QRect(step.right() + look.px(8), y, self.width() - step.right() - look.px(8), height)
            ink = "text2" if shape is Shape.OK else INKS[shape]
            draw(painter, look, rest, outcome_words(row, look), Type.TABLE, ink)
