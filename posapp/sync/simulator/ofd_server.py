"""The simulated OFD on a port. Before each answer `refresh` brings in what the registers have sent meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from posapp.answering import JsonAnswer, JsonRequest, JsonServer
from posapp.sync.simulator.ofd import SimulatedOfd


class OfdServer(JsonServer):
    """Serves an OFD until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        clock: local time without a zone, as registers date their documents.
        refresh: brings in what the registers have sent; called under the lock before each answer.
    """

    def __init__(
        self,
        address: tuple[str, int],
        ofd: SimulatedOfd,
        clock: Callable[[], datetime],
        refresh: Callable[[SimulatedOfd], None] = lambda _ofd: None,
    ) -> None:
        self.ofd = ofd
        self._clock = clock
        self._refresh = refresh
        super().__init__(address, "ofd", self._answered)

    def _answered(self, request: JsonRequest) -> JsonAnswer:
        self._refresh(self.ofd)
        return self.ofd.answer(request, self._clock())
