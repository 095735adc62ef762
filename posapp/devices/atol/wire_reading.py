"""What the register tells by raw commands, as the result objects of the vendor's JSON tasks. Makes nothing.

Only what the raw protocol is known to tell is in a result; a field that is not known is missing, never made up.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from posapp.devices.atol import commands as c
from posapp.devices.atol.session import Session
from posapp.devices.atol.tasks import Lost, NotSent, TaskFailed
from posapp.devices.atol.wire_errors import NO_DATA_CODE, NO_MORE_DATA, code_of
from posapp.domain import ffd

Result = dict[str, Any]

SHIFT_STATES: Final = ("closed", "opened", "expired")
FORMATS: Final = {2: "1.05", 3: "1.1", 4: "1.2"}
_PHASES = {0: "init", 1: "configured", 3: "fiscalMode", 7: "postFiscalMode", 15: "accessArchive"}
_FORMS = {
    1: "registration",
    2: "openShift",
    3: "receipt",
    4: "bso",
    5: "closeShift",
    6: "closeArchive",
    11: "changeRegistrationParameters",
    21: "ofdExchangeStatus",
    31: "receiptCorrection",
    41: "bsoCorrection",
}
_PIECES_MAX, _READINGS_MAX = 4096, 4
_TAX_SYSTEMS = {1: "osn", 2: "usnIncome", 4: "usnIncomeOutcome", 16: "esn", 32: "patent"}
_KINDS = {"sell": (c.SELL, 0), "buy": (c.BUY, 1), "sellReturn": (c.SELL_RETURN, 2), "buyReturn": (c.BUY_RETURN, 3)}
"""Kind as in 92h, and its place in register 0Ch."""
_WAYS = {"cash": c.CASH, "electronically": c.CASHLESS, "prepaid": c.PREPAID, "credit": c.CREDIT, "other": c.OTHER}
_PRINTER_FAILED, _LINK_LOST = 0b100, 0b10

_LETTERS = str.maketrans({"$": "№", "№": "$", "\u00a0": "■"})
"""What АТОЛ's letters look like where CP866 was read."""

# Tag of the registration → where `getRegistrationInfo` has it.
_REGISTRATION = {
    1048: ("organization", "name"),
    1018: ("organization", "vatin"),
    1117: ("organization", "email"),
    1062: ("organization", "taxationTypes"),
    1009: ("organization", "address"),
    1037: ("device", "registrationNumber"),
    1060: ("device", "fnsUrl"),
    1187: ("device", "paymentsAddress"),
    1209: ("device", "ffdVersion"),
    1046: ("ofd", "name"),
    1017: ("ofd", "vatin"),
}


def roubles(kopecks: int) -> Decimal:
    """Kopecks as a number of a task."""
    return Decimal(kopecks).scaleb(-2)


def device_status(session: Session) -> Result:
    """3Fh, 45h, 91 12, A4 30."""
    status = session.ask(c.Status())
    state = session.ask(c.StateCode())
    shift = session.ask(c.ShiftState())
    storage = session.look(c.StorageStatus())
    told = {
        "currentDateTime": _iso(status.now),
        "shift": _shift_state(shift.state),
        "blocked": bool(state.printer & (_LINK_LOST | _PRINTER_FAILED)),
        "coverOpened": status.is_cover_open,
        "paperPresent": status.has_paper,
        "fiscal": status.is_fiscal,
        "fnFiscal": isinstance(storage, c.StorageStatusReply) and storage.life_phase == 3,
        "fnPresent": isinstance(storage, c.StorageStatusReply),
        "cashDrawerOpened": not status.flags & 0x04,
    }
    return {"deviceStatus": told}


