"""Was a shift operation made? Decided from the register, compared with what it was before (rule 8). Never by the reply.

The proof is the state and number of the shift, the money registers and the last document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from posapp.devices.base import CashTotals, PrinterStatus
from posapp.domain.fiscal import ShiftState
from posapp.domain.money import Money
from posapp.errors import ResolveNeeded
from posapp.till.context import Till
from posapp.till.views import Recovered

if TYPE_CHECKING:
    from posapp.journal.rows import Operation

OPEN, CLOSE, CASH_IN, CASH_OUT, X_REPORT = "shift_open", "shift_close", "cash_in", "cash_out", "x_report"


def facts_of(status: PrinterStatus, totals: CashTotals) -> dict[str, Any]:
    """What the journal keeps of the register before an operation."""
    return {
        "shift_state": status.shift.state.value,
        "shift_number": status.shift.number,
        "last_document": status.last_document,
        "drawer_kopecks": totals.drawer.kopecks,
        "cash_in_kopecks": totals.cash_in.kopecks,
        "cash_out_kopecks": totals.cash_out.kopecks,
    }


def resolve(till: Till, operation: Operation) -> Recovered:
    """Decides a `sending` operation from the register's state. Raises ResolveNeeded where nothing is proven."""
    found = till.printer.reset_link()
    if found != operation.device:
        why = f"операцию отправляли на {operation.device}, а подключена {found}"
        raise ResolveNeeded("resolve_needed", why=why, key=operation.kind)
    now, totals = till.printer.status(), till.printer.cash_totals()
    outcome = prove(operation.kind, operation.amount, operation.before, now, totals)
    if outcome is None:
        raise ResolveNeeded("resolve_needed", why="счётчики ККТ не сходятся с журналом", key=operation.kind)
    after = "done" if outcome else "refused"
    till.journal.end_operation(operation.id, after, facts_of(now, totals))
    words = "по счётчикам ККТ сделано" if outcome else "по счётчикам ККТ не сделано"
    return Recovered(operation.kind, "sending", after, words)


def prove(
    kind: str, amount: Money | None, before: Mapping[str, object], now: PrinterStatus, totals: CashTotals
) -> bool | None:
    """True: made; False: not made; None: the register says neither."""
    kopecks = amount.kopecks if amount else 0
    match kind:
        case "x_report":
            return True  # harmless either way: it makes no document and moves no money
        case "shift_open":
            grew = now.last_document > _int(before, "last_document")
            return _either(not _is_open(now), grew and _is_open(now))
        case "shift_close":
            before_number = _int(before, "shift_number")
            closed = now.shift.state is ShiftState.CLOSED and now.last_document > _int(before, "last_document")
            same = _is_open(now) and now.shift.number == before_number
            reopened = _is_open(now) and now.shift.number > before_number  # the next one was opened since
            return _either(same, closed or reopened)
        case "cash_in":
            moved = totals.cash_in.kopecks - _int(before, "cash_in_kopecks")
        case _:
            moved = totals.cash_out.kopecks - _int(before, "cash_out_kopecks")
    return _either(moved == 0, moved == kopecks)


def _either(not_made: bool, made: bool) -> bool | None:
    return True if made else False if not_made else None


def _is_open(now: PrinterStatus) -> bool:
    return now.shift.state is not ShiftState.CLOSED


def _int(facts: Mapping[str, object], name: str) -> int:
    value = facts.get(name)
    if not isinstance(value, int):
        raise ResolveNeeded("resolve_needed", why=f"в журнале нет {name}", key="")
    return value
