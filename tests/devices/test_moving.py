"""A register is followed to wherever it was plugged; another one in its place is told by both numbers, never used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from posapp.devices.base import FiscalPrinter
from posapp.devices.candidates import Candidate, neighbours
from posapp.devices.discovery import Question
from posapp.devices.flow import PortError
from posapp.devices.moving import MovingPrinter, Place, Search, Whereabouts, following
from posapp.devices.port import SerialPort
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.usb_identity import Foreign, UsbIdentity
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.money import Money
from posapp.errors import OutcomeUnknown, Refused, Unreachable
from tests.conformance import samples
from tests.devices.lines import Register, plug, register, stranger

QUESTION = Question(greeting_s=1.0)
BRIEF = Question(greeting_s=0.05)
OURS, OTHER = 87_100_001, 87_100_002
CHIP, OTHER_CHIP = UsbIdentity(0x0403, 0x6001, "A5001"), UsbIdentity(0x1EAB, 0x0C06)


def identity(there: Register) -> DeviceIdentity:
    numbers = there.printer.identity
    return DeviceIdentity(numbers.factory_number, numbers.registration_number, numbers.storage_number)


@dataclass
class Shop:
    """Jacks with names in a folder, and a driver that was set up on `ours` at the first one."""

    folder: Path
    ours: Register
    other: Register
    places: list[Candidate] = field(default_factory=list)
    kept: list[Place] = field(default_factory=list)
    now: float = 0.0
    chips: dict[str, UsbIdentity] = field(default_factory=dict)

    def plug(self, jack: str, port: str) -> str:
        """Something is plugged in; from now on a search asks there too."""
        name = plug(self.folder / jack, port)
        if name not in [each.port for each in self.places]:
            self.places.append(Candidate(name, self.chips.get(name)))
        return name

    def unplug(self, jack: str) -> None:
        name = self.folder / jack
        name.unlink()
        self.places = [each for each in self.places if each.port != str(name)]

    def driver(self, port: str, usb: UsbIdentity | None = None, question: Question = QUESTION) -> FiscalPrinter:
        """Set up on `ours`."""
        here = Whereabouts(Place(port, 115_200, usb))
        expected = identity(self.ours)
        inner = ShtrihPrinter(here.open, port, link="v1")
        search = Search("shtrih", expected.factory_number, question, lambda home: list(self.places), lambda: self.now)
        made = cast("FiscalPrinter", MovingPrinter(inner, here, expected, search, self.kept.append, self.chips.get))
        self.open.callback(made.close)
        self.here = here
        return made

    open: ExitStack = field(default_factory=ExitStack)
    here: Whereabouts = field(default_factory=lambda: Whereabouts(Place("", 0)))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with register(OURS) as ours, register(OTHER) as other:
        made = Shop(tmp_path, ours, other)
        with made.open:
            yield made


def test_a_renumbered_port_is_found_and_kept(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    assert printer.connect() == identity(shop.ours)
    printer.close()
    shop.unplug("tty0")
    moved = shop.plug("tty1", shop.ours.port)
    assert printer.connect() == identity(shop.ours)
    assert [each.port for each in shop.kept] == [moved]
    assert printer.last_document_number() == shop.ours.printer.storage.last_number


def test_what_is_said_names_the_port_of_now(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    printer.connect()
    printer.close()
    shop.unplug("tty0")
    moved = shop.plug("tty1", shop.ours.port)
    printer.connect()
    printer.close()
    shop.unplug("tty1")
    with pytest.raises(Unreachable) as told:
        printer.connect()
    assert told.value.facts["port"] == moved


def test_two_registers_that_swap_places_are_told_apart(shop: Shop) -> None:
    first, second = shop.plug("tty0", shop.ours.port), shop.plug("tty1", shop.other.port)
    printer = shop.driver(first)
    assert printer.connect() == identity(shop.ours)
    printer.close()
    shop.plug("tty0", shop.other.port)
    shop.plug("tty1", shop.ours.port)
    assert printer.connect() == identity(shop.ours)
    assert [each.port for each in shop.kept] == [second]


def test_another_register_in_its_place_is_told_and_not_taken(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    printer.connect()
    printer.close()
    shop.plug("tty0", shop.other.port)
    assert printer.connect() == identity(shop.other)  # the till refuses it by both numbers
    assert shop.kept == []


def test_another_storage_in_our_register_is_told(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    number = shop.ours.printer.identity.factory_number
    with register(int(number), storage="9999078900999999") as there:
        shop.plug("tty0", there.port)
        found = printer.connect()
    assert found.factory_number == number
    assert found.storage_number == "9999078900999999"
    assert shop.kept == []


def test_a_link_that_broke_since_the_last_look_prints_on_nobody_else(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    printer.connect()
    printer.close()  # as a failed question closes it
    shop.plug("tty0", shop.other.port)
    before = shop.other.printer.storage.last_number
    with pytest.raises(Refused) as told:
        printer.open_shift("Кассир")
    assert told.value.code == "wrong_device"
    assert str(OTHER) in told.value.message()
    assert str(OURS) in told.value.message()
    with pytest.raises(Refused):
        printer.cash_in(Money(100))
    assert shop.other.printer.storage.last_number == before


def test_what_proves_that_nothing_was_made_is_not_read_from_another_register(shop: Shop) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    printer.reset_link()
    printer.close()  # as a failed question closes it
    shop.plug("tty0", shop.other.port)
    for look in (printer.last_document_number, printer.open_document, printer.status):
        with pytest.raises(Refused) as told:
            look()
        assert told.value.code == "wrong_device"
    with pytest.raises(Refused):
        list(printer.documents_after(0))


def test_in_the_middle_of_a_receipt_nothing_is_looked_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    printer = shop.driver(shop.plug("tty0", shop.ours.port))
    printer.connect()
    printer.open_shift("Кассир")
    after = printer.last_document_number()

    def pulled() -> None:
        """The plug goes from one jack into another while the receipt is open; the driver notices at its next word."""
        shop.unplug("tty0")
        shop.plug("tty1", shop.ours.port)
        cut(shop, monkeypatch)
        with pytest.raises(Unreachable):
            printer.status()
        with pytest.raises(Unreachable):
            printer.connect()  # whoever asks now is not led elsewhere
        assert shop.kept == []

    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(next(iter(samples.settlements().values())), after, pulled)
    monkeypatch.undo()
    assert printer.reset_link() == identity(shop.ours)  # recovery, as always: it reads on the register that was found
    assert [Path(each.port).name for each in shop.kept] == ["tty1"]
    assert printer.last_document_number() == after
    assert printer.open_document() is not None


def cut(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port that is open breaks."""
    port = shop.here._port
    assert port is not None

    def broken(*_: object) -> None:
        raise PortError("the plug is out")

    monkeypatch.setattr(port, "write", broken)
    monkeypatch.setattr(port, "read", broken)


