"""Marked goods at the counter: a scanned code finds its line, is asked about beside the work, and is kept for the sale.

No widgets here. The counter tells which order is open and hands over what was scanned; the window shows the draft.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from posapp.domain.marking import BadMarking, MarkingCode
from posapp.domain.order import Order
from posapp.errors import PosError
from posapp.lanes import Lanes
from posapp.till.code_views import CodeAnswer, CodeRead, Said
from posapp.till.views import OrderView
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.choice_page import Option
from posapp.ui.codes import CodeDraft
from posapp.ui.desk import Desk
from posapp.ui.look import Look
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, trouble_of

REFUSED = 307
"""The number of a code that must not be sold, for the phone."""


@dataclass(frozen=True, slots=True)
class LineOf:
    """An answer to "which goods is it from": this code belongs to that line."""

    line: int
    code: MarkingCode


class Counting(Protocol):
    """What the marker asks of the counter."""

    def codes_changed(self) -> None:
        """The draft is another one: lines, hold and button follow."""
        ...

    def ask_line(self, options: list[Option]) -> None:
        """A list of lines to choose from."""
        ...

    def say_code(self, trouble: Trouble | None) -> None:
        """A message about a code; None when the last one is no longer true."""
        ...


class Marker(QObject):
    """The codes of the open order; those of an order that was put aside are kept until it is sold."""

    def __init__(
        self, counting: Counting, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look, sounds: Sounds
    ) -> None:
        super().__init__()
        self._counting, self._bridge, self._desk, self._lanes = counting, bridge, desk, lanes
        self._look, self._sounds = look, sounds
        self._order: Order | None = None
        self._drafts: dict[int, CodeDraft] = {}
        self._is_asking = False
        self.asking_s = 0
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._still_asking)

    @property
    def draft(self) -> CodeDraft:
        """Of the open order; an empty one without it."""
        return CodeDraft() if self._order is None else self._drafts.get(self._order.order_id, CodeDraft())

    # ------------------------------------------------------------------ the order

    def open(self, view: OrderView) -> None:
        """An order is on the screen: which of its goods are sold by codes?"""
        order = self._order = view.order
        kept = self._drafts.get(order.order_id)
        fresh = CodeDraft.of(order)
        if kept is None or kept.things != fresh.things:
            self._drafts[order.order_id] = fresh

        def known(lines: tuple[int, ...]) -> None:
            found = self._drafts.get(order.order_id)
            if found is not None and set(lines) <= set(range(1, len(found.things) + 1)):
                self._drafts[order.order_id] = replace(found, needed=frozenset(lines))
                self._changed(order)

        self._bridge.run(self._lanes.journal, lambda: self._desk.needed_codes(order.order_id), known, self._ignore)

    def close(self) -> None:
        """No order is open."""
        self._order = None

    def sold(self, order_id: int) -> None:
        """Its codes are on a receipt."""
        self._drafts.pop(order_id, None)

    # ------------------------------------------------------------------ what is scanned

    def scanned(self, read: CodeRead) -> None:
        """A code of a marked thing: to its line, or the question which line it is."""
        order, draft, say = self._order, self.draft, self._look.say
        if order is None:
            self.warn("codes.no_order", "codes.no_order_action", "wait")
            return
        if draft.has(read.code):
            self._sounds.play("duplicate")
            self._counting.say_code(Trouble("wait", say("codes.twice"), say("codes.twice_action"), ""))
            return
        free = draft.open_lines(read.lines)
        waiting = draft.needing(free)
        if not free:
            self.warn("codes.full", "codes.full_action", "bad")
        elif len(free) == 1 or len(waiting) == 1:
            self.take(LineOf((waiting or free)[0], read.code))
        else:
            self._sounds.play("scan")
            self._counting.ask_line([self._option(order, line, read.code) for line in waiting or free])

    def _option(self, order: Order, line: int, code: MarkingCode) -> Option:
        say, draft = self._look.say, self.draft
        caption = say("codes.which_count", n=draft.count(line), of=draft.things[line - 1])
        return Option(order.lines[line - 1].name, caption, LineOf(line, code), elides=True)

    def take(self, found: LineOf) -> None:
        """The code belongs to this line; it is asked about at once."""
        if self._order is None:
            return
        self._sounds.play("scan")
        self._counting.say_code(None)
        self._keep(self.draft.added(found.line, found.code))
        self._ask()

    def not_read(self, failure: Failure) -> None:
        """A scan that is no code of a thing: what is wrong with it, and where."""
        say = self._look.say
        if isinstance(failure, BadMarking):
            said = say("codes.bad", what=failure.facts.get("what", "?"))
            trouble = Trouble("bad", said, say("codes.bad_action"), str(failure.number))
        else:
            trouble = trouble_of(failure, say)
        self._sounds.play("unknown")
        self._counting.say_code(trouble)

    def undo(self) -> None:
        """The code that was scanned last was a mistake."""
        if self.draft.scanned:
            self._keep(self.draft.without_last())

    def go_unmarked(self) -> None:
        """A person says that what still lacks codes has none."""
        if self.draft.missing:
            self._keep(self.draft.unmarked())

    def refused(self, failure: Failure) -> bool:
        """The sale was refused for a code: that thing is taken off, another one may be scanned. True when it was so."""
        if not isinstance(failure, PosError) or failure.code != "marking_refused":
            return False
        tail = str(failure.facts.get("code", ""))
        for each in self.draft.scanned:
            if tail and each.code.identity.endswith(tail):
                self._keep(self.draft.without_thing(each.code.identity))
                return True
        return False

    # ------------------------------------------------------------------ asking

    def _ask(self) -> None:
        """One question for all codes that wait; whoever is scanned meanwhile is in the next one."""
        order = self._order
        if order is None or self._is_asking or not self.draft.asking:
            return
        codes = tuple(each.code for each in self.draft.asking)
        self._is_asking, self.asking_s = True, 0
        self._tick.start()
        self._bridge.run(
            self._lanes.device,
            lambda: self._desk.ask_codes(codes),
            lambda answers: self._answered(order, answers),
            lambda failure: self._not_answered(order, codes, failure),
        )

    def _still_asking(self) -> None:
        self.asking_s += 1
        self._counting.codes_changed()

    def _ended(self) -> None:
        self._is_asking = False
        self._tick.stop()

    def _answered(self, order: Order, answers: tuple[CodeAnswer, ...]) -> None:
        self._ended()
        draft = self._drafts.get(order.order_id)
        if draft is None:
            return
        self._drafts[order.order_id] = draft.answered(answers)
        self._changed(order)
        if self._order is not None and self._order.order_id == order.order_id:
            self._tell(answers)
        self._ask()

    def _tell(self, answers: tuple[CodeAnswer, ...]) -> None:
        say = self._look.say
        for each in answers:
            if each.said is Said.BANNED:
                self._sounds.play("unknown")
                message = say("codes.banned", why=each.why)
                self._counting.say_code(Trouble("bad", message, say("codes.banned_action"), str(REFUSED)))
                return
            if each.said is Said.LATER:
                message = say("codes.silent", why=each.why)
                self._counting.say_code(Trouble("wait", message, say("codes.silent_action"), ""))

    def _not_answered(self, order: Order, codes: tuple[MarkingCode, ...], failure: Failure) -> None:
        """Nobody could even be asked: without that there will be no receipt, so it is said at once."""
        self._ended()
        draft = self._drafts.get(order.order_id)
        for each in codes:
            draft = None if draft is None else draft.without_thing(each.identity)
        if draft is not None:
            self._drafts[order.order_id] = draft
        self._changed(order)
        self.not_read(failure)

    # ------------------------------------------------------------------

    def _keep(self, draft: CodeDraft) -> None:
        if self._order is not None:
            self._drafts[self._order.order_id] = draft
            self._counting.codes_changed()

    def _changed(self, order: Order) -> None:
        if self._order is not None and self._order.order_id == order.order_id:
            self._counting.codes_changed()

    def warn(self, message: str, action: str, tone: str) -> None:
        """A code that cannot be taken: two sentences of the catalogue."""
        self._sounds.play("unknown")
        self._counting.say_code(Trouble(tone, self._look.say(message), self._look.say(action), ""))

    def _ignore(self, failure: Failure) -> None:
        """What is not known is not asked for; the sale itself looks again."""
