"""A code typed under the Russian layout comes back exactly, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.gs1 import GS, SERIAL_CHARACTERS
from posapp.domain.layout import looks_russian, mend, typed_in_russian

CODE = "0104690228112072215LKh'o\x1d93dGVz"


def test_a_code_of_a_real_receipt_under_the_russian_layout() -> None:
    assert typed_in_russian(CODE) == "0104690228112072215ДЛрэщ\x1d93вПМя"
    assert mend("0104690228112072215ДЛрэщ\x1d93вПМя") == (CODE, None)


@pytest.mark.parametrize("typed, meant", [("ъв2", "]d2"), ("йцукен", "qwerty"), ("Ъ№Ф,", "}#A?"), ("ю.б", "./,")])
def test_punctuation_and_case_move_too(typed: str, meant: str) -> None:
    assert mend(typed) == (meant, None)


@pytest.mark.parametrize("text", ["", "12345", "4607103820700", '5.,:;?/"', CODE, "№1"])
def test_without_a_russian_letter_nothing_is_touched(text: str) -> None:
    assert mend(text) == (text, None)


@pytest.mark.parametrize("text, place", [("йцуqке", 3), ("Aй", 0), ("фы'", 2), ("фы<", 2), ("ф@", 1)])
def test_letters_of_both_layouts_are_refused_with_the_place(text: str, place: int) -> None:
    assert mend(text) == (text, place)


@given(st.text(st.sampled_from(sorted(SERIAL_CHARACTERS | {GS}))))
def test_whatever_a_code_may_hold_survives_the_way_there_and_back(text: str) -> None:
    typed = typed_in_russian(text)
    assert len(typed) == len(text)
    if looks_russian(typed):
        assert mend(typed) == (text, None)


@given(st.text())
def test_any_text_keeps_its_length(text: str) -> None:
    mended, place = mend(text)
    assert len(mended) == len(text)
    assert place is None or 0 <= place < len(text)
