"""What the results of tasks say, as ours. Pure: JSON objects in, values out; ValueError for what makes no sense.

Numbers come as int, Decimal, or text of digits: versions of the vendor's driver differ. Nothing that is missing is
guessed: what must be there and is not is a ValueError, which the driver tells as a protocol error or an unknown
outcome.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.devices.atol.receipts import TASKS, TAX_SYSTEMS
from posapp.devices.base import (
    CashTotals,
    Counted,
    Ffd,
    KindCounters,
    Named,
    Paper,
    ShiftCounters,
    StorageHealth,
    StoragePhase,
)
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind, Shift, ShiftState
from posapp.domain.money import Money, decimal_of
from posapp.domain.receipt import TaxSystem, TenderKind
from posapp.domain.registration import FNS_SITE, Registration
from posapp.domain.settlement import KEY_PROPERTY, is_key

SETTLEMENTS = frozenset((DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION))
_FORMS = {
    "registration": DocumentType.REGISTRATION,
    "openShift": DocumentType.SHIFT_OPEN,
    "receipt": DocumentType.RECEIPT,
    "bso": DocumentType.BSO,
    "closeShift": DocumentType.SHIFT_CLOSE,
    "closeArchive": DocumentType.STORAGE_CLOSE,
    "changeRegistrationParameters": DocumentType.REREGISTRATION,
    "ofdExchangeStatus": DocumentType.EXCHANGE_REPORT,
    "receiptCorrection": DocumentType.CORRECTION,
    "bsoCorrection": DocumentType.BSO_CORRECTION,
}
"""`fiscalDocumentType`."""
_OF_RECEIPTS = {
    DocumentType.RECEIPT: (DocumentType.RECEIPT, DocumentType.BSO),
    DocumentType.CORRECTION: (DocumentType.CORRECTION, DocumentType.BSO_CORRECTION),
}
_SHIFTS = {"closed": ShiftState.CLOSED, "opened": ShiftState.OPEN, "expired": ShiftState.EXPIRED}
_FORMATS = {
    "1.05": Ffd.V1_05, "105": Ffd.V1_05, "1.1": Ffd.V1_1, "1.10": Ffd.V1_1, "110": Ffd.V1_1,
    "1.2": Ffd.V1_2, "1.20": Ffd.V1_2, "120": Ffd.V1_2,
}  # fmt: skip
_COUNTED = {
    TenderKind.CASH: "cash",
    TenderKind.CASHLESS: "electronically",
    TenderKind.PREPAID: "prepaid",
    TenderKind.CREDIT: "credit",
    TenderKind.OTHER: "other",
}


DIGITS_MAX = 18
"""What is longer is no number of a register: it would fit into no table either."""


def inside(result: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name."""
    found = result.get(name)
    if not isinstance(found, Mapping):
        raise ValueError(f"no {name} in the result")
    return found


def number(value: object) -> int:
    """A whole number, also as text of digits or a Decimal without a fraction."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) <= DIGITS_MAX:
        return int(value.strip())
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if type(value) is int:
        return value
    raise ValueError(f"not a whole number: {value!r}")


def digits(value: object) -> str:
    """A number of a register or storage as text of digits, zeros in front kept."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not a number of a register: {value!r}")
    return text


def money(value: object) -> Money:
    """Roubles of a counter, exactly to the kopeck. Never more digits than two: then it was no sum."""
    roubles = decimal_of(value) if isinstance(value, (Decimal, int, str)) and not isinstance(value, bool) else None
    if roubles is None or abs(roubles.adjusted()) >= DIGITS_MAX - 2 or roubles != round(roubles, 2):
        raise ValueError(f"not a sum: {value!r}")
    return Money(int(roubles.scaleb(2)))


def moment(value: object) -> datetime | None:
    """Wall-clock time as the register shows it: the zone that the driver adds is cut off."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None


def text(value: object) -> str:
    """A text, "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


