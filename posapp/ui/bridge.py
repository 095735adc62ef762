"""The one way from the window to the lanes and back: run this there, then call one of these here."""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QThread, Signal

from posapp.errors import PosError
from posapp.lanes import Lane

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bug:
    """Something that is no `PosError`: our fault. `code` tells support the place, the log has the traceback."""

    code: str
    error: BaseException


Failure = PosError | Bug


class Bridge(QObject):
    """Lives in the GUI thread and relays the end of jobs to it."""

    _ended = Signal(object, object, object)
    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_closed = False
        # Auto: queued when a lane's thread emits, at once when a test runs its jobs on the spot.
        self._ended.connect(self._deliver, Qt.ConnectionType.AutoConnection)
        self._told.connect(self._tell, Qt.ConnectionType.AutoConnection)

    def run(
        self, lane: Lane, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[Failure], None]
    ) -> None:
        """Runs `job` on `lane`; afterwards calls `done(result)` or `failed(error)` in the GUI thread."""
        if self._is_closed:
            return
        lane.submit(job).add_done_callback(lambda future: self._relay(future, done, failed))

    def teller(self, listener: Callable[[T], None]) -> Callable[[T], None]:
        """For a job that says how far it is: what it tells, on its lane, reaches `listener` in the GUI thread."""

        def tell(news: T) -> None:
            if not self._is_closed:
                self._told.emit(listener, news)

        return tell

    def _tell(self, listener: Callable[[Any], None], news: Any) -> None:
        if not self._is_closed:
            listener(news)

    def close(self) -> None:
        """Lets results of running jobs fall: their widgets are going away."""
        self._is_closed = True

    def _relay(self, future: Future[Any], done: Callable[[Any], None], failed: Callable[[Failure], None]) -> None:
        if not future.cancelled() and not self._is_closed:
            self._ended.emit(future, done, failed)

    def _deliver(self, future: Future[Any], done: Callable[[Any], None], failed: Callable[[Failure], None]) -> None:
        if QThread.currentThread() is not self.thread():
            raise RuntimeError("a result came to a thread that is not the window's")
        if self._is_closed:
            return
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, PosError):
            failed(error)
        else:
            failed(bug_of(error))


def bug_of(error: BaseException) -> Bug:
    """Logs the traceback and makes the code: 499 and four characters that stand for the place."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    place = f"{type(error).__name__} {where}"
    code = f"499-{hashlib.sha256(place.encode()).hexdigest()[:4].upper()}"
    log.error("bug %s", code, exc_info=error)
    return Bug(code, error)
