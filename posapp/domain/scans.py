"""What a scanner sends, told apart and cleaned: frames in a stream of bytes, symbology identifiers, the wrong layout.

    02 5D 64 32 30 31 … 1D 39 33 … 0D     prefix, ]d2 GS1 DataMatrix, the code with its GS, suffix

A scanner of the serial sort sends bytes, one of the keyboard sort types letters; both end here as a `Scan`. The GS of a
GS1 code (1Dh) is a part of it and stays. What was cut off is never taken for a code: `problem` says so. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from posapp.domain import layout

GS = "\x1d"
SCAN_MAX = 4096
"""No symbol holds more; what is longer is noise on the line."""
LENGTH_MIN, GAP_MS = 6, 60
_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class ScanRules:
    """How a scanner is set up. `prefix` and `suffix` are characters before and behind each code, "" for none; a serial
    scanner may always end with CR or LF, one that types with Enter or Tab.

    Of a scanner that types: `gap_ms` is the longest pause between two of its keys, `length_min` the shortest code that
    is told from fingers.
    """

    prefix: str = ""
    suffix: str = ""
    gap_ms: int = GAP_MS
    length_min: int = LENGTH_MIN

    def __post_init__(self) -> None:
        if not (10 <= self.gap_ms <= 500 and 3 <= self.length_min <= 40):
            raise ValueError("gap_ms is 10…500, length_min 3…40")
        if max(len(self.prefix), len(self.suffix)) > 8 or not (self.prefix + self.suffix).isascii():
            raise ValueError("prefix and suffix have at most 8 characters of ASCII")


SYMBOLOGIES = {
    "A": "Code 39", "C0": "Code 128", "C1": "GS1-128", "C2": "Code 128", "C4": "Code 128", "E0": "EAN-13", "E1": "EAN",
    "E2": "EAN", "E3": "EAN-13", "E4": "EAN-8", "F": "Codabar", "G": "Code 93", "I": "ITF", "L": "PDF417",
    "Q0": "QR", "Q1": "QR", "Q2": "QR", "Q3": "GS1 QR", "Q4": "QR", "Q5": "QR", "Q6": "QR", "X": "other",
    "d0": "DataMatrix", "d1": "DataMatrix", "d2": "GS1 DataMatrix", "d3": "DataMatrix", "d4": "DataMatrix",
    "d5": "DataMatrix", "d6": "DataMatrix", "e0": "GS1 DataBar", "e1": "GS1 DataBar", "e2": "GS1 DataBar",
    "z": "Aztec", "J0": "DotCode", "J1": "GS1 DotCode",
}  # fmt: skip
"""AIM's symbology identifiers (ISO/IEC 15424): the letter after `]`, where it matters with its modifier."""
GS1 = frozenset(("C1", "Q3", "d2", "e0", "e1", "e2", "J1"))
_IDENTIFIER = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Scan:
    """A code as it is to be understood. `typed` is the same before its layout was mended, for whoever must not guess.

    `identifier` is AIM's (`d2`), "" where none was sent; `symbology` its name. `is_mended`: it came in Russian letters.
    `problem`: "" or `incomplete` – the end or the beginning is missing, or the line was noisy: no code.
    """

    text: str
    typed: str = ""
    identifier: str = ""
    symbology: str = ""
    is_mended: bool = False
    problem: str = ""

    @property
    def is_gs1(self) -> bool:
        """The symbol itself says that it holds GS1 data."""
        return self.identifier in GS1

    def as_json(self) -> dict[str, object]:
        """A line of the try-out."""
        return {
            "text": self.text.replace(GS, "<GS>"),
            "identifier": self.identifier,
            "symbology": self.symbology,
            "groups": self.text.count(GS),
            "mended": self.is_mended,
            "problem": self.problem,
        }


