"""What a customer does not take of an order, while it is being said at the door: how much of which line, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from posapp.domain.money import Quantity
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`ordered` and `stays` (what is not taken) by line, in their order; a delivery has 0 and follows by itself."""

    ordered: tuple[Decimal, ...]
    stays: tuple[Decimal, ...]
    why: str = ""

    @classmethod
    def of(cls, order: Order) -> Refusal:
        """Everything is taken."""
        ordered = tuple(Decimal(0) if line.is_delivery else line.quantity.value for line in order.lines)
        return cls(ordered, tuple(Decimal(0) for _ in ordered))

    def taken(self, line: int) -> Decimal:
        """How much of a line (from 1) is taken."""
        return self.ordered[line - 1] - self.stays[line - 1]

    def step(self, line: int, by: int) -> Refusal:
        """One more (+1) or one less (−1) is taken; what is weighed is taken or not."""
        ordered, stays = self.ordered[line - 1], self.stays[line - 1]
        size = ONE if ordered == int(ordered) else ordered
        now = min(max(stays - by * size, Decimal(0)), ordered)
        return replace(self, stays=(*self.stays[: line - 1], now, *self.stays[line:]))

    @property
    def is_all(self) -> bool:
        """Nothing is taken."""
        return self.stays == self.ordered

    @property
    def is_none(self) -> bool:
        """Everything is taken."""
        return not any(self.stays)

    @property
    def refused(self) -> tuple[RefusedLine, ...]:
        """As the sale takes it."""
        return tuple(RefusedLine(number, Quantity(each)) for number, each in enumerate(self.stays, start=1) if each)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an order is handed over: what is refused and why, for the sale; `words` for the screen."""

    refused: tuple[RefusedLine, ...]
    why: str
    words: str = ""
