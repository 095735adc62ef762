"""A check as a polling register gets it: the vocabulary of ATOL's JSON tasks, and the old one of FFD 1.0.

From the kernel's `cashboxbitrix.php`, `cashboxbitrixv2.php`, `cashboxbitrixv3.php`. The traps in it are kept:
VAT rates that the built-in table does not know become `none`; three of the payment objects end with a space; a check
type that FFD 1.0 does not know is handed out as nothing at all.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.check_data import CheckData, extract, kopecks, option
from posapp.sync.simulator.envelope import SERVER_ZONE
from posapp.sync.simulator.fiscal import CHECK_TYPES, INCOME, POLL_1, POLL_3, kind_of
from posapp.sync.simulator.parameters import text_of
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop

NO_VAT = "none"
_KNOWN_VATS = {0: "vat0", 10: "vat10", 20: "vat20"}  # by the whole rate; the table ends before 2026
_CALCULATED = {"vat10": "vat110", "vat20": "vat120"}
_OLD_VATS = {0: 1, 10: 2, 18: 3}
_OLD_NO_VAT = 4

_METHODS = {"full_payment": "fullPayment", "full_prepayment": "fullPrepayment", "prepayment": "prepayment",
            "advance": "advance", "credit": "credit", "credit_payment": "creditPayment",
            None: "creditPayment"}  # fmt: skip
_PAYMENTS = {"cash": "cash", "cashless": "electronically", "advance": "prepaid", "credit": "credit"}
_OBJECTS = {"gambling_bet": "gamblingBet", "gambling_prize": "gamblingPrize", "lottery_prize": "lotteryPrize",
            "intellectual_activity": "intellectualActivity", "agent_commission": "agentCommission",
            "property_right": "proprietaryLaw", "non-operating_gain": "nonOperatingIncome", "sales_tax": "merchantTax",
            "resort_fee": "resortFee", "commodity_marking_excise": "excise",
            "commodity_marking_no_marking_excise": "excise",
            "commodity_marking_no_marking": "commodity", "commodity_marking": "commodity"}  # fmt: skip
_OBJECTS_V3 = {**_OBJECTS, "commodity_marking_no_marking_excise": "exciseWithoutMarking ",
               "commodity_marking_excise": "exciseWithMarking ",
               "commodity_marking_no_marking": "commodityWithoutMarking ",
               "commodity_marking": "commodityWithMarking"}  # fmt: skip

# OKEI code of a measure → tag 2108; other measures of the catalogue are 255.
MEASURES: dict[str | None, int] = {
    "796": 0, "163": 10, "166": 11, "168": 12, "4": 20, "5": 21, "6": 22, "51": 30, "53": 31, "55": 32, "111": 40,
    "112": 41, "113": 42, "245": 50, "233": 51, "359": 70, "356": 71, "355": 72, "354": 73, "256": 80, "257": 81,
    "2553": 82, "2554": 83,
}  # fmt: skip
_OTHER_MEASURE = 255


def print_task(shop: Shop, check: Row, cashbox: Row, uuid: str, moment: Any) -> Row | None:
    """The check in the vocabulary of the register's handler; None for a type that FFD 1.0 cannot say."""
    data = extract(shop, check)
    kind = kind_of(cashbox)
    if kind == POLL_1:
        return _task_1(shop, check, data, cashbox, uuid, moment)
    local = moment.astimezone(SERVER_ZONE)
    task: Row = {
        "type": "sell" if CHECK_TYPES[check["type"]][0] == INCOME else "sellReturn",
        "timestamp": f"{local:%d.%m.%Y %H:%M:%S}", "external_id": uuid, "taxationType": option(shop, "taxation"),
        "zn": str(cashbox.get("NUMBER_KKM", "")), "clientInfo": {"emailOrPhone": _client(shop, data)},
        "payments": [{"type": _PAYMENTS[row["type"]], "sum": kopecks(row["sum"])} for row in data.payments],
        "items": _positions(shop, check, data, kind), "total": kopecks(data.total),
    }  # fmt: skip
    if kind == POLL_3 and any(item.get("imcParams", {}).get("imc") for item in task["items"]):
        task["validateMarkingCodes"] = True
    return task


def vat_code(shop: Shop, vat: int) -> str:
    """A VAT row's code in the register's settings: what the administrator typed, else the built-in table, else none."""
    if vat in shop.fiscal.vat_codes:
        return shop.fiscal.vat_codes[vat]
    row = next((row for row in shop.tables["vats"] if row["id"] == vat), None)
    # A row "без НДС" has no rate, which the kernel casts to 0.
    return NO_VAT if row is None else _KNOWN_VATS.get(int(row["rate"] or 0), NO_VAT)


def _positions(shop: Shop, check: Row, data: CheckData, kind: str) -> list[Row]:
    positions = []
    raw: list[Decimal] = []
    for line in data.lines:
        for part in _split(line):
            positions.append(_position(shop, check, part, kind))
            raw.append(Decimal(part["price"]) * Decimal(part["quantity"]))
    _spread(positions, raw, kopecks(data.total))
    return positions


