"""Receipts as the tax service and the OFDs publish them, read as one thing whatever their dialect.

What is read, by tag (names and dialects: `published_names`; where a file keeps its receipts: `published_json`):

    1012 the time, as text or seconds of the wall clock; the year decides what the code 1 of a rate means
    1020 the total   1031, 1081, 1215…1217 what was paid, each by its name or in a list of payments
    1059 the lines: 1030 name, 1079 price, 1023 quantity, 1043 sum, 1199 rate, 1200 VAT; the oldest dialect names the
         rate by the key instead (`"nds10": 345`), and an exempt line by `"ndsNo": 0`
    1102…1107 and 1115 the VAT of the receipt by rate; a paper receipt typed in has `amountsPrinted` {rate, ndsSum}
    (a sum without its rate says nothing)

Sums are whole kopecks, as numbers (16460, 16460.0) or text. Where one of a receipt's sums has a fraction or is written
with two decimals ("164.60"), all of them are roubles. Quantities carry the noise of binary fractions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from posapp.domain import published_names as names
from posapp.domain.money import KOPECKS_MAX, QUANTITY_DECIMALS, Money
from posapp.domain.published_document import with_its_rates
from posapp.domain.published_json import Fields, Found, bad, element, find_receipts, line_bodies
from posapp.domain.published_names import PAYMENT_KEYS
from posapp.domain.vat import VatRate

LINES_MAX = 5_000
_QUANTITY_MAX = 10**8
_SHOWN = 128
_MILLIONTH = Decimal(1).scaleb(-QUANTITY_DECIMALS)
_NOISE = Decimal("0.0001")
_ROUBLE = 100
_RATE_MAX = 199
_EPOCH = datetime(1970, 1, 1)
_FIRST_SECOND, _LAST_SECOND = 1_420_070_400, 1 << 32
"""2015, before the first such receipt, to where the formats' time ends."""
_YEAR = re.compile(r"(20[0-9]{2})(?:[0-9]{4}(?![0-9])|(?![0-9]))|[0-9]{2}[./-][0-9]{2}[./-](20[0-9]{2})(?![0-9])")
_YEAR_OF_QR = re.compile(r"(?:^|[?&])t=(20[0-9]{2})")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,20})?")
_CODE = re.compile(r"[0-9]{1,3}")
_SPACES = re.compile(r"[\s\u00a0\u202f]")
_ROWS_MAX = 50


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """One line; None stands for what was not published. `price` and `quantity` may be zero (gifts).

    `has_modifiers` says that the oldest format's discounts or mark-ups are there, `modified` what they come to (minus
    for a discount), None when they were published without their sums.
    """

    name: str
    price: Money | None
    quantity: Decimal | None
    line_sum: Money | None
    rate: VatRate | None
    vat_sum: Money | None
    has_modifiers: bool = False
    modified: Money | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A published receipt. `vat` holds VAT by rate, for 0 % and no VAT the turnover (as tags 1104 and 1105 do).

    `year` is None when no date was published, `total` when there is none. `payments` are the tags 1031, 1081,
    1215…1217 that were published. `is_partial` says that lines are missing, `has_corrections` that the oldest format's
    discounts on the whole receipt or cancelled lines are there, `corrected` what these come to, None when unknown.
    """

    year: int | None
    total: Money | None
    lines: tuple[PublishedLine, ...]
    vat: Mapping[VatRate, Money]
    payments: Mapping[int, Money]
    is_partial: bool = False
    has_corrections: bool = False
    corrected: Money | None = None


def read_all(raw: bytes) -> list[Published]:
    """The receipts in a file's bytes. PosError `bad_input`, with the path of the field, when one cannot be read."""
    return [with_its_rates(_in_its_unit(found), found.document) for found in find_receipts(raw)]


