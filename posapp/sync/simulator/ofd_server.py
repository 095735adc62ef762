"""The simulated OFD on a port: HTTP/1.1, a thread per connection, one OFD behind a lock.

Only what needs a socket is here: bodies and their limits, the end. Before each answer the owner's `refresh` brings in
what the registers have sent meanwhile.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from posapp.sync.simulator.ofd import OfdRequest, SimulatedOfd

BODY_MAX = 1024 * 1024
IDLE_S = 75
MARK = ("X-Posapp-Simulator", "training")  # every answer says that this is no real OFD


class OfdServer(ThreadingHTTPServer):
    """Serves an OFD until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        clock: local time without a zone, as registers date their documents.
        refresh: brings in what the registers have sent; called under the lock before each answer.
    """

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        ofd: SimulatedOfd,
        clock: Callable[[], datetime],
        refresh: Callable[[SimulatedOfd], None] = lambda _ofd: None,
    ) -> None:
        self.ofd = ofd
        self.clock = clock
        self.refresh = refresh
        self.lock = threading.Lock()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return f"http://{self.server_address[0]}:{self.server_address[1]}"  # type: ignore[str-bytes-safe]

    def close(self) -> None:
        """Stops serving and gives the port back. Not to be called from a serving thread."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; anything else is our mistake and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: OfdServer
    protocol_version = "HTTP/1.1"
    server_version = "ofd"
    sys_version = ""
    timeout = IDLE_S
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > BODY_MAX:
            self.close_connection = True
            self._send(413, b"{}", "application/json")
            return
        body = _decoded(self.rfile.read(int(length)))
        request = OfdRequest(self.command, urlsplit(self.path).path, self.headers.get("Authorization", ""), body)
        with self.server.lock:
            self.server.refresh(self.server.ofd)
            answer = self.server.ofd.answer(request, self.server.clock())
        self._send(answer.status, answer.body, answer.content_type)

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(*MARK)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: standard output belongs to the ready line."""


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
