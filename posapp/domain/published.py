"""Receipts as the tax service and the OFDs publish them, read and recomputed.

The JSON of the tax service's app and of OFD sites is one format with several dialects. Sums are kopecks, quantities
JSON numbers with the noise of binary fractions in them. What is read, by tag:

    1012 dateTime            ISO text or seconds of the wall clock; the year decides what the code 1 means
    1020 totalSum            1031 cashTotalSum   1081 ecashTotalSum   1215 prepaidSum or prepaymentSum
                             1216 creditSum or postpaymentSum         1217 provisionSum or counterSubmissionSum
    1059 items: 1030 name, 1079 price, 1023 quantity, 1043 sum, 1199 nds or ndsRate, 1200 ndsSum; the oldest dialect
         names the rate by the key instead (`"nds10": 345`), and an exempt line by `"ndsNo": 0`
    1102… nds18 (20 % from 2019 on), nds10, nds0, ndsNo, ndsCalculated18, nds18118 and the like;
    1115  amountsReceiptNds.amountsNds[{nds, ndsSum}]; a paper receipt typed in has amountsPrinted {rate, ndsSum}

A file is the receipt itself or wraps it: `{"receipt": …}`, with `"partial": true` when not all lines were published,
`{"ticket": {"document": {"receipt": …}}}`, or a list with one of these. Everything in it is untrusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn

from posapp.domain.money import KOPECKS_MAX, QUANTITY_DECIMALS, Money
from posapp.domain.vat import VatRate
from posapp.errors import PosError

FILE_MAX = 1_000_000
"""Bytes of a published receipt; the longest real ones have 40 kB."""
LINES_MAX = 5_000
_QUANTITY_MAX = 10**8
_SHOWN = 128
_MILLIONTH = Decimal(1).scaleb(-QUANTITY_DECIMALS)
_EPOCH = datetime(1970, 1, 1)
_YEAR = re.compile(r"(20[0-9]{2})(?![0-9])")
_WRAPPERS = ("ticket", "document", "receipt", "bso")


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """One line; None stands for what was not published. `price` and `quantity` may be zero (gifts)."""

    name: str
    price: Money | None
    quantity: Decimal | None
    line_sum: Money
    rate: VatRate | None
    vat_sum: Money | None
    has_modifiers: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A published receipt. `vat` holds VAT by rate, for 0 % and no VAT the turnover (as tags 1104 and 1105 do).

    `year` is None when no date was published. `payments` are the tags 1031, 1081, 1215…1217 that were published.
    `is_partial` says that lines are missing, `has_corrections` that the oldest format's discounts on the whole receipt
    or cancelled lines are there.
    """

    year: int | None
    total: Money
    lines: tuple[PublishedLine, ...]
    vat: Mapping[VatRate, Money]
    payments: Mapping[int, Money]
    is_partial: bool = False
    has_corrections: bool = False


def _rates_by_key() -> dict[str, VatRate]:
    """The keys that name a rate. `nds18` went on meaning the code 1 when the code 1 became 20 %."""
    found = {"nds0": VatRate.VAT_0, "ndsNo": VatRate.NONE}
    for percent, plain, extracted in (
        (18, VatRate.VAT_20, VatRate.VAT_20_120),
        (20, VatRate.VAT_20, VatRate.VAT_20_120),
        (22, VatRate.VAT_22, VatRate.VAT_22_122),
        (10, VatRate.VAT_10, VatRate.VAT_10_110),
        (7, VatRate.VAT_7, VatRate.VAT_7_107),
        (5, VatRate.VAT_5, VatRate.VAT_5_105),
    ):
        found[f"nds{percent}"] = plain
        found[f"ndsCalculated{percent}"] = found[f"nds{percent}1{percent:02d}"] = extracted
    return found


RATE_KEYS: Mapping[str, VatRate] = _rates_by_key()
PAYMENT_KEYS: Mapping[int, tuple[str, ...]] = {
    1031: ("cashTotalSum",),
    1081: ("ecashTotalSum",),
    1215: ("prepaidSum", "prepaymentSum"),
    1216: ("creditSum", "postpaymentSum"),
    1217: ("provisionSum", "counterSubmissionSum"),
}


def read_published(raw: bytes) -> Published:
    """The receipt in a file's bytes. PosError `bad_input` when it is no JSON, no receipt, or beyond the bounds."""
    if len(raw) > FILE_MAX:
        _bad(f"больше {FILE_MAX} байт")
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        _bad("вложенность слишком глубока")
    except (ValueError, InvalidOperation) as error:  # also bytes that are no UTF-8 and numbers without measure
        at = error.pos if isinstance(error, json.JSONDecodeError) else None
        _bad("не JSON", at)
    return _published(*_unwrapped(body))


def _unwrapped(body: object) -> tuple[dict[str, Any], bool]:
    """The receipt's own object, and whether a wrapper says `partial`."""
    is_partial = False
    for _ in range(8):
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        if not isinstance(body, dict):
            break
        is_partial = is_partial or body.get("partial") is True
        inner = next((body[key] for key in _WRAPPERS if isinstance(body.get(key), dict)), None)
        if inner is None:
            return body, is_partial
        body = inner
    _bad("нет чека")


