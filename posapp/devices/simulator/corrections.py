"""Correction receipts of FFD 1.05 on a simulated register: FF35 begins, FF0C says why, FF36 or FF4A makes the document.

They have no items: sums by tender and by VAT come from the host, as the six old rates only. In FFD 1.2 a correction is
a receipt with items (8Dh with 80h added), and FF35 is refused.
"""

from __future__ import annotations

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.content import TENDERS, beginning, cashier, ending, tax_system_of
from posapp.devices.simulator.documents import CORRECTION, StoredDocument
from posapp.devices.simulator.receipt import KIND_BIT
from posapp.devices.simulator.rules import (
    BAD_PARAMETER,
    CASHLESS_OVER,
    PAID_SHORT,
    TAG_MISSING,
    UNSUPPORTED,
    WRONG_STORAGE_STATE,
    AnyCall,
    Call,
    Refuse,
    handles,
)
from posapp.domain import ffd

STRICT_CONTROL = 35
"""Field of table 17: whether the register itself sees to it that a correction of FFD 1.05 says why it is made."""
_KINDS = (1, 3)
"""A correction of FFD 1.05 is of a sale or of a buy."""


@handles(c.BeginCorrection)
def _begin_correction(call: Call[c.BeginCorrection]) -> c.Reply:
    printer = call.printer
    if printer.storage.version is Ffd.V1_2:
        raise Refuse(UNSUPPORTED)
    printer.open_shift_at(call.at)
    printer.no_document()
    if printer.begun is not None:
        raise Refuse(WRONG_STORAGE_STATE)
    printer.begun = (CORRECTION, [])
    return call.done()


@handles(c.MakeShortCorrection, takes_time=True)
def _short_correction(call: Call[c.MakeShortCorrection]) -> c.Reply:
    total = call.command.total_kopecks
    document = _correct(call, None, call.command.kind, total, (total, 0, 0, 0, 0), (0,) * 6, 0)
    return c.ShortCorrectionReply(document.receipt_number or 0, document.number, document.sign)


@handles(c.MakeCorrection, takes_time=True)
def _correction(call: Call[c.MakeCorrection]) -> c.Reply:
    asked = call.command
    if asked.correction_type > 1:
        raise Refuse(BAD_PARAMETER)
    payments, taxes = asked.payments_kopecks, asked.taxes_kopecks
    document = _correct(call, asked.correction_type, asked.kind, asked.total_kopecks, payments, taxes, asked.tax_system)
    return c.CorrectionReply(document.receipt_number or 0, document.number, document.sign)


def _correct(
    call: AnyCall,
    correction_type: int | None,
    kind: int,
    total: int,
    payments: tuple[int, ...],
    taxes: tuple[int, ...],
    system: int,
) -> StoredDocument:
    """Makes form 31. The type (1173) may come by FF0C, by FF4A, or by both when they agree; 1174 only by FF0C."""
    printer = call.printer
    printer.open_shift_at(call.at)
    if printer.begun is None or printer.begun[0] != CORRECTION or kind not in _KINDS:
        raise Refuse(WRONG_STORAGE_STATE if kind in _KINDS else BAD_PARAMETER)
    if sum(payments) != total:
        raise Refuse(PAID_SHORT if sum(payments) < total else CASHLESS_OVER)
    extra = printer.begun[1]
    said = type_of_correction(extra, correction_type)
    if printer.tables.number(17, 1, STRICT_CONTROL):
        require_basis(extra, said)
    tags = {int.from_bytes(record[:2], "little") for record in extra}
    head = beginning(printer, kind, total)
    if 1021 not in tags:
        head.append((1021, cashier(printer, call.operator)))
    if 1173 not in tags:
        head.append((1173, said))
    flat = [(tag, kopecks) for tag, kopecks in zip(range(1102, 1108), taxes, strict=True) if kopecks]
    middle = ffd.encode_all([*zip(TENDERS, payments, strict=True), *flat])
    tail = ffd.encode_all(ending(printer, tags, tax_system_of(printer, system)))
    document = printer.storage.add(
        printer.form_of(CORRECTION),
        call.at,
        printer.clock_offset.total_seconds(),
        lambda: ffd.encode_all(head) + b"".join(extra) + middle + tail,
        kind=kind,
        total_kopecks=total,
    )
    printer.begun = None
    printer.marking.forget()
    printer.registers.correction_made(KIND_BIT[kind], total, (payments[0], payments[1], *(0,) * 11, *payments[2:]))
    printer.registers.next_document()
    printer.print_lines("ЧЕК КОРРЕКЦИИ")
    return document


def type_of_correction(extra: list[bytes], asked: int | None) -> int:
    """Tag 1173 from FF0C or from FF4A, 0 when neither says; 33h when they differ."""
    told = ffd.find(ffd.decode(b"".join(extra)), 1173)
    if told is None or not isinstance(told.value, int):
        return asked or 0
    if asked is not None and asked != told.value:
        raise Refuse(BAD_PARAMETER)
    return told.value


def require_basis(extra: list[bytes], correction_type: int) -> None:
    """AAh unless the correction names the day of what it corrects (1178) and, by order, the order's number (1179)."""
    entries = ffd.decode(b"".join(extra))
    is_unnamed = correction_type == 1 and ffd.find(entries, 1174, 1179) is None
    if is_unnamed or ffd.find(entries, 1174, 1178) is None:
        raise Refuse(TAG_MISSING)