# ------------------------------------------------------------------------------------------------ the register


def shift_of(result: Mapping[str, Any]) -> Shift:
    """`getShiftStatus`; the number of a closed shift is that of the last one."""
    told = inside(result, "shiftStatus")
    state = _SHIFTS.get(text(told.get("state")))
    if state is None:
        raise ValueError(f"state of the shift {told.get('state')!r}")
    return Shift(state, number(told.get("number")))


def format_of(result: Mapping[str, Any]) -> Ffd:
    """`getDeviceInfo`."""
    told = str(inside(result, "deviceInfo").get("ffdVersion"))
    found = _FORMATS.get(told)
    if found is None:
        raise ValueError(f"ffdVersion {told[:20]!r}")
    return found


def registration_of(result: Mapping[str, Any], factory_number: str) -> Registration:
    """`getRegistrationInfo`: what the register prints of itself."""
    shop, device = inside(result, "organization"), inside(result, "device")
    return Registration(
        user=text(shop.get("name")),
        inn=text(shop.get("vatin")),
        address=text(shop.get("address")),
        place=text(device.get("paymentsAddress")),
        fns_site=text(device.get("fnsUrl")) or FNS_SITE,
        sender=text(shop.get("email")),
        factory_number=factory_number,
    )


def tax_systems_of(result: Mapping[str, Any]) -> tuple[TaxSystem, ...]:
    """The registered ones."""
    told = inside(result, "organization").get("taxationTypes")
    names = set(told) if isinstance(told, Sequence) and not isinstance(told, str) else set()
    return tuple(each for each, name in TAX_SYSTEMS.items() if name in names)


def paper_of(result: Mapping[str, Any], *, is_unprinted: bool) -> Paper:
    """`getDeviceStatus`. `is_unprinted`: a document of ours was made and has not come out whole."""
    told = inside(result, "deviceStatus")
    if told.get("coverOpened") is True:
        return Paper.COVER_OPEN
    if told.get("paperPresent") is not True:
        return Paper.OUT_WHILE_PRINTING if is_unprinted else Paper.OUT
    return Paper.WAITS_CONTINUE if is_unprinted else Paper.OK


_PHASES = {
    "init": StoragePhase.CONFIGURED,
    "configured": StoragePhase.CONFIGURED,
    "fiscalMode": StoragePhase.FISCAL,
    "postFiscalMode": StoragePhase.CLOSED,
    "accessArchive": StoragePhase.ARCHIVE,
}


def health_of(info: Mapping[str, Any], status: Mapping[str, Any], ofd: Mapping[str, Any]) -> StorageHealth:
    """`getFnInfo`, `getFnStatus` and `ofdExchangeStatus`."""
    about, warned = inside(info, "fnInfo"), inside(status, "fnStatus").get("warnings")
    flags = warned if isinstance(warned, Mapping) else {}
    told = ofd.get("status")
    queue = told if isinstance(told, Mapping) else {}
    unsent = number(queue["notSentCount"]) if "notSentCount" in queue else None
    expires = moment(about.get("validityDate"))
    return StorageHealth(
        storage_number=digits(about.get("serial")),
        phase=_PHASES.get(text(about.get("livePhase")), StoragePhase.UNKNOWN),
        expires=None if expires is None else expires.date(),
        is_ending=flags.get("needReplacement") is True,
        is_ending_soon=flags.get("resourceExhausted") is True,
        is_nearly_full=flags.get("memoryOverflow") is True,
        is_ofd_late=flags.get("ofdTimeout") is True,
        is_critical=flags.get("criticalError") is True,
        unsent=unsent,
        oldest_unsent=number(queue["notSentFirstDocNumber"]) if unsent and "notSentFirstDocNumber" in queue else None,
        oldest_unsent_at=moment(queue.get("notSentFirstDocDateTime")) if unsent else None,
    )


# ------------------------------------------------------------------------------------------------ documents


