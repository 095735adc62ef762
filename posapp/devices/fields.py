"""The fields of a binary message and how a message class is laid out: what the protocols of all vendors share.

A message class is a frozen dataclass whose annotations carry the wire type of each field; `encode` and `decode` of the
vendors' base classes read the same layout, so driver and simulated register cannot part. See `shtrih/layout.py` and
`atol/layout.py`.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Self


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
    """An unsigned binary integer of `size` bytes, little-endian unless told otherwise."""

    size: int

    def __init__(self, size: int, order: typing.Literal["little", "big"] = "little") -> None:
        self.size, self.order = size, order

    def pack(self, value: Any) -> bytes:
        try:
            return int(value).to_bytes(self.size, self.order)
        except OverflowError as error:
            raise ValueError(f"{value} does not fit into {self.size} bytes") from error

    def unpack(self, raw: bytes) -> Any:
        return int.from_bytes(raw, self.order)


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

    def __init__(self, least: int = 0, most: int = 0x3000) -> None:
        self.least, self.most = least, most

    def pack(self, value: Any) -> bytes:
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"{self.least} to {self.most} bytes expected, got {len(value)}")
        return bytes(value)

    def unpack(self, raw: bytes) -> Any:
        if not self.least <= len(raw) <= self.most:
            raise Malformed(f"{self.least} to {self.most} bytes expected, got {len(raw)}")
        return raw


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


def opcode_bytes(code: int) -> bytes:
    """One byte, or two for an opcode whose second byte says which command it is."""
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
