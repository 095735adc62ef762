"""Money and quantities: what people type comes back, products round half up exactly, nonsense is refused."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posapp.domain.money import COUNTER_MAX, KOPECKS_MAX, ZERO, Money, Quantity, round_half_up, total

SUMS = st.integers(0, KOPECKS_MAX).map(Money)
QUANTITIES = st.integers(1, 10**14 - 1).map(lambda millionths: Quantity(Decimal(millionths).scaleb(-6)))


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


@given(SUMS)
def test_what_the_screen_shows_can_be_typed(money: Money) -> None:
    assert Money.parse(str(money)) == money


@given(SUMS)
def test_roubles_come_back(money: Money) -> None:
    assert Money.parse(f"{money.roubles}") == money
    assert Money.from_roubles(money.roubles) == money


@pytest.mark.parametrize(
    "text, kopecks",
    [("1234.50", 123450), ("1 234,5", 123450), ("90", 9000), ("0.01", 1), ("99999999.99", KOPECKS_MAX), ("7 ₽", 700)],
)
def test_amounts_as_people_type_them(text: str, kopecks: int) -> None:
    assert Money.parse(text) == Money(kopecks)


@pytest.mark.parametrize(
    "text", ["", "-1", "1.234", "1,2,3", "1e3", "0x10", "рубль", "١٢", "100000000", ".5", "5.", "NaN", "1.5.0"]
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money.parse(text)


@pytest.mark.parametrize("kopecks", [1.0, True, "1", Decimal(1), None])
def test_kopecks_are_an_int_and_nothing_like_it(kopecks: object) -> None:
    with pytest.raises(TypeError):
        Money(kopecks)  # type: ignore[arg-type]


@pytest.mark.parametrize("kopecks", [COUNTER_MAX + 1, -COUNTER_MAX - 1])
def test_a_sum_no_register_counts_is_refused(kopecks: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Money(kopecks)


@pytest.mark.parametrize("roubles", ["99999999.995", "100000000", "-100000000", 10**8])
def test_more_than_a_receipt_comes_in_from_nowhere(roubles: str | int) -> None:
    with pytest.raises(ValueError, match="more roubles"):
        Money.from_roubles(roubles)


def test_a_drawer_may_hold_more_than_one_receipt() -> None:
    assert total([Money(KOPECKS_MAX), Money(KOPECKS_MAX)]).kopecks == 2 * KOPECKS_MAX


@given(SUMS, QUANTITIES)
def test_price_times_quantity_is_exact_half_up(price: Money, quantity: Quantity) -> None:
    expected = half_up(price.kopecks * Fraction(quantity.value))
    assume(expected <= KOPECKS_MAX)
    assert price.times(quantity) == Money(expected)


@pytest.mark.parametrize(
    "price, quantity, expected",
    [(8590, "0.872", 7490), (2990, "1.93", 5771), (1, "0.5", 1), (1, "0.499999", 0), (3, "0.5", 2), (0, "7", 0)],
)
def test_lines_of_real_receipts_and_halves(price: int, quantity: str, expected: int) -> None:
    assert Money(price).times(Quantity.of(quantity)) == Money(expected)


@given(st.decimals(-(10**8) + 1, 10**8 - 1, places=9))
def test_roubles_of_another_program_round_half_up(value: Decimal) -> None:
    assert Money.from_roubles(value) == Money(half_up(Fraction(value) * 100))


@pytest.mark.parametrize("value", ["1e30", "1e999999", "1e9999999", "-1e30", "NaN", "Infinity", "", "1,5", "сто"])
def test_no_sum_of_another_program_is_a_value_error(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (what is said differs, the class is what callers rely on)
        Money.from_roubles(value)


def test_a_rouble_amount_is_rounded_once() -> None:
    assert Money.from_roubles("0.00499999999999999999999999999999999999") == ZERO


@given(st.lists(SUMS, max_size=6), SUMS)
def test_sums_add_and_subtract(sums: list[Money], other: Money) -> None:
    assume(sum(each.kopecks for each in sums) <= KOPECKS_MAX)
    assert total(sums).kopecks == sum(each.kopecks for each in sums)
    assert total(tuple(sums)) - other == -(other - total(sums))


def test_the_screen_shows_spaces_minus_and_two_decimals() -> None:
    assert str(Money(123450)) == "1\u202f234,50\u00a0₽"
    assert str(Money(-5)) == "\u22120,05\u00a0₽"
    assert not ZERO
    assert Money(1)


@given(QUANTITIES)
def test_a_quantity_comes_back_from_its_text_and_its_millionths(quantity: Quantity) -> None:
    assert Quantity.of(str(quantity)) == quantity
    assert Quantity(Decimal(quantity.millionths).scaleb(-6)) == quantity
    assert not str(quantity).endswith(("0", ".")) or "." not in str(quantity)


@pytest.mark.parametrize("value", ["0", "-1", "100000000", "0.0000001", "NaN", "Infinity", "1e9"])
def test_what_is_no_quantity(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Quantity.of(value)


@pytest.mark.parametrize("value", [1.5, True, None])
def test_a_float_is_never_a_quantity(value: object) -> None:
    with pytest.raises(TypeError):
        Quantity.of(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Quantity(value)  # type: ignore[arg-type]


@given(st.decimals(-(10**9), 10**9, places=4))
def test_halves_go_away_from_zero(value: Decimal) -> None:
    assert round_half_up(value) == half_up(Fraction(value))
