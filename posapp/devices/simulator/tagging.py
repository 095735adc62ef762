"""FF0C and FF4D on a simulated register: tags that the host adds to a document or to its last item.

What a format does not know in a document, what the register writes by itself, and what was sent already is answered
with 33h, and nothing of that command is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.documents import CORRECTION
from posapp.devices.simulator.rules import BAD_PARAMETER, RECEIPT_CLOSED, WRONG_STORAGE_STATE, Call, Refuse, handles
from posapp.domain import ffd
from posapp.domain.tags import TAGS

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

_AGENT = frozenset((1005, 1016, 1026, 1044, 1057, 1073, 1074, 1075, 1171, 1224))
_BOTH = _AGENT | {1008, 1009, 1021, 1036, 1084, 1117, 1125, 1187, 1192, 1203, 1234}
DOCUMENT_TAGS = {
    Ffd.V1_05: _BOTH | {1227, 1228},
    Ffd.V1_2: _BOTH | {1256, 1261, 1270},
}
"""What FF0C may add; the register makes the rest itself. The buyer of FFD 1.2 stands inside 1256."""
CORRECTION_TAGS = frozenset((1173, 1174))
"""What it may add to corrections on top."""
BASIS_TAGS = {Ffd.V1_05: frozenset((1177, 1178, 1179)), Ffd.V1_2: frozenset((1178, 1179))}
"""What 1174 may hold."""
_ITEM = frozenset((1191, 1222, 1223, 1224, 1226, 1229, 1230, 1231))
ITEM_TAGS = {
    Ffd.V1_05: _ITEM | {1162, 1197},
    Ffd.V1_2: _ITEM | {1260, 1291, 2108},
}
"""What FF4D may add; 1023 and the like are the register's own, sent twice they are refused."""
_REPEATABLE = frozenset((1074, 1171, 1260))
MEASURE = 2108


def tags_of(tlv: bytes, allowed: frozenset[int], present: Sequence[bytes]) -> list[bytes]:
    """The records in the data of FF0C or FF4D. 33h for bytes that are no TLV, for a tag that may not be sent, for a
    text that is too long, and for a tag that the document has already."""
    try:
        ffd.decode(tlv)
        records = [ffd.wrap(record.tag, record.raw) for record in ffd.split(tlv)]
        numbers = [record.tag for record in ffd.split(tlv)]
    except ffd.BadTlv as error:
        raise Refuse(BAD_PARAMETER) from error
    seen = {int.from_bytes(old[:2], "little") for old in present} - _REPEATABLE
    for number, record in zip(numbers, records, strict=True):
        length = TAGS[number].length if number in TAGS else 0
        if number not in allowed or number in seen or (length and len(record) - 4 > length):
            raise Refuse(BAD_PARAMETER)
        seen |= {number} - _REPEATABLE
    return records


@handles(c.SendDocumentTlv)
def _document_tlv(call: Call[c.SendDocumentTlv]) -> c.Reply:
    printer = call.printer
    if printer.receipt is not None:
        present, is_correction = printer.receipt.extra, printer.receipt.is_correction
    elif printer.begun is not None:
        present, is_correction = printer.begun[1], printer.begun[0] == CORRECTION
    else:
        raise Refuse(WRONG_STORAGE_STATE)
    records = tags_of(call.command.tlv, _allowed(printer, is_correction), present)
    if is_correction:
        _check_basis(printer, records)
    present.extend(records)
    return call.done()


def _allowed(printer: Printer, is_correction: bool) -> frozenset[int]:
    """What FF0C may add to what is open."""
    allowed = DOCUMENT_TAGS[printer.storage.version] - printer.traits.refused_tags
    return (allowed | CORRECTION_TAGS) - printer.traits.refused_correction_tags if is_correction else allowed


def _check_basis(printer: Printer, records: Sequence[bytes]) -> None:
    for record in records:
        if record[:2] == (1174).to_bytes(2, "little"):
            inside = {each.tag for each in ffd.split(record[4:])}
            if not inside <= BASIS_TAGS[printer.storage.version]:
                raise Refuse(BAD_PARAMETER)


@handles(c.SendItemTlv)
def _item_tlv(call: Call[c.SendItemTlv]) -> c.Reply:
    receipt = call.printer.receipt
    if receipt is None:
        raise Refuse(RECEIPT_CLOSED)
    if not receipt.items:
        raise Refuse(WRONG_STORAGE_STATE)
    item = receipt.items[-1]
    present = [ffd.wrap(record.tag, record.raw) for record in ffd.split(item.extra)]
    if item.measure is not None:
        present.append(ffd.encode(MEASURE, item.measure))
    if item.product_code:
        present.append(item.product_code)
    measure = item.measure
    rest = b""
    for record in tags_of(call.command.tlv, ITEM_TAGS[call.printer.storage.version], present):
        if record[:2] == MEASURE.to_bytes(2, "little"):
            measure = record[4]
        else:
            rest += record
    receipt.items[-1] = replace(item, measure=measure, extra=item.extra + rest)
    return call.done()
