"""One process writes: the lock on a data directory, held by the operating system and gone with the process.

The file `lock` stays; what counts is the lock on it, not its presence. It holds the number of the process, for the
message that another one shows. On Windows the locked byte lies behind the text, because a locked range cannot be read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from posapp.errors import JournalError

LOCK_NAME = "lock"
_LOCKED_BYTE = 1 << 20


class DirectoryLock:
    """The right to write in a data directory, from the constructor to `release`; `name` is of another right there."""

    def __init__(self, folder: Path, name: str = LOCK_NAME) -> None:
        """Takes it. Raises JournalError `journal_busy` when another process (or this one) holds it, OSError."""
        self._descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError as error:
            self.release()
            raise JournalError("journal_busy", pid=holder(folder, name) or "?") from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Gives it back; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)  # closing the only descriptor drops the lock
            self._descriptor = -1


def holder(folder: Path, name: str = LOCK_NAME) -> int | None:
    """The number of the process that last took the lock, None when nobody ever did."""
    try:
        text = (folder / name).read_text("ascii", errors="replace").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:  # EACCES, or EDEADLK after the retries of the C library
            raise BlockingIOError from error
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # flock belongs to the open file, so a second journal in this very process is refused too.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
