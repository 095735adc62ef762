"""The tags that a receipt or a correction gives the register by FF0C (document) and FF4D (line). Pure.

What the register writes by itself – names and sums of lines, totals, VAT – is not here. FFD 1.05 and 1.2 differ in the
buyer (1227 and 1228, or both inside 1256), the measure (a text in 1197, or 2108), the code of marked goods (1162, or
1163 by FF67) and the basis of a correction (1177 exists in 1.05 only). Registers of FFD 1.1 are spoken to as those of
1.05, but for corrections.

The key travels as the user requisite 1084 {1085 `posapp`, 1086 `till·order·key`}, on registers that do not take that
as 1192, which holds the bare key and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.marking import any_code
from posapp.domain.permission import IndustryDetail
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine
from posapp.domain.settlement import KEY_PROPERTY, Stamp
from posapp.domain.terms import MEASURES, CorrectionBasis

TLV_MAX = 249  # what one FF0C carries in a v1 frame of 255 bytes: FF 0C and the password take six
_HEADER = 4
CONTACT_MAX = 64  # tag 1008
USER_REQUISITE, RECEIPT_REQUISITE, NO_KEY = "1084", "1192", ""
"""Where the key can travel. 1192 is free only where the law does not want the sign of another receipt in it."""

_WITHOUT_CODE = {
    PaymentObject.EXCISE_UNMARKED: PaymentObject.EXCISE,
    PaymentObject.EXCISE_MARKED: PaymentObject.EXCISE,
    PaymentObject.COMMODITY_UNMARKED: PaymentObject.COMMODITY,
    PaymentObject.COMMODITY_MARKED: PaymentObject.COMMODITY,
}
_WITH_CODE = {
    PaymentObject.COMMODITY: PaymentObject.COMMODITY_MARKED,
    PaymentObject.EXCISE: PaymentObject.EXCISE_MARKED,
}


def key_tlv(stamp: Stamp, tag: str) -> list[bytes]:
    """The key as its tag carries it, no record when none does."""
    if tag == NO_KEY:
        return []
    if tag == RECEIPT_REQUISITE:
        return [ffd.encode(1192, stamp.key)]
    return [ffd.encode(1084, ((1085, KEY_PROPERTY), (1086, stamp.text())))]


def receipt_tlvs(receipt: Receipt, key_tag: str = USER_REQUISITE, version: Ffd = Ffd.V1_05) -> list[bytes]:
    """The data of the FF0C commands for one receipt: the key first, then everything that must not be missing.

    Raises ValueError for an order number so long that the key would not fit, and for a contact of the buyer that does
    not: an address that is cut is another one's.
    """
    records = key_tlv(Stamp(receipt.till, receipt.order_number, receipt.key), key_tag)
    if any(len(each) > TLV_MAX for each in records):  # a key that is cut is none
        raise ValueError(f"номер заказа «{receipt.order_number[:32]}…» не помещается в тег 1086")
    if clipped(receipt.buyer_contact, CONTACT_MAX) != receipt.buyer_contact:
        raise ValueError(f"контакт покупателя «{receipt.buyer_contact[:64]}» не помещается в тег 1008 как есть")
    texts = (
        (1021, receipt.cashier, 64),
        (1203, receipt.cashier_inn, 12),
        (1008, receipt.buyer_contact, CONTACT_MAX),
        (1187, receipt.place, TLV_MAX - _HEADER),
        (1009, receipt.address, TLV_MAX - _HEADER),
    )
    records += [ffd.encode(tag, clipped(text, most)) for tag, text, most in texts if text]
    records += buyer(receipt, version)
    if receipt.basis is not None:
        records.append(ffd.encode(1192, receipt.basis.document_sign))
    if receipt.correction is not None:
        records += basis(receipt.correction, version)
    newer = [ffd.encode(1125, 1)] if receipt.is_internet else []  # alone: older firmware refuses it, and is named by it
    return [*packed(records), *newer]


def buyer(receipt: Receipt, version: Ffd) -> list[bytes]:
    """Name and INN of a buyer that is a company or a sole trader; without an INN neither is asked for."""
    if not receipt.buyer_inn:
        return []
    inn = ffd.encode(1228, receipt.buyer_inn)
    room = TLV_MAX - _HEADER - (len(inn) + _HEADER if version is Ffd.V1_2 else 0)
    name = [ffd.encode(1227, clipped(receipt.buyer_name, room))] if receipt.buyer_name else []
    return [ffd.wrap(1256, b"".join((*name, inn)))] if version is Ffd.V1_2 else [*name, inn]


def basis(told: CorrectionBasis, version: Ffd) -> list[bytes]:
    """Tags 1173 and 1174. A correction of one's own has no order; FFD 1.05 wants a number all the same."""
    inside: list[tuple[int, ffd.Value]] = [(1178, datetime.combine(told.day, time()))]
    if version is Ffd.V1_05:
        if told.text:
            inside.insert(0, (1177, clipped(told.text, 180)))
        inside.append((1179, told.number or "б/н"))
    elif told.number:
        inside.append((1179, told.number))
    return [ffd.encode(1173, told.type.value), ffd.encode(1174, inside)]


