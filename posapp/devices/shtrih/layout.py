"""How the bytes of a Shtrih-M message are laid out: the field types, and the two base classes.

A message class is a frozen dataclass whose annotations carry the wire type of each field::

    @dataclass(frozen=True)
    class CashIn(Command[CashReply]):
        CODE = 0x50
        password: Password
        amount_kopecks: Annotated[int, UInt(5)]

The same layout is read by `encode` and by `decode`, so the driver and the simulated register cannot part.

On the wire a command is ``opcode | fields`` and a reply ``opcode | error byte | fields``. Opcodes are one
byte, or two for the fiscal storage commands that start with FFh. All integers are little-endian; texts are
CP1251 and end at the first NUL (protocol 2.0, sections "Commands" and "Answers").
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

MAX_PAYLOAD = 255
"""The longest payload of one frame: the length is one byte."""


class Malformed(ValueError):
    """Bytes that cannot be the message they should be: wrong opcode, length or field value."""


class FieldType:
    """The wire type of one field: `size` bytes, or everything that is left when `size` is None."""

    size: int | None

    def pack(self, value: Any) -> bytes:
        """The bytes of `value`; ValueError when the field cannot hold it."""
        raise NotImplementedError

    def unpack(self, raw: bytes) -> Any:
        """The value of exactly `size` bytes (any number when `size` is None); Malformed when there is none."""
        raise NotImplementedError


class UInt(FieldType):
    """An unsigned little-endian integer of `size` bytes."""

    size: int

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, value: Any) -> bytes:
        try:
            return int(value).to_bytes(self.size, "little")
        except OverflowError as error:
            raise ValueError(f"{value} does not fit into {self.size} bytes") from error

    def unpack(self, raw: bytes) -> Any:
        return int.from_bytes(raw, "little")


class Int(UInt):
    """A signed little-endian integer (85h discount, two bytes, hundredths of a per cent)."""

    def pack(self, value: Any) -> bytes:
        try:
            return int(value).to_bytes(self.size, "little", signed=True)
        except OverflowError as error:
            raise ValueError(f"{value} does not fit into {self.size} signed bytes") from error

    def unpack(self, raw: bytes) -> Any:
        return int.from_bytes(raw, "little", signed=True)


class MaybeUInt(UInt):
    """An integer where all bytes FFh mean "none": the device computes it, or it was never set."""

    def pack(self, value: Any) -> bytes:
        if value is None:
            return b"\xff" * self.size
        packed = super().pack(value)
        if packed == b"\xff" * self.size:
            raise ValueError(f"{value} is the code of 'none' here")
        return packed

    def unpack(self, raw: bytes) -> Any:
        return None if raw == b"\xff" * self.size else super().unpack(raw)


class UInts(FieldType):
    """A row of `count` unsigned integers of `width` bytes each; a tuple in Python."""

    def __init__(self, width: int, count: int) -> None:
        self.width, self.count = width, count
        self.size = width * count

    def pack(self, value: Any) -> bytes:
        if len(value) != self.count:
            raise ValueError(f"{self.count} numbers expected, got {len(value)}")
        return b"".join(UInt(self.width).pack(number) for number in value)

    def unpack(self, raw: bytes) -> Any:
        starts = range(0, len(raw), self.width)
        return tuple(int.from_bytes(raw[start : start + self.width], "little") for start in starts)


class RegisterNumber(FieldType):
    """A register number of one byte, or of two when it is above 255 (1Ah, 1Bh)."""

    size = None

    def pack(self, value: Any) -> bytes:
        return UInt(1 if value < 256 else 2).pack(value)

    def unpack(self, raw: bytes) -> Any:
        if len(raw) not in (1, 2):
            raise Malformed(f"a register number has 1 or 2 bytes, not {len(raw)}")
        return int.from_bytes(raw, "little")


class Raw(FieldType):
    """Exactly `size` bytes as they are."""

    size: int

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, value: Any) -> bytes:
        if len(value) != self.size:
            raise ValueError(f"{self.size} bytes expected, got {len(value)}")
        return bytes(value)

    def unpack(self, raw: bytes) -> Any:
        return raw


class Rest(FieldType):
    """All bytes to the end of the message, between `least` and `most` of them."""

    size = None

    def __init__(self, least: int = 0, most: int = MAX_PAYLOAD) -> None:
        self.least, self.most = least, most

    def pack(self, value: Any) -> bytes:
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"{self.least} to {self.most} bytes expected, got {len(value)}")
        return bytes(value)

    def unpack(self, raw: bytes) -> Any:
        if not self.least <= len(raw) <= self.most:
            raise Malformed(f"{self.least} to {self.most} bytes expected, got {len(raw)}")
        return raw


class Text(FieldType):
    """A CP1251 text filled up with NULs to `size` bytes; what CP1251 lacks goes out as "?"."""

    size: int

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, value: Any) -> bytes:
        return encode_text(value)[: self.size].ljust(self.size, b"\0")

    def unpack(self, raw: bytes) -> Any:
        return decode_text(raw)


class RestText(FieldType):
    """A CP1251 text to the end of the message, cut at `most` bytes, filled with NULs up to `least`."""

    size = None

    def __init__(self, least: int = 0, most: int = 249) -> None:
        self.least, self.most = least, most

    def pack(self, value: Any) -> bytes:
        return encode_text(value)[: self.most].ljust(self.least, b"\0")

    def unpack(self, raw: bytes) -> Any:
        if len(raw) > self.most:
            raise Malformed(f"a text of at most {self.most} bytes expected, got {len(raw)}")
        return decode_text(raw)


class Ascii(FieldType):
    """Digits or Latin letters padded right with spaces to `size` bytes (storage number, INN, 1037)."""

    size: int

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, value: Any) -> bytes:
        raw = str(value).encode("ascii")
        if len(raw) > self.size:
            raise ValueError(f"{value!r} is longer than {self.size} characters")
        return raw.ljust(self.size, b" ")

    def unpack(self, raw: bytes) -> Any:
        try:
            text = raw.rstrip(b"\0 ").decode("ascii")
        except UnicodeDecodeError as error:
            raise Malformed(f"not ASCII: {raw.hex(' ')}") from error
        if not text.isprintable():
            raise Malformed(f"not a printable text: {raw.hex(' ')}")
        return text


class DateDmy(FieldType):
    """``DD MM YY`` of the classic commands. Zeros, or with `loose` anything that is no date, read as None."""

    size = 3

    def __init__(self, loose: bool = False) -> None:
        self.loose = loose

    def pack(self, value: Any) -> bytes:
        if value is None:
            return bytes(3)
        return bytes((value.day, value.month, _short_year(value.year)))

    def unpack(self, raw: bytes) -> Any:
        return _date(raw[2], raw[1], raw[0], raw, self.loose)


class DateYmd(FieldType):
    """``YY MM DD`` of the fiscal storage commands; zeros read as None."""

    size = 3

    def pack(self, value: Any) -> bytes:
        if value is None:
            return bytes(3)
        return bytes((_short_year(value.year), value.month, value.day))

    def unpack(self, raw: bytes) -> Any:
        return _date(raw[0], raw[1], raw[2], raw, loose=False)


class Time3(FieldType):
    """``hh mm ss``."""

    size = 3

    def pack(self, value: Any) -> bytes:
        return bytes((value.hour, value.minute, value.second))

    def unpack(self, raw: bytes) -> Any:
        try:
            return time(raw[0], raw[1], raw[2])
        except ValueError as error:
            raise Malformed(f"not a time: {raw.hex(' ')}") from error


class DateTime5(FieldType):
    """``YY MM DD hh mm``, the DATE_TIME of the fiscal storage: local wall clock; zeros read as None."""

    size = 5

    def pack(self, value: Any) -> bytes:
        if value is None:
            return bytes(5)
        return bytes((_short_year(value.year), value.month, value.day, value.hour, value.minute))

    def unpack(self, raw: bytes) -> Any:
        if not any(raw):
            return None
        try:
            return datetime(2000 + raw[0], raw[1], raw[2], raw[3], raw[4])
        except ValueError as error:
            raise Malformed(f"not a date and time: {raw.hex(' ')}") from error


Password = Annotated[int, UInt(4)]
"""Four bytes, little-endian; 1…28 cashiers, 29 administrator, 30 system administrator by default."""
Byte = Annotated[int, UInt(1)]
Word = Annotated[int, UInt(2)]
Dword = Annotated[int, UInt(4)]
Money5 = Annotated[int, UInt(5)]
"""Kopecks in five bytes."""


def encode_text(text: str) -> bytes:
    """CP1251 bytes of `text`; characters that CP1251 lacks become "?"."""
    return text.encode("cp1251", errors="replace")


def decode_text(raw: bytes) -> str:
    """The text up to the first NUL; the one byte that CP1251 does not define (98h) becomes U+FFFD."""
    return raw.split(b"\0", 1)[0].decode("cp1251", errors="replace")


def _short_year(year: int) -> int:
    if not 2000 <= year <= 2099:
        raise ValueError(f"year {year} cannot be told in two digits")
    return year - 2000


def _date(year: int, month: int, day: int, raw: bytes, loose: bool) -> date | None:
    if not any(raw):
        return None
    try:
        return date(2000 + year, month, day)
    except ValueError as error:
        if loose:
            return None
        raise Malformed(f"not a date: {raw.hex(' ')}") from error


def opcode_bytes(code: int) -> bytes:
    """One byte for the classic commands, two (FFh first) for those of the fiscal storage."""
    return bytes((code,)) if code < 0x100 else code.to_bytes(2, "big")


Layout = tuple[tuple[str, FieldType, bool], ...]
_layouts: dict[type[Any], Layout] = {}


def layout_of(message: type[Any]) -> Layout:
    """(name, wire type, may be left out) of each field that travels, in order; worked out once per class."""
    if message in _layouts:
        return _layouts[message]
    hints = typing.get_type_hints(message, include_extras=True)
    layout = []
    for field in dataclasses.fields(message):
        wire = [m for m in getattr(hints[field.name], "__metadata__", ()) if isinstance(m, FieldType)]
        if wire:
            layout.append((field.name, wire[0], field.default is None))
    _layouts[message] = tuple(layout)
    return _layouts[message]


@dataclasses.dataclass(frozen=True)
class Message:
    """What commands and replies share: their fields as bytes."""

    OMITTED: ClassVar[Mapping[int, frozenset[str]]] = {}
    """For messages that left fields out in the middle in older firmware: data length → the missing names."""

    def pack_fields(self) -> bytes:
        """The fields in order; an optional field that is None is left out; ValueError when one does not fit."""
        parts = []
        for name, wire, optional in layout_of(type(self)):
            value = getattr(self, name)
            if value is None and optional:
                continue
            parts.append(wire.pack(value))
        return b"".join(parts)

    @classmethod
    def unpack_fields(cls, data: bytes, **given: Any) -> Self:
        """Read all of `data`; `given` are fields that do not travel. Malformed when the length is not one
        that this message may have, or when a value is impossible."""
        missing = cls.OMITTED.get(len(data), frozenset())
        values: dict[str, Any] = dict(given)
        position = 0
        for name, wire, optional in layout_of(cls):
            left = len(data) - position
            if optional and (name in missing or left == 0):
                continue
            size = left if wire.size is None else wire.size
            if size > left:
                raise Malformed(f"{cls.__name__}: {len(data)} bytes of data are too few")
            values[name] = wire.unpack(data[position : position + size])
            position += size
        if position != len(data):
            raise Malformed(f"{cls.__name__}: {len(data) - position} bytes too many")
        message = cls(**values)
        message.check()
        return message

    def check(self) -> None:
        """Rules between the fields of a received message; raises Malformed. Most messages have none."""


@dataclasses.dataclass(frozen=True)
class Reply(Message):
    """A positive answer (error byte 0)."""

    CODE: ClassVar[int] = 0
    """The opcode, set when the command of the pair is defined; 0 in replies that several commands share."""

    @property
    def code(self) -> int:
        """The opcode that this reply echoes."""
        return self.CODE

    def encode(self) -> bytes:
        """``opcode | 00 | fields``, without the frame."""
        return opcode_bytes(self.code) + b"\0" + self.pack_fields()

    @classmethod
    def decode_for(cls, code: int, data: bytes) -> Self:
        """The reply to command `code` from the bytes after the error byte."""
        return cls.unpack_fields(data)


@dataclasses.dataclass(frozen=True)
class SharedReply(Reply):
    """A reply of one shape for many commands: it carries the opcode it answers."""

    opcode: int

    @property
    def code(self) -> int:
        return self.opcode

    @classmethod
    def decode_for(cls, code: int, data: bytes) -> Self:
        return cls.unpack_fields(data, opcode=code)


@dataclasses.dataclass(frozen=True)
class ErrorReply:
    """The device's "no": the opcode and the error byte, nothing more (protocol: errors)."""

    opcode: int
    error: int

    def encode(self) -> bytes:
        """``opcode | error``."""
        return opcode_bytes(self.opcode) + bytes((self.error,))


