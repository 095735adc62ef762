"""The end of a world: the till's own reconciliation must find what is true, and nothing else.

Journal, storage and portal were held against each other by the judge all the time, without the till. Here the till does
it itself, once everything is healed and people are through: what it calls a difference must be one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.simulation.violation import Violation
from posapp.till import reconcile
from posapp.till.reconcile_views import Difference

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

OFD = "ofd"
"""The witness that a simulated shop does not have."""


def agree(world: World) -> None:
    """Every till reconciles its day. Raises Violation for a difference that is none, and for a witness not heard."""
    if not world.plan.events or not world.plan.events[-1].args.get("heals"):
        return
    for seat in world.seats:
        report = reconcile.run(seat.start())
        for silent in report.not_checked:
            if silent.source != OFD:
                raise Violation(f"касса {seat.name}: сверка не спросила {silent.source}: {silent.why.text('ru')}")
        for each in report.differences:
            if not _is_true(world, seat, each):
                raise Violation(f"касса {seat.name}: сверка говорит: {each.message()}")


def _is_true(world: World, seat: Seat, difference: Difference) -> bool:
    """Begun and not made; of an order that people changed; or about a document that could not be read for a while."""
    if difference.code == "not_printed":
        return world.judge.document_with(difference.key) is None
    storage = world.own_printer(seat.register).identity.storage_number
    number = difference.order.removeprefix("MSK-")
    order_id = int(number) if number.isdecimal() else 0
    places = [(storage, difference.document_number or 0), *(each.place for each in world.judge.papers_of(order_id))]
    if any(seat.register.was_unreadable(place) for place in places):
        return True
    return world.ledger.touched_by_people(order_id)
