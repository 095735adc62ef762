"""Counters of the shift: the numbers of the registers, and a firmware that has none."""

from __future__ import annotations

import pytest

from posapp.devices.shtrih import counters
from posapp.devices.simulator.printer import Traits
from posapp.domain.fiscal import ReceiptKind
from posapp.errors import Refused
from tests.till.rig import Register, driver_of


def test_the_registers_are_those_of_the_vendor() -> None:
    """Names in the vendor's list: 4293 and 4332 how many sales and returns of buys, 4345 all corrections, 4353 last."""
    assert [counters.SHIFT + counters.kind_at(kind) for kind in ReceiptKind] == [4293, 4306, 4319, 4332]
    assert [counters.SHIFT + counters.correction_at(kind) for kind in ReceiptKind] == [4346, 4348, 4350, 4352]
    assert counters.SHIFT + counters.CORRECTIONS == 4345
    assert counters.STORAGE + counters.CORRECTIONS == 4282
    assert counters.STORAGE + counters.BLOCK == counters.SHIFT


def test_firmware_without_counters_is_told_by_name() -> None:
    register = Register()
    register.printer.traits = Traits(has_counters=False)
    with pytest.raises(Refused) as told:
        driver_of(register).shift_counters()
    assert told.value.code == "no_counters"
