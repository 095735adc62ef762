"""A simulated register as a process: a pseudo-terminal or TCP port for drivers, and HTTP to play with the world.

`Server` owns the line: it reads bytes, hands them to the register, writes what comes out, at the pace of a real line
if asked. Clients may come, be killed and come again; port and state stay. TCP serves one client at a time, the next
one waits. `control.py` is the other door.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from posapp.devices.simulator.line import HangUp, Line, Pause, Reply

READ_MAX = 4096
BITS_PER_BYTE = 10
BYTE_TIMEOUT_S = 0.2
"""Silence after which a half frame is forgotten; real devices take 50…100 ms, a loaded computer needs more."""
LOOK_AROUND_S = 0.5
_SPIN_S = 0.00015


def local_now() -> datetime:
    """Local wall time; registers know no zones."""
    return datetime.now()


class Channel(Protocol):
    """What drivers connect to."""

    @property
    def url(self) -> str:
        """For pyserial's `serial_for_url`."""
        ...

    def wait(self, timeout_s: float | None) -> bytes | None:
        """Bytes from the driver; b"" when a client has come or gone; None after `timeout_s`, or when woken."""
        ...

    def send(self, data: bytes) -> None:
        """Bytes to the driver; nobody there means they are lost."""
        ...

    def hang_up(self) -> None:
        """Cuts the connection, where the carrier has one."""
        ...

    def wake(self) -> None:
        """Makes a `wait` in another thread return."""
        ...

    def close(self) -> None:
        """Gives the port back."""
        ...


class _Waiting:
    """A selector with a second end to wake it by."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self.selector.register(self._near, selectors.EVENT_READ, None)

    def select(self, timeout_s: float | None) -> list[object]:
        """What is ready, by what it was registered with; wake-ups are swallowed."""
        ready = [key.data for key, _ in self.selector.select(timeout_s)]
        if None in ready:
            with contextlib.suppress(BlockingIOError):
                self._near.recv(64)
        return [each for each in ready if each is not None]

    def wake(self) -> None:
        with contextlib.suppress(OSError):
            self._far.send(b"!")

    def close(self) -> None:
        self.selector.close()
        self._near.close()
        self._far.close()


class PtyChannel:
    """A pseudo-terminal. We hold its far end open too, so that clients can come and go."""

    def __init__(self) -> None:
        import tty

        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._waiting = _Waiting()
        self._waiting.selector.register(self._master, selectors.EVENT_READ, "bytes")

    @property
    def url(self) -> str:
        """`/dev/pts/N`."""
        return os.ttyname(self._slave)

    def wait(self, timeout_s: float | None) -> bytes | None:
        """See `Channel`."""
        if not self._waiting.select(timeout_s):
            return None
        try:
            return os.read(self._master, READ_MAX)
        except (BlockingIOError, InterruptedError):
            return None

    def send(self, data: bytes) -> None:
        """See `Channel`. When nobody reads and the terminal is full, bytes are lost as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def hang_up(self) -> None:
        """See `Channel`. A terminal has no connection."""

    def wake(self) -> None:
        """See `Channel`."""
        self._waiting.wake()

    def close(self) -> None:
        """See `Channel`."""
        self._waiting.close()
        os.close(self._master)
        os.close(self._slave)


