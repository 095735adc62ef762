"""One message to an OFD over TCP, one answer back. Every wait is bounded, and so is what is read."""

from __future__ import annotations

import socket
import time

from posapp.devices.base import OfdAddress
from posapp.devices.ofd_message import HEAD, NoMessage, length_of
from posapp.errors import Offline

READ_MAX = 4096


def exchange(address: OfdAddress, message: bytes, storage_number: str) -> bytes:
    """The OFD's answer, whole. Raises Offline `ofd_away`; whether the OFD has the message does not matter, for the
    storage offers it again in the same bytes."""
    deadline = time.monotonic() + address.timeout_s
    where = f"{address.host}:{address.port}"
    try:
        with socket.create_connection((address.host, address.port), address.timeout_s) as line:
            line.sendall(message)
            head = _read(line, HEAD, deadline)
            return head + _read(line, length_of(head, storage_number), deadline)
    except (OSError, NoMessage, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Offline("ofd_away", address=where, reason=reason or type(error).__name__) from error


def _read(line: socket.socket, count: int, deadline: float) -> bytes:
    """Exactly so many bytes. Raises OSError when they do not come in time."""
    heard = b""
    while len(heard) < count:
        line.settimeout(max(0.001, deadline - time.monotonic()))
        data = line.recv(min(READ_MAX, count - len(heard)))
        if not data:
            raise OSError(0, "соединение закрыто")
        heard += data
    return heard
