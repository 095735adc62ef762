"""TLV: values survive the way to bytes and back, real documents are read, bad bytes are named by position."""

import base64
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.ffd import BadTlv, Entry, Value
from posapp.domain.tags import TAGS, Kind, Tag

CP866 = "".join(bytes((byte,)).decode("cp866") for byte in range(32, 256))


def plain_values(tag: Tag) -> st.SearchStrategy[Any]:
    most = tag.length
    match tag.kind:
        case Kind.UINT | Kind.MASK:
            return st.integers(0, 256**most - 1)
        case Kind.VLN:
            return st.integers(0, 256**most - 1)
        case Kind.FVLN:
            return st.decimals(0, 10**9, places=6)
        case Kind.TIME:
            return st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))
        case Kind.STRING:
            return st.text(CP866, max_size=most)
        case Kind.FIXED:
            return st.text("0123456789", max_size=most)
        case Kind.SIGN:
            return st.integers(0, 2**32 - 1)
        case _:
            return st.binary(max_size=most)


PLAIN = [tag for tag in TAGS.values() if tag.kind is not Kind.STLV]
SAMPLES = st.sampled_from(PLAIN).flatmap(lambda tag: st.tuples(st.just(tag), plain_values(tag)))


@given(SAMPLES)
def test_every_plain_tag_comes_back(sample: tuple[Tag, Any]) -> None:
    tag, value = sample
    sent: Value = ffd.sign_bytes(value) if tag.kind is Kind.SIGN else value
    assert ffd.decode(ffd.encode(tag.number, sent)) == (Entry(tag.number, value),)


@given(st.lists(SAMPLES, max_size=5), st.lists(SAMPLES, max_size=5))
def test_nested_tags_come_back(outer: list[tuple[Tag, Any]], inner: list[tuple[Tag, Any]]) -> None:
    def pairs(samples: list[tuple[Tag, Any]]) -> list[tuple[int, Value]]:
        return [(t.number, ffd.sign_bytes(v) if t.kind is Kind.SIGN else v) for t, v in samples]

    raw = ffd.encode_all([*pairs(outer), (1059, pairs(inner))])
    assert ffd.decode(raw) == (
        *(Entry(tag.number, value) for tag, value in outer),
        Entry(1059, None, tuple(Entry(tag.number, value) for tag, value in inner)),
    )


@given(st.binary(max_size=300))
def test_garbage_is_read_or_refused(data: bytes) -> None:
    try:
        decoded = ffd.decode_document(data)
    except BadTlv:
        return
    json.dumps(decoded)
    assert decoded


@pytest.mark.parametrize(
    "tag, value, raw",
    [
        (1020, 5999, "FC03 0200 6F17"),
        (1031, 0, "0704 0100 00"),
        (1023, Decimal("2.5"), "FF03 0200 0119"),
        (1023, Decimal(1), "FF03 0200 0001"),
        (1023, Decimal("1.000"), "FF03 0200 0001"),
        (1012, datetime(2020, 5, 25, 16, 28), "F403 0400 10F2CB5E"),
        (1018, "7707083893", "FA03 0C00 37373037303833383933 2020"),
        (1037, "0001470177045226", "0D04 1400 30303031343730313737303435323236 20202020"),
        (1054, 1, "1E04 0100 01"),
        (1040, 286, "1004 0400 1E010000"),
        (1085, "posapp", "3D04 0600 706F73617070"),
        (1008, "Ян", "F003 0200 9FAD"),
        (1084, [(1085, "a"), (1086, "b")], "3C04 0A00 3D04 0100 61 3E04 0100 62"),
        (1077, ffd.sign_bytes(2060427117), "3504 0600 31047ACF9F6D"),
    ],
)
def test_bytes_are_those_of_the_formats(tag: int, value: Value, raw: str) -> None:
    assert ffd.encode(tag, value) == bytes.fromhex(raw)


def test_json_shape() -> None:
    raw = ffd.encode_all(
        [
            (1020, 5999),
            (1012, datetime(2026, 11, 20, 12, 30)),
            (1077, ffd.sign_bytes(7)),
            (1162, b"\x01\x02"),
            (1059, [(1030, "Молоко"), (1023, Decimal("0.25"))]),
        ]
    )
    assert ffd.decode_document(raw) == [
        {"tag": 1020, "name": "сумма расчёта, указанного в чеке", "value": 5999},
        {"tag": 1012, "name": "дата, время", "value": "2026-11-20T12:30:00"},
        {"tag": 1077, "name": "фискальный признак документа", "value": "7"},
        {"tag": 1162, "name": "код товарной номенклатуры", "value": "0102"},
        {
            "tag": 1059,
            "name": "предмет расчёта",
            "value": None,
            "items": [
                {"tag": 1030, "name": "наименование предмета расчёта", "value": "Молоко"},
                {"tag": 1023, "name": "количество предмета расчёта", "value": "0.25"},
            ],
        },
    ]


def test_unknown_tags_are_kept_as_hex() -> None:
    assert ffd.decode_document(bytes.fromhex("0F27 0200 ABCD 1E04 0100 01".replace("0F27", "4A06"))) == [
        {"tag": 1610, "name": "тег 1610", "value": "abcd"},
        {"tag": 1054, "name": "признак расчёта", "value": 1},
    ]


BODY = ffd.encode_all([(1041, "9999078900001234"), (1040, 7), (1020, 100), (1054, 1)])


