"""When the shift that is open was opened, and by which document: learnt from the storage, whoever opened it.

Every document of the register is read once (rule 11), the reports of its shifts among them. The time of the opening one
is that from which the storage counts the 24 hours; what this till noted for itself when it opened a shift is only the
second best, and knows nothing of a shift that another program opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from posapp.devices.base import PrinterStatus
from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument
from posapp.till.context import Till

SHIFT_OPENED = "shift_opened_at"
"""The journal's fact: when this till opened the shift that is open, by its own clock."""

_REPORTS = (DocumentType.SHIFT_OPEN, DocumentType.SHIFT_CLOSE)


@dataclass(frozen=True, slots=True)
class Opening:
    """The report that opened a shift: its document (1040) and time (1012, no zone)."""

    document: int
    at: datetime


def note(till: Till, device: DeviceIdentity, documents: Sequence[FiscalDocument]) -> None:
    """Keeps the reports of shifts among documents of a register that were just read."""
    for document in documents:
        if document.type in _REPORTS:
            till.journal.note_shift(device, document)


def of(till: Till, shift_number: int) -> Opening | None:
    """The opening of a shift of the till's own storage, None when its report was not read."""
    found = till.journal.shift(till.identity.storage_number, shift_number)
    if found is None or found.opened_document is None or found.opened_at is None:
        return None
    return Opening(found.opened_document, found.opened_at)


def age(till: Till, status: PrinterStatus) -> timedelta | None:
    """How old the shift is by the register's own clock, which is the one that ends it; None where nobody knows."""
    if not (status.shift.is_open or status.shift.is_expired):
        return None
    opening = of(till, status.shift.number)
    if opening is not None and status.clock is not None:
        return max(status.clock - opening.at, timedelta())
    noted = till.journal.get_fact(SHIFT_OPENED)
    return till.now() - datetime.fromisoformat(noted) if noted else None


def last_known(till: Till) -> datetime | None:
    """The newest opening that the journal knows, without asking the register, in the till's zone."""
    noted = till.journal.get_fact(SHIFT_OPENED)
    known = [datetime.fromisoformat(noted)] if noted else []
    for each in till.journal.shifts(till.identity.storage_number, limit=1):
        if each.opened_at is not None:
            known.append(each.opened_at.replace(tzinfo=till.now().tzinfo))
    return max(known, default=None)


def opened_at(till: Till, status: PrinterStatus) -> datetime | None:
    """The moment of the opening in the till's own time, however the register's clock is set."""
    found = age(till, status)
    return None if found is None else till.now() - found
