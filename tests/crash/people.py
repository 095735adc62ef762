"""What people do at a till, and what happens around it: the acts of which `scenes.py` makes scenes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from posapp import app
from posapp import settings as settings_file
from posapp.cli import backup as cli_backup
from posapp.cli import orders as cli_orders
from posapp.cli import reconcile as cli_reconcile
from posapp.cli import resolve as cli_resolve
from posapp.cli import restore as cli_restore
from posapp.cli import sell as cli_sell
from posapp.cli import setup as cli_setup
from posapp.cli import setup_backup as cli_setup_backup
from posapp.cli import setup_gateway as cli_setup_gateway
from posapp.cli import setup_portal as cli_setup_portal
from posapp.cli import shift as cli_shift
from posapp.cli import sync as cli_sync
from posapp.devices.port import SerialPort
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import faults
from posapp.domain.settlement import State
from posapp.errors import PosError, Refused, ResolveNeeded
from posapp.journal.backup import BACKUPS_NAME
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.migrate import migrate
from posapp.till import exchange, keeping, recover
from posapp.till.sale import AlreadyReceipted
from tests.crash.stage import World

Act = Callable[[World], object]
BARE, READY, OPEN, SHARED = "bare", "ready", "open", "shared"
CASH = "150.00"
CASH_KOPECKS = 15_000
PASSWORD = 30
TRIES = 3
BY_A_PERSON = "a person decided"


def nothing(_: World) -> None:
    """Nothing to do."""


# ------------------------------------------------------------------------------------------------ what a user does
def set_up(world: World) -> None:
    """The three steps of the wizard; typed again, each ends the same."""
    set_up_printer(world)
    set_up_portal(world)
    set_up_vat(world)


def set_up_printer(world: World) -> None:
    cli_setup.printer(model="shtrih", port=world.port, link="v1", training=True, data_dir=world.folder, json=True)


def set_up_portal(world: World) -> None:
    cli_setup_portal.portal(mode="till-driven", training=True, data_dir=world.folder, json=True)


def set_up_vat(world: World) -> None:
    cli_setup.vat(accept_proposed=True, data_dir=world.folder, json=True)


def join_gateway(world: World) -> None:
    """The till shares its portal with others; it claims its orders."""
    assert world.gateway is not None
    address = "http://{}:{}".format(*world.gateway.getsockname())
    cli_setup_gateway.gateway(url=address, data_dir=world.folder, json=True)


def pull(world: World) -> None:
    cli_orders.pull(data_dir=world.folder, json=True)


def sync(world: World) -> None:
    cli_sync.sync(once=True, data_dir=world.folder, json=True)


def sell(world: World, number: int = 0) -> None:
    """One order for exact cash. However soon after the last pull, the portal is asked first."""
    exchange.FRESH = timedelta(0)
    order, price = world.orders[number]
    cli_sell.sell([order], cash=price, data_dir=world.folder, json=True)


def sell_again(world: World) -> object:
    """The cashier types the same command: it is printed now, or was printed already.

    Where a receipt is open and nothing proves that we opened it (rule 7), a person looks at it and says so.
    """
    decided = None
    for _ in range(TRIES):
        try:
            sell(world)
        except AlreadyReceipted:
            break
        except ResolveNeeded:
            decided = decide_nothing_came_out(world)
        except Refused:
            continue  # the register says no for the one time that the scene wants it to
        else:
            break
    sync(world)
    return decided


def decide_nothing_came_out(world: World) -> str:
    """A person at the desk: no paper came out."""
    with app.open_till(world.folder, write=False) as till:
        (stored,) = till.journal.receipts_in(State.SENDING)
    cli_resolve.decide(stored.receipt.key, not_made=True, data_dir=world.folder, json=True)
    return BY_A_PERSON


def open_shift(world: World) -> None:
    cli_shift.open_(data_dir=world.folder, json=True)


def close_shift(world: World) -> None:
    cli_shift.close(data_dir=world.folder, json=True)


def x_report(world: World) -> None:
    cli_shift.x_report(data_dir=world.folder, json=True)


def cash_in(world: World) -> None:
    cli_shift.cash_in(CASH, data_dir=world.folder, json=True)


def cash_out(world: World) -> None:
    cli_shift.cash_out(CASH, data_dir=world.folder, json=True)


def recover_now(world: World) -> None:
    """What the window does at its start."""
    with app.open_till(world.folder) as till:
        recover.recover(till)


def unless(code: str, act: Act) -> Act:
    """The same once more, where "it is so already" is right too."""

    def repeated(world: World) -> None:
        recover_now(world)
        try:
            act(world)
        except Refused as error:
            if error.code != code:
                raise

    return repeated


def moved_once(kind: str, act: Act) -> Act:
    """Money is not moved a second time: what the journal says after recovery decides whether it is done again.

    Where the registers may show another program's sum as well as ours, a person counts the drawer and says so.
    """

    def repeated(world: World) -> object:
        decided = None
        try:
            recover_now(world)
        except ResolveNeeded:
            decided = count_the_drawer(world, kind)
        with app.open_till(world.folder, write=False) as till, till.journal._readers.reading() as db:
            made = db.execute("SELECT count(*) FROM operations WHERE kind = ? AND state = 'done'", (kind,)).fetchone()
        if not made[0]:
            act(world)
        return decided

    return repeated


def count_the_drawer(world: World, kind: str) -> str:
    """A person at the desk, who counts the money and finds what the register says."""
    with app.open_till(world.folder) as till:
        (operation,) = till.journal.operations_sending()
        has_moved = till.printer.cash_totals().drawer.kopecks != operation.before["drawer_kopecks"]
    cli_resolve.decide(kind, made=has_moved, not_made=not has_moved, data_dir=world.folder, json=True)
    return BY_A_PERSON


def alone(world: World) -> None:
    """The shop says that no other program prints there; some cash is in the drawer."""
    settings = app.load_settings(world.folder)
    assert settings.printer is not None
    settings_file.save(world.folder, settings.with_(printer=replace(settings.printer, only_program=True)))
    cash_in(world)


def die_after(code: bytes, act: Act) -> Act:
    """The till dies when it has written this command; the register executes it."""

    def dying(world: World) -> None:
        write = SerialPort.write

        def deadly(port: SerialPort, data: bytes) -> None:
            write(port, data)
            if data[2 : 2 + len(code)] == code:
                os.kill(os.getpid(), signal.SIGKILL)

        SerialPort.write = deadly  # type: ignore[assignment,method-assign]
        act(world)

    return dying


# ------------------------------------------------------------------------------------------------ what happens around
def fault(command: str, do: str, when: str, **more: Any) -> Callable[[World], None]:
    """A fault of the register, armed after the preparation."""
    return lambda world: world.line.faults.replace(faults.parse([{"command": command, "do": do, "when": when, **more}]))


def lose_tlv(world: World) -> None:
    """The tags of every document made so far go to the archive, and a stranger's receipt of the same sum comes.

    Nothing can be proven any more: a person decides.
    """
    execute = world.printer.execute
    lost = {each.number for each in world.printer.storage.documents}

    def without(command: Any, now: Any) -> Any:
        if isinstance(command, c.RequestDocument) and command.document_number in lost:
            return c.ErrorReply(command.CODE, 0x08)
        return execute(command, now)

    world.printer.execute = without  # type: ignore[method-assign]


def _last_document(world: World) -> int:
    return int(world.printer.storage.last_number)


# ------------------------------------------------------------------------------------------------ the resolve desk
def decide_made(world: World) -> None:
    """A person finds the receipt's paper and types its number."""
    with app.open_till(world.folder, write=False) as till:
        keys = [each.receipt.key for each in till.journal.receipts_in(State.SENDING)]
    for key in keys:
        cli_resolve.decide(key, document=world.notes["document"], data_dir=world.folder, json=True)


