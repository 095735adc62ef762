"""The register of the whole-till simulation, for tests that want one fault at one command."""

from posapp.devices.base import Ffd
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.simulation.clock import BORN, Clock
from posapp.simulation.register import OWN_NUMBER, PORT, Cable, Killed, Register, closed, driver_of
from posapp.simulation.second_program import PASSWORD

__all__ = [
    "BORN",
    "OWN_NUMBER",
    "PASSWORD",
    "PORT",
    "Cable",
    "Clock",
    "Killed",
    "Register",
    "closed",
    "driver_of",
    "register_of",
]


def register_of(version: Ffd) -> Register:
    """A new register that writes its documents in this format."""
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), BORN, ffd=version))
    return register
