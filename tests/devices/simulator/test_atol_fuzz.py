"""Tasks and faults by chance: a task that fails has made nothing, a queue in any weather sells each request once."""

import copy
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.atol import json_text
from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_queue import Queue, QueueRefusal
from posapp.devices.simulator.atol_requests import RequestFile
from posapp.devices.simulator.atol_tasks import HANDLERS, UNSUPPORTED, AtolTasks
from posapp.devices.simulator.atol_values import CORRECTION_KINDS, KINDS
from posapp.devices.simulator.atol_web import command_of
from tests.devices.simulator.benches import Bench

CODE = "MDEwNDYwMDQzOTkzMTI1NjIxSmdYSjUuVB05M2RHVno="
POSITION = {
    **{"type": "position", "name": "Чай", "price": 10, "quantity": 1, "amount": 10, "tax": {"type": "vat10"}},
    **{"department": 1, "measurementUnit": "piece", "paymentMethod": "fullPayment", "paymentObject": "commodity"},
    **{"additionalAttribute": "a", "exciseSum": 1, "countryCode": "643", "customsDeclaration": "1"},
    "supplierInfo": {"phones": ["+79990000000"], "name": "ООО", "vatin": "7801234564"},
    "agentInfo": {"agents": ["attorney"], "payingAgent": {"operation": "x", "phones": ["+79990000000"]}},
}
MARKED = {
    **POSITION,
    "imcParams": {"imc": CODE, "itemEstimatedStatus": "itemPieceSold", "itemFractionalAmount": "1/2"},
    "industryInfo": [{"fois": "030", "date": "2023.11.21", "number": "1944", "industryAttribute": "UUID=1"}],
}
RECEIPT = {
    **{"taxationType": "osn", "electronically": False, "internet": True, "total": 10},
    **{"correctionType": "self", "correctionBaseDate": "2026.01.01", "correctionBaseNumber": "1"},
    "operator": {"name": "Иванова", "vatin": "500100732259"},
    "clientInfo": {"emailOrPhone": "a@example.com", "name": "Иванов", "vatin": "7801234564", "birthDate": "1990.01.01"},
    "operationInfo": {"id": 0, "dateTime": "2026.01.01 10:00:00", "data": "d"},
    "items": [POSITION, {"type": "text", "text": "t"}, {"type": "userAttribute", "name": "posapp", "value": "a·1·B"}],
    "payments": [{"type": "cash", "sum": 10}],
    "paymentsAddInfo": [{"sum": 1, "paymentMethod": 1, "electronicallyId": "a"}],
    "postItems": [{"type": "text", "text": "p"}],
}
OTHER = {
    **{"cashSum": 1, "fiscalDocumentNumber": 1, "withRawData": True, "dateTime": "2026.11.20 09:02:00"},
    "params": {"imc": CODE, "itemEstimatedStatus": 1, "itemQuantity": 1, "itemUnits": 0},
}
SEEDS: list[dict[str, Any]] = [
    *({"type": kind, **RECEIPT} for kind in (*KINDS, *CORRECTION_KINDS)),
    {"type": "sell", **RECEIPT, "items": [MARKED]},
    *({"type": kind, **OTHER} for kind in (*HANDLERS, *UNSUPPORTED)),
]
NUMBERS = [0, 1, -1, 10**20, Decimal("1e14"), Decimal("-0.001"), Decimal("1e-9"), Decimal("1e999999")]
TEXTS = ["", "0", "\x00", "я" * 70, "x" * 3_000, "1/0", "=", "AAAA", "vat20", "2026.13.45", "sell"]
WILD: list[Any] = [None, True, False, *NUMBERS, *TEXTS, [], [None], [[]], {}, {"type": None}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a task."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def spoilt(chance: random.Random) -> dict[str, Any]:
    """A task of the vendor's, with up to three things in it wrong."""
    task = copy.deepcopy(chance.choice(SEEDS))
    for _ in range(chance.randrange(4)):
        *way, last = chance.choice(list(places(task)))
        where: Any = task
        for key in way:
            where = where[key]
        if chance.random() < 0.3:
            del where[last]
        else:
            where[last] = copy.deepcopy(chance.choice(WILD))
        if not task:
            break
    return task


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_whatever_is_asked_a_task_that_fails_has_made_nothing(version: Ffd) -> None:
    chance, bench = random.Random(version.value), Bench(version)
    bench.ok(c.CashIn(30, 1_000_000))
    tasks, performed = AtolTasks(bench.printer), 0
    for _ in range(400):
        if not bench.printer.storage.shift.is_open:
            bench.open_shift()
        task, before = spoilt(chance), bench.printer.storage.last_number
        try:
            json_text.dumps(tasks.perform(task, bench.now))
            performed += 1
        except TaskError:
            assert bench.printer.storage.last_number == before, task
            assert (bench.printer.receipt, bench.printer.begun) == (None, None), task
    assert performed > 50


# --- the queue in any weather

DOES = ("drop_command", "drop_reply", "power_off", "paper_out", "delay", "flip", "truncate")
WHERE = ("sell", "closeReceipt", "registration", "*")


class Weather:
    """A queue on its file, and everything that may happen to it. Time goes on when the queue asks for it."""

    def __init__(self, seed: int, path: Path) -> None:
        self.chance = random.Random(seed)
        self.bench = Bench()
        self.bench.open_shift()
        self.path = path
        self.file = RequestFile(path)
        self.queue = self.started()
        self.posted: list[str] = []

    def started(self) -> Queue:
        queue = Queue(AtolTasks(self.bench.printer), self.file)
        queue.restore(self.file.load(), self.bench.now)
        return queue

    def happen(self) -> None:
        """One thing."""
        match self.chance.randrange(8):
            case 0 | 1:
                self.post(f"u{len(self.posted)}")
            case 2 if self.posted:
                self.post(self.chance.choice(self.posted))
            case 3 if self.posted:
                self.take_back(self.chance.choice(self.posted))
            case 4:
                fault = {"command": self.chance.choice(WHERE), "do": self.chance.choice(DOES)}
                when = self.chance.choice(("before", "after_commit"))
                self.queue.faults.replace(plans.parse([{**fault, "when": when}], command_of))
            case 5:
                self.mend()
            case 6:
                self.file.close()
                self.file = RequestFile(self.path)
                self.queue = self.started()
            case _:
                self.work(self.chance.randrange(6))

    def post(self, uuid: str) -> None:
        mark = {"type": "userAttribute", "name": "test", "value": uuid}
        task = {"type": "sell", "items": [POSITION, mark], "payments": [{"type": "cash", "sum": 10}]}
        if uuid in self.posted:
            with pytest.raises(QueueRefusal, match="уже есть"):
                self.queue.add(uuid, [task], self.bench.now)
            return
        self.queue.add(uuid, [task], self.bench.now)
        self.posted.append(uuid)

    def take_back(self, uuid: str) -> None:
        if self.queue.find(uuid, self.bench.now).state == "wait":
            self.queue.cancel(uuid, self.bench.now)
            return
        with pytest.raises(QueueRefusal, match="нельзя отменить"):
            self.queue.cancel(uuid, self.bench.now)

    def mend(self) -> None:
        self.queue.is_on = True
        self.bench.printer.power_on()
        self.bench.printer.set_paper("ok", self.bench.now)

    def work(self, steps: int) -> None:
        for _ in range(steps):
            waits_s = self.queue.step(self.bench.now)
            self.bench.now += timedelta(seconds=waits_s or 0)

    def sold(self) -> list[str]:
        """Whose documents the storage holds."""
        documents = (AtolTasks(self.bench.printer), self.bench.printer.storage.last_number)
        found = []
        for number in range(3, documents[1] + 1):
            asked = {"type": "getFnDocument", "fiscalDocumentNumber": number}
            found.append(documents[0].perform(asked, self.bench.now)["documentTLV"]["1084"]["1086"])
        return found


@pytest.mark.parametrize("seed", range(25))
def test_in_any_weather_what_is_said_of_a_request_is_true(seed: int, tmp_path: Path) -> None:
    weather = Weather(seed, tmp_path / "requests")
    for _ in range(80):
        weather.happen()
    weather.queue.faults.replace([])
    weather.mend()
    weather.work(40 * (len(weather.posted) + 1))
    weather.file.close()
    sold = weather.sold()
    assert len(sold) == len(set(sold)), "one request, one document"
    states = {uuid: weather.queue.find(uuid, weather.bench.now).results[0]["status"] for uuid in weather.posted}
    assert set(states.values()) <= {"ready", "error", "canceled"}
    assert sorted(uuid for uuid, status in states.items() if status == "ready") == sorted(sold)
