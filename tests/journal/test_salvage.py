"""What is taken over from a damaged journal is right, whatever page is damaged and however."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from posapp.domain.settlement import By, State
from posapp.journal import rebuild, salvage
from posapp.journal.backup import back_up
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import Decision
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, START, Clock, open_journal, order, receipt, sell

PAGE = 4096
BEFORE, AFTER = 260, 60
"""Sales in the copy, and since. So many that every kind of page of a SQLite file occurs."""

TYPES = {2: "interior index", 5: "interior table", 10: "leaf index", 13: "leaf table"}
Damage = Callable[[bytearray, random.Random], None]


def zeroed(page: bytearray, _: random.Random) -> None:
    page[:] = bytes(len(page))


def turned(page: bytearray, chance: random.Random) -> None:
    for _ in range(3):
        page[chance.randrange(len(page))] ^= 1 << chance.randrange(8)


def torn(page: bytearray, _: random.Random) -> None:
    """The second half was never written."""
    half = len(page) // 2
    page[half:] = bytes(half)


def foreign(page: bytearray, chance: random.Random) -> None:
    page[:] = chance.randbytes(len(page))


DAMAGES: dict[str, Damage] = {"zeroed": zeroed, "turned": turned, "torn": torn, "foreign": foreign}


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose journal has gone on since its copy: sales, orders, a begun receipt, a decision, a hold."""
    folder = tmp_path_factory.mktemp("sold")
    clock = Clock()
    with open_journal(folder, clock) as journal:
        for number in range(1, BEFORE + 1):
            sell(journal, number)
        journal.save_orders([order(number) for number in range(1, 40)], claimed=True)
        journal.save_orders([order(number, comment="позвонить " * 500) for number in range(40, 50)], claimed=True)
        journal.note(Decision("Иванова", "entry.held", "1"))
        back_up(journal, folder / "backups", START)
        clock.tick(minutes=30)
        for number in range(BEFORE + 1, BEFORE + AFTER + 1):
            sell(journal, number)
        journal.save_orders([order(number, pulled_at=clock.at) for number in range(30, 60)], claimed=True)
        journal.add_receipt(receipt(9001))
        journal.add_receipt(receipt(9002), State.HELD, "ставка не подтверждена")
        journal.add_receipt(receipt(9003))
        journal.move(receipt(9003).key, State.CANCELLED, By.PERSON, "передумали", decision=decision("9003"))
        journal.hold_entry(1, decision=decision("1"))
        journal.add_receipt(receipt(9004))
        journal.start_attempt(receipt(9004).key, DEVICE, BEFORE + AFTER, 3)
    return folder


def decision(subject: str) -> Decision:
    return Decision("Иванова", "receipt.cancelled", subject, "так решено")


