"""TLV: values survive the way to bytes and back, real documents are read, bad bytes are named by position."""

import base64
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject
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
            return st.integers(0, min(10**15, 256 ** (most - 1) - 1)).map(lambda digits: Decimal(digits).scaleb(-6))
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


def test_a_document_cut_off_in_its_first_tag_says_how_much_is_missing() -> None:
    with pytest.raises(BadTlv, match="в документе 508 байт, а здесь 3"):
        ffd.decode_document(bytes.fromhex("0300 FC01 041104"))


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
    assert f"байт {position}" in str(caught.value)


def test_nesting_is_bounded() -> None:
    raw = ffd.encode(1054, 1)
    for _ in range(50):
        raw = ffd.wrap(1059, raw)
    with pytest.raises(BadTlv, match="вложенность"):
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
    for raw in (b"", b"12345", b"1234567"):
        with pytest.raises(ValueError, match="takes 6 bytes"):
            ffd.encode(1077, raw)
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
        assert document.as_bytes() == raw, name
        assert (len(document.header), len(document.tail)) in ((0, 0), (0, 8), (32, 8)), name


def test_real_documents_hold_no_tag_without_a_name(real_receipts: tuple[Path, ...]) -> None:
    for name, raw, _ in whole_documents(real_receipts):
        stack = list(ffd.read_document(raw).entries)
        while stack:
            entry = stack.pop()
            assert entry.tag in TAGS, (name, entry)
            stack.extend(entry.items or ())


# ---------------------------------------------------------------- any bytes that are TLV come back as they were

LEAVES = st.sampled_from([*PLAIN, *(tag for tag in TAGS.values() if tag.old)])


def written(tag: Tag) -> st.SearchStrategy[bytes]:
    """Any value that a register may write for a tag, also in ways that we would not choose."""
    match tag.kind:
        case Kind.UINT | Kind.TIME | Kind.SIGN:
            now = st.binary(min_size=tag.length, max_size=tag.length)
        case Kind.MASK:
            now = st.binary(min_size=1, max_size=tag.length)
        case Kind.VLN:
            now = st.binary(min_size=1, max_size=8)
        case Kind.FVLN:
            now = st.binary(min_size=2, max_size=9)
        case Kind.STLV:
            now = st.just(ffd.encode(1199, 11))
        case _:
            now = st.binary(max_size=tag.length + 5)
    match tag.old:
        case None:
            return now
        case Kind.UINT:
            return now | st.binary(min_size=tag.old_length, max_size=tag.old_length)
        case Kind.VLN:
            return now | st.binary(min_size=1, max_size=8)
        case _:
            return now | st.text("+0123456789", min_size=10, max_size=19).map(str.encode)


