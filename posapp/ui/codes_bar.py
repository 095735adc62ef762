"""The row below an order's lines while marking codes are scanned: how many, take the last one off, goods without."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from posapp.ui.codes import CodeDraft
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.theme import Space, Target, Type


class CodesBar(Pane):
    """Hidden while nothing has to do with codes, and where there is no room (`stacked`): keys do it there.

    Emits `undone` and `unmarked`.
    """

    undone = Signal()
    unmarked = Signal()

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__(look, "sunken", edge="top")
        say = look.say
        self._stacked = stacked
        self.words = Label(look, "", Type.STRONG, elide=True)
        self.undo = Button(look, say("codes.undo"), key="Del", height=Target.SMALL)
        self.undo.clicked.connect(self.undone)
        self.unmark = Button(look, say("codes.unmarked"), height=Target.SMALL, kind=Kind.QUIET)
        self.unmark.clicked.connect(self.unmarked)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(Space.S4), look.px(Space.S2), look.px(Space.S4), look.px(Space.S2))
        row.setSpacing(look.px(Space.S2))
        row.addWidget(self.words, 1)
        row.addWidget(self.undo)
        row.addSpacing(look.px(Space.S3))
        row.addWidget(self.unmark)
        self.hide()

    def show_draft(self, draft: CodeDraft) -> None:
        """Another state of the codes."""
        self.words.set_text(self.look.say("codes.count", n=draft.wanted - draft.missing, of=draft.wanted))
        self.undo.rest(not draft.scanned)
        self.unmark.setVisible(draft.missing > 0)
        self.setVisible(bool(draft.marked) and not self._stacked)
