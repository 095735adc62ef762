"""The register as the till sees it: is it the right one, may it print now, what to show of it."""

from __future__ import annotations

import logging
from typing import Protocol, runtime_checkable

from posapp.devices.base import Paper, PrinterStatus
from posapp.domain.fiscal import DeviceIdentity
from posapp.errors import PosError, Refused
from posapp.till import counter_fact, ready, shift_opening
from posapp.till.context import Till
from posapp.till.views import RegisterView

log = logging.getLogger(__name__)

trouble_of = ready.trouble_of


def ready_to_print(till: Till) -> PrinterStatus:
    """The status of a register that may print now. Raises Refused or Unreachable: nothing is begun."""
    refuse_other_device(till)
    return require_ready(till, till.printer.status())


def require_ready(till: Till, status: PrinterStatus) -> PrinterStatus:
    """`status` of a register that may print, waited for when the last document is still coming out."""
    if status.is_busy or status.paper is Paper.WAITS_CONTINUE:
        till.printer.wait_until_idle()
        status = till.printer.status()
    trouble = trouble_of(status)
    if trouble is not None:
        raise trouble
    return status


def refuse_other_device(till: Till) -> None:
    """Raises Refused when the register or the storage is not the one that was set up."""
    found = till.printer.connect()
    if found != till.identity:
        till.printer.close()  # a cable does not tell that the right one is back: the next look asks anew
        raise Refused("wrong_device", found=found, expected=till.identity)


def view(till: Till) -> RegisterView:
    """What head and foot of the window show. Never raises for trouble: it is part of the picture."""
    midnight = till.now().replace(hour=0, minute=0, second=0, microsecond=0)
    receipts, total = till.journal.day_totals(midnight)
    try:
        refuse_other_device(till)
        status = till.printer.status()
        if status.paper is Paper.WAITS_CONTINUE:
            # Paper was loaded after it had ended in a document: without B0h the register waits for ever, and so would
            # the shop, for it looks like a register without paper. What is printed is already in the storage.
            till.printer.wait_until_idle()
            status = till.printer.status()
    except PosError as error:
        light = ready.of_trouble(till, error)
        return RegisterView(None, None, None, receipts, total, error, till.settings.is_training, light=light)
    return RegisterView(
        identity=till.identity,
        shift=status.shift,
        shift_opened_at=shift_opening.opened_at(till, status) if status.shift.is_open else None,
        receipts_today=receipts,
        sum_today=total,
        trouble=trouble_of(status) or counter_fact.trouble(till),
        is_training=till.settings.is_training,
        paper_ok=status.paper is Paper.OK,
        light=ready.look(till, status),
    )


@runtime_checkable
class Findable(Protocol):
    """A driver that can look for its register at other ports (`devices/moving.py`)."""

    def find_again(self) -> DeviceIdentity:
        """Asks every port at every speed. Raises what connecting raises when it is in vain."""
        ...


def find_again(till: Till) -> None:
    """Looks for the register everywhere because a person wants it. In vain is no error: the next look tells why."""
    try:
        if isinstance(till.printer, Findable):
            till.printer.find_again()
    except PosError as error:
        log.info("looked for the register, in vain: %s", error.code)
