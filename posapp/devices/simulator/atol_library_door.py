"""The simulated register's side of the stand-in library: it performs what `atol_library.py` or the C library passes on.

One driver at a time: the next one is served when the one before is gone, as on a cable. `Behind` is the register behind
the door; what a call gives back to the library is an `Answer`, which may also tell the library to misbehave.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Protocol

from posapp.devices.simulator import atol_library as stand_in

MISDEEDS = {
    "crash": stand_in.CRASH,
    "hang": stand_in.HANG,
    "garbage": stand_in.GARBAGE,
    "huge": stand_in.HUGE,
    "flood": stand_in.FLOOD,
    "lie": stand_in.LIE,
}
"""What a fault may have the library do to the process it is in."""
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """What the library is to do, a number and a text; their meaning is told in `atol_library.py`."""

    verdict: int = stand_in.DONE
    number: int = 0
    text: str = ""

    def pack(self) -> bytes:
        """The bytes of the message."""
        data = self.text.encode("utf-8", "surrogatepass")
        return struct.pack(">IBi", len(data) + 5, self.verdict, self.number) + data


class Silence(Exception):
    """The register does not answer and the line is cut: it is off, or its cable is pulled."""


class Behind(Protocol):
    """The register behind the door. Each call may raise Silence; `stopped` is set when the door is closed."""

    def call(self, letter: int, text: str, stopped: threading.Event) -> Answer:
        """What one call of the library gives back; may wait for `stopped` where nothing is to come back."""
        ...


class LibraryDoor:
    """A TCP server on this computer. `url` is what the till and the library's settings name."""

    def __init__(self, behind: Behind, host: str = "127.0.0.1", port: int = 0) -> None:
        self._behind = behind
        self._host = host
        self._server = socket.create_server((host, port), backlog=8)
        self._server.settimeout(LOOK_S)
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        """`socket://HOST:PORT` with the real port."""
        return f"socket://{self._host}:{self._server.getsockname()[1]}"

    def serve(self) -> None:
        """Answers until `stop`."""
        with self._server:
            while not self.stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    line, _ = self._server.accept()
                    with line, contextlib.suppress(OSError, Silence):
                        line.settimeout(LOOK_S)
                        self._attend(line)

    def stop(self) -> None:
        """Ends `serve`; may be called from any thread and from a signal handler."""
        self.stopped.set()

    def _attend(self, line: socket.socket) -> None:
        """One driver, until it leaves."""
        while (head := self._take(line, 4)) is not None:
            length = struct.unpack(">I", head)[0]
            body = self._take(line, length) if 1 <= length <= stand_in.TEXT_MAX else None
            if body is None or body[0] == stand_in.CLOSE:
                return
            answer = self._behind.call(body[0], body[1:].decode("utf-8", "replace"), self.stopped)
            line.sendall(answer.pack())

    def _take(self, line: socket.socket, count: int) -> bytes | None:
        """So many bytes; None when the driver is gone or the door is closed."""
        data = bytearray()
        while len(data) < count and not self.stopped.is_set():
            with contextlib.suppress(TimeoutError):
                fresh = line.recv(count - len(data))
                if not fresh:
                    return None
                data += fresh
        return bytes(data) if len(data) == count else None
