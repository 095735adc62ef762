"""The Штрих-М register as a `FiscalPrinter`: which commands, in which order, and what a doubt means.

A receipt is `8Dh → FF0C (our key, buyer) → FF46 × lines → 89h → FF45`, then FF0A and FF40 as the proof. Only FF45
makes a document. So:

* an explicit "no" before FF45: we cancel what we ourselves opened in this uninterrupted session and say `Refused`;
* any doubt – lost, damaged, malformed, broken port – from 8Dh on: `OutcomeUnknown`. The till then reads the state;
* *any* error answer to FF45, and any reply that is not exactly one of its shapes: `OutcomeUnknown`.

Nothing here decides about money: what an unknown outcome means is the till's to resolve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TypeVar

from posapp.devices.base import (
    Capability,
    CashTotals,
    OpenDocument,
    PrinterProfile,
    PrinterStatus,
    ShiftCounters,
)
from posapp.devices.flow import Port
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import counters, documents, paper_head, states
from posapp.devices.shtrih.archive import Archive
from posapp.devices.shtrih.refusals import (
    NO_SUCH_DATA,
    PRINTING_PREVIOUS,
    RECEIPT_OPEN,
    WAITS_CONTINUE,
    reason,
    refusal,
)
from posapp.devices.shtrih.session import Session
from posapp.domain.fiscal import (
    DeviceIdentity,
    DocumentType,
    FiscalDocument,
    FiscalMark,
    ReceiptKind,
    Shift,
)
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TaxSystem
from posapp.domain.settlement import Stamp
from posapp.errors import JournalError, OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable

R = TypeVar("R", bound=c.Reply)

SYSTEM_PASSWORD = 30
CASH_DRAWER, CASH_IN, CASH_OUT = 0xF1, 0xF2, 0xF3  # money registers, devices.md A.3 1Ah
PRINTED_KINDS = (ReceiptKind.SELL, ReceiptKind.SELL_REFUND)
"""What set-up proves the key for: a shop sells and takes back. Each proof costs a cancelled receipt on paper."""

INS, OUTS = 153, 154  # operation registers 1Bh: how often cash went in and out in this shift
BUSY_TRIES = 5  # how often a step that the register was too busy for is offered again


class ShtrihPrinter:
    """One register behind one port. `open_port` makes a fresh port each time; it raises Unreachable.

    `key_tags` is what set-up proved (see `PrinterProfile`); a kind that it does not name is offered the key in 1084.
    `link`: `v1`, `v2`, or `auto` for whichever answers.
    """

    def __init__(
        self,
        open_port: Callable[[], Port],
        port_name: str,
        password: int = SYSTEM_PASSWORD,
        key_tags: Mapping[int, str] | None = None,
        link: str = "v1",
    ) -> None:
        self._session = Session(open_port, port_name, password, link)
        self._archive = Archive(self._session)
        self._key_tags = dict(key_tags or {})

    def key_tag(self, kind: ReceiptKind) -> str:
        """`1084`, `1192` or ""."""
        return self._key_tags.get(kind, documents.USER_REQUISITE)

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

    def continue_print(self) -> bool:
        """B0h where the register waits for it after paper was loaded (submode 3), else nothing."""
        return self._session.continue_print()

    # --- looking

    def probe(self) -> PrinterProfile:
        """What set-up wants to know. Makes no document."""
        identity = self.connect()
        device = self._session.ask(c.DeviceType())
        registered = self._session.ask(c.RegistrationResult(self._session.password))
        ffd = self._session.answer(c.ReadTable(self._session.password, 17, 1, 17))
        level = int.from_bytes(ffd.value, "little") if isinstance(ffd, c.ReadTableReply) else 0
        registration = paper_head.read_registration(self._session, identity.factory_number)
        key_tags = self._proven_key_tags()
        return PrinterProfile(
            model=device.name,
            ffd={2: "1.05", 3: "1.1", 4: "1.2"}.get(level, "1.05"),
            identity=identity,
            tax_systems=tuple(each for each in TaxSystem if registered.tax_systems & each.value),
            capabilities=(Capability.USER_REQUISITE,) if documents.USER_REQUISITE in key_tags.values() else (),
            vat_formula="L",
            user=registration.user,
            key_tags=key_tags,
            registration=registration,
            width=paper_head.read_width(self._session),
        )

    def _proven_key_tags(self) -> dict[ReceiptKind, str]:
        """Proves by an open receipt of each kind, cancelled at once, where it carries the key (rule 2).

        Where no receipt can be opened now nothing is proven. Every receipt sends its key before its lines and stops
        when the register refuses it, so an unproven register never prints a receipt without a key.
        """
        if not self.status().shift.is_open or self.open_document() is not None:
            return {}
        try:
            found = {kind: self._offer_key(kind) for kind in PRINTED_KINDS}
        except PosError:
            self._leave_nothing_open()
            raise
        return {kind: tag for kind, tag in found.items() if tag is not None}

    def _offer_key(self, kind: ReceiptKind) -> str | None:
        """The first tag that a receipt of this kind takes with our key in it, "" for neither; None: not opened."""
        password = self._session.password
        if isinstance(self._offered(c.OpenReceipt(password, states.KIND_TO_OPEN[kind])), c.ErrorReply):
            return None
        tags = (documents.USER_REQUISITE, documents.RECEIPT_REQUISITE)[: 2 if kind in documents.KINDS_WITH_1192 else 1]
        taken = next((tag for tag in tags if self._takes_key(tag)), documents.NO_KEY)
        self.cancel_open_document()
        return taken

    def _takes_key(self, tag: str) -> bool:
        """Whether the receipt that is open takes a key in this tag; any "no" but "I am printing" says that not."""
        (record,) = documents.key_tlv(Stamp("0", "0", "0" * 16), tag)
        reply = self._offered(c.SendDocumentTlv(self._session.password, record))
        if isinstance(reply, c.ErrorReply) and reply.error in (PRINTING_PREVIOUS, WAITS_CONTINUE):
            raise refusal(reply.error)
        return not isinstance(reply, c.ErrorReply)

    def _leave_nothing_open(self) -> None:
        """After a proof that broke off: the empty receipt on a register that was free a moment ago is ours."""
        with suppress(PosError):  # set-up fails with the first trouble, which says more than this one
            self._session.reset_link()
            opened = self.open_document()
            if opened is not None and not opened.subtotal and not opened.refused_ours:
                self.cancel_open_document()

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

    def wait_until_idle(self) -> None:
        """Polls 10h."""
        self.connect()
        self._session.wait_until_idle()

    def open_document(self) -> OpenDocument | None:
        """The open receipt with its subtotal (89h). Raises Refused for a document of another sort."""
        self.connect()
        short = self._session.ask(c.ShortStatus(self._session.password))
        if short.mode != states.MODE_DOCUMENT:
            return None
        kind = states.OPEN_TO_KIND.get(short.mode_status)
        if kind is None:
            raise Refused("foreign_receipt_open")
        subtotal = self._session.ask(c.Subtotal(self._session.password))
        refused = any(each[:1] == bytes((c.OpenReceipt.CODE,)) and each[1:2] != b"\0" for each in self._session.drained)
        return OpenDocument(kind, Money(subtotal.total_kopecks), refused_ours=refused)

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

    def print_receipt(self, receipt: Receipt, after: int, opened: Callable[[], None] = lambda: None) -> FiscalMark:
        """One receipt; see the top of this file for what each error means. The caller has seen the device idle.

        Every command is made before the first one goes out: what cannot be said is refused with nothing open.
        """
        self.connect()
        try:
            steps = documents.steps(receipt, self._session.password, self.key_tag(receipt.kind))
            closing = documents.closing(receipt, self._session.password)
        except ValueError as error:
            raise Refused("device_refused", reason=str(error), error="–") from error
        self._session.knock()
        self._step_to_open(receipt)
        try:
            opened()
            for step in steps:
                self._step(step)
            subtotal = self._step(c.Subtotal(self._session.password))
            if subtotal.total_kopecks != receipt.total.kopecks:
                raise Refused("device_refused", reason=reason(0xCB), error="CBh")
            self._idle_before_closing()
        except (Refused, JournalError):
            self._cancel_own()
            raise
        return self._close_receipt(receipt, closing, after)

    def _step_to_open(self, receipt: Receipt) -> None:
        """8Dh. "Receipt already open" is another program's; after any other "no" the register is asked what is open.

        An error byte does not prove that nothing was opened. What is open then is for the till to judge (rule 7).
        """
        try:
            reply = self._offered(c.OpenReceipt(self._session.password, states.KIND_TO_OPEN[receipt.kind]))
        except ProtocolError as error:
            raise OutcomeUnknown(key=receipt.key) from error
        if not isinstance(reply, c.ErrorReply):
            return
        if reply.error != RECEIPT_OPEN and self._has_open_document():
            raise OutcomeUnknown(key=receipt.key, error=f"{reply.error:02X}h", reason=reason(reply.error))
        raise refusal(reply.error)

    def _has_open_document(self) -> bool:
        try:
            return self._session.ask(c.ShortStatus(self._session.password)).mode == states.MODE_DOCUMENT
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def _step(self, command: c.Command[R]) -> R:
        """A command that changes the open receipt: a doubt is an unknown outcome, "no" is a refusal."""
        try:
            reply = self._offered(command)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error
        if isinstance(reply, c.ErrorReply):
            if isinstance(command, c.SendDocumentTlv):
                raise Refused("key_refused", reason=reason(reply.error), error=f"{reply.error:02X}h")
            raise refusal(reply.error)
        return reply

    def _offered(self, command: c.Command[R]) -> R | c.ErrorReply:
        """A command that makes no document, offered again as long as the register says that it is still printing.

        50h and 58h say that the command was not executed; a doubt is never answered by sending it again. Never for a
        closing command: there even 50h is an unknown outcome (rule 5).
        """
        for _ in range(BUSY_TRIES):
            reply = self._session.answer(command, repeats=False)
            if not isinstance(reply, c.ErrorReply) or reply.error not in (PRINTING_PREVIOUS, WAITS_CONTINUE):
                return reply
            self._session.wait_until_idle()
        return reply

    def _idle_before_closing(self) -> None:
        """A register that prints line by line answers 50h to everything until it is through."""
        try:
            self._session.wait_until_idle()
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error

    def _cancel_own(self) -> None:
        """88h for the receipt that this very session opened and has not tried to close."""
        try:
            self.cancel_open_document()
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def _close_receipt(self, receipt: Receipt, command: c.CloseReceipt, after: int) -> FiscalMark:
        """FF45, once."""
        try:
            reply = self._session.answer(command, repeats=False)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key=receipt.key) from error
        if isinstance(reply, c.ErrorReply):
            raise OutcomeUnknown(key=receipt.key, error=f"{reply.error:02X}h", reason=reason(reply.error))
        if reply.document_number <= after:
            raise OutcomeUnknown(key=receipt.key, reason="номер документа не вырос")
        return self._proven_mark(receipt, reply)

    def _proven_mark(self, receipt: Receipt, reply: c.CloseReceiptReply) -> FiscalMark:
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
            found.document_type == DocumentType.RECEIPT
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
        """88h, when nothing prints any more and an interrupted print was continued."""
        self.connect()
        self._session.wait_until_idle()
        reply = self._offered(c.CancelReceipt(self._session.password))
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        self._session.wait_until_idle()

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

    def open_shift(self, cashier: str) -> Shift:
        """E0h."""
        self._issue(c.OpenShift(self._session.password))
        return self._shift_after()

    def close_shift(self, cashier: str) -> Shift:
        """41h."""
        self._issue(c.CloseShift(self._session.password))
        return self._shift_after()

    def _shift_after(self) -> Shift:
        """The shift after a report that was made: that it cannot be read now is no "nothing was sent"."""
        try:
            return self.status().shift
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def x_report(self) -> None:
        """40h."""
        self._issue(c.XReport(self._session.password))

    def cash_in(self, amount: Money) -> None:
        """50h."""
        self._issue(c.CashIn(self._session.password, amount.kopecks))

    def cash_out(self, amount: Money) -> None:
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
