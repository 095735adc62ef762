"""Published receipts are read in every dialect, and whatever is no receipt is refused without harm."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import Money
from posapp.domain.published import FILE_MAX, LINES_MAX, Published, PublishedLine, read_published
from posapp.domain.recompute import verify
from posapp.domain.vat import VatRate
from posapp.errors import PosError

NEW: dict[str, Any] = {
    "dateTime": "2026-08-03T16:44:00",
    "totalSum": 56300,
    "items": [{"name": "Сыр", "price": 8590, "quantity": 0.872, "sum": 7490, "nds": 2, "ndsSum": 681}],
    "nds10": 681,
    "cashTotalSum": 56300,
    "ecashTotalSum": 0,
    "prepaidSum": 0,
    "creditSum": 0,
    "provisionSum": 0,
    "amountsReceiptNds": {"amountsNds": [{"nds": 11, "ndsSum": 4454}]},
}


def read(body: object) -> Published:
    return read_published(json.dumps(body).encode())


def refusal(raw: bytes) -> PosError:
    with pytest.raises(PosError) as caught:
        read_published(raw)
    assert caught.value.code == "bad_input"
    return caught.value


def test_a_receipt_of_the_new_app() -> None:
    assert read(NEW) == Published(
        year=2026,
        total=Money(56300),
        lines=(PublishedLine("Сыр", Money(8590), Decimal("0.872"), Money(7490), VatRate.VAT_10, Money(681)),),
        vat={VatRate.VAT_10: Money(681), VatRate.VAT_22: Money(4454)},
        payments={1031: Money(56300), 1081: Money(0), 1215: Money(0), 1216: Money(0), 1217: Money(0)},
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        {"receipt": NEW},
        {"kind": "ofd", "source": "somewhere", "receipt": NEW},
        {"document": {"receipt": NEW}},
        [{"_id": "1", "ticket": {"document": {"receipt": NEW}}}],
        {"document": {"bso": NEW}},
    ],
)
def test_wrappers_are_taken_off(wrapped: object) -> None:
    assert read(wrapped) == read(NEW)


def test_partial_is_kept() -> None:
    assert read({"partial": True, "receipt": NEW}).is_partial
    assert not read({"partial": False, "receipt": NEW}).is_partial


@pytest.mark.parametrize(
    "key, rate",
    [
        ("nds18", VatRate.VAT_20),
        ("nds20", VatRate.VAT_20),
        ("nds10", VatRate.VAT_10),
        ("nds0", VatRate.VAT_0),
        ("ndsNo", VatRate.NONE),
        ("nds22", VatRate.VAT_22),
        ("ndsCalculated18", VatRate.VAT_20_120),
        ("nds18118", VatRate.VAT_20_120),
        ("nds10110", VatRate.VAT_10_110),
        ("nds5105", VatRate.VAT_5_105),
        ("nds7107", VatRate.VAT_7_107),
        ("nds22122", VatRate.VAT_22_122),
    ],
)
def test_a_key_names_the_rate_of_a_line_and_of_the_receipt(key: str, rate: VatRate) -> None:
    item = {"price": 100, "quantity": 1, "sum": 100, key: 9}
    found = read({"dateTime": "2020-01-01", "totalSum": 100, "items": [item], key: 9})
    assert (found.lines[0].rate, found.lines[0].vat_sum) == (rate, Money(9))
    assert found.vat == {rate: Money(9)}


def test_of_several_keys_in_a_line_the_one_with_a_sum_counts() -> None:
    item = {"price": 100, "quantity": 1, "sum": 100}
    some = read({"totalSum": 100, "items": [{**item, "nds10": 9, "nds18": 0}, {**item, "nds10": 0, "nds18": 0}]})
    assert [line.rate for line in some.lines] == [VatRate.VAT_10, None]


def test_other_names_of_the_same_payment() -> None:
    other = {"prepaymentSum": 1, "postpaymentSum": 2, "counterSubmissionSum": 3}
    assert read({"totalSum": 6, "items": [], **other}).payments == {1215: Money(1), 1216: Money(2), 1217: Money(3)}


@pytest.mark.parametrize(
    "when, year",
    [
        ("2018-10-31T07:50:00", 2018),
        ("2020-09-16", 2020),
        ("2025", 2025),
        (1576430400, 2019),
        (1546300799, 2018),  # the last second of 2018
        (1546300800, 2019),
        (None, None),
        ("вчера", None),
        (-1, None),
        (True, None),
        (10**12, None),
    ],
)
def test_the_year_decides_so_it_is_read_from_any_form(when: object, year: int | None) -> None:
    assert read({**NEW, "dateTime": when}).year == year


def test_noise_of_binary_fractions_is_taken_off() -> None:
    item = {"price": 100, "quantity": 1.1499999999999999, "sum": 115}
    assert read({"totalSum": 115, "items": [item]}).lines[0].quantity == Decimal("1.15")
    assert b"1.1500000000000001" in json.dumps(1.1500000000000001).encode()


def test_old_corrections_are_noticed() -> None:
    assert read({**NEW, "stornoItems": [{"sum": 1}]}).has_corrections
    assert read({**NEW, "modifiers": [{"discountSum": 1}]}).has_corrections
    assert not read({**NEW, "modifiers": [], "stornoItems": []}).has_corrections


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
        {"totalSum": 1, "items": [{"price": 1}]},
        {"totalSum": -1, "items": []},
        {"totalSum": 1.5, "items": []},
        {"totalSum": "1", "items": []},
        {"totalSum": True, "items": []},
        {"totalSum": None, "items": []},
        {"totalSum": 10**10, "items": []},
        {"totalSum": 10**40, "items": []},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": -1}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": True}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": "1"}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": 10**8}]},
        {"totalSum": 1, "items": [{"sum": 1, "quantity": 10**7, "price": 10**7}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": 13}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": 0}]},
        {"totalSum": 1, "items": [{"sum": 1, "nds": "2"}]},
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
