"""A check of the site's poll in its normal form: ATOL's words (api_version 3 and 2) and the numbers of FFD 1.0. Pure.

Which of them a check speaks is told by its own keys, not by what was asked: the site keeps a register as it first saw
it. Source: the offline cash register of «1С-Битрикс: Управление сайтом», `cashboxbitrix.php`, `…v2.php`, `…v3.php`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.gs1 import is_gtin
from posapp.domain.marked_lines import LINES_MAX
from posapp.domain.marking import BadMarking, parse_marking
from posapp.domain.money import KOPECKS_MAX, Money, Quantity, round_half_up
from posapp.domain.portal_check import (
    PAYMENTS_MAX,
    BadCheck,
    CheckLine,
    PortalCheck,
    contact_of,
    external_id_of,
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
from posapp.domain.receipt import PaymentMethod, PaymentObject, TaxSystem, TenderKind
from posapp.domain.terms import MEASURES
from posapp.domain.vat import VatRate

KINDS = {"sell": ReceiptKind.SELL, "sellReturn": ReceiptKind.SELL_REFUND}
"""The site's returns are returns of sales, never purchases."""
TAXES = {
    "none": VatRate.NONE,
    "vat0": VatRate.VAT_0,
    "vat5": VatRate.VAT_5,
    "vat7": VatRate.VAT_7,
    "vat10": VatRate.VAT_10,
    "vat20": VatRate.VAT_20,
    "vat22": VatRate.VAT_22,
    "vat105": VatRate.VAT_5_105,
    "vat107": VatRate.VAT_7_107,
    "vat110": VatRate.VAT_10_110,
    "vat120": VatRate.VAT_20_120,
    "vat122": VatRate.VAT_22_122,
}
"""The administrator types these by hand, so anything else is a typing error and is refused by its name."""
METHODS = {
    "fullPrepayment": PaymentMethod.FULL_PREPAYMENT,
    "prepayment": PaymentMethod.PREPAYMENT,
    "advance": PaymentMethod.ADVANCE,
    "fullPayment": PaymentMethod.FULL_PAYMENT,
    "partialPayment": PaymentMethod.PARTIAL_PAYMENT,
    "credit": PaymentMethod.CREDIT,
    "creditPayment": PaymentMethod.CREDIT_PAYMENT,
}
OBJECTS = {
    "commodity": PaymentObject.COMMODITY,
    "excise": PaymentObject.EXCISE,
    "job": PaymentObject.JOB,
    "service": PaymentObject.SERVICE,
    "gamblingBet": PaymentObject.BET,
    "gamblingPrize": PaymentObject.WINNING,
    "lottery": PaymentObject.LOTTERY_TICKET,
    "lotteryPrize": PaymentObject.LOTTERY_WINNING,
    "intellectualActivity": PaymentObject.INTELLECTUAL,
    "payment": PaymentObject.PAYMENT,
    "agentCommission": PaymentObject.AGENT_FEE,
    "composite": PaymentObject.COMPOSITE,
    "another": PaymentObject.ANOTHER,
    "proprietaryLaw": PaymentObject.PROPERTY_RIGHT,
    "nonOperatingIncome": PaymentObject.NON_OPERATING,
    "otherContributions": PaymentObject.OTHER_CONTRIBUTION,
    "merchantTax": PaymentObject.TRADE_LEVY,
    "resortFee": PaymentObject.TOURIST_LEVY,
    "deposit": PaymentObject.DEPOSIT,
    "consumption": PaymentObject.EXPENSE,
    "soleProprietorCPIContributions": PaymentObject.PENSION_SOLE,
    "cpiContributions": PaymentObject.PENSION,
    "soleProprietorCMIContributions": PaymentObject.MEDICAL_SOLE,
    "cmiContributions": PaymentObject.MEDICAL,
    "csiContributions": PaymentObject.SOCIAL,
    "casinoPayment": PaymentObject.CASINO,
    "exciseWithoutMarking": PaymentObject.EXCISE_UNMARKED,
    "exciseWithMarking": PaymentObject.EXCISE_MARKED,
    "commodityWithoutMarking": PaymentObject.COMMODITY_UNMARKED,
    "commodityWithMarking": PaymentObject.COMMODITY_MARKED,
}
TAX_SYSTEMS = {
    "osn": TaxSystem.OSN,
    "usnIncome": TaxSystem.USN_INCOME,
    "usnIncomeOutcome": TaxSystem.USN_INCOME_OUTCOME,
    "esn": TaxSystem.ESHN,
    "patent": TaxSystem.PATENT,
}
"""`envd` was abolished in 2021 and is refused like any other word."""
TENDERS = {
    "cash": TenderKind.CASH,
    "electronically": TenderKind.CASHLESS,
    "prepaid": TenderKind.PREPAID,
    "credit": TenderKind.CREDIT,
}
MARKED = frozenset((PaymentObject.EXCISE_MARKED, PaymentObject.COMMODITY_MARKED))
AGENTS = ("supplierInfo", "agentInfo")

