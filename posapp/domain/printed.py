"""The printed form of a document: lines that know what stands left and right, laid out for any width of paper.

A `PrintedForm` is made once, from a fiscal document or from a stored receipt, and shown in every way from there: as
text, as a picture of the paper, on the screen. So they cannot disagree. Widths are characters in a line; registers
have 32, 36, 42 or 48 of them.

Nothing is ever cut off: what does not fit is wrapped, and a sum that does not fit beside its name takes a line of its
own. Only blanks at the end of a wrapped line go.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

WIDTHS = (32, 36, 42, 48)
"""Characters in a line of the usual registers: paper of 58 mm the first two, of 80 mm the others."""
DEFAULT_WIDTH = 48
WIDTH_MIN, WIDTH_MAX = 16, 120
_TOKENS = re.compile(r" +|[^ ]+")
_PLAIN = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "−": "-", "₽": "р", "‑": "-", "×": "x", "²": "2", "³": "3"}
)


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line before it is laid out.

    `left` begins at the left edge or is `centred`; `right` ends at the right edge. `strong` is printed bold. A `rule`
    is a line of dashes and has no words.
    """

    left: str = ""
    right: str = ""
    strong: bool = False
    centred: bool = False
    rule: bool = False


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """A document as it is printed. `qr` is the text of its code, "" for none; `name` what the document is called."""

    name: str
    lines: tuple[FormLine, ...]
    qr: str = ""
    is_training: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of paper: at most as many characters as the paper is wide."""

    text: str
    strong: bool = False


RULE = FormLine(rule=True)


def pair(left: str, right: str, *, strong: bool = False) -> FormLine:
    """A name at the left with its value at the right."""
    return FormLine(printable(left), printable(right), strong=strong)


def words(text: str, *, strong: bool = False) -> FormLine:
    """A text from the left edge."""
    return FormLine(printable(text), strong=strong)


def centred(text: str, *, strong: bool = False) -> FormLine:
    """A text in the middle."""
    return FormLine(printable(text), strong=strong, centred=True)


def printable(text: str) -> str:
    """The text in letters that a register has, one cell each: what neither CP1251 nor CP866 knows becomes "?".

    Names go out in CP1251 and are stored in CP866; signs of control, line breaks among them, become blanks.
    """
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(_cell(sign) for sign in plain).rstrip()


def _cell(sign: str) -> str:
    if sign < " " or sign == "\x7f":
        return " "
    for charset in ("cp1251", "cp866"):
        try:
            sign.encode(charset)
        except UnicodeEncodeError:
            continue
        return " " if unicodedata.category(sign) in ("Cc", "Cf") else sign
    return "?"


def lay_out(lines: Iterable[FormLine], width: int) -> list[Row]:
    """The rows for paper of `width` characters; none is wider. ValueError for a width that no paper has."""
    if not WIDTH_MIN <= width <= WIDTH_MAX:
        raise ValueError(f"a line has {WIDTH_MIN}…{WIDTH_MAX} characters, not {width}")
    return [Row(text, line.strong) for line in lines for text in _rows(line, width)]


def _rows(line: FormLine, width: int) -> list[str]:
    if line.rule:
        return ["-" * width]
    rows = wrap(line.left, width)
    if line.centred:
        return [each.center(width).rstrip() for each in rows]
    if not line.right:
        return rows
    if line.left and len(rows[-1]) + 1 + len(line.right) <= width:
        return [*rows[:-1], rows[-1] + line.right.rjust(width - len(rows[-1]))]
    right = [each.rjust(width) for each in wrap(line.right, width)]
    return [*rows, *right] if line.left else right


def wrap(text: str, width: int) -> list[str]:
    """The text in pieces of at most `width`, broken at blanks; a word that is too long is broken where the line ends.

    At least one piece; every sign but blanks at the breaks is kept, in order.
    """
    rows, row = [], ""
    for token in _TOKENS.findall(text):
        if len(row) + len(token) <= width:
            row += token
        elif token[0] == " ":
            rows.append(row)
            row = ""
        else:
            if row.strip():
                rows.append(row.rstrip())
            *full, row = [token[at : at + width] for at in range(0, len(token), width)]
            rows += full
    if row.strip() or not rows:
        rows.append(row.rstrip())
    return rows


def text_of(form: PrintedForm, width: int = DEFAULT_WIDTH) -> str:
    """The form as plain text; the text of its code stands below, since letters cannot draw it."""
    rows = [row.text.rstrip() for row in lay_out(form.lines, width)]
    if form.qr:
        rows += ["-" * width, "QR-код:", *wrap(form.qr, width)]
    return "\n".join(rows)


def kopecks(amount: int) -> str:
    """A sum as registers print it: `=1234.50`, a refund of cash never negative, so is none."""
    whole, part = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}={whole}.{part:02d}"
