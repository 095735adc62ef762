"""The shift where nobody is at the till: opened for a receipt that the portal orders, closed first where it expired."""

from __future__ import annotations

from posapp.devices.base import PrinterStatus
from posapp.errors import Refused
from posapp.till import counters, recover, shift
from posapp.till.context import Till


def ready(till: Till, looked: PrinterStatus) -> PrinterStatus:
    """`counters.ready` with a shift that is open. Both operations are journaled and proven as a cashier's (rule 8).

    Raises what they raise: Refused, Unreachable, ResolveNeeded, OutcomeUnknown.
    """
    try:
        return counters.ready(till, looked)
    except Refused as error:
        if error.code not in ("shift_closed", "shift_expired"):
            raise
        if error.code == "shift_expired":
            shift.close_shift(till)
    shift.open_shift(till)
    return counters.ready(till, recover.status_for_sale(till))
