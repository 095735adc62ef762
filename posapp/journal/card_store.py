"""Card money as the journal offers it; a part of `store.Journal`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from posapp.journal import card_queries
from posapp.journal.card_rows import CardOperation, CardOutcome, NewCardOperation
from posapp.journal.connect import Readers
from posapp.journal.rows import Decision

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")


class CardStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    def start_card(self, new: NewCardOperation) -> None:
        """Keeps an operation before the terminal is asked for it. Raises ChargeTaken."""
        self._write(lambda changes: changes.start_card(new))

    def end_card(self, reference: str, outcome: CardOutcome, *, decision: Decision | None = None) -> None:
        """How an operation ended. Raises IllegalMove, RrnTaken."""
        self._write(lambda changes: changes.end_card(reference, outcome), decision)

    def keep_card(self, new: NewCardOperation, outcome: CardOutcome, *, decision: Decision | None = None) -> None:
        """An operation that a person made by hand, with its outcome, at once. Raises ChargeTaken, RrnTaken."""

        def keep(changes: Changes) -> None:
            changes.start_card(new)
            changes.end_card(new.reference, outcome)

        self._write(keep, decision)

    def note_card(self, reference: str, reason: str) -> None:
        """Why the outcome of an operation is not known, for people."""
        self._write(lambda changes: changes.note_card(reference, reason))

    def card(self, reference: str) -> CardOperation | None:
        """By its reference."""
        with self._readers.reading() as db:
            return card_queries.operation(db, reference)

    def open_cards(self) -> list[CardOperation]:
        """Operations of which an answer or a receipt is owed, oldest first."""
        with self._readers.reading() as db:
            return card_queries.open_operations(db)

    def cards_of_order(self, portal: str, order_id: int) -> list[CardOperation]:
        """Every card operation of an order, oldest first."""
        with self._readers.reading() as db:
            return card_queries.of_order(db, portal, order_id)

    def card_of_receipt(self, key: str) -> CardOperation | None:
        """The approved operation that moved the money of a receipt."""
        with self._readers.reading() as db:
            return card_queries.of_receipt(db, key)

    def cards(self, limit: int = 200) -> list[CardOperation]:
        """The newest first."""
        with self._readers.reading() as db:
            return card_queries.newest(db, limit)
