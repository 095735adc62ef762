"""QR texts: what we print is read again, real ones are read, everything else is named by position."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import KOPECKS_MAX, Money
from posapp.domain.qr import QR_MAX, ReceiptQr, parse_qr
from posapp.errors import PosError

LAWFUL = "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"


def position_of(text: str) -> int | None:
    with pytest.raises(PosError) as caught:
        parse_qr(text)
    assert caught.value.code == "bad_input"
    return caught.value.position


def test_the_lawful_example() -> None:
    assert parse_qr(LAWFUL).as_json() == {
        "datetime": "2015-07-20T16:38:00",
        "total_kopecks": 999999900,
        "storage_number": "000110000105",
        "document_number": 12345678,
        "document_sign": "123456",
        "kind": 2,
    }


@given(
    st.datetimes(datetime(2016, 1, 1), datetime(2100, 1, 1)),
    st.integers(0, KOPECKS_MAX).map(Money),
    st.text("0123456789", min_size=1, max_size=16),
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from(ReceiptKind),
)
def test_what_we_print_is_read_again(
    at: datetime, total: Money, storage: str, number: int, sign: int, kind: ReceiptKind
) -> None:
    at = at.replace(second=0, microsecond=0)
    mark = FiscalMark(number, str(sign), 1, 1, storage, "1", at)
    assert parse_qr(mark.qr(total, kind)) == ReceiptQr(at, total, storage, number, str(sign), kind)


@given(st.permutations(LAWFUL.split("&")), st.lists(st.sampled_from(["x=", "T=1", "fiscal=a=b", "яз=ю"]), max_size=3))
def test_order_is_free_and_unknown_keys_are_passed_over(parts: list[str], others: list[str]) -> None:
    assert parse_qr("&".join([*others, *parts])) == parse_qr(LAWFUL)


def test_seconds_small_letters_and_blanks_around() -> None:
    assert parse_qr(LAWFUL.replace("T1638", "T163859")).at == datetime(2015, 7, 20, 16, 38, 59)
    assert parse_qr(LAWFUL.replace("T1638", "t1638")).at == datetime(2015, 7, 20, 16, 38)
    assert parse_qr(f"  {LAWFUL}\t") == parse_qr(LAWFUL)


def test_zeros_of_the_storage_are_kept_those_of_numbers_are_not() -> None:
    read = parse_qr(LAWFUL.replace("i=12345678", "i=0000000012").replace("fp=123456", "fp=0000000007"))
    assert (read.storage_number, read.document_number, read.document_sign) == ("000110000105", 12, "7")


@pytest.mark.parametrize("key", ["t", "s", "fn", "i", "fp", "n"])
def test_a_missing_key_is_named_at_the_end(key: str) -> None:
    text = "&".join(part for part in LAWFUL.split("&") if part.partition("=")[0] != key)
    assert position_of(text) == len(text)
    with pytest.raises(PosError, match=f"«{key}»"):
        parse_qr(text)


@pytest.mark.parametrize("key", ["t", "s", "fn", "i", "fp", "n"])
def test_a_key_that_comes_twice_is_named_where_it_comes_again(key: str) -> None:
    again = next(part for part in LAWFUL.split("&") if part.partition("=")[0] == key)
    assert position_of(f"{LAWFUL}&{again}") == len(LAWFUL) + 1


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("t=20150720T1638", "t=20150732T1638"),
        ("t=20150720T1638", "t=20150720T2460"),
        ("t=20150720T1638", "t=2015-07-20T16:38"),
        ("t=20150720T1638", "t=20150720T16385"),
        ("t=20150720T1638", "t="),
        ("s=9999999.00", "s=9999999,00"),
        ("s=9999999.00", "s=-1.00"),
        ("s=9999999.00", "s=1.000"),
        ("s=9999999.00", "s=1e5"),
        ("s=9999999.00", "s=100000000.00"),
        ("s=9999999.00", "s=١.00"),
        ("fn=000110000105", "fn=00011000010x"),
        ("fn=000110000105", "fn=12345678901234567"),
        ("i=12345678", "i=0"),
        ("i=12345678", "i=4294967296"),
        ("i=12345678", "i=12 34"),
        ("fp=123456", "fp=4294967296"),
        ("fp=123456", "fp=0x12"),
        ("n=2", "n=5"),
        ("n=2", "n=0"),
        ("n=2", "n=02"),
    ],
)
def test_garbage_is_named_where_it_begins(right: str, wrong: str) -> None:
    text = LAWFUL.replace(right, wrong)
    assert text != LAWFUL
    assert position_of(text) == text.rindex(wrong) + wrong.index("=") + 1


@pytest.mark.parametrize("text, position", [("", 0), ("https://example.invalid/x", 0), (f"{LAWFUL}&junk", 70)])
def test_what_is_no_pair_is_named(text: str, position: int) -> None:
    assert position_of(text) == position


def test_a_long_text_is_refused_unread() -> None:
    assert position_of(LAWFUL + "&x=" + "y" * QR_MAX) == QR_MAX


@given(st.text(max_size=100) | st.lists(st.sampled_from([*LAWFUL.split("&"), "t=1", "=", "s=٣"])).map("&".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        answer: ReceiptQr | PosError = parse_qr(text)
    except PosError as error:
        answer = error
    if isinstance(answer, PosError):
        assert answer.position is not None
        assert 0 <= answer.position <= len(text)
    else:
        assert parse_qr(text) == answer
        assert answer.document_number >= 1


def test_real_codes(real_receipts: tuple[Path, ...]) -> None:
    listed = real_receipts[0].parent / "qr.txt"
    if not listed.exists():
        pytest.skip(f"{listed.name} is not among the real receipts")
    lines = listed.read_text(encoding="utf-8").split()
    assert lines
    for line in lines:
        read = parse_qr(line)
        assert f"&s={read.total.roubles}&" in line
        assert f"&fn={read.storage_number}&i={read.document_number}&fp={read.document_sign}&n={read.kind}" in line
