"""Tells the portal of the receipts: `sale.cashbox.check.apply`, by the only holder of the portal's key.

The portal's agent asks CHECK_URL every two minutes and for five checks at most, in no order; so each receipt is also
told at once. The call may be repeated as often as one likes: a check that has its marks answers `true` and stays as it
is. That is also its weakness – a check that became "printed" without marks answers the same –, so `true` is kept as
what the portal said and not as a proof.

What the answers mean (reference of the REST cashbox, check.apply):

- `ERROR_CHECK_NOT_FOUND`: the portal has not kept our uuid yet, or never will, because our answer to PRINT_URL was lost
  on its way. Asked again with growing pauses for some minutes, then left to a person: printing it again on the portal
  meets the same job, brings the uuid and no second receipt.
- any other refusal of the check: a person, with the portal's words.
- no access, no line, too many requests: later, for as long as it takes.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo

import anyio
import anyio.to_thread
from starlette.routing import Route

from posapp.errors import JournalError, SyncError
from posapp.gateway.apply_store import SqlApplications
from posapp.gateway.contract import Application
from posapp.gateway.door import Door
from posapp.gateway.marks import marks
from posapp.gateway.telling import telling
from posapp.sync.bitrix.answers import is_access
from posapp.sync.bitrix.client import BATCH_MAX, BitrixClient, Cell, Command, Fate

METHOD = "sale.cashbox.check.apply"
NOT_FOUND = "ERROR_CHECK_NOT_FOUND"
FIRST_PAUSE = timedelta(seconds=5)
LAST_PAUSE = timedelta(minutes=5)
NOT_FOUND_TRIES = 10  # 5, 10, 20 … seconds, then every five minutes: about half an hour
NO_ACCESS = timedelta(minutes=5)
ALIVE_EVERY_S = 3.0
JUDGE_AFTER = timedelta(seconds=10)  # another process that is there says so in this time

log = logging.getLogger("posapp.gateway")


class Applier:
    """The part of the gateway that tells the portal.

    Args:
        queue: what is to be told.
        portal: the portal's name in the database.
        client: the portal, with its key.
        zone: see `marks`.
        now: the gateway's clock, aware.
    """

    def __init__(
        self,
        queue: SqlApplications,
        portal: str,
        client: BitrixClient,
        zone: tzinfo,
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._portal = portal
        self._client = client
        self._zone = zone
        self._now = now
        self._warned = False

    def routes(self, _door: Door) -> list[Route]:
        """See `Part`: nobody asks it."""
        return []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`."""
        async with telling("check.apply", self.round):
            yield

    def round(self) -> int:
        """Tells what is due, in one request; how many receipts that were. Raises JournalError."""
        due = self._queue.due(self._portal, self._now(), BATCH_MAX)
        if not due:
            return 0
        cells = self._client.batch([self._command(each) for each in due])
        self._judge(due, cells)
        self._compare_zone()
        return len(due)

    def _command(self, told: Application) -> Command:
        return Command(f"job{told.job_id}", METHOD, {"UUID": told.uuid, **marks(told.mark, self._zone)})

    def _judge(self, due: Sequence[Application], cells: dict[str, Cell]) -> None:
        taken = [each.job_id for each in due if cells[f"job{each.job_id}"].fate is Fate.DONE]
        if taken:
            self._queue.applied(taken, self._now())
        for each in due:
            error = cells[f"job{each.job_id}"].error
            if error is not None:
                code, pause = _judged(error, each.tries)
                later = None if pause is None else self._now() + pause
                self._queue.not_applied(each.job_id, code, later, self._now())
                log.warning("check.apply: job %s: %s", each.job_id, code)

    def _compare_zone(self) -> None:
        """The portal shows its own zone in every answer; ours must be that one, see `marks`."""
        theirs = self._client.server_time
        if theirs is None or self._warned:
            return
        ours = theirs.astimezone(self._zone).utcoffset()
        if ours != theirs.utcoffset():
            self._warned = True
            log.warning("the portal's clock runs in %s, ours for it in %s: see --time-zone", theirs.tzinfo, ours)


def _judged(error: SyncError, tries: int) -> tuple[str, timedelta | None]:
    """What the portal said, and when to say it again; None for not by ourselves."""
    code = str(error.facts.get("error") or error.code)
    growing: timedelta = min(FIRST_PAUSE * 2 ** min(tries, 10), LAST_PAUSE)
    if code == NOT_FOUND:
        return code, growing if tries + 1 < NOT_FOUND_TRIES else None
    if error.code == "portal_rejected":
        return code, None
    if is_access(error):
        return code, NO_ACCESS
    return code, growing


class Presence:
    """The part of the gateway that says every few seconds that CHECK_URL is answered, and finds the gaps.

    Args:
        queue: where that is kept.
        forgive: called once at the start, with the portal and the time: leases begin anew after a gap.
        portal: the portal's name in the database.
        process: a name of this process that no other has.
        now: the gateway's clock, aware.
    """

    def __init__(
        self,
        queue: SqlApplications,
        forgive: Callable[[str, datetime], None],
        portal: str,
        process: str,
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._forgive = forgive
        self._portal = portal
        self._process = process
        self._now = now

    def routes(self, _door: Door) -> list[Route]:
        """See `Part`: nobody asks it."""
        return []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """See `Part`."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._live, self._now())
            yield
            tasks.cancel_scope.cancel()

    async def _live(self, began: datetime) -> None:
        last: int | None = None
        is_judged = False
        while True:
            try:
                if last is None:
                    last = await anyio.to_thread.run_sync(self._arrive, began)
                await anyio.to_thread.run_sync(self._queue.alive, self._portal, self._process, self._now())
                if not is_judged and self._now() >= began + JUDGE_AFTER:
                    await anyio.to_thread.run_sync(self._judge, last, began)
                    is_judged = True
            except JournalError as error:
                log.error("presence: %s", error.code)
            await anyio.sleep(ALIVE_EVERY_S)

    def _arrive(self, began: datetime) -> int:
        last = self._queue.arrive(self._portal, self._process, began)
        self._forgive(self._portal, began)
        return last

    def _judge(self, last: int, began: datetime) -> None:
        doubtful = self._queue.judge_gap(self._portal, self._process, last, began) if last else 0
        if doubtful:
            log.warning("nobody answered CHECK_URL for a while: %d jobs to look at", doubtful)
