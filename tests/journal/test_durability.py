"""What was acknowledged is there after a kill; what was not is there whole or not at all; one process writes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from posapp.domain.settlement import By, State
from posapp.errors import JournalError
from posapp.journal.connect import JOURNAL_NAME, open_reader
from posapp.journal.lock import DirectoryLock
from posapp.journal.rows import STEPS
from posapp.journal.store import IllegalMove, Journal, SettlementTaken
from tests.journal.samples import (
    FISCALIZED,
    NOTHING,
    PENDING,
    SENDING,
    Clock,
    Sale,
    device,
    entries,
    look,
    mark,
    open_journal,
    receipt,
    sell,
)

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


@contextmanager
def child(name: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of `children.py`; whatever happens it is gone afterwards."""
    command = [sys.executable, "-W", "error", "-m", "tests.journal.children", name, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith("\n"):  # the last one may be cut off by the kill
            yield json.loads(line)


def sale(body: dict[str, Any]) -> Sale:
    return Sale(body["state"], tuple(body["attempts"]), tuple(body["entries"]))


def in_threads(*works: Callable[[], object]) -> list[object]:
    """Runs all at once; the results or exceptions in their order."""
    outcomes: list[object] = [None] * len(works)
    barrier = Barrier(len(works))

    def run(place: int) -> None:
        barrier.wait()
        try:
            outcomes[place] = works[place]()
        except Exception as error:  # noqa: BLE001 – it is the outcome
            outcomes[place] = error

    threads = [Thread(target=run, args=(place,)) for place in range(len(works))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return outcomes


# ------------------------------------------------------------------------------------------------ crashes
@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_till_has_every_acknowledged_sale(tmp_path: Path, after: int) -> None:
    """SIGKILL in the middle of selling: all that was said to be sold is sold, the one under way is in a whole state."""
    said: dict[str, int] = {}
    with child("sell_for_ever", tmp_path) as process:
        for line in lines(process):
            said[line["key"]] = line["number"]
            if len(said) == after:
                process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    assert len(said) >= after
    with open_journal(tmp_path) as journal:
        for key in said:
            assert look(journal, key) == FISCALIZED
        under_way = receipt(max(said.values()) + 1)
        assert look(journal, under_way.key).is_whole
        assert look(journal, receipt(max(said.values()) + 2).key) == NOTHING
    with closing(open_reader(tmp_path / JOURNAL_NAME)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@POSIX
def test_a_kill_at_any_statement_leaves_a_whole_state(tmp_path: Path) -> None:
    """The process dies at its first, second, … last statement: never a mark without its outbox, never less than was
    acknowledged, at most the one commit more that was under way."""
    ladder = (NOTHING, PENDING, SENDING, FISCALIZED)
    seen: list[tuple[int, Sale]] = []
    with child("die_at_every_statement", tmp_path) as process:
        for line in lines(process):
            found = sale(line["found"])
            assert found in ladder, line
            assert ladder.index(found) - line["acknowledged"] in (0, 1), line
            seen.append((line["nth"], found))
            is_last = not line["killed"]
        assert process.wait() == 0
    assert is_last
    assert seen[-1][1] == FISCALIZED
    assert len(seen) > 15
    assert {found for _, found in seen} == set(ladder)


def test_a_torn_wal_shows_a_whole_state(tmp_path: Path) -> None:
    """A power cut may leave any beginning of the WAL. Cut after every frame and inside it, the journal opens and shows
    one of the whole states, and never an earlier one for a longer beginning."""
    ladder = (NOTHING, PENDING, SENDING, FISCALIZED)
    data = tmp_path / "data"
    open_journal(data).close()
    journal = open_journal(data)
    key = sell(journal, 1).key
    saved = tmp_path / "saved"
    shutil.copytree(data, saved)
    journal.close()
    wal = (saved / f"{JOURNAL_NAME}-wal").read_bytes()
    frame = 24 + struct.unpack(">I", wal[8:12])[0]
    ends = range(32, len(wal) + 1, frame)
    assert len(ends) > 10
    places = []
    for end in ends:
        for cut in {end, min(end + frame // 2, len(wal))}:
            torn = tmp_path / f"torn-{cut}"
            torn.mkdir()
            shutil.copy(saved / JOURNAL_NAME, torn)
            (torn / f"{JOURNAL_NAME}-wal").write_bytes(wal[:cut])
            with open_journal(torn) as again:
                places.append((cut, ladder.index(look(again, key))))
    places.sort()
    assert [place for _, place in places] == sorted(place for _, place in places)
    assert {place for _, place in places} == {0, 1, 2, 3}


# ------------------------------------------------------------------------------------------------ threads
def test_four_threads_write(journal: Journal) -> None:
    def work(lane: int) -> list[str]:
        return [sell(journal, lane * 1000 + number, on=device(lane), document=number).key for number in range(1, 26)]

    outcomes = in_threads(*[lambda lane=lane: work(lane) for lane in range(1, 5)])
    keys = [key for each in outcomes if isinstance(each, list) for key in each]
    assert len(set(keys)) == 100, outcomes
    assert all(look(journal, key) == FISCALIZED for key in keys)
    assert journal.outbox_counts().waiting == 400
    assert journal.outbox_counts().receipts_waiting == 100


def test_two_tills_in_one_race_for_a_settlement(journal: Journal) -> None:
    for number in range(1, 31):
        first, second = receipt(number), receipt(number, copy=1)
        outcomes = in_threads(lambda r=first: journal.add_receipt(r), lambda r=second: journal.add_receipt(r))  # type: ignore[misc]
        taken = [each for each in outcomes if isinstance(each, SettlementTaken)]
        assert len(taken) == 1
        assert outcomes.count(None) == 1
        winner = first if outcomes[0] is None else second
        assert taken[0].key == winner.key
        assert [each.receipt for each in journal.receipts_of_order("shop.example", number)] == [winner]


def test_a_person_and_the_program_race_for_a_receipt(journal: Journal) -> None:
    """Cancelled or being sent, never both: one of the two is told that it came too late."""
    for number in range(1, 31):
        key = receipt(number).key
        journal.add_receipt(receipt(number))
        outcomes = in_threads(
            lambda k=key: journal.move(k, State.CANCELLED, By.PERSON),  # type: ignore[misc]
            lambda k=key, n=number: journal.start_attempt(k, device(n), 0, 1),  # type: ignore[misc]
        )
        assert [isinstance(each, IllegalMove) for each in outcomes].count(True) == 1
        stored = journal.receipt(key)
        assert stored is not None
        cancelled = not isinstance(outcomes[0], IllegalMove)
        assert stored.state is (State.CANCELLED if cancelled else State.SENDING)
        assert len(journal.attempts(key)) == (0 if cancelled else 1)


def test_reading_sees_what_was_acknowledged(journal: Journal) -> None:
    """While one lane writes, another reads: a sale that a reader meets is always in a whole state."""
    keys = [receipt(number).key for number in range(1, 41)]
    met: set[Sale] = set()

    def read() -> None:
        while look(journal, keys[-1]) != FISCALIZED:
            met.update(Sale(s.state.value, (), ()) for s in journal.receipts_in(State.PENDING, State.SENDING))
            for entry in journal.due_entries(Clock()()):
                stored = journal.receipt(entry.receipt_key)
                assert stored is not None
                assert stored.mark is not None

    outcomes = in_threads(lambda: [sell(journal, number) for number in range(1, 41)], read)
    assert outcomes[1] is None
    assert [look(journal, key) for key in keys] == [FISCALIZED] * 40


def test_a_transaction_cannot_wait_for_another(journal: Journal) -> None:
    with pytest.raises(RuntimeError, match="cannot wait"):
        journal._write(lambda _: journal.set_fact("a", "b"))
    assert journal.get_fact("a") is None


def test_a_bug_in_a_transaction_leaves_nothing_and_stops_nothing(journal: Journal) -> None:
    def bad(changes: Any) -> None:
        changes.add_receipt(receipt(1), State.PENDING, "")
        changes._db.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        journal._write(bad)
    assert journal.receipt(receipt(1).key) is None
    assert look(journal, sell(journal, 1).key) == FISCALIZED


# ------------------------------------------------------------------------------------------------ settings, closing
def test_the_writer_syncs_fully_and_readers_never_checkpoint(journal: Journal) -> None:
    def ask(name: str) -> object:
        return journal._write(lambda changes: changes._db.execute(f"PRAGMA {name}").fetchone()[0])

    assert {name: ask(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")} == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }
    with journal._readers.reading() as db:
        assert db.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM facts")


def test_closing_leaves_one_file_and_refuses_what_comes_after(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    sold = sell(journal, 1)
    journal.close()
    journal.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["journal.born", JOURNAL_NAME, "lock"]
    actions: tuple[Callable[[], object], ...] = (
        lambda: journal.receipt(sold.key),
        lambda: journal.set_fact("a", "b"),
    )
    for action in actions:
        with pytest.raises(JournalError) as refused:
            action()
        assert refused.value.code == "journal_failed"
    if os.name == "posix":  # orders hold personal data
        assert (tmp_path / JOURNAL_NAME).stat().st_mode & 0o077 == 0


def test_a_reader_refuses_to_write(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    with open_journal(tmp_path, write=False) as journal:
        with pytest.raises(JournalError) as refused:
            journal.add_receipt(receipt(1))
        assert refused.value.code == "journal_failed"
        assert journal.receipt(receipt(1).key) is None


# ------------------------------------------------------------------------------------------------ the lock
def test_a_second_process_reads_and_does_not_write(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        pid = next(lines(process))["pid"]
        with pytest.raises(JournalError) as busy:
            open_journal(tmp_path)
        assert (busy.value.code, busy.value.facts) == ("journal_busy", {"pid": pid})
        with open_journal(tmp_path, write=False) as journal:
            assert journal.entries() == []
        process.kill()
        process.wait()
        with open_journal(tmp_path) as journal:  # the lock went with the process
            assert look(journal, sell(journal, 1).key) == FISCALIZED


def test_this_process_cannot_open_twice_either(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        with pytest.raises(JournalError) as busy:
            open_journal(tmp_path)
        assert busy.value.facts == {"pid": os.getpid()}
        with open_journal(tmp_path, write=False) as reader:
            key = sell(journal, 1).key
            assert look(reader, key) == FISCALIZED
    DirectoryLock(tmp_path).release()


def test_an_open_that_fails_gives_the_directory_back(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(JournalError) as damaged:
            open_journal(tmp_path)
        assert damaged.value.code == "journal_damaged"
    (tmp_path / JOURNAL_NAME).unlink()
    open_journal(tmp_path).close()


def test_steps_are_delivered_in_the_order_of_the_rule(journal: Journal) -> None:
    """The order is the journal's, not the caller's."""
    sold = receipt(1)
    journal.add_receipt(sold)
    journal.start_attempt(sold.key, device(1), 0, 1)
    journal.fiscalize(sold.key, mark(1, device(1)), By.PROOF, entries(1)[::-1], {})
    assert tuple(each.step for each in journal.due_entries(Clock()())) == STEPS
