"""What the till knows of devices: small protocols, no vendor. Drivers implement them, `app.py` chooses one.

The promise of every `FiscalPrinter` method is told by the class of its error: `Unreachable` – nothing was sent;
`Refused` – nothing was made, proven; `OutcomeUnknown` – read the storage, never repeat; `ProtocolError` – the reply
makes no sense, and nothing that makes a document was sent.

For the shift: `FiscalPrinter.shift_counters(*kinds) -> ShiftCounters` – what the fiscal storage itself has counted in
the shift, by kind and tender, and the cash in the drawer. No kinds means all four; after a receipt its own kind is
enough and a quarter of the reading. Raises Refused `no_counters` where the firmware has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from itertools import accumulate
from typing import Protocol, runtime_checkable

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark, ReceiptKind, Shift
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Money, Quantity
from posapp.domain.permission import IndustryDetail, RegisterVerdict
from posapp.domain.printed import DEFAULT_WIDTH
from posapp.domain.receipt import Receipt, TaxSystem, TenderKind
from posapp.domain.registration import Registration
from posapp.domain.scans import Scan
from posapp.errors import PosError


class Ffd(IntEnum):
    """The fiscal data format that a register writes; the value is that of tags 1209, 1189 and 1190."""

    V1_05 = 2
    V1_1 = 3
    V1_2 = 4

    @property
    def text(self) -> str:
        """`1.05`, `1.1`, `1.2`."""
        return _FFD_TEXT[self]

    @classmethod
    def parse(cls, text: str) -> Ffd:
        """The reverse of `text`; ValueError for anything else."""
        for each, said in _FFD_TEXT.items():
            if said == text:
                return each
        raise ValueError(f"no such fiscal data format: {text!r}")


_FFD_TEXT = {Ffd.V1_05: "1.05", Ffd.V1_1: "1.1", Ffd.V1_2: "1.2"}


class Capability(StrEnum):
    """What a model may lack; proven at set-up and kept in its profile."""

    USER_REQUISITE = "1084"  # takes our key as 1084 {1085, 1086}
    EXTENDED_REPLY = "datetime_in_ff45"
    REPEAT_LAST = "8C"
    MARKING = "FF61"  # checks codes of marked goods and binds them to lines (FFD 1.2)
    CHECK_TIME = "check_time"  # and tells when the marking system was asked
    KEY_TRIED = "key_tried"  # where receipts carry our key is tried without making a document
    CORRECTION_COUNTERS = "correction_counters"  # corrections are counted apart, by kind
    CLOSED_COUNTERS = "closed_counters"  # the counters of a closed shift stay until the next one opens


class Paper(StrEnum):
    """What the paper path says."""

    OK = "ok"
    OUT = "out"
    OUT_WHILE_PRINTING = "out_while_printing"
    WAITS_CONTINUE = "waits_continue"
    COVER_OPEN = "cover_open"


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A receipt that is open on the register: its kind and the sum so far.

    `refused_ours`: the register's late answer to our opening command was a "no" – the receipt was there before. A hint
    of that kind may only ever keep us from cancelling. `is_correction`: it is a correction receipt; with `has_kind`
    False one of FFD 1.05 that was only begun, which shows neither kind nor sum (`kind` then says nothing).
    """

    kind: ReceiptKind
    subtotal: Money
    refused_ours: bool = False
    is_correction: bool = False
    has_kind: bool = True

    def is_like(self, receipt: Receipt) -> bool:
        """Whether sort, kind and sum so far do not contradict our receipt: the sum of its first n lines, for some n."""
        if self.is_correction is not (receipt.correction is not None):
            return False
        sums = accumulate((line.line_sum.kopecks for line in receipt.lines), initial=0)
        return not self.has_kind or (self.kind == receipt.kind and self.subtotal.kopecks in set(sums))


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """One look at the register."""

    shift: Shift
    paper: Paper
    is_busy: bool
    has_open_document: bool
    last_document: int
    clock: datetime | None
    cash_in_drawer: Money | None = None
    ofd_queue: int | None = None


