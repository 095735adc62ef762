"""Looking after the data directory while nothing else is to do: is the journal sound, are there copies, can they be
restored?

Copies are made every hour beside the journal and carried to the second place (`settings.backup`): a disk, a USB stick,
a network folder. A place that is away is said and tried again every ten minutes; it never stops selling. After every
copy the program restores it in a folder that is thrown away (`journal/trial.py`); the copy in the second place is read
back when it is carried and restored from there once a day. What was found is a fact of the journal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posapp import settings as settings_file
from posapp.errors import JournalError, PosError, SetupError
from posapp.settings import Settings
from posapp.till import copy_folder, gate, leaving
from posapp.till.context import Till
from posapp.till.leaving import Unsent
from posapp.till.restore import home_in

if TYPE_CHECKING:
    from posapp.journal.backup import Copy
    from posapp.journal.trial import Tried

LOCAL, SECOND = "local", "second"
AGAIN = timedelta(minutes=10)
"""How long a place that failed is left alone."""
TRY_EVERY = timedelta(days=1)
OVERDUE = timedelta(hours=24)
"""So long without a copy in a place is said loudly."""


@dataclass(frozen=True, slots=True)
class PlaceState:
    """A place for copies. `trouble`: why the last try to keep a copy there failed, or that it cannot be restored.

    `tried_at`, `is_sound`: the last trial of a copy there; None when there was none. `newest_at`, `copies` and `size`
    (bytes) of the second place are those of its last contact: asking a dead network folder would take a minute.
    """

    name: str
    folder: Path
    newest_at: datetime | None
    copies: int
    size: int
    tried_at: datetime | None
    is_sound: bool | None
    trouble: PosError | None

    def age(self, now: datetime) -> timedelta | None:
        """How old the newest copy is; None without one."""
        return None if self.newest_at is None else now - self.newest_at

    def is_overdue(self, now: datetime) -> bool:
        """No copy of the last day."""
        age = self.age(now)
        return age is None or not timedelta(0) <= age < OVERDUE

    def as_json(self, now: datetime, language: str = "ru") -> dict[str, object]:
        """A line of `posapp backup list`."""
        age = self.age(now)
        return {
            "place": self.name,
            "folder": str(self.folder),
            "newest_at": None if self.newest_at is None else self.newest_at.isoformat(),
            "age_s": None if age is None else int(age.total_seconds()),
            "copies": self.copies,
            "bytes": self.size,
            "tried_at": None if self.tried_at is None else self.tried_at.isoformat(),
            "sound": self.is_sound,
            "overdue": self.is_overdue(now),
            "trouble": None if self.trouble is None else self.trouble.as_json(language),
        }


@dataclass(frozen=True, slots=True)
class State:
    """How the data directory is. `blocks`: why nothing may be sold from it, None when it may."""

    places: tuple[PlaceState, ...]
    checked_at: datetime | None
    blocks: PosError | None
    unsent: Unsent
    has_second: bool

    @property
    def troubles(self) -> tuple[PosError, ...]:
        """What has to be said, the worst first."""
        first = (self.blocks,) if self.blocks is not None else ()
        return (*first, *(each.trouble for each in self.places if each.trouble is not None))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a round of keeping made: the new copies by place, and what failed."""

    made: Mapping[str, Path]
    troubles: tuple[PosError, ...]


# ------------------------------------------------------------------------------------------------ soundness
def check(till: Till) -> None:
    """Reads the whole journal. Raises JournalError `journal_damaged`: from then on no process sells from it."""
    from posapp.journal.soundness import check_and_note

    check_and_note(till.journal.path, till.now())


def check_if_due(till: Till) -> bool:
    """The same once a day, and after a process that did not end by itself; whether it did. A second for 400 MB."""
    from posapp.journal.soundness import is_check_due

    if not is_check_due(till.journal.path.parent, till.now()):
        return False
    check(till)
    return True


def refuse_older(till: Till) -> None:
    """Raises JournalError `journal_damaged` when the journal knows less than the newest copy beside it.

    Somebody has put a former state back. Most registers show that by the keys in their documents; one that takes no
    key does not, and the orders sold since could be sold again.
    """
    from posapp.journal.backup import copies
    from posapp.journal.rebuild import refuse_older as refuse

    try:
        found = copies(local_folder(till))
    except OSError:
        return
    if found:
        refuse(till.journal.path, found[0].path)


