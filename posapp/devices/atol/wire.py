"""The raw protocol as a way to have the vendor's JSON tasks performed: what ATOL's driver does, done by raw commands.

A receipt is ``56 01 → E8 (cashier) → 92 → E8 (our key, buyer) → EA, E8, EB × items → 99 × payments → 4A``, and then the
storage as the proof. Only 4A makes a document. So:

* a "no" before it: what this very session opened is cancelled (59h), and nothing was made (`Refused`);
* any doubt from 92 on: `Lost`. The till reads the state;
* after 4A: the task has a result only when the storage shows a later document of our kind and total.

Unlike the vendor's driver this one cancels nothing that it has not opened itself (design rule 7): where a receipt is
open, it is refused.

What the raw protocol is not known to do is refused by its name before anything is sent (`register_lacks`). And as long
as nobody has seen a model pass the conformance suite by the raw protocol, real receipts do not go this way at all
(`wire_unproven`): only registers with a debug storage are spoken to.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from posapp.devices.atol import commands as c
from posapp.devices.atol import wire_plan as plan
from posapp.devices.atol import wire_reading as reading
from posapp.devices.atol.refusals import reason, refusal
from posapp.devices.atol.session import Session
from posapp.devices.atol.tasks import Lost, NotSent, OpenReceipt, TaskFailed
from posapp.devices.atol.wire_errors import BAD_DATA_CODE, NOTHING_OPEN, code_of
from posapp.devices.flow import Port
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.errors import Refused

PROVEN_MODELS: Final[frozenset[int]] = frozenset()
"""Model numbers (A5h) whose registers have passed the conformance suite by the raw protocol. None so far."""

CASH_TIMEOUT_S: Final = 30.0
REPORT_TIMEOUT_S: Final = 60.0
_WRONG_MODE, _RECEIPT_OPEN, _UNDERPAID, _BAD_PARAMETER, _BAD_TOTAL = 12, 82, 66, 13, 227
_DEBUG_STORAGE = "9999"
_WAITS = b"\x10"
"""The first byte of register 3Bh from here on: something waits to be printed to its end."""

Result = dict[str, Any]
log = logging.getLogger(__name__)


class WireTasks:
    """Tasks by raw commands through one port. `open_port` makes a fresh port each time; it raises Unreachable.

    `password` is that of the operator, with which modes are entered, `access` that of the protocol. See `Tasks` and
    `TellsOpening`.
    """

    def __init__(
        self, open_port: Callable[[], Port], port_name: str, password: int = c.MODE_PASSWORD, access: int = 0
    ) -> None:
        self._session = Session(open_port, port_name, access)
        self._password = password
        self._is_known = False
        self._just_made = 0

    # --- the connection

    def open(self) -> None:
        """Opens the port, empties the device's buffer, and sees once per connection whether it may be used."""
        if self._session.is_open and self._is_known:
            return
        self._is_known = False
        with self._nothing_yet(), self._asking():
            self._session.open()
            storage = self._session.ask(c.StorageNumber()).storage_number
            model = self._session.ask(c.DeviceInfo()).model
        if not storage.startswith(_DEBUG_STORAGE) and model not in PROVEN_MODELS:
            self._session.close()
            raise Refused("wire_unproven", model=model)
        self._is_known = True

    def close(self) -> None:
        """Closes the port."""
        self._is_known = False
        self._session.close()

    def reset(self) -> None:
        """A fresh port, Abort, and then until the device is idle. Raises Busy, NotSent."""
        self.close()
        self.open()
        with self._asking():
            self._session.wait_until_idle()

    def end_request(self, request: str) -> None:
        """The wire takes no requests."""

    # --- tasks

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> Result:
        """One task of the vendor; Refused `register_lacks` for one that the raw protocol is not known to do."""
        name = str(task.get("type", ""))
        if name in plan.KINDS or name in plan.CORRECTIONS:
            return self.perform_receipt(task, timeout_s, lambda: None)
        if name in reading.QUESTIONS or name == "getFnDocument":
            return self._question(name, task)
        acts: Mapping[str, Callable[[Mapping[str, Any], float], Result]] = {
            "openShift": self._open_shift,
            "closeShift": self._close_shift,
            "reportX": self._x_report,
            "cashIn": self._cash,
            "cashOut": self._cash,
            "setDateTime": self._set_clock,
            "continuePrint": self._continue_print,
        }
        if name not in acts:
            raise Refused("register_lacks", what=f"задание «{name}» по прямому протоколу АТОЛ")
        self.open()
        return acts[name](task, timeout_s)

    def _question(self, name: str, task: Mapping[str, Any]) -> Result:
        """A task that changes nothing: whatever is unclear about it, it can be asked again."""
        self.open()
        with self._asking():
            if name == "getFnDocument":
                just_made, self._just_made = self._just_made, 0
                return reading.fn_document(self._session, task, just_made)
            return reading.QUESTIONS[name](self._session)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """What is lost in here changed nothing: it counts as not sent."""
        try:
            yield
        except Lost as error:
            raise NotSent(str(error)) from error

    @contextlib.contextmanager
    def _nothing_yet(self) -> Iterator[None]:
        """A "no" to what only makes ready: nothing was made."""
        try:
            yield
        except TaskFailed as error:
            raise refusal(error.code, error.description) from error

    def _enter(self, mode: int) -> None:
        """48h, 56h. Changes what the register is at and nothing else, so a doubt about it is none about money."""
        with self._asking():
            try:
                self._session.order(c.LeaveMode())
            except TaskFailed as failure:
                if failure.code != _WRONG_MODE:  # it has not entered any
                    raise
            self._session.order(c.EnterMode(mode, self._password))

    def _name_cashier(self, task: Mapping[str, Any]) -> None:
        """1021 and 1203 for the document that comes next."""
        with self._asking():
            for each in plan.cashier(task):
                self._session.order(each)

    # --- shift, reports, cash

    def _open_shift(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        return self._make(task, c.REGISTRATION, c.OpenShift(), DocumentType.SHIFT_OPEN, timeout_s)

    def _close_shift(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        return self._make(task, c.CLOSING, c.CloseShift(), DocumentType.SHIFT_CLOSE, timeout_s)

    def _make(
        self, task: Mapping[str, Any], mode: int, command: c.AnyCommand, form: DocumentType, timeout_s: float
    ) -> Result:
        """A report of the shift that is a document. It goes out once; the storage then shows it."""
        with self._nothing_yet():
            before = self._last_document()
            self._enter(mode)
            self._name_cashier(task)
        self._session.close_by(command, timeout_s)
        return self._proven(before, lambda found: found.document_type == form)

    def _x_report(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        with self._nothing_yet():
            self._enter(c.REPORTS)
        self._session.order(c.Report(c.X_REPORT), timeout_s)
        return {}

    def _cash(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        """49h, 4Fh: once. Their proof is the drawer, before and after (rule 8): one checksum byte protects the sum."""
        kopecks = self._sum(task["cashSum"])
        out = task["type"] == "cashOut"
        command: c.Command[c.Done] = c.CashOut(0, kopecks) if out else c.CashIn(0, kopecks)
        with self._nothing_yet(), self._asking():
            self._enter(c.REGISTRATION)
            before = self._session.ask(c.Drawer()).kopecks
        self._session.close_by(command, min(timeout_s, CASH_TIMEOUT_S))
        with self._proving():
            after = self._session.ask(c.Drawer()).kopecks
            if after != before + (-kopecks if out else kopecks):
                raise Lost(f"{before} kopecks were in the drawer before, {after} are now")
        return {"counters": {"cashSum": reading.roubles(after)}}

    def _set_clock(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        try:
            wanted = plan.moment(task.get("dateTime"))
        except ValueError as error:
            raise TaskFailed(_BAD_PARAMETER, str(error)) from error
        self._session.order(c.SetClock(wanted), timeout_s)
        return {}

    def _continue_print(self, task: Mapping[str, Any], timeout_s: float) -> Result:
        """EEh where something waits to be printed to its end, else nothing."""
        with self._asking():
            waits = self._session.ask(c.PrintCounters()).data[:1] >= _WAITS
        if waits:
            self._session.order(c.ContinuePrint(), timeout_s)
        return {}

    # --- receipts

    def perform_receipt(self, task: Mapping[str, Any], timeout_s: float, opened: Callable[[], None]) -> Result:
        """A receipt; see the top of this file for what each error means."""
        try:
            made = plan.plan_receipt(task)
        except plan.Lacking as lacking:
            raise Refused("register_lacks", what=f"{lacking} по прямому протоколу АТОЛ") from lacking
        except (ValueError, KeyError, TypeError) as error:
            raise TaskFailed(_BAD_PARAMETER, str(error)) from error
        before = self._begin(task, made)
        try:
            opened()
            self._fill(made)
        except Lost:
            raise
        except NotSent as error:
            raise Lost(str(error)) from error
        except TaskFailed as error:
            self._cancel_own()
            raise refusal(error.code, error.description) from error
        except Exception:
            self._cancel_own()
            raise
        try:
            self._session.close_by(c.CloseReceipt(kind=c.CASH), timeout_s)
        except NotSent as error:  # 4A did not go out, and our receipt is open
            raise Lost(str(error)) from error
        return self._proven(before, lambda found: (found.kind, found.total_kopecks) == (made.kind, made.total_kopecks))

    def _begin(self, task: Mapping[str, Any], made: plan.ReceiptPlan) -> int:
        """Everything up to the opening; the last document before. Raises Refused: nothing is open because of us."""
        with self._nothing_yet():
            self.open()
            self._check_format(made)
            before = self._last_document()
            if self.open_receipt() is not None:
                raise TaskFailed(_RECEIPT_OPEN, "чек открыт")
            self._enter(c.REGISTRATION)
            self._name_cashier(task)
            self._step_to_open(made.opening)
        return before

    def _check_format(self, made: plan.ReceiptPlan) -> None:
        with self._asking():
            version = reading.ffd_version(self._session)
        if made.is_correction and version != "1.05":
            raise Refused("register_lacks", what=f"чеки коррекции ФФД {version or '?'} по прямому протоколу АТОЛ")
        if version not in ("1.05", "1.1"):
            raise Refused("register_lacks", what=f"чеки ФФД {version or '?'} по прямому протоколу АТОЛ")

    def _step_to_open(self, command: c.OpenReceipt) -> None:
        """92h. After a "no" the register is asked what is open: an error byte does not prove that nothing is."""
        try:
            self._session.order(command)
        except TaskFailed:
            try:
                is_open = self.open_receipt() is not None
            except (NotSent, TaskFailed) as error:
                raise Lost(str(error)) from error
            if is_open:
                raise Lost("92h was refused, and a receipt is open") from None
            raise

    def _fill(self, made: plan.ReceiptPlan) -> None:
        """Everything between opening and closing."""
        for step in made.steps:
            self._take(step)
        if made.rounding is not None:
            self._order(made.rounding)
        if not made.is_correction and self._subtotal() != made.total_kopecks:
            raise TaskFailed(_BAD_TOTAL, "подытог не сходится")
        left = made.total_kopecks
        for payment in made.payments:
            left = self._order(payment).left_kopecks
        if left:
            raise TaskFailed(_UNDERPAID, "чек оплачен не полностью")
        if self._subtotal() != made.total_kopecks:
            raise TaskFailed(_BAD_TOTAL, "итог не сходится")

    def _subtotal(self) -> int:
        """91 14: what the register has added up, kopecks."""
        return int(self._look(c.ReceiptSums()).sum_kopecks)

    def _take(self, step: plan.Step) -> None:
        try:
            self._order(step.command)
        except TaskFailed as failure:
            if step.is_optional:
                log.warning("the register does not take an optional tag: %s", failure)
                return
            if not step.tag:
                raise
            error = f"{failure.description}, тег {step.tag}"
            raise Refused("key_refused", reason=reason(failure.code), error=error) from failure

    def _order(self, command: c.Command[Any]) -> Any:
        """A command inside the open receipt."""
        with self._uninterrupted():
            return self._session.order(command)

    def _look(self, command: c.Command[Any]) -> Any:
        with self._uninterrupted():
            return self._session.ask(command)

    @contextlib.contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """Raises Lost when the session in which the receipt was opened is over: what is open then is not surely ours.

        Also where it was only an answer that made no sense.
        """
        if not self._session.is_open:
            raise Lost("the connection in which the receipt was opened is over")
        try:
            yield
        except TaskFailed as error:
            if not self._session.is_open:
                raise Lost(str(error)) from error
            raise

    def _cancel_own(self) -> None:
        """Cancels what this very session opened and has not tried to close."""
        try:
            self._order(c.CancelReceipt())
        except (NotSent, TaskFailed) as error:
            raise Lost(str(error)) from error

    # --- what is open

    def open_receipt(self) -> OpenReceipt | None:
        """91 13, 91 14."""
        self.open()
        with self._asking():
            state = self._session.ask(c.ReceiptState())
            if not state.state:
                return None
            sums = self._session.ask(c.ReceiptSums())
        if state.kind not in plan.OPENED:
            raise TaskFailed(BAD_DATA_CODE, f"kind {state.kind} of an open receipt")
        kind, is_correction = plan.OPENED[state.kind]
        return OpenReceipt(ReceiptKind(kind), Money(sums.sum_kopecks), is_correction)

    def cancel_receipt(self) -> None:
        """59h, once. TaskFailed 81 when none is open."""
        self.open()
        reply = self._session.answer(c.CancelReceipt(), repeats=False)
        if isinstance(reply, c.ErrorReply):
            raise TaskFailed(code_of(reply.error), "чек не открыт" if reply.error == NOTHING_OPEN else "")

    # --- proof

    def _last_document(self) -> int:
        with self._asking():
            return reading.last_document(self._session)

    def _proven(self, before: int, is_ours: Callable[[c.FindDocumentReply], bool]) -> Result:
        """The result of a task that has made a document: the storage shows exactly one more, and it is like ours."""
        with self._proving():
            number = self._last_document()
            if number != before + 1:
                raise Lost(f"document {before} was the last one before, {number} is now")
            found = reading.find(self._session, number)
            if not is_ours(found):
                raise Lost(f"document {number} is another one")
            told = reading.fiscal_params(self._session, found)
        self._just_made = number
        return told

    @contextlib.contextmanager
    def _proving(self) -> Iterator[None]:
        """What fails after it was done is no "nothing was sent"."""
        try:
            yield
        except (NotSent, TaskFailed) as error:
            raise Lost(str(error)) from error

    @staticmethod
    def _sum(value: object) -> int:
        try:
            return plan.kopecks(value)
        except ValueError as error:
            raise TaskFailed(16, str(error)) from error


def _is_like(found: c.FindDocumentReply, form: DocumentType, kind: int, total_kopecks: int) -> bool:
    """Whether a document of the storage can be the receipt; registers of strict forms make those instead."""
    forms = (form, DocumentType.BSO_CORRECTION if form is DocumentType.CORRECTION else DocumentType.BSO)
    return found.document_type in forms and (found.kind, found.total_kopecks) == (kind, total_kopecks)