_OLD_KINDS = {1: ReceiptKind.SELL, 2: ReceiptKind.SELL_REFUND}
_OLD_TAXES = {4: VatRate.NONE, 1: VatRate.VAT_0, 2: VatRate.VAT_10, 3: VatRate.VAT_20}
_OLD_TENDERS = {0: TenderKind.CASH, 3: TenderKind.CASHLESS}
_BY_SUM, _BY_PERCENT = 0, 1


def site_check(body: object) -> PortalCheck:
    """The check. Raises BadCheck with the place of what is wrong."""
    check = mapping_of(body, "чек")
    if "external_id" in check:
        return _by_words(check)
    return _by_numbers(check)


def word_of(value: object, words: Mapping[str, Any], where: str) -> Any:
    """What a word means; three of them come with a blank at the end. Raises BadCheck with the word itself."""
    word = value.strip() if isinstance(value, str) else value
    if not isinstance(word, str) or word not in words:
        raise BadCheck(f"{where}: «{shown(value)}» – такого слова нет")
    return words[word]


# ------------------------------------------------------------------------------------------------ versions 2 and 3
def _by_words(check: Mapping[str, Any]) -> PortalCheck:
    items = list_of(check.get("items"), "items", LINES_MAX)
    lines: list[CheckLine] = []
    for number, item in enumerate(items, 1):
        lines += _line(mapping_of(item, f"строка {number}"), f"строка {number}")
    payments = list_of(check.get("payments"), "payments", PAYMENTS_MAX)
    client, system = check.get("clientInfo"), check.get("taxationType")
    contact = client.get("emailOrPhone") if isinstance(client, Mapping) else None
    found = PortalCheck(
        external_id=external_id_of(text_of(check.get("external_id"), "external_id", most=200)),
        kind=word_of(check.get("type"), KINDS, "type"),
        lines=tuple(lines),
        tenders=tenders_of([_payment(mapping_of(each, "payments")) for each in payments]),
        tax_system=word_of(system, TAX_SYSTEMS, "taxationType") if system else None,
        contact=contact_of(contact),
        register=text_of(check.get("zn"), "zn", most=40),
    )
    if check.get("total") is not None and money_of(check["total"], "total") != found.total:
        raise BadCheck(f"строки дают {found.total}, а total {shown(check['total'])}")
    return found


def _payment(payment: Mapping[str, Any]) -> tuple[TenderKind, Money]:
    return word_of(payment.get("type"), TENDERS, "payments.type"), money_of(payment.get("sum"), "payments.sum")


def _line(item: Mapping[str, Any], where: str) -> list[CheckLine]:
    if item.get("type", "position") != "position":
        raise BadCheck(f"{where}: type «{shown(item.get('type'))}»")
    if any(item.get(each) for each in AGENTS):
        raise BadCheck(f"{where}: расчёт агента (supplierInfo), такие чеки касса не печатает")
    tax = item.get("tax")
    line = CheckLine(
        name=name_of(item.get("name"), f"{where}, name"),
        price=Money(0),
        quantity=quantity_of(item.get("quantity"), f"{where}, quantity"),
        line_sum=money_of(item.get("amount"), f"{where}, amount"),
        rate=word_of(tax.get("type") if isinstance(tax, Mapping) else tax, TAXES, f"{where}, ставка НДС"),
        method=word_of(item.get("paymentMethod"), METHODS, f"{where}, paymentMethod"),
        object=word_of(item.get("paymentObject"), OBJECTS, f"{where}, paymentObject"),
        measure=_measure(item.get("measurementUnit"), where),
        marking=_marking(item, where),
    )
    return fitted(line, money_of(item.get("price"), f"{where}, price"), where)


def _measure(value: object, where: str) -> int:
    """Tag 2108; version 2 tells none, which is pieces."""
    if value is None or value == "":
        return 0
    number = number_of(value, f"{where}, measurementUnit")
    if number != number.to_integral_value() or int(number) not in MEASURES:
        raise BadCheck(f"{where}, measurementUnit: {shown(value)} – такой меры нет")
    return int(number)


def _marking(item: Mapping[str, Any], where: str) -> str:
    """The marking code: `imc` whole in version 3, what names the thing out of tag 1162 in version 2."""
    params, old = item.get("imcParams"), item.get("nomenclatureCode")
    if params:
        raw = _bytes(mapping_of(params, f"{where}, imcParams").get("imc"), f"{where}, imc")
        return marking_of(raw.decode("latin-1"), f"{where}, imc")
    return marking_of_1162(_bytes(old, f"{where}, nomenclatureCode"), f"{where}, nomenclatureCode") if old else ""


