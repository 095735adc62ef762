"""Commands of a batch: `method?query`, with references to the results of commands before it.

    "who": "crm.contact.get?id=$result[ord][order][clients][0][entityId]"

A reference that is the whole value keeps the type of what it names; inside a longer text it is written into it. One
that leads nowhere is *not* an error: it yields the last part that could be found, so an update may run with an empty
id – which is why writes must not be chained on references (kernel `CRestUtil::ParseBatchQuery`).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.parameters import Parameters, parse_query
from posapp.sync.simulator.rows import Row

_REFERENCE = re.compile(r"\$(result|next|total|time|error)(\S*)")
_STEP = re.compile(r"\[([^\]]+)\]")


def split_command(command: str, done: dict[str, Row]) -> tuple[str, Parameters]:
    """A command's method, in lower case, and its parameters with all references resolved."""
    method, _, query = command.partition("#")[0].partition("?")
    resolved = {key: _resolve(value, done) for key, value in parse_query(query).items()}
    return method.strip().strip("/").lower(), resolved


def _resolve(value: Any, done: dict[str, Row]) -> Any:
    if isinstance(value, dict):
        return {key: _resolve(item, done) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, done) for item in value]
    return _fill_in(value, done) if isinstance(value, str) and "$" in value else value


def _fill_in(text: str, done: dict[str, Row]) -> Any:
    for match in list(_REFERENCE.finditer(text)):
        path = _STEP.findall(match.group(2))
        if not path:
            continue
        found = _follow(done[match.group(1)], path)
        if match.group(0) == text:
            return found
        if isinstance(found, str) or _is_number(found):
            text = text.replace(match.group(0), str(found))
    return text


def _follow(value: Any, path: list[str]) -> Any:
    """Walk as far as the path leads; an empty or absent step ends the walk where it is."""
    for step in path:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            following = value[int(step)]
        else:
            following = value.get(step) if isinstance(value, dict) else None
        if following is None:
            break
        value = following
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
