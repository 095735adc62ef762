"""Doubts to begin with: a receipt whose outcome nobody knows, a disk that no longer writes."""

from __future__ import annotations

import pytest

from posapp.till.context import Till
from tests.till.rig import Killed
from tests.till.shops import Shop


def lost_before_closing(shop: Shop) -> str:
    """A receipt that is `sending` and was never made; its key."""
    shop.register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.register.printer.receipt = None
    shop.restart()
    return shop.receipt().key


def spoil_disk(till: Till) -> None:
    """From now on SQLite writes nothing: SQLITE_READONLY, as when the system remounts a failing disk read-only."""
    till.journal._write(lambda changes: changes._db.execute("PRAGMA query_only = ON"))
