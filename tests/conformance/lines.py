"""What this program says on one register's line: cut where a test says so, and counted, so that nobody waits for a
silence that is certain. For lines of bytes only: link v1 and v2 of Штрих-М, АТОЛ's raw protocol.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from posapp.devices.atol import frame as atol_frame
from posapp.devices.flow import Port, PortError
from posapp.devices.shtrih import frame, frame_v2

LOOK_S = 0.01
"""How long a line is silent before the register is asked whether anything is under way."""
SETTLE_S = 5.0
_TASK_ADDED = b"\xc1"


def command_in(data: bytes) -> bytes:
    """The command that a frame or packet of any link carries, nothing for other bytes."""
    if data[:1] == bytes((frame.STX,)):
        return data[2:-1]
    if data[:1] == bytes((atol_frame.START,)):
        packets = atol_frame.FrameBuffer()
        packets.feed(data)
        packet = packets.next()
        return packet.data[5:] if isinstance(packet, atol_frame.Packet) and packet.data[:1] == _TASK_ADDED else b""
    if data[:1] == bytes((frame_v2.START,)):
        numbered = frame_v2.FrameBuffer()
        numbered.feed(data)
        piece = numbered.next()
        return piece.payload if isinstance(piece, frame_v2.Numbered) else b""
    return b""


Lie = Callable[[bytes], bytes]
"""The payload of an answer → what comes in its place, in a sound frame. Links of Штрих-М only."""


@dataclass
class Line:
    """The line of one register, over all ports that are opened on it.

    `counts` asks the register how many bytes it has dealt with and said (`/_sim/line`); None where a port itself knows
    when nothing is under way, and on real registers, whose silence is waited for.
    """

    counts: Callable[[], dict[str, int]] | None = None
    is_cut: bool = False
    sent: list[bytes] = field(default_factory=list)
    """Frames that carried a command, as they left, since the last `watch`."""
    written: int = 0
    """How many bytes have left over all its ports."""
    _at: tuple[bytes, int, bool] | None = None
    _lie: tuple[bytes, Lie] | None = None

    def watch(self) -> None:
        """Counts from here on."""
        self.sent.clear()

    def cut_at(self, opcode: str, *, nth: int = 1, sent: bool) -> None:
        """At the `nth` such command from now on: just before its frame leaves, or (`sent`) just after."""
        self._at = bytes.fromhex(opcode), nth, sent

    def lie_about(self, opcode: str, lie: Lie) -> None:
        """The next answers to this command are changed."""
        self._lie = bytes.fromhex(opcode), lie

    def mend(self) -> None:
        """The plug is in again, and what comes is true."""
        self._at, self.is_cut, self._lie = None, False, None

    def carried(self, opcode: str) -> int:
        """How many different frames with this command have left: on v2 a repeated one is the same to the byte."""
        found = [each for each in self.sent if command_in(each).startswith(bytes.fromhex(opcode))]
        is_numbered = bool(found) and found[0][0] == frame_v2.START
        return len(set(found)) if is_numbered else len(found)

    # --- for ports

    def settled(self) -> dict[str, int]:
        """The register's counts once it has dealt with what was said through the port before. What a cut connection has
        swallowed is not waited for longer than `SETTLE_S`."""
        if self.counts is None:
            return {}
        deadline = time.monotonic() + SETTLE_S
        while (now := self.counts())["heard"] < self.written and not now["is_busy"] and time.monotonic() < deadline:
            continue
        if not now["is_busy"]:
            self.written = now["heard"]
        return {**now, "heard": self.written}

    def before(self, data: bytes) -> bool:
        """Counts a portion that is about to leave; whether the plug is pulled just after it."""
        self.check()
        command = command_in(data)
        if not command:
            return False
        is_last = False
        if self._at is not None and command.startswith(self._at[0]):
            opcode, left, after = self._at
            self._at = opcode, left - 1, after
            if left == 1:
                self.is_cut = not after
                is_last = after
        self.check()
        self.sent.append(data)
        return is_last

    def check(self) -> None:
        """Raises PortError while the plug is out."""
        if self.is_cut:
            raise PortError("the cable is cut")

    def lies(self) -> bool:
        """Whether answers are changed now."""
        return self._lie is not None

    def told(self, payload: bytes) -> bytes:
        """What is made of an answer."""
        return self._lie[1](payload) if self._lie is not None and payload.startswith(self._lie[0]) else payload


class LinePort:
    """A port on such a line; see `posapp.devices.flow.Port`."""

    def __init__(self, inner: Port, line: Line) -> None:
        self._inner, self._line = inner, line
        self._written, self._read = 0, 0
        self._base = line.settled()
        self._frames, self._numbered, self._is_v2 = frame.FrameBuffer(), frame_v2.FrameBuffer(), False

    def write(self, data: bytes) -> None:
        """Writes, where the plug is in."""
        is_last = self._line.before(data)
        self._is_v2 = data[:1] == bytes((frame_v2.START,))
        self._inner.write(data)
        self._written += len(data)
        self._line.written += len(data)
        if is_last:
            self._line.is_cut = True
            self._line.check()

    def read(self, timeout_s: float) -> bytes | None:
        """What comes; None as soon as it is certain that nothing does."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._line.check()
            left = deadline - time.monotonic()
            data = self._inner.read(min(max(left, 0.001), LOOK_S) if self._line.counts is not None else timeout_s)
            if data is not None:
                self._read += len(data)
                data = self._changed(data) if self._line.lies() else data
                if data:
                    return data
            elif left <= LOOK_S or self._is_silent():
                return None

    def _changed(self, data: bytes) -> bytes:
        """The whole frames and single bytes that are there by now, their answers changed."""
        out = b""
        if self._is_v2:
            self._numbered.feed(data)
            while (numbered := self._numbered.next()) is not None:
                if isinstance(numbered, frame_v2.Numbered):
                    out += frame_v2.encode(frame_v2.Numbered(numbered.number, self._line.told(numbered.payload)))
            return out
        self._frames.feed(data)
        while (piece := self._frames.next()) is not None:
            match piece:
                case frame.Frame(payload):
                    out += frame.encode(self._line.told(payload))
                case frame.Control(byte):
                    out += bytes((byte,))
                case frame.Damaged(raw):
                    out += raw
        return out

    def close(self) -> None:
        """Closes it."""
        self._inner.close()

    def _is_silent(self) -> bool:
        """Whether the register has dealt with all that we have said, and we have heard all that it has said."""
        if self._line.counts is None:
            return True
        now = self._line.counts()
        heard, said = (now[name] - self._base[name] for name in ("heard", "said"))
        return not now["is_busy"] and heard >= self._written and said <= self._read
