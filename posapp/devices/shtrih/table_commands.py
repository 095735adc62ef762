"""Commands about what a device remembers: tables, money and operation registers, the clock.

Source: "Протокол обмена ККТ 2.0" of the vendor. Tables and clock want the system administrator's password; their
answers carry no operator number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated

from posapp.devices.fields import UInt
from posapp.devices.shtrih.layout import (
    Byte,
    Command,
    DateDmy,
    Password,
    RegisterNumber,
    Reply,
    Rest,
    Text,
    Time3,
    Word,
)
from posapp.devices.shtrih.service_commands import Done


@dataclass(frozen=True)
class MoneyRegisterReply(Reply):
    """Answer to 1Ah, kopecks."""

    operator: Byte
    value: Annotated[int, UInt(6)]


@dataclass(frozen=True)
class MoneyRegister(Command[MoneyRegisterReply]):
    """1Ah: F1h cash in the drawer, F2h/F3h cash put in/taken out in the shift, C1h…C4h cash of sales, buys,
    returns of sales, returns of buys in the shift, from C5h the same for payment 2, and so on."""

    CODE = 0x1A
    password: Password
    register: Annotated[int, RegisterNumber()]


@dataclass(frozen=True)
class OperationRegisterReply(Reply):
    """Answer to 1Bh: a counter."""

    operator: Byte
    value: Word


@dataclass(frozen=True)
class OperationRegister(Command[OperationRegisterReply]):
    """1Bh."""

    CODE = 0x1B
    password: Password
    register: Annotated[int, RegisterNumber()]


@dataclass(frozen=True)
class WriteTable(Command[Done]):
    """1Eh: `value` is a little-endian integer or CP1251 text, as 2Eh says of the field."""

    CODE = 0x1E
    password: Password
    table: Byte
    row: Word
    field: Byte
    value: Annotated[bytes, Rest(most=247)]


@dataclass(frozen=True)
class ReadTableReply(Reply):
    """Answer to 1Fh: as many bytes as the field is wide."""

    value: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReadTable(Command[ReadTableReply]):
    """1Fh."""

    CODE = 0x1F
    password: Password
    table: Byte
    row: Word
    field: Byte


@dataclass(frozen=True)
class SetTime(Command[Done]):
    """21h."""

    CODE = 0x21
    password: Password
    time: Annotated[time, Time3()]


@dataclass(frozen=True)
class SetDate(Command[Done]):
    """22h; 23h with the same date must follow."""

    CODE = 0x22
    password: Password
    date: Annotated[date | None, DateDmy()]


@dataclass(frozen=True)
class ConfirmDate(Command[Done]):
    """23h."""

    CODE = 0x23
    password: Password
    date: Annotated[date | None, DateDmy()]


@dataclass(frozen=True)
class TableStructureReply(Reply):
    """Answer to 2Dh; no operator number."""

    name: Annotated[str, Text(40)]
    rows: Word
    fields: Byte


@dataclass(frozen=True)
class TableStructure(Command[TableStructureReply]):
    """2Dh."""

    CODE = 0x2D
    password: Password
    table: Byte


@dataclass(frozen=True)
class FieldStructureReply(Reply):
    """Answer to 2Eh: `kind` 0 integer, 1 text; integers add their least and greatest value."""

    name: Annotated[str, Text(40)]
    kind: Byte
    size: Byte
    limits: Annotated[bytes, Rest()] = b""

    @property
    def least(self) -> int:
        """The least value of an integer field."""
        return int.from_bytes(self.limits[: len(self.limits) // 2], "little")

    @property
    def greatest(self) -> int:
        """The greatest value of an integer field."""
        return int.from_bytes(self.limits[len(self.limits) // 2 :], "little")


@dataclass(frozen=True)
class FieldStructure(Command[FieldStructureReply]):
    """2Eh."""

    CODE = 0x2E
    password: Password
    table: Byte
    field: Byte
