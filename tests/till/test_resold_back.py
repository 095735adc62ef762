"""The data directory went back past an order that was sold, taken back whole and sold again (rule 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posapp.domain.checkout import Terms
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.till import adopt, recover, sale
from tests.till.rig import Register
from tests.till.shops import TOTAL, Shop, an_order, card, cash, shop_at
from tests.till.test_correct_lost import take_all_in, went_back
from tests.till.test_refund import back
from tests.till.test_ways import UNPAID


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_at(tmp_path / "till", Register()) as opened:
        yield opened


def resold(shop: Shop) -> None:
    order = an_order()
    for tenders in (cash(TOTAL), card(TOTAL)):
        back(shop, shop.sell(order, tenders).view.receipt.key)
    shop.sell(order)


def handed_over_twice(shop: Shop) -> None:
    sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT))
    first = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    back(shop, first.key)
    sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER))


def parts(shop: Shop, order: Order) -> list[tuple[str, str]]:
    stored = shop.till.journal.receipts_of_order(order.portal, order.order_id)
    return [(each.receipt.key, each.receipt.settlement.part) for each in stored]


@pytest.mark.parametrize("act, order", [(resold, an_order()), (handed_over_twice, UNPAID)], ids=["sold", "out"])
def test_every_sale_of_the_order_is_taken_in_under_its_own_number(
    shop: Shop, tmp_path: Path, act: Callable[[Shop], None], order: Order
) -> None:
    shop.till.journal.save_orders([order], claimed=True)
    made: list[tuple[str, str]] = []

    def run() -> None:
        act(shop)
        made.extend(parts(shop, order))

    went_back(shop, tmp_path, run)
    assert take_all_in(shop) == len(made)
    assert not adopt.strays(shop.till)
    assert parts(shop, order) == made
    recover.status_for_sale(shop.till)
    if act is resold:
        with pytest.raises(sale.AlreadyReceipted):
            shop.sell(order)
