"""The audit log: written with the change or not at all, only ever added to, and every tampering shown at its record."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import Money
from posapp.domain.settlement import By, State
from posapp.errors import JournalError
from posapp.journal import chain
from posapp.journal.backup import back_up
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import Decision, IllegalMove
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, START, Clock, device, entries, mark, open_journal, receipt, sell

GUARDS = ("audit_insert", "audit_update", "audit_delete")


def decision(number: int, why: str = "видел чек") -> Decision:
    return Decision(f"Старший {number}", "receipt.made", f"KEY{number}", why, {"document": number, "till": "1"})


def with_records(folder: Path, count: int, clock: Clock | None = None) -> Path:
    """A closed journal with so many decisions; its file."""
    with open_journal(folder, clock or Clock()) as journal:
        for number in range(1, count + 1):
            journal.note(decision(number))
    return folder / JOURNAL_NAME


def unguarded(path: Path, *statements: str) -> None:
    """What somebody with write access to the file does: the guards are taken off, used, put back."""
    with closing(sqlite3.connect(path)) as db:
        guards = [row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
        for name in GUARDS:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for guard in guards:
            db.execute(guard)
        db.commit()


def links(path: Path) -> list[chain.Link]:
    with closing(sqlite3.connect(path)) as db:
        return [chain.Link(*row) for row in db.execute("SELECT * FROM audit ORDER BY id")]


def verdict(folder: Path) -> chain.Verdict:
    with open_journal(folder, write=False) as journal:
        return journal.verify_audit()


# ---- what is written


def test_a_record_says_who_what_when_and_why(journal: Journal, clock: Clock) -> None:
    journal.note(
        Decision(" Иванова ", "receipt.made", "KEY", " чек на руках\n", {"document": 7, "of": Money(5), "n": None})
    )
    clock.tick(seconds=1)
    journal.note(decision(2))
    first, second = journal.audit_rows()
    assert (first.id, first.at, first.who, first.what, first.subject) == (1, START, "Иванова", "receipt.made", "KEY")
    assert (first.why, first.facts) == ("чек на руках", {"document": 7, "n": "", "of": str(Money(5))})
    assert (second.id, second.at, second.previous) == (2, START + timedelta(seconds=1), first.hash)
    assert first.previous == chain.BEGINNING
    assert journal.audit_rows(after=1) == [second]
    assert journal.audit_rows(limit=1) == [first]
    assert journal.audit_rows(subject="KEY") == [first]
    assert journal.verify_audit() == chain.Verdict(2, second.hash, None)


def test_an_empty_log_is_whole(journal: Journal) -> None:
    assert journal.verify_audit() == chain.Verdict(0, chain.BEGINNING, None)


NOBODY = [("", "a", "b"), (" ", "a", "b"), ("a", "", "b"), ("a", "b", "")]


@pytest.mark.parametrize("who, what, subject", NOBODY)
def test_a_decision_without_a_person_or_a_subject_is_none(who: str, what: str, subject: str) -> None:
    with pytest.raises(ValueError, match="a person"):
        Decision(who, what, subject)


def test_half_a_character_is_refused_before_anything_is_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        Decision("a", "b", "c", "\ud800")


FACTS = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.booleans(), st.none()), max_size=4)


@given(FACTS)
def test_facts_are_integers_and_text_and_come_back(facts: dict[str, object]) -> None:
    try:
        text = chain.facts_text(facts)
        text.encode()
    except UnicodeEncodeError:
        return
    read = json.loads(text)
    assert list(read) == sorted(facts)
    assert all(type(value) in (int, str) for value in read.values())
    assert chain.facts_text(read) == text


# ---- in the transaction of the change


def made(journal: Journal) -> str:
    """A receipt that is being sent."""
    sold = receipt(1)
    journal.add_receipt(sold)
    journal.start_attempt(sold.key, DEVICE, 0, 3)
    return sold.key


def pending(journal: Journal) -> str:
    journal.add_receipt(receipt(1))
    return receipt(1).key


def operation(journal: Journal) -> int:
    return journal.start_operation("cash_in", Money(100), DEVICE, {}, "К")


def entry(journal: Journal) -> int:
    return journal.entries_of_receipt(sell(journal, 1).key)[0].id


CHANGES: dict[str, Callable[[Journal, Decision], None]] = {
    "add_receipt": lambda j, d: j.add_receipt(receipt(1), decision=d),
    "move": lambda j, d: j.move(pending(j), State.CANCELLED, By.PERSON, "", decision=d),
    "note_evidence": lambda j, d: j.note_evidence(
        (j.last_attempt(made(j)) or pytest.fail("no attempt")).id, {"a": 1}, decision=d
    ),
    "fiscalize": lambda j, d: j.fiscalize(made(j), mark(1), By.PERSON, entries(1), {}, decision=d),
    "not_made": lambda j, d: j.not_made(made(j), State.PENDING, "", {}, decision=d),
    "end_operation": lambda j, d: j.end_operation(operation(j), "refused", {}, decision=d),
    "remember_document": lambda j, d: j.remember_document(DEVICE, 5, decision=d),
    "hold_entry": lambda j, d: j.hold_entry(entry(j), decision=d),
    "retry_entry": lambda j, d: j.retry_entry(entry(j), START, decision=d),
    "set_fact": lambda j, d: j.set_fact("a", "b", decision=d),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_brings_its_record(journal: Journal, change: str) -> None:
    CHANGES[change](journal, decision(1))
    (record,) = journal.audit_rows()
    assert (record.who, record.subject) == ("Старший 1", "KEY1")
    assert journal.verify_audit().is_whole


def test_a_change_that_is_refused_leaves_no_record(journal: Journal) -> None:
    journal.add_receipt(receipt(1))
    with pytest.raises(IllegalMove):
        journal.not_made(receipt(1).key, State.PENDING, "", {}, decision=decision(1))
    assert journal.audit_rows() == []
    assert journal.get_fact(chain.ANCHOR) is None


def test_a_record_that_cannot_be_written_takes_its_change_back(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.add_receipt(receipt(1))
    with closing(sqlite3.connect(tmp_path / JOURNAL_NAME)) as db:
        db.execute("CREATE TRIGGER stop BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
    with open_journal(tmp_path) as journal:
        with pytest.raises(sqlite3.IntegrityError):
            journal.move(receipt(1).key, State.CANCELLED, By.PERSON, "", decision=decision(1))
        stored = journal.receipt(receipt(1).key)
        assert stored is not None
        assert stored.state is State.PENDING
        assert journal.get_fact(chain.ANCHOR) is None


# ---- the guards


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'Никто' WHERE id = 2",
        "UPDATE audit SET why = why",
        "DELETE FROM audit WHERE id = 3",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 2",
        "REPLACE INTO audit SELECT id, at, 'Никто', what, subject, why, facts, previous, hash FROM audit WHERE id = 3",
        "INSERT INTO audit SELECT 0, at, who, what, subject, why, facts, previous, hash FROM audit WHERE id = 1",
    ],
)
def test_the_table_refuses_every_change(tmp_path: Path, statement: str) -> None:
    path = with_records(tmp_path, 3)
    before = links(path)
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        db.execute(statement)
    assert links(path) == before


def test_guards_that_were_taken_off_are_missed(tmp_path: Path) -> None:
    path = with_records(tmp_path, 2)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER audit_update")
    found = verdict(tmp_path)
    assert found.first_broken is not None
    assert (found.records, found.first_broken.kind, found.first_broken.record) == (2, "guards", None)


# ---- tampering, each at its exact record

FORGED = chain.sealed(chain.Link(3, 0, "Никто", "receipt.made", "KEY", "", "{}", "?" * 64, ""))
TAMPERED: dict[str, tuple[tuple[str, ...], int | None, str]] = {
    "who": (("UPDATE audit SET who = 'Другой' WHERE id = 3",), 3, "changed"),
    "why": (("UPDATE audit SET why = '' WHERE id = 1",), 1, "changed"),
    "when": (("UPDATE audit SET at = at + 1 WHERE id = 5",), 5, "changed"),
    "a fact": (("UPDATE audit SET facts = replace(facts, '4', '5') WHERE id = 4",), 4, "changed"),
    "the look of facts": (("UPDATE audit SET facts = facts || ' ' WHERE id = 2",), 2, "changed"),
    "text that is bytes": (("UPDATE audit SET who = x'ff' WHERE id = 2",), 2, "changed"),
    "text that is no text": (("UPDATE audit SET why = CAST(x'ff' AS TEXT) WHERE id = 2",), 2, "changed"),
    "its hash": ((f"UPDATE audit SET hash = '{'0' * 64}' WHERE id = 2",), 2, "changed"),
    "the last one": (("UPDATE audit SET why = 'иначе' WHERE id = 6",), 6, "changed"),
    "removed": (("DELETE FROM audit WHERE id = 3",), 3, "removed"),
    "several removed": (("DELETE FROM audit WHERE id IN (2, 3)",), 2, "removed"),
    "removed and renumbered": (
        ("DELETE FROM audit WHERE id = 3", "UPDATE audit SET id = id - 1 WHERE id > 3"),
        3,
        "removed",
    ),
    "the first removed": (("DELETE FROM audit WHERE id = 1",), 1, "removed"),
    "cut off": (("DELETE FROM audit WHERE id > 4",), 5, "cut_off"),
    "all cut off": (("DELETE FROM audit",), 1, "cut_off"),
    "inserted, the rest renumbered": (
        (
            "UPDATE audit SET id = id + 100 WHERE id > 2",
            "UPDATE audit SET id = id - 99 WHERE id > 100",
            "INSERT INTO audit SELECT 3, at, 'X', what, subject, why, facts, previous, hash FROM audit WHERE id = 2",
        ),
        3,
        "changed",
    ),
    "added behind": (
        ("INSERT INTO audit SELECT 7, at, who, what, subject, why, facts, hash, hash FROM audit WHERE id = 6",),
        7,
        "changed",
    ),
    "the count": (("UPDATE facts SET value = '5' || substr(value, 2) WHERE name = 'audit_head'",), 6, "inserted"),
    "no anchor": (("DELETE FROM facts WHERE name = 'audit_head'",), None, "anchor"),
    "a foolish anchor": (("UPDATE facts SET value = 'x' WHERE name = 'audit_head'",), None, "anchor"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_shown_at_the_exact_record(tmp_path: Path, how: str) -> None:
    statements, record, kind = TAMPERED[how]
    path = with_records(tmp_path, 6)
    assert verdict(tmp_path).is_whole
    unguarded(path, *statements)
    found = verdict(tmp_path).first_broken
    assert found is not None
    assert (found.record, found.kind) == (record, kind)
    assert found.why


def rewritten(path: Path, changed: list[chain.Link], *, anchor: bool = False) -> None:
    """The table with other records, which the anchor may be made to fit."""
    unguarded(path, "DELETE FROM audit")
    with closing(sqlite3.connect(path)) as db:
        db.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", changed)
        if anchor:
            text = chain.Anchor(len(changed), changed[-1].hash).text()
            db.execute("UPDATE facts SET value = ? WHERE name = ?", (text, chain.ANCHOR))
        db.commit()


def rehashed(kept: list[chain.Link]) -> list[chain.Link]:
    """The records as a whole chain of their own, numbered anew."""
    head, result = chain.BEGINNING, []
    for number, link in enumerate(kept, 1):
        result.append(chain.sealed(link._replace(id=number, previous=head)))
        head = result[-1].hash
    return result


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_record_that_was_changed_and_hashed_again_is_found(tmp_path: Path, number: int) -> None:
    path = with_records(tmp_path, 6)
    kept = links(path)
    kept[number - 1] = chain.sealed(kept[number - 1]._replace(who="Другой"))
    rewritten(path, kept)
    found = verdict(tmp_path).first_broken
    assert found is not None
    assert (found.record, found.kind) == (number, "replaced")


def test_the_last_record_changed_and_hashed_again_does_not_fit_the_anchor(tmp_path: Path) -> None:
    path = with_records(tmp_path, 6)
    kept = links(path)
    rewritten(path, [*kept[:-1], chain.sealed(kept[-1]._replace(who="Другой"))])
    found = verdict(tmp_path).first_broken
    assert found is not None
    assert (found.record, found.kind) == (6, "replaced")


def test_a_record_inserted_with_its_hash_moves_the_next_one(tmp_path: Path) -> None:
    path = with_records(tmp_path, 6)
    kept = links(path)
    forged = chain.sealed(kept[2]._replace(who="Никто"))
    rewritten(path, [*kept[:2], forged, *(each._replace(id=each.id + 1) for each in kept[2:])])
    found = verdict(tmp_path).first_broken
    assert found is not None
    assert (found.record, found.kind) == (3, "inserted")


@pytest.mark.parametrize("drop", [slice(2, 3), slice(4, 6), slice(0, 1)])
def test_a_chain_rewritten_as_a_whole_is_shown_by_a_former_copy_only(tmp_path: Path, drop: slice) -> None:
    """The honest limit: who can write the file can write a whole other chain. A copy elsewhere still tells."""
    folder = tmp_path / "data"
    path = with_records(folder, 6)
    with open_journal(folder) as journal:
        copy = back_up(journal, tmp_path / "elsewhere", START)
        head = journal.verify_audit().head
        journal.note(decision(7))
    kept = links(path)
    gone = kept[drop][0].id
    del kept[drop]
    rewritten(path, rehashed(kept), anchor=True)
    with open_journal(folder, write=False) as journal:
        assert journal.verify_audit().is_whole
        found = journal.verify_audit(against=copy).first_broken
        assert found is not None
        assert found.record == gone
        assert journal.verify_audit(head=head).first_broken is not None


def test_a_copy_witnesses_what_was_added_since(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with_records(folder, 3)
    with open_journal(folder) as journal:
        copy = back_up(journal, tmp_path / "elsewhere", START)
        head = journal.verify_audit().head
        journal.note(decision(4))
        assert journal.verify_audit(against=copy, head=head).is_whole
        assert journal.verify_audit(head=head.upper()).is_whole


def test_a_journal_put_back_to_a_former_copy_misses_the_later_records(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with_records(folder, 3)
    with open_journal(folder) as journal:
        old = back_up(journal, tmp_path / "old", START)
        journal.note(decision(4))
        new = back_up(journal, tmp_path / "new", START)
    (folder / JOURNAL_NAME).unlink()
    old.rename(folder / JOURNAL_NAME)
    with open_journal(folder) as journal:
        assert journal.verify_audit().is_whole
        found = journal.verify_audit(against=new).first_broken
    assert found is not None
    assert (found.record, found.kind) == (4, "cut_off")


def test_a_copy_that_is_no_witness_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with_records(folder, 3)
    broken = with_records(tmp_path / "broken", 3)
    unguarded(broken, "DELETE FROM audit WHERE id = 2")
    noise = tmp_path / "noise.sqlite"
    noise.write_bytes(b"no journal at all" * 100)
    old = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(old)) as db:
        db.executescript((Path(__file__).parent / "released" / "0001.sql").read_text("utf-8"))
    with open_journal(folder) as journal:
        for copy in (broken, noise, old, tmp_path / "none.sqlite"):
            with pytest.raises(JournalError) as refused:
                journal.verify_audit(against=copy)
            assert refused.value.code == "audit_copy"
            assert copy.name in refused.value.message()


def test_a_cut_tail_is_not_covered_by_the_next_decision(tmp_path: Path) -> None:
    path = with_records(tmp_path, 6)
    unguarded(path, "DELETE FROM audit WHERE id > 4")
    with open_journal(tmp_path) as journal:
        journal.note(decision(7))
        found = journal.verify_audit().first_broken
    assert found is not None
    assert (found.record, found.kind) == (5, "removed")
    assert [each.id for each in links(path)] == [1, 2, 3, 4, 7]


def test_a_replaced_last_record_is_not_covered_by_the_next_decision(tmp_path: Path) -> None:
    path = with_records(tmp_path, 6)
    kept = links(path)
    rewritten(path, [*kept[:-1], chain.sealed(kept[-1]._replace(who="Другой"))])
    with open_journal(tmp_path) as journal:
        journal.note(decision(7))
        found = journal.verify_audit().first_broken
    assert found is not None
    assert (found.record, found.kind) == (6, "replaced")


def test_the_till_goes_on_with_a_log_that_lost_its_anchor(tmp_path: Path) -> None:
    path = with_records(tmp_path, 2)
    unguarded(path, "DELETE FROM facts WHERE name = 'audit_head'")
    with open_journal(tmp_path) as journal:
        journal.add_receipt(receipt(1))
        journal.move(receipt(1).key, State.CANCELLED, By.PERSON, "", decision=decision(3))
        assert [each.id for each in journal.audit_rows()] == [1, 2, 3]


def test_it_is_checked_beside_a_running_till(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal, open_journal(tmp_path, write=False) as beside:
        journal.note(decision(1))
        assert beside.verify_audit().records == 1
        journal.note(decision(2))
        assert beside.verify_audit() == journal.verify_audit()
        assert device(1) != DEVICE
        with pytest.raises(JournalError):
            beside.note(decision(3))


# ---- what is written down for auditors


def test_the_hash_is_the_one_that_the_page_describes(tmp_path: Path) -> None:
    path = with_records(tmp_path, 1)
    (link,) = links(path)
    text = (
        '{"id":1,"at":1782896400000000,"who":"Старший 1","what":"receipt.made","subject":"KEY1","why":"видел чек",'
        '"facts":"{\\"document\\":1,\\"till\\":\\"1\\"}"}'
    )
    assert chain.canonical(link).decode() == text
    assert link.hash == hashlib.sha256(("0" * 64 + text).encode()).hexdigest()


ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "resources" / "audit" / "check.py"


def checked(path: Path) -> tuple[int, str, str]:
    """The auditor's script on a journal: exit code, what it said, what it complained of."""
    done = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=False, encoding="utf-8")
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_the_page_shows_the_script_as_it_is() -> None:
    assert f"```python\n{SCRIPT.read_text('utf-8')}```" in (ROOT / "docs" / "audit.md").read_text("utf-8")


def test_an_auditor_needs_nothing_of_this_program(tmp_path: Path) -> None:
    odd = ('a\tb\n"c" \\ / \x7f \u2028 😀 ё', "", "</script>")
    with open_journal(tmp_path / "odd") as journal:
        for text in odd:
            journal.note(Decision(f"К {text}", "w.w", f"s {text}", text, {f"имя {text}": text, "list": [1, text]}))
        found = journal.verify_audit()
    assert found.is_whole
    assert checked(tmp_path / "odd" / JOURNAL_NAME) == (0, f"3 {found.head}", "")
    open_journal(tmp_path / "empty").close()
    assert checked(tmp_path / "empty" / JOURNAL_NAME) == (0, f"0 {chain.BEGINNING}", "")


@pytest.mark.parametrize("how", [how for how, (_, _, kind) in TAMPERED.items() if how != "text that is no text"])
def test_the_script_finds_what_the_program_finds(tmp_path: Path, how: str) -> None:
    path = with_records(tmp_path, 6)
    unguarded(path, *TAMPERED[how][0])
    code, said, complaint = checked(path)
    assert (code, said) == (1, "")
    assert complaint
