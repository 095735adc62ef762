"""What an answer looks like: the success envelope with its times, the error envelope with its HTTP status, JSON.

    {"result": …, "next": 50, "total": 131, "time": {…}}          HTTP 200
    {"error": "CODE", "error_description": "text"}                 any other status

Two profiles exist because documentation and kernel disagree, and real portals follow the kernel: `kernel` answers 401
to every failure of authentication and writes codes as strings; `docs` answers 403 to some and writes numeric codes as
numbers. A client that branches on `error` as text lives with both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

SERVER_ZONE = timezone(timedelta(hours=3))  # the portal writes every date with its own offset

_STATUS_IN_DOCS = {"INVALID_CREDENTIALS": 403, "insufficient_scope": 403, "user_access_error": 403,
                   "OVERLOAD_LIMIT": 503, "PORTAL_DELETED": 500}  # fmt: skip


class PortalError(Exception):
    """A refusal that the portal answers in its error envelope.

    Args:
        code: Bitrix's `error`, for instance `"200640400001"` or `"insufficient_scope"`.
        text: `error_description`, made for people.
        http: the HTTP status of a single call; inside a batch it is only logged.
        argument: the name that `ERROR_ARGUMENT` tells beside its text.
    """

    def __init__(self, code: str, text: str, http: int = 400, argument: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.argument = argument
        self.code = code
        self.text = text
        self.http = http


@dataclass(frozen=True)
class Answer:
    """What goes back on the wire.

    `is_reset` means: the connection dies, before an answer or – when there is a body – in the middle of it. `waited_s`
    is what faults made the call wait.
    """

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    is_reset: bool = False
    waited_s: float = 0.0


def json_answer(status: int, value: Any) -> Answer:
    """An answer with `value` as its JSON body."""
    return Answer(status, to_json(value).encode(errors="replace"))  # half a character of a file is no text


def html_answer(status: int) -> Answer:
    """The page of a web server that stands in front of the portal; what clients forget to expect."""
    page = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center><hr>nginx</body></html>"
    return Answer(status, page.encode(), "text/html; charset=utf-8")


def error_body(error: PortalError, *, is_numeric: bool) -> dict[str, Any]:
    """The error envelope, also the cell of `result_error` in a batch; codes of digits may be numbers."""
    code = int(error.code) if is_numeric and error.code.isdecimal() else error.code
    told = {"error": code, "error_description": error.text}
    return {**told, "argument": error.argument} if error.argument else told


def error_status(error: PortalError, profile: str) -> int:
    """The HTTP status of an error under the given profile (`kernel` or `docs`)."""
    return _STATUS_IN_DOCS.get(error.code, error.http) if profile == "docs" else error.http


def time_block(started: datetime, finished: datetime, operating: tuple[float, int] | None) -> dict[str, Any]:
    """The `time` of a success envelope.

    Args:
        operating: seconds accumulated by this method in its window and the unix time at which the oldest of them
            leave it; None where no limiter works (a portal on the shop's own server).
    """
    block: dict[str, Any] = {
        "start": int(started.timestamp()),
        "finish": round(finished.timestamp(), 6),
        "duration": round((finished - started).total_seconds(), 6),
        "processing": int((finished - started).total_seconds()),
        "date_start": iso(started),
        "date_finish": iso(finished),
    }
    if operating is not None:
        block["operating_reset_at"] = operating[1]
        block["operating"] = round(operating[0], 6)
    return block


def iso(moment: datetime) -> str:
    """ISO 8601 to the second with the portal's offset. One zone and one width: texts compare as times do."""
    return moment.astimezone(SERVER_ZONE).isoformat(timespec="seconds")


def php_array(pairs: dict[str, Any]) -> Any:
    """A PHP array as `json_encode` writes it: a JSON list when the keys are 0, 1, 2 … or there are none."""
    if list(pairs) == [str(index) for index in range(len(pairs))]:
        return list(pairs.values())
    return pairs


def to_json(value: Any) -> str:
    """Write JSON with decimals as exact numbers.

    The encoder knows no decimals, and as floats sums would not leave as they are stored: they go through it as marked
    texts and lose the quotes afterwards. Whole decimals lose the point, as PHP's do.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_marked)
    return _MARKED.sub(lambda found: found[1], text) if _MARK in text else text  # a template costs twice as much


_MARK = "\ue000posapp:"  # of the private use area: nothing that a shop stores begins so
_MARKED = re.compile(f'"{_MARK}([^"]*)"')


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return _MARK + plain(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: 10.50 → `10.5`, 980.00 → `980`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
