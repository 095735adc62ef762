"""Every fault that the simulation knows, by name; how a seed plans one, and how it is armed in a world.

The catalogue is in four files: cable and register, portal, computer and disk, other programs. A fault that is armed
waits for its moment – a command, a request, a commit – and is counted when it *fires*. What today's product does not
have cannot fail and is not faked:

- an update in the middle, and a forced restart inside it: there is no updater yet; a restart is `kill_*`;
- a torn page: the WAL's frames carry checksums; `power_loss` tears and garbles the frames after the last commit;
- daylight saving: the shop's country has none; `clock_zone` moves the computer's zone instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from posapp.simulation.event import Event
from posapp.simulation.fault_kinds import Kind
from posapp.simulation.faults_computer import COMPUTER
from posapp.simulation.faults_directory import DIRECTORY
from posapp.simulation.faults_disk import DISK
from posapp.simulation.faults_gateway import GATEWAY
from posapp.simulation.faults_others import OTHERS
from posapp.simulation.faults_portal import PORTAL
from posapp.simulation.faults_register import REGISTER

if TYPE_CHECKING:
    from posapp.simulation.world import World

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*REGISTER, *PORTAL, *GATEWAY, *COMPUTER, *DISK, *DIRECTORY, *OTHERS)
}
DAY_MIN, DAY_MAX = 3, 6
AT_ONCE = ("network_down", "cable_out", "paper_out_before", "two_instances", "pc_clock_second", "register_clock_second")
"""Faults that need no moment of their own: they happen when they are armed."""
SURE = 2
"""So many of those come every day, whatever else waits in vain."""


def planned(
    random: Random, begin: float, hours: tuple[float, float], tills: int, only: Sequence[str] = ()
) -> list[Event]:
    """The faults of one day: armed between `hours` (seconds after `begin`), each at one till.

    Some come alone, some in a bad hour: several within two minutes at one till, so that they meet in one sale.
    `only` are the names of those that may come at all.
    """
    kinds = [kind for kind in KINDS.values() if tills > 1 or kind not in GATEWAY]
    sure = [KINDS[name] for name in random.sample(AT_ONCE, SURE)]
    if only:
        kinds = [KINDS[name] for name in only]
        sure = []
    weights = [kind.weight for kind in kinds]
    moments = [(random.uniform(*hours), random.randrange(tills)) for _ in range(random.randint(DAY_MIN, DAY_MAX))]
    for _ in range(random.choice((1, 2, 2, 3))):
        at, till = random.uniform(*hours), random.randrange(tills)
        moments += [(at + random.uniform(0, 120), till) for _ in range(random.choice((2, 3)))]
    chosen = [*sure, *random.choices(kinds, weights, k=len(moments))]
    moments = [*((random.uniform(*hours), random.randrange(tills)) for _ in sure), *moments]
    return [
        Event(round(begin + at, 1), "fault", till, {"name": kind.name, **kind.draw(random)})
        for (at, till), kind in zip(moments, chosen, strict=True)
    ]


def arm(world: World, event: Event) -> None:
    """A planned fault begins to wait, or happens."""
    kind = KINDS[event.args["name"]]
    kind.arm(world, world.seats[event.till], event.args)