def understood(typed: str, *, is_whole: bool = True) -> Scan:
    """The text of a scan without its symbology identifier, in the letters that the scanner meant."""
    text, is_mended = typed, False
    if layout.looks_russian(typed):
        text, is_mended = typed.translate(layout.BACK), True
    identifier = ""
    match = _IDENTIFIER.match(text)
    if match is not None:
        letter, both = match[1], match[1] + match[2]
        if letter in SYMBOLOGIES or both in SYMBOLOGIES:
            identifier = both
            text, typed = text[3:], typed[3:]
    if identifier in GS1 and text.startswith(GS):
        text, typed = text[1:], typed[1:]  # FNC1 in the first place says only that it is GS1
    name = SYMBOLOGIES.get(identifier) or SYMBOLOGIES.get(identifier[:1], "")
    problem = "" if is_whole and text.strip(f" {GS}") and _is_text(text) else "incomplete"
    return Scan(text, typed, identifier, name, is_mended, problem)


def unwrapped(typed: str, rules: ScanRules) -> str:
    """A typed scan without the prefix and suffix that the scanner is set up to send; either layout."""
    for prefix in {rules.prefix, layout.typed_in_russian(rules.prefix)} - {""}:
        typed = typed.removeprefix(prefix)
    for suffix in {rules.suffix, layout.typed_in_russian(rules.suffix)} - {""}:
        typed = typed.removesuffix(suffix)
    return typed


def _is_text(text: str) -> bool:
    return all(each.isprintable() or each == GS for each in text)


@dataclass(slots=True)
class Framer:
    """Cuts a stream of bytes into scans; whatever arrives, it holds no more than `SCAN_MAX` bytes."""

    rules: ScanRules = ScanRules()
    _held: bytearray = field(default_factory=bytearray)
    _is_too_long: bool = False
    _sends_end: bool = False  # learnt from the first scan that ended with CR or LF: without one it is cut off

    def feed(self, data: bytes) -> list[tuple[bytes, Scan]]:
        """What has ended with these bytes: each scan with the bytes it came as."""
        found = []
        suffix = self.rules.suffix.encode("ascii")
        for each in data:
            self._hold(each)
            ended = self._held.endswith(suffix) if suffix else each in _ENDS
            if ended:
                self._sends_end = self._sends_end or bool(self._held.strip(_ENDS))
                scan = self._end(is_ended=True)
                found += [scan] if scan is not None else []
        return found

    def silence(self) -> list[tuple[bytes, Scan]]:
        """Nothing more came for a while: a scanner without a suffix has ended, another one was cut off."""
        scan = self._end(is_ended=not self.rules.suffix and not self._sends_end)
        return [scan] if scan is not None else []

    def broken(self) -> list[tuple[bytes, Scan]]:
        """The line is gone: what was begun will not end."""
        scan = self._end(is_ended=False)
        return [scan] if scan is not None else []

    def _hold(self, byte: int) -> None:
        if len(self._held) >= SCAN_MAX:
            self._is_too_long = True
            del self._held[: SCAN_MAX // 2]
        self._held.append(byte)

    def _end(self, *, is_ended: bool) -> tuple[bytes, Scan] | None:
        raw, is_whole = bytes(self._held), is_ended and not self._is_too_long
        self._held.clear()
        self._is_too_long = False
        body = raw
        suffix, prefix = self.rules.suffix.encode("ascii"), self.rules.prefix.encode("ascii")
        if suffix and body.endswith(suffix):
            body = body[: -len(suffix)]
        body = body.strip(_ENDS)
        if not body:
            return None
        if prefix:
            is_whole = is_whole and body.startswith(prefix)
            body = body.removeprefix(prefix)
        return raw, understood(_decoded(body.strip(b"\x00\x02\x03\t\r\n")), is_whole=is_whole)


def _decoded(body: bytes) -> str:
    """Latin in every code page; Russian letters, where somebody put them into a QR, as UTF-8 or CP1251."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1251", errors="replace")


_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\s": " "}


def characters(text: str) -> str:
    r"""Characters as a person types them for a prefix or suffix: `\x02`, `\r`, `\t`, or themselves. ValueError."""

    def one(match: re.Match[str]) -> str:
        return _ESCAPES[match[0]] if match[0] in _ESCAPES else chr(int(match[1], 16))

    found = re.sub(r"\\x([0-9A-Fa-f]{2})|\\[rnts]", one, text)
    if "\\" in found or not found.isascii():
        raise ValueError(text)
    return found
