"""The two ways in which Bitrix reaches an application that is being connected, each heard once and then never again.

- `wait_for_code`: the browser comes back to `http://127.0.0.1:PORT/` with a code. The port is fixed, because the
  address stands in the application's card. Only this machine can connect; what has not our `state` is not ours.
- `wait_for_install`: the portal posts a form to a public address (an "API only" application has no pages). Anybody
  can post there, so a body is small, a connection short, their number bounded, and nothing in a form is believed:
  the caller proves the token at the authorisation server, a few times at most.

No page of ours shows a secret, repeats what it was sent, or loads anything.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import queue
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from posapp.errors import SetupError
from posapp.sync.bitrix.oauth import Installed, read_install

LOOPBACK = "127.0.0.1"
BODY_MAX = 32 * 1024  # the form has some forty short fields
CONNECTION_S = 10.0
CONNECTIONS_MAX = 16
PROOFS_MAX = 5  # so many forms are taken to the authorisation server, which is shared by all


@dataclass(frozen=True, slots=True, repr=False)
class Granted:
    """What the browser brought: the code, and what the portal says of itself."""

    code: str
    member_id: str
    server_domain: str


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """A request as it came. `path` without the query; `fields` of the query, the first of each name."""

    verb: str
    path: str
    host: str
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_form: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a sentence for whoever looks; `result` ends the waiting."""

    status: int
    text: str
    result: Any = None


Answering = Callable[[Heard], Reply]


def wait_for_code(port: int, state: str, wait_s: float, ready: Callable[[], None]) -> Granted:
    """Wait until the browser brings a code.

    Args:
        port: of this machine, as in the application's card.
        state: what we gave the browser; compared in constant time.
        wait_s: how long.
        ready: called when the port is open.

    Raises SetupError `oauth_port` when the port is taken, `oauth_unanswered` when nobody comes or Bitrix says no.
    """
    card = f"http://{LOOPBACK}:{port}/"

    def answer(heard: Heard) -> Reply:
        if heard.verb != "GET":
            return Reply(405, "Сюда приходит только браузер.")
        if heard.host.partition(":")[0] not in (LOOPBACK, "localhost") or heard.path != "/":
            return Reply(404, "Здесь ничего нет.")
        if not hmac.compare_digest(heard.fields.get("state", "").encode(), state.encode()):
            return Reply(400, "Это ответ не на этот запрос. Начните подключение заново.")
        if not heard.fields.get("code"):
            refusal = heard.fields.get("error", "")[:60]
            return Reply(200, "Битрикс отказал. Вернитесь к программе.", refusal or "кода нет")
        told = Granted(
            heard.fields["code"][:300], heard.fields.get("member_id", ""), heard.fields.get("server_domain", "")
        )
        return Reply(200, "Ответ получен. Вернитесь к программе: она скажет, подключилась ли.", told)

    with _Door((LOOPBACK, port), answer) as door:
        ready()
        found = door.next(wait_s)
    if isinstance(found, Granted):
        return found
    why = f"за {wait_s:.0f} с браузер не вернулся" if found is None else f"он ответил «{found}»"
    raise SetupError("oauth_unanswered", why=why, address=card)


