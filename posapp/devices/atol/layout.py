"""How the bytes of an АТОЛ command or answer are laid out: the field types, and the two base classes.

A message class is a frozen dataclass whose annotations carry the wire type of each field::

    @dataclass(frozen=True)
    class CashIn(Command[Done]):
        CODE = 0x49
        flags: Byte
        amount_kopecks: Money5

The same layout is read by `encode` and by `decode`, so the driver and the simulated register cannot part.

A command is ``access password (BCD, 2 bytes) | opcode | fields``, an answer ``55 | error byte | fields``; three
commands answer otherwise (see `Reply.ERROR_AT`). Opcodes are one byte, or two for the registers (91h) and the fiscal
storage (A4h), whose second byte says which. Numbers are decimal digits (BCD), the first ones first; what comes from
the storage is binary, little-endian. Texts are CP866 but for a few letters, in the values of tags too.
"""

from __future__ import annotations

import dataclasses
import typing
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from posapp.devices.fields import FieldType, Malformed, Message, UInt, opcode_bytes

ANSWER = 0x55
TWO_BYTES = frozenset((0x91, 0xA4))
"""Opcodes whose next byte belongs to them."""


class Bcd(FieldType):
    """A number as decimal digits, two a byte, the first digits first: 59.99 in five bytes is ``00 00 00 59 99``."""

    size: int

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, value: Any) -> bytes:
        digits = f"{int(value):0{2 * self.size}d}"
        if len(digits) > 2 * self.size or digits.startswith("-"):
            raise ValueError(f"{value} does not fit into {self.size} bytes of digits")
        return bytes.fromhex(digits)

    def unpack(self, raw: bytes) -> Any:
        digits = raw.hex()
        if not digits.isdecimal():
            raise Malformed(f"not digits: {raw.hex(' ')}")
        return int(digits)


class RestText(FieldType):
    """A text to the end of the message, cut at `most` bytes."""

    size = None

    def __init__(self, most: int = 128) -> None:
        self.most = most

    def pack(self, value: Any) -> bytes:
        return encode_text(value)[: self.most]

    def unpack(self, raw: bytes) -> Any:
        if len(raw) > self.most:
            raise Malformed(f"a text of at most {self.most} bytes expected, got {len(raw)}")
        return decode_text(raw)


class Moment(FieldType):
    """A date and time as digits, a byte each; `order` names them: ``YMDhms``, ``DMYhms``, ``DMYhm``. Zeros are None."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.size = len(order)

    def pack(self, value: Any) -> bytes:
        if value is None:
            return bytes(len(self.order))
        parts = {"Y": value.year - 2000, "M": value.month, "D": value.day}
        parts |= {"h": value.hour, "m": value.minute, "s": value.second}
        if not 0 <= parts["Y"] <= 99:
            raise ValueError(f"year {value.year} cannot be told in two digits")
        return b"".join(self._number(parts[each]) for each in self.order)

    def unpack(self, raw: bytes) -> Any:
        if not any(raw):
            return None
        parts = {"s": 0} | {each: self._value(raw[at : at + 1]) for at, each in enumerate(self.order)}
        try:
            return datetime(2000 + parts["Y"], parts["M"], parts["D"], parts["h"], parts["m"], parts["s"])
        except ValueError as error:
            raise Malformed(f"not a date and time: {raw.hex(' ')}") from error

    @staticmethod
    def _number(value: int) -> bytes:
        return Bcd(1).pack(value)

    @staticmethod
    def _value(raw: bytes) -> int:
        return typing.cast(int, Bcd(1).unpack(raw))


class BinaryMoment(Moment):
    """The same as plain bytes, as the fiscal storage tells it: ``YMDhm``."""

    @staticmethod
    def _number(value: int) -> bytes:
        return bytes((value,))

    @staticmethod
    def _value(raw: bytes) -> int:
        return raw[0]


class BinaryDate(FieldType):
    """``YY MM DD`` of the storage, plain bytes. Zeros are None."""

    size = 3

    def pack(self, value: Any) -> bytes:
        return bytes(3) if value is None else bytes((value.year - 2000, value.month, value.day))

    def unpack(self, raw: bytes) -> Any:
        if not any(raw):
            return None
        try:
            return date(2000 + raw[0], raw[1], raw[2])
        except ValueError as error:
            raise Malformed(f"not a date: {raw.hex(' ')}") from error


Byte = Annotated[int, UInt(1)]
Digits1 = Annotated[int, Bcd(1)]
Digits2 = Annotated[int, Bcd(2)]
Digits4 = Annotated[int, Bcd(4)]
Money5 = Annotated[int, Bcd(5)]
"""Kopecks as ten digits."""
Money7 = Annotated[int, Bcd(7)]
"""Kopecks as fourteen digits."""
Word = Annotated[int, UInt(2)]
Dword = Annotated[int, UInt(4)]

_OWN = {"№": 0x24, "$": 0xFC, "■": 0xFF}
"""Letters that АТОЛ has at other places than CP866: № and the dollar change places, ■ is the last (what the vendor's
driver sends)."""
_LETTERS = {byte: bytes((byte,)).decode("cp866") for byte in range(256)} | {byte: own for own, byte in _OWN.items()}


def encode_text(text: str) -> bytes:
    """The bytes of `text` as АТОЛ writes letters; what it lacks becomes "?"."""
    raw = bytearray()
    for letter in text:
        raw += bytes((_OWN[letter],)) if letter in _OWN else letter.encode("cp866", errors="replace")
    return bytes(raw)


def decode_text(raw: bytes) -> str:
    """The reverse, up to the first NUL."""
    return "".join(_LETTERS[byte] for byte in raw.split(b"\0", 1)[0])


@dataclasses.dataclass(frozen=True)
class Reply(Message):
    """A positive answer."""

    HEAD: ClassVar[bytes] = bytes((ANSWER, 0))
    """What a positive answer begins with."""
    ERROR_AT: ClassVar[int | None] = 1
    """Where the error byte stands in a negative one; None: 45h, which cannot say no."""

    def encode(self) -> bytes:
        """The answer as it travels inside a task's result."""
        return self.HEAD + self.pack_fields()


