"""The simulated marking system on a port: HTTP/1.1, a thread per connection, one system behind a lock.

Only what needs a socket is here: bodies and their limits, waiting before a slow answer, the end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from posapp.devices.simulator.marking import MarkingAnswer, MarkingRequest, SimulatedMarking

BODY_MAX = 1024 * 1024
IDLE_S = 75
MARK = ("X-Posapp-Simulator", "training")  # every answer says that this is not the real system


class MarkingServer(ThreadingHTTPServer):
    """Serves a marking system until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        marking: the system; its `url` becomes this server's.
        clock: aware local time.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], marking: SimulatedMarking, clock: Callable[[], datetime]) -> None:
        self.marking = marking
        self.clock = clock
        self.lock = threading.Lock()
        self.ended = threading.Event()
        super().__init__(address, _Handler)
        marking.url = self.url

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return f"http://{self.server_address[0]}:{self.server_address[1]}"  # type: ignore[str-bytes-safe]

    def close(self) -> None:
        """Stops serving and gives the port back. Not to be called from a serving thread."""
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; anything else is our mistake and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: MarkingServer
    protocol_version = "HTTP/1.1"
    server_version = "marking"
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
            self._send(MarkingAnswer(413, b"{}"))
            return
        body = _decoded(self.rfile.read(int(length)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = MarkingRequest(self.command, urlsplit(self.path).path, headers, body)
        with self.server.lock:
            answer = self.server.marking.answer(request, self.server.clock())
        self.server.ended.wait(answer.waits_s)
        self._send(answer)

    def _send(self, answer: MarkingAnswer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        body = b"" if answer.status == 204 else answer.body
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
