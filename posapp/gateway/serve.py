"""The gateway as a process: a port, a line that says it is open, an orderly end on SIGTERM.

Plain HTTP: over the internet a web server with a certificate stands in front of it; within the shop's own network it
may be reached as it is.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

CONNECTIONS_MAX = 512
IDLE_S = 30  # longer than a till keeps an idle connection, so that it never asks on one that we are closing
GRACE_S = 5


class GatewayServer(uvicorn.Server):
    """Serves on a socket that is already open; `started_at` hears when it does."""

    def __init__(self, app: Starlette, started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            ws="none",
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to serve, then says so."""
        await super().startup(sockets)
        if self.started:
            self._started()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when it cannot be had."""
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
