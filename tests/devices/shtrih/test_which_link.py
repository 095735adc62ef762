"""Which link a driver speaks: the one that was set up, or whichever the register answers on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posapp.devices.flow import Port, drive
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.link_v2 import LinkV2
from posapp.errors import Unreachable
from tests.till.rig import PASSWORD, PORT, Register


def heard(register: Register) -> tuple[list[int], Callable[[], Port]]:
    """The first byte of every write, and a port that tells it."""
    firsts: list[int] = []

    class Listening:
        def __init__(self) -> None:
            self._port = register.open_port()

        def write(self, data: bytes) -> None:
            firsts.append(data[0])
            self._port.write(data)

        def read(self, timeout_s: float) -> bytes | None:
            return self._port.read(timeout_s)

        def close(self) -> None:
            self._port.close()

    return firsts, Listening


def speak_v2(register: Register) -> None:
    """Another program has spoken v2; the register stays with it until it loses power."""
    command = c.ShortStatus(PASSWORD)
    drive(LinkV2().exchange(command.encode(), 3.0, repeats=True), register.open_port())


@pytest.mark.parametrize("link", ["auto", "v1"])
def test_a_register_that_hears_v1_is_never_told_v2(link: str) -> None:
    firsts, open_port = heard(Register())
    printer = ShtrihPrinter(open_port, PORT, link=link)
    printer.status()
    assert 0x8F not in firsts


def test_a_register_that_was_off_hears_v1_first_when_it_is_back() -> None:
    register = Register()
    firsts, open_port = heard(register)
    printer = ShtrihPrinter(open_port, PORT, link="auto")
    register.line.power_off()
    for _ in range(3):
        with pytest.raises(Unreachable):
            printer.connect()
    register.line.power_on()
    firsts.clear()
    printer.connect()
    assert 0x8F not in firsts


def test_auto_finds_a_register_that_another_program_left_in_v2() -> None:
    register = Register()
    speak_v2(register)
    printer = ShtrihPrinter(register.open_port, PORT, link="auto")
    identity = printer.connect()
    printer.open_shift("Кассир")
    assert printer.reset_link() == identity, "and stays with it"
    assert register.printer.storage.shift.is_open


def test_auto_finds_v1_again_after_a_power_cut() -> None:
    register = Register()
    speak_v2(register)
    printer = ShtrihPrinter(register.open_port, PORT, link="auto")
    printer.connect()
    printer.close()
    register.line.power_off()
    register.line.power_on()
    drive_v1 = ShtrihPrinter(register.open_port, PORT, link="v1")
    drive_v1.connect()
    drive_v1.close()
    assert printer.connect() == drive_v1.connect()


@pytest.mark.parametrize("link", ["v1", "v2"])
def test_a_link_that_was_chosen_is_the_only_one(link: str) -> None:
    register = Register()
    if link == "v1":
        speak_v2(register)
    else:
        ShtrihPrinter(register.open_port, PORT, link="v1").connect()
    with pytest.raises(Unreachable):
        ShtrihPrinter(register.open_port, PORT, link=link).connect()


def test_without_a_port_nothing_else_is_tried() -> None:
    opened: list[int] = []

    def gone() -> Port:
        opened.append(1)
        raise Unreachable("port_busy", port=PORT)

    with pytest.raises(Unreachable) as told:
        ShtrihPrinter(gone, PORT, link="auto").connect()
    assert (told.value.code, len(opened)) == ("port_busy", 1)