class TcpChannel:
    """A TCP server, one client at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._server = socket.create_server((host, port), backlog=8)
        self._client: socket.socket | None = None
        self._waiting = _Waiting()
        self._waiting.selector.register(self._server, selectors.EVENT_READ, "client")

    @property
    def url(self) -> str:
        """`socket://HOST:PORT` with the real port."""
        return f"socket://{self._host}:{self._server.getsockname()[1]}"

    def wait(self, timeout_s: float | None) -> bytes | None:
        """See `Channel`."""
        ready = self._waiting.select(timeout_s)
        if "client" in ready:
            self._welcome()
            return b""
        if self._client is None or "bytes" not in ready:
            return None
        try:
            data = self._client.recv(READ_MAX)
            # Hosts that send an acknowledgement and then a frame would wait 40 ms for ours of the first.
            if hasattr(socket, "TCP_QUICKACK"):
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self._dismiss()
        return data

    def _welcome(self) -> None:
        self._client, _ = self._server.accept()
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.settimeout(5)
        self._waiting.selector.unregister(self._server)  # the next one waits in the backlog
        self._waiting.selector.register(self._client, selectors.EVENT_READ, "bytes")

    def _dismiss(self) -> None:
        if self._client is None:
            return
        self._waiting.selector.unregister(self._client)
        self._client.close()
        self._client = None
        self._waiting.selector.register(self._server, selectors.EVENT_READ, "client")

    def send(self, data: bytes) -> None:
        """See `Channel`."""
        if self._client is None:
            return
        try:
            self._client.sendall(data)
        except OSError:
            self._dismiss()

    def hang_up(self) -> None:
        """See `Channel`."""
        self._dismiss()

    def wake(self) -> None:
        """See `Channel`."""
        self._waiting.wake()

    def close(self) -> None:
        """See `Channel`."""
        self._dismiss()
        self._waiting.close()
        self._server.close()


def open_channel(listen: str) -> Channel:
    """`pty`, or `tcp:HOST:PORT` (port 0 = any free one). Raises ValueError for anything else, OSError when taken."""
    if listen == "pty":
        if not hasattr(os, "openpty"):
            raise ValueError("this system has no pseudo-terminals, listen on tcp:HOST:PORT")
        return PtyChannel()
    scheme, _, address = listen.partition(":")
    host, _, port = address.rpartition(":")
    if scheme != "tcp" or not host or not port.isdigit():
        raise ValueError(f"listen on pty or tcp:HOST:PORT, not {listen!r}")
    return TcpChannel(host, int(port))


class Pace:
    """The speed of a serial line: a hold is late by a look at the clock, not by what a sleep oversleeps."""

    def __init__(
        self,
        baud: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._byte_s = BITS_PER_BYTE / baud if baud else 0.0
        self._clock, self._sleep = clock, sleep
        self._free_at = 0.0

    def arrive(self, count: int) -> None:
        """Returns when `count` bytes, of which the first comes now, have passed."""
        self._free_at = max(self._free_at, self._clock())
        self.leave(count)

    def leave(self, count: int) -> None:
        """Returns when `count` bytes have passed that follow what passed before without a gap: what we ourselves took
        to make them is no time of the device."""
        if not self._byte_s:
            return
        self._free_at += count * self._byte_s
        while (left := self._free_at - self._clock()) > 0:
            # Sleeping is coarse; the last part of a millisecond is waited out awake.
            if left > _SPIN_S:
                self._sleep(left - _SPIN_S)


class Server:
    """The register's side of the line. `lock` guards register and faults against the control door."""

    def __init__(self, line: Line, channel: Channel, baud: int | None = None) -> None:
        self.line = line
        self.channel = channel
        self.lock = threading.Lock()
        self._pace = Pace(baud)
        self._stopped = threading.Event()
        self._heard_at = time.monotonic()
        self._heard, self._said, self._is_busy = 0, 0, False

    def counts(self) -> dict[str, object]:
        """How many bytes were dealt with and how many were said since the start: a host that has said and heard as
        many knows that nothing is under way, and need not wait for it; not while the register is busy."""
        return {"is_on": self.line.is_on, "is_busy": self._is_busy, "heard": self._heard, "said": self._said}

    def serve(self) -> None:
        """Answers until `stop`."""
        while not self._stopped.is_set():
            data = self.channel.wait(LOOK_AROUND_S)
            if time.monotonic() - self._heard_at > BYTE_TIMEOUT_S:
                with self.lock:
                    self.line.forget_half_frame()
            while data is not None and not self._stopped.is_set():
                data = self._hear(data)

    def stop(self) -> None:
        """Ends `serve`; may be called from any thread and from a signal handler."""
        self._stopped.set()
        self.channel.wake()

    def _hear(self, data: bytes) -> bytes | None:
        """Answers these bytes; what came meanwhile and is to be heard next, None for nothing."""
        if not data:
            with self.lock:
                self.line.new_connection()
            return None
        self._pace.arrive(len(data))
        meanwhile = self._answer(data)
        self._heard_at = time.monotonic()
        self._heard += len(data)
        return meanwhile

    def _answer(self, data: bytes) -> bytes | None:
        with self.lock:
            steps = self.line.receive(data, local_now())
        out, meanwhile = b"", None
        while True:
            with self.lock:  # a pause or a slow line leaves the control door open
                step = next(steps, None)
            match step:
                case Reply(sent):
                    out += sent
                case Pause(seconds):
                    self._send(out)
                    out = b""
                    self._is_busy = True
                    self._be_busy(seconds)
                    self._is_busy = False
                    self._pace.arrive(0)
                case HangUp():
                    self._send(out)
                    out = b""
                    self.channel.hang_up()
                    with self.lock:
                        self.line.new_connection()
                case None:
                    if len(out) > 1:
                        meanwhile = self.channel.wait(0)
                    if meanwhile:
                        with self.lock:
                            meanwhile = self.line.before_answer(meanwhile) or None
                    self._send(out)
                    return meanwhile

    def _send(self, data: bytes) -> None:
        """ACK and answer leave together, as they often do."""
        if data:
            self._pace.leave(len(data))
            self._said += len(data)
            self.channel.send(data)

    def _be_busy(self, seconds: float) -> None:
        """Lets time pass; a host that asks meanwhile is told that the answer is being prepared."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopped.is_set():
            data = self.channel.wait(left)
            if data:
                self._pace.arrive(len(data))
                with self.lock:
                    reply = self.line.while_busy(data)
                self._send(reply)
                self._heard += len(data)
            elif data is not None:
                with self.lock:
                    self.line.new_connection()