def test_a_strangers_chip_at_our_name_is_not_spoken_to(shop: Shop) -> None:
    with stranger(lambda data, speed: b"?") as scanner:
        name = str(shop.folder / "tty0")
        shop.chips[name] = CHIP
        printer = shop.driver(shop.plug("tty0", shop.ours.port), CHIP)
        printer.connect()
        printer.close()
        shop.chips[name] = OTHER_CHIP
        shop.unplug("tty0")
        shop.plug("tty0", scanner.port)
        shop.chips[str(shop.folder / "tty1")] = CHIP
        shop.plug("tty1", shop.ours.port)
        assert printer.connect() == identity(shop.ours)
        assert scanner.heard == b""
    assert [(Path(each.port).name, each.usb) for each in shop.kept] == [("tty1", CHIP)]


def test_a_new_cable_at_the_same_port_is_no_matter(shop: Shop) -> None:
    name = str(shop.folder / "tty0")
    shop.chips[name] = UsbIdentity(0x067B, 0x2303)
    printer = shop.driver(shop.plug("tty0", shop.ours.port), CHIP)
    assert printer.connect() == identity(shop.ours)
    assert [(Path(each.port).name, each.usb) for each in shop.kept] == [("tty0", shop.chips[name])]


def test_where_the_till_has_another_device_nobody_is_asked(shop: Shop) -> None:
    with stranger() as scanner:
        name = shop.plug("tty1", scanner.port)
        search = Search("shtrih", str(OURS), BRIEF, lambda home: list(shop.places), others={name: Foreign.SCANNER})
        assert search.by_itself(Place("tty0", 115_200), another_answers=True) is None
        assert search.by_person(Place("tty0", 115_200)) is None
        assert scanner.heard == b""


