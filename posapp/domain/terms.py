"""The words of a receipt that are one value each: tenders, methods, objects, tax systems, details, what it refers to.

Codes are those of the fiscal data formats (order ЕД-7-20/662@ with its changes of 2025); a name's tag stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

from posapp.domain.fiscal import FiscalMark
from posapp.domain.money import ZERO, Money

IDENTIFIERS_MAX = 256  # tags 1237 and 1238
CORRECTION_NUMBER_MAX = 32  # tag 1179
CORRECTION_TEXT_MAX = 256  # tag 1177


class TenderKind(IntEnum):
    """How money is handed over; the value is the tag of its total on the receipt."""

    CASH = 1031
    CASHLESS = 1081
    PREPAID = 1215
    CREDIT = 1216
    OTHER = 1217


class PaymentMethod(IntEnum):
    """Признак способа расчёта, tag 1214. Never cash or card."""

    FULL_PREPAYMENT = 1
    PREPAYMENT = 2
    ADVANCE = 3
    FULL_PAYMENT = 4
    PARTIAL_PAYMENT = 5
    CREDIT = 6
    CREDIT_PAYMENT = 7


class PaymentObject(IntEnum):
    """Признак предмета расчёта, tag 1212."""

    COMMODITY = 1
    EXCISE = 2
    JOB = 3
    SERVICE = 4
    BET = 5
    WINNING = 6
    LOTTERY_TICKET = 7
    LOTTERY_WINNING = 8
    INTELLECTUAL = 9
    PAYMENT = 10
    AGENT_FEE = 11
    COMPOSITE = 12
    ANOTHER = 13
    PROPERTY_RIGHT = 14
    NON_OPERATING = 15
    OTHER_CONTRIBUTION = 16
    TRADE_LEVY = 17
    TOURIST_LEVY = 18
    DEPOSIT = 19
    EXPENSE = 20
    PENSION_SOLE = 21
    PENSION = 22
    MEDICAL_SOLE = 23
    MEDICAL = 24
    SOCIAL = 25
    CASINO = 26
    CASH_WITHDRAWAL = 27
    EXCISE_UNMARKED = 30
    EXCISE_MARKED = 31
    COMMODITY_UNMARKED = 32
    COMMODITY_MARKED = 33


class TaxSystem(IntEnum):
    """Применяемая система налогообложения, tag 1055."""

    OSN = 1
    USN_INCOME = 2
    USN_INCOME_OUTCOME = 4
    ESHN = 16
    PATENT = 32


MEASURES: Mapping[int, str] = {
    0: "шт", 10: "г", 11: "кг", 12: "т", 20: "см", 21: "дм", 22: "м", 30: "см²", 31: "дм²", 32: "м²", 40: "мл", 41: "л",
    42: "м³", 50: "кВт·ч", 51: "Гкал", 70: "сут", 71: "ч", 72: "мин", 73: "с", 80: "Кбайт", 81: "Мбайт", 82: "Гбайт",
    83: "Тбайт", 255: "иное",
}  # fmt: skip
"""Мера количества предмета расчёта, tag 2108 (FFD 1.2), and how it is printed."""


@dataclass(frozen=True, slots=True)
class Tender:
    """Money handed over. For cash this is what was given, change included."""

    kind: TenderKind
    amount: Money

    def __post_init__(self) -> None:
        if self.amount <= ZERO:
            raise ValueError("a tender is more than nothing")


@dataclass(frozen=True, slots=True)
class CashlessDetail:
    """One cashless payment of a receipt, tag 1235 inside 1234 (in force since 1 September 2025).

    `amount` is tag 1082, `sign` 1236 – one byte; the tax service has not published how to fill it, so what stands there
    is the shop's setting, 0 = not said –, `identifiers` 1237 (RRN of a card, identifier of an SBP transfer), `info`
    1238.
    """

    amount: Money
    sign: int = 0
    identifiers: str = ""
    info: str = ""

    def __post_init__(self) -> None:
        if self.amount <= ZERO:
            raise ValueError("a cashless payment is more than nothing")
        if not 0 <= self.sign <= 255:
            raise ValueError(f"tag 1236 is one byte, not {self.sign}")
        if max(len(self.identifiers), len(self.info)) > IDENTIFIERS_MAX:
            raise ValueError(f"tags 1237 and 1238 have at most {IDENTIFIERS_MAX} characters")

    def as_json(self) -> dict[str, Any]:
        """For the journal; what is not said is left out."""
        body: dict[str, Any] = {"amount_kopecks": self.amount.kopecks}
        for name in ("sign", "identifiers", "info"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> CashlessDetail:
        """The reverse."""
        rest = {name: value for name, value in body.items() if name != "amount_kopecks"}
        return cls(Money(body["amount_kopecks"]), **rest)


@dataclass(frozen=True, slots=True)
class OriginalReceipt:
    """The document that a refund takes back, or that a correction or its new receipt replaces.

    `document_sign` (1077) is what the law wants to see in tag 1192; the rest finds it again: our own `key` (empty when
    another program printed it), `storage_number` (1041), `document_number` (1040), `day`.
    """

    document_sign: str
    key: str = ""
    storage_number: str = ""
    document_number: int = 0
    day: date | None = None

    def __post_init__(self) -> None:
        if not (self.document_sign.isascii() and self.document_sign.isdigit()) or int(self.document_sign) >= 1 << 32:
            raise ValueError(f"not a document sign: {self.document_sign!r}")
        if self.document_number < 0:
            raise ValueError("numbers of a fiscal document begin at 1")

    @classmethod
    def of(cls, key: str, mark: FiscalMark) -> OriginalReceipt:
        """A receipt of this program, by its key and mark."""
        return cls(mark.document_sign, key, mark.storage_number, mark.document_number, mark.printed_at.date())

    def as_json(self) -> dict[str, Any]:
        """For the journal; what is not known is left out."""
        body: dict[str, Any] = {"document_sign": self.document_sign}
        for name in ("key", "storage_number", "document_number"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        if self.day is not None:
            body["day"] = self.day.isoformat()
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> OriginalReceipt:
        """The reverse."""
        day = body.get("day")
        return cls(**{**body, "day": None if day is None else date.fromisoformat(day)})


class CorrectionType(IntEnum):
    """Тип коррекции, tag 1173."""

    SELF = 0
    ORDER = 1


@dataclass(frozen=True, slots=True)
class CorrectionBasis:
    """Why a correction is made: tag 1173, and 1174 {1177, 1178, 1179}.

    `day` is the day of the settlement that is put right (1178). `number` is that of the tax office's order (1179),
    which a correction by order must name; a correction of one's own has none. `text` (1177) is in FFD 1.05 only.
    """

    type: CorrectionType
    day: date
    number: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        if self.type is CorrectionType.ORDER and not self.number.strip():
            raise ValueError("a correction by order names the order's number")
        if len(self.number) > CORRECTION_NUMBER_MAX or len(self.text) > CORRECTION_TEXT_MAX:
            raise ValueError("the basis of a correction is too long")

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        body: dict[str, Any] = {"type": self.type.value, "day": self.day.isoformat()}
        for name in ("number", "text"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> CorrectionBasis:
        """The reverse."""
        return cls(**{**body, "type": CorrectionType(body["type"]), "day": date.fromisoformat(body["day"])})
