"""What a simulated АТОЛ register tells on its wire: identity, states, registers (91h), tables, the storage (A4h)."""

from __future__ import annotations

from typing import TypeVar, cast

from posapp.devices.atol import commands as a
from posapp.devices.atol.layout import Bcd, encode_text
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.counters import SHIFT, STORAGE, kind_at
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator.atol_acts import Acts
from posapp.devices.simulator.atol_wire_device import (
    KIND_OF_TAG,
    NO_DATA,
    UNSUPPORTED,
    AtolDevice,
    Refused,
    handles,
)
from posapp.devices.simulator.documents import SETTLEMENTS, SHIFT_LENGTH, StoredDocument
from posapp.devices.simulator.registers import CASH_IN, CASH_OUT, IN_COUNT, OUT_COUNT
from posapp.devices.simulator.rules import BUSY, SYSTEM
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.tags import TAGS, Kind

MODEL, NAME = 61, "АТОЛ 30Ф"
MAJOR, MINOR, BUILD = 3, 0, 2195
CONFIGURATION = bytes.fromhex("03 00 00 00 21 95")
LETTERS, PIXELS = 48, 576
REGISTERED, SHIFT_IS_OPEN, DRAWER_IS_CLOSED, PAPER, COVER, FISCAL, BATTERY = 0x01, 0x02, 0x04, 0x08, 0x20, 0x40, 0x80
PRINTS, NO_PAPER_BIT = 2, 0x01
"""Submode of a report that is being printed; bit 0 of the printer's byte."""
TO_CONTINUE = 0x10
NO_FIELD = 0x93
ETHERNET = 6
ZERO_FIELDS = frozenset(((2, 15), (2, 110), (2, 119), (19, 1), (19, 2), (19, 3), (19, 4)))
"""Fields of tables that the vendor's driver asks for; they are zero here."""
SHIFT_EXPIRED = 2
WAYS_TO_PAY = 5
KIND_TAGS = {0: 1, 1: 3, 2: 2, 3: 4}
"""Parameter of 91 0C → tag 1054."""

R = TypeVar("R", bound=c.Reply)


def _ask(device: AtolDevice, command: c.Command[R], acts: Acts) -> R:
    """The model's own answer to what is asked of the storage in its own words."""
    reply = device.printer.execute(command, acts.now)
    if isinstance(reply, c.ErrorReply):
        raise Refused(e.refusal_of(reply.error).byte)
    return cast(R, reply)


def _password(device: AtolDevice) -> int:
    return device.printer.tables.number(2, SYSTEM, 1)


def _raw(*parts: bytes) -> a.Reply:
    return a.RawReply(b"".join(parts))


def _digits(value: int, size: int) -> a.Reply:
    return _raw(Bcd(size).pack(value))


# --- identity and state


@handles(a.DeviceInfo)
def _device_info(device: AtolDevice, command: a.DeviceInfo, acts: Acts) -> a.Reply:
    return a.DeviceInfoReply(1, 1, MODEL, 0x1000, MAJOR, MINOR, 0, BUILD, NAME)


@handles(a.Version)
def _version(device: AtolDevice, command: a.Version, acts: Acts) -> a.Reply:
    return a.VersionReply(CONFIGURATION)


@handles(a.Licence)
def _licence(device: AtolDevice, command: a.Licence, acts: Acts) -> a.Reply:
    return a.LicenceReply(b"\0")


def _mode_byte(device: AtolDevice, acts: Acts) -> int:
    prints = device.mode in (a.REPORTS, a.CLOSING) and device.printer.submode(acts.at) == BUSY
    return device.mode | (PRINTS if prints else 0) << 4


@handles(a.StateCode)
def _state_code(device: AtolDevice, command: a.StateCode, acts: Acts) -> a.Reply:
    return a.StateCodeReply(_mode_byte(device, acts), 0 if device.printer.paper == "ok" else NO_PAPER_BIT)


