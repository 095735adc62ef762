"""Checking codes of marked goods on the register (FFD 1.2): FF61, and FF69 at once with what follows from the answer.

Nothing fiscal is made: an answer that is lost costs a second question. The register waits for a decision about every
code; one that an earlier program left undecided is rejected first, so a crash in between blocks nothing.
"""

from __future__ import annotations

from datetime import datetime

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.refusals import NOT_SUPPORTED, refusal
from posapp.devices.shtrih.session import Session
from posapp.domain import ffd
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Quantity
from posapp.domain.permission import RegisterVerdict
from posapp.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable

WRONG_ORDER, TABLE_FULL = 0xA1, 0xA3
_PARTS = (2, 4)
"""Planned statuses (2003) of goods that are measured out: the check wants to know how much."""


def is_supported(session: Session) -> bool:
    """Whether the register knows the commands of FFD 1.2 for marked goods (FF70)."""
    reply = session.answer(c.MarkingState(session.password))
    return not isinstance(reply, c.ErrorReply) or reply.error != NOT_SUPPORTED


def check(
    session: Session, code: MarkingCode, planned: int, measure: int = 0, quantity: Quantity | None = None
) -> RegisterVerdict:
    """What storage and server say of a code; accepted for the next receipt unless it is refused.

    Raises Unreachable, Refused (`register_lacks` where the register checks no codes), ProtocolError.
    """
    tlv = b""
    if planned in _PARTS and quantity is not None:
        tlv = ffd.encode_all([(2108, measure), (1023, quantity.value)])
    command = c.CheckMarking(session.password, planned, 0, (code.data, tlv))
    reply = _ask(session, command)
    if isinstance(reply, c.ErrorReply) and reply.error in (WRONG_ORDER, TABLE_FULL):
        _decide(session, c.REJECT if reply.error == WRONG_ORDER else c.CLEAR)
        reply = _ask(session, command)
    if isinstance(reply, c.ErrorReply):
        if reply.error == NOT_SUPPORTED:
            raise Refused("register_lacks", what="проверка кодов маркировки")
        raise refusal(reply.error)
    verdict = verdict_of(reply)
    _decide(session, c.REJECT if verdict.is_refused else c.ACCEPT)
    return verdict


def clear(session: Session) -> None:
    """Forgets everything that was accepted and not sold."""
    _decide(session, c.CLEAR)


def verdict_of(reply: c.CheckMarkingReply) -> RegisterVerdict:
    """FF61 in our words. Raises ProtocolError for an answer whose tags are none."""
    try:
        entries = ffd.decode(reply.tags)
        found = {entry.tag: entry.value for entry in entries}
        asked_at = found.get(2114)
        return RegisterVerdict(
            result=reply.result,
            local=reply.local_reason,
            code_type=reply.code_type,
            processing=_number(found.get(2005)),
            request_code=_number(found.get(2105)),
            asked_at=asked_at if isinstance(asked_at, datetime) else None,
        )
    except ValueError as error:  # BadTlv is one
        raise ProtocolError(f"FF61: {error}") from error


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _ask(session: Session, command: c.CheckMarking) -> c.CheckMarkingReply | c.ErrorReply:
    """Never said twice on its own: the second of two would find the first undecided."""
    try:
        return session.offer(command)
    except OutcomeUnknown as error:
        raise Unreachable("device_unreachable", port=session.port_name) from error


def _decide(session: Session, decision: int) -> None:
    try:
        reply = session.offer(c.DecideMarking(session.password, decision))
    except OutcomeUnknown as error:
        raise Unreachable("device_unreachable", port=session.port_name) from error
    if isinstance(reply, c.ErrorReply) and not (decision == c.REJECT and reply.error == WRONG_ORDER):
        raise refusal(reply.error)
