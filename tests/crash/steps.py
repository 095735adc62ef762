"""The numbered steps of a till: every durable write and every call to the world outside, in the order they happen.

A step is a name given to one function just before or just after it. The killer ends the process at its n-th step, the
disk of `test_disk_trouble.py` refuses at it. What is a step:

* the journal: before BEGIN, before and after COMMIT, before and after a checkpoint, a backup and a change of its mode;
* the register: each frame written, each reply read and not yet acknowledged, each acknowledgement;
* the portal and whoever else is asked over HTTP: before and after each request;
* the file system: before and after each fsync, rename, removal, write, truncation and each file opened to be written.

Between two neighbouring steps nothing happens that outlives the process, so dying at each of them is dying anywhere.
"""

from __future__ import annotations

import builtins
import io
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from posapp.devices.port import SerialPort
from posapp.devices.shtrih.frame import ACK, STX
from posapp.http import HttpClient

Step = Callable[[str], None]

_WRITES = frozenset(("fsync", "replace", "rename", "unlink", "remove", "write", "ftruncate", "mkdir", "rmdir"))


@contextmanager
def stepping(step: Step) -> Iterator[None]:
    """Calls `step` at every step of this process until the end of the block."""
    undo: list[Callable[[], None]] = []
    try:
        _journal(step, undo)
        _register(step, undo)
        _requests(step, undo)
        _files(step, undo)
        yield
    finally:
        for each in reversed(undo):
            each()


def _replace(owner: Any, name: str, new: object, undo: list[Callable[[], None]]) -> None:
    old = getattr(owner, name)
    setattr(owner, name, new)
    undo.append(lambda: setattr(owner, name, old))


# ------------------------------------------------------------------------------------------------ the journal
def _journal(step: Step, undo: list[Callable[[], None]]) -> None:
    class Counted(sqlite3.Connection):
        """A connection that says what it is about to make durable."""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            head = sql.lstrip()[:24].upper()
            if head.startswith("BEGIN IMMEDIATE"):
                step("before BEGIN")
            elif head.startswith("COMMIT"):
                step("before COMMIT")
                return _after(super().execute(sql, *values), "COMMIT")
            elif head.startswith(("PRAGMA WAL_CHECKPOINT", "PRAGMA JOURNAL_MODE", "VACUUM")):
                step(f"before {head.split('(')[0].split('=')[0].lower()}")
                return _after(super().execute(sql, *values), head.split("(")[0].split("=")[0].lower())
            return super().execute(sql, *values)

        def commit(self) -> None:
            if not self.in_transaction:
                return super().commit()
            step("before COMMIT")
            super().commit()
            return step("after COMMIT")

        def backup(self, *values: Any, **more: Any) -> None:
            step("before sqlite backup")
            super().backup(*values, **more)
            step("after sqlite backup")

    def _after(done: sqlite3.Cursor, what: str) -> sqlite3.Cursor:
        step(f"after {what}")
        return done

    plain = sqlite3.connect

    def connect(*values: Any, **more: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = plain(*values, **{**more, "factory": Counted})
        return db

    _replace(sqlite3, "connect", connect, undo)


# ------------------------------------------------------------------------------------------------ the world outside
QUESTIONS = frozenset(
    (
        "10",
        "11",
        "1a",
        "1b",
        "1f",
        "2e",
        "89",
        "fc",
        "ff01",
        "ff02",
        "ff03",
        "ff09",
        "ff0a",
        "ff39",
        "ff3a",
        "ff3b",
        "ff40",
    )
)
"""Commands that change nothing of money: asked twice they answer twice."""


def telling(names: Sequence[str]) -> list[int]:
    """The numbers (from 1) of the steps that can tell something new, of all in their order.

    Just before a step is the same moment as just after the one before it. And between two steps that change something –
    a commit, a file, a request, a command – the same question to the register finds the same world each time: the
    first of a sort is enough.
    """
    chosen: list[int] = []
    asked: set[str] = set()
    former = ""
    for number, name in enumerate(names, 1):
        is_same_moment = name.startswith("before ") and former.startswith(("after ", "acknowledged "))
        former = name
        if not QUESTIONS.intersection(name.split()):
            asked.clear()
        if is_same_moment or name in asked:
            continue
        asked.add(name)
        chosen.append(number)
    return chosen


def _register(step: Step, undo: list[Callable[[], None]]) -> None:
    write = SerialPort.write
    asked = [""]

    def stepped(port: SerialPort, data: bytes) -> None:
        if data == bytes((ACK,)):  # a reply has been read: the register still holds it
            step(f"read reply to {asked[0]}")
            write(port, data)
            step(f"acknowledged reply to {asked[0]}")
        else:
            write(port, data)
            if data[:1] == bytes((STX,)):
                asked[0] = (data[2:4] if data[2] == 0xFF else data[2:3]).hex()
                step(f"written frame {asked[0]}")

    _replace(SerialPort, "write", stepped, undo)


def _requests(step: Step, undo: list[Callable[[], None]]) -> None:
    for name, method in list(vars(HttpClient).items()):
        if name.startswith("_") or name == "close" or not callable(method):
            continue

        def stepped(*values: Any, _method: Callable[..., Any] = method, **more: Any) -> Any:
            step("before a request")
            answer = _method(*values, **more)
            step("after a request")
            return answer

        _replace(HttpClient, name, stepped, undo)


# ------------------------------------------------------------------------------------------------ the file system
def _files(step: Step, undo: list[Callable[[], None]]) -> None:
    busy = [False]  # a step that itself writes a file is none of the till's

    def around(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*values: Any, **more: Any) -> Any:
            if busy[0] or (name == "write" and not stat.S_ISREG(os.fstat(values[0]).st_mode)):
                return call(*values, **more)
            busy[0] = True
            try:
                step(f"before {name}")
                result = call(*values, **more)
                step(f"after {name}")
            finally:
                busy[0] = False
            return result

        return stepped

    for name in sorted(_WRITES):
        _replace(os, name, around(name, getattr(os, name)), undo)
    opened = os.open

    def open_descriptor(path: Any, flags: int, *values: Any, **more: Any) -> int:
        if flags & os.O_CREAT and not busy[0]:
            return int(around("creating a file", opened)(path, flags, *values, **more))
        return opened(path, flags, *values, **more)

    _replace(os, "open", open_descriptor, undo)
    plain = io.open

    def open_file(file: Any, mode: str = "r", *values: Any, **more: Any) -> Any:
        if set(mode) & set("wax+") and not isinstance(file, int) and not busy[0]:
            return around("opening a file to write", plain)(file, mode, *values, **more)
        return plain(file, mode, *values, **more)

    _replace(io, "open", open_file, undo)
    _replace(builtins, "open", open_file, undo)
