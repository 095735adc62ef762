"""Killed at every step and started again, a restore ends as if nobody had killed it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.crash.stage import room

STEPS_AT_LEAST = 50


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed here")
def test_a_restore_that_is_killed_at_every_step_ends_the_same() -> None:
    with room() as folder:
        told = subprocess.run(
            [sys.executable, "-m", "tests.till.restore_killed", str(folder)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 0, told.stderr
    runs: list[dict[str, Any]] = [json.loads(line) for line in told.stdout.splitlines()]
    *killed, whole = runs
    assert not whole["killed"]
    assert all(each["killed"] for each in killed)
    assert len(killed) >= STEPS_AT_LEAST
    held = whole["held"]
    assert [state for _, state, _ in held["receipts"]] == ["fiscalized"] * 4 + ["pending"]
    assert len({(key, step) for key, step, _ in held["outbox"]}) == len(held["outbox"]) == 16
    assert (held["state"], held["open"], held["left"], len(held["aside"])) == ([["done"]], [[0]], [], 1)
    assert [each["nth"] for each in killed if each["held"] != held] == []