@handles(a.Status)
def _status(device: AtolDevice, command: a.Status, acts: Acts) -> a.Reply:
    printer, shift, receipt = device.printer, device.printer.storage.shift, device.receipt
    flags = REGISTERED | DRAWER_IS_CLOSED | FISCAL | BATTERY
    flags |= SHIFT_IS_OPEN if shift.is_open else 0
    flags |= PAPER if printer.paper != "out" else 0
    flags |= COVER if printer.paper == "cover" else 0
    return a.StatusReply(
        cashier=1,
        hall_number=1,
        now=acts.at.replace(microsecond=0),
        flags=flags,
        serial=int(printer.identity.factory_number) % 10**8,
        model=MODEL,
        version=f"{MAJOR}{MINOR}".encode(),
        mode_byte=_mode_byte(device, acts),
        receipt_number=(shift.receipts + 1) % 10_000,
        last_shift=_last_shift(device),
        receipt_state=receipt.kind if receipt is not None else 0,
        receipt_sum_kopecks=device.total(acts) if receipt is not None else 0,
        point=2,
        port=ETHERNET,
    )


def _last_shift(device: AtolDevice) -> int:
    shift = device.printer.storage.shift
    return (shift.number - shift.is_open) % 10_000


@handles(a.ReadTable)
def _read_table(device: AtolDevice, command: a.ReadTable, acts: Acts) -> a.Reply:
    if (command.table, command.field) not in ZERO_FIELDS or command.row != 1:
        raise Refused(NO_FIELD)
    return a.ReadTableReply(b"\0")


# --- registers


@handles(a.Drawer)
def _drawer(device: AtolDevice, command: a.Drawer, acts: Acts) -> a.Reply:
    return a.DrawerReply(device.printer.registers.drawer_kopecks)


@handles(a.Clock)
def _clock(device: AtolDevice, command: a.Clock, acts: Acts) -> a.Reply:
    return a.ClockReply(acts.at.replace(microsecond=0))


@handles(a.ShiftState)
def _shift_state(device: AtolDevice, command: a.ShiftState, acts: Acts) -> a.Reply:
    shift = device.printer.storage.shift
    if shift.opened_at is None:
        return a.ShiftStateReply(0, None)
    state = SHIFT_EXPIRED if shift.is_expired(acts.at) else 1
    return a.ShiftStateReply(state, shift.opened_at + SHIFT_LENGTH)


@handles(a.ReceiptState)
def _receipt_state(device: AtolDevice, command: a.ReceiptState, acts: Acts) -> a.Reply:
    receipt, storage = device.receipt, device.printer.storage
    number = storage.shift.receipts + (receipt is not None)
    kind = receipt.kind if receipt is not None else 0
    return a.ReceiptStateReply(int(receipt is not None), kind, number % 10_000, storage.last_number % 10**8)


@handles(a.ReceiptSums)
def _receipt_sums(device: AtolDevice, command: a.ReceiptSums, acts: Acts) -> a.Reply:
    if device.receipt is None:
        return a.ReceiptSumsReply(0, 0, 0)
    return a.ReceiptSumsReply(device.total(acts), *device.left_and_change(acts))


@handles(a.ReceiptTax)
def _receipt_tax(device: AtolDevice, command: a.ReceiptTax, acts: Acts) -> a.Reply:
    opened = device.printer.receipt
    items = opened.items if opened is not None else []
    tax = sum(item.vat_kopecks for item in items if item.rate == command.first)
    return a.ReceiptTaxReply(Bcd(7).pack(tax))


@handles(a.LastShift)
def _last_closed_shift(device: AtolDevice, command: a.LastShift, acts: Acts) -> a.Reply:
    return a.LastShiftReply(_last_shift(device))


@handles(a.Serial)
def _serial(device: AtolDevice, command: a.Serial, acts: Acts) -> a.Reply:
    return a.SerialReply(int(device.printer.identity.factory_number))


@handles(a.LineWidth)
def _line_width(device: AtolDevice, command: a.LineWidth, acts: Acts) -> a.Reply:
    return _raw(Bcd(1).pack(LETTERS), Bcd(2).pack(PIXELS), bytes(10))


@handles(a.Formats)
def _formats(device: AtolDevice, command: a.Formats, acts: Acts) -> a.Reply:
    return _raw(bytes((device.printer.storage.version.value,)) * 4)


@handles(a.Numbers)
def _numbers(device: AtolDevice, command: a.Numbers, acts: Acts) -> a.Reply:
    shift = device.printer.storage.shift
    return a.NumbersReply(shift.receipts, shift.number)


