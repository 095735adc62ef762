"""Recovery runs inside a sale or refund; what it proves may make another thing lawful than a moment before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posapp.domain.checkout import Terms
from posapp.domain.offers import Way
from posapp.domain.settlement import State
from posapp.errors import SaleError
from posapp.journal.store import Journal
from posapp.till import refund, sale
from tests.till.rig import Register
from tests.till.shops import TOTAL, Shop, cash, shop_at
from tests.till.test_ways import UNPAID


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_at(tmp_path / "till", Register()) as opened:
        yield opened


class Dead(BaseException):
    """The program was killed."""


def killed_behind_the_document(shop: Shop, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """The register has made the document, the journal has not heard of it."""

    def dies(*_: object, **__: object) -> None:
        raise Dead

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "fiscalize", dies)
        with pytest.raises(Dead):
            act()
    shop.restart()
    assert len(shop.till.journal.receipts_in(State.SENDING)) == 1


def prepaid(shop: Shop) -> str:
    return sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt.key


def hand_over(shop: Shop) -> sale.Sold:
    return sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER))


def test_goods_do_not_go_out_against_money_whose_refund_was_being_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = prepaid(shop)
    killed_behind_the_document(shop, monkeypatch, lambda: refund.refund(shop.till, ahead))
    made = len(shop.register.receipts)

    with pytest.raises(SaleError) as caught:
        hand_over(shop)

    assert caught.value.code == "way_closed"
    assert len(shop.register.receipts) == made


def test_money_does_not_go_back_for_goods_whose_hand_over_was_being_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = prepaid(shop)
    killed_behind_the_document(shop, monkeypatch, lambda: hand_over(shop))
    made = len(shop.register.receipts)

    with pytest.raises(SaleError) as caught:
        refund.refund(shop.till, ahead)

    assert caught.value.code == "refund_order"
    assert len(shop.register.receipts) == made
