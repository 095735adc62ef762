"""People and programs outside the till: somebody at the portal, and the second program on the register."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from posapp.simulation import market
from posapp.simulation.event import Event
from posapp.simulation.ledger import PERSON
from posapp.simulation.second_program import SecondProgramRefused
from posapp.sync.simulator import orders
from posapp.sync.simulator.envelope import PortalError

if TYPE_CHECKING:
    from posapp.simulation.world import World


def portal(world: World, event: Event) -> str:
    """A person at the portal edits, cancels, pays or deletes an order."""
    number, does = market.order_id(event.args["day"], event.args["order"]), event.args["do"]
    order = world.portal.shop.orders.get(number)
    if order is None:
        return "gone"
    try:
        _change(world, order, does)
    except PortalError as error:
        return error.code
    finally:
        world.ledger.look(PERSON)
    world.fired(f"order_{_NAMES[does]}")
    return "done"


_NAMES = {
    "comment": "commented",
    "edit": "edited",
    "cancel": "cancelled",
    "pay": "paid_elsewhere",
    "delete": "deleted",
    "status": "status_moved",
}


def _change(world: World, order: dict[str, Any], does: str) -> None:
    shop, now, number = world.portal.shop, world.clock.aware, order["id"]
    match does:
        case "comment":
            orders.update_order(shop, {"id": number, "fields": {"comments": "позвонить"}}, now)
        case "status":
            orders.update_order(shop, {"id": number, "fields": {"statusId": "DE"}}, now)
        case "cancel":
            orders.update_order(shop, {"id": number, "fields": {"canceled": "Y"}}, now)
        case "edit":
            _add_a_line(world, order)
        case "pay":
            for payment in order["payments"]:
                fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
                orders.update_payment(shop, {"id": payment["id"], "fields": fields}, now)
        case "delete":
            world.ledger.goods_gone_with(order)
            del shop.orders[number]


def _add_a_line(world: World, order: dict[str, Any]) -> None:
    """One more thing, and the payment follows, unless it is paid already."""
    shop, now = world.portal.shop, world.clock.aware
    payment = order["payments"][0]
    if payment["paid"] == "Y" or order["canceled"] == "Y":
        raise PortalError("0", "paid or cancelled")
    line = {"orderId": order["id"], "productId": 303, "name": "Ещё одно", "quantity": Decimal(1), "currency": "RUB"}
    orders.add_catalog_product(shop, {"fields": line}, now)
    fields = {"paySystemId": payment["paySystemId"], "sum": order["price"]}
    orders.update_payment(shop, {"id": payment["id"], "fields": fields}, now)


def second_program(world: World, event: Event) -> str:
    """The second program works while ours does nothing."""
    register, kopecks = world.seats[event.till].register, event.args["kopecks"]
    with suppress(SecondProgramRefused):
        match event.args["do"]:
            case "receipt":
                register.foreign_receipt(kopecks)
            case "correction":
                register.foreign_correction(kopecks)
            case "cash_in":
                register.do_cash_in(kopecks)
            case _:
                register.foreign_open(kopecks)
                world.foreign_receipt_opens(register)
        world.fired(f"second_program_{event.args['do']}")
        return "done"
    return "refused"
