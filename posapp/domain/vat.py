"""VAT as dated data: which line rates the law knows (tag 1199), since when, and how the portal's rows map to them.

Sources: FFD order ЕД-7-20/662@ and its 2025 changes (codes 7–12), tax law changes of 1 January 2019, 2025 and 2026.
A rate is never guessed: a portal row that no person has confirmed holds the receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

from posapp.domain.money import ZERO, Money
from posapp.domain.terms import TaxSystem


class VatRate(IntEnum):
    """The rate of a receipt line, tag 1199."""

    VAT_20 = 1
    VAT_10 = 2
    VAT_20_120 = 3
    VAT_10_110 = 4
    VAT_0 = 5
    NONE = 6
    VAT_5 = 7
    VAT_7 = 8
    VAT_5_105 = 9
    VAT_7_107 = 10
    VAT_22 = 11
    VAT_22_122 = 12

    @property
    def percent(self) -> int | None:
        """The percentage inside the price; None means the seller owes no VAT at all."""
        return _PERCENT[self]

    @property
    def is_calculated(self) -> bool:
        """Расчётная ставка, r/(100+r): what money taken ahead carries."""
        return self in _EXTRACTED

    @property
    def calculated(self) -> VatRate:
        """The rate that money taken ahead for goods of this rate carries: 22 % → 22/122; 0 % and none stay."""
        return _CALCULATED.get(self, self)

    @property
    def direct(self) -> VatRate:
        """The reverse of `calculated`: 22/122 → 22 %."""
        return _DIRECT.get(self, self)

    @property
    def title(self) -> str:
        """As printed: `22 %`, `без НДС`, `22/122`."""
        if self is VatRate.NONE:
            return "без НДС"
        if self in _EXTRACTED:
            return f"{self.percent}/1{self.percent:02d}"
        return f"{self.percent}\u00a0%"


_PERCENT: Mapping[VatRate, int | None] = {
    VatRate.VAT_20: 20,
    VatRate.VAT_10: 10,
    VatRate.VAT_20_120: 20,
    VatRate.VAT_10_110: 10,
    VatRate.VAT_0: 0,
    VatRate.NONE: None,
    VatRate.VAT_5: 5,
    VatRate.VAT_7: 7,
    VatRate.VAT_5_105: 5,
    VatRate.VAT_7_107: 7,
    VatRate.VAT_22: 22,
    VatRate.VAT_22_122: 22,
}
_CALCULATED: Mapping[VatRate, VatRate] = {
    VatRate.VAT_20: VatRate.VAT_20_120,
    VatRate.VAT_10: VatRate.VAT_10_110,
    VatRate.VAT_5: VatRate.VAT_5_105,
    VatRate.VAT_7: VatRate.VAT_7_107,
    VatRate.VAT_22: VatRate.VAT_22_122,
}
_DIRECT: Mapping[VatRate, VatRate] = {calculated: direct for direct, calculated in _CALCULATED.items()}
_EXTRACTED = frozenset(_DIRECT)


@dataclass(frozen=True, slots=True)
class Rule:
    """Since when a rate is what a new sale carries, until when, and why."""

    rate: VatRate
    since: date
    until: date | None
    reason: str


# `until` ends *new* sales; receipts for older deals may still carry the rate, which a person decides.
RULES: tuple[Rule, ...] = (
    Rule(VatRate.VAT_20, date(2019, 1, 1), date(2025, 12, 31), "основная ставка до 2026 года"),
    Rule(VatRate.VAT_22, date(2026, 1, 1), None, "основная ставка с 1 января 2026 года"),
    Rule(VatRate.VAT_10, date(2019, 1, 1), None, "льготная ставка: продукты, детское, лекарства, книги"),
    Rule(VatRate.VAT_0, date(2019, 1, 1), None, "нулевая ставка: экспорт и подобное"),
    Rule(VatRate.NONE, date(2019, 1, 1), None, "продавец не платит НДС или товар освобождён"),
    Rule(VatRate.VAT_5, date(2025, 1, 1), None, "УСН с пониженной ставкой 5 % без вычетов"),
    Rule(VatRate.VAT_7, date(2025, 1, 1), None, "УСН с пониженной ставкой 7 % без вычетов"),
)


def rule_for(rate: VatRate, day: date) -> Rule | None:
    """The rule that lets a sale of that day carry `rate`, or None."""
    for rule in RULES:
        if rule.rate is rate and rule.since <= day and (rule.until is None or day <= rule.until):
            return rule
    return None


_REDUCED = frozenset((VatRate.VAT_5, VatRate.VAT_7, VatRate.VAT_5_105, VatRate.VAT_7_107))


def is_lawful_under(rate: VatRate, system: TaxSystem) -> bool:
    """Whether a seller of this tax system (1055) may show the rate at all.

    5 % and 7 % belong to the simplified system alone (Tax Code art. 164 p. 8, since 2025), which may also have chosen
    the general rates or be exempt. A patent owes no VAT. ОСН and ЕСХН show general rates, 0 % and exempt goods.
    """
    if system is TaxSystem.PATENT:
        return rate is VatRate.NONE
    if system in (TaxSystem.USN_INCOME, TaxSystem.USN_INCOME_OUTCOME):
        return True
    return rate not in _REDUCED


def line_vat(line_sum: Money, rate: VatRate) -> Money:
    """VAT inside a gross sum, sum·r/(100+r), half up to the kopeck (tag 1200). Zero for 0 % and for no VAT."""
    return vat_inside(line_sum, rate.percent or 0)


def vat_inside(line_sum: Money, percent: int) -> Money:
    """The VAT of `percent` inside a gross sum; for receipts from before 2019, where the codes 1 and 3 meant 18 %."""
    return Money(_half_up(Fraction(line_sum.kopecks * percent, 100 + percent)))


def receipt_vat(lines: Iterable[tuple[Money, VatRate]], formula: str) -> dict[VatRate, Money]:
    """VAT of a receipt by rate. Formula `L`: every line's VAT, then added; `T`: the rate's turnover, then rounded once.

    Real registers do either. For 0 % and no VAT the value is the *turnover*, as tags 1104 and 1105 want it.
    """
    turnover: dict[VatRate, Money] = {}
    by_line: dict[VatRate, Money] = {}
    for line_sum, rate in lines:
        turnover[rate] = turnover.get(rate, ZERO) + line_sum
        by_line[rate] = by_line.get(rate, ZERO) + line_vat(line_sum, rate)
    if formula not in ("L", "T"):
        raise ValueError(f"the VAT formula is L or T, not {formula!r}")
    chosen = by_line if formula == "L" else {rate: line_vat(each, rate) for rate, each in turnover.items()}
    return {rate: chosen[rate] if rate.percent else turnover[rate] for rate in turnover}


def _half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value.numerator) + value.denominator) // (2 * value.denominator))


@dataclass(frozen=True, slots=True)
class PortalVatRow:
    """A row of the portal's VAT table (`catalog.vat.list`). `percent` None means the row says "without VAT"."""

    row_id: int
    name: str
    percent: Decimal | None


