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
    """The reverse; numbers with a point or an exponent become Decimals. Raises ValueError."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number of JSON")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
