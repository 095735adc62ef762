"""Codes of marked goods («Честный знак»): what a scanner gives, read strictly, and what the fiscal formats want of it.

A marked thing carries a DataMatrix (spirits also a PDF417). The text in it is of one of these families:

    01 GTIN 21 serial <GS> 91 key(4) <GS> 92 check(44|88)    shoes, clothes, medicine, electronics …
    01 GTIN 21 serial <GS> 93 check(4)                       milk (serial of 6), beer (7), water, food (13) …
    01 GTIN 21 serial(7) <GS> 8005 price(6) <GS> 93 check(4) a carton of tobacco
    GTIN serial(7) price(4) check(4)                         a pack of tobacco: 29 characters, no AI
    RU-430302-AAA0277031                                     the sign of a fur
    68 or 150 capital letters and digits                     ЕГАИС 2.0 and 3.0

`parse_marking` takes the text as it came – with the symbology's `]d2`, with whatever the scanner or its software put
for GS, or typed on a Russian keyboard – and gives a `MarkingCode` or raises `BadMarking` with the place. Where two
readings are possible it refuses: a guess would put another thing's code on a receipt.

Out of a code come tag 2000 and the register's command (`data`), 1163 {1300…1309} of FFD 1.2 (`product_code`), 1162 of
FFD 1.05 (`nomenclature_code`), and the name under which the marking system knows the thing (`identity`).
Sources: order ЕД-7-20/662@ (1163, 1300–1325, 2000), ММВ-7-20/229@ (1162), the rules of the groups of goods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from posapp.domain import layout
from posapp.domain.gs1 import GS, SERIAL_CHARACTERS, BadElements, Element, check_digit, elements_of, is_gtin
from posapp.errors import PosError

TEXT_MAX = 256
"""Characters of a code: tag 2000."""
INPUT_MAX = 400
"""What is read at most: a code whose separators are written as six characters each."""


class BadMarking(PosError):
    """No marking code, or more than one reading; `position` is the place in the text that was given (0-based)."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__("bad_marking", what=what, position=position)


class MarkingFamily(StrEnum):
    """How a code is built. Its product code (1163) and the bytes of 1162 follow from it."""

    GS1_92 = "gs1-92"  # key and long check code
    GS1_93 = "gs1-93"  # check code of four
    KEG = "keg"  # the same with a volume, AI 335x
    TOBACCO_CARTON = "tobacco-carton"
    GS1_BARE = "gs1-bare"  # GTIN and serial without a check code: from a document, or cut off by a scanner
    GS1_PLAIN = "gs1-plain"  # GS1 without a serial: goods that are not marked
    TOBACCO_PACK = "tobacco-pack"
    FUR = "fur"
    EGAIS_2 = "egais-2"
    EGAIS_3 = "egais-3"
    EAN_8 = "ean-8"
    EAN_13 = "ean-13"
    ITF_14 = "itf-14"
    OTHER = "other"  # nothing that we know; tag 1300


@dataclass(frozen=True, slots=True)
class ProductCode:
    """What stands in 1163: one of the tags 1300…1309, 1320…1325 with its text."""

    tag: int
    value: str


@dataclass(frozen=True, slots=True)
class MarkingCode:
    """A code that was read. `text` is as the symbol holds it: GS kept, no symbology prefix, nothing repaired inside.

    `gtin` has fourteen digits, "" where the family has none; `serial` is the individual number. `is_mended`: the
    scanner is set up wrongly (Russian layout, separators lost or replaced), the code itself is right.
    """

    text: str
    family: MarkingFamily
    gtin: str = ""
    serial: str = ""
    elements: tuple[Element, ...] = ()
    is_mended: bool = False

    @property
    def data(self) -> bytes:
        """The bytes for the register (FF61, FF67) and tag 2000."""
        return self.text.encode("ascii")

    @property
    def is_complete(self) -> bool:
        """Whether nothing was cut off: the check code is there, or the family has none."""
        return self.family is not MarkingFamily.GS1_BARE

    @property
    def is_marked(self) -> bool:
        """Whether this is the code of one marked thing; a plain barcode names only a sort of goods."""
        return self.family not in _PLAIN

    @property
    def identity(self) -> str:
        """Код идентификации: how the marking system names the thing, without the check code."""
        if self.family is MarkingFamily.TOBACCO_PACK:
            return self.text[:21]
        if self.gtin and self.serial:
            return f"01{self.gtin}21{self.serial}"
        return self.text

    @property
    def product_code(self) -> ProductCode:
        """The tag inside 1163 with its value, as the register forms it (FFD 1.2)."""
        tag, value = _PRODUCT_CODES[self.family]
        return ProductCode(tag, value(self))

    @property
    def nomenclature_code(self) -> bytes:
        """Tag 1162 of FFD 1.05: two bytes of type, then GTIN big-endian in six bytes with the serial, or the text."""
        kind, value = _NOMENCLATURE[self.family]
        return bytes.fromhex(kind) + value(self)

    def as_json(self) -> dict[str, object]:
        """As `posapp marking parse` writes it."""
        return {
            "family": self.family.value,
            "code": self.text,
            "identity": self.identity,
            "gtin": self.gtin or None,
            "serial": self.serial or None,
            "elements": [{"ai": each.ai, "value": each.value} for each in self.elements],
            "product_code": {"tag": self.product_code.tag, "value": self.product_code.value},
            "nomenclature_code": self.nomenclature_code.hex(),
            "complete": self.is_complete,
            "mended": self.is_mended,
        }


