"""The wire trace: what goes both ways between the program and a device, with times, for support to read.

A `TracedPort` stands around a port and passes everything on unchanged; the trace hears it. What is kept is bounded in
memory and in the file, and nothing secret is kept at all: a `Reader` of the device's protocol turns bytes into pieces
before they are written, so that passwords, names and texts of documents are never among them. What no reader
understands is shown without whatever could be a text in it.

Nothing here may ever be in the way of a receipt: a file that cannot be written is given up, a reader that fails is
passed over.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from posapp.devices.flow import Port, PortError
from posapp.errors import PosError

LINES_KEPT = 2000
FILE_MAX = 2_000_000
"""Bytes of the file; when it is full it becomes `FILE.1`, in place of the one before."""
HIDDEN = "··"
"""A byte that is not shown."""
SHOWN_MAX = 300
"""Bytes of one piece that are shown; the rest is counted."""
LETTERS_MAX = 3
"""So many printable bytes in a row may be shown of what nobody understands; more could be a text."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the conversation: its bytes as they may be shown (two characters a byte, `··` for a hidden one), and
    what it says, for a person."""

    shown: tuple[str, ...]
    words: str = ""


class Reader(Protocol):
    """Understands one device's protocol as far as a trace needs it. Has a memory: bytes come in any portions."""

    def heard(self, data: bytes, *, sent: bool) -> list[Piece]:
        """What the bytes complete. `sent`: from us to the device."""
        ...

    def rest(self, *, sent: bool) -> list[Piece]:
        """What of that direction is begun and will not be completed: the other side speaks already, or time is over."""
        ...


def unreadable(data: bytes) -> Piece:
    """Bytes that nobody understands, without what could be a text."""
    return Piece(tuple(_without_text(data)), f"не разобрано, байт: {len(data)}")


def _without_text(data: bytes) -> list[str]:
    """Each byte in hex, runs of bytes that could be letters or digits of any code page hidden."""
    shown: list[str] = []
    run: list[int] = []
    for byte in (*data, -1):
        if byte >= 0x20 and byte != 0x7F:
            run.append(byte)
            continue
        shown += [HIDDEN] * len(run) if len(run) > LETTERS_MAX else [f"{each:02X}" for each in run]
        run = []
        if byte >= 0:
            shown.append(f"{byte:02X}")
    return shown


class PlainReader:
    """For a device whose protocol has no reader: every portion is a piece without texts."""

    def heard(self, data: bytes, *, sent: bool) -> list[Piece]:
        """See `Reader`."""
        return [unreadable(data)] if data else []

    def rest(self, *, sent: bool) -> list[Piece]:
        """See `Reader`."""
        return []


class Trace:
    """What was said, last lines first forgotten. `file` gets every line at once, for a program that is killed."""

    def __init__(
        self,
        now: Callable[[], datetime],
        file: Path | None = None,
        *,
        lines_kept: int = LINES_KEPT,
        file_max: int = FILE_MAX,
    ) -> None:
        self._now = now
        self._lines: deque[str] = deque(maxlen=lines_kept)
        self._path, self._file_max = file, file_max
        self._file: IO[str] | None = None
        self._written = 0
        if file is not None:
            self._file = _opened(file)
            self._written = file.stat().st_size

    def lines(self) -> list[str]:
        """What is kept, the oldest first."""
        return list(self._lines)

    def note(self, text: str) -> None:
        """A line of our own, with its time."""
        self._add(f"{self._stamp()}    {text}")

    def piece(self, piece: Piece, *, sent: bool) -> None:
        """A part of the conversation."""
        shown = " ".join(piece.shown[:SHOWN_MAX])
        if len(piece.shown) > SHOWN_MAX:
            shown += f" … ещё {len(piece.shown) - SHOWN_MAX}"
        self._add(f"{self._stamp()} {'→' if sent else '←'}  {piece.words}\n{' ' * 16}{shown}")

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _stamp(self) -> str:
        return f"{self._now():%H:%M:%S.%f}"[:12]

    def _add(self, line: str) -> None:
        self._lines.append(line)
        if self._file is None or self._path is None:
            return
        try:
            self._file.write(line + "\n")
            self._file.flush()
            self._written += len(line.encode()) + 1
            if self._written > self._file_max:
                self._file.close()
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._file, self._written = _opened(self._path), 0
        except OSError as error:
            log.warning("trace: %s cannot be written: %s", self._path, error.strerror)
            with suppress(OSError):
                self._file.close()
            self._file = None


def _opened(path: Path) -> IO[str]:
    """Readable by its owner only: it tells what a shop sells."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def watching(
    open_port: Callable[[], Port], trace: Trace, reader: Callable[[], Reader], name: str
) -> Callable[[], Port]:
    """Opens ports as `open_port` does, each with the trace around it; that one does not open is in the trace too."""

    def opened() -> Port:
        try:
            port = open_port()
        except PosError as error:
            trace.note(f"порт не открылся: {name}, {error.code}")
            raise
        return TracedPort(port, trace, reader(), name)

    return opened


class TracedPort:
    """A port that a trace listens to; see `flow.Port`."""

    def __init__(self, port: Port, trace: Trace, reader: Reader, name: str) -> None:
        self._port, self._trace, self._reader = port, trace, reader
        trace.note(f"порт открыт: {name}")

    def write(self, data: bytes) -> None:
        """Written first, kept afterwards."""
        try:
            self._port.write(data)
        except PortError as error:
            self._trace.note(f"порт: {error}")
            raise
        self._keep(lambda: self._reader.rest(sent=False), sent=False)
        self._keep(lambda: self._reader.heard(data, sent=True), sent=True)

    def read(self, timeout_s: float) -> bytes | None:
        """What arrives, and that nothing did."""
        try:
            data = self._port.read(timeout_s)
        except PortError as error:
            self._trace.note(f"порт: {error}")
            raise
        if data is None:
            self._keep(lambda: self._reader.rest(sent=False), sent=False)
            self._trace.note(f"тишина, ждали {timeout_s:g} с")
        else:
            self._keep(lambda: self._reader.heard(data, sent=False), sent=False)
        return data

    def close(self) -> None:
        """Closes it."""
        self._trace.note("порт закрыт")
        self._port.close()

    def _keep(self, read: Callable[[], list[Piece]], *, sent: bool) -> None:
        try:
            pieces = read()
        except (ValueError, LookupError, TypeError) as error:  # a trace must not stop a receipt
            log.warning("trace: a piece could not be read: %s", error)
            return
        for piece in pieces:
            self._trace.piece(piece, sent=sent)
