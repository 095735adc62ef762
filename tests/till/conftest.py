"""Tills to test with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from tests.till.rig import OWN_NUMBER, Register
from tests.till.shops import Shop, shop_at
from tests.till.walkins import put_on_board


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def shop(tmp_path: Path, register: Register) -> Iterator[Shop]:
    """A till with an open shift."""
    with shop_at(tmp_path, register) as open_shop:
        yield open_shop


@pytest.fixture
def closed_shop(tmp_path: Path, register: Register) -> Iterator[Shop]:
    """A till whose shift is closed."""
    with shop_at(tmp_path, register, shift_open=False) as shut:
        yield shut


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Shop]:
    """A till with an open shift on a register of FFD 1.2, a catalogue on board."""
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), register.now, ffd=Ffd.V1_2))
    with shop_at(tmp_path, register) as shop:
        put_on_board(shop)
        yield shop