_PLAIN = (
    MarkingFamily.GS1_PLAIN,
    MarkingFamily.EAN_8,
    MarkingFamily.EAN_13,
    MarkingFamily.ITF_14,
    MarkingFamily.OTHER,
)


def other_code(text: str, form: int) -> ProductCode:
    """Tags 1320…1325: a code in one of the forms Ф.1…Ф.6, which the order keeps for goods of later rules."""
    if not 1 <= form <= 6 or not 1 <= len(text) <= 32:
        raise ValueError("a form of 1…6 and 1…32 characters")
    return ProductCode(1319 + form, text)


# ------------------------------------------------------------------------------------------------ tags
_EGAIS_2_FROM, _EGAIS_2_TO, _EGAIS_3_TO = 8, 31, 14
"""Where ЕГАИС codes hold the product: characters 9…31 of the 68; of the 150 type, series and number of the stamp."""


def _identity(code: MarkingCode) -> str:
    return f"01{code.gtin}21{code.serial}"


def _egais(code: MarkingCode) -> str:
    is_old = code.family is MarkingFamily.EGAIS_2
    return code.text[_EGAIS_2_FROM:_EGAIS_2_TO] if is_old else code.text[:_EGAIS_3_TO]


def _text(code: MarkingCode) -> str:
    return code.text


def _beginning(code: MarkingCode) -> str:
    return code.text[:32]


_PRODUCT_CODES: dict[MarkingFamily, tuple[int, Callable[[MarkingCode], str]]] = {
    MarkingFamily.GS1_92: (1305, _identity),
    MarkingFamily.GS1_93: (1305, _identity),
    MarkingFamily.KEG: (1305, _identity),
    MarkingFamily.TOBACCO_CARTON: (1305, _identity),
    MarkingFamily.GS1_BARE: (1305, _identity),
    MarkingFamily.GS1_PLAIN: (1304, lambda code: f"01{code.gtin}"),
    MarkingFamily.TOBACCO_PACK: (1306, _identity),
    MarkingFamily.FUR: (1307, _text),
    MarkingFamily.EGAIS_2: (1308, _egais),
    MarkingFamily.EGAIS_3: (1309, _egais),
    MarkingFamily.EAN_8: (1301, _text),
    MarkingFamily.EAN_13: (1302, _text),
    MarkingFamily.ITF_14: (1303, _text),
    MarkingFamily.OTHER: (1300, _beginning),
}


def _gtin_and_serial(code: MarkingCode) -> bytes:
    return _number(code.gtin) + code.serial.encode("ascii")


def _pack(code: MarkingCode) -> bytes:
    """GTIN, serial and price, filled up to 13 characters."""
    return _number(code.gtin) + code.text[14:25].ljust(13).encode("ascii")


def _number(digits: str) -> bytes:
    return int(digits).to_bytes(6, "big")


