"""TLV of the fiscal data formats: bytes ↔ tags with values (FFD 1.05 to 1.2).

A record is ``tag (2 bytes) | length (2 bytes) | value``, little-endian; the value of an STLV is a list of records.
`encode` and `decode` are each other's reverse; `read_document` reads what a fiscal storage or an OFD hands out, with
its header and tail around the document, and `Document.as_bytes` gives the same bytes again, unknown tags and odd
writings of known ones included.

Values in Python: UINT, MASK, VLN → int (money in kopecks), FVLN → Decimal with as many decimals as were sent, texts →
str, TIME → naive datetime of the wall clock, SIGN (1077) → the printed number as int, unknown tags → bytes,
STLV → a tuple of `Entry`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from posapp.domain.tags import DOCUMENTS, TAGS, Kind, Tag, name_of

DOCUMENT_MAX = 65_535
"""More than any document has (a receipt is at most 30 KB)."""
_AROUND_MAX = 64
_DEPTH_MAX = 6
_VLN_MAX = 8
"""Bytes of a number that are read; the tables grant six in a receipt, eight in totals, and devices pad."""
_SIGN_HEAD = b"\x31\x04"
_FVLN_ADJUSTED_MAX = 19
_FVLN_DECIMALS_MAX = 255
_EXACT = Context(prec=300, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""255 decimals and the 17 digits of eight bytes, whatever the program around has set for its own sums."""
_EPOCH = datetime(1970, 1, 1)
_FIRST_TAG, _LAST_TAG = 1000, 2999


class BadTlv(ValueError):
    """Bytes that are no TLV, or not what their tag says, in words for a person.

    `position` is the offset of the trouble in the input: where the record starts that is wrong.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (байт {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag with its value; an STLV has the value None and its `items`.

    `raw` is there when a register wrote the value otherwise than `encode` would (a padded number, the quantity `1.000`,
    the old meaning of a number), so that nothing is lost on the way back. It is no part of what the entry says.
    """

    tag: int
    value: int | str | bytes | Decimal | datetime | None
    items: tuple[Entry, ...] | None = None
    raw: bytes | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, object]:
        """`{"tag", "name", "value", "items"?}`; see `json_value`."""
        shown: dict[str, object] = {"tag": self.tag, "name": name_of(self.tag), "value": self.json_value()}
        if self.items is not None:
            shown["items"] = [item.as_json() for item in self.items]
        return shown

    def json_value(self) -> int | str | None:
        """int as it is, FVLN and 1077 as decimal text, time as ISO without a zone, bytes as hex, STLV as null."""
        match self.value:
            case bytes():
                return self.value.hex()
            case datetime():
                return self.value.isoformat(timespec="seconds")
            case Decimal():
                return format(self.value, "f")
            case int() if self.tag == 1077:
                return str(self.value)
        return self.value


Value = int | str | bytes | Decimal | datetime | Sequence["tuple[int, Value]"]
"""What `encode` takes; an STLV is a sequence of (tag, value)."""


# ------------------------------------------------------------------------------------------------ encoding


def encode(tag: int, value: Value) -> bytes:
    """The record of one tag. ValueError when the value does not fit the tag; TypeError when it is of another kind.

    Unknown tags take bytes. 1077 takes the six bytes as they are stored, see `sign_bytes`.
    """
    known = TAGS.get(tag)
    raw = _raw(tag, value) if known is None else _value_bytes(known, value)
    if len(raw) > DOCUMENT_MAX:
        raise ValueError(f"tag {tag}: {len(raw)} bytes do not fit a record")
    return tag.to_bytes(2, "little") + len(raw).to_bytes(2, "little") + raw


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """What `decode` read, byte for byte: `encode_entries(decode(data)) == data`."""
    return b"".join(wrap(entry.tag, _entry_bytes(entry)) for entry in entries)


def _entry_bytes(entry: Entry) -> bytes:
    if entry.raw is not None:
        return entry.raw
    if entry.items is not None:
        return encode_entries(entry.items)
    if entry.value is None:
        raise ValueError(f"tag {entry.tag} has neither a value nor tags in it")
    tag = TAGS.get(entry.tag)
    if tag is None:
        return _raw(entry.tag, entry.value)
    if tag.kind is Kind.SIGN and isinstance(entry.value, int):
        return sign_bytes(entry.value)
    if tag.kind is Kind.STRING and isinstance(entry.value, str):
        return entry.value.encode("cp866")  # as long as it was read: devices exceed the tables
    if tag.kind is Kind.BYTES:
        return _raw(entry.tag, entry.value)
    return _value_bytes(tag, entry.value)


