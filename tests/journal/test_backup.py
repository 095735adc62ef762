"""Copies of the journal and the check of its file."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from posapp.errors import JournalError
from posapp.journal.backup import (
    BYTES_MAX,
    COUNTS,
    DAILY,
    EVERY,
    FEWEST,
    HOURLY,
    IDENTITY,
    Copy,
    back_up,
    carry,
    kept,
    needs_backup,
    notes_of,
)
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.soundness import quick_check
from posapp.journal.store import Journal
from tests.journal.samples import FISCALIZED, START, Clock, look, open_journal, receipt, sell


def test_a_copy_is_a_whole_journal(journal: Journal, tmp_path: Path) -> None:
    sold = [sell(journal, number) for number in range(1, 6)]
    copy = back_up(journal, tmp_path / "copies", START)
    after = sell(journal, 6)
    assert [each.name for each in copy.parent.iterdir()] == ["journal-20260701T090000Z.sqlite"]
    restored = tmp_path / "restored"
    restored.mkdir()
    copy.rename(restored / JOURNAL_NAME)
    with open_journal(restored) as again:
        assert [look(again, each.key) for each in sold] == [FISCALIZED] * 5
        assert again.receipt(after.key) is None


def test_the_till_sells_while_it_is_copied(journal: Journal, tmp_path: Path) -> None:
    """Each copy is one state of the journal: of every sale all rows or none."""
    stop = Event()
    sold: list[str] = []

    def work() -> None:
        while not stop.is_set():
            sold.append(sell(journal, len(sold) + 1).key)

    seller = Thread(target=work)
    seller.start()
    try:
        copies = []
        for number in range(5):
            known = len(sold)
            copies.append((known, back_up(journal, tmp_path / "copies", START + timedelta(hours=number))))
    finally:
        stop.set()
        seller.join()
    for known, copy in copies:
        with closing(sqlite3.connect(copy)) as db:
            fiscalized, rows = db.execute(
                "SELECT (SELECT count(*) FROM receipts WHERE state = 'fiscalized'), (SELECT count(*) FROM outbox)"
            ).fetchone()
        assert fiscalized >= known
        assert rows == 4 * fiscalized
    assert [look(journal, key) for key in sold] == [FISCALIZED] * len(sold)


def test_old_copies_are_thinned_out_and_nothing_else_is_touched(journal: Journal, tmp_path: Path) -> None:
    """A month of hourly copies: the last day whole, then the last copy of each of the last days, of this place only."""
    folder = tmp_path / "copies"
    folder.mkdir()
    others = ("journal-before-0001-20200101T000000Z.sqlite", "notes.txt", "journal-1.sqlite")
    for name in others:
        (folder / name).write_text("mine")
    hours = [START - timedelta(hours=number) for number in range(1, 31 * 24)]
    for at in hours:
        (folder / f"journal-{at:%Y%m%dT%H%M%SZ}.sqlite").write_text("a copy")
    back_up(journal, folder, START)
    left = {each.name for each in folder.iterdir()} - set(others)
    days = {(START - timedelta(days=number)).date() for number in range(DAILY)}
    last_of_day = {max(at for at in [START, *hours] if at.date() == day) for day in days}
    wanted = {START, *hours[: HOURLY - 1]} | last_of_day
    assert left == {f"journal-{at:%Y%m%dT%H%M%SZ}.sqlite" for at in wanted}


def test_copies_are_bounded_in_bytes_but_never_down_to_nothing() -> None:
    large = [Copy(Path(str(number)), START - timedelta(hours=number), BYTES_MAX // 2) for number in range(8)]
    assert kept(large) == large[:FEWEST]
    small = [replace(each, size=1) for each in large]
    assert kept(small) == small


def test_a_copy_carried_elsewhere_is_the_same_file(journal: Journal, tmp_path: Path) -> None:
    sell(journal, 1)
    copy = back_up(journal, tmp_path / "copies", START)
    there = carry(copy, tmp_path / "usb" / "posapp", START)
    assert there.name == copy.name
    assert there.read_bytes() == copy.read_bytes()
    assert list(there.parent.iterdir()) == [there]


def test_a_copy_says_whose_it_is_and_how_many_rows_it_has(journal: Journal, tmp_path: Path) -> None:
    for number in range(1, 4):
        sell(journal, number)
    notes = notes_of(back_up(journal, tmp_path / "copies", START, {IDENTITY: "me"}))
    counted = json.loads(notes[COUNTS])
    assert notes[IDENTITY] == "me"
    assert {name: counted[name] for name in ("receipts", "fiscalized", "outbox", "undelivered")} == {
        "receipts": 3, "fiscalized": 3, "outbox": 12, "undelivered": 12,
    }  # fmt: skip


def test_when_a_copy_is_due(journal: Journal, tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "copies"
    assert needs_backup(folder, clock.at)
    back_up(journal, folder, clock.at)
    assert not needs_backup(folder, clock.at)
    assert not needs_backup(folder, clock.at + EVERY - timedelta(seconds=1))
    assert needs_backup(folder, clock.at + EVERY)
    assert needs_backup(folder, clock.at - timedelta(seconds=1))  # the clock was wrong, now or then
    assert needs_backup(folder, clock.at + timedelta(minutes=5), every=timedelta(minutes=5))


def test_a_copy_that_fails_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    good = back_up(journal, folder, START)
    (folder / "journal-20260701T100000Z.sqlite").mkdir()  # the name is taken: renaming must fail
    with pytest.raises(JournalError):
        back_up(journal, folder, START + timedelta(hours=1))
    assert sorted(each.name for each in folder.iterdir()) == [good.name, "journal-20260701T100000Z.sqlite"]


def test_a_part_of_a_copy_that_was_cut_off_is_no_copy(journal: Journal, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "journal-20260701T090000Z.part").write_bytes(b"half of a journal")
    assert needs_backup(folder, START)
    copy = back_up(journal, folder, START)
    quick_check(copy)
    assert list(folder.iterdir()) == [copy]


def test_quick_check_finds_damage(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    with open_journal(tmp_path) as journal:
        for number in range(1, 40):
            sell(journal, number)
        quick_check(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 4))
    with pytest.raises(JournalError) as damaged:
        quick_check(path)
    assert damaged.value.code == "journal_damaged"


@pytest.mark.parametrize("write", [True, False])
def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path, write: bool) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(b"this is no database, and it is long enough to be read as one" * 20)
    with pytest.raises(JournalError) as damaged:
        open_journal(tmp_path, write=write)
    assert damaged.value.code == "journal_damaged"
    with pytest.raises(JournalError) as damaged:
        quick_check(tmp_path / JOURNAL_NAME)
    assert damaged.value.code == "journal_damaged"


def test_damage_met_while_reading_and_writing_is_told(tmp_path: Path) -> None:
    """Damage in the middle of the file: opening does not see it, and then nothing looks like a missing row."""
    with open_journal(tmp_path) as journal:
        for number in range(1, 30):
            sell(journal, number)
    path = tmp_path / JOURNAL_NAME
    with closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        pages = [row[0] for row in db.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'receipts'")]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    with open_journal(tmp_path) as journal:
        with pytest.raises(JournalError) as damaged:
            journal.receipts_of_order("shop.example", 3)
        assert damaged.value.code == "journal_damaged"
        with pytest.raises(JournalError) as damaged:
            journal.add_receipt(receipt(99))
        assert damaged.value.code == "journal_damaged"
        assert len(journal.entries()) == 29 * 4
