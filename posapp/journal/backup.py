"""Copies of the journal, and whether it is sound.

A copy is taken by SQLite's online backup into a temporary file, checked, forced to the disk and renamed: what carries
the name of a backup is whole. The writer goes on meanwhile (a reader of a WAL blocks nobody).
"""

from __future__ import annotations

import os
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from posapp.errors import JournalError
from posapp.journal.connect import open_reader, sync_folder
from posapp.journal.failures import sorted_failures

BACKUPS_NAME = "backups"
KEEP = 48
EVERY = timedelta(hours=1)

_NAME = re.compile(r"^journal-(\d{8}T\d{6}Z)\.sqlite$")
_TIME = "%Y%m%dT%H%M%SZ"


class HasPath(Protocol):
    """A journal, seen as the place of its file."""

    @property
    def path(self) -> Path:
        """The file."""
        ...


def quick_check(path: Path) -> None:
    """Reads the whole file. Raises JournalError `journal_damaged` with the first finding; seconds for large files."""
    with sorted_failures(path):
        db = open_reader(path)
        try:
            finding = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            db.close()
    if finding != "ok":
        raise JournalError("journal_damaged", what=finding)


def needs_backup(to_folder: Path, now: datetime, every: timedelta = EVERY) -> bool:
    """Whether the newest copy is older than `every`, or there is none, or the clock was set back behind it."""
    newest = max((_made_at(each) for each in _copies(to_folder)), default=None)
    return newest is None or not timedelta(0) <= now - newest < every


def back_up(journal: HasPath, to_folder: Path, now: datetime, keep: int = KEEP) -> Path:
    """Makes a copy named after `now` and removes the oldest beyond `keep`. Raises JournalError: no copy then."""
    if keep < 1:
        raise ValueError("keep at least the copy that is being made")
    target = to_folder / f"journal-{now.astimezone(UTC).strftime(_TIME)}.sqlite"
    with sorted_failures(target):
        _copy(journal.path, target)
        for old in sorted(_copies(to_folder))[:-keep]:
            old.unlink()
    return target


def copy_before_migration(path: Path, to_folder: Path, revision: str, now: datetime) -> Path:
    """A copy that the hourly ones never push out. Raises sqlite3.Error, OSError, JournalError."""
    target = to_folder / f"journal-before-{revision}-{now.astimezone(UTC).strftime(_TIME)}.sqlite"
    _copy(path, target)
    return target


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        source = open_reader(path)
        try:
            copy = sqlite3.connect(part)
            try:
                source.backup(copy)  # in one go: one state of the journal
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a WAL beside it
            finally:
                copy.close()
        finally:
            source.close()
        quick_check(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def _copies(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if _NAME.match(each.name)]


def _made_at(copy: Path) -> datetime:
    match = _NAME.match(copy.name)
    if match is None:
        raise ValueError(f"not a backup: {copy}")
    return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