def encode_all(values: Iterable[tuple[int, Value]]) -> bytes:
    """The records one after another."""
    return b"".join(encode(tag, value) for tag, value in values)


def wrap(tag: int, body: bytes) -> bytes:
    """A record around ready-made bytes: an STLV, or a whole document."""
    if len(body) > DOCUMENT_MAX:
        raise ValueError(f"tag {tag}: {len(body)} bytes do not fit a record")
    return tag.to_bytes(2, "little") + len(body).to_bytes(2, "little") + body


def sign_bytes(sign: int) -> bytes:
    """The six bytes of 1077 around the printed number: two leading bytes (31 04, as devices write), big-endian."""
    return _SIGN_HEAD + sign.to_bytes(4, "big")


def vln(number: int) -> bytes:
    """The shortest little-endian form; zero takes one byte."""
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")


def fvln(number: Decimal) -> bytes:
    """One byte with the number of decimals, then all digits as a VLN. Superfluous zeros are dropped.

    Digits are bounded before they are counted out: `1E+1000000` is no quantity, and never a number in memory.
    """
    if not number.is_finite() or number < 0 or number.adjusted() > _FVLN_ADJUSTED_MAX:
        raise ValueError(f"{number} is not a quantity")
    exponent = number.normalize().as_tuple().exponent
    decimals = max(0, -int(exponent))
    if decimals > _FVLN_DECIMALS_MAX:
        raise ValueError(f"{number} has too many decimals")
    return bytes((decimals,)) + vln(int(number.scaleb(decimals, _EXACT)))


def _raw(tag: int, value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"tag {tag} takes bytes, not {type(value).__name__}")
    return value


def _value_bytes(tag: Tag, value: Value) -> bytes:
    """The value's bytes, checked against the tag's type and length."""
    match tag.kind, value:
        case (Kind.UINT | Kind.MASK, int()):
            raw = _sized(tag, value)
        case (Kind.VLN, int()):
            raw = vln(value)
        case (Kind.FVLN, Decimal() | int()):
            raw = fvln(Decimal(value))
        case (Kind.TIME, datetime()):
            raw = _sized(tag, seconds_of(value))
        case (Kind.STRING, str()):
            raw = encode_text(value)
        case (Kind.FIXED, str()):
            raw = encode_text(value).ljust(tag.length, b" ")
        case (Kind.STLV, list() | tuple()):
            raw = encode_all(value)
        case (Kind.SIGN | Kind.BYTES | Kind.STLV, bytes()):
            raw = value
        case _:
            raise TypeError(f"tag {tag.number} is {tag.kind.value}, not {type(value).__name__}")
    is_short = tag.kind is Kind.SIGN and len(raw) < tag.length
    if is_short or (tag.length and len(raw) > tag.length):
        raise ValueError(f"tag {tag.number} takes {tag.length} bytes, not {len(raw)}")
    return raw


def _sized(tag: Tag, number: int) -> bytes:
    try:
        return number.to_bytes(tag.length, "little")
    except OverflowError as error:
        raise ValueError(f"{number} does not fit tag {tag.number}") from error


def encode_text(text: str) -> bytes:
    """CP866; what it lacks becomes "?", except the rouble sign and typographic marks, which have plain doubles."""
    return text.translate(_PLAIN).encode("cp866", errors="replace")


_PLAIN = str.maketrans(
    {
        **{"«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'", "–": "-", "—": "-", "…": "...", "₽": "руб."},
        **{"²": "2", "³": "3"},  # or square and cubic metres would be one
    }
)


def seconds_of(at: datetime) -> int:
    """Wall-clock time as the formats store it: seconds since 1970 as if the clock showed UTC."""
    if at.tzinfo is not None:
        raise ValueError("fiscal documents carry local time without a zone")
    return int((at - _EPOCH) / timedelta(seconds=1))


# ------------------------------------------------------------------------------------------------ decoding


@dataclass(frozen=True, slots=True)
class Record:
    """One record, unread: its tag, the bytes of its value, and where the record starts in the input."""

    tag: int
    raw: bytes
    position: int


