"""Commands of the fiscal storage (FFxx), all with the system administrator's password, none with an operator
number in the answer. Source: "Протокол ФР (Команды работы с ФН)" of the vendor; dates are ``YY MM DD``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from posapp.devices.fields import Ascii, Malformed, UInt
from posapp.devices.shtrih.layout import Byte, Command, DateTime5, DateYmd, Dword, Password, Reply, Rest, Word
from posapp.devices.shtrih.service_commands import Done

RECEIPT, STRICT_FORM, CORRECTION, STRICT_FORM_CORRECTION = 3, 4, 31, 41
SETTLEMENT_TYPES: Final = frozenset((RECEIPT, STRICT_FORM, CORRECTION, STRICT_FORM_CORRECTION))
"""Document types of FF0A that carry a kind and a total."""
SHIFT_TYPES: Final = frozenset((2, 5))
"""Document types of FF0A that carry a shift number."""


@dataclass(frozen=True)
class StorageStatusReply(Reply):
    """Answer to FF01.

    `life_phase`: 1 configured, 3 fiscal, 7 closed, 15 archive. `current_document`: 0 none, 1 registration,
    2 shift open, 4 receipt, 8 shift close, 14h correction, 17h exchange report. `warnings`: bit 0 replace
    within 3 days, 1 within 30 days, 2 memory 90 %, 3 the OFD does not answer.
    """

    life_phase: Byte
    current_document: Byte
    has_document_data: Byte
    is_shift_open: Byte
    warnings: Byte
    last_document_at: Annotated[datetime | None, DateTime5()]
    storage_number: Annotated[str, Ascii(16)]
    last_document_number: Dword


@dataclass(frozen=True)
class StorageStatus(Command[StorageStatusReply]):
    """FF01."""

    CODE = 0xFF01
    password: Password


@dataclass(frozen=True)
class StorageNumberReply(Reply):
    """Answer to FF02."""

    storage_number: Annotated[str, Ascii(16)]


@dataclass(frozen=True)
class StorageNumber(Command[StorageNumberReply]):
    """FF02."""

    CODE = 0xFF02
    password: Password


@dataclass(frozen=True)
class StorageExpiryReply(Reply):
    """Answer to FF03; old firmware tells the date only."""

    expires: Annotated[date | None, DateYmd()]
    registrations_left: Annotated[int | None, UInt(1)] = None
    registrations_done: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class StorageExpiry(Command[StorageExpiryReply]):
    """FF03."""

    CODE = 0xFF03
    password: Password


@dataclass(frozen=True)
class StorageVersionReply(Reply):
    """Answer to FF04: `kind` 0 debug storage, 1 serial."""

    version: Annotated[str, Ascii(16)]
    kind: Byte


@dataclass(frozen=True)
class StorageVersion(Command[StorageVersionReply]):
    """FF04."""

    CODE = 0xFF04
    password: Password


@dataclass(frozen=True)
class CancelStorageDocument(Command[Done]):
    """FF08: cancels the document that is open in the storage."""

    CODE = 0xFF08
    password: Password


@dataclass(frozen=True)
class RegistrationResultReply(Reply):
    """Answer to FF09: 47, 48 or (FFD 1.1 and later) 64 bytes of data.

    `tax_systems` is a mask of tag 1055; `work_mode` bits: 0 encryption, 1 autonomous, 2 automatic device,
    3 services, 4 strict forms, 5 internet. `more` is the byte of extended modes, in older firmware the reason
    of the last change.
    """

    OMITTED: ClassVar = {
        47: frozenset(("more", "ofd_inn", "reasons")),
        48: frozenset(("ofd_inn", "reasons")),
    }
    registered_at: Annotated[datetime | None, DateTime5()]
    inn: Annotated[str, Ascii(12)]
    registration_number: Annotated[str, Ascii(20)]
    tax_systems: Byte
    work_mode: Byte
    more: Annotated[int | None, UInt(1)] = None
    ofd_inn: Annotated[str | None, Ascii(12)] = None
    reasons: Annotated[int | None, UInt(4)] = None
    document_number: Dword = 0
    document_sign: Dword = 0


@dataclass(frozen=True)
class RegistrationResult(Command[RegistrationResultReply]):
    """FF09; `number` of the registration report, left out = the last one."""

    CODE = 0xFF09
    password: Password
    number: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class FindDocumentReply(Reply):
    """Answer to FF0A.

    `document_type`: 1 registration, 2 shift open, 3 receipt, 4 strict form, 5 shift close, 6 storage close,
    11 change of registration, 21 exchange report, 31 correction, 41 correction of a strict form. `details`
    depend on it: kind and total for settlements, the shift for shift documents.
    """

    document_type: Byte
    has_ofd_ticket: Byte
    printed_at: Annotated[datetime | None, DateTime5()]
    document_number: Dword
    document_sign: Dword
    details: Annotated[bytes, Rest(most=64)] = b""

    def check(self) -> None:
        """Only receipts and shift documents have details of one known length."""
        length = len(self.details)
        wrong_settlement = self.document_type in SETTLEMENT_TYPES and length != 6
        if wrong_settlement or (self.document_type in SHIFT_TYPES and length != 2):
            raise Malformed(f"a document of type {self.document_type} with {length} bytes of details")

    @property
    def kind(self) -> int | None:
        """Tag 1054 of a receipt or correction: 1 sale, 2 return of sale, 3 buy, 4 return of buy."""
        return self.details[0] if self.document_type in SETTLEMENT_TYPES else None

    @property
    def total_kopecks(self) -> int | None:
        """The total of a receipt or correction."""
        if self.document_type not in SETTLEMENT_TYPES:
            return None
        return int.from_bytes(self.details[1:6], "little")

    @property
    def shift_number(self) -> int | None:
        """The shift of a shift document."""
        return int.from_bytes(self.details, "little") if self.document_type in SHIFT_TYPES else None


@dataclass(frozen=True)
class FindDocument(Command[FindDocumentReply]):
    """FF0A: the essence of a document by its number; error 08h when there is none."""

    CODE = 0xFF0A
    password: Password
    document_number: Dword


@dataclass(frozen=True)
class ReadRegistrationTagReply(Reply):
    """Answer to FF0E."""

    tlv: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReadRegistrationTag(Command[ReadRegistrationTagReply]):
    """FF0E: one tag of the registration report `report` (1 = first); tag FFFFh: read all by FF3B."""

    CODE = 0xFF0E
    password: Password
    report: Byte
    tag: Word


@dataclass(frozen=True)
class OfdBufferReply(Reply):
    """Answer to FF30: bytes to read, and the longest block."""

    available: Word
    longest_block: Byte


@dataclass(frozen=True)
class OfdBuffer(Command[OfdBufferReply]):
    """FF30: what waits for the OFD."""

    CODE = 0xFF30
    password: Password


@dataclass(frozen=True)
class ReadOfdBufferReply(Reply):
    """Answer to FF31."""

    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class ReadOfdBuffer(Command[ReadOfdBufferReply]):
    """FF31."""

    CODE = 0xFF31
    password: Password
    offset: Word
    count: Byte


@dataclass(frozen=True)
class BeginOfdWriteReply(Reply):
    """Answer to FF32."""

    longest_block: Byte


@dataclass(frozen=True)
class BeginOfdWrite(Command[BeginOfdWriteReply]):
    """FF32: announces an answer of the OFD."""

    CODE = 0xFF32
    password: Password
    size: Word


@dataclass(frozen=True)
class WriteOfdBuffer(Command[Done]):
    """FF33."""

    CODE = 0xFF33
    password: Password
    offset: Word
    count: Byte
    data: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class BeginExchangeReport(Command[Done]):
    """FF37."""

    CODE = 0xFF37
    password: Password


@dataclass(frozen=True)
class ExchangeReportReply(Reply):
    """Answer to FF38."""

    document_number: Dword
    document_sign: Dword
    unconfirmed: Dword
    first_unconfirmed: Annotated[date | None, DateYmd()]


@dataclass(frozen=True)
class ExchangeReport(Command[ExchangeReportReply]):
    """FF38: the report of the exchange with the OFD, a fiscal document."""

    CODE = 0xFF38
    password: Password


@dataclass(frozen=True)
class OfdStatusReply(Reply):
    """Answer to FF39. `state` bits: 0 connected, 1 has a message, 2 waits for a receipt, 3 command from the
    OFD, 4 settings changed, 5 waits for an answer. The first message is None / 0 when the queue is empty."""

    state: Byte
    is_reading: Byte
    queued: Word
    first_document_number: Dword
    first_document_at: Annotated[datetime | None, DateTime5()]


@dataclass(frozen=True)
class OfdStatus(Command[OfdStatusReply]):
    """FF39."""

    CODE = 0xFF39
    password: Password


@dataclass(frozen=True)
class RequestDocumentReply(Reply):
    """Answer to FF3A: type of the document and length of its TLV."""

    document_type: Word
    length: Word


@dataclass(frozen=True)
class RequestDocument(Command[RequestDocumentReply]):
    """FF3A: begins to read a document; the device is in mode 1 until FF3B has answered 08h."""

    CODE = 0xFF3A
    password: Password
    document_number: Dword


@dataclass(frozen=True)
class ReadDocumentReply(Reply):
    """Answer to FF3B: one TLV of the document."""

    tlv: Annotated[bytes, Rest(least=1)]


@dataclass(frozen=True)
class ReadDocument(Command[ReadDocumentReply]):
    """FF3B: the next TLV; error 08h at the end."""

    CODE = 0xFF3B
    password: Password


@dataclass(frozen=True)
class OfdTicketReply(Reply):
    """Answer to FF3C."""

    ticket: Annotated[bytes, Rest()]


@dataclass(frozen=True)
class OfdTicket(Command[OfdTicketReply]):
    """FF3C: the OFD's ticket of a document; error 08h when there is none."""

    CODE = 0xFF3C
    password: Password
    document_number: Dword


