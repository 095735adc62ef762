"""The journal: everything that must survive a crash, a power cut and a restart. Read this one first.

`Journal` is used from any thread. What writes is one transaction each, run by the writer's thread (`writer.py`, the
changes in `changes.py`); the method returns when it is durable or raises, and then nothing of it is there. What reads
uses read-only connections (`connect.py`, the questions in `queries.py`).

A change that a person caused takes that person's `decision`: its record in the audit log is a part of the same
transaction, so that neither is ever there without the other.

Every method raises `JournalError` for trouble with the disk: `disk_full`, `disk_read_only`, `journal_busy`,
`journal_damaged`, `journal_failed`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Settlement, State
from posapp.errors import JournalError, SetupError
from posapp.journal import audit_copy, chain, queries
from posapp.journal.board_store import BoardStore
from posapp.journal.card_store import CardStore
from posapp.journal.catalogue_store import CatalogueStore
from posapp.journal.connect import JOURNAL_NAME, Readers, open_reader, open_writer
from posapp.journal.day_store import DayStore
from posapp.journal.failures import sorted_failures, trouble_of
from posapp.journal.job_store import JobStore
from posapp.journal.lock import DirectoryLock
from posapp.journal.log_store import LogStore, pack
from posapp.journal.mapping import order_columns
from posapp.journal.migrate import check_readable, migrate
from posapp.journal.rows import (
    Attempt,
    AuditRecord,
    Decision,
    DeviceSending,
    DocumentTaken,
    EntryResult,
    IllegalMove,
    KnownDevice,
    LogRow,
    NewEntry,
    NewLogRow,
    Operation,
    OutboxCounts,
    OutboxEntry,
    SettlementTaken,
    StoredReceipt,
)
from posapp.journal.stock_store import StockStore
from posapp.journal.writer import Writer

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")


class Journal(CatalogueStore, DayStore, BoardStore, StockStore, LogStore, JobStore, CardStore):
    """An open journal; made by `open`, ended by `close` or a `with` block."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime],
        readers: Readers,
        writer: Writer[Changes] | None,
        lock: DirectoryLock | None,
    ) -> None:
        self.path = path
        self._now = now
        self._readers = readers
        self._writer = writer
        self._lock = lock

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime],
        write: bool = True,
        connect: Callable[[Path], sqlite3.Connection] = open_writer,
    ) -> Journal:
        """Opens the journal in a data directory; `now` gives aware times.

        `write=True` creates it when missing, takes the directory's lock and brings the schema up to date; `write=False`
        only reads, beside a till that runs or not. Raises JournalError – also `journal_newer` –, for a journal that is
        not there SetupError `not_set_up` when only reading. `connect` opens the writing connection (a disk that fails).
        """
        path = folder / JOURNAL_NAME
        return cls._open_to_write(path, now, connect) if write else cls._open_to_read(path, now)

    @classmethod
    def _open_to_write(
        cls, path: Path, now: Callable[[], datetime], connect: Callable[[Path], sqlite3.Connection] = open_writer
    ) -> Journal:
        with sorted_failures(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = DirectoryLock(path.parent)
            try:
                migrate(path, now())
                writer: Writer[Changes] = Writer(lambda: connect(path), lambda db: _changes(db, now))
            except BaseException:
                lock.release()
                raise
        return cls(path, now, Readers(path), writer, lock)

    @classmethod
    def _open_to_read(cls, path: Path, now: Callable[[], datetime]) -> Journal:
        if not path.exists():
            raise SetupError("not_set_up", what=str(path), command="printer")
        with sorted_failures(path):
            db = open_reader(path)
            try:
                is_current = check_readable(db)
            finally:
                db.close()
        if not is_current:  # nobody has opened it since the program was updated
            cls._open_to_write(path, now).close()
        return cls(path, now, Readers(path), None, None)

    @property
    def is_read_only(self) -> bool:
        """Opened beside a program that writes, or for looking only: no change is possible here."""
        return self._writer is None

    def close(self) -> None:
        """Finishes what was handed over, moves the WAL into the file, gives the directory back; safe to call twice."""
        self._readers.close()
        if self._writer is not None:
            self._writer.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        """One transaction: the change and the record of who decided it."""
        if self._writer is None:
            raise JournalError("journal_failed", what="opened for reading only")

        def whole(changes: Changes) -> T:
            result = change(changes)
            changes.note(decision)
            return result

        try:
            return self._writer.run(whole)
        except (sqlite3.Error, OSError) as error:
            trouble = trouble_of(error, self.path)
            if trouble is None:
                raise
            raise trouble from error

    # -------------------------------------------------------------------------------------------- orders
    def save_orders(self, orders: Sequence[Order], claimed: bool) -> int:
        """Keeps copies of orders, each replacing the former; `claimed` says whether this till holds them now.

        Returns how many differ from the former copy in more than the time of the pull.
        """
        rows = [order_columns(each, claimed) for each in orders]
        return self._write(lambda changes: changes.save_orders(rows))

    def order(self, portal: str, text: str) -> Order | None:
        """By number in any case, or by id when `text` is digits and no number matches."""
        with self._readers.reading() as db:
            return queries.order(db, portal, text)

    def order_by_id(self, portal: str, order_id: int) -> Order | None:
        """By the portal's id."""
        with self._readers.reading() as db:
            return queries.order_by_id(db, portal, order_id)

    def orders(self, portal: str, *, courier: bool | None = None, search: str = "", limit: int = 500) -> list[Order]:
        """Newest first; `search` is a part of number, buyer, company, phone or address, in any case."""
        with self._readers.reading() as db:
            return queries.orders(db, portal, courier, search, limit)

    def is_claimed(self, portal: str, order_id: int) -> bool:
        """Whether this till held the claim when the order was last pulled (rule 1)."""
        with self._readers.reading() as db:
            return queries.is_claimed(db, portal, order_id)

    # -------------------------------------------------------------------------------------------- receipts
    def add_receipt(
        self,
        receipt: Receipt,
        state: State = State.PENDING,
        reason: str = "",
        *,
        decision: Decision | None = None,
        card: str = "",
    ) -> None:
        """A new receipt, `pending` or `held`; `card` the operation whose money it shows. Raises SettlementTaken (rule
        1)."""

        def add(changes: Changes) -> None:
            changes.add_receipt(receipt, state, reason)
            changes.link_card(card, receipt.key)

        self._write(add if card else lambda changes: changes.add_receipt(receipt, state, reason), decision)

    def add_receipts(self, receipts: Sequence[tuple[Receipt, State, str]], *, decision: Decision | None = None) -> None:
        """New receipts with state and reason, oldest first, in one transaction: all or none. Raises SettlementTaken."""
        self._write(lambda changes: changes.add_receipts(receipts), decision)

    def receipt(self, key: str) -> StoredReceipt | None:
        """By key."""
        with self._readers.reading() as db:
            return queries.receipt(db, key)

    def receipts_of_order(self, portal: str, order_id: int) -> list[StoredReceipt]:
        """Oldest first, cancelled ones too."""
        with self._readers.reading() as db:
            return queries.receipts_of_order(db, portal, order_id)

    def receipt_of_settlement(self, settlement: Settlement) -> StoredReceipt | None:
        """The one that is not cancelled."""
        with self._readers.reading() as db:
            return queries.receipt_of_settlement(db, settlement.id)

    def receipt_of_document(self, storage_number: str, number: int) -> StoredReceipt | None:
        """The one that fiscal document `number` (1040) of a storage (1041) proves."""
        with self._readers.reading() as db:
            return queries.receipt_of_document(db, storage_number, number)

    def receipt_portals(self) -> list[str]:
        """The portals whose orders have receipts, the one with the youngest receipt first."""
        with self._readers.reading() as db:
            return queries.receipt_portals(db)

    def newest_receipts(self, portal: str, limit: int) -> list[Receipt]:
        """The youngest receipts of a portal, in whatever state."""
        with self._readers.reading() as db:
            return queries.newest_receipts(db, portal, limit)

    def receipts_in(self, *states: State) -> list[StoredReceipt]:
        """All receipts in these states, oldest first."""
        with self._readers.reading() as db:
            return queries.receipts_in(db, states)

    def move(self, key: str, after: State, by: By, reason: str = "", *, decision: Decision | None = None) -> None:
        """Changes the state as `settlement.MOVES` allows. Raises IllegalMove.

        `sending` and `fiscalized` are reached only by `start_attempt` and `fiscalize`. Leaving `sending` closes the
        attempt; `not_made` does the same and keeps the evidence.
        """
        self._write(lambda changes: changes.move(key, after, by, reason), decision)

    def give_up(self, keys: Sequence[str], reason: str, *, decision: Decision | None = None) -> None:
        """A person gives up receipts that belong together, all in one transaction. Raises IllegalMove: none is."""
        self._write(lambda changes: changes.give_up(keys, reason), decision)

    # -------------------------------------------------------------------------------------------- attempts
    def start_attempt(self, key: str, device: DeviceIdentity, last_document: int, shift_number: int) -> int:
        """pending → sending with the row of this try (rule 3); returns the attempt's id. Nothing may be sent before.

        Raises DeviceSending when anything is being sent to this register (rule 10), IllegalMove.
        """
        return self._write(lambda changes: changes.start_attempt(key, device, last_document, shift_number))

    def last_attempt(self, key: str) -> Attempt | None:
        """The newest try of a receipt."""
        with self._readers.reading() as db:
            return queries.last_attempt(db, key)

    def attempts(self, key: str) -> list[Attempt]:
        """The tries of a receipt, the first one first."""
        with self._readers.reading() as db:
            return queries.attempts(db, key)

    def note_evidence(
        self, attempt_id: int, evidence: Mapping[str, object], *, decision: Decision | None = None
    ) -> None:
        """Adds to an attempt's evidence, same names replaced. What JSON cannot hold is kept as text."""
        self._write(lambda changes: changes.note_evidence(attempt_id, evidence), decision)

    def fiscalize(
        self,
        key: str,
        mark: FiscalMark,
        by: By,
        outbox: Sequence[NewEntry],
        evidence: Mapping[str, object],
        *,
        decision: Decision | None = None,
    ) -> None:
        """sending → fiscalized: the mark and every outbox row it causes in one transaction (rule 12).

        Closes the attempt, and advances the device book when the document is the very next one; otherwise the caller
        reads what lies between and calls `remember_document`. Raises IllegalMove, DocumentTaken.
        """
        self._write(lambda changes: changes.fiscalize(key, mark, by, outbox, evidence), decision)

    def not_made(
        self,
        key: str,
        after: State,
        reason: str,
        evidence: Mapping[str, object],
        *,
        decision: Decision | None = None,
    ) -> None:
        """sending → pending or refused, proven not made; closes the attempt. Raises IllegalMove.

        The proof may hold a person's word about documents that cannot be read: then with that `decision`.
        """
        self._write(lambda changes: changes.not_made(key, after, reason, evidence), decision)

    # -------------------------------------------------------------------------------------------- shift operations
    def start_operation(
        self, kind: str, amount: Money | None, device: DeviceIdentity, before: Mapping[str, object], cashier: str
    ) -> int:
        """A shift operation that is about to be sent (rule 8); returns its id. Raises DeviceSending (rule 10).

        `kind`: shift_open, shift_close, cash_in, cash_out, x_report. `before` is what the proof will compare with.
        """
        return self._write(lambda changes: changes.start_operation(kind, amount, device, before, cashier))

    def end_operation(
        self, operation_id: int, state: str, evidence: Mapping[str, object], *, decision: Decision | None = None
    ) -> None:
        """sending → `done` or `refused`. Raises IllegalMove."""
        self._write(lambda changes: changes.end_operation(operation_id, state, evidence), decision)

    def operation(self, operation_id: int) -> Operation | None:
        """A shift operation by id."""
        with self._readers.reading() as db:
            return queries.operation(db, operation_id)

    def operations_sending(self) -> list[Operation]:
        """Shift operations whose outcome is not proven, oldest first."""
        with self._readers.reading() as db:
            return queries.operations_sending(db)

    # -------------------------------------------------------------------------------------------- device book
    def known_device(self, factory_number: str) -> KnownDevice | None:
        """The register as last seen and the last document that is accounted for (rule 11)."""
        with self._readers.reading() as db:
            return queries.known_device(db, factory_number)

    def remember_document(
        self,
        device: DeviceIdentity,
        number: int,
        foreign: Sequence[FiscalDocument] = (),
        *,
        decision: Decision | None = None,
    ) -> None:
        """Every document up to `number` has been read; `foreign` are those of other programs.

        The number never goes back on the same storage; another storage begins anew.
        """
        self._write(lambda changes: changes.remember_document(device, number, foreign), decision)

    def foreign_documents(self, storage_number: str, *, after: int = 0, limit: int = 500) -> list[FiscalDocument]:
        """Documents of other programs in a storage (1041), ascending by number (1040)."""
        with self._readers.reading() as db:
            return queries.foreign_documents(db, storage_number, after, limit)

    # -------------------------------------------------------------------------------------------- outbox
    def due_entries(self, now: datetime, limit: int = 200, only_due: bool = True) -> list[OutboxEntry]:
        """Waiting entries that are due and the waiting ones of the same receipts: receipt by receipt, steps in order.

        The receipt that was due first comes first. A receipt is never torn apart, so the last may exceed `limit`.
        `only_due=False`: every waiting entry, due or not.
        """
        with self._readers.snapshot() as db:
            return queries.due_entries(db, now, limit, only_due)

    def entry(self, entry_id: int) -> OutboxEntry | None:
        """By id."""
        with self._readers.reading() as db:
            return queries.entry(db, entry_id)

    def entries(self, *, state: str | None = None, order: str = "", limit: int = 500) -> list[OutboxEntry]:
        """Newest first; `state` is waiting, done, failed or held, `order` an order's number or its beginning."""
        with self._readers.reading() as db:
            return queries.entries(db, state, order, limit)

    def entries_of_receipt(self, key: str) -> list[OutboxEntry]:
        """All entries of a receipt, steps in order."""
        with self._readers.reading() as db:
            return queries.entries_of_receipt(db, key)

    def settle_entries(self, results: Sequence[EntryResult], log: Sequence[NewLogRow]) -> None:
        """What a round of delivery came to, and its log, in one transaction; counts one try each.

        Done stays done; an entry that a person held meanwhile stays held unless it was delivered.
        """
        packed = [pack(each) for each in log]  # here and not on the writer's thread, where sales wait
        self._write(lambda changes: changes.settle_entries(results, packed))

    def hold_entry(self, entry_id: int, *, decision: Decision | None = None) -> None:
        """waiting or failed → held: not delivered until a person retries it. Raises IllegalMove."""
        allowed = ("waiting", "failed", "held")
        self._write(lambda changes: changes.set_entry(entry_id, "held", allowed, None), decision)

    def retry_entry(self, entry_id: int, now: datetime, *, decision: Decision | None = None) -> None:
        """failed, held or waiting → waiting, due now. Raises IllegalMove for one that is done or unknown."""
        allowed = ("failed", "held", "waiting")
        self._write(lambda changes: changes.set_entry(entry_id, "waiting", allowed, now), decision)

    def reopen_entry(self, entry_id: int, now: datetime) -> None:
        """done → waiting, due now: the portal does not show any more what it was told. Raises IllegalMove."""
        self._write(lambda changes: changes.set_entry(entry_id, "waiting", ("done",), now))

    def outbox_counts(self) -> OutboxCounts:
        """The outbox at a glance."""
        with self._readers.snapshot() as db:
            return queries.outbox_counts(db)

    # -------------------------------------------------------------------------------------------- small facts
    def get_fact(self, name: str) -> str | None:
        """A small fact by name, None when it was never set."""
        with self._readers.reading() as db:
            return queries.fact(db, name)

    def set_fact(self, name: str, value: str, *, decision: Decision | None = None) -> None:
        """Keeps a small fact."""
        self._write(lambda changes: changes.set_fact(name, value), decision)

    def set_facts(self, facts: Mapping[str, str], *, decision: Decision | None = None) -> None:
        """Keeps several small facts, all of them or none."""
        self._write(lambda changes: changes.set_facts(facts), decision)

    def day_totals(self, since: datetime) -> tuple[int, Money]:
        """Receipts fiscalized since then: how many, and sales less refunds."""
        with self._readers.reading() as db:
            return queries.day_totals(db, since)

    # -------------------------------------------------------------------------------------------- audit log
    def note(self, decision: Decision) -> None:
        """A person's decision that changes no row of the journal."""
        self._write(lambda changes: None, decision)

    def audit_rows(self, after: int = 0, limit: int = 500, *, subject: str | None = None) -> list[AuditRecord]:
        """Records with ids above `after`, oldest first; `subject`: only those about it."""
        with self._readers.reading() as db:
            return queries.audit_rows(db, after, subject, limit)

    def verify_audit(self, *, against: Path | None = None, head: str = "") -> chain.Verdict:
        """Whether the audit log is as it was written: the chain, its anchor, its guards.

        `against`: a former copy of this journal, every record of which must still be there; `head`: the hash of some
        record, as written down once. Raises JournalError `audit_copy` when the copy cannot be read or has no audit log.
        """
        with self._readers.snapshot() as db:
            verdict = queries.verify_audit(db)
            broken = verdict.first_broken
            if broken is None and against is not None:
                broken = audit_copy.compare(against, queries.audit_links(db))
            if broken is None and head:
                broken = chain.holds(queries.audit_links(db), head.strip().lower())
        return replace(verdict, first_broken=broken)


def _changes(db: sqlite3.Connection, now: Callable[[], datetime]) -> Changes:
    """Imported on the writer's thread: SQLModel costs a quarter of a second that reading need not wait for."""
    from posapp.journal.changes import Changes

    return Changes(db, now)


__all__ = [
    "Attempt",
    "AuditRecord",
    "Decision",
    "DeviceSending",
    "DocumentTaken",
    "EntryResult",
    "IllegalMove",
    "Journal",
    "KnownDevice",
    "LogRow",
    "NewEntry",
    "NewLogRow",
    "Operation",
    "OutboxCounts",
    "OutboxEntry",
    "SettlementTaken",
    "StoredReceipt",
]
