"""Connections to the journal file: one that writes, many that only read; every setting that durability rests on.

WAL with `synchronous=FULL`: a commit returns when its pages are on the disk. (NORMAL would keep the file sound but may
lose the last commits when the power fails – for money the same as losing them.) Readers open the file read-only and
never checkpoint: SQLite before 3.51.3 and 3.53.0 can damage a WAL that two connections reset at the same moment.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from posapp.errors import JournalError
from posapp.journal.failures import sorted_failures

JOURNAL_NAME = "journal.sqlite"
BUSY_TIMEOUT_MS = 5000
_FULL = 2  # PRAGMA synchronous as a number
READERS_IDLE_MAX = 8


def open_writer(path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """The writing connection, in autocommit mode: transactions are begun by hand. Creates the file when missing.

    `factory` is what it is made of: the simulation puts a disk that fails in its place.

    Raises JournalError when a setting does not hold, sqlite3.Error, OSError.
    """
    if not path.exists():
        _create(path)
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000, factory=factory
    )
    try:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        db.execute("PRAGMA synchronous=FULL")
        if sys.platform == "darwin":
            db.execute("PRAGMA fullfsync=ON")  # fsync there stops at the drive's cache
        db.execute("PRAGMA foreign_keys=ON")
        level = db.execute("PRAGMA synchronous").fetchone()[0]
        keys = db.execute("PRAGMA foreign_keys").fetchone()[0]
        if (mode, level, keys) != ("wal", _FULL, 1):
            raise JournalError("journal_failed", what=f"journal_mode={mode}, synchronous={level}, foreign_keys={keys}")
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection in autocommit mode that never checkpoints. Raises sqlite3.Error."""
    db = sqlite3.connect(
        f"file:{quote(path.absolute().as_posix())}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    try:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("PRAGMA query_only=ON")
    except BaseException:
        db.close()
        raise
    return db


def _create(path: Path) -> None:
    """An empty file that only its owner reads (orders hold personal data), and its name on the disk."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder survive a power cut; Windows does so by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Readers:
    """Read-only connections, each used by one thread at a time and kept for the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one look. Raises JournalError for trouble with the disk."""
        with sorted_failures(self._path):
            db = self._take()
            try:
                yield db
            finally:
                self._give_back(db)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection for several looks at one and the same state."""
        with self.reading() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._is_closed:
                raise JournalError("journal_failed", what="closed")
            if self._idle:
                return self._idle.pop()
        return open_reader(self._path)

    def _give_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < READERS_IDLE_MAX:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        """Closes what is idle; what is in use closes when it is given back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
