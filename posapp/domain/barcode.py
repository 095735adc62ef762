"""What a cashier scans or types for a thing: barcodes, labels of scales, marking codes, articles, quantities. Pure.

    4607103820700        EAN-13, EAN-8, UPC-A or ITF-14: fourteen digits with zeros in front are its key
    2112345003504        a label of the shop's scales, by the shop's scheme: item 12345, 350 grams
    010460710382070021…  a marking code: its GTIN finds the product, the code goes to the line
    TEA-7, 301           an article, or the portal's number, typed by hand
    4607103820700×3      any of these with a quantity: `*`, `×` or a letter x; `3*4607103820700` for barcodes

`readings` takes the quantity off, `lookups` says under which keys a code may stand in the catalogue. Nothing is guessed
here: what two readings would find is for the caller to refuse.
Sources: GS1 General Specifications 7.9 (check digit), 1.4.5 (GTIN in fourteen digits), 2.1.12 (20–29 inside a shop).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from posapp.domain import layout
from posapp.domain.gs1 import GS, check_digit, is_gtin
from posapp.domain.marking import BadMarking, MarkingCode, parse_marking
from posapp.errors import SaleError

GTIN_LENGTHS = (8, 12, 13, 14)
GTIN_DIGITS = 14
TEXT_MAX = 400
"""What is read at most; a marking code with its separators written out is the longest."""
MARKING_MIN = 18
"""No marking code is shorter: AI 01 with its GTIN, AI 21 and a serial number; a fur has 20 signs, tobacco 29."""
ID_DIGITS = 15
IN_STORE = range(20, 30)
"""Prefixes of EAN-13 that a shop may use inside."""


# ------------------------------------------------------------------------------------------------ schemes of scales
@dataclass(frozen=True, slots=True)
class ScaleScheme:
    """How the shop's scales build an EAN-13: two digits of prefix, the item, the weight in grams, the check digit."""

    prefix: str
    item_digits: int
    weight_digits: int

    def __post_init__(self) -> None:
        if len(self.prefix) != 2 or not self.prefix.isdigit() or int(self.prefix) not in IN_STORE:
            raise ValueError(f"a prefix inside a shop is 20…29, not {self.prefix!r}")
        if min(self.item_digits, self.weight_digits) < 1 or self.item_digits + self.weight_digits != 10:
            raise ValueError("item and weight have ten digits together")

    @classmethod
    def parse(cls, text: str) -> ScaleScheme:
        """`21:5:5`. Raises ValueError."""
        match = re.fullmatch(r"([0-9]{2}):([0-9]):([0-9])", text.strip())
        if match is None:
            raise ValueError(f"not a scheme of scales: {text!r}")
        return cls(match[1], int(match[2]), int(match[3]))

    @classmethod
    def parse_all(cls, text: str) -> tuple[ScaleScheme, ...]:
        """`21:5:5,23:6:4`; each prefix once. Raises ValueError."""
        found = tuple(cls.parse(each) for each in text.split(",")) if text.strip() else ()
        if len({each.prefix for each in found}) != len(found):
            raise ValueError("one scheme for a prefix")
        return found

    def __str__(self) -> str:
        return f"{self.prefix}:{self.item_digits}:{self.weight_digits}"

    def read(self, digits: str) -> tuple[str, int] | None:
        """The item and the grams of an EAN-13 of this scheme; None for another code."""
        if len(digits) != 13 or not digits.startswith(self.prefix) or not is_gtin(digits):
            return None
        end = 2 + self.item_digits
        return digits[2:end], int(digits[end:12])

    def without_weight(self, item: str) -> str:
        """The code of the item with no weight in it, as catalogues hold it."""
        digits = f"{self.prefix}{item}{'0' * self.weight_digits}"
        return digits + check_digit(digits)


# ------------------------------------------------------------------------------------------------ keys
def barcode_key(text: str) -> str:
    """What a barcode is looked up by: a GTIN in fourteen digits, any other code without spaces and case."""
    plain = "".join(text.split())
    return plain.rjust(GTIN_DIGITS, "0") if is_gtin(plain) else plain.casefold()


def article_key(text: str) -> str:
    """What an article is looked up by."""
    return " ".join(text.split()).casefold()


def scale_key(text: str) -> str:
    """The number of a good on the scales: zeros in front say nothing."""
    return text.strip().lstrip("0")


# ------------------------------------------------------------------------------------------------ quantity by hand
@dataclass(frozen=True, slots=True)
class Typed:
    """A code and the quantity that was typed with it, None when there is none."""

    code: str
    quantity: Decimal | None = None


