"""The dialogue of the АТОЛ link, version 3, as generators: a command is a *task* in the device's buffer.

    host: Abort                  device: A3          the buffer is empty, nothing of before can still run
    host: Add(flags, tid, cmd)   device: A3 answer   done at once
                                         A4 answer   done, and the answer is an error
                                         A1 A2 A8    it waits or runs; later, unasked: A6 tid answer, A7 tid error
    host: Req(tid)               device: what Add would have got, or B3: there is no such task
    host: Ack(tid)               device: A3          the answer is forgotten, the tid is free

Every packet has a number, and a packet that answers has the number of the one that it answers: only those are believed.

**A task is added once.** Whatever happens to its answer – silence, damage, a port that is still there –, what is sent
next is Req for its tid, which runs nothing. A device that knows the task gives the answer that it has kept. One that
does not (B3) may never have received it, or has run it and lost its memory with its power: the two look the same, and
the vendor's own driver, which adds the task again then, closes a second receipt (reference/devices.md B.3.5). Here it
is `Lost`: what became of it is read from the storage, never guessed (design rule 4).

Only questions (`repeats=True`), which change nothing, are asked anew, as a new task after a new Abort.

An unasked answer is believed only when Req gives the same tid's answer too: A6 says no more than a tid, which an
earlier program may have used as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.frame import Damaged, FrameBuffer, Packet, Piece, encode, next_number
from posapp.devices.atol.task_layer import Refusal, Result
from posapp.devices.atol.tasks import Lost, NotSent
from posapp.devices.fields import Malformed
from posapp.devices.flow import Await, Flow, PortError, Send

TRIES = 3
ANSWER_TIMEOUT_S = 1.0
"""What answers without any work: Abort, Ack, Req."""
LISTEN_S = (1.0, 2.0, 4.0, 8.0)
"""How long we listen before we ask by Req, one time after another; the last one again and again."""
SILENT_MAX = 4
"""So often running is nothing heard, not even an answer to Req: no power, or no cable. A quarter of a minute."""
QUESTION_SILENT_MAX = 2
"""The same for a question, which can be asked again: three seconds."""
BUSY_S = 120.0
"""How long a device that says that it is alive may be at what it performs: closing a shift takes long."""
QUIET_S = 0.1  # what was under way has arrived after that, also through a USB converter that collects bytes
CHUNKS_MAX = 4096  # portions of bytes we are willing to read for one piece
PACKETS_MAX = 512  # what one task may bring; more means that the line is not sane

_AT_WORK = frozenset((Result.PENDING, Result.IN_PROGRESS, Result.WAITING))
_UNASKED = frozenset((Result.ASYNC_RESULT, Result.ASYNC_ERROR))
_DONE = layer.Told(Result.RESULT)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task came to: the bytes of the command layer. `is_error`: the device has called it an error (A4)."""

    data: bytes
    is_error: bool = False


class Silent(Lost):
    """Nothing at all was heard: asking once more would only take as long again."""


