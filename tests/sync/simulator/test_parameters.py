"""The reading of parameters: PHP's brackets, the merge of query and body, and what vanishes without an error."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.sync.simulator.parameters import MAX_DEPTH, MAX_VARIABLES, parse_query, read_parameters


@pytest.mark.parametrize(
    "query, tree",
    [
        ("id=7", {"id": "7"}),
        ("a=1&a=2", {"a": "2"}),
        ("select[]=id&select[]=paid", {"select": ["id", "paid"]}),
        ("select[0]=id&select[1]=paid", {"select": ["id", "paid"]}),
        ("select[1]=id", {"select": {"1": "id"}}),
        ("filter[>id]=10", {"filter": {">id": "10"}}),
        ("filter[>=id]=10", {"filter_>": "id]=10"}),
        ("filter%5B%3E%3Did%5D=10", {"filter": {">=id": "10"}}),
        ("filter[@id][]=1&filter[@id][]=2", {"filter": {"@id": ["1", "2"]}}),
        ("fields[a][b][c]=x+y%20z", {"fields": {"a": {"b": {"c": "x y z"}}}}),
        ("a.b c=1", {"a_b_c": "1"}),
        ("a[b", {"a_b": ""}),
        ("a[b]junk=1", {"a": {"b": "1"}}),
        ("=1&&x", {"x": ""}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("name=%D0%81%D0%B6", {"name": "Ёж"}),
        ("name=%FF", {"name": "\ufffd"}),
    ],
)
def test_brackets_make_trees(query: str, tree: Any) -> None:
    assert parse_query(query) == tree


_names = st.text(st.characters(exclude_characters="[]", codec="utf-8"), min_size=1, max_size=5)
_trees = st.recursive(st.text(max_size=5), lambda inner: st.dictionaries(_names, inner, min_size=1, max_size=3))


def _build_query(tree: Any, prefix: str = "") -> list[str]:
    """PHP's `http_build_query`, in the words of the other side."""
    if not isinstance(tree, dict):
        return [f"{quote_plus(prefix)}={quote_plus(tree)}"]
    return [part for key, item in tree.items() for part in _build_query(item, f"{prefix}[{key}]" if prefix else key)]


def _as_php(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    items = {key: _as_php(item) for key, item in tree.items()}
    return list(items.values()) if list(items) == [str(index) for index in range(len(items))] else items


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,4}", fullmatch=True), _trees, max_size=4))
def test_what_was_built_is_read_back(tree: dict[str, Any]) -> None:
    read = parse_query("&".join(_build_query(tree)))

    assert read == {key: _as_php(item) for key, item in tree.items()}


def test_the_body_wins_over_the_query() -> None:
    read = read_parameters("id=1&start=50", "application/json; charset=utf-8", b'{"id": 2}')

    assert read == {"id": 2, "start": "50"}


def test_json_keeps_numbers_exact() -> None:
    assert read_parameters("", "application/json", b'{"sum": 1710.10}') == {"sum": Decimal("1710.10")}


@pytest.mark.parametrize(
    "kind, body",
    [
        ("application/json", b'{"filter": {'),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'"text"'),
        ("application/json", b'{"a": NaN}'),
        ("application/json", b'{"a": 1e999999999}'),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1)),
    ],
)
def test_json_that_cannot_be_read_vanishes_in_silence(kind: str, body: bytes) -> None:
    assert read_parameters("", kind, body) == {}


def test_json_under_another_type_is_no_json() -> None:
    assert "filter" not in read_parameters("", "text/plain", b'{"filter": {"id": 1}}')


def test_a_multipart_form_is_read() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="fields[sum]"\r\n\r\n10\r\n'
        b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n--x--\r\n'
    )

    assert read_parameters("", "multipart/form-data; boundary=x", body) == {"fields": {"sum": "10"}, "id": "7"}


def test_depth_and_number_of_names_are_bounded() -> None:
    assert parse_query("a" + "[b]" * (MAX_DEPTH + 1) + "=1") == {}
    assert len(parse_query("&".join(f"a[]={n}" for n in range(MAX_VARIABLES + 100)))["a"]) == MAX_VARIABLES


@given(st.text(max_size=60), st.sampled_from(["application/json", "multipart/form-data; boundary=a", ""]), st.binary())
def test_nothing_from_outside_breaks_the_reading(query: str, kind: str, body: bytes) -> None:
    assert isinstance(read_parameters(query, kind, body), dict)
