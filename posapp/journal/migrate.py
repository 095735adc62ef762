"""Brings a journal to the schema of this program. Alembic is imported only when the stored revision is another one.

A new journal is made from the tables; an older one goes through the steps, which arrive at the same schema. Either is
one transaction: a journal is at the old revision or at the new one, never between. Before a journal with content is
touched, it is copied to `backups/`.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import cache
from pathlib import Path

from posapp.errors import JournalError
from posapp.journal.backup import BACKUPS_NAME, copy_before_migration
from posapp.journal.connect import open_writer
from posapp.journal.queries import revision
from posapp.journal.soundness import forget_check, glance, has_log, refuse_unfinished, remember_born

HEAD = "0009"
"""The revision that this program reads and writes."""

ENVIRONMENT = Path(__file__).parent
STEPS = ENVIRONMENT / "migrations"


def migrate(path: Path, now: datetime, steps: Path = STEPS, head: str = HEAD) -> None:
    """Creates or upgrades the journal at `path`; the caller holds the lock of its folder.

    Raises JournalError `journal_newer`, `journal_damaged`, `journal_lost`, `restore_unfinished`; sqlite3.Error and
    OSError are for the caller to sort.
    """
    refuse_unfinished(path.parent)
    glance(path)
    if has_log(path):  # who wrote last did not end by itself
        forget_check(path.parent)
    _bring_up(path, now, steps, head)
    remember_born(path.parent, now)


def _bring_up(path: Path, now: datetime, steps: Path, head: str) -> None:
    db = open_writer(path)
    try:
        stored = revision(db)
        if stored == head:
            return
        if stored == "":
            raise JournalError("journal_damaged", what="alembic_version")
        _check_known(stored, steps)
        if stored is None and (steps, head) == (STEPS, HEAD):
            _create(db)
            return
        if stored is not None:
            copy_before_migration(path, path.parent / BACKUPS_NAME, stored, now)
        _upgrade(db, steps, head)
    finally:
        db.close()


def check_readable(db: sqlite3.Connection) -> bool:
    """Whether the journal has this program's schema. Raises JournalError when it is newer or not ours."""
    stored = revision(db)
    if stored == HEAD:
        return True
    if stored == "":
        raise JournalError("journal_damaged", what="alembic_version")
    _check_known(stored, STEPS)
    return False


def _check_known(stored: str | None, steps: Path) -> None:
    if stored is None:
        return
    from alembic.script import ScriptDirectory

    known = ScriptDirectory(ENVIRONMENT, version_locations=[steps])
    if stored not in {each.revision for each in known.walk_revisions()}:
        raise JournalError("journal_newer", revision=stored)


def _create(db: sqlite3.Connection) -> None:
    """Makes all tables in an empty file, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements():
            db.execute(statement)
        db.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@cache
def _statements() -> tuple[str, ...]:
    """The schema as SQL, Alembic's own table included."""
    from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, create_mock_engine
    from sqlalchemy.dialects import sqlite

    from posapp.journal.tables import metadata

    dialect, found = sqlite.dialect(), list[str]()
    engine = create_mock_engine("sqlite://", lambda sql, *_a, **_k: found.append(str(sql.compile(dialect=dialect))))
    version = MetaData()
    number = Column("version_num", String(32), nullable=False)
    Table("alembic_version", version, number, PrimaryKeyConstraint("version_num", name="alembic_version_pkc"))
    for tables in (version, metadata):
        tables.create_all(engine, checkfirst=False)
    return tuple(found)


def _upgrade(db: sqlite3.Connection, steps: Path, head: str) -> None:
    """Makes the steps on our own connection. Rebuilding a table must not fire foreign keys; they are checked after."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    config = Config()
    options = {
        "script_location": str(ENVIRONMENT),
        "version_locations": str(steps),
        "path_separator": "newline",  # the program may be installed in a path with spaces
    }
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
    engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
    db.execute("PRAGMA foreign_keys=OFF")
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver is in autocommit mode: nobody else begins
        config.attributes["connection"] = connection
        command.upgrade(config, head)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise JournalError("journal_damaged", what=f"foreign keys {broken[:3]}")
