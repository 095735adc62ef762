"""Worlds in this very process: the simulated registers without processes, ports and waiting. Time is what a reader
waits for nothing. They play the scenarios in milliseconds, so that many a wrong driver can be tried on them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.web import Patience, WebTasks
from posapp.devices.atol.wire import WireTasks
from posapp.devices.base import Ffd, FiscalPrinter
from posapp.devices.flow import Port, PortError
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.simulator import atol_wire, faults
from posapp.devices.simulator.atol_queue import Queue, Settings
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import AtolWeb, command_of
from posapp.devices.simulator.control import Control, Owner
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.line import HangUp, Pause, Reply, Step
from posapp.devices.simulator.line import Line as RegisterLine
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now
from posapp.devices.simulator.shtrih import ShtrihLine
from posapp.domain.vat import VatRate
from tests.conformance.lines import Line, LinePort
from tests.conformance.processes import ON_THE_WIRE, WIRE_RATES

NUMBER = 12_345_678
QUICK = Patience(poll=0.01, answer=1.0, blocked=0.1, end=1.0, reset=1.0, lost=0.1)
WRONG = 777
"""No operator has this password."""
MakeShtrih = Callable[[Callable[[], Port], str], FiscalPrinter]
MakeAtol = Callable[[Any, str], FiscalPrinter]


class Inside:
    """A register in this process; see `World`."""

    def __init__(self, model: str, link: str, ffd: str) -> None:
        self.model, self.link, self._ffd = model, link, ffd
        self.lock = threading.Lock()
        self.register = Printer(identity_of(NUMBER), local_now(), timedelta(), Ffd.parse(ffd))
        self.printer: FiscalPrinter

    @property
    def ffd(self) -> str:
        return self._ffd

    @property
    def rates(self) -> frozenset[VatRate]:
        return WIRE_RATES if self.link == "wire" else frozenset(VatRate)

    @property
    def sees_open(self) -> bool:
        """The web server alone does not tell of an open receipt."""
        return self.link != "web"

    def code(self, opcode: str) -> tuple[str, int]:
        return ON_THE_WIRE[opcode] if self.link == "wire" else (opcode, 1)

    def documents(self, after: int = 0) -> list[dict[str, Any]]:
        return [each.as_json() for each in self.register.storage.documents[after:]]

    def tape(self) -> list[str]:
        return list(self.register.tape)


class OnLine(Inside):
    """A register on a line of bytes. `make` makes the driver from what opens its port."""

    def __init__(self, model: str, link: str, make: Callable[..., FiscalPrinter], ffd: str = "1.05") -> None:
        super().__init__(model, link, ffd)
        self._make = make
        made: type[ShtrihLine] | type[atol_wire.AtolLine] = ShtrihLine if model == "shtrih" else atol_wire.AtolLine
        self.device: RegisterLine = made(self.register, faults.Faults(), lambda: None)
        self.line: Line | None = Line()
        self.control = Control(
            _Owner(self.lock, self.device), lambda: None, lambda given: faults.parse(given, actions=self.device.actions)
        )
        self.control.start()
        self._steps: Iterator[Step] = iter(())
        self._left_s = 0.0
        self._said = b""
        self.printer = make(self.open_port, "inside")

    def tell(self, door: str, body: object) -> None:
        told = self.control.change(f"/_sim/{door}", _json(body))
        assert told[0] == 200, told

    def open_port(self) -> Port:
        """A port of its own; what was said to the one before is lost."""
        assert self.line is not None
        self._said = b""
        self.device.new_connection()
        return LinePort(_Wire(self), self.line)

    def another_driver(self) -> FiscalPrinter:
        self.printer.close()
        return self._make(self.open_port, "inside")

    def wrong_password(self) -> FiscalPrinter | None:
        if self.model == "shtrih":
            return ShtrihPrinter(self.open_port, "inside", WRONG, link=self.link)
        return AtolPrinter(WireTasks(self.open_port, "inside", WRONG), "inside", link="wire")

    # --- for the port

    def hear(self, data: bytes) -> None:
        """Bytes for the register, which may be at something."""
        if self._left_s > 0:
            self._said += self.device.while_busy(data)
            return
        self._steps = self.device.receive(data, local_now())
        self._go_on()

    def say(self, timeout_s: float) -> bytes | None:
        """What it says within the time, which passes at once."""
        if not self._said and self._left_s > 0:
            passed = min(timeout_s, self._left_s)
            self._left_s -= passed
            if self._left_s <= 0:
                self._go_on()
        if not self._said:
            self.device.forget_half_frame()
            return None
        said, self._said = self._said, b""
        return said

    def _go_on(self) -> None:
        for step in self._steps:
            match step:
                case Reply(data):
                    self._said += data
                case Pause(seconds):
                    self._left_s = seconds
                    return
                case HangUp():
                    self._said = b""

    def close(self) -> None:
        """Nothing is left."""
        self.printer.close()
        self.control.stop()


class _Wire:
    """The port of such a world."""

    def __init__(self, world: OnLine) -> None:
        self._world: OnLine | None = world

    def write(self, data: bytes) -> None:
        self._there().hear(data)

    def read(self, timeout_s: float) -> bytes | None:
        return self._there().say(timeout_s)

    def close(self) -> None:
        self._world = None

    def _there(self) -> OnLine:
        if self._world is None:
            raise PortError("closed")
        return self._world


class OnWeb(Inside):
    """A register behind a web server of this process. `make` makes the driver from a way to have tasks performed."""

    def __init__(
        self, make: Callable[[WebTasks, str], FiscalPrinter], tasks: type[WebTasks] = WebTasks, ffd: str = "1.05"
    ) -> None:
        super().__init__("atol", "web", ffd)
        self._make, self._tasks = make, tasks
        self.line: Line | None = None
        queue = Queue(AtolTasks(self.register), settings=Settings(retry=timedelta(seconds=0.05)))
        self.web = AtolWeb(("127.0.0.1", 0), queue)
        self.web.start()
        self._thread = threading.Thread(target=self.web.serve)
        self._thread.start()
        self.control = Control(self.web, self.web.wake, lambda given: faults.parse(given, command_of))
        self.control.start()
        self.printer = self.another_driver()

    def tell(self, door: str, body: object) -> None:
        told = self.control.change(f"/_sim/{door}", _json(body))
        assert told[0] == 200, told

    def another_driver(self) -> FiscalPrinter:
        return self._make(self._tasks(self.web.url, lambda: "", patience=QUICK), self.web.url)

    def wrong_password(self) -> FiscalPrinter | None:
        return None

    def close(self) -> None:
        """Nothing is left."""
        self.printer.close()
        self.web.stop()
        self._thread.join()
        self.web.close()
        self.control.stop()


class _Owner:
    """What the control door guards."""

    def __init__(self, lock: threading.Lock, line: RegisterLine) -> None:
        self.lock, self.line = lock, line


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


@contextmanager
def inside(world: OnLine | OnWeb) -> Iterator[OnLine | OnWeb]:
    """The world, gone afterwards."""
    try:
        yield world
    finally:
        world.close()


_: Callable[[threading.Lock, RegisterLine], Owner] = _Owner
