"""A till that calls its portal as an application: for tests in this process, and as a process that may be killed.

    python -m tests.sync.application FOLDER      prints what became of one call, as JSON

The process's vault is a file, `KEYRING_FILE`. `KILL_AT` is `before:N` or `after:N`: the process ends as by a power cut
just before or after its N-th write to the vault. The first write of a renewal marks the pair, the second is the new
pair.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
from keyring.backend import KeyringBackend

from posapp import vault
from posapp.errors import PosError
from posapp.http import HttpClient
from posapp.settings import OAuthSettings
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.connect import Clock, application_access
from posapp.sync.bitrix.oauth import Pair
from posapp.sync.governor import Governor, Limits

IDENTITY = "till-of-the-test"
KILLED = 9
FILE = "connection.json"


class FileKeyring(KeyringBackend):
    """A vault in a file, shared by processes."""

    priority = 0.5

    def __init__(self, path: Path, kill_at: str = "") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring leaves it untyped
        self._path = path
        self._kill_at = kill_at
        self._writes = 0

    def get_password(self, service: str, username: str) -> str | None:
        found: str | None = self._all().get(f"{service}/{username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        self._writes += 1
        self._die(f"before:{self._writes}")
        temporary = self._path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))
        temporary.replace(self._path)
        self._die(f"after:{self._writes}")

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError

    def _all(self) -> dict[str, Any]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def _die(self, point: str) -> None:
        if point == self._kill_at:
            os._exit(KILLED)


def connection(portal: Any, url: str) -> OAuthSettings:
    """The settings of a till that is connected to this practice portal."""
    access = portal.access
    return OAuthSettings(access.client_id, access.member_id, f"{url}/rest/", f"{url}/oauth/token/", 18655)


def first_pair(portal: Any, url: str, now: datetime) -> Pair:
    """A pair as the portal gives it at set-up."""
    token, refresh = portal.access.issue(now)
    return Pair(token, refresh, portal.access.member_id, f"{url}/rest/")


def clock() -> Clock:
    """The real time, for processes."""
    return Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep)


def main(folder: Path) -> int:
    """One call with the vault's pair."""
    keyring.set_keyring(FileKeyring(Path(os.environ["KEYRING_FILE"]), os.environ.get("KILL_AT", "")))
    http = HttpClient()
    try:
        access = application_access(IDENTITY, OAuthSettings(**json.loads((folder / FILE).read_text())), folder, clock())
        governor = Governor(time.monotonic, time.sleep, Limits(1e9, 1e9))
        told = {"user": BitrixClient(access, http, governor).call("profile")["ID"]}
    except PosError as error:
        told = {"error": error.code, "why": str(error.facts.get("why", ""))}
    finally:
        http.close()
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    assert vault.SERVICE == "posapp"
    sys.exit(main(Path(sys.argv[1])))
