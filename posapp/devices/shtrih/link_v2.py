"""The dialogue of the Штрих-М link, version 2, as a generator: numbered frames, no acknowledgements, no ENQ.

    host: synchronise            device: its last answer under its number (or an empty one under 0: none yet)
    host: command, number n+1    device: executes it when n was the last one, and answers under n+1
    host: the same frame again   device: does *not* execute it again, but gives the answer of n+1 once more

So the register itself remembers what it has executed, as long as it has power. A command that got no answer is sent
again under the *same* number – but only on the very session on which it was sent: the port has not been closed and
nothing has come that shows that the register was restarted or that another program has used the line. Whenever that is
in doubt the number is forgotten and the command is `Lost`; synchronising anew is a restart, after which nothing is
repeated and the storage is read (design rule 4).

What "synchronise" brings back is the answer to whatever was executed last, by whomever: a hint, kept in `drained`.
"""

from __future__ import annotations

import math

from posapp.devices.flow import Await, Flow, PortError, Send
from posapp.devices.shtrih.frame_v2 import FrameBuffer, Numbered, Piece, Sync, encode
from posapp.devices.shtrih.link import CHUNKS_MAX, LISTEN_S, QUIET_S, TRIES, Lost, NotSent

SYNC_TIMEOUT_S = 1.0
NUMBERS = 1 << 16
STALE_MAX = 64  # so many numbers back an answer is a late copy of one we have had; farther off is another program's


class LinkV2:
    """One end of a v2 line. `drained` collects answers to commands from before; `_number` is the last one executed."""

    def __init__(self, drained: list[bytes] | None = None) -> None:
        self._buffer = FrameBuffer()
        self._number: int | None = None
        self.drained: list[bytes] = [] if drained is None else drained

    def exchange(self, payload: bytes, reply_timeout_s: float, *, repeats: bool, changes: bool = False) -> Flow[bytes]:
        """One command, one answer; returns the answer's payload. Raises NotSent or Lost; see `Link.exchange`."""
        tries = TRIES if repeats else 1
        for left in range(tries - 1, -1, -1):
            if self._number is None:
                yield from self._synchronise()
            if changes:
                self.drained.clear()
            try:
                return (yield from self._once(payload, reply_timeout_s))
            except Lost:
                self._number = None
                if not left:
                    raise
        raise AssertionError("unreachable")

    def knock(self) -> Flow[None]:
        """Asks whether the register is there and still counts as we do. Raises NotSent: nothing was sent.

        What ENQ tells on v1 before every command; here it is asked where not having sent anything matters.
        """
        if self._number is None:
            yield from self._synchronise()
            return
        for _ in range(TRIES):
            try:
                yield Send(encode(Sync()))
                piece = yield from self._piece(SYNC_TIMEOUT_S)
            except PortError as error:
                raise NotSent(str(error)) from error
            if isinstance(piece, Numbered):
                if piece.number != self._number:
                    self._number = None
                return
        raise NotSent("no answer to synchronise")

    def _synchronise(self) -> Flow[None]:
        """Learns the number of the last executed command. Raises NotSent.

        First the line must be silent: an old answer in its buffer would put us out of step by its number.
        """
        yield from self._hush()
        for _ in range(TRIES):
            try:
                yield Send(encode(Sync()))
                piece = yield from self._piece(SYNC_TIMEOUT_S)
            except PortError as error:
                raise NotSent(str(error)) from error
            if isinstance(piece, Numbered):
                self._number = piece.number
                if piece.payload:
                    self.drained.append(piece.payload)
                return
        raise NotSent("no answer to synchronise")

    def _hush(self) -> Flow[None]:
        """Drops what comes until nothing does for `QUIET_S`."""
        for _ in range(CHUNKS_MAX):
            try:
                if (yield Await(QUIET_S)) is None:
                    break
            except PortError as error:
                raise NotSent(str(error)) from error
        self._buffer.clear()

    def _once(self, payload: bytes, timeout_s: float) -> Flow[bytes]:
        """The frame and its answer; after a silence the same frame under the same number. Raises Lost."""
        number = ((self._number or 0) + 1) % NUMBERS
        whole = encode(Numbered(number, payload))
        try:
            yield Send(whole)
            for _ in range(max(TRIES, math.ceil(timeout_s / LISTEN_S))):
                answer = yield from self._answer(number, min(timeout_s, LISTEN_S))
                if answer is not None:
                    self._number = number
                    return answer
                yield Send(whole)
        except PortError as error:
            raise Lost(str(error)) from error
        raise Lost("no answer")

    def _answer(self, number: int, timeout_s: float) -> Flow[bytes | None]:
        """The payload under this number, None when nothing comes. Raises Lost for what shows another session."""
        for _ in range(CHUNKS_MAX):
            piece = yield from self._piece(timeout_s)
            match piece:
                case None:
                    return None
                case Numbered(found, payload) if found == number and payload:
                    return payload
                case Numbered(found, payload) if payload and 0 < (number - found) % NUMBERS <= STALE_MAX:
                    continue  # a late copy of an answer that we have had: we asked for it twice
                case _:
                    raise Lost("the register counts otherwise: it was restarted, or another program used the line")
        raise Lost("only old answers")

    def _piece(self, timeout_s: float) -> Flow[Piece | None]:
        """The next sound frame, or None when the time is over (what was half read is then dropped)."""
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
