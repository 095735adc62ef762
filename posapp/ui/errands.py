"""What runs beside the selling: the register's state, the exchange, the shift, the log. No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer

from posapp.domain.money import Money
from posapp.lanes import Lane, Lanes
from posapp.till.views import Alarm, DeliverReport, OutboxStrip, PullResult, Recovered, RegisterView, SyncRow
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.desk import Desk
from posapp.ui.look import Look
from posapp.ui.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from posapp.till.keeping import State

T = TypeVar("T")
REGISTER_MS = 2_000
STRIP_MS = 2_000
SYNC_MS = 5_000
RULE_MS = 30_000


class Listener(Protocol):
    """What the errands tell the window."""

    def register_known(self, register: RegisterView | None, trouble: Trouble | None) -> None:
        """The register answered, or why it could not be asked."""
        ...

    def recovered(self, results: list[Recovered]) -> None:
        """The storage was read: selling may begin."""
        ...

    def not_recovered(self, trouble: Trouble) -> None:
        """The storage could not be read, or a person has to decide."""
        ...

    def strip_known(self, strip: OutboxStrip) -> None:
        """What is not yet sent."""
        ...

    def synced(self, report: DeliverReport | None) -> None:
        """A round of the exchange ended; None when it failed."""
        ...

    def pulled(self, result: PullResult) -> None:
        """Orders were brought on board."""
        ...

    def log_page(self, rows: list[SyncRow], before: int | None) -> None:
        """A page of the sync log."""
        ...

    def log_story(self, order_number: str, rows: list[SyncRow]) -> None:
        """All requests of one order."""
        ...

    def log_counts(self, counts: dict[str, int]) -> None:
        """How many rows each filter has."""
        ...

    def alarm_known(self, alarms: list[Alarm]) -> None:
        """How many cases wait for a decision."""
        ...

    def copies_known(self, state: State) -> None:
        """Where the copies of the journal are."""
        ...

    @property
    def is_serving(self) -> bool:
        """Somebody stands at the till."""
        ...

    def shift_closed(self) -> None:
        """The shift was closed: a quiet moment."""
        ...

    def notice(self, trouble: Trouble) -> None:
        """A message in the right pane."""
        ...

    def busy(self, errand: str, is_busy: bool) -> None:
        """An errand (sync, pull, shift) runs, or has ended."""
        ...


class Errands(QObject):
    """Every errand is an ordinary job; a poll is left out while its lane has work, so nobody waits behind polls."""

    def __init__(self, listener: Listener, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look) -> None:
        super().__init__()
        self._listener, self._bridge, self._desk, self._lanes, self._look = listener, bridge, desk, lanes, look
        self._timers: list[QTimer] = []
        self._log_request = 0

    def start_polling(self) -> None:
        """Begins the timers; before that nothing runs by itself."""
        for interval_ms, poll in (
            (REGISTER_MS, self.poll_register),
            (STRIP_MS, self.read_strip),
            (SYNC_MS, self.poll_sync),
            (RULE_MS, self.poll_rule),
        ):
            timer = QTimer(self)
            timer.setInterval(interval_ms)
            timer.timeout.connect(poll)
            timer.start()
            self._timers.append(timer)

    def stop(self) -> None:
        """No more polls."""
        for timer in self._timers:
            timer.stop()

    # ------------------------------------------------------------------ the register

    def poll_register(self) -> None:
        """The register's state, when nothing else wants the register."""
        if self._lanes.device.is_idle:
            self.read_register()

    def read_register(self) -> None:
        """The register's state, after what is under way."""
        self._bridge.run(
            self._lanes.device,
            self._desk.register,
            lambda register: self._listener.register_known(register, None),
            lambda failure: self._listener.register_known(None, trouble_of(failure, self._look.say)),
        )

    def find_register(self, ended: Callable[[], None]) -> None:
        """Looks for the register at every port; `ended` is called before what is known of it then is shown."""

        def found(register: RegisterView) -> None:
            ended()
            self._listener.register_known(register, None)

        def failed(failure: Failure) -> None:
            ended()
            self._listener.register_known(None, trouble_of(failure, self._look.say))

        self._bridge.run(self._lanes.device, self._desk.find_register, found, failed)

    def recover(self) -> None:
        """Reads the fiscal storage and decides what became of receipts under way."""
        self._bridge.run(
            self._lanes.device,
            self._desk.recover,
            self._listener.recovered,
            lambda failure: self._listener.not_recovered(trouble_of(failure, self._look.say)),
        )

    def open_shift(self) -> None:
        """Opens the shift."""
        self._shift(self._desk.open_shift, "shift.opened")

    def close_shift(self) -> None:
        """Closes the shift; the person was asked before."""
        self._shift(self._desk.close_shift, "shift.closed", self._listener.shift_closed)

    def poll_rule(self) -> None:
        """The shop's rule for its shift, when nobody stands at the till."""
        if self._lanes.device.is_idle and not self._listener.is_serving:
            self._bridge.run(self._lanes.device, self._desk.close_shift_if_due, self._closed_by_rule, self._ignore)

    def _closed_by_rule(self, register: RegisterView | None) -> None:
        if register is None:
            return
        self._listener.register_known(register, None)
        self._say_ok("shift.closed_by_rule", n=register.shift.number if register.shift else "–")
        self._listener.shift_closed()

    def read_drawer(self, done: Callable[[Money], None]) -> None:
        """The cash in the drawer."""
        self._bridge.run(self._lanes.device, self._desk.drawer, done, self._tell)

    def move_cash(self, kind: str, amount: Money, done: Callable[[], None]) -> None:
        """Cash in or out; `done` when it was."""

        def ended(drawer: Money) -> None:
            done()
            self._say_ok(f"drawer.done.{kind}", sum=amount, drawer=drawer)

        self._errand("drawer", self._lanes.device, lambda: self._desk.move_cash(kind, amount), ended)

    def x_report(self) -> None:
        """Prints a report that closes nothing."""
        self._errand("shift", self._lanes.device, self._desk.x_report, lambda _none: self._say_ok("shift.x_done"))

    def _shift(self, job: Callable[[], RegisterView], said: str, then: Callable[[], None] = lambda: None) -> None:
        def done(register: RegisterView) -> None:
            self._listener.register_known(register, None)
            self._say_ok(said, n=register.shift.number if register.shift else "–")
            then()

        self._errand("shift", self._lanes.device, job, done)

    # ------------------------------------------------------------------ the portal

    def poll_sync(self) -> None:
        """A round of the exchange, when none runs."""
        if self._lanes.sync.is_idle:
            self._bridge.run(self._lanes.sync, self._desk.sync_now, self._synced, self._not_synced)

    def sync(self) -> None:
        """Pulls, and delivers everything that waits: a person asked for it."""
        self._listener.busy("sync", True)
        self._bridge.run(self._lanes.sync, lambda: self._desk.sync_now(force=True), self._synced, self._not_synced)

    def pull(self) -> None:
        """Brings the orders of the day on board."""
        self._errand("pull", self._lanes.sync, self._desk.pull, self._listener.pulled)

    def retry(self, entry: int) -> None:
        """Makes a failed entry due again and runs a round at once."""
        self._bridge.run(self._lanes.journal, lambda: self._desk.retry(entry), lambda _none: self.sync(), self._tell)

    def _synced(self, report: DeliverReport) -> None:
        self._listener.busy("sync", False)
        self._listener.synced(report)
        if report.load is not None:  # the next part at once, behind whatever people asked for meanwhile
            QTimer.singleShot(0, self, self.poll_sync)

    def _not_synced(self, failure: Failure) -> None:
        self._listener.busy("sync", False)
        self._listener.synced(None)

    # ------------------------------------------------------------------ copies

    def read_copies(self) -> None:
        """Where the copies are."""
        self._bridge.run(self._lanes.journal, self._desk.copies, self._listener.copies_known, self._ignore)

    def copy_now(self) -> None:
        """A copy to every place."""
        self._errand("copies", self._lanes.sync, self._desk.copy_now, self._copied)

    def try_copies(self) -> None:
        """Restores the newest copies for a trial."""
        self._errand("copies", self._lanes.sync, self._desk.try_copies, self._copied)

    def _copied(self, state: State) -> None:
        self._listener.copies_known(state)
        say = self._look.say
        if state.troubles:
            worst = state.troubles[0]
            self._listener.notice(trouble_of(worst, say))
        else:
            self._say_ok("copies.done")

    # ------------------------------------------------------------------ reading the journal

    def read_strip(self) -> None:
        """What is not yet sent, and what waits for a decision."""
        if self._lanes.journal.is_idle:
            self._bridge.run(self._lanes.journal, self._desk.strip, self._listener.strip_known, self._ignore)
            self.read_alarm()

    def read_alarm(self) -> None:
        """What waits for a decision."""
        self._bridge.run(self._lanes.journal, self._desk.alarms, self._listener.alarm_known, self._ignore)

    def read_log(self, chip: str, search: str, before: int | None) -> None:
        """A page of the log; only the newest request is answered."""
        self._log_request += 1
        number = self._log_request

        def done(rows: list[SyncRow]) -> None:
            if number == self._log_request:
                self._listener.log_page(rows, before)

        self._bridge.run(self._lanes.journal, lambda: self._desk.log(chip, search, before), done, self._tell)
        if before is None:
            self._bridge.run(self._lanes.journal, self._desk.log_counts, self._listener.log_counts, self._ignore)

    def read_story(self, order_number: str) -> None:
        """All requests of one order."""
        self._bridge.run(
            self._lanes.journal,
            lambda: self._desk.log("all", order_number, None),
            lambda rows: self._listener.log_story(order_number, rows),
            self._ignore,
        )

    def read(self, job: Callable[[], T], done: Callable[[T], None]) -> None:
        """Any quick reading of the journal."""
        self._bridge.run(self._lanes.journal, job, done, self._tell)

    def peek(self, job: Callable[[], T], done: Callable[[T], None]) -> None:
        """The same for what may fail in silence: it is read again."""
        self._bridge.run(self._lanes.journal, job, done, self._ignore)

    # ------------------------------------------------------------------

    def _errand(self, name: str, lane: Lane, job: Callable[[], T], done: Callable[[T], None]) -> None:
        def ended(result: T) -> None:
            self._listener.busy(name, False)
            done(result)

        def failed(failure: Failure) -> None:
            self._listener.busy(name, False)
            self._tell(failure)

        self._listener.busy(name, True)
        self._bridge.run(lane, job, ended, failed)

    def _say_ok(self, key: str, **facts: object) -> None:
        self._listener.notice(Trouble("ok", self._look.say(key, **facts), "", ""))

    def _tell(self, failure: Failure) -> None:
        self._listener.notice(trouble_of(failure, self._look.say))

    def _ignore(self, failure: Failure) -> None:
        """Polls that fail leave what is on the screen; bugs are in the log already."""
