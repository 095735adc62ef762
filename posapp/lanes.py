"""Lanes: one named thread for each thing that must be done in order (the register, the exchange, the journal).

A lane runs plain blocking functions one after the other. What crosses from lane to lane is frozen. Tests give a lane
an executor that runs jobs on the spot, and the whole program is single-threaded and deterministic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_here = threading.local()


class Lane:
    """An executor with one worker and a name. `executor` may be any that keeps the order of jobs."""

    def __init__(self, name: str, executor: Executor | None = None) -> None:
        self.name = name
        self._executor = executor or ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._unfinished = 0

    @property
    def is_idle(self) -> bool:
        """Nothing runs and nothing waits. Pollers ask before they submit, so that they never queue behind work."""
        with self._lock:
            return self._unfinished == 0

    def submit(self, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `job` after everything submitted before. Raises RuntimeError after `close`."""
        with self._lock:
            self._unfinished += 1
        try:
            return self._executor.submit(self._run, job, *args, **kwargs)
        except BaseException:
            self._count_down()
            raise

    def check(self) -> None:
        """Raises RuntimeError unless the caller runs on this lane: for functions that belong to one lane."""
        if getattr(_here, "lane", None) is not self:
            raise RuntimeError(f"only on the lane {self.name!r}, not on {threading.current_thread().name!r}")

    def close(self, *, wait: bool = True) -> None:
        """Takes no more jobs, drops those that have not begun; with `wait` returns when the running one has ended."""
        self._executor.shutdown(wait=wait, cancel_futures=True)

    def _run(self, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        before = getattr(_here, "lane", None)
        _here.lane = self
        try:
            return job(*args, **kwargs)
        finally:
            _here.lane = before
            self._count_down()

    def _count_down(self) -> None:
        with self._lock:
            self._unfinished -= 1


class OnTheSpot(Executor):
    """Runs every job inside `submit`. For tests and for programs without a screen."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The finished future of `fn`."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # a future carries it to whoever asks
            future.set_exception(error)
        return future


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of the desktop program: `device` the register, `sync` the portal, `journal` quick reading on disk.

    `aside` is for long work that asks the others page by page (a reconciliation), so that a sale never waits for it.
    `counter` asks the portal for somebody who waits: a scan queues behind no exchange. Without one, `sync` does.
    """

    device: Lane
    sync: Lane
    journal: Lane
    aside: Lane = field(default_factory=lambda: Lane("aside"))
    counter: Lane | None = None

    @property
    def person(self) -> Lane:
        """Where the portal is asked for somebody who waits."""
        return self.counter or self.sync

    @classmethod
    def threads(cls) -> Lanes:
        """Real threads."""
        return cls(Lane("device"), Lane("sync"), Lane("journal"), Lane("aside"), Lane("counter"))

    @classmethod
    def on_the_spot(cls) -> Lanes:
        """Everything in the caller's thread."""
        return cls(*(Lane(name, OnTheSpot()) for name in ("device", "sync", "journal", "aside")))

    def close(self, *, wait: bool = True) -> None:
        """Closes all of them, the exchange and the journal first: the register must be able to finish.

        What runs aside finds its lanes closed and ends; only then is it waited for.
        """
        self.aside.close(wait=False)
        for lane in (self.person, self.sync, self.journal, self.device):
            lane.close(wait=wait)
        self.aside.close(wait=wait)
