"""The door that tills come in by: the shop's secret, a JSON object in, a JSON object out, trouble in our own codes.

A group of requests is a mapping from a path to what is done: `Work` blocks (it goes to the database) and runs on a
thread; `Waiting` runs on the event loop, may wait there and must not block. `Door.blocking` and `Door.waiting` make
routes of them.

The secret is compared before a byte of the body is read, in constant time, as digests of equal length. Trouble is
`{"error": {"code", "facts"}}` with a code of the error table: 401 the secret, 400 the body, 409 declined, 413 too
large, 503 the database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from posapp.domain.claim import text_of
from posapp.errors import JournalError, PosError, SetupError

BODY_MAX = 256 * 1024
BODY_S = 10.0  # for the whole body: who sends it by drops is let go
LIST_MAX = 1000
SECRET_MIN = 32
_THREADS = 8

log = logging.getLogger("posapp.gateway")

Body = Mapping[str, Any]
Answer = Mapping[str, object]
Work = Callable[[Body, datetime], Answer]
Waiting = Callable[[Body, datetime], Awaitable[Answer]]
T = TypeVar("T")


class BadBody(Exception):
    """The body is no request of ours; the text names the field."""


class TooLarge(Exception):
    """The body is larger than any request of ours."""


class Door:
    """Lets tills in.

    Args:
        secret: what tills send as `Authorization: Bearer …`.
        now: the gateway's clock, aware.

    Raises:
        SetupError: `gateway_secret` when the secret is shorter than `SECRET_MIN` characters.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        if len(secret) < SECRET_MIN:
            raise SetupError("gateway_secret", what=f"в нём меньше {SECRET_MIN} знаков")
        self._expected = digest(f"Bearer {secret}")
        self._now = now
        self._threads = anyio.CapacityLimiter(_THREADS)

    def blocking(self, works: Mapping[str, Work]) -> list[Route]:
        """Routes for what goes to the database: each runs on one of a few threads."""
        return [self._route(path, self._on_a_thread(work)) for path, work in works.items()]

    def waiting(self, works: Mapping[str, Waiting]) -> list[Route]:
        """Routes for what waits on the event loop and never blocks it."""
        return [self._route(path, work) for path, work in works.items()]

    async def on_thread(self, work: Callable[[], T]) -> T:
        """Runs something that blocks on one of the door's threads, from a `Waiting`."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    def _on_a_thread(self, work: Work) -> Waiting:
        async def run(body: Body, at: datetime) -> Answer:
            return await self.on_thread(lambda: work(body, at))

        return run

    def _route(self, path: str, work: Waiting) -> Route:
        async def serve(request: Request) -> Response:
            if not hmac.compare_digest(digest(request.headers.get("authorization", "")), self._expected):
                return trouble(401, "gateway_access")
            try:
                return JSONResponse(await _run(work, _object(await read_body(request, BODY_MAX)), self._now()))
            except TooLarge:
                return trouble(413, "bad_input", what=f"больше {BODY_MAX} байт")
            except BadBody as error:
                return trouble(400, "bad_input", what=str(error))
            except JournalError as error:
                log.error("%s: %s", request.url.path, error.code)
                return trouble(503, error.code, **error.facts)
            except PosError as error:
                return trouble(409, error.code, **error.facts)

        return Route(path, serve, methods=["POST"])


def digest(text: str) -> bytes:
    """What secrets are compared by: of one length, whatever was sent."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def trouble(status: int, code: str, **facts: object) -> JSONResponse:
    """An error of ours as an answer."""
    plain = {name: value if isinstance(value, int) else str(value) for name, value in facts.items()}
    return JSONResponse({"error": {"code": code, "facts": plain}}, status)


async def read_body(request: Request, most: int) -> bytes:
    """The body, never more of it than fits. Raises TooLarge; BadBody when it does not come in time."""
    data = bytearray()
    try:
        with anyio.fail_after(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise TooLarge
    except TimeoutError as error:
        raise BadBody("тело не пришло в срок") from error
    return bytes(data)


def _object(data: bytes) -> Body:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadBody("не JSON") from error
    if not isinstance(found, dict):
        raise BadBody("не объект")
    return found


async def _run(work: Waiting, body: Body, at: datetime) -> Answer:
    try:
        return await work(body, at)
    except (ValueError, KeyError, TypeError) as error:
        raise BadBody(str(error)[:60]) from error


# ---------------------------------------------------------------------------------------------- parts of a body
def who_of(body: Body) -> tuple[str, str]:
    """Portal and identity of the till that asks. Raises ValueError."""
    return name_of(body, "portal", 255), name_of(body, "till", 64)


def name_of(body: Body, name: str, most: int) -> str:
    """A text that is not empty. Raises ValueError."""
    found = text_of(body, name, most=most)
    if not found.strip():
        raise ValueError(name)
    return found


def list_of(body: Body, name: str) -> list[Any]:
    """A list of bearable length. Raises ValueError."""
    found = body.get(name)
    if not isinstance(found, list) or len(found) > LIST_MAX:
        raise ValueError(name)
    return found


def object_of(value: object) -> Body:
    """An object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("не объект")
    return value
