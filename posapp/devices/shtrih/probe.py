"""Is there a Штрих-М register at the other end, and which one? A conversation that prints nothing and changes nothing.

The first byte is ENQ, to which a register of link 1 answers with one byte; a silence is followed by "synchronise" of
link 2. Only when the answer fits are questions asked: FCh, which needs no password, then 11h, FF02 and FF09. A device
that answers otherwise hears nothing more (`Strange`).
"""

from __future__ import annotations

from typing import TypeVar

from posapp.devices.asking import PATIENCE_S, STRAY, Introduced, Strange, Unclear, hurried, said
from posapp.devices.flow import Await, Flow
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.frame import ACK, ENQ, NAK, STX
from posapp.devices.shtrih.frame_v2 import FrameBuffer, Numbered, Sync, encode
from posapp.devices.shtrih.link import Link, Lost, NotSent
from posapp.devices.shtrih.link_v2 import LinkV2

R = TypeVar("R", bound=c.Reply)

VENDOR = "shtrih"
WRONG_PASSWORD = 0x4F
FRAME_MAX = 2048
_REGISTER = 0  # FCh: 0 is a register; scales speak the same language under another number


def introduce(password: int, wait_s: float) -> Flow[Introduced | None]:
    """Asks on both links; None when nobody answers within `wait_s` each. Raises Strange, Unclear, PortError."""
    heard = yield from said(bytes((ENQ,)), wait_s)
    if heard is not None:
        if not is_answer_to_enq(heard):
            raise Strange(heard)
        drained: list[bytes] = []
        return (yield from _who("v1", Link(drained), drained, password))
    if not (yield from _synchronises(wait_s)):
        return None
    drained = []
    return (yield from _who("v2", LinkV2(drained), drained, password))


def _synchronises(wait_s: float) -> Flow[bool]:
    """Whether a register of link 2 answers "synchronise"; its frame may come in portions. Raises Strange."""
    buffer, heard = FrameBuffer(), b""
    fresh = yield from said(encode(Sync()), wait_s)
    while fresh is not None and len(heard) < FRAME_MAX:
        heard += fresh
        buffer.feed(fresh)
        if isinstance(buffer.next(), Numbered):
            return True
        if not buffer.mid_frame:
            break
        fresh = yield Await(wait_s)
    if heard:
        raise Strange(heard)
    return False


def is_answer_to_enq(data: bytes) -> bool:
    """Whether this is how link 1 answers ENQ: NAK, ACK or a frame, behind any number of stray bytes."""
    rest = data.lstrip(STRAY)
    return rest in (bytes((NAK,)), bytes((ACK,))) or rest[:2] == bytes((ACK, STX)) or rest[:1] == bytes((STX,))


def _who(name: str, link: Link | LinkV2, drained: list[bytes], password: int) -> Flow[Introduced]:
    device = yield from _ask(link, c.DeviceType())
    model = ""
    if isinstance(device, c.DeviceTypeReply):
        if device.device_type != _REGISTER:
            raise Strange(device.name.encode())
        model = device.name
    full = yield from _ask(link, c.FullStatus(password))
    if isinstance(full, c.ErrorReply):
        return Introduced(VENDOR, name, model, wants_password=full.error == WRONG_PASSWORD, pending=tuple(drained))
    storage = yield from _ask(link, c.StorageNumber(password))
    registered = yield from _ask(link, c.RegistrationResult(password))
    return Introduced(
        VENDOR,
        name,
        model,
        states.factory_number(full),
        "" if isinstance(storage, c.ErrorReply) else storage.storage_number.strip(),
        "" if isinstance(registered, c.ErrorReply) else registered.registration_number.strip(),
        pending=tuple(drained),
    )


def _ask(link: Link | LinkV2, command: c.Command[R]) -> Flow[R | c.ErrorReply]:
    """A question; an answer that is lost or makes no sense is no proof of a register. Raises Unclear."""
    try:
        answer = yield from hurried(link.exchange(command.encode(), PATIENCE_S, repeats=False), PATIENCE_S)
        return command.decode_reply(answer)
    except (NotSent, Lost, c.Malformed) as error:
        raise Unclear(str(error)) from error
