"""Other programs: one beside us on the register, another copy of us at our data."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.errors import JournalError
from posapp.simulation.fault_kinds import Args, Kind, nothing
from posapp.simulation.faults_register import CLOSE, RECEIPT
from posapp.simulation.second_program import SecondProgramRefused
from posapp.simulation.violation import Violation

if TYPE_CHECKING:
    from posapp.simulation.register import Register
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World


def _between(name: str, act: Callable[[Register, Args], object]) -> Callable[[World, Seat, Args], None]:
    """The second program does something between two commands of ours."""

    def arm(world: World, seat: Seat, args: Args) -> None:
        def happens() -> None:
            with suppress(SecondProgramRefused):
                act(seat.register, args)
                world.fired(name)

        world.meanwhile(seat.register, args["code"], args["when"], happens)

    return arm


def _sells(register: Register, args: Args) -> None:
    register.foreign_receipt(args["kopecks"])


def _sells_the_same(register: Register, args: Args) -> None:
    """A receipt of our very kind and total, right before or after ours."""
    open_receipt = register.printer.receipt
    if open_receipt is not None:
        return
    last = next((each for each in reversed(register.receipts)), None)
    register.foreign_receipt(last.total_kopecks or args["kopecks"] if last else args["kopecks"])


def _reads(register: Register, args: Args) -> None:
    register.foreign_read(max(1, register.printer.storage.last_number - 1))


def _leaves_open(world: World, seat: Seat, args: Args) -> None:
    """Its receipt is open when we come; after a while its people finish it."""
    register = seat.register
    with suppress(SecondProgramRefused):
        register.foreign_open(args["kopecks"])
        world.foreign_receipt_opens(register)

        def finished() -> None:
            world.foreign_receipt_ends(register, is_closed=args["closes"])

        world.lasts("second_program_receipt_open", args["for_s"], finished)


def _two_instances(world: World, seat: Seat, args: Args) -> None:
    """A second program at the same data directory: it must not get in."""
    if not seat.is_running:
        world.attempt(seat, lambda till: till.journal.path)
    if not seat.is_running:
        return
    try:
        second = seat.program(seat.folder)
    except JournalError:
        world.fired("two_instances")
        return
    second.journal.close()
    raise Violation("two instances work in one data directory")


def _draw(codes: tuple[int, ...], when: tuple[str, ...]) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {
        "code": random.choice(codes),
        "when": random.choice(when),
        "kopecks": random.randrange(1, 9999) * 10,
    }


OTHERS = (
    Kind(
        "second_program_sells",
        _between("second_program_sells", _sells),
        _draw((0x8D, CLOSE, 0xFF01), ("before", "after")),
        2.0,
    ),
    Kind(
        "second_program_same_total",
        _between("second_program_same_total", _sells_the_same),
        _draw((0x8D, CLOSE, 0xFF0A), ("before", "after")),
        1.5,
    ),
    Kind(
        "second_program_reads", _between("second_program_reads", _reads), _draw((*RECEIPT, 0xFF3A, 0xFF3B), ("after",))
    ),
    Kind(
        "second_program_closes_shift",
        _between("second_program_closes_shift", lambda register, _: register.foreign_shift_close()),
        _draw((0x8D, CLOSE, 0x10), ("before", "after")),
    ),
    Kind(
        "second_program_receipt_open",
        _leaves_open,
        lambda random: {
            "kopecks": random.randrange(0, 500) * 10,
            "for_s": round(random.uniform(30, 1800)),
            "closes": random.random() < 0.7,
        },
    ),
    Kind("two_instances", _two_instances, nothing),
)