@pytest.mark.parametrize("header", [b"", bytes(1), b"\xff\xff\x00\x1c" + bytes(28), b"\xa5" * 64])
@pytest.mark.parametrize("tail", [b"", bytes(8), b"\x81\x06\x2e\xf4\x55\xf8\x92\xba", b"\x5a" * 64])
@pytest.mark.parametrize("with_outer_tag", [True, False])
def test_what_stands_around_a_document_does_not_matter(header: bytes, tail: bytes, with_outer_tag: bool) -> None:
    document = ffd.wrap(3, BODY) if with_outer_tag else BODY
    read = ffd.read_document(header + document + tail)
    assert read.entries == ffd.decode(BODY)
    assert read.form == (3 if with_outer_tag else None)


@pytest.mark.parametrize("raw", ["", "00", "FFFFFFFFFFFFFFFF", "0300 0500 1E04 0100", "0300 0100"])
def test_no_document_is_told(raw: str) -> None:
    with pytest.raises(BadTlv) as caught:
        ffd.decode_document(bytes.fromhex(raw))
    assert caught.value.position == 0


@pytest.mark.parametrize(
    "raw, position",
    [
        ("1E04 0200 0101", 0),
        ("1E04 0100 01 1004 0300 010203", 5),
        ("1E04 0100 01 1004 0400 0102", 5),
        ("1E04 0100 01 10", 5),
        ("2304 0700 FF03 0300 0001", 0),
        ("2304 0600 FF03 0200 01", 0),
        ("2304 0500 FF03 0100 01", 4),
        ("FC03 0900 010203040506070809", 0),
    ],
)
def test_damage_is_named_by_its_position(raw: str, position: int) -> None:
    with pytest.raises(BadTlv) as caught:
        ffd.decode(bytes.fromhex(raw))
    assert caught.value.position == position
    assert f"byte {position}" in str(caught.value)


def test_nesting_is_bounded() -> None:
    raw = ffd.encode(1054, 1)
    for _ in range(50):
        raw = ffd.wrap(1059, raw)
    with pytest.raises(BadTlv, match="deep"):
        ffd.decode(raw)


def test_old_meaning_of_1119_is_a_phone() -> None:
    raw = ffd.wrap(1119, b"+74951234567")
    assert ffd.decode(raw) == (Entry(1119, "+74951234567"),)
    new = ffd.encode(1119, [(1199, 11), (1120, 14558)])
    assert ffd.find(ffd.decode(new), 1119, 1120) == Entry(1120, 14558)


def test_what_does_not_fit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        ffd.encode(1054, 256)
    with pytest.raises(ValueError, match="takes 16 bytes"):
        ffd.encode(1192, "x" * 17)
    with pytest.raises(TypeError, match="1020"):
        ffd.encode(1020, "100")
    with pytest.raises(ValueError, match="not a quantity"):
        ffd.encode(1023, Decimal(-1))


def whole_documents(paths: tuple[Path, ...]) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Name, bytes, and what the tax office says, of the samples that carry their TLV."""
    samples = [(path.name, json.loads(path.read_text("utf-8"))) for path in paths]
    found = [(n, base64.b64decode(s["raw_tlv_base64"]), s["receipt"]) for n, s in samples if "raw_tlv_base64" in s]
    assert found, "no sample carries its TLV"
    return found


def test_real_documents_say_what_the_tax_office_says(real_receipts: tuple[Path, ...]) -> None:
    for name, raw, receipt in whole_documents(real_receipts):
        document = ffd.read_document(raw)
        assert document.form == receipt.get("receiptCode", receipt.get("code")), name
        by_tag = {entry.tag: entry for entry in document.entries}
        assert by_tag[1020].value == receipt["totalSum"], name
        assert by_tag[1031].value == receipt["cashTotalSum"], name
        assert by_tag[1040].value == receipt["fiscalDocumentNumber"], name
        assert by_tag[1042].value == receipt["requestNumber"], name
        assert by_tag[1054].value == receipt["operationType"], name
        if "fiscalSign" in receipt:
            assert by_tag[1077].json_value() == str(receipt["fiscalSign"]), name
        lines = [entry for entry in document.entries if entry.tag == 1059]
        sums = [ffd.find(line.items or (), 1043) for line in lines]
        assert [found.value for found in sums if found] == [item["sum"] for item in receipt["items"]], name


def test_real_documents_are_encoded_to_the_same_bytes(real_receipts: tuple[Path, ...]) -> None:
    for name, raw, _ in whole_documents(real_receipts):
        document = ffd.read_document(raw)
        body = b"".join(again(entry) for entry in document.entries)
        assert ffd.wrap(3, body) in raw, name


def again(entry: Entry) -> bytes:
    """The entry back as bytes; devices may write FVLN and the head of 1077 in more than one way."""
    if entry.items is not None:
        return ffd.wrap(entry.tag, b"".join(again(item) for item in entry.items))
    if entry.tag == 1023:
        assert isinstance(entry.value, Decimal)
        decimals = -int(entry.value.as_tuple().exponent)
        return ffd.wrap(1023, bytes((decimals,)) + ffd.vln(int(entry.value.scaleb(decimals))))
    if entry.tag == 1077:
        assert isinstance(entry.value, int)
        return ffd.encode(1077, ffd.sign_bytes(entry.value))
    assert entry.value is not None
    return ffd.encode(entry.tag, entry.value)