def _last(document: StoredDocument | None, acts: Acts) -> a.Reply:
    if document is None:
        return a.LastDocumentReply(0, 0, 0, None, 0, bytes(3))
    kind = KIND_OF_TAG[document.kind] if document.kind is not None else 0
    return a.LastDocumentReply(document.number, kind, document.total_kopecks or 0, document.at, document.sign, bytes(3))


@handles(a.LastReceipt)
def _last_receipt(device: AtolDevice, command: a.LastReceipt, acts: Acts) -> a.Reply:
    made = (each for each in reversed(device.printer.storage.documents) if each.form in SETTLEMENTS)
    return _last(next(made, None), acts)


@handles(a.LastDocument)
def _last_document(device: AtolDevice, command: a.LastDocument, acts: Acts) -> a.Reply:
    return _last(acts.last_document(), acts)


@handles(a.Printed)
def _printed(device: AtolDevice, command: a.Printed, acts: Acts) -> a.Reply:
    return _raw(bytes((int(acts.is_printed),)) * 2)


@handles(a.PrintCounters)
def _print_counters(device: AtolDevice, command: a.PrintCounters, acts: Acts) -> a.Reply:
    return _raw(bytes((0 if acts.is_printed else TO_CONTINUE,)), bytes(7))


@handles(a.ErrorExtended)
def _error_extended(device: AtolDevice, command: a.ErrorExtended, acts: Acts) -> a.Reply:
    return _raw(bytes(2))


@handles(a.ErrorDetails)
def _error_details(device: AtolDevice, command: a.ErrorDetails, acts: Acts) -> a.Reply:
    return _raw(bytes(2))


@handles(a.LastOfdError)
def _last_ofd_error(device: AtolDevice, command: a.LastOfdError, acts: Acts) -> a.Reply:
    return _raw(bytes(14))


@handles(a.StorageRegistrations)
def _storage_registrations(device: AtolDevice, command: a.StorageRegistrations, acts: Acts) -> a.Reply:
    expiry = _ask(device, c.StorageExpiry(_password(device)), acts)
    return _raw(bytes((expiry.registrations_done or 0, expiry.registrations_left or 0)))


# --- sums


def _counted(device: AtolDevice, block: int, tag: int, at: int) -> int:
    """A counter of the storage: `at` 0 how many, 1 the sum, 2… the ways to pay."""
    return device.printer.counters.value(block + kind_at(ReceiptKind(tag)) + at) or 0


def _tag_of(kind: int) -> int:
    for tag, each in KIND_OF_TAG.items():
        if each == kind:
            return tag
    raise Refused(UNSUPPORTED)


def _by_payment(device: AtolDevice, block: int, kind: int, way: int) -> int:
    return _counted(device, block, _tag_of(kind), 1 + way) if 1 <= way <= WAYS_TO_PAY else 0


@handles(a.TotalsInShift)
def _totals_in_shift(device: AtolDevice, command: a.TotalsInShift, acts: Acts) -> a.Reply:
    if command.first not in KIND_TAGS:
        raise Refused(UNSUPPORTED)
    return _digits(_counted(device, SHIFT, KIND_TAGS[command.first], 1), 7)


@handles(a.ReceiptsInShift)
def _receipts_in_shift(device: AtolDevice, command: a.ReceiptsInShift, acts: Acts) -> a.Reply:
    return _digits(_counted(device, SHIFT, _tag_of(command.first), 0), 5)


@handles(a.PaymentsInShift)
def _payments_in_shift(device: AtolDevice, command: a.PaymentsInShift, acts: Acts) -> a.Reply:
    return _digits(_by_payment(device, SHIFT, command.first, command.second), 6)


@handles(a.OverallTotals)
def _overall_totals(device: AtolDevice, command: a.OverallTotals, acts: Acts) -> a.Reply:
    return _digits(_counted(device, STORAGE, _tag_of(command.first), 1), 7)


@handles(a.PaymentsOverall)
def _payments_overall(device: AtolDevice, command: a.PaymentsOverall, acts: Acts) -> a.Reply:
    return _digits(_by_payment(device, STORAGE, command.first, command.second), 7)


@handles(a.CashInSum)
def _cash_in_sum(device: AtolDevice, command: a.CashInSum, acts: Acts) -> a.Reply:
    return _digits(device.printer.registers.money.get(CASH_IN, 0), 6)


