"""Three tills, a few orders, a line that fails at any moment: whatever the order of events, no second receipt.

Only a manager's word – a take-over, an override – can lead to one, and then every one of them is said in the end.
"""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from posapp.domain.order import Order
from posapp.domain.settlement import By, State
from posapp.errors import PosError
from posapp.till import claim_sync, claims, sale, take_over
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import an_order, cash

STEPS = 70
ORDERS = [an_order(number) for number in range(1, 6)]


class Day:
    """What people and networks do, drawn from a seed."""

    def __init__(self, seed: int, shops: list[Colleague], *, managers: bool) -> None:
        self._random = random.Random(seed)
        self._shops = shops
        self._managers = managers
        self.vouched: set[int] = set()
        """Orders for which a manager has given a word."""
        self.said: set[int] = set()
        """Orders whose two receipts a sync has told of."""

    def step(self) -> None:
        shop, order = self._random.choice(self._shops), self._random.choice(ORDERS)
        acts = [self._sell] * 5 + [self._line] * 4 + [self._sync] * 3 + [self._route] * 2 + [self._release]
        acts += [self._restart, self._refused, self._cancel]
        if self._managers:
            acts += [self._take_over] * 2 + [self._override]
        with suppress(PosError):
            self._random.choice(acts)(shop, order)

    def _sell(self, shop: Colleague, order: Order) -> None:
        shop.sell(order)

    def _override(self, shop: Colleague, order: Order) -> None:
        before = len(shop.till.journal.audit_rows(subject=order.number))
        try:
            sale.sell(shop.till, order, cash(order.price), "так решено")
        finally:
            if len(shop.till.journal.audit_rows(subject=order.number)) > before:
                self.vouched.add(order.order_id)

    def _refused(self, shop: Colleague, order: Order) -> None:
        shop.register.fault("FF46", "error", value=0x39)
        try:
            shop.sell(order)
        finally:
            shop.register.heal()

    def _cancel(self, shop: Colleague, order: Order) -> None:
        for stored in shop.till.journal.receipts_in(State.REFUSED, State.PENDING):
            shop.till.journal.move(stored.receipt.key, State.CANCELLED, By.PERSON, "не нужен")

    def _line(self, shop: Colleague, order: Order) -> None:
        shop.wire.state = self._random.choice(["up", "up", "down", "mute"])
        shop.wire.mute_after = self._random.choice([None, None, 0, 1, 2, 3])

    def _sync(self, shop: Colleague, order: Order) -> None:
        report = claim_sync.sync(shop.till)
        assert report is not None
        self.said |= {int(str(each.facts["order"])) for each in report.doubled}

    def _route(self, shop: Colleague, order: Order) -> None:
        claims.take_route(shop.till, self._random.sample(ORDERS, 2))

    def _release(self, shop: Colleague, order: Order) -> None:
        claims.release(shop.till, order)

    def _take_over(self, shop: Colleague, order: Order) -> None:
        try:
            take_over.take_over(shop.till, order.number, "так решено")
        finally:
            self.vouched.add(order.order_id)

    def _restart(self, shop: Colleague, order: Order) -> None:
        shop.restart()

    def end(self) -> None:
        """The evening: every line is up, every till syncs until nothing changes any more."""
        for shop in self._shops:
            shop.wire.state, shop.wire.mute_after = "up", None
        for _ in range(3):
            for shop in self._shops:
                self._sync(shop, ORDERS[0])


def receipts_of(shops: list[Colleague], order: Order) -> list[tuple[Colleague, str]]:
    """Every document in any register that one of the tills' receipts of the order has made."""
    return [
        (shop, stored.receipt.key)
        for shop in shops
        for stored in shop.till.journal.receipts_of_order(order.portal, order.order_id)
        for _ in shop.register.with_key(stored.receipt.key)
    ]


@pytest.mark.parametrize("managers", [False, True], ids=["nobody vouches", "managers vouch"])
@pytest.mark.parametrize("seed", range(12))
def test_no_order_has_two_receipts_but_on_a_managers_word(tmp_path: Path, seed: int, managers: bool) -> None:
    with colleagues(tmp_path, "123") as shops:
        for each in shops:
            each.till.journal.save_orders(ORDERS, claimed=False)
        day = Day(seed, shops, managers=managers)
        for _ in range(STEPS):
            day.step()
        day.end()
        made = {order.order_id: receipts_of(shops, order) for order in ORDERS}
        doubled = {order_id for order_id, found in made.items() if len(found) > 1}
        assert doubled <= day.vouched
        numbers = {order.order_id: int(order.number) for order in ORDERS}
        assert {numbers[each] for each in doubled} == day.said
        for order in ORDERS:
            if made[order.order_id]:
                assert shops[0].wire.look(order.order_id).state == "receipted"
        assert any(made.values())
