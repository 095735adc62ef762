"""What a cable does to answers beyond what the simulated register can: swallow, garble, confuse them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GARBAGE = bytes((0x00, 0xFF, 0x2A, 0x02, 0x07, 0x51, 0x90))


@dataclass
class Mishap:
    """One trouble that waits for the answer to a command; `times` answers suffer."""

    name: str
    code: int
    mode: str  # swallow, garbage, garbage_first, other
    times: int = 1
    is_fired: bool = False


class Wire:
    """The wire of one register: `Register.answers`."""

    def __init__(self, fired: Callable[[str], None]) -> None:
        self._fired = fired
        self._armed: list[Mishap] = []
        self._former: dict[int, bytes] = {}

    def arm(self, mishap: Mishap) -> None:
        """From now on it waits for its moment."""
        self._armed.append(mishap)

    def heal(self) -> None:
        """Nothing is armed any more."""
        self._armed.clear()

    def __call__(self, code: int, data: bytes) -> bytes:
        """What of an answer to `code` reaches the till."""
        mishap = next((each for each in self._armed if each.code in (0, code)), None)
        if mishap is None:
            self._former[code] = data
            return data
        another = next((frame for other, frame in reversed(self._former.items()) if other != code), b"")
        if mishap.mode == "other" and not another:
            return data
        mishap.times -= 1
        if mishap.times <= 0:
            self._armed.remove(mishap)
        if not mishap.is_fired:
            mishap.is_fired = True
            self._fired(mishap.name)
        match mishap.mode:
            case "swallow":
                return b""
            case "garbage":
                return GARBAGE
            case "garbage_first":
                return GARBAGE + data
        return another
