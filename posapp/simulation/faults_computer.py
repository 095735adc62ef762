"""Faults of the computer: the program killed anywhere, its clock wrong (the disk: `faults_disk`)."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.simulation.fault_kinds import Args, Kind, nothing
from posapp.simulation.faults_register import LOOKING, RECEIPT

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

SHIFT = (0xE0, 0x41, 0x50, 0x51)


def _kill_at_frame(world: World, seat: Seat, args: Args) -> None:
    is_after = args["after"]
    seat.register.killed_at = (args["code"], is_after)
    world.counts_as("kill_after_frame" if is_after else "kill_before_frame", lambda: seat.register.killed_at is None)


def _kill_at_request(world: World, seat: Seat, args: Args) -> None:
    moment = args["moment"]
    seat.line.killed_at = moment
    world.counts_as(f"kill_{moment}_request", lambda: seat.line.killed_at is None)


def _kill_now(world: World, seat: Seat, args: Args) -> None:
    if seat.is_running:
        world.died(seat)
        world.fired("kill_idle")


def _pc_clock(name: str) -> Any:
    def arm(world: World, seat: Seat, args: Args) -> None:
        before = seat.pc_offset
        seat.pc_offset = before + timedelta(seconds=args["by_s"])
        world.lasts(name, args["for_s"], lambda: setattr(seat, "pc_offset", timedelta()))

    return arm


def _by(*seconds: float) -> Any:
    return lambda random: {"by_s": random.choice(seconds), "for_s": round(random.uniform(600, 7200))}


def _frame(is_after: bool) -> Any:
    def draw(random: Random) -> dict[str, Any]:
        return {"code": random.choice(RECEIPT + RECEIPT + LOOKING + SHIFT), "after": is_after}

    return draw


COMPUTER = (
    Kind("kill_before_frame", _kill_at_frame, _frame(False), 2.0),
    Kind("kill_after_frame", _kill_at_frame, _frame(True), 2.0),
    Kind("kill_before_request", _kill_at_request, lambda random: {"moment": "before"}),
    Kind("kill_after_request", _kill_at_request, lambda random: {"moment": "after"}),
    Kind("kill_idle", _kill_now, nothing),
    Kind("pc_clock_second", _pc_clock("pc_clock_second"), _by(-1, 1)),
    Kind("pc_clock_hours", _pc_clock("pc_clock_hours"), _by(-10_800, 10_800)),
    Kind("pc_clock_day", _pc_clock("pc_clock_day"), _by(-86_400, 86_400)),
    Kind("clock_zone", _pc_clock("clock_zone"), _by(-3600, 3600)),
)
