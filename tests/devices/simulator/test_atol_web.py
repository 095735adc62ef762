"""The simulated «АТОЛ Web Requests» over HTTP: its endpoints, its login, what hostile bytes do to it, and a kill."""

import base64
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from posapp.cli.sim_printer_web import web_address
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_http import BODY_MAX, DEPTH_MAX
from posapp.devices.simulator.atol_queue import Queue
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import AtolWeb, command_of
from tests.devices.simulator.benches import Bench
from tests.wire.simulated import Simulated

SELL = {
    "type": "sell",
    "items": [{"type": "position", "name": "Чай", "price": 10, "quantity": 1, "amount": 10, "tax": {"type": "none"}}],
    "payments": [{"type": "cash", "sum": 10}],
}
LOGIN = "касса:пароль"
DEADLINE_S = 10.0


class Client:
    """Plain HTTP, a connection for each request."""

    def __init__(self, url: str, login: str = "") -> None:
        self.address = urlsplit(url)
        self.headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}

    def ask(self, verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded body."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        with contextlib.closing(http.client.HTTPConnection(self.address.netloc, timeout=DEADLINE_S)) as connection:
            connection.request(verb, path, raw, {**self.headers, **headers})
            answer = connection.getresponse()
            told = answer.read()
            return answer.status, json.loads(told) if told else None

    def raw(self, data: bytes) -> bytes:
        """Whatever comes back for these bytes until the server closes or falls silent."""
        with socket.create_connection((self.address.hostname, self.address.port), DEADLINE_S) as line:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            found = b""
            with contextlib.suppress(ConnectionError):
                while part := line.recv(65_536):
                    found += part
            return found

    def post(self, uuid: str, *tasks: Any, path: str = "/api/v2/requests") -> tuple[int, Any]:
        return self.ask("POST", path, {"uuid": uuid, "request": list(tasks)})

    def ended(self, uuid: str) -> list[dict[str, Any]]:
        """The results, once it has come to its end."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            status, told = self.ask("GET", f"/api/v2/requests/{uuid}")
            assert status == 200
            results: list[dict[str, Any]] = told["results"]
            if not {each["status"] for each in results} & {"wait", "inProgress", "blocked"}:
                return results
        raise AssertionError(f"{uuid} has not ended")


class Shop(Client):
    """The server with its register, in this process."""

    def __init__(self, server: AtolWeb, bench: Bench) -> None:
        super().__init__(server.url)
        self.server = server
        self.bench = bench

    @property
    def documents(self) -> int:
        return self.bench.printer.storage.last_number

    def break_(self, *faults: dict[str, Any]) -> None:
        with self.server.lock:
            self.server.queue.faults.replace(plans.parse(list(faults), command_of))


@contextlib.contextmanager
def running(login: str = "") -> Iterator[Shop]:
    bench = Bench()
    bench.open_shift()
    queue = Queue(AtolTasks(bench.printer))
    queue.settings.retry = timedelta(milliseconds=5)
    server = AtolWeb(("127.0.0.1", 0), queue, login)
    with server.lock:
        bench.printer.world_offset = bench.now - server._clock()  # the shift was opened a moment ago
    working = threading.Thread(target=server.serve)
    server.start()
    working.start()
    try:
        yield Shop(server, bench)
    finally:
        server.stop()
        with server.lock:
            server.wake()
        working.join()
        server.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Shop]:
    with running() as shop:
        yield shop


@pytest.fixture
def shop(served: Shop) -> Iterator[Shop]:
    """With nothing set that another test has left."""
    yield served
    served.break_()
    served.server.line.power_on()
    served.bench.printer.set_paper("ok", served.server._clock())


# --- endpoints


def test_the_way_of_a_request(shop: Shop) -> None:
    before = shop.documents
    status, told = shop.post("way", SELL, {"type": "getFnStatus"})
    assert (status, set(told)) == (201, {"number", "uuid", "isBlocked", "blockedUUID", "blockReason"})
    sold, asked = shop.ended("way")
    assert sold["result"]["fiscalParams"]["total"] == 10
    assert asked["result"]["fnStatus"]["fiscalDocumentNumber"] == shop.documents == before + 1
    status, told = shop.post("way", SELL)
    assert (status, told["error"]["code"]) == (409, 505)
    assert "задание с таким UUID уже есть" in told["error"]["description"]
    assert shop.ask("DELETE", "/api/v2/requests/way")[0] == 409
    assert shop.ask("GET", "/api/v2/requests/nobody") == (
        404,
        {"error": {"code": 505, "description": "Задание с UUID [nobody] для устройства [1] не найдено"}},
    )


def test_the_names_of_the_server_before_it(shop: Shop) -> None:
    status, _ = shop.ask("POST", "/requests", {"uuid": "old", "request": {"type": "getShiftStatus"}})
    assert status == 201
    shop.ended("old")
    told = shop.ask("GET", "/requests/old")[1]["results"][0]
    assert (told["status"], told["errorCode"], told["errorDescription"]) == ("ready", 0, "Ошибок нет")
    assert shop.ask("GET", "/stat/requests")[1]["ready_count"] >= 1


def test_questions_outside_of_the_queue(shop: Shop) -> None:
    told = shop.ask("POST", "/api/v2/operations/queryShiftStatus", {})[1]
    assert told["shiftStatus"]["state"] == "opened"
    assert shop.ask("POST", "/api/v2/operations/queryReceiptTotals", {})[0] == 501
    shop.server.line.power_off()
    assert shop.ask("POST", "/api/v2/operations/queryDeviceStatus") == (
        400,
        {"error": {"code": 505, "description": "Нет связи"}},
    )


def test_what_it_tells_of_itself(shop: Shop) -> None:
    told = shop.ask("GET", "/api/v2/serverInfo")[1]
    assert {"serverVersion", "driverVersion", "os", "currentDateTime"} <= set(told)
    assert [each["key"] for each in shop.ask("GET", "/api/v2/utils/mapping")[1]["ofdChannel"]] == ["none", "auto"]
    assert shop.ask("GET", "/api/v2/utils/deviceParametersStruct")[1]["id"] == ""
    assert shop.ask("GET", "/api/v2/nothing")[0] == 404
    assert shop.ask("PUT", "/api/v2/requests/way", {})[0] in (404, 405)


def test_settings(shop: Shop) -> None:
    assert shop.ask("GET", "/api/v2/settings")[1]["deleteRequestsAfter"] == 43_200
    status, told = shop.ask("PUT", "/api/v2/settings", {"deleteRequestsAfter": "abc"})
    assert (status, told["error"]["description"]) == (
        400,
        "Некорректное значение или тип поля 'deleteRequestsAfter' (string)",
    )
    assert shop.ask("PUT", "/api/v2/settings", {"blockQueueOnPrintErrors": False, "unknown": 1})[0] == 200
    assert shop.server.queue.settings.blocks_on_paper is False
    shop.ask("PUT", "/api/v2/settings", {"blockQueueOnPrintErrors": True})
    assert shop.server.queue.settings.blocks_on_paper is True


def test_devices(shop: Shop) -> None:
    own = shop.ask("GET", "/api/v2/devices/default")[1]
    assert (own["id"], own["isActive"], own["isDefault"], own["isLock"]) == ("1", True, True, False)
    status, other = shop.ask("POST", "/api/v2/devices", {"name": "Вторая", "connectionSettings": {"port": "tcp"}})
    assert (status, other["id"], other["isActive"]) == (201, "2", False)
    assert shop.ask("POST", "/api/v2/requests?deviceID=2", {"uuid": "two", "request": [SELL]})[0] == 409
    assert shop.ask("POST", "/api/v2/requests?deviceID=77", {"uuid": "two", "request": [SELL]})[0] == 404
    assert shop.ask("POST", "/api/v2/activateDevice?deviceID=2")[0] == 409
    assert shop.ask("PUT", "/api/v2/devices/2", {"connectionSettings": {"port": "pigeon"}})[0] == 400
    assert shop.ask("POST", "/api/v2/devices", {"id": "bad id!"})[0] == 400
    assert shop.ask("POST", "/api/v2/setDefaultDevice", {"id": "2"})[0] == 200
    assert shop.post("default", SELL)[0] == 409
    assert shop.ask("DELETE", "/api/v2/devices/2")[0] == 200
    assert [each["id"] for each in shop.ask("GET", "/api/v2/devices")[1]] == ["1"]
    assert shop.post("default", {"type": "getFnInfo"})[0] == 201


def test_a_register_that_is_not_active(shop: Shop) -> None:
    assert shop.ask("POST", "/api/v2/deactivateDevice")[0] == 200
    status, told = shop.post("inactive", SELL)
    assert (status, told["error"]["description"]) == (409, "ККТ [1] не подключена")
    assert shop.ask("POST", "/api/v2/activateDevice", {"deviceID": "1"})[0] == 200
    assert shop.post("inactive", {"type": "getFnInfo"})[0] == 201


def test_pages_of_other_sites_may_ask(shop: Shop) -> None:
    with contextlib.closing(http.client.HTTPConnection(shop.address.netloc, timeout=DEADLINE_S)) as connection:
        connection.request("OPTIONS", "/api/v2/requests", headers={"Origin": "https://shop.example"})
        answer = connection.getresponse()
        answer.read()
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "https://shop.example")


# --- the queue stands


def test_it_blocks_recovers_and_says_so(shop: Shop) -> None:
    before = shop.documents
    shop.break_({"command": "sell", "do": "power_off", "when": "after_commit"})
    shop.post("lost", SELL, {"type": "reportX"})
    deadline = time.monotonic() + DEADLINE_S
    while not (told := shop.ask("GET", "/api/v2/getRequestsQueueStatus")[1])["isBlocked"]:
        assert time.monotonic() < deadline
    assert (told["blockReason"], told["blockedUUID"]) == ("connectionError", "lost")
    assert shop.ask("GET", "/api/v2/devices/1")[1]["isLock"]
    assert shop.post("after", {"type": "getFnStatus"})[1]["isBlocked"]
    with shop.server.lock:
        shop.server.line.power_on()
        shop.server.wake()
    assert [each["status"] for each in shop.ended("lost")] == ["ready", "ready"]
    assert shop.ended("after")[0]["status"] == "ready"
    assert shop.documents == before + 1


# --- faults of the HTTP


@pytest.mark.parametrize("do", ["drop_reply", "truncate", "error"])
def test_an_answer_that_is_lost_leaves_the_request_in_the_queue(shop: Shop, do: str) -> None:
    before, uuid = shop.documents, f"reply-{do}"
    shop.break_({"command": "POST /api/v2/requests", "do": do, "when": "after_commit"})
    with contextlib.suppress(http.client.HTTPException, ConnectionError):
        assert shop.post(uuid, SELL)[0] == 500
    assert shop.ended(uuid)[0]["status"] == "ready"
    assert shop.post(uuid, SELL)[0] == 409
    assert shop.documents == before + 1


@pytest.mark.parametrize("fault", [{"do": "drop_command"}, {"do": "error", "value": 503}])
def test_a_request_that_never_came_is_not_known(shop: Shop, fault: dict[str, Any]) -> None:
    before, uuid = shop.documents, f"command-{fault['do']}"
    shop.break_({"command": "POST /api/v2/requests", **fault})
    with contextlib.suppress(http.client.HTTPException, ConnectionError):
        assert shop.post(uuid, SELL)[0] == 503
    assert shop.ask("GET", f"/api/v2/requests/{uuid}")[0] == 404
    assert shop.documents == before


def test_faults_know_endpoints_by_their_names(shop: Shop) -> None:
    shop.post("seen", {"type": "getFnInfo"})
    shop.ended("seen")
    shop.break_({"command": "GET /api/v2/requests", "do": "error", "nth": 2})
    assert [shop.ask("GET", "/api/v2/requests/seen")[0] for _ in range(3)] == [200, 500, 200]
    for wrong in ("4A", "sell; rm", "PATCH /x", ""):
        with pytest.raises(plans.BadFault):
            plans.parse([{"command": wrong, "do": "error"}], command_of)


# --- the login


def test_the_login() -> None:
    with running(LOGIN) as shop:
        assert shop.ask("GET", "/api/v2/serverInfo")[0] == 200
        assert shop.ask("GET", "/api/v2/utils/mapping")[0] == 200
        for wrong in ("", "касса:другой", "касса", ":"):
            status, told = Client(shop.server.url, wrong).post("x", SELL)
            assert (status, told["error"]["code"]) == (401, 505)
        for bad in ("Basic !!!", "Bearer x", "Basic", "Basic " + "A" * 9999):
            assert shop.ask("GET", "/api/v2/devices", Authorization=bad)[0] == 401
        known = Client(shop.server.url, LOGIN)
        assert known.ask("GET", "/api/v2/requests/x")[0] == 404, "nothing of those was taken"
        assert known.post("x", SELL)[0] == 201


# --- hostile bytes


NESTED = b'{"uuid": "deep", "request": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"{oops",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b'{"uuid": "h"}',
        b'{"request": [{"type": "sell"}]}',
        b'{"uuid": "h", "request": NaN}',
        b'{"uuid": "h", "request": [{"type": "cashIn", "cashSum": Infinity}]}',
        b'{"uuid": "h", "request": [{"type": "cashIn", "cashSum": ' + b"9" * 5_000 + b"}]}",
        b'{"uuid": "h\\ud800", "request": [{"type": "getFnInfo"}]}',
        b'{"uuid": "h", "request": [{"type": "nonFiscal", "items": [{"type": "text", "text": "\\udfff"}]}]}',
        NESTED,
        b'{"uuid": "h", "request": [' + b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX + b"]}",
    ],
)
def test_bodies_that_make_no_sense_are_refused_cleanly(shop: Shop, body: bytes) -> None:
    before = shop.documents
    status, told = shop.ask("POST", "/api/v2/requests", body)
    assert (status, told["error"]["code"]) == (400, 505)
    assert shop.ask("GET", "/api/v2/requests/h")[0] == 404
    assert shop.documents == before


@pytest.mark.parametrize(
    "head, status",
    [
        (f"Content-Length: {BODY_MAX + 1}", 413),
        ("Content-Length: 99999999999999999999999999", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: 1e3", 400),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_bodies_without_bounds_are_not_read(shop: Shop, head: str, status: int) -> None:
    body = json.dumps({"uuid": "smuggled", "request": [SELL]})
    hidden = f"POST /api/v2/requests HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    told = shop.raw(f"POST /api/v2/requests HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{hidden}".encode())
    assert told.startswith(f"HTTP/1.1 {status} ".encode())
    assert shop.ask("GET", "/api/v2/requests/smuggled")[0] == 404, "what follows is no request"


def test_a_body_that_is_cut_off_is_no_request(shop: Shop) -> None:
    whole = json.dumps({"uuid": "cut", "request": [SELL]}).encode()
    head = f"POST /api/v2/requests HTTP/1.1\r\nHost: x\r\nContent-Length: {len(whole) + 1}\r\n\r\n".encode()
    assert shop.raw(head + whole) == b""
    assert shop.ask("GET", "/api/v2/requests/cut")[0] == 404


@pytest.mark.parametrize(
    "junk", [b"\x8f\x00\x00\x0f\x1d", b"\xfe\x01\x00\x00\xc4\x02", b"GET\r\n\r\n", b"\x00" * 5_000]
)
def test_bytes_of_other_protocols_do_no_harm(shop: Shop, junk: bytes) -> None:
    before = shop.documents
    shop.raw(junk)
    assert shop.ask("GET", "/api/v2/serverInfo")[0] == 200
    assert shop.documents == before


def test_a_body_that_is_too_long_is_said_to_whoever_sends_it(shop: Shop) -> None:
    assert shop.post("huge", {**SELL, "operator": {"name": "я" * 2_000_000}})[0] == 413
    assert shop.ask("GET", "/api/v2/requests/huge")[0] == 404


def test_a_hundred_thousand_letters_are_a_wrong_receipt_and_nothing_else(shop: Shop) -> None:
    before = shop.documents
    shop.post("long", {**SELL, "operator": {"name": "я" * 100_000}})
    assert shop.ended("long")[0]["error"]["code"] == 148
    assert shop.documents == before


# --- the process


def test_a_killed_server_knows_its_requests_and_sells_nothing_twice(tmp_path: Path) -> None:
    arguments = ("--model", "atol", "--transport", "web", "--storage", str(tmp_path / "fn"), "--login", LOGIN)
    first = Simulated(*arguments)
    client = Client(first.ready["port"], LOGIN)
    assert first.post("/_sim/faults", [{"command": "sell", "do": "power_off", "when": "after_commit"}])[0] == 200
    client.post("open", {"type": "openShift"})
    client.ended("open")
    client.post("sale", SELL)
    deadline = time.monotonic() + DEADLINE_S
    while not client.ask("GET", "/api/v2/getRequestsQueueStatus")[1]["isBlocked"]:
        assert time.monotonic() < deadline
    first.kill()
    second = Simulated(*arguments)
    client = Client(second.ready["port"], LOGIN)
    assert client.ended("sale")[0]["result"]["fiscalParams"]["fiscalDocumentNumber"] == 3
    assert client.post("sale", SELL)[0] == 409
    assert [each["type"] for each in second.documents()] == [1, 2, 3]
    assert second.post("/_sim/queue", {"retry_s": 0.02})[0] == 200
    wrongs: list[Any] = [{"retry_s": 0}, {"retry_s": "often"}, {}, [], {"retry_s": True}]
    for wrong in wrongs:
        assert second.post("/_sim/queue", wrong)[0] == 400
    assert second.post("/_sim/paper", {"state": "out"})[0] == 200
    client.post("dry", SELL)
    assert client.ended("dry")[0]["error"]["code"] == 44
    assert second.stop() == 0


def test_where_it_listens() -> None:
    assert web_address("pty") == ("127.0.0.1", 0)
    assert web_address("tcp:0.0.0.0:16732") == ("0.0.0.0", 16_732)
    for wrong in ("usb", "tcp:16732", "tcp:host:99999", "tcp:host:x"):
        with pytest.raises(ValueError, match="listen on"):
            web_address(wrong)
