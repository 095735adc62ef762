"""The register, its fiscal storage and the OFD, as the doctor sees them: one look, then judged without asking again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from posapp.devices.base import LineFacts, Paper, PrinterStatus, StorageHealth, StoragePhase
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.settlement import State
from posapp.errors import PosError, Refused, ResolveNeeded
from posapp.till import shift_opening, shift_rule
from posapp.till.context import Till
from posapp.till.doctor_verdicts import Level, Verdict, bad, fine

OFD_STOPS = timedelta(days=30)
"""So old may the oldest document be that the OFD has not got; then the storage makes no more."""
OFD_GRADES = ((25, "ofd_countdown", Level.ALARM), (7, "ofd_week", Level.ALARM), (1, "ofd_behind", Level.WARN))
"""From so many days on it is said so."""
STORAGE_ALARM_DAYS, STORAGE_WARN_DAYS = 3, 30
CLOCK_WARN, CLOCK_ALARM = timedelta(minutes=5), timedelta(hours=1)
SLOW_BAUD = 57_600
RECEIPT_BYTES = 2_000
"""What a receipt of ten lines and its proof put on the line, both ways (`posapp bench receipt`)."""
BITS_PER_BYTE = 10
DAY = "%d.%m.%Y"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `trouble`: why the rest is missing, from there on."""

    port: str
    found: DeviceIdentity | None = None
    status: PrinterStatus | None = None
    health: StorageHealth | None = None
    line: LineFacts | None = None
    shift_age: timedelta | None = None
    at: datetime | None = None
    trouble: PosError | None = None


def look(till: Till) -> Seen:
    """Asks the register. Nothing that it is asked changes it."""
    port = till.settings.printer.port if till.settings.printer else ""
    seen = Seen(port)
    try:
        found = till.printer.connect()
        seen = Seen(port, found)
        status = till.printer.status()
        age = shift_opening.age(till, status) if found == till.identity else None
        seen = Seen(port, found, status, None, None, age, till.now().replace(tzinfo=None))
        health, line = till.printer.storage_health(), till.printer.line_facts()
    except PosError as error:
        return Seen(port, seen.found, seen.status, None, None, seen.shift_age, seen.at, error)
    return Seen(port, found, status, health, line, age, seen.at)


def verdicts(till: Till, seen: Seen) -> list[Verdict]:
    """All that can be said of the look."""
    if till.settings.printer is None:
        return [fine("register", "link", "no_register", Level.NOTE)]
    made: list[Verdict] = []
    if seen.trouble is not None:
        made.append(bad("register", "link", Level.STOP, seen.trouble))
    elif seen.line is not None:
        made.append(_link(seen.port, seen.line))
    if seen.found is not None:
        made.append(_identity(till, seen.found))
    if seen.status is not None and seen.at is not None:
        made += [
            _paper(seen.status),
            _document(till, seen.status),
            _shift(till, seen.status, seen.shift_age),
            _clock(seen.status, seen.at),
        ]
    if seen.health is not None and seen.at is not None:
        made += [*_storage(seen.health, _clock_of(seen).date()), _ofd(seen.health, _clock_of(seen))]
    return [*made, _sending(till)]


def stops_on(seen: Seen) -> date | None:
    """The first day on which the storage makes no more receipts unless somebody acts."""
    days = []
    if seen.health is not None and seen.health.expires is not None:
        days.append(seen.health.expires)
    if seen.health is not None and seen.health.oldest_unsent_at is not None:
        days.append((seen.health.oldest_unsent_at + OFD_STOPS).date())
    return min(days, default=None)


def _clock_of(seen: Seen) -> datetime:
    """The register's clock, by which it counts; the computer's where it does not tell."""
    told = seen.status.clock if seen.status is not None else None
    return told or seen.at or datetime.min


def _link(port: str, line: LineFacts) -> Verdict:
    if line.baud is None:
        return fine("register", "link", "link", port=port, link=line.link)
    if line.baud < SLOW_BAUD:
        seconds = max(1, round(RECEIPT_BYTES * BITS_PER_BYTE / line.baud))
        return bad("register", "link", Level.NOTE, Refused("line_slow", baud=line.baud, seconds=seconds))
    return fine("register", "link", "link_baud", port=port, link=line.link, baud=line.baud)


def _identity(till: Till, found: DeviceIdentity) -> Verdict:
    expected = till.identity
    if found == expected:
        return fine("register", "identity", factory=found.factory_number)
    if found.factory_number == expected.factory_number:
        trouble = ResolveNeeded("storage_new", found=found.storage_number, expected=expected.storage_number)
        return bad("register", "identity", Level.STOP, trouble)
    return bad("register", "identity", Level.STOP, ResolveNeeded("wrong_device", found=found, expected=expected))


def _paper(status: PrinterStatus) -> Verdict:
    match status.paper:
        case Paper.COVER_OPEN:
            return bad("register", "paper", Level.STOP, Refused("cover_open"))
        case Paper.OUT:
            return bad("register", "paper", Level.STOP, Refused("paper_out"))
        case Paper.OUT_WHILE_PRINTING | Paper.WAITS_CONTINUE:
            return bad("register", "paper", Level.STOP, Refused("print_unfinished"))
        case _:
            return fine("register", "paper", "printing" if status.is_busy else "paper")