def read_published(raw: bytes) -> Published:
    """The only receipt in a file's bytes. PosError `bad_input` when there is none, or several."""
    receipts = read_all(raw)
    if len(receipts) > 1:
        bad(f"чеков в файле {len(receipts)}, а не один")
    return receipts[0]


class _InRoubles(Exception):
    """A sum has a fraction: the receipt's sums are roubles."""


def _in_its_unit(found: Found) -> Published:
    try:
        return _Reader(1).receipt(found)
    except _InRoubles:
        return _Reader(_ROUBLE).receipt(found)


class _Reader:
    """Reads a receipt whose sums are kopecks (`unit` 1) or roubles (100)."""

    def __init__(self, unit: int) -> None:
        self._unit = unit

    def receipt(self, found: Found) -> Published:
        fields = found.fields
        lines = self._lines(fields)
        payments = self._payments(fields)
        sums = [line.line_sum for line in lines if line.line_sum]
        for what, amounts in (("строк", sums), ("оплат", list(payments.values()))):
            if sum(each.kopecks for each in amounts) > KOPECKS_MAX:
                bad(f"{fields.path or 'чек'}: слишком большая сумма {what}")
        when, _ = fields.first(names.WHEN)
        return Published(
            year=_year(when) or _year_of_qr(found.qr),
            total=self._optional(*fields.first(names.TOTAL)),
            lines=lines,
            vat=self._receipt_vat(fields),
            payments=payments,
            is_partial=found.is_partial,
            has_corrections=bool(fields.first(names.MODIFIERS)[0] or fields.first(names.STORNO)[0]),
            corrected=self._corrected(fields),
        )

    def _corrected(self, fields: Fields) -> Money | None:
        """What discounts and mark-ups on the whole receipt and its cancelled lines come to; None when unknown."""
        modified = self._modified(fields) if fields.first(names.MODIFIERS)[0] else Money(0)
        bodies = line_bodies(*fields.first(names.STORNO))
        cancelled = [self._line(body, path).line_sum for body, path in bodies]
        if modified is None or None in cancelled or not (modified or cancelled):
            return None
        return modified - Money(sum(each.kopecks for each in cancelled if each))

    def _modified(self, fields: Fields) -> Money | None:
        """What the modifiers of a line or a receipt come to; None when there are none, or one has no sum."""
        given, where = fields.first(names.MODIFIERS)
        if not given or not isinstance(given, (list, dict)):
            return None
        come_to = Money(0)
        for each, path in _rows(given, where):
            row = Fields(each, path)
            less, more = (self._optional(*row.first(each)) for each in (names.DISCOUNT, names.MARKUP))
            if less is None and more is None:
                return None
            come_to += (more or Money(0)) - (less or Money(0))
        return come_to

    def _lines(self, fields: Fields) -> tuple[PublishedLine, ...]:
        items, where = fields.first(names.ITEMS)
        if items is None or items in ([], {}, ""):
            return ()
        bodies = line_bodies(items, where)
        if not bodies:
            bad(f"{where} не список строк чека")
        if len(bodies) > LINES_MAX:
            bad(f"{where}: больше {LINES_MAX} строк")
        return tuple(self._line(body, path) for body, path in bodies)

    def _line(self, body: object, path: str) -> PublishedLine:
        if not isinstance(body, dict):
            bad(f"{path} не объект")
        item = Fields(body, path)
        rate, vat_sum = self._line_vat(item)
        price = self._optional(*item.first(names.PRICE))
        quantity = _quantity(*item.first(names.QUANTITY))
        if price and quantity and price.kopecks * quantity > KOPECKS_MAX:
            bad(f"{path}: слишком большая сумма")
        return PublishedLine(
            name=str(item.first(names.NAME)[0] or "")[:_SHOWN],
            price=price,
            quantity=quantity,
            line_sum=self._optional(*item.first(names.LINE_SUM)),
            rate=rate,
            vat_sum=vat_sum,
            has_modifiers=bool(item.first(names.MODIFIERS)[0]),
            modified=self._modified(item),
        )

    def _line_vat(self, item: Fields) -> tuple[VatRate | None, Money | None]:
        """Rate and VAT of a line: by code or words, else by the one key that names a rate (of several: not zero)."""
        code, where = item.first(names.RATE)
        vat_sum = self._optional(*item.first(names.LINE_VAT))
        if code is not None:
            rate = _rate(code, where)
            return rate, vat_sum or (rate and self._by_rate(item).get(rate)) or vat_sum
        words, where = item.first(names.VAT)
        if isinstance(words, dict):
            row = Fields(words, where)
            return _rate(*row.first(names.ROW_RATE)), self._optional(*row.first(names.ROW_VAT))
        if isinstance(words, str) and names.rate_of_text(words):
            return names.rate_of_text(words), vat_sum
        named = self._by_rate(item)
        if len(named) > 1:
            named = {rate: amount for rate, amount in named.items() if amount}
        return next(iter(named.items())) if len(named) == 1 else (None, vat_sum)

    def _receipt_vat(self, fields: Fields) -> dict[VatRate, Money]:
        """VAT by rate, however it was published; a rate that is named twice must say the same."""
        found = self._by_rate(fields)
        rows: list[tuple[Any, str]] = []
        for container, where in fields.all(names.RECEIPT_VAT):
            for each, path in _rows(container, where):
                inner = Fields(each, path)
                nested = inner.all(names.RECEIPT_VAT_ROWS)
                rows += [row for value, at in nested for row in _rows(value, at)] if nested else [(each, path)]
        for container, where in fields.all(names.TYPED_VAT):
            for each, path in _rows(container, where):
                if Fields(each, path).has(names.ROW_RATE):
                    rows.append((each, path))
                else:
                    _agreed(found, self._by_rate(Fields(each, path)), path)
        for each, path in rows:
            row = Fields(each, path)
            typed, where = row.first(names.ROW_RATE)
            is_percent = names.plain_name(where.rpartition(".")[2]) == "rate"
            rate = _rate(typed, where, is_percent=is_percent)
            if rate is None:
                bad(f"{where}: нет такой ставки")
            _agreed(found, {rate: self._kopecks(*row.first(names.ROW_VAT))}, path)
        return found

    def _by_rate(self, fields: Fields) -> dict[VatRate, Money]:
        """The sums under keys that name a rate."""
        found: dict[VatRate, Money] = {}
        for name in fields:
            rate = names.rate_named(name)
            if rate is not None:
                [(value, where)] = fields.all((name,))
                _agreed(found, {rate: self._kopecks(value, where)}, where)
        return found

    def _payments(self, fields: Fields) -> dict[int, Money]:
        found: dict[int, Money] = {}
        for tag, keys in PAYMENT_KEYS.items():
            for value, where in fields.all(keys):
                amount, known = self._kopecks(value, where), found.get(tag)
                if known and amount and known != amount:
                    bad(f"{where}: две разные суммы одной оплаты")
                found[tag] = known or amount  # a zero under another name says nothing
        listed, where = fields.first(names.PAYMENTS)
        for each, path in _rows(listed, where) if listed is not None and not found else ():
            row = Fields(each, path)
            kind, at = row.first(names.PAYMENT_TYPE)
            tag = names.PAYMENT_TYPES.get(str(kind).lower(), 0)
            if not tag:
                bad(f"{at}: нет такого вида оплаты")
            found[tag] = found.get(tag, Money(0)) + self._kopecks(*row.first(names.PAYMENT_SUM))
        return found

    def _optional(self, value: object, where: str) -> Money | None:
        return None if value is None else self._kopecks(value, where)

    def _kopecks(self, value: object, where: str) -> Money:
        """A sum, zero or more. `_InRoubles` when it shows that its receipt counts in roubles."""
        if value is None:
            bad(f"нет {where}")
        number = _number(value)
        if number is None or number < 0:
            bad(f"{where}: не число {'копеек' if self._unit == 1 else 'рублей'}")
        if number > KOPECKS_MAX:
            bad(f"{where}: слишком большая сумма")
        exact = number.quantize(_NOISE)
        if self._unit == 1 and (exact != exact.to_integral_value() or number.as_tuple().exponent == -2):
            raise _InRoubles
        kopecks = exact * self._unit
        if kopecks != kopecks.to_integral_value():
            bad(f"{where}: доли копейки")
        if kopecks > KOPECKS_MAX:
            bad(f"{where}: слишком большая сумма")
        return Money(int(kopecks))


