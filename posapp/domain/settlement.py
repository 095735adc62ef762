"""Exactly one fiscal document per settlement: what a settlement is, which states its receipt goes through, its key.

The table `MOVES` is the whole life of a receipt; nothing about permitted changes of state lives elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from posapp.domain.fiscal import ReceiptKind


class State(StrEnum):
    """Where a receipt stands."""

    HELD = "held"  # waits for a person: an unmapped VAT rate, a doubt
    PENDING = "pending"  # in the journal, nothing sent
    SENDING = "sending"  # an attempt began; its outcome is not proven
    FISCALIZED = "fiscalized"  # the mark is on disk
    REFUSED = "refused"  # proven not made, the reason is known
    CANCELLED = "cancelled"  # given up by a person; the settlement is free again


class By(StrEnum):
    """On whose word a state may change."""

    PROGRAM = "program"
    PROOF = "proof"  # the fiscal storage was read
    PERSON = "person"


MOVES: frozenset[tuple[State, State, By]] = frozenset(
    {
        (State.HELD, State.PENDING, By.PERSON),
        (State.HELD, State.CANCELLED, By.PERSON),
        (State.PENDING, State.SENDING, By.PROGRAM),
        (State.PENDING, State.CANCELLED, By.PERSON),
        (State.SENDING, State.FISCALIZED, By.PROOF),
        (State.SENDING, State.FISCALIZED, By.PERSON),  # a document read from the register; its QR when that is gone
        (State.SENDING, State.REFUSED, By.PROOF),
        (State.SENDING, State.PENDING, By.PROOF),  # only when proven not made
        (State.REFUSED, State.PENDING, By.PERSON),  # selling again
        (State.REFUSED, State.CANCELLED, By.PERSON),
    }
)


def may_move(before: State, after: State, by: By) -> bool:
    """Whether the table allows it."""
    return (before, after, by) in MOVES


class Fix(StrEnum):
    """What a document does to a wrong one that was issued."""

    UNDO = "undo"  # takes it back, a right one follows
    REDO = "redo"  # the right one
    VOID = "void"  # takes it back, nothing follows: it was one too many


_HANDOVER, _RUNNING = "handover:", "#"


def handover_part(shipment_id: int) -> str:
    """The part of a settlement that hands goods over without taking money for them now."""
    return f"{_HANDOVER}{shipment_id}"


def numbered_part(part: str, number: int) -> str:
    """The part of the `number`th refund of a settlement; the first one keeps the part itself.

    Not that of a document that put another one right: with another kind it would be taken for such a document.
    """
    if number < 1:
        raise ValueError("refunds are counted from 1")
    return part if number == 1 and _RUNNING not in part else f"{part}{_RUNNING}{number}"


def fix_part(part: str, fix: Fix, key: str) -> str:
    """The part of a document that puts right the receipt `key`, whose own part is `part`."""
    if not is_key(key):
        raise ValueError(f"not a short key: {key!r}")
    return f"{part.partition(_RUNNING)[0]}{_RUNNING}{fix.value}-{key}"


def extra_part(part: str, key: str) -> str:
    """The part of a document that is one too many for the payment of `part`, and that has the key `key`."""
    return f"{part.partition(_RUNNING)[0]}{_RUNNING}extra-{key}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one fiscal document settles: (portal, order, payment or part, kind).

    `part` is the portal's payment id for money that is taken, `handover:<shipment id>` for goods that are handed over
    against a prepayment or on credit; several refunds of one part carry a running number, `77#2`; what puts a wrong
    receipt right names it by its key, `77#undo-<key>`, `77#redo-<key>`.
    """

    portal: str
    order_id: int
    part: str
    kind: ReceiptKind

    @property
    def payment_id(self) -> int | None:
        """The portal's payment whose money this settles; None for a hand-over and what has no payment."""
        number = self.part.partition(_RUNNING)[0]
        return int(number) if number.isascii() and number.isdigit() else None

    @property
    def shipment_id(self) -> int | None:
        """The portal's shipment whose goods this hands over; None for all others."""
        number = self.part.partition(_RUNNING)[0].removeprefix(_HANDOVER)
        return int(number) if self.part.startswith(_HANDOVER) and number.isascii() and number.isdigit() else None

    @property
    def base(self) -> str:
        """The part without what runs behind it: which payment, or which shipment."""
        return self.part.partition(_RUNNING)[0]

    @property
    def fix(self) -> tuple[Fix, str] | None:
        """What this does to which wrong receipt, by its key; None for everything that puts nothing right."""
        found = _FIX.fullmatch(self.part)
        return None if found is None else (Fix(found[1]), found[2])

    @property
    def id(self) -> str:
        """The text under which the journal keeps it unique."""
        return f"{self.portal}|{self.order_id}|{self.part}|{self.kind.value}"


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KEY = re.compile(rf"[{_CROCKFORD}]{{16}}")
_FIX = re.compile(rf"[^{_RUNNING}]*{_RUNNING}({'|'.join(Fix)})-([{_CROCKFORD}]{{16}})")
KEY_PROPERTY = "posapp"
"""Tag 1085, the name of the user requisite that carries our key."""


def short_key(identity: UUID) -> str:
    """The receipt's key as it travels in the fiscal document: base32 of the low 80 bits, 16 characters."""
    low = identity.int & ((1 << 80) - 1)
    return "".join(_CROCKFORD[low >> shift & 31] for shift in range(75, -1, -5))


def identity_of(key: str) -> int:
    """The 80 bits of a short key. Raises ValueError when it is none."""
    if not is_key(key):
        raise ValueError(f"not a short key: {key!r}")
    number = 0
    for letter in key:
        number = number << 5 | _CROCKFORD.index(letter)
    return number


def is_key(text: str) -> bool:
    """Whether `text` has the form of a short key."""
    return _KEY.fullmatch(text) is not None


DOT, ASCII_DOT = "·", "|"
"""What stands between the parts of a stamp."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Tag 1086 of a posapp document: `till·order·key`. The order's number may be empty (a walk-in sale).

    A register that takes no 1084 carries the bare key in 1192, which holds 16 characters: till and order are then "".

    `dot` is what stands between: АТОЛ's letters have no middle dot – its driver would make a space of it, and a key
    that comes back otherwise is none –, so there it is ASCII.
    """

    till: str
    order: str
    key: str
    dot: str = field(default=DOT, compare=False)

    def text(self) -> str:
        """As written into 1086 (CP866 has the middle dot)."""
        return f"{self.till}{self.dot}{self.order}{self.dot}{self.key}"

    @classmethod
    def parse(cls, text: str) -> Stamp | None:
        """What 1086 or 1192 says, or None if it is of neither form. An order number may itself hold the dot."""
        if is_key(text):
            return cls("", "", text)
        for dot in (DOT, ASCII_DOT):
            till, first, rest = text.partition(dot)
            order, last, key = rest.rpartition(dot)
            if first and last and is_key(key):
                return cls(till, order, key, dot)
        return None
