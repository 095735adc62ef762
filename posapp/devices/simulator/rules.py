"""How the handlers of commands stand to the register: refusals, modes, who may what, and the list of handlers.

`service.py`, `selling.py` and `fiscal.py` register their handlers here; `printer.py` calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from posapp.devices.shtrih import commands as c

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

BAD_PARAMETER, UNSUPPORTED, BAD_LENGTH = 0x33, 0x37, 0x7E
WRONG_PASSWORD, PRINTING, WAITS_CONTINUE, NO_PAPER = 0x4F, 0x50, 0x58, 0x6B
WRONG_SUBMODE, WRONG_MODE, RECEIPT_OPEN, RECEIPT_CLOSED = 0x72, 0x73, 0x4A, 0x55
SHIFT_CLOSED, SHIFT_EXPIRED = 0x3D, 0x4E
WRONG_STORAGE_STATE, TAG_MISSING = 0x02, 0xAA
PAID_SHORT, CASHLESS_OVER = 0x45, 0x4D

MODE_READING, MODE_OPEN, MODE_EXPIRED, MODE_CLOSED, MODE_DATE, MODE_DOCUMENT = 1, 2, 3, 4, 6, 8
NON_FISCAL = 4
READY, OUT, OUT_WHILE_PRINTING, CONTINUE, BUSY = 0, 1, 2, 3, 5

ADMINISTRATOR, SYSTEM = 29, 30
"""The operators of table 2 that have more rights than cashiers."""


class Refuse(Exception):
    """The register says no; `code` is the error byte."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}h")
        self.code = code


C = TypeVar("C", bound=c.Command[Any])
C_co = TypeVar("C_co", bound=c.Command[Any], covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[C_co]):
    """One command on its way: `at` is the register's own clock, `operator` is 0 for commands without password."""

    printer: Printer
    command: C_co
    at: datetime
    operator: int

    def done(self) -> c.Reply:
        """The reply without data of this command: with the operator's number where it has one."""
        code = self.command.CODE
        if self.command.REPLY is c.OperatorReply:
            return c.OperatorReply(code, self.operator)
        return c.Done(code)


AnyCall = Call[c.AnyCommand]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one command is handled. `at_least`: the lowest operator; `prints`: needs paper and an idle printer;
    `takes_time`: the whole document is printed now, which keeps the printer busy for its print time;
    `always`: legal in every mode, also while a document is read or the date waits to be confirmed."""

    handler: Callable[[Call[Any]], c.Reply]
    at_least: int
    prints: bool
    takes_time: bool
    always: bool


RULES: dict[type[c.Command[Any]], Rule] = {}


def handles(
    kind: type[C], *, at_least: int = 1, prints: bool = False, takes_time: bool = False, always: bool = False
) -> Callable[[Callable[[Call[C]], c.Reply]], Callable[[Call[C]], c.Reply]]:
    """Registers the handler of a command; see `Rule`."""

    def register(handler: Callable[[Call[C]], c.Reply]) -> Callable[[Call[C]], c.Reply]:
        RULES[kind] = Rule(handler, at_least, prints or takes_time, takes_time, always)
        return handler

    return register


def roubles(kopecks: int) -> str:
    """`1234.50`, as printed."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"
