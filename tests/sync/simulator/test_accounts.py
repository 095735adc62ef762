"""The buyer's inner account: over-payments go there, payments may come from there; returns need who can make them."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator import accounts, basket, orders
from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.shop import Shop, load_shop
from tests.sync.simulator.conftest import small_shop

TOTAL = 3983.59  # two flasks, 386 g of cheese, 250 for delivery
INNER = {"ID": 9, "NAME": "Внутренний счёт", "ACTION_FILE": "inner", "IS_CASH": "N", "CAN_PRINT_CHECK": "N",
         "ACTIVE": "Y", "ENTITY_REGISTRY_TYPE": "ORDER", "XML_ID": "inner"}  # fmt: skip
CASH = {**INNER, "ID": 1, "NAME": "Наличные", "ACTION_FILE": "cash", "IS_CASH": "Y", "XML_ID": "cash"}
ONLINE = {**INNER, "ID": 4, "NAME": "Онлайн", "ACTION_FILE": "yandexcheckout", "XML_ID": "online"}


def money(till: Any) -> str:
    """What the buyer has on the inner account."""
    return str(sum(row["CURRENT_BUDGET"] for row in till.sim("state")["accounts"]))


def moves(till: Any) -> list[tuple[str, str]]:
    return [(row["type"], row["sum"]) for row in till.sim("state")["account_moves"]]


def pay(till: Any, payment_id: int = 71, system: int = 1, **fields: Any) -> Any:
    return till.call("sale.payment.update", {"id": payment_id, "fields": {"paySystemId": system, **fields}})


@pytest.fixture
def buyer(open_portal: Any) -> Any:
    """A till whose buyer has 500 on the inner account."""
    account = {"USER_ID": 1, "CURRENCY": "RUB", "CURRENT_BUDGET": 500}
    systems = [
        {**INNER, "ID": 1, "NAME": "Наличные", "ACTION_FILE": "cash", "IS_CASH": "Y", "XML_ID": "cash"},
        INNER,
        ONLINE,
    ]
    return open_portal(small_shop(accounts=[account], paySystems=systems))


def test_trap_22_one_of_two_payments_is_not_the_order_and_what_is_over_goes_to_the_account(buyer: Any) -> None:
    assert pay(buyer, sum=1000).status == 200
    assert pay(buyer, paid="Y").status == 200
    assert buyer.order(501)["payed"] == "N"

    more = {"orderId": 501, "paySystemId": 1, "sum": 3000, "paid": "Y"}
    buyer.call("sale.payment.add", {"fields": more}).result  # noqa: B018
    assert buyer.order(501)["payed"] == "Y"
    assert (money(buyer), moves(buyer)) == ("516.41", [("EXCESS_SUM_PAID", "16.41")])


def test_unpaying_leaves_on_the_account_what_was_over(buyer: Any) -> None:
    pay(buyer, sum=4000)
    pay(buyer, paid="Y")
    pay(buyer, paid="N")
    assert (buyer.order(501)["payed"], money(buyer)) == ("N", "516.41")

    pay(buyer, paid="Y")
    assert money(buyer) == "532.82"  # and paying again adds to it: nobody remembers


def test_a_payment_from_the_account_takes_its_sum_and_is_refused_beyond_it(buyer: Any) -> None:
    fields = {"orderId": 501, "paySystemId": 9, "sum": 600}
    number = buyer.call("sale.payment.add", {"fields": fields}).result["payment"]["id"]
    assert pay(buyer, number, 9, paid="Y").error == (400, "0")
    assert money(buyer) == "500"

    assert pay(buyer, number, 9, sum=450).status == 200
    assert pay(buyer, number, 9, paid="Y").status == 200
    assert (money(buyer), buyer.order(501)["payed"]) == ("50", "N")
    pay(buyer, sum=3533.59)
    pay(buyer, paid="Y")
    assert (money(buyer), buyer.order(501)["payed"]) == ("50", "Y")


def test_trap_80_a_bonus_is_a_payment_row_that_the_check_rules_do_not_count(buyer: Any) -> None:
    buyer.call("sale.payment.add", {"fields": {"orderId": 501, "paySystemId": 9, "sum": 450}}).result  # noqa: B018
    rows = buyer.call("sale.payment.list", {"filter": {"orderId": 501}}).result["payments"]

    assert [(row["paySystemId"], row["paySystemXmlId"]) for row in rows] == [(1, "cash"), (9, "inner")]
    assert [row["ACTION_FILE"] for row in buyer.call("sale.paysystem.list").result] == [
        "cash", "inner", "yandexcheckout"]  # fmt: skip


def test_a_basket_that_became_cheaper_credits_the_account_and_one_that_grew_takes_it_back(buyer: Any) -> None:
    pay(buyer, paid="Y")
    buyer.call("sale.basketitem.delete", {"id": 62}).result  # noqa: B018
    assert (buyer.order(501)["payed"], money(buyer)) == ("Y", "813.59")

    line = {"orderId": 501, "productId": 0, "currency": "RUB", "quantity": 1, "name": "Сыр", "price": 200,
            "customPrice": "Y"}  # fmt: skip
    buyer.call("sale.basketitem.add", {"fields": line}).result  # noqa: B018
    assert (buyer.order(501)["payed"], money(buyer)) == ("Y", "613.59")
    buyer.call("sale.basketitem.add", {"fields": {**line, "price": 1000}}).result  # noqa: B018
    assert buyer.order(501)["payed"] == "N"  # the payment has no more than 113.59 left to give
    assert money(buyer) == "500"


def test_cash_cannot_be_sent_back_and_the_whole_update_is_refused(buyer: Any) -> None:
    pay(buyer, paid="Y")
    refused = pay(buyer, paid="N", isReturn="P", payReturnNum="17")

    assert refused.error == (400, "SALE_ORDER_PAYMENT_RETURN_NO_SUPPORTED")
    payment = buyer.order(501)["payments"][0]
    assert (payment["paid"], payment["payReturnNum"], payment["isReturn"]) == ("Y", "", "N")


def test_an_online_pay_system_sends_the_money_back_by_itself(buyer: Any) -> None:
    pay(buyer, system=4, paid="Y")
    assert pay(buyer, system=4, isReturn="P").status == 200

    payment = buyer.order(501)["payments"][0]
    assert (payment["paid"], payment["isReturn"], buyer.order(501)["payed"]) == ("N", "P", "N")
    assert buyer.sim("state")["refunds"] == [{"paymentId": 71, "sum": "3983.59", "handler": "yandexcheckout"}]
    assert money(buyer) == "500"


def test_a_return_to_the_account_is_spent_when_the_payment_is_paid_again(buyer: Any) -> None:
    pay(buyer, paid="Y")
    assert pay(buyer, isReturn="Y").status == 200
    assert (buyer.order(501)["payed"], money(buyer)) == ("N", "4483.59")

    assert pay(buyer, paid="Y").status == 200
    payment = buyer.order(501)["payments"][0]
    assert (payment["paid"], payment["isReturn"], money(buyer)) == ("Y", "N", "500")
    pay(buyer, isReturn="N")
    assert money(buyer) == "500"


def test_what_is_not_paid_cannot_be_returned(buyer: Any) -> None:
    assert pay(buyer, isReturn="P").status == 200
    assert (buyer.order(501)["payments"][0]["isReturn"], money(buyer)) == ("N", "500")


def test_trap_30_the_portal_moves_the_status_by_itself_when_some_or_all_is_paid(buyer: Any) -> None:
    buyer.sim("settings", {"options": {"status_on_half_paid": "DE", "status_on_paid": "P"}})
    pay(buyer, sum=1000)
    pay(buyer, paid="Y")
    assert buyer.order(501)["statusId"] == "DE"

    rest = {"orderId": 501, "paySystemId": 1, "sum": TOTAL - 1000, "paid": "Y"}
    buyer.call("sale.payment.add", {"fields": rest}).result  # noqa: B018
    assert buyer.order(501)["statusId"] == "P"
    buyer.call("sale.order.update", {"id": 501, "fields": {"statusId": "F"}}).result  # noqa: B018
    pay(buyer, paid="N")
    pay(buyer, paid="Y")
    assert buyer.order(501)["statusId"] == "F"  # a finished order stays finished


# ---------------------------------------------------------------------------------------------- any history
_steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["pay", "unpay", "return", "send"]), st.integers(0, 2)),
        st.tuples(st.just("sum"), st.integers(1, 5000)),
        st.tuples(st.sampled_from(["line", "less"]), st.integers(1, 900)),
    ),
    max_size=30,
)


@settings(max_examples=150)
@given(_steps)
def test_no_history_makes_money_or_takes_more_than_there_is(steps: list[tuple[str, int]]) -> None:
    now = datetime(2026, 3, 9, tzinfo=UTC)
    account = {"USER_ID": 1, "CURRENCY": "RUB", "CURRENT_BUDGET": 500}
    shop = load_shop(small_shop(accounts=[account], paySystems=[CASH, INNER, ONLINE]), now)
    order = shop.orders[501]
    for system in (9, 4):
        orders.add_payment(shop, {"fields": {"orderId": 501, "paySystemId": system, "sum": 400}}, now)
    for step, number in steps:
        before = copy.deepcopy((order, shop.tables["accounts"]))
        try:
            _take(shop, step, number, now)
        except PortalError:
            assert (order, shop.tables["accounts"]) == before  # refused: nothing was stored
        paid, price = accounts.paid_sum(order), order["price"]
        assert accounts.budget(shop, order) >= 0
        assert accounts.budget(shop, order) == 500 + sum(Decimal(move["sum"]) for move in shop.account_moves)
        assert 0 <= order["sumPaid"] <= min(price, paid)
        assert (order["payed"] == "Y") == (order["sumPaid"] == price and paid > 0)


def _take(shop: Shop, step: str, number: int, now: datetime) -> None:
    order = shop.orders[501]
    changes = {"pay": {"paid": "Y"}, "unpay": {"paid": "N"}, "return": {"isReturn": "Y"}, "send": {"isReturn": "P"}}
    if step == "line":
        line = {"orderId": 501, "productId": 0, "currency": "RUB", "quantity": 1, "name": "x", "price": number,
                "customPrice": "Y"}  # fmt: skip
        orders.add_basket_item(shop, {"fields": line}, now)
    elif step == "less":
        if len(order["basketItems"]) > 1:
            basket.delete_item(shop, {"id": order["basketItems"][-1]["id"]}, now)
    else:
        payment = order["payments"][0 if step == "sum" else number]
        change = {"sum": number} if step == "sum" else changes[step]
        fields = {"paySystemId": payment["paySystemId"], **change}
        orders.update_payment(shop, {"id": payment["id"], "fields": fields}, now)
