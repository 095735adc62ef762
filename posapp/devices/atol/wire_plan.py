"""A receipt task of the vendor as raw commands, made before the first one goes out. Pure: a mapping in, commands out.

What the raw protocol is not known to express is refused by its name (`Lacking`), never left out and never guessed: the
vendor's driver from which the commands were learned is older than FFD 1.2 and than the rates of 2025 and 2026
(reference/devices.md B.3.7). Fields that only make paper prettier are left out where they are not known.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from posapp.devices.atol import commands as c
from posapp.devices.atol.layout import decode_text
from posapp.domain import ffd
from posapp.domain.terms import MEASURES, PaymentMethod, PaymentObject

KINDS: Final = {
    "sell": (c.SELL, 1),
    "sellReturn": (c.SELL_RETURN, 2),
    "buy": (c.BUY, 3),
    "buyReturn": (c.BUY_RETURN, 4),
}
"""Task → kind of 92h, tag 1054."""
CORRECTIONS: Final = {"sellCorrection": (c.SELL_CORRECTION, 1), "buyCorrection": (c.BUY_CORRECTION, 3)}
"""Those of FFD 1.05, which tell sums only; of others nobody has seen the commands."""
OPENED: Final = {
    c.SELL: (1, False),
    c.SELL_RETURN: (2, False),
    c.BUY: (3, False),
    c.BUY_RETURN: (4, False),
    c.SELL_CORRECTION: (1, True),
    c.SELL_RETURN_CORRECTION: (2, True),
    c.BUY_CORRECTION: (3, True),
    c.BUY_RETURN_CORRECTION: (4, True),
}
"""Kind of 92h → tag 1054, whether it is a correction."""
_TAX_TAGS = {"vat20": 1102, "vat10": 1103, "vat0": 1104, "none": 1105, "vat120": 1106, "vat110": 1107}
_BASES = {"self": 0, "instruction": 1}
RATES: Final = {"vat20": 1, "vat10": 2, "vat120": 3, "vat110": 4, "vat0": 5, "none": 6}
"""Those that the vendor's driver was seen to send; of 5, 7 and 22 % nobody has seen the byte."""
TENDERS: Final = {
    **{"cash": c.CASH, "electronically": c.CASHLESS, "prepaid": c.PREPAID, "credit": c.CREDIT, "other": c.OTHER},
    **{"0": c.CASH, "1": c.CASHLESS, "2": c.PREPAID, "3": c.CREDIT, "4": c.OTHER},
}
TAX_SYSTEMS: Final = {"osn": 1, "usnIncome": 2, "usnIncomeOutcome": 4, "esn": 16, "patent": 32}
METHODS: Final = dict(
    zip(
        ("fullPrepayment", "prepayment", "advance", "fullPayment", "partialPayment", "credit", "creditPayment"),
        PaymentMethod,
        strict=True,
    )
)
_OBJECT_NAMES = (
    "commodity excise job service gamblingBet gamblingPrize lottery lotteryPrize intellectualActivity payment "
    "agentCommission pay another proprietaryLaw nonOperatingIncome otherContributions merchantTax resortFee deposit"
)
OBJECTS: Final = {
    **dict(zip(_OBJECT_NAMES.split(), PaymentObject, strict=False)),
    **{"composite": PaymentObject.COMPOSITE, "touristTax": PaymentObject.TOURIST_LEVY},
    "insuranceContributions": PaymentObject.OTHER_CONTRIBUTION,
}
"""1…19: what FFD 1.05 and 1.1 have."""
_UNIT_NAMES = (
    "piece gram kilogram ton centimeter decimeter meter squareCentimeter squareDecimeter squareMeter milliliter liter "
    "cubicMeter kilowattHour gkal day hour minute second kilobyte megabyte gigabyte terabyte otherUnits"
)
UNITS: Final = dict(zip(_UNIT_NAMES.split(), MEASURES, strict=True))
"""Name of a measure → tag 2108."""

_LETTERS = bytes.maketrans(b"\xfc\x24\xfe" + bytes((*range(0xF2, 0xFC), 0xFD, 0xFF)), b"\x24\xfc\xff" + b" " * 12)
"""CP866 → АТОЛ's letters: № and the dollar change places, ■ is the last one, and what they do not have is a space, as
the vendor's driver makes it."""
_ITEM_FLAGS = 0x0A  # as the vendor's driver sends it
_CORRECTION_FLAGS = 0x02  # the same, for the item of a correction
_UNIT_MAX = 16  # tag 1197
_ROUNDING_MAX = 99

