"""The tasks that only look: what a simulated АТОЛ tells of itself, its shift, its storage and its documents.

The fields are those of the vendor's driver. Sums are roubles as exact numbers, times ISO with the zone of the computer.
Which values of `documentTLV` the vendor writes as words is not known for every tag; `rawData` is the document itself.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.devices.shtrih.counters import SHIFT, STORAGE, kind_at
from posapp.devices.simulator import atol_values as words
from posapp.devices.simulator.atol_acts import Acts
from posapp.devices.simulator.counters import Counters
from posapp.devices.simulator.documents import SENDER, SETTLEMENTS, SHIFT_LENGTH, STORAGE_TERM, StoredDocument
from posapp.devices.simulator.fiscal import STORAGE_VERSIONS
from posapp.devices.simulator.registers import CASH_IN, CASH_OUT, IN_COUNT, OUT_COUNT
from posapp.devices.simulator.service import RE_REGISTRATIONS
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.tags import TAGS, Kind

MODEL, MODEL_NAME = 87, "АТОЛ 27Ф"
FIRMWARE_VERSION, CONFIGURATION_VERSION = "5.8.100", "2.0.8100"
LINE_LENGTH, LINE_PIXELS = 48, 576
FNS_URL = "www.nalog.gov.ru"
LICENSES = (("12", "WEB"), ("15", "WEB_REQ"))
TENDERS = ("cash", "electronically", "prepaid", "credit", "other")

FLAGS = frozenset((1001, 1002, 1050, 1051, 1052, 1053, 1056, 1108, 1109, 1110, 1125, 1126, 1193, 1207, 1221))
"""Tags that are yes or no."""
WORDS = {
    1054: words.KINDS,
    1055: words.TAX_SYSTEMS,
    1173: words.CORRECTIONS,
    1212: words.OBJECTS,
    1214: words.METHODS,
    2108: words.MEASURES,
}
MASKS = {1057: words.AGENTS, 1062: words.TAX_SYSTEMS, 1222: words.AGENTS}
RATE_WORDS = {number: word for word, number in words.RATES.items() if word not in ("vat18", "vat118")}
LISTS = frozenset((1059, 1115, 1119, 1235, 1260, 1261, 1073, 1074, 1075, 1171))
"""Tags that stand in a list even when there is one only."""
COUNTS = frozenset((1135, 1134, 1144, 1293, 1294, 1111, 1118))
"""Numbers of the shortest form that are no money."""


def roubles(kopecks: int) -> Decimal:
    """A sum as the tasks write it."""
    return Decimal(kopecks) / 100


def iso(at: datetime) -> str:
    """The register's clock with the zone of this computer."""
    return at.astimezone().isoformat(timespec="seconds")


# --- the device


def device_status(acts: Acts) -> dict[str, Any]:
    """`getDeviceStatus`."""
    printer = acts.printer
    return {
        "deviceStatus": {
            "currentDateTime": iso(acts.at),
            "shift": shift_state(acts),
            "blocked": False,
            "coverOpened": printer.paper == "cover",
            "paperPresent": printer.paper != "out",
            "fiscal": True,
            "fnFiscal": True,
            "fnPresent": True,
            "cashDrawerOpened": False,
        }
    }


def device_info(acts: Acts) -> dict[str, Any]:
    """`getDeviceInfo`."""
    return {
        "deviceInfo": {
            "model": MODEL,
            "modelName": MODEL_NAME,
            "serial": acts.printer.identity.factory_number,
            "firmwareVersion": FIRMWARE_VERSION,
            "configurationVersion": CONFIGURATION_VERSION,
            "receiptLineLength": LINE_LENGTH,
            "receiptLineLengthPix": LINE_PIXELS,
            "ffdVersion": acts.ffd.text,
            "fnFfdVersion": acts.ffd.text,
        }
    }


def shift_state(acts: Acts) -> str:
    """`closed`, `opened`, `expired`."""
    shift = acts.printer.storage.shift
    if not shift.is_open:
        return "closed"
    return "expired" if shift.is_expired(acts.at) else "opened"


def shift_status(acts: Acts) -> dict[str, Any]:
    """`getShiftStatus`; the number is that of the last shift when none is open."""
    shift = acts.printer.storage.shift
    status: dict[str, Any] = {"state": shift_state(acts), "number": shift.number, "documentsCount": shift.receipts}
    status["expiredTime"] = iso((shift.opened_at or acts.last_document().at) + SHIFT_LENGTH)
    return {"shiftStatus": status}


