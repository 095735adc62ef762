"""`posapp receipt render`: a receipt or any document of a storage as it is printed, as text and as pictures.

From the journal by the receipt's key or the order's number, from a file of published receipts, from TLV, from the
register by the document's number, or the X report from the register's counters. Nothing is printed, nothing is made,
no network is asked.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from posapp.cli.common import DataDir, Json, answer
from posapp.domain import ffd
from posapp.domain.printed import DEFAULT_WIDTH, WIDTH_MAX, WIDTH_MIN, PrintedForm, lay_out, text_of
from posapp.domain.printed_published import published_forms
from posapp.domain.printed_svg import svg_of
from posapp.domain.published_json import FILE_MAX
from posapp.errors import PosError, UsageError
from posapp.till import printed

TLV_MAX = 3 * (ffd.DOCUMENT_MAX + 128)
"""Characters: a document in hex with a blank between the bytes."""
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")

What = Annotated[
    str, typer.Argument(help="Ключ чека, номер заказа или файл JSON опубликованных чеков.", show_default=False)
]
DocumentTlv = Annotated[
    str, typer.Option("--document", help="Документ ФН: TLV в base64 или hex, «-» – со ввода.", show_default=False)
]
Number = Annotated[int, typer.Option("--fd", help="Документ ФН этой ККТ по номеру ФД.", show_default=False)]
XReport = Annotated[bool, typer.Option("--x", help="X-отчёт по счётчикам ККТ; ничего не печатает.")]
Width = Annotated[
    int, typer.Option("--width", help="Знаков в строке; иначе как у ККТ, без неё 48.", show_default=False)
]
Text = Annotated[bool, typer.Option("--text", help="Текстом, и рядом с картинками.")]
Png = Annotated[Path | None, typer.Option("--png", help="Картинкой PNG в файл.", show_default=False)]
Svg = Annotated[Path | None, typer.Option("--svg", help="Картинкой SVG в файл.", show_default=False)]


def render(
    what: What = "",
    document: DocumentTlv = "",
    fd: Number = 0,
    x: XReport = False,
    width: Width = 0,
    text: Text = False,
    png: Png = None,
    svg: Svg = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Чек или документ ФН, как на бумаге: текст, PNG, SVG. QR-код – из своих данных, без сети."""
    if sum((bool(what), bool(document), bool(fd), x)) != 1:
        raise UsageError("usage", what="нужно одно из: КЛЮЧ или НОМЕР заказа, --document, --fd, --x")
    if width and not WIDTH_MIN <= width <= WIDTH_MAX:
        raise UsageError("usage", what=f"--width от {WIDTH_MIN} до {WIDTH_MAX}")
    forms, its_width = _forms(data_dir, what, document, fd, is_x=x)
    width = width or its_width
    if len(forms) > 1 and (png or svg):
        raise UsageError("usage", what=f"чеков в файле {len(forms)}, а картинка одна")
    files = _pictures(forms[0], width, png, svg)
    shown = "\n\n".join(text_of(each, width) for each in forms)
    if files and not text:
        shown = "\n".join(f"{forms[0].name}: {each}" for each in files)
    bodies = [_body(each, width) for each in forms]
    body = bodies[0] if len(forms) == 1 else {"forms": bodies}
    answer(json, body | {"files": [str(each) for each in files]}, shown)


def _body(form: PrintedForm, width: int) -> dict[str, Any]:
    rows = [{"text": row.text, "strong": row.strong} for row in lay_out(form.lines, width)]
    return {"name": form.name, "width": width, "rows": rows, "qr": form.qr or None, "training": form.is_training}


def _forms(
    data_dir: Path | None, what: str, document: str, fd: int, *, is_x: bool
) -> tuple[Sequence[PrintedForm], int]:
    """What is to be shown, and on paper of which width when nobody said."""
    if document:
        return [_from_tlv(document)], DEFAULT_WIDTH
    if what and (published := _published(Path(what))):
        return published, DEFAULT_WIDTH
    form, width = _from_till(data_dir, what, fd, is_x=is_x)
    return [form], width


def _published(path: Path) -> list[PrintedForm]:
    """The receipts in a file; none when there is no such file."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_MAX + 1)
    except OSError:
        return []
    return published_forms(raw)


def _from_till(data_dir: Path | None, what: str, fd: int, *, is_x: bool) -> tuple[PrintedForm, int]:
    """The form and the width of the register's paper. Only what is read from the register needs the till to itself."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=not what) as till:
        if is_x:
            form = printed.x_report_form(till)
        elif fd:
            form = printed.document_form(till, fd)
        else:
            form = printed.receipt_by(till, what).form
        return form, printed.profile(till).width


def _from_tlv(given: str) -> PrintedForm:
    text = (sys.stdin.read(TLV_MAX + 1) if sys.stdin else "") if given == "-" else given
    if len(text) > TLV_MAX:
        raise PosError("bad_input", what=f"документ длиннее {TLV_MAX} знаков", position=TLV_MAX)
    return printed.form_of_tlv(_bytes("".join(text.split())))


def _bytes(text: str) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    bare = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise PosError("bad_input", what="ни base64, ни hex", position=0) from None


def _pictures(form: PrintedForm, width: int, png: Path | None, svg: Path | None) -> list[Path]:
    """Writes the pictures that are asked for. PosError `not_written` when a file cannot be."""
    if svg is not None:
        try:
            svg.write_text(svg_of(form, width), encoding="utf-8")
        except OSError as error:
            raise PosError("not_written", path=str(svg), reason=error.strerror or type(error).__name__) from None
    if png is not None:
        from posapp.ui.paper import save_png  # Qt only for whoever asks for it

        if not save_png(form, width, png):
            raise PosError("not_written", path=str(png), reason="PNG")
    return [each for each in (png, svg) if each is not None]