_KNOWN_RECEIPT = (
    *("type", "taxationType", "electronically", "internet", "ignoreNonFiscalPrintErrors", "validateMarkingCodes"),
    *("paymentsPlace", "paymentsAddress", "operator", "clientInfo", "items", "payments", "paymentsAddInfo", "total"),
    "checkSize",
)
_KNOWN_CORRECTION = (
    *_KNOWN_RECEIPT,
    *("correctionType", "correctionBaseDate", "correctionBaseNumber", "correctionBaseName", "taxes"),
)
_KNOWN_CLIENT = ("emailOrPhone", "vatin", "name")
_KNOWN_ITEM = (
    *("type", "name", "price", "quantity", "amount", "tax", "department", "measurementUnit", "piece"),
    *("paymentMethod", "paymentObject", "additionalAttribute", "nomenclatureCode"),
)


class Lacking(Exception):
    """The raw protocol is not known to express this; the text names it, in Russian, for a person."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command between opening and closing. `tag`: the tag of the document that it writes, 0 for none.
    `is_optional`: its "no" is passed over."""

    command: c.AnyCommand
    tag: int = 0
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptPlan:
    """Everything of one receipt. `kind` is tag 1054; `cashier` goes out before it is opened, `steps` after.

    `is_correction`: one of FFD 1.05, whose sum is what is paid.
    """

    kind: int
    total_kopecks: int
    opening: c.OpenReceipt
    cashier: tuple[c.WriteAttribute, ...]
    steps: tuple[Step, ...]
    payments: tuple[c.Payment, ...]
    rounding: c.Discount | None = None
    is_correction: bool = False


def plan_receipt(task: Mapping[str, Any]) -> ReceiptPlan:
    """The commands of `sell`, `sellReturn`, `buy`, `buyReturn`, and of corrections of FFD 1.05.

    Raises Lacking for what is not known on the wire, ValueError for a task that is none.
    """
    if task["type"] in CORRECTIONS:
        return _plan_correction(task)
    _only(task, _KNOWN_RECEIPT, "поле чека")
    opened, kind = KINDS[task["type"]]
    items = [each for each in _sequence(task, "items") if each.get("type", "position") == "position"]
    steps = [*_document_steps(task), *(step for each in items for step in _item_steps(each))]
    items_total = sum(kopecks(each["amount"]) for each in items)
    total = kopecks(task["total"]) if task.get("total") is not None else items_total
    if not 0 <= items_total - total <= _ROUNDING_MAX:
        raise ValueError(f"итог {total} коп. при сумме позиций {items_total} коп.")
    off = c.Discount(0, 0, 1, 0, items_total - total) if items_total != total else None
    return ReceiptPlan(
        kind=kind,
        total_kopecks=total,
        opening=c.OpenReceipt(c.ELECTRONIC if task.get("electronically") else 0, opened),
        cashier=cashier(task),
        steps=tuple(steps),
        payments=_payments(task),
        rounding=off,
    )


def _plan_correction(task: Mapping[str, Any]) -> ReceiptPlan:
    """A correction of FFD 1.05: one nameless item, taxes as tags; items of the task are for other formats."""
    _only(task, _KNOWN_CORRECTION, "поле чека коррекции")
    opened, kind = CORRECTIONS[task["type"]]
    payments = _payments(task)
    total = sum(each.amount_kopecks for each in payments)
    day = datetime.strptime(str(task["correctionBaseDate"]), "%Y.%m.%d")
    basis: list[tuple[int, ffd.Value]] = [(1178, day), (1179, str(task.get("correctionBaseNumber") or "б/н"))]
    if task.get("correctionBaseName"):
        basis.insert(0, (1177, str(task["correctionBaseName"])))
    told: list[tuple[int, ffd.Value]] = [
        (1173, _of(_BASES, task["correctionType"], "вид коррекции")),
        (1174, basis),
    ]
    taxes = [
        c.WriteAttribute(1, 1, 0, ffd.wrap(tag, kopecks(each["sum"]).to_bytes(4, "little")))
        for each in _sequence(task, "taxes")
        for tag in (_of(_TAX_TAGS, each["type"], "ставка НДС в чеке коррекции"),)
    ]
    nothing = c.EndItem(_CORRECTION_FLAGS, total, 1000, total, RATES["vat0"], 0, 0, 0, 0, 0, 0, 0, "")
    return ReceiptPlan(
        kind=kind,
        total_kopecks=total,
        opening=c.OpenReceipt(c.ELECTRONIC if task.get("electronically") else 0, opened),
        cashier=cashier(task),
        steps=(
            *_document_steps(task),
            *(Step(each, tag) for tag, value in told for each in _attribute(tag, value)),
            Step(c.BeginItem()),
            Step(nothing),
            *(Step(each) for each in taxes),
        ),
        payments=payments,
        is_correction=True,
    )


