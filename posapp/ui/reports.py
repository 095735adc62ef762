"""What the lanes report – register, storage, exchange, log, cases – and what the window makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from posapp.till.views import Alarm, DeliverReport, OutboxStrip, PullResult, Recovered, RegisterView, SyncRow
from posapp.ui.alarms import CaseAlarm, alarm_of
from posapp.ui.draft import Method
from posapp.ui.lights import Shape
from posapp.ui.payment_pane import Step
from posapp.ui.readiness import FINDABLE, Readiness, light_trouble, readiness_of, short_of, why_not, with_alarm
from posapp.ui.recovery import Recovery
from posapp.ui.trouble import Trouble

if TYPE_CHECKING:
    from posapp.till.keeping import State
    from posapp.ui.window import Window

SILENT_S = 120
"""A register that has not answered for so long takes no card: nobody knows how it is."""


class Reports:
    """Keeps the last report of each kind and shows it on whatever widgets there are (`posapp.ui.errands.Listener`)."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.register: RegisterView | None = None
        self.outbox: OutboxStrip | None = None
        self.last_pull: PullResult | None = None
        self.alarm = CaseAlarm()
        self.copies: State | None = None
        self.recovery = Recovery()
        self._register_trouble: Trouble | None = None
        self._answered_at: datetime | None = None
        self._is_finding = False
        self._sought_at: datetime | None = None  # when it was looked for in vain

    def show_again(self) -> None:
        """The last reports on new widgets."""
        frame = self._window.frame
        self.register_known(self.register, self._register_trouble)
        if self.outbox is not None:
            frame.strip.show_strip(self.outbox)
        frame.strip.show_cases(self.alarm)
        frame.service.show_pull(self.last_pull)
        if self.copies is not None:
            frame.service.copies.show_state(self.copies)
        self._window.backroom.show_reconciled()

    def notice(self, trouble: Trouble) -> None:
        """A message in the right pane."""
        self._window.notice(trouble)

    # ------------------------------------------------------------------ the register

    def register_known(self, register: RegisterView | None, trouble: Trouble | None) -> None:
        """Head, methods and the day's sums follow the register."""
        window, counter = self._window, self._window.counter
        if register is not self.register and register is not None and register.shift is not None:
            self._answered_at, self._sought_at = window.look.now(), None
        self.register, self._register_trouble = register, trouble
        self.recovery.register_answers(register is not None and register.shift is not None)
        window.frame.service.show_register(register)
        window.frame.strip.show_shift(None if register is None else register.closes)
        if window.pane.step is Step.IDLE:
            window.pane.idle.show_register(register)
        self.show_readiness()
        if self.recovery.is_due(has_unknown=counter is not None and counter.has_unknown):
            window.recover()

    def begin_finding(self) -> bool:
        """A person has the register looked for. False when that runs already, and when it answers."""
        trouble = None if self.register is None else self.register.trouble
        if self._is_finding or trouble is None or trouble.code not in FINDABLE:
            return False
        self._is_finding = True
        self.show_readiness()
        return True

    def finding_ended(self) -> None:
        """The search is over; what came of it is shown next."""
        self._is_finding = False
        self._sought_at = self._window.look.now()

    def recovered(self, results: list[Recovered]) -> None:
        """Selling unlocks."""
        window = self._window
        self.recovery.ended(None)
        if window.counter is not None:
            window.counter.recovered()
        self.show_readiness()
        window.search(window.frame.orders.search.text())
        window.backroom.look_at_cases()
        if window.reconciler is not None:
            window.reconciler.at_start()

    def not_recovered(self, trouble: Trouble) -> None:
        """Selling stays locked, and the reason is in sight; once the register is back it is tried again by itself."""
        self.recovery.ended(trouble)
        if self._window.counter is not None:
            self._window.counter.not_recovered(trouble)
        self.show_readiness()
        if self._window.frame.shown == "resolve":
            self._window.frame.resolve.show_trouble(replace(trouble, act=""))
        if self._window.errands is not None:
            self._window.errands.read_alarm()

    # ------------------------------------------------------------------ the exchange

    def strip_known(self, strip: OutboxStrip) -> None:
        """The foot."""
        self.outbox = strip
        self._window.frame.strip.show_strip(strip)

    def synced(self, report: DeliverReport | None) -> None:
        """Lights may have turned, orders may have come."""
        window, frame = self._window, self._window.frame
        if window.errands is None or window.counter is None:
            return
        frame.strip.exchanged(is_good=report is not None and report.offline is None)
        window.errands.read_strip()
        window.counter.look_again()
        if frame.shown == "orders":
            window.search(frame.orders.search.text())
        elif frame.shown == "log" and frame.log.is_at_top:
            frame.log.ask()

    def pulled(self, result: PullResult) -> None:
        """Orders were brought on board."""
        window = self._window
        self.last_pull = result
        window.frame.service.show_pull(result)
        if window.frame.shown == "route":
            window.read_route()
        window.search(window.frame.orders.search.text())

    def log_page(self, rows: list[SyncRow], before: int | None) -> None:
        """A page of the sync log."""
        self._window.frame.log.show_page(rows, before)

    def log_story(self, order_number: str, rows: list[SyncRow]) -> None:
        """All requests of one order."""
        self._window.frame.log.show_timeline(order_number, rows)

    def log_counts(self, counts: dict[str, int]) -> None:
        """Numbers on the chips."""
        self._window.frame.log.show_counts(counts)

    def busy(self, errand: str, is_busy: bool) -> None:
        """Buttons of an errand rest while it runs."""
        frame = self._window.frame
        if errand == "sync":
            frame.strip.sending(is_busy)
        elif errand == "pull":
            frame.service.pull.setEnabled(not is_busy)
            frame.route.pull_button.setEnabled(not is_busy)
        elif errand == "copies":
            frame.service.copies.busy(is_busy)

    # ------------------------------------------------------------------ safety

    def copies_known(self, state: State) -> None:
        """Where the copies of the journal are."""
        self.copies = state
        self._window.frame.service.copies.show_state(state)

    @property
    def is_serving(self) -> bool:
        """Somebody stands at the till: an order is open, or a receipt under way."""
        counter = self._window.counter
        return counter is None or counter.is_selling or counter.view is not None

    def shift_closed(self) -> None:
        """A quiet moment: do journal, register, portal and OFD agree on the shift?"""
        if self._window.reconciler is not None:
            self._window.reconciler.after_close()

    # ------------------------------------------------------------------ what waits for a decision

    def alarm_known(self, alarms: list[Alarm]) -> None:
        """How many cases wait: head and foot. A tone, once, when one has waited for too long."""
        window, alarm = self._window, alarm_of(alarms)
        if window.counter is not None and window.counter.is_selling:
            return  # the receipt that is being printed is under way, not waiting
        if alarm.is_overdue and not self.alarm.is_overdue:
            window.sounds.play("person")
        self.alarm = alarm
        window.frame.strip.show_cases(alarm)
        self.show_readiness()

    # ------------------------------------------------------------------ readiness

    def _is_silent(self) -> bool:
        """The register has not answered for long; while it prints that is as it should be."""
        answered, window = self._answered_at, self._window
        is_printing = window.pane.step is Step.PRINTING
        return answered is not None and not is_printing and window.look.seconds_since(answered) > SILENT_S

    def show_readiness(self) -> None:
        """Head, methods and the pane's message: may money be taken, and if not, why."""
        window, recovery, say = self._window, self.recovery, self._window.look.say
        readiness = readiness_of(self.register, window.look, recovered=recovery.is_done)
        trouble = self._register_trouble if recovery.is_done else recovery.reason
        if trouble is not None:
            is_unknown = trouble.tone == "unknown"
            words = "ready.unknown" if is_unknown else short_of(trouble.code)
            readiness = Readiness(Shape.UNKNOWN if is_unknown else Shape.BAD, say(words), trouble.act)
        elif readiness.may_sell and window.counter is not None and window.counter.has_unknown:
            readiness = Readiness(Shape.UNKNOWN, say("ready.unknown"), "recover")
        elif readiness.may_charge and self._is_silent():
            readiness = Readiness(Shape.BAD, say("ready.no_card", why=say("ready.register")), only_cash=True)
        if window.is_damaged:
            readiness = Readiness(Shape.BAD, say("ready.damaged"))
        shown = with_alarm(readiness, self.alarm, window.look)
        if window.pane.step is Step.PRINTING:
            shown = Readiness(Shape.WAIT, say("ready.terminal" if window.pane.asks_terminal else "ready.printing"))
        if self._is_finding:
            shown = Readiness(Shape.WAIT, say("ready.finding"))
        elif self._sought_at is not None and shown.act == "find_register":
            shown = replace(shown, words=say("ready.sought", at=say.clock(self._sought_at)))
        window.frame.head.show_register(self.register, shown)
        allowed = set(Method) if readiness.may_sell else set()
        window.pane.allow(allowed if readiness.may_charge else allowed - {Method.CARD, Method.MIX})
        said = trouble or why_not(self.register, readiness, say)
        if said is None and window.pane.step in (Step.IDLE, Step.METHODS):  # while money is taken the keypad is needed
            said = light_trouble(self.register, readiness, say)
        window.pane.show_register_trouble(said)
