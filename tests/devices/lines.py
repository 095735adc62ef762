"""Devices at the far end of pseudo-terminals: registers that listen at one speed, strangers of every sort, and names
for their ports that can be moved, as a system renumbers them."""

from __future__ import annotations

import contextlib
import os
import selectors
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from posapp.devices.simulator import faults
from posapp.devices.simulator.atol_wire import AtolLine
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import Server, open_channel
from posapp.devices.simulator.shtrih import ShtrihLine

NOW = datetime(2026, 11, 21, 12, 0)


@dataclass
class Stranger:
    """A device that answers bytes by a function of them and the line's speed; it remembers what it was told."""

    answer: Callable[[bytes, int], bytes]
    unasked: bytes = b""
    heard: bytearray = field(default_factory=bytearray)
    port: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def serve(self, master: int) -> None:
        """Answers until `stopped`."""
        with selectors.DefaultSelector() as selector:
            selector.register(master, selectors.EVENT_READ)
            while not self.stopped.is_set():
                if self.unasked:
                    with contextlib.suppress(BlockingIOError):
                        os.write(master, self.unasked)
                if not selector.select(0.02):
                    continue
                with contextlib.suppress(BlockingIOError):
                    data = os.read(master, 4096)
                    self.heard += data
                    os.write(master, self.answer(data, _speed(master)))


def _speed(master: int) -> int:
    """The speed that the near end has set."""
    code = termios.tcgetattr(master)[5]
    return next(
        int(name[1:])
        for name in dir(termios)
        if name[:1] == "B" and name[1:].isdigit() and getattr(termios, name) == code
    )


@contextlib.contextmanager
def stranger(
    answer: Callable[[bytes, int], bytes] = lambda data, speed: b"", unasked: bytes = b""
) -> Iterator[Stranger]:
    """A stranger at a pseudo-terminal of its own."""
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    os.set_blocking(master, False)
    made = Stranger(answer, unasked, port=os.ttyname(slave))
    thread = threading.Thread(target=made.serve, args=(master,))
    thread.start()
    try:
        yield made
    finally:
        made.stopped.set()
        thread.join()
        os.close(master)
        os.close(slave)


class Register:
    """A simulated register in a thread: its port and its numbers."""

    def __init__(self, number: int, listen: str = "pty", storage: str = "", model: str = "shtrih") -> None:
        numbers = identity_of(number)
        self.printer = Printer(replace(numbers, storage_number=storage or numbers.storage_number), NOW)
        made = AtolLine if model == "atol" else ShtrihLine
        self.line = made(self.printer, faults.Faults([]), lambda: None)
        self.server = Server(self.line, open_channel(listen))
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    @property
    def port(self) -> str:
        """What a driver opens."""
        return self.server.channel.url

    @property
    def number(self) -> str:
        """The factory number."""
        return self.printer.identity.factory_number

    @property
    def storage(self) -> str:
        """The number of its fiscal storage."""
        return self.printer.identity.storage_number

    def stop(self) -> None:
        """Powers it off for good."""
        self.server.stop()
        self.thread.join()
        self.server.channel.close()


@contextlib.contextmanager
def register(number: int, listen: str = "pty", storage: str = "", model: str = "shtrih") -> Iterator[Register]:
    """A register that is gone afterwards. `storage`: another fiscal storage than the one that is its own."""
    made = Register(number, listen, storage, model)
    try:
        yield made
    finally:
        made.stop()


def plug(name: Path, port: str) -> str:
    """Gives a port a name of ours, in place of what had it: as a system that has renumbered its ports."""
    fresh = name.with_name(name.name + ".new")
    fresh.symlink_to(port)
    fresh.replace(name)
    return str(name)