def shift_totals(acts: Acts) -> dict[str, Any]:
    """`getShiftTotals`: what the storage counted in the shift, and the drawer."""
    registers, shift = acts.printer.registers, acts.printer.storage.shift
    return {
        "shiftTotals": {
            "shiftNumber": shift.number,
            "cashDrawer": {"sum": roubles(registers.drawer_kopecks)},
            "income": {"count": registers.counts.get(IN_COUNT, 0), "sum": roubles(registers.money.get(CASH_IN, 0))},
            "outcome": {"count": registers.counts.get(OUT_COUNT, 0), "sum": roubles(registers.money.get(CASH_OUT, 0))},
            "receipts": _receipts(acts.printer.counters, SHIFT if shift.is_open else None),
        }
    }


def overall_totals(acts: Acts) -> dict[str, Any]:
    """`getOverallTotals`: the same of all shifts."""
    drawer = {"sum": roubles(acts.printer.registers.drawer_kopecks)}
    return {"overallTotals": {"cashDrawer": drawer, "receipts": _receipts(acts.printer.counters, STORAGE)}}


def _receipts(counters: Counters, first: int | None) -> dict[str, Any]:
    """By kind: how many, how much, by tender; nothing of a block is nought."""

    def value(kind: int, offset: int) -> int:
        return 0 if first is None else counters.value(first + kind_at(ReceiptKind(kind)) + offset) or 0

    return {
        name: {
            "count": value(kind, 0),
            "sum": roubles(value(kind, 1)),
            "payments": {tender: roubles(value(kind, 2 + at)) for at, tender in enumerate(TENDERS)},
        }
        for name, kind in words.KINDS.items()
    }


def cash_drawer(acts: Acts) -> dict[str, Any]:
    """`getCashDrawerStatus`."""
    return {"cashDrawerStatus": {"cashDrawerOpened": False}, **counters(acts)}


def counters(acts: Acts) -> dict[str, Any]:
    """What the cash tasks tell."""
    return {"counters": {"cashSum": roubles(acts.printer.registers.drawer_kopecks)}}


def licenses(acts: Acts) -> dict[str, Any]:
    """`getLicenses`: among them the one that the web server wants."""
    since = iso(acts.printer.storage.documents[0].at)
    return {
        "licenses": [{"id": number, "name": name, "state": "active", "dateFrom": since} for number, name in LICENSES]
    }


# --- the storage


def fn_status(acts: Acts) -> dict[str, Any]:
    """`getFnStatus`."""
    acts.look()
    storage = acts.printer.storage
    return {
        "fnStatus": {
            "fiscalDocumentNumber": storage.last_number,
            "fiscalReceiptNumber": storage.shift.receipts,
            "warnings": _warnings(acts),
        }
    }


def fn_info(acts: Acts) -> dict[str, Any]:
    """`getFnInfo`."""
    storage = acts.printer.storage
    expires = (storage.documents[0].at + STORAGE_TERM).replace(hour=0, minute=0)
    return {
        "fnInfo": {
            "serial": storage.identity.storage_number,
            "version": STORAGE_VERSIONS[storage.version],
            "execution": "учебный",
            "numberOfRegistrations": 1,
            "registrationsRemaining": RE_REGISTRATIONS,
            "validityDate": iso(expires),
            "livePhase": "fiscalMode",
            "ffdVersion": acts.ffd.text,
            "fnFfdVersion": acts.ffd.text,
            "fnContainsKeysUpdaterServerUri": False,
            "warnings": _warnings(acts),
        }
    }


def _warnings(acts: Acts) -> dict[str, bool]:
    storage = acts.printer.storage
    first, days = storage.first_unconfirmed(), storage.days_left(acts.at)
    return {
        "resourceExhausted": days < 30,
        "needReplacement": days < 3,
        "memoryOverflow": storage.is_nearly_full,
        "ofdTimeout": first is not None and (acts.at - first.at).days >= 1,
        "criticalError": False,
    }


def registration_info(acts: Acts) -> dict[str, Any]:
    """`getRegistrationInfo`."""
    who = acts.printer.identity
    systems = words.words_of(words.TAX_SYSTEMS, who.tax_systems)
    return {
        "organization": {
            "name": who.user,
            "vatin": who.inn,
            "email": SENDER,
            "address": who.address,
            "taxationTypes": systems,
            "agents": [],
        },
        "device": {
            "paymentsAddress": who.place,
            "fnsUrl": FNS_URL,
            "registrationNumber": who.registration_number,
            "ffdVersion": acts.ffd.text,
            "defaultTaxationType": systems[0],
            "ofdChannel": "auto",
            "machineNumber": "",
            **dict.fromkeys(
                ("offlineMode", "machineInstallation", "bso", "encryption", "autoMode", "internet", "service"), False
            ),
            **dict.fromkeys(("gambling", "lottery", "excise"), False),
        },
        "ofd": {"name": who.ofd_name, "vatin": who.ofd_inn, "host": "ofd.example", "port": 7777, "dns": "0.0.0.0"},  # noqa: S104
    }


