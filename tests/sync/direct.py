"""The simulated portal without a wire, on a virtual clock, and somebody in between who may alter what is said."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from posapp.http import NoAnswer, Response, SecretUrl
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import Governor, Limits
from posapp.sync.simulator.access import USER_ID, Access
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.shop import load_shop
from posapp.till.context import Till

Row = dict[str, Any]
HOST = "shop.example"
BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NO_LIMITS = Limits(size=1e9, leak_per_s=1e9)


class Killed(BaseException):
    """The program ends in the middle of a request."""


@dataclass
class Token:
    """An application's access whose token is never too old."""

    token: str
    is_application: bool = True
    address: str = HOST

    def to(self, method: str) -> SecretUrl:
        return SecretUrl(f"http://{HOST}/rest/{method}?auth={self.token}")

    def renew(self, refused: SecretUrl, code: str, patience_s: float) -> bool:
        return False

    def close(self) -> None:
        """Nothing to do."""


@dataclass
class Direct:
    """A portal and a client of it. `before` sees each request first, `after` may alter the body of each answer."""

    portal: Portal
    seconds: float = 0.0
    clock_off: timedelta = timedelta(0)
    before: Callable[[int, str, Row], None] = lambda _number, _method, _body: None
    after: Callable[[str, Row, Row], None] = lambda _method, _sent, _body: None
    count: int = 0
    sent: list[tuple[str, Row]] = field(default_factory=list)

    def now(self) -> datetime:
        """Of the till."""
        return BEGAN + timedelta(seconds=self.seconds)

    def portal_now(self) -> datetime:
        return self.now() + self.clock_off

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        path, _, query = ("/" + url.reveal().split("/", 3)[3]).partition("?")
        given = json.loads(json.dumps(body, default=str))
        method = path.rsplit("/", 1)[1]
        self.count += 1
        self.sent.append((method, given))
        self.before(self.count, method, given)
        content = json.dumps(given).encode()
        answer = self.portal.handle(
            Request("POST", path, query, content_type="application/json", body=content), self.portal_now()
        )
        if answer.is_reset:
            raise NoAnswer("соединение закрыто без ответа", sent=True)
        told = json.loads(answer.body, parse_float=Decimal)
        self.after(method, given, told)
        altered = json.dumps(told, default=lambda each: float(each)).encode()
        return Response(answer.status, {"content-type": answer.content_type, **answer.headers}, altered)

    def application(self) -> BitrixClient:
        """A client with the right of an application, which hears of events."""
        token, _ = self.portal.access.issue(self.portal_now())
        return BitrixClient(Token(token), self, Governor(lambda: self.seconds, self.sleep, NO_LIMITS))

    def client(self) -> BitrixClient:
        webhook = f"http://{HOST}/rest/{USER_ID}/{self.portal.access.webhook_secret}/"
        return BitrixClient(webhook, self, Governor(lambda: self.seconds, self.sleep, NO_LIMITS))

    def gets(self) -> list[int]:
        """The orders that were asked for, each time they were."""
        commands = [line for method, body in self.sent if method == "batch" for line in body["cmd"].values()]
        return [int(line.split("id=")[1]) for line in commands if line.startswith("sale.order.get?")]

    @property
    def orders(self) -> dict[int, Row]:
        return self.portal.shop.orders


def direct(document: Row) -> Direct:
    """A portal with these orders and no limits."""
    return Direct(Portal(load_shop(copy.deepcopy(document), BEGAN), Access(7), Limiter(PLANS["off"])))


@contextmanager
def till_on(line: Direct, folder: Path, *, is_application: bool = False) -> Iterator[Till]:
    """A till without a register on that portal; opened again on the same folder it is the same till."""
    settings = Settings(TRAINING, "one").with_(portal=PortalSettings(HOST, "till-driven", "F", is_simulated=True))
    client = line.application() if is_application else line.client()
    with Journal.open(folder, now=line.now) as journal:
        yield Till(settings, journal, line.now, lambda: UUID(int=1), client=lambda: client)
