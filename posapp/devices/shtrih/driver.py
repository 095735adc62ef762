"""The Штрих-М register as a `FiscalPrinter`: which commands, in which order, and what a doubt means.

A receipt is `8Dh → FF0C (our key, buyer) → FF46 × lines → 89h → FF45`, then FF0A and FF40 as the proof. Only FF45
makes a document. So:

* an explicit "no" before FF45: we cancel what we ourselves opened in this uninterrupted session and say `Refused`;
* any doubt – lost, damaged, malformed, broken port – from 8Dh on: `OutcomeUnknown`. The till then reads the state;
* *any* error answer to FF45, and any reply that is not exactly one of its shapes: `OutcomeUnknown`.

Nothing here decides about money: what an unknown outcome means is the till's to resolve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from posapp.devices.base import (
    Capability,
    CashTotals,
    OpenDocument,
    PrinterProfile,
    PrinterStatus,
)
from posapp.devices.flow import Await, Flow, Port, PortError, drive
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import documents, states
from posapp.devices.shtrih.link import Link, Lost, NotSent
from posapp.devices.shtrih.refusals import (
    NO_SUCH_DATA,
    PRINTING_PREVIOUS,
    RECEIPT_OPEN,
    WAITS_CONTINUE,
    reason,
    refusal,
)
from posapp.domain.fiscal import (
    DeviceIdentity,
    DocumentType,
    FiscalDocument,
    FiscalMark,
    Shift,
)
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TaxSystem
from posapp.errors import OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable

R = TypeVar("R", bound=c.Reply)

SYSTEM_PASSWORD = 30
POLL_S = 0.1
BUSY_POLLS_MAX = 600  # a minute: printing ends, a shift report may take longer than a receipt
UNFINISHED_READS_MAX = 4096
CASH_DRAWER, CASH_IN, CASH_OUT = 0xF1, 0xF2, 0xF3  # money registers, devices.md A.3 1Ah
BUSY_TRIES = 5  # how often a step that the register was too busy for is offered again


class ShtrihPrinter:
    """One register behind one port. `open_port` makes a fresh port each time; it raises Unreachable."""

    def __init__(self, open_port: Callable[[], Port], port_name: str, password: int = SYSTEM_PASSWORD) -> None:
        self._open_port = open_port
        self._port_name = port_name
        self._password = password
        self._port: Port | None = None
        self._link = Link()
        self._identity: DeviceIdentity | None = None

    # --- connection

    def connect(self) -> DeviceIdentity:
        """Opens the link if it is not open and reads who is there, once per connection."""
        if self._port is not None and self._identity is not None:
            return self._identity
        if self._port is None:
            self._port = self._open_port()
            self._link = Link()
        try:
            self._finish_reading()
            self._identity = self._read_identity()
        except PosError:
            self.close()
            raise
        return self._identity

    def close(self) -> None:
        """Closes the link; the next call opens a new one."""
        port, self._port, self._identity = self._port, None, None
        if port is not None:
            try:
                port.close()
            except PortError:
                return  # it is gone, which is what was wanted

    def reset_link(self) -> DeviceIdentity:
        """Rule 6: closes our link, reconnects, drains pending replies and unfinished reads, waits for idleness."""
        self.close()
        identity = self.connect()
        self._wait_until_idle(for_reading=True)
        return identity

    def _read_identity(self) -> DeviceIdentity:
        full = self._ask(c.FullStatus(self._password))
        storage = self._ask(c.StorageNumber(self._password))
        registered = self._ask(c.RegistrationResult(self._password))
        try:
            return DeviceIdentity(
                factory_number=states.factory_number(full),
                registration_number=registered.registration_number.strip(),
                storage_number=storage.storage_number.strip(),
            )
        except ValueError as error:
            raise ProtocolError(str(error)) from error

    def _finish_reading(self) -> None:
        """Leaves mode 1, in which a program that died while reading a document has left the register."""
        for _ in range(UNFINISHED_READS_MAX):
            if self._ask(c.ShortStatus(self._password)).mode != states.MODE_READING:
                return
            if isinstance(self._answer(c.ReadDocument(self._password)), c.ErrorReply):
                return

    # --- looking

    def probe(self) -> PrinterProfile:
        """What set-up wants to know. Makes no document."""
        identity = self.connect()
        device = self._ask(c.DeviceType())
        registered = self._ask(c.RegistrationResult(self._password))
        ffd = self._answer(c.ReadTable(self._password, 17, 1, 17))
        level = int.from_bytes(ffd.value, "little") if isinstance(ffd, c.ReadTableReply) else 0
        user = self._answer(c.ReadTable(self._password, 18, 1, 7))
        return PrinterProfile(
            model=device.name,
            ffd={2: "1.05", 3: "1.1", 4: "1.2"}.get(level, "1.05"),
            identity=identity,
            tax_systems=tuple(each for each in TaxSystem if registered.tax_systems & each.value),
            capabilities=(Capability.USER_REQUISITE,) if self._takes_key() else (),
            vat_formula="L",
            user=states.table_text(user.value) if isinstance(user, c.ReadTableReply) else "",
        )

    def _takes_key(self) -> bool:
        """Proves 1084 by an open receipt that is cancelled at once; where no receipt can be opened now, by the first.

        Every receipt sends its key before its lines and stops when the register refuses it, so an unproven register
        never prints a receipt without a key.
        """
        if not self.status().shift.is_open or self.open_document() is not None:
            return False
        if isinstance(self._answer(c.OpenReceipt(self._password, 0), repeats=False), c.ErrorReply):
            return False
        taken = self._answer(c.SendDocumentTlv(self._password, documents.key_tlv("0·0·" + "0" * 16)), repeats=False)
        self.cancel_open_document()
        return not isinstance(taken, c.ErrorReply)

    def status(self) -> PrinterStatus:
        """10h, 11h and FF01: no side effect. Raises Refused `wrong_device` when the cable was moved meanwhile.

        A serial line does not tell that another register was plugged in; both numbers come with every look anyway.
        """
        identity = self.connect()
        short = self._ask(c.ShortStatus(self._password))
        full = self._ask(c.FullStatus(self._password))
        storage = self._ask(c.StorageStatus(self._password))
        found = (states.factory_number(full), storage.storage_number.strip())
        if found != (identity.factory_number, identity.storage_number):
            self.close()
            raise Refused("wrong_device", found=f"ККТ {found[0]}, ФН {found[1]}", expected=identity)
        return states.status_of(short, full, storage)

    def wait_until_idle(self) -> None:
        """Polls 10h."""
        self.connect()
        self._wait_until_idle()

    def last_document_number(self) -> int:
        """FF01."""
        self.connect()
        return self._ask(c.StorageStatus(self._password)).last_document_number

    def open_document(self) -> OpenDocument | None:
        """The open receipt with its subtotal (89h). Raises Refused for a document of another sort."""
        self.connect()
        short = self._ask(c.ShortStatus(self._password))
        if short.mode != states.MODE_DOCUMENT:
            return None
        kind = states.OPEN_TO_KIND.get(short.mode_status)
        if kind is None:
            raise Refused("foreign_receipt_open")
        subtotal = self._ask(c.Subtotal(self._password))
        return OpenDocument(kind, Money(subtotal.total_kopecks))

    def cash_totals(self) -> CashTotals:
        """1Ah: the drawer, and what went in and out in this shift."""
        self.connect()
        drawer, cash_in, cash_out = (
            Money(self._ask(c.MoneyRegister(self._password, register)).value)
            for register in (CASH_DRAWER, CASH_IN, CASH_OUT)
        )
        return CashTotals(drawer, cash_in, cash_out)

    # --- receipts

    def print_receipt(self, receipt: Receipt, after: int) -> FiscalMark:
        """One receipt; see the top of this file for what each error means. The caller has seen the device idle.

        Every command is made before the first one goes out: what cannot be said is refused with nothing open.
        """
        self.connect()
        try:
            steps = documents.steps(receipt, self._password)
            closing = documents.closing(receipt, self._password)
        except ValueError as error:
            raise Refused("device_refused", reason=str(error), error="–") from error
        self._step_to_open(receipt)
        try:
            for step in steps:
                self._step(step)
            subtotal = self._step(c.Subtotal(self._password))
            if subtotal.total_kopecks != receipt.total.kopecks:
                raise Refused("device_refused", reason=reason(0xCB), error="CBh")
            self._idle_before_closing()
        except Refused:
            self._cancel_own()
            raise
        return self._close_receipt(receipt, closing, after)

    def _step_to_open(self, receipt: Receipt) -> None:
        """8Dh. "Receipt already open" is another program's; after any other "no" the register is asked what is open.

        An error byte does not prove that nothing was opened. What is open then is for the till to judge (rule 7).
        """
        try:
            reply = self._offered(c.OpenReceipt(self._password, states.KIND_TO_OPEN[receipt.kind]))
        except ProtocolError as error:
            raise OutcomeUnknown(key=receipt.key) from error
        if not isinstance(reply, c.ErrorReply):
            return
        if reply.error != RECEIPT_OPEN and self._has_open_document():
            raise OutcomeUnknown(key=receipt.key, error=f"{reply.error:02X}h", reason=reason(reply.error))
        raise refusal(reply.error)

    def _has_open_document(self) -> bool:
        try:
            return self._ask(c.ShortStatus(self._password)).mode == states.MODE_DOCUMENT
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def _step(self, command: c.Command[R]) -> R:
        """A command that changes the open receipt: a doubt is an unknown outcome, "no" is a refusal."""
        try:
            reply = self._offered(command)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return reply

    def _offered(self, command: c.Command[R]) -> R | c.ErrorReply:
        """A command that makes no document, offered again as long as the register says that it is still printing.

        50h and 58h say that the command was not executed; a doubt is never answered by sending it again. Never for a
        closing command: there even 50h is an unknown outcome (rule 5).
        """
        for _ in range(BUSY_TRIES):
            reply = self._answer(command, repeats=False)
            if not isinstance(reply, c.ErrorReply) or reply.error not in (PRINTING_PREVIOUS, WAITS_CONTINUE):
                return reply
            self._wait_until_idle()
        return reply

    def _idle_before_closing(self) -> None:
        """A register that prints line by line answers 50h to everything until it is through."""
        try:
            self._wait_until_idle()
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
            reply = self._answer(command, repeats=False)
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
            found = self._ask(c.FindDocument(self._password, number))
            shift = self._ask(c.ShiftParameters(self._password))
            later = self._answer(c.FindDocument(self._password, number + 1))
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
        if not same or found.printed_at is None or self._identity is None:
            raise OutcomeUnknown(key=receipt.key, reason="в ФН под этим номером другой документ")
        return FiscalMark(
            document_number=number,
            document_sign=str(reply.document_sign),
            receipt_number=counted.receipt_number,
            shift_number=counted.shift_number,
            storage_number=self._identity.storage_number,
            registration_number=self._identity.registration_number,
            printed_at=found.printed_at,
        )

    def cancel_open_document(self) -> None:
        """88h, when nothing prints any more and an interrupted print was continued."""
        self.connect()
        self._wait_until_idle()
        reply = self._offered(c.CancelReceipt(self._password))
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        self._wait_until_idle()

    def continue_print(self) -> bool:
        """B0h where the register waits for it after paper was loaded (submode 3), else nothing."""
        self.connect()
        if self._ask(c.ShortStatus(self._password)).submode != 3:
            return False
        reply = self._answer(c.ContinuePrint(self._password), repeats=False)
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return True

    # --- reading back

    def read_document(self, number: int) -> FiscalDocument:
        """FF0A, and FF3A/FF3B where the TLV is still in the storage."""
        self.connect()
        found = self._find(number)
        try:
            tlv = self.document_tlv(number)
        except Refused:
            tlv = None
        return documents.document_of(found, tlv)

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every later document, ascending."""
        for each in range(number + 1, self.last_document_number() + 1):
            yield self.read_document(each)

    def document_mark(self, number: int) -> FiscalMark:
        """The mark from the storage; shift and receipt number come from the TLV, or are counted where it is gone."""
        identity = self.connect()
        document = self.read_document(number)
        shift_number, receipt_number = document.shift_number, document.receipt_number
        if shift_number is None or receipt_number is None:
            shift_number, receipt_number = self._place_in_shift(number)
        return FiscalMark(
            document_number=number,
            document_sign=document.sign,
            receipt_number=receipt_number,
            shift_number=shift_number,
            storage_number=identity.storage_number,
            registration_number=identity.registration_number,
            printed_at=document.at,
        )

    def _place_in_shift(self, number: int) -> tuple[int, int]:
        """Shift (1038) and number in it (1042) of a receipt: FF0A back to the report that opened the shift.

        The storage looks up every document for ever, with its TLV or without.
        """
        receipt_number = 1
        for earlier in range(number - 1, 0, -1):
            found = self._find(earlier)
            if found.document_type == DocumentType.SHIFT_OPEN and found.shift_number is not None:
                return found.shift_number, receipt_number
            receipt_number += found.document_type in documents.SETTLEMENTS
        raise Refused("not_found", what=f"смена ФД {number}")

    def document_tlv(self, number: int) -> bytes:
        """FF3A, then FF3B until 08h; with the outer tag in front."""
        self.connect()
        head = self._answer(c.RequestDocument(self._password, number))
        if isinstance(head, c.ErrorReply):
            self._finish_reading()  # an earlier FF3A whose answer was lost may have left the register reading
            raise _no_document(number) if head.error == NO_SUCH_DATA else refusal(head.error)
        body = self._pieces()
        if len(body) != head.length:
            self._finish_reading()
            raise Refused("not_found", what=f"ФД {number} целиком")
        return head.document_type.to_bytes(2, "little") + head.length.to_bytes(2, "little") + body

    def _pieces(self) -> bytes:
        """Every FF3B. Each hands out the *next* piece: asked again after a lost answer it would skip one."""
        parts: list[bytes] = []
        for _ in range(UNFINISHED_READS_MAX):
            try:
                reply = self._answer(c.ReadDocument(self._password), repeats=False)
            except OutcomeUnknown as error:
                raise Unreachable("device_unreachable", port=self._port_name) from error
            if isinstance(reply, c.ErrorReply):
                break
            parts.append(reply.tlv)
        return b"".join(parts)

    def _find(self, number: int) -> c.FindDocumentReply:
        found = self._answer(c.FindDocument(self._password, number))
        if isinstance(found, c.ErrorReply):
            raise _no_document(number) if found.error == NO_SUCH_DATA else refusal(found.error)
        if found.document_number != number or found.printed_at is None:
            raise ProtocolError(f"FF0A({number}) → {found.document_number}")
        return found

    # --- shift and cash; each is issued once, its proof is read by the till (design rule 8)

    def open_shift(self, cashier: str) -> Shift:
        """E0h."""
        self._issue(c.OpenShift(self._password))
        return self._shift_after()

    def close_shift(self, cashier: str) -> Shift:
        """41h."""
        self._issue(c.CloseShift(self._password))
        return self._shift_after()

    def _shift_after(self) -> Shift:
        """The shift after a report that was made: that it cannot be read now is no "nothing was sent"."""
        try:
            return self.status().shift
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def x_report(self) -> None:
        """40h."""
        self._issue(c.XReport(self._password))

    def cash_in(self, amount: Money) -> None:
        """50h."""
        self._issue(c.CashIn(self._password, amount.kopecks))

    def cash_out(self, amount: Money) -> None:
        """51h."""
        self._issue(c.CashOut(self._password, amount.kopecks), amount)

    def _issue(self, command: c.AnyCommand, amount: Money | None = None) -> None:
        self.connect()
        self._wait_until_idle()
        try:
            reply = self._answer(command, repeats=False)
        except (Unreachable, ProtocolError) as error:
            raise OutcomeUnknown(key="") from error
        if isinstance(reply, c.ErrorReply):
            raise OutcomeUnknown(
                key="", error=f"{reply.error:02X}h", reason=reason(reply.error), refusal=refusal(reply.error, amount)
            )

    # --- the one way to the wire

    def _ask(self, command: c.Command[R]) -> R:
        """A question. Raises Unreachable, Refused (the device's "no"), ProtocolError."""
        reply = self._answer(command)
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return reply

    def _answer(self, command: c.Command[R], *, repeats: bool = True) -> R | c.ErrorReply:
        """The typed reply or the device's error. A failed link is closed: the next call starts afresh.

        Raises Unreachable when not a byte of the command went out. When it may have gone out: Unreachable for
        questions (asking again is safe), OutcomeUnknown for the rest.
        """
        port = self._port
        if port is None:
            raise Unreachable("device_unreachable", port=self._port_name)
        try:
            flow = self._link.exchange(command.encode(), command.REPLY_TIMEOUT_S, repeats=repeats)
            return command.decode_reply(drive(flow, port))
        except NotSent as error:
            self.close()
            raise Unreachable("device_unreachable", port=self._port_name) from error
        except Lost as error:
            self.close()
            if repeats:
                raise Unreachable("device_unreachable", port=self._port_name) from error
            raise OutcomeUnknown(key="") from error
        except c.Malformed as error:
            self.close()
            raise ProtocolError(str(error)) from error

    def _wait_until_idle(self, *, for_reading: bool = False) -> None:
        """Polls 10h until nothing runs. Raises Refused when it stays busy.

        For printing the paper must be in order, and a print that waits for paper is continued. For reading the storage
        it is enough that no command runs: an interrupted print has fiscalized before it began.
        """
        for _ in range(BUSY_POLLS_MAX):
            short = self._ask(c.ShortStatus(self._password))
            match short.submode:
                case 0:
                    return
                case 1 | 2 | 3 if for_reading:
                    return
                case 1 | 2:
                    raise Refused("cover_open" if short.is_cover_open else "paper_out")
                case 3:
                    self.continue_print()
                case _:
                    self._pause(POLL_S)
        raise Refused("device_busy")

    def _pause(self, seconds: float) -> None:
        if self._port is not None:
            drive(_silence(seconds), self._port)


def _silence(seconds: float) -> Flow[None]:
    """Waits on the idle line; what a device might say unasked is noise."""
    yield Await(seconds)


def _no_document(number: int) -> Refused:
    return Refused("not_found", what=f"ФД {number}")
