"""Messages between a Штрих-М's fiscal storage and its OFD, for a register that leaves that to its host (FF30…FF33).

The register is worked on in portions of a few blocks, so that a sale waits for one of them at most; between portions,
and while the OFD is spoken to, the register is anybody's. Whatever else is said to it meanwhile ends the round, and the
next one begins again at FF30: a storage offers the same bytes until their ticket has come, and an OFD answers the same
bytes with the same ticket. So a round may be cut off at any byte; what became of its end the storage is asked, never
remembered.

On a real register unproven: which value of table 21 field 2 means the host. Zero, "no exchange of its own", is taken
for it; every other value leaves the register alone.
"""

from __future__ import annotations

from posapp.devices.base import OfdAddress, OfdTurn
from posapp.devices.ofd_message import HEAD, NoMessage, length_of, require_whole
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.session import Session
from posapp.domain.fiscal import DeviceIdentity

EXCHANGE = (21, 1, 2)
"""Table, row and field: who talks to the OFD."""
BY_HOST = 0
SERVER, PORT, TIMEOUT = (19, 1, 1), (19, 1, 2), (19, 1, 3)
TIMEOUT_S = (5, 60)
"""The register's own time-out for the OFD, within these bounds."""
PORTION = 4
"""Blocks of one portion: half a kilobyte, a twentieth of a second at 115 200 baud."""


class OfdPump:
    """One register's messages. `session` is the driver's own; used from its lane only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: tuple[DeviceIdentity, bool, OfdAddress] | None = None
        self._forget()

    def _forget(self) -> None:
        """The round ends here; the next one begins with FF30."""
        self._mark: tuple[DeviceIdentity, int] | None = None
        self._first = self._size = self._block = 0
        self._message = b""
        self._answer = b""
        self._written = 0

    # --- whether there is anything to do

    def address(self) -> OfdAddress | None:
        """The OFD as the register has it set up, None where the register talks to it by itself. Once a connection."""
        identity = self._session.connect()
        if self._asked is None or self._asked[0] is not identity:
            self._asked = identity, self._number(EXCHANGE) == BY_HOST, self._address()
        _, is_by_host, address = self._asked
        return address if is_by_host and address.host and address.port else None

    def _address(self) -> OfdAddress:
        host = self._session.answer(c.ReadTable(self._session.password, *SERVER))
        name = states.table_text(host.value) if isinstance(host, c.ReadTableReply) else ""
        least, most = TIMEOUT_S
        return OfdAddress(name, self._number(PORT) or 0, min(max(self._number(TIMEOUT) or least, least), most))

    def _number(self, field: tuple[int, int, int]) -> int | None:
        reply = self._session.answer(c.ReadTable(self._session.password, *field))
        return int.from_bytes(reply.value, "little") if isinstance(reply, c.ReadTableReply) else None

    # --- a round

    @property
    def message(self) -> bytes:
        """What is to be given to the OFD, whole after `OfdTurn.SEND`."""
        return self._message

    def answered(self, answer: bytes) -> bool:
        """The OFD's answer; False, and the round is over, when it is none to this storage."""
        identity = self._mark[0] if self._mark is not None else None
        try:
            if identity is None:
                raise NoMessage("no round")
            self._answer, self._written = require_whole(answer, identity.storage_number), 0
        except NoMessage:
            self._forget()
            return False
        return True

    def give_up(self) -> None:
        """The OFD did not answer."""
        self._forget()

    def step(self) -> OfdTurn:
        """One portion. Raises what a question to the register raises; the round is over then."""
        try:
            turn = self._step()
        except Exception:
            self._forget()
            raise
        if turn in (OfdTurn.NOTHING, OfdTurn.SENT, OfdTurn.REJECTED):
            self._forget()
        elif self._mark is not None:
            self._mark = self._mark[0], self._session.changes
        return turn

    def _step(self) -> OfdTurn:
        identity = self._session.connect()
        if self._mark is None or self._mark[0] is not identity or self._mark[1] != self._session.changes:
            return self._begin(identity)  # another connection, or something else was said
        if self._answer:
            return self._write()
        return self._read()

    def _begin(self, identity: DeviceIdentity) -> OfdTurn:
        """FF30, when the register is idle and nothing is open on it."""
        self._forget()
        if not self._is_free():
            return OfdTurn.NOTHING
        offered = self._session.answer(c.OfdBuffer(self._session.password))
        if not isinstance(offered, c.OfdBufferReply) or not offered.available:
            return OfdTurn.NOTHING
        self._first = self._waiting()
        self._size, self._block = offered.available, max(1, offered.longest_block)
        self._mark = identity, self._session.changes
        return OfdTurn.MORE

    def _waiting(self) -> int:
        """FF39: the number of the document whose message is offered, 0 where that is not told."""
        reply = self._session.answer(c.OfdStatus(self._session.password))
        return reply.first_document_number if isinstance(reply, c.OfdStatusReply) else 0

    def _is_free(self) -> bool:
        short = self._session.ask(c.ShortStatus(self._session.password))
        if short.submode != 0 or short.mode in (states.MODE_READING, states.MODE_DOCUMENT):
            return False
        return self._session.ask(c.StorageStatus(self._session.password)).current_document == 0

    def _read(self) -> OfdTurn:
        """FF31, a portion of blocks."""
        for _ in range(PORTION):
            count = min(self._block, self._size - len(self._message))
            if count <= 0:
                break
            reply = self._session.answer(c.ReadOfdBuffer(self._session.password, len(self._message), count))
            if not isinstance(reply, c.ReadOfdBufferReply) or not reply.data:
                return OfdTurn.NOTHING
            self._message += reply.data
        if len(self._message) < self._size:
            return OfdTurn.MORE
        is_whole = self._is_message() and self._waiting() == self._first  # else it is a part of two messages
        return OfdTurn.SEND if is_whole else OfdTurn.NOTHING

    def _is_message(self) -> bool:
        number = self._mark[0].storage_number if self._mark is not None else ""
        try:
            return HEAD + length_of(self._message[:HEAD], number) == len(self._message)
        except NoMessage:
            return False

    def _write(self) -> OfdTurn:
        """FF32, then FF33, a portion of blocks; with the last one the storage judges the answer."""
        password = self._session.password
        if not self._written:
            if not self._is_free() or self._waiting() != self._first:
                return OfdTurn.NOTHING
            begun = self._session.answer(c.BeginOfdWrite(password, len(self._answer)), repeats=False)
            if not isinstance(begun, c.BeginOfdWriteReply):
                return OfdTurn.NOTHING
            self._block = max(1, begun.longest_block)
        for _ in range(PORTION):
            block = self._answer[self._written : self._written + self._block]
            if not block:
                break
            command = c.WriteOfdBuffer(password, self._written, len(block), block)
            reply = self._session.answer(command, repeats=False)
            if isinstance(reply, c.ErrorReply):
                return OfdTurn.REJECTED
            self._written += len(block)
        return OfdTurn.SENT if self._written == len(self._answer) else OfdTurn.MORE
