"""Packets of the АТОЛ link, version 3: bytes in, packets out, no waiting.

    FE | LEN low, LEN high | ID | data (LEN bytes) | CRC

LEN counts the data before escaping, seven bits a byte, so that neither byte can be FE. ID is chosen by the host, one
more for each packet; the device answers under the same ID, and gives what it sends unasked an ID of its own, from
`UNASKED` on. From the data on, the CRC included, FE is written FD EE and FD is written FD ED: a bare FE always begins a
packet, which is how the stream is found again after damage.

The CRC (polynomial 31h, start FFh, not reflected) goes over ID and data as they are before escaping. It does not
cover LEN: damage there makes the reader take a stretch of another length, which one CRC in 256 lets pass. Therefore
nothing above this file may believe data only because its packet was sound; `commands.py` demands the exact shape.

After connecting over TCP the vendor's driver sends thirteen foreign bytes first; what stands before FE is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

START = 0xFE
ESCAPE = 0xFD
_ESCAPED_START, _ESCAPED_ESCAPE = 0xEE, 0xED
_MEANINGS = {_ESCAPED_START: START, _ESCAPED_ESCAPE: ESCAPE}

DATA_MAX = 0x3FFF
"""What two bytes of seven bits can count."""
ID_LAST = 0xDE
"""The host's numbers go 0…DEh and begin anew."""
UNASKED = 0xF0
"""What the device may call a packet that answers nothing; the vendor's driver takes it. Real ones are not known."""
_HEAD = 4
_POLYNOMIAL = 0x31


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet whose CRC is right."""

    number: int
    """Its ID."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """A stretch from one FE on that is no packet: wrong CRC, wrong length, wrong escape. It counts as not received."""

    raw: bytes


Piece = Packet | Damaged


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 ^ _POLYNOMIAL if byte & 0x80 else byte << 1) & 0xFF
    return byte


_CRCS = bytes(_crc_of(byte) for byte in range(256))


def crc8(data: bytes) -> int:
    """The checksum over ID and data."""
    crc = 0xFF
    for byte in data:
        crc = _CRCS[crc ^ byte]
    return crc


def next_number(number: int) -> int:
    """The host's ID after this one."""
    return 0 if number >= ID_LAST else number + 1


def encode(number: int, data: bytes) -> bytes:
    """The packet of `data` (1…16383 bytes) under this ID. Raises ValueError for what no packet can carry."""
    if not 1 <= len(data) <= DATA_MAX:
        raise ValueError(f"a packet carries 1…{DATA_MAX} bytes, not {len(data)}")
    if not 0 <= number <= 0xFF or number == START:
        raise ValueError(f"{number} cannot be the number of a packet")
    checked = bytes((number,)) + data
    head = bytes((START, len(data) & 0x7F, len(data) >> 7, number))
    return head + _escaped(data + bytes((crc8(checked),)))


def _escaped(data: bytes) -> bytes:
    escape = bytes((ESCAPE,))
    data = data.replace(escape, escape + bytes((_ESCAPED_ESCAPE,)))
    return data.replace(bytes((START,)), escape + bytes((_ESCAPED_START,)))


class FrameBuffer:
    """Turns a stream of bytes, in whatever portions, into pieces. Never holds more than one packet and its tail."""

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
        """Whether a packet has begun that is not complete yet."""
        return bool(self._bytes) and self._bytes[0] == START

    def next(self) -> Piece | None:
        """The next piece, or None while more bytes are needed. What stands before FE is dropped."""
        begins = self._bytes.find(START)
        del self._bytes[: len(self._bytes) if begins < 0 else begins]
        another = self._bytes.find(START, 1)  # FE is never inside a packet
        present = self._bytes if another < 0 else self._bytes[:another]
        cut_off = another >= 0
        if len(present) < _HEAD:
            return self._damaged(another) if cut_off else None
        low, high, number = present[1:_HEAD]
        length = low | high << 7
        if low > 0x7F or high > 0x7F or length == 0:
            return self._damaged(len(present))
        plain = bytearray()
        at = _HEAD
        while len(plain) <= length and at < len(present):
            byte = present[at]
            at += 1
            if byte == ESCAPE:
                if at == len(present):
                    break
                if present[at] not in _MEANINGS:
                    return self._damaged(len(present))
                byte = _MEANINGS[present[at]]
                at += 1
            plain.append(byte)
        if len(plain) <= length:
            return self._damaged(another) if cut_off else None
        if crc8(bytes((number,)) + plain[:-1]) != plain[-1]:
            return self._damaged(at)
        del self._bytes[:at]
        return Packet(number, bytes(plain[:-1]))

    def __iter__(self) -> Iterator[Piece]:
        while (piece := self.next()) is not None:
            yield piece

    def _damaged(self, count: int) -> Damaged:
        raw = bytes(self._bytes[:count])
        del self._bytes[:count]
        return Damaged(raw)
