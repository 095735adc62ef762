"""What has changed in the open order since the courier left with it: old → new, above the goods, until it was seen."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from posapp.domain.order_changes import Change, What
from posapp.till.views import OrderView
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Label, Pane
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.theme import Space, Type
from posapp.ui.trouble import Trouble

SHOWN = 5
"""So many differences are told one by one, money first; more would push the goods off the screen."""


SHOWN_STACKED = 3


class ChangesBar(Pane):
    """Hidden while nothing has changed. Where panes are stacked there is room for one line: what matters most."""

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__(look, "sunken", edge="top")
        self.look, self._stacked = look, stacked
        self.title = Label(look, "", Type.STRONG, elide=True)
        self.lines = [Label(look, "", Type.BODY, wrap=True) for _ in range(SHOWN + 1)]
        self._lamp = LampIcon(look, Shape.WAIT)
        px = look.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(Space.S4), px(Space.S2), px(Space.S4), px(Space.S2))
        row.setSpacing(px(Space.S3))
        side = QVBoxLayout()
        side.addWidget(self._lamp)
        side.addStretch(1)
        row.addLayout(side)
        column = QVBoxLayout()
        column.setSpacing(px(Space.S1))
        column.addWidget(self.title)
        for each in self.lines:
            column.addWidget(each)
            each.hide()
        row.addLayout(column, 1)
        self.hide()

    def show_changes(self, view: OrderView) -> None:
        """The differences of another order, or of the same one later."""
        say = self.look.say
        told = [_words(each, self.look) for each in view.changes[:SHOWN]]
        if len(view.changes) > SHOWN:
            told.append(say("door.more", n=len(view.changes) - SHOWN))
        at = view.left_at.astimezone(self.look.now().tzinfo) if view.left_at is not None else None
        if self._stacked and told:
            rest = len(view.changes) - 1
            self.title.set_text(f"{told[0]} · {say('door.more', n=rest)}" if rest else told[0])
            self.setVisible(True)
            return
        self.title.set_text(say("door.title", at=self._at(at)))
        for number, label in enumerate(self.lines):
            label.set_text(told[number] if number < len(told) else "")
            label.setVisible(number < len(told))
        self.setVisible(bool(told))

    def _at(self, at: datetime | None) -> str:
        """The time, with the day where it was not today."""
        if at is None:
            return "–"
        return f"{at:%H:%M}" if at.date() == self.look.now().date() else f"{at:%d.%m %H:%M}"


def _words(change: Change, look: Look) -> str:
    return change.words(look.say.language)


def changed_words(view: OrderView, look: Look, *, stacked: bool) -> Trouble:
    """Why money is not taken yet, and the button by which a person says that he has seen it.

    `stacked`: the order is not in sight beside the pane, so the differences stand here.
    """
    say = look.say
    due = next((each for each in view.changes if each.what is What.TO_PAY), None)
    message = say("door.goods") if due is None else say("door.due", before=due.before, after=due.after)
    if not stacked:
        return Trouble("wait", message, say("door.action"), "253", "seen")
    told = [each.words(say.language) for each in view.changes if each is not due]
    if len(told) > SHOWN_STACKED:
        told[SHOWN_STACKED - 1 :] = [say("door.more", n=len(told) - SHOWN_STACKED + 1)]
    return Trouble("wait", message, "\n".join(told), "253", "seen")
