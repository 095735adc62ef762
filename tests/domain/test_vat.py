"""VAT: every line's share is exact half up, the formulas L and T differ by less than a kopeck a line."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import KOPECKS_MAX, ZERO, Money, total
from posapp.domain.vat import (
    DELIVERY_ROW,
    RULES,
    PortalVatRow,
    VatRate,
    is_plausible,
    line_vat,
    propose,
    receipt_vat,
    rule_for,
    vat_inside,
)

# Tag 1199 as the order of the tax service has it: code → rate and whether it is the "расчётная" form.
CODES = {1: 20, 2: 10, 3: 20, 4: 10, 5: 0, 6: None, 7: 5, 8: 7, 9: 5, 10: 7, 11: 22, 12: 22}
SUMS = st.integers(0, KOPECKS_MAX // 50).map(Money)
LINES = st.lists(st.tuples(SUMS, st.sampled_from(VatRate)), min_size=1, max_size=50)


def test_codes_are_those_of_the_law() -> None:
    assert {rate.value: rate.percent for rate in VatRate} == CODES


@given(SUMS, st.sampled_from(VatRate))
def test_vat_of_a_line_is_exact_half_up(line_sum: Money, rate: VatRate) -> None:
    percent = rate.percent or 0
    exact = Fraction(line_sum.kopecks * percent, 100 + percent)
    assert line_vat(line_sum, rate).kopecks == int(exact + Fraction(1, 2))


@given(SUMS, st.sampled_from(VatRate))
def test_vat_of_a_refund_is_that_of_the_sale(line_sum: Money, rate: VatRate) -> None:
    assert line_vat(-line_sum, rate) == -line_vat(line_sum, rate)


def test_vat_of_real_lines() -> None:
    assert line_vat(Money(80730), VatRate.VAT_22) == Money(14558)
    assert line_vat(Money(16460), VatRate.VAT_20) == Money(2743)
    assert vat_inside(Money(42848), 18) == Money(6536)  # of 2018
    assert line_vat(Money(3), VatRate.VAT_20) == Money(1)  # half a kopeck goes up


@given(LINES)
def test_the_formulas_differ_by_less_than_a_kopeck_a_line(lines: list[tuple[Money, VatRate]]) -> None:
    by_line, by_turnover = receipt_vat(lines, "L"), receipt_vat(lines, "T")
    assert by_line.keys() == by_turnover.keys() == {rate for _, rate in lines}
    for rate, amount in by_line.items():
        count = sum(each is rate for _, each in lines)
        assert abs((amount - by_turnover[rate]).kopecks) < count


@given(LINES)
def test_each_formula_is_what_it_says(lines: list[tuple[Money, VatRate]]) -> None:
    by_line, by_turnover = receipt_vat(lines, "L"), receipt_vat(lines, "T")
    for rate in {rate for _, rate in lines}:
        sums = [line_sum for line_sum, each in lines if each is rate]
        if rate.percent:
            assert by_line[rate] == total([line_vat(each, rate) for each in sums])
            assert by_turnover[rate] == line_vat(total(sums), rate)
        else:  # tags 1104 and 1105 are turnovers
            assert by_line[rate] == by_turnover[rate] == total(sums)


def test_a_real_receipt_where_the_formulas_part() -> None:
    lines = [(Money(each), VatRate.VAT_20) for each in (16460, 22680, 22568, 6720)]
    assert receipt_vat(lines, "T")[VatRate.VAT_20] == Money(11405)  # as printed
    assert receipt_vat(lines, "L")[VatRate.VAT_20] == Money(11404)


def test_there_is_no_third_formula() -> None:
    with pytest.raises(ValueError, match="L or T"):
        receipt_vat([(Money(1), VatRate.NONE)], "X")


@pytest.mark.parametrize(
    "rate, day, is_lawful",
    [
        (VatRate.VAT_20, date(2025, 12, 31), True),
        (VatRate.VAT_20, date(2026, 1, 1), False),
        (VatRate.VAT_22, date(2025, 12, 31), False),
        (VatRate.VAT_22, date(2026, 1, 1), True),
        (VatRate.VAT_5, date(2024, 12, 31), False),
        (VatRate.VAT_5, date(2025, 1, 1), True),
        (VatRate.VAT_7, date(2025, 1, 1), True),
        (VatRate.VAT_20, date(2018, 12, 31), False),
        (VatRate.VAT_22_122, date(2026, 6, 1), False),
    ],
)
def test_rates_of_new_sales_have_dates(rate: VatRate, day: date, is_lawful: bool) -> None:
    assert (rule_for(rate, day) is not None) is is_lawful


@given(st.dates(date(2019, 1, 1), date(2040, 1, 1)))
def test_every_day_has_one_general_rate_and_no_rate_twice(day: date) -> None:
    lawful = [rule.rate for rule in RULES if rule_for(rule.rate, day) is rule]
    assert len([rate for rate in lawful if rate in (VatRate.VAT_20, VatRate.VAT_22)]) == 1
    assert len(set(lawful)) == len(lawful)
    assert {VatRate.NONE, VatRate.VAT_0, VatRate.VAT_10} <= set(lawful)


ROWS = st.builds(
    PortalVatRow,
    row_id=st.integers(1, 99),
    name=st.sampled_from(["НДС 20%", "Без НДС", "НДС", "без ндс", "22"]),
    percent=st.none() | st.sampled_from([Decimal(each) for each in (0, 5, 7, 10, 18, 20, 22, 33)]),
)


@given(ROWS, st.dates(date(2019, 1, 1), date(2030, 1, 1)))
def test_what_is_proposed_is_plausible(row: PortalVatRow, day: date) -> None:
    proposed = propose(row, day)
    if proposed is not None:
        assert is_plausible(row, proposed, day)
        assert (proposed.percent or 0) == (row.percent or 0)


@pytest.mark.parametrize(
    "name, percent, day, proposed",
    [
        ("НДС 20%", 20, date(2025, 6, 1), VatRate.VAT_20),
        ("НДС 20%", 20, date(2026, 6, 1), None),
        ("НДС 22%", 22, date(2026, 6, 1), VatRate.VAT_22),
        ("НДС 18%", 18, date(2026, 6, 1), None),
        ("Без НДС", None, date(2026, 6, 1), VatRate.NONE),
        ("Без НДС", 0, date(2026, 6, 1), VatRate.NONE),
        ("Без НДС", 20, date(2025, 6, 1), None),
        ("НДС 0%", 0, date(2026, 6, 1), VatRate.VAT_0),
    ],
)
def test_proposals(name: str, percent: int | None, day: date, proposed: VatRate | None) -> None:
    row = PortalVatRow(1, name, None if percent is None else Decimal(percent))
    assert propose(row, day) is proposed


def test_a_confirmed_rate_stops_fitting_when_the_portals_row_changes() -> None:
    day = date(2026, 6, 1)
    assert is_plausible(PortalVatRow(1, "НДС", Decimal(22)), VatRate.VAT_22, day)
    assert not is_plausible(PortalVatRow(1, "НДС", Decimal(10)), VatRate.VAT_22, day)
    assert not is_plausible(PortalVatRow(1, "Без НДС", None), VatRate.VAT_0, day)
    assert not is_plausible(PortalVatRow(1, "НДС", Decimal(22)), VatRate.NONE, day)


def test_titles_as_printed() -> None:
    assert VatRate.NONE.title == "без НДС"
    assert VatRate.VAT_22.title == "22\u00a0%"
    assert VatRate.VAT_22_122.title == "22/122"
    assert VatRate.VAT_5_105.title == "5/105"
    assert line_vat(Money(100), VatRate.VAT_0) == ZERO
    assert DELIVERY_ROW not in range(1, 10**6)  # portal rows begin at 1
