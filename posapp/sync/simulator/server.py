"""The simulated portal on a port: HTTP/1.1 with keep-alive, one thread per connection, one portal behind a lock.

Only what needs a socket or a clock is here: bodies and their limits, dropped connections, slow answers, TLS, the end.
A portal that was renamed to another port of this machine gets a second door there; both lead to the same portal.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from posapp.sync.simulator.caller import carry_out
from posapp.sync.simulator.cashbox_door import NAMES, steer
from posapp.sync.simulator.control import PREFIX, control
from posapp.sync.simulator.envelope import Answer, json_answer
from posapp.sync.simulator.outgoing import Errand, Step, Steps
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.pusher import Pusher

MAX_BODY = 4 * 1024 * 1024
IDLE_S = 75  # as nginx in front of Bitrix
MARK = ("X-Posapp-Simulator", "training")  # every answer says that this is no real portal


class _Door(ThreadingHTTPServer):
    """One listening socket of a portal server."""

    daemon_threads = True
    request_queue_size = 128  # a client may open fifty connections at once

    def __init__(self, address: tuple[str, int], house: PortalServer, tls: ssl.SSLContext | None) -> None:
        self.house = house
        self.tls = tls
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in its own thread; the handshake is made here, so that a slow one keeps nobody out."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(IDLE_S)
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def service_actions(self) -> None:
        """Between two connections the portal's own clockwork may be due."""
        self.house.tick()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; anything else is our mistake and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ssl.SSLError):
            super().handle_error(request, client_address)