@dataclass(frozen=True, slots=True)
class Fiscal:
    """`fiscalParams` of a task that made a document, and whether it still waits for paper.

    A mark is built from the storage, never from this: it only says which number to look up.
    """

    number: int
    sign: str
    storage_number: str
    registration_number: str
    is_unprinted: bool
    is_recovered: bool
    """The document was found by its number after the answer had been lost: it may be anybody's."""

    @property
    def named(self) -> Named:
        """What of it speaks against "not made"."""
        return Named(self.number, self.storage_number, self.registration_number, self.is_recovered)


def fiscal_of(result: Mapping[str, Any]) -> Fiscal:
    """Every field that the proof compares must be there."""
    told, given = inside(result, "fiscalParams"), result.get("warnings")
    warned: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    return Fiscal(
        number=number(told.get("fiscalDocumentNumber")),
        sign=str(int(digits(told.get("fiscalDocumentSign")))),
        storage_number=digits(told.get("fnNumber")),
        registration_number=digits(told.get("registrationNumber")),
        is_unprinted=warned.get("notPrinted") is True,
        is_recovered=warned.get("recovered") is True,
    )


def is_form_of(form: int, asked: DocumentType) -> bool:
    """Whether a document of this form can be what was asked for; a register of strict forms makes those instead."""
    return form in _OF_RECEIPTS.get(asked, (asked,))


def document_of(result: Mapping[str, Any], asked: int) -> FiscalDocument:
    """`getFnDocument`. Whole only when the raw TLV was read to its end and is of this very number: with an outer tag
    its length says so, without one every tag that the driver names beside it must be there.

    Without it kind and total come from the tags that the driver tells by name; the absence of a stamp then proves
    nothing.
    """
    told = result.get("documentTLV")
    tags = told if isinstance(told, Mapping) else {}
    form, entries, tlv = _raw(result, tags)

    def value(tag: int) -> object:
        entry = ffd.find(entries, tag)
        return None if entry is None else entry.value

    settles = form in SETTLEMENTS
    number_there, sign, kind, total, at = value(1040), value(1077), value(1054), value(1020), value(1012)
    if not isinstance(sign, int) or not isinstance(at, datetime):
        return _short(tags, form, asked)
    if number_there != asked:
        raise ValueError(f"document {number_there} instead of {asked}")
    return FiscalDocument(
        number=asked,
        type=form,
        sign=str(sign),
        at=at,
        kind=ReceiptKind(kind) if settles and isinstance(kind, int) else None,
        total=Money(total) if settles and isinstance(total, int) else None,
        shift_number=_int(value(1038)),
        receipt_number=_int(value(1042)),
        stamp=_stamp(entries),
        whole=True,
        tlv=tlv,
    )


def _raw(result: Mapping[str, Any], tags: Mapping[str, Any]) -> tuple[int, tuple[ffd.Entry, ...], bytes]:
    """Form, tags and bytes (with the outer tag) of the raw document; no tags when it is not there whole."""
    form = _FORMS.get(text(tags.get("fiscalDocumentType")) or text(result.get("type")), 0)
    encoded = result.get("rawData")
    if not isinstance(encoded, str) or not encoded or tags.get("short") is True:
        return form, (), b""
    try:
        document = ffd.read_document(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ffd.BadTlv):
        return form, (), b""
    if form and document.form and document.form != form:
        return form, (), b""
    if document.form is None and not _has_all(document.entries, tags):
        return form, (), b""
    found = document.form or form or _form_by({each.tag for each in document.entries})
    return found, document.entries, ffd.wrap(found, ffd.encode_entries(document.entries))


def _form_by(tags: Set[int]) -> int:
    """What a document of an unknown name is taken for: what has a kind settles something. 0: it settles nothing."""
    if 1054 not in tags:
        return 0
    return DocumentType.CORRECTION if 1173 in tags else DocumentType.RECEIPT


