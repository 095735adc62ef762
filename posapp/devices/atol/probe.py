"""Is there an АТОЛ register at the other end, and which one? A conversation that prints nothing and changes nothing.

On a line that is ours alone (a serial port, held exclusively) the greeting is Abort, with which every program begins:
it empties the buffer of tasks, so nobody else may be at it. Over TCP another program may be, and to empty its buffer
could make its driver close a second receipt (reference/devices.md B.3.5): there the greeting is the question after a
task, which changes nothing. Then four questions are asked as tasks: A5h, 91 16, A4 31 and E9.
"""

from __future__ import annotations

from typing import TypeVar

from posapp.devices.asking import PATIENCE_S, Introduced, Strange, Unclear, said
from posapp.devices.atol import commands as c
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.frame import FrameBuffer, Packet, encode
from posapp.devices.fields import Malformed
from posapp.devices.flow import Await, Flow, Send
from posapp.domain import ffd

R = TypeVar("R", bound=c.Reply)

VENDOR, LINK = "atol", "wire"
GREETING = 0x5E
FACTORY_NUMBER = 1013
"""The number of our first packet: an answer under it is an answer to us."""
_PACKETS_MAX = 16
WRONG_PASSWORD = (0x8C, 0xA4)
_TIDS = (0xD5, 0xD7, 0xD9, 0xDB)
"""Numbers of tasks near the end of their range, where another program that counts from nought is least likely."""


def introduce(password: int, wait_s: float, *, is_alone: bool) -> Flow[Introduced | None]:
    """None when nobody answers within `wait_s`. `is_alone`: nobody else can be speaking with it.

    `password` is the access password, four digits. Raises Strange, Unclear, PortError.
    """
    greeting: layer.Request = layer.Abort() if is_alone else layer.Ask(_TIDS[0])
    buffer, heard = FrameBuffer(), b""
    fresh = yield from said(encode(GREETING, greeting.encode()), wait_s)
    while fresh is not None:
        heard += fresh
        buffer.feed(fresh)
        for piece in buffer:
            if isinstance(piece, Packet) and piece.number == GREETING:
                return (yield from _who(buffer, password))
        if not buffer.mid_frame:
            break
        fresh = yield Await(wait_s)
    if heard:
        raise Strange(heard)
    return None


def _who(buffer: FrameBuffer, password: int) -> Flow[Introduced]:
    device = yield from _ask(buffer, GREETING + 1, _TIDS[0], c.DeviceInfo(), password)
    serial = yield from _ask(buffer, GREETING + 3, _TIDS[1], c.Serial(), password)
    storage = yield from _ask(buffer, GREETING + 5, _TIDS[2], c.StorageNumber(), password)
    registered = yield from _ask(buffer, GREETING + 7, _TIDS[3], c.ReadAttribute(FACTORY_NUMBER, 0), password)
    return Introduced(
        VENDOR,
        LINK,
        device.name.strip() if isinstance(device, c.DeviceInfoReply) else "",
        _number(serial.number, registered) if isinstance(serial, c.SerialReply) else "",
        storage.storage_number.strip() if isinstance(storage, c.StorageNumberReply) else "",
        wants_password=isinstance(serial, c.ErrorReply) and serial.error in WRONG_PASSWORD,
    )


def _number(number: int, registered: c.Reply | c.ErrorReply) -> str:
    """The factory number as it was registered (1013), which alone tells how many noughts it begins with."""
    try:
        entry = (
            ffd.find(ffd.decode(registered.tlv), FACTORY_NUMBER)
            if isinstance(registered, c.ReadAttributeReply)
            else None
        )
    except ffd.BadTlv:
        entry = None
    text = entry.value.strip() if entry is not None and isinstance(entry.value, str) else ""
    return text if text.isdecimal() and int(text) == number else f"{number:014d}"


def _ask(buffer: FrameBuffer, number: int, tid: int, command: c.Command[R], password: int) -> Flow[R | c.ErrorReply]:
    """One question as a task, added once and acknowledged. Raises Unclear when it is not answered at once."""
    task = layer.Add(layer.TaskFlag.NEED_RESULT, tid, command.encode(password))
    yield Send(encode(number, task.encode()))
    packet = yield from _packet(buffer, number)
    match _response(packet):
        case layer.Told(layer.Result.RESULT | layer.Result.ERROR, data) if data:
            yield Send(encode(number + 1, layer.Acknowledge(tid).encode()))
            yield from _packet(buffer, number + 1)
        case _:
            raise Unclear("busy" if packet is not None else "no answer")
    try:
        return command.decode_reply(data)
    except Malformed as error:
        raise Unclear(str(error)) from error


def _packet(buffer: FrameBuffer, number: int) -> Flow[Packet | None]:
    """The packet under this number; what came unasked is passed over."""
    for _ in range(_PACKETS_MAX):
        for piece in buffer:
            if isinstance(piece, Packet) and piece.number == number:
                return piece
        fresh = yield Await(PATIENCE_S)
        if fresh is None:
            return None
        buffer.feed(fresh)
    return None


def _response(packet: Packet | None) -> layer.Response | None:
    try:
        return None if packet is None else layer.decode_response(packet.data)
    except Malformed:
        return None
