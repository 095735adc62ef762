"""The HTTP of a simulated web server of АТОЛ: bounded bodies, bounded nesting, and answers that faults may damage.

What is answered, `atol_web.py` says. A body longer than a megabyte, of no stated length, no UTF-8, no JSON, nested
deeper than 32, or with a number or a letter that nothing can hold, is a clean 4xx and never reaches the queue.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from posapp.devices.atol import json_text
from posapp.devices.simulator import atol_errors as e

BODY_MAX = 1024 * 1024
DRAINED_MAX = 16 * 1024 * 1024
DEPTH_MAX = 32
IDLE_S = 75
JSON = "application/json; charset=utf-8"
MARK = ("X-Posapp-Simulator", "training")  # every answer says that this is no real register


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `is_cut`: nothing does; `keep` the bytes of the body that do, None all; `waits_s` before it."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    waits_s: float = 0.0
    is_cut: bool = False
    keep: int | None = None

    @classmethod
    def of(cls, status: int, value: object) -> Answer:
        """An answer with `value` as JSON."""
        return cls(status, json_text.dumps(value).encode())

    @classmethod
    def problem(cls, status: int, text: str) -> Answer:
        """The envelope in which the server says no."""
        return cls.of(status, {"error": {"code": e.SERVER_ERROR, "description": text}})

    def damaged(self, **changes: Any) -> Answer:
        """The same answer, spoilt."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came off the wire. `body` is bytes; `json` understands it."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as exact JSON, {} when it is empty. BadBody says what is wrong."""
        if not self.body.strip():
            return {}
        try:
            value = json_text.loads(self.body.decode())
            if depth_of(value) > DEPTH_MAX:
                raise BadBody("слишком глубокая вложенность")
            json_text.dumps(value).encode()  # half a letter of two (\\ud800) can neither be kept nor told
        except RecursionError as error:
            raise BadBody("слишком глубокая вложенность") from error
        except ValueError as error:
            raise BadBody(f"Ошибка разбора JSON: {error}") from error
        return value


class BadBody(Exception):
    """The body is not what it must be."""


def depth_of(value: object) -> int:
    """How deeply objects and lists are nested; counted without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, dict | list)]
        if depth > DEPTH_MAX:
            break
    return depth


class HttpServer(ThreadingHTTPServer):
    """Serves until `close`; `answer` is called for each request, from several threads."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.ended = threading.Event()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        host = str(self.server_address[0])
        return f"http://{host}:{self.server_address[1]}"

    def close(self) -> None:
        """Ends it and gives the port back. Not to be called from a serving thread."""
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; anything else is our mistake and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    server_version = "ATOL-Web-Requests-simulated"
    sys_version = ""
    timeout = IDLE_S
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self._body()
        if isinstance(body, Answer):
            self.close_connection = True  # what follows is the rest of that body
            self._send(body)
            return
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, max_num_fields=50).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(Request(self.command, unquote(parts.path), query, headers, body))
        self.server.ended.wait(answer.waits_s)
        self._send(answer)

    def _body(self) -> bytes | Answer:
        """The whole body, or what is said of one that is not read."""
        if self.headers.get("Transfer-Encoding"):
            return Answer.problem(411, "Нужна длина запроса")
        length = (self.headers.get("Content-Length") or "0").strip()
        if not (length.isascii() and length.isdigit()):
            return Answer.problem(400, "Некорректная длина запроса")
        if len(length) > len(str(DRAINED_MAX)) or int(length) > BODY_MAX:
            self._drain(min(int(length[:12]), DRAINED_MAX))
            return Answer.problem(413, "Слишком большой запрос")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError("the client went away in the middle of its request")
        return body

    def _drain(self, count: int) -> None:
        """Lets a body pass that is too long, or its sender would never see the answer."""
        while count > 0 and (part := self.rfile.read(min(count, 65_536))):
            count -= len(part)

    def _send(self, answer: Answer) -> None:
        if answer.is_cut or answer.keep is not None:
            self.close_connection = True
        if answer.is_cut:
            return
        self.send_response(answer.status)
        has_body = answer.status != 204
        if has_body:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in (*answer.headers.items(), MARK):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body:
            self.wfile.write(answer.body if answer.keep is None else answer.body[: answer.keep])
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: standard output belongs to the ready line."""
