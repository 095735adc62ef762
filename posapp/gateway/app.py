"""The gateway's requests of tills about claims, and the whole of it put together. JSON in, JSON out, with the secret.

    POST /v1/tills           {portal, till, name, another?}                    → {}
    POST /v1/claims/take     {portal, till, orders: [id], why: route|sale}     → {claims: [Claim]}
    POST /v1/claims/release  {portal, till, fences: [{order_id, fence}]}       → {claims: [Claim]}
    POST /v1/claims/close    {portal, till, sold: [SoldOrder]}                 → {closed: [Closed]}
    POST /v1/claims/mine     {portal, till}                                    → {held, lost, taken_for}
    POST /v1/claims/known    {portal, till, fences: [{order_id, fence}]}       → {}
    POST /v1/claims/look     {portal, till, order_id}                          → {claims: [Claim]}
    POST /v1/claims/take-over {portal, till, order_id, fence, who, why}        → {claims: [Claim]}
    POST /v1/budget          see `posapp.gateway.budget`

`till` is the identity of a till's data directory, `portal` the portal's host. What the objects hold stands in
`posapp.domain.claim`; how trouble is answered, in `posapp.gateway.door`. All requests may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.routing import Route

from posapp.domain.claim import SoldOrder, TakenFor, number_of
from posapp.gateway.budget import BudgetDesk
from posapp.gateway.door import BODY_MAX, LIST_MAX, SECRET_MIN, Answer, Body, Door, list_of, name_of, object_of, who_of
from posapp.gateway.store import ClaimStore, TillCard

ORDERS_MAX = LIST_MAX

Work = Callable[[ClaimStore, Body, datetime], Answer]


class Part(Protocol):
    """A part of the gateway beside the claims: its requests, and what runs while the gateway does."""

    def routes(self, door: Door) -> list[Route]:
        """What it answers; `door` makes routes that need the shop's secret."""

    def running(self) -> Any:
        """An asynchronous context: what runs beside the requests lives inside it."""


def make_app(store: ClaimStore, secret: str, now: Callable[[], datetime], parts: Sequence[Part] = ()) -> Starlette:
    """The gateway on a store.

    Args:
        store: closed when the application ends.
        secret: what tills send as `Authorization: Bearer …`.
        now: the gateway's clock, aware.
        parts: what it does beside the claims.

    Raises:
        SetupError: `gateway_secret` when the secret is shorter than `SECRET_MIN` characters.
    """
    door = Door(secret, now)

    def bound(work: Work) -> Callable[[Body, datetime], Answer]:
        return lambda body, at: work(store, body, at)

    @asynccontextmanager
    async def life(_app: Starlette) -> Any:
        async with AsyncExitStack() as stack:
            stack.callback(store.close)
            for part in parts:
                await stack.enter_async_context(part.running())
            yield

    routes = door.blocking({path: bound(work) for path, work in WORK.items()})
    parts = (BudgetDesk(), *parts)
    for part in parts:
        routes += part.routes(door)
    return Starlette(routes=routes, lifespan=life)


# ---------------------------------------------------------------------------------------------- the requests
def _enrol(store: ClaimStore, body: Body, at: datetime) -> Answer:
    portal, identity = who_of(body)
    store.enrol(TillCard(portal, identity, name_of(body, "name", 64)), at, is_another=body.get("another") is True)
    return {}


def _take(store: ClaimStore, body: Body, at: datetime) -> Answer:
    orders = [number_of({"orders": each}, "orders") for each in list_of(body, "orders")]
    found = store.take(*who_of(body), orders, TakenFor(name_of(body, "why", 16)), at)
    return {"claims": [each.as_json() for each in found]}


def _release(store: ClaimStore, body: Body, at: datetime) -> Answer:
    return {"claims": [each.as_json() for each in store.release(*who_of(body), _fences(body), at)]}


def _close(store: ClaimStore, body: Body, at: datetime) -> Answer:
    sold = [SoldOrder.from_json(object_of(each)) for each in list_of(body, "sold")]
    return {"closed": [each.as_json() for each in store.close_orders(*who_of(body), sold, at)]}


def _mine(store: ClaimStore, body: Body, at: datetime) -> Answer:
    found = store.holdings(*who_of(body), at)
    return {
        "held": [each.as_json() for each in found.held],
        "lost": [each.as_json() for each in found.lost],
        "taken_for": {str(order_id): why.value for order_id, why in found.taken_for.items()},
    }


def _known(store: ClaimStore, body: Body, at: datetime) -> Answer:
    store.confirm_lost(*who_of(body), _fences(body), at)
    return {}


def _look(store: ClaimStore, body: Body, at: datetime) -> Answer:
    return {"claims": [store.look(*who_of(body), number_of(body, "order_id"), at).as_json()]}


def _take_over(store: ClaimStore, body: Body, at: datetime) -> Answer:
    order_id, fence = number_of(body, "order_id"), number_of(body, "fence", least=0)
    found = store.take_over(*who_of(body), order_id, fence, name_of(body, "who", 200), name_of(body, "why", 500), at)
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


def _fences(body: Body) -> dict[int, int]:
    rows = map(object_of, list_of(body, "fences"))
    return {number_of(each, "order_id"): number_of(each, "fence", least=0) for each in rows}


__all__ = ["BODY_MAX", "ORDERS_MAX", "SECRET_MIN", "WORK", "Part", "make_app"]
