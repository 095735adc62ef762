"""Fiscalized receipts of the simulated portal's orders in a real journal, ready to be delivered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import By, Settlement
from posapp.domain.vat import VatRate
from posapp.journal.rows import NewEntry, OutboxEntry
from posapp.journal.store import Journal
from posapp.sync.outbox import DeliverReport, deliver
from tests.sync.portals import Bitrix, Row

DEVICE = DeviceIdentity("0000000000012345", "0000000001018244", "9999078900005488")
PRINTED = datetime(2026, 11, 21, 12, 30)


@dataclass
class Clock:
    """A time that tests turn; every look moves it on by a millisecond."""

    at: datetime = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass
class Shop:
    """A till's journal and the portal it tells."""

    bitrix: Bitrix
    journal: Journal
    clock: Clock
    receipts: dict[int, Receipt] = field(default_factory=dict)
    more: dict[str, Row] = field(default_factory=dict)
    """What else the bodies of the steps hold."""

    def sell(self, order_id: int, *, portal: str | None = None, status: str = "F") -> Receipt:
        """A fiscalized receipt over the order's first payment, with its four outbox entries."""
        row = self.bitrix.order(order_id)
        payment = row["payments"][0]
        total = Money.from_roubles(payment["sum"])
        number = len(self.receipts) + 1
        line = ReceiptLine("Кружка", total, Quantity(Decimal(1)), total, VatRate.VAT_22)
        where = portal or self.bitrix.client.portal
        receipt = Receipt(
            identity=UUID(int=(7 << 64) + order_id),
            settlement=Settlement(where, order_id, str(payment["id"]), ReceiptKind.SELL),
            order_number=row["accountNumber"],
            lines=(line,),
            tenders=(Tender(TenderKind.CASH, total),),
            tax_system=TaxSystem.OSN,
            till="till",
            cashier="Кассир",
            created_at=self.clock.now(),
            is_training=True,
        )
        mark = FiscalMark(
            number, f"{1000 + number}", number, 3, DEVICE.storage_number, DEVICE.registration_number, PRINTED
        )
        bodies: dict[str, Row] = {
            "mark": {
                "payment_id": payment["id"],
                "key": receipt.key,
                "mark": mark.as_json(),
                "total_kopecks": total.kopecks,
            },
            "payment": {"payment_id": payment["id"], "key": receipt.key, "total_kopecks": total.kopecks},
            "status": {"status": status},
            "stock": {},
        }
        bodies = {step: {**body, **self.more.get(step, {})} for step, body in bodies.items()}
        entries = [NewEntry(step, order_id, receipt.order_number, where, body) for step, body in bodies.items()]
        self.journal.add_receipt(receipt)
        self.journal.start_attempt(receipt.key, DEVICE, number - 1, 3)
        self.journal.fiscalize(receipt.key, mark, By.PROOF, entries, {})
        self.receipts[order_id] = receipt
        return receipt

    def deliver(self, **options: Any) -> DeliverReport:
        return deliver(self.journal, self.bitrix.client, self.clock.now, **options)

    def entries(self, order_id: int) -> dict[str, OutboxEntry]:
        return {each.step: each for each in self.journal.entries_of_receipt(self.receipts[order_id].key)}

    def states(self, order_id: int) -> str:
        """`done done waiting failed`, in the order of the steps."""
        return " ".join(each.state for each in self.journal.entries_of_receipt(self.receipts[order_id].key))

    def writes(self, after: int = 0) -> list[str]:
        """The writes that the portal was asked for, one after the other."""
        return [row["method"] for row in self.bitrix.requests(after) if row["method"].endswith(".update")]


@contextmanager
def shop_with(bitrix: Bitrix, folder: Path) -> Iterator[Shop]:
    clock = Clock()
    with Journal.open(folder, now=clock.now) as journal:
        yield Shop(bitrix, journal, clock)
