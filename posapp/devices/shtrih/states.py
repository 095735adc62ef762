"""What the replies to 10h, 11h and FF01 say of the register: mode, shift, paper. Pure: values in, values out.

Modes and submodes: protocol 2.0, "Режимы и подрежимы ККТ".
"""

from __future__ import annotations

from datetime import datetime

from posapp.devices.base import Paper, PrinterStatus
from posapp.devices.shtrih import commands as c
from posapp.domain.fiscal import ReceiptKind, Shift, ShiftState

MODE_READING, MODE_EXPIRED, MODE_DOCUMENT = 1, 3, 8
KIND_TO_OPEN = {
    ReceiptKind.SELL: 0,
    ReceiptKind.BUY: 1,
    ReceiptKind.SELL_REFUND: 2,
    ReceiptKind.BUY_REFUND: 3,
}
"""The kind as 8Dh takes it and the high half of the mode byte shows it."""
OPEN_TO_KIND = {number: kind for kind, number in KIND_TO_OPEN.items()}
_EXPIRED_FLAG = 0x80
_SUBMODE_PAPER = {1: Paper.OUT, 2: Paper.OUT_WHILE_PRINTING, 3: Paper.WAITS_CONTINUE}
_SUBMODES_BUSY = (4, 5)


def status_of(short: c.ShortStatusReply, full: c.FullStatusReply, storage: c.StorageStatusReply) -> PrinterStatus:
    """One look from its three answers."""
    return PrinterStatus(
        shift=_shift(full, storage),
        paper=Paper.COVER_OPEN if short.is_cover_open else _SUBMODE_PAPER.get(short.submode, Paper.OK),
        is_busy=short.submode in _SUBMODES_BUSY,
        has_open_document=short.mode == MODE_DOCUMENT or storage.current_document != 0,
        last_document=storage.last_document_number,
        clock=None if full.today is None else datetime.combine(full.today, full.now),
    )


def _shift(full: c.FullStatusReply, storage: c.StorageStatusReply) -> Shift:
    is_open = bool(storage.is_shift_open)
    is_expired = is_open and (full.mode == MODE_EXPIRED or bool(full.storage_flags & _EXPIRED_FLAG))
    state = ShiftState.EXPIRED if is_expired else ShiftState.OPEN if is_open else ShiftState.CLOSED
    return Shift(state, full.last_closed_shift + (1 if is_open else 0))


def factory_number(full: c.FullStatusReply) -> str:
    """The factory number as text of digits; 0 when it was never entered."""
    return f"{full.factory_number or 0:d}"


def table_text(raw: bytes) -> str:
    """A text field of a table."""
    return raw.split(b"\0", 1)[0].decode("cp1251", errors="replace").strip()
