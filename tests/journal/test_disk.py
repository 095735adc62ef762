"""Real failures of the disk: full, read-only, no right to write. Each is told as what it is and loses nothing."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import JournalError
from posapp.journal.failures import sorted_failures, trouble_of
from posapp.journal.store import Journal
from tests.journal.samples import FISCALIZED, Sale, look, open_journal, receipt, sell

ROOT = Path(__file__).parents[2]


def _namespace() -> list[str] | None:
    """How to start a process with mounts of its own: as root, or as the root of a user namespace."""
    if not shutil.which("unshare"):
        return None
    for flags in (["-m"], ["-rm"]):
        command = ["unshare", *flags]
        probe = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return command
    return None


NAMESPACE = _namespace()
MOUNTS = pytest.mark.skipif(NAMESPACE is None, reason="may not mount: needs root or user namespaces on Linux")


def run_child(name: str, folder: Path, mount: str) -> list[dict[str, Any]]:
    """A process of `children.py` that sees `folder` through a mount; what it said. The mount goes with it."""
    assert NAMESPACE is not None
    script = f'{mount} && exec "$0" -W error -m tests.journal.children "$1" "$2"'
    command = [*NAMESPACE, "sh", "-c", script, sys.executable, name, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sale(body: dict[str, Any]) -> Sale:
    return Sale(body["state"], tuple(body["attempts"]), tuple(body["entries"]))


@MOUNTS
@pytest.mark.parametrize("kilobytes", [1400, 1403, 1800, 2301])
def test_selling_until_the_disk_is_full(tmp_path: Path, kilobytes: int) -> None:
    """Nothing half-written, what was sold stays sold, and the till sells on when there is room, without a restart."""
    full, after = run_child("fill", tmp_path, f"mount -t tmpfs -o size={kilobytes}k none {tmp_path}")
    assert (full["event"], full["code"]) == ("full", "disk_full")
    assert full["sold"] > 5
    assert sale(full["left"]).is_whole
    assert sale(full["left"]) != FISCALIZED
    assert [sale(each) for each in after["sales"]] == [FISCALIZED] * (full["sold"] + 1)


@MOUNTS
def test_opening_on_a_full_disk(tmp_path: Path) -> None:
    said = run_child("open_when_full", tmp_path, f"mount -t tmpfs -o size=1300k none {tmp_path}")
    assert [(each["name"], each["code"]) for each in said[:2]] == [("old", "disk_full"), ("new", "disk_full")]
    assert [each["name"] for each in said[2:]] == ["old", "new"]


@MOUNTS
def test_a_read_only_disk(tmp_path: Path) -> None:
    """Nothing can be written, so nothing is sold; what was sold can still be read."""
    with open_journal(tmp_path) as journal:
        sell(journal, 1)
    mount = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path}"
    written, read = run_child("read_only", tmp_path, mount)
    assert written == {"how": "write", "code": "disk_read_only", "path": str(tmp_path)}
    assert read["how"] == "read"
    assert (read["code"], read.get("entries")) in (("", 4), ("disk_read_only", None))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(JournalError) as refused:
            open_journal(tmp_path / "data")
    finally:
        tmp_path.chmod(0o755)
    assert refused.value.code == "disk_read_only"


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(JournalError) as refused:
        open_journal(tmp_path / "data")
    assert refused.value.code == "journal_failed"


def test_the_file_may_not_grow(journal: Journal) -> None:
    """SQLITE_FULL by SQLite's own limit, on every system: the transaction is gone as a whole."""
    sell(journal, 1)
    pages = journal._write(lambda changes: changes._db.execute("PRAGMA page_count").fetchone()[0])
    journal._write(lambda changes: changes._db.execute(f"PRAGMA max_page_count={pages}").fetchone())
    sold, code = 1, ""
    while not code and sold < 1000:
        try:
            sell(journal, sold + 1)
            sold += 1
        except JournalError as error:
            code = error.code
    assert code == "disk_full"
    assert look(journal, receipt(sold + 1).key).is_whole
    assert [look(journal, receipt(number).key) for number in range(1, sold + 1)] == [FISCALIZED] * sold
    journal._write(lambda changes: changes._db.execute(f"PRAGMA max_page_count={pages * 100}").fetchone())
    assert look(journal, sell(journal, sold + 2, document=5000).key) == FISCALIZED


@pytest.mark.parametrize(
    "number,code",
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "disk_read_only"),
        (errno.EACCES, "disk_read_only"),
        (errno.EIO, "journal_failed"),
    ],
)
def test_what_the_system_says(tmp_path: Path, number: int, code: str) -> None:
    trouble = trouble_of(OSError(number, os.strerror(number)), tmp_path / "journal.sqlite")
    assert trouble is not None
    assert trouble.code == code
    assert "?" not in trouble.message() + trouble.action()


def test_a_lock_that_stays_is_called_busy(tmp_path: Path, journal: Journal) -> None:
    """Another program holds the file itself – a copy tool, a viewer: our write waits, then says so."""
    journal._write(lambda changes: changes._db.execute("PRAGMA busy_timeout=1").fetchone())
    other = sqlite3.connect(journal.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError) as busy:
            journal.set_fact("a", "b")
        assert (busy.value.code, busy.value.facts) == ("journal_busy", {"pid": "?"})
        other.execute("ROLLBACK")
    finally:
        other.close()
    journal.set_fact("a", "b")
    assert journal.get_fact("a") == "b"


def test_our_own_bugs_stay_bugs(tmp_path: Path) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (a INTEGER NOT NULL UNIQUE)")
    for text in ("SELECT nothing", "INSERT INTO t VALUES (NULL)", "INSERT INTO t VALUES (?)"):
        with pytest.raises(sqlite3.Error), sorted_failures(tmp_path / "journal.sqlite"):
            db.execute(text)
    db.close()
    with pytest.raises(sqlite3.ProgrammingError), sorted_failures(tmp_path / "journal.sqlite"):
        db.execute("SELECT 1")
