"""The n-th write, flush, rename fails, for n = 1, 2, 3 … until a run in which nothing failed.

After every failure: the caller was told by a code that support knows, nothing was lost or doubled, the same process
goes on once the trouble has gone, and so does a new one.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from posapp import settings as settings_file
from posapp.errors import JournalError
from posapp.journal.backup import BACKUPS_NAME, back_up
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.soundness import quick_check
from posapp.settings import TRAINING, Settings
from posapp.till import keeping
from tests.crash.acts import ACTS, CLEAR, a_shop, finish, told
from tests.crash.disk import AVAILABLE, Disk, refusing, standing
from tests.crash.steps import stepping
from tests.journal.samples import Clock, look, open_journal, receipt, sell
from tests.till.shops import Shop

DISK = pytest.mark.skipif(not AVAILABLE, reason="SQLite is built into Python here")

pytestmark = pytest.mark.timeout(400)

TOO_MANY = 400


# ------------------------------------------------------------------------------------------------ SQLite's own files
@DISK
@pytest.mark.parametrize("which, stays", [(0, False), (1, True)], ids=["full once", "broken until it is mended"])
@pytest.mark.parametrize("name", list(ACTS))
def test_the_nth_write_or_flush_of_the_journal_fails(tmp_path: Path, name: str, which: int, stays: bool) -> None:
    """Real results to SQLite, at every place where it touches the disk. Odd ones go on in a new process."""
    act, codes = ACTS[name], set()
    for nth in range(1, TOO_MANY):
        disk = Disk()
        with a_shop(tmp_path / str(nth)) as shop:
            shop.close()
            with standing(disk):
                shop.reopen()
                disk.decide, refused = refusing(disk.count + nth, which, stays=stays)
                codes.add(told(act, shop))
                disk.decide, _ = refusing(0)
                if nth % 2:
                    shop.restart()
                finish(act, shop)
                shop.close()
            quick_check(shop.folder / JOURNAL_NAME)
            shop.reopen()
            act.is_done(shop)
        if not refused:
            break
    assert not refused, "a clean pass"
    assert nth > 12
    assert codes & CLEAR


@DISK
@pytest.mark.parametrize("pages", range(0, 12))
def test_the_file_may_grow_by_so_many_pages(tmp_path: Path, pages: int) -> None:
    """SQLITE_FULL by SQLite's own limit, wherever in a sale it comes."""
    with a_shop(tmp_path) as shop:
        _allow_pages(shop, pages)
        code = told(ACTS["sell"], shop)
        assert code in ("", "disk_full", "outcome_unknown")
        _allow_pages(shop, 10_000)
        finish(ACTS["sell"], shop)


def _allow_pages(shop: Shop, more: int) -> None:
    def set_limit(changes: object) -> None:
        db = changes._db  # type: ignore[attr-defined]
        now = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={now + more}").fetchone()

    shop.till.journal._write(set_limit)


@pytest.mark.skipif(os.name != "posix", reason="a limit of POSIX")
@pytest.mark.parametrize("bytes_more", [0, 1, 100, 4095, 4121, 10_000, 30_000, 80_000, 1_000_000])
def test_no_file_may_grow_beyond_a_limit(tmp_path: Path, bytes_more: int) -> None:
    """The system itself refuses (RLIMIT_FSIZE, EFBIG), in the middle of a page too."""
    import resource

    with a_shop(tmp_path) as shop:
        wal = shop.folder / f"{JOURNAL_NAME}-wal"
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + bytes_more, hard))
        try:
            code = told(ACTS["sell"], shop)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert code in CLEAR | {""}
        assert (code == "") is (bytes_more >= 1_000_000), code
        finish(ACTS["sell"], shop)
        shop.restart()
        shop.assert_exactly_one()


@pytest.mark.parametrize("name", list(ACTS))
def test_another_program_holds_the_journal_at_the_nth_commit(tmp_path: Path, name: str) -> None:
    """A copy tool or a viewer: SQLITE_BUSY, at each transaction of an act."""
    act, nth = ACTS[name], 0
    busy = Busy(0)
    while busy.seen >= nth:
        nth += 1
        with a_shop(tmp_path / str(nth)) as shop:
            shop.close()
            busy = Busy(nth)
            with stepping(busy), closing(_other(shop.folder)) as busy.other:
                shop.reopen()
                shop.till.journal._write(lambda changes: changes._db.execute("PRAGMA busy_timeout=1").fetchone())
                busy.is_armed = True
                code = told(act, shop)
                assert code in ("journal_busy", "outcome_unknown", "")
                if busy.other.in_transaction:
                    busy.other.execute("ROLLBACK")
                finish(act, shop)
                shop.close()
            shop.reopen()
            act.is_done(shop)
    assert nth > 2


