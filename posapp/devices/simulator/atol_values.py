"""The words of АТОЛ's JSON tasks, and the numbers that they stand for in the fiscal data formats."""

from __future__ import annotations

from collections.abc import Mapping

RATES = {
    "none": 6,
    "vat0": 5,
    "vat5": 7,
    "vat7": 8,
    "vat10": 2,
    "vat18": 1,
    "vat20": 1,
    "vat22": 11,
    "vat105": 9,
    "vat107": 10,
    "vat110": 4,
    "vat118": 3,
    "vat120": 3,
    "vat122": 12,
}
"""`tax.type` → tag 1199; 18 % is what devices of today write as 20 %."""

PAYMENTS = {
    "cash": "cash",
    "electronically": "electronic",
    "prepaid": "prepaid",
    "credit": "credit",
    "other": "other",
    "0": "cash",
    "1": "electronic",
    "2": "prepaid",
    "3": "credit",
    "4": "other",
    **{str(number): "electronic" for number in range(5, 11)},
}
"""`payments.type`, words or digits as text, → how it counts."""

TAX_SYSTEMS = {"osn": 1, "usnIncome": 2, "usnIncomeOutcome": 4, "esn": 16, "patent": 32}
"""`taxationType` → tag 1055."""

METHODS = {
    "fullPrepayment": 1,
    "prepayment": 2,
    "advance": 3,
    "fullPayment": 4,
    "partialPayment": 5,
    "credit": 6,
    "creditPayment": 7,
}
"""`paymentMethod` → tag 1214."""

OBJECTS = {
    "commodity": 1,
    "excise": 2,
    "job": 3,
    "service": 4,
    "gamblingBet": 5,
    "gamblingPrize": 6,
    "lottery": 7,
    "lotteryPrize": 8,
    "intellectualActivity": 9,
    "payment": 10,
    "agentCommission": 11,
    "composite": 12,
    "pay": 12,
    "another": 13,
    "proprietaryLaw": 14,
    "nonOperatingIncome": 15,
    "insuranceContributions": 16,
    "otherContributions": 16,
    "merchantTax": 17,
    "resortFee": 18,
    "touristTax": 18,
    "deposit": 19,
    "consumption": 20,
    "soleProprietorCPIContributions": 21,
    "cpiContributions": 22,
    "soleProprietorCMIContributions": 23,
    "cmiContributions": 24,
    "csiContributions": 25,
    "casinoPayment": 26,
    "fundsIssuance": 27,
    "exciseWithoutMarking": 30,
    "exciseWithMarking": 31,
    "commodityWithoutMarking": 32,
    "commodityWithMarking": 33,
}
"""`paymentObject` → tag 1212."""

MEASURES = {
    "piece": 0,
    "gram": 10,
    "kilogram": 11,
    "ton": 12,
    "centimeter": 20,
    "decimeter": 21,
    "meter": 22,
    "squareCentimeter": 30,
    "squareDecimeter": 31,
    "squareMeter": 32,
    "milliliter": 40,
    "liter": 41,
    "cubicMeter": 42,
    "kilowattHour": 50,
    "gkal": 51,
    "day": 70,
    "hour": 71,
    "minute": 72,
    "second": 73,
    "kilobyte": 80,
    "megabyte": 81,
    "gigabyte": 82,
    "terabyte": 83,
    "otherUnits": 255,
}
"""`measurementUnit` and `itemUnits` → tag 2108."""

AGENTS = {
    "bankPayingAgent": 1,
    "bankPayingSubagent": 2,
    "payingAgent": 4,
    "payingSubagent": 8,
    "attorney": 16,
    "commissionAgent": 32,
    "another": 64,
}
"""Words of `agentInfo.agents` → bits of tags 1057 and 1222."""

STATUSES = {
    "itemPieceSold": 1,
    "itemDryForSale": 2,
    "itemPieceReturn": 3,
    "itemDryReturn": 4,
    "itemPieceForSale": 5,
    "itemDrySold": 6,
    "itemStatusUnchanged": 255,
}
"""`itemEstimatedStatus` → tag 2003."""

CODE_TYPES = {
    "imcUnrecognized": 0,
    "imcShort": 1,
    "imcFmVerifyCode88": 2,
    "imcVerifyCode44": 3,
    "imcFmVerifyCode44": 4,
    "imcVerifyCode4": 5,
    "auto": 256,
}
"""`imcType` → tag 2100; "auto" leaves it to the device."""

CORRECTIONS = {"self": 0, "instruction": 1}
"""`correctionType` → tag 1173."""

KINDS = {"sell": 1, "sellReturn": 2, "buy": 3, "buyReturn": 4}
"""Tasks of receipts → tag 1054."""
CORRECTION_KINDS = {f"{name}Correction": kind for name, kind in KINDS.items()}
"""Tasks of corrections → tag 1054."""

DOCUMENTS = {
    1: "registration",
    2: "openShift",
    3: "receipt",
    4: "bso",
    5: "closeShift",
    6: "closeArchive",
    11: "changeRegistrationParameters",
    21: "ofdExchangeStatus",
    31: "receiptCorrection",
    41: "bsoCorrection",
}
"""Form of a document → `fiscalDocumentType`."""


def word_of(table: Mapping[str, int], number: int) -> str:
    """The first word that stands for a number; the number as text when there is none."""
    return next((word for word, value in table.items() if value == number), str(number))


def words_of(table: Mapping[str, int], mask: int) -> list[str]:
    """The words of the bits in a mask."""
    return [word for word, bit in table.items() if mask & bit]
