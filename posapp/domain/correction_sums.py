"""The lines of a correction that has none: FFD 1.05 writes only what was taken at which rate. Pure.

A document tells VAT, not turnover, so a turnover is known to a few kopecks only. Where several lines were added, each
rounded for itself, no single turnover may give just this VAT; then the total counts, and the VAT is off by as little.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import PaymentMethod, PaymentObject, ReceiptLine
from posapp.domain.vat import VatRate, line_vat

RATE_TAGS: Mapping[int, VatRate] = {
    1102: VatRate.VAT_20,
    1103: VatRate.VAT_10,
    1104: VatRate.VAT_0,
    1105: VatRate.NONE,
    1106: VatRate.VAT_20_120,
    1107: VatRate.VAT_10_110,
}
"""The six sums of a correction of FFD 1.05: VAT, of 1104 and 1105 the turnover."""
ROUNDED_MAX = 100
"""Kopecks by which lines that were rounded one by one may lead away from the turnover of their VAT."""
NAME = "Расчёт по ставке {rate}"


def lines_of_sums(whole: Money, sums: Mapping[VatRate, Money], credit: Money) -> tuple[ReceiptLine, ...]:
    """A line for each rate. Raises ValueError when these sums cannot come to that total.

    Args:
        whole: tag 1020.
        sums: what the tags 1102 … 1107 say.
        credit: tag 1216.
    """
    turnovers = _turnovers(whole, {rate: amount for rate, amount in sums.items() if amount} or {VatRate.NONE: whole})
    return tuple(_line(rate, amount, whole, credit) for rate, amount in turnovers.items())


def _line(rate: VatRate, amount: Money, whole: Money, credit: Money) -> ReceiptLine:
    method, sort = PaymentMethod.FULL_PAYMENT, PaymentObject.COMMODITY
    if rate.is_calculated:
        method, sort = PaymentMethod.ADVANCE, PaymentObject.PAYMENT
    elif credit:
        method = PaymentMethod.CREDIT if credit == whole else PaymentMethod.PARTIAL_PAYMENT
    return ReceiptLine(NAME.format(rate=rate.title), amount, Quantity(Decimal(1)), amount, rate, method, sort)


def _turnovers(whole: Money, sums: Mapping[VatRate, Money]) -> dict[VatRate, Money]:
    """One turnover for each rate, together the total."""
    ranges = {rate: _range(rate, amount) for rate, amount in sums.items()}
    found = {rate: low for rate, (low, _) in ranges.items()}
    rest = whole.kopecks - sum(found.values())
    for rate, (low, high) in ranges.items():
        more = max(0, min(rest, high - low))
        found[rate] += more
        rest -= more
    if abs(rest) > ROUNDED_MAX or not found:
        raise ValueError(f"the sums by rate do not come to {whole}")
    largest = max(found, key=lambda rate: found[rate])
    found[largest] += rest
    return {rate: Money(kopecks) for rate, kopecks in found.items()}


def _range(rate: VatRate, amount: Money) -> tuple[int, int]:
    """The least and the greatest turnover that give this VAT."""
    percent = rate.percent
    if not percent:
        return amount.kopecks, amount.kopecks
    middle = amount.kopecks * (100 + percent) // percent
    fits = [
        kopecks
        for kopecks in range(max(0, middle - 2 * (100 + percent) // percent), middle + 2 * (100 + percent) // percent)
        if line_vat(Money(kopecks), rate) == amount
    ]
    if not fits:
        raise ValueError(f"no turnover gives a VAT of {amount} at {rate.title}")
    return fits[0], fits[-1]