# ------------------------------------------------------------------------------------------------ copies
def back_up_if_due(till: Till) -> bool:
    """As `keep_copies`, for those who only want to know whether there is a new copy."""
    return bool(keep_copies(till).made)


def keep_copies(till: Till, *, force: bool = False) -> Kept:
    """Makes the copies that are due, each place by itself, and tries them. Raises only for trouble of the journal."""
    from posapp.journal.backup import needs_backup

    made: dict[str, Path] = {}
    folder = local_folder(till)
    if force or (needs_backup(folder, till.now()) and not _rests(till, LOCAL)):
        _keep(till, LOCAL, lambda: _make(till, folder), made)
    second = second_folder(till.settings)
    if second is not None and (force or _second_is_due(till)):
        _keep(till, SECOND, lambda: _carry(till, second), made)
    told = [trouble for name in (LOCAL, SECOND) if (trouble := _trouble(till, name)) is not None]
    return Kept(made, tuple(told) if second is not None else tuple(told[:1]))


def local_folder(till: Till) -> Path:
    """Where the copies beside the journal lie."""
    from posapp.journal.backup import BACKUPS_NAME

    return till.journal.path.parent / BACKUPS_NAME


def second_folder(settings: Settings) -> Path | None:
    """Where this directory's copies lie in the second place; None when there is none."""
    if settings.backup is None:
        return None
    return home_in(Path(settings.backup.folder), settings.identity)


def _keep(till: Till, name: str, act: Any, made: dict[str, Path]) -> None:
    """One place. What fails is noted and leaves the other alone; damage of the journal itself is raised."""
    try:
        made[name] = act()
    except PosError as error:
        if error.code == "journal_damaged":
            raise
        noted = error.code, {key: str(value) for key, value in error.facts.items()}
        _note(till, name, failed=noted[0], facts=noted[1], failed_at=till.now().isoformat())


def _make(till: Till, folder: Path) -> Path:
    from posapp.journal.backup import IDENTITY, SETTINGS, back_up

    notes = {IDENTITY: till.settings.identity, SETTINGS: settings_file.text_of(till.settings)}
    try:
        copy = back_up(till.journal, folder, till.now(), notes)
    except JournalError as error:
        if error.code == "journal_damaged":
            check(till)  # the journal itself? then this raises, and nothing is sold
            raise JournalError("backup_unsound", copy=folder, what=error.facts.get("what", "")) from error
        raise JournalError("backup_failed", what=error.message().rstrip("."), folder=folder) from error
    _note(till, LOCAL, failed="", facts={}, failed_at="")
    _try(till, LOCAL, folder)
    return copy


def _carry(till: Till, home: Path) -> Path:
    from posapp.journal.backup import carry, copies

    newest = copies(local_folder(till))
    if not newest:
        raise JournalError("backup_failed", what="нет копии, которую можно отнести", folder=home)
    copy_folder.require_there(home.parent)
    try:
        carried = carry(newest[0].path, home, till.now())
    except JournalError as error:
        if error.code == "backup_unsound":
            raise
        raise JournalError("backup_away", folder=home.parent, what=error.message().rstrip(".")) from error
    _look_at_second(till, home)
    if _is_trial_due(till, SECOND):
        _try(till, SECOND, home)
    return carried


def _look_at_second(till: Till, home: Path) -> None:
    from posapp.journal.backup import copies

    found = copies(home)
    _note(
        till,
        SECOND,
        failed="",
        facts={},
        failed_at="",
        newest_at=found[0].made_at.isoformat() if found else "",
        copies=len(found),
        size=sum(each.size for each in found),
    )


# ------------------------------------------------------------------------------------------------ trials
def try_newest(till: Till, name: str) -> Tried | None:
    """Restores the newest copy of a place in a throw-away folder and notes the outcome; None without a copy.

    Raises JournalError when there is no room for that, or the place is away.
    """
    home = local_folder(till) if name == LOCAL else second_folder(till.settings)
    if home is None:
        return None
    if name == SECOND:
        copy_folder.require_there(home.parent)
    return _try(till, name, home)


