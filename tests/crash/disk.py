"""A disk under SQLite that remembers what is really on it, fails when it is told to, and can lose its power.

SQLite asks its files through a table of functions (sqlite.org/vfs.html). Ours stands between SQLite and the system's:
every write, truncation, sync and removal of a database file passes here, is counted, and may be refused with any result
code – the very way in which SQLite's own tests break its disks. Beside the real files the disk keeps what would be left
if the power went now: what was synced, and of what was not any part (`Cut.image`).

Needs the SQLite library that Python uses as a shared one; where it is built in, `AVAILABLE` is False.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

OK, FULL = 0, 13
IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = 10 | 3 << 8, 10 | 4 << 8, 10 | 6 << 8, 10 | 10 << 8
SECTOR = 512
_NAME = b"posapp-test-disk"
_P = ctypes.c_void_p
_CALL = ctypes.CFUNCTYPE


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""


_WRITE = _CALL(ctypes.c_int, _P, _P, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = _CALL(ctypes.c_int, _P, ctypes.c_int64)
_SYNC = _CALL(ctypes.c_int, _P, ctypes.c_int)
_Methods._fields_ = [
    ("version", ctypes.c_int),
    ("close", _P),
    ("read", _P),
    ("write", _WRITE),
    ("truncate", _TRUNCATE),
    ("sync", _SYNC),
    *[(f"rest{number}", _P) for number in range(13)],
]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""


# Names are pointers, never copies: SQLite keeps them as long as the file is open.
_OPEN = _CALL(ctypes.c_int, _P, _P, _P, ctypes.c_int, _P)
_DELETE = _CALL(ctypes.c_int, _P, _P, ctypes.c_int)
_Vfs._fields_ = [
    ("version", ctypes.c_int),
    ("file_size", ctypes.c_int),
    ("path_max", ctypes.c_int),
    ("next", _P),
    ("name", ctypes.c_char_p),
    ("data", _P),
    ("open", _OPEN),
    ("delete", _DELETE),
    *[(f"rest{number}", _P) for number in range(14)],
]


def _library() -> ctypes.CDLL | None:
    """The SQLite that Python's own module has loaded."""
    name = ctypes.util.find_library("sqlite3")
    if name is None or os.name != "posix":
        return None
    try:
        library = ctypes.CDLL(name)
        library.sqlite3_libversion.restype = ctypes.c_char_p
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        is_ours = library.sqlite3_libversion().decode() == sqlite3.sqlite_version
        loaded = Path("/proc/self/maps").read_text() if Path("/proc/self/maps").exists() else ""
    except (OSError, AttributeError):
        return None
    return library if is_ours and "libsqlite3" in loaded else None