@handles(a.CashOutSum)
def _cash_out_sum(device: AtolDevice, command: a.CashOutSum, acts: Acts) -> a.Reply:
    return _digits(device.printer.registers.money.get(CASH_OUT, 0), 6)


@handles(a.CashInCount)
def _cash_in_count(device: AtolDevice, command: a.CashInCount, acts: Acts) -> a.Reply:
    return _digits(device.printer.registers.counts.get(IN_COUNT, 0) % 10_000, 2)


@handles(a.CashOutCount)
def _cash_out_count(device: AtolDevice, command: a.CashOutCount, acts: Acts) -> a.Reply:
    return _digits(device.printer.registers.counts.get(OUT_COUNT, 0) % 10_000, 2)


# --- the storage


def _in_atol(tag: int, raw: bytes) -> bytes:
    """A value of the storage with its letters as the wire has them."""
    known = TAGS.get(tag)
    return encode_text(raw.decode("cp866")) if known is not None and known.kind is Kind.STRING else raw


@handles(a.ReadAttribute)
def _read_attribute(device: AtolDevice, command: a.ReadAttribute, acts: Acts) -> a.Reply:
    """A tag of the registration, in one block: how a device cuts what it tells is not known."""
    for record in ffd.split(device.printer.storage.documents[0].body):
        if record.tag == command.tag and command.block == 0:
            return a.ReadAttributeReply(1, ffd.wrap(record.tag, _in_atol(record.tag, record.raw)))
    raise Refused(NO_DATA)


@handles(a.StorageStatus)
def _storage_status(device: AtolDevice, command: a.StorageStatus, acts: Acts) -> a.Reply:
    told = _ask(device, c.StorageStatus(_password(device)), acts)
    return a.StorageStatusReply(
        told.life_phase,
        told.current_document,
        told.has_document_data,
        told.is_shift_open,
        told.warnings,
        told.last_document_at,
        told.storage_number,
        told.last_document_number,
    )


@handles(a.StorageNumber)
def _storage_number(device: AtolDevice, command: a.StorageNumber, acts: Acts) -> a.Reply:
    return a.StorageNumberReply(device.printer.identity.storage_number)


@handles(a.StorageExpiry)
def _storage_expiry(device: AtolDevice, command: a.StorageExpiry, acts: Acts) -> a.Reply:
    told = _ask(device, c.StorageExpiry(_password(device)), acts)
    return a.StorageExpiryReply(told.expires, bytes((told.registrations_left or 0, told.registrations_done or 0)))


@handles(a.StorageVersion)
def _storage_version(device: AtolDevice, command: a.StorageVersion, acts: Acts) -> a.Reply:
    told = _ask(device, c.StorageVersion(_password(device)), acts)
    return a.StorageVersionReply(told.version, told.kind)


@handles(a.OfdStatus)
def _ofd_status(device: AtolDevice, command: a.OfdStatus, acts: Acts) -> a.Reply:
    told = _ask(device, c.OfdStatus(_password(device)), acts)
    return a.OfdStatusReply(
        told.state, told.is_reading, told.queued, told.first_document_number, told.first_document_at
    )


@handles(a.FindDocument)
def _find_document(device: AtolDevice, command: a.FindDocument, acts: Acts) -> a.Reply:
    told = _ask(device, c.FindDocument(_password(device), command.document_number), acts)
    return a.FindDocumentReply(
        told.document_type,
        told.has_ofd_ticket,
        told.printed_at,
        told.document_number,
        told.document_sign,
        told.details,
    )


@handles(a.RequestDocument)
def _request_document(device: AtolDevice, command: a.RequestDocument, acts: Acts) -> a.Reply:
    document = acts.document(command.document_number)
    records = ffd.split(document.body)
    device.reading = [ffd.wrap(each.tag, each.raw) for each in records][::-1]
    return a.RequestDocumentReply(document.form, len(document.body))


@handles(a.ReadDocument)
def _read_document(device: AtolDevice, command: a.ReadDocument, acts: Acts) -> a.Reply:
    if not device.reading:
        raise Refused(NO_DATA)
    return a.ReadDocumentReply(device.reading.pop())
