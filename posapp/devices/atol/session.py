"""A session with one register by the raw protocol: the port, the link, and the one way a command reaches the wire.

A session lasts until the link fails or is reset; `open` makes the next one, which begins with Abort. What became of
a command is told by the class of the error, as everywhere below the till: `NotSent` – nothing of it went out, `Lost` –
it may have, and what became of it is read, `TaskFailed` – the register's "no".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from posapp.devices.atol import commands as c
from posapp.devices.atol.link import Link
from posapp.devices.atol.tasks import Busy, Lost, NotSent, TaskFailed
from posapp.devices.atol.wire_errors import BAD_DATA_CODE, BUSY, code_of
from posapp.devices.flow import Await, Flow, Port, PortError, drive
from posapp.errors import PosError

R = TypeVar("R", bound=c.Reply)

ANSWER_TIMEOUT_S: Final = 15.0
"""What is no report and closes nothing."""
POLL_S: Final = 0.1
BUSY_TRIES: Final = 300
"""How often a register that still prints is asked again: half a minute."""


class Session:
    """One register behind one port. `open_port` makes a fresh port each time; it raises Unreachable.

    `password` is the access password of the protocol, four digits, nought as it leaves the factory.
    """

    def __init__(self, open_port: Callable[[], Port], port_name: str, password: int = 0) -> None:
        self._open_port = open_port
        self.port_name = port_name
        self._password = password
        self._port: Port | None = None
        self._link = Link()

    @property
    def is_open(self) -> bool:
        """Whether the next command goes out over the same connection as the one before."""
        return self._port is not None

    def open(self) -> None:
        """Opens the port if it is not open, and empties the device's buffer by Abort. Raises NotSent."""
        if self._port is not None:
            return
        try:
            port = self._open_port()
        except PosError as error:
            raise NotSent(error.message(), error.code, **error.facts) from error
        self._link.restart()
        try:
            drive(self._link.begin(), port)
        except NotSent:
            _close(port)
            raise
        self._port = port

    def close(self) -> None:
        """Closes the port; safe at any time."""
        port, self._port = self._port, None
        if port is not None:
            _close(port)

    def reset(self) -> None:
        """Rule 6: after it nothing that was sent before can still run. Raises Busy while something does, NotSent.

        Abort empties the buffer; what was being performed ends first, and until it has the device says so.
        """
        self.close()
        self.open()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Asks for the status until the device has time for it. Raises Busy, NotSent."""
        for _ in range(BUSY_TRIES):
            try:
                reply = self.answer(c.Status(), repeats=True)
            except Lost as error:
                raise NotSent(str(error)) from error
            if not isinstance(reply, c.ErrorReply):
                return
            if reply.error != BUSY:
                raise TaskFailed(code_of(reply.error), f"{reply.error:02X}h")
            self.pause(POLL_S)
        raise Busy("the register does not become idle")

    def ask(self, command: c.Command[R]) -> R:
        """A question, asked again when its answer is lost. Raises NotSent, Lost, TaskFailed."""
        return self._positive(self._offered(command, repeats=True, timeout_s=ANSWER_TIMEOUT_S))

    def look(self, command: c.Command[R]) -> R | c.ErrorReply:
        """A question to which "no" is an answer."""
        return self._offered(command, repeats=True, timeout_s=ANSWER_TIMEOUT_S)

    def order(self, command: c.Command[R], timeout_s: float = ANSWER_TIMEOUT_S) -> R:
        """Something that changes the register, added once; offered again only while it says that it is busy.

        Raises NotSent, Lost, TaskFailed. Never for what closes a document: there even "busy" proves nothing (rule 5).
        """
        return self._positive(self._offered(command, repeats=False, timeout_s=timeout_s))

    def close_by(self, command: c.Command[R], timeout_s: float) -> R:
        """The command that makes a document or moves money: added once, whatever is said to it."""
        return self._positive(self.answer(command, repeats=False, timeout_s=timeout_s))

    def _offered(self, command: c.Command[R], *, repeats: bool, timeout_s: float) -> R | c.ErrorReply:
        for _ in range(BUSY_TRIES):
            reply = self.answer(command, repeats=repeats, timeout_s=timeout_s)
            if not isinstance(reply, c.ErrorReply) or reply.error != BUSY:
                return reply
            self.pause(POLL_S)
        return reply

    @staticmethod
    def _positive(reply: R | c.ErrorReply) -> R:
        if isinstance(reply, c.ErrorReply):
            raise TaskFailed(code_of(reply.error), f"{reply.error:02X}h")
        return reply

    def answer(self, command: c.Command[R], *, repeats: bool, timeout_s: float = ANSWER_TIMEOUT_S) -> R | c.ErrorReply:
        """The typed reply or the device's error byte. A failed link is closed: the next call starts afresh.

        Raises NotSent – also when the session is over: only `open` begins another –, Lost, and TaskFailed 5 for an
        answer to a question that makes no sense.
        """
        data = command.encode(self._password)
        port = self._port
        if port is None:
            raise NotSent("the connection is over")
        try:
            answer = drive(self._link.exchange(data, timeout_s, repeats=repeats), port)
            reply = command.decode_reply(answer.data)
            if answer.is_error and not isinstance(reply, c.ErrorReply):
                raise c.Malformed(f"an error without one: {answer.data[:8].hex(' ')}")
        except (NotSent, Lost):
            self.close()
            raise
        except c.Malformed as error:
            self.close()
            if repeats:
                raise TaskFailed(BAD_DATA_CODE, str(error)) from error
            raise Lost(str(error)) from error
        return reply

    def pause(self, seconds: float) -> None:
        """Lets time pass on the idle line."""
        if self._port is None:
            return
        try:
            drive(_silence(seconds), self._port)
        except PortError:
            self.close()


def _silence(seconds: float) -> Flow[None]:
    """Waits; what a device might say unasked is noise."""
    yield Await(seconds)


def _close(port: Port) -> None:
    try:
        port.close()
    except PortError:
        return  # it is gone, which is what was wanted