def _published(receipt: dict[str, Any], is_partial: bool) -> Published:
    items = receipt.get("items")
    if not isinstance(items, list):
        _bad("нет списка items")
    if len(items) > LINES_MAX:
        _bad(f"больше {LINES_MAX} строк")
    if "totalSum" not in receipt:
        _bad("нет totalSum")
    lines = tuple(_line(item, f"items[{number}]") for number, item in enumerate(items))
    payments = _payments(receipt)
    for what, sums in (("строк", [line.line_sum for line in lines]), ("оплат", list(payments.values()))):
        if sum(each.kopecks for each in sums) > KOPECKS_MAX:
            _bad(f"слишком большая сумма {what}")
    return Published(
        year=_year(receipt.get("dateTime", receipt.get("localDateTime"))),
        total=_kopecks(receipt["totalSum"], "totalSum"),
        lines=lines,
        vat=_receipt_vat(receipt),
        payments=payments,
        is_partial=is_partial,
        has_corrections=bool(receipt.get("modifiers") or receipt.get("stornoItems")),
    )


def _line(item: object, where: str) -> PublishedLine:
    if not isinstance(item, dict):
        _bad(f"{where} не объект")
    if "sum" not in item:
        _bad(f"нет {where}.sum")
    line_sum = _kopecks(item["sum"], f"{where}.sum")
    rate, vat_sum = _line_vat(item, where)
    price = None if item.get("price") is None else _kopecks(item["price"], f"{where}.price")
    quantity = None if item.get("quantity") is None else _quantity(item["quantity"], f"{where}.quantity")
    if price and quantity and price.kopecks * quantity > KOPECKS_MAX:
        _bad(f"{where}: слишком большая сумма")
    return PublishedLine(
        name=str(item.get("name") or "")[:_SHOWN],
        price=price,
        quantity=quantity,
        line_sum=line_sum,
        rate=rate,
        vat_sum=vat_sum,
        has_modifiers=bool(item.get("modifiers")),
    )


def _line_vat(item: Mapping[str, Any], where: str) -> tuple[VatRate | None, Money | None]:
    """Rate and VAT of a line: by code, else by the one key that names a rate (the one that is not zero, of several)."""
    for key in ("nds", "ndsRate"):
        if item.get(key) is not None:
            vat_sum = item.get("ndsSum")
            shown = None if vat_sum is None else _kopecks(vat_sum, f"{where}.ndsSum")
            return _rate(item[key], f"{where}.{key}"), shown
    named = {RATE_KEYS[key]: _kopecks(item[key], f"{where}.{key}") for key in _rate_keys(item)}
    if len(named) > 1:
        named = {rate: amount for rate, amount in named.items() if amount}
    return next(iter(named.items())) if len(named) == 1 else (None, None)


def _receipt_vat(receipt: Mapping[str, Any]) -> dict[VatRate, Money]:
    """VAT by rate, however it was published; a rate that is named twice must say the same."""
    pairs = [(RATE_KEYS[key], receipt[key], key) for key in _rate_keys(receipt)]
    container = receipt.get("amountsReceiptNds")
    pairs += [
        (_rate(row.get("nds"), "amountsNds.nds"), row.get("ndsSum"), "amountsNds.ndsSum")
        for row in _rows(container.get("amountsNds") if isinstance(container, dict) else container)
    ]
    for row in _rows(receipt.get("amountsPrinted")):
        rate = RATE_KEYS.get(f"nds{row.get('rate')}")
        if rate is None:
            _bad("неизвестная ставка в amountsPrinted")
        pairs.append((rate, row.get("ndsSum"), "amountsPrinted.ndsSum"))
    found: dict[VatRate, Money] = {}
    for rate, value, where in pairs:
        amount = _kopecks(value, where)
        if found.setdefault(rate, amount) != amount:
            _bad(f"две разные суммы НДС по ставке {rate.title}")
    return found


def _payments(receipt: Mapping[str, Any]) -> dict[int, Money]:
    found: dict[int, Money] = {}
    for tag, keys in PAYMENT_KEYS.items():
        for key in keys:
            if receipt.get(key) is not None:
                amount = _kopecks(receipt[key], key)
                if found.setdefault(tag, amount) != amount:
                    _bad(f"{' и '.join(keys)} не совпадают")
    return found


def _rate_keys(item: Mapping[str, Any]) -> Iterable[str]:
    return (key for key in RATE_KEYS if item.get(key) is not None)


def _rows(value: object) -> list[dict[str, Any]]:
    """A list of objects, or one object in place of the list, or nothing."""
    given = value if isinstance(value, list) else [] if value is None else [value]
    rows = [row for row in given if isinstance(row, dict)]
    if len(rows) < len(given) or len(rows) > len(VatRate):
        _bad("суммы НДС чека не список объектов")
    return rows


def _rate(value: object, where: str) -> VatRate:
    if type(value) is not int or value not in VatRate.__members__.values():
        _bad(f"{where}: нет такой ставки")
    return VatRate(value)


def _kopecks(value: object, where: str) -> Money:
    """A whole number of kopecks, zero or more."""
    if isinstance(value, Decimal) and value.adjusted() < 12 and value == value.to_integral_value():
        value = int(value)
    if type(value) is not int or value < 0:
        _bad(f"{where}: не число копеек")
    if value > KOPECKS_MAX:
        _bad(f"{where}: слишком большая сумма")
    return Money(value)


def _quantity(value: object, where: str) -> Decimal:
    """Zero or more, to six decimals: what lies behind them is noise of the binary fraction that was published."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value < _QUANTITY_MAX:
        _bad(f"{where}: не количество")
    return Decimal(value).quantize(_MILLIONTH, rounding=ROUND_HALF_UP)


def _year(value: object) -> int | None:
    """The year of 1012: from ISO text (cut off as one likes), or from seconds since 1970; None when there is none."""
    if isinstance(value, str):
        found = _YEAR.match(value.strip())
        return int(found[1]) if found else None
    if type(value) is int and 0 < value < 1 << 32:
        return (_EPOCH + timedelta(seconds=value)).year
    return None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _bad(what: str, position: int | None = None) -> NoReturn:
    raise PosError("bad_input", what=what, position=position)