KNOWN_RECORDS = LEAVES.flatmap(lambda tag: written(tag).map(lambda raw: ffd.wrap(tag.number, raw)))
UNKNOWN_RECORDS = st.builds(
    ffd.wrap, st.integers(1, 65_535).filter(lambda number: number not in TAGS), st.binary(max_size=40)
)
RECORDS = st.recursive(
    KNOWN_RECORDS | UNKNOWN_RECORDS,
    lambda inner: st.builds(
        lambda tag, records: ffd.wrap(tag, b"".join(records)),
        st.sampled_from([tag.number for tag in TAGS.values() if tag.kind is Kind.STLV and tag.old is None]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@given(st.lists(RECORDS, max_size=8))
def test_what_was_read_is_written_the_same(records: list[bytes]) -> None:
    data = b"".join(records)
    try:
        entries = ffd.decode(data)
    except BadTlv:  # nested deeper than any document
        reject()
    assert ffd.encode_entries(entries) == data
    json.dumps([entry.as_json() for entry in entries])


@given(st.lists(UNKNOWN_RECORDS | KNOWN_RECORDS, max_size=6), st.binary(max_size=8), st.sampled_from([1, 3, 5, 7, 31]))
def test_a_whole_document_with_strange_tags_comes_back(records: list[bytes], tail: bytes, form: int) -> None:
    data = ffd.wrap(form, ffd.encode(1041, "9999078900001234") + b"".join(records)) + tail
    document = ffd.read_document(data)
    assert (document.form, document.tail) == (form, tail)
    assert document.as_bytes() == data


@pytest.mark.parametrize("number", [1, 999, 3000, 9999, 15_000, 65_001, 65_535])
@pytest.mark.parametrize("with_outer_tag", [True, False])
def test_a_tag_far_off_is_kept_wherever_it_stands(number: int, with_outer_tag: bool) -> None:
    strange = ffd.wrap(number, b"\x01\x02\x03")
    for body in (BODY + strange, ffd.encode(1041, "9999078900001234") + strange + BODY):
        document = ffd.read_document(ffd.wrap(5, body) if with_outer_tag else body)
        assert Entry(number, b"\x01\x02\x03") in document.entries
        assert ffd.encode_entries(document.entries) == body


@pytest.mark.parametrize(
    "tag, now, before",
    [
        (1011, (b"\x02", 2), (b"\x10\x27", 10_000)),
        (1082, (b"\x10\x27", 10_000), (b"+74951234567", "+74951234567")),
        (1115, None, (b"www.nalog.ru", "www.nalog.ru")),
        (1125, (b"\x01", 1), ("ОФД «Ромашка»".replace("«", '"').replace("»", '"').encode("cp866"), 'ОФД "Ромашка"')),
        (1126, (b"\x01", 1), (b"\x07\x00\x00\x00", 7)),
        (1212, (b"\x21", 33), (b"\x01\x00\x00\x00", 1)),
        (1213, (b"\x5e\x01", 350), (b"\x5e\x01\x00\x00", 350)),
        (1119, None, (b"+74951234567\x00\x00", "+74951234567\x00\x00")),
    ],
)
def test_numbers_with_a_former_meaning_are_read_both_ways(tag: int, now: Any, before: Any) -> None:
    for raw, value in filter(None, (now, before)):
        record = ffd.wrap(tag, raw)
        assert ffd.decode(record) == (Entry(tag, value),)
        assert ffd.encode_entries(ffd.decode(record)) == record


@pytest.mark.parametrize(
    "tag, raw, problem",
    [
        (1054, "0101", "тег 1054: 2 байта вместо 1"),
        (1040, "010203", "тег 1040: 3 байта вместо 4"),
        (1012, "0102030405", "тег 1012: 5 байт вместо 4"),
        (1213, "01", "тег 1213: 1 байт вместо 2"),
        (1077, "0102", "тег 1077: 2 байта вместо 6"),
        (1020, "", "тег 1020: 0 байт вместо 1…8"),
        (1023, "00", "тег 1023: 1 байт вместо 2…9"),
        (1212, "0100", "тег 1212: 2 байта вместо 1"),
        (1115, "5f0404", "оборван заголовок записи"),
        (1119, "5f0404", "оборван заголовок записи"),
        (1125, "0100", "тег 1125: 2 байта вместо 1"),
        (1205, "0102030405", "тег 1205: 5 байт вместо 1…4"),
        (1055, "0100", "тег 1055: 2 байта вместо 1"),
    ],
)
def test_lengths_are_strict_and_the_error_says_both(tag: int, raw: str, problem: str) -> None:
    with pytest.raises(BadTlv, match=problem):
        ffd.decode(ffd.wrap(tag, bytes.fromhex(raw)))


@given(st.sampled_from(PLAIN), st.integers() | st.decimals() | st.datetimes() | st.text() | st.binary() | st.none())
def test_what_does_not_fit_a_tag_is_refused_with_its_number(tag: Tag, value: Any) -> None:
    try:
        raw = ffd.encode(tag.number, value)
    except (ValueError, TypeError):
        return
    assert ffd.encode_entries(ffd.decode(raw)) == raw


@pytest.mark.parametrize("value", [Decimal("1E+1000000"), Decimal("1E-1000"), Decimal("NaN"), Decimal("-1")])
def test_a_quantity_without_measure_is_refused_at_once(value: Decimal) -> None:
    with pytest.raises(ValueError, match=r"quantity|decimals"):
        ffd.fvln(value)


@pytest.mark.parametrize(
    "form, values",
    [
        (1, [(1290, 0x1F), (1062, 3), (1013, "0000001"), (1188, "3.1"), (1189, 4), (1274, "доп"), (1275, b"\1\2")]),
        (11, [(1205, 1 << 31), (1101, 2), (1290, 1), (1001, 0), (1036, "A-1"), (1221, 1), (1126, 1), (1193, 0)]),
        (2, [(1038, 7), (1206, 2), (1276, "ООС"), (1277, b"\0"), (1050, 0), (1051, 0), (1052, 1), (1053, 0)]),
        (5, [(1111, 9), (1118, 7), (1097, 1), (1098, datetime(2026, 11, 20)), (1213, 400), (1194, SHIFT := [
            (1129, [(1135, 5), (1201, 12_345), (1136, 345), (1138, 12_000), (1218, 0), (1219, 0), (1220, 0),
                    (1139, 2_000), (1140, 0), (1141, 0), (1142, 0), (1143, 0), (1183, 0)]),
            (1133, [(1144, 1), (1145, [(1135, 1), (1201, 10)]), (1232, [(1135, 0), (1201, 0)])]),
            (1134, 6),
        ])]),
        (21, [(1097, 1), (1116, 55), (1157, SHIFT), (1158, SHIFT), (2104, 3), (1280, "ОТР"), (1281, b"x")]),
        (6, [(1018, "7707083893"), (1157, SHIFT), (1282, "ОЗФН"), (1283, b"y")]),
        (7, [(1017, "7841465198"), (1041, "9999078900001234"), (1040, 5), (1078, bytes(16)), (1068, [(1022, 0)])]),
        (31, [(1173, 1), (1174, [(1177, "ошибка"), (1178, datetime(2026, 1, 2)), (1179, "12-34/5")]), (1054, 3)]),
        (3, [(1059, [(1030, "Молоко"), (1291, [(1292, "1/3"), (1293, 1), (1294, 3)]), (2108, 0), (2106, 15), (2102, 0),
                     (1163, [(1305, "0104607103820700"), ]), (1260, [(1262, "030"), (1263, "21.11.2023"),
                     (1264, "1944"), (1265, "UUID=1&Time=2")]), (2115, "abcd"), (1229, 100), (1230, "643")]),
             (1115, [(1119, [(1199, 11), (1120, 4_454)])]), (1256, [(1227, "ООО"), (1228, "7707083893"), (1244, "643"),
             (1243, "01.02.1990"), (1245, "21"), (1246, "45 00"), (1254, "Москва")]),
             (1234, [(1235, [(1082, 100), (1236, 1), (1237, "RRN"), (1238, "")])]), (1125, 1), (1011, 2), (2107, 0),
             (1270, [(1271, 0), (1272, "d"), (1273, datetime(2026, 11, 20, 1, 2, 3))]), (1261, [(1262, "020")])]),
        (82, [(2002, 5), (2007, [(2000, "010460\x1d93"), (2101, "id"), (2003, 1), (2109, 1), (2110, 2)]), (2112, 1)]),
        (84, [(2040, 6), (2105, 0), (2111, 0), (2114, datetime(2026, 1, 1)), (2113, 1), (2116, 1), (2006, 0)]),
    ],
)  # fmt: skip
def test_every_kind_of_document_comes_back(form: int, values: list[tuple[int, Value]]) -> None:
    """Built from values, read from bytes, built again from what was read."""
    body = ffd.encode_all(values)
    document = ffd.read_document(ffd.wrap(form, body))
    assert document.form == form
    assert document.as_bytes() == ffd.wrap(form, body)

    def plain(entries: tuple[Entry, ...]) -> list[tuple[int, Any]]:
        return [(e.tag, plain(e.items) if e.items is not None else e.value) for e in entries]

    assert plain(document.entries) == [(tag, value) for tag, value in values]


def test_the_table_has_every_tag_of_the_formats_once() -> None:
    """Numbers of the order's documents; names differ, so that a decoded document is read without the order."""
    assert {*range(1000, 1100), *range(1101, 1128)} - {1100} - set(TAGS) == set()
    assert {*range(1129, 1156), 1157, 1158, 1162, 1163, 1171, 1173, 1174, 1177, 1178, 1179} - {1137} <= set(TAGS)
    assert {*range(1187, 1202), 1203, *range(1205, 1234)} - {1202, 1211} <= set(TAGS)
    assert {*range(1234, 1239), 1243, 1244, 1245, 1246, 1254, 1256, *range(1260, 1266)} <= set(TAGS)
    assert {*range(1270, 1284), *range(1290, 1295), *range(1300, 1310), *range(1320, 1326)} <= set(TAGS)
    assert {*range(2000, 2008), *range(2100, 2117), 2040} - {2103} <= set(TAGS)
    by_name: dict[str, list[int]] = {}
    for tag in TAGS.values():
        by_name.setdefault(tag.name, []).append(tag.number)
    assert [numbers for numbers in by_name.values() if len(numbers) > 1] == []
