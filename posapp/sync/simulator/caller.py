"""Carries out the portal's own HTTP requests: raw HTTP/1.0 or 1.1 over a socket, with the kernel's headers and habits.

The kernel's client (`main/lib/web/httpclient.php`): one connection per request, `Connection: close`, no keep-alive, no
`Expect`, five redirects of which 302 and 303 turn the POST into a GET without its body; a body that ends early is taken
as it came. This module does nothing but I/O; what an answer means is in `php_answer.py`.
"""

from __future__ import annotations

import base64
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from posapp.sync.simulator.outgoing import Errand, Outgoing, Reply

MAX_REDIRECTS = 5
MAX_ANSWER = 4 * 1024 * 1024
USER_AGENT = "Mozilla/5.0 (compatible; Bitrix HttpClient; posapp practice portal)"
_TO_GET = (302, 303)


class CallFailed(Exception):
    """No answer: refused, timed out, not HTTP, too many redirects."""


def carry_out(errand: Errand) -> None:
    """Make the request of an errand and write its outcome into it; never raises for anything the network does."""
    try:
        errand.reply = post(errand.request)
    except (CallFailed, OSError, ValueError) as error:  # ssl.SSLError and timeouts are OSErrors
        errand.failure = str(error) or type(error).__name__


def post(request: Outgoing) -> Reply:
    """The answer after all redirects. Raises CallFailed, OSError, ValueError."""
    url, verb, body = request.url, "POST", request.body
    for _ in range(MAX_REDIRECTS + 1):
        reply = _exchange(request, url, verb, body)
        location = reply.headers.get("location", "")
        if not location or not 300 <= reply.status < 400:
            return reply
        url = urljoin(url, location)
        if reply.status in _TO_GET:
            verb, body = "GET", b""
    raise CallFailed(f"Maximum number of redirects ({MAX_REDIRECTS}) has been reached")


def _exchange(request: Outgoing, url: str, verb: str, body: bytes) -> Reply:
    target = urlsplit(url)
    if target.scheme not in ("http", "https") or not target.hostname:
        raise CallFailed(f"Incorrect URI: {url[:100]}")
    port = target.port or (443 if target.scheme == "https" else 80)
    with closing(socket.create_connection((target.hostname, port), request.connect_timeout_s)) as plain:
        if target.scheme == "https":
            context = ssl.create_default_context()
            with closing(context.wrap_socket(plain, server_hostname=target.hostname)) as wrapped:
                return _talk(wrapped, _head(request, target, verb, body) + body, request.read_timeout_s)
        return _talk(plain, _head(request, target, verb, body) + body, request.read_timeout_s)


def _head(request: Outgoing, target: SplitResult, verb: str, body: bytes) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    host = f"[{target.hostname}]" if ":" in (target.hostname or "") else target.hostname or ""
    lines = [f"{verb} {path} HTTP/{request.version}", f"Host: {host}{f':{target.port}' if target.port else ''}",
             f"User-Agent: {USER_AGENT}", "Accept: */*", "Accept-Language: en", "Connection: close"]  # fmt: skip
    if target.username is not None:
        pair = f"{unquote(target.username)}:{unquote(target.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    if verb == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _talk(connection: socket.socket, message: bytes, timeout_s: float) -> Reply:
    """Send and read one answer; the whole of it has `timeout_s` seconds."""
    connection.settimeout(timeout_s)
    connection.sendall(message)
    stream = _Stream(connection, time.monotonic() + timeout_s)
    version, status = _status_of(stream.line())
    headers: dict[str, str] = {}
    while line := stream.line():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if 100 <= status < 200:
        raise CallFailed("an interim answer to a request that expected none")
    if version != "HTTP/1.0" and "chunked" in headers.get("transfer-encoding", "").lower():
        content = b"".join(stream.chunks())
    elif headers.get("content-length", "").isdecimal():
        content = stream.take(int(headers["content-length"]))
    else:
        content = stream.rest()
    return Reply(status, content, headers)


def _status_of(line: str) -> tuple[str, int]:
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdecimal():
        raise CallFailed("the answer is not HTTP" if line else "the connection was closed without an answer")
    return parts[0], int(parts[1])


class _Stream:
    """Bytes of one answer, read until a deadline; what ends early is taken as it came."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._buffer = b""
        self._total = 0

    def line(self) -> str:
        """The next line without its end; empty at the end of the stream too."""
        while b"\n" not in self._buffer and self._more():
            pass
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def take(self, count: int) -> bytes:
        """`count` bytes, fewer when the stream ends."""
        while len(self._buffer) < count and self._more():
            pass
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        while self._more():
            pass
        return self._buffer

    def chunks(self) -> Iterator[bytes]:
        """The chunks of a chunked body."""
        while size := int(self.line().partition(";")[0].strip() or "0", 16):
            yield self.take(size)
            self.line()

    def _more(self) -> bool:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise CallFailed("Stream reading timeout has been reached")
        self._connection.settimeout(left)
        try:
            data = self._connection.recv(65_536)
        except TimeoutError:
            raise CallFailed("Stream reading timeout has been reached") from None
        self._buffer += data
        self._total += len(data)
        if self._total > MAX_ANSWER:
            raise CallFailed("the answer is too long")
        return bool(data)
