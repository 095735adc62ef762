"""A check of the REST cashbox (what PRINT_URL was sent, its PHP form decoded) in its normal form. Pure.

`consumption` is the return of a sale, not a purchase. `vat` is the id of a row of the portal's VAT table, never a rate;
`vat_sum` tells of the whole basket line even where that was split, so it is not read. The line of the delivery is the
one that has no measure. Source: `sale/lib/cashbox/check.php`, `…/cashboxrest.php`; reference of the portal 5.3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marked_lines import LINES_MAX
from posapp.domain.money import Money
from posapp.domain.portal_check import (
    PAYMENTS_MAX,
    BadCheck,
    CheckLine,
    PortalCheck,
    contact_of,
    fitted,
    list_of,
    mapping_of,
    money_of,
    name_of,
    number_of,
    quantity_of,
    shown,
    tenders_of,
    text_of,
)
from posapp.domain.product import OKEI_MEASURES, OTHER_MEASURE
from posapp.domain.receipt import PaymentMethod, PaymentObject, TenderKind
from posapp.domain.site_check import marking_of, marking_of_1162, word_of

_IN, _OUT = "income", "consumption"
TYPES: Mapping[str, tuple[ReceiptKind, PaymentMethod]] = {
    f"{name}{ending}": (ReceiptKind.SELL_REFUND if ending else ReceiptKind.SELL, method)
    for name, method, endings in (
        ("sell", PaymentMethod.FULL_PAYMENT, ("", "return", "returncash")),
        ("prepayment", PaymentMethod.PREPAYMENT, ("", "return", "returncash")),
        ("fullprepayment", PaymentMethod.FULL_PREPAYMENT, ("", "return", "returncash")),
        ("advance", PaymentMethod.ADVANCE, ("return", "returncash")),
        ("credit", PaymentMethod.CREDIT, ("", "return")),
        ("creditpayment", PaymentMethod.CREDIT_PAYMENT, ("", "return", "returncash")),
    )
    for ending in endings
} | {"advancepayment": (ReceiptKind.SELL, PaymentMethod.ADVANCE)}
"""The type of a check → 1054 and the 1214 of its lines; corrections are never sent to such a cash register."""
METHODS = {
    "full_payment": PaymentMethod.FULL_PAYMENT,
    "prepayment": PaymentMethod.PREPAYMENT,
    "full_prepayment": PaymentMethod.FULL_PREPAYMENT,
    "advance": PaymentMethod.ADVANCE,
    "credit": PaymentMethod.CREDIT,
    "credit_payment": PaymentMethod.CREDIT_PAYMENT,
}
OBJECTS = {
    "commodity": PaymentObject.COMMODITY,
    "commodity_marking": PaymentObject.COMMODITY_MARKED,
    "commodity_marking_no_marking": PaymentObject.COMMODITY_UNMARKED,
    "excise": PaymentObject.EXCISE,
    "excise_marking": PaymentObject.EXCISE_MARKED,
    "job": PaymentObject.JOB,
    "service": PaymentObject.SERVICE,
    "payment": PaymentObject.PAYMENT,
    "intellectual_activity": PaymentObject.INTELLECTUAL,
    "composite": PaymentObject.COMPOSITE,
    "another": PaymentObject.ANOTHER,
    "deposit": PaymentObject.DEPOSIT,
    "expense": PaymentObject.EXPENSE,
}
TENDERS = {
    "cash": TenderKind.CASH,
    "cashless": TenderKind.CASHLESS,
    "advance": TenderKind.PREPAID,
    "credit": TenderKind.CREDIT,
}
ROUBLES = "RUB"


def cashbox_check(body: object, portal: str) -> PortalCheck:
    """The check of a portal. `unique_id` stays over reprints, so it and the portal are its name. Raises BadCheck."""
    check = mapping_of(body, "чек")
    kind, method = word_of(check.get("type"), TYPES, "type")
    said = [text_of(check[name], name, most=20) for name in ("operation", "calculated_sign") if check.get(name)]
    if any(each != (_IN if kind is ReceiptKind.SELL else _OUT) for each in said):
        raise BadCheck(f"тип «{shown(check.get('type'))}» и признак «{', '.join(said)}» не согласуются")
    _refuse_other_money(check, "чек")
    lines: list[CheckLine] = []
    for number, item in enumerate(list_of(check.get("items"), "items", LINES_MAX), 1):
        lines += _line(mapping_of(item, f"строка {number}"), method, f"строка {number}")
    payments = [mapping_of(each, "payments") for each in list_of(check.get("payments"), "payments", PAYMENTS_MAX)]
    contact = contact_of(_not_the_shops(check), check.get("client_phone"))
    found = PortalCheck(
        external_id=f"check|{portal}|{text_of(check.get('unique_id'), 'unique_id', most=40)}",
        kind=kind,
        lines=tuple(lines),
        tenders=tenders_of([_payment(each) for each in payments]),
        contact=contact,
        register=text_of(check.get("number_kkm"), "number_kkm", most=40),
        is_internet=bool(contact) and bool(payments) and all(each.get("is_cash") == "N" for each in payments),
    )
    if check.get("total_sum") is not None and money_of(check["total_sum"], "total_sum") != found.total:
        raise BadCheck(f"строки дают {found.total}, а total_sum {shown(check['total_sum'])}")
    return found


def _not_the_shops(check: Mapping[str, Any]) -> object:
    """The buyer's address. Where he has none the portal puts in the shop's own."""
    given, own = (str(check.get(name) or "").strip().casefold() for name in ("client_email", "service_email"))
    return check.get("client_email") if given != own else None


def _refuse_other_money(body: Mapping[str, Any], where: str) -> None:
    currency = body.get("currency")
    if currency not in (None, "", ROUBLES):
        raise BadCheck(f"{where}: валюта {shown(currency)}")


def _payment(payment: Mapping[str, Any]) -> tuple[TenderKind, Money]:
    _refuse_other_money(payment, "payments")
    return word_of(payment.get("type"), TENDERS, "payments.type"), money_of(payment.get("sum"), "payments.sum")


def _line(item: Mapping[str, Any], method: PaymentMethod, where: str) -> list[CheckLine]:
    _refuse_other_money(item, where)
    if item.get("supplier_info"):
        raise BadCheck(f"{where}: расчёт агента (supplier_info), такие чеки касса не печатает")
    if item.get("payment_method"):  # its key is missing where the kernel's own table has a gap
        said = word_of(item["payment_method"], METHODS, f"{where}, payment_method")
        if said is not method:
            raise BadCheck(f"{where}: payment_method «{shown(item['payment_method'])}» не подходит типу чека")
    found = word_of(item.get("payment_object"), OBJECTS, f"{where}, payment_object")
    line = CheckLine(
        name=name_of(item.get("name"), f"{where}, name"),
        price=Money(0),
        quantity=quantity_of(item.get("quantity"), f"{where}, quantity"),
        line_sum=money_of(item.get("sum"), f"{where}, sum"),
        vat_row=_row(item.get("vat"), where),
        is_delivery=found is PaymentObject.SERVICE and "measure_code" not in item and "vat_sum" not in item,
        method=method,
        object=found,
        measure=_measure(item.get("measure_code"), where),
        marking=_marking(item, where),
    )
    return fitted(line, money_of(item.get("price"), f"{where}, price"), where)


def _row(value: object, where: str) -> int:
    """The row of the VAT table; 0 says that the portal found none."""
    number = number_of(value, f"{where}, vat")
    if number < 0 or number != number.to_integral_value():
        raise BadCheck(f"{where}, vat: {shown(value)} – не номер строки")
    return int(number)


def _measure(value: object, where: str) -> int:
    """The code of ОКЕИ → tag 2108; none counts like pieces, one that the tag does not know is "other"."""
    text = text_of(value, f"{where}, measure_code", most=20)
    if not text:
        return 0
    return OKEI_MEASURES.get(int(text), OTHER_MEASURE) if text.isascii() and text.isdigit() else OTHER_MEASURE


def _marking(item: Mapping[str, Any], where: str) -> str:
    """The code as it was scanned into the shipment, else what names the thing out of tag 1162."""
    code, old = item.get("marking_code"), item.get("nomenclature_code")
    if code:
        text = code if isinstance(code, str) and len(code) <= 1_000 else ""
        return marking_of(text, f"{where}, marking_code")
    return marking_of_1162(_raw(old, where), f"{where}, nomenclature_code") if old else ""


def _raw(value: object, where: str) -> bytes:
    """The bytes of tag 1162, which are no text: the gateway hands them on as `{"base64": …}`."""
    try:
        return base64.b64decode(mapping_of(value, f"{where}, nomenclature_code")["base64"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise BadCheck(f"{where}, nomenclature_code: не читается") from error
