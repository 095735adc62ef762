"""Marking codes: every family in force, what scanners do to them, and that a damaged one is never another thing."""

import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.gs1 import GS, SERIAL_CHARACTERS, check_digit, is_gtin
from posapp.domain.layout import looks_russian, typed_in_russian
from posapp.domain.marking import (
    INPUT_MAX,
    BadMarking,
    MarkingCode,
    MarkingFamily,
    any_code,
    other_code,
    parse_marking,
)
from posapp.domain.tags import TAGS, Kind

GTIN = "04607103820700"
HEAD = f"01{GTIN}21"
CHECK_44 = "sOe6fy7lPT8lLffZ5WdQ7Rp8P>XLDwEGD1Wv4oY71o4="
SHOES = f"{HEAD}5OoyE8qxeIOn>{GS}91EE05{GS}92{CHECK_44}"
SHOES_88 = f"{HEAD}5OoyE8qxeIOn>{GS}918029{GS}92{CHECK_44}{CHECK_44}"
MILK = f"{HEAD}55kTHg{GS}93dGVz"
MILK_BY_WEIGHT = f"{MILK}{GS}3103000250"
BEER = f'{HEAD}5a:Gt"x{GS}93dGVz'
KEG = f"{HEAD}5a:Gtxq{GS}3352000030{GS}93dGVz"
WATER = f"{HEAD}5OUcbCOV!r0fB{GS}93dGVz"
CARTON = f"{HEAD}JgXJ5.T{GS}8005112000{GS}93DGVz"
PACK = "00000046210654JgXJ5.TABkJQdGV"
FUR = "RU-430302-AAA0277031"
EGAIS_2 = "22N00002NUNSN1IWJR4FQ2OGK70703005001171RM9MB8RCTKKSXQ2GQC3PPV19EKGKJ"
EGAIS_3 = "13622200005881" + "01180001" + "7ZTQ" * 32
EAN_13, EAN_8, ITF_14 = "4607103820700", "96385074", "14607103820707"

F = MarkingFamily
WHOLE = [
    (SHOES, F.GS1_92, GTIN, "5OoyE8qxeIOn>"),
    (SHOES_88, F.GS1_92, GTIN, "5OoyE8qxeIOn>"),
    (MILK, F.GS1_93, GTIN, "55kTHg"),
    (MILK_BY_WEIGHT, F.GS1_93, GTIN, "55kTHg"),
    (BEER, F.GS1_93, GTIN, '5a:Gt"x'),
    (KEG, F.KEG, GTIN, "5a:Gtxq"),
    (WATER, F.GS1_93, GTIN, "5OUcbCOV!r0fB"),
    (CARTON, F.TOBACCO_CARTON, GTIN, "JgXJ5.T"),
    (PACK, F.TOBACCO_PACK, "00000046210654", "JgXJ5.T"),
    (f"{HEAD}5OoyE8qxeIOn>", F.GS1_BARE, GTIN, "5OoyE8qxeIOn>"),
    (f"01{GTIN}10B7{GS}17261121", F.GS1_PLAIN, GTIN, ""),
    (FUR, F.FUR, "", ""),
    (EGAIS_2, F.EGAIS_2, "", ""),
    (EGAIS_3, F.EGAIS_3, "", ""),
    (EAN_13, F.EAN_13, GTIN, ""),
    (EAN_8, F.EAN_8, "00000096385074", ""),
    (ITF_14, F.ITF_14, ITF_14, ""),
]


# ------------------------------------------------------------------------------------------------ families
@pytest.mark.parametrize("text, family, gtin, serial", WHOLE, ids=lambda each: str(each)[:24].encode().hex()[:16])
def test_every_family_is_read_whole(text: str, family: MarkingFamily, gtin: str, serial: str) -> None:
    code = parse_marking(text)
    assert (code.text, code.family, code.gtin, code.serial) == (text, family, gtin, serial)
    assert code.data == text.encode("ascii")
    assert not code.is_mended


@pytest.mark.parametrize(
    "text, tag, value",
    [
        (SHOES, 1305, f"{HEAD}5OoyE8qxeIOn>"),
        (MILK, 1305, f"{HEAD}55kTHg"),
        (KEG, 1305, f"{HEAD}5a:Gtxq"),
        (CARTON, 1305, f"{HEAD}JgXJ5.T"),
        (f"01{GTIN}10B7{GS}17261121", 1304, f"01{GTIN}"),
        (PACK, 1306, "010000004621065421JgXJ5.T"),
        (FUR, 1307, FUR),
        (EGAIS_2, 1308, "NUNSN1IWJR4FQ2OGK707030"),
        (EGAIS_3, 1309, "13622200005881"),
        (EAN_8, 1301, EAN_8),
        (EAN_13, 1302, EAN_13),
        (ITF_14, 1303, ITF_14),
    ],
)
def test_the_product_code_of_1163(text: str, tag: int, value: str) -> None:
    found = parse_marking(text).product_code
    assert (found.tag, found.value) == (tag, value)
    rule = TAGS[tag]
    assert len(value) <= rule.length
    assert rule.kind is not Kind.FIXED or tag == 1308 or len(value) == rule.length


