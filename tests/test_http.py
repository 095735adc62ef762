"""Every exchange ends by its time limit, whatever the other side does, and says whether anything was sent."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from posapp.devices.atol.tasks import NotSent
from posapp.devices.atol.web import Patience, WebTasks
from posapp.devices.atol.web_probe import version_at
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import Governor
from tests.sync.portals import NO_LIMITS

LIMIT_S = 0.4
PATIENCE_S = 8.0
"""Far over the limit and far under "for ever": what has not ended by now does not end."""
PAUSE_S = 0.05

T = TypeVar("T")
Serve = Callable[[socket.socket, threading.Event], None]


def repeating(begin: bytes, again: bytes) -> Serve:
    """Begins an answer and sends more of it for ever, never quiet for as long as the limit."""

    def serve(line: socket.socket, over: threading.Event) -> None:
        line.recv(1 << 16)
        line.sendall(begin)
        while not over.wait(PAUSE_S):
            line.sendall(again)

    return serve


def silent(line: socket.socket, over: threading.Event) -> None:
    """Takes the request, says nothing."""
    line.recv(1 << 16)
    over.wait()


def slow_reader(line: socket.socket, over: threading.Event) -> None:
    """Takes a little of a request at a time and never comes to its end."""
    while not over.wait(PAUSE_S):
        line.recv(1 << 12)


ENDLESS: dict[str, Serve] = {
    "nothing": silent,
    "a header": repeating(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "a status line": repeating(b"HTTP/1.1 200 ", b"O"),
    "1xx": repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": repeating(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "a body without length": repeating(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": repeating(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the length of a chunk": repeating(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": repeating(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n"),
    "gzip": repeating(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}")[:10], b"\0\0\0\xff\xff"
    ),
}


@contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """The port of a server that does this on each connection."""
    over, workers = threading.Event(), list[threading.Thread]()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def one(line: socket.socket) -> None:
            with suppress(OSError), line:
                serve(line, over)

        def accept() -> None:
            with suppress(OSError):
                while not over.is_set():
                    line, _ = listener.accept()
                    line.settimeout(PATIENCE_S)
                    workers.append(threading.Thread(target=one, args=(line,)))
                    workers[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            with suppress(OSError):
                socket.create_connection(listener.getsockname()).close()
            acceptor.join(PATIENCE_S)
            for each in workers:
                each.join(PATIENCE_S)


def fate(act: Callable[[], T]) -> T | Exception:
    """What comes of it; fails when nothing does."""
    told: list[T | Exception] = []

    def go() -> None:
        try:
            told.append(act())
        except (NoAnswer, NotSent) as error:
            told.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert told, "it does not end"
    return told[0]


def lost(act: Callable[[], object]) -> NoAnswer:
    """The trouble in which it ends."""
    found = fate(act)
    assert isinstance(found, NoAnswer), found
    return found


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_never_ends_is_ended(http: HttpClient, name: str) -> None:
    threads = threading.active_count()
    with serving(ENDLESS[name]) as port:
        error = lost(lambda: http.post_json(SecretUrl(f"http://127.0.0.1:{port}/key/"), {}, LIMIT_S))
        assert error.sent is True
        assert http.open_connections == 0, "what was given up is closed"
    assert threading.active_count() == threads


def test_a_request_that_is_never_taken_whole_is_ended(http: HttpClient) -> None:
    with serving(slow_reader) as port:
        error = lost(lambda: http.post_json(SecretUrl(f"http://127.0.0.1:{port}/"), "x" * (32 << 20), LIMIT_S))
    assert error.sent is True


def test_a_handshake_that_never_ends_is_ended_and_nothing_was_sent(http: HttpClient) -> None:
    for serve in (silent, repeating(b"\x16\x03\x03\x3f\xff", b"\x02")):
        with serving(serve) as port:
            url = SecretUrl(f"https://127.0.0.1:{port}/")
            assert lost(partial(http.post_json, url, {}, LIMIT_S)).sent is False
    assert http.open_connections == 0


def test_a_header_that_never_ends_is_ended_over_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pem = Path(__file__).parent / "sync" / "simulator" / "localhost.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    def over_tls(line: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(line, server_side=True) as wrapped:
            ENDLESS["a header"](wrapped, over)

    http = HttpClient()
    with serving(over_tls) as port:
        error = lost(lambda: http.get(SecretUrl(f"https://localhost:{port}/"), 1.0))
    http.close()
    assert (error.sent, "сертификат" in error.message()) == (True, False)


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Hosts of `.example` have these addresses."""
    real = socket.getaddrinfo

    def found(host: str, port: int, *args: object, **more: object) -> object:
        if not host.endswith(".example"):
            return real(host, port, *args, **more)  # type: ignore[arg-type]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.skipif(sys.platform != "linux", reason="only there does a full queue swallow")
