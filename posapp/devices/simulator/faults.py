"""Faults of a simulated register: which command goes wrong, when, and how. A list, given at start or at run time.

    [{"command": "FF45", "nth": 1, "when": "after_commit", "do": "drop_reply"}]

`command` is the opcode in hex ("*" = any), `nth` the how-manieth such command since the fault was set (1 = the next),
`times` for how many in a row (1; 0 = for ever). `when` is `before` the command is executed or `after_commit`, when
its effect is durable and only the reply is still to come; left out, it is what the fault usually means. What they `do`:

    drop_command   (before) the frame never arrived: no acknowledgement, nothing executed
    drop_reply     (after_commit) the reply is lost on the wire; the register still has it for the next ENQ
    delay          (before) everything is right, `value` seconds later
    flip           (after_commit) one bit of byte number `value` (0 = STX) of the reply frame is wrong;
                   before: a bit of the command is, which is refused with NAK and not executed
    truncate       (after_commit) only the first `value` bytes of the reply frame are sent;
                   before: the command's frame is cut, so it never arrives
    error          (before) the reply is error byte `value`, 39h by default, and nothing is executed;
                   after_commit: executed all the same
    power_off      (before) the register goes dark until it is switched on again
    paper_out      (before) the paper ends; after the commit, in the middle of the print
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BEFORE, AFTER_COMMIT = "before", "after_commit"
ACTIONS = frozenset(
    ("drop_command", "drop_reply", "delay", "flip", "truncate", "error", "power_off", "paper_out"),
)
_LATE = frozenset(("drop_reply", "flip", "truncate", "garbage", "huge", "lie"))
_DEFAULTS = {"delay": 1.0, "flip": 2, "truncate": 3, "error": 0x39}


class BadFault(ValueError):
    """A fault that cannot be understood; the text says which part."""


@dataclass(slots=True)
class Fault:
    """One fault, and how many commands it has seen (`seen`)."""

    command: str
    do: str
    when: str = BEFORE
    nth: int = 1
    times: int = 1
    value: float | int = 0
    seen: int = 0

    def strikes(self, code: int | str) -> bool:
        """Counts this command (its opcode, or its name where commands have names); True when it goes wrong."""
        if self.command not in ("*", f"{code:02X}" if isinstance(code, int) else code):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


def opcode(text: str) -> str | None:
    """A command as an opcode in hex, or `*`; None for anything else."""
    command = text.upper().removeprefix("0X").removesuffix("H")
    is_hex = len(command) in (2, 4) and all(digit in "0123456789ABCDEF" for digit in command)
    return command if is_hex or command == "*" else None


def parse(
    faults: object, command_of: Callable[[str], str | None] = opcode, actions: frozenset[str] = ACTIONS
) -> list[Fault]:
    """Faults from decoded JSON, a list of objects. BadFault tells what is wrong.

    `command_of` and `actions` are for devices whose commands have names (`sell`), or that can do more wrong.
    """
    if not isinstance(faults, list):
        raise BadFault("faults are a list")
    return [_parse_one(number, each, command_of, actions) for number, each in enumerate(faults)]


def _parse_one(number: int, given: object, command_of: Callable[[str], str | None], actions: frozenset[str]) -> Fault:
    if not isinstance(given, Mapping):
        raise BadFault(f"fault {number} is not an object")
    unknown = set(given) - {"command", "do", "when", "nth", "times", "value"}
    if unknown:
        raise BadFault(f"fault {number}: unknown {', '.join(sorted(unknown))}")
    usual = AFTER_COMMIT if given.get("do") in _LATE else BEFORE
    fields: dict[str, Any] = {"when": usual, "nth": 1, "times": 1, **given}
    command = command_of(str(fields.get("command", "")))
    if command is None:
        raise BadFault(f"fault {number}: command is {'an opcode in hex' if command_of is opcode else 'a name'}, or *")
    if fields.get("do") not in actions:
        raise BadFault(f"fault {number}: do is one of {', '.join(sorted(actions))}")
    if fields["when"] not in (BEFORE, AFTER_COMMIT):
        raise BadFault(f"fault {number}: when is before or after_commit")
    value = fields.get("value")
    if value is None:
        value = _DEFAULTS.get(fields["do"], 0)
    for name, least, field in (("nth", 1, fields["nth"]), ("times", 0, fields["times"]), ("value", 0, value)):
        whole = isinstance(field, int) or (name == "value" and isinstance(field, float))
        if isinstance(field, bool) or not whole or field < least:
            raise BadFault(f"fault {number}: {name} is a number of at least {least}")
    return Fault(command, fields["do"], fields["when"], fields["nth"], fields["times"], value)


class Faults:
    """The faults that are set now."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Sets other faults; counting starts anew."""
        self._faults = list(faults)

    def strike(self, code: int | str) -> dict[str, list[Fault]]:
        """The faults that hit this command, by when; every fault that knows the command has counted it."""
        hit = [fault for fault in self._faults if fault.strikes(code)]
        return {when: [fault for fault in hit if fault.when == when] for when in (BEFORE, AFTER_COMMIT)}
