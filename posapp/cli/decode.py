"""Bodies of `receipt verify`, `tlv decode` and `qr parse`: published receipts, fiscal documents and QR texts as data.

Each reads many things, answers each of them in its turn through `write`, and returns the exit code: 0, or 1 when one
of them could not be read. One bad thing never hides the others. Input is untrusted: lines and files are bounded before
they are read whole. Blank lines are passed over.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from posapp.domain import ffd, published, qr, recompute
from posapp.errors import PosError

Write = Callable[[Any], None]
"""Takes one JSON-able answer."""

TLV_LINE_MAX = 3 * (ffd.DOCUMENT_MAX + 128)
"""Characters: a document in hex with a blank between the bytes."""
_HEX = re.compile(r"(?:0x)?(?:[0-9A-Fa-f]{2}\s*)+")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")


def verify_files(paths: Iterable[Path], write: Write) -> int:
    """Recomputes published receipts: per file `{"file", "lines_ok", …}`, or `{"file", "error"}` where unreadable."""
    code = 0
    for path in paths:
        try:
            verdict = recompute.verify(published.read_published(_read(path)))
        except PosError as error:
            write({"file": str(path), "error": error.as_json()})
            code = 1
        else:
            write({"file": str(path), **verdict.as_json()})
    return code


def decode_tlv(lines: Iterable[str], write: Write) -> int:
    """Fiscal documents in base64 or hex, one a line: an array of tags per line, or `{"error"}` with the position.

    The position is that of a character when the line is neither, else that of a byte in the document.
    """
    return _each_line(lines, TLV_LINE_MAX, lambda line: ffd.decode_document(_document(line)), write)


def parse_qr(lines: Iterable[str], write: Write) -> int:
    """QR texts of receipts, one a line: an object per line, or `{"error"}` with the position of the character."""
    return _each_line(lines, qr.QR_MAX, lambda line: qr.parse_qr(line).as_json(), write)


def _each_line(lines: Iterable[str], longest: int, read: Callable[[str], object], write: Write) -> int:
    code = 0
    for line in _bounded(lines, longest):
        if not line.strip():
            continue
        try:
            if len(line) > longest:
                raise PosError("bad_input", what=f"строка длиннее {longest} знаков", position=longest)
            answer = read(line)
        except ffd.BadTlv as error:
            answer = {"error": PosError("bad_input", what=str(error), position=error.position).as_json()}
            code = 1
        except PosError as error:
            answer = {"error": error.as_json()}
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
            return file.read(published.FILE_MAX + 1)
    except OSError as error:
        raise PosError("bad_input", what=error.strerror or type(error).__name__) from None


def _document(line: str) -> bytes:
    """The bytes of a line: hex when it looks so, else base64, of either alphabet and with or without its padding."""
    text = line.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text.removeprefix("0x"))
    packed = text.replace("-", "+").replace("_", "/")
    if strange := _NOT_BASE64.search(packed):
        at = line.index(text) + strange.start()
        raise PosError("bad_input", what="ни base64, ни hex", position=at)
    bare = packed.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise PosError("bad_input", what="base64 не закончен", position=len(line)) from None
