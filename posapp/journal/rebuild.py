"""A journal out of the newest sound copy and what the damaged file still tells, put in place so that a kill costs
nothing.

The steps, each of which may be cut off anywhere and is then done again from its beginning:

1. `restore.json` is written (phase `building`). From here on nobody opens the journal (`soundness.refuse_unfinished`).
2. In `restore/` the new journal is built: the copy, brought to this program's schema; what may be believed of the
   damaged file (`salvage.py`, which reads a copy of it); a note of all that in its facts. It is checked and forced to
   the disk; then `restore.json` says `built`.
3. The damaged file and its log are moved to `damaged/<time>/`, never deleted. The new journal takes the name.
4. `restore/` and `restore.json` go.

The journal in place is kept when it is sound and knows no less than the newest copy: then only the storage has to be
read. With neither journal nor copy it begins empty. Who calls holds the lock of the directory.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from posapp.errors import JournalError
from posapp.journal import salvage
from posapp.journal.backup import COUNTS, IDENTITY, NOTES, SETTINGS, Copy, Progress, copies, notes_of, silent
from posapp.journal.connect import JOURNAL_NAME, open_reader, open_writer, sync_folder
from posapp.journal.failures import sorted_failures
from posapp.journal.migrate import migrate
from posapp.journal.soundness import (
    BORN_NAME,
    CHECKED_NAME,
    DAMAGED_NAME,
    READING,
    RESTORE_NAME,
    STATE,
    integrity_check,
    shm_of,
    wal_of,
)

ROOM_NAME, ASIDE_NAME = "restore", "damaged"
FACT = "restore"
"""The journal's fact: what the last restore came from, JSON of `Rebuilt`."""

COPY, IN_PLACE, NOTHING = "copy", "journal", "nothing"
_STAMP = "%Y%m%dT%H%M%SZ"
_PAGE_MIN = 512
_FEW = 4
Bytes = bytes | mmap.mmap
_PROGRESS = (
    ("audit", "SELECT coalesce(max(id), 0) FROM audit"),
    ("attempts", "SELECT coalesce(max(id), 0) FROM attempts"),
    ("receipts", "SELECT coalesce(max(id), 0) FROM receipts"),
    ("documents", "SELECT count(*) FROM receipts WHERE document_number IS NOT NULL"),
    ("outbox", "SELECT count(*) FROM outbox WHERE state = 'done'"),
    ("sync_log", "SELECT coalesce(max(id), 0) FROM sync_log"),
)