_NOMENCLATURE: dict[MarkingFamily, tuple[str, Callable[[MarkingCode], bytes]]] = {
    MarkingFamily.GS1_92: ("444D", _gtin_and_serial),
    MarkingFamily.GS1_93: ("444D", _gtin_and_serial),
    MarkingFamily.KEG: ("444D", _gtin_and_serial),
    MarkingFamily.TOBACCO_CARTON: ("444D", _gtin_and_serial),
    MarkingFamily.GS1_BARE: ("444D", _gtin_and_serial),
    MarkingFamily.GS1_PLAIN: ("490E", lambda code: _number(code.gtin)),
    MarkingFamily.TOBACCO_PACK: ("0005", _pack),
    MarkingFamily.FUR: ("5246", lambda code: code.data),
    MarkingFamily.EGAIS_2: ("C514", lambda code: _egais(code).encode("ascii")),
    MarkingFamily.EGAIS_3: ("C51E", lambda code: _egais(code).encode("ascii")),
    MarkingFamily.EAN_8: ("4508", lambda code: _number(code.text)),
    MarkingFamily.EAN_13: ("450D", lambda code: _number(code.text)),
    MarkingFamily.ITF_14: ("490E", lambda code: _number(code.text)),
    MarkingFamily.OTHER: ("0000", lambda code: _beginning(code)[:30].encode("ascii")),
}


# ------------------------------------------------------------------------------------------------ what the scanner sent
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
"""`]d2` GS1 DataMatrix, `]C1` GS1-128, `]d1` DataMatrix, `]E0` EAN-13, `]L0` PDF417 …"""
_EDGES = " \t\r\n"
_SIGNS_FOR_GS = frozenset("\x1d\u241d\xe8|#~^")
"""Signs that no code holds and that stand for GS: ␝, è (FNC1 is codeword 232), what programs choose in its place."""
_WORDS_FOR_GS = re.compile(r"\\x1[dD]|\\u001[dD]|\\u241[dD]|\\035|&#0?29;|\{GS\}|\[GS\]|<GS>|\^\]")
_AMBIGUOUS_WORD = "<GS>"  # its four characters may also stand in a serial number


@dataclass(frozen=True, slots=True)
class _Input:
    """The text with GS in its place, and for each of its characters where it stood in what was given."""

    text: str
    places: tuple[int, ...]
    is_mended: bool

    def bad(self, what: str, position: int) -> BadMarking:
        return BadMarking(what, self.places[min(position, len(self.places) - 1)])


def _inputs(given: str) -> Iterator[_Input]:
    """The readings of the bare text: one, or two where `<GS>` may be a word or four characters."""
    if len(given) > INPUT_MAX:
        raise BadMarking(f"код длиннее {INPUT_MAX} знаков", INPUT_MAX)
    mended, odd = layout.mend(given)
    if odd is not None:
        raise BadMarking("в коде и русские, и латинские буквы, раскладку не понять", odd)
    body = mended.rstrip(_EDGES)
    start = len(body) - len(body.lstrip(_EDGES))
    prefix = _SYMBOLOGY.match(body, start)
    start = prefix.end() if prefix else start
    if start == len(body):
        raise BadMarking("кода нет", start)
    yield _with_separators(body, start, mended != given, words=True)
    if _AMBIGUOUS_WORD in body:
        yield _with_separators(body, start, mended != given, words=False)


def _with_separators(body: str, start: int, is_mended: bool, *, words: bool) -> _Input:
    """GS wherever something stands for it; none at the beginning (FNC1 of the symbol) and none at the end."""
    signs: list[str] = []
    places: list[int] = []
    at = start
    while at < len(body):
        word = _WORDS_FOR_GS.match(body, at)
        if word and not words and word.group() == _AMBIGUOUS_WORD:
            word = None
        step = len(word.group()) if word else 1
        is_gs = word is not None or body[at] in _SIGNS_FOR_GS
        is_mended = is_mended or (is_gs and body[at] != GS)
        if not is_gs or signs:
            signs.append(GS if is_gs else body[at])
            places.append(at)
        at += step
    while signs and signs[-1] == GS:
        signs.pop()
        places.pop()
    return _Input("".join(signs), (*places, len(body)), is_mended)


# ------------------------------------------------------------------------------------------------ reading
def parse_marking(given: str) -> MarkingCode:
    """The code in what a scanner sent. Raises BadMarking for none, for a damaged one, and where two would fit."""
    readings: list[MarkingCode] = []
    troubles: list[BadMarking] = []
    for each in _inputs(given):
        found, trouble = _readings(each)
        readings += found
        troubles.append(trouble)
    if not readings:
        raise troubles[0]
    if len({replace(each, is_mended=False) for each in readings}) > 1:
        raise BadMarking("код читается двояко, без разделителей групп его не понять", len(given.rstrip(_EDGES)))
    return readings[0]


