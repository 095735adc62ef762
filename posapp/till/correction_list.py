"""`posapp correct list`: what was begun and is not whole, then what the program sees to be wrong, with its documents.

Nothing is changed and nothing printed; the register is asked for its format, and for documents that differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from posapp.domain.correction import Basis
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TenderKind
from posapp.errors import WORDS, PosError
from posapp.till import correction_state, mismatches, orders
from posapp.till.context import Till
from posapp.till.correct_late import Late, planned_late
from posapp.till.correct_plan import Said, planned, planned_void
from posapp.till.correction_state import Correction
from posapp.till.correction_words import plan_json
from posapp.till.mismatches import Mismatch


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be put right. `documents` would do it; where there are none, `trouble` says why.

    `is_assumed`: day and tender are known to people alone, so they are shown as if it had been today and in cash.
    """

    code: str
    order: str
    key: str
    amount: Money
    told: PosError | Mismatch
    command: str
    document: int | None = None
    documents: tuple[Receipt, ...] = ()
    trouble: PosError | None = None
    is_assumed: bool = False

    def message(self, language: str = "ru") -> str:
        """What is wrong."""
        return self.told.message(language)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """A line of the command."""
        return {
            "code": self.code,
            "number": WORDS[self.code].number,
            "order": self.order,
            "key": self.key or None,
            "document_number": self.document,
            "amount_kopecks": self.amount.kopecks,
            "message": self.told.message(language),
            "action": self.told.action(language),
            "command": self.command,
            "plan": plan_json(self.documents, language),
            "plan_is_assumed": self.is_assumed,
            "trouble": None if self.trouble is None else self.trouble.as_json(language),
        }


def items(till: Till, since: datetime) -> list[Item]:
    """Everything that waits, what was begun first; receipts since then are looked at. Raises JournalError."""
    begun = [*_begun(till), *_late(till)]
    return [*begun, *(_wrong(till, each) for each in mismatches.found(till, since))]


def _begun(till: Till) -> Iterator[Item]:
    for known in correction_state.unfinished(till):
        trouble = known.trouble()
        if trouble is not None:
            yield _of(known, trouble)


def _of(known: Correction, trouble: PosError) -> Item:
    receipt, mark = known.wrong.receipt, known.wrong.mark
    left = tuple(each.receipt for each in known.documents if each.mark is None)
    command = f"posapp correct {receipt.key}"
    number = mark.document_number if mark is not None else None
    return Item(trouble.code, receipt.order_number, receipt.key, receipt.total, trouble, command, number, left)


def _late(till: Till) -> Iterator[Item]:
    for stored in correction_state.late_unfinished(till):
        receipt = stored.receipt
        trouble = correction_state.begun(receipt.key, receipt)
        command = f"posapp correct {receipt.key}"
        yield Item(
            trouble.code, receipt.order_number, receipt.key, receipt.total, trouble, command, documents=(receipt,)
        )


def _wrong(till: Till, found: Mismatch) -> Item:
    """A mismatch with what would be printed for it."""
    item = Item(found.code, found.order, found.key, found.amount, found, found.command, found.document)
    stored = till.journal.receipt(found.key) if found.key else None
    try:
        if stored is not None:
            return replace(item, documents=planned(till, stored, Said(is_void=found.is_void)))
        if found.is_void and found.document is not None:
            return replace(item, documents=planned_void(till, found.document, Basis()))
        return replace(item, documents=(_as_if_today(till, found.order),), is_assumed=True)
    except PosError as trouble:
        return replace(item, trouble=trouble)


def _as_if_today(till: Till, number: str) -> Receipt:
    """The correction of an order that has no receipt, paid in cash and today."""
    order = orders.find(till, number)
    return planned_late(till, order, Late(till.now().date(), tender=TenderKind.CASH), "")
