"""Which checks of the portal are refused for good, before they become a job.

What is refused here no till could print, today or tomorrow, so the manager should hear it at once and in words. All
else is the till's to judge: it knows its register, and what it refuses is answered to CHECK_URL.

The portal's fields: reference of the REST cashbox, request to PRINT_URL. Sums come as text with up to 14 digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

TYPES = frozenset(
    {
        "sell", "sellreturn", "sellreturncash", "prepayment", "prepaymentreturn", "prepaymentreturncash",
        "fullprepayment", "fullprepaymentreturn", "fullprepaymentreturncash", "advancepayment", "advancereturn",
        "advancereturncash", "credit", "creditreturn", "creditpayment", "creditpaymentreturn",
        "creditpaymentreturncash",
    }
)  # fmt: skip
"""Types of checks that the portal sends to a REST cashbox; its corrections are not among them."""
PAYMENTS = frozenset({"cash", "cashless", "advance", "credit"})
SUM_MAX = Decimal(10) ** 12
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_HALF_KOPECK = Decimal("0.005")
_NO_ROWS = frozenset(("", "0"))  # "nothing known": advances, the delivery line; the till's settings decide
ID_MAX = 18  # digits of a check's number


def unique_id_of(form: Mapping[str, Any]) -> str:
    """The number of the check, the same at every reprint; "" when there is none to know it by."""
    found = form.get("unique_id")
    if not isinstance(found, str) or not found.isascii() or not found.isdigit() or len(found) > ID_MAX:
        return ""
    return str(int(found))


def register_of(form: Mapping[str, Any]) -> str:
    """The factory number of the only register that may print the check; "" when the cashbox names none.

    `number_kkm` is free text on the portal. A number made of digits is a register's; anything else names none.
    """
    found = form.get("number_kkm")
    if not isinstance(found, str) or not found.isascii() or not found.isdigit() or len(found) > 20:
        return ""
    return found


def refusals(form: Mapping[str, Any], vat_rows: frozenset[str] | None) -> list[str]:
    """Why no till can ever print the check, in words for the manager; empty when one may.

    Args:
        form: as `posapp.gateway.phpform.decode` gives it.
        vat_rows: the portal's VAT rows that tills have a rate for, None while none has told.
    """
    why: list[str] = []
    if not unique_id_of(form):
        why.append("нет номера чека unique_id")
    kind = form.get("type")
    if kind not in TYPES:
        why.append(f"тип чека {_short(kind)}: чеки коррекции и другие типы эта касса не печатает")
    items, payments = _rows(form.get("items")), _rows(form.get("payments"))
    if not items:
        why.append("в чеке нет ни одной позиции")
    if not payments:
        why.append("в чеке нет ни одной оплаты")
    for place, item in enumerate(items, 1):
        why += [f"позиция {place}, {_short(item.get('name'))}: {text}" for text in _item(item, vat_rows)]
    for place, payment in enumerate(payments, 1):
        why += [f"оплата {place}: {text}" for text in _payment(payment)]
    return why or _totals(form, items, payments)


def _item(item: Mapping[str, Any], vat_rows: frozenset[str] | None) -> list[str]:
    why = []
    if not isinstance(item.get("name"), str) or not item["name"].strip():
        why.append("нет названия")
    if any(amount_of(item.get(field)) is None for field in ("price", "sum")):
        why.append("цена или сумма – не число")
    quantity = amount_of(item.get("quantity"))
    if quantity is None or quantity <= 0:
        why.append("количество – не положительное число")
    if str(item.get("payment_object", "")).endswith("_marking") and not (
        item.get("marking_code") or item.get("nomenclature_code")
    ):
        why.append("нет кода маркировки: отсканируйте его в отгрузку")
    vat = item.get("vat", "0")
    if not isinstance(vat, str):
        why.append("ставка НДС – не номер")
    elif vat_rows is not None and vat not in _NO_ROWS and vat not in vat_rows:
        why.append(f"ставка НДС с номером {_short(vat)} не сопоставлена ни на одной кассе: posapp setup vat")
    return why


def _payment(payment: Mapping[str, Any]) -> list[str]:
    why = []
    if payment.get("type") not in PAYMENTS:
        why.append(f"вид {_short(payment.get('type'))} неизвестен")
    if amount_of(payment.get("sum")) is None:
        why.append("сумма – не число")
    if payment.get("currency", "RUB") not in ("", "RUB"):
        why.append(f"валюта {_short(payment.get('currency'))}, а чек бывает только в рублях")
    return why


def _totals(form: Mapping[str, Any], items: list[Mapping[str, Any]], payments: list[Mapping[str, Any]]) -> list[str]:
    goods = sum((amount_of(item["sum"]) or Decimal(0) for item in items), Decimal(0))
    money = sum((amount_of(payment["sum"]) or Decimal(0) for payment in payments), Decimal(0))
    if abs(goods - money) >= _HALF_KOPECK:
        return [f"позиций на {goods:.2f}, а оплат на {money:.2f}"]
    total = amount_of(form.get("total_sum", money))
    if total is None or abs(total - money) >= _HALF_KOPECK:
        return [f"итог {_short(form.get('total_sum'))}, а оплат на {money:.2f}"]
    return []


def amount_of(value: object) -> Decimal | None:
    """A sum, price or quantity as PHP writes it, never negative; None when it is none."""
    if not isinstance(value, str) or len(value) > 40 or not _AMOUNT.fullmatch(value):
        return None
    number = Decimal(value)
    return number if number < SUM_MAX else None


def _rows(value: object) -> list[Mapping[str, Any]]:
    """Rows of a list, also of one with gaps; nothing when a row is none."""
    found = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        return []
    return found


def _short(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else type(value).__name__
    return f"«{text[:60]}»"
