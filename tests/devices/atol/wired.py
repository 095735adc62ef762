"""A simulated АТОЛ register in this very process, behind a task buffer and a cable that can be bad.

The register is the simulator's; the task buffer is this file's own, after the facts of the protocol, with habits that a
polite device does not have: answers that come unasked, and a memory that is lost with its power.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from posapp.devices.atol import commands as c
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.frame import FrameBuffer, Packet, encode
from posapp.devices.atol.wire import WireTasks
from posapp.devices.base import Ffd
from posapp.devices.fields import Malformed
from posapp.devices.flow import Port, PortError
from posapp.devices.simulator import atol_wire_acts as _acts
from posapp.devices.simulator import atol_wire_reads as _reads
from posapp.devices.simulator.atol_wire_device import AtolDevice
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.errors import Unreachable
from tests.devices.noise import Cable

NOW = datetime(2026, 11, 21, 12)
HANDLERS = (_acts, _reads)  # the register answers what these have taken upon them


class Wired:
    """The register, its buffer, the cable, and how often each command was performed."""

    def __init__(self, seed: int = 0, rate: float = 0.0, version: Ffd = Ffd.V1_05) -> None:
        self.random = Random(seed)
        self.printer = Printer(identity_of(12_345_678), NOW, timedelta(0), version)
        self.device = AtolDevice(self.printer)
        self.now = NOW + timedelta(minutes=1)
        self.performed: Counter[int] = Counter()
        self.asked: list[int] = []
        """Opcodes in the order in which they were performed."""
        self.errors: dict[int, int] = {}
        """Opcode → the error byte that it is answered with, without being performed."""
        self.lost: set[int] = set()
        """Opcodes whose answer never comes, though they are performed."""
        self.forgets: set[int] = set()
        """Opcodes on whose performance the power goes: no answer, and the buffer is empty."""
        self.replaced: dict[bytes, bytes] = {}
        """Commands that come as another one, as damage does that the checksum lets pass."""
        self.answered: dict[int, Callable[[bytes], bytes]] = {}
        """Opcode → what becomes of its answer."""
        self.works: set[int] = set()
        """Opcodes that are answered unasked, later."""
        self.cable = Cable(self.random, self.hear, self.silence, garbage, rate, pulls=0.01)
        self.cut: tuple[int, str] | None = None
        """The cable is cut at this task from now on, counted from 0: `before` its packet leaves, or `after`, or before
        that of its acknowledgement (`at Ack`); `killed before` and `killed after`: the program ends there."""
        self.is_cut = False
        self.tasks = WireTasks(self.open_port, "bench")
        self._buffer = FrameBuffer()
        self._results: dict[int, tuple[int, bytes]] = {}
        self._working: set[int] = set()

    def open_port(self) -> Port:
        """A port of its own on the one cable."""
        return Cut(self, self.cable.open_port())

    # --- looking

    def documents(self) -> list[StoredDocument]:
        """What the storage holds."""
        return list(self.printer.storage.documents)

    def with_key(self, key: str) -> list[StoredDocument]:
        """The documents that carry this key."""
        return [each for each in self.documents() if key.encode() in each.body]

    def mend(self) -> None:
        """A good cable, a register in order, a fresh connection."""
        self.cut, self.is_cut = None, False
        for each in (self.errors, self.lost, self.forgets, self.works):
            each.clear()
        self.cable.heal()
        self.tasks.reset()

    # --- what a cable brings

    def hear(self, data: bytes) -> bytes:
        self._buffer.feed(data)
        return b"".join(self._answer(piece) for piece in self._buffer if isinstance(piece, Packet))

    def silence(self) -> None:
        self._buffer.clear()

    def power_cut(self) -> None:
        """The memory of tasks is gone; the storage is not."""
        self._results.clear()
        self._working.clear()
        self._buffer.clear()
        self.printer.power_on()
        self.device.power_on()

    def _answer(self, packet: Packet) -> bytes:
        try:
            request = layer.decode_request(packet.data)
        except Malformed:
            return encode(packet.number, layer.Refused(layer.Refusal.ILLEGAL_VALUE).encode())
        response = self._tell(request)
        out = encode(packet.number, response.encode()) if response is not None else b""
        for tid in sorted(self._working):
            if self.random.random() < 0.7:
                self._working.discard(tid)
                told = layer.TidTold(layer.Result.ASYNC_RESULT, tid, self._results[tid][1])
                out += encode(0xF0, told.encode())
        return out

    def _tell(self, request: layer.Request) -> layer.Response | None:
        match request:
            case layer.Abort():
                self._results.clear()
                self._working.clear()
                return layer.Told(layer.Result.RESULT)
            case layer.Acknowledge(tid) if tid in self._results:
                self._results.pop(tid)
                self._working.discard(tid)
                return layer.Told(layer.Result.RESULT)
            case layer.Ask(tid) if tid in self._results:
                return self._told(tid)
            case layer.Add(_, tid, _) if tid in self._results:
                return layer.Refused(layer.Refusal.ALREADY_EXISTS)
            case layer.Add(_, tid, command):
                return self._perform(tid, command)
        return layer.Refused(layer.Refusal.NOT_FOUND)

    def _perform(self, tid: int, command: bytes) -> layer.Response | None:
        code = c.UnknownCommand(command[2:]).code if command[2:] else 0
        self.now += timedelta(milliseconds=20)
        self.asked.append(code)
        if code in self.errors:
            answer = c.ErrorReply(self.errors[code]).encode()
        else:
            answer = self.device.execute(self.replaced.get(command, command), self.now)
            self.performed[code] += 1
            answer = self.answered.get(code, bytes)(answer)
        self._results[tid] = code, answer
        if code in self.works:
            self._working.add(tid)
        if code in self.forgets:
            self.power_cut()
            return None
        return None if code in self.lost else self._told(tid)

    def _told(self, tid: int) -> layer.Response | None:
        code, answer = self._results[tid]
        if tid in self._working:
            return layer.Told(layer.Result.IN_PROGRESS)
        if code in self.lost:
            return None
        is_error = answer[:1] == b"\x55" and answer[1:2] != b"\0" and code != c.StateCode.CODE and len(answer) == 3
        return layer.Told(layer.Result.ERROR if is_error else layer.Result.RESULT, answer)


class Killed(BaseException):
    """The program ends here; nothing of it runs any more."""


class Cut:
    """A port whose cable is cut where the bench says so, and stays so until it is mended."""

    def __init__(self, bench: Wired, port: Port) -> None:
        self._bench, self._port = bench, port
        if bench.is_cut:
            raise Unreachable("device_unreachable", port="bench")

    def write(self, data: bytes) -> None:
        bench = self._bench
        self._check()
        if bench.cut is not None:
            left, when = bench.cut
            if data[4:5] == (b"\xc2" if when == "at Ack" else b"\xc1"):
                bench.cut = left - 1, when
                bench.is_cut = left == 0
            if bench.is_cut and when.endswith("after"):
                self._port.write(data)
            if bench.is_cut and when.startswith("killed"):
                raise Killed
            self._check()
        self._port.write(data)

    def read(self, timeout_s: float) -> bytes | None:
        self._check()
        return self._port.read(timeout_s)

    def close(self) -> None:
        self._port.close()

    def _check(self) -> None:
        if self._bench.is_cut:
            raise PortError("the cable is cut")


def garbage(random: Random) -> bytes:
    """Bytes, some of them packets that are sound and of no exchange of ours."""
    noise = random.randbytes(random.randint(1, 12))
    if random.random() < 0.5:
        return noise
    unasked = b"\xa6" + bytes((random.randrange(60),)) + b"\x55\x00\x00"
    words = [b"\xa3", b"\xa3\x55\x00\x00", b"\xb3", b"\xb2", unasked, unasked, b"\xc4", noise]
    return encode(random.choice((0xF0, 0xF1, 0xE0)), random.choice(words))
