"""Every failure of the disk sorted in one place: the world's trouble becomes a `JournalError`, our own bugs stay bugs.

Sources: sqlite.org/rescode.html (result codes), and what Linux really returns on a full or read-only file system: the
first write to a full disk is SQLITE_FULL, but growing the shared memory or creating the WAL there fails as SQLITE_IOERR
or SQLITE_CANTOPEN, so for these two the free space decides.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posapp.errors import JournalError
from posapp.journal.lock import holder

ROOM_MIN_BYTES = 128 * 1024
"""Less free space than this, and a failed write is called a full disk."""

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_READ_ONLY = frozenset((errno.EROFS, errno.EACCES, errno.EPERM))


@contextmanager
def sorted_failures(journal: Path) -> Iterator[None]:
    """Raises `JournalError` for trouble of the world with the file `journal`; lets everything else through."""
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite quotes the damaged text of a schema, and Python cannot read that
        raise JournalError("journal_damaged", what="текст не читается") from error
    except (sqlite3.Error, OSError) as error:
        trouble = trouble_of(error, journal)
        if trouble is None:
            raise
        raise trouble from error


def trouble_of(error: sqlite3.Error | OSError, journal: Path) -> JournalError | None:
    """The trouble behind an error, or None when it is a bug of ours (a constraint, wrong SQL, misuse)."""
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, journal)
    if error.errno in _FULL:
        return JournalError("disk_full")
    if error.errno in _READ_ONLY:
        return JournalError("disk_read_only", path=journal.parent)
    return JournalError("journal_failed", what=str(error))


def _of_sqlite(error: sqlite3.Error, journal: Path) -> JournalError | None:
    """By SQLite's primary result code: the low byte of the extended one."""
    extended = getattr(error, "sqlite_errorcode", None)
    if extended is None:  # raised by the sqlite3 module itself: misuse
        return None
    code = extended & 0xFF
    what = f"{error} ({error.sqlite_errorname})"
    if code == sqlite3.SQLITE_FULL:
        return JournalError("disk_full")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and not _has_room(journal):
        return JournalError("disk_full")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return JournalError("disk_read_only", path=journal.parent)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        pid = holder(journal.parent)  # not the one who is in our way when it is ourselves: a copy tool, a viewer
        return JournalError("journal_busy", pid=pid if pid != os.getpid() else "?")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalError("journal_damaged", what=what)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM):
        return JournalError("journal_failed", what=what)
    return None


def _has_room(journal: Path) -> bool:
    try:
        return shutil.disk_usage(journal.parent).free >= ROOM_MIN_BYTES
    except OSError:
        return True
