"""The window's jobs: receipts that the portal or the site orders, printed beside the cashier on the register's lane."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from posapp.errors import PosError, SaleError
from posapp.till.views import JobsStrip

if TYPE_CHECKING:
    from posapp.lanes import Lanes
    from posapp.till.context import Till
    from posapp.till.job_loop import JobsView, Waiting

log = logging.getLogger(__name__)

END_S = 5.0
"""What is being printed when the window closes is finished by the register's lane; the rest need not be waited for."""


class WindowJobs:
    """Runs the loop of `till.job_loop` from `start` to `end`; `strip` is what the foot of the window says of it."""

    def __init__(self, till: Till, lanes: Lanes) -> None:
        self._till, self._lanes = till, lanes
        self._waiting: Waiting | None = None
        self._thread: threading.Thread | None = None
        self._strip: JobsStrip | None = None

    def start(self) -> None:
        """Nothing for a till that does not print by order, or that only looks."""
        from posapp.till.job_loop import Waiting

        if self._till.settings.jobs is None or self._till.journal.is_read_only:
            return
        self._waiting = Waiting()
        self._strip = JobsStrip(0, 0)
        self._thread = threading.Thread(target=self._run, args=(self._waiting,), name="jobs", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No more rounds; before the journal is closed."""
        if self._waiting is not None and self._thread is not None:
            self._waiting.end()
            self._thread.join(END_S)

    def strip(self) -> JobsStrip | None:
        """As of the last round; None where nothing is printed by order."""
        return self._strip

    def _run(self, waiting: Waiting) -> None:
        from posapp.app import rounds_of
        from posapp.till import job_loop
        from posapp.till.readings import OnLanes

        try:
            with rounds_of(self._till) as rounds:
                job_loop.run(rounds, waiting, self._told, OnLanes(self._lanes))
        except PosError as error:  # no link, another poller, a disk that is full: said at the foot, nothing is printed
            log.error("jobs: %s", error)
            self._strip = JobsStrip(0, 0, error)
        except Exception as error:  # the thread ends here: said at the foot, else the last quiet round would stand
            log.exception("jobs: a mistake of ours")
            self._strip = JobsStrip(0, 0, SaleError("jobs_fault", what=type(error).__name__))

    def _told(self, seen: JobsView) -> None:
        self._strip = JobsStrip(seen.waiting, seen.held, seen.trouble)
