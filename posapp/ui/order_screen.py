"""The left pane with an order open: whose it is, its lines, its four lights."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.order import Order, OrderLine
from posapp.domain.vat import VatRate
from posapp.till.views import OrderView
from posapp.ui.changes_bar import ChangesBar
from posapp.ui.codes import CodeDraft, line_words
from posapp.ui.codes_bar import CodesBar
from posapp.ui.controls import Label, Pane
from posapp.ui.lights import INKS, LightsView, Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.tables import Index, RowDelegate, RowsModel, Table, columns, draw
from posapp.ui.theme import Space, Type

_WIDE = (30, 0, 190, 150)  # number, name, quantity × price, sum
_NARROW = (22, 0, 150, 120)


class RatedLine(NamedTuple):
    """An order line and the rate that it would be printed with; None where nobody has confirmed one.

    `code` says how it stands with its marking codes, "" where it has nothing to do with any.
    """

    line: OrderLine
    rate: VatRate | None
    code: str = ""
    shape: Shape = Shape.NONE


class OrderScreen(QWidget):
    """Shows an `OrderView`; the payment stands in the right pane."""

    lamp_clicked = Signal(str)

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self._stacked = stacked
        self._view: OrderView | None = None
        self.title = Label(look, token=Type.TITLE, elide=True)
        self.age = Label(look, token=Type.TABLE, ink="text2", right=True)
        self.buyer = Label(look, elide=True)
        self.lines = Table(look, look.say("order.lines"), 64, selectable=False)
        self.model: RowsModel[RatedLine] = RowsModel(self._line_words, self)
        self.lines.setModel(self.model)
        self.lines.setItemDelegate(_LineDelegate(look, self.model))
        self.codes = CodesBar(look, stacked=stacked)
        self.changes = ChangesBar(look, stacked=stacked)
        self._draft, self._asking_s = CodeDraft(), 0
        self.lights = LightsView(look)
        self.lights.lamp_clicked.connect(self.lamp_clicked)
        self._build()

    def _build(self) -> None:
        px = self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, px(Space.S2))
        column.setSpacing(px(Space.S1))
        for widgets in ((self.title, self.age), (self.buyer,)):
            row = QHBoxLayout()
            row.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
            row.setSpacing(px(Space.S4))
            row.addWidget(widgets[0], 1)
            for each in widgets[1:]:
                row.addWidget(each)
            column.addLayout(row)
        column.addSpacing(px(Space.S2))
        column.addWidget(self.changes)
        column.addWidget(self.lines, 1)
        column.addWidget(self.codes)
        foot = Pane(self.look, "surface", edge="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(px(Space.S4), px(Space.S1), px(Space.S4), 0)
        row.addWidget(self.lights)
        column.addWidget(foot)
        if self._stacked:  # no room: the list of orders shows whose it is and its lights
            self.buyer.hide()
            foot.hide()

    def show_order(self, view: OrderView) -> None:
        """Another order, or the same one as it is now."""
        say, order = self.look.say, view.order
        same = self._view is not None and (self._view.order, self._view.rates) == (order, view.rates)
        self._view = view
        kind = say("order.courier") if order.is_courier else say("order.pickup")
        self.title.set_text(say("order.title", number=order.number, kind=kind))
        self.buyer.set_text(buyer_words(order, self.look))
        if not same:
            self._draft = CodeDraft.of(order)
            self._show_lines(view)
        self.lights.show_lights(view.lights)
        self.changes.show_changes(view)
        self.refresh()

    def show_codes(self, draft: CodeDraft, asking_s: int) -> None:
        """How it stands with the marking codes of the order on the screen."""
        if self._view is None or len(draft.things) != len(self._view.order.lines):
            return
        if (draft, asking_s) != (self._draft, self._asking_s):
            self._draft, self._asking_s = draft, asking_s
            self._show_lines(self._view)

    def _show_lines(self, view: OrderView) -> None:
        rows = []
        for number, (line, rate) in enumerate(zip_longest(view.order.lines, view.rates), start=1):
            shape, words = line_words(self._draft, number, self.look, self._asking_s)
            rows.append(RatedLine(line, rate, words, shape))
        self.model.show_rows(rows)
        self.codes.show_draft(self._draft)

    def refresh(self) -> None:
        """Ages of now."""
        if self._view is not None:
            self.age.set_text(self.look.say("order.checked", age=self.look.age(self._view.order.pulled_at)))
            self.lights.refresh()

    def _line_words(self, row: RatedLine) -> str:
        say, line = self.look.say, row.line
        words = say(
            "order.line", name=line.name, quantity=say.quantity(str(line.quantity)), price=line.price, sum=line.line_sum
        )
        return f"{words}, {row.code}" if row.code else words


def buyer_words(order: Order, look: Look) -> str:
    """`Пётр С. · …45-17 · ул. Ленина, 5`."""
    tail = order.buyer.phone_tail
    parts = [order.buyer.short, f"…{tail[:2]}-{tail[2:]}" if len(tail) == 4 else tail, order.buyer.address]
    return " · ".join(each for each in parts if each) or look.say("order.no_buyer")


class _LineDelegate(RowDelegate):
    """Number, name on up to two lines, quantity × price with the rate under it, sum."""

    def __init__(self, look: Look, model: RowsModel[RatedLine]) -> None:
        super().__init__(look, model)
        self.model = model

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """One order line."""
        look, say = self.look, self.look.say
        row = self.model.rows[index.row()]
        line = row.line
        number, name, amount, total = columns(look, rect, _WIDE if rect.width() > look.px(700) else _NARROW)
        draw(painter, look, number, str(index.row() + 1), Type.BODY, "text2")
        if row.code:
            self._paint_code(painter, name, row)
        else:
            self._paint_name(painter, name, line.name)
        upper = QRect(amount.left(), rect.top() + look.px(5), amount.width(), look.px(28))
        lower = QRect(amount.left(), rect.top() + look.px(33), amount.width(), look.px(24))
        text = say("order.times", quantity=say.quantity(str(line.quantity)), price=say.amount(line.price))
        draw(painter, look, upper, text, Type.BODY, right=True)
        draw(painter, look, lower, self._rate(row.rate), Type.TABLE, "text2", right=True)
        draw(painter, look, total, say.amount(line.line_sum), Type.STRONG, right=True)

    def _paint_name(self, painter: QPainter, box: QRect, name: str) -> None:
        """The name, on two lines when it needs them; what does not fit even there ends in an ellipsis."""
        look = self.look
        made = look.font(Type.BODY)
        metrics = QFontMetrics(made)
        first, rest = _break(name, metrics, box.width())
        if not rest:
            draw(painter, look, box, first)
            return
        height = look.px(28)
        top = box.top() + (box.height() - 2 * height) // 2
        draw(painter, look, QRect(box.left(), top, box.width(), height), first)
        draw(painter, look, QRect(box.left(), top + height, box.width(), height), rest)

    def _paint_code(self, painter: QPainter, box: QRect, row: RatedLine) -> None:
        """The name on one line, below it how it stands with the codes."""
        look, side = self.look, self.look.px(20)
        upper = QRect(box.left(), box.top() + look.px(4), box.width(), look.px(28))
        lower = QRect(box.left() + side + look.px(Space.S2), upper.bottom(), box.width() - side, look.px(28))
        draw(painter, look, upper, row.line.name)
        lamp = QRect(box.left(), lower.top() + (lower.height() - side) // 2, side, side)
        paint_lamp(painter, QRectF(lamp), row.shape, look)
        ink = "text2" if row.shape is Shape.NONE else INKS[row.shape]
        draw(painter, look, lower, row.code, Type.BODY, ink)

    def _rate(self, rate: VatRate | None) -> str:
        """The rate that will be printed, so that nobody reads one rate here and another on the paper."""
        if rate is None:
            return self.look.say("order.vat_open")
        if rate.percent is None:
            return self.look.say("order.no_vat")
        return self.look.say("order.vat", percent=rate.percent)


def _break(text: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """Cuts a text after the last word that fits into `width`; the rest is "" when all of it does."""
    if metrics.horizontalAdvance(text) <= width:
        return text, ""
    words = text.split()
    for count in range(len(words) - 1, 0, -1):
        first = " ".join(words[:count])
        if metrics.horizontalAdvance(first) <= width:
            return first, " ".join(words[count:])
    return text, ""
