"""What an АТОЛ can do, said to the one register model: neutral verbs over `Printer.execute`. No I/O, no clock.

АТОЛ's sides (JSON tasks, the wire, the stand-in for its driver library) all speak to the register through these verbs,
so that one rulebook serves two vendors: what a register of this kind must refuse, the model refuses. `Denied` carries
how АТОЛ says so. Sums are kopecks, quantities millionths, kinds are tag 1054, rates tag 1199.

`Acts.step` is called with the name of each step before it is taken (`openReceipt`, `registration`, `closeReceipt`):
whoever plays a cable or a power cut raises there, and the receipt stays as far as it had come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.receipt import KIND_BIT, line_sum
from posapp.devices.simulator.rules import BAD_PARAMETER, BUSY, CONTINUE, NO_PAPER, OUT_WHILE_PRINTING, READY, SYSTEM
from posapp.devices.simulator.selling import CORRECTION_BIT, OBJECTS
from posapp.domain import ffd

R = TypeVar("R", bound=c.Reply)

METHODS = frozenset(range(1, 8))
"""Tag 1214."""
OLD_KINDS = (1, 3)
"""Tag 1054 of the corrections that FFD 1.05 knows."""
NAME_MAX = 128
BAD_METHOD, BAD_OBJECT, BAD_FFD = e.Refusal(216, 0x13), e.Refusal(217, 0x13), e.Refusal(190, e.NO_BYTE)
COVER_IS_OPEN = e.Refusal(e.COVER_OPEN, 0x67)
TAG_REFUSED = e.Refusal(e.PROPERTY_WRITE, e.NO_BYTE)


class Denied(Exception):
    """The register says no, nothing was made; `refusal` is how АТОЛ says it."""

    def __init__(self, refusal: e.Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal

    @property
    def code(self) -> int:
        """The driver's number."""
        return self.refusal.code

    @property
    def byte(self) -> int:
        """The error byte on the wire."""
        return self.refusal.byte


@dataclass(frozen=True, slots=True)
class Line:
    """One item. `sum_kopecks` None = price × quantity; `marking` is the code as scanned, `tlv` more records of it."""

    name: str
    price_kopecks: int
    quantity_micro: int
    rate: int
    sum_kopecks: int | None = None
    payment_method: int = 4
    payment_object: int = 1
    department: int = 0
    tlv: bytes = b""
    marking: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tenders:
    """How it was paid: tags 1031, 1081, 1215, 1216, 1217; cash is what was handed over."""

    cash: int = 0
    electronic: int = 0
    prepaid: int = 0
    credit: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.cash + self.electronic + self.prepaid + self.credit + self.other


def _no_step(name: str) -> None:
    """Nothing happens between two steps."""


