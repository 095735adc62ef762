"""The simulated register behind the stand-in library: tasks in JSON, the open receipt, faults that the library commits.

A fault's `command` is the type of a task (`sell`), a step inside one that is taken next (`openReceipt`, `registration`,
`closeReceipt`: the receipt stays as far as it had come), or a call (`open`, `receiptState`, `cancelReceipt`), `*` for
any. To what every register can do wrong come the library's own misdeeds (`MISDEEDS`), before the task is done or
after its effect is durable. Frames have no bytes here: `flip` and `truncate` are garbage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from posapp.devices.atol import json_text
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator import atol_library as stand_in
from posapp.devices.simulator import faults as fault_plans
from posapp.devices.simulator.atol_acts import Acts, Denied
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_library_door import MISDEEDS, Answer, Silence
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.faults import AFTER_COMMIT, BEFORE, Fault, Faults
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.receipt import KIND_TAG
from posapp.devices.simulator.server import local_now

RECEIPT_NUMBERS = {1: 1, 2: 2, 3: 4, 4: 5}
"""Tag 1054 → the library's number of the receipt's type; of corrections: CORRECTION_NUMBERS."""
CORRECTION_NUMBERS = {1: 7, 2: 8, 3: 9, 4: 10}
QUESTIONS = ("get", "ofdExchangeStatus", "checkImc", "validate")
"""How tasks begin that a printing register answers at once; for the others the vendor's driver waits."""
NO_LINK = e.NO_CONNECTION


class _Struck(Exception):
    """A fault stopped the task at a step; what was done before it stays."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.do)
        self.fault = fault


class LibraryRegister:
    """One register. `lock` guards it against the control door; `commit` makes what was done durable."""

    def __init__(
        self,
        printer: Printer,
        faults: Faults | None = None,
        commit: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        self.printer = printer
        self.faults = faults or Faults()
        self.is_on = True
        self.lock = threading.Lock()
        self._tasks = AtolTasks(printer)
        self._commit = commit
        self._now = now

    @property
    def line(self) -> LibraryRegister:
        """Itself, for the control door."""
        return self

    @staticmethod
    def parse_faults(given: object) -> list[Fault]:
        """Faults from decoded JSON. BadFault tells what is wrong."""
        return fault_plans.parse(given, str, fault_plans.ACTIONS | frozenset(MISDEEDS))

    def power_off(self) -> None:
        """The register goes dark."""
        self.is_on = False

    def power_on(self) -> None:
        """And comes back."""
        self.is_on = True
        self.printer.power_on()

    def call(self, letter: int, text: str, stopped: threading.Event) -> Answer:
        """See `Behind`. Raises Silence."""
        if letter == stand_in.OPEN:
            return self._struck("open", Answer, stopped)
        if letter == stand_in.RECEIPT:
            return self._struck("receiptState", self._receipt_state, stopped)
        if letter == stand_in.CANCEL:
            return self._struck("cancelReceipt", self._cancel, stopped)
        try:
            task = json_text.loads(text)
        except (ValueError, RecursionError):
            return _refused(e.PARSE_ERROR)
        if letter == stand_in.VALIDATE:
            return self._struck("validate", lambda: self._validate(task), stopped)
        name = str(task.get("type", "")) if isinstance(task, dict) else ""
        if not name.startswith(QUESTIONS):
            self._wait_for_print(stopped)
        return self._struck(name, lambda: self._perform(task), stopped)

    def _struck(self, name: str, act: Callable[[], Answer], stopped: threading.Event) -> Answer:
        """The act, with the faults that strike it before and after."""
        if not self.is_on:
            raise Silence
        with self.lock:
            struck = self.faults.strike(name)
        for fault in struck[BEFORE]:
            if (instead := self._before(fault, stopped)) is not None:
                return instead
        try:
            with self.lock:
                answer = act()
        except _Struck as stop:
            instead = self._before(stop.fault, stopped)
            return instead if instead is not None else _refused(NO_LINK)
        for fault in struck[AFTER_COMMIT]:
            answer = self._after(fault, answer, stopped)
        return answer

    def _before(self, fault: Fault, stopped: threading.Event) -> Answer | None:
        """What comes instead of the act; None when it goes on."""
        match fault.do:
            case "error":
                return _refused(int(fault.value))
            case "delay":
                stopped.wait(float(fault.value))
            case "paper_out":
                with self.lock:
                    self.printer.set_paper("out", self._now())
            case "drop_command" | "drop_reply":
                raise Silence
            case "power_off":
                self.power_off()
                raise Silence
            case _:
                return _misdeed(fault, "")
        return None

    def _after(self, fault: Fault, answer: Answer, stopped: threading.Event) -> Answer:
        """What the library gives back when the effect is durable."""
        if fault.do == "error":
            return _refused(int(fault.value))
        if fault.do in MISDEEDS or fault.do in ("flip", "truncate"):
            return _misdeed(fault, answer.text)
        return self._before(fault, stopped) or answer

    def _step(self, name: str) -> None:
        """Faults at a step inside a task."""
        for fault in self.faults.strike(name)[BEFORE]:
            raise _Struck(fault)

    def _perform(self, task: object) -> Answer:
        try:
            result: Any = self._tasks.perform(task, self._now(), self._step)
        except TaskError as error:
            return Answer(stand_in.REFUSED, error.code, error.text)
        finally:
            self._commit()
        return Answer(text=json_text.dumps(result))

    def _validate(self, task: object) -> Answer:
        try:
            self._tasks.validate(task)
        except TaskError as error:
            return Answer(stand_in.REFUSED, error.code, error.text)
        return Answer()

    def _receipt_state(self) -> Answer:
        receipt = self.printer.receipt
        if receipt is None:
            return Answer(stand_in.DONE, 0, "0.00")
        numbers = CORRECTION_NUMBERS if receipt.is_correction else RECEIPT_NUMBERS
        kopecks = receipt.total_kopecks
        return Answer(stand_in.DONE, numbers[KIND_TAG[receipt.kind]], f"{kopecks // 100}.{kopecks % 100:02d}")

    def _cancel(self) -> Answer:
        try:
            Acts(self.printer, self._now()).cancel_receipt()
        except Denied as denial:
            return _refused(denial.code)
        finally:
            self._commit()
        return Answer()

    def _wait_for_print(self, stopped: threading.Event) -> None:
        """The vendor's driver waits while the register prints."""
        while not stopped.is_set():
            with self.lock:
                left = Acts(self.printer, self._now()).busy_for() if self.is_on else 0.0
            if left <= 0:
                return
            stopped.wait(left)


def _refused(code: int) -> Answer:
    return Answer(stand_in.REFUSED, code, e.text_of(code))


def _misdeed(fault: Fault, text: str) -> Answer:
    return Answer(MISDEEDS.get(fault.do, stand_in.GARBAGE), 0, text)
