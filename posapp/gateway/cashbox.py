"""PRINT_URL and CHECK_URL: the gateway as the portal's REST cashbox.

    POST /cb/SECRET/print   the check as PHP's form  → {"UUID": …} or {"ERRORS": [text]}
    POST /cb/SECRET/check   uuid=…                   → {"STATUS": "WAIT" | "ERROR" | "DONE", …}

The portal shows no other proof of itself than the secret in the path. Without it: 404, nothing read, no database.

With it the answer is HTTP 200 and a JSON object, whatever happens, because of what the kernel makes of anything else:

- PRINT: another status, or an object without UUID and without a *list* of ERRORS, counts as accepted; the check stays
  "printing" for ever, can never be printed again and keeps the portal's agent from asking for others. So trouble of any
  kind is a list of ERRORS: the check becomes an error, and a manager prints it again. That is safe although we may have
  kept it: a repeat carries the same `unique_id` and meets the same job.
- CHECK: another status, a broken line, an unknown word count as *printed*, without marks and for good. So trouble of
  any kind is WAIT. ERROR is said only of a job that is proven to have no receipt.

Nothing is printed while the portal waits, and nothing of an answer waits for a request of ours: the portal calls from
inside the very request by which somebody marks an order as paid.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from posapp.errors import JournalError, SetupError
from posapp.gateway import phpform
from posapp.gateway.check_rules import refusals, register_of, unique_id_of
from posapp.gateway.contract import JobState, Offer, PortalJobs
from posapp.gateway.door import BadBody, Door, TooLarge, digest, read_body
from posapp.gateway.marks import marks
from posapp.gateway.phpform import BadForm, Form

PATH_MIN = 32
AT_ONCE = 64  # bodies in memory at one time, a mebibyte each at most
BATCH = 64  # checks kept in one transaction
VAT_EVERY_S = 5.0
REASON_MAX = 500

log = logging.getLogger("posapp.gateway")

Answer = Mapping[str, object]
T = TypeVar("T")
WAIT: Answer = {"STATUS": "WAIT"}
OTHER_CHECK = (
    "Под номером {number} у кассы другой чек, он печатается или напечатан. Этот под тем же номером не печатается:"
    " создайте для него новый чек."
)
TRY_AGAIN = "Шлюз кассы не смог записать чек. Напечатайте его ещё раз: второго чека не будет."


class Cashbox:
    """The door of one portal.

    Args:
        jobs: where checks are kept.
        portal: the portal's name, the same as tills have for it.
        secret: the part of the path that only the portal knows.
        zone: of the portal's server, see `marks`.
        now: the gateway's clock, aware.
        new_uuid: makes the number by which the portal knows a job.
        accepted: called on the event loop when a check was kept: a till may be waiting for one.

    Raises:
        SetupError: `print_path` when the secret is too short or no part of a path.
    """

    def __init__(
        self,
        jobs: PortalJobs,
        portal: str,
        secret: str,
        zone: tzinfo,
        now: Callable[[], datetime],
        new_uuid: Callable[[], str],
        accepted: Callable[[], None],
    ) -> None:
        if len(secret) < PATH_MIN or not secret.isascii() or not secret.replace("-", "").replace("_", "").isalnum():
            raise SetupError("print_path", what=f"нужно не меньше {PATH_MIN} латинских букв и цифр")
        self._jobs = jobs
        self._portal = portal
        self._expected = digest(secret)
        self._zone = zone
        self._now = now
        self._new_uuid = new_uuid
        self._accepted = accepted
        self._thread = anyio.CapacityLimiter(1)  # of its own: tills that ask never keep the portal waiting
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._waiting: list[tuple[Offer, asyncio.Future[str]]] = []
        self._filled = asyncio.Event()
        self._vat_rows: frozenset[str] | None = None

    def routes(self, _door: Door) -> list[Route]:
        """See `Part`. Every method, so that not even a redirect turned into a GET gets another status than 200."""
        return [Route("/cb/{secret}/{what}", self)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`: the one writer of checks, and what tills have told of VAT rows."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._write)
            tasks.start_soon(self._learn)
            yield
            tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request of the portal, or of somebody who guesses."""
        request = Request(scope, receive)
        what = request.path_params["what"]
        answer: Response = Response(status_code=404, headers={"Connection": "close"})
        if hmac.compare_digest(digest(request.path_params["secret"]), self._expected) and what in _ANSWERS:
            async with self._at_once:
                answer = JSONResponse(await self._answer(what, request))
        await answer(scope, receive, send)

    async def _answer(self, what: str, request: Request) -> Answer:
        serve, otherwise = _ANSWERS[what]
        try:
            return await serve(self, phpform.decode(await read_body(request, phpform.SIZE_MAX)))
        except TooLarge:
            return otherwise(f"Чек больше {phpform.SIZE_MAX} байт.")
        except (BadForm, BadBody) as error:
            return otherwise(f"Чек не читается: {error}.")
        except JournalError as error:
            log.error("cashbox %s: %s", what, error.code)
            return otherwise(TRY_AGAIN)
        except Exception:  # a mistake of ours must not become a receipt without marks
            log.exception("cashbox %s: a mistake of ours", what)
            return otherwise(TRY_AGAIN)

    # --- PRINT_URL
    async def _print(self, form: Form) -> Answer:
        why, number = refusals(form, self._vat_rows), unique_id_of(form)
        if why:
            known = await self._blocking(lambda: self._jobs.uuid_of(self._portal, number)) if number else ""
            return {"UUID": known} if known else {"ERRORS": [each[:REASON_MAX] for each in why[:20]]}
        offer = Offer(number, self._new_uuid(), register_of(form), phpform.as_json(form))
        kept: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((offer, kept))
        self._filled.set()
        uuid = await kept
        if not uuid:
            return {"ERRORS": [OTHER_CHECK.format(number=number)]}
        self._accepted()
        return {"UUID": uuid}

    async def _write(self) -> None:
        """Keeps what waits, all of it in one transaction, again and again."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                if not await self._keep(batch) and len(batch) > 1:
                    for each in batch:  # one of them may be the trouble of all
                        await self._keep([each])
                for _, kept in batch:
                    if not kept.done():
                        kept.set_exception(JournalError("gateway_store", what="?"))

    async def _keep(self, batch: list[tuple[Offer, asyncio.Future[str]]]) -> bool:
        """Whether these were kept; then their uuids are answered."""
        try:
            offers = [offer for offer, _ in batch]
            uuids = await self._blocking(lambda: self._jobs.accept(self._portal, offers, self._now()))
        except Exception as error:  # noqa: BLE001  (the writer must live on, whatever one check has in it)
            log.error("cashbox: checks could not be kept: %s", type(error).__name__)
            return False
        for (_, kept), uuid in zip(batch, uuids, strict=True):
            if not kept.done():
                kept.set_result(uuid)
        return True

    async def _learn(self) -> None:
        """What tills have told of VAT rows; while the database is away, what they told before."""
        while True:
            try:
                self._vat_rows = await anyio.to_thread.run_sync(self._jobs.vat_rows, self._portal)
            except JournalError as error:
                log.error("cashbox: %s", error.code)
            await anyio.sleep(VAT_EVERY_S)

    # --- CHECK_URL
    async def _check(self, form: Form) -> Answer:
        uuid = form.get("uuid")
        if not isinstance(uuid, str) or not uuid or len(uuid) > 100 or "\0" in uuid:
            return WAIT
        found = await self._blocking(lambda: self._jobs.verdict(self._portal, uuid, self._now()))
        if found is not None and found.state is JobState.DONE and found.mark is not None:
            return {"STATUS": "DONE", "UUID": uuid, **marks(found.mark, self._zone)}
        if found is not None and found.state is JobState.REFUSED:
            return {"STATUS": "ERROR", "ERROR": found.reason[:REASON_MAX] or "касса не напечатала чек"}
        return WAIT

    async def _blocking(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._thread)


_ANSWERS: Mapping[str, tuple[Callable[[Cashbox, Form], Awaitable[Answer]], Callable[[str], Answer]]] = {
    "print": (Cashbox._print, lambda why: {"ERRORS": [why]}),
    "check": (Cashbox._check, lambda _why: WAIT),
}
