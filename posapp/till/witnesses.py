"""What each witness of a reconciliation said, as it was read. Plain frozen values; who compares them does no I/O.

The journal is looked at in the same moment as the document that it is compared with, so a sale that happens meanwhile
is never taken for a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from posapp.devices.base import CashTotals
from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument, FiscalMark, Shift
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Stamp
from posapp.journal.rows import Operation, OutboxEntry, StoredReceipt
from posapp.sync.bitrix.look import PortalOrder, PortalPayment
from posapp.sync.ofd import OfdDocument

SETTLEMENTS = frozenset((DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION))


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt with its mark, as the journal has it, and what the portal has to be told of it."""

    stored: StoredReceipt
    mark: FiscalMark
    entries: tuple[OutboxEntry, ...] = ()

    @property
    def receipt(self) -> Receipt:
        """The receipt itself."""
        return self.stored.receipt


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A receipt without a document: being sent since `at`, or not sent (again) since it was begun."""

    stored: StoredReceipt
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A document of the storage and what the journal says of it.

    `by_number` is the receipt that it proves, `by_key` the one with the key in its stamp, `relatives` are the receipts
    with a mark of the same order; `cash` is 1031 of a document of another program, where its TLV is still there;
    `is_unknown_ours`: it carries this till's stamp and the journal does not hold it as that receipt's proof (rule 11);
    `is_foreign`: it stands in the journal's book of other programs' documents, a person may have put it there.
    """

    document: FiscalDocument
    by_number: StoredReceipt | None = None
    by_key: StoredReceipt | None = None
    relatives: tuple[Kept, ...] = ()
    cash: Money | None = None
    is_unknown_ours: bool = False
    is_foreign: bool = False

    @property
    def stamp(self) -> Stamp | None:
        """Whose it is."""
        return Stamp.parse(self.document.stamp) if self.document.stamp else None

    @property
    def order(self) -> str:
        """The number of the order that it is for; a bare key in 1192 is known by its receipt alone."""
        known = self.by_number or self.by_key
        named = self.stamp.order if self.stamp is not None else ""
        return named or (known.receipt.order_number if known is not None else "")

    @property
    def settles(self) -> bool:
        """It is about money, not about a shift."""
        return self.document.type in SETTLEMENTS


@dataclass(frozen=True, slots=True)
class StorageReading:
    """The fiscal storage: documents read in a row, and single ones that the journal names.

    `last` is its last number; `looked_up` maps a number that the journal names to the document, None where there is
    none; `counted` maps the number of a shift's closing report to how many receipts it counts (1118); `totals` and
    `shift` are those of now. `is_whole` is False when reading broke off: then what is not here proves nothing.
    """

    device: DeviceIdentity
    last: int
    found: tuple[Found, ...]
    looked_up: Mapping[int, FiscalDocument | None] = field(default_factory=dict)
    counted: Mapping[int, int] = field(default_factory=dict)
    totals: CashTotals | None = None
    shift: Shift | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class JournalReading:
    """The journal: receipts with a mark of the period, what is under way or was left, shift operations of the period.

    `sending` and `left` are receipts; `doubtful` operations are being sent, `operations` are those that are done.
    """

    kept: tuple[Kept, ...] = ()
    sending: tuple[Unfinished, ...] = ()
    left: tuple[Unfinished, ...] = ()
    doubtful: tuple[Operation, ...] = ()
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that the portal shows as paid and for which the journal has no receipt with a mark.

    `number` is the order's; `stored` is the receipt of another state for this payment, or the one whose key stands in
    it; `is_mine`: the order is claimed by this till.
    """

    payment: PortalPayment
    number: str
    stored: StoredReceipt | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class PortalReading:
    """The portal: the orders of our receipts (None: gone), and what is paid there without one."""

    orders: Mapping[int, PortalOrder | None]
    paid: tuple[Paid, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """A document that the OFD ought to have, from the storage or, where that was not read, from the journal."""

    number: int
    kind: int | None
    total: Money | None
    sign: str
    at: datetime
    order: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class OfdReading:
    """What the OFD has of one storage; `last` is that storage's last number, None when it could not be read."""

    expected: Mapping[int, Expected]
    held: Mapping[int, OfdDocument]
    last: int | None
