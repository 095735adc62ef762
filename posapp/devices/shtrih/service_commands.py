"""Commands about the device itself: identity, state, link, paper, cash, reports.

Source: "Протокол обмена ККТ 2.0" of the vendor; lengths as listed there. Names of the fields follow the
vendor's text. Every reply here carries the number of the operator whose password was used, unless noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated

from posapp.devices.fields import Raw, UInt
from posapp.devices.shtrih.layout import (
    Byte,
    Command,
    DateDmy,
    Dword,
    MaybeUInt,
    Money5,
    Password,
    Reply,
    Rest,
    RestText,
    SharedReply,
    Time3,
    Word,
)


@dataclass(frozen=True)
class Done(SharedReply):
    """Done, with no data at all."""


@dataclass(frozen=True)
class OperatorReply(SharedReply):
    """Done, with the number of the operator (1…30) whose password was used."""

    operator: Byte


class _State:
    """How to read the mode byte and the flags of 10h and 11h (protocol, "Modes of the register")."""

    mode_byte: int
    flags: int

    @property
    def mode(self) -> int:
        """2 shift open, 3 open for more than 24 h, 4 closed, 6 date not confirmed, 8 document open, …"""
        return self.mode_byte & 0x0F

    @property
    def mode_status(self) -> int:
        """In mode 8: 0 sale, 1 buy, 2 return of sale, 3 return of buy, 4 not fiscal."""
        return self.mode_byte >> 4

    @property
    def has_paper(self) -> bool:
        """Flag 7, the optical sensor of the receipt roll."""
        return bool(self.flags & 0x80)

    @property
    def is_cover_open(self) -> bool:
        """Flag 10."""
        return bool(self.flags & 0x400)

    @property
    def is_drawer_open(self) -> bool:
        """Flag 11."""
        return bool(self.flags & 0x800)


@dataclass(frozen=True)
class ShortStatusReply(Reply, _State):
    """Answer to 10h. `submode`: 0 ready, 1 no paper, 2 paper ended while printing, 3 waits for B0h,
    4 prints a report, 5 prints."""

    operator: Byte
    flags: Word
    mode_byte: Byte
    submode: Byte
    operations_low: Byte
    battery: Byte
    supply: Byte
    storage_error: Byte
    journal_error: Byte
    operations_high: Byte
    reserved: Annotated[bytes, Raw(3)]
    last_print: Annotated[int | None, UInt(1)] = None
    """0 printed, 1 paper broke, 2 printer error, 5 printing; only where F7h bit 34 is set."""

    @property
    def operations(self) -> int:
        """Operations in the open receipt."""
        return self.operations_high << 8 | self.operations_low


@dataclass(frozen=True)
class ShortStatus(Command[ShortStatusReply]):
    """10h: the state, cheap enough to poll."""

    CODE = 0x10
    REPLY_TIMEOUT_S = 3
    password: Password


@dataclass(frozen=True)
class FullStatusReply(Reply, _State):
    """Answer to 11h: versions, document number, state, clock, factory number, INN."""

    operator: Byte
    firmware: Annotated[bytes, Raw(2)]
    """Two characters: b"C1" is version C.1."""
    firmware_build: Word
    firmware_date: Annotated[date | None, DateDmy(loose=True)]
    hall_number: Byte
    document_number: Word
    """Through number of printed documents, not the number in the fiscal storage."""
    flags: Word
    mode_byte: Byte
    submode: Byte
    port: Byte
    storage_firmware: Annotated[bytes, Raw(2)]
    storage_build: Word
    storage_date: Annotated[date | None, DateDmy(loose=True)]
    today: Annotated[date | None, DateDmy(loose=True)]
    now: Annotated[time, Time3()]
    storage_flags: Byte
    """Bit 6: shift open; bit 7: more than 24 hours."""
    serial_low: Annotated[int | None, MaybeUInt(4)]
    last_closed_shift: Word
    free_records: Word
    registrations: Byte
    registrations_left: Byte
    inn: Annotated[int | None, MaybeUInt(6)]
    storage_flags_high: Annotated[int | None, UInt(1)] = None
    storage_mode: Annotated[int | None, UInt(1)] = None
    serial_high: Annotated[int | None, UInt(2)] = None

    @property
    def factory_number(self) -> int | None:
        """The factory number; None when it was never entered."""
        if self.serial_low is None:
            return None
        return (self.serial_high or 0) << 32 | self.serial_low


@dataclass(frozen=True)
class FullStatus(Command[FullStatusReply]):
    """11h."""

    CODE = 0x11
    REPLY_TIMEOUT_S = 3
    password: Password


@dataclass(frozen=True)
class PrintBoldLine(Command[OperatorReply]):
    """12h. `flags`: bit 1 receipt roll, bit 6 wrap words."""

    CODE = 0x12
    password: Password
    flags: Byte
    text: Annotated[str, RestText(least=20)]


@dataclass(frozen=True)
class Beep(Command[OperatorReply]):
    """13h."""

    CODE = 0x13
    password: Password


@dataclass(frozen=True)
class SetExchange(Command[Done]):
    """14h: `speed` 0…9 = 2400 … 921600 baud, `byte_timeout` coded: to 150 ms, 151…249 (v-149)*150 ms,
    from 250 (v-248)*15 s."""

    CODE = 0x14
    password: Password
    port: Byte
    speed: Byte
    byte_timeout: Byte


@dataclass(frozen=True)
class ReadExchangeReply(Reply):
    """Answer to 15h, coded as in 14h; no operator number."""

    speed: Byte
    byte_timeout: Byte


@dataclass(frozen=True)
class ReadExchange(Command[ReadExchangeReply]):
    """15h."""

    CODE = 0x15
    password: Password
    port: Byte


@dataclass(frozen=True)
class TechnicalReset(Command[Done]):
    """16h: has no password; legal only after a memory fault or a change of firmware."""

    CODE = 0x16


@dataclass(frozen=True)
class PrintLine(Command[OperatorReply]):
    """17h: a line in font 1."""

    CODE = 0x17
    password: Password
    flags: Byte
    text: Annotated[str, RestText(least=40)]


@dataclass(frozen=True)
class PrintFontLine(Command[OperatorReply]):
    """2Fh: a line in a given font."""

    CODE = 0x2F
    password: Password
    flags: Byte
    font: Byte
    text: Annotated[str, RestText(least=40)]


@dataclass(frozen=True)
class CutPaper(Command[OperatorReply]):
    """25h: `kind` 0 full, 1 partial."""

    CODE = 0x25
    password: Password
    kind: Byte = 0


@dataclass(frozen=True)
class FontParametersReply(Reply):
    """Answer to 26h, pixels: characters in a line = `area_width` // `character_width`; no operator number."""

    area_width: Word
    character_width: Byte
    character_height: Byte
    fonts: Byte


