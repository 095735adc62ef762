"""Is the journal's file there, and is it sound? What is found is noted beside the file, so that no process sells on.

Three looks, by what they cost:

* `glance` – microseconds, whenever a process opens the journal to write: a file that is gone, empty or cut off.
* `quick_check` – reads the whole file, a second for 100 000 receipts: once a day, and after a process that did not end
  by itself (`is_check_due`). The window does it in the background.
* `integrity_check` – compares every index with its table too: for copies (`trial.py`), which nobody waits for.

Notes are files, not rows, because a damaged journal cannot be asked: `journal.born` (this directory has had a journal),
`journal.checked` (when the last check passed), `journal.damaged` (what the failed one found). SQLite's file format:
sqlite.org/fileformat2.html, section 1.3.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from posapp.errors import JournalError
from posapp.journal.connect import open_reader, sync_folder
from posapp.journal.failures import sorted_failures

BORN_NAME, CHECKED_NAME, DAMAGED_NAME = "journal.born", "journal.checked", "journal.damaged"
RESTORE_NAME = "restore.json"
"""Stands in the directory from the first step of a restore until its journal is in place (`rebuild.py`)."""

STATE = "restore:state"
READING, DONE, WAITS = "reading", "done", "waits"
"""The journal's fact about the last restore: the storage is still to be read and nothing is sold, all is read, or
something waits for a person."""

CHECK_EVERY = timedelta(days=1)
TEXT_MAX = 500

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100


def wal_of(path: Path) -> Path:
    """The write-ahead log beside a database."""
    return path.with_name(path.name + "-wal")


def has_log(path: Path) -> bool:
    """Whether a log with something in it lies beside; who closes the journal empties it, who only reads leaves one."""
    return _size_of(wal_of(path)) > 0


def shm_of(path: Path) -> Path:
    """The shared memory beside a database."""
    return path.with_name(path.name + "-shm")


def glance(path: Path) -> None:
    """Raises JournalError `journal_lost` for a journal that is gone, `journal_damaged` for one that is cut off.

    A directory that never had a journal passes.
    """
    refuse_damaged(path.parent)
    size = path.stat().st_size if path.exists() else None
    has_lived = (path.parent / BORN_NAME).exists()
    if size is None and has_lived:
        raise JournalError("journal_lost", path=path)
    if size == 0 and has_lived:
        raise JournalError("journal_damaged", what="файл пуст")
    check_length(path)


def check_length(path: Path) -> None:
    """Raises JournalError `journal_damaged` for a file that is cut off; SQLite lets pass what is less than a page.

    With a log beside it the file alone says nothing about its length.
    """
    size = _size_of(path)
    if size and not has_log(path):
        _check_length(path, size)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check_length(path: Path, size: int) -> None:
    """The header tells how many pages there are, when the last writer kept that number (offsets 24 and 92)."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return  # SQLite says it better
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    is_told = header[24:28] == header[92:96]
    if is_told and pages * (65_536 if page == 1 else page) > size:
        raise JournalError("journal_damaged", what=f"файл обрезан: {size} байт вместо {pages * page}")


def refuse_unfinished(folder: Path) -> None:
    """Raises JournalError `restore_unfinished` while a restore has not put its journal in place."""
    if (folder / RESTORE_NAME).exists():
        raise JournalError("restore_unfinished", why="журнал ещё не на месте")


def remember_born(folder: Path, now: datetime) -> None:
    """From now on a missing journal is a lost one."""
    note = folder / BORN_NAME
    if not note.exists():
        note.write_text(now.isoformat() + "\n", "ascii")
        sync_folder(folder)


def quick_check(path: Path) -> None:
    """Reads the whole file. Raises JournalError `journal_damaged` with the first finding; seconds for large files."""
    _check(path, "quick_check")


def integrity_check(path: Path) -> None:
    """As `quick_check`, and every index against its table, every reference against its row."""
    _check(path, "integrity_check")
    with sorted_failures(path), closing(open_reader(path)) as db:
        broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise JournalError("journal_damaged", what=f"строка {broken[1]} таблицы {broken[0]} ни к чему не относится")


def _check(path: Path, pragma: str) -> None:
    check_length(path)
    with sorted_failures(path), closing(open_reader(path)) as db:
        db.text_factory = _any_text  # a finding may quote a damaged row
        finding = db.execute(f"PRAGMA {pragma}(1)").fetchone()[0]
    if finding != "ok":
        raise JournalError("journal_damaged", what=finding.splitlines()[-1])


def _any_text(raw: bytes) -> str:
    return raw.decode(errors="replace")


# ------------------------------------------------------------------------------------------------ notes
def is_check_due(folder: Path, now: datetime) -> bool:
    """Whether the last check that passed is a day old, or unknown, or in the future."""
    try:
        checked = datetime.fromisoformat((folder / CHECKED_NAME).read_text("ascii").strip())
        return not timedelta(0) <= now - checked < CHECK_EVERY
    except (OSError, ValueError, TypeError):
        return True


def checked_at(folder: Path) -> datetime | None:
    """When the last check passed."""
    try:
        return datetime.fromisoformat((folder / CHECKED_NAME).read_text("ascii").strip())
    except (OSError, ValueError):
        return None


def forget_check(folder: Path) -> None:
    """The next look is a whole one: the process before did not end by itself."""
    (folder / CHECKED_NAME).unlink(missing_ok=True)


def check_and_note(path: Path, now: datetime) -> None:
    """Reads the whole file and notes the outcome. Raises JournalError `journal_damaged`: from now on nobody writes."""
    try:
        quick_check(path)
    except JournalError as error:
        if error.code == "journal_damaged":
            note_damage(path.parent, str(error.facts.get("what", "")))
        raise
    with suppress(OSError):  # without the note the next process checks again
        (path.parent / CHECKED_NAME).write_text(now.isoformat() + "\n", "ascii")


def note_damage(folder: Path, what: str) -> None:
    """Every process refuses to write from now on, until the journal was restored."""
    note = folder / DAMAGED_NAME
    with suppress(OSError):  # a disk that takes no note takes no sale either
        note.write_text(what[:TEXT_MAX] or "?", "utf-8")
        sync_folder(folder)


def refuse_damaged(folder: Path) -> None:
    """Raises JournalError `journal_damaged` when a check has found damage."""
    try:
        what = (folder / DAMAGED_NAME).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        what = error.strerror or "?"
    raise JournalError("journal_damaged", what=what.strip())


def is_sound(path: Path) -> bool:
    """Whether the file passes `integrity_check`. Never raises for a file that is no database."""
    try:
        integrity_check(path)
    except (JournalError, sqlite3.Error):
        return False
    return True
