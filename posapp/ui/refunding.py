"""What comes back of a receipt, while it is being chosen: how much of which line. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, Tender

if TYPE_CHECKING:  # they know the journal, which the first paint must not wait for
    from posapp.till.refund import Left, Original

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt that may be taken back, and what of it is left."""

    original: Original
    left: Left


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the chosen lines come to, and how the money goes back."""

    total: Money
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """`left` and `back` (what comes back now) by line of the receipt, in their order."""

    left: tuple[Decimal, ...]
    back: tuple[Decimal, ...]

    @classmethod
    def of(cls, left: Left) -> Return:
        """Nothing is chosen."""
        return cls(left.lines, tuple(Decimal(0) for _ in left.lines))

    @property
    def is_none(self) -> bool:
        """Nothing is chosen."""
        return not any(self.back)

    def step(self, line: int, by: int) -> Return:
        """One more (+1) or one less (−1) of a line (from 1) comes back; what is weighed comes back whole."""
        left, now = self.left[line - 1], self.back[line - 1]
        size = ONE if left == int(left) else left
        then = min(max(now + by * size, Decimal(0)), left)
        return replace(self, back=(*self.back[: line - 1], then, *self.back[line:]))

    def all(self) -> Return:
        """Everything that is left."""
        return replace(self, back=self.left)

    def lines(self) -> dict[int, Quantity]:
        """As the till takes them: the number of the line from 0."""
        return {number: Quantity(each) for number, each in enumerate(self.back) if each}


def return_of(original: Receipt, begun: Receipt, left: Return) -> Return:
    """The lines of a refund that was begun, found among those of the receipt; it can only be ended as it was begun."""
    found = left
    for line in begun.lines:
        for number, each in enumerate(original.lines):
            is_free = not found.back[number] and line.quantity.value <= each.quantity.value
            if is_free and (line.name, line.price, line.marking) == (each.name, each.price, each.marking):
                back = (*found.back[:number], line.quantity.value, *found.back[number + 1 :])
                found = replace(found, back=back)
                break
    return found
