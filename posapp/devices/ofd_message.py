"""The envelope of a message between a fiscal storage and its OFD; what is in it neither we nor a register can read.

    2A 08 41 0A | 81 A2 | format 2 | storage number 16 ASCII | length 2 LE | flags 2 LE | CRC 2 LE | body

Source: the operators' published exchange protocol, as several open drivers spell it; the vendor's own driver carries
what FF31 gives to the OFD as it is and hands the answer, thirty bytes and as many more as they say, to FF33. Pure.
"""

from __future__ import annotations

SIGNATURE = bytes.fromhex("2A08410A81A2")
HEAD = 30
BODY_MAX = 32 * 1024
"""More than any document of a storage; an answer that says more is none."""
_NUMBER, _LENGTH, _CRC = slice(8, 24), slice(24, 26), slice(28, 30)


class NoMessage(ValueError):
    """The bytes are no message of this storage."""


def length_of(head: bytes, storage_number: str) -> int:
    """How many bytes follow the thirty of a head. Raises NoMessage for another storage's, or what is none."""
    if len(head) < HEAD or head[: len(SIGNATURE)] != SIGNATURE:
        raise NoMessage("no signature")
    if head[_NUMBER].rstrip(b" ") != storage_number.encode("ascii", "replace"):
        raise NoMessage("another storage's number")
    length = int.from_bytes(head[_LENGTH], "little")
    if length > BODY_MAX:
        raise NoMessage(f"{length} bytes are too many")
    return length


def require_whole(message: bytes, storage_number: str) -> bytes:
    """The message, when it has exactly the length that its head says. Raises NoMessage."""
    if len(message) != HEAD + length_of(message[:HEAD], storage_number):
        raise NoMessage(f"{len(message)} bytes")
    return message


def enveloped(body: bytes, storage_number: str, version: bytes = b"\x01\x05", flags: int = 0x14) -> bytes:
    """A message with this body; its CRC is left zero, as drivers leave it where the flags ask for none."""
    number = storage_number.encode("ascii").ljust(16, b" ")
    head = SIGNATURE + version + number + len(body).to_bytes(2, "little") + flags.to_bytes(2, "little") + b"\0\0"
    return head + body
