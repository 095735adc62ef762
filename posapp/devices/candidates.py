"""Where a register may be: the serial ports of this computer, known addresses, and places that a person names.

Known addresses: Штрих-М listens on 7778 (its smart terminals on this computer on 12345) and gives a computer that it is
plugged into 192.168.137.x; АТОЛ leaves the factory as 192.168.1.10:5555 and its web server listens on 16732
(reference: the makers' connection settings). An address that moved is looked for among its neighbours, at its own port
and nowhere else.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from posapp.devices.port import TCP, SerialPlace, serial_places
from posapp.devices.usb_identity import Foreign, UsbIdentity
from posapp.errors import UsageError

SHTRIH_PORT, TERMINAL_PORT, ATOL_PORT, WEB_PORT = 7778, 12345, 5555, 16732
KNOWN_TCP = (
    ("127.0.0.1", SHTRIH_PORT),
    ("127.0.0.1", TERMINAL_PORT),
    ("127.0.0.1", ATOL_PORT),
    ("192.168.137.111", SHTRIH_PORT),
    ("192.168.1.10", ATOL_PORT),
)
KNOWN_WEB = (f"http://127.0.0.1:{WEB_PORT}",)
_WEB_SCHEMES = ("http", "https")


class Carrier(StrEnum):
    """What lies between us and a register."""

    SERIAL = "serial"
    TCP = "tcp"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place to ask. `port` is what `--port` takes; `is_named`: a person named it, so that it is asked whatever USB
    says of it, and told of also when nobody is there. `known_as`: this till has another device there."""

    port: str
    usb: UsbIdentity | None = None
    description: str = ""
    is_named: bool = False
    known_as: Foreign | None = None

    @property
    def carrier(self) -> Carrier:
        """Which kind of place this is."""
        return carrier_of(self.port)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of a TCP place."""
        parts = urlsplit(self.port)
        return parts.hostname or "", parts.port or 0

    @property
    def foreign(self) -> Foreign | None:
        """What it is when it is left alone; None for what is asked."""
        if self.is_named:
            return None
        if self.known_as is not None or self.carrier is not Carrier.SERIAL:
            return self.known_as
        text = f"{self.port} {self.description}".casefold()
        if "rfcomm" in text or "bluetooth" in text:
            return Foreign.BLUETOOTH
        return self.usb.foreign if self.usb is not None else None


def carrier_of(port: str) -> Carrier:
    """Which kind of place a port is, by its name."""
    if port.startswith(TCP):
        return Carrier.TCP
    return Carrier.WEB if port.split("://", maxsplit=1)[0] in _WEB_SCHEMES else Carrier.SERIAL


def all_candidates(named: Iterable[str] = ()) -> list[Candidate]:
    """Everything that a search asks: what a person named first, then the serial ports, then known addresses."""
    chosen = [each for text in named for each in parse(text)]
    rest = [
        *serial_candidates(),
        *(Candidate(f"{TCP}{host}:{port}") for host, port in KNOWN_TCP),
        *(Candidate(url) for url in KNOWN_WEB),
    ]
    taken = {each.port for each in chosen}
    return [*chosen, *(each for each in rest if each.port not in taken)]


def serial_candidates(places: Iterable[SerialPlace] | None = None) -> list[Candidate]:
    """The serial ports, USB before built-in ones."""
    found = serial_places() if places is None else places
    made = [Candidate(each.port, each.usb, each.description) for each in found]
    return sorted(made, key=lambda each: (each.usb is None, each.port))


def known_as(candidates: Iterable[Candidate], others: Mapping[str, Foreign]) -> list[Candidate]:
    """The candidates, those marked at whose ports this till has other devices."""
    return [replace(each, known_as=others.get(each.port)) for each in candidates]


def parse(text: str) -> list[Candidate]:
    """What a person names: a port, an address with or without its port number. Raises UsageError.

    A bare host is asked at every port at which registers are known to listen.
    """
    text = text.strip()
    if carrier_of(text) is not Carrier.SERIAL:
        return [_checked(text)]
    if _is_serial(text):
        return [Candidate(text, usb_at(text), is_named=True)]
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit():
        return [_checked(f"{TCP}{host}:{port}")]
    ports = (SHTRIH_PORT, ATOL_PORT)
    return [*(_checked(f"{TCP}{text}:{each}") for each in ports), _checked(f"http://{text}:{WEB_PORT}")]


def _is_serial(text: str) -> bool:
    return text.startswith("/") or (text.upper().startswith("COM") and text[3:].isdigit()) or text.startswith("\\\\.\\")


def _checked(url: str) -> Candidate:
    try:
        parts = urlsplit(url)
        if not parts.hostname or not parts.port:
            raise ValueError("no host or port")
    except ValueError as error:
        raise UsageError("usage", what=f"адрес {url}: ждём ХОСТ:ПОРТ") from error
    return Candidate(url, is_named=True)


def usb_at(port: str) -> UsbIdentity | None:
    """Who USB says is plugged in at a serial port; links such as `/dev/serial/by-id/…` are followed."""
    real = os.path.realpath(port) if port.startswith("/") else port.casefold()
    return next((each.usb for each in serial_places() if each.port == real or each.port.casefold() == real), None)


def neighbours(port: str) -> list[Candidate]:
    """The other addresses of the same small network (/24), at the same port: where an address may have moved to.

    Only for a private address written as a number: a name is looked up anew at each connection, and the world outside
    is not searched. None for an address of this computer.
    """
    host, number = Candidate(port).address
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return []
    if not address.is_private or address.is_loopback or address.is_link_local:
        return []
    network = ipaddress.IPv4Network(f"{address}/24", strict=False)
    return [Candidate(f"{TCP}{each}:{number}") for each in network.hosts() if each != address]
