"""More than a hundred shop days in worlds of every kind: no promise is broken, and every named fault has happened."""

from __future__ import annotations

import os

import pytest

from posapp.simulation import faults
from posapp.simulation.plan import ONE, PORTAL, REGISTER, plan_of, world_seed
from posapp.simulation.runner import Report, run

DAYS = int(os.environ.get("POSAPP_SIMULATION_DAYS", "120"))
"""How many days this run plays; a nightly one sets the variable to more."""
SEED = int(os.environ.get("POSAPP_SIMULATION_SEED", "2026"))


@pytest.fixture(scope="module")
def report() -> Report:
    """The run that everything here looks at."""
    return run(SEED, DAYS)


@pytest.mark.timeout(max(600, DAYS * 5))
def test_no_promise_is_broken(report: Report) -> None:
    assert report.violations == []
    assert report.days == DAYS


def test_every_day_has_its_sales_and_its_faults(report: Report) -> None:
    assert report.least_sales >= 50
    assert report.least_faults >= 2


def test_every_named_fault_has_happened(report: Report) -> None:
    assert set(faults.KINDS) - set(report.faults) == set()


def test_outcomes_were_unknown_and_were_resolved(report: Report) -> None:
    assert report.unknown > report.days / 3
    assert report.resolved == report.unknown


def test_every_kind_of_world_is_played() -> None:
    kinds = {plan_of(world_seed(SEED, number), 1, None).kind for number in range(DAYS // 5)}

    assert kinds == {ONE, PORTAL, REGISTER}
