"""The self-check at work: when a person opens it or asks again, and the rungs of the ladder. No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from posapp.till.doctor_verdicts import Verdict
from posapp.ui.bridge import Failure
from posapp.ui.doctor_screen import RUNGS, step_of
from posapp.ui.trouble import trouble_of

if TYPE_CHECKING:
    from posapp.till.doctor import Report
    from posapp.ui.window import Window


class Doctors:
    """What the screen of the self-check asks of the window. One look at a time, on the register's lane."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.is_running = False
        self.last: Report | None = None

    def open(self) -> None:
        """The screen, and a look."""
        self._window.frame.show_screen("doctor")
        self._window.frame.doctor.table.setFocus()
        self.show_again()
        self.look()

    def show_again(self) -> None:
        """New widgets show what the old ones did."""
        if self.last is not None:
            self._window.frame.doctor.show_report(self.last)
        if self.is_running:
            self._window.frame.doctor.show_running(self._window.look.say("doctor.running"))

    def look(self) -> None:
        """Another look at everything."""
        desk = self._window.desk
        if desk is not None:
            self._run(desk.examine, "doctor.running")

    def take_step(self, verdict: Verdict) -> None:
        """The button beside a verdict."""
        desk, step = self._window.desk, step_of(verdict)
        if step in RUNGS and desk is not None:
            self._run(lambda: desk.climb(step), "doctor.climbing", is_act=True)
        elif step == "sync":
            self._window.go("log")
        elif step:
            self._window.act(step)

    def _run(self, job: Callable[[], Report], words: str, *, is_act: bool = False) -> None:
        window = self._window
        if self.is_running or window.lanes is None:
            return
        self.is_running = True
        window.frame.doctor.side.setFocus()
        window.frame.doctor.show_running(window.look.say(words))

        def done(report: Report) -> None:
            self.is_running, self.last = False, report
            window.frame.doctor.show_report(report)
            if is_act:
                window.recover()  # what was open is decided: selling may begin again

        def failed(failure: Failure) -> None:
            self.is_running = False
            trouble = trouble_of(failure, window.look.say)
            window.frame.doctor.show_failed(trouble.message)
            window.frame.doctor.side.banner.show_trouble(trouble)

        window.bridge.run(window.lanes.device, job, done, failed)
