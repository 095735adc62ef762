"""A session with one register: the port, who is there, and the one way a command reaches the wire.

A session lasts until the link fails or is reset; the next call opens a new one and asks again who is there. What an
answer means is told by the class of the error: `Unreachable` – not a byte of the command went out (or it was a mere
question), `OutcomeUnknown` – it may have gone out, `ProtocolError` – the reply makes no sense.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from posapp.devices.flow import Await, Flow, Port, PortError, drive
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.link import Link, Lost, NotSent
from posapp.devices.shtrih.link_v2 import LinkV2
from posapp.devices.shtrih.refusals import PRINTING_PREVIOUS, WAITS_CONTINUE, refusal
from posapp.domain.fiscal import DeviceIdentity
from posapp.errors import OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable

R = TypeVar("R", bound=c.Reply)

POLL_S = 0.1
BUSY_POLLS_MAX = 600  # a minute: printing ends, a shift report may take longer than a receipt
UNFINISHED_READS_MAX = 4096
BUSY_TRIES = 5  # how often a step that the register was too busy for is offered again


LINKS: dict[str, tuple[type[Link] | type[LinkV2], ...]] = {"auto": (Link, LinkV2), "v1": (Link,), "v2": (LinkV2,)}
"""What a register may speak, in the order in which it is tried. It stays with the first one that it heard until it
loses power, so "no answer to ENQ" may mean that another program has spoken v2 with it."""


class Session:
    """One register behind one port. `open_port` makes a fresh port each time; it raises Unreachable."""

    def __init__(self, open_port: Callable[[], Port], port_name: str, password: int, link: str = "v1") -> None:
        self._open_port = open_port
        self.port_name = port_name
        self.password = password
        self._port: Port | None = None
        self.drained: list[bytes] = []
        """Answers that the register still held, to the last command that changed it: hints, never a proof (rule 5)."""
        self.acknowledged: int | None = None
        """The last command that changed the register, when it was acknowledged and its answer then lost."""
        self.changes = 0
        """How many commands that change the register were given in this session: what is in portions asks for that."""
        self._links = LINKS[link]
        self._link: Link | LinkV2 = self._links[0](self.drained)
        self._identity: DeviceIdentity | None = None

    def connect(self) -> DeviceIdentity:
        """Opens the link if it is not open and reads who is there, once per connection."""
        if self._port is not None and self._identity is not None:
            return self._identity
        if self._port is None:
            self._port = self._open_port()
            self._link = self._links[0](self.drained)
        try:
            return self._introduce()
        except Unreachable:
            if len(self._links) == 1:
                raise
        first, other = self._links
        self._port = self._open_port()
        self._link = other(self.drained)
        identity = self._introduce()
        self._links = (other, first)  # only now: a register that is off must hear v1 first when it is back
        return identity

    def _introduce(self) -> DeviceIdentity:
        """The first words on a fresh link. What goes wrong closes it."""
        try:
            self.finish_reading()
            self._identity = self._read_identity()
        except PosError:
            self.close()
            raise
        return self._identity

    @property
    def link(self) -> Link | LinkV2:
        """The dialogue that is spoken now."""
        return self._link

    def close(self) -> None:
        """Closes the link; the next call opens a new one."""
        port, self._port, self._identity = self._port, None, None
        if port is not None:
            try:
                port.close()
            except PortError:
                return  # it is gone, which is what was wanted

    def reset_link(self) -> DeviceIdentity:
        """Rule 6: closes our link, reconnects, drains pending replies and unfinished reads, waits for idleness."""
        self.close()
        identity = self.connect()
        self.wait_until_idle(for_reading=True)
        return identity

    def _read_identity(self) -> DeviceIdentity:
        full = self.ask(c.FullStatus(self.password))
        storage = self.ask(c.StorageNumber(self.password))
        registered = self.ask(c.RegistrationResult(self.password))
        try:
            return DeviceIdentity(
                factory_number=states.factory_number(full),
                registration_number=registered.registration_number.strip(),
                storage_number=storage.storage_number.strip(),
            )
        except ValueError as error:
            raise ProtocolError(str(error)) from error

    def finish_reading(self) -> None:
        """Leaves mode 1, in which a program that died while reading a document has left the register."""
        for _ in range(UNFINISHED_READS_MAX):
            if self.ask(c.ShortStatus(self.password)).mode != states.MODE_READING:
                return
            if isinstance(self.answer(c.ReadDocument(self.password)), c.ErrorReply):
                return

    def wait_until_idle(self, *, for_reading: bool = False) -> None:
        """Polls 10h until nothing runs. Raises Refused when it stays busy.

        For printing the paper must be in order, and a print that waits for paper is continued. For reading the storage
        it is enough that no command runs: an interrupted print has fiscalized before it began.
        """
        for _ in range(BUSY_POLLS_MAX):
            short = self.ask(c.ShortStatus(self.password))
            match short.submode:
                case 0:
                    return
                case 1 | 2 | 3 if for_reading:
                    return
                case 1 | 2:
                    raise Refused("cover_open" if short.is_cover_open else "paper_out")
                case 3:
                    self.continue_print()
                case _:
                    self._pause(POLL_S)
        raise Refused("device_busy")

    def continue_print(self) -> bool:
        """B0h where the register waits for it after paper was loaded (submode 3), else nothing."""
        self.connect()
        if self.ask(c.ShortStatus(self.password)).submode != 3:
            return False
        reply = self.answer(c.ContinuePrint(self.password), repeats=False)
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return True

    def knock(self) -> None:
        """Is anybody there? Raises Unreachable. On v1 every command asks that by itself."""
        self.connect()
        if self._port is None or not isinstance(self._link, LinkV2):
            return
        try:
            drive(self._link.knock(), self._port)
        except NotSent as error:
            self.close()
            raise Unreachable("device_unreachable", port=self.port_name) from error

    def ask(self, command: c.Command[R]) -> R:
        """A question. Raises Unreachable, Refused (the device's "no"), ProtocolError."""
        reply = self.answer(command)
        if isinstance(reply, c.ErrorReply):
            raise refusal(reply.error)
        return reply

    def answer(self, command: c.Command[R], *, repeats: bool = True) -> R | c.ErrorReply:
        """The typed reply or the device's error. A failed link is closed: the next call starts afresh.

        Raises Unreachable when not a byte of the command went out. When it may have gone out: Unreachable for
        questions (asking again is safe), OutcomeUnknown for the rest.
        """
        port = self._port
        if port is None:
            raise Unreachable("device_unreachable", port=self.port_name)
        changes = not repeats and not isinstance(command, c.ReadDocument)
        if changes:
            self.acknowledged = None
            self.changes += 1
        try:
            flow = self._link.exchange(command.encode(), command.REPLY_TIMEOUT_S, repeats=repeats, changes=changes)
            return command.decode_reply(drive(flow, port))
        except NotSent as error:
            self.close()
            raise Unreachable("device_unreachable", port=self.port_name) from error
        except Lost as error:
            self.close()
            if changes and error.acknowledged:
                self.acknowledged = command.CODE
            if repeats:
                raise Unreachable("device_unreachable", port=self.port_name) from error
            raise OutcomeUnknown(key="") from error
        except c.Malformed as error:
            self.close()
            raise ProtocolError(str(error)) from error

    def offer(self, command: c.Command[R]) -> R | c.ErrorReply:
        """A command that makes no document, offered again as long as the register says that it is still printing.

        50h and 58h say that the command was not executed; a doubt is never answered by sending it again. Never for a
        closing command: there even 50h is an unknown outcome (rule 5).
        """
        for _ in range(BUSY_TRIES):
            reply = self.answer(command, repeats=False)
            if not isinstance(reply, c.ErrorReply) or reply.error not in (PRINTING_PREVIOUS, WAITS_CONTINUE):
                return reply
            self.wait_until_idle()
        return reply

    def _pause(self, seconds: float) -> None:
        if self._port is not None:
            drive(_silence(seconds), self._port)


def _silence(seconds: float) -> Flow[None]:
    """Waits on the idle line; what a device might say unasked is noise."""
    yield Await(seconds)