R = TypeVar("R", bound=Reply)


@dataclasses.dataclass(frozen=True)
class Command(Message, Generic[R]):
    """A command; the type argument is its positive reply."""

    CODE: ClassVar[int] = 0
    REPLY: ClassVar[type[Reply]]
    REPLY_TIMEOUT_S: ClassVar[int] = 30
    """How long the vendor's driver waits for the reply, seconds."""
    REGISTERED: ClassVar[dict[int, type[Command[Any]]]] = {}

    def __init_subclass__(cls) -> None:
        """Register the pair by opcode; a class without CODE of its own is only a shared shape."""
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = [a for a in typing.get_args(base) if isinstance(a, type) and issubclass(a, Reply)]
            if arguments:
                cls.REPLY = arguments[0]
        if "CODE" not in cls.__dict__:
            return
        if cls.CODE in Command.REGISTERED:
            raise TypeError(f"two commands have opcode {cls.CODE:X}")
        Command.REGISTERED[cls.CODE] = cls
        if not issubclass(cls.REPLY, SharedReply):
            cls.REPLY.CODE = cls.CODE

    def encode(self) -> bytes:
        """``opcode | fields``, without the frame; ValueError when a value does not fit its field."""
        return opcode_bytes(self.CODE) + self.pack_fields()

    def decode_reply(self, payload: bytes) -> R | ErrorReply:
        """The typed reply in `payload` (``opcode | error | data``).

        A positive reply counts only when it echoes our opcode and has one of the lengths that it may have;
        an error answer is the opcode and one byte and nothing else. Everything else raises Malformed: the
        outcome of the command is then unknown.
        """
        opcode = opcode_bytes(self.CODE)
        if payload[: len(opcode)] != opcode or len(payload) == len(opcode):
            raise Malformed(f"not an answer to {self.CODE:X}h: {payload[:8].hex(' ')}")
        error, data = payload[len(opcode)], payload[len(opcode) + 1 :]
        if error == 0:
            return typing.cast(R, self.REPLY.decode_for(self.CODE, data))
        if data:
            raise Malformed(f"an error answer to {self.CODE:X}h has {len(data)} bytes too many")
        return ErrorReply(self.CODE, error)


@dataclasses.dataclass(frozen=True)
class UnknownCommand:
    """A command that this codec does not know; a register answers it with error 37h."""

    payload: bytes

    @property
    def code(self) -> int:
        """The opcode: one byte, or two after FFh."""
        return int.from_bytes(self.payload[: 2 if self.payload[0] == 0xFF else 1], "big")

    def encode(self) -> bytes:
        """The payload as it came."""
        return self.payload
