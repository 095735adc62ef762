"""What goes on beside the selling, as the window carries it: the resolve desk and the reconciliation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from posapp.domain.money import Money
from posapp.till.reconcile_views import Difference
from posapp.till.views import Case, Choice
from posapp.ui.begun import CANCEL, begun_case
from posapp.ui.bridge import Failure
from posapp.ui.reconcile_screen import entry_of, step_of
from posapp.ui.resolve_screen import ResolveScreen
from posapp.ui.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from posapp.till.courier_day import DayReport
    from posapp.ui.window import Window


class BackRoom:
    """What resolver and reconciler ask of the window (`Room`, `Accounts`), and what their screens ask of them."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def notice(self, trouble: Trouble) -> None:
        """A message in the right pane."""
        self._window.notice(trouble)

    # ------------------------------------------------------------------ the resolve desk (Room)

    @property
    def desk_screen(self) -> ResolveScreen:
        """The resolve desk's screen, as it is now."""
        return self._window.frame.resolve

    @property
    def is_deciding(self) -> bool:
        """A decision is being written: nothing else moves."""
        return self._window.resolver is not None and self._window.resolver.is_deciding

    def open_desk(self, begun: Case | None = None) -> None:
        """The resolve desk; `begun` is a case made from the order on the screen."""
        if self._window.resolver is not None:
            self._window.frame.show_screen("resolve")
            self._window.resolver.open(begun)
            self._window.frame.resolve.side.setFocus()

    def open_begun(self) -> None:
        """The begun receipt of the open order, on the desk."""
        view = self._window.counter.view if self._window.counter is not None else None
        self.open_desk(begun_case(view, self._window.look) if view is not None else None)

    def turn_case(self, step: int) -> None:
        """The next case, or the one before."""
        if self._window.resolver is not None:
            self._window.resolver.turn(step)

    def read_cases(self) -> None:
        """What waits, read anew."""
        if self._window.resolver is not None:
            self._window.resolver.read()

    def look_at_cases(self) -> None:
        """The storage was read: what the desk shows, and how many wait, may have changed."""
        if self._window.errands is not None:
            self._window.errands.read_alarm()
        if self._window.frame.shown == "resolve":
            self.read_cases()

    def to_decide(self) -> None:
        """On a narrow screen: the choices take the place of the story."""
        self._window.frame.show_screen("resolve", peek=True)
        self._window.frame.resolve.side.setFocus()

    def decide(self, choice: str, who: str, why: str, answers: dict[str, str]) -> None:
        """A person's decision."""
        if self._window.resolver is not None:
            self._window.resolver.decide(choice, who, why, answers)

    def case_decided(self, case: Case, choice: Choice, said: Trouble) -> None:
        """Selling may unlock; an order whose begun receipt was given up is free again."""
        self._window.frame.show_screen("resolve")
        if self._window.counter is not None:
            self._window.counter.decided(case.order_number)
        if choice.id == CANCEL and self._window.counter is not None and self._window.counter.view is not None:
            self._window.counter.reopen(said)
        else:
            self._window.recover()

    def no_case_left(self, last: Case | None) -> None:
        """The customer of the last case may still stand there: back to the order."""
        view = self._window.counter.view if self._window.counter is not None else None
        is_here = self._window.frame.shown == "resolve"
        if is_here and last is not None and view is not None and view.order.number == last.order_number:
            self._window.go("till")
        if not self._window.reports.recovery.is_done:
            self._window.recover()  # reading the cases has proven the last one: selling may begin again

    # ------------------------------------------------------------------ the sync log

    def open_request(self, row_id: int) -> None:
        """What a row of the sync log asked and was answered."""
        desk, errands = self._window.desk, self._window.errands
        if desk is not None and errands is not None:
            errands.read(lambda: desk.log_detail(row_id), self._window.frame.log.show_detail)

    def show_budget(self) -> None:
        """How fast the portal may be asked, in the head of the sync log."""
        desk, errands = self._window.desk, self._window.errands
        if desk is not None and errands is not None:
            errands.peek(desk.budget, self._window.frame.log.show_budget)

    # ------------------------------------------------------------------ the courier's day

    def open_day(self) -> None:
        """The sheet, and what can be done with it."""
        window = self._window
        desk = window.desk
        if desk is not None and window.errands is not None:
            window.frame.show_screen("day")
            window.errands.read(desk.day, self._show_day)

    def _show_day(self, report: DayReport | None) -> None:
        self._window.frame.day.show_report(report)

    def begin_day(self, courier: str, float_taken: Money) -> None:
        """The courier takes the float."""
        desk = self._window.desk
        if desk is not None:
            self._of_day(lambda: desk.begin_day(courier, float_taken), "day.begun")

    def hand_in(self, counted: Money, receiver: str, why: str) -> None:
        """The cash is handed in."""
        desk = self._window.desk
        if desk is not None:
            self._of_day(lambda: desk.hand_in(counted, receiver, why), "day.closed")

    def _of_day(self, job: Callable[[], DayReport], said: str) -> None:
        window, say = self._window, self._window.look.say

        def done(report: DayReport) -> None:
            window.frame.day.show_report(report)
            window.frame.day.side.banner.show_trouble(Trouble("ok", say(said), "", ""))

        def failed(failure: Failure) -> None:
            window.frame.day.side.show_trouble(trouble_of(failure, say))

        if window.lanes is not None:
            window.bridge.run(window.lanes.journal, job, done, failed)

    # ------------------------------------------------------------------ the drawer

    def open_drawer(self, kind: str) -> None:
        """Cash is to be put in or taken out: first, how much is there?"""
        frame, errands = self._window.frame, self._window.errands
        if errands is not None:
            frame.show_screen("service", peek=True)
            frame.service.side.begin_drawer(kind)
            errands.read_drawer(self._show_drawer)

    def move_cash(self, kind: str, amount: Money) -> None:
        """A person has pressed the button."""
        if self._window.errands is not None:
            self._window.errands.move_cash(kind, amount, self._close_drawer)

    def _show_drawer(self, drawer: Money) -> None:
        self._window.frame.service.side.drawer.show_drawer(drawer)

    def _close_drawer(self) -> None:
        self._window.frame.service.side.back()

    # ------------------------------------------------------------------ the reconciliation (Accounts)

    def reconcile(self, days: int | None) -> None:
        """A person asks: so many days back, or – None – the open shift."""
        if self._window.reconciler is not None:
            self._window.reconciler.run(days)

    def stop_reconciling(self) -> None:
        """A person does not want to wait."""
        if self._window.reconciler is not None:
            self._window.reconciler.stop()

    def show_reconciled(self) -> None:
        """The last reconciliation, or how far the one under way is, on service screen and list."""
        reconciler, frame = self._window.reconciler, self._window.frame
        if reconciler is None:
            return
        frame.service.reconcile.show_reconciled(reconciler.last, reconciler.progress, is_running=reconciler.is_running)
        frame.reconcile.show_progress(reconciler.progress, is_running=reconciler.is_running)
        if not reconciler.is_running:
            frame.reconcile.show_last(reconciler.last)

    def take_step(self, difference: Difference) -> None:
        """The button beside a difference."""
        step, entry = step_of(difference), entry_of(difference)
        if step == "order" and self._window.counter is not None:
            self._window.counter.find_typed(difference.order)
        elif step == "entry" and entry is not None:
            self._window.retry(entry)
        else:
            self._window.act(step)