DELIVERY_ROW = 0
"""The row id under which the mapping keeps the rate of delivery lines: the portal has no VAT row for them."""


def propose(row: PortalVatRow, day: date) -> VatRate | None:
    """The rate that a person is asked to confirm for a portal row, or None where nothing plausible exists."""
    says_none = "без" in row.name.casefold() and "ндс" in row.name.casefold()
    if row.percent is None or (says_none and not row.percent):
        return VatRate.NONE
    if says_none:
        return None  # "без НДС" with a percentage: one of the two is a typing error
    for rule in RULES:
        percent = rule.rate.percent
        if percent is not None and Decimal(percent) == row.percent and rule_for(rule.rate, day) is rule:
            return rule.rate
    return None


def is_plausible(row: PortalVatRow, rate: VatRate, day: date) -> bool:
    """Whether a confirmed mapping still fits what the portal's row says today."""
    if rule_for(rate, day) is None:
        return False
    if rate is VatRate.NONE:
        return not row.percent
    return row.percent is not None and Decimal(rate.percent or 0) == row.percent


__all__ = [
    "DELIVERY_ROW",
    "RULES",
    "PortalVatRow",
    "Rule",
    "VatRate",
    "is_lawful_under",
    "is_plausible",
    "line_vat",
    "propose",
    "receipt_vat",
    "rule_for",
    "vat_inside",
]
