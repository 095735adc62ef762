"""Where everything of a printed form stands on its paper, in dots of the print head: the same for every picture.

Print heads have eight dots a millimetre and characters of 12 × 24 dots, so 48 characters fill the 72 mm that paper of
80 mm can be printed on, and 32 the 48 mm of paper of 58 mm. A receipt's code is at least 20 mm wide (formats document
of FFD 1.1, paragraph on the QR code), with a border of four modules that readers need (ISO/IEC 18004).
"""

from __future__ import annotations

from dataclasses import dataclass

from posapp.domain.printed import PrintedForm, Row, lay_out

DOTS_PER_MM = 8
CELL_WIDTH, CELL_HEIGHT = 12, 24
MARGIN = 4 * DOTS_PER_MM  # paper is 8 mm wider than what can be printed on
QR_MM_MIN = 20
QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Code:
    """The code on the sheet: its upper left corner without the border, the side of a module, the dark modules."""

    left: int
    top: int
    unit: int
    modules: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form on paper. The row number n stands in the cell row n, from `MARGIN` on both ways."""

    width: int
    height: int
    rows: tuple[Row, ...]
    code: Code | None = None


def sheet_of(form: PrintedForm, width: int, *, with_code: bool = True) -> Sheet:
    """The sheet for paper of `width` characters; `with_code` leaves room for the code below."""
    rows = tuple(lay_out(form.lines, width))
    across, down = 2 * MARGIN + width * CELL_WIDTH, MARGIN + len(rows) * CELL_HEIGHT
    if not (form.qr and with_code):
        return Sheet(across, down + MARGIN, rows)
    modules = qr_modules(form.qr)
    count = len(modules)
    unit = -(-QR_MM_MIN * DOTS_PER_MM // count)  # rounded up
    border = QUIET_MODULES * unit
    code = Code((across - count * unit) // 2, down + border, unit, modules)
    return Sheet(across, down + 2 * border + count * unit, rows, code)


def qr_modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The dark modules of a QR code, row by row, without the border. Level M, as registers print it."""
    import segno  # late: not needed before the first receipt

    return tuple(tuple(bool(module) for module in row) for row in segno.make(text, error="m", micro=False).matrix)