def any_code(given: str) -> MarkingCode:
    """The code, or an unrecognised one (tag 1300) where nothing fits. Raises BadMarking for what is no printed text.

    Nothing is repaired in a code that nobody knows.
    """
    try:
        return parse_marking(given)
    except BadMarking:
        text = given.strip(_EDGES)
        is_plain = text.isascii() and all(each.isprintable() or each == GS for each in text)
        if not text or len(text) > TEXT_MAX or not is_plain:
            raise
        return MarkingCode(text, MarkingFamily.OTHER)


def _readings(given: _Input) -> tuple[list[MarkingCode], BadMarking]:
    """Every family that the text fits, and what to say when there is none."""
    text = given.text
    if len(text) > TEXT_MAX:
        return [], given.bad(f"код длиннее {TEXT_MAX} знаков", TEXT_MAX)
    found = [
        MarkingCode(text, family, gtin="", is_mended=given.is_mended)
        for family, form in _FORMS.items()
        if form.fullmatch(text)
    ]
    if text.isascii() and text.isdigit() and len(text) in _BARCODES:
        found += _barcode(given)
        return found, given.bad("контрольная цифра не сходится", len(text) - 1)
    if _PACK.fullmatch(text) and is_gtin(text[:14]):
        found.append(
            MarkingCode(text, MarkingFamily.TOBACCO_PACK, text[:14], text[14:21], is_mended=given.is_mended),
        )
    trouble = _unlike(given)
    if text.startswith(("01", "(01)")):
        try:
            found += _gs1_readings(given)
        except BadElements as bad:
            trouble = given.bad(str(bad), bad.position)
    return found, trouble


_FORMS = {
    MarkingFamily.FUR: re.compile(r"[A-Z]{2}-[0-9]{6}-[A-Z0-9]{10}"),
    MarkingFamily.EGAIS_2: re.compile(r"[0-9A-Z]{68}"),
    MarkingFamily.EGAIS_3: re.compile(r"[0-9]{14}[0-9A-Z]{136}"),
}
_BARCODES = {8: MarkingFamily.EAN_8, 13: MarkingFamily.EAN_13, 14: MarkingFamily.ITF_14}
_SERIAL = "[" + re.escape("".join(sorted(SERIAL_CHARACTERS))) + "]"
_PACK = re.compile(rf"[0-9]{{14}}{_SERIAL}{{15}}")


def _barcode(given: _Input) -> list[MarkingCode]:
    text = given.text
    if not is_gtin(text):
        return []
    return [MarkingCode(text, _BARCODES[len(text)], text.rjust(14, "0"), is_mended=given.is_mended)]


def _unlike(given: _Input) -> BadMarking:
    """Why the text is no code: the first character that none may hold, or its length."""
    for at, each in enumerate(given.text):
        if each not in SERIAL_CHARACTERS and each != GS:
            return given.bad("недопустимый знак", at)
    if given.text[:14].isdigit() and 20 <= len(given.text) <= 40:
        return given.bad(f"у пачки табака 29 знаков и верный GTIN, а здесь {len(given.text)}", len(given.text))
    return given.bad("не похоже ни на один код маркировки", len(given.text))


# ------------------------------------------------------------------------------------------------ GS1
_BARE_LENGTHS = (6, 7, 13, 20)
"""How long serial numbers are in the groups of goods in force."""
_LOST_SEPARATORS = (
    re.compile(rf"({_SERIAL}{{13}}|{_SERIAL}{{20}})(91{_SERIAL}{{4}})(92(?:{_SERIAL}{{44}}|{_SERIAL}{{88}}))"),
    re.compile(rf"({_SERIAL}{{6}}|{_SERIAL}{{7}}|{_SERIAL}{{13}}|{_SERIAL}{{20}})(93{_SERIAL}{{4}})"),
    re.compile(rf"({_SERIAL}{{6}})(93{_SERIAL}{{4}})(310[0-9]{{7}})"),
    re.compile(rf"({_SERIAL}{{7}})(8005[0-9]{{6}})(93{_SERIAL}{{4}})"),
    re.compile(rf"({_SERIAL}{{7}})(335[0-9]{{7}})(93{_SERIAL}{{4}})"),
)
"""What follows AI 21 when every separator was lost. Only a text that fits exactly one of them is understood."""
_SWALLOWED = re.compile(rf"{_SERIAL}{{6,7}}(?:8005|335[0-9]|310[0-9])[0-9]{{6}}")
"""A serial number that has taken in the next group, because only the separator between them was lost."""
_IDENTITY_LENGTH = 18  # 01, GTIN, 21


