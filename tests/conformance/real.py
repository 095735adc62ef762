"""A real register as a world of the suite: what needs no hand at the plug is played on it, the rest is left out by
name.

    pytest tests/conformance --register "shtrih /dev/ttyACM0"
    pytest tests/conformance --register "atol http://192.168.1.5:16732"      (its login in POSAPP_ATOL_LOGIN)
    pytest tests/conformance --register "atol /dev/ttyACM0 wire"

Only a register whose fiscal storage is a debug one is spoken to: its number begins with 9999, and Штрих-М says so by
FF04 besides. Everything that is made on it has no legal force; on another storage every test would be a real receipt.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from posapp.devices.base import Capability, FiscalPrinter
from posapp.devices.flow import drive
from posapp.devices.port import SerialPort
from posapp.devices.registry import AUTO, LINKS, is_web, make_printer
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.link import Link
from posapp.devices.shtrih.link_v2 import LinkV2
from posapp.domain import ffd
from posapp.domain.settlement import Stamp
from posapp.domain.vat import VatRate
from posapp.errors import PosError
from tests.conformance.lines import Line, LinePort
from tests.conformance.processes import ON_THE_WIRE, WIRE_RATES

DEBUG = "9999"
BAUD = "POSAPP_BAUD"
"""The speed of the line, 115200 unless told otherwise."""
LOGIN_VARIABLE = "POSAPP_ATOL_LOGIN"
NO_DOOR = "needs a simulated register"
DOORS = {
    "power": "needs a hand: switch it off and on in the middle",
    "paper": "needs a hand: take the paper out and put it in again",
    "clock": "needs a hand: set its clock, or wait for a day",
    "storage": "needs a hand: a fiscal storage that is full",
    "marking": "needs codes that the marking system knows",
    "faults": "needs a hand: disturb the line",
}


class NotDebug(Exception):
    """This register's fiscal storage makes receipts that count."""


