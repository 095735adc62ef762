"""The way to the portal: HTTP as a function call, with the latency, the losses and the deaths of a real line.

`PortalLine` is the `Poster` that the real client is given. The portal behind it is the simulator of
`posapp.sync.simulator`, called in process; what it answers late moves the clock, and what comes too late is lost.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlsplit

from posapp.http import NoAnswer, Response, SecretUrl
from posapp.simulation.clock import Clock
from posapp.simulation.register import Killed
from posapp.sync.simulator.portal import Portal, Request

LATENCY_S = 0.12
NO_NETWORK_S = 3.0
HEADERS = {"x-posapp-simulator": "training"}

Watch = Callable[[str], None]


class PortalLine:
    """One till's line to the portal.

    Args:
        portal: who answers.
        who: the till, for whoever watches what it changed.
        watch: told `who` after each request that the portal has worked on.
    """

    def __init__(self, portal: Portal, clock: Clock, who: str, watch: Watch) -> None:
        self._portal = portal
        self._clock = clock
        self._who = who
        self._watch = watch
        self.is_up = True
        self.killed_at: str | None = None
        """The till dies at its next request: `before` or `after` the portal has worked on it."""
        self.late: tuple[float, int] | None = None
        """The next write is worked on only so many seconds later, when the till has long given up waiting; and the
        number of requests that still pass before."""
        self.stale: Callable[[Request], Portal] | None = None
        """Which portal answers a request, for reads that come from a copy that lags behind."""
        self.wire_sum = 0
        self.requests = 0

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        """The answer of the portal. Raises NoAnswer, Killed."""
        payload = json.dumps(body, ensure_ascii=False, default=_plain).encode()
        if not self.is_up:
            self._clock.advance(min(timeout_s, NO_NETWORK_S))
            raise NoAnswer("нет соединения", sent=False)
        self._die("before")
        self.requests += 1
        self.wire_sum = zlib.crc32(payload, self.wire_sum)
        parts = urlsplit(url.reveal())
        request = Request("POST", parts.path, "", "application/json; charset=utf-8", payload)
        if self._is_delayed(request):
            self._clock.advance(timeout_s)
            raise NoAnswer("ответа нет за отведённое время", sent=True)
        return self._exchange(request, timeout_s)

    def _exchange(self, request: Request, timeout_s: float) -> Response:
        portal = self.stale(request) if self.stale is not None else self._portal
        answer = portal.handle(request, self._clock.aware)
        self._watch(self._who)
        self._die("after")
        taken = LATENCY_S + answer.waited_s
        if taken > timeout_s:
            self._clock.advance(timeout_s)
            raise NoAnswer("ответа нет за отведённое время", sent=True)
        self._clock.advance(taken)
        if answer.is_reset:
            raise NoAnswer("соединение оборвалось", sent=True)
        self.wire_sum = zlib.crc32(answer.body, self.wire_sum)
        return Response(answer.status, {"content-type": answer.content_type, **HEADERS}, answer.body)

    def _is_delayed(self, request: Request) -> bool:
        """Whether this write is one that the portal works on later than anybody waits."""
        if self.late is None or b".update?" not in request.body:
            return False
        delay, skip = self.late
        if skip:
            self.late = (delay, skip - 1)
            return False
        self.late = None

        def work() -> None:
            self._portal.handle(request, self._clock.aware)
            self._watch(self._who)

        self._clock.after(delay, work)
        return True

    def _die(self, moment: str) -> None:
        if self.killed_at == moment:
            self.killed_at = None
            raise Killed


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} does not go into a request")