@dataclass(frozen=True)
class UnconfirmedReply(Reply):
    """Answer to FF3F."""

    count: Word


@dataclass(frozen=True)
class Unconfirmed(Command[UnconfirmedReply]):
    """FF3F: documents without the OFD's ticket."""

    CODE = 0xFF3F
    password: Password


@dataclass(frozen=True)
class ShiftParametersReply(Reply):
    """Answer to FF40: `receipt_number` of the last receipt in this shift."""

    is_open: Byte
    shift_number: Word
    receipt_number: Word


@dataclass(frozen=True)
class ShiftParameters(Command[ShiftParametersReply]):
    """FF40."""

    CODE = 0xFF40
    password: Password


@dataclass(frozen=True)
class BeginOpenShift(Command[Done]):
    """FF41: tags of the shift open report follow by FF0C, then E0h or FF0B."""

    CODE = 0xFF41
    password: Password


@dataclass(frozen=True)
class BeginCloseShift(Command[Done]):
    """FF42: tags of the shift close report follow by FF0C, then 41h or FF43."""

    CODE = 0xFF42
    password: Password


@dataclass(frozen=True)
class StorageShiftReply(Reply):
    """Answer to FF0B and FF43."""

    shift_number: Word
    document_number: Dword
    document_sign: Dword


