"""`posapp simulate`: one object, exit 1 with the first violation, and the command that shows it again."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from posapp.cli.main import build
from posapp.simulation.plan import plan_of, world_seed
from posapp.simulation.runner import Report, play
from posapp.till import recover
from tests.simulation.test_finds_bugs import nothing


def test_the_object_of_a_run() -> None:
    result = CliRunner().invoke(build(), ["simulate", "--seed", "3", "--days", "1", "--tills", "1", "--jobs", "1"])

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    asked = ["seed", "days", "receipts", "faults", "unknown", "resolved", "violations"]
    assert list(told) == [*asked, "least_sales", "least_faults"]
    assert (told["seed"], told["days"], told["violations"]) == (3, 1, [])
    assert told["receipts"] >= told["least_sales"] >= 50
    assert told["least_faults"] >= 2
    assert len(told["faults"]) >= 2


def test_wrong_usage() -> None:
    result = CliRunner().invoke(build(), ["simulate", "--days", "0"])

    assert result.exit_code == 2


def test_a_violation_names_the_command_that_replays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_find", nothing)
    broken = next(o for seed in range(900, 980) if (o := play(plan_of(seed, 1, 1))).violation)
    report = Report(7, 0)
    report.add(broken)

    (text,) = report.violations
    assert "день 0, шаг" in text
    assert f"posapp simulate --seed {broken.seed} --days 1 --tills 1" in text
    again = play(plan_of(broken.seed, broken.days, 1))
    assert again.violation == broken.violation
    assert again.trace == broken.trace


def test_the_first_world_of_a_run_is_the_runs_own_seed() -> None:
    assert world_seed(77, 0) == 77
    assert len({world_seed(77, number) for number in range(1000)}) == 1000


def test_a_world_of_a_run_is_replayed_by_its_own_seed() -> None:
    seed = world_seed(77, 3)

    assert plan_of(seed, 5, None) == plan_of(seed, 5, None)
    assert plan_of(seed, 5, None).command == f"posapp simulate --seed {seed} --days 5"
    assert plan_of(seed, 5, 2, ("disk_full", "late_close")).command.endswith("--tills 2 --faults disk_full,late_close")


def test_only_the_faults_that_were_asked_for_happen() -> None:
    outcome = play(plan_of(5, 1, 1, ("reply_lost", "late_close")))

    people = {"order_commented", "order_edited", "order_cancelled", "order_paid_elsewhere", "order_deleted"}
    people |= {"order_status_moved", "second_program_receipt", "second_program_correction", "second_program_cash_in"}
    people |= {"second_program_leave_open"}
    assert outcome.violation == ""
    assert {"reply_lost", "late_close"} <= set(outcome.faults) <= {"reply_lost", "late_close"} | people