def cashier(task: Mapping[str, Any]) -> tuple[c.WriteAttribute, ...]:
    """1021 and 1203, which go before any document."""
    operator = task.get("operator") or {}
    name, inn = str(operator.get("name") or "")[:64], str(operator.get("vatin") or "")
    return tuple(each for tag, text in ((1021, name), (1203, inn)) if text for each in _attribute(tag, text))


def _document_steps(task: Mapping[str, Any]) -> list[Step]:
    """The tags of the document: key first, then what must not be missing."""
    told: list[tuple[int, ffd.Value]] = []
    for each in _sequence(task, "items"):
        match each.get("type", "position"):
            case "userAttribute":
                told.append((1084, ((1085, str(each["name"])), (1086, str(each["value"])))))
            case "additionalAttribute":
                told.append((1192, str(each["value"])))
            case "position" | "text":
                continue
            case other:
                raise Lacking(f"элемент чека «{other}»")
    told += _document_tags(task)
    steps = [Step(each, tag) for tag, value in told for each in _attribute(tag, value)]
    steps += [Step(c.PrintLine(str(each.get("text", "")))) for each in _sequence(task, "items") if _is_text(each)]
    details = _cashless(task)
    return [*steps, *(Step(each, is_optional=True) for each in details)]


def _document_tags(task: Mapping[str, Any]) -> list[tuple[int, ffd.Value]]:
    client = task.get("clientInfo") or {}
    _only(client, _KNOWN_CLIENT, "поле покупателя")
    told: list[tuple[int, ffd.Value]] = []
    system = task.get("taxationType")
    if system is not None:
        told.append((1055, _of(TAX_SYSTEMS, system, "система налогообложения")))
    texts = (
        (1008, client.get("emailOrPhone")),
        (1227, client.get("name")),
        (1228, client.get("vatin")),
        (1187, task.get("paymentsPlace")),
        (1009, task.get("paymentsAddress")),
    )
    told += [(tag, str(text)) for tag, text in texts if text]
    if task.get("internet"):
        told.append((1125, 1))
    return told


def _cashless(task: Mapping[str, Any]) -> list[c.WriteAttribute]:
    """1234, which the law has left optional and many registers do not know."""
    details: list[tuple[int, ffd.Value]] = []
    for each in _sequence(task, "paymentsAddInfo"):
        inside: list[tuple[int, ffd.Value]] = [(1082, kopecks(each["sum"])), (1236, int(each["paymentMethod"]))]
        inside += [(1237, str(each["electronicallyId"]))] if each.get("electronicallyId") else []
        inside += [(1238, str(each["electronicallyAddInfo"]))] if each.get("electronicallyAddInfo") else []
        details.append((1235, inside))
    return _attribute(1234, details) if details else []


def _item_steps(item: Mapping[str, Any]) -> list[Step]:
    """EA, the item's own tags, EB."""
    if any(item.get(name) for name in ("imcParams", "markingCode", "productCodes", "mark")):
        raise Lacking("коды маркировки")
    _only(item, _KNOWN_ITEM, "поле позиции")
    price, total, quantity = kopecks(item["price"]), kopecks(item["amount"]), _decimal(item["quantity"])
    milli = quantity * 1000
    if milli != milli.to_integral_value():
        raise Lacking(f"количество {quantity} – больше трёх знаков после запятой")
    end = c.EndItem(
        flags=_ITEM_FLAGS,
        price_kopecks=price,
        quantity_milli=int(milli),
        sum_kopecks=total,
        rate=_rate((item.get("tax") or {}).get("type")),
        tax_kopecks=0,
        section=int(item.get("department") or 0),
        payment_object=_of(OBJECTS, item.get("paymentObject", "commodity"), "предмет расчёта"),
        payment_method=_of(METHODS, item.get("paymentMethod", "fullPayment"), "способ расчёта"),
        discount_sign=0,
        discount_kopecks=0,
        reserved=0,
        name=decode_text(ffd.encode_text(str(item["name"])).translate(_LETTERS)),
    )
    tags = [Step(each) for told in _item_tags(item) for each in _attribute(*told)]
    return [Step(c.BeginItem()), *tags, Step(end)]