class Link:
    """One end of a line. Holds the unread bytes, and the numbers of packets and tasks, over several connections.

    After `Lost` the port is to be closed: what the device still sends belongs to nothing any more.
    """

    def __init__(self) -> None:
        self._buffer = FrameBuffer()
        self._number = 0
        self._tid = 0
        self._in_step = False

    def restart(self) -> None:
        """A fresh port: the next exchange begins with silence and Abort."""
        self._buffer.clear()
        self._in_step = False

    def exchange(self, command: bytes, timeout_s: float, *, repeats: bool) -> Flow[Answer]:
        """One command, one answer; `timeout_s` bounds how long the device may be at it. Raises NotSent or Lost."""
        for left in range(TRIES - 1 if repeats else 0, -1, -1):
            yield from self.begin()
            try:
                return (yield from self._task(command, timeout_s, QUESTION_SILENT_MAX if repeats else SILENT_MAX))
            except Lost as error:
                self._in_step = False
                if not left or isinstance(error, Silent):
                    raise
        raise AssertionError("unreachable")

    def begin(self) -> Flow[None]:
        """In step already, or: silence, then Abort until it is answered. Raises NotSent.

        A device that performs something answers Abort when that has ended, and a question for a task at once: so long
        as it does it is alive, and is waited for.
        """
        if self._in_step:
            return
        yield from self._hush()
        try:
            yield from self._abort()
        except PortError as error:
            raise NotSent(str(error)) from error
        self._in_step = True

    def _abort(self) -> Flow[None]:
        aborts, questions = {(yield from self._send(layer.Abort()))}, set[int]()
        silent, waited_s = 0, 0.0
        while silent < TRIES and waited_s < BUSY_S:
            packet = yield from self._packet_of(aborts | questions)
            if packet is not None and packet.number in aborts and _response(packet) == _DONE:
                return
            if packet is not None:
                silent = 0
                continue
            silent += 1
            waited_s += ANSWER_TIMEOUT_S
            if silent % 2:
                aborts.add((yield from self._send(layer.Abort())))
            else:
                questions.add((yield from self._send(layer.Ask(self._tid))))
        raise NotSent("the device does not come to an end" if silent < TRIES else "no answer to Abort")

    def _hush(self) -> Flow[None]:
        """Drops what comes until nothing does for `QUIET_S`."""
        for _ in range(CHUNKS_MAX):
            try:
                if (yield Await(QUIET_S)) is None:
                    self._buffer.clear()
                    return
            except PortError as error:
                raise NotSent(str(error)) from error
        raise NotSent("the line does not fall silent")

    def _task(self, command: bytes, timeout_s: float, silent_max: int) -> Flow[Answer]:
        """Adds the task, once; its answer is acknowledged. Raises Lost."""
        tid = self._tid
        self._tid = 0 if tid >= layer.TID_MAX else tid + 1
        try:
            asked = {(yield from self._send(layer.Add(layer.TaskFlag.NEED_RESULT, tid, command)))}
            answer = yield from self._answer(tid, asked, timeout_s, silent_max)
        except PortError as error:
            raise Lost(str(error)) from error
        yield from self._acknowledge(tid)
        return answer

    def _answer(self, tid: int, asked: set[int], timeout_s: float, silent_max: int) -> Flow[Answer]:
        """What the task came to. Asks by Req after silence, after a damaged packet and after an unasked answer."""
        silent, waited_s = 0, 0.0
        for _ in range(PACKETS_MAX):
            listen_s = min(LISTEN_S[min(silent, len(LISTEN_S) - 1)], timeout_s)
            piece = yield from self._piece(listen_s)
            if isinstance(piece, Packet):
                if piece.number in asked:
                    silent = 0
                    answer = _read(piece)
                    if answer is not None:
                        return answer
                if not _is_unasked(piece, tid):
                    continue
            elif piece is None:
                if waited_s >= timeout_s and not silent:
                    raise Lost("the device does not come to an end")
                silent += 1
                waited_s += listen_s
                if silent > silent_max:
                    raise Silent("no answer")
            asked.add((yield from self._send(layer.Ask(tid))))
        raise Lost("the line is not sane")

    def _acknowledge(self, tid: int) -> Flow[None]:
        """Frees the tid. The answer is there already: whatever fails here only means to begin anew."""
        asked: set[int] = set()
        try:
            for _ in range(TRIES):
                asked.add((yield from self._send(layer.Acknowledge(tid))))
                packet = yield from self._packet_of(asked)
                if packet is not None and _response(packet) in (_DONE, layer.Refused(Refusal.NOT_FOUND)):
                    return
        except PortError:
            pass  # whoever uses the port next meets it too
        self._in_step = False

    def _packet_of(self, asked: set[int]) -> Flow[Packet | None]:
        """What answers one of these packets, none of which makes any work; None when nothing came in time."""
        for _ in range(PACKETS_MAX):
            piece = yield from self._piece(ANSWER_TIMEOUT_S)
            if piece is None or isinstance(piece, Damaged):
                return None
            if piece.number in asked:
                return piece
        return None

    def _send(self, request: layer.Request) -> Flow[int]:
        """Writes a packet; its number."""
        number = self._number
        self._number = next_number(number)
        yield Send(encode(number, request.encode()))
        return number

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


def _response(packet: Packet) -> layer.Response | None:
    """What a packet says, None when that is no word of the protocol."""
    try:
        return layer.decode_response(packet.data)
    except Malformed:
        return None


def _read(packet: Packet) -> Answer | None:
    """What an answer to Add or Req says; None while the task waits or runs. Raises Lost."""
    match _response(packet):
        case layer.Told(Result.RESULT | Result.ERROR as said, data) if data:
            return Answer(data, said is Result.ERROR)
        case layer.Told(said) if said in _AT_WORK:
            return None
        case layer.Refused(Refusal.NOT_FOUND):
            raise Lost("the device does not know the task")
        case layer.Refused(reason):
            raise Lost(f"the device has not taken the task: {reason:02X}h")
    raise Lost(f"the task has ended without an answer: {packet.data[:8].hex(' ')}")


def _is_unasked(packet: Packet, tid: int) -> bool:
    response = _response(packet)
    return isinstance(response, layer.TidTold) and response.result in _UNASKED and response.tid == tid