def device_info(session: Session) -> Result:
    """A5h, 91 16, 91 18, 91 36."""
    info = session.ask(c.DeviceInfo())
    serial = session.ask(c.Serial())
    width = session.look(c.LineWidth())
    told: Result = {
        "model": info.model,
        "modelName": info.name,
        "serial": _serial_text(session, serial.number),
        "firmwareVersion": f"{info.major}.{info.minor}.{info.build}",
    }
    if isinstance(width, c.RawReply) and width.data:
        told["receiptLineLength"] = int(width.data[:1].hex()) if width.data[:1].hex().isdecimal() else 0
    version = ffd_version(session)
    if version:
        told["ffdVersion"] = version
    return {"deviceInfo": told}


def _serial_text(session: Session, number: int) -> str:
    """The factory number as it was registered (1013), which alone tells how many noughts it begins with."""
    registered = str(attribute(session, 1013) or "").strip()
    return registered if registered.isdecimal() and int(registered) == number else f"{number:014d}"


def ffd_version(session: Session) -> str:
    """`1.05`, `1.1`, `1.2`; "" when the register does not tell."""
    reply = session.look(c.Formats())
    return FORMATS.get(reply.data[0], "") if isinstance(reply, c.RawReply) and reply.data else ""


def shift_status(session: Session) -> Result:
    """91 12, 91 15."""
    shift = session.ask(c.ShiftState())
    state = _shift_state(shift.state)
    told: Result = {
        "state": state,
        "number": session.ask(c.LastShift()).number + (state != "closed"),
        "documentsCount": session.ask(c.Numbers()).receipt_number if state != "closed" else 0,
    }
    if shift.ends_at is not None:
        told["expiredTime"] = _iso(shift.ends_at)
    return {"shiftStatus": told}


def shift_totals(session: Session) -> Result:
    """Registers 03h, 04h, 05h, 08h, 09h, 0Ah, 0Ch, 41h: what the register has counted in the shift."""
    told: Result = {
        "shiftNumber": shift_status(session)["shiftStatus"]["number"],
        "cashDrawer": {"sum": roubles(session.ask(c.Drawer()).kopecks)},
        "income": {"count": _digits(session, c.CashInCount()), "sum": roubles(_digits(session, c.CashInSum()))},
        "outcome": {"count": _digits(session, c.CashOutCount()), "sum": roubles(_digits(session, c.CashOutSum()))},
        "receipts": {
            name: {
                "count": _digits(session, c.ReceiptsInShift(kind)),
                "sum": roubles(_digits(session, c.TotalsInShift(place))),
                "payments": {
                    way: roubles(_digits(session, c.PaymentsInShift(kind, number))) for way, number in _WAYS.items()
                },
            }
            for name, (kind, place) in _KINDS.items()
        },
    }
    return {"shiftTotals": told}


def _digits(session: Session, command: c.Command[c.RawReply]) -> int:
    """A register that is a number."""
    text = session.ask(command).data.hex()
    if not text.isdecimal():
        raise TaskFailed(5, f"not digits: {text}")
    return int(text)


def fn_status(session: Session) -> Result:
    """A4 30, 91 35."""
    number = last_document(session)
    storage = session.ask(c.StorageStatus())
    told = {
        "fiscalDocumentNumber": number,
        "fiscalReceiptNumber": session.ask(c.Numbers()).receipt_number,
        "warnings": _warnings(storage.warnings),
    }
    return {"fnStatus": told}


def fn_info(session: Session) -> Result:
    """A4 30, A4 32, A4 33."""
    storage = session.ask(c.StorageStatus())
    version = session.look(c.StorageVersion())
    expiry = session.look(c.StorageExpiry())
    told: Result = {
        "serial": storage.storage_number,
        "livePhase": _PHASES.get(storage.life_phase, "unknown"),
        "warnings": _warnings(storage.warnings),
    }
    if isinstance(version, c.StorageVersionReply):
        told |= {"version": version.version, "execution": "" if version.kind else "debug"}
    if isinstance(expiry, c.StorageExpiryReply) and expiry.expires is not None:
        told["validityDate"] = f"{expiry.expires.isoformat()}T00:00:00"
    format_name = ffd_version(session)
    if format_name:
        told["ffdVersion"] = format_name
    return {"fnInfo": told}


