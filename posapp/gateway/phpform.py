"""PHP's form: what `http_build_query` writes, decoded over raw bytes.

A portal sends a check as `items%5B0%5D%5Bname%5D=%D0%A2…&items%5B0%5D%5Bprice%5D=1710`: brackets nest, `+` is a space,
null and empty arrays are absent, numbers and flags are text (`1`, `0`, `616.72131147541`). An array whose keys are
0, 1, 2 … becomes a list here; one with gaps stays an object, because nobody knows what stood in the gaps. Text is
UTF-8, except where the portal sends bytes: `nomenclature_code` (tag 1162) is binary and stays bytes.

What `http_build_query` never writes is refused and not guessed at: brackets that do not close, a key twice, a key that
is a value and an array at once, text that is no UTF-8. Size, number of pairs, depth and length of a key are bounded, so
hostile input costs no more than reading it.

Facts: PHP manual, http_build_query and parse_str; `main/lib/web/http/formstream.php` of Bitrix's kernel.
"""

from __future__ import annotations

import base64
import re
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

SIZE_MAX = 1024 * 1024
PAIRS_MAX = 20_000
DEPTH_MAX = 8
KEY_MAX = 512
BINARY = "nomenclature_code"

Form: TypeAlias = dict[str, Any]
"""Text, bytes (under `nomenclature_code`), lists and objects of them."""

# The first part of a key, then its parts in brackets; PHP's empty `[]` counts on by itself and is never sent.
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]+\])*)")
_PART = re.compile(r"\[([^\[\]]+)\]")


class BadForm(ValueError):
    """The body is no form that PHP writes; the text says why, in the words of the shop."""


def decode(body: bytes) -> Form:
    """The form as objects. Raises BadForm."""
    if len(body) > SIZE_MAX:
        raise BadForm(f"тело больше {SIZE_MAX} байт")
    if not body:
        return {}
    if body.count(b"&") >= PAIRS_MAX:
        raise BadForm(f"полей больше {PAIRS_MAX}")
    form: Form = {}
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            _put(form, _path_of(name), _plain(value))
    return {key: _listed(value) for key, value in form.items()}


def as_json(value: Any) -> Any:
    """The form as JSON holds it: bytes as `{"base64": …}`."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value


def _plain(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _path_of(name: bytes) -> list[str]:
    """`a%5Bb%5D%5B0%5D` as a, b, 0."""
    if len(name) > 3 * KEY_MAX:
        raise BadForm(f"имя поля длиннее {KEY_MAX} знаков")
    text = _text(_plain(name), "имя поля")
    if len(text) > KEY_MAX:
        raise BadForm(f"имя поля длиннее {KEY_MAX} знаков")
    found = _KEY.fullmatch(text)
    if found is None:
        raise BadForm("скобки в имени поля не сходятся")
    path = [found[1], *_PART.findall(found[2])]
    if len(path) > DEPTH_MAX:
        raise BadForm(f"поля вложены глубже {DEPTH_MAX}")
    return path


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadForm(f"{what}: не UTF-8") from None


def _put(form: Form, path: list[str], value: bytes) -> None:
    here = form
    for part in path[:-1]:
        inner = here.setdefault(part, {})
        if not isinstance(inner, dict):
            raise BadForm("поле – и значение, и массив сразу")
        here = inner
    last = path[-1]
    if last in here:
        raise BadForm("поле пришло дважды")
    here[last] = value if last == BINARY else _text(value, "значение поля")


def _listed(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2 … in this order, as PHP writes a list, become lists."""
    if not isinstance(value, dict):
        return value
    whole = {key: _listed(each) for key, each in value.items()}
    if all(key == str(place) for place, key in enumerate(whole)):
        return list(whole.values())
    return whole
