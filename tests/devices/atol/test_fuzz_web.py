"""A web server that lies: whatever JSON it answers, of any type and depth, is told as known trouble.

`POSAPP_FUZZ` says how many servers are played (4), `POSAPP_FUZZ_SEED` which is the first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.tasks import Busy, Lost, NotSent, TaskFailed
from posapp.devices.atol.web import Patience, WebTasks
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import PosError
from posapp.http import Response
from tests.conformance.test_printers import receipt
from tests.devices.atol.scripted_server import READY, Queue, serving
from tests.devices.atol.test_web_simulated import LOGIN, Shop

SERVERS = int(os.environ.get("POSAPP_FUZZ", "4"))
SEED = int(os.environ.get("POSAPP_FUZZ_SEED", "1"))
ASK = {"type": "getDeviceStatus"}
TOLD = (TaskFailed, NotSent, Lost, Busy)
NUMBERS = ("0", "1", "-1", "2.5", "1e5", "1e999999999", "-0.0", "9" * 25, "123456789012345678", "NaN")
TEXTS = (
    "ready",
    "error",
    "wait",
    "blocked",
    "interrupted",
    "paperError",
    "deviceStatus",
    "",
    "x" * 500,
    "7",
    "9" * 4999,
)
LITERALS = (*NUMBERS, *(json.dumps(each) for each in TEXTS), r'"\ud800"', "null", "true", "false", "[]", "{}")
NAMES = ("results", "status", "error", "result", "code", "description", "deviceStatus", "isBlocked", "blockReason")


def any_json(random: Random, depth: int = 3) -> str:
    """The text of some JSON, not always well-formed."""
    match random.randrange(5) if depth else 0:
        case 1:
            return "[" + ",".join(any_json(random, depth - 1) for _ in range(random.randrange(4))) + "]"
        case 2 | 3:
            names = random.sample(NAMES, random.randrange(5))
            return "{" + ",".join(f'"{each}":{any_json(random, depth - 1)}' for each in names) + "}"
        case 4 if random.random() < 0.05:
            return "[" * 50_000
    return random.choice(LITERALS)


class Text:
    """A place in JSON where other text will stand."""

    def __init__(self, text: str) -> None:
        self.text = text


def lied(random: Random, value: Any) -> bytes:
    """A true answer with one place of it changed, at whatever depth."""
    texts: list[str] = []

    def changed(inner: Any) -> Any:
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else []
        if not keys or random.random() < 0.25:
            texts.append(any_json(random))
            return "\0here\0"
        key = random.choice(list(keys))
        if isinstance(inner, dict) and random.random() < 0.1:
            return {name: each for name, each in inner.items() if name != key}
        copy: Any = dict(inner) if isinstance(inner, dict) else list(inner)
        copy[key] = changed(inner[key])
        return copy

    whole = json.dumps(changed(value))
    return whole.replace(json.dumps("\0here\0"), texts[0] if texts else "null").encode()


class Liar(WebTasks):
    """The way to a server that now and then lies."""

    random = Random(0)
    share = 0.0

    def _exchange(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        true = super()._exchange(verb, path, body)
        if self.random.random() >= self.share:
            return true
        status = self.random.choice((true.status, true.status, true.status, 200, 201, 404, 409, 500))
        return Response(status, true.headers, lied(self.random, json.loads(true.body or b"null")))


@pytest.mark.parametrize("seed", range(SEED, SEED + SERVERS))
def test_the_queue_believes_no_shape_that_is_none(seed: int) -> None:
    random, queue = Random(seed), Queue()
    now = 0.0

    def pause(seconds: float) -> None:
        nonlocal now
        now += seconds

    with serving(queue) as url:
        web = Liar(url, lambda: "", clock=lambda: now, pause=pause, patience=Patience(poll=1.0))
        web.random = random
        for _ in range(10):
            request, web.share = str(uuid4()), random.choice((0.2, 1.0))
            queue.script = random.choice(([READY], ["wait", READY], ["error"], ["wait"], ["blocked"]))
            acts: list[Callable[[], object]] = [
                web.open,
                lambda request=request: web.perform(ASK, 5, request),  # type: ignore[misc]
                lambda: web.read([ASK, ASK], 5),
                lambda request=request: web.was_done(request),  # type: ignore[misc]
                lambda request=request: web.end_request(request),  # type: ignore[misc]
                web.reset,
            ]
            for act in acts:
                try:
                    act()
                except TOLD as error:
                    str(error).encode()
            assert sum(each == request for each, _ in queue.posted) <= 1 + LOOKS, "posted once, its place taken else"
        web.close()


LOOKS = 40
"""A place is taken again while the server denies that it is taken."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.stop()


@pytest.mark.parametrize("seed", range(SEED, SEED + SERVERS))
def test_the_driver_tells_every_lie_as_known_trouble(shop: Shop, seed: int) -> None:
    quick = Patience(poll=0.001, answer=5.0, blocked=0.01, end=0.1, reset=0.1, lost=0.01)
    web = Liar(shop.web.url, lambda: LOGIN, patience=quick)
    printer = AtolPrinter(web, shop.web.url, link="web", takes_requests=True, pause=lambda _: None)
    web.random = random = Random(seed)
    if not printer.status().shift.is_open:
        printer.open_shift("Кассир")
    after = printer.last_document_number()
    printer.cash_in(Money(100_000))
    told = 0
    for _ in range(3):
        looks: list[Callable[[], object]] = [
            printer.probe,
            printer.status,
            printer.storage_health,
            printer.cash_totals,
            lambda: printer.shift_counters(*ReceiptKind),
            printer.last_document_number,
            lambda: printer.read_document(after),
            lambda: printer.document_tlv(after),
            lambda: printer.print_receipt(receipt(), after, request=str(uuid4())),
            lambda: printer.cash_out(Money(100), str(uuid4())),
            lambda: printer.end_request(str(uuid4())),
            printer.reset_link,
            printer.continue_print,
            printer.x_report,
        ]
        for look in looks:
            web.share = random.choice((0.1, 0.3, 1.0))
            try:
                look()
            except PosError as error:
                told += 1
                error.message().encode()
    web.share = 0.0
    printer.close()
    assert told, "some of the lies are seen"
    assert printer.status().shift.is_open
    printer.close()
