"""What screens and the command line show: plain frozen values, made by the use cases, understood without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind, Shift
from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Offer
from posapp.domain.order import Order
from posapp.domain.order_changes import Change
from posapp.domain.printed import PrintedForm
from posapp.domain.receipt import Receipt
from posapp.domain.registration import FormProfile
from posapp.domain.settlement import State
from posapp.domain.shift_hours import CloseAdvice
from posapp.domain.vat import VatRate
from posapp.errors import PosError

if TYPE_CHECKING:  # it knows the register, which the first paint must not wait for
    from posapp.till.ready import Ready


class Light(StrEnum):
    """Grey not due, amber on its way, green proven by an id, red needs a named person."""

    GREY = "grey"
    AMBER = "amber"
    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Lamp:
    """One light: `proof` is the id that makes it green, `trouble` the reason that makes it red.

    `entry` is the outbox entry that the one button beside a red lamp retries; `since` tells the age of an amber one.
    `is_unknown` marks the receipt whose outcome is not proven (crimson, not merely red).
    """

    light: Light
    proof: str = ""
    trouble: PosError | None = None
    since: datetime | None = None
    entry: int | None = None
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Lights:
    """Чек · Деньги · Статус · Склад."""

    receipt: Lamp
    money: Lamp
    status: Lamp
    stock: Lamp

    def as_json(self) -> dict[str, str]:
        """The four colours as words."""
        return {
            "receipt": self.receipt.light.value,
            "money": self.money.light.value,
            "status": self.status.light.value,
            "stock": self.stock.light.value,
        }

    @property
    def all_green(self) -> bool:
        """Receipted, paid, closed and deducted."""
        return all(each == Light.GREEN.value for each in self.as_json().values())


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt and where it stands. `profile` is what is known of the paper of its register.

    `verdicts`: what the register found out about marking codes (2106), by the number of the line, from 0.
    """

    receipt: Receipt
    state: State
    mark: FiscalMark | None
    qr: str | None
    reason: str = ""
    profile: FormProfile = field(default_factory=FormProfile)
    verdicts: Mapping[int, int] = field(default_factory=dict)

    @property
    def form(self) -> PrintedForm:
        """The receipt as it is printed; without a mark it says that there is none."""
        from posapp.domain.printed_receipt import receipt_form_of

        return receipt_form_of(self.receipt, self.mark, self.profile, self.verdicts)

    def as_json(self) -> dict[str, object]:
        """`receipt` of the command `sell`."""
        kind: ReceiptKind = self.receipt.kind
        refused = self.receipt.refused
        more: dict[str, object] = {} if refused is None else {"refused": refused.told()}
        return more | {
            "key": self.receipt.key,
            "state": self.state.value,
            "kind": kind.name.lower(),
            "total_kopecks": self.receipt.total.kopecks,
            "change_kopecks": self.receipt.change.kopecks,
            "qr": self.qr,
            "mark": None if self.mark is None else self.mark.as_json(),
        }


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as the screens show it: the local copy, its receipts, its lights, and why it cannot be sold, if so.

    `rates` are the rates that the lines would be printed with, in their order; None where none is confirmed. `offers`
    is what can lawfully be done with the order now. `changes` is what has changed since the courier left with it, at
    `left_at`, and nobody has seen yet. `owed`: card money of it waits for an answer or for its receipt.
    """

    order: Order
    receipts: tuple[ReceiptView, ...]
    lights: Lights
    refusal: PosError | None
    rates: tuple[VatRate | None, ...] = ()
    offers: tuple[Offer, ...] = ()
    changes: tuple[Change, ...] = ()
    left_at: datetime | None = None
    owed: PosError | None = None

    @property
    def receipt(self) -> ReceiptView | None:
        """The receipt that counts: the newest that is not cancelled."""
        alive = [each for each in self.receipts if each.state is not State.CANCELLED]
        return alive[-1] if alive else None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list: enough for a line of the table or of the route."""

    order_id: int
    number: str
    buyer: str
    phone_tail: str
    address: str
    delivery_window: str
    price: Money
    to_pay: Money
    is_cancelled: bool
    is_courier: bool
    comment: str
    lights: Lights
    is_done: bool  # receipted here, or nothing left to take
    is_changed: bool = False  # on the route, and another deal than the one that the courier left with
    is_ours: bool = True  # this till may sell it without asking; on the route, where tills share a gateway


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far the load of all orders has come; `left` is how long it still takes at its pace, None for not known yet.

    `is_checking`: everything was read once, and what the portal counts more than that is looked for.
    """

    seen: int
    expected: int
    is_checking: bool = False
    left: timedelta | None = None

    def as_json(self) -> dict[str, object]:
        """A line of progress of `posapp orders pull`."""
        left = None if self.left is None else round(self.left.total_seconds())
        return {"on_board": self.seen, "expected": self.expected, "checking": self.is_checking, "left_s": left}


@dataclass(frozen=True, slots=True)
class PullResult:
    """After a pull: how many orders the portal has for this till, how many are on board, when it was.

    `load`: the load of all orders goes on with the next call; `unread`: ids of orders that the portal has and that
    could not be read, with the reason. `is_update`: it asked only for what changed since the last one, and the numbers
    are of that.
    """

    expected: int
    on_board: int
    changed: int
    at: datetime
    load: LoadProgress | None = None
    unread: Mapping[int, str] = field(default_factory=dict)
    is_update: bool = False

    @property
    def is_complete(self) -> bool:
        """Every order that the portal counted is here."""
        return self.on_board >= self.expected and self.load is None and not self.unread


@dataclass(frozen=True, slots=True)
class JobsStrip:
    """Receipts that the portal orders: how many wait, how many are held, what keeps the register or the line."""

    waiting: int
    held: int
    trouble: PosError | None = None


@dataclass(frozen=True, slots=True)
class OutboxStrip:
    """The line at the foot of the screen. Times are absolute; the screen counts down by itself."""

    unsent: int  # entries not delivered and not waiting for a person
    oldest_at: datetime | None
    next_try_at: datetime | None
    needs_person: int
    unsent_receipts: int
    is_offline: bool
    offline_since: datetime | None
    load: LoadProgress | None = None  # the load of all orders is under way
    jobs: JobsStrip | None = None  # None where the portal orders nothing here


@dataclass(frozen=True, slots=True)
class SyncRow:
    """A request to the portal that really happened, as the manager reads it."""

    row_id: int
    at: datetime
    order_number: str
    step: str  # pull, mark, payment, status, stock
    method: str
    outcome: str  # done, failed, lost
    code: str  # stable code of the error table, "" when done
    reason: str  # in words
    duration_ms: int
    attempt: int
    entry: int | None  # outbox entry, None for pulls
    entry_state: str  # waiting, done, failed, held; "" for pulls
    receipt: str = ""  # the key of the entry's receipt
    http: int | None = None  # the answer's status, None when there was none


@dataclass(frozen=True, slots=True)
class RegisterView:
    """The register for the head and foot of the window. `trouble` tells what blocks, None = ready to take money."""

    identity: DeviceIdentity | None
    shift: Shift | None
    shift_opened_at: datetime | None
    receipts_today: int
    sum_today: Money
    trouble: PosError | None
    is_training: bool
    paper_ok: bool = True
    closes: CloseAdvice | None = None  # the shift ends within two hours: when to close it
    light: Ready | None = None  # whether a card may be charged


@dataclass(frozen=True, slots=True)
class ClaimsReport:
    """A round with the gateway: claims held here, receipts that it confirmed, claims given back.

    `lost` are orders that another till has now, `doubled` those with two receipts: a person has to act. `trouble` is
    what stopped the round.
    """

    held: int
    closed: int
    released: int
    lost: tuple[PosError, ...] = ()
    doubled: tuple[PosError, ...] = ()
    trouble: PosError | None = None

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """`claims` of the command `sync`."""
        return {
            "held": self.held,
            "closed": self.closed,
            "released": self.released,
            "lost": [each.as_json(language) for each in self.lost],
            "doubled": [each.as_json(language) for each in self.doubled],
            "trouble": None if self.trouble is None else self.trouble.as_json(language),
        }


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """What one round of delivery did; `claims` where the till has a gateway, `catalogue` where it asked for goods,
    `load` while the load of all orders is under way."""

    delivered: int
    failed: int
    left: int
    offline: PosError | None
    claims: ClaimsReport | None = None
    catalogue: CatalogueReport | None = None
    load: LoadProgress | None = None


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """What a pull of the catalogue came to; how much is on board now.

    `gone`: products that the portal has no more; `trouble`: what stopped it.
    """

    read: int
    prices_read: int
    gone: int
    is_complete: bool
    products: int
    barcodes: int
    prices: int
    trouble: PosError | None = None

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """The answer of `posapp catalogue pull`, and `catalogue` of `posapp sync`."""
        body: dict[str, object] = {
            "read": self.read,
            "prices_read": self.prices_read,
            "gone": self.gone,
            "complete": self.is_complete,
            "products": self.products,
            "barcodes": self.barcodes,
            "prices": self.prices,
        }
        return body | ({"error": self.trouble.as_json(language)} if self.trouble is not None else {})


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery decided about one receipt or shift operation, in words for the log."""

    key: str
    before: str
    after: str
    why: str


