"""The money of one settlement while it is being taken: what was handed over, what is missing, what to give back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Way, way_of
from posapp.domain.receipt import Receipt, TenderKind

_NOTES = (100_00, 500_00, 1_000_00, 5_000_00)  # what a customer rounds up to
_ODD_TIMES = 10


class Method(StrEnum):
    """How the customer pays."""

    CASH = "cash"
    CARD = "card"
    MIX = "mix"
    NONE = "none"  # paid before: no money changes hands


@dataclass(frozen=True, slots=True)
class Draft:
    """Tenders before they are a receipt. `received` None means exact cash; `card` counts in `MIX` only.

    `odd_confirmed` is the sum that a person said is right although it is more than ten times what is due. `offset` is
    what was paid before and is counted on the receipt.
    """

    due: Money
    method: Method
    received: Money | None = None
    card: Money | None = None
    odd_confirmed: Money | None = None
    offset: Money = ZERO

    @property
    def cash_tender(self) -> Money:
        """What `Desk.sell` gets as cash: everything handed over, change included."""
        if self.method in (Method.CARD, Method.NONE):
            return ZERO
        if self.received is not None:
            return self.received
        return self.due if self.method is Method.CASH else ZERO

    @property
    def card_tender(self) -> Money:
        """What `Desk.sell` gets as card. In a mix the card takes the rest until a sum is typed for it."""
        if self.method is Method.CARD:
            return self.due
        if self.method in (Method.CASH, Method.NONE):
            return ZERO
        return self.card if self.card is not None else max(self.due - self.cash_tender, ZERO)

    @property
    def missing(self) -> Money:
        """What is still short, zero when nothing is."""
        return max(self.due - self.cash_tender - self.card_tender, ZERO)

    @property
    def change(self) -> Money:
        """What to give back; only cash gives change."""
        return max(self.cash_tender + self.card_tender - self.due, ZERO)

    @property
    def card_is_too_much(self) -> bool:
        """More on the card than is due: there is no change from a card."""
        return self.card_tender > self.due

    @property
    def is_odd(self) -> bool:
        """More than ten times what is due and nobody confirmed it: a slip of the finger, most likely."""
        return self.cash_tender.kopecks > _ODD_TIMES * self.due.kopecks and self.odd_confirmed != self.received

    @property
    def is_ready(self) -> bool:
        """The receipt may be printed with these tenders."""
        if self.method is Method.NONE:
            return self.due == ZERO
        if self.due <= ZERO or self.missing or self.card_is_too_much or self.is_odd:
            return False
        return self.method is not Method.MIX or (self.cash_tender > ZERO and self.card_tender > ZERO)

    def confirm_odd(self) -> Draft:
        """The person says that the large sum is right."""
        return replace(self, odd_confirmed=self.received)


def quick_sums(due: Money) -> list[Money]:
    """What customers hand over for `due`: the exact sum and up to three round ones, each larger than the one before."""
    sums = [due]
    for note in _NOTES:
        rounded = Money(-(-due.kopecks // note) * note)
        if rounded > sums[-1] and len(sums) < 4:
            sums.append(rounded)
    return sums


def type_into(text: str, key: str) -> str:
    """A sum being typed, after one more `key`: a digit, `,` or `<` (rub out). At most 8 digits and 2 decimals."""
    if key == "<":
        return text[:-1]
    whole, comma, part = text.partition(",")
    if key == ",":
        return text if comma else (whole or "0") + ","
    if comma:
        return text if len(part) >= 2 else text + key
    if len(whole) >= 8:
        return text
    return key if whole == "0" else text + key


def sum_of(text: str) -> Money | None:
    """The typed sum; None for an empty field, which means exactly what is due."""
    text = text.strip().removesuffix(",")
    return Money.parse(text) if text else None


@dataclass(frozen=True, slots=True)
class Paid:
    """What stands largest when a receipt is done: the change, or – where none can be due – what was paid and how."""

    key: str  # of the catalogue
    amount: Money
    is_money: bool = True  # somebody took money for this receipt

    @classmethod
    def of(cls, receipt: Receipt) -> Paid:
        """Of a receipt as it was printed."""
        cash, card = receipt.tender(TenderKind.CASH), receipt.tender(TenderKind.CASHLESS)
        if receipt.kind is ReceiptKind.SELL and way_of(receipt) is Way.SITE_PAYMENT:
            return cls("done.came_in", receipt.total, is_money=False)
        if not cash and not card:
            return cls._unpaid(receipt)
        if receipt.change or not card:
            return cls("pay.change", receipt.change)
        return cls("done.paid" if cash else "done.paid_card", receipt.total)

    @classmethod
    def _unpaid(cls, receipt: Receipt) -> Paid:
        credit, other = receipt.tender(TenderKind.CREDIT), receipt.tender(TenderKind.OTHER)
        if credit:
            return cls("done.on_credit", credit, is_money=False)
        if other:
            return cls("done.exchanged", other, is_money=False)
        return cls("done.no_money", receipt.total, is_money=False)
