"""A register that is found again when its port is not where it was: renumbered, plugged into another jack, readdressed.

`MovingPrinter` stands before a driver and passes everything on. When the till asks it to connect and the port does not
open, nobody answers, or somebody else does, the register is looked for by its *factory number*, first where USB shows
the same chip; found, the driver goes on there and the new place is kept. Not found: whoever answers is told to the
till, which refuses it by both numbers. No other register is ever taken for ours, and none is ever printed on.

Searching happens only between the till's own calls (`connect`, `reset_link`): never while a receipt or an operation is
under way, and only along the same kind of line, where nothing that was sent before can still arrive. It is bounded
(`SEEK_S`), and a search in vain is repeated ever more rarely until something is plugged in or out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

from posapp.devices.base import FiscalPrinter
from posapp.devices.candidates import (
    KNOWN_TCP,
    Candidate,
    Carrier,
    carrier_of,
    known_as,
    neighbours,
    serial_candidates,
    usb_at,
)
from posapp.devices.discovery import SPEEDS, Finding, Question, State, find
from posapp.devices.flow import Port
from posapp.devices.port import TCP, SerialPort
from posapp.devices.usb_identity import Foreign, UsbIdentity
from posapp.domain.fiscal import DeviceIdentity
from posapp.errors import DeviceError, ProtocolError, Refused, Unreachable

SEEK_S = 4.0
PERSON_S = 10.0
PAUSE_S = 15.0
PAUSE_MAX_S = 600.0
SILENT_MAX = 3
"""So often a port that says nothing is asked by itself, until it is plugged anew: it may be a set of scales."""
FACTORY_SPEEDS = (115_200, 4_800)
"""What a register goes back to when it is reset."""

_LOOKS = frozenset(
    (
        *("status", "wait_until_idle", "open_document", "cash_totals", "shift_counters", "last_document_number"),
        *("documents_after", "read_document", "document_mark", "document_tlv"),
    )
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a register is reached: `port` and `baud` as the settings have them, and who USB says is plugged in."""

    port: str
    baud: int
    usb: UsbIdentity | None = None


class Whereabouts:
    """Where the register is reached *now*. `open` is what its driver opens its port by."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._port: SerialPort | None = None

    def open(self) -> Port:
        """A fresh port. Raises Unreachable."""
        self._port = SerialPort(self.place.port, self.place.baud)
        return self._port

    @property
    def is_open(self) -> bool:
        """Whether the driver's port is still the one that it spoke through before."""
        return self._port is not None and self._port.is_open


@runtime_checkable
class Owed(Protocol):
    """A driver that wants the answers which the register still held when somebody asked who it is (rule 5)."""

    def hear(self, pending: Sequence[bytes]) -> None:
        """Keeps them as hints."""
        ...


