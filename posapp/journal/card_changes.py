"""Changes of card money; a part of `changes.Changes`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from posapp.journal import statements as sql
from posapp.journal.card_rows import (
    APPROVED,
    BY_PERSON,
    DECLINED,
    RETURNED,
    CardOutcome,
    ChargeTaken,
    NewCardOperation,
    RrnTaken,
)
from posapp.journal.mapping import micros
from posapp.journal.rows import IllegalMove


class CardChanges:
    """On the writing connection, each a part of one transaction."""

    _db: sqlite3.Connection
    _now: Callable[[], datetime]

    def start_card(self, new: NewCardOperation) -> None:
        """An operation before it is asked for. Raises ChargeTaken while the settlement has one that is not over."""
        row = {
            "reference": new.reference,
            "kind": new.kind,
            "of_reference": new.of,
            "settlement": new.settlement,
            "portal": new.portal,
            "order_id": new.order_id,
            "order_number": new.order_number,
            "receipt_key": new.receipt_key,
            "amount_kopecks": new.amount.kopecks,
            "state": "asking",
            "decided_by": "",
            "original": new.original,
            **dict.fromkeys(("rrn", "authorization", "card", "terminal", "reason"), ""),
            "who": new.who,
            "asked_at": micros(self._now()),
            "ended_at": None,
        }
        try:
            sql.ADD_CARD.run(self._db, row)
        except sqlite3.IntegrityError:
            other = sql.CARD_OF_SETTLEMENT.run(self._db, row).fetchone()
            if other is None:
                raise
            raise ChargeTaken(other[0]) from None

    def end_card(self, reference: str, outcome: CardOutcome) -> None:
        """asking → approved or declined. A cancel that is approved makes its charge `returned`.

        Raises IllegalMove; RrnTaken for a number that a person typed and that another operation has.
        """
        row = {
            "reference_": reference,
            "state": outcome.state,
            "decided_by": outcome.by,
            "rrn": outcome.rrn,
            "authorization": outcome.authorization,
            "card": outcome.card,
            "terminal": outcome.terminal,
            "reason": outcome.reason,
            "at": micros(self._now()),
        }
        if outcome.by == BY_PERSON and outcome.rrn:
            other = sql.CARD_OF_RRN.run(self._db, {"rrn": outcome.rrn}).fetchone()
            if other is not None:
                raise RrnTaken(other[0])
        if outcome.state not in (APPROVED, DECLINED) or sql.END_CARD.run(self._db, row).rowcount != 1:
            raise IllegalMove(f"card {reference}", "", outcome.state)
        if outcome.state == APPROVED:
            sql.RETURN_CARD.run(self._db, {"reference_": reference, "state": RETURNED})

    def note_card(self, reference: str, reason: str) -> None:
        """Why the outcome is not known."""
        sql.NOTE_CARD.run(self._db, {"reference_": reference, "reason": reason})

    def link_card(self, reference: str, key: str) -> None:
        """The receipt that is printed for an approved operation. Raises IllegalMove for one that is none."""
        if sql.LINK_CARD.run(self._db, {"reference_": reference, "receipt_key": key}).rowcount != 1:
            raise IllegalMove(f"card {reference}", "", "linked")