@dataclasses.dataclass(frozen=True)
class ErrorReply:
    """The device's "no": the error byte (reference: error bytes of the protocol)."""

    error: int

    def encode(self) -> bytes:
        """``55 | error | 00``."""
        return bytes((ANSWER, self.error, 0))


R = TypeVar("R", bound=Reply)


@dataclasses.dataclass(frozen=True)
class Command(Message, Generic[R]):
    """A command; the type argument is its positive answer."""

    CODE: ClassVar[int] = 0
    REPLY: ClassVar[type[Reply]]
    REGISTERED: ClassVar[dict[int, type[Command[Any]]]] = {}

    def __init_subclass__(cls) -> None:
        """Registers the command by its opcode; a class without CODE of its own is only a shared shape."""
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

    def encode(self, password: int = 0) -> bytes:
        """``access password | opcode | fields``; ValueError when a value does not fit its field."""
        return Bcd(2).pack(password) + opcode_bytes(self.CODE) + self.pack_fields()

    def decode_reply(self, data: bytes) -> R | ErrorReply:
        """The typed answer in `data`, which is what a task's result carries.

        A positive answer counts only when it has the head and one of the lengths of this command's answer; an error
        is ``55 | error`` with at most one zero behind it. Everything else raises Malformed: the outcome of the
        command is then unknown.
        """
        reply = self.REPLY
        if data[: len(reply.HEAD)] == reply.HEAD:
            return typing.cast(R, reply.unpack_fields(data[len(reply.HEAD) :]))
        if reply.ERROR_AT is None:
            raise Malformed(f"not an answer to {self.CODE:X}h: {data[:8].hex(' ')}")
        if len(data) in (2, 3) and data[0] == ANSWER and data[1] and not any(data[2:]):
            return ErrorReply(data[1])
        if reply.ERROR_AT == 0 and len(data) == 1 and data[0]:
            return ErrorReply(data[0])
        raise Malformed(f"not an answer to {self.CODE:X}h: {data[:8].hex(' ')}")


@dataclasses.dataclass(frozen=True)
class UnknownCommand:
    """A command that this codec does not know; `payload` is what follows the password. A register answers 6Ch."""

    payload: bytes

    @property
    def code(self) -> int:
        """The opcode: one byte, or two after 91h and A4h."""
        return int.from_bytes(self.payload[: 2 if self.payload[0] in TWO_BYTES else 1], "big")

    def encode(self, password: int = 0) -> bytes:
        """As it came."""
        return Bcd(2).pack(password) + self.payload
