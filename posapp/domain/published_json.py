"""The receipts in a file of JSON, found wherever its publisher put them, with the names of their fields made plain.

A file is the receipt itself, wraps it (`{"ticket": {"document": {"receipt": …}}}`, `{"data": {"json": …}}`), holds a
list of such, or one JSON a line; a receipt may also be a list of tags, as `posapp tlv decode` writes it. UTF-8, UTF-16
and UTF-32 with or without a mark, and CP1251 are read. Everything in it is untrusted: size, depth and the length of
numbers are bounded, and a name that comes twice with two values is refused rather than one of them believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from posapp.domain import published_names as names
from posapp.domain.tags import DOCUMENTS
from posapp.errors import PosError

FILE_MAX = 5_000_000
"""Bytes of a file; the longest real receipts have 40 kB, an export of a year some hundreds of them."""
RECEIPTS_MAX = 10_000
_NUMBER_DIGITS_MAX = 60
_TEXT_MIN = 30
_PATH_MAX = 200
_NAME_MAX = 40
_UNREADABLE = Decimal("NaN")
"""Stands for NaN, infinities and numbers without measure; told where such a number is asked for."""
_RECEIPT_FORMS = frozenset((3, 4, 31, 41))
_QR = ("qr", "qrraw")
_TELLING = frozenset((*names.TOTAL, *names.ITEMS, *names.CODE, *names.OTHER_DOCUMENTS, *_QR, *names.DOCUMENT))
"""An object without any of these names is neither a receipt nor says anything about one."""


class Fields:
    """The fields of one object by plain name; `where(name)` is the path in the file, for errors."""

    def __init__(self, body: Mapping[str, Any], path: str) -> None:
        self.path = path
        self._values: dict[str, Any] = {}
        self._spelled: dict[str, str] = {}
        self._doubtful: dict[str, str] = {}
        for spelled, value in body.items():
            name = names.plain_name(spelled)
            if value is None:
                continue
            if name in self._values and self._values[name] != value:
                self._doubtful[name] = spelled
            self._values.setdefault(name, value)
            self._spelled.setdefault(name, spelled)

    def first(self, wanted: tuple[str, ...]) -> tuple[Any, str]:
        """The value under the first of the names that is there, and its path; None and the first name when none is."""
        for name in wanted:
            if name in self._values:
                return self._sure(name), self.where(name)
        return None, self.where(wanted[0])

    def all(self, wanted: tuple[str, ...]) -> list[tuple[Any, str]]:
        """The values under all of the names that are there, with their paths."""
        return [(self._sure(name), self.where(name)) for name in wanted if name in self._values]

    def has(self, wanted: tuple[str, ...]) -> bool:
        """Whether one of the names is there."""
        return any(name in self._values for name in wanted)

    def where(self, name: str) -> str:
        """The path of a field as the file spells it."""
        return join(self.path, self._spelled.get(name, name))

    def _sure(self, name: str) -> Any:
        if name in self._doubtful:
            bad(f"{self.where(name)} и {self._doubtful[name]} не совпадают")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt in a file: its fields, whether a wrapper says that lines are missing, and what stood beside it.

    `qr` is the text of its code, `document` the fiscal document in base64 or hex; "" where there is none.
    """

    fields: Fields
    is_partial: bool
    qr: str
    document: str


def find_receipts(raw: bytes) -> list[Found]:
    """The receipts in a file's bytes, at least one, in their order. PosError `bad_input` with what is wrong where."""
    if len(raw) > FILE_MAX:
        bad(f"больше {FILE_MAX} байт")
    try:
        found = list(_search(_parsed(_text(raw))))
    except RecursionError:
        bad("вложенность слишком глубока")
    if not found:
        bad("нет чека")
    return found


def bad(what: str, position: int | None = None) -> NoReturn:
    """Raises PosError `bad_input`."""
    raise PosError("bad_input", what=what, position=position)