class Search:
    """Looks for one register. Remembers whom it has asked, so that strangers are not bothered for ever.

    `others`: ports at which this till has other devices; they are left alone.
    """

    def __init__(
        self,
        vendor: str,
        factory_number: str,
        question: Question,
        places: Callable[[Place], list[Candidate]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        others: Mapping[str, Foreign] | None = None,
    ) -> None:
        self._others = others or {}
        self._vendor = vendor
        self._number = factory_number
        self._question = question
        self._places = places or same_carrier
        self._clock = clock
        self._asked: dict[Candidate, int] = {}
        self._seen: frozenset[Candidate] | None = None
        self._next, self._pause_s = 0.0, PAUSE_S

    def by_itself(self, home: Place, *, another_answers: bool) -> Finding | None:
        """A short search, when it is time for one. `another_answers`: another register is at our port, so that ours may
        be anywhere; else only its own port – the cable may be a new one – and those are asked where USB shows the same
        make of chip, if any was remembered."""
        candidates = self._askable(home)
        present, now = frozenset(candidates), self._clock()
        if present == self._seen and now < self._next:
            return None
        if present != self._seen:
            self._pause_s = PAUSE_S
        self._seen = present
        self._asked = {each: times for each, times in self._asked.items() if each in present}
        if home.usb is not None and not another_answers:
            usb = home.usb
            candidates = [each for each in candidates if usb.likeness(each.usb) or each.port == home.port]
        candidates = [each for each in candidates if self._asked.get(each, 0) < SILENT_MAX]
        found = self._ask(_nearest_first(candidates, home), (home.baud, *FACTORY_SPEEDS), SEEK_S)
        self._next = self._clock() + self._pause_s
        self._pause_s = PAUSE_S if found is not None else min(2 * self._pause_s, PAUSE_MAX_S)
        return found

    def by_person(self, home: Place) -> Finding | None:
        """A whole search, because a person wants it: every port that is not surely something else, at any speed."""
        self._asked.clear()
        candidates = self._askable(home)
        return self._ask(_nearest_first(candidates, home), (home.baud, *SPEEDS), PERSON_S)

    def _askable(self, home: Place) -> list[Candidate]:
        return [each for each in known_as(self._places(home), self._others) if each.foreign is None]

    def _ask(self, candidates: list[Candidate], speeds: tuple[int, ...], most_s: float) -> Finding | None:
        question = self._question.of(self._vendor, speeds, most_s)
        for finding in find(candidates, question):
            if finding.state is State.REGISTER and finding.is_number(self._number):
                return finding
            if finding.state in (State.SILENT, State.FOREIGN, State.UNCLEAR):
                times = 1 if finding.state is State.SILENT else SILENT_MAX
                self._asked[finding.candidate] = self._asked.get(finding.candidate, 0) + times
        return None


def _nearest_first(candidates: list[Candidate], home: Place) -> list[Candidate]:
    """The same chip before the same make before the rest."""
    usb = home.usb
    return candidates if usb is None else sorted(candidates, key=lambda each: -usb.likeness(each.usb))


def same_carrier(home: Place) -> list[Candidate]:
    """Where a register may be now that was reached there: other serial ports, or other addresses at its port."""
    match carrier_of(home.port):
        case Carrier.SERIAL:
            return serial_candidates()
        case Carrier.TCP:
            known = [Candidate(f"{TCP}{host}:{port}") for host, port in KNOWN_TCP]
            return list(dict.fromkeys([*known, *neighbours(home.port)]))
    return []


class MovingPrinter:
    """See the top of this file. Everything that is not here is the driver's (`__getattr__`): see `following`."""

    def __init__(
        self,
        inner: FiscalPrinter,
        here: Whereabouts,
        expected: DeviceIdentity,
        search: Search,
        moved: Callable[[Place], None] = lambda place: None,
        plugged: Callable[[str], UsbIdentity | None] = usb_at,
    ) -> None:
        self._inner = inner
        self._here = here
        self._expected = expected
        self._search = search
        self._moved = moved
        self._plugged = plugged
        self._told: DeviceIdentity | None = None
        self._is_under_way = False
        self._has_learned = False

    def __getattr__(self, name: str) -> Any:
        """Whatever makes nothing is the driver's own."""
        return partial(self._look, name) if name in _LOOKS else getattr(self._inner, name)

    def connect(self) -> DeviceIdentity:
        """As the driver's, and the register is looked for where that fails or somebody else answers."""
        return self._reached(self._inner.connect)

    def reset_link(self) -> DeviceIdentity:
        """As the driver's (rule 6). Our link is closed when a search begins: what was sent cannot follow it."""
        return self._reached(self._inner.reset_link)

    def find_again(self) -> DeviceIdentity:
        """A whole search by a person's wish. Raises what connecting raises when it is in vain."""
        try:
            found = self._inner.connect()
            if self._is_ours(found):
                return self._told_of(found)
        except DeviceError:
            pass  # which is why we are asked
        self._inner.close()
        before = self._here.place
        finding = self._search.by_person(before)
        if finding is not None:
            self._move(finding)
        found = self._inner.connect()
        if finding is not None and self._is_ours(found):
            self._keep(before)
        return self._told_of(found)

    def _reached(self, reach: Callable[[], DeviceIdentity]) -> DeviceIdentity:
        trouble: Unreachable | ProtocolError | None = None
        found: DeviceIdentity | None = None
        try:
            self._refuse_strange_chip()
            found = reach()
        except (Unreachable, ProtocolError) as error:
            trouble = error
        if found is not None and self._is_ours(found):
            self._learn_chip()
            return self._told_of(found)
        again = self._looked_for(reach, another_answers=found is not None)
        if again is not None:
            return self._told_of(again)
        if found is None:
            raise self._here_and_now(trouble)
        return self._told_of(found)  # another one: the till says so, with both numbers

    def _here_and_now(self, trouble: Unreachable | ProtocolError | None) -> Unreachable | ProtocolError:
        """The trouble with the port that the register has now: its driver knows the one that it was made with."""
        if isinstance(trouble, ProtocolError):
            return trouble
        code, facts = ("device_unreachable", {}) if trouble is None else (trouble.code, dict(trouble.facts))
        return Unreachable(code, **{**facts, "port": self._here.place.port})

    def _refuse_strange_chip(self) -> None:
        """Another chip at our port's name: it is not even spoken to. Raises Unreachable."""
        usb, place = self._here.place.usb, self._here.place
        if usb is None or self._here.is_open or carrier_of(place.port) is not Carrier.SERIAL:
            return
        now = self._plugged(place.port)
        if now is not None and usb.likeness(now) < 2:
            self._inner.close()
            raise Unreachable("device_unreachable", port=place.port)

    def _looked_for(self, reach: Callable[[], DeviceIdentity], *, another_answers: bool) -> DeviceIdentity | None:
        """Ours, at another place; None when it is not found. Whoever answers at the old one is left first."""
        if self._is_under_way:
            return None
        before = self._here.place
        self._inner.close()
        finding = self._search.by_itself(before, another_answers=another_answers)
        if finding is None:
            return reach() if another_answers else None
        self._move(finding)
        try:
            found = reach()
            if self._is_ours(found):
                self._keep(before)
                return found
        except (Unreachable, ProtocolError) as error:
            log.warning("the register was at %s a moment ago and is not: %s", finding.candidate.port, error)
        self._inner.close()
        self._here.place = before
        return None

    def _move(self, finding: Finding) -> None:
        before = self._here.place
        self._here.place = Place(finding.candidate.port, finding.baud or before.baud, finding.candidate.usb)
        if isinstance(self._inner, Owed) and finding.who is not None:
            self._inner.hear(finding.who.pending)

    def _keep(self, before: Place) -> None:
        now = self._here.place
        log.info("ККТ %s: порт теперь %s, был %s", self._expected.factory_number, now.port, before.port)
        self._moved(now)

    def _learn_chip(self) -> None:
        """A register that was set up before chips were remembered: once, the one at its port is."""
        place = self._here.place
        if self._has_learned or place.usb is not None or carrier_of(place.port) is not Carrier.SERIAL:
            return
        self._has_learned = True
        usb = self._plugged(place.port)
        if usb is not None:
            self._here.place = replace(place, usb=usb)
            self._moved(self._here.place)

    def _is_ours(self, found: DeviceIdentity) -> bool:
        return found.factory_number == self._expected.factory_number

    def _told_of(self, found: DeviceIdentity) -> DeviceIdentity:
        self._told = found
        return found

    # --- never on a register that the till has not seen

    def _look(self, name: str, *arguments: Any, **more: Any) -> Any:
        """A question whose answer may prove something: that of another register would prove it wrongly."""
        if self._told is not None:
            self._still_the_same(self._told)
        return getattr(self._inner, name)(*arguments, **more)

    def _act(self, name: str, *arguments: Any, **more: Any) -> Any:
        """What makes something. Nothing is looked for until it is over."""
        self._still_the_same(self._told or self._expected)
        self._is_under_way = True
        try:
            return getattr(self._inner, name)(*arguments, **more)
        finally:
            self._is_under_way = False

    def _still_the_same(self, expected: DeviceIdentity) -> None:
        """A link that has failed since the till was told who is there is opened here, and whoever answers must be the
        same. Raises Refused `wrong_device`."""
        if self._here.is_open:
            return
        found = self._inner.connect()
        if found != expected:
            self._inner.close()
            raise Refused("wrong_device", found=found, expected=expected)

    def print_receipt(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("print_receipt", *arguments, **more)

    def cancel_open_document(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("cancel_open_document", *arguments, **more)

    def open_shift(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("open_shift", *arguments, **more)

    def close_shift(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("close_shift", *arguments, **more)

    def x_report(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("x_report", *arguments, **more)

    def cash_in(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("cash_in", *arguments, **more)

    def cash_out(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("cash_out", *arguments, **more)

    def continue_print(self, *arguments: Any, **more: Any) -> Any:
        """See `FiscalPrinter`."""
        return self._act("continue_print", *arguments, **more)


def following(
    inner: FiscalPrinter,
    here: Whereabouts,
    expected: DeviceIdentity,
    search: Search,
    moved: Callable[[Place], None] = lambda place: None,
) -> FiscalPrinter:
    """The driver, followed wherever its register goes. It has every method of the driver, also those of its make."""
    return cast("FiscalPrinter", MovingPrinter(inner, here, expected, search, moved))
