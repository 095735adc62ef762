"""What changed since the courier left: seen before money is taken, also when the sweep has replaced his copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posapp.domain.order_changes import What
from posapp.errors import Offline, Rejected, SetupError
from posapp.settings import RouteSettings
from posapp.till import doorstep, exchange, orders, route
from posapp.till.context import Till
from posapp.till.doorstep import ChangedAtDoor
from tests.sync.direct import BEGAN, HOST, Direct, direct, till_on
from tests.sync.portals import Row, order_row, shop_of


def courier_row(number: int, **changes: object) -> Row:
    at = (BEGAN - timedelta(days=1)).isoformat()
    row = order_row(number, dateInsert=at, dateUpdate=at, responsibleId=7)
    row["propertyValues"] = [
        {"id": number * 10 + 3, "orderPropsId": 21, "code": "COURIER", "value": "Орлов Д."},
        {"id": number * 10 + 4, "orderPropsId": 22, "code": "ADDRESS", "value": f"ул. Ленина, {number}"},
    ]
    return {**row, **changes}


@pytest.fixture
def line() -> Direct:
    """Five orders: 1–3 are the courier's, 4 is a colleague's, 5 is finished."""
    rows = [courier_row(n) for n in (1, 2, 3)]
    other = courier_row(4, responsibleId=8)
    other["propertyValues"][0]["value"] = "Сомов"
    return direct(shop_of(*rows, other, courier_row(5, statusId="F")))


@pytest.fixture
def till(line: Direct, tmp_path: Path) -> Iterator[Till]:
    with till_on(line, tmp_path) as opened:
        exchange.pull(opened)
        yield opened


def changed_on_the_portal(line: Direct, order_id: int, **values: object) -> None:
    line.seconds += 60
    row = line.orders[order_id]
    row |= {**values, "version": row["version"] + 1, "dateUpdate": line.portal_now().isoformat(timespec="seconds")}


def dearer(line: Direct, order_id: int) -> None:
    line.orders[order_id]["basketItems"][0]["price"] = 150
    line.orders[order_id]["payments"][0]["sum"] = 150
    changed_on_the_portal(line, order_id, price=150)


# ---------------------------------------------------------------------------------------------- the door
def test_the_sweep_replaces_the_copy_and_the_courier_still_sees_what_changed(till: Till, line: Direct) -> None:
    assert doorstep.leave_with_deliveries(till) == 4
    dearer(line, 2)
    exchange.pull(till)
    shown = orders.view(till, orders.find(till, "N-2"))
    assert [each.what for each in shown.changes] == [What.TO_PAY, What.LINE_PRICE]
    assert shown.left_at is not None
    with pytest.raises(ChangedAtDoor, match=r"100,00.₽ → 150,00.₽") as caught:
        doorstep.require_seen(till, shown.order)
    assert caught.value.exit_code == 1
    doorstep.require_seen(till, shown.order)  # asked again is consent
    assert orders.view(till, orders.find(till, "N-2")).changes == ()


def test_another_change_after_the_consent_is_asked_for_again(till: Till, line: Direct) -> None:
    doorstep.leave_with_deliveries(till)
    dearer(line, 2)
    order = exchange.order_for_sale(till, "N-2")
    with pytest.raises(ChangedAtDoor):
        doorstep.require_seen(till, order)
    line.orders[2]["basketItems"][0]["price"] = line.orders[2]["payments"][0]["sum"] = 160
    changed_on_the_portal(line, 2, price=160)
    with pytest.raises(ChangedAtDoor, match=r"150,00.₽ → 160,00.₽"):
        doorstep.require_seen(till, exchange.order_for_sale(till, "N-2"))


def test_an_address_is_shown_and_keeps_nobody_from_selling(till: Till, line: Direct) -> None:
    doorstep.leave_with_deliveries(till)
    line.orders[1]["propertyValues"][1]["value"] = "ул. Мира, 9"
    changed_on_the_portal(line, 1)
    order = exchange.order_for_sale(till, "N-1")
    assert [each.what for each in orders.view(till, order).changes] == [What.ADDRESS]
    doorstep.require_seen(till, order)
    assert [row.is_changed for row in orders.route(till) if row.number == "N-1"] == [True]


def test_an_order_that_nobody_left_with_is_compared_with_the_copy_of_a_moment_ago(till: Till, line: Direct) -> None:
    before = orders.on_board(till, "N-3")
    dearer(line, 3)
    order = exchange.order_for_sale(till, "N-3")
    with pytest.raises(ChangedAtDoor):
        doorstep.require_seen(till, order, before)
    doorstep.require_seen(till, order, orders.on_board(till, "N-3"))


def test_an_order_cancelled_meanwhile_is_refused_by_its_own_words(till: Till, line: Direct) -> None:
    doorstep.leave_with_deliveries(till)
    changed_on_the_portal(line, 1, canceled="Y")
    order = exchange.order_for_sale(till, "N-1")
    doorstep.require_seen(till, order)
    shown = orders.view(till, order)
    assert shown.changes[0].what is What.CANCELLED
    assert shown.refusal is not None
    assert shown.refusal.code == "order_cancelled"


def test_what_he_left_with_today_stays_however_often_he_loads(till: Till, line: Direct) -> None:
    doorstep.leave_with_deliveries(till)
    dearer(line, 2)
    exchange.pull(till)
    assert doorstep.leave_with_deliveries(till) == 0
    assert orders.view(till, orders.find(till, "N-2")).changes
    line.seconds += 86_400
    assert doorstep.leave_with_deliveries(till) > 0  # the next morning he leaves with what is there then
    assert orders.view(till, orders.find(till, "N-2")).changes == ()


# ---------------------------------------------------------------------------------------------- the route
def with_route(till: Till, **chosen: object) -> Till:
    return replace(till, settings=till.settings.with_(route=RouteSettings(**chosen)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "chosen, expected",
    [
        ({"responsible": 7}, {1, 2, 3}),
        ({"responsible": 8}, {4}),
        ({"responsible": 99}, set()),
        ({"properties": "COURIER=Орлов Д."}, {1, 2, 3}),
        ({"properties": "courier=орлов д.\nADDRESS=ул. Ленина, 2"}, {2}),
        ({"responsible": 8, "properties": "COURIER=Орлов Д."}, set()),
        ({"statuses": "F"}, {5}),
        ({"statuses": "N,F", "responsible": 7}, {1, 2, 3, 5}),
    ],
)
def test_a_route_is_exactly_what_the_portal_lists_for_it(till: Till, chosen: Row, expected: set[int]) -> None:
    till = with_route(till, **chosen)
    found = route.prove(till)
    assert (found.expected, found.on_board, found.is_complete) == (len(expected), len(expected), True)
    assert {row.order_id for row in orders.route(till)} == expected
    assert route.proof(till) == found


def test_what_is_no_longer_his_leaves_the_route_and_what_is_new_joins(till: Till, line: Direct) -> None:
    till = with_route(till, responsible=7)
    route.prove(till)
    changed_on_the_portal(line, 1, responsibleId=8)
    changed_on_the_portal(line, 4, responsibleId=7)
    route.prove(till)
    assert {row.order_id for row in orders.route(till)} == {2, 3, 4}


def test_an_order_that_cannot_be_read_is_missing_and_named(till: Till, line: Direct) -> None:
    till = with_route(till, responsible=7)

    def after(method: str, _sent: object, body: Row) -> None:
        if method == "batch" and "o3" in (body["result"]["result"] or {}):
            del body["result"]["result"]["o3"]
            body["result"]["result_error"] = {"o3": {"error": "ERROR_CORE", "error_description": "SQL query error!"}}

    line.after = after
    found = route.prove(till)
    assert (found.expected, found.on_board, found.missing, found.is_complete) == (3, 2, (3,), False)


def test_trap_27_a_misunderstood_filter_takes_nobody_on_the_road(till: Till, line: Direct) -> None:
    """The portal answers with the whole shop: no order of it becomes the courier's."""
    till = with_route(till, responsible=7)

    def before(_count: int, method: str, body: Row) -> None:
        if "filter" in body:
            body["filter"].pop("responsibleId", None)

    line.before = before
    with pytest.raises(Rejected, match="не применил отбор"):
        route.prove(till)
    assert till.journal.route_stops(HOST) == []


