"""What every test stands on: Qt without a screen, no vault and no data directory of the person who runs the tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt: without a screen and without this, Qt aborts the process.
if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import hypothesis
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

# No deadline: a slow machine is not a wrong program. The blob makes a failure repeatable elsewhere.
hypothesis.settings.register_profile("posapp", deadline=None, print_blob=True)
hypothesis.settings.load_profile("posapp")


class MemoryKeyring(KeyringBackend):
    """A vault that lives as long as one test."""

    priority = 0.5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring leaves it untyped
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        try:
            del self.secrets[service, username]
        except KeyError:
            raise PasswordDeleteError(username) from None


@pytest.fixture(autouse=True)
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    """An empty vault in memory in place of the system's; a process that the test starts has none at all."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def nobodys_till(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the data directory or the portal of the person who runs it."""
    for name in (
        "POSAPP_CLIENT_SECRET", "POSAPP_DATA_DIR", "POSAPP_GATEWAY_SECRET", "POSAPP_MARKING_KEY",
        "POSAPP_MARKING_MODULE", "POSAPP_WEBHOOK",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def real_receipts() -> tuple[Path, ...]:
    """The published receipts of real registers, one JSON file each, from the folder POSAPP_REAL_RECEIPTS names."""
    named = os.environ.get("POSAPP_REAL_RECEIPTS")
    if not named:
        pytest.skip("POSAPP_REAL_RECEIPTS names no folder of real receipts")
    found = tuple(sorted(Path(named).glob("*.json")))
    if not found:
        pytest.fail(f"POSAPP_REAL_RECEIPTS={named} holds no *.json file")
    return found
