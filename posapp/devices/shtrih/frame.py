"""Frames of the Штрих-М link, version 1 ("standard lower level"): bytes in, frames out, no waiting.

    02 | LEN | command code + data (LEN bytes) | LRC

LEN counts the command code and its data, nothing else. LRC is the XOR of LEN and every byte after it. STX (02) is an
ordinary byte inside a payload, so a frame is found by its length and only then verified: never search for the next STX.

The one-byte LRC is weak: damage to the length byte can make a shorter stretch of bytes pass. Therefore nothing above
this file may believe a payload only because its frame was sound; `commands.py` demands the exact shape of the reply.

Between frames the line carries single control bytes. Some devices put stray FF bytes before them; those are skipped.
Over TCP the acknowledgement and the reply often arrive in one segment, hence a buffer rather than "one read, one
message".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

STX = 0x02
ENQ = 0x05
ACK = 0x06
NAK = 0x15
PAYLOAD_MAX = 255

_CONTROLS = frozenset((ENQ, ACK, NAK))


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose LRC is right. `payload` is the command code and its data, 1…255 bytes."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Control:
    """One of ENQ, ACK, NAK between frames."""

    byte: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """A frame whose LRC is wrong, or whose length byte is zero. Answer with NAK."""

    raw: bytes


Piece = Frame | Control | Damaged


def lrc(data: bytes) -> int:
    """The XOR of LEN and the payload."""
    return reduce(xor, data, 0)


def encode(payload: bytes) -> bytes:
    """The frame of `payload` (1…255 bytes). Raises ValueError outside that."""
    if not 1 <= len(payload) <= PAYLOAD_MAX:
        raise ValueError(f"a v1 frame carries 1…{PAYLOAD_MAX} bytes, not {len(payload)}")
    body = bytes((len(payload),)) + payload
    return bytes((STX,)) + body + bytes((lrc(body),))


class FrameBuffer:
    """Turns a stream of bytes, in whatever portions, into pieces. Never holds more than one frame and its tail."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Adds what the port delivered."""
        self._bytes += data

    def clear(self) -> None:
        """Forgets everything unread, for use after a reconnect."""
        self._bytes.clear()

    @property
    def mid_frame(self) -> bool:
        """Whether a frame has begun that is not complete yet."""
        return bool(self._bytes) and self._bytes[0] == STX

    def next(self) -> Piece | None:
        """The next piece, or None while more bytes are needed. Stray bytes between frames are dropped."""
        while self._bytes and self._bytes[0] != STX and self._bytes[0] not in _CONTROLS:
            del self._bytes[0]
        if not self._bytes:
            return None
        if self._bytes[0] != STX:
            return Control(self._take(1)[0])
        if len(self._bytes) < 2 or len(self._bytes) < self._bytes[1] + 3:
            return None
        raw = self._take(self._bytes[1] + 3)
        if raw[1] == 0 or lrc(raw[1:-1]) != raw[-1]:
            return Damaged(raw)
        return Frame(raw[2:-1])

    def __iter__(self) -> Iterator[Piece]:
        while (piece := self.next()) is not None:
            yield piece

    def _take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken
