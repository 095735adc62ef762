"""`posapp setup find`, `setup printer --find`, and a till whose register is plugged elsewhere, by command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp import settings as settings_file
from posapp.cli.main import main
from posapp.devices import candidates, moving
from posapp.devices.candidates import Candidate
from posapp.devices.port import SerialPlace
from posapp.settings import ScannerSettings
from tests.cli.tills import Run
from tests.devices.lines import Register, plug, register, stranger

OURS, OTHER = 87_200_001, 87_200_002


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer has no ports and no neighbours but those of the test."""
    monkeypatch.setattr(candidates, "serial_places", list)
    monkeypatch.setattr(candidates, "KNOWN_TCP", ())
    monkeypatch.setattr(candidates, "KNOWN_WEB", ())


@pytest.fixture(scope="module")
def ours() -> Iterator[Register]:
    with register(OURS) as made:
        yield made


@pytest.fixture(scope="module")
def other() -> Iterator[Register]:
    with register(OTHER) as made:
        yield made


@pytest.fixture
def run(typed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command with `--json` in a data directory of the test's own."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    return typed


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """A command that prints an object a line."""
    code = main([*arguments, "--json"])
    return code, [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_a_line_each_and_a_summary(
    ours: Register, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    with stranger(unasked=b"4607\r") as scanner:
        code, told = lines(capsys, "setup", "find", "--at", ours.port, "--at", scanner.port)
    assert code == 0
    found = {each["port"]: each for each in told[:-1]}
    assert found[ours.port]["factory_number"] == ours.number
    assert found[ours.port]["storage_number"] == ours.storage
    assert (found[ours.port]["state"], found[ours.port]["is_practice"]) == ("register", True)
    assert (found[scanner.port]["state"], found[scanner.port]["why"]) == ("foreign", "talks")
    assert told[-1]["summary"]["registers"] == 1
    assert not folder.exists() or not list(folder.iterdir())  # a search keeps nothing


def test_the_tills_own_scanner_is_left_alone(
    ours: Register, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    with stranger() as scanner:
        assert run("setup", "printer", "--model", "shtrih", "--port", ours.port, "--training")[0] == 0
        found = settings_file.load(folder)
        assert found is not None
        settings_file.save(folder, found.with_(scanner=ScannerSettings(port=scanner.port)))
        monkeypatch.setattr(candidates, "serial_places", lambda: [SerialPlace(scanner.port), SerialPlace(ours.port)])
        _, told = lines(capsys, "setup", "find")
        assert scanner.heard == b""
    states = {each["port"]: (each["state"], each["is_this_till"]) for each in told[:-1]}
    assert states == {scanner.port: ("left_alone", False), ours.port: ("register", True)}
    assert "сканер этой кассы" in next(each["message"] for each in told[:-1] if each["port"] == scanner.port)


def test_the_same_for_a_person_in_both_languages(
    ours: Register, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    assert main(["setup", "find", "--at", ours.port]) == 0
    told = capsys.readouterr()
    assert f"№ {ours.number}" in told.out
    assert "учебная" in told.out
    assert "Ищем" in told.err
    monkeypatch.setenv("POSAPP_LANG", "en")
    assert main(["setup", "find", "--at", ours.port]) == 0
    assert "Shtrih-M" in capsys.readouterr().out


def test_nothing_found_is_a_verdict_too(run: Run) -> None:
    code, answer = run("setup", "find", "--at", "/dev/no-such-port")
    assert code == 1
    assert answer["error"]["code"] == "no_register_found"


def test_the_register_that_is_found_is_set_up(run: Run, ours: Register) -> None:
    code, answer = run("setup", "printer", "--find", "--at", ours.port, "--training")
    assert code == 0
    assert (answer["printer"]["port"], answer["printer"]["model"]) == (ours.port, "shtrih")
    assert (answer["printer"]["factory_number"], answer["printer"]["baud"]) == (ours.number, 115_200)


def test_a_register_that_refuses_our_password_is_said_to_be_one(run: Run, ours: Register) -> None:
    code, answer = run("setup", "printer", "--find", "--at", ours.port, "--training", "--password", "77")
    assert (code, answer["error"]["code"]) == (1, "register_not_named")
    assert "пароль" in answer["error"]["message"]


def test_the_program_does_not_choose_between_two(run: Run, ours: Register, other: Register) -> None:
    both = ("setup", "printer", "--find", "--training", "--at", ours.port, "--at", other.port)
    code, answer = run(*both)
    assert (code, answer["error"]["code"]) == (1, "several_registers")
    assert ours.number in answer["error"]["message"]
    assert other.port in answer["error"]["message"]
    code, answer = run(*both, "--factory-number", other.number)
    assert (code, answer["printer"]["port"]) == (0, other.port)


def test_a_practice_register_is_no_find_for_a_real_till(run: Run, ours: Register) -> None:
    code, answer = run("setup", "printer", "--find", "--at", ours.port)
    assert (code, answer["error"]["code"]) == (1, "no_register_found")


@pytest.mark.parametrize(
    "options", [(), ("--find", "--port", "COM3"), ("--model", "shtrih"), ("--port", "COM3"), ("--at", "COM3")]
)
def test_either_a_port_or_a_search(run: Run, options: tuple[str, ...]) -> None:
    assert run("setup", "printer", *options)[0] == 2


def test_a_till_follows_its_register_and_refuses_another_one(
    run: Run, ours: Register, other: Register, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plug(tmp_path / "tty0", ours.port)
    places = [Candidate(first)]
    monkeypatch.setattr(moving, "same_carrier", lambda home: list(places))
    assert run("setup", "printer", "--model", "shtrih", "--port", first, "--training")[0] == 0
    assert run("shift", "open")[0] == 0
    made = ours.printer.storage.last_number

    plug(tmp_path / "tty0", other.port)  # another register where ours was
    code, answer = run("shift", "cash-in", "100")
    assert (code, answer["error"]["code"]) == (1, "wrong_device")
    assert ours.number in answer["error"]["message"]
    assert other.number in answer["error"]["message"]

    moved = plug(tmp_path / "tty1", ours.port)  # ours is in another jack
    places.append(Candidate(moved))
    code, answer = run("shift", "cash-in", "100")
    assert code == 0, answer
    assert run("setup", "show")[1]["printer"]["port"] == moved
    assert run("shift", "status")[0] == 0
    assert ours.printer.storage.last_number == made  # cash is no document, and nothing else was made
    assert other.printer.storage.last_number == 1
