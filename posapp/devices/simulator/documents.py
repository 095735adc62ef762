"""The fiscal storage of a simulated register: numbered documents, kept whole as TLV (FFD 1.05 or 1.2).

Every document takes the next number, carries the storage's sign (1077) and the version of its format (1209) and never
changes. Document forms: 1 registration, 2 shift open, 3 receipt, 4 strict form (БСО), 5 shift close, 21 exchange
report, 31 correction, 41 correction of a strict form.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.base import Ffd
from posapp.devices.simulator.identity import FIRMWARE, Identity
from posapp.domain import ffd
from posapp.domain.settlement import Stamp, is_key

REGISTRATION, SHIFT_OPEN, RECEIPT, SHIFT_CLOSE, EXCHANGE_REPORT, CORRECTION = 1, 2, 3, 5, 21, 31
STRICT_FORM, STRICT_CORRECTION = 4, 41
SETTLEMENTS = frozenset((RECEIPT, CORRECTION, STRICT_FORM, STRICT_CORRECTION))

BAD_TIME, SHIFT_TOO_LONG, CLOCK_DRIFT, OFD_TOO_LATE, TOO_LONG, NO_DATA = 0x07, 0x16, 0x17, 0x15, 0x10, 0x08
EXPIRED, FULL = 0x05, 0x14

SHIFT_LENGTH = timedelta(hours=24)
OFD_PATIENCE = timedelta(days=30)
OFD_DELAY = timedelta(seconds=30)
"""How long after a document its ticket from the simulated OFD comes."""
DRIFT = timedelta(minutes=5)
STORAGE_TERM = timedelta(days=1110)
"""36 months, as a storage for services has them, and a little over."""
CAPACITY = 230_000
"""How many documents a storage has room for."""
BODY_MAX = 30 * 1024
SENDER = "chek@example.com"
"""Tag 1117: from which address the OFD sends receipts to buyers."""


class StorageRefusal(Exception):
    """The storage refuses; `code` is its error byte."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}h")
        self.code = code


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document. `kind` (1054), `total_kopecks` and `receipt_number` are None where its form has none; `tlv` is the
    whole document with its outer tag; `key` is our own programs' key at the end of 1086, or in 1192."""

    number: int
    form: int
    at: datetime
    sign: int
    shift_number: int
    tlv: bytes
    kind: int | None = None
    total_kopecks: int | None = None
    receipt_number: int | None = None

    @property
    def body(self) -> bytes:
        """The TLV without the outer tag."""
        return self.tlv[4:]

    @property
    def key(self) -> str | None:
        """The receipt's own key: the end of 1086 when 1085 is `posapp`, else 1192 when that has the form of a key."""
        entries = ffd.decode(self.body)
        name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
        if name is not None and value is not None and name.value == "posapp":
            stamp = Stamp.parse(str(value.value))
            return str(value.value).rsplit("·", 1)[-1] if stamp is None else stamp.key
        bare = ffd.find(entries, 1192)
        text = str(bare.value).strip() if bare is not None else ""
        return text if is_key(text) else None

    def qr(self, storage_number: str) -> str | None:
        """The QR text of a receipt; None for other documents."""
        if self.total_kopecks is None:
            return None
        roubles, kopecks = divmod(self.total_kopecks, 100)
        return (
            f"t={self.at:%Y%m%dT%H%M}&s={roubles}.{kopecks:02d}&fn={storage_number}"
            f"&i={self.number}&fp={self.sign}&n={self.kind}"
        )

    def as_json(self) -> dict[str, Any]:
        """The object of `/_sim/documents`."""
        return {
            "number": self.number,
            "type": self.form,
            "kind": self.kind,
            "total_kopecks": self.total_kopecks,
            "sign": str(self.sign),
            "at": self.at.isoformat(timespec="seconds"),
            "shift": self.shift_number,
            "key": self.key,
            "tlv": base64.b64encode(self.tlv).decode("ascii"),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StoredDocument:
        """The reverse of `as_json`."""
        tlv = base64.b64decode(data["tlv"])
        receipt_number = ffd.find(ffd.decode(tlv[4:]), 1042) if data["type"] in SETTLEMENTS else None
        return cls(
            number=data["number"],
            form=data["type"],
            at=datetime.fromisoformat(data["at"]),
            sign=int(data["sign"]),
            shift_number=data["shift"],
            tlv=tlv,
            kind=data["kind"],
            total_kopecks=data["total_kopecks"],
            receipt_number=int(str(receipt_number.value)) if receipt_number else None,
        )


@dataclass(slots=True)
class Shift:
    """The storage's shift; `number` and `receipts` stay after it is closed."""

    number: int = 0
    receipts: int = 0
    opened_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether receipts may be made, its age aside."""
        return self.opened_at is not None

    def is_expired(self, at: datetime) -> bool:
        """Whether it has been open for 24 hours."""
        return self.opened_at is not None and at - self.opened_at >= SHIFT_LENGTH


class FiscalStorage:
    """Documents, shift, and the OFD's tickets. `at` is always the register's clock, minutes count."""

    def __init__(self, identity: Identity, version: Ffd = Ffd.V1_05) -> None:
        self.identity = identity
        self.version = version
        self.documents: list[StoredDocument] = []
        self.shift = Shift()
        self.confirmed = 0
        """Documents up to this number have the OFD's ticket."""
        self.is_ofd_up = True
        self.capacity = CAPACITY
        """The last place is kept for the report that closes the shift."""
        self.drift_base = 0.0
        """The clock's offset, seconds, at the last document: how the storage notices that someone moved it."""

    @property
    def last_number(self) -> int:
        """The number of the last document, 0 before registration."""
        return len(self.documents)

    @property
    def unconfirmed(self) -> int:
        """How many documents wait for the OFD."""
        return self.last_number - self.confirmed

    def find(self, number: int) -> StoredDocument | None:
        """A document by its number."""
        return self.documents[number - 1] if 1 <= number <= self.last_number else None

    def waiting(self) -> list[StoredDocument]:
        """The documents without a ticket, the oldest first."""
        return self.documents[self.confirmed :]

    def days_left(self, at: datetime) -> int:
        """Tag 1213: how many days its keys are still good for."""
        return max(0, (self.documents[0].at + STORAGE_TERM - at).days) if self.documents else STORAGE_TERM.days

    def first_unconfirmed(self) -> StoredDocument | None:
        """The oldest document without a ticket."""
        return self.find(self.confirmed + 1)

    def receive_tickets(self, at: datetime) -> None:
        """The OFD has answered whatever was sent long enough ago."""
        while self.is_ofd_up and (first := self.first_unconfirmed()) and first.at + OFD_DELAY <= at:
            self.confirmed = first.number

    def check(self, form: int, at: datetime, clock_offset_s: float) -> None:
        """The storage's own rules for a new document. Raises StorageRefusal, nothing is changed."""
        last = self.documents[-1] if self.documents else None
        if last is not None and _minute(at) < _minute(last.at):
            raise StorageRefusal(BAD_TIME)
        if form in SETTLEMENTS or form == SHIFT_OPEN:
            self._check_life(form, at)
        if form == SHIFT_OPEN:
            return
        if last is not None and abs(clock_offset_s - self.drift_base) > DRIFT.total_seconds():
            raise StorageRefusal(CLOCK_DRIFT)
        first = self.first_unconfirmed()
        if form != SHIFT_CLOSE and first is not None and at - first.at > OFD_PATIENCE:
            raise StorageRefusal(OFD_TOO_LATE)
        if form in SETTLEMENTS and self.shift.is_expired(at):
            raise StorageRefusal(SHIFT_TOO_LONG)

    def _check_life(self, form: int, at: datetime) -> None:
        """Neither its keys have ended nor its memory: then there are no receipts, and a shift can only be closed."""
        if form in SETTLEMENTS and at >= self.documents[0].at + STORAGE_TERM:
            raise StorageRefusal(EXPIRED)
        if self.last_number + 1 >= self.capacity:
            raise StorageRefusal(FULL)

    @property
    def is_nearly_full(self) -> bool:
        """Whether nine tenths of it are taken."""
        return self.last_number * 10 >= self.capacity * 9

    def add(
        self,
        form: int,
        at: datetime,
        clock_offset_s: float,
        content: Callable[[], bytes],
        kind: int | None = None,
        total_kopecks: int | None = None,
    ) -> StoredDocument:
        """Makes a document: `content` are its own tags, put behind the head that all documents share.

        The shift must already be as the document tells it. Raises StorageRefusal when the rules forbid it.
        """
        self.check(form, at, clock_offset_s)
        receipt_number = self.shift.receipts + 1 if form in SETTLEMENTS else None
        number = self.last_number + 1
        head = [(1041, self.identity.storage_number), (1037, self.identity.registration_number)]
        head.append((1018, self.identity.inn))
        before = ffd.encode_all([*head, (1040, number), (1012, at.replace(second=0, microsecond=0))])
        after = content() + ffd.encode(1209, self.version.value)
        if len(before) + len(after) + 10 > BODY_MAX:
            raise StorageRefusal(TOO_LONG)
        sign = self._sign(form, before + after)
        document = StoredDocument(
            number=number,
            form=form,
            at=at.replace(second=0, microsecond=0),
            sign=sign,
            shift_number=self.shift.number,
            tlv=ffd.wrap(form, before + ffd.encode(1077, ffd.sign_bytes(sign)) + after),
            kind=kind,
            total_kopecks=total_kopecks,
            receipt_number=receipt_number,
        )
        self.documents.append(document)
        self.drift_base = clock_offset_s
        if receipt_number is not None:
            self.shift.receipts = receipt_number
        return document

    def _sign(self, form: int, body: bytes) -> int:
        """The sign: a keyed hash in place of the storage's own cryptography; never zero."""
        digest = hmac.new(self.identity.storage_number.encode(), bytes((form,)) + body, hashlib.sha256).digest()
        return int.from_bytes(digest[:4], "big") or 1

    def register(self, at: datetime) -> None:
        """Makes the registration report, document 1, of a new storage."""
        self.add(REGISTRATION, at, 0.0, lambda: ffd.encode_all(self._registration()))

    def _registration(self) -> list[tuple[int, ffd.Value]]:
        """The tags of the registration report. Modes are single tags; in FFD 1.2 all but three are in 1290."""
        who = self.identity
        is_new = self.version is Ffd.V1_2
        modes = [(tag, 0) for tag in (1002, 1056, 1001, *(() if is_new else (1221, 1110, 1108, 1109)))]
        return [
            (1013, who.factory_number),
            (1048, who.user),
            (1009, who.address),
            (1187, who.place),
            (1021, "СИСТЕМНЫЙ АДМИНИСТРАТОР"),
            (1017, who.ofd_inn),
            (1046, who.ofd_name),
            (1060, "www.nalog.gov.ru"),
            (1117, SENDER),
            (1062, who.tax_systems),
            *modes,
            *([(1290, 0), (1213, STORAGE_TERM.days)] if is_new else []),
            (1188, FIRMWARE),
            (1189, self.version.value),
            (1190, self.version.value),
        ]

    def as_dict(self) -> dict[str, Any]:
        """What changes besides the documents, for the storage file."""
        opened_at = self.shift.opened_at.isoformat() if self.shift.opened_at else None
        return {
            "shift": [self.shift.number, self.shift.receipts, opened_at],
            "confirmed": self.confirmed,
            "drift_base": self.drift_base,
            "capacity": self.capacity,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """The reverse of `as_dict`."""
        number, receipts, opened_at = data["shift"]
        self.shift = Shift(number, receipts, datetime.fromisoformat(opened_at) if opened_at else None)
        self.confirmed, self.drift_base = data["confirmed"], data["drift_base"]
        self.capacity = data.get("capacity", CAPACITY)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
