"""What really happened on the portal: every change of what matters, by whom, seen from inside the portal.

Judges ask this and not the tills. After each request the orders whose version moved are compared with how they were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.shop import Shop

PERSON = "person"
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One fact of an order changed; `what` is paid, key, voucher, status, deducted, canceled, sum or gone."""

    order_id: int
    part: int
    what: str
    before: Any
    after: Any
    who: str


class Ledger:
    """All changes since the world began."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._versions: dict[int, Any] = {}
        self._facts: dict[int, Facts] = {}
        self._goods = {key: row["quantity"] for key, row in shop.products.items()}
        self.changes: list[Change] = []
        self.came_paid: set[int] = set()
        """Payments that were paid when their order came."""
        self.price_at_first: dict[int, Decimal] = {}
        """What the orders cost when they came."""
        self._by_order: defaultdict[int, list[Change]] = defaultdict(list)

    def _add(self, change: Change) -> None:
        self.changes.append(change)
        self._by_order[change.order_id].append(change)

    def look(self, who: str) -> None:
        """Notes what changed since the last look; it was `who`'s doing."""
        for number, order in self._shop.orders.items():
            version = order.get("version")
            if self._versions.get(number) != version:
                self._versions[number] = version
                self._compare(number, _facts(order), who)
        for number in [each for each in self._facts if each not in self._shop.orders]:
            self._add(Change(number, 0, "gone", False, True, who))
            del self._facts[number]
            del self._versions[number]

    def _compare(self, number: int, now: Facts, who: str) -> None:
        before = self._facts.get(number)
        self._facts[number] = now
        if before is None:
            self.price_at_first[number] = now["sum"]
            paid = [name for name, value in now.items() if name.startswith("paid ") and value == "Y"]
            self.came_paid |= {int(name.partition(" ")[2]) for name in paid}
            return
        for name, value in now.items():
            if before.get(name) != value:
                what, _, part = name.partition(" ")
                self._add(Change(number, int(part or 0), what, before.get(name), value, who))

    def of_order(self, number: int) -> list[Change]:
        """The changes of one order, oldest first."""
        return self._by_order.get(number, [])

    def touched_by_people(self, number: int) -> bool:
        """Whether a person changed anything that a till's write-back depends on."""
        return any(each.who == PERSON for each in self.of_order(number))

    def stock_differences(self) -> list[str]:
        """Goods of which more or less left than the deducted shipments hold; nothing when every one moved once."""
        left: dict[int, Decimal] = {}
        for order in self._shop.orders.values():
            lines = {line["id"]: line for line in order["basketItems"]}
            for shipment in order["shipments"]:
                if shipment["deducted"] == "Y":
                    for item in shipment["shipmentItems"]:
                        product = lines[item["basketId"]]["productId"]
                        left[product] = left.get(product, Decimal(0)) + item["quantity"]
        found = []
        for product, had in self._goods.items():
            now, out = self._shop.products[product]["quantity"], left.get(product, Decimal(0))
            if had - out != now:
                found.append(f"товар {product}: было {had}, отгружено {out}, осталось {now}")
        return found

    def goods_gone_with(self, order: dict[str, Any]) -> None:
        """An order was deleted: what its shipments had taken counts no more."""
        lines = {line["id"]: line for line in order["basketItems"]}
        for shipment in order["shipments"]:
            if shipment["deducted"] == "Y":
                for item in shipment["shipmentItems"]:
                    self._goods[lines[item["basketId"]]["productId"]] -= item["quantity"]


def _facts(order: dict[str, Any]) -> Facts:
    facts: Facts = {"status": order["statusId"], "canceled": order["canceled"], "sum": order["price"]}
    for payment in order["payments"]:
        number = payment["id"]
        facts[f"paid {number}"] = payment["paid"]
        facts[f"key {number}"] = payment.get("psInvoiceId") or ""
        facts[f"voucher {number}"] = payment.get("payVoucherNum") or ""
    for shipment in order["shipments"]:
        facts[f"deducted {shipment['id']}"] = shipment["deducted"]
    return facts
