"""A stored receipt as it is printed: its tags as the register writes them, then the form of any such document.

The receipt, its mark and what is known of the register are all that is needed: no network, no device. What the register
alone knows – the exact text of its head – comes from its profile, as set-up has read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from posapp.domain.ffd import Document, Entry
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind
from posapp.domain.printed import PrintedForm
from posapp.domain.printed_document import Beside, entries_of, form_of
from posapp.domain.printed_words import FLAT_RATES
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine, TenderKind
from posapp.domain.registration import FormProfile
from posapp.domain.settlement import KEY_PROPERTY, Stamp
from posapp.domain.terms import MEASURES

NOT_MADE = "ЧЕК НЕ ПРОБИТ"
_FLAT = {code: tag for tag, code in FLAT_RATES.items()}
_PLAIN_OBJECTS = {
    PaymentObject.EXCISE_UNMARKED: PaymentObject.EXCISE,
    PaymentObject.EXCISE_MARKED: PaymentObject.EXCISE,
    PaymentObject.COMMODITY_UNMARKED: PaymentObject.COMMODITY,
    PaymentObject.COMMODITY_MARKED: PaymentObject.COMMODITY,
}
_CODED_OBJECTS = {
    PaymentObject.COMMODITY: PaymentObject.COMMODITY_MARKED,
    PaymentObject.EXCISE: PaymentObject.EXCISE_MARKED,
}


def receipt_form_of(
    receipt: Receipt,
    mark: FiscalMark | None,
    profile: FormProfile | None = None,
    verdicts: Mapping[int, int] | None = None,
) -> PrintedForm:
    """The printed form of a receipt; without a mark it says at the top that there is no receipt.

    `verdicts`: by number of the line, from 0, the result of checking its marking code (2106) in the try that was made.
    """
    profile = profile or FormProfile()
    beside = Beside(
        registration=profile.registration,
        cash_given=receipt.tender(TenderKind.CASH).kopecks,
        change=receipt.change.kopecks,
        notice=() if mark is not None else (NOT_MADE,),
        is_training=receipt.is_training,
    )
    document = Document(receipt.document_type, receipt_entries(receipt, mark, profile, verdicts or {}))
    return form_of(document, beside)


def receipt_entries(
    receipt: Receipt, mark: FiscalMark | None, profile: FormProfile, verdicts: Mapping[int, int]
) -> tuple[Entry, ...]:
    """The tags of the document that a receipt becomes; those of the mark are missing without one."""
    known = profile.registration
    values: list[tuple[int, object]] = [
        (1048, known.user),
        (1018, known.inn),
        (1009, receipt.address or known.address),
        (1187, receipt.place or known.place),
        (1054, receipt.kind.value),
        (1055, receipt.tax_system.value),
        (1021, receipt.cashier),
        (1020, receipt.total.kopecks),
        *_mark(mark),
        *_correction(receipt, profile),
    ]
    if _has_items(receipt, profile):
        for number, line in enumerate(receipt.lines):
            values.append((1059, _item(line, profile, verdicts.get(number))))
    if mark is not None and profile.ffd == "1.2" and any(line.marking for line in receipt.lines):
        values.append((2107, _checks(receipt, verdicts)))
    values += _buyer(receipt)
    values += _payments(receipt)
    values += _vat(receipt, profile.vat_formula)
    return entries_of([*values, *_requisites(receipt, profile), (1060, known.fns_site)])


def _has_items(receipt: Receipt, profile: FormProfile) -> bool:
    """A correction of FFD 1.05 has sums only."""
    return receipt.document_type is not DocumentType.CORRECTION or profile.ffd != "1.05"


def _mark(mark: FiscalMark | None) -> list[tuple[int, object]]:
    if mark is None:
        return []
    return [
        (1012, mark.printed_at),
        (1038, mark.shift_number),
        (1042, mark.receipt_number),
        (1037, mark.registration_number),
        (1041, mark.storage_number),
        (1040, mark.document_number),
        (1077, int(mark.document_sign)),
    ]


def _correction(receipt: Receipt, profile: FormProfile) -> list[tuple[int, object]]:
    basis = receipt.correction
    if basis is None:
        return []
    inside = [(1178, datetime.combine(basis.day, time())), (1179, basis.number)]
    if profile.ffd == "1.05":  # wants a number also where there is no order
        inside = [(1177, basis.text), inside[0], (1179, basis.number or "б/н")]
    return [(1173, basis.type.value), (1174, tuple(inside))]


def _item(line: ReceiptLine, profile: FormProfile, verdict: int | None) -> tuple[tuple[int, object], ...]:
    is_1_2 = profile.ffd == "1.2"
    return (
        (1030, line.name),
        (1023, line.quantity.value),
        (2108, line.measure if is_1_2 else None),
        (1197, MEASURES[line.measure] if line.measure and not is_1_2 else None),
        (1079, line.price.kopecks),
        (1043, line.line_sum.kopecks),
        (1199, line.vat.value),
        (1200, line.vat_sum.kopecks if line.vat.percent else None),
        (1214, line.payment_method.value),
        (1212, _object(line, is_1_2=is_1_2).value),
        (1162, line.marking.encode() if line.marking and not is_1_2 else None),
        (2106, verdict if is_1_2 and line.marking else None),
    )


def _checks(receipt: Receipt, verdicts: Mapping[int, int]) -> int:
    """Tag 2107 of the verdicts (2106): bit 0 some code was not checked to the end, bit 1 some answer was negative."""
    results = [verdicts.get(number, 0) for number, line in enumerate(receipt.lines) if line.marking]
    is_unchecked = any(result & 5 != 5 for result in results)
    is_negative = any((result & 1 and not result & 2) or (result & 4 and not result & 8) for result in results)
    return int(is_unchecked) | int(is_negative) << 1


def _object(line: ReceiptLine, *, is_1_2: bool) -> PaymentObject:
    """Tag 1212 as the format knows it: only FFD 1.2 tells goods with a code from others."""
    if not is_1_2:
        return _PLAIN_OBJECTS.get(line.payment_object, line.payment_object)
    return _CODED_OBJECTS.get(line.payment_object, line.payment_object) if line.marking else line.payment_object


def _buyer(receipt: Receipt) -> list[tuple[int, object]]:
    """The contact, and for a buyer who has an INN his name with it."""
    name = receipt.buyer_name if receipt.buyer_inn else ""
    return [(1008, receipt.buyer_contact), (1227, name), (1228, receipt.buyer_inn)]


def _payments(receipt: Receipt) -> list[tuple[int, object]]:
    """What stayed of each tender: cash without the change."""
    paid = {kind: receipt.tender(kind).kopecks for kind in TenderKind}
    paid[TenderKind.CASH] -= receipt.change.kopecks
    return [(kind.value, amount) for kind, amount in paid.items()]


def _vat(receipt: Receipt, formula: str) -> list[tuple[int, object]]:
    """Sums by rate: those of the old rates in tags of their own, the others in 1115."""
    sums = receipt.vat(formula)
    flat = [(_FLAT[rate], amount.kopecks) for rate, amount in sums.items() if rate in _FLAT]
    rows = tuple(
        (1119, ((1199, rate.value), (1120, amount.kopecks))) for rate, amount in sums.items() if rate not in _FLAT
    )
    return [*flat, (1115, rows)] if rows else [*flat]


def _requisites(receipt: Receipt, profile: FormProfile) -> list[tuple[int, object]]:
    """Which receipt this one is about (1192), and our own key where this register takes it."""
    tag = profile.key_tags.get(receipt.kind.value, profile.key_tags.get(ReceiptKind.SELL.value, ""))
    values: list[tuple[int, object]] = [(1125, 1 if receipt.is_internet else None)]
    if receipt.basis is not None:
        values.append((1192, receipt.basis.document_sign))
    elif tag == "1192":
        values.append((1192, receipt.key))
    if tag == "1084":
        stamp = Stamp(receipt.till, receipt.order_number, receipt.key).text()
        values.append((1084, ((1085, KEY_PROPERTY), (1086, stamp))))
    return values
