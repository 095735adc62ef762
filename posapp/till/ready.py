"""The ready-to-charge light: may a card be charged now, and if not, why not and what helps.

A card that is charged while the register cannot print is money without a receipt. So before it is, everything that
might keep the receipt from being printed in the next minutes is looked at: whether the register answers and may print,
its paper, how long its shift still lasts, the life of its fiscal storage, how long the OFD has waited, its clock.
`signs_of` is the one function that judges; window, command line and charge show the same.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from posapp.devices.base import Paper, PrinterStatus, StorageHealth, StoragePhase
from posapp.errors import DeviceError, JournalError, PosError, Refused, SaleError
from posapp.till import shift_opening
from posapp.till.context import Till

SHIFT_LASTS = timedelta(hours=24)
SHIFT_SPARE = timedelta(minutes=5)
"""A customer takes minutes at the terminal: a shift that ends sooner takes no card."""
SHIFT_NOTE = timedelta(hours=2)
OFD_STOPS = timedelta(days=30)
"""So old may the oldest document be that the OFD has not got; then the storage makes no more."""
OFD_SPARE = timedelta(hours=1)
OFD_NOTE = timedelta(days=3)
CLOCK_NOTE, CLOCK_STOPS = timedelta(minutes=5), timedelta(hours=1)
SILENT = timedelta(minutes=2)
STORAGE_NOTE = timedelta(days=30)
HEALTH_AGE = timedelta(minutes=15)
"""So long a look at the storage is good; it costs a few commands."""
_FACT = "storage_health"


class Tone(StrEnum):
    """Green, amber – a card may still be charged –, red."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that is looked at: `register`, `paper`, `shift`, `storage`, `ofd`, `clock`.

    `trouble` has words and remedy of what is not green.
    """

    name: str
    tone: Tone = Tone.GREEN
    trouble: PosError | None = None

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """One of `signs` of `posapp card ready`."""
        said = {} if self.trouble is None else self.trouble.as_json(language)
        return {"name": self.name, "light": self.tone.value, **said}


@dataclass(frozen=True, slots=True)
class Ready:
    """The light: the signs, the worst of them first."""

    signs: tuple[Sign, ...]

    @property
    def tone(self) -> Tone:
        """The worst of them."""
        return self.signs[0].tone if self.signs else Tone.RED

    @property
    def may_charge(self) -> bool:
        """Whether a card may be charged."""
        return self.tone is not Tone.RED

    @property
    def trouble(self) -> PosError | None:
        """The worst trouble."""
        return self.signs[0].trouble if self.signs else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the register: its last status, when it answered, its storage; `trouble` where it did not."""

    status: PrinterStatus | None
    answered_at: datetime | None
    health: StorageHealth | None = None
    shift_age: timedelta | None = None
    trouble: PosError | None = field(default=None)


def signs_of(seen: Seen, now: datetime) -> Ready:
    """Judges what was seen, `now` (aware, local) being the computer's time. No I/O."""
    signs = [_answer(seen, now)]
    if seen.status is not None:
        signs += [_paper_and_state(seen.status), _shift(seen.status, seen.shift_age), _clock(seen.status, now)]
    if seen.health is not None:
        signs += [_storage(seen.health, now.date()), _ofd(seen.health, seen.status, now)]
    worst = {Tone.RED: 0, Tone.AMBER: 1, Tone.GREEN: 2}
    return Ready(tuple(sorted(signs, key=lambda each: worst[each.tone])))


