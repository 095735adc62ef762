"""Layout: nothing is lost, nothing is wider than the paper, sums stand at the right edge."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.printed import (
    RULE,
    WIDTH_MAX,
    WIDTH_MIN,
    WIDTHS,
    FormLine,
    PrintedForm,
    centred,
    kopecks,
    lay_out,
    pair,
    printable,
    text_of,
    words,
    wrap,
)

ANY_TEXT = st.text(max_size=300)
CYRILLIC = st.text("абвгдёжзйклмнопрстуфхцчшщъыьэюя АБВ0123456789.,-/()№%", max_size=300)
WIDE = st.integers(WIDTH_MIN, WIDTH_MAX)
LINES = st.lists(
    st.one_of(
        st.just(RULE),
        st.builds(words, ANY_TEXT),
        st.builds(centred, CYRILLIC),
        st.builds(pair, ANY_TEXT, ANY_TEXT),
    ),
    max_size=8,
)


def solid(text: str) -> str:
    """Without blanks: only those may go when a line is broken."""
    return re.sub(" ", "", text)


@given(LINES, WIDE)
def test_no_line_is_wider_than_the_paper(lines: list[FormLine], width: int) -> None:
    assert all(len(row.text) <= width for row in lay_out(lines, width))


@given(CYRILLIC, WIDE)
def test_a_wrapped_text_loses_no_letter(text: str, width: int) -> None:
    assert solid("".join(wrap(text, width))) == solid(text)


@given(CYRILLIC, CYRILLIC, WIDE)
def test_a_pair_loses_no_letter(left: str, right: str, width: int) -> None:
    rows = lay_out([pair(left, right)], width)
    assert solid("".join(row.text for row in rows)) == solid(left + right)


@given(CYRILLIC.filter(str.strip), st.integers(0, 10**11), WIDE)
def test_a_sum_ends_at_the_right_edge(name: str, amount: int, width: int) -> None:
    row = lay_out([pair(name, kopecks(amount))], width)[-1].text
    assert len(row) == width
    assert row.endswith(kopecks(amount))


@given(st.text(max_size=100))
def test_every_sign_takes_one_cell_that_a_register_has(text: str) -> None:
    shown = printable(text)
    for sign in shown:
        assert sign == " " or sign.isprintable()
        assert any(_has(charset, sign) for charset in ("cp1251", "cp866"))


def _has(charset: str, sign: str) -> bool:
    try:
        sign.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    "typed, shown",
    [
        ("Чай «Ёлка» №5 – 1,7\u00a0л", "Чай «Ёлка» №5 – 1,7 л"),
        ("и\u0306од", "йод"),  # a letter that came in two signs
        ("первая\nвторая\tтретья", "первая вторая третья"),
        ("код\x1d93abc", "код 93abc"),
        ("кофе ☕ 🍰", "кофе ? ?"),
        ("5 ₽", "5 р"),
    ],
)
def test_what_a_register_cannot_print_becomes_what_it_can(typed: str, shown: str) -> None:
    assert printable(typed) == shown


def test_long_words_are_broken_and_blanks_inside_a_line_stay() -> None:
    assert wrap("Вафли   300г", 20) == ["Вафли   300г"]
    assert wrap("Сверхдлинноеслово вот", 8) == ["Сверхдли", "нноеслов", "о вот"]
    assert wrap("", 8) == [""]


def test_a_sum_that_does_not_fit_beside_its_name_takes_its_own_line() -> None:
    rows = lay_out([pair("ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", "=99999.99")], 32)
    assert [row.text for row in rows] == ["ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", "=99999.99".rjust(32)]


@pytest.mark.parametrize("width", [WIDTH_MIN - 1, WIDTH_MAX + 1, 0, -5])
def test_a_width_that_no_paper_has_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=str(width)):
        lay_out([], width)


def test_the_text_of_the_code_stands_below_and_comes_back_whole() -> None:
    qr = "t=20261121T1405&s=2480.00&fn=9999078900001234&i=4518&fp=1849301274&n=1"
    for width in WIDTHS:
        below = text_of(PrintedForm("", (words("а"),), qr), width).split("QR-код:\n")[1]
        assert below.replace("\n", "") == qr
        assert max(map(len, below.splitlines())) <= width


@pytest.mark.parametrize("amount, shown", [(0, "=0.00"), (5, "=0.05"), (123450, "=1234.50"), (-705, "-=7.05")])
def test_sums_have_a_point_and_two_places(amount: int, shown: str) -> None:
    assert kopecks(amount) == shown