class Verdict(StrEnum):
    """What a choice of the resolve desk says of the thing in question. None of them prints."""

    MADE = "made"  # it was made: this document is it
    NOT_MADE = "not_made"  # it was not made
    CANCEL = "cancel"  # what is open or begun is given up
    OTHER = "other"  # a document is not this till's business


@dataclass(frozen=True, slots=True)
class Choice:
    """One lawful decision about a case; `resolve.decide` takes its `id`.

    `consequence` says what becomes of money, goods and the next receipt; it is read before the choice is taken.
    `command` is the same decision on the command line. `documents` are the numbers (1040) that it is about: a document
    that the storage shows later is never covered by a choice made before. `needs_why`: without a reason it is refused.
    `asks` names what a person has to type in besides: `qr` the text of the paper's QR code, `receipt_number` the
    receipt's number in its shift (1042).
    """

    id: str
    verdict: Verdict
    words: str
    consequence: str
    command: str
    documents: tuple[int, ...] = ()
    needs_why: bool = False
    asks: tuple[str, ...] = ()

    @property
    def document(self) -> int | None:
        """The one document that it is about, None for none or several."""
        return self.documents[0] if len(self.documents) == 1 else None

    def as_json(self) -> dict[str, object]:
        """One of `choices` of a line of `posapp resolve`."""
        return {
            "id": self.id,
            "verdict": self.verdict.value,
            "words": self.words,
            "consequence": self.consequence,
            "command": self.command,
            "documents": list(self.documents),
            "needs_why": self.needs_why,
            "asks": list(self.asks),
        }


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A document of the storage that is younger than the try. `words` is what it is, `note` whose it is."""

    number: int
    type: int
    kind: ReceiptKind | None
    total: Money | None
    at: datetime  # local time of the register, no zone
    whole: bool
    words: str
    note: str

    def as_json(self) -> dict[str, object]:
        """One of `documents` of a line of `posapp resolve`."""
        return {
            "number": self.number,
            "type": self.type,
            "kind": self.kind,
            "total_kopecks": self.total.kopecks if self.total else None,
            "at": self.at.isoformat(timespec="seconds"),
            "whole": self.whole,
            "whose": self.note,
        }


class CaseKind(StrEnum):
    """What a case is about."""

    RECEIPT = "receipt"  # a receipt that is `sending`
    OPERATION = "operation"  # a shift operation that is `sending`
    STRAY = "stray"  # a document of this till that its journal does not know
    CORRECTION = "correction"  # a wrong receipt is undone and the right one is not printed
    CARD = "card"  # card money: its outcome is not known, or it has no receipt
    REGISTER = "register"  # the register itself: another one, another storage, another program's receipt open


@dataclass(frozen=True, slots=True)
class Case:
    """One thing of which it is not known whether it was made, or that stops selling until a person has looked.

    `story` is what was asked, what the device shows, what happens next. Without `choices` nobody has to decide: the
    third line says what the program does by itself, and when. `why` is the program's own reason in a sentence, `code`
    the stable code of that reason. `since` is when it was asked (for what is no receipt or operation, when it was first
    seen). `is_overdue`: it waits for longer than its limit, so somebody has to be told.
    """

    key: str
    kind: CaseKind
    title: str
    story: tuple[str, str, str]
    since: datetime
    why: str
    code: str = ""
    choices: tuple[Choice, ...] = ()
    documents: tuple[CaseDocument, ...] = ()
    order_number: str = ""
    total: Money = ZERO
    after_document: int = 0
    device: str = ""
    who: str = ""
    is_overdue: bool = False

    @property
    def asked_at(self) -> datetime:
        """When it was asked."""
        return self.since

    @property
    def needs_person(self) -> bool:
        """Nothing happens until somebody decides."""
        return bool(self.choices)

    def as_json(self) -> dict[str, object]:
        """A line of `posapp resolve`."""
        return {
            "key": self.key,
            "order": self.order_number,
            "total_kopecks": self.total.kopecks,
            "asked_at": self.since.isoformat(),
            "after_document": self.after_document,
            "device": self.device,
            "why": self.why,
            "documents": [each.as_json() for each in self.documents],
            "kind": self.kind.value,
            "code": self.code,
            "title": self.title,
            "story": {"asked": self.story[0], "shows": self.story[1], "next": self.story[2]},
            "needs_person": self.needs_person,
            "is_overdue": self.is_overdue,
            "choices": [each.as_json() for each in self.choices],
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a decision came to: the state it is in now, in words, and the receipt when there is one now."""

    key: str
    state: str
    words: str
    receipt: ReceiptView | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something whose outcome is not known, as every screen shows it: how old it is and whose move it is.

    `owner`: `program` – it is being sent, or the program will read the storage as soon as the register answers;
    `person` – it was read and proves neither, somebody has to decide at the resolve desk.
    """

    key: str
    kind: CaseKind
    order_number: str
    device: str
    since: datetime
    age: timedelta
    owner: str
    is_overdue: bool

    @property
    def needs_telling(self) -> bool:
        """Nothing happens by itself any more, or it takes longer than it should."""
        return self.is_overdue or self.owner == "person"

    def words(self, language: str = "ru") -> str:
        """One line for people."""
        minutes = int(self.age.total_seconds() // 60)
        order = self.order_number or self.key
        if self.kind is CaseKind.REGISTER:
            if language == "en":
                return f"Register {self.key}: counters and journal differ for {minutes} min, a person has to decide."
            return f"ККТ {self.key}: счётчики не сходятся с журналом {minutes} мин, решает человек."
        if self.kind is CaseKind.CARD:
            if language == "en":
                return f"{order}: card money is owed an answer or a receipt for {minutes} min: posapp card list."
            return f"{order}: деньги по карте {minutes} мин без ответа или без чека: posapp card list."
        if self.kind is CaseKind.CORRECTION:
            if language == "en":
                return f"{order}: a correction is half done for {minutes} min, finish it: posapp correct {self.key}."
            return f"{order}: исправление чека не закончено {minutes} мин, закончите: posapp correct {self.key}."
        if language == "en":
            whose = "a person has to decide" if self.owner == "person" else "the program reads the storage"
            return f"{order}: outcome unknown for {minutes} min, {whose}."
        whose = "решает человек" if self.owner == "person" else "программа читает ФН"
        return f"{order}: исход не известен {minutes} мин, {whose}."

    def as_json(self) -> dict[str, object]:
        """As commands show it."""
        return {
            "key": self.key,
            "kind": self.kind.value,
            "order": self.order_number,
            "device": self.device,
            "since": self.since.isoformat(),
            "age_s": int(self.age.total_seconds()),
            "owner": self.owner,
            "is_overdue": self.is_overdue,
        }
