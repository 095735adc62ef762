"""The document that is open on the register: what it is, and how it is cancelled. Whose it is, the till judges."""

from __future__ import annotations

from posapp.devices.base import OpenDocument
from posapp.devices.fields import opcode_bytes
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.refusals import refusal
from posapp.devices.shtrih.session import Session
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.errors import Refused

CORRECTION_BEGUN = 0x14
"""What FF01 calls the open document of the storage."""
_OPENING = (c.OpenReceipt.CODE, c.BeginCorrection.CODE)


def is_open(session: Session) -> bool:
    """Whether a receipt is open, or a correction of FFD 1.05 begun; two questions, no side effect."""
    if session.ask(c.ShortStatus(session.password)).mode == states.MODE_DOCUMENT:
        return True
    return _is_correction(session)


def look(session: Session) -> OpenDocument | None:
    """The open receipt or correction with its subtotal (89h). Raises Refused for a document of another sort.

    A correction of FFD 1.05 that is only begun (FF35) has neither kind nor sum yet: both come with its last command.
    """
    session.connect()
    short = session.ask(c.ShortStatus(session.password))
    is_correction = _is_correction(session)
    if short.mode != states.MODE_DOCUMENT:
        if not is_correction:
            return None
        return OpenDocument(
            ReceiptKind.SELL, ZERO, refused_ours=_was_refused(session), is_correction=True, has_kind=False
        )
    kind = states.OPEN_TO_KIND.get(short.mode_status)
    if kind is None:
        raise Refused("foreign_receipt_open")
    subtotal = session.ask(c.Subtotal(session.password))
    return OpenDocument(
        kind, Money(subtotal.total_kopecks), refused_ours=_was_refused(session), is_correction=is_correction
    )


def _is_correction(session: Session) -> bool:
    return session.ask(c.StorageStatus(session.password)).current_document == CORRECTION_BEGUN


def _was_refused(session: Session) -> bool:
    """Whether the register still held a "no" to an opening command when we came."""
    for answer in session.drained:
        for code in map(opcode_bytes, _OPENING):
            if answer[: len(code)] == code and answer[len(code) : len(code) + 1] != b"\0":
                return True
    return False


def cancel(session: Session) -> None:
    """88h, or FF08 for a correction that is only begun, when nothing prints any more and a print was continued."""
    session.connect()
    session.wait_until_idle()
    is_receipt = session.ask(c.ShortStatus(session.password)).mode == states.MODE_DOCUMENT
    command: c.AnyCommand = c.CancelReceipt(session.password)
    if not is_receipt and _is_correction(session):
        command = c.CancelStorageDocument(session.password)
    reply = session.offer(command)
    if isinstance(reply, c.ErrorReply):
        raise refusal(reply.error)
    session.wait_until_idle()
