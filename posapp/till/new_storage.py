"""A changed fiscal storage, as a guided step: what must be done before, what is looked at after, a person's reason.

A storage lives fifteen months or three years; then a service centre closes it, registers the register with another
one, and the till must be told, for otherwise it stops loudly (rules 3 and 11). `look` says where the change stands.
While the former storage is still there it is the list of what to do first; once another one is there it is what the
till found.
`accept` keeps the person's word in the audit chain and gives the new settings.

What was sent to the former storage stays what it was: its attempts name it, the desk settles them, and nobody is ever
told "not made" because the storage that could say it is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from posapp.devices.base import PrinterProfile, PrinterStatus, StorageHealth, StoragePhase
from posapp.domain.fiscal import DeviceIdentity, ShiftState
from posapp.domain.settlement import State
from posapp.errors import Refused, SetupError
from posapp.settings import PrinterSettings, Settings
from posapp.till import audit, decide, setup, shift_opening
from posapp.till.context import Till

_SEEN, _ACCEPTED = "storage_seen", "storage_accepted"
"""The journal's facts: how a storage stood when it was last looked at, and the change that a person accepted."""
DAY = "%d.%m.%Y %H:%M"


class Stage(StrEnum):
    """Where the change stands: the former storage is still there, or another one is."""

    BEFORE = "before"
    AFTER = "after"


WORDS: dict[str, tuple[str, str]] = {
    "nothing_sent": ("Исход всех чеков и операций известен.", "The outcome of every receipt and operation is known."),
    "sent": (
        "Есть чеки или операции без исхода ({count}): сначала «posapp resolve», пока прежний накопитель на месте.",
        "Receipts or operations without an outcome: {count}. First “posapp resolve”, with the former storage in place.",
    ),
    "nothing_open": ("На ККТ ничего не открыто.", "Nothing is open on the register."),
    "open": ("На ККТ открыт документ: «posapp doctor --repair».", "A document is open: “posapp doctor --repair”."),
    "shift_closed": ("Смена закрыта.", "The shift is closed."),
    "shift_open": ("Смена открыта: «posapp shift close».", "The shift is open: “posapp shift close”."),
    "all_known": ("Журнал знает все документы накопителя.", "The journal knows every document of the storage."),
    "not_all_known": (
        "Журнал знает документы до {known}, в накопителе их {last}: «posapp reconcile».",
        "The journal knows documents up to {known}, the storage has {last}: “posapp reconcile”.",
    ),
    "all_sent": ("ОФД получил все документы.", "The OFD has every document."),
    "unsent": (
        "ОФД не получил документов: {count}. Дайте ККТ интернет и подождите; сервисный центр закроет архив только после"
        " этого.",
        "Documents that the OFD has not got: {count}. Give the register internet and wait; the service centre closes"
        " the archive only after that.",
    ),
    "unsent_untold": ("Ждёт ли чего-то ОФД, ККТ не сообщает.", "Whether the OFD waits for anything is not told."),
    "registered": ("Новый накопитель зарегистрирован: РН {number}.", "The new storage is registered: no. {number}."),
    "not_registered": (
        "Новый накопитель не зарегистрирован: его регистрирует сервисный центр.",
        "The new storage is not registered: the service centre does that.",
    ),
    "format": ("Формат документов: {version}.", "Format of documents: {version}."),
    "former_sent": (
        "Без исхода остались чеки или операции прежнего накопителя: {count}. Решает старший, «posapp resolve»; до этого"
        " касса не продаёт.",
        "Receipts or operations of the former storage have no outcome: {count}. A senior decides, “posapp resolve”;"
        " until then nothing is sold.",
    ),
    "former_unsent": (
        "В прежнем накопителе {at} ОФД ждал документов: {count}. Храните его пять лет; недосланное сдают в налоговую.",
        "At {at} the OFD was waiting for documents of the former storage: {count}. Keep it for five years; what was not"
        " sent is handed to the tax office.",
    ),
    "former_all_sent": (
        "Прежний накопитель {at} передал всё. Храните его пять лет.",
        "The former storage had sent everything at {at}. Keep it for five years.",
    ),
    "former_unknown": (
        "Что успел передать прежний накопитель, программа не знает. Храните его пять лет.",
        "What the former storage had sent the program does not know. Keep it for five years.",
    ),
}
"""What is said of a matter, in Russian and in English."""


