"""Shift reports that the site orders: the shift that was open when the order came is closed, never the one after it."""

from __future__ import annotations

from dataclasses import dataclass

from posapp.domain.fiscal import FiscalMark, ReceiptKind, ShiftState
from posapp.domain.money import ZERO, Money
from posapp.domain.receipt import TenderKind
from posapp.errors import DeviceError, Refused, SaleError
from posapp.journal.job_rows import DONE, Job
from posapp.till import recover, shift, shift_reports
from posapp.till.context import Till


@dataclass(frozen=True, slots=True)
class Closed:
    """What the site wants to hear of a shift: cash and everything that came in, what went back, the report's mark.

    The sums are those of the storage's counters just before the report, zero where nobody read them.
    """

    cash: Money = ZERO
    income: Money = ZERO
    returned: Money = ZERO
    mark: FiscalMark | None = None


def close_ordered(till: Till, job: Job) -> None:
    """Closes the shift of an order and notes it as done; a shift that is closed already is done.

    The number of the shift stands in the journal before the command: after a crash it says whether it was this one.
    Raises DeviceError, ResolveNeeded, JournalError.
    """
    status = recover.status_for_sale(till)
    is_closed = status.shift.state is ShiftState.CLOSED
    number = job.shift_number
    if number is None:
        number = status.shift.number
        till.journal.note_job_shift(job.id, number)
    if status.shift.number == number and not is_closed:
        try:
            shift.close_shift(till)
        except Refused as error:
            if error.code != "shift_closed":
                raise
    till.journal.set_job(job.id, DONE)


def closed_of(till: Till, job: Job) -> Closed:
    """The figures of the shift that a report was ordered for."""
    try:
        report = shift_reports.report(till, job.shift_number)
    except SaleError:
        return Closed()
    mark = None
    if report.closed_document is not None:
        try:
            mark = till.printer.document_mark(report.closed_document)
        except (DeviceError, ValueError):
            mark = None  # the site asks for the figures; the document is in its storage
    if report.counted is None:
        return Closed(mark=mark)
    takings = report.counted.takings
    return Closed(
        cash=takings.cell(ReceiptKind.SELL, TenderKind.CASH),
        income=_sum(report.counted.totals, ReceiptKind.SELL),
        returned=_sum(report.counted.totals, ReceiptKind.SELL_REFUND),
        mark=mark,
    )


def _sum(totals: object, kind: ReceiptKind) -> Money:
    pair = totals.get(kind) if isinstance(totals, dict) else None
    return Money(pair[1]) if pair else ZERO
