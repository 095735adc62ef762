"""A restore that is killed at its n-th step, for every n: `python -m tests.till.restore_killed FOLDER`.

A step is a call that changes the disk: a rename, a removal, an fsync, a folder, half of a copied file, the beginning
and the end of a transaction, a checkpoint. Each try is a process of its own, killed by SIGKILL; another one then runs
the same command to its end. A line of JSON per n says whether the first was killed and what the journal holds after.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from posapp import settings as settings_file
from posapp.errors import PosError
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.journal.store import Journal
from posapp.till import keeping, restore
from tests.till.rig import Register
from tests.till.shops import Shop, an_order, shop_at

WATCHED = ("BEGIN", "COMMIT", "PRAGMA journal_mode", "PRAGMA wal_checkpoint")


def prepared(folder: Path) -> Shop:
    """Six orders; 1 and 2 sold and copied; 3 and 4 sold and 5 begun since; a page of the journal zeroed. Closed."""
    register = Register()
    with shop_at(folder, register) as shop:
        settings_file.save(folder, shop.settings)
        shop.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)
        for number in (1, 2):
            shop.sell(an_order(number))
        keeping.keep_copies(shop.till)
        for number in (3, 4):
            shop.sell(an_order(number))
        register.foreign_receipt(5_00)
        register.fault("8D", "drop_command")
        try:
            shop.sell(an_order(5))
        except PosError:
            register.heal()
    path = folder / JOURNAL_NAME
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_order'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\0" * 4096)
    return shop


def bring_back(shop: Shop, folder: Path) -> None:
    shop.folder = folder
    lock = DirectoryLock(folder)
    _, rebuilt = restore.files(folder, shop.now)
    lock.release()
    shop.reopen()
    restore.begin(shop.till, rebuilt)
    report = restore.finish(shop.till, "диск")
    assert report.is_whole, report
    shop.close()


def kill_at(nth: int) -> None:
    """From now on the n-th step is the last thing that this process does, or does not do."""
    steps = count(1)

    def step() -> None:
        if next(steps) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(module: Any, name: str) -> None:
        act: Callable[..., Any] = getattr(module, name)

        def stepped(*values: Any, **more: Any) -> Any:
            step()
            return act(*values, **more)

        setattr(module, name, stepped)

    for module, name in ((os, "replace"), (os, "unlink"), (os, "fsync"), (os, "mkdir"), (shutil, "rmtree")):
        before(module, name)
    whole = shutil.copyfile

    def half(source: str | Path, target: str | Path) -> Any:
        Path(target).write_bytes(Path(source).read_bytes()[: Path(source).stat().st_size // 2])
        step()
        return whole(source, target)

    shutil.copyfile = half  # type: ignore[assignment]
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def watched(*values: Any, **more: Any) -> sqlite3.Connection:
        db = connect(*values, **more)
        db.set_trace_callback(lambda text: step() if text.startswith(WATCHED) else None)
        return db

    sqlite3.connect = watched  # type: ignore[assignment]


def in_process(act: Callable[[], None]) -> bool:
    """Runs it in a fork; whether that was killed. Raises RuntimeError when it failed otherwise."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 – told and ended here: the parent must not run on twice
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError("the restore failed")
    return False


def held(folder: Path) -> dict[str, Any]:
    """What the journal holds, and what of the damaged one is kept."""
    with closing(sqlite3.connect(folder / JOURNAL_NAME)) as db:
        asked = {
            "receipts": "SELECT key, state, document_number FROM receipts ORDER BY key",
            "outbox": "SELECT receipt_key, step, state FROM outbox ORDER BY receipt_key, step_order, id",
            "foreign": "SELECT number FROM foreign_documents ORDER BY number",
            "book": "SELECT last_document FROM devices",
            "state": "SELECT value FROM facts WHERE name = 'restore:state'",
            "open": "SELECT count(*) FROM attempts WHERE ended_at IS NULL",
        }
        found: dict[str, Any] = {name: db.execute(query).fetchall() for name, query in asked.items()}
    aside = list(folder.glob("damaged/*/*.sqlite"))
    found["aside"] = [each.stat().st_size for each in aside]
    found["left"] = sorted(each.name for each in folder.iterdir() if each.name.startswith("restore"))
    return found


def main(folder: Path) -> None:
    shop = prepared(folder / "damaged-till")
    Journal.open(folder / "warm", now=shop.now).close()  # imports everything once, for all the forks
    for nth in count(1):
        place = folder / str(nth)
        shutil.copytree(folder / "damaged-till", place)

        def first(nth: int = nth, place: Path = place) -> None:
            kill_at(nth)
            bring_back(shop, place)

        killed = in_process(first)
        if killed:
            in_process(lambda place=place: bring_back(shop, place))  # type: ignore[misc]
        print(json.dumps({"nth": nth, "killed": killed, "held": held(place)}), flush=True)
        if not killed:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