def decide_made_again(world: World) -> None:
    decide_made(world)
    sync(world)


def decide_not_made(world: World) -> None:
    with app.open_till(world.folder, write=False) as till:
        waits = [each.kind for each in till.journal.operations_sending()]
    for kind in waits:
        cli_resolve.decide(kind, not_made=True, data_dir=world.folder, json=True)


def note_last(world: World) -> None:
    """Remembers the number on the paper, then loses the tags."""
    world.notes["document"] = _last_document(world)
    lose_tlv(world)


def other_cash(world: World) -> None:
    """Another program moves money meanwhile: the registers prove neither."""
    reply = world.printer.execute(c.CashIn(PASSWORD, 700), app.now().replace(tzinfo=None))
    assert not isinstance(reply, c.ErrorReply)


def begin_refused(world: World) -> None:
    """A receipt that the register would not open: begun, not printed."""
    with contextlib.suppress(PosError):
        sell(world)


def cancel(world: World) -> None:
    with app.open_till(world.folder, write=False) as till:
        keys = [each.receipt.key for each in till.journal.receipts_in(State.PENDING, State.REFUSED)]
    for key in keys:
        cli_resolve.decide(key, cancel=True, data_dir=world.folder, json=True)


# ------------------------------------------------------------------------------------------------ a journal of before
def sell_and_lose_the_journal(world: World) -> None:
    """The data directory comes back from a copy that was made before the last sale."""
    before = world.folder.with_name("before")
    shutil.copytree(world.folder, before)
    sell(world)
    shutil.rmtree(world.folder)
    before.rename(world.folder)


