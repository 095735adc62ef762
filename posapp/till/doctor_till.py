"""This program's own health as the doctor sees it: journal, disk, copies, keys, the last word of portal and gateway.

Nobody is asked over the network: what the last exchange left is told with its time.
"""

from __future__ import annotations

import shutil
from datetime import datetime

from posapp import vault
from posapp.errors import JournalError, Offline, PosError, Rejected, SetupError
from posapp.till import keeping, sync_log
from posapp.till.context import Till
from posapp.till.doctor_verdicts import Level, Verdict, bad, fine

DISK_ALARM, DISK_WARN = 200 << 20, 1 << 30
MUCH = 10 << 30
MOMENT = "%d.%m.%Y %H:%M"


def verdicts(till: Till) -> list[Verdict]:
    """All of it."""
    return [*_keeping(till), *_disk(till), _secrets(till), *_portal(till)]


def _keeping(till: Till) -> list[Verdict]:
    """The journal and its copies."""
    state = keeping.state(till)
    made = []
    if state.blocks is not None:
        made.append(bad("till", "journal", Level.STOP, state.blocks))
    elif state.checked_at is None:
        made.append(fine("till", "journal", "journal_unchecked", Level.NOTE))
    else:
        made.append(fine("till", "journal", at=_moment(till, state.checked_at)))
    for place in state.places:
        matter = "backup" if place.name == keeping.LOCAL else "second"
        trouble = place.trouble
        if trouble is None and place.newest_at is not None and place.is_overdue(till.now()):
            trouble = JournalError("backup_late", at=_moment(till, place.newest_at), folder=place.folder)
        if trouble is not None:
            made.append(bad("till", matter, Level.WARN, trouble))
        elif place.newest_at is not None:
            made.append(fine("till", matter, "backup", at=_moment(till, place.newest_at), count=place.copies))
        else:
            made.append(fine("till", matter, "no_copy", Level.NOTE))
    if not state.has_second:
        made.append(fine("till", "second", "no_second", Level.NOTE))
    return made


def _disk(till: Till) -> list[Verdict]:
    try:
        free = shutil.disk_usage(till.journal.path.parent).free
    except OSError as error:
        return [bad("till", "disk", Level.ALARM, JournalError("disk_read_only", path=error.filename or "?"))]
    if free < DISK_WARN:
        level = Level.ALARM if free < DISK_ALARM else Level.WARN
        return [bad("till", "disk", level, JournalError("disk_low", free=free >> 20))]
    if free >= MUCH:
        return [fine("till", "disk", "disk_much", free=free >> 30)]
    return [fine("till", "disk", free=free >> 20)]


def _secrets(till: Till) -> Verdict:
    """Whether what opens the portal and the gateway can be read; nothing of it is shown."""
    settings = till.settings
    try:
        if settings.portal is not None:
            if settings.oauth is None:
                vault.webhook(settings.identity)
            elif vault.tokens(settings.identity) is None:
                raise SetupError("secret_missing")
        if settings.gateway is not None and vault.gateway_secret(settings.identity) is None:
            raise SetupError("gateway_secret", what="его нет")
    except PosError as error:
        return bad("till", "secrets", Level.WARN, error)
    return fine("till", "secrets")


def _portal(till: Till) -> list[Verdict]:
    """The last exchange. Offline is a state of the day, not trouble: receipts wait and are delivered."""
    if till.settings.portal is None:
        return [fine("portal", "exchange", "no_portal", Level.NOTE)]
    seen = sync_log.budget(till)
    made = []
    if seen.needs_person:
        made.append(bad("portal", "queue", Level.WARN, Rejected("entries_wait", count=seen.needs_person)))
    since = till.journal.get_fact(f"offline_since:{till.portal}")
    if seen.is_offline and since:
        reason = f"с {_moment(till, datetime.fromisoformat(since))}, в очереди {seen.waiting}"
        made.append(bad("portal", "exchange", Level.WARN, Offline("offline", reason=reason)))
    elif seen.measured_at is None:
        made.append(fine("portal", "exchange", "portal_never", Level.NOTE, waiting=seen.waiting))
    else:
        at = _moment(till, seen.measured_at)
        made.append(fine("portal", "exchange", "portal", at=at, waiting=seen.waiting))
    if till.settings.gateway is not None:
        away = Offline("gateway_offline", reason="он молчал при последнем обмене")
        made.append(
            bad("gateway", "exchange", Level.WARN, away) if seen.is_gateway_away else fine("gateway", "gateway")
        )
    return made


def _moment(till: Till, at: datetime) -> str:
    return f"{at.astimezone(till.now().tzinfo):{MOMENT}}"
