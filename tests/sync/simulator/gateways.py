"""A gateway for tests of the portal's caller: answers each request with the bytes it was told to, and keeps what came.

It reads HTTP itself, from a bare socket: what is tested is what goes over the wire.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Row = dict[str, Any]


@dataclass(frozen=True)
class Came:
    """One request as it came."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The pairs of a form body, names with their brackets."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body)))


Answering = Callable[[Came], bytes | None]


def ok(value: Any) -> bytes:
    """HTTP 200 with a JSON body."""
    return http(200, json.dumps(value).encode())


def http(status: int, body: bytes = b"", *extra: str) -> bytes:
    """An HTTP/1.1 answer with a length."""
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *extra]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


@dataclass
class Gateway:
    """Listens on a free port; `answer` decides, None closes the connection without a word."""

    answer: Answering = lambda came: ok({"UUID": "u-1"})
    came: list[Came] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            headers = [(name, value.strip()) for name, _, value in (one.partition(":") for one in lines)]
            length = next((int(value) for name, value in headers if name == "Content-Length"), 0)
            while len(body) < length:
                body += connection.recv(65536)
            came = Came(line, headers, body)
            self.came.append(came)
            self.arrived.set()
            answer = self.answer(came)
            if answer is not None:
                connection.sendall(answer)


def until(holds: Callable[[], bool], what: str) -> None:
    """Look at a condition until it holds; after twenty seconds it never will."""
    never = threading.Event()
    for _ in range(1000):
        if holds():
            return
        never.wait(0.02)
    raise AssertionError(f"never happened: {what}")


def with_cashbox(portal: Any, url: str, *, active: str = "Y", version: str | None = None, ffd: str | None = "Y",
                 code: str = "POSAPP", **cashbox: Any) -> int:  # fmt: skip
    """Register handler and cashbox by REST as a set-up would; returns the cashbox's id."""
    settings: Row = {
        "PRINT_URL": f"{url}/print", "CHECK_URL": f"{url}/check",
        "CONFIG": {"AUTH": {"LABEL": "Вход", "ITEMS": {"KEY": {"TYPE": "STRING", "LABEL": "Ключ"}}}},
    }  # fmt: skip
    if version:
        settings["HTTP_VERSION"] = version
    if ffd:
        settings["SUPPORTS_FFD105"] = ffd
    assert portal.call("sale.cashbox.handler.add", {"CODE": code, "NAME": "posapp", "SETTINGS": settings}).status == 200
    reply = portal.call("sale.cashbox.add", {
        "NAME": "Касса", "REST_CODE": code, "EMAIL": "till@example.test", "ACTIVE": active, "NUMBER_KKM": "KKT-07",
        "SETTINGS": {"AUTH": {"KEY": "s3cr3t"}}, **cashbox,
    })  # fmt: skip
    return int(reply.result)