def number(digits: str) -> bytes:
    """A GTIN as 1162 holds it: a big-endian number of six bytes."""
    return int(digits).to_bytes(6, "big")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("010290001900263821DrdLwa!?8HaP9", bytes.fromhex("444d02a3369a3d0e4472644c7761213f3848615039")),  # published
        (MILK, bytes.fromhex("444d0430acc9639c") + b"55kTHg"),
        (PACK, bytes.fromhex("0005") + number("46210654") + b"JgXJ5.TABkJ  "),
        (FUR, b"RF" + FUR.encode()),
        (EGAIS_2, bytes.fromhex("c514") + b"NUNSN1IWJR4FQ2OGK707030"),
        (EGAIS_3, bytes.fromhex("c51e") + b"13622200005881"),
        (EAN_8, bytes.fromhex("4508") + number(EAN_8)),
        (EAN_13, bytes.fromhex("450d0430acc9639c")),
        (ITF_14, bytes.fromhex("490e") + number(ITF_14)),
    ],
)
def test_the_nomenclature_code_of_1162(text: str, expected: bytes) -> None:
    found = parse_marking(text).nomenclature_code
    assert found == expected
    assert len(found) <= 32


@pytest.mark.parametrize(
    "text, identity", [(SHOES, f"{HEAD}5OoyE8qxeIOn>"), (PACK, PACK[:21]), (FUR, FUR), (EAN_13, EAN_13)]
)
def test_the_identity_has_no_check_code(text: str, identity: str) -> None:
    assert parse_marking(text).identity == identity


def test_what_is_marked_and_what_is_whole() -> None:
    assert parse_marking(MILK).is_marked
    assert parse_marking(MILK).is_complete
    bare = parse_marking(f"{HEAD}55kTHg")
    assert bare.is_marked
    assert not bare.is_complete
    assert not parse_marking(EAN_13).is_marked
    assert parse_marking(FUR).is_complete


# ------------------------------------------------------------------------------------------------ what scanners do
@pytest.mark.parametrize("prefix", ["]d2", "]C1", "]e0", "\x1d", "\xe8", "]d2\x1d", "  ", "\t"])
@pytest.mark.parametrize("suffix", ["", "\r\n", "\t", " ", GS])
def test_prefixes_and_ends_are_no_part_of_the_code(prefix: str, suffix: str) -> None:
    assert parse_marking(prefix + MILK + suffix).text == MILK


@pytest.mark.parametrize(
    "sign",
    ["\u241d", "\xe8", "|", "#", "~", "^", "^]", "\\x1d", "\\x1D", "\\u001d", "\\035", "&#29;", "{GS}", "[GS]", "<GS>"],
)
@pytest.mark.parametrize("text", [MILK, SHOES, CARTON, MILK_BY_WEIGHT])
def test_what_stands_for_a_separator(sign: str, text: str) -> None:
    code = parse_marking(text.replace(GS, sign))
    assert code.text == text
    assert code.is_mended


@pytest.mark.parametrize("text", [MILK, SHOES, SHOES_88, WATER, CARTON, KEG, MILK_BY_WEIGHT])
def test_lost_separators_come_back_where_only_one_family_fits(text: str) -> None:
    code = parse_marking(text.replace(GS, ""))
    assert (code.text, code.is_mended) == (text, True)


def test_a_bare_serial_that_might_hold_a_check_code_is_refused() -> None:
    """Thirteen characters: the serial of water, or that of beer with its check code."""
    with pytest.raises(BadMarking) as caught:
        parse_marking(BEER.replace(GS, ""))
    assert "двояко" in str(caught.value)


@pytest.mark.parametrize("count", range(1, 4))
@pytest.mark.parametrize("text", [SHOES, CARTON, KEG, MILK_BY_WEIGHT])
def test_one_lost_separator_of_several_never_gives_another_thing(text: str, count: int) -> None:
    places = [at for at, each in enumerate(text) if each == GS]
    if count > len(places):
        return
    damaged = text[: places[count - 1]] + text[places[count - 1] + 1 :]
    try:
        found = parse_marking(damaged)
    except BadMarking:
        return
    assert found.identity == parse_marking(text).identity


