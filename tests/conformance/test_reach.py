"""How far the suite reaches: a driver that is wrong in one way fails it, and the right one passes the same."""

from __future__ import annotations

import pytest

from posapp.errors import PosError
from tests.conformance.broken import CASES, RIGHT, Case
from tests.conformance.inside import inside
from tests.conformance.scenarios import SCENARIOS

MANY = 12
TELLING = {world: sorted({each for case in CASES if case.right == world for each in case.telling}) for world in RIGHT}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_driver_fails(case: Case) -> None:
    """By an assertion, or by an error of the product where a right driver has none; never by an error of its own."""
    failed: list[str] = []
    with inside(case.make()) as world:
        for name in case.telling:
            try:
                SCENARIOS[name].play(world)
            except (AssertionError, PosError) as error:
                failed.append(f"{name}: {error!r}")
                break
    assert failed, f"nobody noticed: {case.name}"


@pytest.mark.parametrize("world", RIGHT)
def test_the_right_driver_passes_what_tells_the_wrong_ones(world: str) -> None:
    with inside(RIGHT[world]()) as made:
        for name in TELLING[world]:
            SCENARIOS[name].play(made)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= MANY
    assert len({case.name for case in CASES}) == len(CASES)
