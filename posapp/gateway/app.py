"""The gateway's door: claims over HTTP. JSON in, JSON out, every request with the shop's secret.

    POST /v1/tills           {portal, till, name, another?}                    → {}
    POST /v1/claims/take     {portal, till, orders: [id], why: route|sale}     → {claims: [Claim]}
    POST /v1/claims/release  {portal, till, fences: [{order_id, fence}]}       → {claims: [Claim]}
    POST /v1/claims/close    {portal, till, sold: [SoldOrder]}                 → {closed: [Closed]}
    POST /v1/claims/mine     {portal, till}                                    → {held, lost, taken_for}
    POST /v1/claims/known    {portal, till, fences: [{order_id, fence}]}       → {}
    POST /v1/claims/look     {portal, till, order_id}                          → {claims: [Claim]}
    POST /v1/claims/take-over {portal, till, order_id, fence, who, why}        → {claims: [Claim]}

`till` is the identity of a till's data directory, `portal` the portal's host. What the objects hold stands in
`posapp.domain.claim`. Trouble is `{"error": {"code", "facts"}}` with a code of the error table: 401 the secret, 400 the
body, 409 the store declines, 413 too large, 503 the database. All requests may be repeated.

The secret is compared before a byte of the body is read, in constant time, as digests of equal length.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from posapp.domain.claim import SoldOrder, TakenFor, number_of, text_of
from posapp.errors import JournalError, PosError, SetupError
from posapp.gateway.store import ClaimStore, TillCard

BODY_MAX = 256 * 1024
BODY_S = 10.0  # for the whole body: who sends it by drops is let go
ORDERS_MAX = 1000
SECRET_MIN = 32
_THREADS = 8

log = logging.getLogger("posapp.gateway")

Body = Mapping[str, Any]
Work = Callable[[ClaimStore, Body, datetime], Mapping[str, object]]


class BadBody(Exception):
    """The body is no request of ours; the text names the field."""


class _TooLarge(Exception):
    """The body is larger than any request of ours."""


def make_app(store: ClaimStore, secret: str, now: Callable[[], datetime]) -> Starlette:
    """The gateway on a store.

    Args:
        store: closed when the application ends.
        secret: what tills send as `Authorization: Bearer …`.
        now: the gateway's clock, aware.

    Raises:
        SetupError: `gateway_secret` when the secret is shorter than `SECRET_MIN` characters.
    """
    if len(secret) < SECRET_MIN:
        raise SetupError("gateway_secret", what=f"в нём меньше {SECRET_MIN} знаков")
    expected = _digest(f"Bearer {secret}")
    threads = anyio.CapacityLimiter(_THREADS)

    def endpoint(work: Work) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            if not hmac.compare_digest(_digest(request.headers.get("authorization", "")), expected):
                return _trouble(401, "gateway_access")
            try:
                body = await _read(request)
                answer = await anyio.to_thread.run_sync(_run, work, store, body, now(), limiter=threads)
            except _TooLarge:
                return _trouble(413, "bad_input", what=f"больше {BODY_MAX} байт")
            except BadBody as error:
                return _trouble(400, "bad_input", what=str(error))
            except JournalError as error:
                log.error("%s: %s", request.url.path, error.code)
                return _trouble(503, error.code, **error.facts)
            except PosError as error:
                return _trouble(409, error.code, **error.facts)
            return JSONResponse(answer)

        return serve

    @asynccontextmanager
    async def life(_app: Starlette) -> Any:
        yield
        store.close()

    return Starlette(routes=[Route(path, endpoint(work), methods=["POST"]) for path, work in WORK.items()],
                     lifespan=life)  # fmt: skip


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _trouble(status: int, code: str, **facts: object) -> JSONResponse:
    plain = {name: value if isinstance(value, int) else str(value) for name, value in facts.items()}
    return JSONResponse({"error": {"code": code, "facts": plain}}, status)


async def _read(request: Request) -> Body:
    """The body, never more of it than fits. Raises _TooLarge, BadBody."""
    data = bytearray()
    try:
        with anyio.fail_after(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > BODY_MAX:
                    raise _TooLarge
        found = json.loads(data)
    except TimeoutError as error:
        raise BadBody("тело не пришло в срок") from error
    except (ValueError, RecursionError) as error:
        raise BadBody("не JSON") from error
    if not isinstance(found, dict):
        raise BadBody("не объект")
    return found


def _run(work: Work, store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    try:
        return work(store, body, at)
    except (ValueError, KeyError, TypeError) as error:
        raise BadBody(str(error)[:60]) from error


# ---------------------------------------------------------------------------------------------- the requests
def _enrol(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    portal, identity = _who(body)
    store.enrol(TillCard(portal, identity, _text(body, "name", 64)), at, is_another=body.get("another") is True)
    return {}


def _take(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    orders = [number_of({"orders": each}, "orders") for each in _list(body, "orders")]
    found = store.take(*_who(body), orders, TakenFor(_text(body, "why", 16)), at)
    return {"claims": [each.as_json() for each in found]}


def _release(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    return {"claims": [each.as_json() for each in store.release(*_who(body), _fences(body), at)]}


def _close(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    sold = [SoldOrder.from_json(_object(each)) for each in _list(body, "sold")]
    return {"closed": [each.as_json() for each in store.close_orders(*_who(body), sold, at)]}


def _mine(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    found = store.holdings(*_who(body), at)
    return {
        "held": [each.as_json() for each in found.held],
        "lost": [each.as_json() for each in found.lost],
        "taken_for": {str(order_id): why.value for order_id, why in found.taken_for.items()},
    }


def _known(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    store.confirm_lost(*_who(body), _fences(body), at)
    return {}


def _look(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    return {"claims": [store.look(*_who(body), number_of(body, "order_id"), at).as_json()]}


def _take_over(store: ClaimStore, body: Body, at: datetime) -> Mapping[str, object]:
    order_id, fence = number_of(body, "order_id"), number_of(body, "fence", least=0)
    found = store.take_over(*_who(body), order_id, fence, _text(body, "who", 200), _text(body, "why", 500), at)
    return {"claims": [found.as_json()]}


WORK: Mapping[str, Work] = {
    "/v1/tills": _enrol,
    "/v1/claims/take": _take,
    "/v1/claims/release": _release,
    "/v1/claims/close": _close,
    "/v1/claims/mine": _mine,
    "/v1/claims/known": _known,
    "/v1/claims/look": _look,
    "/v1/claims/take-over": _take_over,
}


def _who(body: Body) -> tuple[str, str]:
    """Portal and identity of the till that asks."""
    return _text(body, "portal", 255), _text(body, "till", 64)


def _text(body: Body, name: str, most: int) -> str:
    """A text that is not empty."""
    found = text_of(body, name, most=most)
    if not found.strip():
        raise ValueError(name)
    return found


def _list(body: Body, name: str) -> list[Any]:
    found = body.get(name)
    if not isinstance(found, list) or len(found) > ORDERS_MAX:
        raise ValueError(name)
    return found


def _object(value: object) -> Body:
    if not isinstance(value, dict):
        raise ValueError("не объект")
    return value


def _fences(body: Body) -> dict[int, int]:
    rows = map(_object, _list(body, "fences"))
    return {number_of(each, "order_id"): number_of(each, "fence", least=0) for each in rows}
