"""Orders from the portal: the pull over HTTP against the practice shop, and the mapping as tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from posapp.domain.checkout import VatTable, refuse_unsellable
from posapp.domain.money import Money
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate, propose
from posapp.errors import Offline, Rejected, SaleError, SetupError
from posapp.sync.bitrix.mapping import PaySystem, Surroundings, order_of, pay_system_of, vat_row_of
from posapp.sync.bitrix.orders import PulledOrders, find_by_number, pull
from posapp.sync.simulator.practice import practice_shop
from tests.sync.portals import Bitrix, Row, order_row, serving, shop_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def practice() -> Iterator[Bitrix]:
    with serving(practice_shop(130, 1, datetime.now(UTC))) as bitrix:
        yield bitrix


@pytest.fixture(scope="module")
def pulled(practice: Bitrix) -> PulledOrders:
    return pull(practice.client, practice.client.portal, NOW)


# ---------------------------------------------------------------------------------------------- the pull
def test_the_whole_practice_shop_comes_on_board(practice: Bitrix, pulled: PulledOrders) -> None:
    there = {order["id"]: order for order in practice.portal.state()["orders"]}
    assert pulled.expected == len(there) == 130
    assert pulled.is_complete
    assert {order.order_id for order in pulled.orders} == set(there)
    for order in pulled.orders:
        row = there[order.order_id]
        assert order.problems == (), (order.number, order.problems)
        assert order.number == row["accountNumber"]
        assert order.price.roubles == row["price"]
        assert order.lines_total == order.price
        assert order.is_cancelled == (row["canceled"] == "Y")
        assert order.paid.roubles == sum(each["sum"] for each in row["payments"] if each["paid"] == "Y")
        assert [each.shipment_id for each in order.shipments] == [each["id"] for each in row["shipments"]]
        assert order.pulled_at is NOW


def test_every_line_of_the_practice_shop_has_its_vat_row(pulled: PulledOrders) -> None:
    confirmed = {row_id: propose(row, NOW.date()) for row_id, row in pulled.vat_rows.items()}
    assert None not in confirmed.values()
    table = VatTable(
        rows=pulled.vat_rows,
        confirmed={row_id: rate for row_id, rate in confirmed.items() if rate} | {DELIVERY_ROW: VatRate.VAT_22},
    )
    lines = [line for order in pulled.orders for line in order.lines]
    rates = {table.rate_for(line, NOW.date()) for line in lines}
    assert rates >= {VatRate.VAT_22, VatRate.VAT_10, VatRate.VAT_0, VatRate.NONE}
    assert any(line.is_delivery for line in lines)
    assert any(line.discount for line in lines)


def test_the_company_that_buys_has_its_number_from_the_crm(practice: Bitrix, pulled: PulledOrders) -> None:
    company = next(order for order in pulled.orders if order.buyer.company)
    assert (company.buyer.company, company.buyer.inn) == ("ООО «Полесье»", "9901004575")
    person = next(order for order in pulled.orders if not order.buyer.company)
    assert person.buyer.phone.startswith("+7999")
    assert "@" in person.buyer.email
    assert person.is_courier
    assert person.delivery_window
    assert datetime.fromisoformat(person.delivery_date)


def test_sellable_orders_are_sellable(pulled: PulledOrders) -> None:
    def code(order: Any) -> str:
        try:
            refuse_unsellable(order)
        except SaleError as error:
            return error.code
        return ""

    codes = [code(order) for order in pulled.orders]
    assert set(codes) == {"", "already_paid", "part_paid", "order_cancelled"}
    assert codes.count("") * 2 >= len(codes)


def test_a_pull_costs_few_requests(practice: Bitrix) -> None:
    before = practice.http_requests()
    pull(practice.client, practice.client.portal, NOW)
    # furniture, 3 pages of ids, the count, 3 batches of orders, their products and companies
    assert practice.http_requests() - before == 9
    before = practice.http_requests()
    pull(practice.client, practice.client.portal, NOW, only=[9071, 9072])
    assert practice.http_requests() - before == 2


def test_orders_of_another_portal_are_not_pulled_under_this_name(practice: Bitrix) -> None:
    before = practice.http_requests()
    with pytest.raises(SetupError, match=r"other\.example"):
        pull(practice.client, "other.example", NOW)
    assert practice.http_requests() == before


def test_the_next_pull_brings_what_changed_whatever_its_state() -> None:
    old = (datetime.now(UTC) - timedelta(days=3)).isoformat(timespec="seconds")
    rows = [order_row(number, dateUpdate=old) for number in range(1, 6)]
    rows[4] |= {"statusId": "F"}
    with serving(shop_of(*rows)) as bitrix:
        first = pull(bitrix.client, bitrix.client.portal, NOW)
        assert {order.order_id for order in first.orders} == {1, 2, 3, 4}
        bitrix.client.call("sale.order.update", {"id": 2, "fields": {"canceled": "Y"}})
        bitrix.client.call("sale.order.update", {"id": 3, "fields": {"statusId": "F"}})
        bitrix.client.call("sale.order.update", {"id": 5, "fields": {"comments": "поздно"}})
        second = pull(bitrix.client, bitrix.client.portal, NOW, since=first.server_time)
        assert {order.order_id: (order.is_cancelled, order.status_id) for order in second.orders} == {
            2: (True, "N"),
            3: (False, "F"),
            5: (False, "F"),
        }
        assert second.is_complete
        later = (datetime.fromisoformat(second.server_time) + timedelta(minutes=11)).isoformat()
        third = pull(bitrix.client, bitrix.client.portal, NOW, since=later)
        assert (third.orders, third.expected, third.is_complete) == ((), 0, True)


def test_only_pulls_exactly_the_named_orders() -> None:
    with serving(shop_of(*(order_row(number, statusId="F") for number in range(1, 6)))) as bitrix:
        found = pull(bitrix.client, bitrix.client.portal, NOW, only=[4, 2, 4, 777])
        assert [order.order_id for order in found.orders] == [2, 4]
        assert (found.expected, found.is_complete) == (2, True)


def test_an_order_is_found_by_number_then_by_id() -> None:
    with serving(shop_of(order_row(12, accountNumber="34"), order_row(34, accountNumber="MSK-00412"))) as bitrix:
        assert find_by_number(bitrix.client, "34") == 12
        assert find_by_number(bitrix.client, " msk-00412 ") == 34
        assert find_by_number(bitrix.client, "12") == 12
        assert find_by_number(bitrix.client, "99") is None
        assert find_by_number(bitrix.client, "") is None
        assert find_by_number(bitrix.client, "%") is None


def test_without_the_scope_pay_system_nothing_is_pulled(practice: Bitrix) -> None:
    practice.set("settings", {"scopes": ["sale", "catalog", "crm"]})
    try:
        with pytest.raises(Rejected) as caught:
            pull(practice.client, practice.client.portal, NOW)
    finally:
        practice.set("settings", {"scopes": ["sale", "catalog", "crm", "pay_system"]})
    assert caught.value.code == "portal_no_paysystems"


def test_without_the_crm_the_order_itself_names_the_company(practice: Bitrix, pulled: PulledOrders) -> None:
    company = next(order for order in pulled.orders if order.buyer.company)
    practice.set("settings", {"scopes": ["sale", "catalog", "pay_system"]})
    try:
        again = pull(practice.client, practice.client.portal, NOW, only=[company.order_id]).orders[0]
    finally:
        practice.set("settings", {"scopes": ["sale", "catalog", "crm", "pay_system"]})
    assert again.buyer == company.buyer


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_pull_that_loses_an_answer_says_so(practice: Bitrix, nth: int) -> None:
    practice.faults({"method": "batch", "do": "reset", "nth": nth})
    with pytest.raises(Offline):
        pull(practice.client, practice.client.portal, NOW)
    practice.faults()
    assert pull(practice.client, practice.client.portal, NOW).is_complete


def test_a_dropped_filter_is_noticed() -> None:
    rows = [order_row(number) for number in range(1, 4)]
    rows[1]["statusId"] = "F"
    with serving(shop_of(*rows)) as bitrix:
        portal = bitrix.portal
        for order in portal.shop.orders.values():
            order["dateInsert"] = "2020-01-01T00:00:00+03:00"
        assert pull(bitrix.client, bitrix.client.portal, NOW).orders == ()

        original = bitrix.client._http.post_json

        def forgetful(url: Any, body: Any, timeout_s: float) -> Any:
            body = {**body, "filter": {">id": body["filter"][">id"]}} if ">id" in body.get("filter", {}) else body
            return original(url, body, timeout_s)

        bitrix.client._http.post_json = forgetful  # type: ignore[method-assign]
        with pytest.raises(Rejected, match="не применил отбор"):
            pull(bitrix.client, bitrix.client.portal, NOW)


# ---------------------------------------------------------------------------------------------- the mapping
ROWS = {
    3: PortalVatRow(3, "НДС 22%", Decimal(22)),
    5: PortalVatRow(5, "НДС 10%", Decimal(10)),
    7: PortalVatRow(7, "НДС 0%", Decimal(0)),
    8: PortalVatRow(8, "Без НДС", None),
}
SYSTEMS = {
    1: PaySystem(1, "Наличные", False, False, True, True),
    2: PaySystem(2, "Карта", True, False, True, True),
    9: PaySystem(9, "Внутренний счёт", False, True, True, True),
}
AROUND = Surroundings(
    pay_systems=SYSTEMS, vat_rows=ROWS, vat_of_product={100: 5, 101: 8, 102: 7}, property_kinds={1: "phone", 2: "email"}
)


def full(**changes: Any) -> Row:
    row: Row = {
        "id": "9071",
        "accountNumber": "MSK-00412",
        "currency": "RUB",
        "price": Decimal("100"),
        "statusId": "N",
        "canceled": "N",
        "version": "3",
        "dateUpdate": "2026-11-20T10:00:00+03:00",
        "basketItems": [line()],
        "payments": [{"id": 1, "paySystemId": 1, "sum": "100", "paid": "N", "paySystemName": "Наличные"}],
        "shipments": [{"id": 2, "deducted": "N", "priceDelivery": 0, "deliveryName": "Курьер"}],
        "propertyValues": [],
        "clients": [],
        "requisiteLink": [],
    }
    return {**row, **changes}


def line(**changes: Any) -> Row:
    row: Row = {"id": "1", "name": "Кружка", "quantity": 1, "price": 100, "vatRate": Decimal("0.22"), "productId": 0}
    return {**row, **changes}


def mapped(**changes: Any) -> Any:
    return order_of(full(**changes), AROUND, "shop", NOW)


def test_half_a_character_stops_neither_the_order_nor_the_pull() -> None:
    order = mapped(basketItems=[line(name="Чай \ud83d чёрный")], userDescription="\udc00")
    assert ([each.name for each in order.lines], order.comment) == (["Чай ? чёрный"], "?")


def test_ids_and_numbers_may_be_texts() -> None:
    order = mapped()
    assert (order.order_id, order.number, order.version, order.price) == (9071, "MSK-00412", 3, Money(10000))
    assert (order.problems, order.open_payments[0].amount) == ((), Money(10000))


@pytest.mark.parametrize(
    "item, expected",
    [
        ({"price": Decimal("81.97"), "vatIncluded": "N"}, Money(10000)),  # 81.97 × 1.22 = 100.0034
        ({"price": Decimal("90.905"), "vatIncluded": "N", "vatRate": Decimal("0.1")}, Money(10000)),  # 99.9955
        ({"price": Decimal("100"), "vatIncluded": "N", "vatRate": None}, Money(10000)),
        ({"price": Decimal("99.995"), "vatIncluded": "Y"}, Money(10000)),
    ],
)
def test_prices_are_gross_and_rounded_half_up(item: Row, expected: Money) -> None:
    assert mapped(basketItems=[line(**item)]).lines[0].price == expected


@pytest.mark.parametrize(
    "item, word",
    [
        ({"measureCode": "166", "measureName": "килограмм"}, "кг"),
        ({"measureCode": 163, "measureName": ""}, "г"),
        ({"measureCode": "796", "measureName": "pcs."}, "шт"),
        ({"measureCode": "778", "measureName": "упак"}, "упак"),
        ({"measureName": "кг"}, "кг"),
        ({}, "шт"),
    ],
)
def test_a_measure_has_the_word_of_its_tag(item: dict[str, object], word: str) -> None:
    assert mapped(basketItems=[line(**item)]).lines[0].measure == word


@pytest.mark.parametrize(
    "percent, product_row, expected",
    [
        ("22", None, 3),  # the only row of that rate
        ("10", 5, 5),  # the product's own row agrees
        ("22", 5, 3),  # the line's rate beats the card
        ("20", None, None),  # no such row
        ("20", 3, None),
        ("0", 7, 7),
        ("0", 8, 8),  # zero and none collapse: the card decides
        ("0", None, None),  # two rows fit
        (None, None, 8),
        (None, 8, 8),
        (None, 5, None),  # the card says 10 %, the line says nothing
        (None, 7, 8),
    ],
)
def test_vat_rows_are_found_or_left_open(percent: str | None, product_row: int | None, expected: int | None) -> None:
    assert vat_row_of(None if percent is None else Decimal(percent), product_row, AROUND) == expected


def test_two_rows_of_one_rate_are_ambiguous_unless_one_is_inactive() -> None:
    rows = {**ROWS, 4: PortalVatRow(4, "НДС 22% (новый)", Decimal(22))}
    assert vat_row_of(Decimal(22), None, Surroundings(vat_rows=rows)) is None
    assert vat_row_of(Decimal(22), 4, Surroundings(vat_rows=rows)) == 4
    assert vat_row_of(Decimal(22), None, Surroundings(vat_rows=rows, inactive_vat=frozenset({3}))) == 4


def test_a_null_row_may_be_an_old_zero_named_without_vat() -> None:
    rows = {1: PortalVatRow(1, "Без НДС", Decimal(0)), 2: PortalVatRow(2, "НДС 0%", Decimal(0))}
    assert vat_row_of(None, None, Surroundings(vat_rows=rows)) == 1


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"currency": "USD"}, "валюта USD"),
        ({"currency": ""}, "валюта"),
        ({"price": Decimal(0)}, "не больше нуля"),
        ({"price": None}, "не читается"),
        ({"price": Decimal("100.01")}, "строки дают 100,00"),
        ({"price": Decimal("1e15")}, "не читается"),
        ({"basketItems": [line(vatRate=22)]}, "ставка НДС 22"),
        ({"basketItems": [line(vatRate=-1)]}, "ставка НДС"),
        ({"basketItems": [line(quantity="много")]}, "количество"),
        ({"basketItems": [line(quantity=Decimal("0.1234567"))]}, "количество"),
        ({"basketItems": [line(quantity=-1)]}, "количество"),
        ({"basketItems": [line(price=-5)]}, "цена меньше нуля"),
        ({"basketItems": [line(price=Decimal("60000000"), quantity=2)]}, "больше, чем бывает в чеке"),
        ({"basketItems": [line(price=None)]}, "цена не читается"),
        ({"basketItems": [line(name=" ")]}, "нет названия"),
        ({"payments": [{"id": 1, "paySystemId": 1, "sum": None, "paid": "N"}]}, "сумма оплаты 1"),
        ({"payments": [{"id": 1, "paySystemId": 1, "sum": 100, "paid": "N", "isReturn": "Y"}]}, "возвращена"),
        ({"payments": [{"id": None, "paySystemId": 1, "sum": 100, "paid": "N"}]}, "оплата без номера"),
        ({"propertyValues": [{"code": "INN", "value": "77"}]}, "ИНН"),
        ({"shipments": [{"id": 2, "priceDelivery": -1}]}, "цена доставки"),
    ],
)
def test_what_cannot_be_right_is_a_problem_and_stops_the_sale(changes: Row, word: str) -> None:
    order = mapped(**changes)
    assert any(word in problem for problem in order.problems), order.problems
    with pytest.raises(SaleError) as caught:
        refuse_unsellable(order)
    assert caught.value.code == "order_unfit"


def test_cancelled_lines_and_parts_of_sets_are_not_sold() -> None:
    items = [
        line(id="1", name="Набор", type="1", setParentId="1"),
        line(id="2", name="Чашка из набора", price=50, setParentId="1"),
        line(id="3", name="Ложка из набора", price=50, setParentId=1),
        line(id="4", name="Снято", quantity=0),
    ]
    order = mapped(basketItems=items)
    assert ([each.name for each in order.lines], order.problems) == (["Набор"], ())


def test_delivery_is_a_line_of_its_own_without_a_portal_vat_row() -> None:
    shipments = [
        {"id": 2, "deducted": "N", "priceDelivery": Decimal("350"), "deliveryName": "Курьер"},
        {"id": 3, "deducted": "N", "priceDelivery": 90, "canceled": "Y"},
    ]
    order = mapped(shipments=shipments, price=450)
    delivery = order.lines[-1]
    assert (delivery.name, delivery.price, delivery.is_delivery) == ("Доставка", Money(35000), True)
    assert (delivery.vat_row, delivery.vat_percent) == (None, None)
    assert ([each.shipment_id for each in order.shipments], order.problems) == ([2], ())


@pytest.mark.parametrize(
    "system, expected", [(1, (False, False)), (2, (True, False)), (9, (False, True)), (44, (None, False))]
)
def test_payments_know_whether_the_portal_prints(system: int, expected: tuple[bool | None, bool]) -> None:
    payment = mapped(payments=[{"id": 1, "paySystemId": system, "sum": 100, "paid": "N"}]).payments[0]
    assert (payment.prints_receipt, payment.is_inner) == expected


@pytest.mark.parametrize(
    "row, prints",
    [
        ({"ID": "4", "NAME": "Онлайн", "CAN_PRINT_CHECK": "Y"}, True),
        ({"ID": 4, "CAN_PRINT_CHECK": "N"}, False),
        ({"ID": 4}, None),
        ({"ID": 4, "CAN_PRINT_CHECK": ""}, None),
    ],
)
def test_not_said_is_not_no(row: Row, prints: bool | None) -> None:
    system = pay_system_of(row)
    assert system is not None
    assert system.prints is prints


def test_the_buyer_is_found_by_the_meaning_of_properties() -> None:
    values = [
        {"orderPropsId": 1, "code": "TEL_2", "value": "8 (900) 123-45-67"},
        {"orderPropsId": 2, "code": "MAIL", "value": "a@b.example"},
        {"orderPropsId": 5, "code": "FIO", "value": "Иванова  Анна"},
        {"orderPropsId": 6, "code": "ADDRESS", "value": ["Москва", "Ленина, 1"]},
        {"orderPropsId": 7, "code": "FILE", "value": {"id": 5, "src": "/x"}},
        {"orderPropsId": 8, "code": "DELIVERY_DATE", "value": "21.11.2026"},
        {"orderPropsId": 9, "code": "DELIVERY_WINDOW", "value": "10–14"},
    ]
    order = mapped(propertyValues=values, userDescription="Не звонить")
    assert (order.buyer.phone, order.buyer.email, order.buyer.name) == ("+79001234567", "a@b.example", "Иванова Анна")
    assert (order.buyer.address, order.delivery_date, order.delivery_window) == (
        "Москва, Ленина, 1",
        "2026-11-21",
        "10–14",
    )
    assert (order.is_courier, order.comment) == (True, "Не звонить")
    pickup = mapped(propertyValues=values, shipments=[{"id": 2, "deliveryName": "Самовывоз"}])
    assert not pickup.is_courier


def test_rubbish_never_raises() -> None:
    rubbish: list[Any] = [None, [], {}, "", "x", -1, True, [1], {"a": 1}]
    keys = [key for key in full() if key not in ("id", "accountNumber")]
    for key in keys:
        for value in rubbish:
            order_of(full(**{key: value}), AROUND, "shop", NOW)
    for part in ("basketItems", "payments", "shipments", "propertyValues", "clients"):
        for name in (
            "id",
            "name",
            "quantity",
            "price",
            "vatRate",
            "sum",
            "paySystemId",
            "priceDelivery",
            "value",
            "code",
        ):
            for value in rubbish:
                order_of(full(**{part: [{**line(), name: value}]}), AROUND, "shop", NOW)
    with pytest.raises(ValueError, match="order has"):
        order_of({}, AROUND, "shop", NOW)
