"""A copy is worth what can be restored from it, so the program restores it: in a folder that is thrown away.

The copy is opened there as a journal, by the very code that would open it in earnest – brought to this program's schema
if need be –, checked whole, and its rows are counted and compared with those of the moment when it was made. The newest
receipts are read back into receipts. With 100 000 receipts (420 MB) that takes about two seconds on a desktop's disk,
in the background, so it is done after every copy.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from posapp.errors import JournalError, SetupError
from posapp.journal.backup import COUNTS, Copy, counts, notes_of
from posapp.journal.connect import JOURNAL_NAME, open_reader
from posapp.journal.failures import sorted_failures
from posapp.journal.soundness import integrity_check
from posapp.journal.store import Journal

ROOM_NAME = "trial"
READ_BACK = 100


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found: `counts` as `backup.counts` gives them, `trouble` when the copy cannot be restored."""

    copy: Path
    at: datetime
    counts: Mapping[str, int]
    trouble: JournalError | None

    @property
    def is_sound(self) -> bool:
        """It can be restored."""
        return self.trouble is None


def try_copy(copy: Copy, room: Path, now: Callable[[], datetime]) -> Tried:
    """Restores a copy below `room` and throws it away. Raises JournalError for the room's trouble, e.g. `disk_full`."""
    _clear(room)
    with sorted_failures(room / JOURNAL_NAME):
        room.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=room))
    try:
        _fetch(copy.path, place / JOURNAL_NAME)
        try:
            found = _restored(place, now, _promised(copy.path))
        except (JournalError, SetupError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
            if isinstance(error, JournalError) and error.code in ("disk_full", "disk_read_only", "backup_unsound"):
                raise
            what = error.message() if isinstance(error, JournalError) else str(error)
            raise JournalError("backup_unsound", copy=copy.path, what=what.rstrip(".")) from error
        return Tried(copy.path, now(), found, None)
    except JournalError as error:
        if error.code != "backup_unsound":
            raise
        return Tried(copy.path, now(), {}, error)
    finally:
        _clear(room)


def _clear(room: Path) -> None:
    """Also what an earlier trial left that was cut off."""
    shutil.rmtree(room, ignore_errors=True)


def _fetch(copy: Path, target: Path) -> None:
    """A copy that cannot be read at all is no copy; a room that is full is the room's trouble."""
    try:
        with copy.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise JournalError("backup_unsound", copy=copy, what=error.strerror or "не читается") from error
    with sorted_failures(target):
        shutil.copyfile(copy, target)


def _promised(copy: Path) -> dict[str, int]:
    """How many rows it had when it was made; nothing for a copy that says nothing."""
    text = notes_of(copy).get(COUNTS, "{}")
    return {str(name): int(count) for name, count in json.loads(text).items()}


def _restored(place: Path, now: Callable[[], datetime], promised: Mapping[str, int]) -> dict[str, int]:
    path = place / JOURNAL_NAME
    integrity_check(path)
    with Journal.open(place, now=now) as journal, closing(open_reader(path)) as db:
        found = counts(db)
        newest = db.execute("SELECT key FROM receipts ORDER BY id DESC LIMIT ?", (READ_BACK,)).fetchall()
        for (key,) in newest:
            if journal.receipt(key) is None:
                raise ValueError(f"чек {key} не читается")
    differing = {name: count for name, count in promised.items() if found.get(name) != count}
    if differing:
        raise ValueError("; ".join(f"{name}: {found.get(name)} вместо {count}" for name, count in differing.items()))
    return found
