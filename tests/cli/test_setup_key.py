"""Set-up with registers that take the key elsewhere or nowhere, as processes, over the command line (rule 2)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.registry import make_printer
from tests.cli.tills import Run
from tests.wire.simulated import DEADLINE_S, ROOT


@contextmanager
def practice_register(*options: str) -> Iterator[str]:
    """`posapp sim printer` with these options; its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "posapp", "sim", "printer", "--stop-on-eof", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"]
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def run(typed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command with `--json` in a data directory of the test's own."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    return typed


def set_up(run: Run, port: str, *more: str) -> tuple[int, dict[str, Any]]:
    return run("setup", "printer", "--model", "shtrih", "--port", port, "--training", *more)


def open_shift(port: str) -> None:
    printer = make_printer("shtrih", port)
    printer.open_shift("Кассир")
    printer.close()


def test_a_register_without_a_place_for_the_key_needs_the_word_of_the_shop(run: Run, tmp_path: Path) -> None:
    with practice_register("--refuse-tag", "1084", "--refuse-tag", "1192") as port:
        open_shift(port)
        code, answer = set_up(run, port)
        assert (code, answer["error"]["code"]) == (1, "no_key")
        assert not (tmp_path / "till" / "settings.json").exists()
        code, answer = set_up(run, port, "--only-program")
        assert code == 0
        kept = answer["printer"]
        assert (kept["key_tag"], kept["only_program"], kept["takes_key"]) == ("", True, False)
        assert set_up(run, port)[1]["printer"] == kept, "said once, it holds for that register"


def test_a_register_that_takes_1192_says_so(run: Run) -> None:
    with practice_register("--refuse-tag", "1084") as port:
        open_shift(port)
        code, answer = set_up(run, port, "--only-program")
        assert code == 0
        assert (answer["printer"]["key_tag"], answer["printer"]["refund_key_tag"]) == ("1192", "")


def test_set_up_with_a_closed_shift_opens_none(run: Run) -> None:
    """Also on a register whose first receipt would."""
    with practice_register("--opens-shift") as port:
        assert set_up(run, port)[0] == 0
        code, answer = run("shift", "status")
        assert (code, answer["shift"]["state"]) == (0, "closed")
