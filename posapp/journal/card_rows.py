"""What the journal keeps of card money: every charge and every money back, one row each, before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from posapp.domain.money import Money

CHARGE, REFUND, CANCEL = "charge", "refund", "cancel"
"""Card money of a sale · back to a card with a refund receipt · a charge given back of which no receipt was printed."""

ASKING, APPROVED, DECLINED = "asking", "approved", "declined"
RECEIPTED, RETURNED = "receipted", "returned"
BY_TERMINAL, BY_INQUIRY, BY_PERSON = "terminal", "inquiry", "person"


class ChargeTaken(Exception):
    """The settlement has a card operation that is not over: `reference`. The caller words it, by that one's state."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(f"the settlement has card operation {reference}")


class RrnTaken(Exception):
    """The number (RRN) that a person typed already proves another operation: `reference`. One slip proves one."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(f"the RRN belongs to card operation {reference}")


@dataclass(frozen=True, slots=True)
class NewCardOperation:
    """An operation that is about to be asked for.

    `reference` is what the terminal knows it by: 16 characters, never used twice. `settlement` is that of the receipt
    that is to be printed for it (for a `cancel` a name of its own), `receipt_key` that receipt's key. `original` is the
    RRN that money goes back to, `of` the reference of the charge that a `cancel` gives back. `order_number` is "" for a
    sale without an order.
    """

    reference: str
    kind: str
    settlement: str
    portal: str
    order_id: int
    order_number: str
    receipt_key: str
    amount: Money
    who: str
    original: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """How an operation ended. `by`: `terminal` its own answer, `inquiry` asked again by its reference, `person`.

    `rrn`, `authorization`, `card` (masked: never more than the last four digits) and `terminal` are "" where not told.
    """

    state: str  # approved, declined
    by: str
    rrn: str = ""
    authorization: str = ""
    card: str = ""
    terminal: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CardOperation(NewCardOperation):
    """An operation as it stands.

    `state`: `asking` – its outcome is not known; `approved` – money moved and its receipt is not printed (a `cancel`
    has none); `receipted` – it is printed; `declined` – proven that no money moved; `returned` – given back.
    `is_receipted`: the receipt is printed, also where only the receipt tells (a journal that was restored).
    """

    state: str = ASKING
    by: str = ""
    rrn: str = ""
    authorization: str = ""
    card: str = ""
    terminal: str = ""
    reason: str = ""
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    is_receipted: bool = False

    @property
    def is_unknown(self) -> bool:
        """Nobody knows whether money moved."""
        return self.state == ASKING

    @property
    def is_open(self) -> bool:
        """Something is owed: an answer, or a receipt."""
        return self.is_unknown or (self.state == APPROVED and self.kind != CANCEL and not self.is_receipted)