def _bytes(value: object, where: str) -> bytes:
    try:
        if not isinstance(value, str) or len(value) > 1_000:
            raise ValueError("no text")
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadCheck(f"{where}: не base64") from error


def marking_of(text: str, where: str) -> str:
    """A marking code as it stands on a line. Raises BadCheck with what is wrong in it."""
    try:
        code = parse_marking(text)
    except BadMarking as error:
        raise BadCheck(f"{where}: {error.facts.get('what', 'кода нет')}") from error
    if not code.is_marked:
        raise BadCheck(f"{where}: это штрихкод, а не код маркировки")
    return code.text


def marking_of_1162(raw: bytes, where: str) -> str:
    """GTIN and serial out of tag 1162: two bytes of type, six of GTIN, the serial. Raises BadCheck for other types."""
    gtin, serial = f"{int.from_bytes(raw[2:8], 'big'):014d}", raw[8:].decode("latin-1").rstrip()
    if raw[:2] != b"\x44\x4d" or not is_gtin(gtin) or not serial or not serial.isascii():
        raise BadCheck(f"{where}: код маркировки (1162) не читается")
    return marking_of(f"01{gtin}21{serial}", where)


# ------------------------------------------------------------------------------------------------ FFD 1.0
def _by_numbers(check: Mapping[str, Any]) -> PortalCheck:
    payments = list_of(check.get("payments"), "payments", PAYMENTS_MAX)
    tenders = tenders_of([_old_payment(mapping_of(each, "payments")) for each in payments])
    paid = sum(each.amount.kopecks for each in tenders)
    return PortalCheck(
        external_id=external_id_of(text_of(check.get("uuid"), "uuid", most=200)),
        kind=_numbered(check.get("type"), _OLD_KINDS, "type"),
        lines=tuple(_old_lines(check, paid)),
        tenders=tenders,
        contact=contact_of(check.get("client")),
        register=text_of(check.get("zn"), "zn", most=40),
    )


def _old_payment(payment: Mapping[str, Any]) -> tuple[TenderKind, Money]:
    kind = _numbered(payment.get("type"), _OLD_TENDERS, "payments.type")
    return kind, money_of(payment.get("value"), "payments.value")


def _old_lines(check: Mapping[str, Any], paid: int) -> list[CheckLine]:
    """The lines, their discounts taken off: of one thing, or of the whole line. The payments say which is meant."""
    items = [mapping_of(each, "items") for each in list_of(check.get("items"), "items", LINES_MAX)]
    of_line = [_old_sum(item, f"строка {number}", per_thing=False) for number, item in enumerate(items, 1)]
    of_thing = [_old_sum(item, f"строка {number}", per_thing=True) for number, item in enumerate(items, 1)]
    for sums in (of_line, of_thing):
        if sum(sums) == paid and min(sums, default=0) >= 0 and max(sums, default=0) <= KOPECKS_MAX:
            pairs = enumerate(zip(items, sums, strict=True), 1)
            return [line for number, (item, kopecks) in pairs for line in _old_line(item, kopecks, f"строка {number}")]
    raise BadCheck("строки со скидками не дают суммы оплат")


def _old_sum(item: Mapping[str, Any], where: str, *, per_thing: bool) -> int:
    price = number_of(item.get("price"), f"{where}, price")
    quantity = quantity_of(item.get("quantity"), f"{where}, quantity").value
    discount, kind = item.get("discount"), item.get("discount_type")
    money_of(price, f"{where}, price")
    if discount in (None, "", 0):
        return round_half_up(price * 100 * quantity)
    taken = number_of(discount, f"{where}, discount")
    money_of(taken, f"{where}, discount")
    ways = {_BY_SUM: False, _BY_PERCENT: True}
    if _numbered(_BY_SUM if kind is None else kind, ways, f"{where}, discount_type"):
        return round_half_up(price * 100 * quantity * (100 - taken) / 100)
    return round_half_up((price - taken) * 100 * quantity if per_thing else price * 100 * quantity - taken * 100)


def _old_line(item: Mapping[str, Any], kopecks: int, where: str) -> list[CheckLine]:
    quantity = quantity_of(item.get("quantity"), f"{where}, quantity")
    line = CheckLine(
        name=name_of(item.get("name"), f"{where}, name"),
        price=Money(0),
        quantity=quantity,
        line_sum=Money(kopecks),
        rate=_numbered(item.get("VAT"), _OLD_TAXES, f"{where}, ставка НДС"),
    )
    return fitted(line, _exact(kopecks, quantity), where)


def _exact(kopecks: int, quantity: Quantity) -> Money:
    return Money(round_half_up(Decimal(kopecks) / quantity.value))


def _numbered(value: object, words: Mapping[int, Any], where: str) -> Any:
    number = number_of(value, where)
    if number not in words:
        raise BadCheck(f"{where}: «{shown(value)}» – такого номера нет")
    return words[int(number)]
