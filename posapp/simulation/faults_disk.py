"""Faults of the disk under the journal, at a chosen commit (reference: peers.md 4.2; SQLite result codes)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.simulation.disk import BROKEN, FULL, KILL_AFTER, KILL_BEFORE, LOCKED, POWER, READ_ONLY, Trouble
from posapp.simulation.fault_kinds import Args, Kind

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World


def _trouble(name: str, do: str) -> Callable[[World, Seat, Args], None]:
    def arm(world: World, seat: Seat, args: Args) -> None:
        more = {key: args[key] for key in ("garbles", "cut") if key in args}
        seat.disk.arm(Trouble(name, do, args["nth"], args.get("times", 1), **more))

    return arm


def _nth(times: tuple[int, ...] = (1,)) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {"nth": random.randint(1, 12), "times": random.choice(times)}


def _torn(random: Random) -> dict[str, Any]:
    return {
        "nth": random.randint(1, 12),
        "garbles": random.random() < 0.5,
        "cut": random.choice((0.0, 0.3, 0.7, 0.99)),
    }


DISK = (
    Kind("disk_full", _trouble("disk_full", FULL), _nth((1, 2, 4, 20))),
    Kind("disk_read_only", _trouble("disk_read_only", READ_ONLY), _nth((1, 2, 10))),
    Kind("disk_locked", _trouble("disk_locked", LOCKED), _nth((1, 2, 4))),
    Kind("disk_io_error", _trouble("disk_io_error", BROKEN), _nth((1, 2, 4))),
    Kind("kill_before_commit", _trouble("kill_before_commit", KILL_BEFORE), _nth(), 1.5),
    Kind("kill_after_commit", _trouble("kill_after_commit", KILL_AFTER), _nth(), 1.5),
    Kind("power_loss", _trouble("power_loss", POWER), _torn, 1.5),
)