def _agreed(found: dict[VatRate, Money], more: Mapping[VatRate, Money], where: str) -> None:
    """Adds sums of VAT to those that were found; the same rate must have the same sum, or none beside it.

    Some publish a rate under its old and its new name, with a zero under one of them (`nds18`, `nds20`).
    """
    for rate, amount in more.items():
        known = found.get(rate)
        if known and amount and known != amount:
            bad(f"{where}: две разные суммы НДС по ставке {rate.title}")
        found[rate] = known or amount


def _rows(value: object, where: str) -> list[tuple[dict[str, Any], str]]:
    """A list of objects with their paths, or one object in place of the list."""
    given = value if isinstance(value, list) else [value]
    if len(given) > _ROWS_MAX or not all(isinstance(row, dict) for row in given):
        bad(f"{where} не список сумм")
    return [(row, element(where, number) if isinstance(value, list) else where) for number, row in enumerate(given)]


def _rate(value: object, where: str, *, is_percent: bool = False) -> VatRate | None:
    """The rate of a code of tag 1199, a percentage that is no code, 110 for 10/110, or words; None for 0."""
    if isinstance(value, str):
        if not value.strip():
            return None
        code = value.strip().rstrip("% ")
        found = names.rate_of_percent(int(code)) if is_percent and _CODE.fullmatch(code) else names.rate_of_text(value)
    else:
        number = _number(value)
        if number is None or number != number.to_integral_value() or number > _RATE_MAX:
            bad(f"{where}: нет такой ставки")
        if not number and not is_percent:
            return None
        is_code = number in VatRate.__members__.values() and not is_percent
        found = VatRate(int(number)) if is_code else names.rate_of_number(int(number))
    if found is None:
        bad(f"{where}: нет такой ставки")
    return found


