"""`posapp marking parse|check`, `setup marking`, `sim marking`: codes as data, and whom the till asks about them."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from posapp import vault
from posapp.__main__ import main
from posapp.cli.marking import parse_codes
from posapp.cli.practice import PracticeShop
from posapp.devices.simulator.marking import SimulatedMarking
from posapp.devices.simulator.marking_server import MarkingServer
from posapp.domain.marking import INPUT_MAX
from tests.cli.tills import Run

MILK = "01046071038207002155kTHg\x1d93dGVz"
IDENTITY = "01046071038207002155kTHg"


def parsed(lines: Any, **options: bool) -> tuple[int, list[Any]]:
    answers: list[Any] = []
    return parse_codes(lines, answers.append, **options), json.loads(json.dumps(answers))


# ------------------------------------------------------------------------------------------------ parse
def test_a_line_for_each_code_and_one_bad_code_hides_no_other() -> None:
    code, (first, bad, last) = parsed([MILK, "0104607103820701", "", "4607103820700"])
    assert code == 1
    assert first == {
        "family": "gs1-93", "code": MILK, "identity": IDENTITY, "gtin": "04607103820700", "serial": "55kTHg",
        "elements": [{"ai": "01", "value": "04607103820700"}, {"ai": "21", "value": "55kTHg"},
                     {"ai": "93", "value": "dGVz"}],
        "product_code": {"tag": 1305, "value": IDENTITY}, "nomenclature_code": "444d0430acc9639c35356b544867",
        "complete": True, "mended": False,
    }  # fmt: skip
    assert (bad["error"]["code"], bad["error"]["position"]) == ("bad_marking", 15)
    assert last["product_code"] == {"tag": 1302, "value": "4607103820700"}


def test_all_good_is_exit_code_zero() -> None:
    assert parsed([MILK])[0] == 0


def test_unrecognised_codes_on_request() -> None:
    assert parsed(["ABC-1"])[0] == 1
    code, (found,) = parsed(["ABC-1"], unrecognised=True)
    assert (code, found["product_code"]) == (0, {"tag": 1300, "value": "ABC-1"})


def test_bytes_of_a_scanner_and_lines_without_an_end() -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n" + MILK.encode() + b"\r\n" + b"0" * 100_000 + b"\n"), "utf-8")
    code, answers = parsed(stream)
    assert code == 1
    assert [("error" in each) for each in answers] == [True, False, True]
    assert answers[2]["error"]["position"] == INPUT_MAX


# ------------------------------------------------------------------------------------------------ set-up and asking
@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What set-up keeps of a practice register."""
    folder = tmp_path_factory.mktemp("till")
    with PracticeShop(orders=2, seed=5) as shop:
        command = ["setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training"]
        assert main([*command, "--data-dir", str(folder)]) == 0
    return folder / "settings.json"


@pytest.fixture
def service() -> Iterator[MarkingServer]:
    server = MarkingServer(("127.0.0.1", 0), SimulatedMarking("key", "u:p"), lambda: datetime.now().astimezone())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.close()
    thread.join(10)


