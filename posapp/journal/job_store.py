"""The jobs that the portal or the site orders, as the journal offers them; a part of `store.Journal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from posapp.domain.receipt import Receipt
from posapp.journal import job_queries
from posapp.journal.connect import Readers
from posapp.journal.job_rows import Job, NewJob
from posapp.journal.rows import Decision

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")
LISTED_MAX = 1_000


class JobStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    def take_in_jobs(self, jobs: Sequence[NewJob]) -> None:
        """Jobs that were handed out, all in one transaction, before anything is done about them.

        One that is known is delivered once more: its body is the new one, and how it ended has to be told again.
        """
        self._write(lambda changes: changes.take_in_jobs(jobs))

    def job(self, source: str, external_id: str) -> Job | None:
        """By its number at the portal or site."""
        with self._readers.reading() as db:
            return job_queries.job(db, source, external_id)

    def job_of_receipt(self, key: str) -> Job | None:
        """The job that ordered a receipt."""
        with self._readers.reading() as db:
            return job_queries.job_of_receipt(db, key)

    def open_jobs(self, source: str) -> list[Job]:
        """Jobs that wait for anything, or whose end the portal has not acknowledged; the oldest first."""
        with self._readers.reading() as db:
            return job_queries.open_jobs(db, source, LISTED_MAX)

    def jobs(self, limit: int = 200) -> list[Job]:
        """The newest first, of all sources."""
        with self._readers.reading() as db:
            return job_queries.jobs(db, limit)

    def set_job(
        self,
        job_id: int,
        state: str,
        code: str = "",
        facts: Mapping[str, object] | None = None,
        *,
        is_told: bool = False,
        decision: Decision | None = None,
    ) -> None:
        """How a job stands (`job_rows`), and whether the portal knows."""
        self._write(lambda changes: changes.set_job(job_id, state, code, facts or {}, is_told=is_told), decision)

    def link_job(self, job_id: int, key: str, register: str) -> None:
        """A receipt that is there already is this job's; the job is bound to the register (factory number)."""
        self._write(lambda changes: changes.link_job(job_id, key, register))

    def begin_job(
        self, job_id: int, receipt: Receipt, register: str, *, given_up: str = "", decision: Decision | None = None
    ) -> None:
        """The receipt of a job, `pending`, in one transaction with the end of the one before it (`given_up`, its key).

        Raises SettlementTaken (rule 1), IllegalMove.
        """
        reason = "портал заказал другой чек под тем же номером"
        self._write(lambda changes: changes.begin_job(job_id, receipt, register, given_up, reason), decision)

    def note_job_shift(self, job_id: int, shift_number: int) -> None:
        """Which shift (1038) a report that was ordered closes."""
        self._write(lambda changes: changes.note_job_shift(job_id, shift_number))

    def untell_jobs(self, source: str, since: datetime) -> None:
        """What was printed since then has to be told once more."""
        self._write(lambda changes: changes.untell_jobs(source, since))

    def tell_jobs(self, told: Sequence[Job]) -> None:
        """The portal has acknowledged how these jobs ended, as they were when it was told. What has become otherwise
        meanwhile – a person refuses a held one while the portal is asked – is told again."""
        self._write(lambda changes: changes.tell_jobs(told))
