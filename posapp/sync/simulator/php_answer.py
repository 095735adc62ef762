"""How the kernel reads what a REST cashbox answers (`sale/lib/helpers/rest/http.php`). The rule is short and full of
holes, and every hole is one that a gateway falls into (reference: Bitrix REST 5.4, 5.5):

| came back | errors | data |
| --- | --- | --- |
| nothing: refused, timed out, too many redirects | the client's | empty |
| any status but 200 – 201 and 204 too | none | empty: *the body is not read* |
| 200, not JSON or nothing | "Response decoding error" | empty |
| 200, a JSON object or list | none | its top-level keys in upper case |
| 200, a JSON scalar or `null` | – | a PHP TypeError: the hit dies |
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.outgoing import Errand, PhpFatal
from posapp.sync.simulator.parameters import items_of

DECODING_ERROR = "Response decoding error"
_DEPTH = 512  # PHP's json_decode gives up below
_INTEGER = 2**63  # beyond it PHP has floats only


def read_answer(errand: Errand) -> tuple[list[str], dict[str, Any]]:
    """The client's errors and the data of an answer.

    Raises:
        PhpFatal: the answer is a JSON scalar.
    """
    reply = errand.reply
    if reply is None:
        return [errand.failure or "Connection failed"], {}
    if reply.status != 200:
        return [], {}
    try:
        value = json.loads(reply.body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        return [DECODING_ERROR], {}
    if not isinstance(value, dict | list):
        raise PhpFatal("array_change_key_case(): Argument #1 ($array) must be of type array")
    if _depth(value) > _DEPTH:
        return [DECODING_ERROR], {}
    return [], {key.upper(): item for key, item in items_of(value)}


def told_errors(data: dict[str, Any]) -> list[str]:
    """The texts under `ERRORS`. Only an array is one; a text there is not seen, and then it was a success."""
    return [_cast(item) for _, item in items_of(data.get("ERRORS"))]


def php_text(value: Any) -> str | None:
    """A scalar as PHP stores it in a text column; None for what is no scalar or is nothing."""
    if value is None or isinstance(value, dict | list):
        return None
    return _cast(value)


def unix_of(value: Any) -> int:
    """PRINT_END_TIME as `DateTime::setTimestamp` takes it: a number, or a text that is one; nothing is 1970.

    Raises:
        PhpFatal: any other text, an ISO date for instance.
    """
    if value is None or value is False:
        return 0
    text = value.strip() if isinstance(value, str) else value
    try:
        number = int(text) if isinstance(text, bool | int | float | Decimal) else int(float(text))
    except (ValueError, OverflowError, TypeError):
        return _fatal()
    return number if abs(number) < _INTEGER else _fatal()


def php_empty(value: Any) -> bool:
    """PHP's `empty()`: absent, empty, false, zero and the text "0"."""
    return value in (None, "", "0", 0, False) or value == [] or value == {}


def _fatal() -> int:
    raise PhpFatal("DateTime::setTimestamp(): Argument #1 ($timestamp) must be of type int")


def _cast(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return "Array" if isinstance(value, dict | list) else str(value)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is beyond all numbers")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= _DEPTH:
        level = [item for node in level for _, item in items_of(node)]
        depth += 1
    return depth
