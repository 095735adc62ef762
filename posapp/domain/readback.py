"""A receipt read back from its fiscal document: for a journal that lost what the storage has kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from posapp.domain import ffd
from posapp.domain.correction_sums import RATE_TAGS, lines_of_sums
from posapp.domain.gs1 import is_gtin
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import (
    CashlessDetail,
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.settlement import Settlement, Stamp, identity_of
from posapp.domain.terms import MEASURES, CorrectionType
from posapp.domain.vat import VatRate

SIGN_DIGITS = 10  # 1077 as decimal text
_GS1_TYPE = b"\x44\x4d"
"""The first two bytes of 1162 for codes of the GS1 families."""
_MEASURE_OF_WORD = {ffd.encode_text(word).decode("cp866")[:16].strip(): measure for measure, word in MEASURES.items()}
"""Tag 1197 as it is stored → 2108."""


def receipt_from(
    entries: Sequence[ffd.Entry], stamp: Stamp, settlement: Settlement, *, now: datetime, is_training: bool
) -> Receipt:
    """The receipt that a document shows. Raises ValueError when it is not one that this program would have printed.

    Cash is what was paid, not what was handed over: a document does not know the change. The identity has only the 80
    bits that travel in the key; the key is the same. Of a marking code the document holds what names the thing (1162,
    1163); place and address may be the register's own and are left to it. Of what a document refers to (1192) only the
    sign is there. A correction of FFD 1.05 has no lines: it gets one for each rate.
    """
    lines = tuple(_line(entry.items or ()) for entry in entries if entry.tag == 1059)
    if not lines and is_by_sums(entries):
        lines = lines_of_sums(Money(_int(entries, 1020)), sums_of(entries), Money(_int(entries, 1216, default=0)))
    tenders = tuple(
        Tender(kind, Money(amount)) for kind in TenderKind if (amount := _int(entries, kind.value, default=0)) > 0
    )
    receipt = Receipt(
        identity=UUID(int=identity_of(stamp.key)),
        settlement=settlement,
        order_number=stamp.order,
        lines=lines,
        tenders=tenders,
        tax_system=TaxSystem(_int(entries, 1055)),
        till=stamp.till,
        cashier=_text(entries, 1021),
        created_at=now,
        buyer_contact=_text(entries, 1008),
        buyer_name=_text(entries, 1227) or _text(entries, 1256, 1227),
        buyer_inn=(_text(entries, 1228) or _text(entries, 1256, 1228)).strip(),
        is_training=is_training,
        cashless=_cashless(entries),
        cashier_inn=_text(entries, 1203).strip(),
        is_internet=_int(entries, 1125, default=0) == 1,
        basis=_basis(entries),
        correction=_correction(entries),
    )
    if receipt.kind != _int(entries, 1054) or receipt.total.kopecks != _int(entries, 1020):
        raise ValueError("kind or total of the document differ from its lines")
    return receipt


def is_by_sums(entries: Sequence[ffd.Entry]) -> bool:
    """Whether this is a correction without lines, which only says what was taken at which rate (FFD 1.05)."""
    return ffd.find(entries, 1173) is not None and all(entry.tag != 1059 for entry in entries)


def sums_of(entries: Sequence[ffd.Entry]) -> dict[VatRate, Money]:
    """The sums by rate of a document, where they are not zero: VAT, for 0 % and without VAT the turnover."""
    found = {rate: _int(entries, tag, default=0) for tag, rate in RATE_TAGS.items()}
    return {rate: Money(kopecks) for rate, kopecks in found.items() if kopecks}


def _line(entries: Sequence[ffd.Entry]) -> ReceiptLine:
    quantity = ffd.find(entries, 1023)
    if quantity is None or not isinstance(quantity.value, Decimal):
        raise ValueError("a line without a quantity")
    return ReceiptLine(
        name=_text(entries, 1030),
        price=Money(_int(entries, 1079)),
        quantity=Quantity(quantity.value),
        line_sum=Money(_int(entries, 1043)),
        vat=VatRate(_int(entries, 1199)),
        payment_method=PaymentMethod(_int(entries, 1214)),
        payment_object=PaymentObject(_int(entries, 1212)),
        marking=_marking(entries),
        measure=_measure(entries),
    )


def _cashless(entries: Sequence[ffd.Entry]) -> tuple[CashlessDetail, ...]:
    """Tag 1234: each 1235 inside."""
    told = ffd.find(entries, 1234)
    items = [each.items or () for each in (told.items if told is not None and told.items else ()) if each.tag == 1235]
    return tuple(
        CashlessDetail(Money(_int(each, 1082)), _int(each, 1236, default=0), _text(each, 1237), _text(each, 1238))
        for each in items
    )


def _basis(entries: Sequence[ffd.Entry]) -> OriginalReceipt | None:
    """What 1192 names, unless it carries our own key or is free text."""
    sign = _text(entries, 1192).strip()
    is_sign = sign.isascii() and sign.isdigit() and len(sign) <= SIGN_DIGITS and int(sign) < 1 << 32
    return OriginalReceipt(sign) if is_sign else None


def _correction(entries: Sequence[ffd.Entry]) -> CorrectionBasis | None:
    """Tags 1173 and 1174 of a correction receipt; None for a receipt."""
    if ffd.find(entries, 1173) is None:
        return None
    day = ffd.find(entries, 1174, 1178)
    if day is None or not isinstance(day.value, datetime):
        raise ValueError("a correction without the day of what it puts right")
    return CorrectionBasis(
        CorrectionType(_int(entries, 1173)),
        day.value.date(),
        _text(entries, 1174, 1179).strip(),
        _text(entries, 1174, 1177).strip(),
    )


def _measure(entries: Sequence[ffd.Entry]) -> int:
    """Tag 2108 of FFD 1.2; in 1.05 the word for it (1197), pieces where there is none."""
    return _int(entries, 2108, default=_MEASURE_OF_WORD.get(_text(entries, 1197).strip(), 0))


def _marking(entries: Sequence[ffd.Entry]) -> str:
    """What the storage keeps of a marking code: GTIN and serial (1163 {1305}, in FFD 1.05 1162), which name the thing
    for a refund.

    The check code is not in the document, and of other families not even the whole name.
    """
    product = ffd.find(entries, 1163, 1305)
    if product is not None:
        return product.value if isinstance(product.value, str) else ""
    old = ffd.find(entries, 1162)
    raw = old.value if old is not None and isinstance(old.value, bytes) else b""
    gtin, serial = f"{int.from_bytes(raw[2:8], 'big'):014d}", raw[8:].decode("cp866").rstrip()
    is_whole = raw[:2] == _GS1_TYPE and serial.isascii() and is_gtin(gtin)
    return f"01{gtin}21{serial}" if is_whole and serial else ""


def _int(entries: Sequence[ffd.Entry], tag: int, default: int | None = None) -> int:
    found = ffd.find(entries, tag)
    if found is None and default is not None:
        return default
    if found is None or not isinstance(found.value, int):
        raise ValueError(f"the document has no number under tag {tag}")
    return found.value


def _text(entries: Sequence[ffd.Entry], *path: int) -> str:
    found = ffd.find(entries, *path)
    return found.value if found is not None and isinstance(found.value, str) else ""
