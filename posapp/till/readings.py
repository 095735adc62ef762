"""Asking journal and fiscal storage for a reconciliation, a little at a time: who sells waits for one page at most.

Every look at the register is a job of a few documents for the lane that the register lives on (`Where`); between two of
them a sale comes first. A storage that stops in the middle gives its trouble beside what was read until then. Portal
and OFD are asked by `readings_away`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from posapp.devices.base import CashTotals
from posapp.domain import ffd
from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument, Shift
from posapp.domain.money import Money
from posapp.domain.settlement import Stamp, State
from posapp.errors import PosError, Refused
from posapp.journal.period import fiscalized_between, operations_between
from posapp.journal.rows import StoredReceipt
from posapp.lanes import Lane, Lanes
from posapp.till import recover, register
from posapp.till.context import Till
from posapp.till.reconcile_views import STORAGE, ReconcileProgress
from posapp.till.witnesses import SETTLEMENTS, Found, JournalReading, Kept, StorageReading, Unfinished

T = TypeVar("T")

DOCUMENTS_A_JOB = 5
"""A document is some twenty exchanges with the register, so such a job holds a sale up for about half a second."""
RECEIPTS_MAX = 20_000
OPERATIONS_BEFORE = timedelta(days=2)
"""A shift that is in the period may have been opened before it."""
COUNTED, CASH = 1118, 1031


class Stopped(Exception):
    """The program ends, or somebody does not want to wait: there is no report."""


class Where(Protocol):
    """Where the jobs run."""

    def device(self, job: Callable[[], T]) -> T:
        """On the register's lane."""
        ...

    def sync(self, job: Callable[[], T]) -> T:
        """On the lane of the exchange."""
        ...


class Here:
    """Everything in the caller's thread: a program without a screen."""

    def device(self, job: Callable[[], T]) -> T:
        """At once."""
        return job()

    def sync(self, job: Callable[[], T]) -> T:
        """At once."""
        return job()


class OnLanes:
    """Each job on its lane; the caller may itself run on one of them, or on neither."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def device(self, job: Callable[[], T]) -> T:
        """On the register's lane."""
        return _on(self._lanes.device, job)

    def sync(self, job: Callable[[], T]) -> T:
        """On the lane of the exchange."""
        return _on(self._lanes.sync, job)


def _on(lane: Lane, job: Callable[[], T]) -> T:
    try:
        lane.check()
    except RuntimeError:
        pass
    else:
        return job()  # already there: waiting for oneself would take for ever
    try:
        future = lane.submit(job)
    except RuntimeError as error:  # closed: the program ends
        raise Stopped from error
    try:
        return future.result()
    except CancelledError as error:
        raise Stopped from error


Tell = Callable[[ReconcileProgress], None]


@dataclass(frozen=True, slots=True)
class Span:
    """The period. Aware moments; `until` None is now. Documents of the register are dated without a zone."""

    since: datetime
    until: datetime | None
    now: datetime

    @property
    def end(self) -> datetime:
        """A moment behind everything of the period."""
        return self.until or self.now + timedelta(days=1)

    @property
    def local_since(self) -> datetime:
        """As documents are dated: local, whole minutes (1012 has no seconds on most registers)."""
        return self.since.astimezone(self.now.tzinfo).replace(tzinfo=None, second=0, microsecond=0)

    @property
    def local_until(self) -> datetime | None:
        """The same for the end, None when it is now."""
        return None if self.until is None else self.until.astimezone(self.now.tzinfo).replace(tzinfo=None)

    def holds(self, at: datetime) -> bool:
        """Whether a document dated so (local, no zone) is of the period."""
        return self.local_since <= at and (self.local_until is None or at < self.local_until)


# ------------------------------------------------------------------------------------------------ the journal
def read_journal(till: Till, span: Span) -> JournalReading:
    """Everything that the journal has to say of the period, and what is open whatever the period. Raises JournalError.

    To be run where the register is used: there nothing is half done.
    """
    journal = till.journal
    kept = [
        kept_of(till, journal.receipt(key)) for key in fiscalized_between(journal.path, span.since, span.end, _MOST)
    ]
    sending = []
    for each in journal.receipts_in(State.SENDING):
        attempt = journal.last_attempt(each.receipt.key)
        sending.append(Unfinished(each, attempt.started_at if attempt else each.receipt.created_at))
    left = [
        Unfinished(each, each.receipt.created_at)
        for each in journal.receipts_in(State.PENDING, State.HELD, State.REFUSED)
        if span.since <= each.receipt.created_at < span.end
    ]
    done = operations_between(journal.path, span.since - OPERATIONS_BEFORE, span.end)
    operations = [each for each in map(journal.operation, done) if each is not None and each.state == "done"]
    return JournalReading(
        kept=tuple(each for each in kept if each is not None),
        sending=tuple(sending),
        left=tuple(left),
        doubtful=tuple(journal.operations_sending()),
        operations=tuple(operations),
    )


_MOST = RECEIPTS_MAX + 1


def kept_of(till: Till, stored: StoredReceipt | None) -> Kept | None:
    """A receipt with what the portal has to be told of it; None without a mark."""
    if stored is None or stored.mark is None:
        return None
    return Kept(stored, stored.mark, tuple(till.journal.entries_of_receipt(stored.receipt.key)))


# ------------------------------------------------------------------------------------------------ the storage
@dataclass(frozen=True, slots=True)
class Head:
    """The register at the beginning: who is there, its shift, its last document."""

    device: DeviceIdentity
    shift: Shift
    last: int


def read_head(till: Till) -> Head:
    """One look. Raises Unreachable, Refused `wrong_device`, SetupError."""
    register.refuse_other_device(till)
    status = till.printer.status()
    return Head(till.identity, status.shift, status.last_document)


