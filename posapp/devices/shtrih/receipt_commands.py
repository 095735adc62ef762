"""Commands that make a receipt: open, items, discounts, cancel, close; and pictures and barcodes.

Two families live side by side: the classic commands 80h–89h, and FF46/FF45 for registers with a fiscal
storage. Both close a fiscal document. Sums are kopecks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from posapp.devices.fields import Raw, UInt
from posapp.devices.shtrih.layout import (
    Byte,
    Command,
    DateTime5,
    Dword,
    Int,
    MaybeUInt,
    Money5,
    Password,
    Reply,
    Rest,
    RestText,
    UInts,
    Word,
)
from posapp.devices.shtrih.service_commands import Done, OperatorReply

RATE_BYTE = {
    1: 0x01,
    2: 0x02,
    3: 0x10,
    4: 0x20,
    5: 0x04,
    6: 0x08,
    7: 0x81,
    8: 0x82,
    9: 0x84,
    10: 0x88,
    11: 0xCB,
    12: 0xCC,
}
"""Tag 1199 (VAT rate) → the rate byte of FF46 on desktop models (vendor's Java driver, February 2026)."""

RATE_BYTE_NANO = RATE_BYTE | {11: 0x90, 12: 0xA0}
"""The same for Нано models, which code 22 % and 22/122 differently."""

RATES_BY_MODEL = frozenset(rate for rate, byte in RATE_BYTE.items() if RATE_BYTE_NANO[rate] != byte)
"""The rates whose byte is not the same on every model."""


def rate_bytes(model: str) -> dict[int, int]:
    """The table of a model, by the name that it tells itself (FCh)."""
    return RATE_BYTE_NANO if "НАНО" in model.upper() else RATE_BYTE


@dataclass(frozen=True)
class _ClassicItem(Command[OperatorReply]):
    """The shape of 80h…84h: `quantity_milli` thousandths, four bytes of tax groups (0 none, 1…6 rows of
    table 6)."""

    password: Password
    quantity_milli: Annotated[int, UInt(5)]
    price_kopecks: Money5
    department: Byte
    taxes: Annotated[tuple[int, ...], UInts(1, 4)]
    name: Annotated[str, RestText(least=40)]


@dataclass(frozen=True)
class Sale(_ClassicItem):
    """80h."""

    CODE = 0x80


@dataclass(frozen=True)
class Buy(_ClassicItem):
    """81h."""

    CODE = 0x81


@dataclass(frozen=True)
class SaleReturn(_ClassicItem):
    """82h."""

    CODE = 0x82


@dataclass(frozen=True)
class BuyReturn(_ClassicItem):
    """83h."""

    CODE = 0x83


@dataclass(frozen=True)
class Storno(_ClassicItem):
    """84h: takes an item back out of the open receipt."""

    CODE = 0x84


@dataclass(frozen=True)
class CloseClassicReply(Reply):
    """Answer to 85h: only the change; the document number must be read from the storage."""

    operator: Byte
    change_kopecks: Money5


@dataclass(frozen=True)
class CloseClassic(Command[CloseClassicReply]):
    """85h: closes the receipt. `payments` are cash and payments 2…4; `discount` hundredths of a per cent."""

    CODE = 0x85
    password: Password
    payments_kopecks: Annotated[tuple[int, ...], UInts(5, 4)]
    discount: Annotated[int, Int(2)] = 0
    taxes: Annotated[tuple[int, ...], UInts(1, 4)] = (0, 0, 0, 0)
    text: Annotated[str, RestText(least=40)] = ""


@dataclass(frozen=True)
class _Adjustment(Command[OperatorReply]):
    password: Password
    amount_kopecks: Money5
    taxes: Annotated[tuple[int, ...], UInts(1, 4)]
    text: Annotated[str, RestText(least=40)]


@dataclass(frozen=True)
class Discount(_Adjustment):
    """86h: a discount on the receipt."""

    CODE = 0x86


@dataclass(frozen=True)
class Markup(_Adjustment):
    """87h: a surcharge on the receipt."""

    CODE = 0x87


@dataclass(frozen=True)
class CancelReceipt(Command[OperatorReply]):
    """88h: cancels the open receipt; legal in mode 8."""

    CODE = 0x88
    password: Password


@dataclass(frozen=True)
class SubtotalReply(Reply):
    """Answer to 89h."""

    operator: Byte
    total_kopecks: Money5


@dataclass(frozen=True)
class Subtotal(Command[SubtotalReply]):
    """89h: the sum of the open receipt."""

    CODE = 0x89
    password: Password


@dataclass(frozen=True)
class RepeatDocument(Command[OperatorReply]):
    """8Ch: prints a copy of the last document."""

    CODE = 0x8C
    password: Password


@dataclass(frozen=True)
class OpenReceipt(Command[OperatorReply]):
    """8Dh: `kind` 0 sale, 1 buy, 2 return of sale, 3 return of buy; 80h more for a correction (FFD 1.1+)."""

    CODE = 0x8D
    password: Password
    kind: Byte


@dataclass(frozen=True)
class Operation(Command[Done]):
    """FF46: an item.

    `kind` 1 sale, 2 return of sale, 3 buy, 4 return of buy, in accord with 8Dh. `sum_kopecks` None lets the
    device multiply, otherwise it may differ by one kopeck. `tax_kopecks` None lets the device compute;
    **0 means zero tax**. `rate_byte` is one of `RATE_BYTE`; `payment_method` is tag 1214, `payment_object`
    tag 1212. A name that starts with "//" is not printed.
    """

    CODE = 0xFF46
    password: Password
    kind: Byte
    quantity_micro: Annotated[int, UInt(6)]
    price_kopecks: Money5
    sum_kopecks: Annotated[int | None, MaybeUInt(5)]
    tax_kopecks: Annotated[int | None, MaybeUInt(5)]
    rate_byte: Byte
    department: Byte
    payment_method: Byte
    payment_object: Byte
    name: Annotated[str, RestText(most=128)]


@dataclass(frozen=True)
class CloseReceiptReply(Reply):
    """Answer to FF45: 16 bytes, or 21 with the time when table 17 field 36 asks for it."""

    change_kopecks: Money5
    document_number: Dword
    document_sign: Dword
    printed_at: Annotated[datetime | None, DateTime5()] = None


@dataclass(frozen=True)
class CloseReceipt(Command[CloseReceiptReply]):
    """FF45: closes the receipt; issued once (see the rules of the driver).

    `payments_kopecks`: [0] cash, [1…12] electronic, [13] prepaid, [14] credit, [15] other. `rounding` kopecks
    off the total. `taxes_kopecks`: 20 %, 10 %, turnover 0 %, turnover without VAT, 20/120, 10/110; read only
    when table 1 field 14 is 1. `tax_system` is tag 1055, 0 = the registered one.
    """

    CODE = 0xFF45
    REPLY_TIMEOUT_S = 90
    password: Password
    payments_kopecks: Annotated[tuple[int, ...], UInts(5, 16)]
    rounding: Byte = 0
    taxes_kopecks: Annotated[tuple[int, ...], UInts(5, 6)] = (0, 0, 0, 0, 0, 0)
    tax_system: Byte = 0
    text: Annotated[str, RestText(most=128)] = ""


@dataclass(frozen=True)
class SendItemTlv(Command[Done]):
    """FF4D: tags of the item (on most models after its FF46)."""

    CODE = 0xFF4D
    password: Password
    tlv: Annotated[bytes, Rest(least=4, most=249)]


@dataclass(frozen=True)
class SendDocumentTlv(Command[Done]):
    """FF0C: tags of the document that is open."""

    CODE = 0xFF0C
    password: Password
    tlv: Annotated[bytes, Rest(least=4, most=249)]


@dataclass(frozen=True)
class CorrectionReply(Reply):
    """Answer to FF36 and FF4A: number of the receipt in the shift, document number and sign."""

    receipt_number: Word
    document_number: Dword
    document_sign: Dword


@dataclass(frozen=True)
class ShortCorrectionReply(CorrectionReply):
    """Answer to FF36."""


@dataclass(frozen=True)
class BeginCorrection(Command[Done]):
    """FF35: begins a correction receipt of FFD 1.05; tags 1173 and 1174 follow by FF0C."""

    CODE = 0xFF35
    password: Password


@dataclass(frozen=True)
class MakeShortCorrection(Command[ShortCorrectionReply]):
    """FF36: `kind` 1 sale, 3 buy."""

    CODE = 0xFF36
    REPLY_TIMEOUT_S = 90
    password: Password
    total_kopecks: Money5
    kind: Byte


@dataclass(frozen=True)
class MakeCorrection(Command[CorrectionReply]):
    """FF4A: correction receipt of FFD 1.05 with payments and taxes.

    `correction_type` is tag 1173 (0 self, 1 by order); `payments_kopecks`: cash, electronic, prepaid, credit,
    other; `taxes_kopecks` as in FF45.
    """

    CODE = 0xFF4A
    REPLY_TIMEOUT_S = 90
    password: Password
    correction_type: Byte
    kind: Byte
    total_kopecks: Money5
    payments_kopecks: Annotated[tuple[int, ...], UInts(5, 5)]
    taxes_kopecks: Annotated[tuple[int, ...], UInts(5, 6)]
    tax_system: Byte


@dataclass(frozen=True)
class OpenShift(Command[OperatorReply]):
    """E0h: opens the shift (a fiscal document); may take two minutes while the storage is slow."""

    CODE = 0xE0
    REPLY_TIMEOUT_S = 120
    password: Password


@dataclass(frozen=True)
class FinishSlip(Command[OperatorReply]):
    """E1h."""

    CODE = 0xE1
    password: Password


@dataclass(frozen=True)
class OpenNonFiscal(Command[OperatorReply]):
    """E2h: a document without fiscal force."""

    CODE = 0xE2
    password: Password


@dataclass(frozen=True)
class CloseNonFiscal(Command[OperatorReply]):
    """E3h."""

    CODE = 0xE3
    password: Password


@dataclass(frozen=True)
class PrintRequisite(Command[OperatorReply]):
    """E4h: a requisite of the receipt, by number and text."""

    CODE = 0xE4
    password: Password
    requisite: Byte
    text: Annotated[str, RestText()]


@dataclass(frozen=True)
class LoadGraphics(Command[OperatorReply]):
    """C0h: one line of a picture, 40 bytes = 320 dots."""

    CODE = 0xC0
    password: Password
    line: Byte
    dots: Annotated[bytes, Raw(40)]


@dataclass(frozen=True)
class PrintGraphics(Command[OperatorReply]):
    """C1h: the lines from `first` to `last`."""

    CODE = 0xC1
    password: Password
    first: Byte
    last: Byte


@dataclass(frozen=True)
class PrintEan13(Command[OperatorReply]):
    """C2h: an EAN-13 without its check digit, as a number."""

    CODE = 0xC2
    password: Password
    number: Annotated[int, UInt(5)]


@dataclass(frozen=True)
class PrintGraphicsRange(Command[OperatorReply]):
    """C3h: like C1h with two-byte line numbers; newer models add print flags."""

    CODE = 0xC3
    password: Password
    first: Word
    last: Word
    flags: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class LoadGraphicsLine(Command[OperatorReply]):
    """C4h: one line of a picture with a two-byte number, 40 bytes."""

    CODE = 0xC4
    password: Password
    line: Word
    dots: Annotated[bytes, Raw(40)]


@dataclass(frozen=True)
class PrintRasterLine(Command[OperatorReply]):
    """C5h: a raster line, printed `repeat` times."""

    CODE = 0xC5
    password: Password
    repeat: Word
    dots: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class PrintBarcode(Command[OperatorReply]):
    """CBh: a one-dimensional barcode."""

    CODE = 0xCB
    password: Password
    height: Byte
    width: Byte
    text_position: Byte
    text_font: Byte
    kind: Byte
    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class LoadBlock(Command[OperatorReply]):
    """DDh: 64 bytes of the data that DEh prints."""

    CODE = 0xDD
    password: Password
    kind: Byte
    block: Byte
    data: Annotated[bytes, Raw(64)]


@dataclass(frozen=True)
class PrintMatrixCode(Command[OperatorReply]):
    """DEh: a two-dimensional code from the loaded blocks. `kind` 0 PDF417, 1 DataMatrix, 2 Aztec, 3 QR; for
    QR the parameters are version (0 = automatic), mask, dot size 3…8, unused, error correction 0…3."""

    CODE = 0xDE
    password: Password
    kind: Byte
    length: Word
    first_block: Byte
    parameters: Annotated[tuple[int, ...], UInts(1, 5)]
    align: Byte
