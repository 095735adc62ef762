"""Tells a site how the orders ended that it pushed: signed, again and again, until it knows.

    POST CALLBACK  {schema, event: receipt.created | receipt.failed, …}  with the headers of `signature`

| the site answers | then |
| --- | --- |
| 200 `applied`, `duplicate` | told |
| 202, 404 in the first hour | later: it may not have the order yet |
| 400, 404, 409, 410, 422 | a person: the answer stands with the job; `gateway jobs … tell` says it again |
| 401, 403 | all of them wait five minutes: secret or clock |
| anything else, nothing | later, with growing pauses, without end: the receipt stays made |

The site keeps what it was told by `receipt_uuid`, so a repeat changes nothing there (reference of the portal, 6.3).
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID, uuid5

from starlette.routing import Route

from posapp.domain.claim import SoldOrder
from posapp.errors import Offline
from posapp.gateway.contract import SITE, ClaimStore, JobState
from posapp.gateway.door import Door
from posapp.gateway.signature import sealed
from posapp.gateway.site import SiteSettings
from posapp.gateway.site_store import SiteStore, Told
from posapp.gateway.telling import telling
from posapp.http import HttpClient, Response, SecretUrl

TIMEOUT_S = 20.0
AT_ONCE = 20
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
NO_ACCESS = timedelta(minutes=5)
NOT_THERE_YET = timedelta(hours=1)
FOR_A_PERSON = frozenset((400, 404, 409, 410, 422))
ANSWER_MAX = 300
_EVENTS = UUID("5f1f6ad2-4f3c-5c1e-9d0e-3b7f6a2c9e11")

log = logging.getLogger("posapp.gateway")


class SiteTeller:
    """The part of the gateway that calls the site (see `app.Part`).

    Args:
        zone: of the registers' clocks, for the moment of the receipt.
        nonce: makes 32 random hex digits.
    """

    def __init__(
        self,
        settings: SiteSettings,
        claims: ClaimStore,
        store: SiteStore,
        http: HttpClient,
        zone: tzinfo,
        now: Callable[[], datetime],
        nonce: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._store = store
        self._http = http
        self._zone = zone
        self._now = now
        self._nonce = nonce

    def routes(self, _door: Door) -> list[Route]:
        """See `Part`: nobody asks it."""
        return []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`."""
        async with telling("site callback", self.round):
            yield
        self._http.close()

    def round(self) -> int:
        """Tells what is due; how many the site was told of. Raises JournalError."""
        due = self._store.due(self._settings.portal, self._now(), AT_ONCE)
        for number, told in enumerate(due):
            if told.state is JobState.DONE:
                self._close(told)
            if not self._settings.callback:  # nobody wants to hear of it
                self._store.heard(told, self._now())
                continue
            answer = self._ask(told)
            if answer is not None and answer.status in (401, 403):
                log.error("site callback: HTTP %s: secret or clock", answer.status)
                for each in due[number:]:
                    self._store.not_heard(each, f"HTTP {answer.status}", self._now() + NO_ACCESS, self._now())
                return 0
            self._judge(told, answer)
        return len(due)

    def _close(self, told: Told) -> None:
        """The order has its receipt: no till sells it any more."""
        if told.mark is None:
            return
        mark, key = told.mark, told.receipt_key
        sold = SoldOrder(
            told.order_id, None, key, mark.storage_number, mark.document_number, mark.printed_at.isoformat()
        )
        self._claims.close_orders(self._settings.portal, SITE, [sold], self._now())

    def _ask(self, told: Told) -> Response | None:
        body = json.dumps(message_of(told, self._zone), ensure_ascii=False).encode()
        seal = sealed(self._settings.secrets[0], int(self._now().timestamp()), self._nonce(), body)
        headers = {**seal.headers(), "Idempotency-Key": told.uuid}
        try:
            return self._http.post_bytes(SecretUrl(self._settings.callback), body, TIMEOUT_S, headers)
        except Offline:
            return None

    def _judge(self, told: Told, answer: Response | None) -> None:
        now = self._now()
        if answer is not None and answer.status == 200 and _status_of(answer) in ("applied", "duplicate"):
            self._store.heard(told, now)
            return
        later: datetime | None = now + min(FIRST_PAUSE * 2 ** min(told.tries, 10), LAST_PAUSE)
        is_young = now - told.since < NOT_THERE_YET
        if answer is not None and answer.status in FOR_A_PERSON and not (answer.status == 404 and is_young):
            later = None
        words = "нет ответа" if answer is None else f"HTTP {answer.status} {_shown(answer)}"
        log.warning("site callback: job %s: %s", told.job_id, words)
        self._store.not_heard(told, words, later, now)


def message_of(told: Told, zone: tzinfo) -> dict[str, Any]:
    """What the site is told. `external_id` and `fiscal_document_number` are the article's names for what they hold."""
    kept, mark = told.content, told.mark
    payments = list(kept.get("payments", ()))
    message: dict[str, Any] = {
        "schema": 1,
        "event": "receipt.failed" if mark is None else "receipt.created",
        "event_id": str(uuid5(_EVENTS, f"{told.uuid} {told.state}")),
        "receipt_uuid": told.uuid,
        "external_id": told.order_id,
        "order_id": told.order_id,
        "account_number": kept.get("account_number", ""),
        "payment_id": payments[0].get("id") if len(payments) == 1 else None,
        "operation": "sell",
        "total": kept.get("total_sum"),
        "currency": "RUB",
        "payments": payments,
    }
    if mark is None:
        return message | {"reason": told.reason}
    return message | {
        "fiscal_document_number": mark.document_number,
        "fiscal": {
            "kkt_reg": mark.registration_number,
            "fn": mark.storage_number,
            "fd": mark.document_number,
            "fp": mark.document_sign,
            "shift": mark.shift_number,
            "receipt_no": mark.receipt_number,
            "at": mark.printed_at.replace(tzinfo=zone).isoformat(),
        },
        "device": {"serial": told.register},
        "key": told.receipt_key,
    }


def _status_of(answer: Response) -> str:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return ""
    return str(body.get("status", "")) if isinstance(body, dict) else ""


def _shown(answer: Response) -> str:
    """The beginning of what it said, for a person."""
    return " ".join(answer.body[: 4 * ANSWER_MAX].decode("utf-8", "replace").split())[:ANSWER_MAX]
