"""The steps arrive at the tables, repeat without harm, and either happen whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from posapp.errors import JournalError, SetupError
from posapp.journal import migrate as migrate_module
from posapp.journal.backup import BACKUPS_NAME
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.migrate import HEAD, STEPS, migrate
from posapp.journal.rows import STEPS as STEPS_OF_A_SALE
from posapp.journal.rows import Decision
from posapp.journal.tables import metadata
from tests.journal.samples import FISCALIZED, START, Sale, look, open_journal, order, receipt, sell

NEXT = f"{int(HEAD) + 1:04}"
NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    with op.batch_alter_table("receipts") as batch:
        batch.add_column(sa.Column("shop", sa.String(), nullable=False, server_default="one"))
    op.execute("INSERT INTO facts (name, value) VALUES ('next', 'done')")
    {ending}
"""


def schema(path: Path) -> dict[str, str]:
    """Every table, index and trigger as SQLite keeps it, without Alembic's own, constraints of a table in any order."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        return {name: ",".join(sorted(part.strip() for part in text.split(",\n"))) for name, text in found}


def stored_revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def steps_with(folder: Path, ending: str) -> Path:
    """The real steps and one more that a later program might bring."""
    folder.mkdir()
    for step in STEPS.glob("[0-9]*.py"):
        (folder / step.name).write_bytes(step.read_bytes())
    text = NEXT_STEP.format(ending=ending, revision=NEXT, before=HEAD)
    (folder / f"{NEXT}_next.py").write_text(text, "utf-8")
    return folder


def test_the_steps_arrive_at_the_tables(tmp_path: Path) -> None:
    """A new journal is made from the tables, every older one by the steps."""
    open_journal(tmp_path).close()
    by_steps, by_tables = tmp_path / "older" / JOURNAL_NAME, tmp_path / "tables.sqlite"
    by_steps.parent.mkdir()
    steps = tmp_path / "copied"
    steps.mkdir()
    for step in STEPS.glob("[0-9]*.py"):
        (steps / step.name).write_bytes(step.read_bytes())
    migrate(by_steps, START, steps, HEAD)
    engine = create_engine(f"sqlite:///{by_tables}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema(by_steps) == schema(by_tables)
    assert stored_revision(by_steps) == stored_revision(tmp_path / JOURNAL_NAME) == HEAD
    assert set(metadata.tables) >= {"receipts", "attempts", "outbox", "orders", "audit"}
    assert schema(tmp_path / JOURNAL_NAME) == schema(by_tables)


def test_the_journal_keeps_out_of_the_metadata_of_others() -> None:
    assert not set(metadata.tables) & set(SQLModel.metadata.tables)


def test_the_newest_step_is_the_head() -> None:
    newest = sorted(STEPS.glob("[0-9]*.py"))[-1]
    assert newest.name.startswith(f"{HEAD}_")


def test_repeating_is_harmless(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    empty = schema(tmp_path / JOURNAL_NAME)
    for number in (1, 2):
        with open_journal(tmp_path) as journal:
            sold = sell(journal, number)
            assert look(journal, sold.key) == FISCALIZED
        migrate(tmp_path / JOURNAL_NAME, START)
    with open_journal(tmp_path) as journal:
        assert len(journal.entries()) == 8
    assert schema(tmp_path / JOURNAL_NAME) == empty
    assert not (tmp_path / BACKUPS_NAME).exists()  # nothing was behind, so nothing was copied


def test_an_older_journal_is_copied_and_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data" / JOURNAL_NAME
    with open_journal(path.parent) as journal:
        sold = sell(journal, 1)
    steps = steps_with(tmp_path / "steps", "pass")
    for _ in range(2):
        migrate(path, START, steps, NEXT)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("SELECT key, shop FROM receipts").fetchall() == [(sold.key, "one")]
            assert db.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
            assert db.execute("SELECT count(*) FROM outbox").fetchone() == (4,)
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert stored_revision(path) == NEXT
    (copy,) = (path.parent / BACKUPS_NAME).iterdir()
    assert copy.name == f"journal-before-{HEAD}-20260701T090000Z.sqlite"
    assert stored_revision(copy) == HEAD
    # The copy is a whole journal of the old program.
    restored = tmp_path / "restored"
    restored.mkdir()
    copy.rename(restored / JOURNAL_NAME)
    with open_journal(restored) as journal:
        assert look(journal, sold.key) == FISCALIZED


def test_a_step_that_fails_leaves_the_old_journal(tmp_path: Path) -> None:
    path = tmp_path / "data" / JOURNAL_NAME
    with open_journal(path.parent) as journal:
        sold = sell(journal, 1)
    before = schema(path)
    steps = steps_with(tmp_path / "steps", 'raise RuntimeError("power cut")')
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(path, START, steps, NEXT)
    assert schema(path) == before
    assert stored_revision(path) == HEAD
    with open_journal(path.parent) as journal:
        assert look(journal, sold.key) == FISCALIZED
        assert journal.get_fact("next") is None


def test_a_first_step_that_fails_leaves_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    steps = steps_with(tmp_path / "steps", 'raise RuntimeError("power cut")')
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(path, START, steps, NEXT)
    assert schema(path) == {}
    with open_journal(tmp_path) as journal:
        assert look(journal, sell(journal, 1).key) == FISCALIZED


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_journal_is_refused_untouched(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "data" / JOURNAL_NAME
    with open_journal(path.parent) as journal:
        sell(journal, 1)
    migrate(path, START, steps_with(tmp_path / "steps", "pass"), NEXT)
    before = schema(path)
    with pytest.raises(JournalError) as refused:
        open_journal(path.parent, write=write)
    assert (refused.value.code, refused.value.facts) == ("journal_newer", {"revision": NEXT})
    assert schema(path) == before
    assert stored_revision(path) == NEXT


@pytest.mark.parametrize("write", [True, False])
def test_a_file_of_another_program_is_refused_untouched(tmp_path: Path, write: bool) -> None:
    path = tmp_path / JOURNAL_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE other (id INTEGER)")
    with pytest.raises(JournalError) as refused:
        open_journal(tmp_path, write=write)
    assert refused.value.code == "journal_damaged"
    assert schema(path) == {"other": "CREATE TABLE other (id INTEGER)"}


def test_reading_brings_an_older_journal_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update of the program the first command may be one that only reads."""
    with open_journal(tmp_path) as journal:
        journal.save_orders([order(1)], claimed=True)
    monkeypatch.setattr(migrate_module, "HEAD", NEXT)
    monkeypatch.setattr(migrate_module, "STEPS", steps_with(tmp_path / "steps", "pass"))
    monkeypatch.setattr(migrate_module.migrate, "__defaults__", (migrate_module.STEPS, NEXT))
    with open_journal(tmp_path, write=False) as journal:
        assert journal.order_by_id(order(1).portal, 1) == order(1)
    assert stored_revision(tmp_path / JOURNAL_NAME) == NEXT


RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))


@pytest.mark.parametrize("sample", RELEASED, ids=lambda path: path.stem)
def test_a_journal_of_a_released_program_is_brought_up_to_date(tmp_path: Path, sample: Path) -> None:
    """`released/NNNN.sql` is a journal as the program with that schema left it: one receipt in each state."""
    path = tmp_path / JOURNAL_NAME
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sample.read_text("utf-8"))
        counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in TABLES_OF_0001}
    assert stored_revision(path) == sample.stem
    with open_journal(tmp_path) as journal:
        first, second, third, fourth = (receipt(number).key for number in range(1, 5))
        assert look(journal, first) == Sale("fiscalized", ("fiscalized",), STEPS_OF_A_SALE)
        assert look(journal, second) == Sale("pending", ("pending",), ())
        assert look(journal, third) == Sale("cancelled", (), ())
        assert look(journal, fourth) == Sale("sending", ("",), ())
        assert [each.state for each in journal.entries_of_receipt(first)] == ["done", "held", "waiting", "waiting"]
        assert journal.order_by_id(order(1).portal, 1) == order(1)
        journal.note(Decision("Петров", "receipt.cancelled", second))
        assert journal.verify_audit().is_whole
        sell(journal, 5)
    assert stored_revision(path) == HEAD
    with closing(sqlite3.connect(path)) as db:
        for name, count in counts.items():
            if name not in ("facts", "receipts", "attempts", "outbox"):
                assert db.execute(f"SELECT count(*) FROM {name}").fetchone() == count
    open_journal(tmp_path / "new").close()
    assert schema(path) == schema(tmp_path / "new" / JOURNAL_NAME)


TABLES_OF_0001 = (
    *("orders", "receipts", "attempts", "operations", "devices", "foreign_documents", "outbox", "sync_log", "facts"),
)


def test_reading_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        open_journal(tmp_path / "nothing", write=False)
    assert refused.value.code == "not_set_up"
    assert not (tmp_path / "nothing").exists()


def test_an_order_is_found_before_sqlmodel_and_alembic_are_imported(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.save_orders([order(5)], claimed=True)
    program = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from posapp.journal.store import Journal\n"
        "journal = Journal.open(Path(sys.argv[1]), now=lambda: datetime.now(UTC), write=False)\n"
        "assert journal.order('shop.example', 'зк-5/а').order_id == 5\n"
        "journal.close()\n"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'alembic', 'pydantic'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
