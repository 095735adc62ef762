"""Shifts, couriers' days and refusals, as the journal offers them; a part of `store.Journal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument
from posapp.domain.money import Money
from posapp.journal import day_queries
from posapp.journal.connect import Readers
from posapp.journal.rows import CourierDay, Decision, NewRefusal, Refusal, StoredReceipt, StoredShift

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")


class DayStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- shifts
    def note_shift(self, device: DeviceIdentity, document: FiscalDocument) -> None:
        """Keeps the report that opened or closed a shift, whoever made it; other documents are not its matter."""
        if document.shift_number is None:
            return
        if document.type == DocumentType.SHIFT_OPEN:
            self._write(lambda changes: changes.note_opening(device, document))
        elif document.type == DocumentType.SHIFT_CLOSE:
            self._write(lambda changes: changes.note_closing(device, document))

    def keep_shift_report(self, device: DeviceIdentity, shift_number: int, report: Mapping[str, object]) -> None:
        """What was counted in a shift that is about to be closed; plain JSON. The last word before closing counts."""
        self._write(lambda changes: changes.keep_shift_report(device, shift_number, report))

    def shift(self, storage_number: str, shift_number: int) -> StoredShift | None:
        """A shift (1038) of a storage (1041), as far as it is known."""
        with self._readers.reading() as db:
            return day_queries.shift(db, storage_number, shift_number)

    def shifts(self, storage_number: str, limit: int = 31) -> list[StoredShift]:
        """The newest shifts of a storage, newest first."""
        with self._readers.reading() as db:
            return day_queries.shifts(db, storage_number, limit)

    # -------------------------------------------------------------------------------------------- days
    def open_day(
        self,
        courier: str,
        opened_by: str,
        float_taken: Money,
        device: DeviceIdentity | None,
        *,
        decision: Decision | None = None,
    ) -> CourierDay:
        """Begins a courier's day; its receipts are those after the last document of `device` that the journal knows.

        Raises SaleError `day_open`: there is one bag of money on a till.
        """
        return self._write(lambda changes: changes.open_day(courier, opened_by, float_taken, device), decision)

    def close_day(
        self,
        day: CourierDay,
        counted: Money,
        received_by: str,
        why: str,
        figures: Mapping[str, object],
        receipts: int,
        *,
        signatures: tuple[Decision, Decision],
    ) -> None:
        """Hands a day in: what was counted, who received it, the figures, and both signatures in the audit log.

        All of it or nothing. `receipts`: how many the figures rest on. Raises IllegalMove when it is handed in already,
        or when a receipt came in since the figures were made.
        """
        first, second = signatures

        def change(changes: Changes) -> None:
            changes.close_day(day, counted, received_by, why, figures, receipts)
            changes.note(first)

        self._write(change, second)

    def current_day(self) -> CourierDay | None:
        """The day that is not handed in yet."""
        with self._readers.reading() as db:
            return day_queries.open_day(db)

    def courier_day(self, day_id: int) -> CourierDay | None:
        """By id."""
        with self._readers.reading() as db:
            return day_queries.day(db, day_id)

    def courier_days(self, limit: int = 31) -> list[CourierDay]:
        """The newest first."""
        with self._readers.reading() as db:
            return day_queries.days(db, limit)

    def receipts_of_day(self, day: CourierDay) -> list[StoredReceipt]:
        """The fiscalized receipts of a day, in the order of their documents."""
        with self._readers.snapshot() as db:
            return day_queries.receipts_of_day(db, day)

    # -------------------------------------------------------------------------------------------- refusals
    def add_refusal(self, refused: NewRefusal, day_id: int | None, *, decision: Decision | None = None) -> None:
        """Keeps what a customer did not take."""
        self._write(lambda changes: changes.add_refusal(refused, day_id), decision)

    def refusals(self, limit: int = 200) -> list[Refusal]:
        """The newest first, of all orders and days."""
        with self._readers.reading() as db:
            return day_queries.refusals(db, limit)

    def refusals_of_day(self, day_id: int) -> list[Refusal]:
        """Oldest first."""
        with self._readers.reading() as db:
            return day_queries.refusals_of_day(db, day_id)

    def refusals_of_order(self, portal: str, order_id: int) -> list[Refusal]:
        """Oldest first."""
        with self._readers.reading() as db:
            return day_queries.refusals_of_order(db, portal, order_id)
