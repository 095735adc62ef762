"""Faults of the portal, of the line to it and of the right to use it (reference: peers.md 4.2, bitrix.md 2)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.simulation.fault_kinds import Args, Kind, lasting
from posapp.sync.simulator.portal import Portal, Request

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

WRITES = ("sale.payment.update", "sale.order.update", "sale.shipment.update")
READS = ("sale.order.get", "sale.paysystem.list", "sale.order.list")


def _call(name: str, do: str, when: str, **more: Any) -> Callable[[World, Seat, Args], None]:
    """A fault of the simulated portal's own."""

    def arm(world: World, seat: Seat, args: Args) -> None:
        fault = {"method": args["method"], "nth": args.get("nth", 1), "when": when, "do": do, **more}
        world.arm_request(name, {**fault, "times": args.get("times", 1)})

    return arm


def _on(
    *methods: str, nth: tuple[int, ...] = (1,), times: tuple[int, ...] = (1,)
) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {
        "method": random.choice(methods),
        "nth": random.choice(nth),
        "times": random.choice(times),
    }


def _network_down(world: World, seat: Seat, args: Args) -> None:
    """A courier out of reach, or a dead line: hours without the portal."""
    line, gateway = seat.line, seat.gateway
    line.is_up = False

    def back() -> None:
        line.is_up = True
        if gateway is not None:
            gateway.is_up = True

    if gateway is not None:
        gateway.is_up = False
    world.lasts("network_down", args["for_s"], back)


def _token_revoked(world: World, seat: Seat, args: Args) -> None:
    """The webhook is deleted, and later restored."""
    access = world.portal.access
    own = access.seed
    if own != world.portal_seed:
        return
    access.seed = own + 1
    world.lasts("token_revoked", args["for_s"], lambda: setattr(access, "seed", own))


def _scope_lost(world: World, seat: Seat, args: Args) -> None:
    """The right to see who prints is taken away, and given back."""
    access = world.portal.access
    if "pay_system" not in access.scopes:
        return
    own = access.scopes
    access.scopes = tuple(each for each in own if each != "pay_system")
    world.lasts("scope_lost", args["for_s"], lambda: setattr(access, "scopes", own))


def _late_write(world: World, seat: Seat, args: Args) -> None:
    """A write is worked on when the till has long given up and perhaps written again."""
    seat.line.late = (args["delay_s"], args["skip"])
    world.counts_as("portal_late_write", lambda: seat.line.late is None)


def _stale_read(world: World, seat: Seat, args: Args) -> None:
    """Reads come from a copy of the portal that lags behind; writes go where they should."""
    portal = world.portal
    behind = Portal(replace(portal.shop, orders=copy.deepcopy(portal.shop.orders)), portal.access, portal.limiter)
    left = [args["times"]]

    def answers(request: Request) -> Portal:
        if left[0] <= 0 or b"update" in request.body:
            return portal
        left[0] -= 1
        world.fired_once("stale_read", behind)
        return behind

    seat.line.stale = answers
    world.at_healing(lambda: setattr(seat.line, "stale", None))


PORTAL = (
    Kind("portal_503", _call("portal_503", "http", "before", value=503), _on("batch", "*", times=(1, 3, 8))),
    Kind("portal_429", _call("portal_429", "http", "before", value=429), _on(*WRITES, *READS, times=(1, 2))),
    Kind("portal_500", _call("portal_500", "http", "after_commit", value=500), _on(*WRITES, "batch")),
    Kind("portal_timeout_before", _call("portal_timeout_before", "slow", "before", value=90), _on("batch", *WRITES)),
    Kind(
        "portal_timeout_after", _call("portal_timeout_after", "slow", "after_commit", value=90), _on(*WRITES, "batch")
    ),
    Kind("portal_half_batch", _call("portal_half_batch", "reset", "before"), _on(*WRITES, nth=(1, 2, 3)), 1.5),
    Kind("portal_reset_after", _call("portal_reset_after", "reset", "after_commit"), _on(*WRITES, "batch"), 1.5),
    Kind("portal_html", _call("portal_html", "html", "before", value=502), _on("batch", "*", times=(1, 3))),
    Kind("portal_html_after", _call("portal_html_after", "html", "after_commit", value=200), _on(*WRITES, "batch")),
    Kind("portal_warning", _call("portal_warning", "warning", "after_commit"), _on(*WRITES)),
    Kind(
        "portal_late_write",
        _late_write,
        lambda random: {"delay_s": random.choice((70, 120, 900)), "skip": random.choice((0, 1))},
    ),
    Kind("stale_read", _stale_read, lambda random: {"times": random.choice((1, 3, 10))}),
    Kind("network_down", _network_down, lasting(600, 6 * 3600), 2.0),
    Kind("token_revoked", _token_revoked, lasting(300, 7200)),
    Kind("scope_lost", _scope_lost, lasting(300, 7200), 0.7),
)
