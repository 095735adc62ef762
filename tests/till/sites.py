"""A site that orders receipts, as small as it can be: rules of the poll only (reference: the offline cash register).

It hands a check out, waits four minutes for its result, then hands it out at every poll, each time under another uuid;
it acknowledges successes and final failures, never warnings, of which the fourth is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from posapp.domain.qr import parse_qr
from posapp.domain.settlement import State
from posapp.errors import Offline
from posapp.settings import JobSettings
from posapp.sync.bitrix.poll import FINAL_CODES, Answer
from posapp.till import jobs, site_poll
from posapp.till.site_poll import Round, SiteSource
from tests.domain.checks import sent, site_body
from tests.till.shops import Shop

HOST = "shop.example"
RESEND = timedelta(minutes=4)


class Site:
    """`orders`: number → body; `state`: N new, P handed out, Y printed, E failed; `results`: what was told of each."""

    def __init__(self, now: Callable[[], datetime], zn: str) -> None:
        self.site = HOST
        self.called = HOST  # by itself, in what it hands out
        self.zn = zn
        self.now = now
        self.orders: dict[int, dict[str, Any]] = {}
        self.reports: dict[int, str] = {}
        self.state: dict[int, str] = {}
        self.begun: dict[int, datetime] = {}
        self.warnings: dict[int, int] = {}
        self.results: dict[int, list[Mapping[str, Any]]] = {}
        self.requests: list[Mapping[str, Any]] = []
        self.loses = 0
        self.is_away = False

    def order(self, number: int = 417, *items: dict[str, Any], **more: Any) -> int:
        """A manager, or a payment, orders a receipt."""
        self.orders[number] = site_body(number, *items, **{"zn": self.zn, **more})
        self.state[number] = "N"
        return number

    def order_report(self, number: int = 9) -> int:
        """The time of day at which the site closes shifts."""
        self.reports[number] = "N"
        return number

    def reprint(self, number: int) -> None:
        """A manager orders the same check again, which the site lets him only after an error."""
        assert self.state[number] == "E"
        self.state[number] = "N"
        self.warnings.pop(number, None)

    def ask(self, body: Mapping[str, Any]) -> Answer:
        if self.is_away:
            raise Offline("offline", reason="нет соединения")
        told = json.loads(json.dumps(body, default=str), parse_float=Decimal)
        self.requests.append(told)
        (kkm,) = told["kkm"]
        acks = tuple(each["uuid"] for each in kkm.get("printed", ()) if self._store(each))
        answer = Answer(acks=acks) if acks else self._hand_out(kkm)
        if self.loses:
            self.loses -= 1
            raise Offline("offline", reason="соединение закрыто без ответа")
        return answer

    def _store(self, result: Mapping[str, Any]) -> bool:
        kind, host, number = [*result["uuid"].split("|"), "", ""][:3]
        if host not in (HOST, self.called):
            return False
        found = int(number)
        self.results.setdefault(found, []).append(result)
        if kind == "report":
            self.reports[found] = "Y"
            return True
        if result["code"] == 0 or "message" not in result:
            self.state[found] = "Y"
            return True
        self.warnings[found] = self.warnings.get(found, 0) + 1
        if result["code"] in FINAL_CODES or self.warnings[found] > 3:
            self.state[found] = "E"
            return True
        return False

    def _hand_out(self, kkm: Mapping[str, Any]) -> Answer:
        if kkm["status"] != "ok":
            return Answer()
        now, stamp = self.now(), int(self.now().timestamp())
        due = [
            number
            for number, state in self.state.items()
            if state == "N" or (state == "P" and self.begun[number] + RESEND < now)
        ][:5]
        for number in due:
            self.begun.setdefault(number, now)
            if self.state[number] == "N":
                self.state[number], self.begun[number] = "P", now
        reports = [number for number, state in self.reports.items() if state != "Y"]
        return Answer(
            checks=tuple(
                sent({**self.orders[number], "external_id": f"check|{self.called}|{number}|{stamp}"}) for number in due
            ),
            reports=tuple({"type": 1, "uuid": f"report|{HOST}|{number}", "zn": self.zn} for number in reports),
        )


def site_of(shop: Shop, **rules: Any) -> Site:
    """A site whose register is the shop's; the shop prints by its orders, goods at 22 %."""
    chosen = JobSettings(HOST, is_simulated=True, **{"rates": (11,), "table_checked": True, **rules})
    set_rules(shop, chosen)
    return Site(shop.now, shop.till.identity.factory_number)


def set_rules(shop: Shop, chosen: JobSettings) -> None:
    """An administrator sets it up; the program starts anew."""
    shop.settings = shop.settings.with_(jobs=chosen)
    shop.restart()


def rounds(shop: Shop, site: Site, times: int = 1) -> list[Round]:
    return [site_poll.round_of(shop.till, site) for _ in range(times)]


def settle(shop: Shop, site: Site, tries: int = 12) -> None:
    """Rounds until the site waits for nothing, a minute apart."""
    for _ in range(tries):
        if all(state in ("Y", "E") for state in site.state.values()):
            return
        site_poll.round_of(shop.till, site)
        shop.register.advance(60)


def job_of(shop: Shop, number: int = 417, kind: str = "check") -> Any:
    found = shop.till.journal.job(f"site:{HOST}", f"{kind}|{HOST}|{number}")
    assert found is not None
    return found


def source_of(shop: Shop) -> SiteSource:
    return SiteSource(shop.till, HOST)


def assert_printed_once(shop: Shop, site: Site, *numbers: int) -> None:
    """One document for each, its mark in the journal, its QR at the site, nothing else in the storage or open."""
    documents = shop.register.receipts
    assert len(documents) == len(numbers)
    for number in numbers:
        job = job_of(shop, number)
        stored = shop.till.journal.receipt(job.receipt_key)
        assert stored is not None
        assert stored.state is State.FISCALIZED
        assert stored.mark is not None
        (document,) = shop.register.with_key(stored.receipt.key)
        assert (document.number, str(document.sign)) == (stored.mark.document_number, stored.mark.document_sign)
        assert (job.state, job.is_told) == ("done", True)
        assert site.state[number] == "Y"
        last = site.results[number][-1]
        told = parse_qr(last["qr"])
        assert (told.document_number, told.document_sign) == (document.number, str(document.sign))
        assert (told.storage_number, last["rn"]) == (stored.mark.storage_number, stored.mark.registration_number)
        assert told.total == stored.receipt.total
        assert len(last["qr"].split("&")[0]) == len("t=20261121T120000")
        assert all(each["code"] == 0 for each in site.results[number][-1:])
    assert shop.register.printer.receipt is None
    assert jobs.ended(shop.till, source_of(shop)) == []