@dataclass(frozen=True)
class OpenShiftInStorageReply(StorageShiftReply):
    """Answer to FF0B."""


@dataclass(frozen=True)
class CloseShiftInStorageReply(StorageShiftReply):
    """Answer to FF43."""


@dataclass(frozen=True)
class OpenShiftInStorage(Command[OpenShiftInStorageReply]):
    """FF0B."""

    CODE = 0xFF0B
    REPLY_TIMEOUT_S = 120
    password: Password


@dataclass(frozen=True)
class CloseShiftInStorage(Command[CloseShiftInStorageReply]):
    """FF43."""

    CODE = 0xFF43
    REPLY_TIMEOUT_S = 65
    password: Password


@dataclass(frozen=True)
class SyncRegisters(Command[Done]):
    """FF62: synchronizes the register's counters with the storage."""

    CODE = 0xFF62
    password: Password


@dataclass(frozen=True)
class FreeMemoryReply(Reply):
    """Answer to FF63."""

    documents: Dword
    kilobytes: Dword
    """Kilobytes for documents that the storage keeps for 30 days."""


@dataclass(frozen=True)
class FreeMemory(Command[FreeMemoryReply]):
    """FF63."""

    CODE = 0xFF63
    password: Password


@dataclass(frozen=True)
class LongTlv(Command[Done]):
    """FF64: a part of a TLV that is too long for FF0C; many devices answer 37h."""

    CODE = 0xFF64
    password: Password
    data: Annotated[bytes, Rest()]
