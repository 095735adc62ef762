"""An АТОЛ conversation for the wire trace: packets with the names of their commands, secrets and texts hidden.

Shown are the head of a packet, what the task layer says, the opcode, and of an answer whether it was a "no". Of what a
command or an answer carries only the fields of commands that have nothing but numbers in them (`_NUMBERS`); passwords
of either kind, names, tags, documents and tables are hidden, and with them the checksum, which would tell a part.
"""

from __future__ import annotations

from posapp.devices.atol import commands as c
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.layout import ANSWER
from posapp.devices.fields import Malformed
from posapp.devices.trace import HIDDEN, Piece, unreadable

_NUMBERS = frozenset(
    each.CODE
    for each in (
        *(c.Status, c.StateCode, c.LeaveMode, c.OpenReceipt, c.BeginItem, c.Payment, c.CloseReceipt, c.CancelReceipt),
        *(c.Discount, c.CashIn, c.CashOut, c.Report, c.CloseShift, c.SetClock, c.ContinuePrint, c.Drawer, c.ShiftState),
        *(c.ReceiptState, c.ReceiptSums, c.LastShift, c.LastDocument, c.LastReceipt, c.Numbers, c.Formats, c.Printed),
        *(c.PrintCounters, c.FindDocument, c.RequestDocument, c.OfdStatus),
    )
)
"""Opcodes whose fields, there and back, are numbers, sums and times only."""
PENDING_MAX = 4096
"""Bytes of one direction that are held back for the end of their packet."""
_PASSWORD = 2
_HEAD = 4


class AtolReader:
    """Reads packets of protocol 3, and remembers which command an answer is to."""

    def __init__(self) -> None:
        self._pending = {True: bytearray(), False: bytearray()}
        self._by_number: dict[int, int] = {}
        self._by_tid: dict[int, int] = {}

    def heard(self, data: bytes, *, sent: bool) -> list[Piece]:
        """See `trace.Reader`."""
        pending = self._pending[sent]
        pending += data
        if len(pending) > PENDING_MAX:
            return self.rest(sent=sent)
        pieces: list[Piece] = []
        buffer = frame.FrameBuffer()
        start = 0
        for at, byte in enumerate(bytes(pending)):
            if byte == frame.START and at > start:  # it always begins a packet: what stands before it is none
                pieces.append(unreadable(bytes(pending[start:at])))
                buffer.clear()
                start = at
            buffer.feed(bytes((byte,)))
            found = buffer.next()
            if found is not None:
                raw = bytes(pending[start : at + 1])
                pieces.append(self._packet(found, raw, sent=sent) if isinstance(found, frame.Packet) else _damaged(raw))
                start = at + 1
        del pending[:start]
        return pieces

    def rest(self, *, sent: bool) -> list[Piece]:
        """See `trace.Reader`."""
        left = bytes(self._pending[sent])
        self._pending[sent].clear()
        return [unreadable(left)] if left else []

    def _packet(self, packet: frame.Packet, raw: bytes, *, sent: bool) -> Piece:
        try:
            shown, words = self._said(packet) if sent else self._answered(packet)
        except Malformed:
            return _damaged(raw)
        head = [f"{byte:02X}" for byte in raw[:_HEAD]]
        checksum = HIDDEN if HIDDEN in shown else f"{frame.crc8(bytes((packet.number,)) + packet.data):02X}"
        return Piece((*head, *shown, checksum), f"№ {packet.number} {words}")

    def _said(self, packet: frame.Packet) -> tuple[list[str], str]:
        """What the host says."""
        match layer.decode_request(packet.data):
            case layer.Add(_, tid, data) if len(data) > _PASSWORD:
                command = c.UnknownCommand(data[_PASSWORD:])
                width = 1 if command.code < 0x100 else 2
                self._by_number[packet.number] = self._by_tid[tid] = command.code
                head = [*_hex(packet.data[:3]), *[HIDDEN] * _PASSWORD, *_hex(command.payload[:width])]
                return head + _fields(command.code, command.payload[width:]), f"Add {tid}: {_name(command.code)}"
            case layer.Ask(tid) | layer.Acknowledge(tid) as request:
                if isinstance(request, layer.Ask) and tid in self._by_tid:
                    self._by_number[packet.number] = self._by_tid[tid]
                else:
                    self._by_number.pop(packet.number, None)
                return _hex(packet.data), f"{type(request).__name__} {tid}"
            case layer.Abort():
                self._by_number.pop(packet.number, None)
                return _hex(packet.data), "Abort"
        return [*_hex(packet.data[:1]), *[HIDDEN] * (len(packet.data) - 1)], "?"

    def _answered(self, packet: frame.Packet) -> tuple[list[str], str]:
        """What the device says."""
        match layer.decode_response(packet.data):
            case layer.Refused(reason):
                return _hex(packet.data), reason.name
            case layer.TidTold(result, tid, data):
                return self._result(packet.data[:2], data, self._by_tid.get(tid), f"{result.name} {tid}")
            case layer.Told(result, data):
                return self._result(packet.data[:1], data, self._by_number.get(packet.number), result.name)

    @staticmethod
    def _result(head: bytes, data: bytes, code: int | None, words: str) -> tuple[list[str], str]:
        if not data:
            return _hex(head), words
        if code is None:
            return [*_hex(head), *[HIDDEN] * len(data)], f"{words}: ответ на неизвестную команду"
        known = c.Command.REGISTERED.get(code)
        told = data[: len(known.REPLY.HEAD)] if known is not None else b""
        if known is not None and told == known.REPLY.HEAD:
            return [*_hex(head + told), *_fields(code, data[len(told) :])], f"{words}: {_name(code)} ответ"
        if data[0] == ANSWER and len(data) in (2, 3):
            return [*_hex(head + data)], f"{words}: {_name(code)} ошибка {data[1]:02X}h"
        return [*_hex(head + data[:1]), *[HIDDEN] * (len(data) - 1)], f"{words}: {_name(code)} ?"


def _fields(code: int, data: bytes) -> list[str]:
    return _hex(data) if code in _NUMBERS else [HIDDEN] * len(data)


def _name(code: int) -> str:
    known = c.Command.REGISTERED.get(code)
    return f"{code:02X} {known.__name__ if known is not None else 'неизвестная команда'}"


def _damaged(raw: bytes) -> Piece:
    """A packet that is not sound: any byte of it may be another one's."""
    return Piece((*_hex(raw[:_HEAD]), *[HIDDEN] * max(0, len(raw) - _HEAD)), f"повреждённый пакет, байт: {len(raw)}")


def _hex(data: bytes) -> list[str]:
    return [f"{byte:02X}" for byte in data]