@dataclass(frozen=True, slots=True)
class Check:
    """One matter of the change. `is_required`: it has to be right before one goes on."""

    name: str
    is_ok: bool
    is_required: bool
    what: str
    facts: dict[str, object]

    def words(self, language: str = "ru") -> str:
        """For a person."""
        return WORDS[self.what][language == "en"].format_map(self.facts)


@dataclass(frozen=True, slots=True)
class Change:
    """How the change stands."""

    stage: Stage
    former: DeviceIdentity
    found: DeviceIdentity
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        """Whether one may go on: have the storage changed, or accept the new one."""
        return all(each.is_ok for each in self.checks if each.is_required)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """The answer of `posapp setup storage`."""
        return {
            "stage": self.stage.value,
            "former": self.former.storage_number,
            "found": self.found.storage_number,
            "factory_number": self.found.factory_number,
            "ready": self.is_ready,
            "checks": [
                {"name": each.name, "ok": each.is_ok, "required": each.is_required, "message": each.words(language)}
                for each in self.checks
            ],
        }


# ------------------------------------------------------------------------------------------------ looking
def look(till: Till) -> Change:
    """Where the change stands. Raises Unreachable, Refused `wrong_device` for another register."""
    former = till.identity
    found = till.printer.connect()
    if found.factory_number != former.factory_number:
        till.printer.close()
        raise Refused("wrong_device", found=found, expected=former)
    status, health = till.printer.status(), till.printer.storage_health()
    if found.storage_number == former.storage_number:
        _remember(till, status, health)
        return Change(Stage.BEFORE, former, found, _before(till, status, health))
    return Change(Stage.AFTER, former, found, _after(till, found, status, health))


def _before(till: Till, status: PrinterStatus, health: StorageHealth) -> tuple[Check, ...]:
    count = _sending(till)
    known = till.journal.known_device(till.identity.factory_number)
    reached = known.last_document if known is not None else 0
    is_closed = status.shift.state is ShiftState.CLOSED
    facts: dict[str, object] = {"known": reached, "last": status.last_document}
    return (
        _check("sending", count == 0, "nothing_sent", "sent", count=count),
        _check("document", not status.has_open_document, "nothing_open", "open"),
        _check("shift", is_closed, "shift_closed", "shift_open"),
        _check("journal", reached >= status.last_document, "all_known", "not_all_known", **facts),
        _unsent(health),
    )


def _unsent(health: StorageHealth) -> Check:
    if health.unsent is None:
        return Check("ofd", True, False, "unsent_untold", {})
    return _check("ofd", health.unsent == 0, "all_sent", "unsent", count=health.unsent)


def _after(till: Till, found: DeviceIdentity, status: PrinterStatus, health: StorageHealth) -> tuple[Check, ...]:
    is_registered = health.phase in (StoragePhase.FISCAL, StoragePhase.UNKNOWN) and bool(found.registration_number)
    count = _sending(till)
    left = (Check("former_sending", False, False, "former_sent", {"count": count}),) if count else ()
    return (
        _check("registered", is_registered, "registered", "not_registered", number=found.registration_number),
        _check("document", not status.has_open_document, "nothing_open", "open"),
        Check("format", True, False, "format", {"version": till.printer.format().text}),
        *left,
        _former(till),
    )


def _former(till: Till) -> Check:
    """What the former storage had not sent when it was last seen."""
    seen = _kept(till, f"{_SEEN}:{till.identity.storage_number}") or _of_light(till)
    if "unsent" not in seen or seen["unsent"] is None:
        return Check("former_ofd", True, False, "former_unknown", {})
    at = datetime.fromisoformat(str(seen["at"])).astimezone(till.now().tzinfo)
    facts: dict[str, object] = {"at": f"{at:{DAY}}", "count": seen["unsent"]}
    what = "former_unsent" if seen["unsent"] else "former_all_sent"
    return Check("former_ofd", not seen["unsent"], False, what, facts)


def _check(name: str, is_ok: bool, good: str, wrong: str, **facts: object) -> Check:
    """A matter that has to be right."""
    return Check(name, is_ok, True, good if is_ok else wrong, facts)


def _sending(till: Till) -> int:
    return len(till.journal.receipts_in(State.SENDING)) + len(till.journal.operations_sending())


