"""A register that lives in memory, and short words for what is done to it."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd

R = TypeVar("R", bound=c.Reply)
BORN = datetime(2026, 11, 20, 9, 0)
PASSWORD = 30


class Bench:
    """A register and a clock that stands still until it is moved."""

    def __init__(self, version: Ffd = Ffd.V1_05) -> None:
        self.printer = Printer(identity_of(10_012_345), BORN, ffd=version)
        self.now = BORN + timedelta(minutes=1)

    def send(self, command: c.AnyCommand | c.UnknownCommand) -> c.Reply | c.ErrorReply:
        return self.printer.execute(command, self.now)

    def ok(self, command: c.Command[R]) -> R:
        """The positive reply, seen through the codec as a driver sees it."""
        reply = command.decode_reply(self.send(command).encode())
        assert not isinstance(reply, c.ErrorReply), f"{command} → {reply.error:02X}h"
        return reply

    def refusal(self, command: c.AnyCommand) -> int:
        """The error byte; whatever is refused must change nothing."""
        self.ok(c.ShortStatus(PASSWORD))  # whatever time alone changes has changed
        before = self.printer.as_dict(), self.printer.storage.last_number
        reply = self.send(command)
        assert isinstance(reply, c.ErrorReply), f"{command} → {reply}"
        assert (self.printer.as_dict(), self.printer.storage.last_number) == before
        return reply.error

    @property
    def mode(self) -> int:
        return self.ok(c.ShortStatus(PASSWORD)).mode

    @property
    def submode(self) -> int:
        return self.ok(c.ShortStatus(PASSWORD)).submode

    def open_shift(self) -> None:
        self.ok(c.OpenShift(PASSWORD))

    def last(self) -> StoredDocument:
        return self.printer.storage.documents[-1]

    def tags(self) -> list[int]:
        """The tags of the last document, in their order."""
        return [entry.tag for entry in ffd.read_document(self.last().tlv).entries]

    def value(self, *path: int) -> Any:
        """A tag of the last document."""
        entry = ffd.find(ffd.read_document(self.last().tlv).entries, *path)
        return None if entry is None else entry.value


def item(kopecks: int = 10_000, **changed: Any) -> c.Operation:
    """FF46 of one piece at 22 % unless told otherwise."""
    fields: dict[str, Any] = {
        "password": PASSWORD,
        "kind": 1,
        "quantity_micro": 1_000_000,
        "price_kopecks": kopecks,
        "sum_kopecks": None,
        "tax_kopecks": None,
        "rate_byte": c.RATE_BYTE[11],
        "department": 1,
        "payment_method": 4,
        "payment_object": 1,
        "name": "Товар",
    }
    return c.Operation(**{**fields, **changed})


def pay(cash: int = 0, card: int = 0, prepaid: int = 0, credit: int = 0, other: int = 0, **more: Any) -> c.CloseReceipt:
    """FF45."""
    payments = (cash, card, *(0,) * 11, prepaid, credit, other)
    return c.CloseReceipt(PASSWORD, payments, **more)