class StoragePhase(StrEnum):
    """Where a fiscal storage stands in its life."""

    CONFIGURED = "configured"  # not registered yet
    FISCAL = "fiscal"
    CLOSED = "closed"  # closed for ever, what it holds still goes to the OFD
    ARCHIVE = "archive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StorageHealth:
    """What the fiscal storage says of its own end and of what the OFD has not got yet.

    Asked in a look of its own (`FiscalPrinter.storage_health`), never during a sale. `expires` is the day its keys end;
    the four warnings are the storage's own: three days left, thirty days left, memory 90 % full, no answer of the OFD
    for a day. `is_critical`: it is broken. `unsent` documents wait for the OFD since `oldest_unsent_at` (the
    register's clock); None where it is not told. What the register does not tell is None or False.
    """

    storage_number: str
    phase: StoragePhase = StoragePhase.UNKNOWN
    expires: date | None = None
    is_ending: bool = False
    is_ending_soon: bool = False
    is_nearly_full: bool = False
    is_ofd_late: bool = False
    is_critical: bool = False
    unsent: int | None = None
    oldest_unsent: int | None = None
    oldest_unsent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """What an answer named as the document made by it. It never proves a receipt; it may forbid to say "not made".

    `is_found`: its number comes from a look at what had grown after the answer was lost, so it may be anybody's.
    """

    document: int
    storage_number: str
    registration_number: str
    is_found: bool = False


@dataclass(frozen=True, slots=True)
class LineFacts:
    """How the register is reached: `link` by the name of its protocol, `baud` and `byte_timeout_ms` as the register
    itself has them set for the port that it is asked through; None where there is no such thing (TCP, USB)."""

    link: str
    baud: int | None = None
    byte_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OfdAddress:
    """Where the OFD of a register takes messages, and how long it may think."""

    host: str
    port: int
    timeout_s: int


class OfdTurn(StrEnum):
    """What comes next in carrying a message from a register to its OFD."""

    NOTHING = "nothing"  # nothing waits, or not now
    MORE = "more"  # another portion
    SEND = "send"  # the message is whole: give it to the OFD
    SENT = "sent"  # the storage has taken the OFD's answer
    REJECTED = "rejected"  # it has not; the same message will be offered again


class OfdPump(Protocol):
    """The messages between a fiscal storage and its OFD, for a register that leaves them to its host.

    Every call is a portion of a few exchanges with the register, on its lane. Whatever else is said to the register
    between two of them ends the round, and the next one begins anew.
    """

    @property
    def message(self) -> bytes:
        """What is to be given to the OFD, whole after `OfdTurn.SEND`."""
        ...

    def address(self) -> OfdAddress | None:
        """The OFD as the register is set up, None where it needs no host."""
        ...

    def step(self) -> OfdTurn:
        """One portion. Raises DeviceError; the round is over then."""
        ...

    def answered(self, answer: bytes) -> bool:
        """The OFD's answer, to be written by the next steps; False for one that is none."""
        ...

    def give_up(self) -> None:
        """The OFD did not answer."""
        ...


@runtime_checkable
class CarriesOfd(Protocol):
    """A driver some of whose registers leave their messages to the OFD to the host."""

    def ofd_pump(self) -> OfdPump:
        """The one that carries them."""
        ...


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """What set-up found out and proved about a register.

    `key_tags`: by kind of receipt the tag in which the register takes our key – `1084`, `1192`, or "" when it was
    proven to take it in neither. A kind that is missing was not proven: no receipt could be opened then.
    `correction_key_tag` is the same for correction receipts, None when none could be opened.
    `registration` and `width` (characters in a line) are what its paper shows.
    """

    model: str
    ffd: str
    identity: DeviceIdentity
    tax_systems: tuple[TaxSystem, ...]
    capabilities: tuple[Capability, ...]
    vat_formula: str
    user: str = ""
    key_tags: Mapping[ReceiptKind, str] = field(default_factory=dict)
    correction_key_tag: str | None = None
    registration: Registration = field(default_factory=Registration)
    width: int = DEFAULT_WIDTH


