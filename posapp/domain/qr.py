"""The QR text of a receipt, read: `t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2`.

`FiscalMark.qr` writes it. Registers write the time with or without seconds, and some programs in small letters; keys
may stand in any order, and unknown ones are passed over. Source: formats document of FFD 1.1, paragraphs 59–61.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import PosError

QR_MAX = 1_000
"""Characters; the lawful text has at most 90, other programs may add keys of their own."""
_NUMBER_MAX = (1 << 32) - 1
_FORMS = {
    "t": re.compile(r"([0-9]{8})[Tt]([0-9]{4})([0-9]{2})?"),
    "s": re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,2})?"),
    "fn": re.compile(r"[0-9]{1,16}"),
    "i": re.compile(r"[0-9]{1,10}"),
    "fp": re.compile(r"[0-9]{1,10}"),
    "n": re.compile(r"[1-4]"),
}


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
    document_number = _number(*fields["i"])
    if document_number < 1:
        _bad("в QR номер документа 0", fields["i"][1])
    return ReceiptQr(
        at=_time(*fields["t"]),
        total=Money.parse(fields["s"][0]),
        storage_number=fields["fn"][0],
        document_number=document_number,
        document_sign=str(_number(*fields["fp"])),
        kind=ReceiptKind(int(fields["n"][0])),
    )


def _fields(text: str) -> dict[str, tuple[str, int]]:
    """The known keys with their values, checked for form, and where each value starts."""
    fields: dict[str, tuple[str, int]] = {}
    at = len(text) - len(text.lstrip())
    for part in text.strip().split("&"):
        key, equals, value = part.partition("=")
        start = at + len(key) + 1
        if not equals:
            _bad("в QR часть без «=»", at)
        form = _FORMS.get(key)
        if form is not None:
            if key in fields:
                _bad(f"в QR дважды «{key}»", at)
            if not form.fullmatch(value):
                _bad(f"в QR не читается «{key}»", start)
            fields[key] = (value, start)
        at += len(part) + 1
    return fields


def _time(value: str, start: int) -> datetime:
    try:
        return datetime.strptime(value.upper(), "%Y%m%dT%H%M%S" if len(value) > 13 else "%Y%m%dT%H%M")
    except ValueError:
        _bad("в QR нет такого времени", start)


def _number(value: str, start: int) -> int:
    number = int(value)
    if number > _NUMBER_MAX:
        _bad("в QR слишком большое число", start)
    return number


def _bad(what: str, position: int) -> NoReturn:
    raise PosError("bad_input", what=what, position=position)
