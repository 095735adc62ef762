"""The process of the vendor's library as the till holds it: asked with a bounded wait, ended when it is in doubt."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from posapp.devices.atol import library_process
from posapp.devices.atol.library_process import Garbled

PROGRAM = library_process.__file__
"""What runs in the process of its own."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more comes out of the process; `garbled`: what came last made no sense."""

    garbled: str = ""


class Ended(Exception):
    """The process has ended without the answer. `is_handed`: the task may have got to the library before."""

    def __init__(self, why: str, *, is_handed: bool, is_timeout: bool = False) -> None:
        super().__init__(why)
        self.why, self.is_handed, self.is_timeout = why, is_handed, is_timeout


class Child:
    """The process and its two pipes. Two threads stand between, so that no pipe can hold up the till.

    It has a process group of its own, which is killed as a whole: what the library starts ends with it.
    """

    EVENTS_MAX = 16
    """Unread messages; more than an answer has means that the process floods."""

    def __init__(self, end_s: float) -> None:
        self._end_s = end_s
        self._process = self._start()
        self._count = 0
        self._events: queue.Queue[dict[str, Any] | End] = queue.Queue(self.EVENTS_MAX)
        self._orders: queue.Queue[bytes] = queue.Queue()
        for work in (self._write, self._read):
            threading.Thread(target=work, name=f"atol-library-{work.__name__[1:]}", daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", PROGRAM],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def ask(self, order: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bool]:
        """The answer, and whether the library was called for it. Ended when there will be none: then it is killed."""
        deadline = time.monotonic() + timeout_s
        is_handed = False
        self._count += 1
        self._orders.put(library_process.pack({**order, "number": self._count}))
        while True:
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                is_gone = self.end()
                raise Ended(
                    f"no answer within {timeout_s:g} s",
                    is_handed=is_handed or not is_gone or self._was_handed_after_all(),
                    is_timeout=True,
                ) from None
            if isinstance(event, End):
                is_gone = self.end()
                if event.garbled:
                    raise Ended(event.garbled, is_handed=True)
                raise Ended(f"the process ended: {self._last_words()}", is_handed=is_handed or not is_gone)
            match event:
                case {"event": "handed", "number": self._count} if not is_handed:
                    is_handed = True
                case {"event": "done" | "state" | "no" | "opened" | "failed" | "closed", "number": self._count}:
                    return event, is_handed
                case _:
                    self.end()
                    raise Ended(str(event.get("text", event))[:200], is_handed=True)

    def end(self) -> bool:
        """Kills it with all it has started; True when it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(OSError):  # it is gone already
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
        self._orders.put(b"")
        try:
            self._process.wait(self._end_s)
        except subprocess.TimeoutExpired:
            log.error("process %d of the driver does not end", self._process.pid)
            return False
        return True

    def _was_handed_after_all(self) -> bool:
        """Whether a message that says so, or one that makes no sense, was still in the pipe of a process now gone."""
        deadline = time.monotonic() + self._end_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            return event != End()
        return True

    def _last_words(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"

    def _write(self) -> None:
        """Orders into the pipe. Ends, and closes it, at an empty one or when nobody reads."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101
        with contextlib.suppress(OSError), pipe:
            while data := self._orders.get():
                library_process.write_whole(pipe.fileno(), data)

    def _read(self) -> None:
        """What comes out of the pipe, bounded; the last event is the end."""
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101
        last = End()
        with pipe:
            try:
                while (message := library_process.receive(pipe.fileno())) is not None:
                    self._events.put_nowait(message)
            except (Garbled, OSError) as error:
                last = End(str(error) or "the pipe broke")
            except queue.Full:
                last = End("it floods")
        with contextlib.suppress(queue.Full):
            self._events.put(last, timeout=self._end_s)