def _try(till: Till, name: str, home: Path) -> Tried | None:
    from posapp.journal.backup import copies
    from posapp.journal.trial import ROOM_NAME, try_copy

    found: list[Copy] = copies(home)
    if not found:
        return None
    tried = try_copy(found[0], till.journal.path.parent / ROOM_NAME, till.now)
    what = "" if tried.trouble is None else str(tried.trouble.facts.get("what", ""))
    _note(till, name, tried=tried.copy.name, tried_at=tried.at.isoformat(), sound=tried.is_sound, what=what)
    if not tried.is_sound:  # what cannot be restored must not push out what can
        with suppress(OSError):
            found[0].path.replace(found[0].path.with_suffix(".unsound"))
    return tried


def _is_trial_due(till: Till, name: str) -> bool:
    at = _moment(_noted(till, name).get("tried_at"))
    return at is None or not timedelta(0) <= till.now() - at < TRY_EVERY


# ------------------------------------------------------------------------------------------------ what is known
def state(till: Till, *, ask_second: bool = False) -> State:
    """How the directory is. `ask_second` really looks into the second place, which may take long when it is away."""
    from posapp.journal.soundness import checked_at

    second = second_folder(till.settings)
    if ask_second and second is not None:
        with suppress(PosError, OSError):
            copy_folder.require_there(second.parent)
            _look_at_second(till, second)
    places = [_local_state(till)]
    if second is not None:
        places.append(_second_state(till, second))
    try:
        gate.require_sound(till)
        blocks: PosError | None = None
    except (JournalError, SetupError) as error:
        blocks = error
    return State(
        places=tuple(places),
        checked_at=checked_at(till.journal.path.parent),
        blocks=blocks,
        unsent=leaving.unsent(till),
        has_second=second is not None,
    )


def _local_state(till: Till) -> PlaceState:
    from posapp.journal.backup import copies

    folder = local_folder(till)
    try:
        found = copies(folder)
    except OSError:
        found = []
    known = _known_state(till, LOCAL, folder)
    newest = found[0].made_at if found else None
    return replace(known, newest_at=newest, copies=len(found), size=sum(each.size for each in found))


def _second_state(till: Till, home: Path) -> PlaceState:
    return _known_state(till, SECOND, home)


def _known_state(till: Till, name: str, folder: Path) -> PlaceState:
    noted = _noted(till, name)
    return PlaceState(
        name=name,
        folder=folder,
        newest_at=_moment(noted.get("newest_at")),
        copies=int(noted.get("copies", 0)),
        size=int(noted.get("size", 0)),
        tried_at=_moment(noted.get("tried_at")),
        is_sound=noted.get("sound"),
        trouble=_trouble(till, name),
    )


def _trouble(till: Till, name: str) -> PosError | None:
    noted = _noted(till, name)
    if noted.get("failed"):
        return JournalError(noted["failed"], **noted.get("facts", {}))
    if noted.get("sound") is False:
        return JournalError("backup_unsound", copy=noted.get("tried", ""), what=noted.get("what", ""))
    return None


def _second_is_due(till: Till) -> bool:
    from posapp.journal.backup import EVERY

    if _rests(till, SECOND):
        return False
    newest = _moment(_noted(till, SECOND).get("newest_at"))
    return newest is None or not timedelta(0) <= till.now() - newest < EVERY


def _rests(till: Till, name: str) -> bool:
    """Whether it failed a moment ago."""
    failed = _moment(_noted(till, name).get("failed_at"))
    return failed is not None and timedelta(0) <= till.now() - failed < AGAIN


def _noted(till: Till, name: str) -> dict[str, Any]:
    """What is known of a place; nothing of one that was set up since."""
    text = till.journal.get_fact(f"backup:{name}")
    body: dict[str, Any] = json.loads(text) if text else {}
    return body if body.get("folder") == _folder_text(till, name) else {}


def _folder_text(till: Till, name: str) -> str:
    return "" if name == LOCAL else str(second_folder(till.settings))


def _note(till: Till, name: str, **news: object) -> None:
    body = {**_noted(till, name), "folder": _folder_text(till, name), **news}
    till.journal.set_fact(f"backup:{name}", json.dumps(body, ensure_ascii=False))


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
