"""The desk of a data directory for the window: the only command that needs Qt, so it stands apart from `posapp.app`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from posapp.app import open_till
from posapp.cli.window_jobs import WindowJobs
from posapp.cli.window_ofd import WindowOfd
from posapp.devices.ofd_socket import exchange
from posapp.lanes import Lanes
from posapp.till.views import OutboxStrip
from posapp.ui.till_desk import DeskOfTill


class TillDesk(DeskOfTill):
    """The desk of a data directory: opens its till, prints by the portal's orders beside it, lets it go at the end.

    `lanes` are those of the window: long work runs aside and asks register and portal there, page by page.
    """

    def __init__(self, folder: Path, lanes: Lanes | None = None) -> None:
        self._open = ExitStack()
        till = self._open.enter_context(open_till(folder, checks=False))
        super().__init__(till, lanes)
        self._jobs = WindowJobs(till, lanes or Lanes.on_the_spot())
        self._ofd = WindowOfd(till, lanes or Lanes.on_the_spot(), exchange)
        if lanes is not None:
            self._jobs.start()
            self._ofd.start()

    def strip(self) -> OutboxStrip:
        """What is not yet sent, and what the portal has ordered."""
        return replace(super().strip(), jobs=self._jobs.strip())

    def close(self) -> None:
        """Lets the register and the journal go; the lanes must have ended."""
        self._ofd.end()
        self._jobs.end()
        self._open.close()