class Busy:
    """Takes the journal for another program just before the n-th transaction."""

    other: sqlite3.Connection

    def __init__(self, nth: int) -> None:
        self.seen = 0
        self.is_armed = False
        self._nth = nth

    def __call__(self, what: str) -> None:
        if what == "before BEGIN" and self.is_armed:
            self.seen += 1
            if self.seen == self._nth:
                self.other.cursor().execute("BEGIN IMMEDIATE")


def _other(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / JOURNAL_NAME, isolation_level=None, check_same_thread=False)


# ------------------------------------------------------------------------------------------------ other files
NUMBERS = {errno.ENOSPC: "disk_full", errno.EROFS: "disk_read_only", errno.EIO: None}
"""What the system says, and what the till makes of it; None: some code of ours."""


class Trouble:
    """Refuses the n-th step on files; `name` is what it refused."""

    def __init__(self, nth: int, number: int) -> None:
        self.name = ""
        self._left, self._number = nth, number

    def __call__(self, what: str) -> None:
        if not what.startswith("before") or "BEGIN" in what or "COMMIT" in what or "sqlite" in what or "pragma" in what:
            return
        self._left -= 1
        if self._left == 0:
            self.name = what
            raise OSError(self._number, os.strerror(self._number))


def until_clean(number: int, do: Callable[[], object], look_after: Callable[[bool], None]) -> int:
    """Runs `do` with the n-th step on files refused, for every n, and looks; how many steps there were."""
    for nth in range(1, TOO_MANY):
        trouble, failure = Trouble(nth, number), None
        with stepping(trouble):
            try:
                do()
            except JournalError as error:
                failure = error
        look_after(failure is not None)
        if not trouble.name:
            assert failure is None
            return nth - 1
        if failure is not None:
            assert failure.code == (NUMBERS[number] or failure.code)
            assert failure.code in CLEAR
    raise AssertionError("no clean pass")


@pytest.mark.parametrize("number", list(NUMBERS), ids=lambda each: errno.errorcode[each])
def test_the_nth_step_of_saving_the_settings_fails(tmp_path: Path, number: int) -> None:
    old = Settings(TRAINING, str(UUID(int=1)), cashier="Старый")
    new = replace(old, cashier="Новый")
    settings_file.save(tmp_path, old)

    def look_after(failed: bool) -> None:
        found = settings_file.load(tmp_path)
        assert found in (old, new)
        assert failed or found == new
        settings_file.save(tmp_path, new)
        assert settings_file.load(tmp_path) == new
        settings_file.save(tmp_path, old)

    assert until_clean(number, lambda: settings_file.save(tmp_path, new), look_after) >= 3


@pytest.mark.parametrize("number", list(NUMBERS), ids=lambda each: errno.errorcode[each])
def test_the_nth_step_of_a_backup_fails(tmp_path: Path, number: int) -> None:
    copies = tmp_path / "data" / BACKUPS_NAME
    clock = Clock()
    with open_journal(tmp_path / "data", clock) as journal:
        sold = sell(journal, 1)

        def look_after(failed: bool) -> None:
            whole = list(copies.glob("journal-2*.sqlite")) if copies.exists() else []
            for each in whole:
                quick_check(each)
            assert failed or whole
            clock.tick(hours=2)
            quick_check(back_up(journal, copies, clock()))
            clock.tick(hours=2)

        assert until_clean(number, lambda: back_up(journal, copies, clock()), look_after) >= 4
        assert look(journal, sold.key).is_whole


@pytest.mark.parametrize("number", list(NUMBERS), ids=lambda each: errno.errorcode[each])
def test_the_nth_step_of_the_first_opening_fails(tmp_path: Path, number: int) -> None:
    places = (tmp_path / str(nth) for nth in range(TOO_MANY))
    place = next(places)

    def look_after(failed: bool) -> None:
        nonlocal place
        with open_journal(place) as journal:  # the trouble is gone: the same directory serves
            assert look(journal, sell(journal, 1).key).is_whole
        place = next(places)

    assert until_clean(number, lambda: open_journal(place).close(), look_after) >= 4
    assert receipt(1).key


def test_an_hourly_copy_that_fails_stops_no_sale(tmp_path: Path) -> None:
    """Looking after the journal may fail; selling does not depend on it."""
    with a_shop(tmp_path) as shop:
        trouble = Trouble(1, errno.ENOSPC)
        with stepping(trouble):
            keeping.back_up_if_due(shop.till)
        assert trouble.name
        finish(ACTS["sell"], shop)
