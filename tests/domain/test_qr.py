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


@given(st.permutations(LAWFUL.split("&")), st.lists(st.sampled_from(["x=", "tt=1", "fiscal=a=b", "яз=ю"]), max_size=3))
def test_order_is_free_and_unknown_keys_are_passed_over(parts: list[str], others: list[str]) -> None:
    assert parse_qr("&".join([*others, *parts])) == parse_qr(LAWFUL)


def test_seconds_small_letters_and_blanks_around() -> None:
    assert parse_qr(LAWFUL.replace("T1638", "T163859")).at == datetime(2015, 7, 20, 16, 38, 59)
    assert parse_qr(LAWFUL.replace("T1638", "t1638")).at == datetime(2015, 7, 20, 16, 38)
    assert parse_qr(f"  {LAWFUL}\t") == parse_qr(LAWFUL)


def neighbours() -> dict[str, str]:
    """The same code on its way through scanners, messengers, web forms and spreadsheets."""
    return {
        "capitals": LAWFUL.upper(),
        "decimal comma": LAWFUL.replace("9999999.00", "9999999,00"),
        "thousands apart": LAWFUL.replace("9999999.00", "9 999 999.00"),
        "no kopecks": LAWFUL.replace("9999999.00", "9999999"),
        "one digit of kopecks": LAWFUL.replace("9999999.00", "9999999.0"),
        "seconds": LAWFUL.replace("T1638", "T163800"),
        "no T": LAWFUL.replace("T1638", "1638"),
        "ISO time": LAWFUL.replace("20150720T1638", "2015-07-20T16:38:00"),
        "blanks around the parts": " & ".join(LAWFUL.split("&")),
        "blanks around the signs": LAWFUL.replace("=", " = "),
        "blanks instead": LAWFUL.replace("&", " "),
        "semicolons": LAWFUL.replace("&", ";"),
        "a line each": LAWFUL.replace("&", "\n"),
        "HTML": LAWFUL.replace("&", "&amp;"),
        "percent": LAWFUL.replace("=", "%3D").replace("&", "%26"),
        "percent in small letters": LAWFUL.replace("=", "%3d").replace("&", "%26"),
        "percent of a percent": LAWFUL.replace("=", "%253D").replace("&", "%2526"),
        "percent in the time": LAWFUL.replace("20150720T1638", "2015-07-20T16%3A38"),
        "query of an address": f"https://check.example.invalid/rec?{LAWFUL}",
        "address with other keys": f"http://example.invalid/q?utm=1&{LAWFUL}&lang=ru#top",
        "fragment of an address": f"https://example.invalid/check#{LAWFUL}",
        "one value of an address": "https://example.invalid/?qr=" + LAWFUL.replace("=", "%3D").replace("&", "%26"),
        "only a question mark": f"?{LAWFUL}",
        "empty parts": f"&{LAWFUL.replace('&', '&&')}&",
        "a byte order mark": f"\ufeff{LAWFUL}",
        "quotes": f'"{LAWFUL}"',
    }


@pytest.mark.parametrize("text", neighbours().values(), ids=neighbours().keys())
def test_whatever_changed_it_on_the_way_means_the_same(text: str) -> None:
    assert parse_qr(text) == parse_qr(LAWFUL)


@given(st.sampled_from(sorted(neighbours())), st.data())
def test_what_a_person_spoils_in_any_form_is_named_within_it(form: str, data: st.DataObject) -> None:
    text = neighbours()[form]
    at = data.draw(st.integers(0, len(text) - 1))
    spoiled = (
        text[:at]
        + data.draw(st.sampled_from(["", "x", "&", "%", "%00", "=", "\0", "٣", text[at] * 20]))
        + text[at + 1 :]
    )
    assert_read_or_named(spoiled)


def test_the_position_is_that_of_the_text_as_given() -> None:
    text = "https://x.invalid/?" + LAWFUL.replace("=", "%3D").replace("&", "%26").replace("fp%3D123456", "fp%3D12x456")
    assert position_of(text) == text.index("12x456")
    html = LAWFUL.replace("&", "&amp;").replace("n=2", "n=7")
    assert position_of(html) == html.index("7", html.index("n=7"))
    assert position_of(LAWFUL.replace("s=9999999.00", "s=  1.x")) == LAWFUL.index("s=") + 4


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
        ("t=20150720T1638", "t=2015-07-20T1638"),
        ("t=20150720T1638", "t=20.07.2015T16:38"),
        ("t=20150720T1638", "t=20150720T1638Z"),
        ("t=20150720T1638", "t=20150720T163860"),
        ("t=20150720T1638", "t=20150720T16385"),
        ("t=20150720T1638", "t="),
        ("s=9999999.00", "s=9999999,000"),
        ("s=9999999.00", "s=99 99999.00"),
        ("s=9999999.00", "s=9,999,999.00"),
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
    assert_read_or_named(text)


def assert_read_or_named(text: str) -> None:
    """Either a receipt, or an error of ours with a place in the text."""
    try:
        answer: ReceiptQr | PosError = parse_qr(text)
    except PosError as error:
        answer = error
    if isinstance(answer, PosError):
        assert answer.code == "bad_input"
        assert answer.position is not None
        assert 0 <= answer.position <= len(text)
    else:
        assert answer.document_number >= 1
        assert len(answer.storage_number) <= 16


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
