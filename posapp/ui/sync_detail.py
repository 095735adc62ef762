"""One request of the sync log: what went wrong and what to do, what was asked, what was answered, all to be copied."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from posapp.till.sync_views import SyncDetail
from posapp.till.views import SyncRow
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.lights import INKS, Shape
from posapp.ui.look import Look
from posapp.ui.paper import letters
from posapp.ui.scroller import Scroller
from posapp.ui.tables import ScrollBar
from posapp.ui.theme import Space, Target, Type

LETTER = 14
BODY_HEIGHT = 150
"""The least height of a request or an answer; where there is less room the page scrolls."""
SECOND_MS = 1000
DOCUMENT = "ФД "
"""So begins what stands for the order's number where there is no order."""


def step_words(row: SyncRow, look: Look) -> str:
    """What a request was for: a step of write-back, the reading before it, the loading of orders or goods."""
    is_read = row.method.endswith((".get", ".list"))
    if row.step == "pull":
        return look.say("step.goods" if row.method.startswith("catalog.") else "step.pull")
    return look.say("step.read") if is_read else look.say(f"step.{row.step}")


def title_of(row: SyncRow, look: Look) -> str:
    """Whose request it was and what for; a sale without an order is known by its document's number."""
    step, number = step_words(row, look), row.order_number
    if not number:
        return step
    key = "log.title_receipt" if number.startswith(DOCUMENT) else "log.title_order"
    return look.say(key, number=number, step=step)


def took(row: SyncRow, look: Look) -> str:
    """How long a request took: `340 мс`, `1,3 с`."""
    if row.duration_ms < SECOND_MS:
        return look.say("log.ms", n=row.duration_ms)
    seconds = f"{row.duration_ms / SECOND_MS:.1f}"
    return look.say("log.s", n=seconds.replace(".", ",") if look.say.language == "ru" else seconds)


def facts_of(row: SyncRow, look: Look, *, is_whole: bool = False) -> str:
    """When, how long, which try, what the server said; `is_whole` adds receipt and number for support."""
    say = look.say
    http = say("log.no_http") if row.http is None else say("log.http", n=row.http)
    text = say(
        "log.facts", when=say.moment(row.at, look.now()), took=took(row, look), n=row.attempt, http=http,
        method=row.method, code=say.code(row.code) or "–",
    )  # fmt: skip
    if is_whole:
        more = [say("log.receipt", key=row.receipt)] if row.receipt else []
        text = " · ".join([text, *more, say("log.number", n=row.row_id)])
    return text


def pretty(text: str) -> str:
    """JSON with a line for each field; anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


class RequestPage(Pane):
    """Takes the place of the list; `left` when the list is wanted back."""

    left = Signal()

    def __init__(self, look: Look, *, stacked: bool) -> None:
        super().__init__(look, "surface")
        say, px = look.say, look.px
        self.detail: SyncDetail | None = None
        self.back = Button(look, say("log.back"), key="Esc", height=Target.SMALL)
        self.back.clicked.connect(self.left)
        self.copy = Button(look, say("log.copy"), height=Target.SMALL, kind=Kind.PLAIN)
        self.copy.clicked.connect(self._copy)
        self.title = Label(look, "", Type.TITLE, elide=True)
        self.trouble = Label(look, "", Type.STRONG, wrap=True)
        self.remedy = Label(look, "", Type.BODY, wrap=True)
        self.facts = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.request = _Body(look, say("log.request"))
        self.answer = _Body(look, say("log.answer"))
        self.note = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(px(Space.S3))
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        head.addWidget(self.copy)
        direction = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        bodies = QBoxLayout(direction)
        bodies.setSpacing(px(Space.S3))
        bodies.addWidget(self.request, 2)
        bodies.addWidget(self.answer, 3)
        head.setContentsMargins(px(Space.S4), px(Space.S2), px(Space.S4), 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(px(Space.S1))
        whole.addLayout(head)
        inside = Pane(look, "surface")
        column = QVBoxLayout(inside)
        column.setContentsMargins(px(Space.S4), px(Space.S1), px(Space.S4), px(Space.S2))
        column.setSpacing(px(Space.S2))
        for widget in (self.trouble, self.remedy, self.facts):
            column.addWidget(widget)
        column.addLayout(bodies, 1)
        column.addWidget(self.note)
        whole.addWidget(Scroller(look, inside), 1)

    def show_detail(self, detail: SyncDetail, shape: Shape) -> None:
        """Another request; `shape` is how loud its row is."""
        self.detail = detail
        say, row = self.look.say, detail.row
        self.title.set_text(title_of(row, self.look))
        self.trouble.set_text(detail.trouble or say(f"outcome.{row.outcome}"), INKS[shape])
        self.remedy.set_text(detail.remedy or say("log.fine"))
        self.remedy.setVisible(bool(detail.remedy) or row.outcome == "done")
        self.facts.set_text(facts_of(row, self.look, is_whole=True))
        self.request.setVisible(detail.is_kept)
        self.answer.setVisible(detail.is_kept)
        self.request.show_text(pretty(detail.request))
        self.answer.show_text(pretty(detail.answer) if detail.answer else say("log.no_answer"))
        self.note.set_text(say("log.masked") if detail.is_kept else say("log.not_kept"))
        self.copy.set_text(say("log.copy"))

    def text(self) -> str:
        """All of it as one text, for a letter to support."""
        shown = (self.title, self.trouble, self.remedy, self.facts)
        head = [each.whole for each in shown if each.whole]
        bodies = [f"{each.title.whole}:\n{each.edit.toPlainText()}" for each in (self.request, self.answer)]
        return "\n".join(head) + ("\n\n" + "\n\n".join(bodies) if self.detail and self.detail.is_kept else "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self.copy.set_text(self.look.say("log.copied"))


class _Body(QWidget):
    """A request or an answer: letters of one width, to be scrolled and marked, never changed."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.title = Label(look, name, Type.STRONG)
        self.edit = QPlainTextEdit()
        self.edit.setReadOnly(True)
        self.edit.setAccessibleName(name)
        self.edit.setTabChangesFocus(True)
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setFont(letters(look.px(LETTER)))
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.edit.setVerticalScrollBar(ScrollBar(look))
        self.edit.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made = self.edit.palette()
        made.setColor(QPalette.ColorRole.Base, look.colour("sunken"))
        made.setColor(QPalette.ColorRole.Text, look.colour("text"))
        self.edit.setPalette(made)
        self.edit.document().setDocumentMargin(look.px(Space.S2))
        self.edit.setMinimumHeight(look.px(BODY_HEIGHT))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(Space.S1))
        column.addWidget(self.title)
        column.addWidget(self.edit, 1)

    def show_text(self, text: str) -> None:
        """Another text, from its beginning."""
        self.edit.setPlainText(text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.Start)
