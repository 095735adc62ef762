"""Jobs for tills, over a long poll. What a lease is, and why it is safe, stands in `posapp.gateway.lease_store`.

    POST /v1/jobs/take    {portal, till, registers: [factory_number], wait_s, vat_rows?: [id], gap?}
                                                                                   → {job: null | Job, gap}
    POST /v1/jobs/started {portal, till, job_id, fence, key, factory_number, unique_id?}       → {}
    POST /v1/jobs/renew   {portal, till, job_id, fence, unique_id?}                            → {}
    POST /v1/jobs/report  {portal, till, job_id, fence, state, key, mark, reason, unique_id?}  → {} | {kept_as}
    POST /v1/jobs/mine    {portal, till}                                                       → {jobs: [Job]}

`take` waits up to `wait_s` seconds (25 at most) until there is a job. Who waits is woken when this process accepts a
check and looks by itself every other second, for checks that another process of the gateway has accepted.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from starlette.routing import Route

from posapp.domain.claim import number_of
from posapp.domain.fiscal import FiscalMark
from posapp.errors import JournalError
from posapp.gateway.contract import Job, Leases, Report
from posapp.gateway.door import Answer, Body, Door, name_of, who_of

WAIT_MAX_S = 25
LOOK_EVERY_S = 2.0
EXPIRE_EVERY_S = 5.0
FORGET_EVERY = timedelta(hours=1)
REGISTERS_MAX = 50
VAT_ROWS_MAX = 500
REASON_MAX = 1000

log = logging.getLogger("posapp.gateway")


class LeaseDesk:
    """The jobs part of the gateway.

    Args:
        leases: where they are kept.
        now: the gateway's clock, aware.
    """

    def __init__(self, leases: Leases, now: Callable[[], datetime]) -> None:
        self._leases = leases
        self._now = now
        self._bell = anyio.Event()
        self._is_ending = False
        self._began = now()
        self._is_gap_noted = False

    def stop(self) -> None:
        """The process ends: who waits is let go without a job. Called on the event loop."""
        self._is_ending = True
        self.wake()

    def wake(self) -> None:
        """There may be a new job: who waits looks at once. Called on the event loop."""
        bell, self._bell = self._bell, anyio.Event()
        bell.set()

    def routes(self, door: Door) -> list[Route]:
        """See `Part`."""

        async def take(body: Body, _at: datetime) -> Answer:
            return await self._take(door, body)

        works = {"started": self._started, "renew": self._renew, "report": self._report, "mine": self._mine}
        return [
            *door.waiting({"/v1/jobs/take": take}),
            *door.blocking({f"/v1/jobs/{name}": work for name, work in works.items()}),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`: leases run out."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._expire)
            yield
            tasks.cancel_scope.cancel()

    async def _expire(self) -> None:
        forget_at = self._now()
        while True:  # not at once: after a gap leases begin anew
            await anyio.sleep(EXPIRE_EVERY_S)
            try:
                if await anyio.to_thread.run_sync(self._leases.expire, self._now()):
                    self.wake()
                if self._now() >= forget_at:
                    is_more = await anyio.to_thread.run_sync(self._leases.forget, self._now())
                    forget_at = self._now() + (timedelta(0) if is_more else FORGET_EVERY)
            except JournalError as error:
                log.error("leases: %s", error.code)

    async def _take(self, door: Door, body: Body) -> Answer:
        portal, till = who_of(body)
        registers = _texts(body, "registers", REGISTERS_MAX, 32)
        vat_rows = _texts(body, "vat_rows", VAT_ROWS_MAX, 20) if body.get("vat_rows") is not None else None
        told = number_of(body, "gap", least=0) if body.get("gap") is not None else 0
        end = anyio.current_time() + min(number_of(body, "wait_s", least=0), WAIT_MAX_S)
        while True:
            bell = self._bell  # before we look: what comes in between rings this one
            look = partial(self._look, portal, till, registers, vat_rows, told)
            job, gap = await door.on_thread(look)
            left = end - anyio.current_time()
            if job is not None or left <= 0 or self._is_ending:
                return {"job": None if job is None else job.as_json(), "gap": gap}
            if gap != told:  # it has to tell again first
                return {"job": None, "gap": gap}
            vat_rows = None  # said once
            with anyio.move_on_after(min(left, LOOK_EVERY_S)):
                await bell.wait()

    def _look(
        self, portal: str, till: str, registers: Sequence[str], vat_rows: Sequence[str] | None, told: int
    ) -> tuple[Job | None, int]:
        if not self._is_gap_noted:  # not in `running`: the database may not be there yet
            self._leases.note_gap(self._began)
            self._is_gap_noted = True
        job = self._leases.take(portal, till, registers, self._now(), vat_rows, told)
        return job, self._leases.gap()

    def _started(self, body: Body, at: datetime) -> Answer:
        job_id, fence = _lease(body)
        key, register = name_of(body, "key", 32), name_of(body, "factory_number", 32)
        self._leases.started(*who_of(body), job_id, fence, key, register, at, _check_of(body))
        return {}

    def _renew(self, body: Body, at: datetime) -> Answer:
        self._leases.renew(*who_of(body), *_lease(body), at, _check_of(body))
        return {}

    def _report(self, body: Body, at: datetime) -> Answer:
        job_id, fence = _lease(body)
        state = body.get("state")
        if state not in ("done", "refused", "given_back"):
            raise ValueError("state")
        key, reason = body.get("key") or "", body.get("reason") or ""
        if not isinstance(key, str) or len(key) > 32 or not isinstance(reason, str):
            raise ValueError("key, reason")
        mark = _mark(body.get("mark")) if state == "done" else None
        report = Report(job_id, fence, state, key, mark, _clean(reason), _check_of(body))
        return {} if self._leases.report(*who_of(body), report, at) else {"kept_as": "evidence"}

    def _mine(self, body: Body, at: datetime) -> Answer:
        return {"jobs": [job.as_json() for job in self._leases.mine(*who_of(body), at)]}


def _lease(body: Body) -> tuple[int, int]:
    return number_of(body, "job_id"), number_of(body, "fence", least=0)


def _check_of(body: Body) -> str:
    """The portal's number of the check, "" from a till that does not name it. Raises ValueError."""
    return name_of(body, "unique_id", 32) if body.get("unique_id") is not None else ""


def _texts(body: Body, name: str, most: int, longest: int) -> Sequence[str]:
    """A short list of short texts."""
    found = body.get(name)
    if not isinstance(found, list) or len(found) > most:
        raise ValueError(name)
    return [name_of({name: each}, name, longest) for each in found]


def _clean(reason: str) -> str:
    """A reason as the database takes it: no half characters, no zero bytes, not too long."""
    return reason[:REASON_MAX].encode(errors="replace").decode().replace("\0", " ").strip()


def _mark(value: Any) -> FiscalMark:
    """The mark of a report. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("mark")
    try:
        mark = FiscalMark.from_json(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("mark") from error
    numbers = (mark.document_number, mark.receipt_number, mark.shift_number)
    digits = (mark.storage_number, mark.registration_number)
    if not all(type(each) is int for each in numbers) or not all(
        type(each) is str and each.isdigit() for each in digits
    ):
        raise ValueError("mark")
    return mark