def split(data: bytes, base: int = 0) -> list[Record]:
    """The records that `data` is made of, all of it. BadTlv when they do not fill it exactly."""
    records: list[Record] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise BadTlv("оборван заголовок записи", base + at)
        tag = int.from_bytes(data[at : at + 2], "little")
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "little")
        if end > len(data):
            stated, left = end - at - 4, len(data) - at - 4
            raise BadTlv(f"тег {tag}: объявлено {_bytes(stated)}, осталось {left}", base + at)
        records.append(Record(tag, data[at + 4 : end], base + at))
        at = end
    return records


def decode(data: bytes, base: int = 0, depth: int = 0) -> tuple[Entry, ...]:
    """The tags in `data`, in order. BadTlv when the bytes are no TLV or a value is not what its tag says."""
    if depth > _DEPTH_MAX:
        raise BadTlv("вложенность слишком глубока", base)
    if len(data) > DOCUMENT_MAX:
        raise BadTlv(f"{_bytes(len(data))} – больше, чем бывает в документе", base)
    return tuple(_entry(record, depth) for record in split(data, base))


def _bytes(count: int) -> str:
    """`1 байт`, `2 байта`, `5 байт`."""
    few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return f"{count} байта" if few else f"{count} байт"


def _entry(record: Record, depth: int) -> Entry:
    tag = TAGS.get(record.tag)
    if tag is None:
        return Entry(record.tag, record.raw)
    try:
        return _read(tag, record, depth)
    except BadTlv:
        former = _former(tag, record, depth)
        if former is None:
            raise
        return former


def _former(tag: Tag, record: Record, depth: int) -> Entry | None:
    """What the record says where its number had another meaning before; None when it cannot be that either."""
    if tag.old is None or (tag.old is Kind.STRING and not _is_text(record.raw)):
        return None  # damage is not taken for the former meaning of a number
    try:
        return replace(_read(Tag(tag.number, tag.name, tag.old, tag.old_length), record, depth), raw=record.raw)
    except BadTlv:
        return None


def _is_text(raw: bytes) -> bool:
    """Whether a register may have written these bytes as a text: no signs of control before its padding."""
    return min(raw.rstrip(b"\0"), default=0) >= 0x20


def _read(tag: Tag, record: Record, depth: int) -> Entry:
    """The entry of a record; BadTlv when its bytes cannot be what the tag says."""
    raw = record.raw
    if tag.kind is Kind.STLV:
        return Entry(tag.number, None, decode(raw, record.position + 4, depth + 1))
    if not _length_fits(tag, len(raw)):
        raise BadTlv(f"тег {tag.number}: {_bytes(len(raw))} вместо {_wanted(tag)}", record.position)
    value, is_usual = _value(tag, raw)
    return Entry(tag.number, value, raw=None if is_usual else raw)


def _value(tag: Tag, raw: bytes) -> tuple[int | str | bytes | Decimal | datetime, bool]:
    """The value in `raw`, and whether `encode` writes it the same way."""
    match tag.kind:
        case Kind.STRING:
            return raw.decode("cp866"), True
        case Kind.FIXED:
            text = raw.decode("cp866").rstrip(" \0")
            return text, len(raw) == tag.length and text.encode("cp866").ljust(tag.length) == raw
        case Kind.BYTES:
            return raw, True
        case Kind.SIGN:
            return int.from_bytes(raw[2:], "big"), raw[:2] == _SIGN_HEAD
        case Kind.TIME:
            return _EPOCH + timedelta(seconds=int.from_bytes(raw, "little")), True
        case Kind.FVLN:
            quantity = Decimal(int.from_bytes(raw[1:], "little")).scaleb(-raw[0], _EXACT)
            return quantity, len(raw) <= tag.length and fvln(quantity) == raw
        case Kind.VLN:
            return int.from_bytes(raw, "little"), len(raw) <= tag.length and (len(raw) == 1 or raw[-1] != 0)
        case _:
            return int.from_bytes(raw, "little"), len(raw) == tag.length


def _length_fits(tag: Tag, length: int) -> bool:
    """Numbers have strict lengths; texts of any length are read, since devices exceed the tables."""
    match tag.kind:
        case Kind.UINT | Kind.SIGN | Kind.TIME:
            return length == tag.length
        case Kind.MASK:
            return 1 <= length <= tag.length
        case Kind.VLN:
            return 1 <= length <= _VLN_MAX
        case Kind.FVLN:
            return 2 <= length <= _VLN_MAX + 1
        case _:
            return True


def _wanted(tag: Tag) -> str:
    match tag.kind:
        case Kind.VLN:
            return f"1…{_VLN_MAX}"
        case Kind.FVLN:
            return f"2…{_VLN_MAX + 1}"
        case Kind.MASK if tag.length > 1:
            return f"1…{tag.length}"
        case _:
            return str(tag.length)


