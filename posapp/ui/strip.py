"""The line at the foot: what is not yet sent, how old, when the next try is, and whose move it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout

from posapp.domain.shift_hours import CloseAdvice
from posapp.till.views import JobsStrip, LoadProgress, OutboxStrip
from posapp.ui.alarms import CaseAlarm
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Button, Label, Pane
from posapp.ui.lights import INKS, Shape
from posapp.ui.look import Look
from posapp.ui.theme import STRIP, Space, Target, Type

NOTE_AFTER_S = 10
WARN_AFTER_S = 40
"""A link that is lost for a moment is no news: a grey note after ten seconds, amber after forty."""

HOLD_S = 8
HOLD_EXCHANGES = 2
"""And one that is back for a moment is none either: what was said stays for eight seconds and two good exchanges."""


@dataclass(frozen=True, slots=True)
class Foot:
    """What the strip says and how loud."""

    shape: Shape
    words: str
    needs_person: int = 0
    can_send: bool = False
    is_lost: bool = False  # it speaks of a link that is lost


def foot_of(strip: OutboxStrip | None, look: Look, *, is_short: bool = False) -> Foot:
    """The sentence for a state of the outbox; `is_short` for narrow windows."""
    say = look.say
    if strip is None:
        return Foot(Shape.NONE, say("strip.reading"))
    lost_s = look.seconds_since(strip.offline_since) if strip.is_offline and strip.offline_since else 0.0
    if lost_s >= NOTE_AFTER_S and strip.offline_since is not None:
        shape = Shape.WAIT if lost_s >= WARN_AFTER_S else Shape.NONE
        key = "strip.offline_unsent" if strip.unsent else "strip.offline"
        words = say.count(key, strip.unsent, age=look.age(strip.offline_since))
        return Foot(shape, words, strip.needs_person, can_send=True, is_lost=True)
    if strip.unsent:
        facts = {
            "oldest": say.age(look.seconds_since(strip.oldest_at)) if strip.oldest_at else "–",
            "next": _until(strip.next_try_at, look),
        }
        key = "strip.short" if is_short else "strip.unsent"
        return Foot(Shape.WAIT, say.count(key, strip.unsent, **facts), strip.needs_person, can_send=True)
    if strip.load is not None:
        return Foot(Shape.NONE, load_words(strip.load, look, is_short=is_short), strip.needs_person)
    if strip.needs_person:
        return Foot(Shape.BAD, say("strip.rest_sent"), strip.needs_person)
    return Foot(Shape.OK, say("strip.all_sent"))


def load_words(load: LoadProgress, look: Look, *, is_short: bool = False) -> str:
    """How far the load of all orders is."""
    say = look.say
    left = "" if load.left is None else say("strip.load_left", age=say.age(load.left.total_seconds()))
    facts = {"seen": _grouped(load.seen), "expected": _grouped(load.expected), "left": left}
    return say("strip.load_short" if is_short else "strip.load", **facts)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def _until(moment: datetime | None, look: Look) -> str:
    if moment is None:
        return look.say("strip.soon")
    now = look.now()
    if moment.tzinfo is None and now.tzinfo is not None:
        moment = moment.astimezone()
    seconds = (moment - now).total_seconds()
    return look.say("strip.in", age=look.say.age(seconds)) if seconds >= 1 else look.say("strip.soon")


def _jobs_words(jobs: JobsStrip, look: Look) -> str:
    """Why nothing is printed by the portal's orders and what to do, else how many of them wait."""
    say, trouble = look.say, jobs.trouble
    if trouble is None:
        return say("strip.jobs", waiting=jobs.waiting, held=jobs.held)
    why = f"{trouble.message(say.language)} {trouble.action(say.language)}"
    return say("strip.jobs_stopped", code=say.code(trouble.code), why=why)


