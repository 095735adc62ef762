"""What a simulated register's line is to the process that owns the port, whatever protocol it speaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.printer import Printer


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes for the host."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that the register takes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is cut; a carrier that knows no connections loses what was to be sent, nothing else."""


Step = Reply | Pause | HangUp


class Line(Protocol):
    """A register behind a line: bytes in, steps out."""

    printer: Printer
    faults: Faults
    is_on: bool

    @property
    def actions(self) -> frozenset[str]:
        """What a fault may do on this line."""
        ...

    def receive(self, data: bytes, now: datetime) -> Iterator[Step]:
        """What the register does with these bytes, in order. They may be any part of what the host sends."""
        ...

    def while_busy(self, data: bytes) -> bytes:
        """Bytes that come while it takes its time; what is answered at once."""
        ...

    def before_answer(self, data: bytes) -> bytes:
        """Bytes that came before a single byte of the answer had left; what of them is still to be received."""
        ...

    def forget_half_frame(self) -> None:
        """The host stopped in the middle of a frame, or its connection ended."""
        ...

    def new_connection(self) -> None:
        """Another host may come over a carrier that knows connections."""
        ...

    def power_off(self) -> None:
        """The register goes dark: no byte is answered."""
        ...

    def power_on(self) -> None:
        """And comes back."""
        ...
