"""Every scenario on every register over every transport: see scenarios.py for what it is, docs/devices/conformance.md
for the table."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import real_register
from tests.conformance.processes import Bench
from tests.conformance.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(running: Bench, request: pytest.FixtureRequest, name: str) -> None:
    scenario = SCENARIOS[name]
    if real_register(request.config) and scenario.by_hand:
        pytest.skip(f"needs a hand: {scenario.by_hand}")
    running.be_in_order()
    scenario.play(running)