def _document(till: Till, status: PrinterStatus) -> Verdict:
    if not status.has_open_document:
        return fine("register", "document")
    sending = till.journal.receipts_in(State.SENDING)
    if sending:
        trouble: PosError = ResolveNeeded("own_receipt_open", order=sending[0].receipt.order_number or "–")
    else:
        trouble = ResolveNeeded("foreign_receipt_open")
    return bad("register", "document", Level.STOP, trouble)


def _shift(till: Till, status: PrinterStatus, age: timedelta | None) -> Verdict:
    shift = status.shift
    if shift.is_expired:
        return bad("register", "shift", Level.STOP, Refused("shift_expired"))
    if not shift.is_open:
        return fine("register", "shift", "shift_closed", Level.NOTE)
    if age is None:
        return fine("register", "shift", "shift_open_unknown", number=shift.number)
    advised = shift_rule.advice_for(till, shift, till.now() - age)
    if advised is not None:
        return bad("register", "shift", Level.WARN, shift_rule.warning(advised))
    hours, rest = divmod(int(age.total_seconds()), 3600)
    return fine("register", "shift", "shift_open", number=shift.number, hours=hours, minutes=rest // 60)


def _clock(status: PrinterStatus, now: datetime) -> Verdict:
    if status.clock is None:
        return fine("register", "clock", "clock_untold", Level.NOTE)
    drift = abs(status.clock - now)
    if drift <= CLOCK_WARN:
        return fine("register", "clock")
    trouble = Refused("clock_drift", clock=f"{status.clock:{DAY} %H:%M}", now=f"{now:{DAY} %H:%M}")
    return bad("register", "clock", Level.ALARM if drift > CLOCK_ALARM else Level.WARN, trouble)


def _storage(health: StorageHealth, today: date) -> list[Verdict]:
    """Its life, and its memory where that is short; a day counts as left as long as it has not ended."""
    filling = [bad("storage", "memory", Level.WARN, _filling())] if health.is_nearly_full else []
    return [_life(health, today), *filling]


def _filling() -> Refused:
    return Refused("storage_ends", why="память почти заполнена")


def _life(health: StorageHealth, today: date) -> Verdict:
    if health.is_critical or health.phase in (StoragePhase.CLOSED, StoragePhase.ARCHIVE, StoragePhase.CONFIGURED):
        return bad("storage", "life", Level.STOP, Refused("storage_dead", why="он закрыт или неисправен"))
    if health.expires is None:
        if health.is_ending or health.is_ending_soon:
            level = Level.ALARM if health.is_ending else Level.WARN
            return bad("storage", "life", level, Refused("storage_ends", why="срок на исходе"))
        return fine("storage", "life", "storage_untold")
    left = (health.expires - today).days
    if left < 0:
        return bad("storage", "life", Level.STOP, Refused("storage_dead", why=f"срок вышел {health.expires:{DAY}}"))
    if left <= STORAGE_WARN_DAYS or health.is_ending or health.is_ending_soon:
        level = Level.ALARM if left <= STORAGE_ALARM_DAYS or health.is_ending else Level.WARN
        why = f"осталось дней: {left}, последний день {health.expires:{DAY}}"
        return bad("storage", "life", level, Refused("storage_ends", why=why))
    return fine("storage", "life", "storage", days=left, day=f"{health.expires:{DAY}}")


def _ofd(health: StorageHealth, clock: datetime) -> Verdict:
    if health.unsent is None:
        return fine("ofd", "unsent", "ofd_untold", Level.NOTE)
    oldest = health.oldest_unsent_at
    if not health.unsent or oldest is None:
        return fine("ofd", "unsent", "ofd")
    stops, age = oldest + OFD_STOPS, clock - oldest
    facts: dict[str, object] = {"count": health.unsent, "since": f"{oldest:{DAY} %H:%M}", "day": f"{stops:{DAY}}"}
    if age > OFD_STOPS:
        return bad("ofd", "unsent", Level.STOP, Refused("ofd_blocked", **facts))
    for days, code, level in OFD_GRADES:
        if age >= timedelta(days=days):
            left = max(0, (stops - clock).days)
            return bad("ofd", "unsent", level, Refused(code, days=age.days, left=left, **facts))
    return Verdict("ofd", "unsent", well="ofd_some", facts=facts)


def _sending(till: Till) -> Verdict:
    """What was sent and whose outcome nobody knows."""
    receipts, operations = till.journal.receipts_in(State.SENDING), till.journal.operations_sending()
    if receipts:
        first, what = receipts[0], f"Чек по заказу {receipts[0].receipt.order_number or '–'}"
        attempt = till.journal.last_attempt(first.receipt.key)
        at = attempt.started_at if attempt is not None else first.receipt.created_at
    elif operations:
        what, at = f"Операция смены {operations[0].kind}", operations[0].started_at
    else:
        return fine("register", "sending")
    trouble = ResolveNeeded("sending_left", what=what, at=f"{at.astimezone(till.now().tzinfo):{DAY} %H:%M}")
    return bad("register", "sending", Level.STOP, trouble)
