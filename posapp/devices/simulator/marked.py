"""FF61, FF67, FF69 and FF70 on a simulated register: codes of marked goods, checked, decided about, bound to items."""

from __future__ import annotations

from dataclasses import replace

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.checks import CODES_MAX, Check
from posapp.devices.simulator.rules import (
    BAD_PARAMETER,
    UNSUPPORTED,
    WRONG_STORAGE_STATE,
    AnyCall,
    Call,
    Refuse,
    handles,
)
from posapp.domain import ffd
from posapp.domain.marking import BadMarking, MarkingCode, MarkingFamily, any_code

WRONG_ORDER, TABLE_FULL = 0xA1, 0xA3
PLANNED = frozenset((1, 2, 3, 4, 5, 6, 255))
"""Tag 2003."""
_MATRIX = {2: 0, 3: 3, 1: 2}
"""Tag 2100 → the kind of DataMatrix in FF67; FFh for all others."""


def _known_here(call: AnyCall, *, needs_new_format: bool) -> None:
    printer = call.printer
    if not printer.traits.knows_marking or (needs_new_format and printer.storage.version is not Ffd.V1_2):
        raise Refuse(UNSUPPORTED)


@handles(c.CheckMarking)
def _check(call: Call[c.CheckMarking]) -> c.Reply:
    _known_here(call, needs_new_format=True)
    marking, asked = call.printer.marking, call.command
    code, tlv = asked.code_and_tags
    if not code or asked.planned_status not in PLANNED or asked.mode:
        raise Refuse(BAD_PARAMETER)
    if asked.planned_status in (2, 4):
        _measured(tlv)
    if marking.pending is not None:
        raise Refuse(WRONG_ORDER)
    if len(marking.accepted) >= CODES_MAX:
        raise Refuse(TABLE_FULL)
    found = marking.pending = marking.check(code, call.at)
    return c.CheckMarkingReply(found.local_status, found.local_reason, found.code_type, found.online)


def _measured(tlv: bytes) -> None:
    """A part of a package leaves: how much, and in what."""
    try:
        tags = {each.tag for each in ffd.decode(tlv)}
    except ffd.BadTlv as error:
        raise Refuse(BAD_PARAMETER) from error
    if not {2108, 1023} <= tags:
        raise Refuse(BAD_PARAMETER)


@handles(c.DecideMarking)
def _decide(call: Call[c.DecideMarking]) -> c.Reply:
    _known_here(call, needs_new_format=True)
    marking = call.printer.marking
    if call.command.decision == c.CLEAR:
        marking.forget()
        return c.DecideMarkingReply(0)
    found = marking.pending
    if found is None:
        raise Refuse(WRONG_ORDER)
    if call.command.decision not in (c.REJECT, c.ACCEPT):
        raise Refuse(BAD_PARAMETER)
    marking.pending = None
    if call.command.decision == c.ACCEPT:
        marking.accepted[found.code] = found
    return c.DecideMarkingReply(found.result)


@handles(c.BindMarking)
def _bind(call: Call[c.BindMarking]) -> c.Reply:
    """Gives the last item its code. In FFD 1.05 that is 1162 and nothing is checked."""
    _known_here(call, needs_new_format=False)
    printer, raw = call.printer, call.command.code
    if printer.receipt is None or not printer.receipt.items:
        raise Refuse(WRONG_STORAGE_STATE)
    item = printer.receipt.items[-1]
    if item.marking is not None or item.measure is not None:
        raise Refuse(BAD_PARAMETER)
    code = _code(raw)
    record = ffd.encode(1162, code.nomenclature_code)
    if printer.storage.version is not Ffd.V1_2:
        printer.receipt.items[-1] = replace(item, marking=raw, product_code=record)
        return c.BindMarkingReply(record[4:6], 0xFF)
    found, told = _checked(call, raw)
    product = ffd.encode(1163, [(code.product_code.tag, code.product_code.value)])
    printer.receipt.items[-1] = replace(item, marking=raw, product_code=product, check_result=found.result)
    return c.BindMarkingReply(record[4:6], _MATRIX.get(found.code_type, 0xFF), told)


def _code(raw: bytes) -> MarkingCode:
    """The code as the formats want it; an empty one is of a label that cannot be read."""
    if not raw:
        return MarkingCode("0", MarkingFamily.OTHER)
    try:
        return any_code(raw.decode("latin-1"))
    except BadMarking as error:
        raise Refuse(BAD_PARAMETER) from error


def _checked(call: Call[c.BindMarking], raw: bytes) -> tuple[Check, bytes]:
    """The kept result, or that of a check made now, which the answer then tells."""
    marking = call.printer.marking
    if not raw:
        return Check(raw, 0, 4, 0, 0, b""), b""
    if raw in marking.accepted:
        return marking.accepted[raw], b""
    if marking.pending is not None:
        raise Refuse(WRONG_ORDER)
    found = marking.check(raw, call.at)
    told = c.CheckMarkingReply(found.local_status, found.local_reason, found.code_type, found.online)
    return found, told.pack_fields()


@handles(c.MarkingState, always=True)
def _state(call: Call[c.MarkingState]) -> c.Reply:
    _known_here(call, needs_new_format=True)
    marking = call.printer.marking
    return c.MarkingStateReply(
        stage=1 if marking.pending is None else 4,
        notice=0,
        commands=0x01 if marking.pending is None else 0x02,
        accepted=len(marking.accepted),
        in_notice=0,
        fill=0,
        queued=marking.notices,
    )