@dataclass(slots=True)
class Rebuilt:
    """What the journal was rebuilt from. `base`: copy, journal (the one in place was sound) or nothing."""

    id: str = ""
    base: str = NOTHING
    copy: str = ""
    copy_at: str = ""
    salvaged: dict[str, int] = field(default_factory=dict)
    marks: dict[str, dict[str, object]] = field(default_factory=dict)
    held: list[list[str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    damage: str = ""
    aside: str = ""


# ------------------------------------------------------------------------------------------------ choosing
def sound_copies(places: Iterable[Path], identity: str | None) -> tuple[list[Copy], list[str]]:
    """The copies of these places, the one that knows most first, and those that are not sound or another till's.

    `identity`: whose they must be; None: anybody's. How much a copy knows, not its time, decides: a clock may have been
    wrong. The newest few of each place are asked first, a network folder with a month of copies is slow; only those
    that would be taken are checked whole.
    """
    unsound: list[str] = []
    for group in _by_age(places):
        known = _known_copies(group, identity, unsound)
        while known and not _is_sound(known[0].path):
            unsound.append(str(known.pop(0).path))
        if known:
            return known, unsound
    return [], unsound


def _by_age(places: Iterable[Path]) -> tuple[list[Copy], list[Copy]]:
    """The newest few of each folder, and the rest."""
    folders: dict[Path, list[Copy]] = {}
    for copy in _distinct(places):
        folders.setdefault(copy.path.parent, []).append(copy)
    each = [sorted(found, key=lambda copy: copy.made_at, reverse=True) for found in folders.values()]
    return [copy for found in each for copy in found[:_FEW]], [copy for found in each for copy in found[_FEW:]]


def _known_copies(group: Iterable[Copy], identity: str | None, unsound: list[str]) -> list[Copy]:
    """Those of this till, the one that knows most first; what cannot be read goes to `unsound`."""
    known: list[tuple[tuple[int, ...], Copy]] = []
    for copy in group:
        try:
            owner = notes_of(copy.path).get(IDENTITY)
            if identity is None or owner in (None, identity):
                known.append((_progress_of(copy.path), copy))
        except (JournalError, sqlite3.Error, UnicodeDecodeError):
            unsound.append(str(copy.path))
    known.sort(key=lambda each: (each[0], each[1].made_at), reverse=True)
    return [copy for _, copy in known]


def _distinct(places: Iterable[Path]) -> list[Copy]:
    found = {}
    for place in places:
        if place.is_file():
            made_at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
            known = {each.path: each for each in copies(place.parent, before_migrations=True)}
            found[place] = known.get(place, Copy(place, made_at, place.stat().st_size))
            continue
        with suppress(OSError):
            found |= {each.path: each for each in copies(place, before_migrations=True)}
    return list(found.values())


def _is_sound(path: Path) -> bool:
    try:
        integrity_check(path)
    except (JournalError, sqlite3.Error):
        return False
    return True


def _progress_of(path: Path) -> tuple[int, ...]:
    """How far a journal has come; greater is later. Raises JournalError, sqlite3.Error."""
    with sorted_failures(path), closing(open_reader(path)) as db:
        there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return tuple(
            int(db.execute(query).fetchone()[0]) if query.split(" FROM ")[1].split()[0] in there else 0
            for _, query in _PROGRESS
        )


def refuse_older(path: Path, copy: Path) -> None:
    """Raises JournalError `journal_damaged` for a journal that has fewer attempts than its own copy: it went back.

    No attempt is ever removed, so their greatest id is their number; what the copy had stands in its notes. A copy that
    cannot be read says nothing.
    """
    try:
        had = int(json.loads(notes_of(copy)[COUNTS])["attempts"])
    except (JournalError, ValueError, KeyError, TypeError):
        return
    with sorted_failures(path), closing(open_reader(path)) as db:
        has = int(db.execute("SELECT coalesce(max(id), 0) FROM attempts").fetchone()[0])
    if has < had:
        what = f"он старше своей копии {copy.name}, попыток печати {has} вместо {had}"
        raise JournalError("journal_damaged", what=what)


def settings_in(copy: Path) -> str | None:
    """The settings that a copy carries, as JSON; None when it carries none. Raises JournalError."""
    return notes_of(copy).get(SETTINGS)


def damage_of(folder: Path) -> str:
    """What is wrong with the journal in place, checked whole now; "" when it is sound."""
    path = folder / JOURNAL_NAME
    if not path.exists() or path.stat().st_size == 0:
        return "нет файла" if not path.exists() else "файл пуст"
    try:
        integrity_check(path)
        _progress_of(path)
    except JournalError as error:
        return str(error.facts.get("what", error.code))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)
    return ""


# ------------------------------------------------------------------------------------------------ the steps
def rebuild(
    folder: Path,
    places: Sequence[Path],
    identity: str | None,
    now: Callable[[], datetime],
    progress: Progress = silent,
) -> Rebuilt:
    """Brings a sound journal into `folder`; goes on where an earlier call was cut off. Raises JournalError."""
    with sorted_failures(folder / JOURNAL_NAME):
        begun = _begun(folder)
        if begun is None:
            begun = _chosen(folder, places, identity, now, progress)
            if begun.base == IN_PLACE:
                (folder / DAMAGED_NAME).unlink(missing_ok=True)
                _tidy(folder)  # of a restore that was cut off while its copy was still there
                return begun
            _note(folder, "building", begun)
            _build(folder, begun, now, progress)
            _note(folder, "built", begun)
        progress("place", 0, 0)
        _place(folder, begun)
        _finish(folder, now)
    return begun


def _chosen(
    folder: Path, places: Sequence[Path], identity: str | None, now: Callable[[], datetime], progress: Progress
) -> Rebuilt:
    """What the journal is to be made of; a restore that was cut off while it built chooses again."""
    progress("check", 0, 0)
    damage = damage_of(folder)
    found, unsound = sound_copies(places, identity)
    chosen = Rebuilt(id=_new_id(folder, now), unsound=unsound, damage=damage)
    if not damage and (not found or _progress_of(folder / JOURNAL_NAME) >= _progress_of(found[0].path)):
        chosen.base = IN_PLACE
    elif found:
        chosen.base, chosen.copy, chosen.copy_at = COPY, str(found[0].path), found[0].made_at.isoformat()
    return chosen


def _new_id(folder: Path, now: Callable[[], datetime]) -> str:
    """The time; never that of an earlier restore, whose damaged files must stay where they are."""
    stamp = now().astimezone(UTC).strftime(_STAMP)
    name, number = stamp, 1
    while (folder / ASIDE_NAME / name).exists():
        number += 1
        name = f"{stamp}-{number}"
    return name


def _begun(folder: Path) -> Rebuilt | None:
    """The restore whose journal is built and not yet in place; None when there is none."""
    try:
        body: dict[str, Any] = json.loads((folder / RESTORE_NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Rebuilt(**body["rebuilt"]) if body["phase"] == "built" else None


def _note(folder: Path, phase: str, rebuilt: Rebuilt) -> None:
    """Whole or not at all: written beside, forced to the disk, renamed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / RESTORE_NAME
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump({"phase": phase, "rebuilt": asdict(rebuilt)}, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(folder)


def _build(folder: Path, rebuilt: Rebuilt, now: Callable[[], datetime], progress: Progress) -> None:
    """The new journal in `restore/`, whole and on the disk, one file without a log."""
    room = folder / ROOM_NAME
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)
    path = room / JOURNAL_NAME
    if rebuilt.base == COPY:
        progress("copy", 0, 0)
        shutil.copyfile(rebuilt.copy, path)
    migrate(path, now())
    _take_over(folder, path, rebuilt, progress)
    progress("check", 0, 0)
    integrity_check(path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    sync_folder(room)


def _take_over(folder: Path, path: Path, rebuilt: Rebuilt, progress: Progress) -> None:
    rebuilt.salvaged, rebuilt.marks, rebuilt.held, rebuilt.lost = {}, {}, [], []
    with closing(open_writer(path)) as db:
        progress("salvage", 0, 0)
        damaged = _open_damaged(folder, Path(rebuilt.copy) if rebuilt.base == COPY else None)
        if damaged is not None:
            with closing(damaged):
                found = salvage.salvage(damaged, db)
            rebuilt.salvaged, rebuilt.marks, rebuilt.held, rebuilt.lost = (
                found.rows,
                found.marks,
                found.held,
                found.lost,
            )
        rebuilt.aside = str(Path(ASIDE_NAME) / rebuilt.id) if (folder / JOURNAL_NAME).exists() else ""
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM facts WHERE name LIKE ? OR name LIKE ?", (NOTES + "%", FACT + "%"))
        query = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"
        db.execute(query, (FACT, json.dumps(asdict(rebuilt), ensure_ascii=False)))
        db.execute(query, (STATE, READING))
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")


def _open_damaged(folder: Path, copy: Path | None) -> sqlite3.Connection | None:
    """A copy of the damaged file with its log, for reading; None when it is no database at all, or not there.

    When its schema makes no sense, that of the copy takes its place: SQLite's backup copies page by page, so whatever
    the schema names is where it was.
    """
    source, target = folder / JOURNAL_NAME, folder / ROOM_NAME / "damaged.sqlite"
    if not source.exists():
        return None
    for lends_schema in (False, True):
        for file, to in ((source, target), (wal_of(source), wal_of(target))):
            to.unlink(missing_ok=True)
            if file.exists():
                shutil.copyfile(file, to)
        shm_of(target).unlink(missing_ok=True)
        if lends_schema and (copy is None or not _lend_schema(copy, target)):
            return None
        db = sqlite3.connect(target, isolation_level=None)
        try:
            db.execute("SELECT count(*) FROM receipts NOT INDEXED WHERE id = 0").fetchone()
        except salvage.DAMAGE:
            db.close()
            continue
        return db
    return None


def _lend_schema(copy: Path, target: Path) -> bool:
    """Puts the copy's pages of the schema into `target`; False when they do not fit there.

    sqlite.org/fileformat2.html: 1.3 the header (page size at 16, versions at 18, page count at 28), 1.6 the b-tree: its
    kind at 0 (5 interior, 13 leaf), the number of cells at 3, the rightmost child at 8, pointers to cells from 12.
    """
    with copy.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _lend_pages(data, target)


def _lend_pages(data: Bytes, target: Path) -> bool:
    size = int.from_bytes(data[16:18], "big")
    size = 65_536 if size == 1 else size
    pages = _schema_pages(data, size)
    if size < _PAGE_MIN or target.stat().st_size < max(pages) * size:
        return False
    first = bytearray(data[:size])
    first[18:20] = b"\x02\x02"  # this file has a log
    first[28:32] = (target.stat().st_size // size).to_bytes(4, "big")
    with target.open("rb+") as file:
        for number in pages:
            file.seek((number - 1) * size)
            file.write(first if number == 1 else data[(number - 1) * size : number * size])
    return True


def _schema_pages(data: Bytes, size: int) -> list[int]:
    """The numbers of the pages of the schema's tree, the first one first."""
    pages = [1]
    for number in pages:
        start = (number - 1) * size
        head = start + (100 if number == 1 else 0)
        if data[head] != 5:
            continue
        cells = int.from_bytes(data[head + 3 : head + 5], "big")
        pointers = (int.from_bytes(data[at : at + 2], "big") for at in range(head + 12, head + 12 + 2 * cells, 2))
        pages += [int.from_bytes(data[start + at : start + at + 4], "big") for at in pointers]
        pages.append(int.from_bytes(data[head + 8 : head + 12], "big"))
    return pages


def _place(folder: Path, rebuilt: Rebuilt) -> None:
    """The damaged files aside, the new journal into their place, unless an earlier call has put it there."""
    path, new = folder / JOURNAL_NAME, folder / ROOM_NAME / JOURNAL_NAME
    if not new.exists():
        return
    aside = folder / ASIDE_NAME / rebuilt.id
    for each in (wal_of(path), shm_of(path), path):
        if each.exists():
            aside.mkdir(mode=0o700, parents=True, exist_ok=True)
            each.replace(aside / each.name)
    if aside.exists():
        sync_folder(aside)
        sync_folder(aside.parent)
    sync_folder(folder)
    new.replace(path)
    sync_folder(folder)


def _finish(folder: Path, now: Callable[[], datetime]) -> None:
    for name in (DAMAGED_NAME, CHECKED_NAME):
        (folder / name).unlink(missing_ok=True)
    (folder / BORN_NAME).write_text(now().isoformat() + "\n", "ascii")
    _tidy(folder)


def _tidy(folder: Path) -> None:
    shutil.rmtree(folder / ROOM_NAME, ignore_errors=True)
    (folder / RESTORE_NAME).unlink(missing_ok=True)
    sync_folder(folder)
