"""The shift and the drawer. Each operation is journaled before it is sent and proven afterwards (rule 8).

The proof is not the reply but the register: the state and number of the shift, its money registers, its last document –
compared with what they were before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from posapp.devices.base import CashTotals, PrinterStatus
from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import Money
from posapp.errors import DeviceError, JournalError, OutcomeUnknown, PosError, Refused, ResolveNeeded, Unreachable
from posapp.till import counters, recover, register, requests, shift_opening, shift_proof, shift_reports
from posapp.till.context import Till
from posapp.till.counters import Compared
from posapp.till.shift_proof import CASH_IN, CASH_OUT, CLOSE, OPEN, X_REPORT


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What the register says of its shift and its drawer now."""

    shift: Shift
    last_document: int
    totals: CashTotals
    counters: Compared | None = None  # how they stood against our sums, where it was compared


def status(till: Till) -> ShiftReport:
    """The shift and the drawer as they are. Raises Refused `wrong_device`: another register's say nothing of ours."""
    register.refuse_other_device(till)
    looked = till.printer.status()
    return ShiftReport(looked.shift, looked.last_document, till.printer.cash_totals())


def open_shift(till: Till) -> ShiftReport:
    """Opens the shift. Raises Refused `shift_open` when it is open, `shift_expired` when the old one is too old."""
    report = _run(till, OPEN, None, lambda uuid: till.printer.open_shift(till.settings.cashier, uuid))
    till.journal.set_fact(shift_opening.SHIFT_OPENED, till.now().isoformat())
    return report


def close_shift(till: Till) -> ShiftReport:
    """Closes the shift. Raises Refused `shift_closed` when it is not open."""
    return _run(till, CLOSE, None, lambda uuid: till.printer.close_shift(till.settings.cashier, uuid))


def x_report(till: Till) -> ShiftReport:
    """Prints the X report; no fiscal document, so a lost reply costs paper at most."""
    return _run(till, X_REPORT, None, till.printer.x_report)


def cash_in(till: Till, amount: Money) -> ShiftReport:
    """Puts cash into the drawer."""
    return _run(till, CASH_IN, amount, lambda uuid: till.printer.cash_in(amount, uuid))


def cash_out(till: Till, amount: Money) -> ShiftReport:
    """Takes cash out. Raises Refused `not_enough_cash`."""
    return _run(till, CASH_OUT, amount, lambda uuid: till.printer.cash_out(amount, uuid))


def _run(till: Till, kind: str, amount: Money | None, act: Callable[[str], object]) -> ShiftReport:
    before = recover.status_for_sale(till)
    _refuse(kind, before)
    totals = till.printer.cash_totals()
    compared = counters.look(till) if kind in (CLOSE, X_REPORT) else None
    if kind == CLOSE:
        _write_down(till, before, totals, compared)
    request = requests.fresh(till)
    facts = shift_proof.facts_of(before, totals) | request.noted
    operation = till.journal.start_operation(kind, amount, till.identity, facts, till.settings.cashier)
    try:
        act(request.uuid)
    except Unreachable as error:
        till.journal.end_operation(operation, "refused", {"sent": "nothing", "code": error.code})
        raise
    except Refused as error:
        till.journal.end_operation(operation, "refused", {"code": error.code})
        raise
    except DeviceError as doubt:  # also a reply that makes no sense: something may have been sent
        _after_doubt(till, operation, doubt)
    else:
        _done(till, operation, kind)
    after = _after(till, kind)
    return replace(after, counters=compared if kind != OPEN else counters.look(till))


def _write_down(till: Till, before: PrinterStatus, totals: CashTotals, compared: Compared | None) -> None:
    """What was counted in the shift, before the register forgets it."""
    kept = shift_reports.of_counters(till, before, counters.last_sums(till, before), totals)
    kept["compared"] = None if compared is None else compared.as_json()
    till.journal.keep_shift_report(till.identity, before.shift.number, kept)


def _done(till: Till, operation: int, kind: str) -> None:
    """It was made. When the journal cannot keep that, the next start proves it from the registers."""
    try:
        till.journal.end_operation(operation, "done", {})
    except JournalError as error:
        raise OutcomeUnknown(key=shift_proof.NAMES[kind]) from error


def _after(till: Till, kind: str) -> ShiftReport:
    """The register afterwards. That it cannot be read now must not sound as if nothing had been made."""
    try:
        after = status(till)
        recover.watch(till, after.last_document)
    except DeviceError as error:
        raise OutcomeUnknown(key=shift_proof.NAMES[kind]) from error
    return after


def _refuse(kind: str, before: PrinterStatus) -> None:
    shift = before.shift
    if before.has_open_document:
        raise Refused("foreign_receipt_open")
    if kind == OPEN and shift.is_expired:
        raise Refused("shift_expired")
    if kind == OPEN and shift.is_open:
        raise Refused("shift_open", number=shift.number)
    if kind == CLOSE and shift.state is ShiftState.CLOSED:
        raise Refused("shift_closed")


def _after_doubt(till: Till, operation_id: int, doubt: DeviceError) -> None:
    """Reads the proof at once; the device's own "no" becomes a refusal only after that."""
    operation = next(each for each in till.journal.operations_sending() if each.id == operation_id)
    try:
        recovered = shift_proof.resolve(till, operation)
    except ResolveNeeded:
        raise
    except PosError as error:
        raise OutcomeUnknown(key=shift_proof.NAMES[operation.kind]) from error
    if recovered.after == "refused":
        refusal = doubt.facts.get("refusal")
        if isinstance(refusal, Refused):
            raise refusal
        raise Refused("operation_not_made", operation=shift_proof.NAMES[operation.kind])
