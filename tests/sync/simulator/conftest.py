"""A portal on a real port with a clock that the test turns, and a client that knows nothing of the simulator's code."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import parse_qsl

import pytest

from posapp.sync.simulator.access import Access
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.server import PortalServer
from posapp.sync.simulator.shop import load_shop

Row = dict[str, Any]

MORNING = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)  # 9:00 at the portal


@dataclass
class Clock:
    """The portal's time; it stands until the test turns it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; `json` is decoded with exact numbers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def result(self) -> Any:
        assert self.status == 200, self.body
        return self.json["result"]

    @property
    def error(self) -> tuple[int, str]:
        """HTTP status and Bitrix's code."""
        return self.status, self.json["error"]


class Wire:
    """Speaks HTTP to a portal, one connection per request unless the test holds one itself."""

    def __init__(self, server: PortalServer, clock: Clock) -> None:
        self.server = server
        self.clock = clock
        self.host, self.port = str(server.server_address[0]), int(server.server_address[1])
        self.webhook = f"/rest/1/{server.portal.access.webhook_secret}/"

    def send(self, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        with contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=20)) as connection:
            connection.request(verb, path, body or None, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())

    def call(self, method: str, parameters: Row | None = None) -> Reply:
        """A call with a JSON body."""
        body = json.dumps(parameters or {}).encode()
        return self.send("POST", self.webhook + method, body, {"Content-Type": "application/json"})

    def form(self, method: str, body: str) -> Reply:
        """A call with a form body, written as it goes on the wire."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", self.webhook + method, body.encode(), kind)

    def get(self, method: str, query: str = "") -> Reply:
        return self.send("GET", f"{self.webhook}{method}?{query}")

    def batch(self, commands: Row | list[Any], halt: int = 0) -> Row:
        result = self.call("batch", {"halt": halt, "cmd": commands}).result
        assert isinstance(result, dict)
        return result

    def sim(self, name: str, value: Any = None) -> Any:
        """The simulator's own door: GET without a value, POST with one."""
        if value is None:
            return self.send("GET", f"/_sim/{name}").json
        reply = self.send("POST", f"/_sim/{name}", json.dumps(value).encode(), {"Content-Type": "application/json"})
        assert reply.status == 200, reply.body
        return reply.json

    def order(self, order_id: int) -> Row:
        """An order as it now is, past all faults."""
        found = next(order for order in self.sim("state")["orders"] if order["id"] == order_id)
        assert isinstance(found, dict)
        return found


class _CallbackHandler(BaseHTTPRequestHandler):
    server: Callback

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.server.heard.put((self.path, self.headers["Content-Type"], dict(parse_qsl(body.decode()))))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Callback(ThreadingHTTPServer):
    """An application's web server; `heard` has path, content type and form of every POST."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _CallbackHandler)
        self.heard: Queue[tuple[str, str, dict[str, str]]] = Queue()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def callback() -> Iterator[Callback]:
    """An application that waits for what the portal says by itself."""
    server = Callback()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


Open = Callable[..., Wire]


@pytest.fixture
def open_portal() -> Iterator[Open]:
    """Opens portals on free ports and closes them: `open_portal(document, limits="cloud")`."""
    running: list[tuple[PortalServer, threading.Thread]] = []

    def open_(document: Row | None = None, *, limits: str = "off", orders: int = 12) -> Wire:
        clock = Clock()
        shop = load_shop(document or practice_shop(orders, 1, clock.now), clock.now)
        server = PortalServer(("127.0.0.1", 0), Portal(shop, Access(1), Limiter(PLANS[limits])), clock)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return Wire(server, clock)

    yield open_
    for server, thread in running:
        server.close()
        thread.join()


@pytest.fixture
def portal(open_portal: Open) -> Wire:
    """A practice shop of twelve orders: 9071 is an ordinary one, 9074 prepaid, 9077 part-paid, 9079 cancelled."""
    return open_portal()


@pytest.fixture
def till(open_portal: Open) -> Wire:
    """A shop of one hand-written order: two lines, delivery, one payment, one shipment, ten of each in stock."""
    return open_portal(small_shop())


def small_shop(**changes: Any) -> Row:
    """A short file of orders; what it leaves out the portal fills in."""
    order = {
        "id": 501, "accountNumber": "MSK-00501",
        "basketItems": [
            {"id": 61, "productId": 7, "name": "Термос", "price": 1710, "quantity": 2, "vatRate": 0.22},
            {"id": 62, "productId": 8, "name": "Сыр", "price": 812.40, "quantity": 0.386, "measureCode": "166"},
        ],
        "payments": [{"id": 71, "paySystemId": 1}],
        "shipments": [{"id": 81, "priceDelivery": 250, "trackingNumber": "T-1", "comments": "у двери"}],
        "propertyValues": [{"id": 91, "orderPropsId": 1, "value": "Анна"},
                           {"id": 92, "orderPropsId": 3, "value": "+7"}],
    }  # fmt: skip
    products = [{"id": 7, "name": "Термос", "quantity": 10}, {"id": 8, "name": "Сыр", "quantity": 10}]
    return {"orders": [order], "products": products, **changes}