def pages(path: Path) -> dict[str, list[int]]:
    """The pages of a file by what is in them, counted from 0."""
    data = path.read_bytes()
    found: dict[str, list[int]] = {"header": [0]}
    for number in range(1, len(data) // PAGE):
        kind = TYPES.get(data[number * PAGE], "overflow or free")
        found.setdefault(kind, []).append(number)
    return found


def rebuilt(folder: Path) -> rebuild.Rebuilt:
    return rebuild.rebuild(folder, [folder / "backups"], None, Clock())


def facts_of(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every receipt of a journal, as the program reads it."""
    with Journal.open(folder, now=Clock()) as journal:
        for stored in journal.receipts_in(*State):
            yield stored.receipt.key, stored


def test_the_file_has_every_kind_of_page(sold: Path) -> None:
    assert set(pages(sold / JOURNAL_NAME)) == {"header", "overflow or free", *TYPES.values()}


def test_of_an_undamaged_file_everything_is_taken_over(sold: Path, tmp_path: Path) -> None:
    (copy,) = (sold / "backups").iterdir()
    into_path = tmp_path / JOURNAL_NAME
    shutil.copyfile(copy, into_path)
    shutil.copyfile(sold / JOURNAL_NAME, tmp_path / "damaged")
    with (
        closing(sqlite3.connect(tmp_path / "damaged", isolation_level=None)) as damaged,
        closing(sqlite3.connect(into_path, isolation_level=None)) as into,
    ):
        found = salvage.salvage(damaged, into)
    assert found.lost == []
    assert found.rows == {"audit": 2, "orders": 30, "receipts": AFTER + 4, "held": 1}
    assert len(found.marks) == AFTER
    with Journal.open(tmp_path, now=Clock()) as journal:
        assert journal.verify_audit().is_whole
        assert len(journal.audit_rows()) == 3
        state = {number: journal.receipt(receipt(number).key) for number in (BEFORE + 1, 9001, 9002, 9003, 9004)}
        assert {number: stored.state for number, stored in state.items() if stored} == {
            BEFORE + 1: State.PENDING,  # the storage has to say that it was printed
            9001: State.PENDING,
            9002: State.HELD,
            9003: State.CANCELLED,
            9004: State.SENDING,
        }
        attempt = journal.last_attempt(receipt(9004).key)
        assert attempt is not None
        assert (attempt.device, attempt.last_document, attempt.ended_at) == (DEVICE, BEFORE + AFTER, None)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("kind", ["header", "overflow or free", *TYPES.values()])
def test_a_damaged_page_never_gives_a_wrong_receipt(sold: Path, tmp_path: Path, kind: str, how: str) -> None:
    """Some pages of a kind at a time: the journal comes back sound, with the copy's receipts and no false one."""
    chance = random.Random(f"{kind} {how}")
    wanted = dict(facts_of_copy(sold, tmp_path))
    for share in (1, 4):
        folder = tmp_path / f"damaged-{share}"
        shutil.copytree(sold, folder)
        path = folder / JOURNAL_NAME
        data = bytearray(path.read_bytes())
        chosen = pages(path)[kind]
        for number in chance.sample(chosen, max(1, len(chosen) // share)):
            page = data[number * PAGE : (number + 1) * PAGE]
            DAMAGES[how](page, chance)
            data[number * PAGE : (number + 1) * PAGE] = page
        path.write_bytes(data)
        came = rebuilt(folder)
        found = dict(facts_of(folder))
        assert came.base in ("copy", "journal")  # "journal": the damage was in what is not used
        assert set(wanted) <= set(found)
        for key, stored in found.items():
            assert stored.receipt == EVERY[key]
            if key in wanted and wanted[key].mark is not None:
                assert stored == wanted[key]
        for key, hint in came.marks.items():
            assert found[key].state is State.PENDING
            assert isinstance(hint["mark"], dict)
        with Journal.open(folder, now=Clock()) as journal:
            assert journal.verify_audit().is_whole


def facts_of_copy(sold: Path, tmp_path: Path) -> Iterator[tuple[str, Any]]:
    folder = tmp_path / "copy"
    folder.mkdir()
    (copy,) = (sold / "backups").iterdir()
    shutil.copyfile(copy, folder / JOURNAL_NAME)
    return facts_of(folder)


NUMBERS = [*range(1, BEFORE + AFTER + 1), *range(9001, 9005)]
EVERY = {receipt(number).key: receipt(number) for number in NUMBERS}


def test_a_false_receipt_is_refused(sold: Path, tmp_path: Path) -> None:
    """The body says another sum than the column beside it, or the text is no text, or it is cut: not taken over."""
    folder = tmp_path / "false"
    shutil.copytree(sold, folder)
    keys = [receipt(number).key for number in (BEFORE + 1, BEFORE + 2, BEFORE + 3, BEFORE + 4)]
    with closing(sqlite3.connect(folder / JOURNAL_NAME)) as db, db:
        db.execute("UPDATE receipts SET body = replace(body, '17980', '17981') WHERE key = ?", (keys[0],))
        db.execute("UPDATE receipts SET body = cast(x'7bff7d' AS text) WHERE key = ?", (keys[1],))
        db.execute("UPDATE receipts SET body = substr(body, 1, 400) WHERE key = ?", (keys[2],))
        db.execute("UPDATE receipts SET total_kopecks = total_kopecks + 1 WHERE key = ?", (keys[3],))
    break_index(folder / JOURNAL_NAME)
    came = rebuilt(folder)
    found = dict(facts_of(folder))
    assert [key for key in keys if key in found] == []
    assert len(came.lost) == 4
    assert came.salvaged["receipts"] == AFTER


def test_an_audit_record_that_was_changed_ends_what_is_taken_over(sold: Path, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    shutil.copytree(sold, folder)
    with closing(sqlite3.connect(folder / JOURNAL_NAME)) as db, db:
        db.execute("DROP TRIGGER audit_update")
        db.execute("UPDATE audit SET who = 'Петрова' WHERE id = 3")
    break_index(folder / JOURNAL_NAME)
    came = rebuilt(folder)
    assert came.salvaged["audit"] == 1
    assert any(each.startswith("audit") for each in came.lost)
    with Journal.open(folder, now=Clock()) as journal:
        assert journal.verify_audit().is_whole
        assert len(journal.audit_rows()) == 2


def break_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_order'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(bytes(PAGE))


def test_rows_around_a_hole_are_found(tmp_path: Path) -> None:
    """Leaves in the beginning, the middle and the end are gone: every row of every other leaf is read, in order."""
    path = tmp_path / "holes"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, body TEXT)")
        db.executemany("INSERT INTO things VALUES (?, ?)", [(number, f"{number:0900d}") for number in range(1, 801, 2)])
    data = bytearray(path.read_bytes())
    leaves = [number for number in range(1, len(data) // PAGE) if data[number * PAGE] == 13]
    lost = 0
    for number in (leaves[0], leaves[1], leaves[len(leaves) // 2], leaves[-1]):
        lost += int.from_bytes(data[number * PAGE + 3 : number * PAGE + 5], "big")  # the cells of the leaf
        data[number * PAGE : (number + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as db:
        found = [int(row["body"]) for row in salvage.rows(db, "things", "body")]
    assert found == sorted(found)
    assert lost >= 12
    assert len(found) == 400 - lost


def test_with_the_schema_gone_that_of_the_copy_leads_to_the_rows(sold: Path, tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    shutil.copytree(sold, folder)
    path = folder / JOURNAL_NAME
    data = path.read_bytes()
    schema = rebuild._schema_pages(data, PAGE)
    assert len(schema) > 1
    with path.open("r+b") as file:
        for number in schema:
            file.seek((number - 1) * PAGE)
            file.write(bytes(PAGE))
    came = rebuilt(folder)
    assert came.base == "copy"
    assert came.salvaged == {"audit": 2, "orders": 30, "receipts": AFTER + 4, "held": 1}