def _gs1_readings(given: _Input) -> list[MarkingCode]:
    """The GS1 readings of the text; more than one only where all separators are missing. Raises BadElements."""
    text = given.text
    if text.startswith("("):
        plain, places = _without_brackets(text)
        given = _Input(plain, tuple(given.places[min(at, len(given.places) - 1)] for at in places), True)
        return [_gs1(given, given.text)]
    _check_gtin(text)
    if GS in text or text[16:18] != "21":
        return [_gs1(given, text)]
    rest = text[_IDENTITY_LENGTH:]
    found = [_gs1(given, text)] if len(rest) in _BARE_LENGTHS else []
    for form in _LOST_SEPARATORS:
        match = form.fullmatch(rest)
        if match:
            whole = text[:_IDENTITY_LENGTH] + GS.join(match.groups())
            found.append(_gs1(replace(given, is_mended=True), whole, is_restored=True))
    if not found:
        elements_of(text)  # says where it cannot be read on, if anywhere
        raise BadElements("нет разделителей групп (GS), а без них код не понять", len(text))
    return found


def _check_gtin(text: str) -> None:
    """The GTIN behind the first AI. Raises BadElements at the digit that is wrong."""
    gtin = text[2:16]
    for offset, each in enumerate(gtin):
        if each not in "0123456789":
            raise BadElements("в GTIN не цифра", 2 + offset)
    if len(gtin) < 14:
        raise BadElements("GTIN короче 14 цифр", len(text))
    if check_digit(gtin[:-1]) != gtin[-1]:
        raise BadElements("контрольная цифра GTIN не сходится", 15)


def _gs1(given: _Input, text: str, *, is_restored: bool = False) -> MarkingCode:
    """The code of an element string whose separators are in place. Raises BadElements."""
    try:
        elements = elements_of(text)
    except BadElements as bad:
        raise BadElements(str(bad), min(bad.position, len(given.text))) if is_restored else bad from None
    values = {each.ai: each for each in elements}
    _check_gtin(text)
    serial = values.get("21")
    family = _family(values, len(given.text))
    if serial is not None and family is not MarkingFamily.GS1_BARE and _SWALLOWED.fullmatch(serial.value):
        raise BadElements("после серийного номера потерян разделитель групп (GS)", serial.position)
    return MarkingCode(
        text=text,
        family=family,
        gtin=values["01"].value,
        serial=serial.value if serial else "",
        elements=tuple(Element(each.ai, each.value) for each in elements),
        is_mended=given.is_mended,
    )


def _family(values: dict[str, Element], end: int) -> MarkingFamily:
    """Which family the groups make. Raises BadElements where a group is missing or of a wrong length."""
    key, long, short = values.get("91"), values.get("92"), values.get("93")
    for each, lengths in ((key, (4,)), (long, (44, 88)), (short, (4,))):
        if each is not None and len(each.value) not in lengths:
            expected = " или ".join(map(str, lengths))
            raise BadElements(f"AI {each.ai}: {len(each.value)} знаков вместо {expected}", each.position)
    if "21" not in values:
        if key or long or short:
            raise BadElements("нет серийного номера (AI 21)", end)
        return MarkingFamily.GS1_PLAIN
    if bool(key) != bool(long) or (short and key):
        raise BadElements("код проверки не полон", end)
    if key:
        return MarkingFamily.GS1_92
    if not short:
        if len(values) > 2:
            raise BadElements("нет кода проверки (AI 91, 92 или 93)", end)
        if len(values["21"].value) not in _BARE_LENGTHS:
            raise BadElements("нет кода проверки и разделителя перед ним", end)
        return MarkingFamily.GS1_BARE
    if "8005" in values:
        return MarkingFamily.TOBACCO_CARTON
    return MarkingFamily.KEG if any(each.startswith("335") for each in values) else MarkingFamily.GS1_93


_BRACKETS = re.compile(r"\(([0-9]{2,4})\)")


def _without_brackets(text: str) -> tuple[str, list[int]]:
    """`(01)…(21)…(93)…`, as codes are written for people: GS before each group but the first two."""
    signs: list[str] = []
    places: list[int] = []
    at = groups = 0
    while at < len(text):
        match = _BRACKETS.match(text, at)
        if match:
            if groups > 1:
                signs.append(GS)
                places.append(at)
            signs += match.group(1)
            places += range(match.start(1), match.end(1))
            groups += 1
            at = match.end()
        elif text[at] == GS:
            at += 1
        else:
            signs.append(text[at])
            places.append(at)
            at += 1
    return "".join(signs), [*places, len(text)]