def find(entries: Iterable[Entry], *path: int) -> Entry | None:
    """The first entry under the tags of `path`, e.g. `find(entries, 1084, 1086)`; None when there is none."""
    for entry in entries:
        if entry.tag == path[0]:
            if len(path) == 1:
                return entry
            found = find(entry.items or (), *path[1:])
            if found is not None:
                return found
    return None


# ------------------------------------------------------------------------------------------------ documents


@dataclass(frozen=True, slots=True)
class Document:
    """A fiscal document: `form` is its outer tag (3 = receipt), None when the bytes did not have it.

    `header` and `tail` are what stood around it: the message header of a storage or an OFD, and the storage's own sign.
    """

    form: int | None
    entries: tuple[Entry, ...]
    header: bytes = b""
    tail: bytes = b""

    def as_bytes(self) -> bytes:
        """The bytes that it was read from."""
        body = encode_entries(self.entries)
        return self.header + (body if self.form is None else wrap(self.form, body)) + self.tail


def read_document(data: bytes) -> Document:
    """The document in `data`.

    It may stand with or without its outer tag, behind the storage's header of up to 64 bytes, and before a tail
    (the storage's own sign) of up to 64 bytes. BadTlv when no document is found or its tags are damaged.
    """
    if len(data) > DOCUMENT_MAX + 2 * _AROUND_MAX:
        raise BadTlv(f"{_bytes(len(data))} – больше, чем бывает в документе", 0)
    if not data:
        raise BadTlv("пусто", 0)
    for start in range(min(_AROUND_MAX, len(data) - 4) + 1):
        end = _outer_end(data, start)
        if end is not None:
            form = int.from_bytes(data[start : start + 2], "little")
            return Document(form, decode(data[start + 4 : end], start + 4), data[:start], data[end:])
    start, end = _bare_span(data)
    if start >= 4 and int.from_bytes(data[start - 4 : start - 2], "little") in DOCUMENTS:
        stated = int.from_bytes(data[start - 2 : start], "little")
        if stated > len(data) - start:  # else its last tag would pass for a tail
            raise BadTlv(f"в документе {_bytes(stated)}, а здесь {len(data) - start}", start - 4)
    return Document(None, decode(data[start:end], start), data[:start], data[end:])


def decode_document(data: bytes) -> list[dict[str, object]]:
    """The tags of the document in `data` as JSON objects (see `Entry.as_json`), whatever stands around it."""
    return [entry.as_json() for entry in read_document(data).entries]


def _outer_end(data: bytes, start: int) -> int | None:
    """Where the document ends whose outer tag stands at `start`; None when no whole document starts there."""
    form = int.from_bytes(data[start : start + 2], "little")
    end = start + 4 + int.from_bytes(data[start + 2 : start + 4], "little")
    if form not in DOCUMENTS or end == start + 4 or not 0 <= len(data) - end <= _AROUND_MAX:
        return None
    return end if _records_end(data[:end], start + 4) == end else None


def _records_end(data: bytes, start: int) -> int:
    """How far records of the formats follow one another from `start`; the first must have a number of the formats.

    A strange number later on counts when such a record comes behind it, or the end: anything may look like a record.
    """
    at = sure = start
    while at + 4 <= len(data):
        tag = int.from_bytes(data[at : at + 2], "little")
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "little")
        is_usual = _FIRST_TAG <= tag <= _LAST_TAG
        if end > len(data) or not (is_usual or (tag and at > start)):
            break
        at = end
        if is_usual:
            sure = end
    return at if at == len(data) and sure > start else sure


def _bare_span(data: bytes) -> tuple[int, int]:
    """Start and end of a list of records without an outer tag: the start from which the most bytes are records.

    When too many bytes are left over behind it, the end is that of the input, so that `decode` names the damage.
    """
    candidates = range(min(_AROUND_MAX, len(data)) + 1)
    start = max(candidates, key=lambda at: (_records_end(data, at) - at, -at))
    end = _records_end(data, start)
    if end == start:
        stated = int.from_bytes(data[2:4], "little")
        if int.from_bytes(data[:2], "little") in DOCUMENTS and len(data) >= 4 and stated > len(data) - 4:
            raise BadTlv(f"в документе {_bytes(stated)}, а здесь {len(data) - 4}", 0)
        raise BadTlv("тегов не найдено", 0)
    return (start, end) if len(data) - end <= _AROUND_MAX else (start, len(data))
