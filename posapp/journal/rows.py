"""What the journal hands out and takes in: plain frozen values, no SQL. The tables behind them are in `tables.py`.

Times are aware and come back in UTC. Texts that are one of a few words say which in their comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.domain.fiscal import DeviceIdentity, FiscalMark
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State
from posapp.errors import PosError, Refused

NEEDS_ADMINISTRATOR = (
    "access", "portal_no_paysystems", "portal_prints", "webhook_unknown", "scope_missing", "rights_missing",
    "portal_unpaid", "portal_deleted", "portal_moved", "oauth_grant", "oauth_client", "oauth_unkept",
    "stock_mode",
)  # fmt: skip
"""Codes of trouble that trying again does not mend: an entry that waits with one of them needs a person too."""

STEPS = ("mark", "payment", "status", "stock")
"""The steps of telling the portal about one receipt, in the order in which they are delivered."""


class SettlementTaken(Exception):
    """The settlement already has a receipt that is not cancelled: `key`. The caller words it, by that one's state."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the settlement has receipt {key}")


class DocumentTaken(Exception):
    """The fiscal document already proves another receipt: `key`. One document never proves two."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the fiscal document belongs to receipt {key}")


class DeviceSending(Refused):
    """A receipt (`key`) or shift operation (`operation`) is being sent to this register (rule 10). Nothing was sent."""

    def __init__(self, key: str, operation: int | None) -> None:
        self.key = key
        self.operation = operation
        super().__init__("device_busy")


class IllegalMove(PosError):
    """The stored state does not allow the change; `before` is the stored state, "" when there is no such row."""

    def __init__(self, what: str, before: str, after: str, by: By | None = None) -> None:
        self.before = before
        self.after = after
        self.by = by
        super().__init__("not_resolvable", why=f"{what}: {before or '–'} → {after}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, for the audit log; a change that takes one writes its record in the same transaction.

    `who` the person, `what` a stable word (`receipt.not_made`), `subject` what it is about: a receipt's key, an entry,
    a register; `why` the person's reason in own words. `facts` are integers, texts and lists of these; what is neither
    is kept as its text. Raises ValueError when who, what or subject is empty or holds what is no text.
    """

    who: str
    what: str
    subject: str
    why: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.who.strip() and self.what and self.subject):
            raise ValueError("a decision has a person, a word and a subject")
        (self.who + self.what + self.subject + self.why).encode()  # half a character could not be hashed


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A record of the audit log as it stands; `previous` and `hash` are hexadecimal (see `chain.py`)."""

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    why: str
    facts: dict[str, object]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt and where it stands. `reason`: why held, refused or cancelled; `attempts`: how many tries."""

    receipt: Receipt
    state: State
    reason: str
    mark: FiscalMark | None
    fiscalized_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to print (rule 3). `outcome` is "" while it is open, then the state it ended in."""

    id: int
    key: str
    number: int
    device: DeviceIdentity
    last_document: int
    shift_number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str  # "", fiscalized, pending, refused
    evidence: dict[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """A shift operation (rule 8): `before` is what its proof compares with – money registers, documents, shift."""

    id: int
    kind: str  # shift_open, shift_close, cash_in, cash_out, x_report
    amount: Money | None
    device: DeviceIdentity
    state: str  # sending, done, refused
    before: dict[str, object]
    evidence: dict[str, object]
    cashier: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """The device book (rule 11): the register as last seen and the last document (1040) that was read or made."""

    identity: DeviceIdentity
    last_document: int


@dataclass(frozen=True, slots=True)
class StoredShift:
    """A shift of a storage (1041, 1038): its two reports (1040, 1012) as far as they were read, and its `report`.

    The times are the register's own, without a zone. `report` is what was counted before the shift was closed, {} for a
    shift that another program closed.
    """

    storage_number: str
    shift_number: int
    factory_number: str
    opened_document: int | None
    opened_at: datetime | None
    closed_document: int | None
    closed_at: datetime | None
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CourierDay:
    """A courier's day. `after_document` and `until_document` (None while it is open) bound its receipts.

    `figures` are those that were signed, as JSON made of them; {} while it is open.
    """

    id: int
    courier: str
    opened_by: str
    opened_at: datetime
    float_taken: Money
    storage_number: str
    after_document: int
    until_document: int | None
    closed_at: datetime | None
    received_by: str
    counted: Money | None
    why: str
    figures: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Not handed in yet."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """What a customer did not take and why. `lines`: `{"name", "quantity", "sum_kopecks"}` each, plain JSON."""

    portal: str
    order_id: int
    order_number: str
    amount: Money
    who: str
    why: str
    lines: tuple[Mapping[str, object], ...]
    is_whole: bool = True
    receipt_key: str = ""  # the receipt of what was taken, of a part refused


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it stands; `day_id` the courier's day that it belongs to."""

    id: int
    at: datetime
    day_id: int | None
    refused: NewRefusal


