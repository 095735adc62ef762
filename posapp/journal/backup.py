"""Copies of the journal: made online, carried to a second place, listed, thinned out.

A copy is taken by SQLite's online backup into a temporary file, checked, forced to the disk and renamed: what carries
the name of a backup is whole. The writer goes on meanwhile (a reader of a WAL blocks nobody). The copy in the second
place is the same file carried there byte by byte: network folders and SQLite's locks do not go together.

What a copy knows beside the journal stands in its facts, under names that begin with `copy:` – the settings (without
secrets), whose it is, and how many rows each table had in the very snapshot that was copied. `trial.py` compares.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from posapp.errors import JournalError
from posapp.journal.connect import open_reader, sync_folder
from posapp.journal.failures import sorted_failures
from posapp.journal.soundness import quick_check

BACKUPS_NAME = "backups"
EVERY = timedelta(hours=1)
HOURLY, DAILY = 24, 14
"""How many of the newest copies stay, and of how many days the last copy of the day."""
BYTES_MAX, FEWEST = 8 << 30, 3
"""Copies of one place take no more than this, but so many stay in any case."""

NOTES, COUNTS, IDENTITY, SETTINGS = "copy:", "copy:counts", "copy:identity", "copy:settings"
TABLES = (
    *("orders", "receipts", "attempts", "operations", "foreign_documents", "outbox", "sync_log", "audit"),
    *("shifts", "courier_days", "refusals", "walk_ins", "stock_moves", "returned_goods"),
)

_NAME = re.compile(r"^journal-(\d{8}T\d{6}Z)\.sqlite$")
_BEFORE = re.compile(r"^journal-before-\w+-(\d{8}T\d{6}Z)\.sqlite$")
_TIME = "%Y%m%dT%H%M%SZ"
_CHUNK = 1 << 20


class HasPath(Protocol):
    """A journal, seen as the place of its file."""

    @property
    def path(self) -> Path:
        """The file."""
        ...


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that carries the name of one."""

    path: Path
    made_at: datetime
    size: int


# ------------------------------------------------------------------------------------------------ making
def needs_backup(to_folder: Path, now: datetime, every: timedelta = EVERY) -> bool:
    """Whether the newest copy is older than `every`, or there is none, or the clock was set back behind it."""
    found = copies(to_folder)
    return not found or not timedelta(0) <= now - found[0].made_at < every


def back_up(journal: HasPath, to_folder: Path, now: datetime, notes: Mapping[str, str] | None = None) -> Path:
    """Makes a copy named after `now`, with `notes` in it, thins out the older ones. Raises JournalError: no copy."""
    target = to_folder / f"journal-{now.astimezone(UTC).strftime(_TIME)}.sqlite"
    with sorted_failures(target):
        _copy(journal.path, target, notes or {})
        thin_out(to_folder, now)
    return target


def copy_before_migration(path: Path, to_folder: Path, revision: str, now: datetime) -> Path:
    """A copy that the hourly ones never push out. Raises sqlite3.Error, OSError, JournalError."""
    target = to_folder / f"journal-before-{revision}-{now.astimezone(UTC).strftime(_TIME)}.sqlite"
    _copy(path, target, {})
    return target


def carry(copy: Path, to_folder: Path, now: datetime) -> Path:
    """Carries a copy to another folder, reads it back there, thins out the older ones. Raises JournalError."""
    target = to_folder / copy.name
    with sorted_failures(target), _PartOf(target) as part:
        written = _pour(copy, part)
        if _hash_of(part) != written:
            raise JournalError("backup_unsound", copy=target, what="прочитано не то, что записано")
        _put(part, target)
        thin_out(to_folder, now)
    return target