def join(path: str, name: str) -> str:
    """The path of a field; what is too long to be read by anyone is not carried along."""
    if len(path) > _PATH_MAX:
        return path
    return f"{path}.{name[:_NAME_MAX]}" if path else name[:_NAME_MAX]


def element(path: str, number: int | str) -> str:
    """The path of an element of a list."""
    return path if len(path) > _PATH_MAX else f"{path}[{number}]"


# --------------------------------------------------------------------------------------------------- bytes to JSON


def _text(raw: bytes) -> str:
    """The text; CP1251 is tried where it is no Unicode. The position of an error is that of a byte."""
    position = 0
    for encoding in (json.detect_encoding(raw), "cp1251"):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            position = position or error.start
    bad("кодировка файла не распознана", position)


def _parsed(text: str) -> object:
    """The value of a JSON text; of several, one a line, the list of them."""
    try:
        return _json(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" or "\n" not in text.strip():
            bad(f"не JSON: строка {error.lineno}, знак {error.colno}", error.pos)
    values: list[object] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            if len(values) > RECEIPTS_MAX:
                bad(f"больше {RECEIPTS_MAX} чеков")
            try:
                values.append(_json(line))
            except json.JSONDecodeError as error:
                bad(f"не JSON: строка {text.count(chr(10), 0, at) + 1}, знак {error.colno}", at + error.pos)
        at += len(line)
    return values


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_float=_number, parse_constant=_number, object_pairs_hook=_once_each)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number that is too long for an int; asking each of them first would take its time
        return json.loads(
            text, parse_float=_number, parse_int=_number, parse_constant=_number, object_pairs_hook=_once_each
        )


def _number(text: str) -> int | Decimal:
    if len(text) > _NUMBER_DIGITS_MAX:
        return _UNREADABLE
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _UNREADABLE
    return number if number.is_finite() else _UNREADABLE


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in pairs:
        if name in body and body[name] != value:
            bad(f"ключ «{name[:40]}» дважды с разными значениями")
        body[name] = value
    return body


# ------------------------------------------------------------------------------------------------ JSON to receipts


