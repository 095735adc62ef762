"""What a request says: the parameters of a REST call, read as PHP and Bitrix read them.

Bitrix is a PHP program, so a form body is not flat: `fields[sum]=10&select[]=id&select[]=paid` is a tree, written in
brackets. GET and POST mean the same, query and body are merged and the body wins. A body is JSON only when its
Content-Type says `application/json`; JSON that cannot be read, or that came under another type, *vanishes without an
error* – the classical way to turn a filtered list into the whole shop. The portal simulator keeps that trap, because
a client has to live with it (reference: Bitrix REST, "How to call", kernel `CRestUtil::getRequestData`).

PHP bounds what it takes from outside (`max_input_nesting_level`, `max_input_vars`) by dropping the surplus; so do we.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import unquote_plus

Parameters = dict[str, Any]

MAX_DEPTH = 64  # PHP: max_input_nesting_level
MAX_VARIABLES = 10_000  # Bitrix's own recommendation for max_input_vars

_BRACKET = re.compile(r"\[([^\]]*)\]")


def read_parameters(query: str, content_type: str, body: bytes) -> Parameters:
    """Merge query string and body into one tree of parameters; the body wins, top-level name by top-level name."""
    parameters = parse_query(query)
    parameters.update(_read_body(content_type, body))
    return parameters


def parse_query(query: str) -> Parameters:
    """Read `a[b][]=1&c=2` as PHP's `parse_str` does.

    The name ends at the *first* `=`: an operator like `>=` has to come encoded, `filter[%3E%3Did]=10`. Written as it
    is it makes a name that no method knows, here as on a real portal.

    Leaves are strings. `[]` takes the next free number; a level whose keys are exactly 0, 1, 2 … becomes a list.
    Names nested too deep and names past the limit are dropped in silence.
    """
    pairs = []
    for part in query.split("&")[:MAX_VARIABLES]:
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace")))
    return _tree_of(pairs)


def items_of(value: Any) -> list[tuple[str, Any]]:
    """The pairs of what PHP calls an array, be it our list or our dict; nothing for a scalar."""
    if isinstance(value, list):
        return [(str(index), item) for index, item in enumerate(value)]
    return list(value.items()) if isinstance(value, dict) else []


def text_of(value: Any) -> str:
    """A scalar as PHP casts it to a string: `true` is "1", `false` and `null` are empty."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return "" if isinstance(value, list | dict) else str(value)


def get_any_case(parameters: Parameters, name: str) -> Any:
    """A parameter by its name in any case (`CMD`, `cmd`); None when it is absent."""
    for key, value in parameters.items():
        if key.lower() == name:
            return value
    return None


def _read_body(content_type: str, body: bytes) -> Parameters:
    if not body.strip():
        return {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _read_json(body)
    if kind == "multipart/form-data":
        return _read_multipart(content_type, body)
    return parse_query(body.decode("utf-8", "replace"))


def _read_json(body: bytes) -> Parameters:
    try:
        # Decimal, not float: a sum must come out of the portal as it went in.
        value = json.loads(body, parse_float=_bounded_decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return {}
    return dict(items_of(value)) if _is_bounded(value) else {}


def decimal_of(text: str) -> Decimal | None:
    """A decimal from outside, None when it is none or is absurdly long (`1e999999999` would fill the memory)."""
    try:
        value = Decimal(text.strip()[:64])
    except InvalidOperation:
        return None
    return value if value.is_finite() and -30 < value.adjusted() < 30 else None


def _bounded_decimal(text: str) -> Decimal:
    value = decimal_of(text)
    if value is None:
        raise ValueError("a number beyond all reason")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _read_multipart(content_type: str, body: bytes) -> Parameters:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + body)
    pairs = []
    for part in message.get_payload() if message.is_multipart() else ():
        if isinstance(part, Message):
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                pairs.append((name, content.decode("utf-8", "replace")))
    return _tree_of(pairs[:MAX_VARIABLES])


def _is_bounded(value: Any) -> bool:
    """Whether a decoded JSON value keeps to the limits; walked without recursion, because depth is the question."""
    level, count = [value], 0
    for _ in range(MAX_DEPTH):
        level = [item for node in level for _, item in items_of(node)]
        count += len(level)
        if not level or count > MAX_VARIABLES:
            break
    return not level


def _tree_of(pairs: Iterable[tuple[str, str]]) -> Parameters:
    root: Parameters = {}
    for name, value in pairs:
        path = _path_of(name)
        if path and len(path) <= MAX_DEPTH:
            _plant(root, path, value)
    return {key: _listed(value) for key, value in root.items()}


def _path_of(name: str) -> list[str]:
    """`filter[>=id]` → ["filter", ">=id"]. Only brackets that follow each other count, as in PHP."""
    base, bracket, rest = name.partition("[")
    if "]" not in rest:  # a bracket that never closes is part of the name
        base, bracket, rest = name.replace("[", "_", 1), "", ""
    base = re.sub(r"[. ]", "_", base.lstrip(" "))
    if not base:
        return []
    path, position = [base], 0
    rest = bracket + rest
    while match := _BRACKET.match(rest, position):
        path.append(match.group(1))
        position = match.end()
    return path


def _plant(root: Parameters, path: list[str], value: str) -> None:
    node = root
    for key in path[:-1]:
        key = key if node is root or key else _next_index(node)
        child = node.get(key)
        if not isinstance(child, dict):
            child = node[key] = {}
        node = child
    last = path[-1]
    node[last if node is root or last else _next_index(node)] = value


def _next_index(node: Parameters) -> str:
    size = len(node)
    if not size or (str(size - 1) in node and str(size) not in node and next(reversed(node)) == str(size - 1)):
        return str(size)  # the usual case, and without it a long list would cost its square
    numbers = [int(key) for key in node if key.isascii() and key.isdecimal() and len(key) < 10]
    return str(max(numbers) + 1 if numbers else 0)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    children = {key: _listed(item) for key, item in value.items()}
    if list(children) == [str(index) for index in range(len(children))]:
        return list(children.values())
    return children