# ------------------------------------------------------------------------------------------------ the change
def accept(till: Till, why: str) -> Settings:
    """The settings with the storage that is in the register now; the person's reason is in the audit chain before.

    Safe to call again: a word that was kept and whose settings were not is not kept twice. Raises ResolveNeeded
    `why_needed`, SetupError `storage_unready`, `training_mismatch`, `no_key`, DeviceError.
    """
    decide.need_why(why)
    change = look(till)
    if change.stage is Stage.BEFORE:
        raise _unready("в кассе прежний накопитель", "Когда его заменят, выполните команду ещё раз.")
    wrong = next((each for each in change.checks if each.is_required and not each.is_ok), None)
    if wrong is not None:
        raise _unready(wrong.words().rstrip("."), "Исправьте это и повторите.")
    settings = _with_storage(till.settings, till.printer.probe())
    _keep_word(till, change, why)
    return settings


def _unready(what: str, remedy: str) -> SetupError:
    return SetupError("storage_unready", what=what, remedy=remedy)


def _keep_word(till: Till, change: Change, why: str) -> None:
    word = f"{change.former.storage_number}>{change.found.storage_number}"
    if till.journal.get_fact(_ACCEPTED) == word:
        return
    seen = _kept(till, f"{_SEEN}:{change.former.storage_number}")
    facts: dict[str, Any] = {"former": str(change.former), "found": str(change.found), "sending": _sending(till)}
    facts |= {"unsent": int(seen["unsent"])} if isinstance(seen.get("unsent"), int) else {}
    facts |= {"last_document": int(seen["last"])} if isinstance(seen.get("last"), int) else {}
    decision = audit.decided(till, "storage.changed", change.found.factory_number, why, **facts)
    # What this till noted of the open shift was said of the former storage.
    till.journal.set_facts({_ACCEPTED: word, shift_opening.SHIFT_OPENED: ""}, decision=decision)


def _with_storage(settings: Settings, profile: PrinterProfile) -> Settings:
    """What is known of the register, with what the new storage changes: numbers, registration, format."""
    before = settings.printer
    if before is None:
        raise SetupError("not_set_up", what="не указана ККТ", command="printer")
    asked = setup.with_printer(
        settings, profile, model=before.model, port=before.port, link=before.link, password=before.password
    ).printer
    if asked is None:
        raise SetupError("not_set_up", what="не указана ККТ", command="printer")
    is_proven = bool(profile.key_tags) or profile.ffd != before.ffd
    tags: PrinterSettings = asked if is_proven else before
    return settings.with_(
        printer=replace(
            before,
            ffd=asked.ffd,
            registration_number=asked.registration_number,
            storage_number=asked.storage_number,
            tax_systems=asked.tax_systems,
            vat_formula=asked.vat_formula,
            user=asked.user,
            inn=asked.inn,
            address=asked.address,
            place=asked.place,
            fns_site=asked.fns_site,
            sender=asked.sender,
            takes_key=tags.takes_key,
            key_tag=tags.key_tag,
            refund_key_tag=tags.refund_key_tag,
            correction_key_tag=tags.correction_key_tag,
        )
    )


# ------------------------------------------------------------------------------------------------ what is kept
def remember(till: Till, status: PrinterStatus, health: StorageHealth) -> None:
    """Keeps how the storage of the settings stands, for the day on which it is gone. Nothing where nothing changed."""
    if health.storage_number == till.identity.storage_number:
        _remember(till, status, health)


def _remember(till: Till, status: PrinterStatus, health: StorageHealth) -> None:
    if till.journal.is_read_only:
        return
    name = f"{_SEEN}:{till.identity.storage_number}"
    now = {"unsent": health.unsent, "last": status.last_document}
    before = _kept(till, name)
    if {each: before.get(each) for each in now} != now or before.get("day") != f"{till.now():%Y-%m-%d}":
        body = {**now, "at": till.now().isoformat(), "day": f"{till.now():%Y-%m-%d}"}
        till.journal.set_fact(name, json.dumps(body))


def _of_light(till: Till) -> dict[str, Any]:
    """What the ready light has kept of the storage."""
    seen = _kept(till, "storage_health")
    return seen if seen.get("storage_number") == till.identity.storage_number else {}


def _kept(till: Till, name: str) -> dict[str, Any]:
    text = till.journal.get_fact(name)
    body: dict[str, Any] = json.loads(text) if text else {}
    return body
