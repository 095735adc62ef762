"""The loop of a till that prints by order: rounds until it is told to stop, unhurried while nothing can be done.

One loop for the command and for the window. It owns no thread: whoever runs it gives the lane of the register, the way
to wait for the site, and the event that ends it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar, cast

from posapp.errors import PosError, SaleError, SyncError
from posapp.till import gateway_jobs, jobs, readings, site_poll
from posapp.till.context import Till
from posapp.till.gateway_jobs import GatewaySource, JobDesk
from posapp.till.jobs import Source, Worked
from posapp.till.readings import Where
from posapp.till.site_poll import Site, SiteSource

log = logging.getLogger(__name__)
T = TypeVar("T")

REST_S = 20.0
"""After a round that brought work and got none of it done."""
BREATH_S = 1.0
"""After every other one: a site that does not hold requests is not asked without end."""
AWAY_S, AWAY_MAX_S = 5.0, 60.0
"""After one that the portal did not answer, doubled with each."""


@dataclass(frozen=True, slots=True)
class JobsView:
    """What a person sees of the jobs: how many wait to be printed, are held, and what keeps them.

    `printed` and `refused` are those of the last round. `trouble` is that of the register or the line, None when all is
    well.
    """

    waiting: int = 0
    held: int = 0
    untold: int = 0
    printed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    trouble: PosError | None = None

    @property
    def is_quiet(self) -> bool:
        """Nothing happened and nothing waits."""
        return self == JobsView()

    def as_json(self, language: str) -> dict[str, object]:
        """A line of `posapp jobs run --json`."""
        return {
            "waiting": self.waiting,
            "held": self.held,
            "untold": self.untold,
            "printed": list(self.printed),
            "refused": list(self.refused),
            "reports": list(self.reports),
            "trouble": None if self.trouble is None else self.trouble.as_json(language),
        }


class Stopped(Exception):
    """The program ends while it waits for the site: what it would have answered comes again."""


class Waiting:
    """The right to stop while a site or the gateway holds a request, which a site may do for a minute.

    The request runs in a thread of its own; when `end` is called the wait is over at once. What an abandoned request
    would have brought is handed out again.
    """

    def __init__(self) -> None:
        self.stop = Event()
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()

    def end(self) -> None:
        """No more rounds. May be called in a signal's handler, from any thread, more than once."""
        self.stop.set()
        self._queue.put(_Failed(Stopped()))

    def result(self, call: Callable[[], T]) -> T:
        """What `call` gives or raises; Stopped."""
        if self.stop.is_set():
            raise Stopped

        def calling() -> None:
            try:
                self._queue.put(call())
            except BaseException as error:  # noqa: BLE001  # raised again by whoever waits
                self._queue.put(_Failed(error))

        threading.Thread(target=calling, name="jobs-wait", daemon=True).start()
        found = self._queue.get()
        if isinstance(found, _Failed):
            raise found.error
        return cast("T", found)


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


@dataclass(frozen=True, slots=True)
class Rounds:
    """Where the jobs of this till come from. One of `site` and `desk` is there."""

    till: Till
    site: Site | None = None
    desk: JobDesk | None = None

    @property
    def source(self) -> Source:
        """As `jobs` wants it."""
        if self.site is not None:
            return SiteSource(self.till, site_poll.name_of(self.till, self.site))
        if self.desk is None:
            mode = "till-driven" if self.till.settings.portal is None else self.till.settings.portal.mode
            raise SaleError("jobs_off", mode=mode)
        return GatewaySource(self.till, self.desk)

    def begin(self) -> None:
        """Once, before the first round: what this till held before it was restarted. Raises SyncError."""
        if self.desk is not None:
            gateway_jobs.after_restart(self.till, self.desk)

    def once(
        self, waiting: Waiting, where: Where | None = None, wait_s: int = gateway_jobs.WAIT_S
    ) -> tuple[JobsView, bool]:
        """One round: what there is to see, and whether the next may come at once. Raises SyncError, JournalError."""
        site = self.site
        if site is not None:
            done = site_poll.round_of(self.till, site, lambda body: waiting.result(lambda: site.ask(body)), where)
            return view_of(self.till, self.source, done.worked), not done.is_idle
        if self.desk is None:
            raise SaleError("jobs_off", mode="till-driven")
        taken = gateway_jobs.round_of(self.till, self.desk, wait_s, where, waiting.result)
        return view_of(self.till, self.source, taken.worked, taken.trouble), not taken.is_idle


def view_of(till: Till, source: Source, worked: Worked, trouble: PosError | None = None) -> JobsView:
    """The open jobs as they are after a look at them."""
    found = till.journal.open_jobs(source.name)
    return JobsView(
        waiting=sum(each.state == jobs.OPEN for each in found),
        held=sum(each.state == jobs.HELD for each in found),
        untold=len(jobs.ended(till, source)),
        printed=tuple(worked.printed),
        refused=tuple(worked.refused),
        reports=tuple(worked.reports),
        trouble=worked.trouble or trouble,
    )


def run(rounds: Rounds, waiting: Waiting, tell: Callable[[JobsView], None], where: Where | None = None) -> None:
    """Rounds until `waiting` ends. Trouble of the line is told and waited for; JournalError ends it."""
    away_s, has_begun = AWAY_S, False
    while not waiting.stop.is_set():
        try:
            if not has_begun:
                rounds.begin()
                has_begun = True
            seen, may_go_on = rounds.once(waiting, where)
            tell(seen)
            away_s, pause_s = AWAY_S, BREATH_S if may_go_on else REST_S
        except (Stopped, readings.Stopped):
            return
        except SyncError as error:
            log.warning("jobs: %s", error)
            tell(JobsView(trouble=error))
            has_begun = rounds.desk is None  # a lease may have been granted in the answer that was lost
            pause_s, away_s = away_s, min(away_s * 2, AWAY_MAX_S)
        waiting.stop.wait(pause_s)
