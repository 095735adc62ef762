"""Reading Bitrix's values, which are irregular: numbers as text, text as null, `[]` where an object belongs.

Converters never raise for a value that is merely odd; they answer None (or nothing), and the caller says what a
missing value means. Reference: Bitrix REST, "Value types in answers".
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

REASON_MAX = 240
_TAG = re.compile(r"<[^>]{0,500}>")
_SPACE = re.compile(r"\s+")


def as_decimal(value: object) -> Decimal | None:
    """A finite number of a sane size, from a number or its text; None for anything else, empty text included."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    text = value.strip() if isinstance(value, str) else value
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and (not number or -20 < number.adjusted() < 20) else None


def as_int(value: object) -> int | None:
    """A whole number from a number or its text (`7`, `"7"`, `7.0`); None for anything else."""
    number = as_decimal(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def as_text(value: object) -> str:
    """A scalar as text without spaces around it; empty for null, booleans, lists and objects.

    Half a surrogate pair, which JSON lets through and no disk takes, becomes a question mark.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.encode(errors="replace").decode().strip()


def as_flag(value: object) -> bool | None:
    """`Y` and `N`; None when it is neither – "not said" is not "no" where a second receipt is at stake."""
    return {"Y": True, "N": False}.get(as_text(value).upper())


def as_time(value: object) -> datetime | None:
    """ISO 8601 with an offset; None when it is not."""
    try:
        moment = datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def as_object(value: object) -> dict[str, Any]:
    """An object; PHP writes an empty one as `[]`."""
    return value if isinstance(value, dict) else {}


def as_rows(value: object) -> list[dict[str, Any]]:
    """A list of objects; PHP turns a list with gaps into an object with numbers for keys."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


def rows_under(result: object, key: str) -> list[dict[str, Any]]:
    """The rows of a list answer: under `key` (`{"orders": […]}`) or bare, as the UPPER_CASE families answer."""
    return as_rows(result[key] if isinstance(result, dict) and key in result else result)


def clean_reason(description: object, code: str) -> str:
    """A portal's description for people: no HTML, one line, bounded; the code when there is none."""
    text = html.unescape(_TAG.sub(" ", as_text(description)[:4000]))
    text = _SPACE.sub(" ", text).strip().rstrip(".")
    return text[:REASON_MAX] or code or "без объяснения"