@pytest.fixture
def run(typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings_file: Path) -> Run:
    """Runs a command with `--json` in a training directory whose register is set up."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("POSAPP_MARKING_KEY", "key")
    monkeypatch.setenv("POSAPP_MARKING_MODULE", "u:p")
    monkeypatch.setattr(vault, "_this_run", {})

    shutil.copy(settings_file, tmp_path)
    return typed


def test_set_up_tests_what_it_saves_and_keeps_no_secret(run: Run, service: MarkingServer, tmp_path: Path) -> None:
    code, answer = run("setup", "marking", "--online", service.url, "--local", service.url)
    assert code == 0
    assert answer["marking"] == {
        "online": service.url, "local": service.url, "is_simulated": True, "sells_unanswered": False,
    }  # fmt: skip
    assert (answer["hosts"], answer["local_status"]) == ([service.url], "ready")
    kept = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    assert kept["marking"] == answer["marking"]
    assert "u:p" not in json.dumps(kept)


def test_codes_are_asked_about(run: Run, service: MarkingServer) -> None:
    assert run("setup", "marking", "--online", service.url, "--local", service.url)[0] == 0
    code, answer = run("marking", "check", MILK.replace("\x1d", "<GS>"))
    assert (code, answer["codes"][0]["allowed"], answer["codes"][0]["source"]) == (0, True, "online")
    service.marking.set_codes({IDENTITY: {"isBlocked": True}})
    service.marking.set_faults([{"do": "http", "value": 500}])
    code, answer = run("marking", "check", MILK)
    assert (code, answer["codes"][0]["ban"], answer["codes"][0]["source"]) == (1, 6, "local")
    service.marking.set_faults([{"do": "http", "value": 500}, {"do": "http", "value": 500, "at": "local"}])
    code, answer = run("marking", "check", MILK)
    assert (code, answer["error"]["code"]) == (1, "marking_unanswered")


def test_a_host_that_fails_is_remembered_by_the_next_command(run: Run, service: MarkingServer) -> None:
    assert run("setup", "marking", "--online", service.url, "--local", service.url)[0] == 0
    service.marking.set_faults([{"do": "http", "value": 500, "times": 3}])
    for _ in range(4):  # the first asks for the list of hosts, and that fails
        assert run("marking", "check", MILK)[0] == 0
    service.marking.requests.clear()
    service.marking.set_faults([{"do": "http", "value": 500}])
    for _ in range(4):
        run("marking", "check", MILK)
    checks = [each for each in service.marking.requests if each.endswith("codes/check")]
    assert len(checks) == 3  # then the host is left alone


@pytest.mark.parametrize(
    "arguments, key",
    [
        (("--online", "{url}"), "wrong"),
        (("--local", "{url}"), "key"),
        (("--online", "http://127.0.0.1:9"), "key"),
        (("--online", "https://user:secret@host"), "key"),
    ],
)
def test_what_does_not_answer_or_lets_nobody_in_is_not_saved(
    run: Run,
    service: MarkingServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    key: str,
) -> None:
    monkeypatch.setenv("POSAPP_MARKING_KEY", key)
    if "--local" in arguments:
        monkeypatch.setenv("POSAPP_MARKING_MODULE", "u:wrong")
    code, answer = run("setup", "marking", *(each.format(url=service.url) for each in arguments))
    assert code == 1
    assert "secret" not in json.dumps(answer, ensure_ascii=False)
    assert json.loads((tmp_path / "settings.json").read_text("utf-8"))["marking"] is None


def test_a_shop_whose_goods_are_not_under_the_mode_says_so_and_takes_it_back(run: Run) -> None:
    code, answer = run("setup", "marking", "--register-only")
    assert (code, answer["marking"]["online"], answer["marking"]["local"]) == (0, "", "")
    assert run("marking", "check", MILK)[1]["error"]["code"] == "not_set_up"
    assert run("setup", "marking", "--off")[1] == {"marking": None}


@pytest.mark.parametrize("arguments", [(), ("--off", "--register-only"), ("--online", "http://a", "--off")])
def test_one_thing_at_a_time(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("setup", "marking", *arguments)[0] == 2


def test_without_a_key_nothing_is_asked(run: Run, service: MarkingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSAPP_MARKING_KEY")
    code, answer = run("setup", "marking", "--online", service.url)
    assert (code, answer["error"]["code"]) == (1, "not_set_up")
    assert service.marking.requests == []


# ------------------------------------------------------------------------------------------------ selling
@pytest.mark.parametrize("given", ["1", "=0104", "x=0104", "-1=0104", "12345=0104", "١=0104"])
def test_a_code_without_the_number_of_its_line(run: Run, given: str) -> None:
    code, answer = run("sell", "1001", "--cash", "1", "--mark", given)
    assert (code, answer["error"]["code"]) == (2, "usage")


def test_a_damaged_code_sells_nothing_and_says_where(run: Run, tmp_path: Path) -> None:
    code, answer = run("sell", "1001", "--cash", "1", "--mark", "1=0104607103820701215")
    assert (code, answer["error"]["code"], answer["error"]["position"]) == (1, "bad_marking", 15)
    assert not (tmp_path / "journal.sqlite").exists()


# ------------------------------------------------------------------------------------------------ the simulator
def test_the_simulator_is_a_command_of_its_own(tmp_path: Path) -> None:
    codes = tmp_path / "codes.json"
    codes.write_text(json.dumps({IDENTITY: {"sold": True}}), "utf-8")
    command = [sys.executable, "-m", "posapp", "sim", "marking", "--key", "k", "--codes", str(codes)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(ready["control"] + "state", timeout=10) as answer:
            assert json.load(answer)["codes"] == {IDENTITY: {"sold": True}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout and process.stdout.close()
        process.wait(10)


def test_the_simulator_refuses_what_makes_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"do": "everything"}]', "utf-8")
    assert main(["sim", "marking", "--faults", str(bad)]) == 2
    assert main(["sim", "marking", "--listen", "nowhere"]) == 2
    assert "wrong_usage" in capsys.readouterr().out
