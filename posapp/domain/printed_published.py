"""A receipt that others published as JSON, as it was printed: its tags as far as they were told, then the usual form.

Sums, rates and lines come from `published`, which knows the dialects; here are the fields of the head and the foot, by
the names of the tax service and of OFDs. What was not published is not made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from posapp.domain.ffd import Document
from posapp.domain.fiscal import DocumentType
from posapp.domain.printed import PrintedForm
from posapp.domain.printed_document import Beside, entries_of, form_of
from posapp.domain.printed_words import FLAT_RATES
from posapp.domain.published import Published, PublishedLine, read_all
from posapp.domain.published_json import Fields, Found, find_receipts, line_bodies
from posapp.domain.published_names import CODE, ITEMS, WHEN

PARTIAL = "ОПУБЛИКОВАНЫ НЕ ВСЕ СТРОКИ"
_EPOCH = datetime(1970, 1, 1)
_TEXTS: Mapping[int, tuple[str, ...]] = {
    1048: ("user", "1048", "username"),
    1018: ("userinn", "1018"),
    1009: ("retailplaceaddress", "1009", "address"),
    1187: ("retailplace", "calculationplace", "1187"),
    1021: ("operator", "1021"),
    1036: ("machinenumber", "kktmachinenumber", "1036"),
    1037: ("kktregid", "kktregnumber", "1037"),
    1013: ("numberkkt", "kktfactorynumber", "1013"),
    1041: ("fiscaldrivenumber", "fnfactorynumber", "fnnumber", "1041"),
    1008: ("buyerphoneoraddress", "buyeraddress", "1008"),
    1117: ("senderaddress", "selleraddress", "1117"),
    1060: ("fnsurl", "fnssite", "fnssiteurl", "taxauthoritysite", "addresstocheckfiscalsign", "authorityuri", "1060"),
    1192: ("propertiesdata", "1192"),
}
_NUMBERS: Mapping[int, tuple[str, ...]] = {
    1038: ("shiftnumber", "docshiftnumber", "1038"),
    1040: ("fiscaldocumentnumber", "documentnumber", "docnumber", "1040"),
    1042: ("requestnumber", "receiptnumber", "1042"),
    1054: ("operationtype", "1054"),
    1055: ("appliedtaxationtype", "taxationtype", "1055"),
    1077: ("decimalfiscalsign", "fiscalsign", "1077"),
    2107: ("checkinglabeledprodresult", "2107"),
}
_LINE_NUMBERS: Mapping[int, tuple[str, ...]] = {
    1214: ("paymenttype", "calculationtypesign", "calculationmethod", "1214"),
    1212: ("producttype", "calculationsubjectsign", "subjecttype", "1212"),
    2108: ("itemsquantitymeasure", "productunitofmeasure", "2108"),
    2106: ("checkingprodinformationresult", "2106"),
    1222: ("paymentagentbyproducttype", "1222"),
}
_MOST = {1054: 4, 1212: 99, 1214: 99, 2108: 255, 2106: 255, 1055: 255, 1222: 255}
_TEXT_MAX, _NUMBER_MAX = 1_000, (1 << 32) - 1
_FLAT = {code: tag for tag, code in FLAT_RATES.items()}
_FORMS = {3: DocumentType.RECEIPT, 4: DocumentType.BSO, 31: DocumentType.CORRECTION, 41: DocumentType.BSO_CORRECTION}


def published_forms(raw: bytes) -> list[PrintedForm]:
    """The printed form of each receipt in a file. PosError `bad_input` with the path of what cannot be read."""
    return [_form(found, receipt) for found, receipt in zip(find_receipts(raw), read_all(raw), strict=True)]


def _form(found: Found, receipt: Published) -> PrintedForm:
    fields = found.fields
    at = _time(fields.first(WHEN)[0], receipt.year)
    values: list[tuple[int, object]] = [(tag, _text(fields, names)) for tag, names in _TEXTS.items()]
    values += [(tag, _number(fields, names, tag)) for tag, names in _NUMBERS.items()]
    values += [(1012, at), (1020, None if receipt.total is None else receipt.total.kopecks)]
    bodies = [Fields(body, path) for body, path in line_bodies(*fields.first(ITEMS))]
    values += [(1059, _line(line, body)) for line, body in zip(receipt.lines, bodies, strict=True)]
    values += [(tag, amount.kopecks) for tag, amount in receipt.payments.items()]
    values += [(_FLAT[rate], amount.kopecks) for rate, amount in receipt.vat.items() if rate in _FLAT]
    rows = tuple(
        (1119, ((1199, rate.value), (1120, amount.kopecks)))
        for rate, amount in receipt.vat.items()
        if rate not in _FLAT
    )
    values += [(1115, rows)] if rows else []
    notice = (PARTIAL,) if receipt.is_partial else ()
    form = _FORMS.get(_whole(fields.first(CODE)[0]) or 3, DocumentType.RECEIPT)
    return form_of(Document(form, entries_of(values)), Beside(notice=notice))


def _line(line: PublishedLine, body: Fields) -> tuple[tuple[int, object], ...]:
    quantity = line.quantity
    values: list[tuple[int, object]] = [
        (1030, line.name),
        (1023, None if quantity is None else Decimal(quantity)),
        (1079, None if line.price is None else line.price.kopecks),
        (1043, None if line.line_sum is None else line.line_sum.kopecks),
        (1199, None if line.rate is None else line.rate.value),
        (1200, None if line.vat_sum is None else line.vat_sum.kopecks),
        (1197, _text(body, ("unit", "measure", "unitofmeasure", "1197"))),
        (1162, b"?" if body.has(("nomenclaturecode", "1162")) and not body.has(("2106",)) else None),
    ]
    return (*values, *((tag, _number(body, names, tag)) for tag, names in _LINE_NUMBERS.items()))


def _text(fields: Fields, names: tuple[str, ...]) -> str:
    """A text, or a number in place of one; "" for what is neither."""
    value = fields.first(names)[0]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()[:_TEXT_MAX]


def _number(fields: Fields, names: tuple[str, ...], tag: int) -> int | None:
    value = _whole(fields.first(names)[0])
    return value if value is not None and 0 <= value <= _MOST.get(tag, _NUMBER_MAX) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,10}", value.strip()):
        return int(value)
    return value if type(value) is int else None


def _time(value: Any, year: int | None) -> datetime | None:
    """1012 from ISO text or seconds of the wall clock; a year alone, or a day without its time, is no time."""
    if type(value) is int and 0 < value <= _NUMBER_MAX:
        return _EPOCH + timedelta(seconds=value)
    if not isinstance(value, str) or year is None or len(value.strip()) < len("2026-11-21T14:05"):
        return None
    try:
        return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
    except ValueError:
        return None
