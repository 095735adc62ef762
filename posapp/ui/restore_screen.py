"""A damaged or copied journal: what happened, what the program will do, and one deliberate button. No crash, no code.

The restore itself runs elsewhere (`start.main` is given it); here stand its words, who asks for it and why, how far it
is, and what came of it. Enter does not begin it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.ui.banner import Banner, LampIcon
from posapp.ui.controls import ENTER_KEYS, Button, Field, Kind, Label, Pane
from posapp.ui.decision import DecideButton
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble

if TYPE_CHECKING:  # it knows the journal, which the first paint must not wait for
    from posapp.till.restore import Report

STEPS = ("check", "copy", "salvage", "place", "storage", "orders", "adopt")
"""The steps of a restore in their order, as `posapp.till.restore` names them."""
REASONS = 3


class RestoreScreen(QWidget):
    """`side` stands in the right pane: who, why, and the button."""

    to_side = Signal()  # on a narrow screen: show the right pane

    def __init__(self, look: Look, *, who: str, stacked: bool) -> None:
        super().__init__()
        self.look = look
        say = look.say
        self.message = Label(look, "", Type.STRONG, ink="bad", wrap=True)
        self.steps = {name: (LampIcon(look), Label(look, say(f"restore.step.{name}"), wrap=True)) for name in STEPS}
        self.result = Label(look, "", Type.BODY, wrap=True)
        self._reached = -1
        self.side = RestoreSide(look, who)
        page = Pane(look, "surface")
        px = look.px
        column = QVBoxLayout(page)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        column.addWidget(Label(look, say("restore.title"), Type.TITLE))
        column.addWidget(self.message)
        column.addWidget(Label(look, say("restore.safe"), Type.BODY, wrap=True))
        column.addSpacing(px(Space.S3))
        column.addWidget(Label(look, say("restore.does"), Type.STRONG))
        for lamp, words in self.steps.values():
            row = QHBoxLayout()
            row.setSpacing(px(Space.S3))
            row.addWidget(lamp, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(words, 1)
            column.addLayout(row)
        column.addSpacing(px(Space.S2))
        column.addWidget(self.result)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scroller(look, page))
        if stacked:
            self.next = Button(look, say("desk.decide"), kind=Kind.PRIMARY, centred=True)
            self.next.clicked.connect(self.to_side)
            whole.addWidget(self.next)

    def show_damage(self, trouble: Trouble) -> None:
        """What happened to the journal."""
        self.message.set_text(trouble.message)
        self.result.set_text("")
        self._show_step("")
        self.side.show_question()

    def show_progress(self, step: str, done: int, total: int) -> None:
        """How far it is; `total` 0 is not known."""
        self._show_step(step, done, total)
        self.side.busy(True)

    def _show_step(self, current: str, done: int = 0, total: int = 0) -> None:
        say = self.look.say
        at = max(self._reached, STEPS.index(current)) if current in STEPS else -1  # a file is checked more than once
        self._reached = at
        for number, (name, (lamp, words)) in enumerate(self.steps.items()):
            is_now = number == at
            lamp.show_shape(Shape.OK if number < at else Shape.WAIT if is_now else Shape.NONE)
            text = say(f"restore.step.{name}")
            words.set_text(say("restore.so_far", step=text, done=done, total=total) if is_now and total else text)

    def show_report(self, report: Report) -> None:
        """What came of it: what was taken from where, and what still waits for somebody."""
        for lamp, _words in self.steps.values():
            lamp.show_shape(Shape.OK if report.is_whole else Shape.WAIT)
        self.result.set_text("\n".join(report_words(report, self.look)))
        self.side.show_end(report, self.look)

    def show_failure(self, trouble: Trouble) -> None:
        """It could not be done: why, and it may be tried again."""
        self._show_step("")
        self.side.show_question()
        self.side.banner.show_trouble(trouble)


def report_words(report: Report, look: Look) -> list[str]:
    """What a restore came to, a sentence a line."""
    say = look.say
    lines = [
        say("restore.from_copy", copy=_when(report.copy_at, look) or report.from_copy)
        if report.base == "copy"
        else say("restore.from_journal" if report.base == "journal" else "restore.from_nothing")
    ]
    if report.adopted:
        lines.append(say.count("restore.adopted", len(report.adopted)))
    if report.aside:
        lines.append(say("restore.aside", path=report.aside))
    lines += [say("restore.lost", what=each) for each in report.lost]
    lines += [say("restore.waiting", why=each.why) for each in report.waiting]
    return lines


def _when(text: str | None, look: Look) -> str:
    """A moment of the report as people say it; what is no moment stays as it is."""
    try:
        return look.say.moment(datetime.fromisoformat(text), look.now()) if text else ""
    except ValueError:
        return text or ""


class RestoreSide(Pane):
    """Signals: `asked(who, why)` once per deliberate act; `reopen` when it is over."""

    asked = Signal(str, str)
    reopen = Signal()

    def __init__(self, look: Look, who: str) -> None:
        super().__init__(look, "surface", edge="left")
        say, px = look.say, look.px
        self.is_busy = False
        self._is_over = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # where Enter does nothing
        self.setProperty("no_ring", True)
        self.setAccessibleName(say("restore.title"))
        self.who = Field(look, say("desk.who"))
        self.who.setText(who or say("restore.nobody"))  # fingers have no keyboard
        self.why = Field(look, say("desk.why"))
        self.why.setPlaceholderText(say("desk.why_hint"))
        self.banner = Banner(look)
        self.hint = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.button = DecideButton(look)
        self._questions = Pane(look, "surface")
        inside = QVBoxLayout(self._questions)
        inside.setContentsMargins(0, 0, px(Space.S2), px(Space.S2))
        inside.setSpacing(px(Space.S2))
        for key, field in (("desk.who", self.who), ("desk.why", self.why)):
            row = QHBoxLayout()
            row.setSpacing(px(Space.S3))
            label = Label(look, say(key), Type.BODY)
            label.setMinimumWidth(px(120))
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field, 1)
            inside.addLayout(row)
            field.textChanged.connect(self._refresh)
        for number in range(1, REASONS + 1):
            words = say(f"why.restore.{number}")
            button = Button(look, words, height=Target.SMALL, token=Type.BODY)
            button.clicked.connect(lambda _checked=False, text=words: self.why.put(text))
            inside.addWidget(button)
        inside.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        column.addWidget(Scroller(look, self._questions), 1)
        column.addWidget(self.banner)
        column.addWidget(self.hint)
        column.addWidget(self.button)
        self.button.clicked.connect(self._press)
        self.show_question()

    def show_question(self) -> None:
        """Not begun, or it may be begun again."""
        self.is_busy = self._is_over = False
        self.banner.clear()
        self._refresh()

    def busy(self, is_busy: bool) -> None:
        """It runs."""
        self.is_busy = is_busy
        self._refresh()

    def show_end(self, report: Report, look: Look) -> None:
        """It is over; where something waits it may be repeated, and the till opens all the same."""
        self.is_busy, self._is_over = False, True
        say = look.say
        if report.is_whole:
            self.banner.show_trouble(Trouble("ok", say("restore.done"), say("restore.done_action"), ""))
        else:
            said = say.count("restore.waits", len(report.waiting))
            self.banner.show_trouble(Trouble("wait", said, say("restore.waits_action"), "470"))
        self._refresh()

    def key(self, event: QKeyEvent) -> bool:
        """Ctrl+Enter presses the button. True when the key was ours."""
        if event.key() not in ENTER_KEYS:
            return False
        is_chord = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if is_chord and not event.isAutoRepeat() and self.button.isEnabled():
            self._press()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As `key`; the rest goes to the window."""
        if self.key(event):
            event.accept()
        else:
            event.ignore()

    def _refresh(self) -> None:
        say = self.look.say
        is_complete = bool(self.who.text().strip() and self.why.text().strip())
        self._questions.setEnabled(not self.is_busy and not self._is_over)
        self.hint.set_text(say("desk.need_who" if not self.who.text().strip() else "desk.need_why"))
        self.hint.setVisible(not is_complete and not self._is_over)
        words = "restore.open" if self._is_over else "restore.running" if self.is_busy else "act.restore"
        self.button.set_text(say(words))
        self.button.setEnabled(self._is_over or (is_complete and not self.is_busy))

    def _press(self) -> None:
        if self._is_over:
            self.reopen.emit()
        elif not self.is_busy:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.busy(True)
            self.asked.emit(self.who.text().strip(), self.why.text().strip())
