"""A printed form as an SVG picture: text stays text, the code is one path, nothing is loaded from anywhere."""

from __future__ import annotations

from xml.sax.saxutils import escape

from posapp.domain.printed import PrintedForm
from posapp.domain.printed_sheet import CELL_HEIGHT, CELL_WIDTH, DOTS_PER_MM, MARGIN, Code, sheet_of

FONTS = "'JetBrains Mono', 'DejaVu Sans Mono', Consolas, 'Courier New', monospace"
_SIZE = 20  # its advance in the first font is the cell's width; others are drawn to it by `textLength`
_BASELINE = 18


def svg_of(form: PrintedForm, width: int) -> str:
    """The picture of the paper in its natural size, as SVG 1.1 in UTF-8."""
    sheet = sheet_of(form, width)
    wide, high = (f"{side / DOTS_PER_MM:g}mm" for side in (sheet.width, sheet.height))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}"'
        f' viewBox="0 0 {sheet.width} {sheet.height}">',
        f"<title>{escape(form.name)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<g font-family="{FONTS}" font-size="{_SIZE}" fill="#000">',
    ]
    for number, row in enumerate(sheet.rows):
        text = row.text.strip(" ")
        if text:
            left = MARGIN + (len(row.text) - len(row.text.lstrip(" "))) * CELL_WIDTH
            base, length = MARGIN + number * CELL_HEIGHT + _BASELINE, len(text) * CELL_WIDTH
            bold = ' font-weight="700"' if row.strong else ""
            parts.append(
                f'<text x="{left}" y="{base}" textLength="{length}"'
                f' lengthAdjust="spacingAndGlyphs" xml:space="preserve"{bold}>{escape(text)}</text>'
            )
    parts.append("</g>")
    if sheet.code is not None:
        parts.append(f'<path fill="#000" d="{_path(sheet.code)}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _path(code: Code) -> str:
    """The dark modules, those side by side as one rectangle."""
    strokes = []
    for number, row in enumerate(code.modules):
        top, at = code.top + number * code.unit, 0
        while at < len(row):
            end = at
            while end < len(row) and row[end]:
                end += 1
            if end > at:
                side = (end - at) * code.unit
                strokes.append(f"M{code.left + at * code.unit} {top}h{side}v{code.unit}h-{side}z")
            at = end + 1
    return "".join(strokes)