@dataclass(frozen=True, slots=True)
class WalkIn:
    """What a sale without an order sold. `content`: a hash of the goods, 64 hexadecimal digits.

    `goods`: one for each line of the receipt, `{"portal", "product_id", "code", "quantity", "marking"}`, plain JSON;
    `is_told`: a person has been told that the receipt is printed.
    """

    key: str
    content: str
    goods: tuple[Mapping[str, object], ...]
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class ReturnedGoods:
    """What a refund says of its goods. `is_back`: they are in the shop again.

    `is_whole`: it alone takes back all of its receipt; `goods`: as in the body of a stock entry, plain JSON.
    """

    is_back: bool
    is_whole: bool
    goods: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StockWrite:
    """A write of a product's absolute quantity (rule 13): what the portal had, and what it is to have."""

    key: str
    product_id: int
    seen: Decimal
    target: Decimal


@dataclass(frozen=True, slots=True)
class StockMove:
    """How much of a product a receipt moves in the portal's stock; `change` is negative for what leaves it.

    `left` is what of it is still to be written: less or more where a write went over somebody else's.
    `seen` and `target` are those of a write that is under way or was the last one. `is_cleared`: a person said that it
    has not happened yet. `confirmed_at`: the portal has it.
    """

    key: str
    product_id: int
    portal: str
    name: str
    change: Decimal
    left: Decimal
    seen: Decimal | None = None
    target: Decimal | None = None
    is_cleared: bool = False
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CatalogueCounts:
    """How much of a portal's catalogue is on board."""

    products: int
    barcodes: int
    prices: int


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What the portal has to be told because a receipt was fiscalized. `body` must be plain JSON."""

    step: str  # one of STEPS
    order_id: int
    order_number: str
    portal: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An entry of the outbox. `code` and `facts` rebuild the last trouble, `is_unsure`: a write's answer was lost."""

    id: int
    receipt_key: str
    step: str
    order_id: int
    order_number: str
    portal: str
    body: dict[str, object]
    state: str  # waiting, done, failed, held
    tries: int
    created_at: datetime
    due_at: datetime
    code: str
    facts: dict[str, object]
    is_unsure: bool
    proof: str  # what the portal answered or showed that proves it done


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What a try to deliver came to. `due_at` None leaves the time as it is."""

    entry_id: int
    state: str  # done, waiting, failed
    due_at: datetime | None = None
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    proof: str = ""
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """The outbox at a glance; the times are those of waiting entries."""

    waiting: int
    failed: int
    held: int
    stuck: int  # of the waiting ones those that need an administrator
    oldest_at: datetime | None
    next_due_at: datetime | None
    receipts_waiting: int


@dataclass(frozen=True, slots=True)
class NewLogRow:
    """One request to the portal that really happened. `request` and `answer` are masked and bounded, "" for none."""

    at: datetime
    entry_id: int | None  # None for pulls
    order_number: str
    step: str  # pull or one of STEPS
    method: str
    outcome: str  # done, failed, lost
    http: int | None
    code: str
    reason: str
    duration_ms: int
    attempt: int
    request: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which rows of the sync log.

    `needs_person`: their entry failed, is held or waits for an administrator; `state`: their entry is in it; `search`:
    an order's number or its beginning; `receipt`: the key of a receipt; `failed`: the request did not go well;
    `since`: not before. `before_id` and `until` say where a page begins: under that id, not after that moment.
    """

    needs_person: bool = False
    state: str | None = None
    search: str = ""
    receipt: str = ""
    failed: bool = False
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


@dataclass(frozen=True, slots=True)
class LogKeep:
    """How long the sync log is kept: days, and rows at most. `body_days`: requests and answers of what went well."""

    days: int = 90
    rows: int = 1_000_000
    body_days: int = 14


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the sync log, the state of its outbox entry now and the entry's receipt ("" for pulls)."""

    id: int
    at: datetime
    entry_id: int | None
    order_number: str
    step: str
    method: str
    outcome: str
    http: int | None
    code: str
    reason: str
    duration_ms: int
    attempt: int
    entry_state: str
    receipt_key: str
