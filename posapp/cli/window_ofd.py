"""The window's messenger: carries a register's messages to its OFD while nobody wants the register."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from posapp.errors import PosError

if TYPE_CHECKING:
    from posapp.lanes import Lanes
    from posapp.till.context import Till
    from posapp.till.ofd_relay import Exchange

log = logging.getLogger(__name__)

FIRST_S, EVERY_S, AFTER_TROUBLE_S = 20.0, 30.0, 120.0
"""After the start nothing is hurried; a document is carried half a minute after it was made."""
END_S = 5.0


class WindowOfd:
    """Runs from `start` to `end` in a thread of its own; a register that needs no host costs two questions a
    connection."""

    def __init__(self, till: Till, lanes: Lanes, exchange: Exchange) -> None:
        self._till, self._lanes, self._exchange = till, lanes, exchange
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = ""

    def start(self) -> None:
        """Nothing for a driver whose registers never need it, or for a till that only looks."""
        from posapp.till.ofd_relay import pump_of

        if self._till.journal.is_read_only or pump_of(self._till) is None:
            return
        self._thread = threading.Thread(target=self._run, name="ofd", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No more rounds; before the journal is closed."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(END_S)

    def _run(self) -> None:
        pause = FIRST_S
        while not self._ends.wait(pause):
            pause = self.round()

    def round(self, is_wanted: Callable[[], bool] | None = None) -> float:
        """Carries what waits, as long as nobody wants the register; how long to rest then."""
        from posapp.till import ofd_relay
        from posapp.till.readings import OnLanes, Stopped

        lane = self._lanes.device
        wanted = is_wanted or (lambda: not lane.is_idle)
        if wanted():
            return EVERY_S
        try:
            done = ofd_relay.carry(
                self._till, self._exchange, OnLanes(self._lanes), lambda: not (self._ends.is_set() or wanted())
            )
            trouble: PosError | None = done.trouble
        except Stopped:
            return EVERY_S
        except PosError as error:  # the register is away or another one: said where it is needed, here it only waits
            trouble = error
        self._tell("" if trouble is None else str(trouble))
        return EVERY_S if trouble is None else AFTER_TROUBLE_S

    def _tell(self, what: str) -> None:
        """A trouble once, not every two minutes."""
        if what and what != self._told:
            log.warning("ofd: %s", what)
        self._told = what
