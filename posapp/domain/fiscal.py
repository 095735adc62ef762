"""What proves fiscalization: the register's identity, its shift, its documents and the mark of one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from posapp.domain.money import Money

_DIGITS = re.compile("[0-9]+")


class ReceiptKind(IntEnum):
    """Признак расчёта, tag 1054."""

    SELL = 1
    SELL_REFUND = 2
    BUY = 3
    BUY_REFUND = 4


class DocumentType(IntEnum):
    """The number of a fiscal document's form, the outer tag of its TLV."""

    REGISTRATION = 1
    SHIFT_OPEN = 2
    RECEIPT = 3
    BSO = 4
    SHIFT_CLOSE = 5
    STORAGE_CLOSE = 6
    REREGISTRATION = 11
    EXCHANGE_REPORT = 21
    CORRECTION = 31
    BSO_CORRECTION = 41


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Which register and which fiscal storage: factory number, tag 1037, tag 1041 – digits as text, zeros kept."""

    factory_number: str
    registration_number: str
    storage_number: str

    def __post_init__(self) -> None:
        for text in (self.factory_number, self.registration_number, self.storage_number):
            if not _DIGITS.fullmatch(text):
                raise ValueError(f"not a number of a register or storage: {text!r}")

    @property
    def is_simulated(self) -> bool:
        """Debug storages carry numbers that begin with 9999; no real receipt can come from one."""
        return self.storage_number.startswith("9999")

    def __str__(self) -> str:
        return f"ККТ {self.factory_number}, ФН {self.storage_number}"


@dataclass(frozen=True, slots=True)
class FiscalMark:
    """The bundle that proves fiscalization.

    `document_number` 1040, `document_sign` 1077 as decimal text, `receipt_number` 1042, `shift_number` 1038,
    `storage_number` 1041, `registration_number` 1037, `printed_at` 1012 (local time, no zone).
    """

    document_number: int
    document_sign: str
    receipt_number: int
    shift_number: int
    storage_number: str
    registration_number: str
    printed_at: datetime

    def __post_init__(self) -> None:
        if self.document_number < 1 or self.receipt_number < 1 or self.shift_number < 1:
            raise ValueError("numbers of a fiscal document begin at 1")
        if not _DIGITS.fullmatch(self.document_sign) or int(self.document_sign) >= 1 << 32:
            raise ValueError(f"not a document sign: {self.document_sign!r}")
        if self.printed_at.tzinfo is not None:
            raise ValueError("tag 1012 is local time without a zone")

    def as_json(self) -> dict[str, object]:
        """The mark as the command line and the journal write it."""
        return {**asdict(self), "printed_at": self.printed_at.isoformat(timespec="seconds")}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> FiscalMark:
        """The reverse of `as_json`."""
        fields = dict(body)
        fields["printed_at"] = datetime.fromisoformat(str(fields["printed_at"]))
        return cls(**fields)  # type: ignore[arg-type]

    def qr(self, total: Money, kind: ReceiptKind) -> str:
        """The QR text of the receipt: `t, s, fn, i, fp, n` in the lawful order (FFD, section on QR)."""
        when = self.printed_at.strftime("%Y%m%dT%H%M")
        return (
            f"t={when}&s={total.roubles:.2f}&fn={self.storage_number}&i={self.document_number}"
            f"&fp={int(self.document_sign)}&n={kind.value}"
        )


class ShiftState(StrEnum):
    """Whether receipts may be made."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"  # older than 24 hours: only closing is allowed


@dataclass(frozen=True, slots=True)
class Shift:
    """The register's shift: its state, number (1038) and how many receipts it holds."""

    state: ShiftState
    number: int
    receipts: int = 0

    @property
    def is_open(self) -> bool:
        """Receipts may be made now."""
        return self.state is ShiftState.OPEN

    @property
    def is_expired(self) -> bool:
        """The shift has to be closed first."""
        return self.state is ShiftState.EXPIRED


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """A document read back from the fiscal storage.

    `kind`, `total` and `stamp` are None where the form has none. `whole` says that its TLV could be read to the end;
    without it the absence of a stamp proves nothing. `stamp` is the text of 1086 under our 1085, or what 1192 holds
    when that has the form of a key. `tlv` is the document with its outer tag as it was read, empty when it is not
    whole; the journal keeps a document without it.
    """

    number: int
    type: int
    sign: str
    at: datetime
    kind: ReceiptKind | None
    total: Money | None
    shift_number: int | None
    receipt_number: int | None
    stamp: str | None
    whole: bool
    tlv: bytes = field(default=b"", compare=False, repr=False)
