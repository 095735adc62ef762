"""What the tests of durability start as processes of their own: `python -m tests.journal.children NAME FOLDER …`."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from dataclasses import asdict
from itertools import count
from pathlib import Path

from posapp.domain.settlement import By
from posapp.errors import JournalError
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, NOTHING, Clock, entries, look, mark, open_journal, receipt, sell


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def sell_for_ever(folder: Path) -> None:
    """A line per sale, after its last commit; ends only by being killed."""
    with open_journal(folder) as journal:
        for number in count(1):
            say(number=number, key=sell(journal, number).key)


def hold(folder: Path) -> None:
    """Holds the data directory until standard input ends."""
    with open_journal(folder):
        say(pid=os.getpid())
        sys.stdin.read()


def die_at_every_statement(folder: Path) -> None:
    """One sale in a forked process that kills itself at its n-th statement, for every n; a line with what was left."""
    warm = folder / "warm"
    with open_journal(warm) as journal:  # imports everything once, for all the forks
        sell(journal, 1)
    for nth in count(1):
        place = folder / str(nth)
        with open_journal(place):
            pass
        pid = os.fork()
        if pid == 0:
            _sell_and_die(place, nth)
        _, status = os.waitpid(pid, 0)
        with open_journal(place) as journal:
            say(nth=nth, killed=os.WIFSIGNALED(status), acknowledged=_acknowledged(place), found=_found(journal))
        if not os.WIFSIGNALED(status):
            return


def _sell_and_die(place: Path, nth: int) -> None:
    journal = open_journal(place)
    seen = count(1)

    def kill(_: str) -> None:
        if next(seen) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(db: sqlite3.Connection) -> None:
        db.set_trace_callback(kill)

    journal._write(lambda changes: watch(changes._db))
    sold = receipt(1)
    acknowledged = place / "acknowledged"
    journal.add_receipt(sold)
    acknowledged.write_text("1")
    journal.start_attempt(sold.key, DEVICE, 0, 3)
    acknowledged.write_text("2")
    journal.fiscalize(sold.key, mark(1), By.PROOF, entries(1), {"n": 1})
    acknowledged.write_text("3")
    os._exit(0)


def _acknowledged(place: Path) -> int:
    """How many commits of the sale had returned."""
    try:
        return int((place / "acknowledged").read_text())
    except FileNotFoundError:
        return 0


def _found(journal: Journal) -> dict[str, object]:
    return asdict(look(journal, receipt(1).key))


def fill(folder: Path) -> None:
    """Sells on a small file system until it is full, makes room, sells on; a line per event."""
    ballast = folder / "ballast"
    data = folder / "data"
    with open_journal(data) as journal:
        ballast.write_bytes(b"\0" * 200_000)
        number, keys = 0, []
        try:
            for number in count(1):
                keys.append(sell(journal, number).key)
        except JournalError as error:
            say(event="full", code=error.code, sold=len(keys), left=asdict(look(journal, receipt(number).key)))
        ballast.unlink()
        unfinished = look(journal, receipt(number).key)
        if unfinished == NOTHING:
            journal.add_receipt(receipt(number))
        if not unfinished.attempts:
            journal.start_attempt(receipt(number).key, DEVICE, number - 1, 3)
        journal.fiscalize(receipt(number).key, mark(number), By.PROOF, entries(number), {})
        keys.append(receipt(number).key)
    with open_journal(data) as journal:
        say(event="after", sales=[asdict(look(journal, key)) for key in keys])


def open_when_full(folder: Path) -> None:
    """Opens on a file system that is full already: a journal that is there, and a new one."""
    with open_journal(folder / "old") as journal:
        sell(journal, 1)
    _eat(folder / "ballast")
    for name in ("old", "new"):
        try:
            with open_journal(folder / name) as journal:
                journal.add_receipt(receipt(2))
        except JournalError as error:
            say(name=name, code=error.code)
        else:
            say(name=name, code="opened")
    (folder / "ballast").unlink()
    for name in ("old", "new"):
        with open_journal(folder / name) as journal:
            say(name=name, sold=sell(journal, 3).key)


def _eat(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def read_only(folder: Path) -> None:
    """Opens and writes where nothing can be written; the journal was sold into before."""
    try:
        with open_journal(folder) as journal:
            journal.add_receipt(receipt(2))
    except JournalError as error:
        say(how="write", code=error.code, path=str(error.facts["path"]))
    try:
        with open_journal(folder, Clock(), write=False) as journal:
            say(how="read", code="", entries=len(journal.entries()))
    except JournalError as error:
        say(how="read", code=error.code)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
