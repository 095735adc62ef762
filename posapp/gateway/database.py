"""The gateway's database: its engine, the tables that all its stores share, its schema number.

SQLite for a shop, PostgreSQL for a chain. Times are whole microseconds since 1970 UTC; they come from the caller, the
clock of the gateway, never a till's.
"""

from __future__ import annotations

import logging
import signal
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from threading import Thread
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from posapp.errors import JournalError, SetupError

TABLES = ("claim_tables", "job_tables", "site_tables")
"""The modules that say what the other tables are."""
SCHEMA = 2  # 2: jobs of the portal's cashbox
_LOCK = 7_011_040  # of PostgreSQL's advisory locks: ours while the tables are made
_BUSY_S = 15.0
_TRY_EVERY_S = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger("posapp.gateway")

meta = sa.MetaData()
about = sa.Table("about", meta, sa.Column("name", sa.String(32), primary_key=True), sa.Column("value", sa.BigInteger))
tills = sa.Table(
    "tills",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("identity", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("enrolled_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("portal", "name"),
)
big_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""The type of a primary key that the database counts up."""


def open_engine(url: str, *, is_patient: bool = False) -> sa.Engine:
    """Opens the database of an address, making its tables when there are none.

    Args:
        url: `sqlite:////var/lib/posapp/gateway.sqlite`, `sqlite://` (in memory, gone with the process), or
            `postgresql://user:password@host/name`. It may hold a password: it is in no error and no log.
        is_patient: a server that does not answer yet is tried again behind the caller's back; until then everything
            fails with JournalError. For the cashbox: a portal must be answered "wait" also while the database starts.

    Raises:
        SetupError: `gateway_database`: no such engine, not reached, or of a newer program.
    """
    engine: sa.Engine | None = None
    try:
        engine = _engine(url)
        schema = _prepare(engine)
    except OperationalError as error:
        if is_patient and engine is not None and engine.dialect.name == "postgresql":
            Thread(target=_wait_for, args=(engine,), name="gateway-database", daemon=True).start()
            return engine
        trouble = SetupError("gateway_database", what=kind_of(error))
    except (SQLAlchemyError, ValueError, ImportError) as error:
        trouble = SetupError("gateway_database", what=kind_of(error))
    else:
        if schema <= SCHEMA:
            return engine
        trouble = SetupError("gateway_database", what="её записала более новая версия программы")
    if engine is not None:
        engine.dispose()
    raise trouble


def _prepare(engine: sa.Engine) -> int:
    """The number of the schema that is there then."""
    with engine.begin() as db:
        return _make_tables(db)


def _wait_for(engine: sa.Engine) -> None:
    """Until the server answers. A database of a newer program ends the process: nothing may be written to it."""
    log.error("the database does not answer yet")
    while True:
        try:
            schema = _prepare(engine)
        except SQLAlchemyError:
            time.sleep(_TRY_EVERY_S)
            continue
        if schema > SCHEMA:
            log.critical("the database is of a newer program")
            signal.raise_signal(signal.SIGTERM)
        log.warning("the database answers")
        return


def _make_tables(db: sa.Connection) -> int:
    """Tables and counters that are missing; the number of the schema that is there then.

    Every schema so far only adds tables, so the way from an older one is to add them.
    """
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    known: dict[str, int] = {}
    if sa.inspect(db).has_table(about.name):
        known = {row.name: row.value for row in db.execute(sa.select(about))}
    schema = known.get("schema", SCHEMA)
    if schema > SCHEMA:
        return schema
    for tables in TABLES:  # they say what they are only when they are imported
        import_module(f"posapp.gateway.{tables}")
    meta.create_all(db)
    for name, value in (("schema", SCHEMA), ("fence", 0)):
        if name not in known:
            db.execute(sa.insert(about).values(name=name, value=value))
    db.execute(sa.update(about).where(about.c.name == "schema").values(value=SCHEMA))
    return SCHEMA


def kind_of(error: Exception) -> str:
    """The kind of the trouble: the text of a database's error may quote its address, password included."""
    return type(getattr(error, "orig", None) or error).__name__


def store_trouble(error: Exception) -> JournalError:
    """What a caller is told when the database fails: JournalError `gateway_store`."""
    return JournalError("gateway_store", what=kind_of(error))


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        options = "-c synchronous_commit=on -c lock_timeout=15s"
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": options, "connect_timeout": 10},
        )
    if kind != "sqlite":
        raise ValueError(kind)
    engine = sa.create_engine(
        parsed,
        hide_parameters=True,
        # One connection: the changes of this process queue up fairly for it; other processes wait inside SQLite.
        poolclass=sa.pool.QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_BUSY_S,
        connect_args={"check_same_thread": False, "timeout": _BUSY_S, "isolation_level": None},
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", lambda db: db.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The reverse of `micros`."""
    return _EPOCH + timedelta(microseconds=value)
