"""The desk of a data directory for the window: the only command that needs Qt, so it stands apart from `posapp.app`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from posapp.app import open_till
from posapp.lanes import Lanes
from posapp.ui.till_desk import DeskOfTill


class TillDesk(DeskOfTill):
    """The desk of a data directory: opens its till, and lets it go at the end.

    `lanes` are those of the window: long work runs aside and asks register and portal there, page by page.
    """

    def __init__(self, folder: Path, lanes: Lanes | None = None) -> None:
        self._open = ExitStack()
        super().__init__(self._open.enter_context(open_till(folder, checks=False)), lanes)

    def close(self) -> None:
        """Lets the register and the journal go; the lanes must have ended."""
        self._open.close()
