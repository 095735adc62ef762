"""A site orders receipts by its poll: what is told of this register, what comes, what goes back. See `jobs.py`.

One program polls a site: it has no lease. A check that is not confirmed within four minutes is handed out again at
every poll, also to another till that asks, and nobody could know of the other. So a second poller on this computer is
refused (`only_poller`), and a receipt is begun only within minutes of its hand-out: later the site is asked first, and
hands it out again if it still wants it.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.portal_check import external_id_at, is_number_of
from posapp.errors import JournalError, PosError, SetupError
from posapp.journal.job_rows import CHECK, DONE, REPORT, Job, NewJob
from posapp.journal.lock import DirectoryLock
from posapp.sync.bitrix import poll
from posapp.sync.bitrix.poll import Answer, Figures, Register
from posapp.till import counters, job_reports, jobs, register
from posapp.till.context import Till
from posapp.till.jobs import SITE, Ended, Worked
from posapp.till.readings import Here, Where

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=200)
"""So long after a hand-out a receipt may be begun: within four minutes the site gives it to nobody else."""
LOCKS = "posapp-polls"
_NO_CASH = frozenset(("not_enough_cash",))
_FINAL = frozenset(("check_unfit", "check_differs", "job_refused", "job_given_up", "marking_refused", "marking_twice",
                    "marking_cut", "bad_marking"))  # fmt: skip
"""What trying again does not mend; a manager has to look."""


class Site(Protocol):
    """`posapp.sync.bitrix.poll.SitePoll`."""

    @property
    def site(self) -> str:
        """Its host."""

    def ask(self, body: Mapping[str, Any]) -> Answer:
        """One round. Raises SyncError."""


@dataclass(frozen=True, slots=True)
class SiteSource:
    """The site as a source of jobs."""

    till: Till
    site: str

    @property
    def name(self) -> str:
        """See `jobs.Source`."""
        return f"{SITE}{self.site}"

    @property
    def tells_held(self) -> bool:
        """As a warning: the site hands it out again."""
        return True

    def may_begin(self, job: Job) -> bool:
        """Handed out a moment ago, by a clock that has not gone back since."""
        return timedelta() <= self.till.now() - job.delivered_at <= FRESH

    def start(self, job: Job, key: str) -> None:
        """The site wants to hear nothing before."""


@dataclass(slots=True)
class Round:
    """What a round came to, for people."""

    taken: int = 0
    told: int = 0
    worked: Worked = field(default_factory=Worked)
    left: int = 0

    @property
    def is_idle(self) -> bool:
        """It brought work and got none of it done: the next one can wait a little."""
        return bool(self.taken) and not (self.worked.printed or self.worked.reports)


@contextmanager
def only_poller(site: str) -> Iterator[None]:
    """The right to poll a site on this computer. Raises SetupError `poll_busy` while another program has it."""
    folder = Path(tempfile.gettempdir()) / LOCKS / hashlib.sha256(site.lower().encode()).hexdigest()[:24]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = DirectoryLock(folder)
    except JournalError as error:
        raise SetupError("poll_busy", site=site) from error
    except OSError as error:
        raise JournalError("disk_read_only", path=folder) from error
    try:
        yield
    finally:
        lock.release()


# ------------------------------------------------------------------------------------------------ a round
def round_of(
    till: Till, site: Site, ask: Callable[[Mapping[str, Any]], Answer] | None = None, where: Where | None = None
) -> Round:
    """One round: work, tell and ask, take in, work. Raises SyncError, JournalError.

    `ask` is the site's own unless the caller waits for it elsewhere; `where` the lane that the register lives on.
    """
    source, place = SiteSource(till, name_of(till, site)), where or Here()
    first, ends, body = place.device(lambda: _before(till, source))
    answer = (ask or site.ask)(body)
    return place.device(lambda: _after(till, source, first, ends, answer))


def name_of(till: Till, site: Site) -> str:
    """What the site is known as: its host at set-up, even when it answers elsewhere by now."""
    chosen = till.settings.jobs
    return chosen.site if chosen is not None and chosen.site else site.site


def _before(till: Till, source: SiteSource) -> tuple[Worked, list[Ended], dict[str, Any]]:
    worked = jobs.work(till, source)
    ends = jobs.ended(till, source)
    return worked, ends, request(till, ends)


def _after(till: Till, source: SiteSource, first: Worked, ends: list[Ended], answer: Answer) -> Round:
    done = accept(till, source, ends, answer)
    done.worked = _added(first, jobs.work(till, source)) if done.taken else first
    done.left = len(jobs.ended(till, source))
    return done


def _added(first: Worked, second: Worked) -> Worked:
    return Worked(
        [*first.printed, *second.printed],
        [*first.held, *second.held],
        [*first.refused, *second.refused],
        [*first.reports, *second.reports],
        second.waiting,
        second.trouble or first.trouble,
    )


def request(till: Till, ends: list[Ended]) -> dict[str, Any]:
    """The body of the next round: this register as it is now, and every end that is not acknowledged."""
    return poll.request(_register(till), till.printer_settings.ffd, [result(till, each) for each in ends])


def accept(till: Till, source: SiteSource, ends: list[Ended], answer: Answer) -> Round:
    """What came, into the journal; what was acknowledged is told no more. Raises JournalError.

    A warning is never acknowledged: that the round was answered at all is all that is heard of it.
    """
    acked = {external_id_at(source.site, each) for each in answer.acks}
    warnings = {each.job.external_id for each in ends if each.trouble is not None and _code(each) == poll.WARNING}
    told = [each.job for each in ends if each.job.external_id in acked | warnings]
    till.journal.tell_jobs(told)
    taken = [*_new(till, source, CHECK, answer.checks), *_new(till, source, REPORT, answer.reports)]
    jobs.take_in(till, taken)
    return Round(taken=len(taken), told=len(told))


def _new(till: Till, source: SiteSource, kind: str, bodies: tuple[Mapping[str, Any], ...]) -> list[NewJob]:
    """What can be kept: without a uuid nothing could ever be told of it."""
    here = till.identity.factory_number
    found = {external_id_at(source.site, poll.uuid_of(body)): body for body in bodies}
    for number in [each for each in found if not is_number_of(kind, each)]:
        log.warning("the site has handed out a %s without a number", kind)
        del found[number]
    return [NewJob(source.name, number, kind, here, body) for number, body in found.items()]


# ------------------------------------------------------------------------------------------------ what is told
def result(till: Till, end: Ended) -> dict[str, Any]:
    """A line of `printed`."""
    uuid = poll.uuid_of(end.job.body)
    if end.job.kind == REPORT and end.job.state == DONE:
        shift = job_reports.closed_of(till, end.job)
        return poll.closed(uuid, shift.cash, shift.income, shift.returned, shift.mark)
    if end.stored is not None and end.stored.mark is not None:
        receipt = end.stored.receipt
        return poll.printed(uuid, end.stored.mark, receipt.total, receipt.kind)
    return poll.failed(uuid, _code(end), end.trouble.message() if end.trouble is not None else "")


def _code(end: Ended) -> int:
    """Final only where trying again mends nothing."""
    code = end.trouble.code if end.trouble is not None else ""
    if code in _NO_CASH:
        return poll.NO_CASH
    return poll.WRONG if code in _FINAL else poll.WARNING


def _register(till: Till) -> Register:
    """This register; whatever keeps it from printing is said, so that the site hands out nothing meanwhile.

    A shift that is closed or too old is no trouble: a job opens it.
    """
    identity = till.identity
    try:
        register.refuse_other_device(till)
        status = till.printer.status()
        trouble = register.trouble_of(status)
        if trouble is not None and trouble.code not in ("shift_closed", "shift_expired"):
            raise trouble
        drawer = till.printer.cash_totals().drawer
        sums = counters.last_sums(till, status)
    except PosError as error:
        return Register(identity.factory_number, identity.storage_number, error.message())
    income = 0 if sums is None else sums.totals.get(ReceiptKind.SELL, (0, 0))[1]
    return Register(identity.factory_number, identity.storage_number, "", Figures(drawer, type(drawer)(income)))
