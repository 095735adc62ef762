"""`posapp sim ofd`: a simulated OFD on a port, fed by the storage files of simulated registers.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8098", "token": "training", "control": "http://127.0.0.1:8098/_sim/"}

It has every document that its register has a ticket for. A register takes its tickets when it is spoken to, half a
minute after the document, so what was printed a moment ago is not here yet – as with a real OFD.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from posapp.cli.simulated import DONE, REFUSED, WRONG_USAGE, address_of, fail, serve
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.sync.ofd import OfdDocument
from posapp.sync.simulator.ofd import SimulatedOfd, read_faults
from posapp.sync.simulator.ofd_server import OfdServer


class StorageFeed:
    """A storage file, read on from where the last look ended. It is only ever appended to, or replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._offset = 0, 0
        self._documents: list[StoredDocument] = []
        self._confirmed = self._given = 0
        self.storage_number = ""

    def bring(self, ofd: SimulatedOfd) -> None:
        """Gives the OFD what was sent since the last look; nothing while there is no file yet."""
        try:
            with self._path.open("rb") as file:
                self._read(file.fileno(), file.read)
        except FileNotFoundError:
            return
        if self.storage_number:
            fresh = self._documents[self._given : self._confirmed]
            ofd.take(self.storage_number, map(_sent, fresh))
            self._given += len(fresh)

    def _read(self, descriptor: int, read: Any) -> None:
        status = os.fstat(descriptor)
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._inode, self._offset = status.st_ino, 0
            self._documents = []
        os.lseek(descriptor, self._offset, os.SEEK_SET)
        for raw in read().splitlines(keepends=True):
            if not raw.endswith(b"\n"):
                break  # torn: it comes whole with the next look
            self._take(json.loads(raw))
            self._offset += len(raw)

    def _take(self, line: dict[str, Any]) -> None:
        if "factory_number" in line:
            self.storage_number = identity_of(line["factory_number"]).storage_number
        if "document" in line:
            self._documents.append(StoredDocument.from_json(line["document"]))
        self._confirmed = line.get("set", {}).get("storage", {}).get("confirmed", self._confirmed)


def _sent(document: StoredDocument) -> OfdDocument:
    """A document as it reaches the OFD."""
    entries = ffd.decode(document.body)
    name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
    is_ours = name is not None and value is not None and name.value == "posapp"
    return OfdDocument(
        number=document.number,
        type=document.form,
        kind=None if document.kind is None else ReceiptKind(document.kind),
        total=None if document.total_kopecks is None else Money(document.total_kopecks),
        sign=str(document.sign),
        at=document.at,
        stamp=str(value.value) if is_ours and value is not None else None,
    )


def run(
    listen: str = "127.0.0.1:0",
    storages: Sequence[Path] = (),
    token: str = "training",  # noqa: S107  (of a simulator)
    faults: Path | None = None,
    stop_on_eof: bool = False,
) -> int:
    """Serves an OFD until SIGTERM or SIGINT; the exit code."""
    ofd = SimulatedOfd(token)
    feeds = [StorageFeed(each) for each in storages]
    try:
        address = address_of(listen)
        ofd.set_faults(read_faults(faults.read_text("utf-8")) if faults else [])
        _bring_all(feeds, ofd)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return fail(WRONG_USAGE, "wrong_usage", f"{type(error).__name__}: {error}")
    try:
        server = OfdServer(address, ofd, datetime.now, lambda each: _bring_all(feeds, each))
    except OSError as error:
        return fail(REFUSED, "port_not_free", f"{listen}: {error.strerror or error}")
    ready = {"url": server.url, "token": token, "control": f"{server.url}/_sim/"}
    serve(server, "ofd", ready, stop_on_eof=stop_on_eof)
    return DONE


def _bring_all(feeds: Sequence[StorageFeed], ofd: SimulatedOfd) -> None:
    for feed in feeds:
        feed.bring(ofd)
