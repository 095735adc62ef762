"""Tills to test with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.till.rig import Register
from tests.till.shops import Shop, shop_at


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
