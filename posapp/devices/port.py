"""Serial, USB-serial and TCP ports through pyserial – the only file that imports it.

A port is named by what pyserial's `serial_for_url` takes: `/dev/ttyACM0`, `COM3`, `/dev/pts/4`, `socket://host:port`.
Settings are given once, in the constructor: a pseudo-terminal refuses later changes, and changing the time-out re-runs
them all. So the pyserial time-out is short and fixed, and the deadline is our own.
"""

from __future__ import annotations

import errno
import time

import serial
from serial.tools import list_ports

from posapp.devices.flow import PortError
from posapp.errors import Unreachable

POLL_S = 0.02
WRITE_TIMEOUT_S = 5.0
READ_MAX = 4096


class SerialPort:
    """A port opened by its URL; exclusive, so that a second program gets a clear error."""

    def __init__(self, url: str, baud: int = 115_200) -> None:
        self.url = url
        exclusive = True if "://" not in url else None
        try:
            self._serial = serial.serial_for_url(
                url, baudrate=baud, timeout=POLL_S, write_timeout=WRITE_TIMEOUT_S, exclusive=exclusive
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise _why_not_open(url, error) from error

    def write(self, data: bytes) -> None:
        """Writes all of it. Raises PortError when the other side is gone or reads nothing for 5 s."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise PortError(str(error)) from error

    def read(self, timeout_s: float) -> bytes | None:
        """What arrives within the time, as soon as anything does. Raises PortError when the cable is gone."""
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                first = self._serial.read(1)
                if first:
                    rest = self._serial.in_waiting
                    return bytes(first) + (bytes(self._serial.read(min(rest, READ_MAX))) if rest else b"")
                if time.monotonic() >= deadline:
                    return None
        except (serial.SerialException, OSError) as error:
            raise PortError(str(error)) from error

    def close(self) -> None:
        """Closes it; safe to call twice."""
        try:
            self._serial.close()
        except (serial.SerialException, OSError) as error:
            raise PortError(str(error)) from error


def _why_not_open(url: str, error: Exception) -> Unreachable:
    number = getattr(error, "errno", None)
    text = str(error).casefold()
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or "access is denied" in text:
        return Unreachable("port_busy", port=url)
    return Unreachable("device_unreachable", port=url)


def candidates() -> list[tuple[str, str]]:
    """Serial ports of this computer as (url, description), likely registers first (USB before built-in)."""
    found = [(each.device, each.description or "", each.vid is not None) for each in list_ports.comports()]
    return [(device, text) for device, text, _ in sorted(found, key=lambda row: (not row[2], row[0]))]
