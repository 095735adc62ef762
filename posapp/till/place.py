"""Where a data directory lives: a copied one is noticed when it is opened, and sells nothing (rules 11 and 20).

The journal remembers the computer and the folder that it was begun on. Another computer, or another folder while the
former one is still there with its journal, is a copy: two tills of one name would sell the same orders. A folder that
was only renamed is followed silently. `posapp restore` takes a copy over: a person's decision, after the fiscal storage
has been read. What cannot be told apart here – a cloned virtual machine, an older state put back by a backup program –
is met by the documents themselves: each is stamped, and the first that the journal does not know stops everything.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from posapp.errors import SetupError
from posapp.journal.connect import JOURNAL_NAME

if TYPE_CHECKING:
    from posapp.journal.store import Journal

FACT = "place"
COMMAND_S = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """A computer and a folder on it. `machine` is a hash that says nothing about the computer, "" when unknown."""

    machine: str
    folder: str

    def __str__(self) -> str:
        return f"{self.folder} (компьютер {self.machine[:6] or '?'})"


def here(folder: Path) -> Place:
    """The place of a data directory now."""
    return Place(_machine(), str(folder.resolve()))


def known(journal: Journal) -> Place | None:
    """The place that the journal remembers; None for one that was never asked."""
    text = journal.get_fact(FACT)
    return None if not text else Place(**json.loads(text))


def settle(journal: Journal, place: Place) -> None:
    """Remembers the place of a journal that knows none, or follows one that was moved. A copy is left as it is."""
    before = known(journal)
    if before is None or (before != place and not is_copy(before, place)):
        keep(journal, place)


def keep(journal: Journal, place: Place) -> None:
    """From now on the directory lives here."""
    journal.set_fact(FACT, json.dumps(asdict(place), ensure_ascii=False))


def is_copy(before: Place, now: Place) -> bool:
    """Whether a directory that lived at `before` and is opened at `now` is a second one."""
    if before.machine and now.machine and before.machine != now.machine:
        return True
    if before.folder == now.folder:
        return False
    old, new = Path(before.folder) / JOURNAL_NAME, Path(now.folder) / JOURNAL_NAME
    try:
        return not os.path.samefile(old, new)  # one folder by two names: a link, a mapped drive
    except OSError:
        return old.exists()


def refuse_copy(journal: Journal, place: Place) -> None:
    """Raises SetupError `directory_copied`."""
    before = known(journal)
    if before is not None and is_copy(before, place):
        raise SetupError("directory_copied", was=before, here=place)


# ------------------------------------------------------------------------------------------------ the computer
def _machine() -> str:
    """A name of this computer's installation that survives restarts and is another one on every other computer."""
    text = _machine_text().strip()
    return hashlib.sha256(b"posapp " + text.encode()).hexdigest() if text else ""


if sys.platform == "win32":

    def _machine_text() -> str:
        import winreg

        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
        return ""

elif sys.platform == "darwin":

    def _machine_text() -> str:
        with suppress(OSError, subprocess.SubprocessError):
            told = subprocess.run(
                ["ioreg", "-rd1", "-c", "IOPlatformExpertDevice"],
                capture_output=True,
                text=True,
                timeout=COMMAND_S,
                check=True,
            )
            return next((line for line in told.stdout.splitlines() if "IOPlatformUUID" in line), "")
        return ""

else:

    def _machine_text() -> str:
        for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
            with suppress(OSError):
                return path.read_text("ascii", errors="replace")
        return ""
