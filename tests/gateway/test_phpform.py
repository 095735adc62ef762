"""PHP's form: what `http_build_query` writes comes back; anything else is refused, and cheaply.

`build` below writes the form from the facts of the PHP manual and shares nothing with the decoder. Where PHP is
installed, the same values also go through the real `http_build_query`.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.gateway import phpform
from posapp.gateway.phpform import BadForm, as_json, decode


def build(value: object, prefix: str = "") -> bytes:
    """http_build_query: nulls and empty arrays vanish, true is 1, false is 0, everything is percent-encoded."""
    pairs: list[bytes] = []

    def write(each: object, key: str) -> None:
        if each is None:
            return
        if isinstance(each, (dict, list)):
            rows = each.items() if isinstance(each, dict) else enumerate(each)
            for name, inner in rows:
                write(inner, f"{key}[{name}]" if key else str(name))
            return
        plain = {True: "1", False: "0"}.get(each, each) if isinstance(each, bool) else each
        raw = plain if isinstance(plain, bytes) else str(plain).encode()
        pairs.append(f"{quote_plus(key)}={quote_plus(raw)}".encode())

    write(value, prefix)
    return b"&".join(pairs)


def expected(value: object) -> Any:
    """What is left of a value after PHP has written it: text, without nulls and empty arrays."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict):
        kept = {str(name): expected(each) for name, each in value.items() if not gone(each)}
        whole = list(kept) == [str(place) for place in range(len(kept))]
        return list(kept.values()) if whole and kept else kept
    if isinstance(value, list):
        return expected(dict(enumerate(value)))
    return value if isinstance(value, bytes) else str(value)


def gone(value: object) -> bool:
    """Whether PHP writes nothing for it."""
    if isinstance(value, (dict, list)):
        return all(gone(each) for each in (value.values() if isinstance(value, dict) else value))
    return value is None


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]\0"), min_size=1, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
FORMS = st.dictionaries(NAMES.filter(lambda name: name != "nomenclature_code"), VALUES, max_size=6)


def usual(value: Any) -> bool:
    """No binary key and no more depth than checks have."""

    def depth(each: Any) -> int:
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        return 1 + max(map(depth, inner), default=0)

    return "nomenclature_code" not in json.dumps(value) and depth(value) <= phpform.DEPTH_MAX


@given(FORMS.filter(usual))
def test_what_php_writes_comes_back(form: dict[str, Any]) -> None:
    found, kept = decode(build(form)), {name: expected(each) for name, each in form.items() if not gone(each)}
    assert found == kept


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    try:
        found = decode(body)
    except BadForm:
        return
    assert json.loads(json.dumps(as_json(found))) == as_json(found)


@given(st.binary(min_size=1, max_size=40))
def test_trap_16_the_nomenclature_code_stays_bytes(code: bytes) -> None:
    body = build({"items": [{"name": "Термос 0,75 л", "nomenclature_code": code}]})
    item = decode(body)["items"][0]
    assert item == {"name": "Термос 0,75 л", "nomenclature_code": code}
    (sent,) = as_json(decode(body))["items"]
    assert base64.b64decode(sent["nomenclature_code"]["base64"]) == code


def test_the_sample_of_the_facts() -> None:
    assert decode(b"c=1&d=1.5&e%5Bf%5D=x+y") == {"c": "1", "d": "1.5", "e": {"f": "x y"}}
    wire = b"type=sell&calculated_sign=income&unique_id=417&currency=RUB&items%5B0%5D%5Bname%5D=%D0%A2%D0%B5"
    assert decode(wire + b"&items%5B0%5D%5Bdiscount%5D%5Bdiscount_type%5D=C") == {
        "type": "sell", "calculated_sign": "income", "unique_id": "417", "currency": "RUB",
        "items": [{"name": "Те", "discount": {"discount_type": "C"}}],
    }  # fmt: skip


def test_brackets_may_also_come_unescaped_and_empty_pairs_are_nothing() -> None:
    assert decode(b"a[b][0]=x&&a[b][1]=&q") == {"a": {"b": ["x", ""]}, "q": ""}