@dataclass(frozen=True, slots=True)
class CashTotals:
    """What proves cash in/out: the drawer, the sums that went in and out in this shift, and in how many operations.

    `is_witnessed`: the register has acknowledged the last cash operation of this till, or still held its "done" to one
    when we came. Of itself a hint; without it equal sums may be another program's.
    """

    drawer: Money
    cash_in: Money
    cash_out: Money
    in_count: int = 0
    out_count: int = 0
    is_witnessed: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How many documents, and their sum (1020)."""

    count: int
    total: Money


@dataclass(frozen=True, slots=True)
class KindCounters(Counted):
    """The receipts of one kind (1054) in a shift, with what was paid by each tender; all five are there."""

    tenders: Mapping[TenderKind, Money]


@dataclass(frozen=True, slots=True)
class ShiftCounters:
    """What the fiscal storage has counted in the shift that is open, or in the last one when none is.

    Documents of every program on the register are in it. `receipts` and `corrections` have the kinds that were asked
    for; a correction is in `corrections` only. `drawer`, `cash_in` and `cash_out` are the register's own: the drawer
    moves by cash receipts, cash corrections and cash in/out, and is zeroed at the end of a shift if so set up.
    """

    shift_number: int
    receipts: Mapping[ReceiptKind, KindCounters]
    corrections: Mapping[ReceiptKind, Counted]
    drawer: Money
    cash_in: Money
    cash_out: Money


class FiscalPrinter(Protocol):
    """A register with a fiscal storage. Used from one lane only; every call blocks."""

    def connect(self) -> DeviceIdentity:
        """Opens the link if needed, drains what an earlier program left unread, and says who is there."""
        ...

    def close(self) -> None:
        """Closes the link; safe to call at any time."""
        ...

    def reset_link(self) -> DeviceIdentity:
        """Closes, reconnects, drains pending replies and unfinished reads, waits until the device is idle (rule 6)."""
        ...

    @property
    def takes_requests(self) -> bool:
        """Whether what makes or moves something is sent under a uuid, which the journal holds before (rule 9)."""
        ...

    @property
    def queue(self) -> str:
        """Which queue those uuids are of: its address without secrets, with the device in it, as it is set up; "" for
        none. A uuid means nothing in another one."""
        ...

    def end_request(self, request: str) -> Named | None:
        """Returns when what was sent under this uuid can no longer run; asked before the storage is read (rule 9).

        What became of it is not said, but for the document that its result names, if any. Raises Unreachable, and
        Refused while it may still run. Nothing where the register takes no requests.
        """
        ...

    def evidence_for(self, receipt: Receipt) -> Mapping[str, object]:
        """What an attempt must note of the register before the receipt is sent; {} for nothing.

        `key_tag`: where its document will show our key, where that is known otherwise than by `key_tag_of`.
        """
        ...

    def probe(self) -> PrinterProfile:
        """Everything that set-up wants to know. Makes no document."""
        ...

    def format(self) -> Ffd:
        """Which format the register writes now; asked once per connection. No side effect."""
        ...

    def key_tag_of(self, receipt: Receipt) -> str:
        """In which tag this very receipt carries our key: a correction, or a receipt that names another one in 1192,
        may carry it elsewhere than others of its kind, or nowhere."""
        ...

    def key_tag(self, kind: ReceiptKind) -> str:
        """In which tag a receipt of this kind carries our key here: `1084`, `1192`, "" for none (rule 2)."""
        ...

    def status(self) -> PrinterStatus:
        """One look, no side effect."""
        ...

    def storage_health(self) -> StorageHealth:
        """What the storage says of its end and of the OFD. No side effect; a few questions, not for a sale."""
        ...

    def line_facts(self) -> LineFacts:
        """How the register is reached. No side effect."""
        ...

    def wait_until_idle(self) -> None:
        """Waits until nothing prints, continuing a print that waited for paper. Raises Refused when it stays busy."""
        ...

    def last_document_number(self) -> int:
        """The number of the last document in the storage (1040)."""
        ...

    def open_document(self) -> OpenDocument | None:
        """The receipt that is open on the register now, if any."""
        ...

    def cancel_open_document(self) -> None:
        """Cancels the open receipt; it has no fiscal force. Only the till decides when (rule 7)."""
        ...

    def print_receipt(
        self,
        receipt: Receipt,
        after: int,
        opened: Callable[[], None] = lambda: None,
        details: Mapping[int, Sequence[IndustryDetail]] | None = None,
        request: str = "",
    ) -> FiscalMark:
        """Opens, fills and closes one receipt or correction; the closing command goes out once.

        `request`: the uuid that the attempt notes, where the register `takes_requests`.

        `details`: what the marking system answered about marked lines (1260), by the number of the line, from 0.
        `opened` is called once, when the register has acknowledged that the receipt is open and before any line is
        sent: what it keeps is what later entitles us to cancel that receipt (rule 7). When it raises a JournalError the
        receipt is cancelled and the error passed on: nothing was made.
        `after` is the last document number read before; the mark is believed only for a greater number whose look-up
        shows our kind and total (rule 5). Raises Unreachable, Refused (before the closing command; `register_lacks`
        before anything was sent, for what the format or the model cannot express), OutcomeUnknown.
        """
        ...

    def check_marking(
        self, code: MarkingCode, planned_status: int, measure: int = 0, quantity: Quantity | None = None
    ) -> RegisterVerdict:
        """Checks a code before its receipt (FFD 1.2): the storage by itself, the server through the register.

        `planned_status` is tag 2003; `measure` (2108) and `quantity` belong to a part of a package. What is not refused
        is accepted: the register keeps the result for the next document only, so every try checks anew. Makes no
        document. Raises Unreachable, Refused (`register_lacks`), ProtocolError.
        """
        ...

    def clear_markings(self) -> None:
        """Forgets the codes that were checked and not sold."""
        ...

    def read_document(self, number: int) -> FiscalDocument:
        """A document by number, whole where its TLV is still in the storage. Raises Refused `not_found` when none."""
        ...

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every document with a greater number, ascending."""
        ...

    def document_mark(self, number: int) -> FiscalMark:
        """The mark of a receipt by its document number."""
        ...

    def document_tlv(self, number: int) -> bytes:
        """A document's TLV with its outer tag. Raises Refused `not_found` when the storage no longer has it."""
        ...

    def continue_print(self) -> bool:
        """Continues after paper-out when the register waits for it; True when it did."""
        ...

    def open_shift(self, cashier: str, request: str = "") -> Shift:
        """Opens the shift. `request` here and below as in `print_receipt`."""
        ...

    def close_shift(self, cashier: str, request: str = "") -> Shift:
        """Closes the shift and prints its report."""
        ...

    def x_report(self, request: str = "") -> None:
        """Prints the X report; makes no fiscal document."""
        ...

    def cash_totals(self) -> CashTotals:
        """The registers that prove cash in/out."""
        ...

    def shift_counters(self, *kinds: ReceiptKind) -> ShiftCounters:
        """What the storage counted in the shift, of these kinds or of all. No side effect.

        Raises Refused `no_counters` on firmware that does not tell, Unreachable.
        """
        ...

    def cash_in(self, amount: Money, request: str = "") -> None:
        """Puts cash into the drawer."""
        ...

    def cash_out(self, amount: Money, request: str = "") -> None:
        """Takes cash out of the drawer."""
        ...


