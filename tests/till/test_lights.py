"""Four lights: grey not due, amber on its way, green proven by an id, red needs a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.journal.rows import OutboxEntry
from posapp.till import orders
from posapp.till.lights import lights_of, trouble_of
from posapp.till.views import Light
from tests.till.shops import Shop, an_order

GREY, AMBER, GREEN, RED = Light.GREY, Light.AMBER, Light.GREEN, Light.RED
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def entry(step: str, state: str, code: str = "", proof: str = "") -> OutboxEntry:
    number = ("mark", "payment", "status", "stock").index(step) + 1
    return OutboxEntry(
        number, "KEY", step, 1, "1001", "shop", {}, state, 1, AT, AT, code, {"reason": "нет прав"}, False, proof
    )


def paid(order: Order) -> Order:
    return replace(order, payments=(replace(order.payments[0], is_paid=True),))


def deducted(order: Order) -> Order:
    return replace(order, shipments=(replace(order.shipments[0], is_deducted=True),))


@pytest.mark.parametrize(
    "state, light, is_unknown",
    [
        (State.HELD, RED, False),
        (State.PENDING, AMBER, False),
        (State.SENDING, AMBER, True),
        (State.FISCALIZED, GREEN, False),
        (State.REFUSED, RED, False),
        (State.CANCELLED, GREY, False),
    ],
)
def test_the_receipt(shop: Shop, state: State, light: Light, is_unknown: bool) -> None:
    shop.sell()
    stored = replace(shop.stored(), state=state, reason="кончилась бумага")
    lamp = lights_of(an_order(), stored, []).receipt
    assert (lamp.light, lamp.is_unknown) == (light, is_unknown)
    if light is GREEN:
        assert lamp.proof == "ФД 3"
    if light is RED:
        assert lamp.trouble is not None
        assert "кончилась бумага" in lamp.trouble.message()
    if is_unknown:
        assert lamp.trouble is not None
        assert stored.receipt.key in lamp.trouble.message()


@pytest.mark.parametrize(
    "mark, payment, light",
    [
        (None, None, GREY),
        ("waiting", "waiting", AMBER),
        ("done", "waiting", AMBER),
        ("waiting", "done", AMBER),
        ("done", "done", GREEN),
        ("failed", "waiting", RED),
        ("done", "failed", RED),
        ("held", "done", RED),
        ("waiting", "held", RED),
    ],
)
def test_money_is_green_when_the_portal_has_the_mark_and_the_payment(
    mark: str | None, payment: str | None, light: Light
) -> None:
    entries = [entry(step, state) for step, state in (("mark", mark), ("payment", payment)) if state]
    assert lights_of(an_order(), None, entries).money.light is light


def test_the_button_beside_a_red_lamp_retries_the_entry_that_failed() -> None:
    lamp = lights_of(an_order(), None, [entry("mark", "done"), entry("payment", "failed", "portal_rejected")]).money
    assert lamp.entry == 2
    assert lamp.trouble is not None
    assert "нет прав" in lamp.trouble.message()


@pytest.mark.parametrize("state, light", [("waiting", AMBER), ("done", GREEN), ("failed", RED), ("held", RED)])
def test_status_and_stock(state: str, light: Light) -> None:
    lights = lights_of(an_order(), None, [entry("status", state, proof="F"), entry("stock", state, proof="отгрузка 1")])
    assert (lights.status.light, lights.stock.light) == (light, light)
    if light is GREEN:
        assert (lights.status.proof, lights.stock.proof) == ("F", "отгрузка 1")


def test_what_the_portal_did_without_us_is_green_too() -> None:
    lights = lights_of(deducted(paid(an_order())), None, [])
    assert lights.as_json() == {"receipt": "grey", "money": "green", "status": "grey", "stock": "green"}
    assert (lights.money.proof, lights.stock.proof) == ("оплата 1", "отгрузка 1")
    assert not lights.all_green


def test_our_entry_outweighs_what_the_copy_of_the_order_says() -> None:
    lights = lights_of(deducted(paid(an_order())), None, [entry("payment", "failed"), entry("stock", "waiting")])
    assert (lights.money.light, lights.stock.light) == (RED, AMBER)


def test_all_green(shop: Shop) -> None:
    shop.sell()
    done = [entry(step, "done", proof="1") for step in ("mark", "payment", "status", "stock")]
    assert lights_of(an_order(), shop.stored(), done).all_green
    assert not lights_of(an_order(), shop.stored(), done[:3]).all_green


def test_a_code_that_is_not_known_any_more_is_no_trouble() -> None:
    assert trouble_of(entry("mark", "failed", "of_an_older_program")) is None


def test_an_order_on_its_way_through_a_sale(shop: Shop) -> None:
    order = an_order()
    assert orders.view(shop.till, order).lights.as_json() == dict.fromkeys(
        ("receipt", "money", "status", "stock"), "grey"
    )
    shop.sell()
    shown = orders.view(shop.till, order)
    assert shown.lights.as_json() == {"receipt": "green", "money": "amber", "status": "amber", "stock": "amber"}
    assert shown.refusal is not None
    assert shown.refusal.code == "already_receipted"