def _warnings(bits: int) -> dict[str, bool]:
    return {
        "criticalError": bool(bits & 0x80),
        "memoryOverflow": bool(bits & 0x04),
        "needReplacement": bool(bits & 0x01),
        "ofdTimeout": bool(bits & 0x08),
        "resourceExhausted": bool(bits & 0x02),
    }


def ofd_exchange(session: Session) -> Result:
    """A4 20."""
    told = session.ask(c.OfdStatus())
    status: Result = {"notSentCount": told.unsent, "notSentFirstDocNumber": told.first_number}
    if told.unsent and told.first_at is not None:
        status["notSentFirstDocDateTime"] = _iso(told.first_at)
    return {"status": status, "errors": {}}


def registration(session: Session) -> Result:
    """E9h for each tag; what the register does not tell is missing."""
    told: dict[str, Result] = {"organization": {}, "device": {}, "ofd": {}}
    for tag, (part, name) in _REGISTRATION.items():
        value = attribute(session, tag)
        if value is None:
            continue
        if tag == 1062 and isinstance(value, int):
            told[part][name] = [each for bit, each in _TAX_SYSTEMS.items() if value & bit]
        elif tag == 1209 and isinstance(value, int):
            told[part][name] = FORMATS.get(value, "")
        else:
            told[part][name] = str(value).strip()
    return told


def attribute(session: Session, tag: int) -> int | str | None:
    """E9h: a tag of the registration, in one block or several; None when the register does not tell it."""
    raw, block, blocks = b"", 0, 1
    while block < blocks:
        reply = session.look(c.ReadAttribute(tag, block))
        if isinstance(reply, c.ErrorReply):
            return None
        raw, blocks, block = raw + reply.tlv, max(reply.blocks, 1), block + 1
    try:
        entry = ffd.find(ffd.decode(raw), tag)
    except ffd.BadTlv as error:
        raise TaskFailed(5, str(error)) from error
    if entry is None or not isinstance(entry.value, (int, str)):
        return None
    return entry.value if isinstance(entry.value, int) else entry.value.translate(_LETTERS)


def find(session: Session, number: int) -> c.FindDocumentReply:
    """A4 40. TaskFailed 123 when there is no such document; Lost for an answer that is another document's."""
    reply = session.look(c.FindDocument(number))
    if isinstance(reply, c.ErrorReply):
        raise TaskFailed(code_of(reply.error), f"{reply.error:02X}h")
    if reply.document_number != number or reply.made_at is None:
        session.close()
        raise Lost(f"document {number} was asked for, {reply.document_number} was told")
    return reply


def fn_document(session: Session, task: Mapping[str, Any], just_made: int = 0) -> Result:
    """A4 40, A4 45 and 46. `documentTLV` has what A4 40 tells; `rawData` the TLV with its outer tag, while it is there.

    A TLV whose form or number is another document's is not told: another program may have asked between our pieces.
    `just_made`: the document that this way has made a moment ago, and proven; it is looked up to be found, so one
    reading is enough.
    """
    number = int(task["fiscalDocumentNumber"])
    found = find(session, number)
    raw = _read_tlv(session, number) if number == just_made else document_tlv(session, number)
    told: Result = {
        "fiscalDocumentType": _FORMS.get(found.document_type, ""),
        "short": raw is None,
        "1012": _iso(found.made_at),
        "1040": number,
        "1077": str(found.document_sign),
    }
    if found.kind is not None and found.total_kopecks is not None:
        told |= {"1054": found.kind, "1020": roubles(found.total_kopecks)}
    result: Result = {"documentTLV": told}
    if raw is not None:
        result["rawData"] = base64.b64encode(raw).decode("ascii")
    return result


