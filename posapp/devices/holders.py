"""Which program holds a port: its name and number, so that a person knows what to close.

Linux tells it in `/proc`: who has locked the device, who has it open, who has a connection to an address. Of programs
of other users the kernel shows a number only to the administrator; elsewhere (Windows) nothing is told without tools of
the system's own, and a busy port stays a busy port. Nothing here opens a device.
"""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PTY_MAJORS = range(136, 144)
_ESTABLISHED = "01"
NAME_MAX = 40


@dataclass(frozen=True, slots=True)
class Holder:
    """A program: `pid` 0 and no name where the system tells only that there is one."""

    pid: int
    name: str

    @property
    def is_us(self) -> bool:
        """This very process."""
        return self.pid == os.getpid()


def holder_of(path: str) -> Holder | None:
    """Who has locked or opened a device; None when nobody, or when the system does not tell.

    The owner of a lock comes first: the far end of a pseudo-terminal has it open without holding it.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    pid = _lock_owner(found) or next((each for each in _openers(found) if each != os.getpid()), 0)
    return Holder(pid, name_of(pid)) if pid else None


def open_before_us(path: str) -> Holder | None:
    """Who uses a real serial port that nobody has locked: opening it too would mix two conversations.

    Always None for a pseudo-terminal, whose far end is open in the program that made it.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISCHR(found.st_mode) or os.major(found.st_rdev) in _PTY_MAJORS:
        return None
    return holder_of(path)


def connected_to(host: str, port: int) -> Holder | None:
    """Another program of this computer that has a connection to that address, as far as the system tells."""
    try:
        address = socket.gethostbyname(host)
    except OSError:
        return None
    wanted = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    for line in _lines(_PROC / "net/tcp"):
        fields = line.split()
        if len(fields) > 9 and fields[2] == wanted and fields[3] == _ESTABLISHED:
            pid = _socket_owner(fields[9])
            if pid and pid != os.getpid():
                return Holder(pid, name_of(pid))
    return None


def name_of(pid: int) -> str:
    """The program's name; a script's own rather than that of its interpreter."""
    words = [each.decode(errors="replace") for each in _bytes(_PROC / str(pid) / "cmdline").split(b"\0") if each]
    if any(each == "posapp" or each.startswith("posapp.") or Path(each).name == "posapp" for each in words):
        return "posapp"
    comm = _bytes(_PROC / str(pid) / "comm").decode(errors="replace").strip()
    return "".join(each for each in comm if each.isprintable())[:NAME_MAX]


def _lock_owner(found: os.stat_result) -> int:
    """The process that holds a lock on the file: `1: FLOCK ADVISORY WRITE 4711 00:18:5 0 EOF`."""
    wanted = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in _lines(_PROC / "locks"):
        fields = line.split()
        if len(fields) > 5 and fields[5] == wanted and "->" not in fields and fields[4].isdigit():
            return int(fields[4])
    return 0


def _openers(found: os.stat_result) -> Iterator[int]:
    """Every process that has the device open and that we may look at."""
    for pid in _processes():
        for link in _links(pid):
            try:
                seen = os.stat(link)
            except OSError:
                continue
            if stat.S_ISCHR(seen.st_mode) and seen.st_rdev == found.st_rdev:
                yield pid
                break


def _socket_owner(inode: str) -> int:
    for pid in _processes():
        for link in _links(pid):
            try:
                if os.readlink(link) == f"socket:[{inode}]":
                    return pid
            except OSError:
                continue
    return 0


def _processes() -> list[int]:
    try:
        return [int(each) for each in os.listdir(_PROC) if re.fullmatch("[0-9]+", each)]
    except OSError:
        return []


def _links(pid: int) -> list[str]:
    folder = f"{_PROC}/{pid}/fd"
    try:
        return [f"{folder}/{each}" for each in os.listdir(folder)]
    except OSError:
        return []


def _lines(path: Path) -> list[str]:
    return _bytes(path).decode(errors="replace").splitlines()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
