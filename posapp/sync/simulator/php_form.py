"""PHP's `http_build_query`: how the kernel writes a nested array into a form body, byte for byte.

    {"a": None, "b": [], "c": True, "d": 1.50, "e": {"f": "x y"}}   →   c=1&d=1.5&e%5Bf%5D=x+y

The rules (reference: Bitrix REST 5.3; PHP `ext/standard/http.c`, PHP_QUERY_RFC1738):

- `null` and empty arrays vanish; `true` is 1, `false` is 0;
- a nested name is `a[b][0]`, with the brackets percent-encoded and list indices written out;
- everything but letters, digits and `-_.` is percent-encoded in capitals, `~` too; a space is `+`;
- a float is `%.14G` of C with PHP's own exponent: `1.0E+15`, `1.2E-5` (whole numbers of fifteen digits, which PHP
  sometimes gives zeros at the end, are no sums of money and not imitated);
- bytes go out as they are, so the body need not be UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

_EXPONENT = re.compile(r"E([+-])0*(\d+)$")


def build_query(value: dict[str, Any], charset: str = "utf-8") -> bytes:
    """The form body of a PHP array.

    Args:
        value: leaves are None, bool, int, float, Decimal (a PHP float), str or bytes; branches are dicts and lists.
        charset: what PHP's texts are made of; PHP itself knows bytes only.
    """
    return "&".join(f"{name}={_leaf(leaf, charset)}" for name, leaf in _flat(value, None)).encode("ascii")


def php_float(value: float | Decimal) -> str:
    """A float as PHP's string conversion writes it with `precision` = 14."""
    text = f"{float(value):.14G}"
    found = _EXPONENT.search(text)
    if found is None:
        return text
    mantissa = text[: found.start()]
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{found[1]}{found[2]}"


def _flat(value: Any, prefix: str | None) -> Iterator[tuple[str, Any]]:
    pairs = enumerate(value) if isinstance(value, list | tuple) else value.items()
    for key, item in pairs:
        name = f"{prefix}%5B{_quote(str(key))}%5D" if prefix is not None else _quote(str(key))
        if isinstance(item, dict | list | tuple):
            yield from _flat(item, name)
        elif item is not None:
            yield name, item


def _leaf(value: Any, charset: str) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float | Decimal):
        return _quote(php_float(value))
    if isinstance(value, str) and charset != "utf-8":
        value = value.encode(charset, "replace")
    return _quote(value if isinstance(value, bytes) else str(value))


def _quote(value: str | bytes) -> str:
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return quote_plus(data).replace("~", "%7E")
