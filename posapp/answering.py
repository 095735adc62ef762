"""A small JSON server for the simulators: HTTP/1.1, a thread per connection, one answer at a time behind a lock.

Only what needs a socket is here: bodies and their limits, waiting before a slow answer, the end. What is answered, a
simulator says.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

BODY_MAX = 1024 * 1024
IDLE_S = 75
MARK = ("X-Posapp-Simulator", "training")  # every answer says that this is no real service


@dataclass(frozen=True, slots=True)
class JsonRequest:
    """A request as it came off the wire; names of headers in small letters, `body` decoded, None when there was none
    or it was no JSON."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """What goes back, and how long the server waits before."""

    status: int
    body: bytes
    content_type: str = "application/json"
    waits_s: float = 0.0

    @classmethod
    def of(cls, status: int, value: object, waits_s: float = 0.0) -> JsonAnswer:
        """An answer with `value` as JSON."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), waits_s=waits_s)


class JsonServer(ThreadingHTTPServer):
    """Serves until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        name: what the server calls itself.
        answer: called under the lock for each request.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], name: str, answer: Callable[[JsonRequest], JsonAnswer]) -> None:
        self.name = name
        self.answer = answer
        self.lock = threading.Lock()
        self.ended = threading.Event()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return f"http://{self.server_address[0]}:{self.server_address[1]}"  # type: ignore[str-bytes-safe]

    def close(self) -> None:
        """Stops serving, wakes slow answers and gives the port back. Not to be called from a serving thread."""
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; anything else is our mistake and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: JsonServer
    protocol_version = "HTTP/1.1"
    sys_version = ""
    timeout = IDLE_S
    wbufsize = -1  # the head and the body of an answer leave in one piece: no waiting for delayed ACKs
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return self.server.name

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()) or int(length) > BODY_MAX:
            self.close_connection = True
            self._send(JsonAnswer(413, b"{}"))
            return
        body = _decoded(self.rfile.read(int(length)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            answer = self.server.answer(JsonRequest(self.command, urlsplit(self.path).path, headers, body))
        self.server.ended.wait(answer.waits_s)
        self._send(answer)

    def _send(self, answer: JsonAnswer) -> None:
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
