"""Registers to test with."""

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from tests.devices.simulator.benches import PASSWORD, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def selling(bench: Bench) -> Bench:
    """With an open shift and a thousand roubles in the drawer."""
    bench.open_shift()
    bench.ok(c.CashIn(PASSWORD, 100_000))
    return bench


@pytest.fixture
def newer() -> Bench:
    """One that writes FFD 1.2, with an open shift and a thousand roubles in the drawer."""
    bench = Bench(Ffd.V1_2)
    bench.open_shift()
    bench.ok(c.CashIn(PASSWORD, 100_000))
    return bench
