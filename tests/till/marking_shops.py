"""A till beside a simulated marking system, without a wire: the adapter is the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from posapp.answering import JsonRequest
from posapp.devices.marking import Access, HostBook, HttpMarkingCheck
from posapp.devices.simulator.marking import SimulatedMarking
from posapp.domain.marked_lines import with_codes
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.receipt import Receipt
from posapp.http import NoAnswer, Response, SecretUrl
from posapp.settings import MarkingSettings
from posapp.till.context import Till
from tests.till.shops import Shop

ONLINE, LOCAL = "https://cdn.example", "http://localhost:5995"


def milk(number: int = 1) -> MarkingCode:
    return parse_marking(f"010460710382070021{number:07}\x1d93dGVz")


class Wire:
    """HTTP on the register's virtual clock."""

    def __init__(self, shop: Shop, marking: SimulatedMarking) -> None:
        self.shop = shop
        self.marking = marking
        marking.url = ONLINE

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        return self._ask("POST", url, json.loads(json.dumps(body)), timeout_s, headers or {})

    def get(self, url: SecretUrl, timeout_s: float, *, headers: Mapping[str, str] | None = None) -> Response:
        return self._ask("GET", url, None, timeout_s, headers or {})

    def _ask(self, verb: str, url: SecretUrl, body: Any, timeout_s: float, headers: Mapping[str, str]) -> Response:
        path = "/api/" + url.reveal().split("/api/", 1)[1]
        lower = {name.lower(): value for name, value in headers.items()}
        given = self.marking.answer(JsonRequest(verb, path, lower, body), self.shop.now())
        self.shop.register.advance(min(given.waits_s, timeout_s))
        if given.waits_s >= timeout_s:
            raise NoAnswer("ответа нет за отведённое время", sent=True)
        return Response(
            given.status, {"content-type": given.content_type, "x-posapp-simulator": "training"}, given.body
        )

    def close(self) -> None:
        """Nothing is open."""


class MarkingShop:
    """A shop that sells marked goods. `till` is the one of the shop, with somebody to ask."""

    def __init__(self, shop: Shop, **settings: Any) -> None:
        self.shop = shop
        self.marking = SimulatedMarking("key", "u:p")
        self.wire = Wire(shop, self.marking)
        self.asks = MarkingSettings(ONLINE, LOCAL, is_simulated=True, **settings)

    @property
    def till(self) -> Till:
        return replace(self.shop.till, settings=self.shop.till.settings.with_(marking=self.asks), marking=self._check)

    def _check(self, hosts: HostBook) -> HttpMarkingCheck:
        access = Access(self.asks.online, "key", self.asks.local, "u:p")
        start = self.shop.register.now
        return HttpMarkingCheck(
            access, self.wire, self.shop.now, lambda: (self.shop.register.now - start) / timedelta(seconds=1), hosts
        )

    def fault(self, *faults: dict[str, Any]) -> None:
        self.marking.set_faults(list(faults))


def marked(receipt: Receipt, codes: Mapping[int, Sequence[MarkingCode]]) -> Receipt:
    """The receipt with codes on its lines."""
    return replace(receipt, lines=with_codes(receipt.lines, codes))
