"""What a scanner sends is cut, cleaned and never guessed: whatever arrives, a piece of a code is no code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import layout
from posapp.domain.marking import MarkingFamily, parse_marking
from posapp.domain.scans import GS, SCAN_MAX, Framer, ScanRules, characters, understood, unwrapped

CODE = "0104607103820700215LKh'o" + GS + "93dGVz"
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-&=.", min_size=1, max_size=80)


def texts(framer: Framer, *pieces: bytes) -> list[str]:
    return [scan.text for piece in pieces for _, scan in framer.feed(piece) if not scan.problem]


@given(st.lists(codes, min_size=1, max_size=5), st.sampled_from([b"\r", b"\n", b"\r\n"]), st.integers(1, 7))
def test_scans_come_whole_however_the_bytes_are_cut(sent: list[str], end: bytes, size: int) -> None:
    stream = b"".join(each.encode() + end for each in sent)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert texts(Framer(), *pieces) == sent


@given(codes, st.sampled_from([("\x02", "\x03"), ("~", "\t"), ("", "\x03"), ("#", "")]))
def test_prefix_and_suffix_are_taken_off(code: str, around: tuple[str, str]) -> None:
    prefix, suffix = around
    framer = Framer(ScanRules(prefix, suffix))
    sent = f"{prefix}{code}{suffix or chr(13)}".encode()
    ((raw, scan),) = framer.feed(sent)
    assert (scan.text, scan.problem, raw) == (code, "", sent)


@pytest.mark.parametrize(
    "sent, identifier, symbology, text",
    [
        ("]d2" + CODE, "d2", "GS1 DataMatrix", CODE),
        ("]d2" + GS + CODE, "d2", "GS1 DataMatrix", CODE),
        ("]C1" + CODE, "C1", "GS1-128", CODE),
        ("]Q3" + CODE, "Q3", "GS1 QR", CODE),
        ("]Q1https://shop.example/1", "Q1", "QR", "https://shop.example/1"),
        ("]E04607103820700", "E0", "EAN-13", "4607103820700"),
        ("]E44607103", "E4", "EAN-8", "4607103"),
        ("]A0MSK-1", "A0", "Code 39", "MSK-1"),
        ("]L0x", "L0", "PDF417", "x"),
        ("]9x1", "", "", "]9x1"),
        ("]", "", "", "]"),
        ("4607103820700", "", "", "4607103820700"),
    ],
)
def test_the_symbology_is_understood_and_taken_off(sent: str, identifier: str, symbology: str, text: str) -> None:
    scan = understood(sent)
    assert (scan.identifier, scan.symbology, scan.text, scan.problem) == (identifier, symbology, text, "")
    assert scan.is_gs1 is (identifier in ("d2", "C1", "Q3"))


def test_the_separators_of_a_marking_code_arrive() -> None:
    ((_, scan),) = Framer().feed(b"]d2" + CODE.encode() + b"\r")
    code = parse_marking(scan.typed)
    assert (code.family, code.text) == (MarkingFamily.GS1_93, CODE)


@pytest.mark.parametrize(
    "code", ["]d2" + CODE.replace(GS, ""), "]C1" + "0104607103820700215LKh", "https://shop.example/1"]
)
def test_a_scanner_on_the_russian_layout_is_understood_prefix_and_all(code: str) -> None:
    meant, scan = understood(code), understood(layout.typed_in_russian(code))
    assert (scan.text, scan.identifier, scan.is_mended) == (meant.text, meant.identifier, True)
    rules = ScanRules(prefix="[", suffix="]")
    typed = layout.typed_in_russian("[" + code + "]")
    assert understood(unwrapped(typed, rules)).text == meant.text


def test_a_code_that_was_cut_off_is_none() -> None:
    framer = Framer(ScanRules(suffix="\x03"))
    assert framer.feed(b"010460710382") == []
    ((_, scan),) = framer.silence()
    assert scan.problem == "incomplete"
    framer.feed(b"0104607")
    ((_, scan),) = framer.broken()
    assert scan.problem == "incomplete"


def test_a_scanner_without_an_end_ends_with_silence_until_it_has_sent_one() -> None:
    framer = Framer()
    framer.feed(b"4607103820700")
    ((_, scan),) = framer.silence()
    assert (scan.text, scan.problem) == ("4607103820700", "")
    framer.feed(b"4607103820700\r")
    framer.feed(b"46071038")
    ((_, scan),) = framer.silence()
    assert scan.problem == "incomplete"


def test_a_scan_without_its_prefix_is_a_piece_of_one() -> None:
    ((_, scan),) = Framer(ScanRules(prefix="\x02")).feed(b"103820700\r")
    assert scan.problem == "incomplete"


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_noise_is_bounded_and_never_a_code_with_signs_in_it(pieces: list[bytes]) -> None:
    framer = Framer()
    found = [scan for piece in pieces for _, scan in framer.feed(piece)]
    found += [scan for _, scan in framer.silence()]
    assert len(framer._held) <= SCAN_MAX
    for scan in found:
        assert scan.problem or all(each.isprintable() or each == GS for each in scan.text)
        assert len(scan.text) <= SCAN_MAX


def test_what_is_too_long_is_refused_and_the_next_one_heard() -> None:
    framer = Framer()
    ((_, scan),) = framer.feed(b"1" * (SCAN_MAX * 3) + b"\r")
    assert scan.problem == "incomplete"
    assert texts(framer, b"4607103820700\r") == ["4607103820700"]


@pytest.mark.parametrize("typed, meant", [(r"\x02", "\x02"), (r"\r\n", "\r\n"), ("~", "~"), ("", ""), (r"A\t", "A\t")])
def test_characters_as_people_type_them(typed: str, meant: str) -> None:
    assert characters(typed) == meant


@pytest.mark.parametrize("typed", ["\\", r"\q", r"\x2", "я"])
def test_what_means_no_character_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        characters(typed)


@pytest.mark.parametrize(
    "bad", [{"gap_ms": 5}, {"gap_ms": 501}, {"length_min": 2}, {"prefix": "я"}, {"suffix": "x" * 9}]
)
def test_rules_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ScanRules(**bad)  # type: ignore[arg-type]
