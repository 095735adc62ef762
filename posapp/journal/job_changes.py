"""Changes of the jobs that the portal or the site orders; a part of `changes.Changes`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State
from posapp.journal import statements as sql
from posapp.journal.job_rows import OPEN, Job, NewJob
from posapp.journal.mapping import micros, text_of
from posapp.journal.rows import IllegalMove


class JobChanges:
    """On the writing connection, each a part of one transaction."""

    _db: sqlite3.Connection
    _now: Callable[[], datetime]

    def add_receipt(self, receipt: Receipt, state: State, reason: str) -> None:
        """See `Changes`."""
        raise NotImplementedError

    def move(self, key: str, after: State, by: By, reason: str) -> None:
        """See `Changes`."""
        raise NotImplementedError

    def take_in_jobs(self, jobs: Sequence[NewJob]) -> None:
        """Handed out: a new row each, or one more delivery of the one that is there, whose end has to be told again.

        A register stays bound once the job has a receipt.
        """
        now = micros(self._now())
        for each in jobs:
            row = {
                "source": each.source,
                "external_id": each.external_id,
                "kind": each.kind,
                "factory_number": each.register,
                "state": OPEN,
                "is_told": 0,
                "deliveries": 1,
                "received_at": now,
                "delivered_at": now,
                "receipt_key": None,
                "shift_number": None,
                "lease": text_of(dict(each.lease)) if each.lease else "",
                "code": "",
                "facts": "{}",
                "body": text_of(dict(each.body)),
            }
            if not sql.DELIVER_JOB.run(self._db, row).rowcount:
                sql.ADD_JOB.run(self._db, row)

    def set_job(self, job_id: int, state: str, code: str, facts: Mapping[str, object], *, is_told: bool) -> None:
        """How a job stands. Raises LookupError for one that is not there."""
        values = {
            "id_": job_id,
            "state": state,
            "code": code,
            "facts": text_of({name: _plain(value) for name, value in facts.items()}),
            "is_told": int(is_told),
        }
        if sql.SET_JOB.run(self._db, values).rowcount != 1:
            raise LookupError(f"no job {job_id}")

    def link_job(self, job_id: int, key: str, register: str) -> None:
        """The receipt of a job, and the register that it is bound to. Raises IllegalMove for one that is not there."""
        values = {"id_": job_id, "receipt_key": key, "factory_number": register}
        if sql.LINK_JOB.run(self._db, values).rowcount != 1:
            raise IllegalMove(f"job {job_id}", "", "linked")

    def begin_job(self, job_id: int, receipt: Receipt, register: str, given_up: str, reason: str) -> None:
        """The receipt of a job, `pending`, in the transaction in which the one before it is given up, if any.

        Raises SettlementTaken, IllegalMove.
        """
        if given_up:
            self.move(given_up, State.CANCELLED, By.PERSON, reason)
        self.add_receipt(receipt, State.PENDING, "")
        self.link_job(job_id, receipt.key, register)
        self.set_job(job_id, OPEN, "", {}, is_told=False)

    def note_job_shift(self, job_id: int, shift_number: int) -> None:
        """Which shift a report closes: from here on no other one."""
        sql.NOTE_JOB_SHIFT.run(self._db, {"id_": job_id, "shift_number": shift_number})

    def untell_jobs(self, source: str, since: datetime) -> None:
        """What was printed of a source since then has to be told once more."""
        sql.UNTELL_JOBS.run(self._db, {"source_": source, "since": micros(since)})

    def tell_jobs(self, told: Sequence[Job]) -> None:
        """The portal has acknowledged how these ended; what was handed out anew or ended otherwise since is untold."""
        rows = [{"id_": each.id, "told_state": each.state, "told_deliveries": each.deliveries} for each in told]
        sql.TELL_JOB.run_many(self._db, rows)


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