# ---- card terminals


class CardOutcome(StrEnum):
    """What became of card money. UNKNOWN is never taken for either of the others."""

    APPROVED = "approved"
    DECLINED = "declined"  # proven that no money moved, and none will by this request
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CardResult:
    """A terminal's answer. `card` is masked and never holds more than the last four digits; `reason` is the terminal's
    own word for a refusal, or why the outcome is not known. "" for what it did not tell."""

    outcome: CardOutcome
    rrn: str = ""
    authorization: str = ""
    card: str = ""
    terminal: str = ""
    reason: str = ""


class CardTerminal(Protocol):
    """A terminal of a bank. Used from one lane only; every call blocks.

    `reference` names an operation for ever: a terminal that is given one a second time performs nothing and tells what
    became of the first. `said` is called with the terminal's words for the cashier ("insert the card") while it waits.
    Raises Unreachable: nothing was sent. Everything else is a result; a lost answer is UNKNOWN, not an error.
    """

    @property
    def tells(self) -> bool:
        """Whether it can be asked later what became of an operation (`inquire`)."""
        ...

    def charge(self, reference: str, amount: Money, said: Callable[[str], None] = lambda words: None) -> CardResult:
        """Takes money from a card."""
        ...

    def refund(
        self, reference: str, amount: Money, original: str, said: Callable[[str], None] = lambda words: None
    ) -> CardResult:
        """Gives money back to the card of the operation with RRN `original`; "" where it is not known."""
        ...

    def cancel(
        self, reference: str, amount: Money, original: str, said: Callable[[str], None] = lambda words: None
    ) -> CardResult:
        """Takes back a charge of which no receipt was printed."""
        ...

    def inquire(self, reference: str) -> CardResult:
        """What became of an operation. One that the terminal has never heard of is DECLINED, and is refused should it
        still arrive; one that is under way is UNKNOWN. Raises Unreachable."""
        ...

    def close(self) -> None:
        """Closes the link; safe to call at any time."""
        ...


# ---- scanners


@dataclass(frozen=True, slots=True)
class Heard:
    """What a scanner brought: a `scan` with the bytes that it came as, or – `trouble` – why nothing comes now.

    Neither: the line is there, from now on scans are heard.
    """

    scan: Scan | None = None
    raw: bytes = b""
    trouble: PosError | None = None


class Scanner(Protocol):
    """A scanner on a port of its own. It connects by itself, now and after its cable was pulled."""

    def start(self, heard: Callable[[Heard], None]) -> None:
        """Listens on a lane of its own; `heard` is called there."""
        ...

    def close(self) -> None:
        """Ends it and lets the port go; safe to call at any time."""
        ...
