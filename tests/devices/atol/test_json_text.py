"""Numbers go out as they are and come back as they were."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.atol.json_text import dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**63, 2**63 - 1) | st.text() | st.decimals(-(10**9), 10**9, places=6),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_json_and_reads_back_equal(value: object) -> None:
    text = dumps(value)
    json.loads(text)
    assert loads(text) == value


@pytest.mark.parametrize(
    "number, text",
    [("245.00", "245"), ("0.386", "0.386"), ("1E+3", "1000"), ("99999999.99", "99999999.99"), ("1E-6", "0.000001")],
)
def test_a_decimal_is_a_plain_number(number: str, text: str) -> None:
    assert dumps({"sum": Decimal(number)}) == f'{{"sum":{text}}}'


def test_a_float_is_never_written() -> None:
    with pytest.raises(TypeError):
        dumps([0.1])
    with pytest.raises(ValueError, match="no number"):
        dumps(Decimal("NaN"))
    with pytest.raises(ValueError, match="JSON"):
        loads('{"sum": NaN}')


@pytest.mark.parametrize(
    "text",
    [
        *("1e999999999", "-1e-999999999", "0e999999999", "9" * 30, "9" * 5000, "NaN", "Infinity"),
        *("[" * 100_000, r'"\ud800"', r'{"\uDFFF": 1}', b'"\xed\xa0\x80"', b"\xff", ""),
    ],
)
def test_what_nobody_means_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        loads(text)


def test_a_character_in_two_escapes_is_whole() -> None:
    assert loads(r'"\ud83d\ude00"') == "😀"
