"""Which number the vendor's driver gives an error byte of the raw protocol (reference/devices.md B.3.4).

The table was found by giving the driver every byte. What it does not know it calls 15, "unknown error". 76h it never
shows: it waits and tries again.
"""

from __future__ import annotations

from typing import Final

BUSY: Final = 0x76
"""The device still prints, or is at something else: the command was not performed."""
NOTHING_OPEN: Final = 0x9A
NO_MORE_DATA: Final = 0xDA
UNSUPPORTED: Final = 0x6C

UNKNOWN_CODE: Final = 15
BAD_DATA_CODE: Final = 5
"""The driver's number for an answer that makes no sense."""
BUSY_CODE: Final = 55
"""The driver's number for "the previous operation has not ended"."""
NO_DATA_CODE: Final = 123


def _run(first: int, codes: range) -> dict[int, int]:
    """Bytes one after another with numbers one after another."""
    return {first + at: code for at, code in enumerate(codes)}


CODES: Final = {
    **{0x08: 16, 0x0A: 17, 0x0B: 18, 0x10: 23, 0x13: 26, 0x14: 27, 0x15: 28, 0x16: 29, 0x18: 30, 0x1A: 32, 0x1E: 34},
    **_run(0x0C, range(19, 23)),
    **_run(0x11, range(24, 26)),
    **_run(0x1F, range(35, 38)),
    **_run(0x3D, range(38, 44)),
    **{0x46: 5, 0x66: 12, 0x67: 44, 0x68: 46, 0x69: 47, 0x6A: 48, 0x6C: 11},
    **_run(0x6D, range(49, 52)),
    **{0x71: 52, 0x72: 66, 0x73: 53, 0x75: 54, 0x76: BUSY_CODE, 0x77: 56},
    **_run(0x7B, range(57, 62)),
    **_run(0x80, range(62, 65)),
    **{0x84: 65},
    **{0x86: 66, 0x87: 67, 0x88: 68, 0x89: 69, 0x8A: 70, 0x8C: 71, 0x8E: 72, 0x8F: 73},
    **_run(0x91, range(74, 77)),
    **{0x94: 77, 0x95: 77, 0x96: 78, 0x97: 79, 0x98: 80},
    **_run(0x9A, range(81, 84)),
    **{0x9E: 84, 0x9F: 85, 0xA2: 86, 0xA4: 71, 0xA5: 87, 0xA6: 87, 0xA7: 88},
    **_run(0xA8, range(89, 94)),
    **{0xAE: 94, 0xB0: 95, 0xB1: 96, 0xB2: 97, 0xB3: 98, 0xBA: 104, 0xBE: 105, 0xBF: 106, 0xC8: 107, 0xC9: 108},
    **{0xCB: 110, 0xF3: 110, 0xF6: 110, 0xD0: 113, 0xD1: 114},
    **_run(0xD2, range(115, 126)),
    **{0xDF: 128, 0xE1: 130, 0xE6: 132, 0xE7: 133, 0xE8: 134},
    **_run(0xE9, range(135, 140)),
    **{0xEE: 110},
    **{0xEF: 140, 0xF0: 141, 0xF1: 142, 0xF2: 26, 0xF4: 26, 0xF5: 147},
}


def code_of(error: int) -> int:
    """The driver's number."""
    return CODES.get(error, UNKNOWN_CODE)
