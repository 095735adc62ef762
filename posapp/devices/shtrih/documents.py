"""Receipts as Штрих-М commands, and documents of the storage as ours. Pure: values in, values out.

The key travels as the user requisite 1084 {1085 `posapp`, 1086 `till·order·key`}, on registers that do not take that
as 1192, which holds the bare key and nothing else. It is sent before the lines: a register that refuses it prints
nothing without it. Which of the two a register takes is proven at set-up.
"""

from __future__ import annotations

from collections.abc import Iterator

from posapp.devices.shtrih import commands as c
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.settlement import KEY_PROPERTY, Stamp, is_key
from posapp.errors import ProtocolError

TLV_MAX = 249  # what one FF0C carries in a v1 frame of 255 bytes: FF 0C and the password take six
PAYMENT_SLOTS = 16
_SLOT = {
    TenderKind.CASH: 0,
    TenderKind.CASHLESS: 1,
    TenderKind.PREPAID: 13,
    TenderKind.CREDIT: 14,
    TenderKind.OTHER: 15,
}
USER_REQUISITE, RECEIPT_REQUISITE, NO_KEY = "1084", "1192", ""
"""Where the key can travel. 1192 is free only where the law does not want the sign of another receipt in it."""

KINDS_WITH_1192 = (ReceiptKind.SELL, ReceiptKind.BUY)
"""A refund names the receipt that it takes back in 1192 (FFD 1.05)."""

SETTLEMENTS = frozenset((DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION))


def key_tlv(stamp: Stamp, tag: str) -> list[bytes]:
    """The key as its tag carries it, no record when none does."""
    if tag == NO_KEY:
        return []
    if tag == RECEIPT_REQUISITE:
        return [ffd.encode(1192, stamp.key)]
    return [ffd.encode(1084, ((1085, KEY_PROPERTY), (1086, stamp.text())))]


def receipt_tlvs(receipt: Receipt, key_tag: str = USER_REQUISITE) -> list[bytes]:
    """The data of FF0C commands for one receipt: the key first, then cashier (1021) and buyer (1008, 1227, 1228).

    Raises ValueError for an order number so long that the key would not fit.
    """
    records = key_tlv(Stamp(receipt.till, receipt.order_number, receipt.key), key_tag)
    if any(len(each) > TLV_MAX for each in records):  # a key that is cut is none
        raise ValueError(f"номер заказа «{receipt.order_number[:32]}…» не помещается в тег 1086")
    texts = (
        (1021, receipt.cashier[:64]),
        (1008, receipt.buyer_contact[:64]),
        (1227, receipt.buyer_name[:256] if receipt.buyer_inn else ""),
        (1228, receipt.buyer_inn),
    )
    records += [ffd.encode(tag, text) for tag, text in texts if text]
    return _packed(records)


def _packed(records: list[bytes]) -> list[bytes]:
    """Records joined into as few blobs as fit a frame; one record is never split."""
    blobs = [b""]
    for record in records:
        if len(blobs[-1]) + len(record) > TLV_MAX and blobs[-1]:
            blobs.append(b"")
        blobs[-1] += record[:TLV_MAX] if len(record) <= TLV_MAX else _shortened(record)
    return blobs


def _shortened(record: bytes) -> bytes:
    """A text record cut to what one frame carries; only names of companies are ever that long."""
    return record[:2] + (TLV_MAX - 4).to_bytes(2, "little") + record[4:TLV_MAX]


def steps(receipt: Receipt, password: int, key_tag: str = USER_REQUISITE) -> list[c.AnyCommand]:
    """Everything between opening and subtotal: the key, the other tags, the lines."""
    tags = [c.SendDocumentTlv(password, blob) for blob in receipt_tlvs(receipt, key_tag) if blob]
    return [*tags, *operations(receipt, password)]


def closing(receipt: Receipt, password: int) -> c.CloseReceipt:
    """FF45 with the tenders in their slots."""
    payments = [0] * PAYMENT_SLOTS
    for tender in receipt.tenders:
        payments[_SLOT[tender.kind]] = tender.amount.kopecks
    return c.CloseReceipt(password, tuple(payments), tax_system=receipt.tax_system.value)


def operations(receipt: Receipt, password: int) -> Iterator[c.Operation]:
    """FF46 for every line. The register computes the tax; the sum is ours, and it must agree within a kopeck."""
    for line in receipt.lines:
        name = line.name if not line.name.startswith("//") else f" {line.name}"  # "//" would keep it from the paper
        yield c.Operation(
            password,
            kind=receipt.kind.value,
            quantity_micro=line.quantity.millionths,
            price_kopecks=line.price.kopecks,
            sum_kopecks=line.line_sum.kopecks,
            tax_kopecks=None,
            rate_byte=c.RATE_BYTE[line.vat.value],
            department=1,
            payment_method=line.payment_method.value,
            payment_object=line.payment_object.value,
            name=name[:128],
        )


def document_of(found: c.FindDocumentReply, tlv: bytes | None) -> FiscalDocument:
    """What FF0A and, where it could be read whole, the TLV say about a document.

    A TLV that contradicts FF0A is not believed: between our FF3A and FF3B another program may have asked for another
    document, whose tags we then read.
    """
    entries = _entries(found, tlv)
    whole = bool(entries)
    settles = found.document_type in SETTLEMENTS
    if found.printed_at is None:
        raise ProtocolError("FF0A without a time")
    try:
        kind = ReceiptKind(found.kind) if settles and found.kind else None
    except ValueError as error:
        raise ProtocolError(f"kind {found.kind}") from error
    return FiscalDocument(
        number=found.document_number,
        type=found.document_type,
        sign=str(found.document_sign),
        at=found.printed_at,
        kind=kind,
        total=Money(found.total_kopecks) if settles and found.total_kopecks is not None else None,
        shift_number=_number(entries, 1038) or found.shift_number,
        receipt_number=_number(entries, 1042),
        stamp=_stamp(entries),
        whole=whole,
        tlv=tlv if whole and tlv is not None else b"",
    )


def _entries(found: c.FindDocumentReply, tlv: bytes | None) -> tuple[ffd.Entry, ...]:
    """The tags of the document, none when they could not be read whole or are another document's."""
    if tlv is None or int.from_bytes(tlv[:2], "little") != found.document_type:
        return ()
    try:
        entries = ffd.decode(tlv[4:])
    except ffd.BadTlv:
        return ()
    known = (
        (1040, found.document_number),
        (1077, found.document_sign),
        (1054, found.kind),
        (1020, found.total_kopecks),
    )
    for tag, value in known:
        entry = ffd.find(entries, tag)
        if entry is not None and value is not None and entry.value != value:
            return ()
    return entries


def _stamp(entries: tuple[ffd.Entry, ...]) -> str | None:
    """What carries our key: 1086 under our name, else 1192 where that has the form of a key."""
    name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
    if name is not None and value is not None and name.value == KEY_PROPERTY and isinstance(value.value, str):
        return value.value
    bare = ffd.find(entries, 1192)
    text = bare.value.strip() if bare is not None and isinstance(bare.value, str) else ""
    return text if is_key(text) else None


def _number(entries: tuple[ffd.Entry, ...], tag: int) -> int | None:
    found = ffd.find(entries, tag)
    return found.value if found is not None and isinstance(found.value, int) else None
