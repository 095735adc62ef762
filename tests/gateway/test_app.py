"""The gateway's door: nobody comes in without the secret, and what is no request of ours is refused cheaply."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from posapp.errors import SetupError
from posapp.gateway.app import BODY_MAX, WORK, make_app
from posapp.gateway.serve import serving
from posapp.gateway.store import SqlStore, open_store
from tests.gateway.conftest import SECRET

TILL = {"portal": "shop.example", "till": "one"}


def _address() -> Iterator[tuple[str, int]]:
    """Host and port of a gateway on which till `one` is known."""
    with serving(make_app(open_store("sqlite://"), SECRET, lambda: datetime.now(UTC))) as url:
        parts = urlsplit(url)
        where = (parts.hostname or "", parts.port or 0)
        assert post(where, "/v1/tills", TILL | {"name": "1"}) == (200, {})
        yield where


address = pytest.fixture(_address)
door = pytest.fixture(_address, scope="module")
"""A gateway for all that is refused: nothing of it may leave a trace."""


def post(
    where: tuple[str, int], path: str, body: object, secret: str | None = f"Bearer {SECRET}", verb: str = "POST"
) -> tuple[int, Any]:
    """Status and JSON of an answer; bytes go out as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(*where, timeout=30)
    try:
        connection.request(verb, path, data, {} if secret is None else {"Authorization": secret})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else None
    finally:
        connection.close()


@pytest.mark.parametrize("path", sorted(WORK))
@pytest.mark.parametrize(
    "secret",
    [None, "", "Bearer", "Bearer ", f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", SECRET, f"Basic {SECRET}",
     f"bearer {SECRET}", "Bearer \xff"],
)  # fmt: skip
def test_without_the_secret_nothing_is_done(door: tuple[str, int], path: str, secret: str | None) -> None:
    status, body = post(door, path, TILL | {"orders": [1], "why": "sale"}, secret)
    assert (status, body["error"]["code"]) == (401, "gateway_access")
    assert post(door, "/v1/claims/mine", TILL)[1]["held"] == []


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_short_secret_is_refused_at_the_start(secret: str) -> None:
    store = open_store("sqlite://")
    with pytest.raises(SetupError) as refused:
        make_app(store, secret, lambda: datetime.now(UTC))
    store.close()
    assert refused.value.code == "gateway_secret"
    assert not secret or secret not in str(refused.value)


TAKE = TILL | {"orders": [1], "why": "sale"}


@pytest.mark.parametrize(
    "path, body",
    [
        ("/v1/claims/take", b""),
        ("/v1/claims/take", b"\xff\xfe"),
        ("/v1/claims/take", b"null"),
        ("/v1/claims/take", b"[" * 100_000),
        ("/v1/claims/take", b'{"a":' * 20_000),
        ("/v1/claims/take", {}),
        ("/v1/claims/take", TAKE | {"orders": "1"}),
        ("/v1/claims/take", TAKE | {"orders": [0]}),
        ("/v1/claims/take", TAKE | {"orders": [True]}),
        ("/v1/claims/take", TAKE | {"orders": [1.5]}),
        ("/v1/claims/take", TAKE | {"orders": [1 << 63]}),
        ("/v1/claims/take", TAKE | {"orders": [-1]}),
        ("/v1/claims/take", TAKE | {"orders": list(range(1, 1002))}),
        ("/v1/claims/take", TAKE | {"why": "fun"}),
        ("/v1/claims/take", TAKE | {"portal": "x" * 256}),
        ("/v1/claims/take", TAKE | {"portal": ""}),
        ("/v1/claims/take", TAKE | {"till": 7}),
        ("/v1/claims/take", TAKE | {"till": "a\u0000b"}),
        ("/v1/claims/take", TAKE | {"till": "\ud800"}),
        ("/v1/tills", TILL | {"name": "1\n2"}),
        ("/v1/claims/close", TILL | {"sold": [{"order_id": 1}]}),
        ("/v1/claims/close", TILL | {"sold": ["x"]}),
        ("/v1/claims/release", TILL | {"fences": [{"order_id": 1, "fence": "x"}]}),
        ("/v1/claims/take-over", TILL | {"order_id": 1, "fence": 1, "who": "x"}),
        ("/v1/claims/take-over", TILL | {"order_id": 1, "fence": 1, "who": "x", "why": "y" * 501}),
    ],
)
def test_what_is_no_request_is_refused(door: tuple[str, int], path: str, body: object) -> None:
    status, answer = post(door, path, body)
    assert (status, answer["error"]["code"]) == (400, "bad_input")
    assert post(door, "/v1/claims/mine", TILL)[1]["held"] == []


def test_a_till_that_is_not_enrolled_gets_nothing(door: tuple[str, int]) -> None:
    status, answer = post(door, "/v1/claims/take", TAKE | {"till": "another"})
    assert (status, answer["error"]["code"]) == (409, "unknown_till")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/claims", "/v1/claims/take/", "/v1/claims/../tills", "/docs"])
def test_there_is_nothing_else(door: tuple[str, int], path: str) -> None:
    assert post(door, path, TAKE)[0] in (307, 404)


def test_only_post(door: tuple[str, int]) -> None:
    assert post(door, "/v1/claims/mine", TILL, verb="GET")[0] == 405


def test_a_body_that_is_too_large_is_not_read_to_its_end(door: tuple[str, int]) -> None:
    assert post(door, "/v1/claims/take", b" " * (BODY_MAX + 1))[0] == 413
    # Without the secret not a byte of it is read: the answer comes although the body never does.
    with socket.create_connection(door, timeout=30) as line:
        line.sendall(b"POST /v1/claims/take HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert line.recv(64).startswith(b"HTTP/1.1 401")


def test_many_at_once_are_served_or_turned_away_and_nothing_is_lost(address: tuple[str, int]) -> None:
    def one(number: int) -> tuple[int, Any]:
        secret = f"Bearer {SECRET}" if number % 2 else "Bearer guess"
        return post(address, "/v1/claims/take", TAKE | {"orders": [number]}, secret)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(one, range(1, 301)))
    assert {status for status, _ in answers} == {200, 401}
    held = {each["order_id"] for each in post(address, "/v1/claims/mine", TILL)[1]["held"]}
    assert held == set(range(1, 301, 2))


def test_trouble_with_the_database_is_a_503_and_says_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    store = open_store("sqlite://")
    with caplog.at_level(logging.DEBUG), serving(make_app(store, SECRET, lambda: datetime.now(UTC))) as url:
        parts = urlsplit(url)
        where = (parts.hostname or "", parts.port or 0)
        post(where, "/v1/tills", TILL | {"name": "1"})
        drop(store)
        status, answer = post(where, "/v1/claims/take", TAKE)
    assert (status, answer["error"]["code"]) == (503, "gateway_store")
    assert SECRET not in caplog.text
    assert "SELECT" not in json.dumps(answer)


def drop(store: SqlStore) -> None:
    """The tables are gone: somebody has restored another database under the gateway."""
    with store._engine.begin() as db:
        db.exec_driver_sql("DROP TABLE claims")