def _position(shop: Shop, check: Row, line: Row, kind: str) -> Row:
    vat = vat_code(shop, line.get("vat", 0))
    if check["type"].startswith(("prepayment", "fullprepayment")):
        vat = _CALCULATED.get(vat, vat)
    objects = _OBJECTS_V3 if kind == POLL_3 else _OBJECTS
    position: Row = {
        "type": "position", "name": line["name"], "price": kopecks(line["price"]), "quantity": line["quantity"],
        "amount": kopecks(line["sum"]), "paymentMethod": _METHODS[CHECK_TYPES[check["type"]][1]],
        "paymentObject": objects.get(line["payment_object"], line["payment_object"]), "tax": {"type": vat},
    }  # fmt: skip
    if isinstance(agent := line.get("supplier_info"), dict):
        position["supplierInfo"] = {"phones": agent.get("phones", []), "name": agent.get("name", ""),
                                    "vatin": agent.get("inn", "")}  # fmt: skip
    if kind != POLL_3:
        if "nomenclature_code" in line:
            position["nomenclatureCode"] = _base64(line["nomenclature_code"])
        return position
    position["measurementUnit"] = _measure(shop, line.get("measure_code"))
    if "marking_code" in line:
        is_return = check["type"].startswith("sellreturn")
        position["imcParams"] = {
            "imcType": "auto", "imc": _base64(line["marking_code"]),
            "itemEstimatedStatus": "itemPieceReturn" if is_return else "itemPieceSold", "imcModeProcessing": 0,
        }  # fmt: skip
    return position


def _measure(shop: Shop, code: str | None) -> int:
    """Tag 2108 of a measure of the catalogue; nothing – delivery has none – and unknown ones are cast to 0: pieces."""
    known = {text_of(row["code"]) for row in shop.tables["measures"]}
    return MEASURES.get(code, _OTHER_MEASURE) if code in known else 0


def _split(line: Row) -> list[Row]:
    """A line whose rounded price × quantity is not its sum: another price, or one piece of it apart at the rest."""
    price, quantity, total = kopecks(Decimal(line["price"])), Decimal(line["quantity"]), kopecks(Decimal(line["sum"]))
    if kopecks(price * quantity) == total:
        return [line]
    if quantity <= 1:
        adjusted = kopecks(total / quantity)
        return [{**line, "price": adjusted, "sum": total} if kopecks(adjusted * quantity) == total else line]
    main = kopecks(price * (quantity - 1))
    rest = total - main
    if rest <= 0:
        return [line]
    return [{**line, "quantity": quantity - 1, "sum": main}, {**line, "quantity": 1, "price": rest, "sum": rest}]


def _spread(positions: list[Row], raw: list[Decimal], total: Decimal) -> None:
    """Give what rounding has left of the total to the lines that it was taken from, the rest to the last one."""
    missing = total - sum((row["amount"] for row in positions), Decimal(0))
    if not positions or not missing:
        return
    taken = [(value - row["amount"], row) for value, row in zip(raw, positions, strict=True)]
    for deviation, row in sorted(taken, key=lambda pair: -abs(pair[0])):
        part = kopecks(min(deviation, missing) if missing > 0 else max(deviation, missing))
        if missing and part and (part > 0) == (missing > 0) and row["amount"] + part >= 0:
            row["amount"] += part
            missing -= part
    positions[-1]["amount"] += missing


def _client(shop: Shop, data: CheckData) -> str | None:
    """The buyer's contact; null where only a phone is known and the register is not set to phones."""
    digits = "".join(filter(str.isdigit, data.phone or ""))
    phone = f"+{digits}" if digits.startswith("7") else digits
    if option(shop, "client_info") == "PHONE" and phone:
        return phone
    return data.email


def _base64(value: str | bytes) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode("utf-8", "replace")).decode("ascii")


# ---------------------------------------------------------------------------------------------- FFD 1.0
def _task_1(shop: Shop, check: Row, data: CheckData, cashbox: Row, uuid: str, moment: Any) -> Row | None:
    kinds = {"sell": 1, "sellreturncash": 2, "sellreturn": 2}
    if check["type"] not in kinds:
        return None
    types = {"cash": 0, "cashless": 3}
    items = []
    for line in data.lines:
        item = {"name": line["name"], "price": kopecks(line["base_price"]), "quantity": line["quantity"],
                "VAT": _old_vat(shop, line.get("vat", 0))}  # fmt: skip
        if "discount" in line:
            item["discount"] = kopecks(line["base_price"] * line["quantity"]) - kopecks(line["sum"])
            item["discount_type"] = 0
        items.append(item)
    return {
        "payments": [{"type": types.get(row["type"]), "value": kopecks(row["sum"])} for row in data.payments],
        "type": kinds[check["type"]], "uuid": uuid, "zn": cashbox.get("NUMBER_KKM", ""), "items": items,
        "client": data.email, "timestamp": str(int(moment.timestamp())),
    }  # fmt: skip


def _old_vat(shop: Shop, vat: int) -> int:
    if vat in shop.fiscal.vat_codes:
        typed = shop.fiscal.vat_codes[vat]
        return int(typed) if typed.isdecimal() else 0  # PHP's (int) of a text
    row = next((row for row in shop.tables["vats"] if row["id"] == vat), None)
    return _OLD_NO_VAT if row is None else _OLD_VATS.get(int(row["rate"] or 0), _OLD_NO_VAT)
