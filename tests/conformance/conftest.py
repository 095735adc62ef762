"""Every driver against every simulated register over every transport: `printer` is each of them in turn.

One register process per transport serves all tests; each test gets a driver of its own and a world in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from posapp.devices.atol import frame as atol_frame
from posapp.devices.base import FiscalPrinter
from posapp.devices.flow import PortError
from posapp.devices.port import SerialPort
from posapp.devices.registry import make_printer
from posapp.devices.shtrih import frame_v2
from posapp.devices.shtrih.frame import STX
from posapp.domain.fiscal import ShiftState
from posapp.domain.vat import VatRate
from tests.wire.simulated import Simulated, simulated

TCP = "tcp:127.0.0.1:0"
WORLDS = [
    ("shtrih", "pty", "v1", "1.05"),
    ("shtrih", TCP, "v1", "1.05"),
    ("shtrih", "pty", "v2", "1.05"),
    ("shtrih", "pty", "v1", "1.2"),
    ("atol", TCP, "web", "1.05"),
    ("atol", TCP, "web", "1.2"),
    ("atol", "pty", "wire", "1.05"),
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


@dataclass
class Bench:
    """A register in its own process and the driver that speaks to it."""

    model: str
    register: Simulated
    printer: FiscalPrinter
    link: str = "auto"

    @property
    def ffd(self) -> str:
        """The format that it writes: `1.05` or `1.2`."""
        return str(self.register.ready["ffd"])

    @property
    def rates(self) -> frozenset[VatRate]:
        """What its lines may carry; another rate is refused by its name."""
        return WIRE_RATES if self.link == "wire" else frozenset(VatRate)

    def code(self, opcode: str) -> tuple[str, int]:
        """The command that does here what `opcode` does on Штрих-М, and the how-manieth of a receipt it is."""
        return ON_THE_WIRE[opcode] if self.link == "wire" else (opcode, 1)

    def another_driver(self) -> FiscalPrinter:
        """A driver that knows nothing of the one before, as after a restart of the program, which is gone."""
        self.printer.close()
        return printer_of(self.model, self.register, self.link)

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

    def documents(self) -> list[dict[str, Any]]:
        """What the storage holds."""
        return self.register.documents()


def printer_of(model: str, register: Simulated, link: str) -> FiscalPrinter:
    """The driver of a world; one through the vendor's library loads the stand-in for it."""
    return make_printer(model, register.ready["port"], link=link, library=register.ready.get("library", ""))


@pytest.fixture(scope="session", params=WORLDS, ids=lambda world: " ".join(world))
def running(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The process, and a driver that stays connected where a test leaves it so."""
    model, listen, link, ffd = request.param
    way = ("--transport", link) if model == "atol" else ()
    with simulated("--model", model, "--listen", listen, "--ffd", ffd, *way) as register:
        printer = printer_of(model, register, link)
        yield Bench(model, register, printer, link)
        printer.close()


def _payload(data: bytes) -> bytes:
    """The command that a frame or packet of any link carries, nothing for other bytes."""
    if data[0] == STX:
        return data[2:]
    if data[0] == atol_frame.START:
        packets = atol_frame.FrameBuffer()
        packets.feed(data)
        packet = packets.next()
        is_task = isinstance(packet, atol_frame.Packet) and packet.data[:1] == b"\xc1"
        return packet.data[5:] if is_task and isinstance(packet, atol_frame.Packet) else b""
    buffer = frame_v2.FrameBuffer()
    buffer.feed(data)
    piece = buffer.next()
    return piece.payload if isinstance(piece, frame_v2.Numbered) else b""


class Scissors:
    """Cuts the cable at a command: every port of this program breaks there, as when a plug is pulled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
        self._bench = bench
        self._opcode: bytes | None = None
        self._countdown = 0
        self._is_sent = False
        self.is_cut = False
        write, read = SerialPort.write, SerialPort.read

        def cutting_write(port: SerialPort, data: bytes) -> None:
            if self._opcode is not None and _payload(data).startswith(self._opcode):
                self._countdown -= 1
                self.is_cut = self.is_cut or self._countdown == 0
                if self.is_cut and self._is_sent:
                    write(port, data)
            if self.is_cut:
                raise PortError("the cable is cut")
            write(port, data)

        def cutting_read(port: SerialPort, timeout_s: float) -> bytes | None:
            if self.is_cut:
                raise PortError("the cable is cut")
            return read(port, timeout_s)

        monkeypatch.setattr(SerialPort, "write", cutting_write)
        monkeypatch.setattr(SerialPort, "read", cutting_read)

    def at(self, opcode: str, *, nth: int = 1, sent: bool) -> None:
        """At the `nth` such command from now on: just before its frame leaves, or (`sent`) just after."""
        code, first = self._bench.code(opcode)
        self._opcode, self._countdown, self._is_sent = bytes.fromhex(code), nth + first - 1, sent

    def mend(self) -> None:
        """The plug is in again."""
        self._opcode, self.is_cut = None, False


@pytest.fixture
def scissors(monkeypatch: pytest.MonkeyPatch, running: Bench) -> Scissors:
    by_commands(running)
    return Scissors(monkeypatch, running)


def by_commands(bench: Bench) -> None:
    """For tests that strike between the commands of one receipt: where a receipt is one task there is no between."""
    if bench.link in ("web", "library"):
        pytest.skip("a receipt is one task here; how it is struck: test_queue.py, tests/till/test_atol_library.py")


@pytest.fixture
def bench(running: Bench) -> Bench:
    """A world in order: power, paper, no faults, nothing open, the shift closed."""
    running.tell("faults", [])
    running.tell("power", {"on": True})
    running.tell("paper", {"state": "ok"})
    running.tell("marking", {})
    printer = running.printer
    printer.wait_until_idle()
    if printer.open_document() is not None:
        printer.cancel_open_document()
    if printer.status().shift.state is not ShiftState.CLOSED:
        printer.close_shift("Кассир")
    return running


@pytest.fixture
def printer(bench: Bench) -> FiscalPrinter:
    """The driver, its register with an open shift."""
    bench.printer.open_shift("Кассир")
    return bench.printer
