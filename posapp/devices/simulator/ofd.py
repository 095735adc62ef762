"""What a simulated fiscal storage gives to its OFD and takes from it, and an OFD behind a socket that answers.

A real body is encrypted and signed; here it is the number of the document and its TLV, and the ticket is the number
with a keyed hash of exactly that message, so that a ticket of another one, or a damaged one, is refused (20h). The
storage offers one document at a time, the oldest without a ticket, in the same bytes until its ticket has come.

`OfdServer` keeps what it was given: a document that comes twice in the same bytes is answered with the same ticket and
kept once, one that comes in other bytes is a fault that a test must see.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from contextlib import suppress

from posapp.devices.ofd_message import HEAD, NoMessage, enveloped, length_of, require_whole
from posapp.devices.simulator.documents import FiscalStorage, StoredDocument

NUMBER = 4
READ_MAX = 4096
IDLE_S = 5.0


def message_of(storage: FiscalStorage) -> bytes:
    """The message that waits; b"" when every document has its ticket."""
    first = storage.first_unconfirmed()
    if first is None:
        return b""
    return enveloped(_body(first), storage.identity.storage_number)


def _body(document: StoredDocument) -> bytes:
    return document.number.to_bytes(NUMBER, "little") + document.tlv


def ticket_for(message: bytes) -> bytes:
    """What the OFD answers to a message. Raises NoMessage."""
    number = message[8:24].decode("ascii", "replace").strip()
    body = require_whole(message, number)[HEAD:]
    if len(body) < NUMBER:
        raise NoMessage("no document")
    return enveloped(body[:NUMBER] + _seal(body), number)


def _seal(body: bytes) -> bytes:
    return hmac.new(b"ofd", body, hashlib.sha256).digest()[:18]


def accept(storage: FiscalStorage, answer: bytes) -> bool:
    """The storage takes a ticket; False for one that does not belong to the document that waits."""
    first = storage.first_unconfirmed()
    if first is None or not hmac.compare_digest(answer, ticket_for(message_of(storage))):
        return False
    storage.confirmed = first.number
    return True


class OfdServer:
    """An OFD on 127.0.0.1. `documents`: by storage and number what it has, each once; `faults`: what went wrong.

    `cut_after`: so many bytes of its answers go out on the next connections, then the line is cut; None: all of them.
    `is_silent`: it takes the connection and says nothing.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, int], bytes] = {}
        self.faults: list[str] = []
        self.contacts = 0
        self.cut_after: int | None = None
        self.is_silent = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.2)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sim-ofd", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.getsockname()[1]
        return port

    def close(self) -> None:
        """Ends it."""
        self._ends.set()
        self._thread.join()
        self._server.close()

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with client, suppress(OSError):
                client.settimeout(IDLE_S)
                self.contacts += 1
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        heard = b""
        while len(heard) < HEAD or len(heard) < HEAD + self._length(heard):
            data = client.recv(READ_MAX)
            if not data:
                return
            heard += data
        answer = self.take(heard)
        if self.is_silent or not answer:
            return
        client.sendall(answer if self.cut_after is None else answer[: self.cut_after])

    @staticmethod
    def _length(heard: bytes) -> int:
        try:
            return length_of(heard[:HEAD], heard[8:24].decode("ascii", "replace").strip())
        except NoMessage:
            return 0

    def take(self, message: bytes) -> bytes:
        """Keeps the document of a message; its ticket, b"" for what is none."""
        try:
            answer = ticket_for(message)
        except NoMessage as error:
            self.faults.append(str(error))
            return b""
        body = message[HEAD:]
        key = (message[8:24].decode("ascii").strip(), int.from_bytes(body[:NUMBER], "little"))
        if self.documents.setdefault(key, body) != body:
            self.faults.append(f"document {key[1]} came twice in different bytes")
        return answer
