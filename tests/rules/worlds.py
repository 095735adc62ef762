"""What happens around a till: cables that come back, another storage, another register, a second till."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.flow import Port
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.settings import Settings
from posapp.till import shift
from tests.till.rig import BORN, OWN_NUMBER, PASSWORD, PORT, Killed, Register
from tests.till.shops import Shop

__all__ = ["BORN", "PASSWORD", "Killed", "Register", "Shop"]


def loses_its_cable_at(shop: Shop, command: int, when: str = "after") -> None:
    """The cable breaks before or after the register executes `command`, and is whole when the till connects again.

    Nothing of the answer arrives on this connection; the register keeps it, as it keeps every unread answer.
    """
    register = shop.register

    def open_port() -> Port:
        register.is_plugged = True
        return register.open_port()

    shop.till.printer.close()
    shop.till = replace(shop.till, device=ShtrihPrinter(open_port, PORT))
    register.meanwhile(command, when, register.unplug)


def killed_at(shop: Shop, command: int, *, after: bool, sell: Callable[[], object] | None = None) -> None:
    """The till's process dies just before or after the frame of `command` leaves; then it is started again."""
    shop.register.killed_at = (command, after)
    with pytest.raises(Killed):
        (sell or shop.sell)()
    shop.register.heal()
    shop.restart()


def new_storage(shop: Shop) -> Printer:
    """The same register with a new fiscal storage."""
    return Printer(replace(identity_of(OWN_NUMBER), storage_number="9999078900099999"), shop.register.now)


def another_register(number: int = OWN_NUMBER + 1) -> Printer:
    """A register of the same model."""
    return Printer(identity_of(number), BORN)


def swapped_back(shop: Shop, printer: Printer) -> None:
    """The register that stood here before stands here again."""
    printer.__dict__.pop("execute", None)
    shop.register.be(printer)


@contextmanager
def a_second_till(first: Shop, folder: Path, **changes: Any) -> Iterator[Shop]:
    """Till 2: a data directory and a journal of its own, on the register of the first one."""
    second = Shop(folder, first.register)
    second.settings = _named(second.settings, **{"till": "2", **changes})
    second.restart()
    try:
        yield second
    finally:
        second.close()


def _named(settings: Settings, **changes: Any) -> Settings:
    return settings.with_(**changes)


def foreign_shift_open(register: Register) -> int:
    """Another program opens the shift; the report's number."""
    register.do(c.OpenShift(PASSWORD))
    return register.printer.storage.last_number


def with_open_shift(shop: Shop) -> None:
    """The shift is opened by this till."""
    shift.open_shift(shop.till)
    shop.register.advance(60.0)
