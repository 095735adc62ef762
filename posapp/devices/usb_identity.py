"""Who is plugged in: what USB tells of a device, and which devices are none of ours.

A COM number or `/dev/ttyACM0` is given anew at each plugging, so a register is remembered by vendor, product and serial
number of its USB chip. Even those are only a place to look first: cheap converters all carry the same serial number, or
none. Which register it is, its factory number says.

Sources: vendor id 2912 is АТОЛ's (the rule that its driver installs); converters and foreign devices are as the
public register of USB ids has them. Under which id a Штрих-М register with a USB port of its own shows itself differs
by model and is not told anywhere in public: it is found by asking, like everything that no list names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ATOL_VENDOR = 0x2912

CONVERTERS = {0x0403: "FTDI", 0x067B: "Prolific", 0x1A86: "CH34x", 0x10C4: "CP210x"}
"""Converters of USB to RS-232: behind them stands anything, a register or a set of scales. Their speed is real."""


class Foreign(StrEnum):
    """What a device is that we leave alone."""

    MODEM = "modem"
    SCANNER = "scanner"
    CARD_TERMINAL = "card_terminal"
    RECEIPT_PRINTER = "receipt_printer"  # one without a fiscal storage: it would print what we ask
    GPS = "gps"
    POWER = "power"  # a UPS
    BOARD = "board"  # a board that opening the port restarts
    BLUETOOTH = "bluetooth"  # opening the port would call a telephone


_FOREIGN = {
    **dict.fromkeys((0x12D1, 0x19D2, 0x1E0E, 0x2C7C, 0x1199, 0x05C6, 0x1BC7), Foreign.MODEM),
    **dict.fromkeys((0x0C2E, 0x05E0, 0x05F9, 0x080C, 0x1EAB, 0x065A), Foreign.SCANNER),
    **dict.fromkeys((0x11CA, 0x079B, 0x0B00), Foreign.CARD_TERMINAL),
    **dict.fromkeys((0x04B8, 0x0519, 0x1504), Foreign.RECEIPT_PRINTER),
    0x1546: Foreign.GPS,
    **dict.fromkeys((0x051D, 0x0463), Foreign.POWER),
    **dict.fromkeys((0x2341, 0x2A03), Foreign.BOARD),
}
"""By vendor id, whatever the product: none of these makers builds a register."""


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """What the chip tells of itself: vendor and product ids, the serial number, "" where it has none."""

    vid: int
    pid: int
    serial: str = ""

    @property
    def text(self) -> str:
        """`2912:0005 00107702`, as the system's own tools write it."""
        return f"{self.vid:04x}:{self.pid:04x} {self.serial}".rstrip()

    @property
    def maker(self) -> str:
        """A maker that we know, "" for any other."""
        return "АТОЛ" if self.vid == ATOL_VENDOR else CONVERTERS.get(self.vid, "")

    @property
    def foreign(self) -> Foreign | None:
        """What it is when it is surely no register."""
        return _FOREIGN.get(self.vid)

    @property
    def has_no_speed(self) -> bool:
        """A register's own USB port carries bytes at any speed: asking at one is asking at all."""
        return self.vid == ATOL_VENDOR

    def likeness(self, other: UsbIdentity | None) -> int:
        """How well another device fits this one: 3 the same chip, 2 the same make without a serial number to tell them
        apart, 1 the same make with another number, 0 something else."""
        if other is None or (self.vid, self.pid) != (other.vid, other.pid):
            return 0
        if not self.serial or not other.serial:
            return 2
        return 3 if self.serial == other.serial else 1
