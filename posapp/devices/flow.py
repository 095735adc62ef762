"""A conversation with a device is a generator; this is the one loop that pumps it.

A link yields `Send` (write these bytes) and `Await` (give me what arrives within that time) and receives the bytes, or
None when the time is over. Time enters as a number in a step, so links need no clock and their tests no sleeping.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes. Answered with None."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for bytes, at most `timeout_s`. Answered with at least one byte, or None when the time is over."""

    timeout_s: float


Step = Send | Await
Flow = Generator[Step, bytes | None, T]


class Port(Protocol):
    """A two-way byte stream. Raises PortError when the cable, the socket or the process behind it is gone."""

    def write(self, data: bytes) -> None:
        """Writes all of it."""
        ...

    def read(self, timeout_s: float) -> bytes | None:
        """What arrives within the time, as soon as anything does; None when nothing did."""
        ...

    def close(self) -> None:
        """Closes it; safe to call twice."""
        ...


class PortError(Exception):
    """The stream broke. Whether anything was sent is for the link to say."""


def drive(flow: Flow[T], port: Port) -> T:
    """Runs a conversation to its end and returns its result. Errors of the port are thrown into the conversation."""
    answer: bytes | None = None
    failure: PortError | None = None
    while True:
        try:
            step = flow.send(answer) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        answer, failure = None, None
        try:
            if isinstance(step, Send):
                port.write(step.data)
            else:
                answer = port.read(step.timeout_s)
        except PortError as error:
            failure = error