def _item_tags(item: Mapping[str, Any]) -> list[tuple[int, ffd.Value]]:
    told: list[tuple[int, ffd.Value]] = []
    unit = item.get("measurementUnit")
    if unit is not None and UNITS.get(unit) != 0:
        told.append((1197, MEASURES[UNITS[unit]] if unit in UNITS else str(unit)[:_UNIT_MAX]))
    code = item.get("nomenclatureCode")
    if code and not isinstance(code, str):
        raise Lacking("код товара по частям")
    if code:
        told.append((1162, base64.b64decode(code, validate=True)))
    if item.get("additionalAttribute"):
        told.append((1191, str(item["additionalAttribute"])))
    return told


def _payments(task: Mapping[str, Any]) -> tuple[c.Payment, ...]:
    """Cash last: change is given from cash only, so everything else must be known before."""
    found = [
        c.Payment(0, _of(TENDERS, each["type"], "вид оплаты"), kopecks(each["sum"]))
        for each in _sequence(task, "payments")
    ]
    return tuple(sorted((each for each in found if each.amount_kopecks), key=lambda each: each.kind == c.CASH))


def _attribute(tag: int, value: ffd.Value) -> list[c.WriteAttribute]:
    """E8h for each block. Raises Lacking for a text that does not fit its tag: what is cut is another one's."""
    try:
        tlv = _record(tag, value)
    except ValueError as error:
        raise Lacking(f"значение тега {tag} не помещается") from error
    parts = [tlv[at : at + c.BLOCK] for at in range(0, len(tlv), c.BLOCK)]
    return [c.WriteAttribute(1, len(parts), number, part) for number, part in enumerate(parts)]


def _record(tag: int, value: ffd.Value) -> bytes:
    """The record of a tag, its texts in АТОЛ's letters."""
    match value:
        case str():
            return ffd.wrap(tag, ffd.encode(tag, value)[4:].translate(_LETTERS))
        case list() | tuple():
            return ffd.wrap(tag, b"".join(_record(*each) for each in value))
    return ffd.encode(tag, value)


def _is_text(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "text"


def _sequence(task: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = task.get(name) or ()
    if isinstance(found, (str, bytes)) or not isinstance(found, Sequence):
        raise ValueError(f"«{name}» – не список")
    return found


def _only(given: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    """Raises Lacking for a field that carries something and that is not known here."""
    for name, value in given.items():
        if name not in known and value not in (None, False, "", 0, [], {}, ()):
            raise Lacking(f"{what} «{name}»")


def _of(table: Mapping[str, int], name: object, what: str) -> int:
    if not isinstance(name, str) or name not in table:
        raise Lacking(f"{what} «{name}»")
    return table[name]


def _rate(name: object) -> int:
    """The byte of a rate. Raises Lacking, in the words of the shop: `vat22` is 22 %, `vat122` is 22/122."""
    digits = name.removeprefix("vat") if isinstance(name, str) else ""
    if name not in RATES and digits.isascii() and digits.isdigit() and int(digits) < 200:
        percent = int(digits) % 100
        raise Lacking(f"ставка НДС {percent}\u00a0%" if int(digits) < 100 else f"ставка НДС {percent}/{100 + percent}")
    return _of(RATES, name, "ставка НДС")


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"{value!r} – не число")
    number = Decimal(str(value))
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value!r} – не сумма и не количество")
    return number


def kopecks(value: object) -> int:
    """A sum of a task, roubles, as kopecks. ValueError for what is no such sum."""
    number = _decimal(value) * 100
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} – не целое число копеек")
    return int(number)


def moment(text: object) -> datetime:
    """`YYYY.MM.DD hh:mm:ss` of `setDateTime`. ValueError for anything else."""
    return datetime.strptime(str(text), "%Y.%m.%d %H:%M:%S")
