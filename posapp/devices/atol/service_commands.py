"""АТОЛ commands about the device, receipts and the shift. Layouts as the vendor's driver sends and takes them.

Answers that carry nothing are ``55 00 00``; the third byte has never been anything but zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from posapp.devices.atol.layout import (
    Bcd,
    Byte,
    Command,
    Digits1,
    Digits2,
    Digits4,
    Moment,
    Money5,
    Money7,
    Reply,
    RestText,
)
from posapp.devices.fields import Raw, Rest, UInt

# Modes of 3Fh, 45h and 56h (low half of the byte; the high half is the submode).
CHOICE, REGISTRATION, REPORTS, CLOSING, PROGRAMMING, TAX, STORAGE, EXTRA = range(8)
MODE_PASSWORD: Final = 30
"""What the vendor's driver enters modes with; the password of the system administrator as it leaves the factory."""

# Kinds of 92h.
SELL, SELL_RETURN, BUY, BUY_RETURN = 1, 2, 4, 5
SELL_CORRECTION, SELL_RETURN_CORRECTION, BUY_CORRECTION, BUY_RETURN_CORRECTION = 7, 8, 9, 10
ELECTRONIC: Final = 4
"""Flag of 92h: no paper."""

# Reports of 67h.
X_REPORT, EXCHANGE_REPORT = 1, 9

# Ways to pay of 99h and 4Ah.
CASH, CASHLESS, PREPAID, CREDIT, OTHER = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Done(Reply):
    """The answer of commands that tell nothing: ``55 00``, or ``55 00 00``."""

    zero: Annotated[int | None, UInt(1)] = None

    def encode(self) -> bytes:
        """``55 00 00``, as devices write it."""
        return self.HEAD + b"\0"


# --- the device


@dataclass(frozen=True)
class DeviceInfoReply(Reply):
    """Answer to A5h: ``00`` and what the device is. `build` makes the version: major 3, minor 0, build 2195."""

    HEAD: ClassVar = b"\0"
    ERROR_AT: ClassVar = 0
    protocol: Byte
    kind: Byte
    model: Byte
    mode: Annotated[int, UInt(2, "big")]
    major: Digits1
    minor: Digits1
    language: Byte
    build: Digits2
    name: Annotated[str, RestText(64)]


@dataclass(frozen=True)
class DeviceInfo(Command[DeviceInfoReply]):
    """A5h: what model with which firmware it is."""

    CODE = 0xA5


@dataclass(frozen=True)
class StatusReply(Reply):
    """Answer to 3Fh: ``44`` and 29 bytes.

    `flags`: 0 registered, 1 shift open, 2 drawer closed, 3 paper there, 5 cover open, 6 fiscal mode, 7 battery good.
    `mode_byte`: mode in the low half, submode in the high one. `last_shift` is the last closed one.
    """

    HEAD: ClassVar = b"\x44"
    cashier: Digits1
    hall_number: Byte
    now: Annotated[datetime | None, Moment("YMDhms")]
    flags: Byte
    serial: Digits4
    model: Byte
    version: Annotated[bytes, Raw(2)]
    mode_byte: Byte
    receipt_number: Digits2
    last_shift: Digits2
    receipt_state: Byte
    receipt_sum_kopecks: Money5
    point: Byte
    port: Byte

    @property
    def is_shift_open(self) -> bool:
        """Flag 1."""
        return bool(self.flags & 0x02)

    @property
    def has_paper(self) -> bool:
        """Flag 3."""
        return bool(self.flags & 0x08)

    @property
    def is_cover_open(self) -> bool:
        """Flag 5."""
        return bool(self.flags & 0x20)

    @property
    def is_fiscal(self) -> bool:
        """Flag 6."""
        return bool(self.flags & 0x40)


@dataclass(frozen=True)
class Status(Command[StatusReply]):
    """3Fh."""

    CODE = 0x3F


