"""The uuid under which one try is sent to a register that keeps a queue (rule 9): noted before, ended before reading.

A new try has a new uuid and carries the same key. Registers that take none have none, and nothing is noted for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posapp.till.context import Till

NOTED = "request"
"""Under which name the uuid stands in an attempt's evidence, or among the facts of an operation."""


@dataclass(frozen=True, slots=True)
class Request:
    """One try: its uuid, "" where the register takes none. `noted` goes into the journal before anything is sent."""

    uuid: str

    @property
    def noted(self) -> dict[str, object]:
        """What is kept of it."""
        return {NOTED: self.uuid} if self.uuid else {}


def fresh(till: Till) -> Request:
    """For the next try."""
    return Request(str(till.new_id()) if till.printer.takes_requests else "")


def end(till: Till, noted: Mapping[str, object]) -> None:
    """Returns when what was sent under the noted uuid can no longer run. Raises Unreachable, Refused while it may."""
    uuid = noted.get(NOTED)
    if isinstance(uuid, str) and uuid:
        till.printer.end_request(uuid)
