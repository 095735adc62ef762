"""Every fault that the simulation knows, by name; how a seed plans one, and how it is armed in a world.

The catalogue is in four files: cable and register, portal, computer and disk, other programs. A fault that is armed
waits for its moment – a command, a request, a commit – and is counted when it *fires*. What today's product does not
have cannot fail and is not faked:

- an update in the middle, and a forced restart inside it: there is no updater yet; a restart is `kill_*`;
- a torn page: the WAL's frames carry checksums; `power_loss` tears and garbles the frames after the last commit;
- daylight saving: the shop's country has none; `clock_zone` moves the computer's zone instead.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from posapp.simulation.event import Event
from posapp.simulation.fault_kinds import Kind
from posapp.simulation.faults_computer import COMPUTER
from posapp.simulation.faults_disk import DISK
from posapp.simulation.faults_gateway import GATEWAY
from posapp.simulation.faults_others import OTHERS
from posapp.simulation.faults_portal import PORTAL
from posapp.simulation.faults_register import REGISTER

if TYPE_CHECKING:
    from posapp.simulation.world import World

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*REGISTER, *PORTAL, *GATEWAY, *COMPUTER, *DISK, *OTHERS)}
DAY_MIN, DAY_MAX = 4, 8


def planned(random: Random, begin: float, hours: tuple[float, float], tills: int) -> list[Event]:
    """The faults of one day: armed between `hours` (seconds after `begin`), each at one till."""
    kinds = [kind for kind in KINDS.values() if tills > 1 or kind not in GATEWAY]
    chosen = random.choices(kinds, [kind.weight for kind in kinds], k=random.randint(DAY_MIN, DAY_MAX))
    return [
        Event(
            round(begin + random.uniform(*hours), 1),
            "fault",
            random.randrange(tills),
            {"name": kind.name, **kind.draw(random)},
        )
        for kind in chosen
    ]


def arm(world: World, event: Event) -> None:
    """A planned fault begins to wait, or happens."""
    kind = KINDS[event.args["name"]]
    kind.arm(world, world.seats[event.till], event.args)
