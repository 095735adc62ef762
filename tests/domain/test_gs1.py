"""Element strings and check digits, against the examples of the GS1 General Specifications."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.gs1 import GS, SERIAL_CHARACTERS, BadElements, Element, check_digit, elements_of, is_gtin


def parts(text: str) -> list[tuple[str, str]]:
    return [(each.ai, each.value) for each in elements_of(text)]


def test_groups_of_fixed_and_of_free_length() -> None:
    text = f"0104607103820700215Ab{GS}3103000250{GS}1726112110B-7{GS}93dGVz"
    assert parts(text) == [
        ("01", "04607103820700"),
        ("21", "5Ab"),
        ("3103", "000250"),
        ("17", "261121"),
        ("10", "B-7"),
        ("93", "dGVz"),
    ]
    assert [text[each.position :][: len(each.value)] for each in elements_of(text)] == [v for _, v in parts(text)]


@pytest.mark.parametrize(
    "text, position",
    [
        ("", 0),
        ("9", 0),
        ("0104607103820700X", 16),  # no AI begins so
        ("01046071038207", 14),  # cut off inside the GTIN
        ("010460710382070A", 15),
        ("0104607103820700" + "21", 18),  # nothing behind the AI
        (f"0104607103820700215Ab{GS}215Ab", 22),  # twice
        ("0104607103820700" + "21" + "5" * 21, 38),  # a serial has at most twenty characters
        (f"0104607103820700215Ab{GS}800512345", 31),
        ("0104607103820700215Ы", 19),
        ("0104607103820700215 b", 19),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(text: str, position: int) -> None:
    with pytest.raises(BadElements) as caught:
        elements_of(text)
    assert caught.value.position == position


@pytest.mark.parametrize("number", ["4607103820700", "04607103820700", "96385074", "614141007349", "10614141007346"])
def test_numbers_with_their_check_digit(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]
    assert is_gtin(number)
    wrong = str((int(number[-1]) + 1) % 10)
    assert not is_gtin(number[:-1] + wrong)


@pytest.mark.parametrize("text", ["", "1", "123456789", "46071038207٠0", "460710382070 ", "-607103820700"])
def test_what_is_no_number_of_goods(text: str) -> None:
    assert not is_gtin(text)


@given(st.text(st.sampled_from(sorted(SERIAL_CHARACTERS | {GS, "Ы", " ", "\x00"})), max_size=120))
def test_nothing_but_bad_elements_is_raised_and_the_place_is_inside(text: str) -> None:
    found = read(text)
    if isinstance(found, BadElements):
        assert 0 <= found.position <= len(text)
    else:
        assert sum(len(each.ai) + len(each.value) for each in found) + text.count(GS) == len(text)


def read(text: str) -> tuple[Element, ...] | BadElements:
    try:
        return elements_of(text)
    except BadElements as bad:
        return bad


@given(st.integers(0, 10**13 - 1))
def test_one_wrong_digit_is_always_noticed(number: int) -> None:
    digits = f"{number:013}"
    whole = digits + check_digit(digits)
    for at in range(13):
        changed = whole[:at] + str((int(whole[at]) + 1) % 10) + whole[at + 1 :]
        assert not is_gtin(changed)