_LIBRARY = _library()
AVAILABLE = _LIBRARY is not None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is about to happen to a file: write, truncate, sync or delete."""

    number: int
    what: str
    path: Path
    offset: int = 0
    data: bytes = b""


Decide = Callable[[Event], int]
"""Asked before each event: 0 lets it happen, any other SQLite result code is what SQLite gets instead."""


@dataclass
class Cut:
    """What is on the disk at one moment: `durable` content by path, and writes that no sync has forced out yet."""

    durable: dict[Path, bytes]
    pending: list[Event]
    facts: Any = None
    """What the test knew at that moment."""

    def image(self, folder: Path, luck: Random | None) -> None:
        """Writes the files as a power cut may leave them: nothing of what is pending without `luck`.

        With it each write is there, is not, or is there up to some sector.
        """
        files = {path: bytearray(content) for path, content in self.durable.items()}
        for event in self.pending if luck is not None else ():
            assert luck is not None
            keep = luck.choice((0, 1, 2))
            if keep == 0:
                continue
            file = files.setdefault(event.path, bytearray())
            if event.what == "truncate":
                _set_size(file, event.offset)
                continue
            data = event.data if keep == 1 else event.data[: luck.randrange(len(event.data) + 1) // SECTOR * SECTOR]
            _set_size(file, max(len(file), event.offset + len(data)))
            file[event.offset : event.offset + len(data)] = data
        for path, content in files.items():
            (folder / path.name).write_bytes(content)


def _set_size(file: bytearray, size: int) -> None:
    del file[size:]
    file.extend(bytes(size - len(file)))


@dataclass
class Disk:
    """Every file that SQLite changes while it stands there (`standing`)."""

    decide: Decide = field(default=lambda _: OK)
    count: int = 0
    now: Cut = field(default_factory=lambda: Cut({}, []))

    def happens(self, what: str, path: Path, offset: int = 0, data: bytes = b"") -> int:
        """Counts an event, asks whether it may happen, remembers what it does to the disk."""
        self.count += 1
        event = Event(self.count, what, path, offset, data)
        code = self.decide(event)
        if code != OK:
            return code
        if what in ("write", "truncate"):
            self.now.pending.append(event)
        elif what == "sync":
            self._force_out(path)
        else:
            self.now.durable.pop(path, None)
            self.now.pending = [each for each in self.now.pending if each.path != path]
        return OK

    def opened(self, path: Path, content: bytes) -> None:
        """A file is opened; what it held before anybody looked is on the disk."""
        if path not in self.now.durable and not any(each.path == path for each in self.now.pending):
            self.now.durable[path] = content

    def cut(self, facts: Any = None) -> Cut:
        """This moment."""
        return Cut(dict(self.now.durable), list(self.now.pending), facts)

    def _force_out(self, path: Path) -> None:
        file = bytearray(self.now.durable.get(path, b""))
        for event in self.now.pending:
            if event.path != path:
                continue
            if event.what == "truncate":
                _set_size(file, event.offset)
                continue
            _set_size(file, max(len(file), event.offset + len(event.data)))
            file[event.offset : event.offset + len(event.data)] = event.data
        self.now.durable[path] = bytes(file)
        self.now.pending = [each for each in self.now.pending if each.path != path]


_standing: list[Disk] = []  # at most one
_kept: list[Any] = []  # ctypes functions must outlive every connection that uses them
_paths: dict[int, Path] = {}
_methods: dict[int, _Methods] = {}


@contextmanager
def standing(disk: Disk) -> Iterator[Disk]:
    """Connections that are opened in this block stand on `disk`; they must be closed in it."""
    if _LIBRARY is None:
        raise RuntimeError("SQLite is not a shared library here")
    _register(_LIBRARY)
    _standing.append(disk)
    try:
        yield disk
    finally:
        _standing.clear()
        _LIBRARY.sqlite3_vfs_register(_LIBRARY.sqlite3_vfs_find(b"unix"), 1)


def _register(library: ctypes.CDLL) -> None:
    """Our table of functions becomes the one that new connections get."""
    if _kept:
        library.sqlite3_vfs_register(ctypes.byref(_kept[0]), 1)
        return
    system = library.sqlite3_vfs_find(b"unix").contents
    ours = _Vfs.from_buffer_copy(system)
    system_open, system_delete = system.open, system.delete

    def open_(_vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = int(system_open(ctypes.addressof(system), name, file, flags, out))
        if code == OK and name and _standing:
            path = _path(name)
            _standing[0].opened(path, path.read_bytes())
            _paths[file] = path
            _stand_between(file)
        return code

    def delete(_vfs: int, name: int, sync_folder: int) -> int:
        code = OK if not _standing else _standing[0].happens("delete", _path(name))
        return code or int(system_delete(ctypes.addressof(system), name, sync_folder))

    ours.name = _NAME
    ours.next = None
    ours.open, ours.delete = _OPEN(open_), _DELETE(delete)
    _kept.extend((ours, system, ours.open, ours.delete))
    library.sqlite3_vfs_register(ctypes.byref(ours), 1)


def _path(name: int) -> Path:
    return Path(os.fsdecode(ctypes.string_at(name)))


def _stand_between(file: int) -> None:
    """Puts our functions in the place of the system's in one open file."""
    slot = ctypes.c_void_p.from_address(file)
    address = slot.value or 0
    if address not in _methods:
        _methods[address] = _ours_for(_Methods.from_address(address))
    slot.value = ctypes.addressof(_methods[address])


def _ours_for(system: _Methods) -> _Methods:
    ours = _Methods.from_buffer_copy(system)

    def write(file: int, data: int, size: int, offset: int) -> int:
        code = (
            OK if not _standing else _standing[0].happens("write", _paths[file], offset, ctypes.string_at(data, size))
        )
        return code or int(system.write(file, data, size, offset))

    def truncate(file: int, size: int) -> int:
        code = OK if not _standing else _standing[0].happens("truncate", _paths[file], size)
        return code or int(system.truncate(file, size))

    def sync(file: int, flags: int) -> int:
        code = OK if not _standing else _standing[0].happens("sync", _paths[file])
        return code or int(system.sync(file, flags))

    ours.write, ours.truncate, ours.sync = _WRITE(write), _TRUNCATE(truncate), _SYNC(sync)
    _kept.extend((ours, ours.write, ours.truncate, ours.sync))
    return ours


REFUSALS = {"write": (FULL, IOERR_WRITE), "truncate": (IOERR_TRUNCATE,), "sync": (IOERR_FSYNC,),
            "delete": (IOERR_DELETE,)}  # fmt: skip
"""What a real disk says to each event when it does not do it."""


def refusing(nth: int, which: int = 0, *, stays: bool = False) -> tuple[Decide, list[Event]]:
    """A decision that refuses the `nth` event (from 1; 0 = none), and the list in which what it refused then stands.

    `which` chooses among the results that fit; `stays`: every later event is refused too.
    """
    refused: list[Event] = []

    def decide(event: Event) -> int:
        if nth == 0 or event.number < nth or (refused and not stays):
            return OK
        refused.append(event)
        codes = REFUSALS[event.what]
        return codes[which % len(codes)]

    return decide, refused
