"""A receipt or a correction as a task of the vendor, whole before anything is sent. Pure.

The names and values of fields are those that the vendor's validator takes (reference/devices.md B.1.4). What the format
or the task cannot express is said here by name (`Lacking`): nothing has begun then.

The key travels as the item `userAttribute` {name `posapp`, value `till|order|key`}: tag 1084 {1085, 1086}. АТОЛ's
letters have no middle dot.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marking import any_code
from posapp.domain.permission import IndustryDetail, planned_status
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine, TaxSystem, TenderKind
from posapp.domain.settlement import ASCII_DOT, KEY_PROPERTY, Stamp
from posapp.domain.terms import MEASURES, CashlessDetail, CorrectionBasis, CorrectionType, PaymentMethod
from posapp.domain.vat import VatRate

CONTACT_MAX = 64  # tag 1008
KEY_MAX = 256  # tag 1086
REQUISITE_MAX = 16  # tag 1192

Details = Mapping[int, Sequence[IndustryDetail]]
"""What the marking system answered (1260), by the number of the line, from 0."""
Checks = Mapping[str, Mapping[str, Any]]
"""`itemInfoCheckResult` of codes that were checked for this receipt, by the code as the register was given it."""

TASKS = {
    ReceiptKind.SELL: "sell",
    ReceiptKind.SELL_REFUND: "sellReturn",
    ReceiptKind.BUY: "buy",
    ReceiptKind.BUY_REFUND: "buyReturn",
}
TAX_SYSTEMS = {
    TaxSystem.OSN: "osn",
    TaxSystem.USN_INCOME: "usnIncome",
    TaxSystem.USN_INCOME_OUTCOME: "usnIncomeOutcome",
    TaxSystem.ESHN: "esn",
    TaxSystem.PATENT: "patent",
}
TAXES = {
    VatRate.VAT_20: "vat20",
    VatRate.VAT_10: "vat10",
    VatRate.VAT_20_120: "vat120",
    VatRate.VAT_10_110: "vat110",
    VatRate.VAT_0: "vat0",
    VatRate.NONE: "none",
    VatRate.VAT_5: "vat5",
    VatRate.VAT_7: "vat7",
    VatRate.VAT_5_105: "vat105",
    VatRate.VAT_7_107: "vat107",
    VatRate.VAT_22: "vat22",
    VatRate.VAT_22_122: "vat122",
}
METHODS = {
    PaymentMethod.FULL_PREPAYMENT: "fullPrepayment",
    PaymentMethod.PREPAYMENT: "prepayment",
    PaymentMethod.ADVANCE: "advance",
    PaymentMethod.FULL_PAYMENT: "fullPayment",
    PaymentMethod.PARTIAL_PAYMENT: "partialPayment",
    PaymentMethod.CREDIT: "credit",
    PaymentMethod.CREDIT_PAYMENT: "creditPayment",
}
OBJECTS = {
    PaymentObject.COMMODITY: "commodity",
    PaymentObject.EXCISE: "excise",
    PaymentObject.JOB: "job",
    PaymentObject.SERVICE: "service",
    PaymentObject.BET: "gamblingBet",
    PaymentObject.WINNING: "gamblingPrize",
    PaymentObject.LOTTERY_TICKET: "lottery",
    PaymentObject.LOTTERY_WINNING: "lotteryPrize",
    PaymentObject.INTELLECTUAL: "intellectualActivity",
    PaymentObject.PAYMENT: "payment",
    PaymentObject.AGENT_FEE: "agentCommission",
    PaymentObject.COMPOSITE: "composite",
    PaymentObject.ANOTHER: "another",
    PaymentObject.PROPERTY_RIGHT: "proprietaryLaw",
    PaymentObject.NON_OPERATING: "nonOperatingIncome",
    PaymentObject.OTHER_CONTRIBUTION: "otherContributions",
    PaymentObject.TRADE_LEVY: "merchantTax",
    PaymentObject.TOURIST_LEVY: "resortFee",
    PaymentObject.DEPOSIT: "deposit",
    PaymentObject.EXPENSE: "consumption",
    PaymentObject.PENSION_SOLE: "soleProprietorCPIContributions",
    PaymentObject.PENSION: "cpiContributions",
    PaymentObject.MEDICAL_SOLE: "soleProprietorCMIContributions",
    PaymentObject.MEDICAL: "cmiContributions",
    PaymentObject.SOCIAL: "csiContributions",
    PaymentObject.CASINO: "casinoPayment",
    PaymentObject.CASH_WITHDRAWAL: "fundsIssuance",
    PaymentObject.EXCISE_UNMARKED: "exciseWithoutMarking",
    PaymentObject.EXCISE_MARKED: "exciseWithMarking",
    PaymentObject.COMMODITY_UNMARKED: "commodityWithoutMarking",
    PaymentObject.COMMODITY_MARKED: "commodityWithMarking",
}
UNITS = {
    0: "piece", 10: "gram", 11: "kilogram", 12: "ton", 20: "centimeter", 21: "decimeter", 22: "meter",
    30: "squareCentimeter", 31: "squareDecimeter", 32: "squareMeter", 40: "milliliter", 41: "liter", 42: "cubicMeter",
    50: "kilowattHour", 51: "gkal", 70: "day", 71: "hour", 72: "minute", 73: "second", 80: "kilobyte", 81: "megabyte",
    82: "gigabyte", 83: "terabyte", 255: "otherUnits",
}  # fmt: skip
"""Tag 2108."""
PAYMENTS = {
    TenderKind.CASHLESS: "electronically",
    TenderKind.PREPAID: "prepaid",
    TenderKind.CREDIT: "credit",
    TenderKind.OTHER: "other",
    TenderKind.CASH: "cash",
}
"""In the order in which they are registered: cash last, for the change comes from it."""
STATUSES = {1: "itemPieceSold", 2: "itemDryForSale", 3: "itemPieceReturn", 4: "itemDryReturn"}
"""Tag 2003."""

_UNMARKED = {
    PaymentObject.EXCISE_UNMARKED: PaymentObject.EXCISE,
    PaymentObject.EXCISE_MARKED: PaymentObject.EXCISE,
    PaymentObject.COMMODITY_UNMARKED: PaymentObject.COMMODITY,
    PaymentObject.COMMODITY_MARKED: PaymentObject.COMMODITY,
}
_MARKED = {
    PaymentObject.COMMODITY: PaymentObject.COMMODITY_MARKED,
    PaymentObject.EXCISE: PaymentObject.EXCISE_MARKED,
}
_FLAT_RATES = frozenset(
    (VatRate.VAT_20, VatRate.VAT_10, VatRate.VAT_0, VatRate.NONE, VatRate.VAT_20_120, VatRate.VAT_10_110)
)


class Lacking(ValueError):
    """The format or the vendor's tasks cannot express this receipt; the text says what is lacking, in Russian."""


