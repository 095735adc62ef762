"""How a command answers: what was done keeps its exit code, whoever reads or does not read the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_english_is_english_to_the_end(folder: Path) -> None:
    done = _run(folder, "setup", "show", POSAPP_LANG="en")
    assert done.returncode == 1
    assert b"Run" in done.stderr
    assert "код" not in done.stderr.decode()
