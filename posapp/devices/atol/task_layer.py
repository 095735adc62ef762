"""The messages of АТОЛ's task layer: what the data of a packet is.

The device keeps a buffer of tasks, each under a number (TID) that the host gives it. The host adds a task (`Add`), may
ask for its result again (`Ask`), and lets the device forget it (`Acknowledge`); `Abort` empties the buffer. A task that
the device knows is never performed a second time, which is what makes a repeated question safe – as long as the device
remembers: `Refused` with NOT_FOUND means that it does not, and never that the task was not performed.

Hosts send `Add`, `Acknowledge`, `Ask`, `Abort`, `AcknowledgeAdd`; devices answer `Told`, `TidTold` or `Refused`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from posapp.devices.fields import Malformed


class TaskFlag(IntFlag):
    """How a task is to be done."""

    NEED_RESULT = 1
    """Keep the result until it is acknowledged."""
    IGNORE_ERROR = 2
    """An error does not stop the tasks behind it."""
    WAIT_ASYNC = 4
    """Answer only when what goes on in the background has ended."""


class Result(IntEnum):
    """The first byte of what a device says."""

    PENDING = 0xA1
    IN_PROGRESS = 0xA2
    RESULT = 0xA3
    ERROR = 0xA4
    STOPPED = 0xA5
    ASYNC_RESULT = 0xA6
    ASYNC_ERROR = 0xA7
    WAITING = 0xA8


WITH_TID: Final = frozenset((Result.STOPPED, Result.ASYNC_RESULT, Result.ASYNC_ERROR))
"""Those that name their task."""


class Refusal(IntEnum):
    """Why the device's buffer takes no such request."""

    OVERFLOW = 0xB1
    ALREADY_EXISTS = 0xB2
    NOT_FOUND = 0xB3
    ILLEGAL_VALUE = 0xB4


TID_MAX: Final = 0xDE
"""The greatest number that the drivers seen so far have given a task."""

_ADD, _ACKNOWLEDGE, _ASK, _ABORT, _ACKNOWLEDGE_ADD = 0xC1, 0xC2, 0xC3, 0xC4, 0xC5


@dataclass(frozen=True, slots=True)
class Add:
    """C1h: perform this command; `data` is what `Command.encode` gives."""

    flags: int
    tid: int
    data: bytes

    def encode(self) -> bytes:
        """``C1 | flags | TID | command``."""
        return bytes((_ADD, self.flags, self.tid)) + self.data


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """C2h: the result has arrived, forget the task."""

    tid: int

    def encode(self) -> bytes:
        """``C2 | TID``."""
        return bytes((_ACKNOWLEDGE, self.tid))


@dataclass(frozen=True, slots=True)
class Ask:
    """C3h: what has become of this task?"""

    tid: int

    def encode(self) -> bytes:
        """``C3 | TID``."""
        return bytes((_ASK, self.tid))


@dataclass(frozen=True, slots=True)
class Abort:
    """C4h: forget all tasks; what is being performed ends first."""

    def encode(self) -> bytes:
        """``C4``."""
        return bytes((_ABORT,))


@dataclass(frozen=True, slots=True)
class AcknowledgeAdd:
    """C5h: acknowledges a task and adds one. Its fields were never seen; `data` is everything behind the byte."""

    data: bytes

    def encode(self) -> bytes:
        """``C5 | …``."""
        return bytes((_ACKNOWLEDGE_ADD,)) + self.data


Request = Add | Acknowledge | Ask | Abort | AcknowledgeAdd


@dataclass(frozen=True, slots=True)
class Told:
    """A1, A2, A3, A4 or A8; `data` is the answer to the command where there is one."""

    result: Result
    data: bytes = b""

    def encode(self) -> bytes:
        """``result | answer``."""
        return bytes((self.result,)) + self.data


@dataclass(frozen=True, slots=True)
class TidTold:
    """A5, A6 or A7: the same with the task's number; A6 and A7 come unasked, in packets of the device's own number."""

    result: Result
    tid: int
    data: bytes = b""

    def encode(self) -> bytes:
        """``result | TID | answer``."""
        return bytes((self.result, self.tid)) + self.data


@dataclass(frozen=True, slots=True)
class Refused:
    """B1…B4: the buffer refuses the request; nothing is performed because of it."""

    reason: Refusal

    def encode(self) -> bytes:
        """``reason``."""
        return bytes((self.reason,))


Response = Told | TidTold | Refused


def decode_request(data: bytes) -> Request:
    """What a host says. Malformed for anything else."""
    kind, rest = data[:1], data[1:]
    match kind:
        case b"\xc1" if len(rest) >= 2:
            return Add(rest[0], rest[1], rest[2:])
        case b"\xc2" if len(rest) == 1:
            return Acknowledge(rest[0])
        case b"\xc3" if len(rest) == 1:
            return Ask(rest[0])
        case b"\xc4" if not rest:
            return Abort()
        case b"\xc5":
            return AcknowledgeAdd(rest)
    raise Malformed(f"not a request of the task layer: {data[:8].hex(' ')}")


def decode_response(data: bytes) -> Response:
    """What a device says. Malformed for anything else."""
    if not data:
        raise Malformed("an empty answer")
    code, rest = data[0], data[1:]
    if code in _RESULTS and code not in WITH_TID:
        return Told(Result(code), rest)
    if code in WITH_TID and rest:
        return TidTold(Result(code), rest[0], rest[1:])
    if code in _REFUSALS and not rest:
        return Refused(Refusal(code))
    raise Malformed(f"not an answer of the task layer: {data[:8].hex(' ')}")


_RESULTS = frozenset(int(each) for each in Result)
_REFUSALS = frozenset(int(each) for each in Refusal)
