"""The simulated marking system on a port."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from posapp.answering import JsonServer
from posapp.devices.simulator.marking import SimulatedMarking


class MarkingServer(JsonServer):
    """Serves a marking system until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        marking: the system; its `url` becomes this server's.
        clock: aware local time.
    """

    def __init__(self, address: tuple[str, int], marking: SimulatedMarking, clock: Callable[[], datetime]) -> None:
        self.marking = marking
        super().__init__(address, "marking", lambda request: marking.answer(request, clock()))
        marking.url = self.url