@dataclass(frozen=True)
class FontParameters(Command[FontParametersReply]):
    """26h."""

    CODE = 0x26
    password: Password
    font: Byte


@dataclass(frozen=True)
class OpenDrawer(Command[OperatorReply]):
    """28h: `drawer` 0 or 1."""

    CODE = 0x28
    password: Password
    drawer: Byte = 0


@dataclass(frozen=True)
class FeedPaper(Command[OperatorReply]):
    """29h."""

    CODE = 0x29
    password: Password
    flags: Byte
    lines: Byte


@dataclass(frozen=True)
class XReport(Command[OperatorReply]):
    """40h: the report of the running shift; nothing is closed."""

    CODE = 0x40
    REPLY_TIMEOUT_S = 65
    password: Password


@dataclass(frozen=True)
class CloseShift(Command[OperatorReply]):
    """41h: closes the shift (Z report, shift close report in the storage)."""

    CODE = 0x41
    REPLY_TIMEOUT_S = 65
    password: Password


@dataclass(frozen=True)
class CashMoveReply(Reply):
    """Answer to 50h/51h: the through number of the printed slip."""

    operator: Byte
    document_number: Word


@dataclass(frozen=True)
class CashInReply(CashMoveReply):
    """Answer to 50h."""


@dataclass(frozen=True)
class CashOutReply(CashMoveReply):
    """Answer to 51h."""


@dataclass(frozen=True)
class CashIn(Command[CashInReply]):
    """50h: cash into the drawer."""

    CODE = 0x50
    password: Password
    amount_kopecks: Money5


@dataclass(frozen=True)
class CashOut(Command[CashOutReply]):
    """51h: cash out of the drawer; 46h (or 2Eh) when there is too little."""

    CODE = 0x51
    password: Password
    amount_kopecks: Money5


@dataclass(frozen=True)
class PrintHeading(Command[OperatorReply]):
    """52h: the shop's heading."""

    CODE = 0x52
    password: Password
    parameter: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class EndDocument(Command[OperatorReply]):
    """53h: the end of a document with own heading and trailer."""

    CODE = 0x53
    password: Password
    parameter: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class PrintAdvertisement(Command[OperatorReply]):
    """54h."""

    CODE = 0x54
    password: Password


@dataclass(frozen=True)
class ErrorTextReply(Reply):
    """Answer to 6Bh; no operator number."""

    text: Annotated[str, RestText()]


@dataclass(frozen=True)
class ErrorText(Command[ErrorTextReply]):
    """6Bh: the device's words for an error; has no password; many devices answer 37h."""

    CODE = 0x6B
    error: Byte


@dataclass(frozen=True)
class ContinuePrint(Command[OperatorReply]):
    """B0h: after a change of paper, legal in submode 3 only."""

    CODE = 0xB0
    password: Password


@dataclass(frozen=True)
class ExtendedQueryReply(Reply):
    """Answer to F7h type 1 ("parameters of the model"). It grows with the firmware: `more` is the rest."""

    parameters: Annotated[int, UInt(8)]
    """Bits: 28 link v2, 34 "last print result" in 10h, 36 command 6Bh, 23 cash-core firmware, …"""
    font_1_width: Byte
    font_2_width: Byte
    first_line: Byte
    inn_digits: Byte
    registration_digits: Byte
    long_registration_digits: Byte
    long_serial_digits: Byte
    tax_password: Dword
    system_password: Dword
    bluetooth_table: Byte
    tax_field: Byte
    longest_command: Word
    line_bytes: Byte
    more: Annotated[bytes, Rest()] = b""


@dataclass(frozen=True)
class ExtendedQuery(Command[ExtendedQueryReply]):
    """F7h: has no password; `kind` 1 is the model's parameters."""

    CODE = 0xF7
    kind: Byte = 1


@dataclass(frozen=True)
class DeviceTypeReply(Reply):
    """Answer to FCh; no operator number."""

    device_type: Byte
    subtype: Byte
    protocol: Byte
    subprotocol: Byte
    model: Byte
    language: Byte
    name: Annotated[str, RestText()]


@dataclass(frozen=True)
class DeviceType(Command[DeviceTypeReply]):
    """FCh: has no password."""

    CODE = 0xFC
