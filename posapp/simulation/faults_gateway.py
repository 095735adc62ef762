"""Faults of the way to the gateway, which keeps the claims of several tills. A lone till has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.simulation.fault_kinds import Args, Kind, lasting

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World


def _gateway_down(world: World, seat: Seat, args: Args) -> None:
    line = seat.gateway
    if line is not None:
        line.is_up = False
        world.lasts("gateway_down", args["for_s"], lambda: setattr(line, "is_up", True))


def _answer_lost(world: World, seat: Seat, args: Args) -> None:
    line = seat.gateway
    if line is not None:
        line.loses_answers = args["times"]
        world.counts_as("gateway_answer_lost", lambda: line.loses_answers < args["times"])


def _kill(world: World, seat: Seat, args: Args) -> None:
    line = seat.gateway
    if line is not None:
        line.killed_at = args["moment"]
        world.counts_as("kill_at_gateway", lambda: line.killed_at is None)


GATEWAY = (
    Kind("gateway_down", _gateway_down, lasting(300, 4 * 3600), 1.5),
    Kind("gateway_answer_lost", _answer_lost, lambda random: {"times": random.choice((1, 1, 3))}, 1.5),
    Kind("kill_at_gateway", _kill, lambda random: {"moment": random.choice(("before", "after"))}, 1.5),
)