def test_trap_27_a_misspelt_property_is_noticed(till: Till, line: Direct) -> None:
    till = with_route(till, properties="COURIER=Орлов Д.")

    def before(_count: int, _method: str, body: Row) -> None:
        if "code" in body.get("filter", {}):
            body["filter"]["kode"] = body["filter"].pop("code")
            body["filter"].pop("value")

    line.before = before
    with pytest.raises(Rejected, match="не применил отбор"):
        route.prove(till)


def test_a_count_that_says_more_is_no_complete_route(till: Till, line: Direct) -> None:
    till = with_route(till, responsible=7)

    def after(method: str, _sent: object, body: Row) -> None:
        if method == "sale.order.list" and "total" in body:
            body["total"] = 4

    line.after = after
    found = route.prove(till)
    assert (found.expected, found.on_board, found.is_complete) == (4, 3, False)


def test_trap_61_without_a_count_there_is_no_proof(till: Till, line: Direct) -> None:
    till = with_route(till, responsible=7)
    line.after = lambda _method, _sent, body: body.pop("total", None)
    with pytest.raises(Offline, match="не сосчитал"):
        route.prove(till)


def test_an_order_deleted_between_listing_and_reading_is_listed_once_more(till: Till, line: Direct) -> None:
    till = with_route(till, responsible=7)

    def before(_count: int, method: str, _body: Row) -> None:
        if method == "batch":
            line.orders.pop(3, None)

    line.before = before
    found = route.prove(till)
    assert (found.expected, found.on_board, found.is_complete) == (2, 2, True)


def test_without_a_filter_there_is_nothing_to_prove(till: Till) -> None:
    assert route.proof(till) is None
    with pytest.raises(SetupError):
        route.prove(till)
    assert {row.order_id for row in orders.route(till)} == {1, 2, 3, 4}
