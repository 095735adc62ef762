"""Sales without an order in a real journal, and the simulated portal whose stock hears of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from posapp.domain.basket import walk_in_settlement
from posapp.domain.fiscal import FiscalMark
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import By, short_key
from posapp.domain.vat import VatRate
from posapp.journal.rows import NewEntry, OutboxEntry
from posapp.journal.store import Journal
from posapp.sync.bitrix.stock import DOCUMENTS, QUANTITY, StockRules
from posapp.sync.outbox import DeliverReport, deliver
from tests.sync.portals import Bitrix, Row, serving, shop_of
from tests.sync.sales import DEVICE, PRINTED, Clock

STORE = 1
GOODS = [
    {"id": number, "iblockId": 15, "name": f"Товар {number}", "quantity": 10, "quantityTrace": "Y", "canBuyZero": "N"}
    for number in (500, 501, 502)
]
HELD = [
    {"id": number, "productId": number, "storeId": STORE, "amount": 10, "quantityReserved": 0}
    for number in (500, 501, 502)
]
BY_DOCUMENTS = StockRules(DOCUMENTS, STORE, 1)
BY_QUANTITY = StockRules(QUANTITY)


@dataclass
class Counter:
    """A till that sells without orders: its journal, and how the stock hears of it."""

    bitrix: Bitrix
    journal: Journal
    rules: StockRules
    clock: Clock = field(default_factory=Clock)
    keys: list[str] = field(default_factory=list)

    def sell(self, sold: Mapping[int, str] | None, *, is_back: bool = False, **body: Any) -> str:
        """A fiscalized receipt of these products (id → how much; None: nobody knows) with its stock entry; its key."""
        number = len(self.keys) + 1
        identity = UUID(int=(9 << 64) + number)
        key = short_key(identity)
        total = Money(10_000)
        receipt = Receipt(
            identity=identity,
            settlement=walk_in_settlement(key),
            order_number="",
            lines=(ReceiptLine("Товар", total, Quantity(Decimal(1)), total, VatRate.VAT_22),),
            tenders=(Tender(TenderKind.CASH, total),),
            tax_system=TaxSystem.OSN,
            till="1",
            cashier="Кассир",
            created_at=self.clock.now(),
            is_training=True,
        )
        mark = FiscalMark(number, f"{number}", number, 3, DEVICE.storage_number, DEVICE.registration_number, PRINTED)
        sign = "" if is_back else "-"
        listed = [
            {"product_id": each, "name": f"Товар {each}", "change": f"{sign}{much}"}
            for each, much in (sold or {}).items()
        ]
        given: Row = {
            "moves_goods": True,
            "goods": None if sold is None else listed,
            "is_back": is_back,
            "at": receipt.created_at.isoformat(),
        }
        given |= {"document": number, "till": "1", **body}
        self.journal.add_receipt(receipt)
        self.journal.start_attempt(key, DEVICE, number - 1, 3)
        entry = NewEntry("stock", 0, f"ФД {number}", self.bitrix.client.portal, given)
        self.journal.fiscalize(key, mark, By.PROOF, [entry], {})
        self.keys.append(key)
        return key

    def deliver(self, journal: Any = None, **options: Any) -> DeliverReport:
        rules = options.pop("rules", self.rules)
        return deliver(journal or self.journal, self.bitrix.client, self.clock.now, force=True, stock=rules, **options)

    def deliver_until_done(self, tries: int = 8) -> None:
        for _ in range(tries):
            if not self.deliver().waiting:
                return
            self.bitrix.clock.now_s += 700
        raise AssertionError(f"not delivered: {[self.entry(each) for each in self.keys]}")

    def entry(self, key: str) -> OutboxEntry:
        (found,) = self.journal.entries_of_receipt(key)
        return found

    def states(self) -> str:
        return " ".join(self.entry(each).state for each in self.keys)

    def stock(self, product_id: int = 500) -> Any:
        return Decimal(self.bitrix.portal.state()["stock"][str(product_id)])

    def put(self, product_id: int, quantity: object) -> None:
        """Somebody else writes the product's quantity."""
        self.bitrix.portal.shop.products[product_id]["quantity"] = Decimal(str(quantity))

    def documents(self, status: str = "") -> list[Row]:
        found: list[Row] = self.bitrix.portal.state()["documents"]
        return [each for each in found if not status or each["status"] == status]

    def writes(self) -> list[str]:
        """Every write that the portal was asked for."""
        names = ("add", "update", "delete", "conduct", "cancel")
        return [each["method"] for each in self.bitrix.requests() if each["method"].rpartition(".")[2] in names]

    def log(self) -> list[tuple[str, str]]:
        return [(each.order_number, each.method) for each in self.journal.log_rows(limit=500)]


@contextmanager
def counter_at(
    folder: Path, rules: StockRules, *orders: Row, inventory: bool | None = None, **tables: Any
) -> Iterator[Counter]:
    """A till on a portal with three products, ten pieces of each in its only store."""
    is_on = rules.mode == DOCUMENTS if inventory is None else inventory
    given = {"products": GOODS, "storeProducts": HELD, "options": {"inventory_management": "Y" if is_on else "N"}}
    clock = Clock()
    with (
        serving(shop_of(*orders, **{**given, **tables})) as bitrix,
        Journal.open(folder, now=clock.now) as journal,
    ):
        yield Counter(bitrix, journal, rules, clock)
