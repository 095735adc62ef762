"""The driver against the simulated web server of this process, struck at each phase of a receipt: before the POST,
after it, while the request waits, runs or stands, after it is ready. What is said is true, and printing again makes
exactly one document.
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from posapp.devices.atol import archive, asking, driver
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.web import Patience, WebTasks
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_queue import Queue, Settings
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import AtolWeb, command_of
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.errors import DeviceError, OutcomeUnknown, Refused, Unreachable
from tests.conformance.test_printers import receipt

QUICK = Patience(poll=0.01, answer=1.0, blocked=0.1, end=5.0, reset=5.0, lost=0.1)
LOGIN = "касса:пароль"
POST, GET, DELETE = "POST /api/v2/requests", "GET /api/v2/requests", "DELETE /api/v2/requests"
THE_TASK = 2
"""The first POST of `print_receipt` is a question, the second the receipt, the third the look at its document."""
STRIKES: dict[str, list[dict[str, Any]]] = {
    "the POST never arrives": [{"command": POST, "do": "drop_command", "when": "before", "nth": THE_TASK}],
    "the answer to the POST is lost": [{"command": POST, "do": "drop_reply", "when": "after_commit", "nth": THE_TASK}],
    "the POST is answered 500": [{"command": POST, "do": "error", "when": "after_commit", "nth": THE_TASK}],
    "the POST is answered 500 and not taken": [{"command": POST, "do": "error", "when": "before", "nth": THE_TASK}],
    "the answer to the POST is damaged": [{"command": POST, "do": "truncate", "when": "after_commit", "nth": THE_TASK}],
    "the POST arrives late": [{"command": POST, "do": "delay", "when": "before", "nth": THE_TASK, "value": 1.3}],
    "every GET is lost": [{"command": GET, "do": "drop_reply", "when": "after_commit", "nth": THE_TASK, "times": 6}],
    "a GET is lost": [{"command": GET, "do": "drop_command", "when": "before", "nth": THE_TASK}],
    "a GET is damaged": [{"command": GET, "do": "flip", "when": "after_commit", "nth": THE_TASK, "value": 14}],
    "it is lost before it begins": [{"command": "sell", "do": "drop_command", "when": "before"}],
    "the answer of the register is lost": [{"command": "sell", "do": "drop_reply", "when": "after_commit"}],
    "the power goes before": [{"command": "sell", "do": "power_off", "when": "before"}],
    "the power goes after": [{"command": "sell", "do": "power_off", "when": "after_commit"}],
    "the power goes when the receipt is open": [{"command": "registration", "do": "power_off", "when": "before"}],
    "the power goes before the end": [{"command": "closeReceipt", "do": "power_off", "when": "before"}],
    "the cable goes before the end": [{"command": "closeReceipt", "do": "drop_command", "when": "before"}],
    "an error before": [{"command": "sell", "do": "error", "when": "before", "value": 66}],
    "an error after": [{"command": "sell", "do": "error", "when": "after_commit", "value": 66}],
    "an error of the storage after": [{"command": "sell", "do": "error", "when": "after_commit", "value": 118}],
    "the paper ends before": [{"command": "sell", "do": "paper_out", "when": "before"}],
    "the paper ends in the print": [{"command": "sell", "do": "paper_out", "when": "after_commit"}],
    "it takes long": [{"command": "sell", "do": "delay", "when": "before", "value": 0.8}],
    "it takes long to answer": [{"command": "sell", "do": "delay", "when": "after_commit", "value": 0.8}],
    "the look at the document is lost": [{"command": "getFnDocument", "do": "drop_reply", "when": "after_commit"}],
}


class Shop:
    """A register behind its web server, which looks again soon when it stands."""

    def __init__(self) -> None:
        self.printer = Printer(identity_of(1_234_567), local_now())
        self.queue = Queue(AtolTasks(self.printer), settings=Settings(retry=timedelta(seconds=0.05)))
        self.web = AtolWeb(("127.0.0.1", 0), self.queue, LOGIN)
        self.web.start()
        self._thread = threading.Thread(target=self.web.serve)
        self._thread.start()

    def strike(self, name: str) -> None:
        with self.web.lock:
            self.queue.faults.replace(plans.parse(STRIKES[name], command_of))

    def mend(self) -> None:
        with self.web.lock:
            self.queue.faults.replace([])
            if not self.web.line.is_on:
                self.web.line.power_on()
            self.printer.set_paper("ok", local_now())
            self.web.wake()

    def stop(self) -> None:
        self.web.stop()
        self._thread.join()
        self.web.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.stop()


@pytest.fixture
def quick(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[AtolPrinter]:
    """A driver of little patience, its register with an open shift."""
    monkeypatch.setattr(driver, "RECEIPT_S", 0.5)
    monkeypatch.setattr(driver, "CASH_S", 0.5)
    monkeypatch.setattr(asking, "ANSWER_S", 5.0)
    monkeypatch.setattr(archive, "ANSWER_S", 5.0)
    shop.mend()
    tasks = WebTasks(shop.web.url, lambda: LOGIN, patience=QUICK)
    made = AtolPrinter(tasks, shop.web.url, link="web", takes_requests=True)
    if not made.status().shift.is_open:
        made.open_shift("Кассир")
    yield made
    made.close()


def ended(printer: AtolPrinter, uuid: str) -> None:
    """What recovery does before it reads; again while it is told to wait."""
    for _ in range(10):
        with suppress(Refused, Unreachable):
            printer.end_request(uuid)
            printer.reset_link()
            return
    raise AssertionError("the request never ended")


def with_key(printer: AtolPrinter, after: int, made: Receipt) -> int:
    return sum(made.key in (each.stamp or "") for each in printer.documents_after(after))


@pytest.mark.parametrize("name", STRIKES)
def test_a_receipt_struck_at_any_phase_is_one_document_in_the_end(shop: Shop, quick: AtolPrinter, name: str) -> None:
    made, uuid = receipt(), str(uuid4())
    after = quick.last_document_number()
    quick.format()
    shop.strike(name)
    said: int | None = None  # how many documents with our key there are, as far as that was told
    try:
        said = int(quick.print_receipt(made, after, request=uuid).document_number > after)
    except (Unreachable, Refused):
        said = 0
    except OutcomeUnknown:
        with suppress(Refused, Unreachable):  # while it is struck nothing may be concluded that is not so
            quick.end_request(uuid)
            quick.reset_link()
            said = with_key(quick, after, made)
    shop.mend()
    ended(quick, uuid)
    count = with_key(quick, after, made)
    assert said in (None, count)
    if not count:
        quick.print_receipt(made, after=quick.last_document_number(), request=str(uuid4()))
    ended(quick, uuid)
    assert with_key(quick, after, made) == 1


@pytest.mark.parametrize("name", [each for each in STRIKES if "POST" in each or "GET" in each])
def test_a_cash_operation_struck_at_any_phase_moves_its_sum_once(shop: Shop, quick: AtolPrinter, name: str) -> None:
    """Before a second try it is read whether the first one has moved it."""
    before, uuid = quick.cash_totals(), str(uuid4())
    shop.strike(name)
    with suppress(DeviceError):
        quick.cash_in(Money(700), request=uuid)
    shop.mend()
    ended(quick, uuid)
    moved = quick.cash_totals().cash_in - before.cash_in
    assert moved in (Money(0), Money(700))
    if not moved:
        quick.cash_in(Money(700), request=str(uuid4()))
    ended(quick, uuid)
    assert quick.cash_totals().cash_in - before.cash_in == Money(700)


def test_a_request_that_stands_for_paper_goes_on_when_paper_is_there(shop: Shop, quick: AtolPrinter) -> None:
    made, uuid = receipt(), str(uuid4())
    after = quick.last_document_number()
    shop.strike("the paper ends in the print")
    with pytest.raises(OutcomeUnknown):
        quick.print_receipt(made, after, request=uuid)
    quick.end_request(uuid)  # what it was to do is done, the queue stands for the paper alone
    for act in (quick.status, quick.reset_link, lambda: quick.print_receipt(receipt(), after, request=str(uuid4()))):
        with pytest.raises(Refused) as told:
            act()
        assert told.value.code == "atol_queue"
        assert "бумаг" in told.value.message()
    shop.mend()
    ended(quick, uuid)
    assert with_key(quick, after, made) == 1


def test_a_post_that_arrives_after_its_till_is_dead_prints_nothing(shop: Shop, quick: AtolPrinter) -> None:
    """Recovery has looked and found nothing; the late POST then meets a uuid that is taken."""
    made, uuid = receipt(), str(uuid4())
    after = quick.last_document_number()
    ended(quick, uuid)
    assert with_key(quick, after, made) == 0
    body = json.dumps({"uuid": uuid, "request": [{"type": "reportX"}]}).encode()
    basic = "Basic " + base64.b64encode(LOGIN.encode()).decode()
    late = urllib.request.Request(shop.web.url + "/api/v2/requests", body, {"Authorization": basic})
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(late, timeout=5)
    assert told.value.code == 409
    told.value.close()
