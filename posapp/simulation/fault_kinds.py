"""What a kind of fault is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A named fault: `draw` gives the arguments of one that is planned, `arm` lets it wait or happen."""

    name: str
    arm: Callable[[World, Seat, Args], None]
    draw: Callable[[Random], dict[str, Any]]
    weight: float = 1.0


def nothing(_random: Random) -> dict[str, Any]:
    """No arguments."""
    return {}


def lasting(least_s: float, most_s: float) -> Callable[[Random], dict[str, Any]]:
    """A trouble that lasts."""
    return lambda random: {"for_s": round(random.uniform(least_s, most_s))}
