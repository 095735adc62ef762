"""The disk under one till's journal: it fills up, locks, refuses, loses power – at a chosen commit.

The journal, its SQLite and its file are real. What fails is the writing connection: its BEGIN or COMMIT raises what
SQLite raises there, or the process dies on either side of the commit. A power cut tears what the commit wrote to the
WAL and had not yet been told to be on the disk: cut off or garbled after the last finished commit – and, should the
journal ever be opened with less than `synchronous=FULL`, after the last checkpoint.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posapp.journal.connect import open_writer
from posapp.simulation.register import Killed

FULL, READ_ONLY, LOCKED, BROKEN = "full", "read_only", "locked", "io_error"
KILL_BEFORE, KILL_AFTER, POWER = "kill_before", "kill_after", "power"

_WHAT = {
    FULL: (sqlite3.SQLITE_FULL, "SQLITE_FULL", "database or disk is full"),
    READ_ONLY: (sqlite3.SQLITE_READONLY, "SQLITE_READONLY", "attempt to write a readonly database"),
    LOCKED: (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", "database is locked"),
    BROKEN: (sqlite3.SQLITE_IOERR, "SQLITE_IOERR", "disk I/O error"),
}
_AT_BEGIN = (READ_ONLY, LOCKED)
_SYNC_FULL = 2


@dataclass
class Trouble:
    """What happens at the `nth` commit from now on, and at `times` in a row."""

    name: str
    do: str
    nth: int = 1
    times: int = 1
    garbles: bool = False
    cut: float = 0.5  # how much of the torn commit reached the disk
    seen: int = 0

    @property
    def strikes(self) -> bool:
        """Whether it is its turn."""
        return self.nth <= self.seen < self.nth + self.times


class Disk:
    """One till's disk; `fired` is told the names of troubles that happened."""

    def __init__(self, fired: Callable[[str], None]) -> None:
        self._fired = fired
        self._armed: list[Trouble] = []
        self._counted: set[int] = set()
        self.torn: dict[str, bytes] = {}
        """What the files hold after the power cut that just happened: name → bytes."""
        self.commits = 0

    def arm(self, trouble: Trouble) -> None:
        """From now on it waits for its commit."""
        self._armed.append(trouble)

    def heal(self) -> None:
        """The disk is sound and has room."""
        self._armed.clear()

    @property
    def is_troubled(self) -> bool:
        """Whether anything waits."""
        return bool(self._armed)

    def connect(self, path: Path) -> sqlite3.Connection:
        """The journal's writing connection on this disk."""
        disk = self

        class OnThisDisk(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql == "BEGIN IMMEDIATE":
                    disk.begin()
                elif sql == "COMMIT":
                    return disk.commit(path, super().execute)
                return super().execute(sql, *parameters)

        return open_writer(path, OnThisDisk)

    def begin(self) -> None:
        """A transaction begins. Raises what SQLite raises on a disk that cannot be written."""
        for each in self._armed:
            each.seen += 1
        self._fail(next((each for each in self._armed if each.strikes and each.do in _AT_BEGIN), None))

    def commit(self, path: Path, execute: Callable[[str], sqlite3.Cursor]) -> sqlite3.Cursor:
        """A transaction ends. Raises what SQLite raises, or Killed."""
        self.commits += 1
        trouble = next((each for each in self._armed if each.strikes), None)
        if trouble is None:
            return execute("COMMIT")
        if trouble.do == KILL_BEFORE:
            self._dies(trouble)
        if trouble.do == POWER:
            before = _files(path)
            is_full = execute("PRAGMA synchronous").fetchone()[0] >= _SYNC_FULL
            execute("COMMIT")
            self.torn = _torn(path, before, _files(path), trouble, is_full)
            self._dies(trouble)
        if trouble.do == KILL_AFTER:
            execute("COMMIT")
            self._dies(trouble)
        self._fail(trouble)
        return execute("COMMIT")

    def _dies(self, trouble: Trouble) -> None:
        self._fired(trouble.name)
        self._armed.remove(trouble)
        raise Killed

    def _fail(self, trouble: Trouble | None) -> None:
        if trouble is None:
            return
        if id(trouble) not in self._counted:
            self._counted.add(id(trouble))
            self._fired(trouble.name)
        if trouble.seen >= trouble.nth + trouble.times - 1:
            self._armed.remove(trouble)
        code, name, text = _WHAT[trouble.do]
        error = sqlite3.OperationalError(text)
        error.sqlite_errorcode, error.sqlite_errorname = code, name
        raise error


def _files(path: Path) -> dict[str, bytes]:
    wal = path.with_name(path.name + "-wal")
    return {each.name: each.read_bytes() if each.exists() else b"" for each in (path, wal)}


def _torn(
    path: Path, before: dict[str, bytes], after: dict[str, bytes], trouble: Trouble, is_full: bool
) -> dict[str, bytes]:
    """The files when the power goes while the commit is being written."""
    wal = path.name + "-wal"
    was, now = before[wal], after[wal]
    safe = _common(was, now)  # nothing, when the WAL began anew: all of it was in the file already
    if not is_full:
        safe = 0
    cut = min(safe + int((len(now) - safe) * trouble.cut), len(now) - 1)
    rest = bytes(each ^ 0x5A for each in now[cut:]) if trouble.garbles else was[cut:]
    return {path.name: before[path.name], wal: now[:cut] + rest}


def _common(was: bytes, now: bytes) -> int:
    """How many bytes at the beginning are the same."""
    low, high = 0, min(len(was), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        if was[:middle] == now[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
