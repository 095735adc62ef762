"""The gateway as a process: a port, a line that says it is open, an orderly end on SIGTERM.

Plain HTTP: over the internet a web server with a certificate stands in front of it; within the shop's own network it
may be reached as it is.

Connections are held to a number and to a time. A portal must never be told "too busy": it takes such an answer of
CHECK_URL for a receipt, and such an answer of PRINT_URL for "accepted". So nothing that has come in whole is declined
for its number; what makes way when it becomes a crowd is the connection that has sent no whole request for the longest
time, and one that sends none in `HEAD_S` is closed anyway.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS_MAX = 10_000  # a silent one costs some kilobytes; fewer where the system lets a process open fewer files
CROWD = 1000  # from so many on the silent ones make way
MANNERS_S = 2.0  # nobody is called silent before
HEAD_S = 15.0  # from the connection to the end of the request's head
IDLE_S = 30  # longer than a till keeps an idle connection, so that it never asks on one that we are closing
GRACE_S = 5
SPARE_FILES = 100  # the database's, the log's, the listening socket's


class BoundedProtocol(H11Protocol):
    """A connection that has to say what it wants, soon."""

    most = CONNECTIONS_MAX
    _silent: ClassVar[dict[BoundedProtocol, float]] = {}  # of the process: who wants nothing, since when; oldest first

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False  # whoever listens: the path of a portal's request is its secret

    def connection_made(self, transport: Any) -> None:
        """Another one; in a crowd the one that has been silent for longest makes way."""
        super().connection_made(transport)
        self._patience: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._give_up)
        now = self.loop.time()
        self._silent[self] = now
        if len(self.connections) > CROWD:
            oldest, since = next(iter(self._silent.items()))
            if now - since > MANNERS_S:
                oldest._give_up()
            elif len(self.connections) > self.most:
                self._give_up()

    def data_received(self, data: bytes) -> None:
        """Part of a request."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._is_heard()

    def on_response_complete(self) -> None:
        """Answered: an idle connection may be closed for a new one."""
        super().on_response_complete()
        self._silent[self] = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        self._is_heard()
        super().connection_lost(exc)

    def _is_heard(self) -> None:
        self._silent.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._is_heard()
        if self.transport is not None:
            self.transport.abort()


class GatewayServer(uvicorn.Server):
    """Serves on a socket that is already open; `started_at` hears when it does."""

    def __init__(self, app: Starlette, started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._app = app
        self._started = started

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tills that wait for work are let go first: the sooner we are gone, the sooner the next process is there."""
        for stop in getattr(self._app.state, "stops", ()):
            stop()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to serve, then says so."""
        BoundedProtocol.most = min(CONNECTIONS_MAX, allowed_files() - SPARE_FILES)
        await super().startup(sockets)
        if self.started:
            self._started()


def allowed_files() -> int:
    """How many files and sockets this process may have open, after asking for as many as the system lets us."""
    if sys.platform == "win32":
        return CONNECTIONS_MAX + SPARE_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when it cannot be had.

    With the host `fd` the port is the number of a socket that somebody else has opened and keeps: systemd. Then
    requests wait at the socket while the gateway is started anew, and a portal never finds nobody there.
    """
    if host == "fd":
        return socket.socket(fileno=port)
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024)


def url_of(door: socket.socket) -> str:
    """`http://HOST:PORT`, as a client on this machine reaches it."""
    host, port = str(door.getsockname()[0]), int(door.getsockname()[1])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Starlette, door: socket.socket, started: Callable[[], None]) -> None:
    """Serves until SIGTERM or SIGINT, lets running requests end, and returns."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn stops on them and then sends them to us again
    GatewayServer(app, started).run(sockets=[door])


@contextmanager
def serving(app: Starlette, host: str = "127.0.0.1") -> Iterator[str]:
    """A gateway on a thread of this process, on a free port; gives its address, ends with the block."""
    door = listen(host, 0)
    is_up = threading.Event()
    server = GatewayServer(app, is_up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="gateway", daemon=True)
    thread.start()
    try:
        if not is_up.wait(30):
            raise TimeoutError("the gateway did not start")
        yield url_of(door)
    finally:
        server.should_exit = True
        thread.join(30)
        door.close()
