"""Serial, USB-serial and TCP ports, and which of them this computer has – the only file that imports pyserial.

A port is named by what pyserial's `serial_for_url` takes: `/dev/ttyACM0`, `COM3`, `/dev/pts/4`, `socket://host:port`.
Settings are given once, in the constructor: a pseudo-terminal refuses later changes, and changing the time-out re-runs
them all. So the pyserial time-out is short and fixed, and the deadline is our own.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from dataclasses import dataclass

import serial
from serial.tools import list_ports

from posapp.devices.flow import PortError
from posapp.devices.holders import holder_of
from posapp.devices.usb_identity import UsbIdentity
from posapp.errors import Unreachable

POLL_S = 0.02
WRITE_TIMEOUT_S = 5.0
READ_MAX = 4096
TCP = "socket://"


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

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it."""
        return bool(self._serial.is_open)

    def set_speed(self, baud: int) -> None:
        """The same port at another speed, without letting it go. Raises PortError for one that it cannot."""
        try:
            self._serial.baudrate = baud
            self._serial.reset_input_buffer()
        except (serial.SerialException, OSError, ValueError) as error:
            raise PortError(str(error)) from error

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


class SocketPort:
    """A TCP port that is asked who is there: pyserial's would wait five seconds for a host that is not."""

    def __init__(self, host: str, port: int, connect_timeout_s: float) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout=connect_timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, ValueError, OverflowError) as error:
            raise Unreachable("device_unreachable", port=f"{TCP}{host}:{port}") from error

    def write(self, data: bytes) -> None:
        """Writes all of it. Raises PortError."""
        try:
            self._socket.settimeout(WRITE_TIMEOUT_S)
            self._socket.sendall(data)
        except OSError as error:
            raise PortError(str(error)) from error

    def read(self, timeout_s: float) -> bytes | None:
        """What arrives within the time. Raises PortError when the other side has hung up."""
        try:
            self._socket.settimeout(max(timeout_s, POLL_S))
            data = self._socket.recv(READ_MAX)
        except TimeoutError:
            return None
        except OSError as error:
            raise PortError(str(error)) from error
        if not data:
            raise PortError("the other side has hung up")
        return data

    def close(self) -> None:
        """Closes it; safe to call twice."""
        self._socket.close()


def _why_not_open(url: str, error: Exception) -> Unreachable:
    number = getattr(error, "errno", None)
    text = str(error).casefold()
    # Windows says "access is denied" in its own language, and by an error without a number, for a port that is taken.
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or "permissionerror(13" in text:
        holder = holder_of(url)
        if holder is not None:
            return Unreachable("port_held", port=url, program=holder.name or "?", pid=holder.pid)
        return Unreachable("port_busy", port=url)
    if number in (errno.EACCES, errno.EPERM):
        return Unreachable("port_denied", port=url, group=_group_of(url))
    return Unreachable("device_unreachable", port=url)


def _group_of(path: str) -> str:
    """The group whose members may use a device: `dialout` on Debian, `uucp` on Arch."""
    try:
        import grp

        return grp.getgrgid(os.stat(path).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return "dialout"


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """A serial port of this computer: what `--port` takes, what the system calls it, who USB says is plugged in.

    `location` is the jack and interface (`1-2:1.0`), "" where there is none.
    """

    port: str
    description: str = ""
    usb: UsbIdentity | None = None
    location: str = ""


def serial_places() -> list[SerialPlace]:
    """The serial ports of this computer by name. Opens none of them."""
    found = []
    for each in list_ports.comports():
        usb = None if each.vid is None else UsbIdentity(each.vid, each.pid or 0, each.serial_number or "")
        text = "" if each.description in (None, "n/a") else str(each.description)
        found.append(SerialPlace(each.device, text, usb, each.location or ""))
    return sorted(found, key=lambda place: place.port)
