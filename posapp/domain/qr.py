"""The QR text of a receipt, read: `t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2`.

`FiscalMark.qr` writes it. Registers write the time with or without seconds, and programs on the way change more: keys
in another order and in capitals, others between them, the text as the query of an address, percent-encoded or with
`&amp;`, blanks, a decimal comma, the time as ISO. All of that means one receipt and is read; what the text must say
(time, total, storage, document, sign, kind) is never guessed. Source: formats document of FFD 1.1, paragraphs 59–61.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, NoReturn

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import PosError

QR_MAX = 1_000
"""Characters; the lawful text has at most 90, other programs may add keys of their own."""
_NUMBER_MAX = (1 << 32) - 1
_FORMS = {
    "t": re.compile(
        r"[0-9]{8}[Tt ]?[0-9]{4}(?:[0-9]{2})?|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    ),
    "s": re.compile(r"[0-9]{1,8}(?:[.,][0-9]{1,2})?"),
    "fn": re.compile(r"[0-9]{1,16}"),
    "i": re.compile(r"[0-9]{1,10}"),
    "fp": re.compile(r"[0-9]{1,10}"),
    "n": re.compile(r"[1-4]"),
}
_ENCODED = re.compile(r"%([0-7][0-9A-Fa-f])")
_AMP = re.compile(r"&amp;", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_ENCODED_TWICE = 2
_EDGES = " \t\r\n\f\v\u00a0\ufeff\"'"


class _Value(NamedTuple):
    """A value as it was written, and the place of its first character in the text that was given."""

    text: str
    position: int


@dataclass(frozen=True, slots=True)
class ReceiptQr:
    """What the code says: 1012 (local time, no zone), 1020, 1041 as text, 1040, 1077 as decimal text, 1054."""

    at: datetime
    total: Money
    storage_number: str
    document_number: int
    document_sign: str
    kind: ReceiptKind

    def as_json(self) -> dict[str, object]:
        """As `qr parse` writes it."""
        return {
            "datetime": self.at.isoformat(timespec="seconds"),
            "total_kopecks": self.total.kopecks,
            "storage_number": self.storage_number,
            "document_number": self.document_number,
            "document_sign": self.document_sign,
            "kind": self.kind.value,
        }


def parse_qr(text: str) -> ReceiptQr:
    """The receipt that a QR text names. PosError `bad_input` with the position of what is wrong (0-based)."""
    if len(text) > QR_MAX:
        _bad(f"QR длиннее {QR_MAX} знаков", QR_MAX)
    fields = _fields(text)
    for key in _FORMS:
        if key not in fields:
            _bad(f"в QR нет «{key}»", len(text))
    document_number = _number(fields["i"])
    if document_number < 1:
        _bad("в QR номер документа 0", fields["i"].position)
    return ReceiptQr(
        at=_time(fields["t"]),
        total=Money.parse(fields["s"].text),
        storage_number=fields["fn"].text,
        document_number=document_number,
        document_sign=str(_number(fields["fp"])),
        kind=ReceiptKind(int(fields["n"].text)),
    )


def _fields(text: str) -> dict[str, _Value]:
    """The known keys with their values, checked for form."""
    fields: dict[str, _Value] = {}
    for key, start, value in _pairs(text):
        form = _FORMS.get(key)
        if form is None:
            continue
        if key in fields:
            _bad(f"в QR дважды «{key}»", start)
        if not form.fullmatch(value.text):
            _bad(f"в QR не читается «{key}»", value.position)
        fields[key] = value
    return fields


def _pairs(text: str) -> Iterator[tuple[str, int, _Value]]:
    """Key in small letters, its position, its value."""
    plain, places = _decoded(text)
    places.append(len(text))
    begin = max(plain.rfind("?"), plain.rfind("#") if "?" not in plain else -1) + 1
    is_address = "://" in plain
    if is_address and not begin:
        _bad("это адрес без данных чека", 0)
    for found in re.finditer(_separator(plain[begin:]), plain[begin:] + "&"):
        at, pair = _trimmed(begin + found.start("part"), found["part"])
        key, equals, value = pair.partition("=")
        if "=" in value and key.strip().lower() not in _FORMS:  # an address with the whole text as one value
            at += len(key) + 1
            key, equals, value = value.partition("=")
        start, shown = _trimmed(at + len(key) + 1, value)
        key = key.strip(_EDGES).lower()
        if equals:
            yield key, places[at], _Value(_THOUSANDS.sub("", shown) if key == "s" else shown, places[start])
        elif pair and not is_address:
            _bad("в QR часть без «=»", places[at])
        elif not plain.strip():
            _bad("QR пуст", 0)


def _trimmed(at: int, text: str) -> tuple[int, str]:
    """The text without blanks and quotes at its ends, and where it then begins."""
    bare = text.lstrip(_EDGES)
    return at + len(text) - len(bare), bare.rstrip(_EDGES)


def _separator(query: str) -> re.Pattern[str]:
    """What stands between the pairs: `&`, or blanks where there is no such sign at all."""
    return re.compile(r"(?P<part>[^&;#\r\n]*)[&;#\r\n]" if re.search(r"[&;\n]", query) else r"(?P<part>[^&\s]*)[&\s]")


def _decoded(text: str) -> tuple[str, list[int]]:
    """The text without its percent and `&amp;` encoding, and for every character its place in `text`."""
    places = list(range(len(text)))
    for form in (*[_ENCODED] * _ENCODED_TWICE, _AMP):
        pieces: list[str] = []
        kept: list[int] = []
        at = 0
        for found in form.finditer(text):
            pieces += text[at : found.start()], "&" if form is _AMP else chr(int(found[1], 16))
            kept += places[at : found.start() + 1]
            at = found.end()
        text = "".join(pieces) + text[at:]
        places = kept + places[at:]
    return text, places


def _time(value: _Value) -> datetime:
    """The time of a value that has its form; PosError where the calendar or the clock has no such moment."""
    digits = re.sub("[^0-9]", "", value.text).ljust(14, "0")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        _bad("в QR нет такого времени", value.position)


def _number(value: _Value) -> int:
    number = int(value.text)
    if number > _NUMBER_MAX:
        _bad("в QR слишком большое число", value.position)
    return number


def _bad(what: str, position: int) -> NoReturn:
    raise PosError("bad_input", what=what, position=position)
