"""Was a shift operation made? Decided from the register, compared with what it was before (rule 8). Never by the reply.

The proof is the state and number of the shift, the money registers and counters, and the last document. Another program
may move money and shifts beside us, so what could be its doing is left to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from posapp.devices.base import CashTotals, PrinterStatus
from posapp.domain.fiscal import ShiftState
from posapp.domain.money import Money
from posapp.errors import ResolveNeeded
from posapp.till import requests
from posapp.till.context import Till
from posapp.till.views import Recovered

if TYPE_CHECKING:
    from posapp.journal.rows import Operation

OPEN, CLOSE, CASH_IN, CASH_OUT, X_REPORT = "shift_open", "shift_close", "cash_in", "cash_out", "x_report"

NAMES = {OPEN: "открытия смены", CLOSE: "закрытия смены", CASH_IN: "внесения", CASH_OUT: "выплаты", X_REPORT: "отчёта"}
"""What was not made, as sentences say it."""


def facts_of(status: PrinterStatus, totals: CashTotals) -> dict[str, Any]:
    """What the journal keeps of the register before an operation."""
    return {
        "shift_state": status.shift.state.value,
        "shift_number": status.shift.number,
        "last_document": status.last_document,
        "drawer_kopecks": totals.drawer.kopecks,
        "cash_in_kopecks": totals.cash_in.kopecks,
        "cash_out_kopecks": totals.cash_out.kopecks,
        "cash_in_count": totals.in_count,
        "cash_out_count": totals.out_count,
    }


def resolve(till: Till, operation: Operation) -> Recovered:
    """Decides a `sending` operation from the register's state. Raises ResolveNeeded where nothing is proven."""
    left = requests.end(till, operation.before).left
    found = till.printer.reset_link()
    if found != operation.device:
        why = f"операцию отправляли на {operation.device}, а подключена {found}"
        raise ResolveNeeded("resolve_needed", why=why, key=operation.kind)
    now, totals = till.printer.status(), till.printer.cash_totals()
    only_program = till.printer_settings.only_program
    outcome = prove(operation.kind, operation.amount, operation.before, now, totals, only_program=only_program)
    if outcome is None:
        raise ResolveNeeded("resolve_needed", why="счётчики ККТ не сходятся с журналом", key=operation.kind)
    if not outcome:
        _require_silence(left, operation, totals)
    after = "done" if outcome else "refused"
    till.journal.end_operation(operation.id, after, facts_of(now, totals))
    words = "по счётчикам ККТ сделано" if outcome else "по счётчикам ККТ не сделано"
    return Recovered(operation.kind, "sending", after, words)


def _require_silence(left: str, operation: Operation, totals: CashTotals) -> None:
    """That nothing has changed here proves nothing while it may still run in another queue (rule 9), nor where the
    queue says that it was done: then it was perhaps done on another register."""
    if left:
        raise requests.queue_left(left, f"{operation.kind}:{operation.id}")
    if totals.is_witnessed and operation.before.get(requests.NOTED):
        why = "веб-сервер считает операцию сделанной, а по счётчикам ККТ её нет"
        raise ResolveNeeded("resolve_needed", why=why, key=operation.kind)


def prove(
    kind: str,
    amount: Money | None,
    before: Mapping[str, object],
    now: PrinterStatus,
    totals: CashTotals,
    *,
    only_program: bool = False,
) -> bool | None:
    """True: made; False: not made; None: the register says neither. `only_program`: nobody else prints there."""
    match kind:
        case "x_report":
            return True  # harmless either way: it makes no document and moves no money
        case "shift_open":
            return _opened(before, now)
        case "shift_close":
            return _closed(before, now)
        case _:
            return _moved(kind, amount, before, now, totals, only_program=only_program)


def _opened(before: Mapping[str, object], now: PrinterStatus) -> bool | None:
    """The very next shift is open and has its document: made, or what was to be made. A later one proves neither."""
    number, grew = _int(before, "shift_number"), now.last_document > _int(before, "last_document")
    same = not _is_open(now) and now.shift.number == number
    return _either(same, _is_open(now) and now.shift.number == number + 1 and grew)


def _closed(before: Mapping[str, object], now: PrinterStatus) -> bool | None:
    """A shift is closed once, by whomever: that it is no longer open is what was wanted."""
    number, grew = _int(before, "shift_number"), now.last_document > _int(before, "last_document")
    same = _is_open(now) and now.shift.number == number
    reopened = _is_open(now) and now.shift.number > number  # the next one was opened since
    return _either(same, (not _is_open(now) and grew) or reopened)


def _moved(
    kind: str,
    amount: Money | None,
    before: Mapping[str, object],
    now: PrinterStatus,
    totals: CashTotals,
    *,
    only_program: bool,
) -> bool | None:
    """Money registers and counters of the shift, which its end sets to zero: in another shift they prove nothing.

    Nothing went in: not made. Once, and exactly our sum: made – when the register has acknowledged it or nobody else
    prints there; without that it may as well be another program's sum, and ours was lost. All else is for a person.
    """
    came = kind == CASH_IN
    was_open = before.get("shift_state") != ShiftState.CLOSED.value
    if now.shift.number != _int(before, "shift_number") or _is_open(now) is not was_open:
        return None
    kopecks = (totals.cash_in if came else totals.cash_out).kopecks - _int(before, f"{kind}_kopecks")
    times = (totals.in_count if came else totals.out_count) - _int(before, f"{kind}_count")
    ours = amount is not None and kopecks == amount.kopecks and times == 1
    return _either(not kopecks and not times, ours and (totals.is_witnessed or only_program))


def _either(not_made: bool, made: bool) -> bool | None:
    return True if made else False if not_made else None


def _is_open(now: PrinterStatus) -> bool:
    return now.shift.state is not ShiftState.CLOSED


def _int(facts: Mapping[str, object], name: str) -> int:
    value = facts.get(name)
    if not isinstance(value, int):
        raise ResolveNeeded("resolve_needed", why=f"в журнале нет {name}", key="")
    return value