def _copy(path: Path, target: Path, notes: Mapping[str, str]) -> None:
    with _PartOf(target) as part:
        with closing(open_reader(path)) as source, closing(sqlite3.connect(part)) as copy:
            source.execute("BEGIN")  # what is counted is what is copied
            counted = counts(source)
            source.backup(copy)  # in one go: one state of the journal
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a WAL beside it
            _note(copy, {**notes, COUNTS: json.dumps(counted)})
        quick_check(part)
        _put(part, target)


def _note(copy: sqlite3.Connection, notes: Mapping[str, str]) -> None:
    with suppress(sqlite3.OperationalError):  # a journal whose first migration has not run has no facts
        copy.executemany("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", list(notes.items()))
    copy.commit()


class _PartOf:
    """The temporary file for a target, gone at the end whatever happened."""

    def __init__(self, target: Path) -> None:
        self._part = target.with_suffix(".part")

    def __enter__(self) -> Path:
        self._part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._part.unlink(missing_ok=True)
        os.close(os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600))
        return self._part

    def __exit__(self, *_: object) -> None:
        self._part.unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Gives a finished part its name: on the disk first, then the name, then the folder."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)


def _pour(source: Path, target: Path) -> str:
    """Copies bytes to the disk and returns their SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------------------------------------ what is there
def copies(folder: Path, *, before_migrations: bool = False) -> list[Copy]:
    """The copies in a folder, newest first; none when the folder is away. Raises OSError when it cannot be read."""
    try:
        names = [each.name for each in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        match = _NAME.match(name) or (_BEFORE.match(name) if before_migrations else None)
        path = folder / name
        if match is None or not path.is_file():
            continue
        with suppress(ValueError, FileNotFoundError):  # a name with a 13th month, a copy thinned out meanwhile
            made_at = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
            found.append(Copy(path, made_at, path.stat().st_size))
    return sorted(found, key=lambda each: (each.made_at, each.path.name), reverse=True)


def thin_out(folder: Path, now: datetime) -> None:
    """Removes what `kept` does not keep. Raises OSError."""
    found = copies(folder)
    stays = {each.path for each in kept(found)}
    for each in found:
        if each.path not in stays:
            each.path.unlink(missing_ok=True)


def kept(found: Sequence[Copy]) -> list[Copy]:
    """Which of the copies (newest first) stay: the newest, the last one of each of the last days, bounded in bytes."""
    days: dict[object, Copy] = {}
    for each in found:
        days.setdefault(each.made_at.date(), each)
    last_of_day = list(days.values())[:DAILY]
    stays = [each for place, each in enumerate(found) if place < HOURLY or each in last_of_day]
    total = 0
    fit: list[Copy] = []
    for each in stays:
        total += each.size
        if total <= BYTES_MAX or len(fit) < FEWEST:
            fit.append(each)
    return fit


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has, how many documents prove a receipt, how many entries wait. Needs a snapshot."""
    there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = {
        name: int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0])  # noqa: S608 – names of our tables
        for name in TABLES
        if name in there
    }
    if {"receipts", "outbox"} <= there:
        asked: dict[str, str] = {
            "fiscalized": "SELECT count(*) FROM receipts WHERE document_number IS NOT NULL",
            "undelivered": "SELECT count(*) FROM outbox WHERE state != 'done'",
        }
        found |= {name: int(db.execute(query).fetchone()[0]) for name, query in asked.items()}
    return found


def notes_of(copy: Path) -> dict[str, str]:
    """What a copy knows about itself; empty for one that was made before a migration. Raises JournalError."""
    with sorted_failures(copy), closing(open_reader(copy)) as db:
        try:
            rows = db.execute("SELECT name, value FROM facts WHERE name LIKE ?", (NOTES + "%",)).fetchall()
        except sqlite3.OperationalError:
            return {}
    return {str(name): str(value) for name, value in rows}


Progress = Callable[[str, int, int], None]
"""Told while something long goes on: which step, how much of it is done, how much there is (0: not known)."""


def silent(step: str, done: int, total: int) -> None:
    """A `Progress` that nobody watches."""
