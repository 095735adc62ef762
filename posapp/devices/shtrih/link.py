"""The dialogue of the Штрих-М link, version 1, as generators: who speaks when, and what may be said twice.

    host: ENQ        device: NAK  idle, send a command
                             ACK  an answer is ready or being prepared: read it first
                             (silence) no link
    host: frame      device: ACK  accepted            NAK  damaged on the way
                     device: frame, the answer
    host: ACK        (a damaged answer: NAK, then ENQ; the device says ACK and sends the answer again)

The device repeats an answer only when it sees ENQ. An answer that an earlier program left unread is therefore still
there when we come: it is read, acknowledged and kept in `drained` as a *hint* – it proves nothing (design rule 5).

What may be repeated is decided by the caller, once per command:

* `repeats=True`, for questions: a lost or damaged exchange is done again, up to `TRIES` times.
* `repeats=False`, for everything that changes the register: the frame is written once. NAK, silence, a damaged answer
  that the device does not repeat, a broken port: `Lost`. Whether the device has executed it is then read from its
  state, never guessed (design rule 4).
"""

from __future__ import annotations

import math

from posapp.devices.flow import Await, Flow, PortError, Send
from posapp.devices.shtrih.frame import ACK, ENQ, NAK, Control, Frame, FrameBuffer, Piece, encode

TRIES = 3
ENQ_TIMEOUT_S = 1.0
ACK_TIMEOUT_S = 3.0
LISTEN_S = 5.0
SILENT_MAX = 5
DRAIN_TIMEOUT_S = 10.0
QUIET_S = 0.1  # what was under way has arrived after that, also through a USB converter that collects bytes
DRAIN_MAX = 8  # answers that an earlier program may have left; more means the line is not sane
CHUNKS_MAX = 4096  # portions of bytes we are willing to read for one piece

_ENQ, _ACK, _NAK = bytes((ENQ,)), bytes((ACK,)), bytes((NAK,))


class NotSent(Exception):
    """The device is not there or not idle; not one byte of the command was written."""


class Lost(Exception):
    """The command may have reached the device and there is no trustworthy answer.

    `acknowledged`: it has reached it whole, for the device said ACK; whether it was executed is not known.
    """

    def __init__(self, what: str, *, acknowledged: bool = False) -> None:
        super().__init__(what)
        self.acknowledged = acknowledged


