"""`posapp sim ofd`: a simulated OFD on a port, fed by the storage files of simulated registers.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8098", "token": "training", "control": "http://127.0.0.1:8098/_sim/"}

It has every document that its register has a ticket for. A register takes its tickets when it is spoken to, half a
minute after the document, so what was printed a moment ago is not here yet – as with a real OFD.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.sync.ofd import OfdDocument
from posapp.sync.simulator.ofd import SimulatedOfd, read_faults
from posapp.sync.simulator.ofd_server import OfdServer

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


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
        address = _address(listen)
        ofd.set_faults(read_faults(faults.read_text("utf-8")) if faults else [])
        _bring_all(feeds, ofd)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _fail("wrong_usage", f"{type(error).__name__}: {error}", WRONG_USAGE)
    try:
        server = OfdServer(address, ofd, datetime.now, lambda each: _bring_all(feeds, each))
    except OSError as error:
        return _fail("port_not_free", f"{listen}: {error.strerror or error}", REFUSED)
    _serve(server, stop_on_eof=stop_on_eof)
    return DONE


def _bring_all(feeds: Sequence[StorageFeed], ofd: SimulatedOfd) -> None:
    for feed in feeds:
        feed.bring(ofd)


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{listen!r} is not HOST:PORT")
    return host or "127.0.0.1", int(port)


def _serve(server: OfdServer, *, stop_on_eof: bool) -> None:
    stop = threading.Event()
    if stop_on_eof:
        threading.Thread(target=_stop_at_eof, args=(stop,), name="ofd-stdin", daemon=True).start()
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
    serving = threading.Thread(target=server.serve_forever, name="ofd", kwargs={"poll_interval": 0.1})
    serving.start()
    _say({"url": server.url, "token": server.ofd.token, "control": f"{server.url}/_sim/"})
    try:
        while not stop.wait(0.5):
            pass  # a short wait, because on Windows a signal does not wake a waiting main thread
    finally:
        server.close()
        serving.join()


def _stop_at_eof(stop: threading.Event) -> None:
    # Past Python's buffer: a thread that waits inside it would abort the interpreter's end after SIGTERM.
    while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
        continue
    stop.set()


def _say(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _fail(code: str, message: str, exit_code: int) -> int:
    _say({"error": {"code": code, "message": message, "action": "see --help"}})
    return exit_code
