"""Orders on board with their four lights; the search field takes numbers, names and ends of phones."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from posapp.till.views import OrderRow
from posapp.ui.controls import Field, Label
from posapp.ui.lights import INKS, NAMES, paint_lamp, shape_of, state_words
from posapp.ui.look import Look
from posapp.ui.tables import Index, RowDelegate, RowsModel, Table, draw, width_of
from posapp.ui.theme import Space, Type

ROW = 80


class OrderList(QWidget):
    """The till's home screen."""

    opened = Signal(int)  # an order's id
    searched = Signal(str)
    submitted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.search = Field(look, say("list.search"))
        self.search.setPlaceholderText(say("list.search_hint"))
        self.count = Label(look, "", Type.TABLE, ink="text2", right=True)
        self.table = Table(look, say("list.table"), ROW)
        self.model: RowsModel[OrderRow] = RowsModel(lambda row: row_words(row, look), self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(OrderRowDelegate(look, self.model))
        self.empty = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.table.opened.connect(lambda row: self.opened.emit(self.model.rows[row].order_id))
        self.search.textEdited.connect(self.searched)
        self.search.returnPressed.connect(self._submit)
        self._build()

    def _build(self) -> None:
        px = self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        column.setSpacing(px(Space.S3))
        head = QHBoxLayout()
        head.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        head.setSpacing(px(Space.S4))
        head.addWidget(self.search, 1)
        head.addWidget(self.count)
        column.addLayout(head)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column.addWidget(body, 1)

    def show_rows(self, rows: list[OrderRow]) -> None:
        """The orders that the search found; the chosen row stays chosen."""
        say = self.look.say
        chosen, bar = self._chosen_id(), self.table.verticalScrollBar()
        place = bar.value()
        if rows != self.model.rows:
            self.model.show_rows(rows)
            bar.setValue(place)
        self.count.set_text(say.count("list.count", len(rows)))
        self.empty.set_text(say("list.nothing_found") if self.search.text().strip() else say("list.empty"))
        self._stack.setCurrentIndex(0 if rows else 1)
        for number, row in enumerate(rows):
            if row.order_id == chosen:
                self.table.selectRow(number)

    def wait(self, words: str) -> None:
        """No rows yet, and why."""
        self.empty.set_text(words)
        self._stack.setCurrentIndex(1)

    def refresh(self) -> None:
        """Ages of now."""
        self.table.viewport().update()

    def _chosen_id(self) -> int | None:
        index = self.table.currentIndex()
        return self.model.rows[index.row()].order_id if index.isValid() else None

    def _submit(self) -> None:
        text = self.search.text().strip()
        if text:
            self.submitted.emit(text)


def row_words(row: OrderRow, look: Look) -> str:
    """A row for screen readers."""
    say = look.say
    lamps = ", ".join(f"{say(f'light.{name}')} {state_words(getattr(row.lights, name), look)}" for name in NAMES)
    return say("list.row", number=row.number, buyer=row.buyer, sum=row.price, lamps=lamps)


class OrderRowDelegate(RowDelegate):
    """Above: number, when and whose, the sum. Below: four lamps with their words."""

    def __init__(self, look: Look, model: RowsModel[OrderRow], *, is_route: bool = False) -> None:
        super().__init__(look, model)
        self.model = model
        self._is_route = is_route

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """One order."""
        look = self.look
        row = self.model.rows[index.row()]
        pad, px = look.px(Space.S4), look.px
        top, upper, lower = rect.top(), px(32), px(28)
        right_words, right_ink = self._money(row)
        right = width_of(look, right_words, Type.STRONG)
        number_width = max(px(100), width_of(look, row.number, Type.STRONG))  # a number is never cut
        left_box = QRect(rect.left() + pad, top + px(10), number_width, upper)
        draw(painter, look, left_box, row.number, Type.STRONG)
        money = QRect(rect.right() - pad - right, top + px(10), right, upper)
        draw(painter, look, money, right_words, Type.STRONG, right_ink, right=True)
        middle = QRect(left_box.right() + px(8), top + px(10), money.left() - left_box.right() - px(20), upper)
        draw(painter, look, middle, self._who(row), Type.BODY, "text")
        self._paint_lamps(painter, QRect(rect.left() + pad, top + px(44), rect.width() - 2 * pad, lower), row)

    def _who(self, row: OrderRow) -> str:
        if self._is_route:
            changed = self.look.say("door.changed_stop") if row.is_changed else ""
            parts = [changed, row.delivery_window, row.address or row.buyer]
        else:
            tail = f"…{row.phone_tail[:2]}-{row.phone_tail[2:]}" if len(row.phone_tail) == 4 else row.phone_tail
            parts = [row.buyer, tail, row.address if row.is_courier else ""]
        return " · ".join(each for each in parts if each)

    def _money(self, row: OrderRow) -> tuple[str, str]:
        say = self.look.say
        if row.is_cancelled:
            return say("list.cancelled"), "bad"
        if not row.to_pay:
            return say("list.paid", sum=row.price), "text2"
        return say.money(row.to_pay), "text"

    def _paint_lamps(self, painter: QPainter, box: QRect, row: OrderRow) -> None:
        look = self.look
        width, side = box.width() // len(NAMES), look.px(22)
        for number, name in enumerate(NAMES):
            lamp = getattr(row.lights, name)
            shape = shape_of(lamp)
            left = box.left() + number * width
            paint_lamp(painter, QRectF(left, box.top() + (box.height() - side) / 2, side, side), shape, look)
            title = look.say(f"light.{name}")
            title_width = width_of(look, title, Type.TABLE)
            at = left + side + look.px(6)
            draw(painter, look, QRect(at, box.top(), title_width + 2, box.height()), title, Type.TABLE)
            at += title_width + look.px(6)
            words = QRect(at, box.top(), left + width - at - look.px(6), box.height())
            draw(painter, look, words, state_words(lamp, look), Type.TABLE, INKS[shape])