@dataclass(frozen=True)
class StateCodeReply(Reply):
    """Answer to 45h: ``55 | mode | printer``, without an error byte.

    `printer`: 0 no paper, 1 link to the printer lost, 2 mechanical error, 3 cutter, 4 head too hot.
    """

    HEAD: ClassVar = b"\x55"
    ERROR_AT: ClassVar = None
    mode_byte: Byte
    printer: Byte

    @property
    def mode(self) -> int:
        """The low half."""
        return self.mode_byte & 0x0F

    @property
    def submode(self) -> int:
        """The high half."""
        return self.mode_byte >> 4


@dataclass(frozen=True)
class StateCode(Command[StateCodeReply]):
    """45h: in which mode it is, and how its printer is."""

    CODE = 0x45


@dataclass(frozen=True)
class EnterMode(Command[Done]):
    """56h: 1 registration (receipts), 2 reports, 3 closing the shift, 4 programming, 6 storage."""

    CODE = 0x56
    mode: Byte
    password: Digits4 = MODE_PASSWORD


@dataclass(frozen=True)
class LeaveMode(Command[Done]):
    """48h."""

    CODE = 0x48


@dataclass(frozen=True)
class ReadTableReply(Reply):
    """Answer to 46h: the field's bytes."""

    value: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReadTable(Command[ReadTableReply]):
    """46h."""

    CODE = 0x46
    table: Byte
    row: Annotated[int, UInt(2, "big")]
    field: Byte


@dataclass(frozen=True)
class SetClock(Command[Done]):
    """EDh: date and time together, the day first (as the vendor's driver sends it)."""

    CODE = 0xED
    now: Annotated[datetime | None, Moment("DMYhms")]


@dataclass(frozen=True)
class OpenDrawer(Command[Done]):
    """80h."""

    CODE = 0x80


@dataclass(frozen=True)
class RepeatReceipt(Command[Done]):
    """95h: a copy of the last receipt."""

    CODE = 0x95


@dataclass(frozen=True)
class PrintLine(Command[Done]):
    """4Ch: a line of text."""

    CODE = 0x4C
    text: Annotated[str, RestText(256)]


@dataclass(frozen=True)
class ContinuePrint(Command[Done]):
    """EEh: prints to its end what the paper's end interrupted. 67h while there is none."""

    CODE = 0xEE


@dataclass(frozen=True)
class PrintBarcode(Command[Done]):
    """C1h: a bar code or QR; its fields are passed on as they are."""

    CODE = 0xC1
    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class EndNonFiscal(Command[Done]):
    """73h: the end of a document without fiscal force."""

    CODE = 0x73
    data: Annotated[bytes, Rest()] = b""


@dataclass(frozen=True)
class LicenceReply(Reply):
    """Answer to 74h."""

    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class Licence(Command[LicenceReply]):
    """74h: is licence `number` (1, 2, …) there?"""

    CODE = 0x74
    number: Byte


@dataclass(frozen=True)
class VersionReply(Reply):
    """Answer to 9Dh."""

    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class Version(Command[VersionReply]):
    """9Dh: a version; the driver asks for 91h, that of the configuration."""

    CODE = 0x9D
    kind: Byte


# --- the shift


@dataclass(frozen=True)
class OpenShift(Command[Done]):
    """9Ah. Flag 1: only try whether it could."""

    CODE = 0x9A
    flags: Byte = 0
    text: Annotated[str, RestText()] = ""


@dataclass(frozen=True)
class CloseShift(Command[Done]):
    """5Ah, in mode 3. Goes on in the background."""

    CODE = 0x5A


@dataclass(frozen=True)
class Report(Command[Done]):
    """67h, in mode 2: 1 the X report, which changes nothing; 9 how the exchange with the OFD stands, a document."""

    CODE = 0x67
    kind: Byte


@dataclass(frozen=True)
class CashIn(Command[Done]):
    """49h, in mode 1."""

    CODE = 0x49
    flags: Byte
    amount_kopecks: Money5


