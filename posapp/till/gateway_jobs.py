"""A portal orders receipts through the gateway: leases taken, renewed, told of. See `jobs.py`.

    take (a lease) → journal → Receipt (pending) → started (the fence is still ours) → the register → report

`started` is what lets a till print, so a lease that ran out meanwhile costs nothing: another till has the job, and what
was begun here is given up. What cannot be printed now and was not begun is given back. A job that is held keeps its
lease: it is looked at again and again, and a person may refuse it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from posapp.domain import article_check
from posapp.domain.article_check import ARTICLE
from posapp.domain.fiscal import FiscalMark
from posapp.errors import DeviceError, PosError, Rejected, ResolveNeeded, SaleError
from posapp.journal.job_rows import CHECK, DONE, HELD, OPEN, REFUSED, Job, NewJob
from posapp.sync.jobs import WAIT_S, GatewayJob
from posapp.till import jobs, register
from posapp.till.context import Till
from posapp.till.jobs import GATEWAY, Ended, Worked
from posapp.till.readings import Here, Where

log = logging.getLogger(__name__)

TELL_AGAIN = timedelta(days=30)
_GAP = "gateway_gap"
NOT_READY = ("shift_closed", "shift_expired")
"""Troubles of the register that a job mends by itself."""


class JobDesk(Protocol):
    """`posapp.sync.jobs.GatewayJobs`, or the same in one process."""

    @property
    def gap(self) -> int:
        """Which gap the gateway named last: after it every till tells again what it printed."""

    def take_job(
        self, registers: Sequence[str], wait_s: int = WAIT_S, vat_rows: Sequence[int] = (), told: int = 0
    ) -> GatewayJob | None:
        """The next job under a lease. Raises SyncError, as all of them."""

    def started(self, job_id: int, fence: int, key: str, factory_number: str, unique_id: str) -> None:
        """Raises Rejected `lease_lost`, `job_unknown`."""

    def renew(self, job_id: int, fence: int, unique_id: str) -> None:
        """Raises Rejected `lease_lost`, `job_unknown`."""

    def report(
        self, job_id: int, fence: int, state: str, key: str, mark: FiscalMark | None, reason: str, unique_id: str
    ) -> bool:
        """`done`, `refused`, `given_back`. Raises Rejected `job_unknown`."""

    def mine(self) -> list[GatewayJob]:
        """What this till holds."""


@dataclass(frozen=True, slots=True)
class GatewaySource:
    """The gateway as a source of jobs."""

    till: Till
    desk: JobDesk

    @property
    def name(self) -> str:
        """See `jobs.Source`."""
        return f"{GATEWAY}{self.till.portal}"

    @property
    def tells_held(self) -> bool:
        """The portal waits: what it was told to have failed it would not order again by itself."""
        return False

    def may_begin(self, job: Job) -> bool:
        """`start` decides."""
        return True

    def start(self, job: Job, key: str) -> None:
        """See `jobs.Source`. A lease that ran out in our own hands is told as not printed, if that is sure."""
        job_id, fence, number = _lease(job)
        try:
            self.desk.started(job_id, fence, key, self.till.identity.factory_number, number)
        except Rejected as error:
            if error.code not in ("lease_lost", "job_unknown"):
                raise
            held = [(each.job_id, each.fence, each.unique_id) for each in self.desk.mine()]
            ours = (job_id, fence, number) in held
            if not ours:
                raise SaleError("lease_lost", check=job.external_id) from error
            was_fresh = job.lease.get("state") == "leased"
            raise SaleError("lease_late" if was_fresh else "job_begun", check=job.external_id) from error


@dataclass(slots=True)
class Round:
    """What a round came to, for people. `trouble`: the register cannot print, so nothing was asked for."""

    taken: int = 0
    told: int = 0
    worked: Worked = field(default_factory=Worked)
    trouble: PosError | None = None

    @property
    def is_idle(self) -> bool:
        """Nothing can be done for the moment: the next round can wait a little."""
        return self.trouble is not None or self.worked.trouble is not None


# ------------------------------------------------------------------------------------------------ rounds
def after_restart(till: Till, desk: JobDesk) -> int:
    """What this till still holds at the gateway and its journal does not know under that lease. Raises SyncError."""
    found = [each for each in desk.mine() if not _is_known(till, each)]
    jobs.take_in(till, [_new(till, each) for each in found])
    return len(found)


def _is_known(till: Till, found: GatewayJob) -> bool:
    job = till.journal.job(f"{GATEWAY}{till.portal}", _external_id(till, found))
    return job is not None and job.lease.get("fence") == found.fence


Taking = Callable[[], GatewayJob | None]


def _at_once(taking: Taking) -> GatewayJob | None:
    return taking()


def round_of(
    till: Till,
    desk: JobDesk,
    wait_s: int = WAIT_S,
    where: Where | None = None,
    wait: Callable[[Taking], GatewayJob | None] = _at_once,
) -> Round:
    """One round: work, tell, take, work, tell. Raises SyncError, JournalError.

    `where`: the register's lane; `wait`: how it is waited for a job.
    """
    place, done = where or Here(), Round()
    place.device(lambda: _work(till, desk, done))
    if done.worked.trouble is not None or done.worked.waiting:
        return done
    done.trouble = place.device(lambda: _why_not(till))
    if done.trouble is not None:
        return done
    take(till, desk, done, wait_s, wait)
    if done.taken:
        place.device(lambda: _work(till, desk, done))
    return done


def take(
    till: Till, desk: JobDesk, done: Round, wait_s: int, wait: Callable[[Taking], GatewayJob | None] = _at_once
) -> None:
    """Waits for a job and puts it into the journal. Raises SyncError, JournalError."""
    rows, fact = sorted(till.settings.vat.confirmed), f"{_GAP}:{till.portal}"
    told = int(till.journal.get_fact(fact) or 0)
    found = wait(lambda: desk.take_job([till.identity.factory_number], wait_s, rows, told))
    if desk.gap != told:
        _tell_again(till, desk)
        till.journal.set_fact(fact, str(desk.gap))
    if found is not None:
        jobs.take_in(till, [_new(till, found)])
        done.taken += 1


def _tell_again(till: Till, desk: JobDesk) -> None:
    """The gateway was away, and its database may be an older copy: it hears once more what was printed here, before
    it hands what it takes for new to another till. Raises SyncError."""
    source = GatewaySource(till, desk)
    till.journal.untell_jobs(source.name, till.now() - TELL_AGAIN)
    while tell(till, source):
        pass


def _work(till: Till, desk: JobDesk, done: Round) -> None:
    source = GatewaySource(till, desk)
    _renew(till, source)
    worked = jobs.work(till, source)
    if worked.trouble is not None:
        _give_back(till, source, worked.trouble)
    done.worked = worked
    done.told += tell(till, source)


def _renew(till: Till, source: GatewaySource) -> None:
    """Leases of what is under way here; one that is lost is noticed when it is started."""
    for job in till.journal.open_jobs(source.name):
        if job.state in (OPEN, HELD):
            try:
                source.desk.renew(*_lease(job))
            except Rejected as error:
                log.warning("job %s: %s", job.external_id, error)
                if job.state == HELD and error.code in ("lease_lost", "job_unknown"):
                    lost = SaleError("lease_lost", check=job.external_id)
                    till.journal.set_job(job.id, REFUSED, lost.code, {"check": job.external_id}, is_told=True)


def _give_back(till: Till, source: GatewaySource, trouble: PosError) -> None:
    """Jobs that were not begun: another till may have a register that prints."""
    if not isinstance(trouble, (DeviceError, ResolveNeeded)):
        return
    for job in till.journal.open_jobs(source.name):
        if job.state != OPEN or job.receipt_key is not None or job.lease.get("state") != "leased":
            continue
        job_id, fence, number = _lease(job)
        try:
            source.desk.report(job_id, fence, "given_back", "", None, trouble.message(), number)
        except Rejected as error:
            log.warning("job %s: %s", job.external_id, error)
        facts = {name: str(value) for name, value in trouble.facts.items()}
        till.journal.set_job(job.id, REFUSED, trouble.code, facts, is_told=True)


def tell(till: Till, source: GatewaySource) -> int:
    """Reports how jobs ended until that is acknowledged; how many were. Raises SyncError."""
    ends = jobs.ended(till, source)
    for end in ends:
        _report(source.desk, end)
        till.journal.tell_jobs([end.job])
    return len(ends)


def _report(desk: JobDesk, end: Ended) -> None:
    job_id, fence, number = _lease(end.job)
    reason = end.trouble.message() if end.trouble is not None else ""
    try:
        if end.job.state == DONE and end.stored is not None and end.stored.mark is not None:
            desk.report(job_id, fence, "done", end.stored.receipt.key, end.stored.mark, "", number)
        else:
            desk.report(job_id, fence, "refused", end.job.receipt_key or "", None, reason, number)
    except Rejected as error:
        if error.code != "job_unknown":  # its database was put back: nobody there waits for this
            raise
        log.error("job %s is %s, and the gateway does not know it", end.job.external_id, end.job.state)


def _lease(job: Job) -> tuple[int, int, str]:
    """Job, fence and the portal's number of the check, which is the last part of our name for it."""
    return job.lease["job_id"], job.lease["fence"], job.external_id.rpartition("|")[2]


def _why_not(till: Till) -> PosError | None:
    """Why no job is asked for now: the register cannot print."""
    try:
        register.refuse_other_device(till)
        trouble = register.trouble_of(till.printer.status())
    except PosError as error:
        return error
    return None if trouble is None or trouble.code in NOT_READY else trouble


def _new(till: Till, found: GatewayJob) -> NewJob:
    name = f"{GATEWAY}{till.portal}"
    here = till.identity.factory_number
    return NewJob(name, _external_id(till, found), CHECK, here, dict(found.check), found.lease)


def _external_id(till: Till, found: GatewayJob) -> str:
    """The portal numbers its checks; a site that pushes its orders has only their numbers."""
    if ARTICLE in found.check:
        return article_check.external_id(till.portal, found.unique_id)
    return f"check|{till.portal}|{found.unique_id}"


__all__ = ["WAIT_S", "GatewaySource", "JobDesk", "Round", "after_restart", "round_of", "take", "tell"]
