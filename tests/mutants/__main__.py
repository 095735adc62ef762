"""Breaks the rules on purpose, one at a time, and shows which test finds it.

    python3 dev.py mutants              all of them, several at once
    python3 dev.py mutants NAME…        these
    python3 dev.py mutants --list       what there is
    python3 dev.py mutants --by 'simulate --seed 900 --days 20' NAME…    by this alone: a program or tests

Each breakage is made in a copy of the tree, never in the checkout. First the chosen tests run on a copy without any
breakage: what fails there proves nothing. A row each: killed by which test, in how many seconds – or SURVIVED, which is
a missing test. The exit code is 1 when any survived or could not be judged.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("posapp", "tests", "resources", "docs", "dev.py", "pyproject.toml", "README.md", "CONTRIBUTING.md")
LIMIT_S = 400
PASSED, FAILED = 0, 1
PROGRAMS = {"simulate": ("-m", "posapp", "simulate"), "every_step": ("-m", "tests.crash.every_step")}
"""A killer that begins with one of these words is no test but a program with its arguments; exit code 1 kills."""

_FAILURE = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a breakage: `is_killed` by `killer`, a test's name; None = it could not be judged, and why."""

    mutant: str
    is_killed: bool | None
    killer: str
    seconds: float


def apply(mutant: Mutant, root: Path) -> None:
    """Makes the breakage in the tree at `root`. Raises LookupError when a text is not there exactly once."""
    for edit in mutant.edits:
        path = root / edit.file
        text = path.read_text("utf-8")
        if text.count(edit.old) != 1:
            raise LookupError(f"{mutant.name}: {edit.file} holds this text {text.count(edit.old)} times:\n{edit.old}")
        path.write_text(text.replace(edit.old, edit.new), "utf-8")


def copied(room: Path) -> Path:
    """A copy of the tree, its bytecode included: what is not broken need not be compiled again."""
    tree = room / "tree"
    tree.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("pictures"))
        elif source.exists():
            shutil.copy(source, tree / name)
    return tree


def judge(mutant: Mutant) -> Verdict:
    """Breaks a copy and runs the tests that should find it, until one does."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="posapp-mutant-", dir=_memory()) as room:
        tree = copied(Path(room))
        is_killed: bool | None
        try:
            apply(mutant, tree)
        except LookupError as error:
            is_killed, killer = None, str(error)
        else:
            is_killed, killer = _first_killer(tree, mutant.tests)
    return Verdict(mutant.name, is_killed, killer, time.monotonic() - begun)


def _first_killer(tree: Path, killers: tuple[str, ...]) -> tuple[bool | None, str]:
    tests = tuple(each for each in killers if not is_program(each))
    if tests:
        code, text = run_tests(tree, tests)
        found = _FAILURE.search(text)
        if code == FAILED and found is not None:
            return True, found[1].removeprefix("tests/")
        if code != PASSED:
            return None, f"pytest ended with {code}: {text.strip()[-300:]}"
    for each in filter(is_program, killers):
        name, *arguments = each.split()
        done = _run(tree, [*PROGRAMS[name], *arguments])
        if done.returncode == FAILED:
            return True, each
        if done.returncode != PASSED:
            return None, f"{each} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return False, ""


def is_program(killer: str) -> bool:
    """Whether it is one of `PROGRAMS` with its arguments, and not a test."""
    return killer.split(maxsplit=1)[0] in PROGRAMS


def run_tests(tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """The exit code and the output of pytest in a copy; it stops at the first failure."""
    done = _run(tree, ["-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *tests])
    return done.returncode, done.stdout + done.stderr


def _run(tree: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"no end after {LIMIT_S} s")


def _memory() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


def unbroken(mutants: list[Mutant]) -> str:
    """Runs the tests of these mutants on a copy that nobody broke; the first that fails, or ""."""
    tests = sorted({test for mutant in mutants for test in mutant.tests if not is_program(test)})
    with tempfile.TemporaryDirectory(prefix="posapp-unbroken-", dir=_memory()) as room:
        code, text = run_tests(copied(Path(room)), tuple(tests))
    found = _FAILURE.search(text)
    return "" if code == PASSED else found[1] if found else f"pytest ended with {code}: {text.strip()[-500:]}"


def verdicts(mutants: list[Mutant], jobs: int) -> Iterator[Verdict]:
    """Judges so many at once; the verdicts in the order of the table."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(judge, mutants)


def main(arguments: list[str] | None = None) -> int:
    """See the top of this file."""
    parser = argparse.ArgumentParser(prog="dev.py mutants", description="Break the money rules; a test must notice.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="what there is, and what each would cost")
    parser.add_argument(
        "--by", action="append", help="these tests or programs (simulate …, every_step …) and no others"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trust", action="store_true", help="do not run the tests on an unbroken copy first")
    given = parser.parse_args(arguments)
    by_name = {each.name: each for each in MUTANTS}
    unknown = [name for name in given.names if name not in by_name]
    if unknown:
        parser.error(f"no such mutant: {', '.join(unknown)}")
    chosen = [by_name[name] for name in given.names] or list(MUTANTS)
    if given.by:
        chosen = [replace(each, tests=tuple(given.by)) for each in chosen]
    if given.list:
        for each in chosen:
            print(f"{each.name:<32} rule {each.rule:<3} {each.harm}")
        return 0
    begun = time.monotonic()
    if not given.trust and (broken := unbroken(chosen)):
        print(f"Without any breakage this fails already: {broken}")
        return 1
    return report(chosen, given.jobs, begun)


def report(chosen: list[Mutant], jobs: int, begun: float) -> int:
    """A row for each mutant as it is judged, and the sums; the exit code."""
    words = {True: "killed by", False: "SURVIVED", None: "NOT JUDGED"}
    counts = dict.fromkeys(words, 0)
    for mutant, verdict in zip(chosen, verdicts(chosen, jobs), strict=True):
        counts[verdict.is_killed] += 1
        what = f"{words[verdict.is_killed]} {verdict.killer}".rstrip()
        print(f"{mutant.name:<32} rule {mutant.rule:<3} {verdict.seconds:5.1f} s  {what}", flush=True)
        if not verdict.is_killed:
            print(f"{'':<32} it would cost: {mutant.harm}", flush=True)
    seconds = time.monotonic() - begun
    print(
        f"{len(chosen)} mutants: {counts[True]} killed, {counts[False]} survived, {counts[None]} not judged, "
        f"{seconds:.0f} s"
    )
    return 0 if counts[True] == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
