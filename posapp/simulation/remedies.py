"""What people do about a trouble that the till names: load paper, open the shift, put the right register back.

Only what is lawful: nobody types a number that the register does not show, nobody prints again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from posapp.simulation.second_program import SecondProgramRefused
from posapp.till import shift

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

Remedy = Callable[["World", "Seat"], bool]
"""True when something was done and trying again makes sense."""


def remedy(world: World, seat: Seat, code: str) -> bool:
    """Does about `code` what its words ask for; False where nothing can be done now."""
    world.clock.advance(20.0)
    act = REMEDIES.get(code)
    return act is not None and act(world, seat)


def _load_paper(world: World, seat: Seat) -> bool:
    seat.register.printer.set_paper("ok", world.clock.now)
    return True


def _open_shift(world: World, seat: Seat) -> bool:
    return world.attempt(seat, shift.open_shift).code in ("ok", "shift_open")


def _new_shift(world: World, seat: Seat) -> bool:
    world.attempt(seat, shift.close_shift)
    return _open_shift(world, seat)


def _finish_foreign(world: World, seat: Seat) -> bool:
    _load_paper(world, seat)  # without it no receipt can be ended
    world.foreign_receipt_ends(seat.register, is_closed=True)
    with suppress(SecondProgramRefused):  # what is still open is nobody's: whoever stands there cancels it
        seat.register.foreign_cancel()
    return True


def _right_register(world: World, seat: Seat) -> bool:
    own = world.own_printer(seat.register)
    if seat.register.printer is not own:
        seat.register.be(own)
    return True


def _cable(world: World, seat: Seat) -> bool:
    """Someone looks at the cable and at the switch, and waits a minute."""
    world.clock.advance(60.0)
    if not seat.register.is_plugged and world.step % 3:
        return False
    seat.register.is_plugged = True
    world.power_on(seat.register)
    return True


def _wait(world: World, seat: Seat) -> bool:
    world.clock.advance(30.0)
    return True


def _service(world: World, seat: Seat) -> bool:
    """The register's service: its clock is set right, the OFD's line repaired."""
    printer = seat.register.printer
    printer.clock_offset = timedelta(seconds=printer.storage.drift_base)
    printer.storage.is_ofd_up = True
    seat.register.advance(900.0)
    return True


def _free_disk(world: World, seat: Seat) -> bool:
    seat.disk.heal()
    return True


REMEDIES: dict[str, Remedy] = {
    "paper_out": _load_paper,
    "cover_open": _load_paper,
    "shift_closed": _open_shift,
    "shift_expired": _new_shift,
    "foreign_receipt_open": _finish_foreign,
    "wrong_device": _right_register,
    "device_unreachable": _cable,
    "outcome_unknown": _cable,
    "protocol": _wait,
    "device_busy": _wait,
    "device_refused": _service,
    "not_made": _wait,
    "operation_not_made": _wait,
    "killed": _wait,
    "disk_full": _free_disk,
    "disk_read_only": _free_disk,
    "journal_busy": _free_disk,
    "journal_failed": _free_disk,
}
