"""A till on ATOL's web server is killed at each exchange of a sale, then sells again: exactly one document.

The server is the simulated one, in this process, over real HTTP; the till dies between two bytes as a killed process
does, and a new one starts on its journal.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from posapp.devices.atol import archive, asking, driver
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.json_text import loads
from posapp.devices.atol.web import Patience, WebTasks
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_queue import Queue
from posapp.devices.simulator.atol_queue import Settings as QueueSettings
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import AtolWeb, command_of
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, Unreachable
from posapp.http import HttpClient, Response, SecretUrl
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import recover, sale, setup, shift
from posapp.till.context import Till
from tests.till.shops import PORTAL, TAG_VAT_22, an_order, cash

QUICK = Patience(poll=0.01, answer=1.0, blocked=0.1, end=5.0, reset=5.0, lost=0.1)


class Killed(BaseException):
    """The process is gone."""


class Line:
    """What the till says to the server. It dies at the `left`th exchange after the receipt was posted (0 = at the POST
    itself), before the exchange or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.is_after = False
        self._sold = False
        asked = HttpClient._asked

        def dying(http: HttpClient, verb: str, url: SecretUrl, payload: bytes, *rest: Any) -> Response:
            self._sold = self._sold or (verb == "POST" and _is_act(payload))
            if not self._sold or self.left < 0:
                return asked(http, verb, url, payload, *rest)
            self.left -= 1
            if self.left < 0 and not self.is_after:
                raise Killed
            answer = asked(http, verb, url, payload, *rest)
            if self.left < 0:
                raise Killed
            return answer

        monkeypatch.setattr(HttpClient, "_asked", dying)

    def die(self, exchange: int, *, is_after: bool) -> None:
        self.left, self.is_after, self._sold = exchange, is_after, False


def _is_act(payload: bytes) -> bool:
    return any(each["type"] in ("sell", "cashIn") for each in loads(payload)["request"])


