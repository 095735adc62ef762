"""The marking codes of one order while they are scanned: which lines need them, what was scanned, what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from posapp.domain.marking import MarkingCode
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine
from posapp.till.code_views import CodeAnswer, Said, can_carry
from posapp.ui.lights import Shape
from posapp.ui.look import Look

HANDS_NOTHING_OVER = (Way.PREPAYMENT, Way.PART_PREPAYMENT, Way.ADVANCE, Way.SITE_PAYMENT, Way.DEBT)
"""Ways whose receipts carry no codes: the goods go out with another receipt, or went out before."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code on a line (from 1); `answer` None while it is asked about."""

    line: int
    code: MarkingCode
    answer: CodeAnswer | None = None


@dataclass(frozen=True, slots=True)
class CodeDraft:
    """`things`: how many codes each line may carry, by its place. `without`: a person's word that these have none.

    `stays`: how many things of each line are not taken by the customer; their codes are not for this receipt.
    """

    things: tuple[int, ...] = ()
    needed: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    scanned: tuple[Scanned, ...] = ()
    stays: tuple[Decimal, ...] = ()

    @classmethod
    def of(cls, order: Order) -> CodeDraft:
        """Nothing scanned yet."""
        return cls(tuple(int(line.quantity.value) if can_carry(line) else 0 for line in order.lines))

    def taking(self, refused: Sequence[RefusedLine]) -> CodeDraft:
        """The same while these lines, or parts of them, are refused."""
        by_line = {each.number: each.quantity for each in refused}
        stays = []
        for number, things in enumerate(self.things, start=1):
            quantity = by_line.get(number)
            stays.append(
                Decimal(0) if number not in by_line else Decimal(things) if quantity is None else quantity.value
            )
        return replace(self, stays=tuple(stays) if refused else ())

    def need(self, line: int) -> int:
        """How many codes a line takes to this receipt."""
        return self.things[line - 1] - (int(self.stays[line - 1]) if self.stays else 0)

    @property
    def surplus(self) -> bool:
        """There is a code of a thing that is refused."""
        return any(self.count(line) > self.need(line) for line in self.marked)

    def count(self, line: int) -> int:
        """How many codes a line has."""
        return sum(each.line == line for each in self.scanned)

    @property
    def asking(self) -> tuple[Scanned, ...]:
        """Codes that nobody has answered for yet."""
        return tuple(each for each in self.scanned if each.answer is None)

    @property
    def marked(self) -> list[int]:
        """The lines that need codes: known ones, and those that have some of theirs."""
        lines = (self.needed - self.without) | {each.line for each in self.scanned}
        return sorted(lines)

    @property
    def missing(self) -> int:
        """How many codes are still to be scanned."""
        return sum(max(self.need(line) - self.count(line), 0) for line in self.marked)

    @property
    def wanted(self) -> int:
        """How many codes the order needs as far as it is known."""
        return sum(self.need(line) for line in self.marked)

    def has(self, code: MarkingCode) -> bool:
        """The thing is scanned already."""
        return any(each.code.identity == code.identity for each in self.scanned)

    def open_lines(self, lines: Iterable[int]) -> tuple[int, ...]:
        """Those of the lines that can take one more code, those that wait for one first."""
        free = [line for line in lines if self.count(line) < self.things[line - 1]]
        return tuple(sorted(free, key=lambda line: (line not in self.marked, line)))

    def needing(self, lines: Sequence[int]) -> tuple[int, ...]:
        """Those of the lines that wait for a code."""
        return tuple(line for line in lines if line in self.marked)

    def added(self, line: int, code: MarkingCode) -> CodeDraft:
        """With one more code."""
        return replace(self, scanned=(*self.scanned, Scanned(line, code)), without=self.without - {line})

    def without_last(self) -> CodeDraft:
        """Without the code that was scanned last."""
        return replace(self, scanned=self.scanned[:-1])

    def without_thing(self, identity: str) -> CodeDraft:
        """Without one thing."""
        return replace(self, scanned=tuple(each for each in self.scanned if each.code.identity != identity))

    def unmarked(self) -> CodeDraft:
        """A person says that what still lacks codes has none."""
        lacking = {line for line in self.marked if self.count(line) < self.things[line - 1]}
        kept = tuple(each for each in self.scanned if each.line not in lacking)
        return replace(self, scanned=kept, without=self.without | lacking)

    def answered(self, answers: Iterable[CodeAnswer]) -> CodeDraft:
        """With what came back; banned things are taken off."""
        by_thing = {each.identity: each for each in answers}
        seen = [replace(each, answer=by_thing.get(each.code.identity, each.answer)) for each in self.scanned]
        kept = tuple(each for each in seen if each.answer is None or each.answer.said is not Said.BANNED)
        return replace(self, scanned=kept)

    def by_line(self) -> dict[int, tuple[MarkingCode, ...]]:
        """As the sale takes them."""
        return {line: tuple(each.code for each in self.scanned if each.line == line) for line in
                dict.fromkeys(each.line for each in self.scanned)}  # fmt: skip


def line_words(draft: CodeDraft, line: int, look: Look, asking_s: int = 0) -> tuple[Shape, str]:
    """The lamp and the words of a line; no words for one that has nothing to do with codes."""
    say, things, count = look.say, draft.need(line), draft.count(line)
    stays = draft.stays[line - 1] if draft.stays else Decimal(0)
    if stays and (line not in draft.marked or not things):
        ordered = draft.things[line - 1] or stays
        return Shape.NONE, say("refusal.line", n=say.quantity(f"{stays.normalize():f}"), of=ordered)
    if line in draft.without and not count:
        return Shape.NONE, say("codes.without")
    if line not in draft.marked:
        return Shape.NONE, ""
    answers = [each.answer for each in draft.scanned if each.line == line]
    if None in answers:
        return Shape.WAIT, say("codes.asking", age=say.age(asking_s)) if asking_s else say("codes.asking_now")
    if count < things:
        return Shape.WAIT, say("codes.lacks", n=count, of=things)
    said = {each.said for each in answers if each is not None}
    if Said.LATER in said:
        return Shape.WAIT, say("codes.later")
    return Shape.OK, say("codes.by_register" if Said.REGISTER in said else "codes.allowed")
