"""A clock and an open journal for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.journal.store import Journal
from tests.journal.samples import Clock, open_journal


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with open_journal(tmp_path / "data", clock) as opened:
        yield opened
