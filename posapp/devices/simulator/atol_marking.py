"""The tasks about codes of marked goods: begin → status → accept or decline, and several at once (`validateMarks`).

The register checks at once, so `ready` is true with the first question. What the marking system knows is set through
the control door (`checks.py`): a silent server is driver error 421, an answer that makes no sense 402.
"""

from __future__ import annotations

from typing import Any

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator import atol_values as words
from posapp.devices.simulator.atol_acts import Acts, tag
from posapp.devices.simulator.atol_fields import Fields, TaskError
from posapp.devices.simulator.checks import (
    AUTONOMOUS,
    CHECKED,
    GENUINE,
    STATUS_CHECKED,
    STATUS_RIGHT,
    Check,
)
from posapp.domain import ffd

REASONS = ("checked", "typeIncorrect", "noKeys", "noGS1", "other")
ITEM_STATUS = {1: "itemEstimatedStatusCorrect", 2: "itemEstimatedStatusIncorrect", 3: "itemSaleStopped"}
RESPONSE = ("correct", "incorrect", "unrecognized")
_ANSWERED = 0
PART_STATUSES = (2, 4)
MARKS_MAX = 128


def begin(acts: Acts, task: Fields) -> dict[str, Any]:
    """`beginMarkingCodeValidation`."""
    task.need("params")
    params = task.child("params")
    return {"offlineValidation": _offline(_checked(acts, params))} if params is not None else {}


def status(acts: Acts) -> dict[str, Any]:
    """`getMarkingCodeValidationStatus`: of the code that was begun; 410 when none was."""
    return _status(_pending(acts))


def accept(acts: Acts) -> dict[str, Any]:
    """`acceptMarkingCode`."""
    _pending(acts)
    return {"itemInfoCheckResult": flags(acts.decide_marking(c.ACCEPT))}


def decline(acts: Acts) -> dict[str, Any]:
    """`declineMarkingCode`."""
    _pending(acts)
    acts.decide_marking(c.REJECT)
    return {}


def cancel(acts: Acts) -> dict[str, Any]:
    """`cancelMarkingCodeValidation`; nothing begun is nothing to cancel."""
    if acts.printer.marking.pending is not None:
        acts.decide_marking(c.REJECT)
    return {}


def clear(acts: Acts) -> dict[str, Any]:
    """`clearMarkingCodeValidationResult`."""
    if acts.ffd is Ffd.V1_2:
        acts.decide_marking(c.CLEAR)
    return {}


def validate(acts: Acts, task: Fields) -> list[dict[str, Any]]:
    """`validateMarks`: each is checked and accepted, in their order."""
    asked = task.children("params", required=True)
    if len(asked) > MARKS_MAX:
        raise task.wrong("params")
    results = []
    for params in asked:
        cancel(acts)
        offline = _offline(_checked(acts, params))
        told = _status(_pending(acts))
        accepted = accept(acts)
        results.append({"offlineValidation": offline, **told, **accepted})
    return results


def check_time(acts: Acts) -> dict[str, Any]:
    """`checkImcTime`, milliseconds: this register takes none."""
    return dict.fromkeys(("fmCheckTime", "sendingTime", "serverExchangeTime", "fullTime"), 0)


def work_state(acts: Acts) -> dict[str, Any]:
    """`checkImcWorkState`."""
    kept = acts.printer.marking
    is_pending = kept.pending is not None
    return {
        "fm": {
            "status": "receivedImcStatus" if is_pending else "noImcForCheck",
            "checkingCount": len(kept.accepted),
            "soldImcCount": 0,
            "noticeIsBegin": False,
            "noticeFreeMemory": "less50",
            "noticeUnsentCount": kept.notices,
        },
        "ecr": {
            "status": "receivedResult" if is_pending else "notExecuted",
            "type": "waitForResult",
            "stage": "completed" if is_pending else "waitForTask",
        },
    }


def flags(result: int) -> dict[str, bool]:
    """Tag 2106 as the five words of `itemInfoCheckResult`."""
    return {
        "imcCheckFlag": bool(result & CHECKED),
        "imcCheckResult": bool(result & GENUINE),
        "imcStatusInfo": bool(result & STATUS_CHECKED),
        "imcEstimatedStatusCorrect": bool(result & STATUS_RIGHT),
        "ecrStandAloneFlag": bool(result & AUTONOMOUS),
    }


def _checked(acts: Acts, params: Fields) -> c.CheckMarkingReply:
    code = params.base64("imc", required=True)
    planned = params.choice("itemEstimatedStatus", words.STATUSES, 1, required=True)
    params.choice("imcType", words.CODE_TYPES, 256)
    if params.whole("imcModeProcessing") not in (None, 0):
        raise params.wrong("imcModeProcessing")
    tlv = b""
    if planned in PART_STATUSES:
        params.need("itemQuantity", "itemUnits")
        if not params.micro("itemQuantity"):
            raise params.wrong("itemQuantity")
        units = params.choice("itemUnits", words.MEASURES, 0)
        tlv = tag(2108, units) + tag(1023, params.number("itemQuantity") or 0)
    return acts.check_marking(code or b"", planned, tlv)


def _offline(reply: c.CheckMarkingReply) -> dict[str, Any]:
    return {
        "fmCheck": bool(reply.local_status & CHECKED),
        "fmCheckResult": bool(reply.local_status & GENUINE),
        "fmCheckErrorReason": REASONS[min(reply.local_reason, len(REASONS) - 1)],
    }


def _pending(acts: Acts) -> Check:
    pending = acts.printer.marking.pending
    if pending is None:
        raise TaskError(e.MARKING_STATE)
    return pending


def _status(check: Check) -> dict[str, Any]:
    code = 0
    if not check.online or check.online[0] != _ANSWERED:
        code = e.MARKING_NO_SERVER if check.online and check.online[0] != c.SERVER_SILENT else e.MARKING_TIMEOUT
    told: dict[str, Any] = {
        "ready": True,
        "sentImcRequest": True,
        "driverError": {"code": code, "description": e.text_of(code)},
    }
    return told if code else {**told, "onlineValidation": _online(check)}


def _online(check: Check) -> dict[str, Any]:
    tags = {entry.tag: entry.value for entry in ffd.decode(check.online[2:])}
    known = _number(tags.get(2005))
    return {
        "itemInfoCheckResult": flags(check.result),
        "markOperatorItemStatus": ITEM_STATUS.get(_number(tags.get(2109)), ITEM_STATUS[1]),
        "markOperatorResponse": {
            "responseStatus": bool(known & CHECKED),
            "itemStatusCheck": bool(known & STATUS_CHECKED),
        },
        "markOperatorResponseResult": RESPONSE[min(_number(tags.get(2105)), 2)],
        "imcType": words.word_of(words.CODE_TYPES, check.code_type),
        "imcBarcode": "",
        "imcModeProcessing": 0,
    }


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
