"""Which places are asked and which are left alone; the rule that is installed for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import serial
from serial import SerialException

from posapp.devices.candidates import Candidate, Carrier, all_candidates, parse, serial_candidates
from posapp.devices.port import SerialPlace, SerialPort
from posapp.devices.usb_identity import ATOL_VENDOR, CONVERTERS, Foreign, UsbIdentity
from posapp.errors import Unreachable, UsageError

RULES = Path(__file__).parents[2] / "packaging" / "udev" / "70-posapp-registers.rules"


def test_usb_ports_come_first() -> None:
    built_in, usb = SerialPlace("/dev/ttyS0"), SerialPlace("/dev/ttyUSB1", "", UsbIdentity(0x0403, 0x6001))
    assert [each.port for each in serial_candidates([built_in, usb])] == [usb.port, built_in.port]


@pytest.mark.parametrize(
    "typed, ports",
    [
        ("COM7", ["COM7"]),
        ("/dev/ttyS1", ["/dev/ttyS1"]),
        ("192.168.1.50:5555", ["socket://192.168.1.50:5555"]),
        ("socket://kkt:7778", ["socket://kkt:7778"]),
        ("http://kkt:16732", ["http://kkt:16732"]),
        ("kkt.shop", ["socket://kkt.shop:7778", "socket://kkt.shop:5555", "http://kkt.shop:16732"]),
    ],
)
def test_what_a_person_names_is_asked(typed: str, ports: list[str]) -> None:
    assert [each.port for each in parse(typed)] == ports
    assert all(each.is_named for each in parse(typed))


@pytest.mark.parametrize("typed", ["socket://kkt", "http://kkt", "socket://:7778", "socket://kkt:x", ""])
def test_what_is_no_place_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(UsageError):
        parse(typed)


def test_a_named_place_is_asked_once() -> None:
    ports = [each.port for each in all_candidates(["127.0.0.1:7778"])]
    assert ports.count("socket://127.0.0.1:7778") == 1
    assert ports[0] == "socket://127.0.0.1:7778"
    assert {Candidate(each).carrier for each in ports} >= {Carrier.TCP, Carrier.WEB}


@pytest.mark.parametrize(
    "candidate, foreign",
    [
        (Candidate("COM3", UsbIdentity(0x12D1, 1)), Foreign.MODEM),
        (Candidate("COM3", UsbIdentity(0x05F9, 1)), Foreign.SCANNER),
        (Candidate("COM3", UsbIdentity(0x079B, 1)), Foreign.CARD_TERMINAL),
        (Candidate("/dev/rfcomm0"), Foreign.BLUETOOTH),
        (Candidate("COM9", None, "Standard Serial over Bluetooth link (COM9)"), Foreign.BLUETOOTH),
        (Candidate("COM3", UsbIdentity(0x2912, 5)), None),
        (Candidate("COM3", UsbIdentity(0x0403, 0x6001)), None),
        (Candidate("COM3"), None),
        (Candidate("COM3", UsbIdentity(0x12D1, 1), is_named=True), None),
        (Candidate("COM3", known_as=Foreign.SCANNER), Foreign.SCANNER),
        (Candidate("socket://10.0.0.9:5555", known_as=Foreign.CARD_TERMINAL), Foreign.CARD_TERMINAL),
    ],
)
def test_who_is_left_alone(candidate: Candidate, foreign: Foreign | None) -> None:
    assert candidate.foreign is foreign


@pytest.mark.parametrize(
    "other, likeness",
    [
        (UsbIdentity(0x0403, 0x6001, "A1"), 3),
        (UsbIdentity(0x0403, 0x6001), 2),
        (UsbIdentity(0x0403, 0x6001, "B2"), 1),
        (UsbIdentity(0x067B, 0x2303, "A1"), 0),
        (None, 0),
    ],
)
def test_how_alike_two_chips_are(other: UsbIdentity | None, likeness: int) -> None:
    assert UsbIdentity(0x0403, 0x6001, "A1").likeness(other) == likeness


@pytest.mark.parametrize(
    "error, code",
    [
        (
            SerialException("could not open port 'COM3': PermissionError(13, 'Отказано в доступе.', None, 5)"),
            "port_busy",
        ),
        (SerialException("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)"), "port_busy"),
        (SerialException("could not open port 'COM3': FileNotFoundError(2, 'Нет.', None, 2)"), "device_unreachable"),
        (SerialException(13, "could not open port /dev/ttyUSB0: [Errno 13] Permission denied"), "port_denied"),
        (SerialException(16, "could not open port /dev/ttyUSB0: [Errno 16] Device or resource busy"), "port_busy"),
        (SerialException(2, "could not open port /dev/ttyUSB0: [Errno 2] No such file"), "device_unreachable"),
    ],
)
def test_why_a_port_does_not_open(monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(Unreachable) as told:
        SerialPort("/dev/no-such-port")
    assert told.value.code == code
    assert "?" not in told.value.message() + told.value.action()


def test_the_rule_is_in_udevs_grammar_and_names_the_makers() -> None:
    word = r'[A-Z]+(?:\{[\w.]+\})?(?:==|!=|\+=|:=|=)"[^"\\]*"'
    lines = [each for each in RULES.read_text("utf-8").splitlines() if each and not each.startswith("# ")]
    rules = [each.lstrip("#") for each in lines if each != "#"]
    assert len(rules) >= 6
    assert [each for each in rules if not re.fullmatch(rf"{word}(?:, {word})*", each)] == []
    active = "\n".join(each for each in lines if not each.startswith("#"))
    assert all(f"{vendor:04x}" in active for vendor in (ATOL_VENDOR, *CONVERTERS))
    assert int(RULES.name[:2]) < 73  # where "uaccess" is read