class PortalServer:
    """Serves a portal until `close` is called.

    Args:
        address: host and port; port 0 takes a free one.
        clock: the time, asked for each request.
        tls: the certificate to serve HTTPS with; clients that build addresses by themselves know nothing else.
    """

    def __init__(
        self,
        address: tuple[str, int],
        portal: Portal,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.portal = portal
        self.clock = clock
        self.tls = tls
        self.lock = threading.Lock()
        self.is_closing = threading.Event()
        self._door = _Door(address, self, tls)
        self._more_doors: dict[int, tuple[_Door, threading.Thread]] = {}
        self._pusher = Pusher(portal.pushes)
        self._agent: threading.Thread | None = None
        portal.origin = self.url

    @property
    def server_address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        return str(self._door.server_address[0]), int(self._door.server_address[1])

    @property
    def url(self) -> str:
        """`http://HOST:PORT`, as a client on this machine reaches it."""
        host, port = self.server_address
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        return f"{self._scheme}://[{host}]:{port}" if ":" in host else f"{self._scheme}://{host}:{port}"

    def url_under(self, host: str) -> str:
        """The portal's own address as it tells it: its new name, or the one that the caller uses, or the listener's."""
        name = self.portal.domain or host
        return f"{self._scheme}://{name}" if name else self.url

    def serve_forever(self, poll_interval: float = 0.1) -> None:
        """Serve in this thread until `close` or `shutdown` is called from another."""
        self._door.serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Stop serving for now; the port stays taken, and `serve_forever` goes on where it was."""
        self._door.shutdown()

    def close(self) -> None:
        """Stop serving, wake slow answers and give the ports back. Not to be called from a serving thread."""
        self.is_closing.set()
        for door, thread in [*self._more_doors.values()]:
            door.shutdown()
            thread.join()
            door.server_close()
        self.shutdown()
        self._door.server_close()
        self._pusher.close()

    def steer(self, verb: str, path: str, value: Any) -> Answer:
        """A request to the simulator's own door; a new name on another port is opened before it holds."""
        if isinstance(value, dict) and path == f"{PREFIX}settings":
            try:
                self._open_door(str(value.get("domain", "")))
            except (OSError, OverflowError, ValueError) as error:
                return json_answer(400, {"error": f"domain: {error}"})
        name = path.removeprefix(PREFIX).strip("/")
        if name in NAMES:
            steered: Answer = self._drive(lambda now: steer(self.portal, verb, name, value, now))
            return steered
        with self.lock:
            answer = control(self.portal, verb, path, value, self.url_under(""), self.now())
        self._pusher.wake()
        return answer

    def _open_door(self, domain: str) -> None:
        port = urlsplit(f"//{domain}").port
        if port is None or port == self.server_address[1] or port in self._more_doors:
            return
        door = _Door((self.server_address[0], port), self, self.tls)
        thread = threading.Thread(target=door.serve_forever, name="portal-door", args=(0.1,), daemon=True)
        thread.start()
        self._more_doors[port] = (door, thread)

    @property
    def _scheme(self) -> str:
        return "https" if self.tls is not None else "http"

    def now(self) -> datetime:
        """The portal's own time: the clock's, and what it was turned by."""
        return self.clock() + self.portal.ahead

    def answer(self, request: Request) -> Answer:
        """Run a request through the portal."""
        answer: Answer = self._drive(lambda now: self.portal.answer(request, now))
        self._pusher.wake()
        return answer

    def tick(self) -> None:
        """Start the agent of the checks when its time has come, in a thread of its own; it never runs twice at once."""
        if self._agent is not None and self._agent.is_alive():
            return
        with self.lock:
            is_due = self.portal.is_agent_due(self.now())
        if is_due:
            self._agent = threading.Thread(
                target=self._drive, args=(self.portal.run_agent,), name="portal-agent", daemon=True
            )
            self._agent.start()

    def _drive(self, begin: Callable[[datetime], Steps]) -> Any:
        """Go through steps; the lock is free while one waits or somebody else is called."""
        with self.lock:
            steps = begin(self.now())
        step: Step | None = None
        try:
            while True:
                with self.lock:
                    step = next(steps) if step is None else steps.send(self.now())
                if not isinstance(step, Errand):
                    self._wait(step)
                elif self.portal.is_network_up and not self.is_closing.is_set():
                    carry_out(step)
                else:
                    step.failure = "Network is unreachable"
        except StopIteration as stop:
            return stop.value

    def _wait(self, seconds: float) -> None:
        scale = self.portal.time_scale
        self.is_closing.wait(seconds / scale)
        with self.lock:
            self.portal.ahead += timedelta(seconds=seconds - seconds / scale)


class _TooBig(Exception):
    """The body is larger than the portal takes."""


class _Handler(BaseHTTPRequestHandler):
    server: _Door
    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    timeout = IDLE_S
    wbufsize = -1  # the head and the body of an answer leave in one piece: no waiting for delayed ACKs
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        self._send(Answer(200, b""))

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except _TooBig:
            self.close_connection = True
            self._send(Answer(413, b"", "text/html"))
            return
        except ValueError:
            self.close_connection = True
            self._send(Answer(400, b"", "text/html"))
            return
        parts = urlsplit(self.path)
        if parts.path.startswith(PREFIX):
            self._send(self.server.house.steer(self.command, parts.path, _decoded(body)))
        elif not self.server.house.portal.is_network_up:
            self._reset()
        else:
            self._send(self.server.house.answer(self._request(parts.path, parts.query, body)))

    def _request(self, path: str, query: str, body: bytes) -> Request:
        host = self.headers.get("Host", "")
        return Request(
            verb=self.command, path=path, query=query, content_type=self.headers.get("Content-Type", ""), body=body,
            authorization=self.headers.get("Authorization", ""), source=str(self.client_address[0]),
            origin=self.server.house.url_under(host), host=host,
        )  # fmt: skip

    def _read_body(self) -> bytes:
        """The request's body by Content-Length or in chunks. Raises _TooBig, or ValueError for a broken one."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError("a negative length")
        if length > MAX_BODY:
            raise _TooBig
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline(64).partition(b";")[0].strip(), 16):
            if size < 0 or len(body) + size > MAX_BODY:
                raise _TooBig
            body += self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():
            pass  # trailers
        return bytes(body)

    def _send(self, answer: Answer) -> None:
        if answer.is_reset and not answer.body:
            self._reset()
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body) * (2 if answer.is_reset else 1)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "origin, content-type, accept")
        self.send_header(*MARK)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        if answer.is_reset:  # what was promised never comes
            self.close_connection = True

    def _reset(self) -> None:
        """Drop the connection with RST, so that the client learns nothing, not even a polite end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            # l_onoff=1, l_linger=0; the two fields are short on Windows and int elsewhere.
            shape = "hh" if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else "ii"
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(shape, 1, 0))
            # Plain close: http.server's own end would first say FIN by shutdown.
            self.rfile.close()
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the address holds the secret, and the portal keeps a log of its own."""


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