_TIMES = r"\s*[*×xXхХ]\s*"  # the last two are Cyrillic
_NUMBER = r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,15})?"
_AFTER = re.compile(rf"(.*[^*×\s]){_TIMES}({_NUMBER})")
_BEFORE = re.compile(rf"([0-9]{{1,5}}(?:[.,][0-9]{{1,3}})?){_TIMES}([0-9]{{8}}|[0-9]{{12,14}})")


def readings(text: str) -> tuple[Typed, ...]:
    """The ways to read what was typed, the likeliest first: as a code alone, then as a code with a quantity.

    An element string is never taken apart: `*` and `x` are letters of serial numbers. Raises SaleError `goods_code` for
    nothing at all and for what is too long.
    """
    plain = text.strip(" \t\r\n")
    if not plain or len(plain) > TEXT_MAX:
        raise SaleError("goods_code", code=plain[:40] or "–", why="кода нет" if not plain else "слишком длинный")
    found = [Typed(plain)]
    if _is_marking(plain):
        return tuple(found)
    before = _BEFORE.fullmatch(plain)
    if before is not None and is_gtin(before[2]):
        found.append(Typed(before[2], _decimal(before[1])))
        return tuple(found)
    after = _AFTER.fullmatch(plain)
    if after is not None:
        found.append(Typed(after[1].strip(), _decimal(after[2])))
    return tuple(found)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


# ------------------------------------------------------------------------------------------------ looking up
@dataclass(frozen=True, slots=True)
class Lookup:
    """A key of the catalogue under which a code may stand, what kind of code is meant, and what the code adds.

    `kind`: `barcode`, `article`, `scale`, or `id` for the portal's number. `grams` is the weight on the label,
    `marking` the code of the very thing.
    """

    kind: str
    key: str
    grams: Decimal | None = None
    marking: MarkingCode | None = None


def lookups(code: str, schemes: Sequence[ScaleScheme] = ()) -> tuple[tuple[Lookup, ...], ...]:
    """Where to look for a code, group after group: within a group everything counts, the first one that finds is it.

    Raises BadMarking for a marking code that cannot be read, SaleError `goods_code` for one that names no product.
    """
    if len(code) >= MARKING_MIN or _is_marking(code):
        try:
            return (_of_marking(parse_marking(code)),)
        except BadMarking:
            if _is_marking(code):
                raise
            return _by_hand(code)
    return (tuple(_of_barcode(code, schemes)), *_by_hand(code))


def check(code: str) -> None:
    """Says of a code that was not found what is wrong with it, if anything. Raises SaleError `goods_code`."""
    plain = "".join(code.split())
    if plain.isascii() and plain.isdigit() and len(plain) in GTIN_LENGTHS and not is_gtin(plain):
        raise SaleError("goods_code", code=plain, why="контрольная цифра не сходится")


_BEGINS = re.compile(r"\(01\)|01[0-9]{14}21|\][A-Za-z][0-9A-Za-z]")


def _is_marking(text: str) -> bool:
    """Whether it can be nothing but an element string of GS1, readable or not."""
    return GS in text or _BEGINS.match(text) is not None


def _of_marking(code: MarkingCode) -> tuple[Lookup, ...]:
    """By GTIN; a code that names no GTIN (furs, spirits) finds nothing by itself."""
    if not code.gtin:
        raise SaleError("goods_code", code=code.identity[:40], why="в этом коде маркировки нет номера товара")
    marking = code if code.is_marked else None
    return (Lookup("barcode", code.gtin, _grams(code), marking),)


def _grams(code: MarkingCode) -> Decimal | None:
    """The net weight that the symbol tells: AI 310n, kilograms with n decimals."""
    for each in code.elements:
        if each.ai.startswith("310"):
            return Decimal(each.value).scaleb(3 - int(each.ai[3]))
    return None


def _of_barcode(code: str, schemes: Sequence[ScaleScheme]) -> Iterator[Lookup]:
    yield Lookup("barcode", barcode_key(code))
    plain = "".join(code.split())
    for scheme in schemes:
        label = scheme.read(plain)
        if label is None:
            continue
        item, grams = label
        yield Lookup("scale", scale_key(item), Decimal(grams))
        if grams:
            yield Lookup("barcode", barcode_key(scheme.without_weight(item)), Decimal(grams))


def _by_hand(code: str) -> tuple[tuple[Lookup, ...], ...]:
    """An article as it is and as the Latin layout would have typed it; then the portal's number."""
    mended, odd = layout.mend(code)
    articles = dict.fromkeys((article_key(code), article_key(code if odd is not None else mended)))
    groups = [tuple(Lookup("article", each) for each in articles)]
    if mended != code and odd is None:
        groups.append((Lookup("barcode", barcode_key(mended)),))
    if code.isascii() and code.isdigit() and len(code) <= ID_DIGITS:
        groups.append((Lookup("id", str(int(code))),))
    return tuple(groups)
