"""What the register shows to the resolve desk: read only, nothing is cancelled, nothing is made."""

from __future__ import annotations

from dataclasses import dataclass

from posapp.devices.base import CashTotals, OpenDocument, PrinterStatus
from posapp.domain.fiscal import DeviceIdentity, FiscalDocument
from posapp.errors import PosError, Unreachable
from posapp.till.context import Till


@dataclass(frozen=True, slots=True)
class Look:
    """One look after a try that was sent to a certain register.

    `found` is who is connected, None when nobody answers; `trouble` why what follows is missing. `has_open`: something
    is open there; `opened` is that receipt, when it is one.
    """

    found: DeviceIdentity | None
    trouble: PosError | None = None
    documents: tuple[FiscalDocument, ...] = ()
    opened: OpenDocument | None = None
    has_open: bool = False
    status: PrinterStatus | None = None
    totals: CashTotals | None = None


def same_storage(found: DeviceIdentity, device: DeviceIdentity) -> bool:
    """The same storage in the same register, whatever its registration is called by now: what it holds can be read."""
    return (found.factory_number, found.storage_number) == (device.factory_number, device.storage_number)


def look(till: Till, device: DeviceIdentity, after: int, trouble: PosError) -> Look:
    """The documents of `device` after number `after`, and what is open there. `trouble`: why it is open still."""
    if isinstance(trouble, Unreachable):
        return Look(None, trouble)  # it was asked a moment ago: waiting for it once more shows nothing new
    try:
        found = till.printer.connect()
    except PosError as error:
        return Look(None, error)
    if not same_storage(found, device):
        return Look(found)
    documents: tuple[FiscalDocument, ...] = ()
    try:
        documents = tuple(till.printer.documents_after(after))
        opened = till.printer.open_document()
        status = till.printer.status()
        totals = till.printer.cash_totals()
    except PosError as error:
        return Look(found, error, documents)
    has_open = opened is not None or status.has_open_document
    return Look(found, None, documents, opened, has_open, status, totals)
