"""What the portal hears of a receipt that was put right: its list of receipts; payment, status and stock stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posapp.domain import receipt_list
from posapp.domain.receipt import Receipt, TenderKind
from posapp.till import correct, exchange, orders, reconcile, refund, sale
from posapp.till.correct_plan import Said
from posapp.till.views import Light
from tests.rules.portals import on_board, on_portal
from tests.sync.portals import Bitrix, serving, shop_of
from tests.till.shops import Shop, card, cash
from tests.till.test_refund_portal import deliver, payment, two_mugs


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(two_mugs())) as portal:
        yield portal


@pytest.fixture
def shop(versioned: Shop, bitrix: Bitrix) -> Shop:
    on_portal(versioned, bitrix)
    return versioned


def sold(shop: Shop) -> Receipt:
    order = on_board(shop)
    return sale.sell(shop.till, order, cash(order.price)).view.receipt


def by_card(shop: Shop, wrong: Receipt) -> tuple[Receipt, Receipt]:
    done = correct.correct(shop.till, wrong.key, Said(tenders=card(wrong.total)), "картой")
    undo, redo = (each.view.receipt for each in done.sold)
    return undo, redo


def listed(bitrix: Bitrix) -> receipt_list.ReceiptList:
    return receipt_list.parse(payment(bitrix)["comments"])


def assert_told(shop: Shop, bitrix: Bitrix, wrong: Receipt, undo: Receipt, redo: Receipt) -> None:
    """The list says what became of the receipt; money, status and goods are as a sale leaves them."""
    row = bitrix.order(1)
    assert [each.key for each in listed(bitrix).entries] == [wrong.key, undo.key, redo.key]
    assert listed(bitrix).is_undone(wrong.key)
    assert not listed(bitrix).is_undone(redo.key)
    assert (row["payments"][0]["paid"], row["statusId"], row["shipments"][0]["deducted"]) == ("Y", "F", "Y")
    assert row["payments"][0]["psInvoiceId"] == wrong.key
    assert not row["payments"][0].get("payReturnNum")
    assert [each.state for each in shop.till.journal.entries(limit=50)] == ["done"] * 5


def test_after_the_sale_was_told(shop: Shop, bitrix: Bitrix) -> None:
    wrong = sold(shop)
    deliver(shop)
    undo, redo = by_card(shop, wrong)
    deliver(shop)
    deliver(shop)
    assert_told(shop, bitrix, wrong, undo, redo)


def test_before_the_sale_was_told(shop: Shop, bitrix: Bitrix) -> None:
    """Corrected without the network: nothing of the sale is lost on the way."""
    wrong = sold(shop)
    undo, redo = by_card(shop, wrong)
    for _ in range(4):
        deliver(shop)
    assert_told(shop, bitrix, wrong, undo, redo)


def test_the_lights_stay_green_and_nothing_differs(shop: Shop, bitrix: Bitrix) -> None:
    wrong = sold(shop)
    deliver(shop)
    by_card(shop, wrong)
    deliver(shop)
    exchange.pull(shop.till)
    lights = orders.view(shop.till, on_board(shop)).lights
    assert {each.light for each in (lights.receipt, lights.money, lights.status, lights.stock)} == {Light.GREEN}
    assert [each.message() for each in reconcile.run(shop.till).differences] == []


def test_the_right_one_is_refunded_and_the_wrong_one_is_not(shop: Shop, bitrix: Bitrix) -> None:
    wrong = sold(shop)
    deliver(shop)
    _, redo = by_card(shop, wrong)
    deliver(shop)
    found = refund.found(shop.till, refund.Wanted(order=on_board(shop).number))
    assert found.receipt.key == redo.key
    done = refund.refund(shop.till, found)
    assert done.view.receipt.tender(TenderKind.CASHLESS) == wrong.total
    for _ in range(3):
        deliver(shop)
    assert payment(bitrix)["paid"] == "N"
