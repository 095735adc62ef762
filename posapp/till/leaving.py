"""Leaving: signing out and being uninstalled. Neither while something is unsent; there is no override."""

from __future__ import annotations

from dataclasses import dataclass

from posapp.domain.settlement import State
from posapp.errors import SetupError
from posapp.journal.card_rows import CardOperation
from posapp.journal.rows import StoredReceipt
from posapp.journal.store import Journal
from posapp.till import claims
from posapp.till.context import Till


@dataclass(frozen=True, slots=True)
class Unsent:
    """What the portal or the register has still to say: entries of the outbox, receipts, shift operations."""

    entries: int
    receipts: int
    operations: int

    @property
    def is_nothing(self) -> bool:
        """All is told, all is known."""
        return not (self.entries or self.receipts or self.operations)


def unsent(till: Till) -> Unsent:
    """Entries that wait, failed or are held; receipts begun, or owed for card money; operations without one."""
    return unsent_in(till.journal)


def unsent_in(journal: Journal) -> Unsent:
    """The same of a journal alone."""
    counts = journal.outbox_counts()
    return Unsent(
        entries=counts.waiting + counts.failed + counts.held,
        receipts=len(journal.receipts_in(State.SENDING, State.PENDING))
        + len(_held_corrections(journal))
        + len(_charged(journal)),
        operations=len(journal.operations_sending()),
    )


def _charged(journal: Journal) -> list[CardOperation]:
    """Card money without an answer, or without a receipt that was begun for it."""
    return [each for each in journal.open_cards() if not _is_begun(journal, each.receipt_key)]


def _is_begun(journal: Journal, key: str) -> bool:
    stored = journal.receipt(key) if key else None
    return stored is not None and stored.state is not State.CANCELLED


def _held_corrections(journal: Journal) -> list[StoredReceipt]:
    """Documents that put a receipt right and wait to be printed."""
    held = journal.receipts_in(State.HELD, State.REFUSED)
    return [each for each in held if each.receipt.settlement.fix is not None or each.receipt.correction is not None]


def refuse_unsent(till: Till) -> None:
    """Raises SetupError `unsent` with the counts, `claims_left` while this till keeps orders from the others."""
    left = unsent(till)
    if not left.is_nothing:
        error = SetupError("unsent", entries=left.entries, receipts=left.receipts, operations=left.operations)
        error.extra = {"unsent": {"entries": left.entries, "receipts": left.receipts, "operations": left.operations}}
        raise error
    claims.refuse_left(till)
