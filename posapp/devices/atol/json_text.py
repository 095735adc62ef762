"""JSON with exact numbers: a sum is a Decimal here and a number on the wire, and no float is ever between.

`json.dumps` has no way to write a Decimal as a number; this writes the few kinds of values that a task is made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def dumps(value: object) -> str:
    """The JSON text of mappings, sequences, texts, whole numbers, Decimals, booleans and None.

    A Decimal is written without an exponent and without superfluous zeros. Raises TypeError for anything else, float
    included, and ValueError for a Decimal that is no number.
    """
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return _number(value)
        case Mapping():
            return (
                "{"
                + ",".join(f"{json.dumps(str(key), ensure_ascii=False)}:{dumps(each)}" for key, each in value.items())
                + "}"
            )
        case Sequence() if not isinstance(value, (bytes, bytearray)):
            return "[" + ",".join(dumps(each) for each in value) + "]"
    raise TypeError(f"{type(value).__name__} does not go into a task")


def loads(text: str | bytes) -> Any:
    """The reverse, of UTF-8; numbers with a point or an exponent become Decimals.

    Raises ValueError, also for what JSON allows and nobody means: nesting without end, numbers of hundreds of digits
    (a Decimal of 1e999999999 made whole fills the memory), halves of characters, which can be stored nowhere.
    """
    told = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    try:
        value = json.loads(told, parse_float=_exact, parse_int=_whole, parse_constant=_refuse)
        if "\\ud" in told.lower():
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


WHOLE_MAX = 2**63
EXPONENT_MAX = 30


def _whole(text: str) -> int:
    value = int(text)
    if abs(value) >= WHOLE_MAX:
        raise ValueError("a number of too many digits")
    return value


def _exact(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > EXPONENT_MAX:
        raise ValueError("a number of too many digits")
    return value


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number of JSON")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