def _answer(seen: Seen, now: datetime) -> Sign:
    if seen.trouble is not None:
        return Sign("register", Tone.RED, seen.trouble)
    if seen.status is None or seen.answered_at is None or now - seen.answered_at > SILENT:
        minutes = "?" if seen.answered_at is None else int((now - seen.answered_at).total_seconds() // 60)
        return Sign("register", Tone.RED, Refused("register_silent", minutes=minutes))
    return Sign("register")


def _paper_and_state(status: PrinterStatus) -> Sign:
    trouble = trouble_of(status)
    if trouble is None:
        return Sign("paper")
    name = "shift" if trouble.code.startswith("shift") else "paper"
    return Sign(name, Tone.RED, trouble)


def trouble_of(status: PrinterStatus) -> Refused | None:
    """Why the register may not print now, or None."""
    if status.has_open_document:
        return Refused("foreign_receipt_open")
    if status.shift.is_expired:
        return Refused("shift_expired")
    if not status.shift.is_open:
        return Refused("shift_closed")
    if status.paper is Paper.COVER_OPEN:
        return Refused("cover_open")
    if status.paper in (Paper.OUT, Paper.OUT_WHILE_PRINTING):
        return Refused("paper_out")
    return None


def _shift(status: PrinterStatus, age: timedelta | None) -> Sign:
    if age is None or not status.shift.is_open:
        return Sign("shift")
    left = SHIFT_LASTS - age
    if left > SHIFT_NOTE:
        return Sign("shift")
    minutes = max(0, int(left.total_seconds() // 60))
    tone = Tone.AMBER if left > SHIFT_SPARE else Tone.RED
    return Sign("shift", tone, Refused("shift_too_old", minutes=minutes))


def _clock(status: PrinterStatus, now: datetime) -> Sign:
    if status.clock is None:
        return Sign("clock")
    drift = abs(status.clock - now.replace(tzinfo=None))
    if drift <= CLOCK_NOTE:
        return Sign("clock")
    trouble = Refused("clock_drift", clock=f"{status.clock:%d.%m.%Y %H:%M}", now=f"{now:%d.%m.%Y %H:%M}")
    return Sign("clock", Tone.RED if drift > CLOCK_STOPS else Tone.AMBER, trouble)


def _storage(health: StorageHealth, today: date) -> Sign:
    if health.is_critical or health.phase in (StoragePhase.CLOSED, StoragePhase.ARCHIVE, StoragePhase.CONFIGURED):
        return Sign("storage", Tone.RED, Refused("storage_dead", why="он закрыт или неисправен"))
    if health.expires is not None and health.expires < today:
        return Sign("storage", Tone.RED, Refused("storage_dead", why=f"срок вышел {health.expires:%d.%m.%Y}"))
    if health.is_ending or (health.expires is not None and health.expires - today <= STORAGE_NOTE):
        why = "срок на исходе" if health.expires is None else f"срок до {health.expires:%d.%m.%Y}"
        return Sign("storage", Tone.AMBER, Refused("storage_ends", why=why))
    if health.is_nearly_full:
        return Sign("storage", Tone.AMBER, Refused("storage_ends", why="память почти заполнена"))
    return Sign("storage")


def _ofd(health: StorageHealth, status: PrinterStatus | None, now: datetime) -> Sign:
    if health.oldest_unsent_at is None:
        return Sign("ofd")
    clock = status.clock if status is not None and status.clock is not None else now.replace(tzinfo=None)
    age = clock - health.oldest_unsent_at
    if age <= OFD_NOTE:
        return Sign("ofd")
    tone = Tone.RED if age > OFD_STOPS - OFD_SPARE else Tone.AMBER
    stops = health.oldest_unsent_at + OFD_STOPS
    return Sign("ofd", tone, Refused("ofd_waits", days=age.days, at=f"{stops:%d.%m.%Y}"))


# ------------------------------------------------------------------------------------------------ asking
def look(till: Till, status: PrinterStatus) -> Ready:
    """The light by a status that was read a moment ago. Asks for the storage when the last look at it is old."""
    return signs_of(Seen(status, till.now(), health(till), shift_opening.age(till, status)), till.now())


def of_trouble(till: Till, trouble: PosError) -> Ready:
    """The light of a register that does not answer."""
    return signs_of(Seen(None, None, trouble=trouble), till.now())


def require_for_card(till: Till, status: PrinterStatus) -> None:
    """Raises SaleError `not_ready_for_card` with the reason and its remedy unless the light is green or amber."""
    light = look(till, status)
    if light.may_charge or light.trouble is None:
        return
    language = till.settings.language
    trouble = light.trouble
    raise SaleError("not_ready_for_card", why=trouble.message(language), remedy=trouble.action(language))


def health(till: Till) -> StorageHealth | None:
    """What the storage said of itself, not longer ago than `HEALTH_AGE`; None where the register does not tell."""
    kept = _kept(till)
    if kept is not None:
        return kept
    try:
        found = till.printer.storage_health()
    except DeviceError:
        return None
    if found.storage_number in ("", till.identity.storage_number) and not till.journal.is_read_only:
        body = asdict(found) | {"at": till.now().isoformat()}
        with suppress(JournalError):  # what is not kept is asked again
            till.journal.set_fact(_FACT, json.dumps(body, default=_plain))
    return found


def _kept(till: Till) -> StorageHealth | None:
    text = till.journal.get_fact(_FACT)
    if not text:
        return None
    try:
        body: dict[str, Any] = json.loads(text)
        at = datetime.fromisoformat(body.pop("at"))
        if not timedelta() <= till.now() - at < HEALTH_AGE:
            return None
        expires, oldest = body["expires"], body["oldest_unsent_at"]
        body["phase"] = StoragePhase(body["phase"])
        body["expires"] = None if expires is None else date.fromisoformat(expires)
        body["oldest_unsent_at"] = None if oldest is None else datetime.fromisoformat(oldest)
        kept = StorageHealth(**body)
    except (ValueError, KeyError, TypeError, JournalError):
        return None
    return kept if kept.storage_number in ("", till.identity.storage_number) else None


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
