"""The Штрих-М register as a `FiscalPrinter`: which commands, in which order, and what a doubt means.

A receipt is `8Dh → FF0C (our key, buyer) → FF46 × lines → 89h → FF45`, then FF0A and FF40 as the proof; a correction of
FFD 1.05 is `FF35 → FF0C → FF4A` (see `plan.py`). Only the closing command, FF45 or FF4A, makes a document. So:

* an explicit "no" before it: we cancel what we ourselves opened in this uninterrupted session and say `Refused`;
* any doubt – lost, damaged, malformed, broken port – from the opening on: `OutcomeUnknown`. The till reads the state;
* *any* error answer to it, and any reply that is not exactly one of its shapes: `OutcomeUnknown`.

Nothing here decides about money: what an unknown outcome means is the till's to resolve.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from posapp.devices.base import (
    Capability,
    CashTotals,
    Ffd,
    LineFacts,
    OpenDocument,
    PrinterProfile,
    PrinterStatus,
    ShiftCounters,
    StorageHealth,
)
from posapp.devices.flow import Port
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import (
    counters,
    documents,
    health,
    key_proof,
    marks,
    open_documents,
    paper_head,
    receipt_tags,
    states,
    tables,
)
from posapp.devices.shtrih.archive import Archive
from posapp.devices.shtrih.ofd_pump import OfdPump
from posapp.devices.shtrih.plan import (
    Details,
    Lacking,
    Plan,
    Step,
    depends_on_format,
    depends_on_model,
    has_rate_of_20,
    needs_marking,
    plan,
)
from posapp.devices.shtrih.refusals import NO_SUCH_DATA, RECEIPT_OPEN, reason, refusal
from posapp.devices.shtrih.session import Session
from posapp.domain import ffd
from posapp.domain.fiscal import (
    DeviceIdentity,
    FiscalDocument,
    FiscalMark,
    ReceiptKind,
    Shift,
)
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Money, Quantity
from posapp.domain.permission import RegisterVerdict
from posapp.domain.receipt import Receipt, TaxSystem
from posapp.errors import JournalError, OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable

R = TypeVar("R", bound=c.Reply)

SYSTEM_PASSWORD = 30
CASH_DRAWER, CASH_IN, CASH_OUT = 0xF1, 0xF2, 0xF3  # money registers, devices.md A.3 1Ah
INS, OUTS = 153, 154  # operation registers 1Bh: how often cash went in and out in this shift

log = logging.getLogger(__name__)


class ShtrihPrinter:
    """One register behind one port. `open_port` makes a fresh port each time; it raises Unreachable.

    `key_tags` is what set-up proved (see `PrinterProfile`); a kind that it does not name is offered the key in 1084.
    `correction_key_tag` says the same of corrections. `link`: `v1`, `v2`, or `auto` for whichever answers.
    """

    def __init__(
        self,
        open_port: Callable[[], Port],
        port_name: str,
        password: int = SYSTEM_PASSWORD,
        key_tags: Mapping[int, str] | None = None,
        link: str = "v1",
        correction_key_tag: str = receipt_tags.USER_REQUISITE,
    ) -> None:
        self._session = Session(open_port, port_name, password, link)
        self._archive = Archive(self._session)
        self._ofd_pump = OfdPump(self._session)
        self._key_tags = dict(key_tags or {})
        self._correction_key_tag = correction_key_tag
        self._format: tuple[DeviceIdentity, Ffd] | None = None
        self._model: tuple[DeviceIdentity, str] | None = None

    def key_tag(self, kind: ReceiptKind) -> str:
        """`1084`, `1192` or ""."""
        return self._key_tags.get(kind, receipt_tags.USER_REQUISITE)

    def key_tag_of(self, receipt: Receipt) -> str:
        """`key_tag` of its kind; a correction has one of its own, and whoever names another receipt keeps 1192 free."""
        tag = self.key_tag(receipt.kind) if receipt.correction is None else self._correction_key_tag
        return receipt_tags.NO_KEY if tag == receipt_tags.RECEIPT_REQUISITE and receipt.basis is not None else tag

    @property
    def takes_requests(self) -> bool:
        """Commands go out as they are; nobody keeps them."""
        return False

    @property
    def queue(self) -> str:
        """None."""
        return ""

    def end_request(self, request: str) -> None:
        """There is none."""

    def evidence_for(self, receipt: Receipt) -> Mapping[str, object]:
        """Nothing: a register that does not take the key refuses it before the first line."""
        return {}

    # --- connection

    def connect(self) -> DeviceIdentity:
        """Opens the link if it is not open and reads who is there, once per connection."""
        return self._session.connect()

    def close(self) -> None:
        """Closes the link; the next call opens a new one."""
        self._session.close()

    def reset_link(self) -> DeviceIdentity:
        """Rule 6: closes our link, reconnects, drains pending replies and unfinished reads, waits for idleness."""
        return self._session.reset_link()

    def hear(self, pending: Sequence[bytes]) -> None:
        """Answers that the register still held when somebody else asked who it is: hints, as if drained here."""
        self._session.drained.extend(pending)

    def continue_print(self) -> bool:
        """B0h where the register waits for it after paper was loaded (submode 3), else nothing."""
        return self._session.continue_print()

    # --- looking

    def probe(self) -> PrinterProfile:
        """What set-up wants to know. Makes no document."""
        identity = self.connect()
        device = self._session.ask(c.DeviceType())
        registered = self._session.ask(c.RegistrationResult(self._session.password))
        version = self.format()
        registration = paper_head.read_registration(self._session, identity.factory_number)
        key_tags, correction_key_tag = self._proven_key_tags(version)
        return PrinterProfile(
            model=device.name,
            ffd=version.text,
            identity=identity,
            tax_systems=tuple(each for each in TaxSystem if registered.tax_systems & each.value),
            capabilities=self._capabilities(key_tags, version),
            vat_formula=tables.vat_formula(self._session),
            user=registration.user,
            key_tags=key_tags,
            correction_key_tag=correction_key_tag,
            registration=registration,
            width=paper_head.read_width(self._session),
        )

    def _capabilities(self, key_tags: Mapping[ReceiptKind, str], version: Ffd) -> tuple[Capability, ...]:
        found = [Capability.USER_REQUISITE] if receipt_tags.USER_REQUISITE in key_tags.values() else []
        found += [Capability.KEY_TRIED, Capability.CORRECTION_COUNTERS, Capability.CLOSED_COUNTERS]
        if version is Ffd.V1_2 and marks.is_supported(self._session):
            found += [Capability.MARKING, Capability.CHECK_TIME]
        return tuple(found)

    def _proven_key_tags(self, version: Ffd) -> tuple[dict[ReceiptKind, str], str | None]:
        """Where receipts carry the key, and where corrections; nothing is proven unless the register is free."""
        if not self.status().shift.is_open or self.open_document() is not None:
            return {}, None
        receipts = key_proof.of_receipts(self._session)
        return receipts, key_proof.of_corrections(self._session, version) if receipts else None

    def format(self) -> Ffd:
        """Asked for once per connection."""
        identity = self.connect()
        if self._format is None or self._format[0] is not identity:
            self._format = identity, tables.fiscal_format(self._session)
        return self._format[1]

    def status(self) -> PrinterStatus:
        """10h, 11h and FF01: no side effect. Raises Refused `wrong_device` when the cable was moved meanwhile.

        A serial line does not tell that another register was plugged in; both numbers come with every look anyway.
        """
        identity = self.connect()
        short = self._session.ask(c.ShortStatus(self._session.password))
        full = self._session.ask(c.FullStatus(self._session.password))
        storage = self._session.ask(c.StorageStatus(self._session.password))
        found = (states.factory_number(full), storage.storage_number.strip())
        if found != (identity.factory_number, identity.storage_number):
            self.close()
            raise Refused("wrong_device", found=f"ККТ {found[0]}, ФН {found[1]}", expected=identity)
        return states.status_of(short, full, storage)

    def storage_health(self) -> StorageHealth:
        """FF01, FF03 and FF39: no side effect."""
        self.connect()
        return health.storage_health(self._session)

    def line_facts(self) -> LineFacts:
        """11h and 15h: no side effect."""
        self.connect()
        return health.line_facts(self._session)

    def ofd_pump(self) -> OfdPump:
        """FF30…FF33."""
        return self._ofd_pump

    def wait_until_idle(self) -> None:
        """Polls 10h."""
        self.connect()
        self._session.wait_until_idle()

    def open_document(self) -> OpenDocument | None:
        """The open receipt or correction with its subtotal. Raises Refused for a document of another sort."""
        return open_documents.look(self._session)

    def cash_totals(self) -> CashTotals:
        """1Ah and 1Bh: the drawer, and what went in and out in this shift."""
        self.connect()
        drawer, cash_in, cash_out = self._cash()
        ins, outs = (
            self._session.ask(c.OperationRegister(self._session.password, register)).value for register in (INS, OUTS)
        )
        return CashTotals(drawer, cash_in, cash_out, ins, outs, self._cash_is_witnessed())

    def _cash(self) -> list[Money]:
        """The drawer, what was put in and what was taken out in this shift."""
        registers = (CASH_DRAWER, CASH_IN, CASH_OUT)
        return [Money(self._session.ask(c.MoneyRegister(self._session.password, each)).value) for each in registers]

    def shift_counters(self, *kinds: ReceiptKind) -> ShiftCounters:
        """Money registers 4291 and on; nine commands a kind."""
        self.connect()

        def money(register: int) -> int:
            reply = self._session.answer(c.MoneyRegister(self._session.password, register))
            if isinstance(reply, c.ErrorReply):
                raise Refused("no_counters", error=f"{reply.error:02X}h")
            return reply.value

        drawer, cash_in, cash_out = self._cash()
        return counters.read(money, kinds or tuple(ReceiptKind), drawer=drawer, cash_in=cash_in, cash_out=cash_out)

    def _cash_is_witnessed(self) -> bool:
        codes = (c.CashIn.CODE, c.CashOut.CODE)
        drained = any(each[:1] and each[0] in codes and each[1:2] == b"\0" for each in self._session.drained)
        return drained or self._session.acknowledged in codes

    # --- receipts

    def print_receipt(
        self,
        receipt: Receipt,
        after: int,
        opened: Callable[[], None] = lambda: None,
        details: Details | None = None,
        request: str = "",
    ) -> FiscalMark:
        """One document; see the top of this file for what each error means. The caller has seen the device idle.

        Every command is made before the first one goes out: what cannot be said is refused with nothing open.
        """
        self.connect()
        self._session.knock()  # before its questions: on v2 each of them waits long for a register without power
        made = self._planned(receipt, details or {})
        self._step_to_open(receipt, made.opening)
        try:
            opened()
            for step in made.steps:
                self._take(step)
            if made.has_lines and self._subtotal() != receipt.total.kopecks:
                raise Refused("device_refused", reason=reason(0xCB), error="CBh")
            self._idle_before_closing()
        except (Refused, JournalError):
            self._cancel_own()
            raise
        return self._close_receipt(receipt, made.closing, after)

    def _planned(self, receipt: Receipt, details: Details) -> Plan:
        """All commands of a document. A plain sale is the same in every format, so nothing is asked for it."""
        version = self.format() if depends_on_format(receipt, details) else Ffd.V1_05
        model = self._its_model() if depends_on_model(receipt) else ""
        if needs_marking(receipt, version) and not marks.is_supported(self._session):
            raise Refused("register_lacks", what="коды маркировки (FF67)")
        if has_rate_of_20(receipt) and tables.replaces_20(self._session):
            raise Refused("register_lacks", what="ставку 20\u00a0% он сам заменяет на 22\u00a0% (таблица 17, поле 71)")
        try:
            made = plan(receipt, self._session.password, self.key_tag_of(receipt), version, details, model)
        except Lacking as lacking:
            raise Refused("register_lacks", what=str(lacking)) from lacking
        except ValueError as error:
            raise Refused("device_refused", reason=str(error), error="–") from error
        if made.leaves_out:
            log.warning("the details of cashless payments (1234) do not fit a command and stay in the journal")
        return made

    def _its_model(self) -> str:
        """FCh, asked for once per connection; "" when the register does not tell."""
        identity = self.connect()
        if self._model is None or self._model[0] is not identity:
            reply = self._session.answer(c.DeviceType())
            self._model = identity, reply.name if isinstance(reply, c.DeviceTypeReply) else ""
        return self._model[1]

    def _step_to_open(self, receipt: Receipt, command: c.AnyCommand) -> None:
        """8Dh or FF35. "Already open" is another program's; after any other "no" the register is asked what is open.

        An error byte does not prove that nothing was opened. What is open then is for the till to judge (rule 7).
        """
        try:
            reply = self._session.offer(command)
        except ProtocolError as error:
            raise OutcomeUnknown(key=receipt.key) from error
        if not isinstance(reply, c.ErrorReply):
            return
        if reply.error != RECEIPT_OPEN and self._has_open_document():
            raise OutcomeUnknown(key=receipt.key, error=f"{reply.error:02X}h", reason=reason(reply.error))
        raise refusal(reply.error)

    def _has_open_document(self) -> bool:
        try:
            return open_documents.is_open(self._session)
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def _take(self, step: Step) -> None:
        """A step between opening and closing; the "no" to an optional one is passed over."""
        reply = self._offered(step.command)
        if not isinstance(reply, c.ErrorReply):
            return
        if step.is_optional:
            log.warning("the register does not take the details of cashless payments (1234): %02Xh", reply.error)
        elif isinstance(step.command, c.SendDocumentTlv):
            tags = ", ".join(str(record.tag) for record in ffd.split(step.command.tlv))
            raise Refused("key_refused", reason=reason(reply.error), error=f"{reply.error:02X}h, теги {tags}")
        else:
            raise refusal(reply.error)

    def _subtotal(self) -> int:
        """89h: what the register has added up, kopecks."""
        reply = self._offered(c.Subtotal(self._session.password))
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return reply.total_kopecks

    def _offered(self, command: c.Command[R]) -> R | c.ErrorReply:
        """A command inside the open receipt: any doubt about it is an unknown outcome."""
        try:
            return self._session.offer(command)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error

    def _idle_before_closing(self) -> None:
        """A register that prints line by line answers 50h to everything until it is through."""
        try:
            self._session.wait_until_idle()
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error

    def _cancel_own(self) -> None:
        """Cancels what this very session opened and has not tried to close."""
        try:
            self.cancel_open_document()
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def _close_receipt(self, receipt: Receipt, command: c.AnyCommand, after: int) -> FiscalMark:
        """FF45 or FF4A, once."""
        try:
            reply = self._session.answer(command, repeats=False)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key=receipt.key) from error
        if isinstance(reply, c.ErrorReply):
            raise OutcomeUnknown(key=receipt.key, error=f"{reply.error:02X}h", reason=reason(reply.error))
        if reply.document_number <= after:
            raise OutcomeUnknown(key=receipt.key, reason="номер документа не вырос")
        return self._proven_mark(receipt, reply)

    def _proven_mark(self, receipt: Receipt, reply: c.CloseReceiptReply | c.CorrectionReply) -> FiscalMark:
        """Rule 5: the reply counts only if a look-up of its number shows our kind and total.

        The number of the receipt in its shift is that of the last one only while no other program printed after it.
        """
        number = reply.document_number
        try:
            identity = self._session.connect()
            found = self._session.ask(c.FindDocument(self._session.password, number))
            shift = self._session.ask(c.ShiftParameters(self._session.password))
            later = self._session.answer(c.FindDocument(self._session.password, number + 1))
            is_last = isinstance(later, c.ErrorReply) and later.error == NO_SUCH_DATA
            counted = shift if is_last else self.document_mark(number)
        except PosError as error:
            raise OutcomeUnknown(key=receipt.key) from error
        same = (
            documents.is_form_of(found.document_type, receipt.document_type)
            and found.kind == receipt.kind.value
            and found.total_kopecks == receipt.total.kopecks
            and found.document_number == number
            and found.document_sign == reply.document_sign
        )
        if not same or found.printed_at is None:
            raise OutcomeUnknown(key=receipt.key, reason="в ФН под этим номером другой документ")
        return FiscalMark(
            document_number=number,
            document_sign=str(reply.document_sign),
            receipt_number=counted.receipt_number,
            shift_number=counted.shift_number,
            storage_number=identity.storage_number,
            registration_number=identity.registration_number,
            printed_at=found.printed_at,
        )

    def cancel_open_document(self) -> None:
        """88h or FF08, when nothing prints any more and an interrupted print was continued."""
        open_documents.cancel(self._session)

    # --- marked goods

    def check_marking(
        self, code: MarkingCode, planned_status: int, measure: int = 0, quantity: Quantity | None = None
    ) -> RegisterVerdict:
        """FF61, then FF69 with what follows from the answer."""
        self.connect()
        return marks.check(self._session, code, planned_status, measure, quantity)

    def clear_markings(self) -> None:
        """FF69 with 2."""
        self.connect()
        marks.clear(self._session)

    # --- reading back

    def last_document_number(self) -> int:
        """FF01."""
        return self._archive.last_document_number()

    def read_document(self, number: int) -> FiscalDocument:
        """FF0A, and FF3A/FF3B where the TLV is still in the storage."""
        return self._archive.read_document(number)

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every later document, ascending."""
        return self._archive.documents_after(number)

    def document_mark(self, number: int) -> FiscalMark:
        """The mark of a receipt from the storage."""
        return self._archive.document_mark(number)

    def document_tlv(self, number: int) -> bytes:
        """A document's TLV with its outer tag."""
        return self._archive.document_tlv(number)

    # --- shift and cash; each is issued once, its proof is read by the till (design rule 8)

    def open_shift(self, cashier: str, request: str = "") -> Shift:
        """The cashier's name into table 2, then E0h."""
        self.connect()
        tables.name_cashier(self._session, cashier)
        self._issue(c.OpenShift(self._session.password))
        return self._shift_after()

    def close_shift(self, cashier: str, request: str = "") -> Shift:
        """The cashier's name into table 2, then 41h."""
        self.connect()
        tables.name_cashier(self._session, cashier)
        self._issue(c.CloseShift(self._session.password))
        return self._shift_after()

    def _shift_after(self) -> Shift:
        """The shift after a report that was made: that it cannot be read now is no "nothing was sent"."""
        try:
            return self.status().shift
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def x_report(self, request: str = "") -> None:
        """40h."""
        self._issue(c.XReport(self._session.password))

    def cash_in(self, amount: Money, request: str = "") -> None:
        """50h."""
        self._issue(c.CashIn(self._session.password, amount.kopecks))

    def cash_out(self, amount: Money, request: str = "") -> None:
        """51h."""
        self._issue(c.CashOut(self._session.password, amount.kopecks), amount)

    def _issue(self, command: c.AnyCommand, amount: Money | None = None) -> None:
        self.connect()
        self._session.wait_until_idle()
        try:
            reply = self._session.answer(command, repeats=False)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error
        if isinstance(reply, c.ErrorReply):
            raise OutcomeUnknown(
                key="", error=f"{reply.error:02X}h", reason=reason(reply.error), refusal=refusal(reply.error, amount)
            )
