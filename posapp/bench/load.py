"""`posapp bench load`: the first load of 100 000 orders from a portal that enforces 50/2, on a virtual clock.

value   seconds from the first request to the proof that all orders are on board, journal commits included
floor   what the portal's bucket allows for the `sale.order.get` of so many orders alone, fifty in a request:
        (requests − 50) ÷ 2 a second
ratio   value ÷ floor, to be at most 1.10

The portal is the simulated one, answering from memory: it takes no time of its own, and its orders are made as they are
read. Only its limits make anybody wait; `real_s` is what this computer took for both sides.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from posapp.errors import SetupError
from posapp.http import Response, SecretUrl
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings
from posapp.sync.bitrix.client import BATCH_MAX, BitrixClient
from posapp.sync.governor import CLOUD, Governor
from posapp.sync.simulator.access import USER_ID, Access
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import load_shop
from posapp.till import exchange
from posapp.till.context import Till
from posapp.till.order_load import Wish

COUNT = 100_000
TEMPLATES = 200
PORTAL = "bench.example"


class ManyOrders(dict[int, dict[str, Any]]):
    """So many orders, alike a few hundred that are there, each made when it is read."""

    def __init__(self, templates: Mapping[int, dict[str, Any]], count: int) -> None:
        super().__init__()
        self._templates = list(templates.values())
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, self._count + 1))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and 1 <= key <= self._count

    def get(self, key: int, default: Any = None) -> Any:
        """The order, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __getitem__(self, key: int) -> dict[str, Any]:
        if key not in self:
            raise KeyError(key)
        row = dict(self._templates[key % len(self._templates)])
        row |= {"id": key, "accountNumber": f"B-{key}"}
        row["payments"] = [{**each, "id": key * 10 + n, "orderId": key} for n, each in enumerate(row["payments"])]
        return row


class PortalInMemory:
    """The simulated portal on a virtual clock; nothing goes over a wire."""

    def __init__(self, count: int) -> None:
        self.seconds = 0.0
        self.began = datetime.now().astimezone()
        shop = load_shop(practice_shop(min(count, TEMPLATES), 1, self.began), self.began)
        shop.orders = ManyOrders(dict(shop.orders), count)
        self.portal = Portal(shop, Access(1), Limiter(PLANS["cloud"]))
        self.portal.requests = deque(maxlen=100)  # its own log is no memory of the till
        self.requests = self.refused = 0

    @property
    def webhook(self) -> str:
        """The address of its webhook."""
        return f"http://{PORTAL}/rest/{USER_ID}/{self.portal.access.webhook_secret}/"

    def now(self) -> datetime:
        """The virtual time, of portal and till alike."""
        return self.began + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Time passes only so."""
        self.seconds += seconds

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        """See `posapp.http.Poster`."""
        path = "/" + url.reveal().split("/", 3)[3]
        content = json.dumps(body, default=_plain).encode()
        request = Request("POST", path, content_type="application/json", body=content)
        answer = self.portal.handle(request, self.now())
        self.requests += 1
        self.refused += answer.status != 200
        return Response(answer.status, {"content-type": answer.content_type, **answer.headers}, answer.body)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value).__name__)


def run(count: int = COUNT) -> dict[str, object]:
    """Measures. The answer is `{"name", "value", "floor", "ratio", "unit", …}`."""
    portal = PortalInMemory(count)
    governor = Governor(lambda: portal.seconds, portal.sleep, CLOUD)
    client = BitrixClient(portal.webhook, portal, governor)
    settings = Settings(TRAINING, str(uuid4())).with_(
        portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True)
    )
    began, before = time.perf_counter(), peak_mb()
    with (
        tempfile.TemporaryDirectory(prefix="posapp-bench-") as room,
        Journal.open(Path(room), now=portal.now) as journal,
    ):
        till = Till(settings, journal, portal.now, uuid4, client=lambda: client)
        found = exchange.pull(till, Wish(is_all=True))
        on_board = journal.order_count(PORTAL)
    if not found.is_complete or on_board != count:
        raise SetupError("not_set_up", what=f"на борту {on_board} из {count}", command="portal")
    floor = max(0.0, -(-count // BATCH_MAX) - CLOUD.size) / CLOUD.leak_per_s
    return {
        "name": "load",
        "value": round(portal.seconds, 1),
        "floor": round(floor, 1),
        "ratio": round(portal.seconds / floor, 3) if floor else None,
        "unit": "s",
        "orders": on_board,
        "requests": portal.requests,
        "refused": portal.refused,
        "real_s": round(time.perf_counter() - began, 1),
        "memory_mb": None if before is None else round((peak_mb() or before) - before),
        "goal": 1.10,
    }


def peak_mb() -> float | None:
    """The most memory that this process has had, None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
