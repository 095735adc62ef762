"""What is no receipt, and what means harm, is refused by name; anything at all is judged or refused in bounded time."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.published import LINES_MAX
from posapp.domain.published_json import FILE_MAX
from posapp.domain.recompute import verify
from posapp.errors import PosError
from tests.domain.test_published import NEW, read, refusal


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        [NEW, NEW],
        "чек",
        5,
        {},
        {"items": []},
        {"totalSum": 1},
        {"totalSum": 1, "items": {}},
        {"totalSum": 1, "items": ["чай"]},
        {"totalSum": -1, "items": []},
        {"totalSum": 1.5, "items": []},
        {"totalSum": "1", "items": []},
        {"totalSum": True, "items": []},
        {"totalSum": None, "items": []},
        {"totalSum": 10**10, "items": []},
        {"totalSum": 10**40, "items": []},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": -1}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": True}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": "1 кг"}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": "1e3"}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": 10**8}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": 10**7, "price": 10**7}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": 13}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": "двадцать"}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": 1.5}]},
        {"totalSum": 1, "items": [{"sum": 1}, "чай"]},
        {"totalSum": "-1", "items": [{"sum": 1}]},
        {"totalSum": "1.234", "items": [{"sum": 1}]},
        {"totalSum": 1, "cashTotalSum": [1]},
        {"totalSum": 1, "payments": [{"type": 9, "sum": 1}], "cashTotalSum": "x"},
        {"totalSum": 1, "items": [{"sum": 1, "nds": True}]},
        {"totalSum": 1, "items": [{"sum": 5 * 10**9}] * 2},
        {"totalSum": 1, "items": [{"sum": 1}] * (LINES_MAX + 1)},
        {"totalSum": 1, "items": [], "nds18": 1, "nds20": 2},
        {"totalSum": 1, "items": [], "amountsReceiptNds": {"amountsNds": [{"nds": 99, "ndsSum": 1}]}},
        {"totalSum": 1, "items": [], "amountsReceiptNds": {"amountsNds": ["x"]}},
        {"totalSum": 1, "items": [], "amountsPrinted": {"rate": 19, "ndsSum": 1}},
        {"totalSum": 1, "items": [], "prepaidSum": 1, "prepaymentSum": 2},
        {"totalSum": 1, "items": [], "cashTotalSum": 9 * 10**9, "ecashTotalSum": 9 * 10**9},
        {"receipt": {"receipt": {"receipt": {"receipt": {"receipt": {"receipt": {"receipt": {"receipt": {}}}}}}}}},
    ],
)
def test_what_is_no_receipt_is_refused(body: object) -> None:
    refusal(json.dumps(body).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"\xd0",
        b"[" * 100_000,
        b'{"receipt":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"totalSum": NaN, "items": []}',
        b'{"totalSum": NaN, "cashTotalSum": 1}',
        b'{"totalSum": 1, "cashTotalSum": Infinity}',
        b'{"totalSum": 1e9999999, "cashTotalSum": 1e9999999}',
        b'{"totalSum": 1e-9999999, "cashTotalSum": 1e9999999}',
        b'{"totalSum": 1, "items": [{"sum": 1, "quantity": 1e9999999}]}',
        b'{"totalSum": ' + b"9" * 100_000 + b', "cashTotalSum": 1}',
        b'{"items":' * 90_000 + b"1" + b"}" * 90_000,
        b'{"a":"' * 3_000 + b"1",
        b'{"data": "{\\"data\\": \\"{\\\\\\"totalSum\\\\\\": 1}\\"}"}',
        '{"totalSum": ١, "items": []}'.encode(),
        b"\x98" * 50,
        b"\x00" * 1_000,
        b"{}\n" * 100_000,
        b"[" + b"{}," * 300_000 + b"{}]",
        b'{"' + b"k" * 900_000 + b'": ' + b"[" * 900 + b"1," * 5_000 + b"1" + b"]" * 900 + b"}",
        b'{"totalSum": Infinity, "items": []}',
        b'{"totalSum": 1e999999999, "items": []}',
        b'{"totalSum": 1e99999999999999999999, "items": []}',
        b'{"totalSum": 1, "items": [{"sum": 1, "quantity": 1e-999999999, "price": 1e999999}]}',
        b'{"totalSum": ' + b"9" * 10_000 + b', "items": []}',
        b" " * (FILE_MAX + 1),
    ],
    ids=lambda raw: f"{raw[:24]!r}",
)
def test_hostile_bytes_are_refused(raw: bytes) -> None:
    refusal(raw)


def test_bad_json_is_named_by_position() -> None:
    assert refusal(b'{"totalSum": 1, "items": [}').position == 26
    error = refusal(b'{"totalSum": 1,\n "items": [}')
    assert (error.position, "строка 2, знак 12" in error.what) == (27, True)
    assert refusal(b'{"totalSum": 1, "items": []}\n{"totalSum" 1}\n').position == 41


NUMBERS = st.integers(-5, 10**11) | st.floats(width=32) | st.booleans() | st.none() | st.text(max_size=3)
NAMES = [
    *("receipt", "ticket", "partial", "totalSum", "items", "sum"),
    *("price", "quantity", "nds", "ndsRate", "ndsSum", "nds18"),
    *("nds10", "ndsNo", "amountsReceiptNds", "amountsNds", "amountsPrinted", "rate"),
    *("modifiers", "cashTotalSum", "ecashTotalSum", "prepaidSum", "dateTime", "name"),
]
KEYS = st.sampled_from(NAMES)
BODIES = st.recursive(
    NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)


@given(
    BODIES, st.dictionaries(KEYS, BODIES, max_size=6), st.lists(st.dictionaries(KEYS, BODIES, max_size=6), max_size=3)
)
def test_anything_is_judged_or_refused(body: object, more: dict[str, Any], items: list[Any]) -> None:
    likely = {"totalSum": 5, **more, "items": [{"sum": 1, **item} for item in items]}
    for each in (body, likely):
        try:
            verdict = verify(read(each))
        except PosError:
            continue
        json.dumps(verdict.as_json())
        assert (verdict.vat_formula is not None) <= (verdict.vat_ok is True)
        assert (None in (verdict.lines_ok, verdict.vat_ok, verdict.totals_ok, verdict.payments_ok)) <= bool(
            verdict.problems
        )


@given(st.binary(max_size=60))
def test_any_bytes_are_judged_or_refused(raw: bytes) -> None:
    refusal(raw)
