"""Every breakage still fits the code, and a handful of them is really found; `dev.py mutants` tries them all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import apply, is_program, main
from tests.mutants.table import MUTANTS, Edit, Mutant

ROOT = Path(__file__).parents[2]
HANDFUL = (
    "resend-on-timeout",
    "reply-shape-not-checked",
    "counter-instead-of-content",
    "attempt-after-opening",
    "outbox-in-a-later-commit",
    "float-money",
    "settings-written-in-place",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_every_breakage_still_fits_and_is_python(mutant: Mutant, tmp_path: Path) -> None:
    """A text that moved would leave the tree as it is: the mutant would survive, or be killed for nothing."""
    files = {edit.file for edit in mutant.edits}
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    apply(mutant, tmp_path)
    for file in files:
        broken = (tmp_path / file).read_text("utf-8")
        assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse((ROOT / file).read_text("utf-8")))
    for test in mutant.tests:
        assert is_program(test) or (ROOT / test.partition("::")[0]).exists(), test
    assert mutant.tests
    assert mutant.harm
    assert 1 <= mutant.rule <= 21


def test_a_text_that_moved_is_said_loudly(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for old in ("x = 1", "x = 2"):
        with pytest.raises(LookupError):
            apply(Mutant("m", 1, "nothing", (Edit("a.py", old, "y"),), ("tests",)), tmp_path)


def test_names_are_unique_and_there_are_enough() -> None:
    assert len({each.name for each in MUTANTS}) == len(MUTANTS) >= 40
    assert set(range(1, 9)) | {10, 11, 12, 13, 14, 15, 17, 18, 20} <= {each.rule for each in MUTANTS}


@pytest.mark.timeout(300)
def test_a_handful_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*HANDFUL, "--trust"]) == 0, capsys.readouterr().out


def test_what_breaks_nothing_is_said_to_survive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command does not call everything killed: a comment that changes is a mutant that lives."""
    edit = Edit("posapp/domain/money.py", "No float ever holds either.", "No float holds either.")
    harmless = Mutant("harmless", 18, "nothing", (edit,), ("tests/test_lanes.py",))
    monkeypatch.setattr("tests.mutants.__main__.MUTANTS", (harmless,))
    assert main(["--trust"]) == 1
    assert "SURVIVED" in capsys.readouterr().out
