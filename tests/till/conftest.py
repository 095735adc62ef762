"""Tills to test with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from tests.till.rig import Register, register_of
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


@pytest.fixture(params=[Ffd.V1_05, Ffd.V1_2], ids=lambda each: each.text)
def version(request: pytest.FixtureRequest) -> Ffd:
    """Both formats that a register may write, in turn."""
    chosen = request.param
    assert isinstance(chosen, Ffd)
    return chosen


@pytest.fixture
def versioned(tmp_path: Path, version: Ffd) -> Iterator[Shop]:
    """A till with an open shift on a register of `version`; its directory is `tmp_path / "till"`."""
    with shop_at(tmp_path / "till", register_of(version)) as open_shop:
        yield open_shop


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Shop]:
    """A till with an open shift on a register of FFD 1.2, a catalogue on board."""
    with shop_at(tmp_path, register_of(Ffd.V1_2)) as shop:
        put_on_board(shop)
        yield shop