class Link:
    """One end of a v1 line. Holds the unread bytes; `drained` collects answers to commands from before."""

    def __init__(self, drained: list[bytes] | None = None) -> None:
        self._buffer = FrameBuffer()
        self.drained: list[bytes] = [] if drained is None else drained

    def exchange(self, payload: bytes, reply_timeout_s: float, *, repeats: bool, changes: bool = False) -> Flow[bytes]:
        """One command, one answer; returns the answer's payload. Raises NotSent or Lost.

        `changes`: the command changes the register. Answers drained up to now are those to commands before it.
        """
        for last in _tries(TRIES if repeats else 1):
            yield from self.until_idle()
            if changes:
                self.drained.clear()
            try:
                return (yield from self._once(payload, reply_timeout_s, changes=changes))
            except Lost:
                if last:
                    raise
        raise AssertionError("unreachable")

    def until_idle(self) -> Flow[None]:
        """ENQ until the device answers NAK, reading whatever answer it still holds. Raises NotSent.

        One ENQ, one NAK: in step. After anything else an answer to an earlier ENQ, or one that the device was about to
        give when we came, may still be on its way; taken for the answer to our next frame it would put us out of step
        for good. So the line must fall silent, and the device say NAK once more.
        """
        silent, asked = 0, 0
        for _ in range(DRAIN_MAX + 2 * TRIES):
            piece = yield from self._enquire()
            asked += 1
            match piece:
                case Control(byte) if byte == NAK:
                    if asked == 1:
                        return
                    yield from self._hush()
                    silent, asked = 0, 0
                case Control(byte) if byte == ACK:
                    yield from self._drain()
                case Frame(payload):  # an answer whose ACK was lost or came without one
                    self.drained.append(payload)
                    yield from _send_or(_ACK, NotSent)
                case None:
                    silent += 1
                    if silent == TRIES:
                        raise NotSent("no answer to ENQ")
                case _:
                    silent += 1
        raise NotSent("the device does not become idle")

    def _hush(self) -> Flow[None]:
        """Drops what comes until nothing does for `QUIET_S`."""
        for _ in range(CHUNKS_MAX):
            try:
                if (yield Await(QUIET_S)) is None:
                    break
            except PortError as error:
                raise NotSent(str(error)) from error
        self._buffer.clear()

    def _enquire(self) -> Flow[Piece | None]:
        yield from _send_or(_ENQ, NotSent)
        try:
            return (yield from self._piece(ENQ_TIMEOUT_S))
        except PortError as error:
            raise NotSent(str(error)) from error

    def _drain(self) -> Flow[None]:
        """Reads the answer that the device announced by ACK and acknowledges it."""
        try:
            piece = yield from self._piece(DRAIN_TIMEOUT_S)
        except PortError as error:
            raise NotSent(str(error)) from error
        if isinstance(piece, Frame):
            self.drained.append(piece.payload)
            yield from _send_or(_ACK, NotSent)
        elif piece is not None and not isinstance(piece, Control):
            yield from _send_or(_NAK, NotSent)

    def _once(self, payload: bytes, reply_timeout_s: float, *, changes: bool) -> Flow[bytes]:
        """The frame, written once, and its answer. Raises Lost.

        An answer that no ACK announced may be a late one to an earlier command. A question may believe it; for what
        changes the register it is a hint like everything that is drained, and the outcome is read from the storage.
        """
        yield from _send_or(encode(payload), Lost)
        try:
            first = yield from self._piece(ACK_TIMEOUT_S)
        except PortError as error:
            raise Lost(str(error)) from error
        match first:
            case Control(byte) if byte == ACK:
                return (yield from self._answer(reply_timeout_s))
            case Frame(answer):  # its ACK was lost on the way
                yield from _send_or(_ACK, Lost)
                if changes:
                    self.drained.append(answer)
                    raise Lost("an answer without acknowledgement")
                return answer
            case Control(byte) if byte == NAK:
                raise Lost("the device found the frame damaged")
            case None:
                raise Lost("no acknowledgement")
            case _:
                raise Lost("no acknowledgement, but noise")

    def _answer(self, timeout_s: float) -> Flow[bytes]:
        """The answer after ACK. A damaged or missing one is asked for by ENQ, which repeats no command.

        ENQ while the device still works is answered by ACK ("being prepared"), so asking early costs nothing and a
        lost answer is found after `LISTEN_S` instead of after the whole time that the command may take. A device that
        does not answer ENQ either, `SILENT_MAX` times running, has no power or no cable: its outcome is read later.
        """
        silent = 0
        for _ in range(max(TRIES, math.ceil(timeout_s / LISTEN_S))):
            try:
                piece = yield from self._frame(min(timeout_s, LISTEN_S))
                if piece is not None and not isinstance(piece, Frame):
                    yield Send(_NAK)
                if not isinstance(piece, Frame):
                    yield Send(_ENQ)
                    piece = yield from self._piece(ENQ_TIMEOUT_S)
                if isinstance(piece, Frame):
                    yield Send(_ACK)
                    return piece.payload
            except PortError as error:
                raise Lost(str(error), acknowledged=True) from error
            if piece == Control(NAK):
                raise Lost("the device does not hold the answer any more", acknowledged=True)
            silent = silent + 1 if piece is None else 0
            if silent == SILENT_MAX:
                break
        raise Lost("no sound answer", acknowledged=True)

    def _frame(self, timeout_s: float) -> Flow[Piece | None]:
        """The next piece that is no control byte, or None."""
        for _ in range(DRAIN_MAX):
            piece = yield from self._piece(timeout_s)
            if not isinstance(piece, Control):
                return piece
        return None

    def _piece(self, timeout_s: float) -> Flow[Piece | None]:
        """The next piece, or None when the time is over (what was half read is then dropped)."""
        for _ in range(CHUNKS_MAX):
            piece = self._buffer.next()
            if piece is not None:
                return piece
            data = yield Await(timeout_s)
            if data is None:
                break
            self._buffer.feed(data)
        self._buffer.clear()
        return None


def _send_or(data: bytes, failure: type[NotSent] | type[Lost]) -> Flow[None]:
    try:
        yield Send(data)
    except PortError as error:
        raise failure(str(error)) from error


def _tries(count: int) -> list[bool]:
    """One entry a try, True for the last."""
    return [False] * (count - 1) + [True]
