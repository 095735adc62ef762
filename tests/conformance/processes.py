"""The simulated registers as processes of their own, reached over pseudo-terminals, TCP, HTTP and the vendor's library.

Nothing waits for real seconds where silence is certain: a line is asked how much is under way (lines.py), the queue of
the web server looks again soon, and its driver has little patience.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from serial.urlhandler import protocol_socket

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.web import Patience, WebTasks
from posapp.devices.base import Capability, FiscalPrinter
from posapp.devices.port import SerialPort
from posapp.devices.registry import make_printer
from posapp.domain.vat import VatRate
from tests.conformance.lines import Line, LinePort
from tests.wire.simulated import Simulated, simulated

TCP = "tcp:127.0.0.1:0"
WORLDS = [
    ("shtrih", "pty", "v1", "1.05"),
    ("shtrih", TCP, "v1", "1.05"),
    ("shtrih", "pty", "v2", "1.05"),
    ("shtrih", "pty", "v1", "1.2"),
    ("atol", "pty", "wire", "1.05"),
    ("atol", TCP, "wire", "1.05"),
    ("atol", TCP, "web", "1.05"),
    ("atol", TCP, "web", "1.2"),
    ("atol", TCP, "library", "1.2"),
]
"""Model, where it listens, link, fiscal data format."""
ON_THE_WIRE = {
    **{"8D": ("92", 1), "FF0C": ("E8", 2), "FF46": ("EB", 1), "89": ("9114", 1), "FF45": ("4A", 1)},
    **{"FF0A": ("A440", 1), "FF40": ("9137", 1), "10": ("3F", 1), "11": ("45", 1), "FF01": ("A430", 1)},
    **{"50": ("49", 1), "FF3B": ("A446", 1), "FF35": ("92", 1), "FF4A": ("4A", 1)},
}
"""Command of Штрих-М → what does it on АТОЛ's wire, the how-manieth of a receipt. The cashier comes before 92h."""
WIRE_RATES = frozenset(each for each in VatRate if each <= VatRate.NONE)
"""Rates that have a byte on АТОЛ's wire."""
LOGIN = "касса:пароль"
QUICK = Patience(poll=0.02, answer=2.0, blocked=0.3, end=2.0, reset=2.0, lost=0.1)
WRONG = 777
"""No operator has this password."""


@dataclass
class Bench:
    """A register in its own process and the driver that speaks to it. `line`: None where a receipt is one task."""

    model: str
    register: Simulated
    link: str
    line: Line | None = None
    printer: FiscalPrinter = field(init=False)
    can: frozenset[Capability] | None = None
    _known: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.printer = self.driver()

    @property
    def ffd(self) -> str:
        """The format that it writes: `1.05` or `1.2`."""
        return str(self.register.ready["ffd"])

    @property
    def rates(self) -> frozenset[VatRate]:
        """What its lines may carry; another rate is refused by its name."""
        return WIRE_RATES if self.link == "wire" else frozenset(VatRate)

    @property
    def sees_open(self) -> bool:
        """The web server alone does not tell of an open receipt."""
        return self.link != "web"

    def code(self, opcode: str) -> tuple[str, int]:
        """The command that does here what `opcode` does on Штрих-М, and the how-manieth of a receipt it is."""
        return ON_THE_WIRE[opcode] if self.link == "wire" else (opcode, 1)

    def driver(self, login: str = LOGIN, **more: Any) -> FiscalPrinter:
        """A driver, not connected yet."""
        port = str(self.register.ready["port"])
        if self.link == "web":
            return AtolPrinter(WebTasks(port, lambda: login, patience=QUICK), port, link="web", takes_requests=True)
        line = self.line
        if line is not None:
            more["opens"] = lambda: LinePort(SerialPort(port), line)
        return make_printer(self.model, port, link=self.link, library=self.register.ready.get("library", ""), **more)

    def another_driver(self) -> FiscalPrinter:
        """A driver that knows nothing of the one before, as after a restart of the program, which is gone."""
        self.printer.close()
        return self.driver()

    def wrong_password(self) -> FiscalPrinter | None:
        """A driver that was set up wrongly; None where no password is asked for."""
        if self.link == "web":
            return self.driver(login="касса:не тот")
        return None if self.line is None else self.driver(password=WRONG)

    def fault(self, command: str, do: str, when: str, **more: Any) -> None:
        """One fault, in place of those before."""
        if self.link == "wire":
            command, first = self.code(command)
            more["nth"] = more.get("nth", 1) + first - 1
        self.tell("faults", [{"command": command, "do": do, "when": when, **more}])

    def tell(self, door: str, body: object) -> None:
        """The world changes."""
        status, answer = self.register.post(f"/_sim/{door}", body)
        assert status == 200, answer

    def be_in_order(self) -> None:
        """Power, paper, no faults, the plug in."""
        if self.line is not None:
            self.line.mend()
        self.tell("faults", [])
        self.tell("power", {"on": True})
        self.tell("paper", {"state": "ok"})
        self.tell("marking", {})

    def documents(self, after: int = 0) -> list[dict[str, Any]]:
        """What the storage holds beyond this number. Documents never change: those that were seen are not asked for."""
        self._known += self.register.get(f"/_sim/documents?after={len(self._known)}")
        return self._known[after:]

    def tape(self) -> list[str]:
        """What was printed."""
        lines: list[str] = self.register.get("/_sim/tape")["lines"]
        return lines


class _NoPause:
    """The time, for pyserial's sockets, which sleep for 0.3 s whenever they are closed."""

    sleep = staticmethod(lambda seconds: None)
    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)


def started(name: str) -> Iterator[Bench]:
    """The process of a world, by the words of its line in `WORLDS`."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(protocol_socket, "time", _NoPause)
        yield from _started(*name.split())


def _started(model: str, listen: str, link: str, ffd: str) -> Iterator[Bench]:
    way = ["--transport", link] if model == "atol" else []
    login = ["--login", LOGIN] if link == "web" else []
    with simulated("--model", model, "--listen", listen, "--ffd", ffd, *way, *login) as register:
        is_line = link not in ("web", "library")
        made = Bench(model, register, link, Line(lambda: register.get("/_sim/line")) if is_line else None)
        if link == "web":
            made.tell("queue", {"retry_s": 0.05})
        yield made
        made.printer.close()