def cashless_tlv(receipt: Receipt) -> bytes | None:
    """Tag 1234 with each cashless payment; None when there is nothing to tell, or it fits no command.

    The tax service has made it optional and many registers do not know it yet. Where all does not fit, what is said
    beside the identifiers (1238) is left out.
    """
    for with_info in (True, False):
        details: list[tuple[int, ffd.Value]] = []
        for each in receipt.cashless:
            inside: list[tuple[int, ffd.Value]] = [(1082, each.amount.kopecks), (1236, each.sign)]
            inside += [(1237, each.identifiers)] if each.identifiers else []
            inside += [(1238, each.info)] if each.info and with_info else []
            details.append((1235, inside))
        record = ffd.encode(1234, details)
        if details and len(record) <= TLV_MAX:
            return record
    return None


def payment_object(line: ReceiptLine, version: Ffd) -> PaymentObject:
    """Tag 1212 as the format knows it: only FFD 1.2 tells goods with a code from others."""
    if version is not Ffd.V1_2:
        return _WITHOUT_CODE.get(line.payment_object, line.payment_object)
    return _WITH_CODE.get(line.payment_object, line.payment_object) if line.marking else line.payment_object


def marking_bytes(line: ReceiptLine) -> bytes:
    """The code of a marked line as the register wants it, mended where the scanner spoilt it."""
    return any_code(line.marking).data


def line_tlvs(line: ReceiptLine, version: Ffd, details: Sequence[IndustryDetail] = ()) -> list[bytes]:
    """The data of the FF4D commands for one line; none for most.

    In FFD 1.2 the measure is told after the code (FF67), never before. `details` are what the marking system answered
    (1260); FFD 1.05 has no tag for them.
    """
    records: list[bytes] = []
    if version is Ffd.V1_2:
        if line.measure or line.marking:
            records.append(ffd.encode(2108, line.measure))
        records += [industry(1260, each) for each in details]
    else:
        if line.marking:
            records.append(ffd.encode(1162, any_code(line.marking).nomenclature_code))
        if line.measure:
            records.append(ffd.encode(1197, clipped(MEASURES[line.measure], 16)))
    if any(len(each) > TLV_MAX for each in records):
        raise ValueError(f"ответ «Честного знака» о «{line.name[:32]}» не помещается в тег 1260")
    return packed(records)


def industry(tag: int, detail: IndustryDetail) -> bytes:
    """Tags 1260 and 1261."""
    return ffd.encode(tag, [(1262, detail.agency), (1263, detail.dated), (1264, detail.number), (1265, detail.value)])


def clipped(text: str, most: int) -> str:
    """As much of a text as `most` bytes of CP866 hold."""
    return ffd.encode_text(text)[:most].decode("cp866")


def packed(records: Sequence[bytes]) -> list[bytes]:
    """Records joined into as few blobs as fit a frame; one record is never split."""
    blobs: list[bytes] = []
    for record in records:
        if blobs and len(blobs[-1]) + len(record) <= TLV_MAX:
            blobs[-1] += record
        else:
            blobs.append(record)
    return blobs
