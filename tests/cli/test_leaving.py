"""Signing out and being uninstalled: neither while something is unsent, the data stay, the secrets go."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles
from tests.conftest import MemoryKeyring

NUMBERS = count(1)
PRERM = Path(__file__).parents[2] / "packaging" / "deb" / "prerm"


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=20, seed=4) as started:
        yield started


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's home."""
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> Path:
    return home / ".local" / "share" / "posapp"


@pytest.fixture
def run(typed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with `--json` in the person's data directory; gives exit code and answer."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    return typed


@pytest.fixture
def unsent(run: Run, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A till that has sold an order and told nobody; its webhook is in the vault."""
    name = f"л{next(NUMBERS)}"
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    assert run(*printer, "--till", name)[0] == 0
    assert run("setup", "portal", "--mode", "till-driven")[0] == 0
    monkeypatch.delenv("POSAPP_WEBHOOK")
    assert run("setup", "vat", "--accept-proposed")[0] == 0
    assert run("orders", "pull")[1]["complete"]
    run("shift", "open")  # it may be open: the tests of this page share the register
    rows = [
        row
        for row in run("orders", "list")[1]["orders"]
        if not (row["cancelled"] or row["done"]) and row["to_pay_kopecks"] == row["price_kopecks"]
    ]
    for row in rows:
        kopecks = row["price_kopecks"]
        code, answer = run("sell", row["order"], "--cash", roubles(kopecks))
        if code == 0:
            return run
        assert answer["error"]["code"] in ("receipted_elsewhere", "already_paid"), answer
    raise AssertionError("no order is left")


def secrets(vault: MemoryKeyring) -> list[str]:
    return sorted(name.split(":")[0] for _, name in vault.secrets)


@pytest.mark.parametrize("command", [("setup", "sign-out"), ("uninstall",), ("uninstall", "--check")])
def test_nobody_leaves_while_something_is_unsent(unsent: Run, vault: MemoryKeyring, command: tuple[str, ...]) -> None:
    code, answer = unsent(*command)
    assert (code, answer["error"]["code"]) == (1, "unsent")
    assert answer["unsent"] == {"entries": 4, "receipts": 0, "operations": 0}
    assert secrets(vault) == ["webhook"]
    entry = unsent("outbox", "list")[1]["entries"][0]["entry"]
    assert unsent("outbox", "hold", str(entry))[0] == 0
    unsent("sync", "--once")
    code, answer = unsent(*command)
    assert answer["unsent"]["entries"] >= 1  # held by a person: still owed


def test_signed_out_it_knows_no_secret_and_keeps_everything_else(
    unsent: Run, vault: MemoryKeyring, folder: Path
) -> None:
    assert unsent("sync", "--once")[1]["left"] == 0
    code, answer = unsent("setup", "sign-out", "--by", "Петров", "--why", "магазин закрыт")
    assert (code, answer["secrets"]) == (0, {"removed": ["webhook"], "still_set": [], "vault": True})
    assert vault.secrets == {}
    code, answer = unsent("orders", "pull")
    assert (code, answer["error"]["code"]) == (1, "secret_missing")
    assert len(unsent("orders", "list")[1]["orders"]) > 0
    assert unsent("setup", "show")[0] == 0
    code, answer = unsent("setup", "sign-out")
    assert (code, answer["secrets"]["removed"]) == (0, [])


def test_uninstalling_removes_secrets_and_says_where_the_data_stay(
    unsent: Run, vault: MemoryKeyring, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    unsent("setup", "backup", "--folder", str(stick))
    assert unsent("sync", "--once")[1]["left"] == 0
    code, answer = unsent("uninstall", "--check")
    assert (code, answer["may_leave"]) == (0, True)
    assert secrets(vault) == ["webhook"]
    monkeypatch.setenv("POSAPP_OFD_TOKEN", "from the environment")
    of_a_moment = ("journal.sqlite-wal", "journal.sqlite-shm")
    before = {path for path in folder.rglob("*") if path.is_file() and path.name not in of_a_moment}
    code, answer = unsent("uninstall")
    assert code == 0
    assert answer["secrets"] == {"removed": ["webhook"], "still_set": ["POSAPP_OFD_TOKEN"], "vault": True}
    assert (answer["data_dir"], answer["copies"][0]) == (str(folder), str(folder / "backups"))
    assert answer["copies"][1].startswith(str(stick))
    assert before <= {path for path in folder.rglob("*") if path.is_file()}


def test_what_cannot_be_asked_does_not_leave(unsent: Run, folder: Path) -> None:
    assert unsent("sync", "--once")[1]["left"] == 0
    (folder / "journal.sqlite").unlink()
    for command in (("setup", "sign-out"), ("uninstall",), ("uninstall", "--check")):
        code, answer = unsent(*command)
        assert (code, answer["error"]["code"]) == (1, "journal_lost")


def test_without_a_till_there_is_nothing_to_ask(run: Run) -> None:
    assert run("uninstall") == (0, {"may_leave": True, "data_dir": None, "copies": []})


# ---------------------------------------------------------------------------------------------- the package's script


def prerm(home: Path, program: Path, action: str = "remove") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(PRERM), action],
        env={**os.environ, "POSAPP": str(program), "POSAPP_HOMES": f"{home}\n{home.parent}/nobody"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """What the package installs: a program of that name. It has no vault (see `tests/conftest.py`)."""
    path = tmp_path / "posapp"
    root = Path(__file__).parents[2]
    path.write_text(f'#!/bin/sh\ncd "{root}" && exec "{sys.executable}" -m posapp "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a Debian package")
def test_the_package_stays_while_something_is_unsent(unsent: Run, home: Path, folder: Path, program: Path) -> None:
    refused = prerm(home, program)
    assert refused.returncode != 0
    assert "Не всё отправлено" in refused.stderr
    assert str(folder) in refused.stderr
    assert prerm(home, program, "upgrade").returncode == 0
    assert unsent("sync", "--once")[1]["left"] == 0
    removed = prerm(home, program)
    assert removed.returncode == 0, removed.stderr
    assert (folder / "journal.sqlite").exists()
    assert (folder / "settings.json").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a Debian package")
def test_one_till_that_owes_keeps_the_others_signed_in(
    unsent: Run, home: Path, folder: Path, program: Path, tmp_path: Path
) -> None:
    """Of two directories the second owes: the first is asked only, and nothing of it is changed."""
    first = tmp_path / "another" / ".local" / "share" / "posapp"
    first.mkdir(parents=True)
    (first / "settings.json").write_bytes((folder / "settings.json").read_bytes())
    homes = subprocess.run(
        ["/bin/sh", str(PRERM), "remove"],
        env={**os.environ, "POSAPP": str(program), "POSAPP_HOMES": f"{tmp_path / 'another'}\n{home}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert homes.returncode != 0
    assert "Секреты удалены" not in homes.stderr
    assert sorted(each.name for each in first.iterdir()) == ["settings.json"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a Debian package")
def test_a_program_that_is_gone_keeps_no_package(home: Path, tmp_path: Path) -> None:
    assert prerm(home, tmp_path / "nothing").returncode == 0
