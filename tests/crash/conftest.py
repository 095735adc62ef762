"""Folders in memory: what is written there is as good after a kill, and forcing it out costs nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.stage import room


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In place of pytest's own folder on the disk."""
    with room() as folder:
        yield folder
