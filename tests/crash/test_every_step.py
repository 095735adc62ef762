"""Kill the till at every step of a sale and of its delivery: one document per settlement, and a green portal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from posapp import app
from posapp.cli.practice import PracticeShop
from posapp.domain.settlement import Stamp
from posapp.till import exchange, orders, shift

ORDERS = 220
SCRIPT = Path(__file__).with_name("every_step.py")


def sellable(shop: PracticeShop) -> list[str]:
    """The numbers of the orders that nothing stands against, the shortest first; a shift is open.

    The first one is counted, so no other may have fewer steps.
    """
    with app.open_till(shop.folder) as till:
        exchange.pull(till)
        shift.open_shift(till)
        rows = till.journal.orders(till.portal, limit=ORDERS)
        fit = [row for row in rows if orders.view(till, row).refusal is None]
        return [row.number for row in sorted(fit, key=lambda row: (len(row.lines), row.order_id))]


def play(shop: PracticeShop, what: str, numbers: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Runs the killer; returns its first line and the lines of the kills."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), what, str(shop.folder), *numbers],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=240,
    )
    first, *rest = (json.loads(line) for line in done.stdout.splitlines())
    return first, rest


def stamped(shop: PracticeShop) -> Counter[str]:
    """How many receipts the fiscal storage holds, by key."""
    return Counter(str(each["key"]) for each in shop.documents() if each["type"] == 3)


@pytest.mark.timeout(300)
def test_killed_at_every_step_of_a_sale_there_is_exactly_one_document() -> None:
    with PracticeShop(orders=ORDERS, seed=7) as shop:
        numbers = sellable(shop)
        first, kills = play(shop, "sell", numbers)
        played = [first["order"], *(each["order"] for each in kills)]
        assert len(kills) == first["steps"], "every step was tried"
        assert all(each["killed"] and not each["unhurt"] for each in kills), "every try was really killed"
        assert {each["after"] for each in kills} <= {"sold", "already_receipted"}
        assert len(stamped(shop)) == len(played)
        assert set(stamped(shop).values()) == {1}
        with app.open_till(shop.folder) as till:
            for number in played:
                (view,) = orders.view(till, orders.find(till, number)).receipts
                assert stamped(shop)[view.receipt.key] == 1


@pytest.mark.timeout(300)
def test_killed_at_every_step_of_the_delivery_the_portal_turns_green_and_nothing_is_told_twice() -> None:
    with PracticeShop(orders=ORDERS, seed=8) as shop:
        numbers = sellable(shop)
        first, kills = play(shop, "deliver", numbers)
        assert len(kills) == first["steps"]
        assert {each["after"] for each in kills} == {"delivered"}
        played = {first["order"], *(each["order"] for each in kills)}
        assert set(stamped(shop).values()) == {1}
        for order in shop.state()["orders"]:
            if order["accountNumber"] in played:
                assert (order["payed"], order["statusId"], order["deducted"]) == ("Y", "F", "Y")


def test_a_stamp_names_the_order_it_settles() -> None:
    assert Stamp.parse("1·10457·0123456789ABCDEF") == Stamp("1", "10457", "0123456789ABCDEF")
