"""АТОЛ commands of the fiscal storage: A4h with the storage's own command behind it. Binary, little-endian.

The answers are the storage's own, after ``55 00``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from posapp.devices.atol.layout import BinaryDate, BinaryMoment, Byte, Command, Dword, Reply, Word
from posapp.devices.fields import Ascii, Rest

SETTLEMENTS: Final = frozenset((3, 4, 31, 41))
"""Forms of documents that carry a kind and a total."""


@dataclass(frozen=True)
class StorageStatusReply(Reply):
    """Answer to A4 30.

    `life_phase`: 1 configured, 3 fiscal, 7 closed, 15 archive. `current_document`: 0 none, 4 receipt, 2, 8 a shift
    `warnings`: 0 replace within 3 days, 1 within 30 days, 2 memory 90 %, 3 the OFD does not answer.
    """

    life_phase: Byte
    current_document: Byte
    has_document_data: Byte
    is_shift_open: Byte
    warnings: Byte
    last_document_at: Annotated[datetime | None, BinaryMoment("YMDhm")]
    storage_number: Annotated[str, Ascii(16)]
    last_document_number: Dword


@dataclass(frozen=True)
class StorageStatus(Command[StorageStatusReply]):
    """A4 30."""

    CODE = 0xA430


@dataclass(frozen=True)
class StorageNumberReply(Reply):
    """Answer to A4 31."""

    storage_number: Annotated[str, Ascii(16)]


@dataclass(frozen=True)
class StorageNumber(Command[StorageNumberReply]):
    """A4 31."""

    CODE = 0xA431


@dataclass(frozen=True)
class StorageExpiryReply(Reply):
    """Answer to A4 32: until when its keys are good; what follows is the storage's and passed on."""

    expires: Annotated[date | None, BinaryDate()]
    more: Annotated[bytes, Rest()] = b""


@dataclass(frozen=True)
class StorageExpiry(Command[StorageExpiryReply]):
    """A4 32."""

    CODE = 0xA432


@dataclass(frozen=True)
class StorageVersionReply(Reply):
    """Answer to A4 33: `kind` 0 a debug storage, 1 a serial one."""

    version: Annotated[str, Ascii(16)]
    kind: Byte


@dataclass(frozen=True)
class StorageVersion(Command[StorageVersionReply]):
    """A4 33."""

    CODE = 0xA433


@dataclass(frozen=True)
class OfdStatusReply(Reply):
    """Answer to A4 20: `state` bits 0 connected, 1 has a message; how many wait, which is the first, since when."""

    state: Byte
    is_reading: Byte
    unsent: Word
    first_number: Dword
    first_at: Annotated[datetime | None, BinaryMoment("YMDhm")]


@dataclass(frozen=True)
class OfdStatus(Command[OfdStatusReply]):
    """A4 20."""

    CODE = 0xA420


@dataclass(frozen=True)
class FindDocumentReply(Reply):
    """Answer to A4 40: form, whether the OFD has it, time, number, sign, and what the form adds.

    `details` of settlements (`SETTLEMENTS`): kind (1054, one byte) and total (five bytes).
    """

    document_type: Byte
    has_ofd_ticket: Byte
    made_at: Annotated[datetime | None, BinaryMoment("YMDhm")]
    document_number: Dword
    document_sign: Dword
    details: Annotated[bytes, Rest()]

    @property
    def kind(self) -> int | None:
        """Tag 1054 of a settlement."""
        return self.details[0] if self._is_settlement else None

    @property
    def total_kopecks(self) -> int | None:
        """Tag 1020 of a settlement."""
        return int.from_bytes(self.details[1:6], "little") if self._is_settlement else None

    @property
    def _is_settlement(self) -> bool:
        return self.document_type in SETTLEMENTS and len(self.details) >= 6


@dataclass(frozen=True)
class FindDocument(Command[FindDocumentReply]):
    """A4 40."""

    CODE = 0xA440
    document_number: Dword


@dataclass(frozen=True)
class RequestDocumentReply(Reply):
    """Answer to A4 45: the document's form and how many bytes its TLV has."""

    document_type: Word
    length: Word


@dataclass(frozen=True)
class RequestDocument(Command[RequestDocumentReply]):
    """A4 45: begins the reading of a whole document."""

    CODE = 0xA445
    document_number: Dword


@dataclass(frozen=True)
class ReadDocumentReply(Reply):
    """Answer to A4 46: the next piece."""

    data: Annotated[bytes, Rest(1)]


@dataclass(frozen=True)
class ReadDocument(Command[ReadDocumentReply]):
    """A4 46: DAh (no data) when there is no more."""

    CODE = 0xA446
