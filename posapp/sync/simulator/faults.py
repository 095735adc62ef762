"""Planned mishaps: which call of which method meets what, before or after the portal has stored it.

A fault is `{"method", "nth", "when", "do", "value", "times"}`:

| key | meaning |
| --- | --- |
| `method` | a method's name or `*`; commands inside a batch count as calls of their own method; `oauth.token` and |
| | `oauth.authorize` are the authorisation server's pages |
| `nth` | the first call that is hit, counted from the moment the plan was set; default 1 |
| `times` | how many calls in a row are hit; default 1, -1 for all that follow |
| `when` | `before` (default; also `before_commit`): nothing is stored |
| | `after_commit`: the call was executed, only its answer suffers |
| `do` | `http` answer the status `value` (default 503) with the portal's error envelope; or `{"status", "error"}` |
| | `reset` drop the connection without an answer · `half` drop it in the middle of one |
| | `html` a proxy's page with the status `value` (default 502) |
| | `body` an answer that is none: `value` is its text (default: JSON that breaks off) or `{"status", "type", "body"}` |
| | `slow` wait `value` seconds; beyond the 60 s that a cloud portal gives a request its front end answers 504 |
| | while the portal goes on working · `cut` exactly that: 60 seconds, then 504 |
| | `warning` the call is executed and stored and yet answered as an error, as payment and shipment updates do |
| | `busy` count `value` seconds of operating time for the method without spending them |

`reset`, `half`, `html`, `body` and `cut` on a command inside a batch hit the whole HTTP answer: commands before it are
done, later ones not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from posapp.sync.simulator.envelope import Answer, PortalError, html_answer

CUT_S = 60.0  # how long the front end of a cloud portal waits for the portal

_MOMENTS = {"before": "before", "before_commit": "before", "after_commit": "after_commit"}
_TORN = '{"result":{"order":{"id":'
_CODES = {400: "ERROR_CORE", 401: "expired_token", 403: "ACCESS_DENIED", 404: "ERROR_METHOD_NOT_FOUND",
          429: "OPERATION_TIME_LIMIT", 500: "INTERNAL_SERVER_ERROR", 503: "QUERY_LIMIT_EXCEEDED"}  # fmt: skip


class Broken(Exception):
    """The HTTP answer is not the portal's own: a dead connection, a proxy's page, half an answer."""

    def __init__(self, answer: Answer, reason: str) -> None:
        super().__init__(reason)
        self.answer = answer
        self.reason = reason


class BadFaults(ValueError):
    """A plan of faults that makes no sense; the text names the entry."""


@dataclass
class Fault:
    """One planned mishap and how many matching calls it has seen."""

    method: str
    do: str
    when: str = "before"
    nth: int = 1
    times: int = 1
    value: Any = None
    seen: int = 0

    def meets(self, method: str) -> bool:
        """Count a call; True when this one is hit."""
        if self.method not in ("*", method):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times < 0 or self.seen < self.nth + self.times)


@dataclass
class FaultPlan:
    """All faults in force."""

    faults: list[Fault] = field(default_factory=list)

    def pick(self, method: str) -> Fault | None:
        """The fault that hits this call; every fault counts it."""
        hits = [fault for fault in self.faults if fault.meets(method)]
        return hits[0] if hits else None

    def show(self) -> list[dict[str, Any]]:
        """The plan as JSON, with what each fault has seen."""
        return [dict(vars(fault)) for fault in self.faults]


def _html(value: Any) -> Exception:
    return Broken(html_answer(int(value or 502)), "html")


def _http(value: Any) -> Exception:
    told = value if isinstance(value, dict) else {"status": value or 503}
    status = int(told["status"])
    code = told.get("error") or _CODES.get(status, "ERROR_CORE")
    return PortalError(str(code), "a planned fault of the practice portal", status)


def _body(value: Any) -> Exception:
    told = value if isinstance(value, dict) else {"body": _TORN if value is None else value}
    kind = str(told.get("type", "application/json; charset=utf-8"))
    return Broken(Answer(int(told.get("status", 200)), str(told.get("body", "")).encode(), kind), "body")


_MISHAPS: dict[str, Callable[[Any], Exception]] = {
    "reset": lambda value: Broken(Answer(0, b"", is_reset=True), "reset"),
    "half": lambda value: Broken(Answer(200, _TORN.encode(), is_reset=True), "half"),
    "html": _html, "http": _http, "body": _body,
    "cut": lambda value: Broken(html_answer(504), "cut"),
    "warning": lambda value: PortalError("0", str(value or "Сохранено с предупреждением")),
}  # fmt: skip
_WAITS = ("slow", "busy")
_ACTIONS = (*_MISHAPS, *_WAITS)


def mishap(fault: Fault) -> Exception | None:
    """What a fault makes of the answer: a refusal of the portal or something broken; None when it only takes time."""
    make = _MISHAPS.get(fault.do)
    return make(fault.value) if make is not None else None


def read_faults(value: Any) -> FaultPlan:
    """Read a plan from JSON. Raises BadFaults for anything that is not one."""
    if not isinstance(value, list):
        raise BadFaults("a plan of faults is a list")
    return FaultPlan([_read_fault(number, item) for number, item in enumerate(value)])


def _read_fault(number: int, item: Any) -> Fault:
    if not isinstance(item, dict):
        raise BadFaults(f"fault {number} is not an object")
    unknown = set(item) - {"method", "nth", "when", "do", "value", "times"}
    when = str(item.get("when", "before"))
    fault = Fault(
        method=str(item.get("method", "*")).lower(), do=str(item.get("do")), when=_MOMENTS.get(when, when),
        nth=_whole(number, item, "nth"), times=_whole(number, item, "times"), value=item.get("value"),
    )  # fmt: skip
    if unknown or fault.do not in _ACTIONS or when not in _MOMENTS or fault.nth < 1:
        raise BadFaults(f"fault {number}: unknown {', '.join(sorted(unknown)) or 'do, when or nth'}")
    _check_value(number, fault)
    return fault


def _check_value(number: int, fault: Fault) -> None:
    """A value that could not be used must be refused when the plan is set, not when the fault strikes."""

    def is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    def is_status(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599

    checks: dict[str, Callable[[Any], bool]] = {
        "slow": lambda value: is_number(value) and 0 <= value <= 3600,
        "busy": lambda value: is_number(value) and value >= 0,
        "html": lambda value: value is None or is_status(value),
        "body": lambda value: value is None or isinstance(value, str)
        or (isinstance(value, dict) and set(value) <= {"status", "type", "body"}
            and is_status(value.get("status", 200)) and isinstance(value.get("body", ""), str)),
        "http": lambda value: is_status(value.get("status")) if isinstance(value, dict)
        else value is None or is_status(value),
    }  # fmt: skip
    if fault.do in checks and not checks[fault.do](fault.value):
        raise BadFaults(f"fault {number}: {fault.do} does not take the value {fault.value!r}")


def _whole(number: int, item: dict[str, Any], key: str) -> int:
    value = item.get(key, 1)
    if value is None:
        return 1
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadFaults(f"fault {number}: {key} is not a whole number")
    return value
