"""Faults of cable, register, fiscal storage and its clock (reference: peers.md 4.2, devices.md A)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.simulation.fault_kinds import Args, Kind, lasting, nothing
from posapp.simulation.wire import Mishap

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

CLOSE = 0xFF45
RECEIPT = (0x8D, 0xFF0C, 0xFF46, 0x89, CLOSE, CLOSE, CLOSE, CLOSE)
"""The commands of a receipt; the closing one most of all."""
LOOKING = (0x10, 0x11, 0xFF01, 0xFF0A, 0xFF40)
STORAGE_FULL, STORAGE_BROKEN, STORAGE_SILENT = 0x14, 0x03, 0x2F
DAY_S = 86_400.0


def _at(codes: tuple[int, ...], **more: tuple[Any, ...]) -> Callable[[Random], dict[str, Any]]:
    """Draws a command of `codes` and one of each further choice."""

    def draw(random: Random) -> dict[str, Any]:
        return {"code": random.choice(codes), **{name: random.choice(among) for name, among in more.items()}}

    return draw


def _planned(name: str, do: str, when: str) -> Callable[[World, Seat, Args], None]:
    """A fault of the simulated register's own."""

    def arm(world: World, seat: Seat, args: Args) -> None:
        fault = {"command": f"{args['code']:02X}", "do": do, "when": when, "times": args.get("times", 1)}
        if "value" in args:
            fault["value"] = args["value"]
        world.arm_command(name, seat.register, fault)

    return arm


def _wire(name: str, mode: str) -> Callable[[World, Seat, Args], None]:
    def arm(world: World, seat: Seat, args: Args) -> None:
        world.wires[id(seat.register)].arm(Mishap(name, args["code"], mode, args.get("times", 1)))

    return arm


# ---------------------------------------------------------------------------------------------- cable and power
def _cable_out(world: World, seat: Seat, args: Args) -> None:
    register = seat.register
    register.unplug()
    world.lasts("cable_out", args["for_s"], lambda: setattr(register, "is_plugged", True))


def _cable_out_inside(world: World, seat: Seat, args: Args) -> None:
    def pull() -> None:
        seat.register.unplug()
        world.lasts("cable_out_inside", args["for_s"], lambda: setattr(seat.register, "is_plugged", True))

    world.meanwhile(seat.register, args["code"], args["when"], pull)


def _power_off(when: str) -> Callable[[World, Seat, Args], None]:
    name = f"power_off_{when}"

    def arm(world: World, seat: Seat, args: Args) -> None:
        register = seat.register
        moment = "before" if when == "before" else "after_commit"
        world.arm_command(name, register, {"command": f"{args['code']:02X}", "do": "power_off", "when": moment})
        world.when_dark(register, args["for_s"])

    return arm


def _late_close(world: World, seat: Seat, args: Args) -> None:
    """The closing command runs on after our link broke: executed when the till has long given up."""
    fault = {"command": "FF45", "do": "delay", "when": "before", "value": args["value"]}
    world.arm_command("late_close", seat.register, fault)


# ---------------------------------------------------------------------------------------------- paper
def _paper_out(world: World, seat: Seat, args: Args) -> None:
    printer = seat.register.printer
    printer.set_paper(args["state"], world.clock.now)
    world.lasts("paper_out_before", args["for_s"], lambda: printer.set_paper("ok", world.clock.now))


# ---------------------------------------------------------------------------------------------- storage
def _refuses(name: str, when: str) -> Callable[[World, Seat, Args], None]:
    def arm(world: World, seat: Seat, args: Args) -> None:
        fault = {"command": f"{args['code']:02X}", "do": "error", "when": when, "value": args["value"]}
        world.arm_command(name, seat.register, {**fault, "times": args.get("times", 1)})

    return arm


def _register_swapped(world: World, seat: Seat, args: Args) -> None:
    """Someone plugs in another register, with a storage of its own; after a while the right one is back."""
    _stands_there(world, seat, "register_swapped", world.spare_printer(seat.register), args["for_s"])


def _storage_swapped(world: World, seat: Seat, args: Args) -> None:
    """The same register with another fiscal storage; after a while the old one is back."""
    _stands_there(world, seat, "storage_swapped", world.spare_storage(seat.register), args["for_s"])


def _stands_there(world: World, seat: Seat, name: str, other: Printer, for_s: float) -> None:
    register, own = seat.register, seat.register.printer
    if own is not world.own_printer(register):
        return  # it is another one already
    register.be(other)
    world.lasts(name, for_s, lambda: register.be(own))


def other_storage(number: int, fresh: int) -> Any:
    """The identity of register `number` after its storage was replaced the `fresh`-th time."""
    own = identity_of(number)
    return replace(own, storage_number=f"{own.storage_number[:6]}{fresh:04d}{own.storage_number[10:]}")


def _tlv_gone(world: World, seat: Seat, args: Args) -> None:
    """The next document made is in the archive at once: its tags cannot be read any more."""
    register = seat.register
    number = register.printer.storage.last_number + 1
    register.lose_tlv(number)
    world.fired("tlv_gone")
    world.at_healing(lambda: register.readable_again(number))


# ---------------------------------------------------------------------------------------------- clocks and the OFD
def _day_passes(world: World, _seat: Seat, args: Args) -> None:
    world.time_jumps(DAY_S)
    world.fired("day_passes")


