"""What only a socket shows: connections kept open, chunks, limits of the body, and parallel callers."""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from posapp.sync.simulator.server import MAX_BODY


def test_one_connection_carries_many_calls(portal: Any) -> None:
    with closing(http.client.HTTPConnection(portal.host, portal.port, timeout=20)) as connection:
        for number in (9071, 9072, 9073):
            connection.request("POST", portal.webhook + "sale.order.get", json.dumps({"id": number}),
                               {"Content-Type": "application/json"})  # fmt: skip
            answer = connection.getresponse()
            local = connection.sock
            assert json.loads(answer.read())["result"]["order"]["id"] == number
        assert connection.sock is local
        assert answer.version == 11


def test_a_chunked_body_is_read(portal: Any) -> None:
    with closing(http.client.HTTPConnection(portal.host, portal.port, timeout=20)) as connection:
        chunks = iter([b'{"id":', b" 9071}"])
        connection.request("POST", portal.webhook + "sale.order.get", chunks, {"Content-Type": "application/json"},
                           encode_chunked=True)  # fmt: skip
        assert json.loads(connection.getresponse().read())["result"]["order"]["id"] == 9071


def test_a_body_beyond_the_limit_is_refused_unread(portal: Any) -> None:
    head = f"POST {portal.webhook}profile HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    for start in (head, head.replace(f"Content-Length: {MAX_BODY + 1}", "Transfer-Encoding: chunked") + "FFFFFFF\r\n",
                  head.replace(str(MAX_BODY + 1), "-1"), head.replace(str(MAX_BODY + 1), "many")):  # fmt: skip
        with closing(socket.create_connection((portal.host, portal.port), timeout=20)) as client:
            client.sendall(start.encode())
            assert client.recv(1000).split()[1] in (b"413", b"400")
    assert portal.sim("state")["requests"] == []


def test_head_and_options_answer_without_a_body(portal: Any) -> None:
    assert portal.send("HEAD", portal.webhook + "profile").body == b""
    reply = portal.send("OPTIONS", portal.webhook + "profile")
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_fifty_callers_at_once_lose_nothing(portal: Any) -> None:
    def note(number: int) -> int:
        return int(portal.call("sale.order.update", {"id": 9071, "fields": {"comments": str(number)}}).status)

    with ThreadPoolExecutor(50) as callers:
        assert list(callers.map(note, range(100))) == [200] * 100
    assert portal.order(9071)["version"] == 103
    assert [row["n"] for row in portal.sim("state")["requests"]] == list(range(1, 101))


def test_what_is_no_portal_is_not_found(portal: Any) -> None:
    for path in ("/", "/rest", "/rest/", "/rest/1/", "/rest/1/2/3/4/5", "/rest/api/1/x", "//", "/%00"):
        assert portal.send("GET", path).status in (401, 404), path
