"""`posapp bench drain`: the write-back of 10 000 receipts to a portal that enforces 50/2, on a virtual clock.

value   requests that went out, and the seconds that they took: everything the till does, its journal and log included
floor   of requests: ⌈reads ÷ 50⌉ + ⌈writes ÷ 50⌉ at one read and four writes a receipt – mark, payment, status, stock;
        of seconds: what the portal's bucket allows for so many requests, (requests − 50) ÷ 2 a second
ratio   the worse of the two, to be at most 1.10

The portal is the simulated one, answering from memory, so only its limits make anybody wait; `real_s` is what this
computer took for both sides. Afterwards every order of the portal is looked at: paid, in its final status, deducted,
with the right mark – a figure for less work would be no figure.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from posapp.bench.load import PORTAL, PortalInMemory, peak_mb
from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import By, Settlement
from posapp.domain.vat import VatRate
from posapp.errors import SetupError
from posapp.journal.connect import open_writer
from posapp.journal.rows import NewEntry
from posapp.journal.store import Journal
from posapp.sync import outbox
from posapp.sync.bitrix.client import BATCH_MAX, BitrixClient
from posapp.sync.governor import CLOUD, Governor
from posapp.sync.simulator.access import Access
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.shop import load_shop

COUNT = 10_000
STEPS = 4
GOAL = 1.10
PRICE = 1_250_00
FINAL = "F"
_DEVICE = DeviceIdentity("00106700000001", "0000000001000001", "9999078900000001")


def run(count: int = COUNT) -> dict[str, object]:
    """Measures. The answer is `{"name", "value", "floor", "ratio", "unit", …}`."""
    portal = _portal(count)
    client = BitrixClient(portal.webhook, portal, Governor(lambda: portal.seconds, portal.sleep, CLOUD))
    before = peak_mb()
    with (
        tempfile.TemporaryDirectory(prefix="posapp-bench-") as room,
        Journal.open(Path(room), now=portal.now, connect=_not_durable) as journal,
    ):
        for number in range(1, count + 1):
            _sell(journal, number, portal.began)
        began = time.perf_counter()
        report = outbox.deliver(journal, client, portal.now, force=True)
        real_s = time.perf_counter() - began
        log_rows = journal.log_extent()[0]
    _check(portal, count, report.done)
    requests = -(-count // BATCH_MAX) + -(-STEPS * count // BATCH_MAX)
    bound = max(0.0, requests - CLOUD.size) / CLOUD.leak_per_s
    by_requests, by_time = portal.requests / requests, portal.seconds / bound if bound else 1.0
    return {
        "name": "drain",
        "value": portal.requests,
        "floor": requests,
        "ratio": round(max(by_requests, by_time), 3),
        "unit": "requests",
        "goal": GOAL,
        "receipts": count,
        "seconds": round(portal.seconds, 1),
        "seconds_floor": round(bound, 1),
        "ratio_requests": round(by_requests, 3),
        "ratio_seconds": round(by_time, 3),
        "refused": portal.refused,
        "log_rows": log_rows,
        "real_s": round(real_s, 1),
        "memory_mb": None if before is None else round((peak_mb() or before) - before),
    }


def _not_durable(path: Path) -> sqlite3.Connection:
    """The journal's connection without waiting for the disk: what is measured is the portal's budget."""
    db = open_writer(path)
    db.execute("PRAGMA synchronous=OFF")
    return db


# ---------------------------------------------------------------------------------------------- the portal
def _portal(count: int) -> PortalInMemory:
    portal = PortalInMemory(1)
    shop = load_shop({"orders": [_order(number, portal.began) for number in range(1, count + 1)]}, portal.began)
    portal.portal = Portal(shop, Access(1), Limiter(PLANS["cloud"]))
    portal.portal.requests = deque(maxlen=100)
    return portal


def _order(number: int, at: datetime) -> dict[str, Any]:
    """An order paid on delivery: one line, one payment, one shipment."""
    roubles = Decimal(PRICE) / 100
    line = {"id": number * 10, "name": "Чайник электрический 1,7 л", "productId": 0, "quantity": 1, "price": roubles,
            "vatRate": Decimal("0.22")}  # fmt: skip
    return {
        "id": number,
        "accountNumber": f"B-{number}",
        "statusId": "N",
        "dateInsert": iso(at - timedelta(days=1)),
        "dateUpdate": iso(at - timedelta(hours=1)),
        "basketItems": [line],
        "payments": [{"id": number * 10 + 1, "sum": roubles, "paySystemId": 1}],
        "shipments": [{"id": number * 10 + 2, "deliveryId": 2, "deliveryName": "Курьер", "allowDelivery": "Y",
                       "priceDelivery": 0, "basePriceDelivery": 0}],
    }  # fmt: skip


def _check(portal: PortalInMemory, count: int, done: int) -> None:
    """Every order is as it should be, and nothing was refused for haste."""
    right = sum(map(_is_right, portal.portal.shop.orders.values()))
    if (right, done, portal.refused) != (count, STEPS * count, 0):
        what = f"верных заказов {right} из {count}, записей {done}, отказано запросов {portal.refused}"
        raise SetupError("not_set_up", what=what, command="portal")


def _is_right(order: Mapping[str, Any]) -> bool:
    payment, shipment = order["payments"][0], order["shipments"][0]
    mark = str(payment.get("psInvoiceId")), str(payment.get("payVoucherNum"))
    wanted = _receipt(int(order["id"]), datetime(2026, 7, 1)).key, str(order["id"])
    return (payment["paid"], order["statusId"], shipment["deducted"], mark) == ("Y", FINAL, "Y", wanted)


# ---------------------------------------------------------------------------------------------- the receipts
def _receipt(number: int, at: datetime) -> Receipt:
    line = ReceiptLine("Чайник электрический 1,7 л", Money(PRICE), Quantity(Decimal(1)), Money(PRICE), VatRate(11))
    return Receipt(
        identity=UUID(int=number),
        settlement=Settlement(PORTAL, number, str(number * 10 + 1), ReceiptKind.SELL),
        order_number=f"B-{number}",
        lines=(line,),
        tenders=(Tender(TenderKind.CASH, Money(PRICE)),),
        tax_system=TaxSystem.OSN,
        till="till-1",
        cashier="Иванова А. П.",
        created_at=at,
    )


def _sell(journal: Journal, number: int, at: datetime) -> None:
    """A receipt with its mark and what the portal has to hear of it (`till.outbox_rows`)."""
    receipt = _receipt(number, at)
    mark = FiscalMark(number, str(3_000_000_000 + number), number, 1, _DEVICE.storage_number,
                      _DEVICE.registration_number, datetime(2026, 7, 1, 12, 0))  # fmt: skip
    payment: dict[str, object] = {"payment_id": number * 10 + 1, "key": receipt.key, "total_kopecks": PRICE}
    bodies: dict[str, dict[str, object]] = {
        "mark": {**payment, "mark": mark.as_json()},
        "payment": payment,
        "status": {"status": FINAL},
        "stock": {},
    }
    entries = [NewEntry(step, number, receipt.order_number, PORTAL, body) for step, body in bodies.items()]
    journal.add_receipt(receipt)
    journal.start_attempt(receipt.key, _DEVICE, number - 1, 1)
    journal.fiscalize(receipt.key, mark, By.PROOF, entries, {})