def wait_for_install(
    address: tuple[str, int], wait_s: float, ready: Callable[[], None], proves: Callable[[Installed], bool]
) -> None:
    """Wait until the portal posts a finished installation that `proves` accepts.

    Args:
        address: host and port to listen on; what is public stands in front of it.
        wait_s: how long; the form may come minutes late.
        ready: called when the port is open.
        proves: whether a form is the portal's own; asked `PROOFS_MAX` times at most. What it raises ends the waiting.

    Raises SetupError `oauth_port`, `oauth_unanswered`.
    """

    def answer(heard: Heard) -> Reply:
        if heard.verb != "POST":
            return Reply(405, "Сюда пишет только Битрикс.")
        if not heard.is_form:
            return Reply(415, "Ждём форму.")
        told = read_install(heard.body)
        if told is None:
            return Reply(400, "Это не ONAPPINSTALL.")
        return Reply(200, "Принято.", told)

    where = f"http://{address[0]}:{address[1]}/"
    with _Door(address, answer) as door:
        ready()
        until = time.monotonic() + wait_s
        for refused in range(PROOFS_MAX):
            found = door.next(until - time.monotonic())
            if found is None:
                strange = f", чужих сообщений {refused}" if refused else ""
                why = f"за {wait_s:.0f} с своей установки не пришло{strange}"
                raise SetupError("oauth_unanswered", why=why, address=where)
            if proves(found):
                return
    raise SetupError("oauth_unanswered", why="приходили только чужие сообщения об установке", address=where)


_TAKEN = {
    errno.EADDRINUSE: "его держит другая программа",
    errno.EACCES: "этому пользователю он не разрешён",
    errno.EADDRNOTAVAIL: "у этого компьютера такого нет",
}


class _Door:
    """A port that is open inside the `with` block, and what was heard at it."""

    def __init__(self, address: tuple[str, int], answer: Answering) -> None:
        self._found: queue.Queue[Any] = queue.Queue(PROOFS_MAX)
        try:
            self._server = _Server(address, answer, self._found)
        except (OSError, OverflowError) as error:
            why = (
                _TAKEN.get(error.errno or 0, "нет такого адреса") if isinstance(error, OSError) else "нет такого порта"
            )
            raise SetupError("oauth_port", address=f"{address[0]}:{address[1]}", why=why) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="callback", daemon=True
        )

    def __enter__(self) -> _Door:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(CONNECTION_S)

    def next(self, wait_s: float) -> Any:
        """The next result, None when there was none in time."""
        try:
            return self._found.get(timeout=max(0.0, wait_s))
        except queue.Empty:
            return None


class _Server(ThreadingHTTPServer):
    """One thread a connection, a bounded number of them: a browser opens some in advance, an attacker many."""

    daemon_threads = True
    request_queue_size = 64  # whoever floods must not make others wait for the system's own retries
    allow_reuse_address = os.name != "nt"  # on Windows it would let two programs take one port

    def __init__(self, address: tuple[str, int], answer: Answering, found: queue.Queue[Any]) -> None:
        self.answer = answer
        self.found = found
        self._free = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the name service, which the standard library would ask for our own name, for seconds perhaps."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, or the end of it at once."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The thread's body; gives the place back at its end, and ends whoever trickles."""
        end = threading.Timer(CONNECTION_S, _cut, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever breaks a connection off is no trouble of ours."""


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "posapp"
    sys_version = ""
    timeout = CONNECTION_S

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length[:9]) > BODY_MAX or len(length) > 9:
            self._say(Reply(413, "Слишком много."))
            return
        self._serve(self.rfile.read(int(length)))

    def _serve(self, body: bytes) -> None:
        try:
            parts = urlsplit(self.path)
            fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=50)
        except ValueError:
            self._say(Reply(400, "Такой адрес не читается."))
            return
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        first = {name: values[0] for name, values in fields.items()}
        is_form = kind == "application/x-www-form-urlencoded"
        heard = Heard(self.command, parts.path, self.headers.get("Host", ""), first, body, is_form)
        reply = self.server.answer(heard)
        if reply.result is not None and self.server.found.full():
            reply = Reply(503, "Подождите.")
        self._say(reply)
        if reply.result is not None:
            try:
                self.server.found.put_nowait(reply.result)
            except queue.Full:
                return

    def _say(self, reply: Reply) -> None:
        self.close_connection = True
        page = f"<!doctype html><meta charset=utf-8><title>posapp</title><p>{reply.text}</p>".encode()
        self.send_response(reply.status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),  # the address of this page holds the code
            ("Content-Security-Policy", "default-src 'none'"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the address holds the code."""