def test_brackets_as_people_write_them() -> None:
    assert parse_marking(f"(01){GTIN}(21)55kTHg(93)dGVz").text == MILK
    assert parse_marking(f"(01){GTIN}(21)5OoyE8qxeIOn>(91)EE05(92){CHECK_44}").text == SHOES


@pytest.mark.parametrize("text", [MILK, SHOES, WATER, PACK, FUR, f"]d2{CARTON}"])
def test_the_russian_layout(text: str) -> None:
    code = parse_marking(typed_in_russian(text))
    assert code.text == text.removeprefix("]d2")
    assert code.is_mended


def test_both_layouts_in_one_code_are_refused_with_the_place() -> None:
    with pytest.raises(BadMarking) as caught:
        parse_marking(f"{HEAD}55лTHg{GS}93dGVz")
    assert caught.value.position == len(HEAD) + 3


# ------------------------------------------------------------------------------------------------ damage
@pytest.mark.parametrize(
    "text, position",
    [
        ("", 0),
        ("]d2", 3),
        ("0104607103820701" + f"2155kTHg{GS}93dGVz", 15),  # check digit
        (f"]d201046071038207A02155kTHg{GS}93dGVz", 17),
        (f"{HEAD}{GS}93dGVz", 18),
        (f"{HEAD}55kTHg{GS}93dGV", 27),
        (f"{HEAD}55kTHg{GS}93dGVzz", 27),
        (f"{HEAD}55kTHg{GS}91EE05", 31),
        (f"{HEAD}55kTHg{GS}95dGVz{GS}96a", 35),
        (f"{HEAD}55 THg{GS}93dGVz", 20),
        ("4607103820701", 12),
        (PACK[:-1], 28),
        ("hello", 5),
        ("при", 3),
    ],
)
def test_damage_is_named_by_its_place(text: str, position: int) -> None:
    with pytest.raises(BadMarking) as caught:
        parse_marking(text)
    assert caught.value.position == position
    assert caught.value.as_json()["position"] == position


def test_too_long_a_text_is_not_read() -> None:
    with pytest.raises(BadMarking):
        parse_marking("0" * (INPUT_MAX + 1))
    with pytest.raises(BadMarking):
        parse_marking(f"{HEAD}55kTHg{GS}93dGVz" + f"{GS}95" + "x" * 250)


@pytest.mark.parametrize("text", [MILK, SHOES, SHOES_88, BEER, KEG, WATER, CARTON, PACK, FUR, EGAIS_2])
def test_a_code_that_was_cut_off_never_passes_for_a_whole_one(text: str) -> None:
    for end in range(1, len(text)):
        found = outcome(text[:end])
        if found is not None:
            code = parse_marking(text[:end])
            is_short_check = text == SHOES_88 and text[:end].endswith(f"92{CHECK_44}")  # a lawful length by itself
            assert is_short_check or not (code.is_marked and code.is_complete), text[:end]


def test_unrecognised_codes_go_to_1300_only_on_request() -> None:
    strange = "ABC-12345-" + "z" * 30
    with pytest.raises(BadMarking):
        parse_marking(strange)
    found = any_code(strange)
    assert (found.family, found.product_code.tag, found.product_code.value) == (F.OTHER, 1300, strange[:32])
    assert found.nomenclature_code == b"\0\0" + strange.encode()[:30]
    with pytest.raises(BadMarking):
        any_code("товар")
    with pytest.raises(BadMarking):
        any_code("a\x00b")


@pytest.mark.parametrize("form", range(1, 7))
def test_the_forms_that_are_kept_for_later(form: int) -> None:
    code = other_code("X" * 32, form)
    assert (code.tag, code.value) == (1319 + form, "X" * 32)
    assert TAGS[code.tag].length == 32
    with pytest.raises(ValueError, match="1…32"):
        other_code("X" * 33, form)


@pytest.mark.parametrize("form", [0, 7])
def test_there_are_six_forms(form: int) -> None:
    with pytest.raises(ValueError, match="1…6"):
        other_code("X", form)


# ------------------------------------------------------------------------------------------------ anything at all
gtins = st.integers(0, 10**13 - 1).map(lambda number: f"{number:013}" + check_digit(f"{number:013}"))
letters = st.sampled_from(sorted(SERIAL_CHARACTERS))


def of_length(*lengths: int) -> st.SearchStrategy[str]:
    return st.one_of([st.text(letters, min_size=each, max_size=each) for each in lengths])


