"""Shift, reports and the commands of the fiscal storage on a simulated register."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.content import cashier
from posapp.devices.simulator.counters import shift_totals, storage_totals, untransmitted_totals
from posapp.devices.simulator.documents import (
    CORRECTION,
    EXCHANGE_REPORT,
    NO_DATA,
    REGISTRATION,
    SHIFT_CLOSE,
    SHIFT_OPEN,
    STORAGE_TERM,
    StoredDocument,
)
from posapp.devices.simulator.identity import FIRMWARE
from posapp.devices.simulator.ofd import accept, message_of
from posapp.devices.simulator.registers import X_REPORTS, Z_REPORTS
from posapp.devices.simulator.rules import (
    ADMINISTRATOR,
    BAD_PARAMETER,
    SHIFT_CLOSED,
    UNSUPPORTED,
    WRONG_MODE,
    WRONG_STORAGE_STATE,
    AnyCall,
    Call,
    Refuse,
    handles,
    roubles,
)
from posapp.devices.simulator.service import RE_REGISTRATIONS
from posapp.domain import ffd

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

STORAGE_VERSIONS = {Ffd.V1_05: "fn debug v1.05", Ffd.V1_2: "fn_v_1_2_2"}
BLOCK = 128
OFD_REJECTED = 0x20
CHUNK = 250
"""The longest piece of a document that one FF3B hands out; a longer record comes in pieces."""

_CURRENT = {SHIFT_OPEN: 2, SHIFT_CLOSE: 8, EXCHANGE_REPORT: 0x17, CORRECTION: 0x14}
_FISCAL_MODE, _OPEN_RECEIPT = 3, 4


# --- making documents


def make(call: AnyCall, form: int, tags: list[tuple[int, ffd.Value]]) -> StoredDocument:
    """A document with whatever FF0C added after its begin, and, but for the report on settlements, with the cashier."""
    printer = call.printer
    extra = printer.begun[1] if printer.begun is not None and printer.begun[0] == form else []
    sent = {int.from_bytes(record[:2], "little") for record in extra}
    is_named = 1021 in sent or form == EXCHANGE_REPORT
    values = tags if is_named else [(1021, cashier(printer, call.operator)), *tags]
    document = printer.storage.add(
        form, call.at, printer.clock_offset.total_seconds(), lambda: ffd.encode_all(values) + b"".join(extra)
    )
    printer.begun = None
    return document


def _warnings(printer: Printer) -> list[tuple[int, ffd.Value]]:
    """Tags 1050…1053 of shift documents."""
    return [(tag, _warning_bits(printer) >> bit & 1) for tag, bit in ((1051, 0), (1050, 1), (1052, 2), (1053, 3))]


def _queue(printer: Printer) -> list[tuple[int, ffd.Value]]:
    """Tags 1097 and 1098: how many documents wait for the OFD, and since when."""
    first = printer.storage.first_unconfirmed()
    tags: list[tuple[int, ffd.Value]] = [(1097, printer.storage.unconfirmed)]
    return [*tags, (1098, first.at.replace(hour=0, minute=0))] if first else tags


def _days_left(call: AnyCall) -> tuple[int, ffd.Value]:
    """Tag 1213."""
    return 1213, call.printer.storage.days_left(call.at)


def _open_shift(call: Call[c.OpenShift] | Call[c.OpenShiftInStorage]) -> StoredDocument:
    call.printer.no_document()
    if call.printer.storage.shift.is_open:
        raise Refuse(WRONG_MODE)
    return begin_shift(call)


def begin_shift(call: AnyCall) -> StoredDocument:
    """The report that opens a shift, by its command or by the first receipt of a model that does it by itself."""
    printer, shift, version = call.printer, call.printer.storage.shift, call.printer.storage.version
    printer.storage.check(SHIFT_OPEN, call.at, printer.clock_offset.total_seconds())
    shift.number, shift.receipts, shift.opened_at = shift.number + 1, 0, call.at.replace(microsecond=0)
    document = make(
        call, SHIFT_OPEN, [(1038, shift.number), (1188, FIRMWARE), (1189, version.value), *_warnings(printer)]
    )
    printer.registers.next_document()
    printer.print_lines(f"СМЕНА {shift.number} ОТКРЫТА")
    return document


@handles(c.OpenShift, takes_time=True)
def _open_shift_command(call: Call[c.OpenShift]) -> c.Reply:
    _open_shift(call)
    return call.done()


@handles(c.OpenShiftInStorage, takes_time=True)
def _open_shift_in_storage(call: Call[c.OpenShiftInStorage]) -> c.Reply:
    document = _open_shift(call)
    return c.OpenShiftInStorageReply(document.shift_number & 0xFFFF, document.number, document.sign)


def _close_shift(call: Call[c.CloseShift] | Call[c.CloseShiftInStorage]) -> StoredDocument:
    printer, storage = call.printer, call.printer.storage
    printer.no_document()
    if not storage.shift.is_open:
        raise Refuse(SHIFT_CLOSED)
    in_shift = sum(1 for each in storage.documents if each.shift_number == storage.shift.number)
    tags: list[tuple[int, ffd.Value]] = [
        (1038, storage.shift.number),
        (1111, in_shift + 1),
        (1118, storage.shift.receipts),
        *_queue(printer),
        *_warnings(printer),
    ]
    if storage.version is Ffd.V1_2:
        tags += [
            (2104, printer.marking.notices),
            (2112, 0),
            (2113, 0),
            (1194, shift_totals(printer.counters)),
            (1157, storage_totals(printer.counters)),
            _days_left(call),
        ]
    document = make(call, SHIFT_CLOSE, tags)
    storage.shift.opened_at = None
    printer.registers.count(Z_REPORTS)
    printer.registers.shift_closed(keep_drawer=not printer.tables.number(1, 1, 2))
    printer.registers.next_document()
    printer.print_lines(f"СМЕНА {storage.shift.number} ЗАКРЫТА, ЧЕКОВ {storage.shift.receipts}")
    return document


@handles(c.CloseShift, at_least=ADMINISTRATOR, takes_time=True)
def _close_shift_command(call: Call[c.CloseShift]) -> c.Reply:
    _close_shift(call)
    return call.done()


@handles(c.CloseShiftInStorage, takes_time=True)
def _close_shift_in_storage(call: Call[c.CloseShiftInStorage]) -> c.Reply:
    document = _close_shift(call)
    return c.CloseShiftInStorageReply(document.shift_number & 0xFFFF, document.number, document.sign)


@handles(c.XReport, at_least=ADMINISTRATOR, takes_time=True)
def _x_report(call: Call[c.XReport]) -> c.Reply:
    printer = call.printer
    printer.no_document()
    if not printer.storage.shift.is_open:
        raise Refuse(SHIFT_CLOSED)
    printer.registers.count(X_REPORTS)
    printer.registers.next_document()
    printer.print_lines(f"ОТЧЁТ БЕЗ ГАШЕНИЯ, В КАССЕ {roubles(printer.registers.drawer_kopecks)}")
    return call.done()


@handles(c.ExchangeReport, takes_time=True)
def _exchange_report(call: Call[c.ExchangeReport]) -> c.Reply:
    printer, storage = call.printer, call.printer.storage
    printer.no_document()
    tags: list[tuple[int, ffd.Value]] = [(1038, storage.shift.number), (1002, 0)]
    if waiting := storage.first_unconfirmed():
        tags.append((1116, waiting.number))
    tags += _queue(printer)
    if storage.version is Ffd.V1_2:
        tags += [
            (2104, printer.marking.notices),
            _days_left(call),
            (1157, storage_totals(printer.counters)),
            (1158, untransmitted_totals(storage.waiting())),
        ]
    document = make(call, EXCHANGE_REPORT, tags)
    first = storage.first_unconfirmed()
    return c.ExchangeReportReply(
        document.number, document.sign, storage.unconfirmed, first.at.date() if first else None
    )


# --- documents begun in advance, so that tags can be added


def _begin(call: AnyCall, form: int, allowed: bool) -> c.Reply:
    call.printer.no_document()
    if not allowed or call.printer.begun is not None:
        raise Refuse(WRONG_STORAGE_STATE)
    call.printer.begun = (form, [])
    return call.done()


@handles(c.BeginOpenShift)
def _begin_open_shift(call: Call[c.BeginOpenShift]) -> c.Reply:
    return _begin(call, SHIFT_OPEN, not call.printer.storage.shift.is_open)


@handles(c.BeginCloseShift)
def _begin_close_shift(call: Call[c.BeginCloseShift]) -> c.Reply:
    return _begin(call, SHIFT_CLOSE, call.printer.storage.shift.is_open)


@handles(c.BeginExchangeReport)
def _begin_exchange_report(call: Call[c.BeginExchangeReport]) -> c.Reply:
    return _begin(call, EXCHANGE_REPORT, True)


@handles(c.CancelStorageDocument)
def _cancel_storage_document(call: Call[c.CancelStorageDocument]) -> c.Reply:
    if call.printer.begun is None and call.printer.receipt is None:
        raise Refuse(WRONG_STORAGE_STATE)
    call.printer.begun = call.printer.receipt = None
    return call.done()


# --- looking at the storage


def _warning_bits(printer: Printer) -> int:
    """Bit 0 replace within 3 days, 1 within 30 days, 2 memory 90 %, 3 the OFD has not answered for a day."""
    storage = printer.storage
    last, first = storage.documents[-1].at, storage.first_unconfirmed()
    left = storage.documents[0].at + STORAGE_TERM - last
    late = first is not None and last - first.at > timedelta(days=1)
    soon = (left < timedelta(days=3)) | (left < timedelta(days=30)) << 1
    return soon | storage.is_nearly_full << 2 | late << 3


def _current_document(printer: Printer) -> int:
    if printer.receipt is not None:
        return _CURRENT[CORRECTION] if printer.receipt.is_correction else _OPEN_RECEIPT
    return _CURRENT[printer.begun[0]] if printer.begun is not None else 0


@handles(c.StorageStatus, always=True)
def _storage_status(call: Call[c.StorageStatus]) -> c.Reply:
    printer, storage = call.printer, call.printer.storage
    return c.StorageStatusReply(
        life_phase=_FISCAL_MODE,
        current_document=_current_document(printer),
        has_document_data=int(printer.receipt is not None and bool(printer.receipt.items)),
        is_shift_open=int(storage.shift.is_open),
        warnings=_warning_bits(printer),
        last_document_at=storage.documents[-1].at,
        storage_number=printer.identity.storage_number,
        last_document_number=storage.last_number,
    )


@handles(c.StorageNumber, always=True)
def _storage_number(call: Call[c.StorageNumber]) -> c.Reply:
    return c.StorageNumberReply(call.printer.identity.storage_number)


@handles(c.StorageExpiry, always=True)
def _storage_expiry(call: Call[c.StorageExpiry]) -> c.Reply:
    expires = call.printer.storage.documents[0].at + STORAGE_TERM
    return c.StorageExpiryReply(expires.date(), RE_REGISTRATIONS, 1)


@handles(c.StorageVersion, always=True)
def _storage_version(call: Call[c.StorageVersion]) -> c.Reply:
    return c.StorageVersionReply(STORAGE_VERSIONS[call.printer.storage.version], 0)


@handles(c.RegistrationResult, always=True)
def _registration_result(call: Call[c.RegistrationResult]) -> c.Reply:
    if call.command.number not in (None, 1):
        raise Refuse(NO_DATA)
    who, report = call.printer.identity, call.printer.storage.documents[0]
    is_new = call.printer.storage.version is Ffd.V1_2
    return c.RegistrationResultReply(
        registered_at=report.at,
        inn=who.inn,
        registration_number=who.registration_number,
        tax_systems=who.tax_systems,
        work_mode=0,
        more=0,
        ofd_inn=who.ofd_inn if is_new else None,
        reasons=0 if is_new else None,
        document_number=report.number,
        document_sign=report.sign,
    )


@handles(c.ReadRegistrationTag)
def _registration_tag(call: Call[c.ReadRegistrationTag]) -> c.Reply:
    asked = call.command
    if asked.report != 1:
        raise Refuse(NO_DATA)
    records = ffd.split(call.printer.storage.documents[0].body)
    if asked.tag == 0xFFFF:
        call.printer.reading = _pieces(call.printer.storage.documents[0])
        return c.ReadRegistrationTagReply(b"")
    for record in records:
        if record.tag == asked.tag:
            return c.ReadRegistrationTagReply(ffd.wrap(record.tag, record.raw))
    raise Refuse(NO_DATA)


def _stored(printer: Printer, number: int) -> StoredDocument:
    document = printer.storage.find(number)
    if document is None:
        raise Refuse(NO_DATA)
    return document


@handles(c.FindDocument)
def _find_document(call: Call[c.FindDocument]) -> c.Reply:
    printer = call.printer
    document = _stored(printer, call.command.document_number)
    return c.FindDocumentReply(
        document_type=document.form,
        has_ofd_ticket=int(document.number <= printer.storage.confirmed),
        printed_at=document.at,
        document_number=document.number,
        document_sign=document.sign,
        details=_details(printer, document),
    )


def _details(printer: Printer, document: StoredDocument) -> bytes:
    """What FF0A adds per form."""
    if document.total_kopecks is not None and document.kind is not None:
        return bytes((document.kind,)) + document.total_kopecks.to_bytes(5, "little")
    if document.form in (SHIFT_OPEN, SHIFT_CLOSE):
        return (document.shift_number & 0xFFFF).to_bytes(2, "little")
    if document.form == REGISTRATION:
        who = printer.identity
        return f"{who.inn:<12}{who.registration_number:<20}".encode("ascii") + bytes((who.tax_systems, 0))
    waiting = ffd.find(ffd.decode(document.body), 1097)
    count = int(str(waiting.value)) if waiting else 0
    return count.to_bytes(4, "little") + bytes((document.at.year % 100, document.at.month, document.at.day))


def _pieces(document: StoredDocument) -> list[bytes]:
    """What FF3B hands out, last first: a record each, long ones in pieces."""
    pieces: list[bytes] = []
    for record in ffd.split(document.body):
        raw = ffd.wrap(record.tag, record.raw)
        pieces += [raw[at : at + CHUNK] for at in range(0, len(raw), CHUNK)]
    return pieces[::-1]


@handles(c.RequestDocument)
def _request_document(call: Call[c.RequestDocument]) -> c.Reply:
    document = _stored(call.printer, call.command.document_number)
    call.printer.reading = _pieces(document)
    return c.RequestDocumentReply(document.form, len(document.body))


@handles(c.ReadDocument, always=True)
def _read_document(call: Call[c.ReadDocument]) -> c.Reply:
    if call.printer.reading is None:
        raise Refuse(NO_DATA)
    if not call.printer.reading:
        call.printer.reading = None
        raise Refuse(NO_DATA)
    return c.ReadDocumentReply(call.printer.reading.pop())


@handles(c.OfdTicket)
def _ofd_ticket(call: Call[c.OfdTicket]) -> c.Reply:
    document = _stored(call.printer, call.command.document_number)
    if document.number > call.printer.storage.confirmed:
        raise Refuse(NO_DATA)
    at = document.at
    stamp = bytes((at.year % 100, at.month, at.day, at.hour, at.minute))
    return c.OfdTicketReply(stamp + document.sign.to_bytes(18, "big") + document.number.to_bytes(4, "little"))


@handles(c.OfdStatus, always=True)
def _ofd_status(call: Call[c.OfdStatus]) -> c.Reply:
    storage = call.printer.storage
    first = storage.first_unconfirmed()
    connected = storage.is_ofd_up and not call.printer.is_ofd_carried
    state = int(connected) | (first is not None) << 1
    return c.OfdStatusReply(
        state, 0, min(storage.unconfirmed, 0xFFFF), first.number if first else 0, first.at if first else None
    )


@handles(c.Unconfirmed, always=True)
def _unconfirmed(call: Call[c.Unconfirmed]) -> c.Reply:
    return c.UnconfirmedReply(min(call.printer.storage.unconfirmed, 0xFFFF))


@handles(c.ShiftParameters, always=True)
def _shift_parameters(call: Call[c.ShiftParameters]) -> c.Reply:
    shift = call.printer.storage.shift
    return c.ShiftParametersReply(int(shift.is_open), shift.number & 0xFFFF, shift.receipts & 0xFFFF)


@handles(c.FreeMemory, always=True)
def _free_memory(call: Call[c.FreeMemory]) -> c.Reply:
    return c.FreeMemoryReply(
        documents=max(0, call.printer.storage.capacity - call.printer.storage.last_number), kilobytes=9000
    )


@handles(c.SyncRegisters)
def _sync_registers(call: Call[c.SyncRegisters]) -> c.Reply:
    return call.done()


# --- the buffer between storage and OFD, for a register whose host carries it (table 21 field 2)


def _waiting_message(printer: Printer) -> bytes:
    """Nothing for a register that talks to its OFD by itself."""
    if not printer.traits.has_ofd_buffer:
        raise Refuse(UNSUPPORTED)
    return message_of(printer.storage) if printer.is_ofd_carried else b""


@handles(c.OfdBuffer)
def _ofd_buffer(call: Call[c.OfdBuffer]) -> c.Reply:
    return c.OfdBufferReply(len(_waiting_message(call.printer)), BLOCK)


@handles(c.ReadOfdBuffer)
def _read_ofd_buffer(call: Call[c.ReadOfdBuffer]) -> c.Reply:
    message, asked = _waiting_message(call.printer), call.command
    if asked.offset >= len(message) or not 0 < asked.count <= BLOCK:
        raise Refuse(NO_DATA)
    return c.ReadOfdBufferReply(message[asked.offset : asked.offset + asked.count])


@handles(c.BeginOfdWrite)
def _begin_ofd_write(call: Call[c.BeginOfdWrite]) -> c.Reply:
    if not _waiting_message(call.printer) or not call.command.size:
        raise Refuse(WRONG_STORAGE_STATE)
    call.printer.ofd_answer = (call.command.size, b"")
    return c.BeginOfdWriteReply(BLOCK)


@handles(c.WriteOfdBuffer)
def _write_ofd_buffer(call: Call[c.WriteOfdBuffer]) -> c.Reply:
    """The answer comes in order; with its last byte the storage judges it."""
    printer, sent = call.printer, call.command
    if printer.ofd_answer is None:
        raise Refuse(WRONG_STORAGE_STATE)
    size, heard = printer.ofd_answer
    is_in_order = sent.offset == len(heard) and sent.count == len(sent.data) <= BLOCK
    if not is_in_order or len(heard) + len(sent.data) > size:
        printer.ofd_answer = None
        raise Refuse(BAD_PARAMETER)
    heard += sent.data
    printer.ofd_answer = (size, heard) if len(heard) < size else None
    if len(heard) == size and not accept(printer.storage, heard):
        raise Refuse(OFD_REJECTED)
    return call.done()
