"""Every change of the journal, each one a part of a transaction that `writer.Writer` opens and commits.

A change first checks, by the row's present state, whether it may happen (compare and set): two lanes that decide about
the same receipt cannot both win.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State, may_move
from posapp.journal import chain
from posapp.journal import statements as sql
from posapp.journal.board_changes import BoardChanges
from posapp.journal.card_changes import CardChanges
from posapp.journal.catalogue_changes import CatalogueChanges
from posapp.journal.day_changes import DayChanges
from posapp.journal.job_changes import JobChanges
from posapp.journal.log_changes import LogChanges, PackedRow
from posapp.journal.mapping import (
    body_of,
    device_columns,
    document_text,
    evidence_text,
    mark_text,
    micros,
    number_key,
    receipt_columns,
    text_of,
)
from posapp.journal.rows import (
    STEPS,
    Decision,
    DeviceSending,
    DocumentTaken,
    EntryResult,
    IllegalMove,
    NewEntry,
    SettlementTaken,
)
from posapp.journal.stock_changes import StockChanges


class Changes(BoardChanges, CatalogueChanges, DayChanges, LogChanges, StockChanges, JobChanges, CardChanges):
    """The changes, on the writing connection. Used on the writer's thread only; `now` gives the time of the rows."""

    def __init__(self, db: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now

    # -------------------------------------------------------------------------------------------- orders
    def save_orders(self, rows: Sequence[Mapping[str, object]]) -> int:
        """Upserts rows of `mapping.order_columns`; how many differ from before in more than the time of the pull."""
        changed = 0
        for row in rows:
            before = sql.ORDER_NOW.run(self._db, row).fetchone()
            changed += before is None or before[0] != row["body"] or bool(before[1]) != row["is_claimed"]
            sql.SAVE_ORDER.run(self._db, row)
        return changed

    # -------------------------------------------------------------------------------------------- receipts
    def add_receipt(self, receipt: Receipt, state: State, reason: str) -> None:
        """A new receipt. Raises SettlementTaken, ValueError for a state in which no receipt begins."""
        if state not in (State.PENDING, State.HELD):
            raise ValueError(f"a receipt does not begin as {state}")
        row = receipt_columns(receipt, state, reason, micros(self._now()))
        try:
            sql.ADD_RECEIPT.run(self._db, row)
        except sqlite3.IntegrityError:
            existing = sql.RECEIPT_OF_SETTLEMENT.run(self._db, row).fetchone()
            if existing is None:
                raise
            raise SettlementTaken(existing[0]) from None

    def add_receipts(self, receipts: Sequence[tuple[Receipt, State, str]]) -> None:
        """Several new receipts, all or none: what belongs together is never there in part."""
        for receipt, state, reason in receipts:
            self.add_receipt(receipt, state, reason)

    def move(self, key: str, after: State, by: By, reason: str) -> None:
        """Changes the state by the table `MOVES`. Raises IllegalMove.

        Sending and fiscalized are reached by `start_attempt` and `fiscalize` only: they need an attempt, a mark.
        """
        before = self._state(key)
        if before is None or after in (State.SENDING, State.FISCALIZED) or not may_move(before, after, by):
            raise IllegalMove(key, before or "", after, by)
        self._set_state(key, before, after, reason)
        if before is State.SENDING:
            self._end_attempt(key, after, {})

    def give_up(self, keys: Sequence[str], reason: str) -> None:
        """All of these to cancelled, on a person's word. Raises IllegalMove."""
        for key in keys:
            self.move(key, State.CANCELLED, By.PERSON, reason)

    def _state(self, key: str) -> State | None:
        row = sql.STATE_OF_RECEIPT.run(self._db, {"key_": key}).fetchone()
        return None if row is None else State(row[0])

    def _set_state(self, key: str, before: State, after: State, reason: str) -> None:
        values = {"key_": key, "before_": before, "state": after, "reason": reason, "changed_at": micros(self._now())}
        if sql.MOVE_RECEIPT.run(self._db, values).rowcount != 1:
            raise IllegalMove(key, self._state(key) or "", after)

    # -------------------------------------------------------------------------------------------- attempts
    def start_attempt(self, key: str, device: DeviceIdentity, last_document: int, shift_number: int) -> int:
        """pending → sending and the attempt's row. Raises DeviceSending (rule 10), IllegalMove."""
        self._check_idle(device)
        now = micros(self._now())
        tried = sql.SEND_RECEIPT.run(self._db, {"key_": key, "changed_at": now}).fetchall()
        if not tried:
            raise IllegalMove(key, self._state(key) or "", State.SENDING, By.PROGRAM)
        attempt = {
            **device_columns(device),
            "receipt_key": key,
            "number": tried[0][0],
            "last_document": last_document,
            "shift_number": shift_number,
            "started_at": now,
            "outcome": "",
            "evidence": "{}",
        }
        return self._added(sql.ADD_ATTEMPT.run(self._db, attempt))

    def note_evidence(self, attempt_id: int, evidence: Mapping[str, object]) -> None:
        """Adds to an attempt's evidence; what has the same name is replaced. Raises LookupError."""
        row = sql.EVIDENCE_OF_ATTEMPT.run(self._db, {"id_": attempt_id}).fetchone()
        if row is None:
            raise LookupError(f"no attempt {attempt_id}")
        sql.NOTE_EVIDENCE.run(self._db, {"id_": attempt_id, "evidence": _merged(row[0], evidence)})

    def fiscalize(
        self, key: str, mark: FiscalMark, by: By, outbox: Sequence[NewEntry], evidence: Mapping[str, object]
    ) -> None:
        """The mark, every outbox row it causes (rule 12), and what the customer refused of the order, if anything.

        Raises IllegalMove, DocumentTaken.
        """
        if not may_move(State.SENDING, State.FISCALIZED, by):
            raise IllegalMove(key, State.SENDING, State.FISCALIZED, by)
        now = micros(self._now())
        row = {
            "key_": key,
            "mark": mark_text(mark),
            "storage_number": mark.storage_number,
            "document_number": mark.document_number,
            "at": now,
        }
        try:
            if sql.FISCALIZE.run(self._db, row).rowcount != 1:
                raise IllegalMove(key, self._state(key) or "", State.FISCALIZED, by)
        except sqlite3.IntegrityError:
            other = sql.RECEIPT_OF_DOCUMENT.run(self._db, row).fetchone()
            if other is None:
                raise
            raise DocumentTaken(other[0]) from None
        factory_number = self._end_attempt(key, State.FISCALIZED, evidence)
        sql.NEXT_DOCUMENT.run(
            self._db,
            {
                "factory_number_": factory_number,
                "storage_number_": mark.storage_number,
                "number_": mark.document_number,
                "at": now,
            },
        )
        sql.ADD_ENTRY.run_many(self._db, [_entry_columns(key, each, now) for each in outbox])
        self.add_moves(key, outbox)
        self.keep_refusal_of(key, mark)
        sql.PRINTED_CARD.run(self._db, {"key_": key})

    def not_made(self, key: str, after: State, reason: str, evidence: Mapping[str, object]) -> None:
        """sending → pending or refused, on proof; closes the attempt. Raises IllegalMove."""
        if not may_move(State.SENDING, after, By.PROOF) or after is State.FISCALIZED:
            raise IllegalMove(key, State.SENDING, after, By.PROOF)
        self._set_state(key, State.SENDING, after, reason)
        self._end_attempt(key, after, evidence)

    def _end_attempt(self, key: str, outcome: State, evidence: Mapping[str, object]) -> str:
        """Closes the open attempt of a receipt and says on which register it was."""
        row = sql.OPEN_ATTEMPT.run(self._db, {"key_": key}).fetchone()
        if row is None:
            raise IllegalMove(f"{key} ({State.SENDING} without an attempt)", State.SENDING, outcome)
        values = {
            "id_": row[0],
            "at": micros(self._now()),
            "outcome": outcome,
            "evidence": _merged(row[1], evidence),
        }
        sql.END_ATTEMPT.run(self._db, values)
        factory_number: str = row[2]
        return factory_number

    def _check_idle(self, device: DeviceIdentity) -> None:
        """Rule 10: nothing new on a register while something is being sent there."""
        sending = sql.SENDING_ON_DEVICE.run(self._db, {"factory_number": device.factory_number}).fetchone()
        if sending is not None:
            raise DeviceSending(*sending)

    # -------------------------------------------------------------------------------------------- shift operations
    def start_operation(
        self, kind: str, amount: Money | None, device: DeviceIdentity, before: Mapping[str, object], cashier: str
    ) -> int:
        """A shift operation that is about to be sent. Raises DeviceSending."""
        self._check_idle(device)
        operation = {
            **device_columns(device),
            "kind": kind,
            "amount_kopecks": None if amount is None else amount.kopecks,
            "state": "sending",
            "before": evidence_text(before),
            "evidence": "{}",
            "cashier": cashier,
            "started_at": micros(self._now()),
        }
        return self._added(sql.ADD_OPERATION.run(self._db, operation))

    def end_operation(self, operation_id: int, state: str, evidence: Mapping[str, object]) -> None:
        """sending → done or refused. Raises IllegalMove."""
        values = {"id_": operation_id, "state": state, "evidence": evidence_text(evidence), "at": micros(self._now())}
        if state not in ("done", "refused") or sql.END_OPERATION.run(self._db, values).rowcount != 1:
            stored = sql.STATE_OF_OPERATION.run(self._db, values).fetchone()
            raise IllegalMove(f"operation {operation_id}", "" if stored is None else stored[0], state)

    # -------------------------------------------------------------------------------------------- device book
    def remember_document(self, device: DeviceIdentity, number: int, foreign: Sequence[FiscalDocument]) -> None:
        """Every document up to `number` is accounted for, `foreign` are those of other programs."""
        now = micros(self._now())
        row = {**device_columns(device), "last_document": number, "seen_at": now}
        sql.REMEMBER_DEVICE.run(self._db, row)
        for each in foreign:
            sql.ADD_FOREIGN.run(self._db, {**row, "number": each.number, "body": document_text(each)})

    # -------------------------------------------------------------------------------------------- outbox and log
    def settle_entries(self, results: Sequence[EntryResult], log: Sequence[PackedRow]) -> None:
        """What a round of delivery came to, with its log. Raises IllegalMove for a state that no delivery gives."""
        for each in results:
            if each.state not in ("done", "waiting", "failed"):
                raise IllegalMove(f"entry {each.entry_id}", "", each.state)
        sql.SETTLE_ENTRY.run_many(self._db, [_result_columns(each) for each in results])
        done, at = [each.entry_id for each in results if each.state == "done"], micros(self._now())
        sql.CONFIRM_TOLD.run_many(self._db, [{"id_": each, "at": at} for each in done])
        self.add_log(log)

    def set_entry(self, entry_id: int, after: str, allowed: tuple[str, ...], due_at: datetime | None) -> None:
        """A person's word about an entry. Raises IllegalMove unless its state is one of `allowed`."""
        row = sql.STATE_OF_ENTRY.run(self._db, {"id_": entry_id}).fetchone()
        if row is None or row[0] not in allowed:
            raise IllegalMove(f"entry {entry_id}", "" if row is None else row[0], after, By.PERSON)
        due = None if due_at is None else micros(due_at)
        sql.SET_ENTRY.run(self._db, {"id_": entry_id, "state": after, "due_at": due})

    def set_fact(self, name: str, value: str) -> None:
        """A small fact."""
        sql.SET_FACT.run(self._db, {"name": name, "value": value})

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """Several small facts."""
        for name, value in facts.items():
            self.set_fact(name, value)

    # -------------------------------------------------------------------------------------------- audit log
    def note(self, decision: Decision | None) -> None:
        """Chains a decision to the audit log; None is nothing.

        It continues what the anchor says was last, not what the table shows: a tail that somebody cut off then stays a
        gap for ever, instead of being covered by the next record.
        """
        if decision is None:
            return
        last = sql.LAST_AUDIT.run(self._db, {}).fetchone()[0]
        stored = sql.FACT.run(self._db, {"name_": chain.ANCHOR}).fetchone()
        anchor = chain.Anchor.parse(stored[0] if stored else None) or chain.Anchor(last, self._head(last))
        link = chain.sealed(
            chain.Link(
                id=max(anchor.records, last) + 1,
                at=micros(self._now()),
                who=decision.who.strip(),
                what=decision.what,
                subject=decision.subject,
                why=decision.why.strip(),
                facts=chain.facts_text(decision.facts),
                previous=anchor.head,
                hash="",
            )
        )
        sql.ADD_AUDIT.run(self._db, link._asdict())
        self.set_fact(chain.ANCHOR, chain.Anchor(link.id, link.hash).text())

    def _head(self, last: int) -> str:
        """The hash of record `last`, for a log that has no anchor yet (or none any more)."""
        row = sql.HASH_OF_AUDIT.run(self._db, {"id_": last}).fetchone()
        return chain.BEGINNING if row is None else row[0]

    @staticmethod
    def _added(cursor: sqlite3.Cursor) -> int:
        if cursor.lastrowid is None:
            raise RuntimeError("an INSERT gave no row id")
        return cursor.lastrowid


def _merged(stored: str, more: Mapping[str, object]) -> str:
    return evidence_text({**body_of(stored), **more}) if more else stored


def _entry_columns(key: str, entry: NewEntry, now: int) -> dict[str, object]:
    return {
        "receipt_key": key,
        "step": entry.step,
        "step_order": STEPS.index(entry.step),
        "portal": entry.portal,
        "order_id": entry.order_id,
        "order_number": entry.order_number,
        "order_key": number_key(entry.order_number),
        "state": "waiting",
        "tries": 0,
        "created_at": now,
        "due_at": now,
        "code": "",
        "facts": "{}",
        "proof": "",
        "is_unsure": 0,
        "body": text_of(entry.body),
    }


def _result_columns(result: EntryResult) -> dict[str, object]:
    return {
        "id_": result.entry_id,
        "state": result.state,
        "due_at": None if result.due_at is None else micros(result.due_at),
        "code": result.code,
        "facts": evidence_text(result.facts),
        "proof": result.proof,
        "is_unsure": int(result.is_unsure),
    }