def task_of(
    receipt: Receipt, version: Ffd, details: Details | None = None, checks: Checks | None = None
) -> dict[str, Any]:
    """The whole document. Raises Lacking: nothing has been sent."""
    task: dict[str, Any] = {
        "type": _type(receipt, version),
        "taxationType": TAX_SYSTEMS[receipt.tax_system],
        "operator": _operator(receipt),
        "items": [_key(receipt)],
        "payments": _payments(receipt),
    }
    optional: dict[str, Any] = {
        "clientInfo": _client(receipt),
        "paymentsPlace": receipt.place,
        "paymentsAddress": receipt.address,
        "internet": receipt.is_internet,
        "paymentsAddInfo": [_cashless(each) for each in receipt.cashless],
    }
    task |= {name: value for name, value in optional.items() if value}
    if receipt.basis is not None:
        task["items"].append({"type": "additionalAttribute", "value": receipt.basis.document_sign})
    if receipt.correction is not None:
        task |= _basis(receipt.correction, version)
        task["taxes"] = [{"type": TAXES[rate], "sum": amount.roubles} for rate, amount in receipt.vat("L").items()]
    for number, line in enumerate(receipt.lines):
        status = planned_status(receipt.kind, line.measure)
        task["items"].append(_position(line, version, (details or {}).get(number, ()), status, checks or {}))
    return task


def _type(receipt: Receipt, version: Ffd) -> str:
    name = TASKS[receipt.kind]
    if receipt.correction is None:
        return name
    if version is Ffd.V1_05:
        if receipt.kind not in (ReceiptKind.SELL, ReceiptKind.BUY):
            raise Lacking("ФФД 1.05 не знает коррекции возврата; делают возврат и новый чек")
        unknown = sorted({line.vat for line in receipt.lines} - _FLAT_RATES)
        if unknown:
            rates = ", ".join(each.title for each in unknown)
            raise Lacking(f"чек коррекции ФФД 1.05 не знает ставку {rates}; делают возврат и новый чек")
    return f"{name}Correction"


def _operator(receipt: Receipt) -> dict[str, str]:
    told = {"name": receipt.cashier}
    return told | {"vatin": receipt.cashier_inn} if receipt.cashier_inn else told


def operator(cashier: str) -> dict[str, str]:
    """The operator of a report."""
    return {"name": cashier}


def _key(receipt: Receipt) -> dict[str, str]:
    """Whose receipt it is. A key that is cut is none, so one that does not fit stops here."""
    text = Stamp(receipt.till, receipt.order_number, receipt.key, ASCII_DOT).text()
    if len(ffd.encode_text(text)) > KEY_MAX:
        raise Lacking(f"номер заказа «{receipt.order_number[:32]}…» не помещается в тег 1086")
    return {"type": "userAttribute", "name": KEY_PROPERTY, "value": text}