@dataclass(frozen=True)
class CashOut(Command[Done]):
    """4Fh, in mode 1."""

    CODE = 0x4F
    flags: Byte
    amount_kopecks: Money5


# --- a receipt


@dataclass(frozen=True)
class OpenReceipt(Command[Done]):
    """92h, in mode 1. Flags: 1 only try, 4 no paper. Kinds: 1 sell, 2 return of it, 4 buy, 5 return of it; 7…10 the
    corrections of sale, its return, purchase and its return."""

    CODE = 0x92
    flags: Byte
    kind: Byte


BLOCK: Final = 100
"""How many bytes of a tag one E8h of the vendor's driver carries."""


@dataclass(frozen=True)
class WriteAttribute(Command[Done]):
    """E8h: a tag for what comes next or is open. Long ones go in `blocks` blocks, this one being number `block`.

    `target` was always 1. Tags of the document follow 92h or the last item (the cashier comes before any document),
    tags of an item stand between EAh and EBh. `tlv`: tag and length little-endian, then the value in АТОЛ's letters;
    the vendor's driver cuts it, its head included, into blocks of `BLOCK` bytes.
    """

    CODE = 0xE8
    target: Byte
    blocks: Byte
    block: Byte
    tlv: Annotated[bytes, Rest(1)]


@dataclass(frozen=True)
class ReadAttributeReply(Reply):
    """Answer to E9h: of how many blocks, and the tag with its value."""

    blocks: Byte
    tlv: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReadAttribute(Command[ReadAttributeReply]):
    """E9h: a tag of the registration."""

    CODE = 0xE9
    tag: Annotated[int, UInt(2)]
    block: Byte


@dataclass(frozen=True)
class BeginItem(Command[Done]):
    """EAh: what follows until EBh is one item."""

    CODE = 0xEA
    flags: Byte = 0
    parameter: Byte = 1
    reserved: Byte = 0


@dataclass(frozen=True)
class EndItem(Command[Done]):
    """EBh: the item itself. `rate` is tag 1199, `tax_kopecks` 0 = the device computes; 1212 and 1214 are digits."""

    CODE = 0xEB
    flags: Byte
    price_kopecks: Money7
    quantity_milli: Annotated[int, Bcd(5)]
    sum_kopecks: Money7
    rate: Byte
    tax_kopecks: Money7
    section: Digits1
    payment_object: Digits1
    payment_method: Digits1
    discount_sign: Byte
    discount_kopecks: Money7
    reserved: Annotated[int, UInt(2, "big")]
    name: Annotated[str, RestText()]


@dataclass(frozen=True)
class Discount(Command[Done]):
    """43h: off (sign 0) or on (sign 1) the whole receipt, `kind` 1 a sum."""

    CODE = 0x43
    flags: Byte
    area: Byte
    kind: Byte
    sign: Byte
    amount_kopecks: Money5


@dataclass(frozen=True)
class PaymentReply(Reply):
    """Answer to 99h: what is still to be paid, and the change."""

    left_kopecks: Money5
    change_kopecks: Money5


@dataclass(frozen=True)
class Payment(Command[PaymentReply]):
    """99h: 1 cash, 2 cashless, 3 prepaid, 4 credit, 5 other."""

    CODE = 0x99
    flags: Byte
    kind: Byte
    amount_kopecks: Money5


@dataclass(frozen=True)
class CloseReceipt(Command[Done]):
    """4Ah: makes the document. After 99h the sum is zero, and the kind that of the last payment. Goes out once."""

    CODE = 0x4A
    flags: Byte = 0
    kind: Digits1 = 0
    amount_kopecks: Money5 = 0


@dataclass(frozen=True)
class CancelReceipt(Command[Done]):
    """59h; 9Ah when none is open."""

    CODE = 0x59


def closes(command: object) -> bool:
    """Whether this command makes a document or moves money, so that it must never go out twice."""
    return isinstance(command, CloseReceipt | CloseShift | OpenShift | CashIn | CashOut)
