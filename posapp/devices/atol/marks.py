"""Checking codes of marked goods by tasks (FFD 1.2): begin, ask until it is answered, accept or decline.

Nothing fiscal is made: an answer that is lost costs a second question. What the check has found goes into the receipt
with the code (`itemInfoCheckResult`), so it is kept here until the receipt, and belongs to this process only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from posapp.devices.atol import results
from posapp.devices.atol.asking import Asking
from posapp.devices.atol.receipts import STATUSES, UNITS, imc_of
from posapp.devices.atol.refusals import UNSUPPORTED, refusal
from posapp.devices.atol.tasks import TaskFailed
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Quantity
from posapp.domain.permission import RegisterVerdict
from posapp.errors import Refused, Unreachable

IN_PROGRESS, NOT_IN_FORMAT, NO_SIGN = 401, 413, 414
POLLS_MAX, POLL_S, TASK_S = 60, 0.2, 20.0
_PARTS = (2, 4)
"""Planned statuses (2003) of goods that are measured out: the check wants to know how much."""
_FLAGS = (
    ("imcCheckFlag", 1),
    ("imcCheckResult", 2),
    ("imcStatusInfo", 4),
    ("imcEstimatedStatusCorrect", 8),
    ("ecrStandAloneFlag", 16),
)
"""`itemInfoCheckResult` → the bits of 2106."""
_REASONS = ("checked", "typeIncorrect", "noKeys", "noGS1", "other")
_TYPES = {
    "imcUnrecognized": 0,
    "imcShort": 1,
    "imcFmVerifyCode88": 2,
    "imcVerifyCode44": 3,
    "imcFmVerifyCode44": 4,
    "imcVerifyCode4": 5,
}


class Marks:
    """The codes that were checked for the next receipt: `found` by the code as the tasks carry it."""

    def __init__(self, asking: Asking, pause: Callable[[float], None]) -> None:
        self._asking = asking
        self._pause = pause
        self.found: dict[str, Mapping[str, Any]] = {}

    def check(self, code: MarkingCode, planned: int, measure: int, quantity: Quantity | None) -> RegisterVerdict:
        """What storage and server say of a code; accepted for the next receipt unless it is refused."""
        imc = imc_of(code.text)
        params: dict[str, Any] = {
            "imc": imc,
            "imcType": "auto",
            "imcModeProcessing": 0,
            "itemEstimatedStatus": STATUSES[planned],
        }
        if planned in _PARTS and quantity is not None:
            params |= {"itemQuantity": quantity.value, "itemUnits": UNITS[measure]}
        offline = self._begin(params)
        told = self._answer()
        verdict = self._asking.understood(lambda: _verdict(offline, told))
        if verdict.is_refused:
            self._do({"type": "declineMarkingCode"})
            return verdict
        accepted = self._do({"type": "acceptMarkingCode"})
        self.found[imc] = dict(self._asking.understood(lambda: results.inside(accepted, "itemInfoCheckResult")))
        return verdict

    def clear(self) -> None:
        """Forgets what was accepted and not sold."""
        self.found.clear()
        self._do({"type": "clearMarkingCodeValidationResult"})

    def _begin(self, params: dict[str, Any]) -> Mapping[str, Any]:
        """A check that an earlier program left undecided is cancelled first."""
        task = {"type": "beginMarkingCodeValidation", "params": params}
        try:
            return self._perform(task)
        except TaskFailed as error:
            if error.code in (UNSUPPORTED, NOT_IN_FORMAT, NO_SIGN):
                raise Refused("register_lacks", what="проверка кодов маркировки") from error
            if error.code != IN_PROGRESS:
                raise refusal(error.code, error.description) from error
        self._do({"type": "cancelMarkingCodeValidation"})
        return self._do(task)

    def _answer(self) -> Mapping[str, Any]:
        """Until it is ready. Raises Unreachable when it never is: the check is taken back by the next one."""
        for _ in range(POLLS_MAX):
            told = self._do({"type": "getMarkingCodeValidationStatus"})
            if told.get("ready") is True:
                return told
            self._pause(POLL_S)
        raise Unreachable("device_unreachable", port=self._asking.port_name)

    def _do(self, task: dict[str, Any]) -> Mapping[str, Any]:
        try:
            return self._perform(task)
        except TaskFailed as error:
            raise refusal(error.code, error.description) from error

    def _perform(self, task: dict[str, Any]) -> Mapping[str, Any]:
        self._asking.connect()
        return self._asking.reached(lambda: self._asking.tasks.perform(task, TASK_S))


def _verdict(offline: Mapping[str, Any], told: Mapping[str, Any]) -> RegisterVerdict:
    """The answers of storage and server as ours; without the server's, what the storage alone has found."""
    alone = results.inside(offline, "offlineValidation")
    reason = results.text(alone.get("fmCheckErrorReason"))
    local = _REASONS.index(reason) if reason in _REASONS else len(_REASONS) - 1
    online = told.get("onlineValidation")
    if not isinstance(online, Mapping):
        result = (1 if alone.get("fmCheck") is True else 0) | (2 if alone.get("fmCheckResult") is True else 0)
        return RegisterVerdict(result=result, local=local)
    flags = results.inside(online, "itemInfoCheckResult")
    return RegisterVerdict(
        result=sum(bit for name, bit in _FLAGS if flags.get(name) is True),
        local=local,
        code_type=_TYPES.get(results.text(online.get("imcType")), 0),
    )
