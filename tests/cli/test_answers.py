"""How a command answers: what was done keeps its exit code, whoever reads or does not read the answer."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from posapp.cli.main import COMMANDS
from posapp.cli.orders import _offer_line
from posapp.domain.money import Money
from posapp.domain.offers import Offer, Way

RUN = [sys.executable, "-m", "posapp"]
UNKNOWN_ORDER = ["orders", "show", "nothing-like-it", "--json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory that nobody has set up yet, on a path as people make them."""
    return tmp_path / "Каталог данных №1"


def _run(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "POSAPP_DATA_DIR": str(folder), **changes}
    return subprocess.run([*RUN, *arguments], env=environment, capture_output=True, check=False, timeout=60)


def _into(folder: Path, redirect: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command through the shell with its stdout redirected."""
    environment = {**os.environ, "POSAPP_DATA_DIR": str(folder)}
    line = ["/bin/sh", "-c", f'"$@" {redirect}', "sh", *RUN, *arguments]
    return subprocess.run(line, env=environment, capture_output=True, check=False, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="the shell of Unix")
@pytest.mark.parametrize("redirect", [">&-", "> /dev/full", "2>&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("arguments, code", [(["setup", "show"], 1), (["setup", "show", "--json"], 1), (["sell"], 2)])
def test_the_exit_code_is_that_of_the_work(folder: Path, redirect: str, arguments: list[str], code: int) -> None:
    if "full" in redirect and not os.path.exists("/dev/full"):
        pytest.skip("no full disk on this system")
    done = _into(folder, redirect, *arguments)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the shell of Unix")
def test_a_reader_who_left_early_changes_no_exit_code(folder: Path) -> None:
    """The other end of the pipe is closed before the command begins."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    environment = {**os.environ, "POSAPP_DATA_DIR": str(folder)}
    done = subprocess.run(
        [*RUN, "resolve", "KEY", "--json"], env=environment, stdout=write_end, stderr=subprocess.PIPE, timeout=60,
        check=False,
    )  # fmt: skip
    os.close(write_end)
    assert done.returncode == 2
    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "koi8-r"])
def test_json_is_utf8_whatever_the_code_page(folder: Path, encoding: str) -> None:
    done = _run(folder, "setup", "show", "--json", PYTHONIOENCODING=encoding)
    assert done.returncode == 1
    assert "Касса" in json.loads(done.stdout.decode("utf-8"))["error"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are text there")
@pytest.mark.parametrize("command", [["orders", "show"], ["orders", "list"], ["sell"], ["receipt", "show"]])
def test_bytes_that_are_no_text_are_wrong_usage(folder: Path, command: list[str]) -> None:
    done = _run(folder, *command, os.fsdecode(b"\xff"), "--json")
    assert (done.returncode, done.stderr) == (2, b"")
    assert json.loads(done.stdout)["error"]["code"] == "usage"


def test_english_is_english_to_the_end(folder: Path) -> None:
    done = _run(folder, "setup", "show", POSAPP_LANG="en")
    assert done.returncode == 1
    assert b"Run" in done.stderr
    assert "код" not in done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["sim", "dump", "--storage", "nowhere.json"],
        ["sim", "printer", "--listen", "nonsense"],
        ["sim", "portal", "--listen", "nonsense"],
        ["receipt", "verify", "nowhere.json"],
        ["bench", "nothing"],
        ["setup", "show"],
    ],
)
def test_every_command_takes_both_options(folder: Path, arguments: list[str]) -> None:
    done = _run(folder, *arguments, "--json", "--data-dir", str(folder))
    answer = json.loads(done.stdout.decode("utf-8"))
    assert answer["error"]["code"] != "usage" or arguments[0] == "bench"
    assert "No such option" not in done.stdout.decode("utf-8")
    assert answer["error"]["action"]


@pytest.mark.parametrize("port", ["99999", "x", "-1"])
@pytest.mark.parametrize(
    "listen", [["sim", "printer", "--listen", "tcp:127.0.0.1:"], ["sim", "portal", "--listen", "127.0.0.1:"]]
)
def test_a_port_that_is_none_is_wrong_usage(folder: Path, listen: list[str], port: str) -> None:
    done = _run(folder, *listen[:-1], listen[-1] + port)
    assert (done.returncode, done.stderr) == (2, b"")
    assert json.loads(done.stdout)["error"]["message"]


@pytest.mark.parametrize("listen", [["sim", "printer", "--listen", "tcp:"], ["sim", "portal", "--listen", ""]])
def test_a_port_that_is_taken_is_refused(folder: Path, listen: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = _run(folder, *listen[:-1], f"{listen[-1]}127.0.0.1:{taken.getsockname()[1]}")
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["error"]["code"] == "port_not_free"


@pytest.mark.parametrize(
    "offer",
    [
        Offer(Way.REST, due=Money(100), prepaid=Money(200), payment_id=7),
        Offer(Way.CREDIT, prepaid=Money(100), credit=Money(200), shipment_id=7),
        Offer(Way.BARTER, other=Money(100), payment_id=7),
    ],
)
def test_an_offer_is_told_in_one_language(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSAPP_LANG", "en")
    assert re.search("[а-яё]", _offer_line("MSK-1", offer, several=True)) is None
    monkeypatch.setenv("POSAPP_LANG", "ru")
    words = _offer_line("MSK-1", offer, several=True).split("\n")[0]
    assert re.search("[a-z]", words) is None


def test_every_command_is_found_without_loading_the_others() -> None:
    """`COMMANDS` names each command of each module: one that is missing would only be found by loading everything."""
    found: dict[str, str] = {}
    for module in dict.fromkeys(COMMANDS.values()):
        app = typer.Typer()
        import_module(f"posapp.cli.{module}").register(app)
        group = typer.main.get_group(app)
        found |= dict.fromkeys(group.commands, module)
    assert found == COMMANDS