def _has_all(entries: tuple[ffd.Entry, ...], tags: Mapping[str, Any]) -> bool:
    """Whether no tag that the driver names is missing: without an outer tag a document that is cut looks whole."""
    named = {int(each) for each in tags if each.isascii() and each.isdigit()}
    return bool(named) and named <= {entry.tag for entry in entries}


def _short(tags: Mapping[str, Any], form: int, asked: int) -> FiscalDocument:
    """A document of which the storage has only the short form left. Raises ValueError when even that is not told."""
    at = moment(tags.get("1012"))
    if number(tags.get("1040")) != asked or at is None:
        raise ValueError(f"document {asked} cannot be read")
    form = form or _form_by({int(each) for each in tags if each.isascii() and each.isdigit()})
    settles = form in SETTLEMENTS
    return FiscalDocument(
        number=asked,
        type=form,
        sign=str(number(tags.get("1077"))),
        at=at,
        kind=_kind(tags.get("1054")) if settles else None,
        total=money(tags.get("1020")) if settles and "1020" in tags else None,
        shift_number=number(tags["1038"]) if "1038" in tags else None,
        receipt_number=number(tags["1042"]) if "1042" in tags else None,
        stamp=None,
        whole=False,
    )


def _kind(value: object) -> ReceiptKind | None:
    """Tag 1054 as a number or in the words of the tasks."""
    if value is None:
        return None
    named = {name: kind for kind, name in TASKS.items()}
    return named[value] if isinstance(value, str) and value in named else ReceiptKind(number(value))


def _stamp(entries: tuple[ffd.Entry, ...]) -> str | None:
    """What carries our key: 1086 under our name, else 1192 where that has the form of a key."""
    name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
    if name is not None and value is not None and name.value == KEY_PROPERTY and isinstance(value.value, str):
        return value.value
    bare = ffd.find(entries, 1192)
    found = bare.value.strip() if bare is not None and isinstance(bare.value, str) else ""
    return found if is_key(found) else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


# ------------------------------------------------------------------------------------------------ counters


def cash_totals_of(result: Mapping[str, Any], *, is_witnessed: bool) -> CashTotals:
    """`getShiftTotals`: the drawer, and what went in and out in the shift."""
    told = inside(result, "shiftTotals")
    ins, outs = inside(told, "income"), inside(told, "outcome")
    return CashTotals(
        drawer=money(inside(told, "cashDrawer").get("sum")),
        cash_in=money(ins.get("sum")),
        cash_out=money(outs.get("sum")),
        in_count=number(ins.get("count")),
        out_count=number(outs.get("count")),
        is_witnessed=is_witnessed,
    )


def counters_of(result: Mapping[str, Any], kinds: Sequence[ReceiptKind]) -> ShiftCounters:
    """`getShiftTotals` by kind and tender. Corrections are there only where the driver counts them apart."""
    told = inside(result, "shiftTotals")
    receipts, totals = inside(told, "receipts"), cash_totals_of(result, is_witnessed=False)
    return ShiftCounters(
        shift_number=number(told.get("shiftNumber")),
        receipts={kind: _counters(inside(receipts, TASKS[kind])) for kind in kinds},
        corrections={
            kind: _counted(inside(receipts, f"{TASKS[kind]}Correction"))
            for kind in kinds
            if f"{TASKS[kind]}Correction" in receipts
        },
        drawer=totals.drawer,
        cash_in=totals.cash_in,
        cash_out=totals.cash_out,
    )


def _counted(told: Mapping[str, Any]) -> Counted:
    return Counted(number(told.get("count")), money(told.get("sum")))


def _counters(told: Mapping[str, Any]) -> KindCounters:
    paid, counted = inside(told, "payments"), _counted(told)
    tenders = {kind: money(paid.get(name, 0)) for kind, name in _COUNTED.items()}
    return KindCounters(counted.count, counted.total, tenders)
