"""A serial or USB-COM scanner: listened to on a lane of its own, found again by itself when its cable was pulled.

Nothing is ever written to it. What arrives is cut into scans by `posapp.domain.scans`; a silence ends a scan of a
scanner that sends no suffix. A port that does not open is tried again, the pauses growing to five seconds; the trouble
is told once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from posapp.devices.base import Heard
from posapp.devices.flow import PortError
from posapp.devices.port import SerialPort
from posapp.domain.scans import Framer, ScanRules
from posapp.errors import PosError, Unreachable
from posapp.lanes import Lane

SILENCE_S = 0.15
"""At 9600 baud a byte takes a millisecond; a scanner pauses between two scans, never inside one."""
AGAIN_S, AGAIN_MAX_S = 0.5, 5.0
_WHY = {
    "port_busy": "порт занят другой программой",
    "port_held": "порт занят другой программой",
    "port_denied": "нет права открыть порт",
}


class Port(Protocol):
    """What `SerialPort` offers and is needed here."""

    def read(self, timeout_s: float) -> bytes | None:
        """What arrives within the time. Raises PortError."""
        ...

    def close(self) -> None:
        """Closes it."""
        ...


class SerialScanner:
    """A scanner at a port as pyserial names it. `open_port` and the pauses are given by tests."""

    def __init__(
        self,
        url: str,
        baud: int = 9600,
        rules: ScanRules = ScanRules(),  # noqa: B008  (frozen)
        open_port: Callable[[], Port] | None = None,
        again_s: float = AGAIN_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._url = url
        self._open = open_port or (lambda: SerialPort(url, baud))
        self._framer = Framer(rules)
        self._again_s, self._silence_s = again_s, silence_s
        self._stopped = threading.Event()
        self._lane: Lane | None = None

    def start(self, heard: Callable[[Heard], None]) -> None:
        """See `Scanner`."""
        if self._lane is None:
            self._lane = Lane("scanner")
            self._lane.submit(self._listen, heard)

    def close(self) -> None:
        """See `Scanner`."""
        self._stopped.set()
        if self._lane is not None:
            self._lane.close(wait=True)
            self._lane = None

    def _listen(self, heard: Callable[[Heard], None]) -> None:
        pause_s, is_told = self._again_s, False
        while not self._stopped.is_set():
            try:
                port = self._open()
            except PosError as trouble:
                if not is_told:
                    heard(
                        Heard(
                            trouble=Unreachable("scanner_gone", port=self._url, why=_WHY.get(trouble.code, "порта нет"))
                        )
                    )
                    is_told = True
                self._stopped.wait(pause_s)
                pause_s = min(pause_s * 2, AGAIN_MAX_S)
                continue
            heard(Heard())
            pause_s, is_told = self._again_s, False
            try:
                self._hear(port, heard)
            finally:
                with suppress(PortError):
                    port.close()

    def _hear(self, port: Port, heard: Callable[[Heard], None]) -> None:
        """Until the line breaks or it is stopped."""
        while not self._stopped.is_set():
            try:
                data = port.read(self._silence_s)
            except PortError:
                found = self._framer.broken()
                data = None
                for raw, scan in found:
                    heard(Heard(scan, raw))
                self._stopped.wait(self._again_s)
                return
            for raw, scan in self._framer.silence() if data is None else self._framer.feed(data):
                heard(Heard(scan, raw))
