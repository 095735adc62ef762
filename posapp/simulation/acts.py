"""What an event of a plan means: its name → who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from posapp.simulation import cashier, faults, manager, outside, returns
from posapp.simulation.event import Event

if TYPE_CHECKING:
    from posapp.simulation.world import World


def _fault(world: World, event: Event) -> str:
    faults.arm(world, event)
    return "armed"


ACTS: dict[str, Callable[[World, Event], str]] = {
    "morning": manager.morning,
    "evening": manager.evening,
    "sell": cashier.sell,
    "refund": returns.refund_of,
    "sync": manager.sync,
    "sync_inside": manager.sync_inside,
    "route": manager.route,
    "manager": manager.looks,
    "cash_in": manager.cash,
    "cash_out": manager.cash,
    "x_report": manager.x_report,
    "new_shift": manager.new_shift,
    "restart": manager.restart,
    "outbox": manager.outbox,
    "give_up": manager.give_up,
    "portal": outside.portal,
    "second": outside.second_program,
    "fault": _fault,
}