def test_without_a_trace_of_its_chip_no_other_device_is_asked(shop: Shop) -> None:
    with stranger() as scales:
        printer = shop.driver(str(shop.folder / "tty0"), CHIP, BRIEF)
        shop.plug("tty1", scales.port)
        with pytest.raises(Unreachable):
            printer.connect()
        assert scales.heard == b""


def test_a_silent_neighbour_is_not_asked_for_ever(shop: Shop) -> None:
    with stranger() as scales:
        printer = shop.driver(str(shop.folder / "tty0"), question=BRIEF)
        shop.plug("tty1", scales.port)
        heard = []
        for _ in range(8):
            with pytest.raises(Unreachable):
                printer.connect()
            heard.append(len(scales.heard))
            shop.now += 1000.0
        assert heard[0] > 0
        assert heard[3:] == [heard[2]] * 5


def test_a_search_in_vain_is_not_repeated_at_once_unless_something_was_plugged_in(shop: Shop) -> None:
    with stranger() as scales:
        printer = shop.driver(str(shop.folder / "tty0"), question=Question(greeting_s=0.3))
        shop.plug("tty1", scales.port)
        for _ in range(3):
            with pytest.raises(Unreachable):
                printer.connect()
        once = len(scales.heard)
        shop.plug("tty2", shop.ours.port)
        shop.places = [each for each in shop.places if not each.port.endswith("tty1")]
        assert printer.connect() == identity(shop.ours)
        assert len(scales.heard) == once


def test_a_person_may_have_it_looked_for_everywhere(shop: Shop) -> None:
    printer = shop.driver(str(shop.folder / "tty0"), CHIP)
    shop.plug("tty1", shop.ours.port)  # another make of converter: by itself the search does not go there
    with pytest.raises(Unreachable):
        printer.connect()
    assert isinstance(printer, MovingPrinter)
    assert printer.find_again() == identity(shop.ours)
    assert [Path(each.port).name for each in shop.kept] == ["tty1"]


def test_an_address_that_changed_is_found(shop: Shop) -> None:
    with register(87_100_003, "tcp:127.0.0.1:0") as there, register(87_100_004, "tcp:127.0.0.1:0") as neighbour:
        shop.ours = there
        gone = there.port.replace("127.0.0.1", "127.0.0.9")
        printer = shop.driver(gone)
        shop.places = [Candidate(neighbour.port), Candidate(there.port)]
        assert printer.connect() == identity(there)
        assert [each.port for each in shop.kept] == [there.port]
        printer.close()


def test_what_the_register_still_held_reaches_the_driver(shop: Shop) -> None:
    pending: list[bytes] = []

    class Hearing(ShtrihPrinter):
        def hear(self, held: Sequence[bytes]) -> None:
            pending.extend(held)

    name = shop.plug("tty1", shop.ours.port)
    held = b"\x02\x05\x10\x1e\x00\x00\x00\x0b"
    line = SerialPort(name)  # a program that dies before it has read its answer
    line.write(b"\x05")
    assert line.read(5.0) == b"\x15"
    line.write(held)
    assert (line.read(5.0) or b"")[:1] == b"\x06"
    line.close()
    here = Whereabouts(Place(str(shop.folder / "tty0"), 115_200))
    inner = Hearing(here.open, "tty0", link="v1")
    search = Search("shtrih", str(OURS), QUESTION, lambda home: list(shop.places))
    printer = following(inner, here, identity(shop.ours), search)
    printer.connect()
    printer.close()
    assert [each[:2] for each in pending] == [b"\x10\x00"]


def test_everything_that_a_register_can_do_is_there(shop: Shop) -> None:
    printer = shop.driver(str(shop.folder / "tty0"))
    asked = [name for name in vars(FiscalPrinter) if not name.startswith("_")]
    assert len(asked) > 20
    assert [name for name in asked if not hasattr(printer, name)] == []


@pytest.mark.parametrize(
    "port, count",
    [
        ("socket://192.168.1.10:5555", 253),
        ("socket://127.0.0.1:7778", 0),
        ("socket://kkt.shop:7778", 0),
        ("socket://8.8.8.8:7778", 0),
    ],
)
def test_only_the_neighbours_of_a_private_address_are_asked(port: str, count: int) -> None:
    found = neighbours(port)
    assert len(found) == count
    assert all(each.address[1] == 5555 for each in found)
    assert port not in [each.port for each in found]