def test_an_array_with_gaps_or_out_of_order_stays_an_object() -> None:
    assert decode(b"a[0]=x&a[2]=y") == {"a": {"0": "x", "2": "y"}}
    assert decode(b"a[1]=x&a[0]=y") == {"a": {"1": "x", "0": "y"}}
    assert decode(b"a[00]=x") == {"a": {"00": "x"}}


@pytest.mark.parametrize(
    "body",
    [
        b"a[b=1", b"a]b=1", b"[a]=1", b"a[]=1", b"a[b]c=1", b"a[[b]]=1", b"=1", b"a[b[c]]=1",
        b"a=1&a=2", b"a[b]=1&a[b]=2", b"a=1&a[b]=2", b"a[b]=1&a=2", b"a[b][c]=1&a[b]=2",
        b"a=%FF", b"%FF=1", b"name=\xcf\xf0\xe8\xe2\xe5\xf2",
    ],
)  # fmt: skip
def test_what_php_never_writes_is_refused(body: bytes) -> None:
    with pytest.raises(BadForm):
        decode(body)


@pytest.mark.parametrize(
    "body, why",
    [
        (b"a" + b"[b]" * phpform.DEPTH_MAX + b"=1", "глубже"),
        (b"a" + b"[b]" * 300_000 + b"=1", "длиннее"),
        (b"a" * (phpform.KEY_MAX + 1) + b"=1", "длиннее"),
        (b"&".join(b"a%d=" % number for number in range(phpform.PAIRS_MAX + 1)), "больше"),
        (b"&" * phpform.SIZE_MAX, "больше"),
        (b"a=" + b"x" * phpform.SIZE_MAX, "больше"),
    ],
)
def test_size_depth_and_number_of_keys_are_bounded(body: bytes, why: str) -> None:
    with pytest.raises(BadForm, match=why):
        decode(body)


PHP = """
$rows = json_decode(stream_get_contents(STDIN), true);
foreach ($rows as $row) {
    array_walk_recursive($row, function (&$v) { if (is_string($v)) { $v = base64_decode($v); } });
    echo http_build_query($row), "\\n";
}
"""


def to_php(value: Any) -> Any:
    """Text as base64, so that bytes pass through JSON."""
    if isinstance(value, (str, bytes)):
        return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    if isinstance(value, dict):
        return {name: to_php(each) for name, each in value.items()}
    return [to_php(each) for each in value] if isinstance(value, list) else value


def test_against_the_real_http_build_query() -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("PHP is not installed here (Debian: apt-get install php-cli)")
    rows: list[dict[str, Any]] = [
        {"a": None, "b": [], "c": True, "d": 1.5, "e": {"f": "x y"}, "n": False},
        {"items": [{"name": "Чай «Ива» №1 + 50% & ещё=", "quantity": 2, "vat_sum": 616.72131147541, "sum": 3420.0,
                    "nomenclature_code": b"DM\x00\x05[&=%+]\xff\xfe\x00abc", "properties": {"ARTNUMBER": "A-1"}}]},
        {"payments": [{"type": "cash", "is_cash": "Y", "sum": 0.1}, {"type": "credit"}], "total_sum": 1234567.89},
        {"cashbox_params": {"AUTH": {"KEY": "s3cr3t[]&=+\t\n"}}, "uuid": "check|shop.example.test|417|1786000123"},
        {"gap": {"0": "x", "2": "y"}, "deep": {"a": {"b": {"c": [["x"], ["y", None, "z"]]}}}},
    ]  # fmt: skip
    done = subprocess.run(
        [php, "-n", "-r", PHP], input=json.dumps(to_php(rows)).encode(), capture_output=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert decode(line) == {name: shown(each) for name, each in row.items() if not gone(each)}


def shown(value: Any) -> Any:
    """`expected` with PHP's floats: no zeros at the end."""
    if isinstance(value, float):
        return f"{value:.14g}"
    if isinstance(value, dict):
        return expected({name: shown(each) for name, each in value.items() if not gone(each)})
    if isinstance(value, list):
        return expected({place: shown(each) for place, each in enumerate(value) if not gone(each)})
    return expected(value)