def _client(receipt: Receipt) -> dict[str, str]:
    """The buyer. Name and INN of a company or sole trader; without an INN neither is asked for."""
    told: dict[str, str] = {}
    if receipt.buyer_contact:
        raw = ffd.encode_text(receipt.buyer_contact)
        if len(raw) > CONTACT_MAX or raw.decode("cp866") != receipt.buyer_contact:
            raise Lacking(f"контакт покупателя «{receipt.buyer_contact[:64]}»: в тег 1008 он не помещается как есть")
        told["emailOrPhone"] = receipt.buyer_contact
    if receipt.buyer_inn:
        told["vatin"] = receipt.buyer_inn
        if receipt.buyer_name:
            told["name"] = receipt.buyer_name
    return told


def _payments(receipt: Receipt) -> list[dict[str, Any]]:
    return [
        {"type": name, "sum": receipt.tender(kind).roubles} for kind, name in PAYMENTS.items() if receipt.tender(kind)
    ]


def _cashless(each: CashlessDetail) -> dict[str, Any]:
    """Tag 1235."""
    told: dict[str, Any] = {"sum": each.amount.roubles, "paymentMethod": each.sign}
    optional = {"electronicallyId": each.identifiers, "electronicallyAddInfo": each.info}
    return told | {name: value for name, value in optional.items() if value}


def _basis(told: CorrectionBasis, version: Ffd) -> dict[str, Any]:
    """Tags 1173 and 1174. A correction of one's own has no order; FFD 1.05 wants a number all the same."""
    basis: dict[str, Any] = {
        "correctionType": "self" if told.type is CorrectionType.SELF else "instruction",
        "correctionBaseDate": f"{told.day:%Y.%m.%d}",
    }
    if version is Ffd.V1_05:
        if told.text:
            basis["correctionBaseName"] = told.text
        basis["correctionBaseNumber"] = told.number or "б/н"
    elif told.number:
        basis["correctionBaseNumber"] = told.number
    return basis


def _position(
    line: ReceiptLine, version: Ffd, details: Sequence[IndustryDetail], status: int, checks: Checks
) -> dict[str, Any]:
    """One line. The register computes the tax and checks price × quantity against our sum."""
    told: dict[str, Any] = {
        "type": "position",
        "name": line.name,
        "price": line.price.roubles,
        "quantity": line.quantity.value,
        "amount": line.line_sum.roubles,
        "tax": {"type": TAXES[line.vat]},
        "paymentMethod": METHODS[line.payment_method],
        "paymentObject": OBJECTS[_object(line, version)],
    }
    if version is Ffd.V1_2:
        told["measurementUnit"] = UNITS[line.measure]
        if line.marking:
            told["imcParams"] = imc_params(line.marking, status, checks)
        if details:
            told["industryInfo"] = [_industry(each) for each in details]
    else:
        if line.measure:
            told["measurementUnit"] = MEASURES[line.measure]
        if line.marking:
            told["nomenclatureCode"] = base64.b64encode(any_code(line.marking).nomenclature_code).decode()
    return told


def _object(line: ReceiptLine, version: Ffd) -> PaymentObject:
    """Tag 1212 as the format knows it: only FFD 1.2 tells goods with a code from others."""
    if version is not Ffd.V1_2:
        return _UNMARKED.get(line.payment_object, line.payment_object)
    return _MARKED.get(line.payment_object, line.payment_object) if line.marking else line.payment_object


def imc_params(marking: str, status: int, checks: Checks) -> dict[str, Any]:
    """The code of a marked line (FFD 1.2), with what its check has found. Raises Lacking when it was not checked."""
    imc = imc_of(marking)
    found = checks.get(imc)
    if found is None:
        raise Lacking("код маркировки, который ККТ перед этим чеком не проверила")
    return {
        "imc": imc,
        "imcType": "auto",
        "imcModeProcessing": 0,
        "itemEstimatedStatus": STATUSES[status],
        "itemInfoCheckResult": dict(found),
    }


def imc_of(marking: str) -> str:
    """A code as the tasks carry it: base64 of its bytes, mended where the scanner spoilt it."""
    return base64.b64encode(any_code(marking).data).decode()


def _industry(each: IndustryDetail) -> dict[str, str]:
    """Tag 1260; the tag's date is 21.11.2023, the task's 2023.11.21."""
    day, month, year = each.dated.split(".")
    return {
        "fois": each.agency,
        "date": f"{year}.{month}.{day}",
        "number": each.number,
        "industryAttribute": each.value,
    }