def _number(value: object) -> Decimal | None:
    """A finite number from a number, its text, or a database's `{"$numberLong": "5"}`; None when it is none."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("$number"):
        value = next(iter(value.values()))
    if isinstance(value, str):
        text = _SPACES.sub("", value).replace(",", ".")
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    number = Decimal(value)
    return number if number.is_finite() else None


def _quantity(value: object, where: str) -> Decimal | None:
    """Zero or more, to six decimals: what lies behind them is noise of the binary fraction that was published."""
    if value is None:
        return None
    number = _number(value)
    if number is None or not 0 <= number < _QUANTITY_MAX:
        bad(f"{where}: не количество")
    return number.quantize(_MILLIONTH, rounding=ROUND_HALF_UP)


def _year(value: object) -> int | None:
    """The year of 1012: from text (cut off as one likes), or from seconds or milliseconds since 1970."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))  # a database's {"$date": …}
    if isinstance(value, str):
        found = _YEAR.match(value.strip())
        if found:
            return int(found[1] or found[2])
    number = _number(value)
    if number is None or not _FIRST_SECOND < number < _LAST_SECOND * 1_000:
        return None
    seconds = int(number) if number < _LAST_SECOND else int(number) // 1_000
    return (_EPOCH + timedelta(seconds=seconds)).year if seconds > _FIRST_SECOND else None


def _year_of_qr(text: str) -> int | None:
    found = _YEAR_OF_QR.search(text[:200])
    return int(found[1]) if found else None
