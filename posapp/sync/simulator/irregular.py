"""Answers as real portals have been seen to give them: the same data in other JSON types (reference: Bitrix REST 2.6).

Which of them a portal shows depends on its version and on the method, so a client has to take all. Switched on by
`/_sim/settings` `{"irregular": true}`:

- ids are texts, sums and quantities too, some of them with the database's zeros (`"0.000000"`);
- an external invoice number that is a number is one;
- an empty PHP array is `[]`, also where an object is expected;
- `time.start` and `time.processing` are floats;
- error codes that are numbers are JSON numbers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

_AS_IN_THE_DATABASE = ("priceCod", "purchasingPrice", "priceScale")


def irregular(value: Any, key: str = "") -> Any:
    """A result, and all that is in it, in its irregular types."""
    if isinstance(value, dict):
        return {name: irregular(item, name) for name, item in value.items()} or []
    if isinstance(value, list):
        return [irregular(item, key) for item in value]
    if key in _AS_IN_THE_DATABASE and value not in (None, ""):
        return f"{Decimal(value):.6f}"
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool) and _is_id(key)):
        return str(value)
    if key == "psInvoiceId" and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value


def irregular_time(block: dict[str, Any]) -> dict[str, Any]:
    """The times of an envelope with their floats."""
    return block | {"start": block["start"] + 0.0421, "processing": block["processing"] + 0.0004}


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith("Id")
