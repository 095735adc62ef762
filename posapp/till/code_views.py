"""Marking codes at the counter as the screens show them: plain values, made by `marked_goods`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from posapp.domain.marking import MarkingCode
from posapp.domain.order import OrderLine


class Said(StrEnum):
    """What came of asking about a code."""

    ALLOWED = "allowed"  # «Честный знак» lets it be sold
    BANNED = "banned"
    LATER = "later"  # nobody answered in time: it is asked again when the receipt is printed
    REGISTER = "register"  # the shop asks nobody but the register, which checks it at the receipt


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """The answer for the code with this identity; `why` is the reason of a ban or of silence, in a person's words."""

    identity: str
    said: Said
    why: str = ""


@dataclass(frozen=True, slots=True)
class CodeRead:
    """A code that was scanned, and the lines of the order (from 1) that it may belong to."""

    code: MarkingCode
    lines: tuple[int, ...]


def can_carry(line: OrderLine) -> bool:
    """Whole pieces of goods may carry codes; deliveries and what is weighed may not."""
    quantity = line.quantity.value
    return not line.is_delivery and quantity == int(quantity)
