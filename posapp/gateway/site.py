"""Orders that a site pushes to be receipted (the article's webhook): the gateway's door for the site.

    POST /site/orders   {order_id, account_number?, price, items: […], payments?, email?, phone?}
                        with the three headers of `signature`
    200 {"status": "accepted" | "duplicate", "uuid"}     kept; the end is told to the site's callback
    401 {"code": "signature"}      no proof, or made more than five minutes ago
    409 {"code": "replayed" | "claimed" | "differs"}     the nonce was used before · a till has the order: it prints
                                   there · its receipt is begun or printed, and this is another one
    413 · 422 {"code", "message"}  it is no receipt: put it right on the site
    503 {"code"}                   nothing is kept: push it again

An order has one receipt. A push takes the order's claim in the name of the site, so no till sells it meanwhile, and a
push of an order that a till holds or has receipted is declined; what was printed for the site is told again. What a
till then prints goes the way of every job.

The proof is over the whole body; before it is read, the headers must have the right form and time, so who has no secret
costs little.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from posapp.domain.article_check import order_id_of, read_push
from posapp.domain.claim import ClaimState, TakenFor
from posapp.domain.portal_check import BadCheck
from posapp.errors import JournalError, PosError, SaleError, SetupError
from posapp.gateway.contract import SITE, ClaimStore, JobState, Offer, PortalJobs, TillCard
from posapp.gateway.door import BadBody, Door, TooLarge, read_body
from posapp.gateway.signature import Seal, is_genuine, is_timely, seal_of
from posapp.gateway.site_store import SiteStore

BODY_MAX = 64 * 1024
AT_ONCE = 32
SECRET_MIN = 32
SITE_NAME = "сайт"

log = logging.getLogger("posapp.gateway")


class ClaimedByTill(SaleError):
    """A till has the order or its receipt."""


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """A site that pushes its orders.

    `portal` is its name, the same as tills have for it; `secrets` one or, while it is changed, two; `tender` how a push
    without payments was paid (`cash`, `card`, "" for not said); `callback` where the site is told, "" for nowhere.
    """

    portal: str
    secrets: Sequence[str]
    tender: str
    callback: str

    def __post_init__(self) -> None:
        if not self.secrets or any(len(each) < SECRET_MIN for each in self.secrets):
            raise SetupError("site_secret", what=f"нужно не меньше {SECRET_MIN} знаков")


class SiteDoor:
    """The part of the gateway that takes the pushes (see `app.Part`).

    Args:
        claims: who has which order.
        jobs: where a push becomes a job.
        store: nonces.
        now: the gateway's clock, aware.
        new_uuid: makes the number of a job.
        accepted: called on the event loop when a push was kept: a till may be waiting for one.
    """

    def __init__(
        self,
        settings: SiteSettings,
        claims: ClaimStore,
        jobs: PortalJobs,
        store: SiteStore,
        now: Callable[[], datetime],
        new_uuid: Callable[[], str],
        accepted: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._jobs = jobs
        self._store = store
        self._now = now
        self._new_uuid = new_uuid
        self._accepted = accepted
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def routes(self, door: Door) -> list[Route]:
        """See `Part`."""

        async def serve(request: Request) -> Response:
            return await self._serve(request, door)

        return [Route("/site/orders", serve, methods=["POST"])]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`: the site is enrolled, so that it can hold claims."""
        await asyncio.to_thread(self._claims.enrol, TillCard(self._settings.portal, SITE, SITE_NAME), self._now())
        yield

    async def _serve(self, request: Request, door: Door) -> Response:
        seal = seal_of(request.headers)
        if seal is None or not is_timely(seal, self._now().timestamp()):
            return _answer(401, "signature")
        try:
            async with self._at_once:
                body = await read_body(request, BODY_MAX)
                if not is_genuine(seal, body, self._settings.secrets):
                    return _answer(401, "signature")
                answer = await door.on_thread(lambda: self._keep(seal, body))
                self._accepted()
                return answer
        except TooLarge:
            return _answer(413, "too_large", f"больше {BODY_MAX} байт")
        except BadBody as error:
            return _answer(422, "unreadable", str(error))

    def _keep(self, seal: Seal, body: bytes) -> Response:
        at = self._now()
        try:
            push = _object(body)
            if not self._store.is_new(self._settings.portal, seal.nonce, at):
                return _answer(409, "replayed")
            return self._accept(push, at)
        except ClaimedByTill as error:
            return _answer(409, "claimed", error.message())
        except SaleError as error:
            return _answer(422, error.code, error.message())
        except JournalError as error:
            log.error("site: %s", error.code)
            return _answer(503, error.code)
        except PosError as error:
            return _answer(422, error.code, error.message())

    def _accept(self, push: dict[str, Any], at: datetime) -> Response:
        order_id = order_id_of(push)
        known = self._store.state_of(self._settings.portal, str(order_id))
        content = read_push(push, at.date(), self._settings.tender)
        if known is not JobState.DONE:  # its receipt has closed the order: there is nothing left to claim
            self._claim(order_id, at)
        offer = Offer(str(order_id), self._new_uuid(), "", content)
        (uuid,) = self._jobs.accept(self._settings.portal, [offer], at)
        if not uuid:
            return _answer(409, "differs", f"чек заказа {order_id} печатается или напечатан, и он другой")
        return JSONResponse({"status": "duplicate" if known else "accepted", "uuid": uuid})

    def _claim(self, order_id: int, at: datetime) -> None:
        """The order is the site's. Raises ClaimedByTill."""
        (claim,) = self._claims.take(self._settings.portal, SITE, [order_id], TakenFor.ROUTE, at)
        if claim.state is ClaimState.RECEIPTED or not claim.is_ours:
            raise ClaimedByTill("claimed_by_till", order=order_id, till=claim.till or "?")


def _object(body: bytes) -> dict[str, Any]:
    """The body's JSON object, numbers with a point exact. Raises BadCheck."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadCheck("тело – не JSON") from error
    if not isinstance(found, dict):
        raise BadCheck("тело – не объект")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _answer(status: int, code: str, message: str = "") -> Response:
    return JSONResponse({"code": code, "message": message} if message else {"code": code}, status)