@dataclass
class Acts:
    """The verbs at one moment: `now` is real local time, the register's own clock may differ."""

    printer: Printer
    now: datetime
    step: Callable[[str], None] = field(default=_no_step)

    # --- what it is doing

    @property
    def at(self) -> datetime:
        """What the register's clock shows."""
        return self.printer.clock(self.now)

    @property
    def ffd(self) -> Ffd:
        """The format that the register writes."""
        return self.printer.storage.version

    def busy_for(self) -> float:
        """Seconds that it still prints; 0 when it does not."""
        if self.printer.submode(self.at) != BUSY or self.printer.busy_until is None:
            return 0.0
        return (self.printer.busy_until - self.at).total_seconds()

    def look(self) -> None:
        """Whatever time alone changes has changed: tickets of the OFD have come."""
        self._do(c.OfdStatus(self._password))

    @property
    def is_printed(self) -> bool:
        """Whether nothing waits to be printed to its end."""
        return self.printer.stuck == READY

    # --- shift, reports, cash

    def open_shift(self, tags: Sequence[bytes] = ()) -> StoredDocument:
        """The report that opens a shift; `tags` are records of the cashier (1021, 1203)."""
        if self.printer.storage.shift.is_open:
            raise Denied(e.SHIFT_OPEN_ALREADY)
        return self._shift_document(c.BeginOpenShift(self._password), c.OpenShift(self._password), tags)

    def close_shift(self, tags: Sequence[bytes] = ()) -> StoredDocument:
        """The report that closes it."""
        if not self.printer.storage.shift.is_open:
            raise Denied(e.REFUSALS[0x3D])
        return self._shift_document(c.BeginCloseShift(self._password), c.CloseShift(self._password), tags)

    def exchange_report(self) -> StoredDocument:
        """The report on the exchange with the OFD."""
        self.step("closeDocument")
        self._do(c.ExchangeReport(self._password))
        return self.last_document()

    def x_report(self) -> None:
        """Prints the X report."""
        self.step("report")
        self._do(c.XReport(self._password))

    def cash_in(self, kopecks: int) -> int:
        """Puts cash into the drawer; what is in it now."""
        self.step("cashIncome")
        self._do(c.CashIn(self._password, kopecks))
        return self.printer.registers.drawer_kopecks

    def cash_out(self, kopecks: int) -> int:
        """Takes cash out of the drawer; what is in it now."""
        self.step("cashOutcome")
        self._do(c.CashOut(self._password, kopecks))
        return self.printer.registers.drawer_kopecks

    def _shift_document(
        self, begin: c.Command[c.Done], make: c.Command[c.OperatorReply], tags: Sequence[bytes]
    ) -> StoredDocument:
        """Begins the report where tags go with it, makes it; what was only begun is taken back when it is refused."""
        if tags:
            self._do(begin)
        try:
            if tags:
                self.add_tags(tags)
            self.step("closeDocument")
            self._do(make)
        except Denied:
            self._forget_begun()
            raise
        return self.last_document()

    # --- receipts

    def open_receipt(self, kind: int, *, is_correction: bool = False, is_electronic: bool = False) -> None:
        """Opens a receipt; an electronic one needs no paper and prints nothing. Corrections so from FFD 1.1 on."""
        if kind not in KIND_BIT:
            raise Denied(e.REFUSALS[0x49])
        if is_correction and self.ffd is Ffd.V1_05:
            raise Denied(BAD_FFD)
        self.step("openReceipt")
        opened = c.OpenReceipt(self._password, KIND_BIT[kind] | (CORRECTION_BIT if is_correction else 0))
        self._do(opened, without_paper=is_electronic)
        if self.printer.receipt is not None:
            self.printer.receipt.is_electronic = is_electronic

    def add_tags(self, records: Iterable[bytes]) -> None:
        """Tags of the document that is open."""
        tlv = b"".join(records)
        if tlv:
            self._do(c.SendDocumentTlv(self._password, tlv), bad_parameter=TAG_REFUSED)

    def add_line(self, line: Line) -> None:
        """One item with its code and its tags. Refused with the receipt left as it was before the item."""
        self._check_line(line)
        self.step("registration")
        receipt = self.printer.receipt
        if receipt is None:
            raise Denied(e.REFUSALS[0x55])
        before = list(receipt.items)
        rates = c.rate_bytes(self.printer.traits.model)
        operation = c.Operation(
            password=self._password,
            kind={bit: tag for tag, bit in KIND_BIT.items()}[receipt.kind],
            quantity_micro=line.quantity_micro,
            price_kopecks=line.price_kopecks,
            sum_kopecks=line.sum_kopecks,
            tax_kopecks=None,
            rate_byte=rates[line.rate],
            department=line.department,
            payment_method=line.payment_method,
            payment_object=line.payment_object,
            name=line.name,
        )
        try:
            self._do(operation)
            if line.marking is not None:
                self._do(c.BindMarking(self._password, line.marking), bad_parameter=e.Refusal(409, e.NO_BYTE))
            if line.tlv:
                self._do(c.SendItemTlv(self._password, line.tlv), bad_parameter=TAG_REFUSED)
        except Denied:
            receipt.items = before
            raise

    def _check_line(self, line: Line) -> None:
        """What АТОЛ has words of its own for, where the model says only "bad parameter"."""
        if line.rate not in c.RATE_BYTE:
            raise Denied(e.Refusal(e.INVALID_TAX_TYPE, e.NO_BYTE))
        if line.quantity_micro <= 0:
            raise Denied(e.REFUSALS[0x62])
        computed = line_sum(line.price_kopecks, line.quantity_micro)
        if line.price_kopecks < 0 or abs((computed if line.sum_kopecks is None else line.sum_kopecks) - computed) > 1:
            raise Denied(e.REFUSALS[0x61])
        if line.payment_method not in METHODS:
            raise Denied(BAD_METHOD)
        if line.payment_object not in OBJECTS[self.ffd]:
            raise Denied(BAD_OBJECT)

    @property
    def subtotal(self) -> int:
        """The sum of the open receipt; 0 without one."""
        return self.printer.receipt.total_kopecks if self.printer.receipt is not None else 0

    def close_receipt(self, tenders: Tenders, tax_system: int = 0, total: int | None = None) -> StoredDocument:
        """Makes the document. `total`: rounded down by less than a rouble, None = the sum of the items."""
        if self.printer.receipt is None:
            raise Denied(e.REFUSALS[0x55])
        rounding = 0 if total is None else self.subtotal - total
        if not 0 <= rounding <= 99:
            raise Denied(e.Refusal(e.INVALID_TOTAL, 0x08))
        self._check_tax_system(tax_system)
        payments = (tenders.cash, tenders.electronic, *(0,) * 11, tenders.prepaid, tenders.credit, tenders.other)
        self.step("closeReceipt")
        self._do(c.CloseReceipt(self._password, payments, rounding, tax_system=tax_system))
        return self.last_document()

    def correct_by_sums(
        self,
        kind: int,
        correction_type: int,
        tags: Sequence[bytes],
        tenders: Tenders,
        taxes: tuple[int, ...],
        tax_system: int = 0,
    ) -> StoredDocument:
        """A correction of FFD 1.05: `taxes` as tags 1102…1107 stand; the total is what the tenders add up to."""
        if self.ffd is not Ffd.V1_05 or kind not in OLD_KINDS:
            raise Denied(BAD_FFD)
        self._check_tax_system(tax_system)
        parts = (tenders.cash, tenders.electronic, tenders.prepaid, tenders.credit, tenders.other)
        self.step("openReceipt")
        self._do(c.BeginCorrection(self._password))
        try:
            self.add_tags(tags)
            self.step("closeReceipt")
            self._do(c.MakeCorrection(self._password, correction_type, kind, tenders.total, parts, taxes, tax_system))
        except Denied:
            self._forget_begun()
            raise
        return self.last_document()

    def cancel_receipt(self) -> None:
        """Cancels whatever is open; denied when nothing is."""
        if self.printer.receipt is not None or self.printer.is_non_fiscal_open:
            # Cancelling prints a line, but never waits for paper here: the driver does it before anything else.
            self._do(c.CancelReceipt(self._password), without_paper=self.printer.paper != "ok")
        elif self.printer.begun is not None:
            self._forget_begun()
        else:
            raise Denied(e.REFUSALS[0x55])

    def cancel_if_open(self) -> None:
        """What the driver's tasks do first: whatever an earlier program left open is cancelled."""
        if self.printer.receipt is not None or self.printer.is_non_fiscal_open or self.printer.begun is not None:
            self.cancel_receipt()

    def _check_tax_system(self, wanted: int) -> None:
        registered = self.printer.identity.tax_systems
        if wanted and (wanted & (wanted - 1) or not wanted & registered):
            raise Denied(e.Refusal(e.INVALID_TAX_SYSTEM, e.NO_BYTE))

    # --- paper and what is not fiscal

    def print_text(self, lines: Iterable[str]) -> None:
        """Lines outside of fiscal documents, or in the one that is open."""
        for line in lines:
            self._do(c.PrintLine(self._password, 2, line))

    def continue_print(self) -> None:
        """Prints what the end of the paper interrupted; denied while there is none. Nothing waits: nothing happens."""
        if self.printer.stuck == CONTINUE:
            self._do(c.ContinuePrint(self._password))
        elif self.printer.stuck == OUT_WHILE_PRINTING or self.printer.paper != "ok":
            raise Denied(self._paper_refusal())

    def print_copy(self) -> None:
        """A copy of the last receipt."""
        self._do(c.RepeatDocument(self._password))

    def set_clock(self, wanted: datetime) -> None:
        """Sets time and date; only while the shift is closed."""
        self._do(c.SetTime(self._password, wanted.time()))
        self._do(c.SetDate(self._password, wanted.date()))
        self._do(c.ConfirmDate(self._password, wanted.date()))

    # --- documents

    def document(self, number: int) -> StoredDocument:
        """A document by its number; denied (123) when there is none."""
        self._do(c.FindDocument(self._password, number))
        found = self.printer.storage.find(number)
        if found is None:
            raise Denied(e.REFUSALS[0x08])
        return found

    def last_document(self) -> StoredDocument:
        """The last document; a registered register has one."""
        return self.printer.storage.documents[-1]

    # --- codes of marked goods

    def check_marking(self, code: bytes, planned_status: int, tlv: bytes = b"") -> c.CheckMarkingReply:
        """Checks a code; it then waits to be accepted or declined."""
        if self.ffd is not Ffd.V1_2:
            raise Denied(e.Refusal(e.MARKING_OLD_FORMAT, e.NO_BYTE))
        if self.printer.marking.pending is not None:
            raise Denied(e.Refusal(e.MARKING_BUSY, e.NO_BYTE))
        bad = e.Refusal(e.MARKING_BAD_CODE, e.NO_BYTE)
        return self._do(c.CheckMarking(self._password, planned_status, 0, (code, tlv)), bad_parameter=bad)

    def decide_marking(self, decision: int) -> int:
        """Accepts or rejects the code that was checked, or (`c.CLEAR`) forgets all; tag 2106."""
        return self._do(c.DecideMarking(self._password, decision)).result or 0

    # --- one command

    @property
    def _password(self) -> int:
        return self.printer.tables.number(2, SYSTEM, 1)

    def _forget_begun(self) -> None:
        if self.printer.begun is not None:
            self._do(c.CancelStorageDocument(self._password))

    def _paper_refusal(self) -> e.Refusal:
        return COVER_IS_OPEN if self.printer.paper == "cover" else e.REFUSALS[NO_PAPER]

    def _do(self, command: c.Command[R], *, without_paper: bool = False, bad_parameter: e.Refusal | None = None) -> R:
        """Executes one command of the model. Denied when it refuses."""
        receipt = self.printer.receipt
        self.printer.is_paperless = without_paper or (receipt is not None and receipt.is_electronic)
        try:
            reply = self.printer.execute(command, self.now)
        finally:
            self.printer.is_paperless = False
        if isinstance(reply, c.ErrorReply):
            refusal = e.refusal_of(reply.error)
            if reply.error == BAD_PARAMETER and bad_parameter is not None:
                refusal = bad_parameter
            if refusal.code == e.NO_PAPER_CODE:
                refusal = self._paper_refusal()
            raise Denied(refusal)
        return cast(R, reply)  # the model answers what was asked


def tag(number: int, value: ffd.Value) -> bytes:
    """A record, text cut at what its tag holds. Denied (148) for a value that the tag cannot have."""
    try:
        return ffd.encode(number, value)
    except (ValueError, TypeError) as error:
        raise Denied(TAG_REFUSED) from error