def adopt(world: World) -> None:
    """`posapp resolve` shows the stray document; the person confirms it."""
    documents = [each for each in world.printer.storage.documents if each.form == 3]
    number, key = documents[-1].number, str(documents[-1].key)
    with app.open_till(world.folder, write=False) as till:
        stored = till.journal.receipt(key)
        if stored is not None and stored.state is State.FISCALIZED:
            return
    try:
        cli_resolve.decide(key, document=number, data_dir=world.folder, json=True)
    except PosError:
        with app.open_till(world.folder, write=False) as till:  # recovery has found it before the person could say so
            stored = till.journal.receipt(key)
            assert stored is not None
            assert stored.state is State.FISCALIZED


def adopt_again(world: World) -> None:
    adopt(world)
    recover_now(world)
    sync(world)


def forget_copies(world: World) -> None:
    """A copy is due."""
    shutil.rmtree(world.folder / BACKUPS_NAME)


def back_up(world: World) -> None:
    with app.open_till(world.folder) as till:
        keeping.back_up_if_due(till)


def use_first_time(world: World) -> None:
    """The journal is made: a migration from nothing."""
    with app.open_till(world.folder) as till:
        till.journal.set_fact("used", "yes")


def sell_and_back_up(world: World) -> None:
    """A copy with one sale in it, then another sale."""
    sell(world)
    cli_backup.now(data_dir=world.folder, json=True)
    sell(world, 1)


def damage(world: World) -> None:
    """The disk lost the middle of the journal."""
    path = world.folder / JOURNAL_NAME
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(os.urandom(path.stat().st_size // 3))


def restore(world: World) -> None:
    cli_restore.restore(data_dir=world.folder, json=True)


def restore_again(world: World) -> None:
    """What was broken off goes on; then the portal is told what it does not know."""
    restore(world)
    sync(world)


def with_second_place(world: World) -> None:
    world.second.mkdir()
    cli_setup_backup.backup(folder=world.second, data_dir=world.folder, json=True)


def back_up_twice(world: World) -> None:
    cli_backup.now(data_dir=world.folder, json=True)


def reconcile(world: World) -> None:
    cli_reconcile.run(data_dir=world.folder, json=True)


def reconcile_again(world: World) -> None:
    reconcile(world)
    sync(world)


def journal_of_before(world: World) -> None:
    """A directory whose journal has the first released schema, with an order on board."""
    set_up(world)
    migrate(world.folder / JOURNAL_NAME, app.now(), head="0001")


# ------------------------------------------------------------------------------------------------ the outbox
def _first_entry(world: World, states: tuple[str, ...]) -> int | None:
    with app.open_till(world.folder, write=False) as till:
        found = [each.id for each in till.journal.entries() if each.state in states]
    return min(found, default=None)


def hold_and_retry(world: World) -> None:
    entry = _first_entry(world, ("waiting",))
    if entry is not None:
        cli_sync.hold(entry, data_dir=world.folder, json=True)
        cli_sync.retry(entry, data_dir=world.folder, json=True)


def retry_and_sync(world: World) -> None:
    entry = _first_entry(world, ("held",))
    if entry is not None:
        cli_sync.retry(entry, data_dir=world.folder, json=True)
    sync(world)