class RealBench:
    """A register on this computer's port. What only a simulator can do skips the test."""

    def __init__(self, given: str) -> None:
        self.model, self.port, self.link = _read(given)
        is_line = self.model == "shtrih" or self.link == "wire"
        self.line = Line() if is_line else None
        self.printer = self.driver()
        self._speaks = self.printer
        self._ffd = ""
        self.can: frozenset[Capability] | None = None
        self._known: dict[int, dict[str, Any]] = {}

    @property
    def ffd(self) -> str:
        """The format that it writes."""
        self._ffd = self._ffd or self.printer.format().text
        return self._ffd

    @property
    def rates(self) -> frozenset[VatRate]:
        """As in processes.py."""
        return WIRE_RATES if self.link == "wire" else frozenset(VatRate)

    @property
    def register(self) -> Any:
        """There is no process to look into."""
        pytest.skip(NO_DOOR)

    @property
    def sees_open(self) -> bool:
        """The web server alone does not tell of an open receipt."""
        return self.link != "web"

    def code(self, opcode: str) -> tuple[str, int]:
        """As in processes.py."""
        return ON_THE_WIRE[opcode] if self.link == "wire" else (opcode, 1)

    def driver(self, **more: Any) -> FiscalPrinter:
        """A driver, not connected yet."""
        line, baud = self.line, int(os.environ.get(BAUD, "115200"))
        if line is not None:
            more["opens"] = lambda: LinePort(SerialPort(self.port, baud), line)
        login = more.pop("login", lambda: os.environ.get(LOGIN_VARIABLE, ""))
        return make_printer(self.model, self.port, link=self.link, baud=baud, login=login, **more)

    def another_driver(self) -> FiscalPrinter:
        """A driver that knows nothing of the one before."""
        self.printer.close()
        self._speaks = self.driver()
        return self._speaks

    def wrong_password(self) -> FiscalPrinter | None:
        """None: a real register may count wrong ones and lock itself."""
        return None

    def fault(self, command: str, do: str, when: str, **more: Any) -> None:
        """Skips the test."""
        pytest.skip(DOORS["faults"])

    def tell(self, door: str, body: object) -> None:
        """Skips the test, but for what is so already."""
        if (door, body) in (("faults", []), ("power", {"on": True}), ("paper", {"state": "ok"}), ("marking", {})):
            return
        pytest.skip(DOORS.get(door, NO_DOOR))

    def be_in_order(self) -> None:
        """The plug in, as far as this program had pulled it."""
        self._speaks = self.printer
        if self.line is not None:
            self.line.mend()

    def tape(self) -> list[str]:
        """Nobody reads its paper."""
        return []

    def documents(self, after: int | None = None) -> list[dict[str, Any]]:
        """What its storage holds beyond this number, read back by the driver: an open eye is better than none, but the
        same one. Without a number: the last hundred."""
        last = self._speaks.last_document_number()
        first = max(0, last - 100) if after is None else after
        for number in range(first + 1, last + 1):  # documents never change: each is read once
            if number not in self._known:
                self._known[number] = self._document(number)
        return [self._known[number] for number in range(first + 1, last + 1)]

    def _document(self, number: int) -> dict[str, Any]:
        found = self._speaks.read_document(number)
        stamp = Stamp.parse(found.stamp or "")
        tlv = self._speaks.document_tlv(number)
        shift = ffd.find(ffd.read_document(tlv).entries, 1038)
        return {
            "number": number,
            "type": found.type,
            "kind": found.kind,
            "total_kopecks": None if found.total is None else found.total.kopecks,
            "sign": found.sign,
            "at": found.at.isoformat(timespec="seconds"),
            "shift": None if shift is None else shift.value,
            "key": None if stamp is None else stamp.key,
            "tlv": base64.b64encode(tlv).decode(),
        }

    def refuse_unless_debug(self) -> None:
        """Raises NotDebug."""
        number = self.printer.connect().storage_number
        if not number.startswith(DEBUG):
            raise NotDebug(f"ФН {number}: not a debug storage (9999…), what is printed here would count")
        if self.model == "shtrih":
            self.printer.close()
            if not _says_debug(lambda: SerialPort(self.port), self.link):
                raise NotDebug(f"ФН {number}: by FF04 it is a serial storage, what is printed here would count")


def _read(given: str) -> tuple[str, str, str]:
    """`shtrih /dev/ttyACM0`, with the link behind it where it is not to be found out."""
    words = given.split()
    if not 2 <= len(words) <= 3 or words[0] not in LINKS or (words[2:] and words[2] not in LINKS[words[0]]):
        raise pytest.UsageError(f"--register takes 'MODEL PORT [LINK]' with {dict(LINKS)}, not {given!r}")
    link = words[2] if words[2:] else AUTO
    if link == AUTO and words[0] == "atol":
        link = "web" if is_web(words[1]) else "library"
    return words[0], words[1], link


def _says_debug(open_port: Callable[[], Any], link: str) -> bool:
    """FF04 by itself, before the driver is used for anything."""
    command = c.StorageVersion(30)
    for each in (LinkV2,) if link == "v2" else (Link,) if link == "v1" else (Link, LinkV2):
        port = open_port()
        try:
            reply = command.decode_reply(drive(each().exchange(command.encode(), 5.0, repeats=True), port))
            return isinstance(reply, c.StorageVersionReply) and reply.kind == 0
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no "debug"
            last: Exception = error
        finally:
            port.close()
    raise NotDebug(f"FF04 was not answered: {last}")


def opened(given: str) -> Iterator[RealBench]:
    """The register, when it may be used; else the whole run ends here."""
    made = RealBench(given)
    try:
        made.refuse_unless_debug()
    except (NotDebug, PosError) as error:
        made.printer.close()
        said = error.message() if isinstance(error, PosError) else str(error)
        pytest.exit(f"{given}: {said}", returncode=pytest.ExitCode.USAGE_ERROR)
    yield made
    made.printer.close()
