"""A courier's day as a plain list; at the right the address that comes next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from posapp.domain.money import total
from posapp.till.views import OrderRow, PullResult
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.order_list import ROW, OrderRowDelegate, row_words
from posapp.ui.tables import RowsModel, Table
from posapp.ui.theme import Space, Target, Type


class RouteScreen(QWidget):
    """`side` stands in the right pane: the chosen stop, or the first that is not done."""

    opened = Signal(int)
    pull = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.title = Label(look, say("route.title"), Type.TITLE, elide=True)
        self.facts = Label(look, "", Type.BODY, ink="text2", elide=True)
        self.pull_button = Button(look, say("act.pull"), icon="refresh", height=Target.SMALL)
        self.pull_button.clicked.connect(self.pull)
        self.table = Table(look, say("route.table"), ROW)
        self.model: RowsModel[OrderRow] = RowsModel(lambda row: row_words(row, look), self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(OrderRowDelegate(look, self.model, is_route=True))
        self.table.opened.connect(self._open)
        self.table.chosen.connect(self._show_stop)
        self.empty = Label(look, say("route.empty"), Type.BODY, ink="text2", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.side = _Stop(look)
        self.side.opened.connect(self.opened)
        self._build()

    def _build(self) -> None:
        px = self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        column.setSpacing(px(Space.S1))
        head = QHBoxLayout()
        head.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.pull_button)
        column.addLayout(head)
        facts = QHBoxLayout()
        facts.setContentsMargins(px(Space.S4), 0, px(Space.S4), px(Space.S2))
        facts.addWidget(self.facts)
        column.addLayout(facts)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column.addWidget(body, 1)

    def show_route(self, rows: list[OrderRow], pulled: PullResult | None) -> None:
        """The day's stops in order, and whether all of them are on board."""
        look, say = self.look, self.look.say
        self.model.show_rows(rows)
        self._stack.setCurrentIndex(0 if rows else 1)
        self.title.set_text(say("route.title_day", day=say.day(look.now().date())))
        done = [row for row in rows if row.is_done]
        open_rows = [row for row in rows if not row.is_done and not row.is_cancelled]
        facts = [
            say("route.mine", n=len(open_rows)),
            say("route.done", n=len(done)),
            say("route.to_take", sum=total([row.to_pay for row in open_rows])),
        ]
        is_old = False
        if pulled is not None:
            asked = pulled.at.astimezone(look.now().tzinfo).date()
            is_old = asked < look.now().date()  # what was complete yesterday says nothing of today
            key = "route.old" if is_old else "route.complete" if pulled.is_complete else "route.incomplete"
            facts.insert(0, say(key, on_board=pulled.on_board, expected=pulled.expected, day=say.day(asked)))
        ours = sum(row.is_ours for row in open_rows)
        if ours < len(open_rows):
            facts.append(say("route.claimed", n=ours, of=len(open_rows)))
        is_short = pulled is not None and (is_old or not pulled.is_complete)
        self.facts.set_text(" · ".join(facts), "bad" if is_short else "text2")
        first = next((n for n, row in enumerate(rows) if row in open_rows), None)
        self.side.show_stop(None)
        if first is not None:
            self.table.selectRow(first)

    def _open(self, row: int) -> None:
        self.opened.emit(self.model.rows[row].order_id)

    def _show_stop(self, row: int) -> None:
        self.side.show_stop(self.model.rows[row] if 0 <= row < len(self.model.rows) else None)


class _Stop(Pane):
    """One stop, large enough to be read at arm's length."""

    opened = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "surface", edge="left")
        say = look.say
        self._row: OrderRow | None = None
        self.caption = Label(look, say("stop.next"), Type.STRONG, ink="text2")
        self.address = Label(look, "", Type.SUM, wrap=True)
        self.who = Label(look, "", Type.BODY, wrap=True)
        self.window_words = Label(look, "", Type.TITLE)
        self.comment = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.due_word = Label(look, "", Type.STRONG, ink="text2")
        self.due = Label(look, "", Type.TOTAL, right=True)
        self.button = Button(
            look, say("stop.open"), key="Enter", kind=Kind.PRIMARY, height=Target.PRINT, token=Type.TITLE, centred=True
        )
        self.button.clicked.connect(self._open)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S3))
        for widget in (self.caption, self.window_words, self.address, self.who, self.comment):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.due_word)
        column.addWidget(self.due)
        column.addWidget(self.button)
        self.show_stop(None)

    def show_stop(self, row: OrderRow | None) -> None:
        """Another stop; None when nothing is left."""
        self._row = row
        say = self.look.say
        self.button.setEnabled(row is not None)
        if row is None:
            self.caption.set_text(say("stop.none"))
            for each in (self.window_words, self.address, self.who, self.comment, self.due_word, self.due):
                each.set_text("")
            return
        self.caption.set_text(say("stop.order", number=row.number))
        self.window_words.set_text(row.delivery_window)
        self.address.set_text(row.address or row.buyer)
        tail = f"…{row.phone_tail[:2]}-{row.phone_tail[2:]}" if len(row.phone_tail) == 4 else row.phone_tail
        self.who.set_text(" · ".join(each for each in (row.buyer, tail) if each))
        self.comment.set_text(say("stop.comment", comment=row.comment) if row.comment else "")
        self.due_word.set_text(say("stop.paid") if not row.to_pay else say("due"))
        self.due.set_text(say.money(row.to_pay if row.to_pay else row.price))

    def _open(self) -> None:
        if self._row is not None:
            self.opened.emit(self._row.order_id)
