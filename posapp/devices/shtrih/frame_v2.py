"""Frames of the Штрих-М link, version 2 ("alternative lower level"), both ways. No I/O.

    8F | LEN16 | NUM16 | DATA … | CRC16          all little-endian

LEN counts NUM and DATA. A frame of LEN 0 has no NUM: the host's "synchronise", answered with the last answer there is;
LEN 2 is a number without data, the answer of a register that has none yet; LEN 1 does not exist. CRC is CCITT
(polynomial 1021h, begun with FFFFh, not reflected) over LEN, NUM and DATA. After the leading 8F, 8F is sent as 9F 81
and 9F as 9F 83, so that 8F always begins a frame; 9F before anything else spoils the frame it stands in.

There are no acknowledgements. A frame that is not sound is not answered at all.
"""

from __future__ import annotations

from dataclasses import dataclass

START, _ESCAPE = 0x8F, 0x9F
_STUFFED = {START: bytes((_ESCAPE, 0x81)), _ESCAPE: bytes((_ESCAPE, 0x83))}
_PLAIN = {0x81: START, 0x83: _ESCAPE}
_LEN_BYTES = _NUMBER_BYTES = _CRC_BYTES = 2


@dataclass(frozen=True, slots=True)
class Sync:
    """LEN 0: "what was your last answer?"."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A command or an answer under its number, 0…65535; `payload` may be empty."""

    number: int
    payload: bytes


Piece = Sync | Numbered


def crc16(data: bytes) -> int:
    """CRC-16/CCITT, begun with FFFFh."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def encode(piece: Piece) -> bytes:
    """The bytes on the line, stuffed."""
    body = b"" if isinstance(piece, Sync) else piece.number.to_bytes(_NUMBER_BYTES, "little") + piece.payload
    counted = len(body).to_bytes(_LEN_BYTES, "little") + body
    whole = counted + crc16(counted).to_bytes(_CRC_BYTES, "little")
    return bytes((START,)) + b"".join(_STUFFED.get(byte, bytes((byte,))) for byte in whole)


class FrameBuffer:
    """Turns a stream of bytes, in whatever portions, into sound frames; everything else is dropped unanswered."""

    def __init__(self) -> None:
        self._body: bytearray | None = None  # unstuffed bytes after 8F; None between frames
        self._escaped = False
        self._unread = bytearray()

    def feed(self, data: bytes) -> None:
        """Adds what the port delivered."""
        self._unread += data

    def clear(self) -> None:
        """Forgets everything unread."""
        self._body, self._escaped = None, False
        self._unread.clear()

    @property
    def mid_frame(self) -> bool:
        """Whether a frame has begun that is not complete yet."""
        return self._body is not None

    def next(self) -> Piece | None:
        """The next sound frame, or None while more bytes are needed."""
        while self._unread:
            byte = self._unread.pop(0)
            if byte == START:
                self._body, self._escaped = bytearray(), False
            elif self._body is not None:
                self._body = self._with(self._body, byte)
                if self._body is not None and _is_complete(self._body):
                    body, self._body = bytes(self._body), None
                    if (piece := _sound(body)) is not None:
                        return piece
        return None

    def _with(self, body: bytearray, byte: int) -> bytearray | None:
        """The frame with one more byte; None when a wrong escape spoils it."""
        if not self._escaped and byte == _ESCAPE:
            self._escaped = True
            return body
        if self._escaped and byte not in _PLAIN:
            return None
        body.append(_PLAIN[byte] if self._escaped else byte)
        self._escaped = False
        return body


def _is_complete(body: bytearray) -> bool:
    length = int.from_bytes(body[:_LEN_BYTES], "little")
    return len(body) >= _LEN_BYTES and len(body) == _LEN_BYTES + length + _CRC_BYTES


def _sound(body: bytes) -> Piece | None:
    """What a complete frame says; None for one that is not sound."""
    length = int.from_bytes(body[:_LEN_BYTES], "little")
    counted, crc = body[:-_CRC_BYTES], int.from_bytes(body[-_CRC_BYTES:], "little")
    if length == 1 or crc16(counted) != crc:
        return None
    if length == 0:
        return Sync()
    data = counted[_LEN_BYTES:]
    return Numbered(int.from_bytes(data[:_NUMBER_BYTES], "little"), data[_NUMBER_BYTES:])
