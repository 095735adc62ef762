"""The register of the whole-till simulation, for tests that want one fault at one command."""

from posapp.simulation.clock import BORN, Clock
from posapp.simulation.register import OWN_NUMBER, PORT, Cable, Killed, Register, closed, driver_of
from posapp.simulation.second_program import PASSWORD

__all__ = ["BORN", "OWN_NUMBER", "PASSWORD", "PORT", "Cable", "Clock", "Killed", "Register", "closed", "driver_of"]