def ofd_exchange(acts: Acts) -> dict[str, Any]:
    """`ofdExchangeStatus`."""
    acts.look()
    storage = acts.printer.storage
    first = storage.first_unconfirmed()
    confirmed = storage.find(storage.confirmed)
    good = {"code": 0, "description": "Ошибок нет"}
    broken = {"code": 2, "description": "Нет связи с ОФД"}
    born = storage.documents[0].at
    return {
        "status": {
            "notSentCount": storage.unconfirmed,
            "notSentFirstDocNumber": first.number if first else 0,
            "notSentFirstDocDateTime": iso(first.at if first else born),
            "lastSuccessKeysUpdate": iso(born),
        },
        "errors": {
            "fn": good,
            "network": good if storage.is_ofd_up else broken,
            "ofd": good,
            "fnCommandCode": 0,
            "documentNumber": 0 if storage.is_ofd_up else (first.number if first else 0),
            "lastSuccessConnectionDateTime": iso(confirmed.at if confirmed else born),
        },
        "warnings": {"dataForSendIsEmpty": first is None},
    }


def ism_exchange(acts: Acts) -> dict[str, Any]:
    """`ismExchangeStatus`: notices of sold marked goods that the marking system has not confirmed."""
    acts.look()
    printer = acts.printer
    good, born = {"code": 0, "description": "Ошибок нет"}, iso(printer.storage.documents[0].at)
    waiting = printer.marking.notices
    return {
        "status": {
            "notSentCount": waiting,
            "notSentFirstNoticeNumber": 1 if waiting else 0,
            "notSentFirstNoticeDateTime": iso(acts.last_document().at) if waiting else born,
        },
        "errors": {
            "network": {"code": 2, "description": "Нет связи с ИСМ"} if waiting else good,
            "ism": good,
            "fn": good,
            "documentNumber": 0,
            "fnCommandCode": 0,
            "lastSuccessConnectionDateTime": born,
        },
        "warnings": {"dataForSendIsEmpty": not waiting},
    }


# --- documents


def fiscal_params(acts: Acts, document: StoredDocument) -> dict[str, Any]:
    """What a task that made a document tells of it."""
    who = acts.printer.identity
    told: dict[str, Any] = {
        "fiscalDocumentNumber": document.number,
        "fiscalDocumentSign": str(document.sign),
        "fiscalDocumentDateTime": iso(document.at),
        "shiftNumber": document.shift_number,
        "fnNumber": who.storage_number,
        "registrationNumber": who.registration_number,
        "fnsUrl": FNS_URL,
    }
    if document.form in SETTLEMENTS:
        told["fiscalReceiptNumber"] = document.receipt_number
        told["total"] = roubles(document.total_kopecks or 0)
    return told


def document(acts: Acts, number: int, *, with_raw: bool) -> dict[str, Any]:
    """`getFnDocument`."""
    found = acts.document(number)
    form = words.DOCUMENTS.get(found.form, "unknown")
    shown = {**entries_json(ffd.decode(found.body)), "fiscalDocumentType": form, "short": False}
    qr = found.qr(acts.printer.identity.storage_number)
    if qr is not None:
        shown["qr"] = qr
    told: dict[str, Any] = {"type": form, "documentTLV": shown}
    if qr is not None:
        told["qr"] = qr
    return {**told, "rawData": base64.b64encode(found.body).decode("ascii")} if with_raw else told


def entries_json(entries: Iterable[ffd.Entry]) -> dict[str, Any]:
    """Tags as an object: the number as text → its value; what may stand more than once is a list."""
    shown: dict[str, Any] = {}
    for entry in entries:
        name, value = str(entry.tag), _value_json(entry)
        if entry.tag in LISTS:
            shown.setdefault(name, []).append(value)
        else:
            shown[name] = value
    return shown


def _value_json(entry: ffd.Entry) -> Any:
    number, value = entry.tag, entry.value
    if entry.items is not None:
        return entries_json(entry.items)
    if isinstance(value, datetime):
        return iso(value)
    if not isinstance(value, int):
        return value if isinstance(value, Decimal) else entry.json_value()
    if number in FLAGS:
        return bool(value)
    if number in WORDS:
        return words.word_of(WORDS[number], value)
    if number in MASKS:
        return words.words_of(MASKS[number], value)
    if number == 1199:
        return RATE_WORDS.get(value, str(value))
    if number in TAGS and TAGS[number].kind is Kind.VLN and number not in COUNTS:
        return roubles(value)
    return entry.json_value()
