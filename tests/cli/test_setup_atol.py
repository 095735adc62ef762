"""`posapp setup printer --model atol` over the web server: the login, the address, what it says of the key."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp import app, vault
from posapp.domain.money import Money
from posapp.till import requests
from tests.cli.tills import Run
from tests.wire.simulated import Simulated, simulated

LOGIN = "kassa:the-secret-of-the-server"


@pytest.fixture(scope="module")
def register() -> Iterator[Simulated]:
    way = ("--model", "atol", "--transport", "web", "--listen", "tcp:127.0.0.1:0", "--login", LOGIN)
    with simulated(*way) as running:
        yield running


@pytest.fixture
def till(typed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    monkeypatch.delenv(vault.ATOL_VARIABLE, raising=False)
    return typed


def setup(till: Run, port: str, *more: str) -> tuple[int, dict[str, object]]:
    return till("setup", "printer", "--training", "--model", "atol", "--port", port, *more)


def test_without_a_login_nothing_is_saved(till: Run, register: Simulated, folder: Path) -> None:
    code, body = setup(till, register.ready["port"])
    assert (code, body["error"]["code"]) == (1, "atol_login")  # type: ignore[index]
    assert not (folder / "settings.json").exists()


def test_the_login_comes_by_the_environment(
    till: Run, register: Simulated, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(vault.ATOL_VARIABLE, LOGIN)
    code, body = setup(till, register.ready["port"])
    assert code == 0
    printer = body["printer"]
    assert isinstance(printer, dict)
    assert (printer["model"], printer["factory_number"]) == ("atol", register.ready["factory_number"])
    assert printer["takes_key"] is False, "no document has shown it yet"
    assert till("shift", "open")[0] == 0
    code, report = till("shift", "cash-in", "100")
    assert (code, report["drawer_kopecks"]) == (0, 10_000)
    assert till("shift", "close")[0] == 0
    for each in folder.rglob("*"):
        assert not each.is_file() or b"the-secret" not in each.read_bytes(), each


def test_the_login_comes_on_standard_input(
    till: Run, register: Simulated, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{LOGIN}\n"))
    assert setup(till, register.ready["port"], "--login-stdin")[0] == 0
    identity = json.loads((folder / "settings.json").read_text("utf-8"))["identity"]
    kept = vault.atol_login(identity)
    assert kept is not None
    assert kept.reveal() == LOGIN
    assert str(kept) == "•••"
    assert "the-secret-of-the-server" in vault.held(), "it is struck out of what others say"
    assert till("shift", "status")[0] == 0
    vault.forget(identity, ("atol",))
    assert vault.atol_login(identity) is None


@pytest.mark.parametrize(
    "port, more, what",
    [
        ("http://kassa:secret@127.0.0.1:1", (), "POSAPP_ATOL_LOGIN"),
        ("http://127.0.0.1:1", ("--link", "wire"), "wire"),
        ("http://[kassa", (), "адрес"),
        ("http://:16732", (), "адрес"),
        ("COM3", ("--link", "web"), "web"),
        ("http://127.0.0.1:1", ("--link", "v1"), "v1"),
    ],
)
def test_what_does_not_fit_together_is_wrong_usage(till: Run, port: str, more: tuple[str, ...], what: str) -> None:
    code, body = setup(till, port, *more)
    assert code == 2
    assert what in body["error"]["message"]  # type: ignore[index]
    assert "secret" not in json.dumps(body)


def test_a_line_without_a_password_is_no_login(till: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("kassa\n"))
    code, _ = setup(till, "http://127.0.0.1:1", "--login-stdin")
    assert code == 2


def test_the_address_stays_while_something_may_still_run_there(
    till: Run, register: Simulated, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(vault.ATOL_VARIABLE, LOGIN)
    address = register.ready["port"]
    assert setup(till, address)[0] == 0
    with app.open_till(folder) as opened:
        noted = requests.fresh(opened).noted
        opened.journal.start_operation("cash_in", Money(100), opened.identity, noted, "")
    assert setup(till, address)[0] == 0, "the same address again is no other queue"
    before = (folder / "settings.json").read_text("utf-8")
    for way in ((f"{address}/?deviceID=2",), ("usb", "--link", "library")):
        code, body = setup(till, *way)
        assert (code, body["error"]["code"]) == (1, "queue_waits")  # type: ignore[index]
        code, body = setup(till, *way, "--leave-queue")
        assert body["error"]["code"] != "queue_waits"  # type: ignore[index]
    assert (folder / "settings.json").read_text("utf-8") == before
