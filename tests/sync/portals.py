"""The simulated portal over real HTTP for tests of the client's side, and a small shop with known orders."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from posapp.http import HttpClient
from posapp.sync.bitrix.client import BitrixClient, RequestLog
from posapp.sync.governor import Governor, Limits
from posapp.sync.simulator.access import USER_ID, Access
from posapp.sync.simulator.control import control
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.faults import FaultPlan
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.server import PortalServer
from posapp.sync.simulator.shop import load_shop

Row = dict[str, Any]

NO_LIMITS = Limits(size=1e9, leak_per_s=1e9)
WRITES = ("sale.payment.update", "sale.order.update", "sale.shipment.update")


@dataclass
class VirtualClock:
    """Seconds that pass only when somebody sleeps."""

    now_s: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now_s += seconds


@dataclass
class Bitrix:
    """A portal that runs, and a client of it."""

    server: PortalServer
    client: BitrixClient
    clock: VirtualClock
    log: list[RequestLog]
    webhook: str
    secret: str

    @property
    def portal(self) -> Portal:
        return self.server.portal

    def set(self, name: str, value: Any) -> None:
        """`faults`, `network` or `settings` of the simulator's own door."""
        answer = control(self.portal, "POST", f"/_sim/{name}", value)
        assert answer.status == 200, answer.body

    def faults(self, *plan: Row) -> None:
        self.set("faults", list(plan))

    def order(self, order_id: int) -> Row:
        """The order as the portal holds it."""
        return next(order for order in self.portal.state()["orders"] if order["id"] == order_id)

    def requests(self, after: int = 0) -> list[Row]:
        """What the portal logged, without the answers' times."""
        return [row for row in self.portal.requests if row["n"] > after]

    def http_requests(self) -> int:
        return sum(not row["in_batch"] for row in self.portal.requests)


@contextmanager
def serving(
    document: Row, limits: str = "off", governed: Limits = NO_LIMITS, timeout_s: float = 10
) -> Iterator[Bitrix]:
    """Serve a portal with these orders on a free port."""
    portal = Portal(
        load_shop(copy.deepcopy(document), datetime.now(UTC)), Access(7), Limiter(PLANS[limits]), FaultPlan()
    )
    server = PortalServer(("127.0.0.1", 0), portal)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="portal")
    thread.start()
    clock, log = VirtualClock(), list[RequestLog]()
    secret = portal.access.webhook_secret
    webhook = f"{server.url}/rest/{USER_ID}/{secret}/"
    http = HttpClient()
    client = BitrixClient(
        webhook, http, Governor(clock.monotonic, clock.sleep, governed), log.append, timeout_s=timeout_s
    )
    try:
        yield Bitrix(server, client, clock, log, webhook, secret)
    finally:
        http.close()
        server.close()
        thread.join(10)
        assert not thread.is_alive()


def order_row(order_id: int, **changes: Any) -> Row:
    """A payable order: one line for 100.00, one payment, one shipment, nothing special."""
    row: Row = {
        "id": order_id,
        "accountNumber": f"N-{order_id}",
        "statusId": "N",
        "dateInsert": iso(datetime.now(UTC) - timedelta(days=1)),
        "dateUpdate": iso(datetime.now(UTC) - timedelta(hours=1)),
        "basketItems": [
            {"id": order_id * 10, "name": "Кружка", "productId": 0, "quantity": 1, "price": 100, "vatRate": 0.22}
        ],
        "payments": [{"id": order_id * 10 + 1, "sum": 100, "paySystemId": 1}],
        "shipments": [
            {
                "id": order_id * 10 + 2,
                "deliveryId": 2,
                "deliveryName": "Курьер",
                "allowDelivery": "Y",
                "comments": "домофон 12",
                "trackingNumber": "TR-7",
                "deliveryDocNum": "D-1",
                "responsibleId": 5,
                "priceDelivery": 0,
                "basePriceDelivery": 0,
            }
        ],
    }
    return {**row, **changes}


def shop_of(*orders: Row, **tables: Any) -> Row:
    return {"orders": list(orders), **tables}
