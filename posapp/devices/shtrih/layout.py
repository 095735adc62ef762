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
from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from posapp.devices import fields
from posapp.devices.fields import FieldType, Malformed, Message, UInt, opcode_bytes

MAX_PAYLOAD = 255
"""The longest payload of one frame: the length is one byte."""


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


class Rest(fields.Rest):
    """All bytes to the end of the message, between `least` and `most` of them."""

    def __init__(self, least: int = 0, most: int = MAX_PAYLOAD) -> None:
        super().__init__(least, most)


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
