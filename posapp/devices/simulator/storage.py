"""The file that a simulated register lives in: what it has fiscalized and remembers survives restarts and kills.

One JSON object a line, only ever appended:

    {"factory_number": N, "registered_at": "…", "ffd": "1.2"}   the first line; without "ffd" it is 1.05
    {"document": {…}, "set": {…}}                        a document together with the state it caused
    {"set": {"money": {…}, "receipt": null}}             what changed besides

A line with a document is forced to the disk before the register answers; the others reach the operating system, which
is enough against a killed process. A torn last line (cut by a kill) was never answered for and is dropped; damage
anywhere else is an error. At start a long file is rewritten to its essence and put in place in one step.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from posapp.devices.base import Ffd
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer

COMPACT_AFTER = 1000
"""Lines without a document, after which the file is rewritten at the next start."""


class StorageDamaged(Exception):
    """The file is not a register's storage, or is damaged other than at its end."""


class StorageInUse(Exception):
    """Another simulated register runs on this file."""


class StorageFile:
    """The file of one register. Create by `open_storage`; call `commit` after every command."""

    def __init__(self, path: Path, printer: Printer) -> None:
        self.printer = printer
        self._saved = {name: _text(value) for name, value in printer.as_dict().items()}
        self._documents = printer.storage.last_number
        self._file = path.open("ab")
        _lock(self._file, path)

    def commit(self) -> None:
        """Appends what changed since the last call; returns when a new document is safe on the disk."""
        state = self.printer.as_dict()
        changed = {name: value for name, value in state.items() if self._saved.get(name) != _text(value)}
        fresh = self.printer.storage.documents[self._documents :]
        if not changed and not fresh:
            return
        lines: list[dict[str, Any]] = [{"document": document.as_json()} for document in fresh]
        if changed:
            # One line with the last document, so that neither exists without the other.
            lines = [*lines[:-1], {**(lines[-1] if lines else {}), "set": changed}]
        self._file.write(b"".join(_line(each) for each in lines))
        self._file.flush()
        if fresh:
            os.fsync(self._file.fileno())
        self._saved.update({name: _text(value) for name, value in changed.items()})
        self._documents = self.printer.storage.last_number

    def close(self) -> None:
        """Closes the file; everything is in it already."""
        self._file.close()


def open_storage(
    path: Path, factory_number: int, now: datetime, print_time: timedelta, version: Ffd | None = None
) -> StorageFile:
    """The register in this file, or a new one with this factory number when there is no file yet.

    `version`: the format that is wanted, None for whatever the register writes (1.05 for a new one). Raises
    StorageDamaged when the file is something else, or a register that was registered with another format.
    """
    if path.exists() and path.stat().st_size:
        lines, whole_bytes = _read(path)
        printer = _rebuild(path, lines, print_time)
        if version is not None and version is not printer.storage.version:
            raise StorageDamaged(f"{path}: this register was registered with FFD {printer.storage.version.text}")
        if whole_bytes < path.stat().st_size:
            os.truncate(path, whole_bytes)
        if sum("document" not in each for each in lines) > COMPACT_AFTER:
            _write_new(path, printer)
        return StorageFile(path, printer)
    printer = Printer(identity_of(factory_number), now, print_time, version or Ffd.V1_05)
    _write_new(path, printer)
    return StorageFile(path, printer)


def stored_documents(path: Path) -> Iterator[StoredDocument]:
    """The documents in a file, in order; the register that writes it may be running."""
    lines, _ = _read(path)
    for each in lines:
        if "document" in each:
            yield StoredDocument.from_json(each["document"])


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of the file, and how many bytes they take; a torn last line is left out."""
    lines: list[dict[str, Any]] = []
    whole = 0
    for number, raw in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not raw.endswith(b"\n"):
            break
        try:
            line = json.loads(raw)
        except ValueError as error:
            raise StorageDamaged(f"{path}, line {number}: {error}") from error
        if not isinstance(line, dict):
            raise StorageDamaged(f"{path}, line {number}: not an object")
        lines.append(line)
        whole += len(raw)
    if not lines or "factory_number" not in lines[0]:
        raise StorageDamaged(f"{path} is not the storage of a simulated register")
    return lines, whole


def _rebuild(path: Path, lines: list[dict[str, Any]], print_time: timedelta) -> Printer:
    head, *rest = lines
    try:
        version = Ffd.parse(head.get("ffd", Ffd.V1_05.text))
    except ValueError as error:
        raise StorageDamaged(f"{path}: {error}") from error
    born = datetime.fromisoformat(head["registered_at"])
    printer = Printer(identity_of(head["factory_number"]), born, print_time, version)
    documents = [StoredDocument.from_json(each["document"]) for each in rest if "document" in each]
    if not documents or [each.number for each in documents] != list(range(1, len(documents) + 1)):
        raise StorageDamaged(f"{path}: document numbers are not 1…{max(1, len(documents))}")
    printer.storage.documents = documents
    state = printer.as_dict()
    for each in rest:
        state |= each.get("set", {})
    printer.restore(state)
    return printer


def _write_new(path: Path, printer: Printer) -> None:
    """Writes the register's essence to a new file and puts it in place of the old one."""
    documents = printer.storage.documents
    head = {
        "factory_number": int(printer.identity.factory_number),
        "registered_at": documents[0].at.isoformat(),
        "ffd": printer.storage.version.text,
    }
    lines: list[dict[str, Any]] = [head, *({"document": each.as_json()} for each in documents)]
    lines.append({"set": printer.as_dict()})
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(b"".join(_line(each) for each in lines))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _lock(file: BinaryIO, path: Path) -> None:
    """One register a file. Readers are not hindered; Windows, which knows only hindering locks, goes without."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StorageInUse(f"{path} belongs to a register that is running") from error


def _line(value: dict[str, Any]) -> bytes:
    return (_text(value) + "\n").encode()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
