"""The order engine: money, shipment, stock, cancelling, properties, and what it refuses or silently ignores."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator import orders
from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import Shop, load_shop

Row = dict[str, Any]
PAY = {"paySystemId": 1, "paid": "Y"}


def _pay(portal: Any, payment_id: int, **fields: Any) -> Any:
    return portal.call("sale.payment.update", {"id": payment_id, "fields": {"paySystemId": 1, **fields}})


def _ship(portal: Any, shipment_id: int = 81, **fields: Any) -> Any:
    given = {"allowDelivery": "Y", "deducted": "Y", "deliveryId": 1, **fields}
    return portal.call("sale.shipment.update", {"id": shipment_id, "fields": given})


# ---------------------------------------------------------------------------------------------- payments
def test_paying_makes_the_order_payed(till: Any) -> None:
    till.clock.turn(90)
    payment = _pay(till, 71, paid="Y", psInvoiceId="KEY", payVoucherNum="4711").result["payment"]

    assert (payment["paid"], payment["datePaid"], payment["empPaidId"]) == ("Y", "2026-03-09T09:01:30+03:00", 1)
    order = till.order(501)
    assert (order["payed"], order["version"], order["dateUpdate"]) == ("Y", 2, "2026-03-09T09:01:30+03:00")
    assert order["payments"][0]["psInvoiceId"] == "KEY"


def test_paying_again_changes_nothing_but_the_version(till: Any) -> None:
    _pay(till, 71, paid="Y")
    till.clock.turn(60)
    again = _pay(till, 71, paid="Y").result["payment"]

    assert again["datePaid"] == "2026-03-09T09:00:00+03:00"
    assert till.order(501)["version"] == 3


def test_an_omitted_paid_stays_as_it_was(till: Any) -> None:
    _pay(till, 71, paid="Y", psStatusMessage="a")
    payment = _pay(till, 71, comments="b").result["payment"]

    assert (payment["paid"], payment["psStatusMessage"], payment["comments"]) == ("Y", "a", "b")


def test_a_part_is_not_the_whole(portal: Any) -> None:
    rest = next(row for row in portal.order(9077)["payments"] if row["paid"] == "N")
    assert portal.order(9077)["payed"] == "N"
    _pay(portal, rest["id"], paid="Y")
    assert portal.order(9077)["payed"] == "Y"
    _pay(portal, rest["id"], paid="N")
    assert portal.order(9077)["payed"] == "N"


def test_trap_21_the_sum_of_a_paid_payment_is_frozen(till: Any) -> None:
    assert _pay(till, 71, sum="3983.59", paid="Y").status == 200
    assert _pay(till, 71, sum=3983.59).status == 200  # the same sum is no change
    assert _pay(till, 71, sum=1).error == (400, "SALE_PAYMENT_NOT_ALLOWED_CHANGE_SUM")
    assert _pay(till, 71, paid="N").status == 200
    assert _pay(till, 71, sum=1).result["payment"]["sum"] == 1


def test_a_cancelled_order_takes_no_money(portal: Any) -> None:
    payment = portal.order(9079)["payments"][0]
    before = portal.order(9079)

    assert _pay(portal, payment["id"], paid="Y").error == (400, "SALE_ORDER_PAID_ORDER_CANCELED")
    assert portal.order(9079) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"paid": "Y"},  # no paySystemId
        {**PAY, "payVoucherNum": "1" * 21},
        {**PAY, "psStatusMessage": "x" * 251},
        {**PAY, "psStatusDescription": "x" * 513},
        {**PAY, "externalPayment": "4711"},
        {**PAY, "paySystemId": 99},
    ],
)
def test_a_refused_payment_stores_nothing(till: Any, fields: Row) -> None:
    before = till.order(501)
    reply = till.call("sale.payment.update", {"id": 71, "fields": fields})

    assert reply.error == (400, "0")
    assert till.order(501) == before


def test_trap_19_the_missing_field_is_named(till: Any) -> None:
    reply = till.call("sale.payment.update", {"id": 71, "fields": {"paid": "Y"}})

    assert reply.json["error_description"] == "Required fields: paySystemId"


def test_trap_53_a_date_loses_its_time_and_a_bad_one_is_dropped(till: Any) -> None:
    payment = _pay(till, 71, payVoucherDate="2026-03-09T18:20:00+03:00", psResponseDate="soon").result["payment"]

    assert (payment["payVoucherDate"], payment["psResponseDate"]) == ("2026-03-09T00:00:00+03:00", None)


def test_both_key_styles_write(till: Any) -> None:
    reply = till.form("sale.payment.update", "id=71&fields[PAY_SYSTEM_ID]=2&FIELDS[PAID]=N&fields[psSum]=10.50")

    payment = reply.result["payment"]
    assert (payment["paySystemId"], payment["paySystemName"], payment["psSum"]) == (2, "Картой при получении",
                                                                                   Decimal("10.5"))  # fmt: skip


def test_a_payment_is_added_to_an_order(till: Any) -> None:
    fields = {"orderId": 501, "paySystemId": 2, "sum": "100.50"}
    payment = till.call("sale.payment.add", {"fields": fields}).result["payment"]

    assert (payment["accountNumber"], payment["paid"], payment["sum"]) == ("MSK-00501/2", "N", Decimal("100.5"))
    assert [row["id"] for row in till.order(501)["payments"]] == [71, payment["id"]]
    assert till.call("sale.payment.get", {"id": payment["id"]}).result["payment"] == payment


# ---------------------------------------------------------------------------------------------- order
def test_trap_18_derived_and_unknown_fields_of_an_order_are_ignored(till: Any) -> None:
    fields = {"payed": "Y", "price": 1, "version": 99, "currency": "USD", "colour": "red", "statusId": "DE"}
    order = till.call("sale.order.update", {"id": 501, "fields": fields}).result["order"]

    assert (order["payed"], order["price"], order["version"], order["currency"]) == ("N", Decimal("3983.59"), 2, "RUB")
    assert (order["statusId"], order["dateStatus"], order["empStatusId"]) == ("DE", "2026-03-09T09:00:00+03:00", 1)
    assert "colour" not in order


def test_trap_29_a_status_is_not_validated_only_cut(till: Any) -> None:
    assert (
        till.call("sale.order.update", {"id": 501, "fields": {"statusId": "Finished"}}).result["order"]["statusId"]
        == "Fi"
    )


def test_cancelling_is_refused_while_money_or_goods_are_out(till: Any) -> None:
    cancel = {"id": 501, "fields": {"canceled": "Y", "reasonCanceled": "отказ"}}
    _pay(till, 71, paid="Y")
    assert till.call("sale.order.update", cancel).error == (400, "SALE_ORDER_CANCEL_PAYMENT_EXIST_ACTIVE")
    _pay(till, 71, paid="N")
    _ship(till)
    assert till.call("sale.order.update", cancel).error == (400, "SALE_ORDER_CANCEL_SHIPMENT_EXIST_SHIPPED")
    _ship(till, deducted="N")

    order = till.call("sale.order.update", cancel).result["order"]
    assert (order["canceled"], order["dateCanceled"], order["empCanceledId"]) == ("Y", "2026-03-09T09:00:00+03:00", 1)


def test_the_portal_may_move_the_status_when_money_comes(till: Any) -> None:
    till.sim("settings", {"options": {"status_on_paid": "P"}})
    _pay(till, 71, paid="Y")

    assert till.order(501)["statusId"] == "P"


def test_a_walk_in_sale_becomes_an_order(till: Any) -> None:
    fields = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "xmlId": "KEY"}
    assert till.call("sale.order.add", {"fields": {"lid": "s1"}}).error == (400, "0")
    order = till.call("sale.order.add", {"fields": fields}).result["order"]
    line = {
        "orderId": order["id"],
        "productId": 7,
        "currency": "RUB",
        "quantity": 3,
        "name": "Термос",
        "price": "10.10",
    }
    till.call("sale.basketitem.add", {"fields": line})
    till.call("sale.payment.add", {"fields": {"orderId": order["id"], "paySystemId": 1, "sum": "30.30", "paid": "Y"}})
    ship = {"orderId": order["id"], "allowDelivery": "Y", "deducted": "Y", "deliveryId": 1}
    till.call("sale.shipment.add", {"fields": ship})

    found = till.call("sale.order.list", {"filter": {"xmlId": "KEY"}, "select": ["id", "payed", "deducted", "price"]})
    assert found.result["orders"] == [{"id": order["id"], "payed": "Y", "deducted": "Y", "price": Decimal("30.3")}]
    assert till.sim("state")["stock"] == {"7": "7.000", "8": "10.000"}


@pytest.mark.parametrize("spelling", ["productId", "productid", "PRODUCT_ID"])
def test_a_catalogue_product_brings_its_price_vat_and_measure(portal: Any, spelling: str) -> None:
    order = portal.call("sale.order.add", {"fields": {"lid": "s1", "personTypeId": 1, "currency": "RUB"}})
    order_id = order.result["order"]["id"]
    line = {"orderId": order_id, "currency": "RUB", "quantity": "1.5", "name": "Сыр", spelling: 311, "price": "1"}
    added = portal.call("sale.basketitem.addCatalogProduct", {"fields": line}).result["basketItem"]

    names = ("productId", "price", "basePrice", "vatRate", "measureCode", "customPrice")
    assert [added[name] for name in names] == [311, Decimal("812.4"), Decimal("812.4"), Decimal("0.1"), "166", "N"]
    assert portal.order(order_id)["price"] == Decimal("1218.6")


def test_catalogue_data_win_unless_the_price_is_custom(portal: Any) -> None:
    order = portal.call("sale.order.add", {"fields": {"lid": "s1", "personTypeId": 1, "currency": "RUB"}})
    line = {"orderId": order.result["order"]["id"], "currency": "RUB", "quantity": 1, "name": "Сыр", "productId": 311}
    plain = portal.call("sale.basketitem.add", {"fields": {**line, "price": 5}}).result["basketItem"]
    custom = portal.call("sale.basketitem.add", {"fields": {**line, "price": 5, "customPrice": "Y"}})
    assert (plain["price"], custom.result["basketItem"]["price"]) == (Decimal("812.4"), 5)


def test_a_product_that_the_catalogue_does_not_have(portal: Any) -> None:
    line = {"orderId": 9071, "currency": "RUB", "quantity": 1, "name": "?", "productId": 999999}
    refused = portal.call("sale.basketitem.addcatalogproduct", {"fields": line})
    assert refused.error == (400, "200140400006")


# ---------------------------------------------------------------------------------------------- shipment
def test_shipping_takes_the_goods_once_and_gives_them_back(till: Any) -> None:
    shipment = _ship(till, priceDelivery=250, basePriceDelivery=250).result["shipment"]
    assert (shipment["deducted"], shipment["dateDeducted"]) == ("Y", "2026-03-09T09:00:00+03:00")
    assert till.order(501)["deducted"] == "Y"
    assert till.sim("state")["stock"] == {"7": "8.000", "8": "9.614"}

    _ship(till, priceDelivery=250, basePriceDelivery=250)
    assert till.sim("state")["stock"] == {"7": "8.000", "8": "9.614"}

    _ship(till, deducted="N", priceDelivery=250, basePriceDelivery=250)
    assert till.sim("state")["stock"] == {"7": "10.000", "8": "10.000"}
    assert till.order(501)["deducted"] == "N"


def test_trap_23_an_update_of_a_shipment_forgets_what_it_does_not_say(till: Any) -> None:
    shipment = _ship(till, deducted="N").result["shipment"]

    assert (shipment["priceDelivery"], shipment["trackingNumber"], shipment["comments"]) == (0, "", "")
    assert till.order(501)["price"] == Decimal("3733.59")  # the order became cheaper by its delivery


def test_of_a_shipment_an_update_writes_some_fields_and_takes_no_notice_of_others(till: Any) -> None:
    till.call("sale.order.update", {"id": 501, "fields": {"responsibleId": 7, "companyId": 3}}).result  # noqa: B018
    sent: Row = {"deducted": "N", "xmlId": "own", "trackingStatus": 4, "trackingDescription": "x", "marked": "Y",
            "statusId": "DD", "responsibleId": 9, "companyId": 5, "basePriceDelivery": 300}  # fmt: skip
    first = _ship(till, **sent).result["shipment"]
    assert (first["xmlId"], first["statusId"], first["responsibleId"], first["companyId"]) == ("own", "DD", 9, 5)
    assert (first["trackingStatus"], first["trackingDescription"], first["marked"]) == ("", "", "N")

    second = _ship(till, deducted="N", xmlId="").result["shipment"]
    assert (second["xmlId"], second["statusId"], second["basePriceDelivery"]) == ("own", "DD", 300)
    assert (second["responsibleId"], second["companyId"]) == (7, 3)  # left out: those of the order


def test_all_required_fields_of_a_shipment_are_named(till: Any) -> None:
    reply = till.call("sale.shipment.update", {"id": 81, "fields": {"deducted": "Y"}})

    assert reply.error == (400, "0")
    assert reply.json["error_description"] == "Required fields: allowDelivery, deliveryId"


def test_what_is_not_there_cannot_be_shipped(open_portal: Any) -> None:
    document = {
        "orders": [{"id": 1, "basketItems": [{"id": 2, "productId": 7, "price": 5, "quantity": 2},
                                             {"id": 3, "productId": 8, "price": 5, "quantity": 1}],
                    "shipments": [{"id": 4}]}],
        "products": [{"id": 7, "name": "Термос", "quantity": 1}, {"id": 8, "quantity": 1}],
    }  # fmt: skip
    portal = open_portal(document)
    reply = _ship(portal, 4)

    assert reply.error == (400, "SALE_PROVIDER_SHIPMENT_QUANTITY_NOT_ENOUGH")
    assert "Термос" in reply.json["error_description"]
    assert portal.sim("state")["stock"] == {"7": "1.000", "8": "1.000"}
    assert portal.order(1)["shipments"][0]["deducted"] == "N"


# ---------------------------------------------------------------------------------------------- properties, catalogue
def test_trap_24_properties_that_are_not_listed_are_erased(till: Any) -> None:
    listed = [{"orderPropsId": 3, "value": "+79990000001"}]
    given = {"fields": {"order": {"id": 501, "propertyValues": listed}}}
    changed = till.call("sale.propertyvalue.modify", given).result["propertyValues"]

    assert [(row["id"], row["code"], row["value"]) for row in changed] == [(92, "PHONE", "+79990000001")]
    assert [row["code"] for row in till.order(501)["propertyValues"]] == ["PHONE"]
    assert till.call("sale.propertyvalue.list", {"filter": {"orderId": 501}}).json["total"] == 1


def test_trap_32_a_quantity_is_absolute_and_read_only_under_inventory_management(portal: Any) -> None:
    given = {"id": 301, "fields": {"quantity": 5}}
    assert portal.call("catalog.product.update", given).result["element"]["quantity"] == 5
    portal.sim("settings", {"options": {"inventory_management": "Y"}})

    assert portal.call("catalog.document.mode.status").result == "Y"
    assert (
        portal.call("catalog.product.update", {"id": 301, "fields": {"quantity": 9}}).result["element"]["quantity"] == 5
    )


# ---------------------------------------------------------------------------------------------- automatic checks
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "cashboxes": [{"ID": "1", "ACTIVE": "Y"}]}


def _kinds(portal: Any) -> list[str]:
    return [check["type"] for check in portal.sim("state")["checks"]]


@pytest.mark.parametrize("setting", [{}, {"paySystems": PRINTS["paySystems"]}, {"cashboxes": PRINTS["cashboxes"]}])
def test_a_portal_that_must_not_print_does_not(till: Any, setting: Row) -> None:
    till.sim("settings", setting)
    _pay(till, 71, paid="Y")
    _ship(till)

    assert _kinds(till) == []


def test_paying_prints_a_second_receipt_where_the_pay_system_may(till: Any) -> None:
    till.sim("settings", PRINTS)
    _pay(till, 71, paid="Y")
    _pay(till, 71, paid="N")
    _pay(till, 71, paid="Y")
    _ship(till)

    [check] = till.sim("state")["checks"]
    assert (check["type"], check["paymentId"], check["sum"]) == ("sell", 71, "3983.59")


@pytest.mark.parametrize(
    "option, steps, kinds",
    [
        ("sell", "ship pay", ["credit", "creditpayment"]),
        ("prepayment", "pay ship", ["fullprepayment", "sell"]),
        ("advance", "pay ship", ["advancepayment", "sell"]),
    ],
)
def test_the_kind_of_an_automatic_check(till: Any, option: str, steps: str, kinds: list[str]) -> None:
    till.sim("settings", {**PRINTS, "options": {"check_type_on_pay": option}})
    for step in steps.split():
        _pay(till, 71, paid="Y") if step == "pay" else _ship(till, priceDelivery=250, basePriceDelivery=250)

    assert _kinds(till) == kinds


# ---------------------------------------------------------------------------------------------- any history
_steps = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["pay", "unpay", "ship", "unship", "cancel", "revive", "sum"])),
    max_size=25,
)


@settings(max_examples=150)
@given(_steps, st.integers(0, 3))
def test_no_history_breaks_the_books(steps: list[tuple[int, str]], seed: int) -> None:
    """Goods are never made or lost, `payed` and `deducted` follow from the parts, a cancelled order takes no money."""
    now = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
    shop = load_shop(practice_shop(12, seed, now), now)
    goods = _all_goods(shop)
    for number, step in steps:
        order = shop.orders[9071 + number]
        version = order["version"]
        try:
            _take(shop, order, step, now)
        except PortalError:
            assert order["version"] == version  # refused: nothing was saved
        else:
            assert order["version"] == version + 1
        paid = sum(row["sum"] for row in order["payments"] if row["paid"] == "Y")
        assert (order["payed"] == "Y") == (paid >= order["price"])
        assert (order["deducted"] == "Y") == all(row["deducted"] == "Y" for row in order["shipments"])
        assert not (step == "pay" and order["canceled"] == "Y" and order["payed"] == "Y")
    assert _all_goods(shop) == goods


def _take(shop: Shop, order: Row, step: str, now: datetime) -> None:
    payment, shipment = order["payments"][-1], order["shipments"][0]
    if step in ("pay", "unpay", "sum"):
        change = {"sum": "1"} if step == "sum" else {"paid": "Y" if step == "pay" else "N"}
        fields = {"paySystemId": payment["paySystemId"], **change}
        orders.update_payment(shop, {"id": payment["id"], "fields": fields}, now)
    elif step in ("ship", "unship"):
        fields = {"allowDelivery": "Y", "deliveryId": 2, "deducted": "Y" if step == "ship" else "N",
                  "priceDelivery": shipment["priceDelivery"]}  # fmt: skip
        orders.update_shipment(shop, {"id": shipment["id"], "fields": fields}, now)
    else:
        canceled = "Y" if step == "cancel" else "N"
        orders.update_order(shop, {"id": order["id"], "fields": {"canceled": canceled}}, now)


def _all_goods(shop: Shop) -> dict[int, Decimal]:
    """What is in stock and what has left, by product."""
    total = {key: Decimal(row["quantity"]) for key, row in shop.products.items()}
    for order in shop.orders.values():
        lines = {line["id"]: line["productId"] for line in order["basketItems"]}
        for shipment in order["shipments"]:
            if shipment["deducted"] == "Y":
                for item in shipment["shipmentItems"]:
                    total[lines[item["basketId"]]] += item["quantity"]
    return total
