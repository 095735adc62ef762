"""Bodies of `receipt verify`, `tlv decode` and `qr parse`: published receipts, fiscal documents and QR texts as data.

Each reads many things, answers each of them in its turn through `write`, and returns the exit code: 0, or 1 when one
of them could not be read or does not agree with itself. One bad thing never hides the others. Input is untrusted: lines
and files are bounded before they are read whole. Blank lines are passed over.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from posapp.cli.common import language
from posapp.domain import ffd, published, published_json, qr, recompute
from posapp.errors import PosError

Write = Callable[[Any], None]
"""Takes one JSON-able answer."""

TLV_LINE_MAX = 6 * (ffd.DOCUMENT_MAX + 128)
"""Characters: a document in hex with `, 0x` before every byte."""
_BETWEEN = re.compile(r"\\n|\\(?=/)|[\s\"',;:\[\]\ufeff]")
"""What may stand around and between the bytes of a value that was copied out of a log, a program or JSON."""
_HEX = re.compile(r"(?:(?:0x|\\x|-)?[0-9A-F]{2})+", re.IGNORECASE)
_HEX_SIGNS = re.compile(r"0x|\\x|-", re.IGNORECASE)
_HEX_CUT_OFF = re.compile(r"(?:[0-9A-F]{2})+[0-9A-F]", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[a-z0-9/+.;=-]*,", re.IGNORECASE)
_PERCENT = re.compile(r"%(2B|2F|3D|2D|5F)", re.IGNORECASE)
_WHY_UNREAD: dict[type[OSError], str] = {
    FileNotFoundError: "нет такого файла",
    IsADirectoryError: "это каталог, а не файл",
    PermissionError: "нет права читать файл",
}
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")


def verify_files(paths: Iterable[Path], write: Write) -> int:
    """Recomputes published receipts: per file `{"file", "lines_ok", …}`, or `{"file", "error"}` where unreadable.

    A file with several receipts gives a line for each, with its number from 1 under `"receipt"`. 1 when a file is
    unreadable or one of the four respects is wrong; what was not published is no fault.
    """
    code = 0
    for path in paths:
        try:
            receipts = published.read_all(_read(path))
        except PosError as error:
            write({"file": str(path), "error": error.as_json(language())})
            code = 1
            continue
        for number, receipt in enumerate(receipts, 1):
            verdict = recompute.verify(receipt)
            numbered = {"receipt": number} if len(receipts) > 1 else {}
            write({"file": str(path), **numbered, **verdict.as_json()})
            code = code or (0 if verdict.agrees else 1)
    return code


def decode_tlv(lines: Iterable[str], write: Write) -> int:
    """Fiscal documents in base64 or hex, one a line: an array of tags per line, or `{"error"}` with the position.

    The position is that of a character when the line is neither, else that of a byte in the document.
    """
    return each_line(lines, TLV_LINE_MAX, _tags, write)


def parse_qr(lines: Iterable[str], write: Write) -> int:
    """QR texts of receipts, one a line: an object per line, or `{"error"}` with the position of the character."""
    return each_line(lines, qr.QR_MAX, lambda line: qr.parse_qr(line).as_json(), write)


def each_line(lines: Iterable[str], longest: int, read: Callable[[str], object], write: Write) -> int:
    """Reads each line that is not blank and writes what `read` gives, or the error; 1 when one could not be read.

    `longest` is how many characters a line may have.
    """
    code = 0
    for line in _bounded(lines, longest):
        if not line.strip():
            continue
        try:
            if len(line) > longest:
                raise PosError("bad_input", what=f"строка длиннее {longest} знаков", position=longest)
            answer = read(line)
        except ffd.BadTlv as error:
            answer = {"error": PosError("bad_input", what=str(error), position=error.position).as_json(language())}
            code = 1
        except PosError as error:
            answer = {"error": error.as_json(language())}
            code = 1
        write(answer)
    return code


def _bounded(lines: Iterable[str], longest: int) -> Iterator[str]:
    """The lines without their ends; of a too long one from a stream only the beginning, its rest is read away.

    A stream is read as bytes where it has them, since stdin may hold anything.
    """
    if not isinstance(lines, io.TextIOBase):
        yield from (line.rstrip("\r\n") for line in lines)
        return
    stream: Any = getattr(lines, "buffer", lines)
    limit = 4 * longest + 2  # a character has at most four bytes: what is cut off here is longer than `longest`
    while piece := stream.readline(limit):
        rest = piece
        while len(rest) == limit and rest[-1:] not in (b"\n", "\n"):
            rest = stream.readline(limit)
        text = piece.decode("utf-8", errors="replace") if isinstance(piece, bytes) else piece
        yield text.rstrip("\r\n")


def _read(path: Path) -> bytes:
    """The file's bytes, one more than allowed at most. PosError `bad_input` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(published_json.FILE_MAX + 1)
    except OSError as error:
        raise PosError("bad_input", what=_WHY_UNREAD.get(type(error)) or error.strerror or "ошибка чтения") from None


def _tags(line: str) -> list[dict[str, object]]:
    """The tags of the document on a line.

    Every hex text is base64 as well: a line that is hex but no document may have been meant so.
    """
    bare = _bare(line)
    is_hex = _HEX.fullmatch(bare)
    try:
        return ffd.decode_document(bytes.fromhex(_HEX_SIGNS.sub("", bare)) if is_hex else _of_base64(bare, line))
    except ffd.BadTlv:
        if is_hex:
            with contextlib.suppress(ffd.BadTlv, PosError):
                return ffd.decode_document(_of_base64(bare, line))
        elif _HEX_CUT_OFF.fullmatch(bare):
            raise PosError("bad_input", what="hex оборван: последний знак без пары", position=len(line)) from None
        raise


def _bare(line: str) -> str:
    """The line without what stands around and between the bytes."""
    text = line.strip()
    if found := _DATA_URL.match(text):
        text = text[found.end() :]
    text = _BETWEEN.sub("", text)
    return _PERCENT.sub(lambda found: chr(int(found[1], 16)), text)


def _of_base64(bare: str, line: str) -> bytes:
    """The bytes of base64 of either alphabet, with or without its padding. PosError with the place on the line."""
    packed = bare.replace("-", "+").replace("_", "/")
    if strange := _NOT_BASE64.search(packed):
        raise PosError("bad_input", what="ни base64, ни hex", position=line.index(strange[0]))
    packed = packed.rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        raise PosError("bad_input", what="base64 не закончен", position=len(line)) from None