long_codes = st.builds(
    lambda gtin, serial, key, check: f"01{gtin}21{serial}{GS}91{key}{GS}92{check}",
    gtins, of_length(13, 20), of_length(4), of_length(44, 88),
)  # fmt: skip
short_codes = st.builds(
    lambda gtin, serial, check: f"01{gtin}21{serial}{GS}93{check}", gtins, of_length(6, 7, 13), of_length(4)
)
cartons = st.builds(
    lambda gtin, serial, price, check: f"01{gtin}21{serial}{GS}8005{price:06}{GS}93{check}",
    gtins, of_length(7), st.integers(0, 999_999), of_length(4),
)  # fmt: skip
packs = st.builds(lambda gtin, rest: gtin + rest, gtins, of_length(15))
real_codes = st.one_of(long_codes, short_codes, cartons, packs)


@given(real_codes)
def test_a_code_survives_being_read_and_read_again(text: str) -> None:
    code = read(text)
    if isinstance(code, BadMarking):  # a pack that begins like a GS1 code, a serial that looks like two groups
        assert "двояко" in str(code) or "разделитель" in str(code) or text.startswith("01")
        return
    assert code.text == text
    assert parse_marking(code.text) == code
    assert is_gtin(code.gtin)
    assert code.identity.endswith(code.serial)


@given(st.one_of(long_codes, short_codes))
def test_lost_separators_give_the_same_code_or_none(text: str) -> None:
    try:
        code = parse_marking(text.replace(GS, ""))
    except BadMarking:
        return
    assert code.text == text or not code.is_complete


@given(real_codes, st.sampled_from(["]d2", "]C1", ""]), st.booleans())
def test_the_layout_and_the_prefix_change_nothing(text: str, prefix: str, is_russian: bool) -> None:
    sent = prefix + text
    typed = typed_in_russian(sent) if is_russian else sent
    if is_russian and not looks_russian(typed):
        return
    assert outcome(typed) == outcome(text)


def read(text: str) -> MarkingCode | BadMarking:
    try:
        return parse_marking(text)
    except BadMarking as bad:
        return bad


def outcome(text: str) -> tuple[str, str] | None:
    code = read(text)
    return None if isinstance(code, BadMarking) else (code.family.value, code.text)


@given(real_codes, st.data())
def test_one_changed_digit_of_the_gtin_is_never_another_gtin(text: str, data: st.DataObject) -> None:
    start = 2 if text.startswith("01") and GS in text else 0
    at = start + data.draw(st.integers(0, 13))
    digit = data.draw(st.sampled_from([each for each in string.digits if each != text[at]]))
    changed = text[:at] + digit + text[at + 1 :]
    try:
        code = parse_marking(changed)
    except BadMarking:
        return
    # only a pack that after the change reads as a GS1 code, or a number that checks by another length
    assert start == 0
    assert code.text == changed


@given(st.text(max_size=INPUT_MAX + 20))
def test_any_text_is_a_code_or_bad_marking_with_a_place_inside(text: str) -> None:
    check(text)


@given(st.text(st.sampled_from(sorted(SERIAL_CHARACTERS | {GS, "]", "ы", " ", "\\"})), max_size=200), st.integers(0, 3))
def test_texts_like_codes(rest: str, kind: int) -> None:
    head = ("", "01", HEAD, "(01)")[kind]
    check(head + rest)


def check(text: str) -> None:
    """Either a place inside the text, or a code that is whole in itself."""
    code = read(text)
    if isinstance(code, BadMarking):
        assert code.position is not None
        assert 0 <= code.position <= len(text)
        return
    assert code.data.decode() == code.text
    assert code.product_code.value
    assert len(code.nomenclature_code) <= 32
    assert json.loads(json.dumps(code.as_json()))["code"] == code.text
    assert parse_marking(code.text).text == code.text


# ------------------------------------------------------------------------------------------------ real receipts
def codes_in(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield from value.get("productCodeNew", {}).items()
        for each in value.values():
            yield from codes_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from codes_in(each)


def test_product_codes_of_real_receipts_are_formed_the_same_way(real_receipts: tuple[Path, ...]) -> None:
    tags = {"gs1m": 1305, "ean13": 1302}
    bodies = [json.loads(path.read_text("utf-8")) for path in real_receipts]
    found = [(kind, code) for body in bodies for kind, code in codes_in(body) if kind in tags]
    assert found, "no product codes in the real receipts"
    for kind, body in found:
        code = parse_marking(body["rawProductCode"])
        assert (code.product_code.tag, code.product_code.value) == (tags[kind], body["rawProductCode"])
        assert (code.gtin, code.serial) == (str(body["gtin"]).rjust(14, "0"), body["sernum"])