_Ends = Iterator["tuple[object, _Around]"]


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known where the search stands: the path, and what the wrappers on the way said."""

    path: str = ""
    is_partial: bool = False
    qr: str = ""
    document: str = ""
    is_text: bool = False


def _search(body: object) -> Iterator[Found]:
    """Walks the file without recursion, in its order; does not look into a receipt for another one."""
    open_ends: list[_Ends] = [iter([(body, _Around())])]
    count = 0
    while open_ends:
        end = next(open_ends[-1], None)
        if end is None:
            open_ends.pop()
            continue
        value, around = end
        if isinstance(value, str) and not around.is_text:
            value, around = _embedded(value), replace(around, is_text=True)
        if isinstance(value, list) and _is_tag_list(value):
            value = _of_tags(value)
        if isinstance(value, dict):
            fields, around = _looked_at(value, around)
            if fields is None:
                open_ends.append(_inside(value.items(), around, join))
                continue
            count += 1
            if count > RECEIPTS_MAX:
                bad(f"больше {RECEIPTS_MAX} чеков")
            yield Found(fields, around.is_partial, around.qr, around.document)
        elif isinstance(value, list):
            open_ends.append(_inside(enumerate(value), around, element))


def _inside(pairs: Iterable[tuple[Any, Any]], around: _Around, path: Callable[[str, Any], str]) -> _Ends:
    """What is worth looking into, with where it stands."""
    for name, each in pairs:
        if each and (isinstance(each, (dict, list)) or _may_be_json(each)):
            yield each, replace(around, path=path(around.path, name))


def _looked_at(body: dict[str, Any], around: _Around) -> tuple[Fields | None, _Around]:
    """The fields of a receipt, None for any other object, and what it says about those inside it."""
    if body.get("partial") is True:
        around = replace(around, is_partial=True)
    if not any(names.plain_name(name) in _TELLING for name in body):
        return None, around
    fields = Fields(body, around.path)
    shown, _ = fields.first(_QR)
    if isinstance(shown, str):
        around = replace(around, qr=shown)
    document, _ = fields.first(names.DOCUMENT)
    if isinstance(document, str):
        around = replace(around, document=document)
    if _is_receipt(fields):
        return fields, around
    _no_other_document(fields)
    return None, around


def _may_be_json(value: object) -> bool:
    """Whether a text may be a receipt that was packed once more: long enough, and in braces."""
    return isinstance(value, str) and len(value) > _TEXT_MIN and value[0] == "{" and value[-1] == "}"


def _embedded(text: str) -> object:
    """JSON in a text of JSON; the text itself when it is none."""
    try:
        return _json(text)
    except json.JSONDecodeError:
        return None


def _is_receipt(fields: Fields) -> bool:
    """A total with anything beside it that adds up to it, or lines."""
    items, _ = fields.first(names.ITEMS)
    if line_bodies(items, ""):
        return True
    total, _ = fields.first(names.TOTAL)
    if total is None or isinstance(total, (dict, list)):
        return False
    has_sums = any(fields.has(each) for each in names.PAYMENT_KEYS.values())
    return has_sums or fields.has(names.RECEIPT_VAT) or any(names.rate_named(name) for name in fields)


def line_bodies(items: object, path: str) -> list[tuple[Mapping[str, Any], str]]:
    """The objects of the lines with their paths, from any form of a list; none when this is no list of lines.

    Lists that became objects on the way through XML or PHP are taken as lists, and lines wrapped once are unwrapped.
    """
    if isinstance(items, dict) and len(items) == 1 and isinstance(next(iter(items.values())), list):
        name, items = next(iter(items.items()))
        path = join(path, name)
    elif isinstance(items, dict) and items and all(name.isdecimal() for name in items):
        items = list(items.values())
    elif isinstance(items, dict):
        items = [items]
    if not isinstance(items, list) or not items:
        return []
    bodies = []
    for number, item in enumerate(items):
        where = element(path, number)
        if isinstance(item, dict) and not _is_line(item) and len(item) <= 2:
            inner = [(name, each) for name, each in item.items() if isinstance(each, dict) and _is_line(each)]
            if len(inner) == 1:
                where, item = join(where, inner[0][0]), inner[0][1]
        if isinstance(item, list) and _is_tag_list(item):
            item = _of_tags(item)
        if isinstance(item, dict) and Fields(item, where).has(names.ITEMS):
            return []  # receipts, not lines
        bodies.append((item, where))
    return bodies if any(isinstance(item, dict) and _is_line(item) for item, _ in bodies) else []


def _is_line(item: Mapping[str, Any]) -> bool:
    plain = {names.plain_name(name) for name in item}
    return any(name in plain for name in (*names.LINE_SUM, *names.PRICE))


def _no_other_document(fields: Fields) -> None:
    """Says what else a file holds: a shift report has sums too, but is no receipt."""
    for name, form in names.OTHER_DOCUMENTS.items():
        if isinstance(fields.first((name,))[0], dict):
            bad(f"{fields.where(name)} – {DOCUMENTS[form]}, а не чек")
    code, _ = fields.first(names.CODE)
    if type(code) is int and code in DOCUMENTS and code not in _RECEIPT_FORMS and fields.has(names.NUMBERED):
        bad(f"{DOCUMENTS[code]}, а не чек")


def _is_tag_list(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(each, dict) and type(each.get("tag")) is int for each in value)


def _of_tags(value: list[dict[str, Any]]) -> dict[str, Any]:
    """`[{"tag": 1020, "value": 100}, …]` as `{"1020": 100, …}`; tags that repeat, and containers, become lists."""
    body: dict[str, Any] = {}
    for each in value:
        inner = each.get("items")
        shown = _of_tags(inner) if isinstance(inner, list) and _is_tag_list(inner) else each.get("value")
        name = str(each["tag"])
        if isinstance(shown, dict):
            body.setdefault(name, []).append(shown)
        else:
            body[name] = shown
    return body
