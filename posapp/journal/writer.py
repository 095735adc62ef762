"""The one thread that writes: it owns the only writing connection, its transactions and its checkpoints.

A caller hands over a whole transaction – a function – and waits. It has the function's result when the commit is on the
disk, or its exception, and then nothing of the transaction is there. (When the commit itself fails on a broken disk the
rows may still come back after a crash: every transaction of the journal is one that recovery can meet.)
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any, Generic, TypeVar

from posapp.errors import JournalError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Tool = TypeVar("Tool")


class _Job:
    """A transaction to run and the place of its outcome. `done` is locked until then."""

    __slots__ = ("change", "done", "error", "result")

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = Lock()
        self.done.acquire()


class Writer(Generic[Tool]):
    """Runs transactions one after another on its own thread.

    `connect` opens the connection there, in autocommit mode; its failure is raised by the constructor. `make` then
    builds what the transactions are given (it imports SQLModel, which the constructor's caller does not wait for).
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], make: Callable[[sqlite3.Connection], Tool]) -> None:
        self._connect = connect
        self._make = make
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = Lock()  # no job may enter behind the one that stops the thread
        self._is_closed = False
        opened = _Job(lambda _: None)
        self._thread = Thread(target=self._main, args=(opened,), name="journal-writer", daemon=True)
        self._thread.start()
        opened.done.acquire()
        if opened.error is not None:
            self._is_closed = True
            raise opened.error

    def run(self, change: Callable[[Tool], T]) -> T:
        """Runs `change` in a transaction of its own and returns its result once it is durable.

        Raises what `change` raised, sqlite3.Error of the commit, JournalError when closed.
        """
        if current_thread() is self._thread:
            raise RuntimeError("a transaction cannot wait for another one")
        job = _Job(change)
        with self._gate:
            if self._is_closed:
                raise JournalError("journal_failed", what="closed")
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def close(self) -> None:
        """Finishes what was handed over, checkpoints, closes the connection, ends the thread; safe to call twice."""
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._jobs.put(None)
        self._thread.join()

    def _main(self, opened: _Job) -> None:
        try:
            db = self._connect()
        except BaseException as error:  # noqa: BLE001 – raised again by the constructor, in the caller's thread
            opened.error = error
            return
        finally:
            opened.done.release()
        try:
            self._work(db)
        finally:
            _checkpoint(db)
            db.close()

    def _work(self, db: sqlite3.Connection) -> None:
        tool: Tool | None = None
        while (job := self._jobs.get()) is not None:
            try:
                if tool is None:
                    tool = self._make(db)
                job.result = _transaction(db, tool, job.change)
            except BaseException as error:  # noqa: BLE001 – raised again by `run`, in the caller's thread
                job.error = error
            job.done.release()


def _transaction(db: sqlite3.Connection, tool: Tool, change: Callable[[Tool], T]) -> T:
    """One transaction that begins as a writing one, so that what it read is still true when it writes."""
    db.execute("BEGIN IMMEDIATE")
    try:
        result = change(tool)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has already rolled back after some failures of the disk
            db.execute("ROLLBACK")
        raise
    return result


def _checkpoint(db: sqlite3.Connection) -> None:
    """Moves the WAL into the file. Every commit is durable without it, so a failure costs nothing."""
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        logger.warning("journal: no checkpoint on closing: %s", error)
