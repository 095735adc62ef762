"""The resolve desk, left pane: one case, its story in three lines, and what the register shows. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.till.views import Case
from posapp.ui.banner import Banner, LampIcon
from posapp.ui.controls import Button, Kind, Label, Pane
from posapp.ui.decision import DecisionSide
from posapp.ui.lights import INKS, Shape
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble


def shape_of_case(case: Case) -> Shape:
    """Red when somebody had to be told long ago, crimson when a person decides, amber while the program works on it."""
    if case.is_overdue:
        return Shape.BAD
    return Shape.UNKNOWN if case.needs_person else Shape.WAIT


class ResolveScreen(QWidget):
    """`side` stands in the right pane: the choices, and the stop before one is taken."""

    turned = Signal(int)  # +1 the next case, -1 the one before
    read_again = Signal()
    story_asked = Signal(str)
    left = Signal()  # on a narrow screen, where the row of keys gives its room to the case
    to_decide = Signal()  # on a narrow screen: show the right pane

    def __init__(self, look: Look, *, who: str, stacked: bool) -> None:
        super().__init__()
        self.look, self.stacked = look, stacked
        self.case: Case | None = None
        self._read_key = "act.recover" if stacked else "desk.read"
        say = look.say
        self.title = Label(look, say("desk.title"), Type.TITLE)
        self.count = Label(look, "", Type.BODY, ink="text2")
        self.before = Button(look, "", icon="arrow-left", height=Target.SMALL)
        self.before.setAccessibleName(say("desk.before"))
        self.after = Button(look, say("desk.after"), height=Target.SMALL)
        self.lamp = LampIcon(look)
        self.name = Label(look, "", Type.STRONG, wrap=True)
        self.facts = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.lines = [(Label(look, say(f"desk.{each}"), Type.STRONG), Label(look, wrap=True)) for each in _LINES]
        self.banner = Banner(look)
        self.empty = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.back = Button(look, "", key="Esc", kind=Kind.QUIET, height=Target.SMALL)
        self.back.setAccessibleName(say("desk.leave"))
        self.read = Button(look, say("desk.read"), icon="" if stacked else "refresh", height=Target.SMALL)
        self.story = Button(look, say("desk.story"), height=Target.SMALL, kind=Kind.QUIET)
        self.decide = Button(look, say("desk.decide"), kind=Kind.PRIMARY, height=Target.SMALL, centred=True)
        self.side = DecisionSide(look, who=who, stacked=stacked)
        self._build()
        self._connect()
        self.show_case(None, 0, 0)

    def _build(self) -> None:
        px, look = self.look.px, self.look
        top = QHBoxLayout()
        top.setSpacing(px(Space.S2))
        top.addWidget(self.title)
        top.addWidget(self.count)
        top.addStretch(1)
        top.addWidget(self.before)
        top.addWidget(self.after)
        self._body = Pane(look, "surface")
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, px(Space.S3), 0)
        column.setSpacing(px(Space.S2))
        head = QHBoxLayout()
        head.setSpacing(px(Space.S3))
        head.addWidget(self.lamp, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.name, 1)
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addSpacing(px(Space.S2))
        for caption, text in self.lines:
            column.addWidget(caption)
            column.addWidget(text)
            column.addSpacing(px(Space.S2))
        column.addStretch(1)
        self._scroller = Scroller(look, self._body)
        foot = QHBoxLayout()
        foot.setSpacing(px(Space.S2))
        foot.addWidget(self.back)
        foot.addWidget(self.read)
        foot.addWidget(self.story)
        foot.addStretch(1)
        foot.addWidget(self.decide)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S2))
        whole.setSpacing(px(Space.S2))
        whole.addLayout(top)
        whole.addWidget(self.banner)
        whole.addWidget(self._scroller, 1)
        whole.addWidget(self.empty, 1)
        whole.addLayout(foot)
        self.back.setVisible(self.stacked)  # now that it has a parent: before, it would become a window

    def _connect(self) -> None:
        self.before.clicked.connect(lambda: self.turned.emit(-1))
        self.after.clicked.connect(lambda: self.turned.emit(1))
        self.read.clicked.connect(self.read_again)
        self.decide.clicked.connect(self.to_decide)
        self.back.clicked.connect(self.left)
        self.story.clicked.connect(self._ask_story)

    # ------------------------------------------------------------------ what is shown

    def show_case(self, case: Case | None, number: int, count: int) -> None:
        """The case `number` of `count` (from 1); None when nothing waits."""
        say = self.look.say
        self.case = case
        self.count.set_text(say("desk.count", n=number, count=count) if count > 1 else "")
        for button in (self.before, self.after):
            button.setVisible(count > 1)
        self.empty.set_text(say("desk.empty"))
        self.empty.setVisible(case is None)
        self._scroller.setVisible(case is not None)
        self.story.setVisible(case is not None and bool(case.order_number) and not self.stacked)
        self.decide.setVisible(self.stacked and case is not None and case.needs_person)
        self.side.show_case(case)
        if case is None:
            return
        shape = shape_of_case(case)
        self.lamp.show_shape(shape)
        self.name.set_text(case.title, INKS[shape])
        for (_caption, label), text in zip(self.lines, case.story, strict=True):
            label.set_text(text)
        self._scroller.verticalScrollBar().setValue(0)
        self.refresh()

    def refresh(self) -> None:
        """The age of now."""
        case, say = self.case, self.look.say
        if case is None:
            return
        facts = [
            say("desk.waits", age=self.look.age(case.since)),
            say.money(case.total) if case.total else "",
            say("code", code=say.code(case.code)) if case.code else "",
        ]
        self.facts.set_text(" · ".join(each for each in facts if each))

    def reading(self, is_reading: bool) -> None:
        """The storage is being read, or has been."""
        self.read.rest(is_reading)
        self.read.set_text(self.look.say("desk.reading" if is_reading else self._read_key))
        if is_reading and self.case is None:
            self.empty.set_text(self.look.say("desk.reading_first"))
        elif self.case is None:
            self.empty.set_text(self.look.say("desk.empty"))

    def show_trouble(self, trouble: Trouble | None) -> None:
        """What came of a reading or a decision."""
        if trouble is None:
            self.banner.clear()
        else:
            self.banner.show_trouble(trouble)

    def _ask_story(self) -> None:
        if self.case is not None and self.case.order_number:
            self.story_asked.emit(self.case.order_number)


_LINES = ("asked", "shows", "next")
