"""HTTP for everybody who needs it, and the only import of httpx.

Three things are settled here once. First, *what a lost request means*: every failure of the line becomes `NoAnswer`,
which says whether the request may have reached the other side (`sent`). A caller that writes must read before it
repeats when `sent` is true. Second, *the end*: an exchange has one limit of time for all of it, whatever the other
side does. httpx's own limits are for each read, so a server that sends a byte now and then would hold it for ever
(`_Line`); only the system's look-up of a name keeps its own time. Third, *secrets*: the addresses of Bitrix carry the
key in their path, or go with an access token, so an address is a `SecretUrl` whose text and token are taken out for
the call alone; they are in no exception, no log and no `repr`, and httpx's own log, which prints addresses, is off.
"""

from __future__ import annotations

import json
import logging
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import httpcore  # the part of httpx that opens connections
import httpx

from posapp.errors import Offline

logging.getLogger("httpx").disabled = True  # it logs full addresses at INFO
logging.getLogger("httpcore").disabled = True

BODY_MAX = 64 * 1024 * 1024  # a batch of 50 big orders is a few megabytes; more is no answer of a portal
CONNECT_S = 10.0


class NoAnswer(Offline):
    """The line failed. `sent` is False only when nothing of the request can have reached the server."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__("offline", reason=reason)
        self.sent = sent


class SecretUrl:
    """An address with a key in it, or with the access token that goes beside it in the header `Authorization`.

    Shows itself as scheme and host; `reveal()` and `bearer()` give the whole, for the transport only.
    """

    __slots__ = ("_bearer", "_text")

    def __init__(self, text: str, bearer: str = "") -> None:
        self._text = text
        self._bearer = bearer

    def reveal(self) -> str:
        """The address as it is sent. For the transport only."""
        return self._text

    def bearer(self) -> str:
        """The access token that is shown in a header, "" for none. For the transport only."""
        return self._bearer

    @property
    def host(self) -> str:
        """Host and port, which are no secret; empty when the text is no address."""
        try:
            parts = urlsplit(self._text)
            return parts.hostname + (f":{parts.port}" if parts.port else "") if parts.hostname else ""
        except ValueError:
            return ""

    def __truediv__(self, tail: str) -> SecretUrl:
        return SecretUrl(f"{self._text.rstrip('/')}/{tail}", self._bearer)

    def __repr__(self) -> str:
        return f"SecretUrl({self.host or '?'}/…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, headers under lower-case names, the body whole (at most `BODY_MAX` bytes)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the server says that the body is JSON; a page of a web server in between is not."""
        return "json" in self.headers.get("content-type", "").lower()

    def json(self) -> Any:
        """The body decoded, numbers with a point as Decimal. Raises ValueError when it is not JSON, or nests without
        end."""
        try:
            return json.loads(self.body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


class Poster(Protocol):
    """What a client of a portal needs of HTTP; `HttpClient` over the wire, a bench may answer from memory."""

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        """POST `body` as JSON and give the answer, whatever its status. Raises NoAnswer when there is none."""


class HttpClient:
    """Keep-alive connections for one thread at a time. Follows no redirect: a redirected POST turns into GET."""

    def __init__(self, *, connect_timeout_s: float = CONNECT_S, body_max: int = BODY_MAX) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._body_max = body_max
        self._limit = _Limit()
        self._client = httpx.Client(follow_redirects=False, headers=_HEADERS)
        self._pools = [_pool(each) for each in (self._client._transport, *self._client._mounts.values()) if each]
        for pool in self._pools:  # httpx lets nobody choose it; the tests see when that changes
            pool._network_backend = _Backend(pool._network_backend, self._limit)

    @property
    def open_connections(self) -> int:
        """How many connections are held."""
        return sum(len(pool.connections) for pool in self._pools)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """POST `body` as JSON with the Content-Type that Bitrix wants.

        Args:
            url: where to; never part of what is raised.
            body: JSON values; Decimals go out as exact text.
            timeout_s: for the whole exchange, connecting included.
            headers: more headers, for instance with a key; never part of what is raised.

        Raises:
            NoAnswer: nothing came back, or not in time, or too much.
        """
        payload = json.dumps(body, ensure_ascii=False, default=_plain).encode()
        return self._asked("POST", url, payload, timeout_s, headers)

    def post_bytes(self, url: SecretUrl, payload: bytes, timeout_s: float, headers: Mapping[str, str]) -> Response:
        """POST JSON that was encoded before, because its bytes are signed; arguments and errors as of `post_json`."""
        return self._asked("POST", url, payload, timeout_s, headers)

    def post_form(self, url: SecretUrl, fields: Mapping[str, str], timeout_s: float) -> Response:
        """POST the fields of a form, for services that read no JSON; arguments and errors are those of `post_json`.

        The fields travel in the body, so what is secret in them is in no address and no web server's log.
        """
        return self._asked("POST", url, urlencode(fields).encode(), timeout_s, _FORM)

    def get(self, url: SecretUrl, timeout_s: float, *, headers: Mapping[str, str] | None = None) -> Response:
        """GET, for services that are asked so; arguments and errors are those of `post_json`."""
        return self._asked("GET", url, b"", timeout_s, headers)

    def delete(self, url: SecretUrl, timeout_s: float, *, headers: Mapping[str, str] | None = None) -> Response:
        """DELETE; arguments and errors are those of `post_json`."""
        return self._asked("DELETE", url, b"", timeout_s, headers)

    def _asked(
        self, verb: str, url: SecretUrl, payload: bytes, timeout_s: float, headers: Mapping[str, str] | None
    ) -> Response:
        trouble: NoAnswer
        try:
            return self._exchange(verb, url, payload, timeout_s, headers or {})
        except NoAnswer as lost:
            trouble = lost
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = _no_answer(error)
        # Raised out here so that httpx's exception, which holds the address, is not even its context.
        raise trouble

    def _exchange(
        self, verb: str, url: SecretUrl, payload: bytes, timeout_s: float, more: Mapping[str, str]
    ) -> Response:
        self._limit.begin(timeout_s)
        timeout = httpx.Timeout(timeout_s, connect=min(self._connect_timeout_s, timeout_s))
        headers = {"Content-Type": "application/json; charset=utf-8", **more}
        if url.bearer():
            headers["Authorization"] = f"Bearer {url.bearer()}"
        request = self._client.stream(verb, url.reveal(), content=payload, headers=headers, timeout=timeout)
        with request as answer:
            lower = {name.lower(): value for name, value in answer.headers.items()}
            body = _unpacked(answer.iter_raw(), lower.get("content-encoding", "").strip().lower(), self._body_max)
            return Response(answer.status_code, lower, body)


_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _unpacked(chunks: Iterable[bytes], coding: str, most: int) -> bytes:
    """A body, unpacked as it comes and no further than `most` bytes: httpx would unpack a small bomb whole."""
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise NoAnswer(_DAMAGED, sent=True)
    packed = zlib.decompressobj(_GZIP_OR_ZLIB) if coding not in ("", "identity") else None
    body, has_come = bytearray(), False
    for chunk in chunks:
        has_come = has_come or bool(chunk)
        try:
            body += packed.decompress(chunk, most + 1 - len(body)) if packed else chunk
        except zlib.error:
            raise NoAnswer(_DAMAGED, sent=True) from None
        if len(body) > most:
            raise NoAnswer(f"ответ больше {most} байт", sent=True)
        if packed and packed.unused_data:
            raise NoAnswer(_DAMAGED, sent=True)
    if packed and has_come and not packed.eof:
        raise NoAnswer(_DAMAGED, sent=True)
    return bytes(body)


_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_DAMAGED = "ответ испорчен в пути"


# ------------------------------------------------------------------------------------------------ the end in time


class _Limit:
    """How much is left of the time of the exchange at hand."""

    def __init__(self) -> None:
        self._at = 0.0

    def begin(self, timeout_s: float) -> None:
        self._at = time.monotonic() + timeout_s

    def left(self, most: float | None, *, sent: bool) -> float:
        """Seconds for the next step, `most` at most. Raises NoAnswer when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise NoAnswer(_LATE if sent else _NO_CONNECTION_IN_TIME, sent=sent)
        return left if most is None else min(left, most)


_LATE, _NO_CONNECTION_IN_TIME = "ответ не уложился в срок", "нет соединения за отведённое время"
PIECE = 1 << 14


class _Line(httpcore.NetworkStream):
    """A connection each step of which has only what is left of the time."""

    def __init__(self, inner: httpcore.NetworkStream, limit: _Limit) -> None:
        self._inner, self._limit = inner, limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._limit.left(timeout, sent=True))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces, for a piece has a time of its own for each of its parts."""
        for begin in range(0, len(buffer), PIECE):
            self._inner.write(buffer[begin : begin + PIECE], self._limit.left(timeout, sent=True))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            left = self._limit.left(timeout, sent=False)
        except NoAnswer:
            self.close()
            raise
        return _Line(self._inner.start_tls(ssl_context, server_hostname, left), self._limit)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens such connections. The addresses of a host are tried one after another, all within the one limit."""

    def __init__(self, inner: httpcore.NetworkBackend, limit: _Limit) -> None:
        self._inner, self._limit = inner, limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NoAnswer("нет соединения", sent=False) from None
        trouble: Exception = NoAnswer("нет соединения", sent=False)
        for address in dict.fromkeys(str(each[4][0]) for each in found):
            left = self._limit.left(timeout, sent=False)
            try:
                return _Line(self._inner.connect_tcp(address, port, left, local_address, socket_options), self._limit)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble


def _pool(transport: httpx.BaseTransport) -> Any:
    """The connections of a transport."""
    return vars(transport)["_pool"]


# ------------------------------------------------------------------------------------------------ troubles


def _no_answer(error: httpx.HTTPError | httpx.InvalidURL) -> NoAnswer:
    """The reason in our words – never httpx's text, which may quote the address."""
    if _is_certificate(error):
        return NoAnswer("сертификат сервера не подошёл: просрочен, чужой или этому компьютеру неизвестен", sent=False)
    for kind, reason, sent in _REASONS:
        if isinstance(error, kind):
            return NoAnswer(reason, sent=sent)
    return NoAnswer("обмен прервался", sent=True)


def _is_certificate(error: BaseException) -> bool:
    """Whether the line failed because the server could not prove who it is: before anything was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


# Most specific first. `sent=False` only for what happens before the first byte of the request can leave.
_REASONS: tuple[tuple[type[Exception], str, bool], ...] = (
    (httpx.ConnectTimeout, _NO_CONNECTION_IN_TIME, False),
    (httpx.ConnectError, "нет соединения", False),
    (httpx.ProxyError, "прокси не пропускает", False),
    (httpx.PoolTimeout, "соединение занято", False),
    (httpx.UnsupportedProtocol, "адрес не начинается с https://", False),
    (httpx.InvalidURL, "адрес не читается", False),
    (httpx.ReadTimeout, "ответа нет за отведённое время", True),
    (httpx.WriteTimeout, "запрос не ушёл за отведённое время", True),
    (httpx.RemoteProtocolError, "соединение закрыто без ответа", True),
    (httpx.NetworkError, "соединение оборвалось", True),
)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} does not go into a request")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
