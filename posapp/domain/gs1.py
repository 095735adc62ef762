"""GS1 element strings: application identifiers (AI) with their values, one after the other, and check digits.

    01 04607103820700  21 55kTHg  <GS>  93 dGVz

An AI of fixed length needs nothing behind it; any other value ends at a group separator (GS, 0x1D; FNC1 in the symbol)
or at the end. Source: GS1 General Specifications, figure 3.2-1 (AIs), 7.8 (processing), 7.9 (check digit),
7.11 (the 82 characters of serial numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

GS = "\x1d"
SERIAL_CHARACTERS = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""What a serial number and a check code may hold; GS is not among them, nor are brackets other than round ones."""


class BadElements(ValueError):
    """No element string; `position` is the index of the first character that does not fit."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(what)
        self.position = position


@dataclass(frozen=True, slots=True)
class Element:
    """One AI with its value; `position` is where the value starts."""

    ai: str
    value: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the value behind an AI is read: its length, whether it needs a separator, whether it is all digits."""

    least: int
    most: int
    is_predefined: bool
    is_numeric: bool


def _fixed(length: int) -> _Rule:
    return _Rule(length, length, True, True)


def _text(most: int) -> _Rule:
    return _Rule(1, most, False, False)


_RULES: dict[str, _Rule] = {
    "00": _fixed(18),
    "01": _fixed(14),
    "02": _fixed(14),
    **{f"1{each}": _fixed(6) for each in "123567"},  # dates YYMMDD
    "10": _text(20),  # batch
    "20": _fixed(2),
    "21": _text(20),  # serial number
    "22": _text(20),
    "240": _text(30),
    "241": _text(30),
    "250": _text(30),
    "30": _Rule(1, 8, False, True),
    "37": _Rule(1, 8, False, True),
    "7003": _Rule(10, 10, False, True),  # expiry with the time, milk
    "8005": _Rule(6, 6, False, True),  # price of a unit: the retail price of a tobacco carton, in kopecks
    "8008": _Rule(8, 12, False, True),
    **{f"9{each}": _text(90) for each in "0123456789"},  # company internal: 91 key, 92 and 93 check code
}
_MEASURES = ("310", "311", "312", "313", "314", "315", "316", "335", "336")
"""The fourth digit says how many decimals there are: 3103 kilograms with three, 335 litres of a keg."""
AI_MAX = 40  # elements in one symbol; a DataMatrix holds fewer


def elements_of(text: str) -> tuple[Element, ...]:
    """The elements of an element string. Raises BadElements with the position."""
    found: list[Element] = []
    at = 0
    while at < len(text):
        ai, rule = _identifier(text, at)
        if any(each.ai == ai for each in found):
            raise BadElements(f"AI {ai} второй раз", at)
        if len(found) == AI_MAX:
            raise BadElements("слишком много групп", at)
        start = at + len(ai)
        value = _value(text, start, ai, rule)
        found.append(Element(ai, value, start))
        at = start + len(value)
        if at < len(text) and text[at] == GS:
            at += 1
        elif at < len(text) and not rule.is_predefined:
            raise BadElements(f"после AI {ai} нет разделителя групп (GS)", at)
    if not found:
        raise BadElements("пусто", 0)
    return tuple(found)


def _identifier(text: str, at: int) -> tuple[str, _Rule]:
    for length in (2, 3, 4):
        ai = text[at : at + length]
        if len(ai) == 4 and ai[:3] in _MEASURES and ai[3] in "0123456789":
            return ai, _fixed(6)
        rule = _RULES.get(ai)
        if rule is not None and len(ai) == length:
            return ai, rule
    raise BadElements("нет такого идентификатора применения (AI)", at)


def _value(text: str, start: int, ai: str, rule: _Rule) -> str:
    end = text.find(GS, start)
    group = text[start : len(text) if end < 0 else end]
    value = group[: rule.most]
    for offset, each in enumerate(value):
        if each not in SERIAL_CHARACTERS or (rule.is_numeric and each not in "0123456789"):
            raise BadElements(f"в AI {ai} недопустимый знак", start + offset)
    if len(value) < rule.least:
        raise BadElements(f"AI {ai} короче, чем должен быть: {len(value)} из {rule.least}", start + len(value))
    return value


def check_digit(digits: str) -> str:
    """The check digit of a number without one: weights 3 and 1 from the right, to the next ten (7.9)."""
    total = sum(int(each) * (3 if index % 2 == 0 else 1) for index, each in enumerate(reversed(digits)))
    return str(-total % 10)


def is_gtin(text: str) -> bool:
    """Whether `text` is a GTIN-8, -12, -13 or -14: ASCII digits, the last of which checks the others."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    return check_digit(text[:-1]) == text[-1]