def _day_passes_inside(world: World, seat: Seat, args: Args) -> None:
    def jump() -> None:
        world.time_jumps(DAY_S)
        world.fired("day_passes_inside")

    world.meanwhile(seat.register, args["code"], "after", jump)


def _register_clock(name: str) -> Callable[[World, Seat, Args], None]:
    def arm(world: World, seat: Seat, args: Args) -> None:
        printer = seat.register.printer
        printer.clock_offset += timedelta(seconds=args["by_s"])

        def right() -> None:
            printer.clock_offset = timedelta(seconds=printer.storage.drift_base)

        world.lasts(name, args["for_s"], right)

    return arm


def _by(*seconds: float) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {"by_s": random.choice(seconds), "for_s": round(random.uniform(600, 7200))}


def _ofd_silent(world: World, seat: Seat, args: Args) -> None:
    """The OFD answers no more, and the shop is shut for a month: the storage refuses from then on."""
    storage = seat.register.printer.storage
    storage.is_ofd_up = False
    world.time_jumps(args["days"] * DAY_S)

    def back() -> None:
        storage.is_ofd_up = True

    world.lasts("ofd_silent", args["for_s"], back)


_ERRORS = {"value": (STORAGE_BROKEN, STORAGE_SILENT, 0x02, 0x50, 0x74)}

REGISTER = (
    Kind("command_lost", _planned("command_lost", "drop_command", "before"), _at(RECEIPT + LOOKING, times=(1, 2)), 2.0),
    Kind("reply_lost", _wire("reply_lost", "swallow"), _at(RECEIPT, times=(1, 2, 12)), 3.0),
    Kind("reply_late", _planned("reply_late", "delay", "after_commit"), _at(RECEIPT, value=(3, 30, 400)), 2.0),
    Kind("reply_of_another", _wire("reply_of_another", "other"), _at(RECEIPT + LOOKING, times=(1, 1, 4)), 2.0),
    Kind("garbage_bytes", _wire("garbage_bytes", "garbage"), _at(RECEIPT + LOOKING, times=(1, 2, 8)), 1.5),
    Kind("garbage_before_reply", _wire("garbage_before_reply", "garbage_first"), _at(RECEIPT + LOOKING, times=(1, 3))),
    Kind("bit_flip", _planned("bit_flip", "flip", "after_commit"), _at(RECEIPT, value=(1, 2, 4, 5, 8), times=(1, 2))),
    Kind("bit_flip_command", _planned("bit_flip_command", "flip", "before"), _at(RECEIPT, times=(1, 3))),
    Kind("truncated", _planned("truncated", "truncate", "after_commit"), _at(RECEIPT, value=(1, 3, 6), times=(1, 3))),
    Kind("late_close", _late_close, lambda random: {"value": random.choice((100, 200, 400))}, 2.0),
    Kind(
        "error_after_storage_wrote",
        _refuses("error_after_storage_wrote", "after_commit"),
        _at((CLOSE,), **_ERRORS),
        2.0,
    ),
    Kind("cable_out", _cable_out, lasting(20, 5400)),
    Kind(
        "cable_out_inside",
        _cable_out_inside,
        lambda random: {**_at(RECEIPT, when=("before", "after"))(random), **lasting(5, 3600)(random)},
        2.0,
    ),
    Kind(
        "power_off_before",
        _power_off("before"),
        lambda random: {**_at(RECEIPT)(random), **lasting(10, 3600)(random)},
        2.0,
    ),
    Kind(
        "power_off_after",
        _power_off("after"),
        lambda random: {**_at(RECEIPT)(random), **lasting(10, 3600)(random)},
        2.0,
    ),
    Kind(
        "paper_out_before",
        _paper_out,
        lambda random: {"state": random.choice(("out", "cover")), **lasting(60, 2400)(random)},
    ),
    Kind("paper_out_inside", _planned("paper_out_inside", "paper_out", "before"), _at(RECEIPT)),
    Kind("paper_out_after", _planned("paper_out_after", "paper_out", "after_commit"), _at((CLOSE,))),
    Kind(
        "storage_full",
        _refuses("storage_full", "before"),
        lambda random: {"code": CLOSE, "value": STORAGE_FULL, "times": 2},
    ),
    Kind("storage_error", _refuses("storage_error", "before"), _at((CLOSE, 0x8D, 0xFF01, 0xFF0A), **_ERRORS)),
    Kind("tlv_gone", _tlv_gone, nothing),
    Kind("register_swapped", _register_swapped, lasting(60, 3600)),
    Kind("storage_swapped", _storage_swapped, lasting(60, 3600)),
    Kind("day_passes", _day_passes, nothing, 0.4),
    Kind("day_passes_inside", _day_passes_inside, _at((0x8D, 0xFF46, 0x89)), 0.6),
    Kind("register_clock_second", _register_clock("register_clock_second"), _by(-1, 1)),
    Kind("register_clock_hours", _register_clock("register_clock_hours"), _by(-10_800, 10_800)),
    Kind("register_clock_day", _register_clock("register_clock_day"), _by(-DAY_S, DAY_S), 0.6),
    Kind("ofd_silent", _ofd_silent, lambda random: {"days": random.choice((1, 31)), **lasting(600, 7200)(random)}, 0.4),
)
