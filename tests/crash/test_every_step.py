"""The till is killed at every step of everything that it writes: one document per settlement, nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from posapp.domain.settlement import Stamp
from tests.crash.scenes import SCENES
from tests.crash.steps import telling

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

_MOMENTS = ("written frame", "read reply to", "acknowledged reply to")
BY_A_PERSON = {f"{moment} {code}" for moment in _MOMENTS for code in ("8d", "50")}
"""Where something may have been done of which the journal cannot know yet that it was ours (rules 7 and 8)."""
BY_A_PERSON_MAX = 5
UNHURT_MAX = 5
"""Tries at the very end of a scene that found it ended: how often a busy register is asked depends on the machine."""


@POSIX
@pytest.mark.timeout(600)
def test_killed_at_every_step_everything_agrees_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    """See `every_step.py`. `every_step all` dies at every step, this test at those that tell most."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.every_step", "all", "--quick", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=580,
    )
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    kills = [line["kill"] for line in lines if "kill" in line]
    assert not [each["trouble"] for each in kills if each["trouble"]], done.stderr
    assert done.returncode == 0, done.stderr
    wanted = {line["scene"]: line["chosen"] for line in lines if "scene" in line}
    length = {line["scene"]: line["steps"] for line in lines if "scene" in line}
    unhurt = [(each["scene"], each["step"]) for each in kills if not each["was_killed"]]
    early = [(scene, step) for scene, step in unhurt if step <= length[scene] - max(2, length[scene] // 50)]
    assert not early, "every try was really killed, but for steps that a register that was sooner ready left out"
    assert max(Counter(scene for scene, _ in unhurt).values(), default=0) <= UNHURT_MAX
    _nobody_was_called_without_need(kills)
    made = Counter(each["scene"] for each in kills)
    assert wanted.keys() == SCENES.keys()
    for name, steps in wanted.items():  # a register that is busy is asked once more: a step more or less
        assert abs(made[name] - steps) <= UNHURT_MAX, f"every chosen step of {name} was tried"
    with capsys.disabled():
        print(f" {len(kills)} kills in {len(SCENES)} scenes ", end="")


def _nobody_was_called_without_need(kills: list[dict[str, Any]]) -> None:
    by_person = [each for each in kills if each["by_person"]]
    for each in by_person:
        assert each["at"] in BY_A_PERSON | {"before BEGIN", "before COMMIT"}, each
    assert max(Counter(each["scene"] for each in by_person).values(), default=0) <= BY_A_PERSON_MAX


def test_a_question_is_killed_at_once_until_something_changes() -> None:
    names = ["before BEGIN", "after COMMIT", "before BEGIN", "written frame 10", "written frame 10", "written frame 8d",
             "written frame 10"]  # fmt: skip
    assert telling(names) == [1, 2, 4, 6, 7]


def test_a_stamp_names_the_order_it_settles() -> None:
    assert Stamp.parse("1·10457·0123456789ABCDEF") == Stamp("1", "10457", "0123456789ABCDEF")
