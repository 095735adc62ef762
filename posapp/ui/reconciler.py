"""The reconciliation at work: after the start, after a shift was closed, when a person asks. No widgets here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject

from posapp.lanes import Lanes
from posapp.till.reconcile_views import LastReconciled, ReconcileProgress
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.desk import Desk, Watch
from posapp.ui.look import Look
from posapp.ui.trouble import Trouble, trouble_of


class Accounts(Protocol):
    """What the reconciler asks of the window."""

    def show_reconciled(self) -> None:
        """The last reconciliation, or how far the one under way is, has changed."""
        ...

    def notice(self, trouble: Trouble) -> None:
        """A message in the right pane."""
        ...


class Reconciler(QObject):
    """One at a time, on a lane of its own: sales wait for a page of it at most."""

    def __init__(self, accounts: Accounts, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look) -> None:
        super().__init__()
        self._accounts, self._bridge, self._desk, self._lanes, self._look = accounts, bridge, desk, lanes, look
        self.last: LastReconciled | None = None
        self.progress: ReconcileProgress | None = None
        self.is_running = False
        self._stop = threading.Event()
        self._has_started = False

    def read_last(self) -> None:
        """What the last one came to."""
        self._bridge.run(self._lanes.journal, self._desk.reconciled, self._known, self._ignore)

    def at_start(self) -> None:
        """Once in the life of the program, when the storage has been read."""
        if not self._has_started:
            self._has_started = True
            self._run(self._desk.reconcile_at_start, is_quiet=True)

    def after_close(self) -> None:
        """The shift that was just closed."""
        self._run(self._desk.reconcile_after_close, is_quiet=True)

    def run(self, days: int | None) -> None:
        """A person asked: so many days back, or – None – the shift that is open."""
        self._run(lambda watch: self._desk.reconcile(days, watch), is_quiet=False)

    def stop(self) -> None:
        """A person does not want to wait, or the program ends."""
        self._stop.set()

    # ------------------------------------------------------------------

    def _run(self, job: Callable[[Watch[ReconcileProgress]], LastReconciled | None], *, is_quiet: bool) -> None:
        if self.is_running:
            return
        self.is_running, self.progress = True, None
        self._stop.clear()
        watch = Watch(self._bridge.teller(self._progressed), self._stop.is_set)
        self._accounts.show_reconciled()

        def done(last: LastReconciled | None) -> None:
            self._ended(last, is_quiet=is_quiet)

        def failed(failure: Failure) -> None:
            self._ended(None, is_quiet=True)
            if not is_quiet:
                self._accounts.notice(trouble_of(failure, self._look.say))

        self._bridge.run(self._lanes.aside, lambda: job(watch), done, failed)

    def _progressed(self, progress: ReconcileProgress) -> None:
        if self.is_running:
            self.progress = progress
            self._accounts.show_reconciled()

    def _ended(self, last: LastReconciled | None, *, is_quiet: bool) -> None:
        self.is_running, self.progress = False, None
        if last is not None:
            self.last = last
        self._accounts.show_reconciled()
        if is_quiet and last is not None and last.count and last.report.needs_person:
            say = self._look.say
            when = say.moment(last.report.at, self._look.now())
            said = say.count("recon.differences", last.count, when=when)
            self._accounts.notice(Trouble("wait", said, say("recon.look"), "", "reconcile"))

    def _known(self, last: LastReconciled | None) -> None:
        self.last = last
        self._accounts.show_reconciled()

    def _ignore(self, failure: Failure) -> None:
        """What cannot be read now is read with the next one."""