def last_document(session: Session) -> int:
    """The number of the last document, as two registers tell it (A4 30, 91 34).

    "No document after that one" is what proves that nothing was made. One damaged packet in 256 passes the checksum,
    so it is not believed from a single answer. Raises NotSent where the two differ: another program prints, or damage.
    """
    first = session.ask(c.StorageStatus()).last_document_number
    second = session.ask(c.LastDocument()).document_number
    if first != second:
        raise NotSent(f"the last document is {first}, and it is {second}")
    return first


def document_tlv(session: Session, number: int) -> bytes | None:
    """The whole document with its outer tag, read until it came twice the same: in it is the key, or is not.

    None when the storage no longer has it, or gives another one's. Raises NotSent when no two readings agree.
    """
    before = _read_tlv(session, number)
    for _ in range(_READINGS_MAX):
        again = _read_tlv(session, number)
        if again == before:
            return again
        before = again
    raise NotSent(f"document {number} is another one each time")


def _read_tlv(session: Session, number: int) -> bytes | None:
    head = session.look(c.RequestDocument(number))
    if isinstance(head, c.ErrorReply):
        if code_of(head.error) != NO_DATA_CODE:
            raise TaskFailed(code_of(head.error), f"{head.error:02X}h")
        return None
    body = b""
    for _ in range(_PIECES_MAX):
        try:  # each answer is the *next* piece: asked anew after a lost one it would skip one
            reply = session.answer(c.ReadDocument(), repeats=False)
        except Lost as error:
            raise NotSent(str(error)) from error
        if isinstance(reply, c.ErrorReply):
            if reply.error != NO_MORE_DATA and len(body) != head.length:
                raise TaskFailed(code_of(reply.error), f"{reply.error:02X}h")
            break
        body += reply.data
    return ffd.wrap(head.document_type, body) if _is_whole(body, head.length, number) else None


def _is_whole(body: bytes, length: int, number: int) -> bool:
    if len(body) != length:
        return False
    try:
        entry = ffd.find(ffd.decode(body), 1040)
    except ffd.BadTlv:
        return False
    return entry is None or entry.value == number


def fiscal_params(session: Session, found: c.FindDocumentReply) -> Result:
    """What a task that made a document tells: the mark, from the storage. `found` must be the last document."""
    storage = session.ask(c.StorageStatus())
    numbers = session.ask(c.Numbers())
    if storage.last_document_number != found.document_number:
        raise Lost("another document was made meanwhile")
    told: Result = {
        "fiscalDocumentNumber": found.document_number,
        "fiscalDocumentSign": str(found.document_sign),
        "fiscalDocumentDateTime": _iso(found.made_at),
        "fiscalReceiptNumber": numbers.receipt_number,
        "shiftNumber": numbers.shift_number,
        "fnNumber": storage.storage_number,
        "registrationNumber": str(attribute(session, 1037) or "").strip(),
        "fnsUrl": str(attribute(session, 1060) or "").strip(),
    }
    if found.total_kopecks is not None:
        told["total"] = roubles(found.total_kopecks)
    printed = session.look(c.Printed())
    warnings = {"notPrinted": True} if isinstance(printed, c.RawReply) and printed.data[:1] == b"\0" else {}
    return {"fiscalParams": told, "warnings": warnings}


def _shift_state(state: int) -> str:
    if state >= len(SHIFT_STATES):
        raise TaskFailed(5, f"state {state} of a shift")
    return SHIFT_STATES[state]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


QUESTIONS: Final[Mapping[str, Callable[[Session], Result]]] = {
    "getDeviceStatus": device_status,
    "getDeviceInfo": device_info,
    "getShiftStatus": shift_status,
    "getShiftTotals": shift_totals,
    "getFnStatus": fn_status,
    "getFnInfo": fn_info,
    "ofdExchangeStatus": ofd_exchange,
    "getRegistrationInfo": registration,
}