def test_a_host_with_many_addresses_is_tried_within_the_one_limit(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses that swallow everything: those of a listener whose queue is full."""
    named(monkeypatch, *(f"127.0.0.{each}" for each in range(1, 41)))
    with socket.create_server(("0.0.0.0", 0), backlog=0) as full, ExitStack() as stack:
        port = full.getsockname()[1]
        for _ in range(2):
            line = stack.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex(("127.0.0.1", port))
        error = lost(lambda: http.get(SecretUrl(f"http://many.example:{port}/"), LIMIT_S))
    assert error.sent is False


def test_the_next_address_is_tried_when_one_refuses(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(b"{}")) as port:
        named(monkeypatch, "127.0.0.2", "127.0.0.1")
        assert http.get(SecretUrl(f"http://two.example:{port}/"), PATIENCE_S).status == 200


def test_what_was_given_up_hurts_nothing_that_comes_after(http: HttpClient) -> None:
    with serving(ENDLESS["a header"]) as bad, serving(answering(b'{"a": 1}')) as good:
        for _ in range(3):
            lost(lambda: http.get(SecretUrl(f"http://127.0.0.1:{bad}/"), 0.1))
            assert http.get(SecretUrl(f"http://127.0.0.1:{good}/"), PATIENCE_S).json() == {"a": 1}


def test_the_limit_is_of_each_exchange_and_not_of_the_connection(http: HttpClient) -> None:
    with serving(answering(b"{}", times=3)) as port:
        for limit_s in (0.3, PATIENCE_S):
            assert http.get(SecretUrl(f"http://127.0.0.1:{port}/"), limit_s).status == 200
            threading.Event().wait(0.35)
        assert http.open_connections == 1
        http.close()


# --- who uses it


def test_the_portal_and_the_register_end_in_time_too(http: HttpClient) -> None:
    for name in ("a header", "1xx"):
        with serving(ENDLESS[name]) as port:
            governor = Governor(lambda: 0.0, lambda _: None, NO_LIMITS)
            portal = BitrixClient(f"http://127.0.0.1:{port}/rest/1/key/", http, governor, timeout_s=LIMIT_S)
            assert lost(partial(portal.call, "profile")).sent is True
            web = WebTasks(f"http://127.0.0.1:{port}", lambda: "", patience=Patience(answer=LIMIT_S))
            found = fate(web.open)
            assert isinstance(found, NotSent), found
            assert fate(partial(version_at, f"http://127.0.0.1:{port}", LIMIT_S)) == ""


# --- bodies


def answering(body: bytes, *headers: str, times: int = 1) -> Serve:
    """Answers each request of a connection with this."""
    head = "".join(f"{each}\r\n" for each in ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, ""))

    def serve(line: socket.socket, over: threading.Event) -> None:
        for _ in range(times):
            if line.recv(1 << 16):
                line.sendall(head.encode() + body)

    return serve


def got(http: HttpClient, serve: Serve) -> Response | Exception:
    with serving(serve) as port:
        return fate(lambda: http.get(SecretUrl(f"http://127.0.0.1:{port}/"), PATIENCE_S))


@pytest.mark.parametrize("coding, pack", [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)])
def test_a_packed_body_is_unpacked(http: HttpClient, coding: str, pack: Callable[[bytes], bytes]) -> None:
    text = json.dumps(list(range(100_000))).encode()
    found = got(http, answering(pack(text), f"Content-Encoding: {coding}"))
    assert isinstance(found, Response)
    assert found.body == text


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused() -> None:
    """Not unpacked first: the second pack of a pack is a thousand times a thousand of what came."""
    bomb, small = gzip.compress(b" " * (1 << 26)), HttpClient(body_max=1 << 16)
    for body, coding in ((bomb, "gzip"), (gzip.compress(bomb), "gzip, gzip")):
        found = got(small, answering(body, f"Content-Encoding: {coding}"))
        assert isinstance(found, NoAnswer)
        assert found.sent is True
    small.close()


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b'{"a": 1}', mtime=0)[:-9], b""])
def test_a_packed_body_that_is_damaged_is_no_answer(http: HttpClient, body: bytes) -> None:
    found = got(http, answering(body, "Content-Encoding: gzip"))
    assert isinstance(found, NoAnswer) or (isinstance(found, Response) and found.body == b"")


@pytest.mark.parametrize("body", [b"[" * 200_000, b"1" * 10_000, b"\xff", b"NaN", b'{"a":', b""])
def test_json_that_is_none_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Response(200, {}, body).json()
