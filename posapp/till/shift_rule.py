"""How long the shift may still last, and the shop's rule that closes it at night. The arithmetic is the domain's.

The rule never interrupts anything: nothing may be begun – neither in the journal nor on the register –, and nobody may
have been served a moment ago. Closing itself is `shift.close_shift`, with its states and its proof (rule 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from posapp.devices.base import PrinterStatus
from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.settlement import State
from posapp.domain.shift_hours import RHYTHM, CloseAdvice, CloseReason, advice, is_due, last_at
from posapp.errors import Refused
from posapp.journal.period import fiscalized_moments
from posapp.till import register, shift, shift_opening
from posapp.till.context import Till

_CLOSED = "shift_rule_closed_at"
"""The journal's fact: when the rule closed the shift, or found it closed."""

BEGUN_FOR = timedelta(minutes=15)
"""So long a receipt that was begun and not sent may still be waiting for its cashier."""


@dataclass(frozen=True, slots=True)
class Rested:
    """The rule left the shift as it is: `code` is no_rule, closed, too_early, begun, serving, unknown_age."""

    code: str
    shift: Shift | None = None


WORDS = {
    "no_rule": ("правила закрытия нет: «posapp setup shift --close-at ЧЧ:ММ»", "there is no rule for closing"),
    "closed": ("смена и так закрыта", "the shift is closed already"),
    "too_early": ("время ещё не пришло", "it is not time yet"),
    "begun": ("начат чек: сначала он", "a receipt is begun: that comes first"),
    "serving": ("только что пробили чек, ждём паузы", "a receipt was made a moment ago, we wait for a pause"),
    "unknown_age": ("не известно, когда смену открыли", "nobody knows when the shift was opened"),
}


def close_advice(till: Till, status: PrinterStatus) -> CloseAdvice | None:
    """When to close a shift that ends within two hours; None before that, or when its beginning is not known."""
    opened = shift_opening.opened_at(till, status) if status.shift.is_open else None
    return advice_for(till, status.shift, opened)


def advice_for(till: Till, shift: Shift | None, opened: datetime | None) -> CloseAdvice | None:
    """`close_advice` for a shift that was looked at a moment ago; `opened` in the till's own time."""
    now = till.now()
    if shift is not None and shift.is_expired:
        return CloseAdvice(timedelta(), now.replace(second=0, microsecond=0), CloseReason.LAST_MOMENT)
    if shift is None or opened is None or not shift.is_open:
        return None
    told = advice(opened, now, [], till.settings.shift.closing_time)
    if told is None or told.reason is CloseReason.DAY_END:
        return told
    recent = fiscalized_moments(till.journal.path, now - RHYTHM, now + timedelta(microseconds=1))
    return advice(opened, now, recent, till.settings.shift.closing_time)


def warning(advised: CloseAdvice) -> Refused:
    """The advice in words; it refuses nothing."""
    return Refused("shift_ends", minutes=advised.minutes_left, at=f"{advised.at:%H:%M}")


def is_time(till: Till) -> bool:
    """Whether the register is worth asking: the journal knows of a shift that was open when the rule's time came."""
    close_at, opened = till.settings.shift.closing_time, shift_opening.last_known(till)
    if close_at is None or opened is None:
        return False
    seen = till.journal.get_fact(_CLOSED)
    came = last_at(close_at, till.now())
    return opened < came and (not seen or datetime.fromisoformat(seen) < came)


def rests(till: Till) -> Rested | None:
    """Why the rule does not close the shift now, without asking the register; None when the register must be asked."""
    if till.settings.shift.closing_time is None:
        return Rested("no_rule")
    return Rested("begun") if _is_begun(till) else None


def close_if_due(till: Till) -> shift.ShiftReport | Rested:
    """Closes the shift where the rule says so. Raises what closing raises; while anything is begun it rests."""
    close_at = till.settings.shift.closing_time
    resting = rests(till)
    if resting is not None or close_at is None:
        return resting or Rested("no_rule")
    register.refuse_other_device(till)
    status = till.printer.status()
    if status.shift.state is ShiftState.CLOSED:
        till.journal.set_fact(_CLOSED, till.now().isoformat())
        return Rested("closed", status.shift)
    if status.has_open_document or status.is_busy:
        return Rested("begun", status.shift)
    if not status.shift.is_expired:
        opened = shift_opening.opened_at(till, status)
        if opened is None:
            return Rested("unknown_age", status.shift)
        now = till.now()
        if not is_due(opened, now, close_at, None):
            return Rested("too_early", status.shift)
        if not is_due(opened, now, close_at, _last_receipt(till, now)):
            return Rested("serving", status.shift)
    report = shift.close_shift(till)
    till.journal.set_fact(_CLOSED, till.now().isoformat())
    return report


def _is_begun(till: Till) -> bool:
    """Whether a receipt or an operation is under way, or a receipt waits for its cashier since a moment."""
    journal = till.journal
    if journal.receipts_in(State.SENDING) or journal.operations_sending():
        return True
    edge = till.now() - BEGUN_FOR
    return any(each.receipt.created_at > edge for each in journal.receipts_in(State.PENDING))


def _last_receipt(till: Till, now: datetime) -> datetime | None:
    recent = fiscalized_moments(till.journal.path, now - RHYTHM, now + timedelta(microseconds=1))
    return recent[-1] if recent else None
