"""АТОЛ registers: 91h with the register's number and two parameters. Each register is a command of its own here.

What the vendor's driver makes of an answer tells what its bytes are; what it passes over is told as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from posapp.devices.atol.layout import Bcd, Byte, Command, Digits2, Digits4, Moment, Money5, Money7, Reply
from posapp.devices.fields import Raw, Rest


@dataclass(frozen=True)
class RawReply(Reply):
    """A register whose bytes are passed on as they are."""

    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class PaymentsInShift(Command[RawReply]):
    """03h: sum of the shift by kind of receipt as in 92h (`first`) and way to pay (`second`); six bytes of digits."""

    CODE = 0x9103
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class CashInSum(Command[RawReply]):
    """04h: cash put in during the shift; six bytes of digits."""

    CODE = 0x9104
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class CashOutSum(Command[RawReply]):
    """05h: cash taken out during the shift; six bytes of digits."""

    CODE = 0x9105
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class CashInCount(Command[RawReply]):
    """08h: how often cash was put in; two bytes of digits."""

    CODE = 0x9108
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class CashOutCount(Command[RawReply]):
    """09h: how often cash was taken out; two bytes of digits."""

    CODE = 0x9109
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class DrawerReply(Reply):
    """Answer to 0Ah."""

    kopecks: Money7


@dataclass(frozen=True)
class Drawer(Command[DrawerReply]):
    """0Ah: cash in the drawer."""

    CODE = 0x910A
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class TotalsInShift(Command[RawReply]):
    """0Ch: sum of the shift by kind (`first`: 0 sell, 1 buy, 2 return of sell, 3 of buy); seven bytes of digits."""

    CODE = 0x910C
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ClockReply(Reply):
    """Answer to 11h."""

    now: Annotated[datetime | None, Moment("YMDhms")]


@dataclass(frozen=True)
class Clock(Command[ClockReply]):
    """11h: its clock."""

    CODE = 0x9111
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ShiftStateReply(Reply):
    """Answer to 12h: 0 closed, 1 open, 2 older than 24 hours; when it is over."""

    state: Byte
    ends_at: Annotated[datetime | None, Moment("DMYhms")]


@dataclass(frozen=True)
class ShiftState(Command[ShiftStateReply]):
    """12h."""

    CODE = 0x9112
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ReceiptStateReply(Reply):
    """Answer to 13h: `state` 0 none open; `kind` as in 92h; number of the receipt and of the document."""

    state: Byte
    kind: Byte
    receipt_number: Digits2
    document_number: Digits4


@dataclass(frozen=True)
class ReceiptState(Command[ReceiptStateReply]):
    """13h: is a receipt open?"""

    CODE = 0x9113
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ReceiptSumsReply(Reply):
    """Answer to 14h: the open receipt's sum, what is still to be paid, the change."""

    sum_kopecks: Money5
    left_kopecks: Money5
    change_kopecks: Money5


@dataclass(frozen=True)
class ReceiptSums(Command[ReceiptSumsReply]):
    """14h."""

    CODE = 0x9114
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class LastShiftReply(Reply):
    """Answer to 15h."""

    number: Digits2


@dataclass(frozen=True)
class LastShift(Command[LastShiftReply]):
    """15h: the last closed shift; the open one is the next."""

    CODE = 0x9115
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class SerialReply(Reply):
    """Answer to 16h: the factory number's digits, seven bytes."""

    number: Annotated[int, Bcd(7)]


@dataclass(frozen=True)
class Serial(Command[SerialReply]):
    """16h: the factory number."""

    CODE = 0x9116
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class LineWidth(Command[RawReply]):
    """18h: letters in a line (one byte of digits), pixels (two bytes of digits), and more."""

    CODE = 0x9118
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class OverallTotals(Command[RawReply]):
    """28h: sum since the registration by kind as in 92h (`first`); seven bytes of digits."""

    CODE = 0x9128
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class LastOfdError(Command[RawReply]):
    """2Bh."""

    CODE = 0x912B
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class LastDocumentReply(Reply):
    """Answer to 33h (last receipt) and 34h (last document): number, kind, total, time, sign, three bytes more."""

    document_number: Annotated[int, Bcd(5)]
    kind: Byte
    total_kopecks: Money7
    made_at: Annotated[datetime | None, Moment("DMYhm")]
    sign: Annotated[int, Bcd(5)]
    more: Annotated[bytes | None, Raw(3)] = None


@dataclass(frozen=True)
class LastReceipt(Command[LastDocumentReply]):
    """33h."""

    CODE = 0x9133
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class LastDocument(Command[LastDocumentReply]):
    """34h."""

    CODE = 0x9134
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class NumbersReply(Reply):
    """Answer to 35h."""

    receipt_number: Annotated[int, Bcd(3)]
    shift_number: Annotated[int, Bcd(3)]


@dataclass(frozen=True)
class Numbers(Command[NumbersReply]):
    """35h: the numbers of the last receipt in its shift, and of the shift."""

    CODE = 0x9135
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class Formats(Command[RawReply]):
    """36h: formats of fiscal data, 2 = 1.05, 3 = 1.1 (tag 1209)."""

    CODE = 0x9136
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class Printed(Command[RawReply]):
    """37h: whether the last document has come out of the printer; the first byte 0 = it has not."""

    CODE = 0x9137
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class PrintCounters(Command[RawReply]):
    """3Bh: a first byte from 10h on: something waits to be printed to its end (EEh); the rest is not known."""

    CODE = 0x913B
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ReceiptTaxReply(Reply):
    """Answer to 3Dh."""

    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReceiptTax(Command[ReceiptTaxReply]):
    """3Dh: the tax of rate `first` (1…6) in the open receipt."""

    CODE = 0x913D
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class StorageRegistrations(Command[RawReply]):
    """1Ah: registrations of the storage, a byte each: made, still possible."""

    CODE = 0x911A
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ErrorDetails(Command[RawReply]):
    """32h: what more is to be said of the last error."""

    CODE = 0x9132
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class PaymentsOverall(Command[RawReply]):
    """38h: sum since the registration by kind (`first`) and way to pay (`second`); seven bytes of digits."""

    CODE = 0x9138
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ErrorExtended(Command[RawReply]):
    """40h: the last error's further number."""

    CODE = 0x9140
    first: Byte = 0
    second: Byte = 0


@dataclass(frozen=True)
class ReceiptsInShift(Command[RawReply]):
    """41h: how many receipts of kind `first` (as in 92h) there were in the shift; five bytes of digits."""

    CODE = 0x9141
    first: Byte = 0
    second: Byte = 0
