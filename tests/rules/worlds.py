"""What happens around a till: cables that come back, another storage, another register, a second till."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.flow import Port
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.frame import ACK, ENQ, encode
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.settings import Settings
from posapp.till import shift
from tests.till.rig import BORN, OWN_NUMBER, PASSWORD, PORT, Killed, Register
from tests.till.shops import Shop

__all__ = ["BORN", "OWN_NUMBER", "PASSWORD", "Killed", "Register", "Shop"]


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
    second._ids = itertools.count(1001)  # two tills never draw the same identity
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


def speaks_v2(shop: Shop) -> None:
    """The register is switched off and on, and the till speaks link v2 with it from its first byte."""
    shop.till.printer.close()
    shop.register.line.power_off()
    shop.register.line.power_on()
    shop.till = replace(shop.till, device=ShtrihPrinter(shop.register.open_port, PORT, link="v2"))


@dataclass(frozen=True)
class _Said:
    """A reply as the register says it, whatever it should have said."""

    payload: bytes

    def encode(self) -> bytes:
        return self.payload


def says_instead(register: Register, code: int, edit: Callable[[bytes], bytes]) -> None:
    """Once: the register's reply to the till's next command `code` is another one, in a sound frame."""
    execute = register.printer.execute

    def saying(command: Any, now: datetime) -> Any:
        reply = execute(command, now)
        if getattr(command, "CODE", 0) != code or register.printer.execute is not saying:
            return reply
        register.printer.execute = execute  # type: ignore[method-assign]
        return _Said(edit(reply.encode()))

    register.printer.execute = saying  # type: ignore[method-assign]


def leaves_unread(register: Register, *commands: Any) -> None:
    """Another program on our own line sends these and dies before it has read the answer to the last of them."""
    for command in commands:
        register.line.new_connection()
        for _ in register.line.receive(bytes((ENQ,)), register.now):
            pass
        for _ in register.line.receive(encode(command.encode()), register.now):
            pass
        if command is not commands[-1]:
            for _ in register.line.receive(bytes((ACK,)), register.now):
                pass
