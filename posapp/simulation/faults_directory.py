"""Other copies of a till's data directory: an older state put back, a copy on another computer, a cloned machine.

The first two are what people do with backups; the clone is a virtual machine started twice, which nothing but the
documents in the storage gives away (rule 11).

A document of ours that is made after the copy and whose tags are gone to the archive cannot be told from another
program's, by the till no more than by anybody. It stays unknown to the journal; its order must not be sold again.

Not combined: several tills, a clone, and tags that are gone. The clone's claim is given back to the gateway by the
original, which knows nothing of the sale before it has looked at its register.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from posapp.errors import PosError
from posapp.simulation.fault_kinds import Args, Kind
from posapp.simulation.register import Killed
from posapp.simulation.seat import copy_of_directory, let_go
from posapp.simulation.violation import Violation
from posapp.till import recover, sale
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World


def _spare(world: World, seat: Seat, what: str) -> Path:
    return world.folder / f"{what}-{seat.name}-{world.step}"


def _restored(world: World, seat: Seat, args: Args) -> None:
    """A copy is taken now; later somebody puts it back over what has been written since."""
    kept = _spare(world, seat, "kept")
    copy_of_directory(seat.folder, kept)

    def put_back() -> None:
        if seat.disk.is_troubled:
            shutil.rmtree(kept)
            return
        seat.stop()
        shutil.rmtree(seat.folder)
        kept.rename(seat.folder)
        world.judge.put_back(seat)
        world.fired("data_restored")

    world.between_steps(args["after_s"], put_back)


def _copied(world: World, seat: Seat, args: Args) -> None:
    """The directory is copied to another computer and started there: it must sell nothing."""
    if _sells(world, seat, "another computer", args):
        raise Violation(f"копия каталога кассы {seat.name} на другом компьютере продала заказ")
    world.fired("data_copied")


def _cloned(world: World, seat: Seat, args: Args) -> None:
    """The whole machine is cloned, and the clone sells at the same register before anybody notices."""
    if _sells(world, seat, "", args):
        world.judge.may_miss(seat)
    world.fired("data_cloned")


def _sells(world: World, seat: Seat, machine: str, args: Args) -> bool:
    """A second program on a copy of the directory tries to sell an order that is not sold yet; whether it could."""
    if seat.register.has_unreadable and len(world.seats) > 1:
        return False
    folder = _spare(world, seat, "copy")
    copy_of_directory(seat.folder, folder)
    seat.release_register()
    before = world.judge.receipts
    program = seat.program(folder, machine=machine, is_clone=not machine)
    try:
        _try_to_sell(program, args["pick"])
    except (PosError, Killed):
        pass  # it was refused, or died as any program may; what it has made the storage tells
    finally:
        let_go(program)
        shutil.rmtree(folder)
    return world.judge.count_documents() > before


def _try_to_sell(program: Till, pick: float) -> None:
    recover.recover(program)
    orders = [each for each in program.journal.orders(program.portal) if each.to_pay and not each.is_cancelled]
    if orders:
        order = orders[int(pick * len(orders))]
        sale.sell(program, order, sale.tenders_of(order.price, None))


def _draw(random: Random) -> dict[str, Any]:
    return {"pick": random.random()}


DIRECTORY = (
    Kind("data_restored", _restored, lambda random: {"after_s": round(random.uniform(60, 14_400))}),
    Kind("data_copied", _copied, _draw, 0.7),
    Kind("data_cloned", _cloned, _draw),
)