@dataclass(slots=True)
class _Pages:
    """What was read of the storage so far."""

    next: int
    last: int
    found: list[Found] = field(default_factory=list)
    looked_up: dict[int, FiscalDocument | None] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)
    totals: CashTotals | None = None
    shift: Shift | None = None
    is_over: bool = False


def read_storage(
    till: Till, where: Where, head: Head, span: Span, journal: JournalReading, tell: Tell, after: int | None
) -> tuple[StorageReading, PosError | None]:
    """The documents of the period, or all behind number `after`, and those that the journal's receipts name.

    Documents up to `after` are known to agree and never change: a storage only grows.
    """
    pages = _Pages(next=1, last=head.last)
    trouble: PosError | None = None
    try:
        pages.next = _first(till, where, span, head.last) if after is None else after + 1
        first = pages.next
        while not pages.is_over:
            where.device(lambda: _read_page(till, head, span, pages))
            tell(ReconcileProgress(STORAGE, len(pages.found), max(pages.last - first + 1, len(pages.found))))
        for number in _not_read(journal, head.device, pages, after):
            pages.looked_up[number] = where.device(lambda: _document(till, number))  # noqa: B023  (run at once)
    except PosError as error:
        trouble = error
    return _reading(head, pages, is_whole=trouble is None), trouble


def _reading(head: Head, pages: _Pages, *, is_whole: bool) -> StorageReading:
    return StorageReading(
        device=head.device,
        last=pages.last,
        found=tuple(pages.found),
        looked_up=pages.looked_up,
        counted=pages.counted,
        totals=pages.totals,
        shift=pages.shift,
        is_whole=is_whole,
    )


def _first(till: Till, where: Where, span: Span, last: int) -> int:
    """The number of the first document of the period: they are in the order of time, so halving finds it."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        if where.device(lambda: till.printer.read_document(middle)).at < span.local_since:  # noqa: B023  (run at once)
            low = middle + 1
        else:
            high = middle
    return low


def _read_page(till: Till, head: Head, span: Span, pages: _Pages) -> None:
    """The next documents. The last page looks at the counters too, in the same job: nothing is sold in between."""
    register.refuse_other_device(till)  # somebody may have changed cables since the page before
    pages.last = till.printer.last_document_number()
    for number in range(pages.next, min(pages.last, pages.next + DOCUMENTS_A_JOB - 1) + 1):
        document = till.printer.read_document(number)
        if span.local_until is not None and document.at >= span.local_until:
            pages.is_over = True
            return
        pages.found.append(_found(till, head.device, document, pages.counted))
        pages.next = number + 1
    if pages.next > pages.last:
        pages.is_over = True
        if span.until is None:
            pages.shift = till.printer.status().shift
            pages.totals = till.printer.cash_totals()


def _found(till: Till, device: DeviceIdentity, document: FiscalDocument, counted: dict[int, int]) -> Found:
    """A document and what the journal says of it now."""
    journal = till.journal
    by_number = journal.receipt_of_document(device.storage_number, document.number)
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    by_key = journal.receipt(stamp.key) if stamp is not None else None
    book = journal.foreign_documents(device.storage_number, after=document.number - 1, limit=1)
    settles, cash = document.type in SETTLEMENTS, None
    if document.type == DocumentType.SHIFT_CLOSE and (count := _tag(document, COUNTED)) is not None:
        counted[document.number] = count
    if settles and by_number is None and (kopecks := _tag(document, CASH)) is not None:
        cash = Money(kopecks)
    return Found(
        document=document,
        by_number=by_number,
        by_key=by_key,
        relatives=tuple(_relatives(till, by_number, stamp)),
        cash=cash,
        is_unknown_ours=recover.is_unknown_ours(till, document),
        is_foreign=bool(book) and book[0].number == document.number,
    )


def _relatives(till: Till, by_number: StoredReceipt | None, stamp: Stamp | None) -> Iterator[Kept]:
    """The receipts with a mark of the order that a document is for."""
    if by_number is not None and not by_number.receipt.settlement.portal:
        if by_number.mark is not None:  # what belongs to no order is nobody's relative
            yield Kept(by_number, by_number.mark)
        return
    if by_number is not None:
        portal, order_id = by_number.receipt.settlement.portal, by_number.receipt.settlement.order_id
    elif stamp is not None and stamp.order and till.settings.portal is not None:
        order = till.journal.order(till.portal, stamp.order)
        if order is None or order.number != stamp.order:
            return
        portal, order_id = order.portal, order.order_id
    else:
        return
    for each in till.journal.receipts_of_order(portal, order_id):
        if each.mark is not None:
            yield Kept(each, each.mark)


def _tag(document: FiscalDocument, tag: int) -> int | None:
    """A number in a document that can be read whole."""
    try:
        found = ffd.find(ffd.read_document(document.tlv).entries, tag) if document.tlv else None
    except ffd.BadTlv:
        return None
    return found.value if found is not None and isinstance(found.value, int) else None


def _not_read(journal: JournalReading, device: DeviceIdentity, pages: _Pages, after: int | None) -> list[int]:
    """Numbers that receipts of the period name and that lie outside of what was read in a row."""
    read = {each.document.number for each in pages.found}
    numbers = {each.mark.document_number for each in journal.kept if each.mark.storage_number == device.storage_number}
    return sorted(number for number in numbers - read if after is None or number > after)


def _document(till: Till, number: int) -> FiscalDocument | None:
    try:
        return till.printer.read_document(number)
    except Refused as error:
        if error.code == "not_found":
            return None
        raise