class Shop:
    """Register, server, and a till that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.register = Printer(identity_of(1_234_567), local_now())
        self.queue = Queue(AtolTasks(self.register), settings=QueueSettings(retry=timedelta(seconds=0.05)))
        self.web = AtolWeb(("127.0.0.1", 0), self.queue)
        self.web.start()
        self._thread = threading.Thread(target=self.web.serve)
        self._thread.start()
        self._orders, self._ids = itertools.count(1), itertools.count(1)
        settings = Settings(TRAINING, str(UUID(int=1)))
        profile = setup.probe(self._device())
        self.settings = setup.with_printer(
            settings, profile, model="atol", port=self.web.url, link="web", password=30
        ).with_(
            portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True),
            vat=VatSettings(confirmed={1: TAG_VAT_22}, rows={1: ("НДС 22 %", "22")}),
        )
        self.till = self._open()
        shift.open_shift(self.till)

    def _device(self) -> AtolPrinter:
        tasks = WebTasks(self.web.url, lambda: "", patience=QUICK)
        return AtolPrinter(tasks, self.web.url, link="web", takes_requests=True)

    def _open(self) -> Till:
        now = lambda: datetime.now(UTC)  # noqa: E731
        ids = lambda: UUID(int=(9 << 64) + next(self._ids))  # noqa: E731
        return Till(self.settings, Journal.open(self.folder, now=now), now, ids, self._device())

    def restart(self) -> None:
        self.till.printer.close()
        self.till.journal.close()
        self.reopen()

    def reopen(self) -> None:
        """A till that was closed."""
        self.till = self._open()

    def stop(self) -> None:
        self.till.printer.close()
        self.till.journal.close()
        self.web.stop()
        self._thread.join()
        self.web.close()

    def strike(self, *faults: dict[str, Any]) -> None:
        with self.web.lock:
            self.queue.faults.replace(plans.parse(list(faults), command_of))

    def mend(self) -> None:
        with self.web.lock:
            self.queue.faults.replace([])
            if not self.web.line.is_on:
                self.web.line.power_on()
            self.register.set_paper("ok", local_now())
            self.web.wake()

    def order(self) -> Order:
        return an_order(next(self._orders))

    def sell(self, order: Order) -> None:
        sale.sell(self.till, order, cash(order.price))

    def sell_until_sold(self, order: Order) -> None:
        """The cashier types it again; a queue that is at something is waited for."""
        for _ in range(20):
            try:
                self.sell(order)
                return
            except sale.AlreadyReceipted:
                return
            except (OutcomeUnknown, Refused, Unreachable):
                continue
        raise AssertionError("never sold")

    def documents_of(self, order: Order) -> int:
        (stored,) = self.till.journal.receipts_of_order(PORTAL, order.order_id)
        assert stored.state is State.FISCALIZED
        return sum(stored.receipt.key in (each.key or "") for each in self.register.storage.documents)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("till"))
    yield made
    made.stop()


@pytest.fixture
def shop(kept: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module, name in ((driver, "RECEIPT_S"), (driver, "CASH_S"), (asking, "ANSWER_S"), (archive, "ANSWER_S")):
        monkeypatch.setattr(module, name, 5.0)
    kept.mend()
    recover.recover(kept.till)
    return kept


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


WORLDS: dict[str, tuple[dict[str, Any], ...]] = {
    "all is well": (),
    "it runs": ({"command": "sell", "do": "delay", "when": "before", "value": 0.2},),
    "it stands for the cable": ({"command": "sell", "do": "power_off", "when": "after_commit"},),
    "it stands and was not made": ({"command": "closeReceipt", "do": "power_off", "when": "before"},),
    "it fails": ({"command": "sell", "do": "error", "when": "before", "value": 118},),
}
POINTS = [(0, False), (0, True), (1, False), (1, True), (2, True), (3, False), (4, True)]
"""The POST, then looks at it, then the question for its document and the looks at that."""


@pytest.mark.parametrize("world", WORLDS)
def test_killed_at_each_exchange_of_a_sale_there_is_one_document(shop: Shop, line: Line, world: str) -> None:
    for exchange, is_after in POINTS if world == "all is well" else POINTS[1::2]:
        order = shop.order()
        shop.strike(*WORLDS[world])
        line.die(exchange, is_after=is_after)
        try:
            shop.sell_until_sold(order)
        except Killed:
            shop.restart()
        line.left = -1
        shop.mend()
        shop.sell_until_sold(order)
        assert shop.documents_of(order) == 1, (exchange, is_after)


def test_while_the_queue_stands_nothing_else_is_sold_after_a_kill(shop: Shop, line: Line) -> None:
    order, other = shop.order(), shop.order()
    shop.strike(*WORLDS["it stands for the cable"])
    line.die(2, is_after=True)
    with pytest.raises(Killed):
        shop.sell(order)
    shop.restart()
    line.left = -1
    for each in (order, other):
        with pytest.raises((Refused, Unreachable, OutcomeUnknown)):
            shop.sell(each)
    assert shop.till.journal.receipts_of_order(PORTAL, other.order_id) == []
    shop.mend()
    shop.sell_until_sold(other)
    shop.sell_until_sold(order)
    assert (shop.documents_of(order), shop.documents_of(other)) == (1, 1)


def test_the_queue_still_names_the_document_that_was_made(shop: Shop) -> None:
    order = shop.order()
    shop.sell(order)
    (stored,) = shop.till.journal.receipts_of_order(PORTAL, order.order_id)
    attempt = shop.till.journal.last_attempt(stored.receipt.key)
    assert attempt is not None
    assert stored.mark is not None
    named = shop.till.printer.end_request(str(attempt.evidence["request"]))
    assert named is not None
    assert (named.document, named.is_found) == (stored.mark.document_number, False)
    assert named.storage_number == stored.mark.storage_number
    assert shop.till.printer.end_request(str(UUID(int=77))) is None, "it was never there"


@pytest.mark.parametrize("exchange, is_after", [(0, False), (0, True), (1, True)])
def test_killed_at_a_cash_operation_it_is_proven_by_the_drawer_and_the_queue(
    shop: Shop, line: Line, exchange: int, is_after: bool
) -> None:
    before = shop.till.printer.cash_totals().cash_in
    line.die(exchange, is_after=is_after)
    with pytest.raises(Killed):
        shift.cash_in(shop.till, Money(700))
    shop.restart()
    line.left = -1
    recover.recover(shop.till)
    assert shop.till.journal.operations_sending() == []
    moved = shop.till.printer.cash_totals().cash_in - before
    assert moved == Money(700 if exchange or is_after else 0)
