"""What tells somebody outside of jobs that have ended, again and again while the gateway runs."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

from posapp.errors import PosError

LOOK_EVERY_S = 1.0

log = logging.getLogger("posapp.gateway")


@asynccontextmanager
async def telling(what: str, tell: Callable[[], int]) -> AsyncIterator[None]:
    """Calls `tell` on a thread while the block runs: at once again as long as it has told something.

    Nothing that is wrong with one round ends all of them; `what` names it in the log.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_repeat, what, tell)
        yield
        tasks.cancel_scope.cancel()


async def _repeat(what: str, tell: Callable[[], int]) -> None:
    while True:
        try:
            while await anyio.to_thread.run_sync(tell, abandon_on_cancel=True):
                pass
        except PosError as error:
            log.error("%s: %s", what, error.code)
        except Exception:
            log.exception("%s: a mistake of ours", what)
        await anyio.sleep(LOOK_EVERY_S)