class Strip(Pane):
    """The foot of the window; the same place on every screen."""

    send_now = Signal()
    open_log = Signal()
    open_desk = Signal()
    open_shift = Signal()

    def __init__(self, look: Look, *, is_short: bool = False) -> None:
        super().__init__(look, "bg", edge="top")
        self._is_short = is_short
        self._strip: OutboxStrip | None = None
        self._lost_at: datetime | None = None  # since when the link that the foot speaks of is lost
        self._told_at: datetime | None = None  # since when the foot speaks of it
        self._good = 0  # exchanges since it is back
        self.lamp = LampIcon(look)
        self.words = Label(look, token=Type.BODY, elide=True)
        self.jobs = Label(look, token=Type.BODY, elide=True)
        self.jobs.hide()
        self.person = Button(look, "", height=Target.SMALL)
        self.person.clicked.connect(self.open_log)
        self.cases = Button(look, "", height=Target.SMALL)
        self.cases.clicked.connect(self.open_desk)
        self.cases.hide()
        self.shift = Button(look, "", height=Target.SMALL)
        self.shift.clicked.connect(self.open_shift)
        self.shift.hide()
        self.send = Button(look, look.say("strip.send"), icon="cloud-up", height=Target.SMALL)
        self.send.clicked.connect(self.send_now)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(Space.S4), 0, look.px(Space.S4), 0)
        row.setSpacing(look.px(Space.S3))
        row.addWidget(self.lamp)
        row.addWidget(self.words, 1)
        row.addWidget(self.jobs, 1)
        row.addWidget(self.shift)
        row.addWidget(self.cases)
        row.addWidget(self.person)
        row.addWidget(self.send)
        self.setFixedHeight(look.px(STRIP))
        self.refresh()

    def show_strip(self, strip: OutboxStrip) -> None:
        """The outbox as it is now; a lost link that was spoken of is not taken back at once."""
        if strip.is_offline and self._told_at is not None:
            strip = replace(strip, offline_since=self._lost_at)  # it was back for a moment: the same notice goes on
        elif strip.is_offline:
            self._lost_at, self._good = strip.offline_since, 0
        elif self._is_held:
            strip = replace(strip, is_offline=True, offline_since=self._lost_at)
        else:
            self._lost_at = self._told_at = None
        self._strip = strip
        self._show_jobs(strip.jobs)
        self.refresh()

    def _show_jobs(self, jobs: JobsStrip | None) -> None:
        """Receipts that the portal orders, while any waits or cannot be printed."""
        is_bad = jobs is not None and (jobs.held > 0 or jobs.trouble is not None)
        self.jobs.setVisible(jobs is not None and (is_bad or jobs.waiting > 0))
        if jobs is not None:
            self.jobs.set_text(_jobs_words(jobs, self.look), INKS[Shape.BAD] if is_bad else "text")

    def exchanged(self, *, is_good: bool) -> None:
        """A round of the exchange ended."""
        self._good = self._good + 1 if is_good else 0

    @property
    def _is_held(self) -> bool:
        if self._told_at is None:
            return False
        return self._good < HOLD_EXCHANGES or self.look.seconds_since(self._told_at) < HOLD_S

    def show_cases(self, alarm: CaseAlarm) -> None:
        """What waits for a decision: the way to the resolve desk from every screen."""
        self.cases.set_text(self.look.say.count("strip.cases", alarm.count))
        self.cases.setVisible(alarm.count > 0)
        self.refresh()

    def show_shift(self, closes: CloseAdvice | None) -> None:
        """How long the shift still lasts and when to close it: the way to its button from every screen."""
        self.shift.setVisible(closes is not None)
        if closes is not None:
            say, left = self.look.say, closes.left.total_seconds()
            facts = {"age": say.age(left), "at": f"{closes.at:%H:%M}"}
            self.shift.set_text(say("strip.shift_ends", **facts) if left else say("strip.shift_over"))
        self.refresh()

    def refresh(self) -> None:
        """Counts down by itself."""
        foot = foot_of(self._strip, self.look, is_short=self._is_short)
        if foot.is_lost and self._told_at is None:
            self._told_at = self.look.now()
        if self.isVisible() and QFontMetrics(self.words.font()).horizontalAdvance(foot.words) > self.words.width():
            foot = foot_of(self._strip, self.look, is_short=True)
        self.lamp.show_shape(foot.shape)
        ink = "text" if foot.shape in (Shape.OK, Shape.NONE) else INKS[foot.shape]
        self.words.set_text(foot.words, ink)
        self.person.setVisible(foot.needs_person > 0)
        if foot.needs_person:
            self.person.set_text(self.look.say.count("strip.person", foot.needs_person))
        self.send.setVisible(foot.can_send and not self._is_short)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another sentence may fit, once the label knows its width."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self.refresh)

    def sending(self, is_busy: bool) -> None:
        """While the exchange runs, the button says so."""
        self.send.setEnabled(not is_busy)
