"""Rule 13: Bitrix has no idempotency, so every write is read – compare – write, under our marker.

An unknown outcome is read before anything is repeated, and a batch is judged cell by cell. Absolute quantities of the
stock (a walk-in sale without inventory management) are not written yet; an order's stock moves by its shipment alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posapp.till import exchange
from tests.rules.portals import a_portal, on_board, on_portal
from tests.sync.portals import WRITES, Bitrix, Row
from tests.till.shops import Shop

STEPS = (
    ("sale.payment.update", 1),
    ("sale.payment.update", 2),
    ("sale.order.update", 1),
    ("sale.shipment.update", 1),
)
LOST = ({"do": "reset"}, {"do": "html"})


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with two orders."""
    with a_portal(1, 2) as portal:
        yield portal


def told(shop: Shop, bitrix: Bitrix, order_id: int = 1) -> bool:
    """The portal holds mark, payment, status and stock of the order, and the till knows it."""
    row = bitrix.order(order_id)
    key = shop.receipt(order_id).key
    entries = shop.till.journal.entries_of_receipt(key)
    held = (row["payed"], row["statusId"], row["deducted"], row["payments"][0]["psInvoiceId"]) == ("Y", "F", "Y", key)
    return held and all(each.state == "done" and each.proof for each in entries)


def deliver(shop: Shop, bitrix: Bitrix, rounds: int = 4) -> None:
    for _ in range(rounds):
        exchange.deliver(shop.till, force=True)
        bitrix.clock.now_s += 700


def writes(bitrix: Bitrix) -> list[str]:
    return [row["method"] for row in bitrix.requests() if row["method"] in WRITES]


@pytest.mark.parametrize("when", ["before", "after_commit"])
@pytest.mark.parametrize("fault", LOST, ids=lambda each: each["do"])
@pytest.mark.parametrize("method, nth", STEPS)
def test_rule_13_a_write_whose_answer_was_lost_is_stored_once(
    shop: Shop, bitrix: Bitrix, method: str, nth: int, fault: Row, when: str
) -> None:
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    version = bitrix.order(1)["version"]
    bitrix.faults({"method": method, "nth": nth, "when": when, "times": 1, **fault})
    deliver(shop, bitrix)
    assert told(shop, bitrix)
    assert bitrix.order(1)["version"] == version + 4, "each of the four was stored exactly once"


def test_rule_13_nothing_is_repeated_before_it_was_read(shop: Shop, bitrix: Bitrix) -> None:
    """Between two sendings of the same write stands a read of the order."""
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    bitrix.faults(
        *({"method": method, "nth": nth, "when": "after_commit", "times": 1, "do": "reset"} for method, nth in STEPS)
    )
    deliver(shop, bitrix, 6)
    assert told(shop, bitrix)
    since_read: list[str] = []
    for row in bitrix.requests():
        if row["method"] == "sale.order.get":
            since_read.clear()
        elif row["method"] in WRITES:
            since_read.append(row["method"])
            allowed = 2 if row["method"] == "sale.payment.update" else 1  # the mark, then that it is paid
            assert since_read.count(row["method"]) <= allowed


def test_rule_13_what_is_there_already_is_not_written(shop: Shop, bitrix: Bitrix) -> None:
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    deliver(shop, bitrix)
    before = len(writes(bitrix))
    for entry in shop.till.journal.entries_of_receipt(shop.receipt().key):
        assert entry.state == "done"
    deliver(shop, bitrix)
    assert len(writes(bitrix)) == before


def test_rule_13_a_batch_is_judged_cell_by_cell(shop: Shop, bitrix: Bitrix) -> None:
    """Order 2 is gone from the portal: order 1 of the same batch is told all the same, order 2 waits for a person."""
    on_portal(shop, bitrix)
    for order_id in (1, 2):
        shop.sell(on_board(shop, order_id))
    del bitrix.portal.shop.orders[2]
    deliver(shop, bitrix)
    assert told(shop, bitrix)
    entries = shop.till.journal.entries_of_receipt(shop.receipt(2).key)
    assert {each.state for each in entries} == {"failed"}
