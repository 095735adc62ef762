"""A Штрих-М conversation for the wire trace: frames with the names of their commands, secrets and texts hidden.

What is hidden follows from the layout of the message, field by field: operators' passwords; texts and everything that
may hold one – names, lines to print, tags of documents, codes of marked goods, values of tables, data of the OFD. The
checksum of a frame with something hidden is hidden too: it would tell a part of it. What is not known as harmless is
hidden, and so is a frame of an unknown command behind its opcode.
"""

from __future__ import annotations

from posapp.devices.fields import Ascii, FieldType, Message, UInt, layout_of
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame, frame_v2
from posapp.devices.shtrih.layout import Command, DateDmy, DateTime5, DateYmd, RegisterNumber, Time3, UInts
from posapp.devices.shtrih.refusals import reason
from posapp.devices.trace import HIDDEN, Piece, unreadable

_HARMLESS = (UInt, UInts, DateDmy, DateYmd, DateTime5, Time3, RegisterNumber, Ascii)
_SECRET_FIELDS = frozenset(("password", "inn", "ofd_inn", "tax_password", "system_password"))
_CONTROLS = {frame.ENQ: "ENQ", frame.ACK: "ACK", frame.NAK: "NAK"}
_V1, _V2 = 1, 2
PENDING_MAX = 4096
"""Bytes of one direction that are held back for the end of their frame."""


class ShtrihReader:
    """Reads v1 and v2; which of them is spoken shows the first byte that we send."""

    def __init__(self) -> None:
        self._pending = {True: bytearray(), False: bytearray()}
        self._speaks = _V1

    def heard(self, data: bytes, *, sent: bool) -> list[Piece]:
        """See `trace.Reader`."""
        if sent and data[:1]:
            self._speaks = _V2 if data[0] == frame_v2.START else _V1
        self._pending[sent] += data
        if len(self._pending[sent]) > PENDING_MAX:
            return self.rest(sent=sent)
        return self._v1(sent=sent) if self._speaks == _V1 else self._v2(sent=sent)

    def rest(self, *, sent: bool) -> list[Piece]:
        """See `trace.Reader`."""
        left = bytes(self._pending[sent])
        self._pending[sent].clear()
        return [unreadable(left)] if left else []

    def _v1(self, *, sent: bool) -> list[Piece]:
        pieces, pending = [], self._pending[sent]
        while pending:
            if pending[0] in _CONTROLS:
                pieces.append(Piece((f"{pending[0]:02X}",), _CONTROLS[pending[0]]))
                del pending[0]
            elif pending[0] != frame.STX:
                stray = next((n for n, each in enumerate(pending) if each in (*_CONTROLS, frame.STX)), len(pending))
                pieces.append(unreadable(bytes(pending[:stray])))
                del pending[:stray]
            elif len(pending) < 2 or len(pending) < pending[1] + 3:
                break
            else:
                raw = bytes(pending[: pending[1] + 3])
                del pending[: len(raw)]
                is_sound = raw[1] > 0 and frame.lrc(raw[1:-1]) == raw[-1]
                pieces.append(_framed(raw[:2], raw[2:-1], raw[-1:], "", sent=sent) if is_sound else _damaged(raw))
        return pieces

    def _v2(self, *, sent: bool) -> list[Piece]:
        """A sound frame ends where `frame_v2` says; what lies before it and is not of it was not understood."""
        pieces, pending, buffer = [], self._pending[sent], frame_v2.FrameBuffer()
        start = read = 0
        for read, byte in enumerate(bytes(pending), 1):
            buffer.feed(bytes((byte,)))
            found = buffer.next()
            if found is None:
                continue
            raw = bytes(pending[start:read])
            begins = raw.rfind(frame_v2.START)
            if begins > 0:
                pieces.append(unreadable(raw[:begins]))
            pieces.append(_of_v2(found, raw[begins:], sent=sent))
            start = read
        del pending[:start]
        return pieces


def _of_v2(found: frame_v2.Piece, raw: bytes, *, sent: bool) -> Piece:
    if isinstance(found, frame_v2.Sync) or not found.payload:
        words = "Sync" if isinstance(found, frame_v2.Sync) else f"№ {found.number}"
        return Piece(_hex(raw), words)
    head = raw[:1] + (len(found.payload) + 2).to_bytes(2, "little") + found.number.to_bytes(2, "little")
    return _framed(head, found.payload, raw[-2:], f"№ {found.number} ", sent=sent)


def _damaged(raw: bytes) -> Piece:
    """A frame whose checksum is wrong: any byte of it may be another one's."""
    return Piece((*_hex(raw[:2]), *([HIDDEN] * (len(raw) - 2))), f"повреждённый кадр, байт: {len(raw)}")


def _framed(head: bytes, payload: bytes, checksum: bytes, before: str, *, sent: bool) -> Piece:
    shown, words = (_command if sent else _answer)(payload)
    sums = [HIDDEN] * len(checksum) if HIDDEN in shown else list(_hex(checksum))
    return Piece((*_hex(head), *shown, *sums), before + words)


def _known(payload: bytes) -> tuple[int, type[c.AnyCommand] | None]:
    """How many bytes the opcode has, and whose it is."""
    width = 2 if payload[0] == 0xFF and len(payload) > 1 else 1
    return width, Command.REGISTERED.get(int.from_bytes(payload[:width], "big"))


def _command(payload: bytes) -> tuple[list[str], str]:
    width, known = _known(payload)
    name = payload[:width].hex().upper()
    if known is None:
        return [*_hex(payload[:width]), *([HIDDEN] * (len(payload) - width))], f"{name} неизвестная команда"
    shown, told = _fields(known, payload[width:])
    return [*_hex(payload[:width]), *shown], " ".join((name, known.__name__, *told))


def _answer(payload: bytes) -> tuple[list[str], str]:
    width, known = _known(payload)
    name = payload[:width].hex().upper()
    error = payload[width] if len(payload) > width else None
    head = list(_hex(payload[: width + 1]))
    if error is None or known is None:
        return head + [HIDDEN] * (len(payload) - len(head)), f"{name} ответ на неизвестную команду"
    if error:
        return head + [HIDDEN] * (len(payload) - len(head)), f"{name} ошибка {error:02X}h – {reason(error)}"
    shown, told = _fields(known.REPLY, payload[width + 1 :])
    return head + shown, " ".join((name, "ответ", *told))


def _fields(message: type[Message], data: bytes) -> tuple[list[str], list[str]]:
    """The bytes of the fields as they may be shown, and the values of the harmless ones."""
    shown: list[str] = []
    told: list[str] = []
    missing, at = message.OMITTED.get(len(data), frozenset()), 0
    for name, wire, optional in layout_of(message):
        left = len(data) - at
        if optional and (name in missing or left == 0):
            continue
        raw = data[at : at + (left if wire.size is None else wire.size)]
        at += len(raw)
        if not _may_show(name, wire):
            shown += [HIDDEN] * len(raw)
            continue
        shown += _hex(raw)
        told.append(f"{name}={_value(wire, raw)}")
    return shown + [HIDDEN] * (len(data) - at), told


def _may_show(name: str, wire: FieldType) -> bool:
    return isinstance(wire, _HARMLESS) and name not in _SECRET_FIELDS


def _value(wire: FieldType, raw: bytes) -> str:
    try:
        return str(wire.unpack(raw))
    except ValueError:
        return raw.hex()


def _hex(data: bytes) -> tuple[str, ...]:
    return tuple(f"{byte:02X}" for byte in data)
