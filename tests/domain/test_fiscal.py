"""Marks, identities and documents: what proves fiscalization is checked when it is made."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind, Shift, ShiftState
from posapp.domain.money import Money

MARK = FiscalMark(
    document_number=12345678,
    document_sign="123456",
    receipt_number=3,
    shift_number=17,
    storage_number="000110000105",
    registration_number="0000000001054321",
    printed_at=datetime(2015, 7, 20, 16, 38),
)
DIGITS = st.text("0123456789", min_size=1, max_size=16)
MARKS = st.builds(
    FiscalMark,
    document_number=st.integers(1, 2**32 - 1),
    document_sign=st.integers(0, 2**32 - 1).map(str),
    receipt_number=st.integers(1, 2**32 - 1),
    shift_number=st.integers(1, 2**32 - 1),
    storage_number=DIGITS,
    registration_number=DIGITS,
    printed_at=st.datetimes(datetime(2016, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),
)


@given(MARKS)
def test_a_mark_comes_back_from_json(mark: FiscalMark) -> None:
    assert FiscalMark.from_json(json.loads(json.dumps(mark.as_json()))) == mark


def test_the_lawful_example_of_a_qr() -> None:
    qr = MARK.qr(Money(999999900), ReceiptKind.SELL_REFUND)
    assert qr == "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"


def test_a_qr_has_no_leading_zeros_in_the_sign_and_always_two_decimals() -> None:
    mark = dataclasses.replace(MARK, document_sign="0000000042")
    assert "&s=0.05&" in mark.qr(Money(5), ReceiptKind.SELL)
    assert "&fp=42&" in mark.qr(Money(5), ReceiptKind.SELL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"document_number": 0},
        {"receipt_number": 0},
        {"shift_number": 0},
        {"document_sign": ""},
        {"document_sign": "-1"},
        {"document_sign": "12a"},
        {"document_sign": "١٢"},
        {"document_sign": str(2**32)},
        {"document_sign": "12\n"},
        {"printed_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_mark_that_proves_nothing_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"begin at 1|document sign|without a zone"):
        dataclasses.replace(MARK, **wrong)


@pytest.mark.parametrize("number", ["", "12 ", "12\n", "AB", "-1", "٣"])
def test_an_identity_is_digits(number: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        DeviceIdentity(number, "1", "1")
    with pytest.raises(ValueError, match="not a number"):
        DeviceIdentity("1", number, "1")
    with pytest.raises(ValueError, match="not a number"):
        DeviceIdentity("1", "1", number)


def test_a_debug_storage_is_recognised() -> None:
    assert DeviceIdentity("1", "1", "9999078900001234").is_simulated
    assert not DeviceIdentity("1", "1", "9960440301310853").is_simulated


def test_zeros_of_an_identity_are_kept() -> None:
    identity = DeviceIdentity("000123", "0000000001054321", "0009960440301310")
    assert str(identity) == "ККТ 000123, ФН 0009960440301310"
    assert identity != DeviceIdentity("123", "0000000001054321", "0009960440301310")


@pytest.mark.parametrize(
    "state, is_open, is_expired",
    [(ShiftState.OPEN, True, False), (ShiftState.CLOSED, False, False), (ShiftState.EXPIRED, False, True)],
)
def test_an_expired_shift_takes_no_receipts(state: ShiftState, is_open: bool, is_expired: bool) -> None:
    shift = Shift(state, 1)
    assert (shift.is_open, shift.is_expired) == (is_open, is_expired)
