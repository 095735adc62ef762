"""Copies every hour in two places, each tried; a place that is away stops nothing; damage stops everything."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from posapp import settings as settings_file
from posapp.errors import JournalError, PosError
from posapp.journal import soundness
from posapp.journal.backup import IDENTITY, SETTINGS, notes_of
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import BackupSettings
from posapp.till import copy_folder, keeping, leaving
from posapp.till.keeping import LOCAL, SECOND, PlaceState
from tests.till.rig import Register
from tests.till.shops import Shop, an_order, shop_at, to_first_schema

HOUR_S = 3600.0
PAGE = 4096


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """The second place, set up."""
    folder = tmp_path / "stick"
    folder.mkdir()
    copy_folder.prepare(folder, tmp_path / "till", 0)
    return folder


@pytest.fixture
def both(tmp_path: Path, register: Register, stick: Path) -> Iterator[Shop]:
    """A till with two places for copies, an order sold."""
    with shop_at(tmp_path / "till", register) as shop:
        shop.close()
        shop.settings = shop.settings.with_(backup=BackupSettings(str(stick)))
        shop.reopen()
        shop.sell(an_order(1))
        yield shop


def place(shop: Shop, name: str) -> PlaceState:
    (found,) = [each for each in keeping.state(shop.till).places if each.name == name]
    return found


def codes(troubles: tuple[PosError, ...]) -> list[str]:
    return [each.code for each in troubles]


def test_every_hour_a_copy_in_both_places_and_it_can_be_restored(both: Shop, stick: Path) -> None:
    kept = keeping.keep_copies(both.till)
    assert set(kept.made) == {LOCAL, SECOND}
    assert kept.troubles == ()
    assert kept.made[SECOND].parent.parent == stick
    assert kept.made[SECOND].read_bytes() == kept.made[LOCAL].read_bytes()
    both.register.advance(HOUR_S - 60)
    assert keeping.keep_copies(both.till).made == {}
    both.register.advance(60)
    both.sell(an_order(2))
    assert len(keeping.keep_copies(both.till).made) == 2
    state = keeping.state(both.till)
    for each in state.places:
        assert (each.copies, each.is_sound, each.trouble, each.is_overdue(both.now())) == (2, True, None, False)
        assert each.newest_at == both.now().replace(microsecond=0)
        assert each.size > 0
    assert (state.blocks, state.troubles, state.has_second) == (None, (), True)
    assert not (both.folder / "trial").exists()


def test_a_copy_carries_settings_and_no_secret(both: Shop) -> None:
    printer = both.settings.printer
    assert printer is not None
    both.close()
    both.settings = both.settings.with_(printer=replace(printer, password=4711))
    both.reopen()
    notes = notes_of(keeping.keep_copies(both.till).made[LOCAL])
    assert notes[IDENTITY] == both.settings.identity
    assert "4711" not in notes[SETTINGS]
    back = settings_file.from_text(notes[SETTINGS])
    assert back.printer == printer
    assert back.with_(printer=None) == both.settings.with_(printer=None)


def test_a_place_that_is_away_stops_nothing_and_is_said(both: Shop, stick: Path) -> None:
    keeping.keep_copies(both.till)
    gone = stick.with_name("gone")
    stick.rename(gone)
    both.register.advance(HOUR_S)
    kept = keeping.keep_copies(both.till)
    assert set(kept.made) == {LOCAL}
    assert codes(kept.troubles) == ["backup_away"]
    assert place(both, SECOND).age(both.now()) is not None
    assert codes(keeping.state(both.till).troubles) == ["backup_away"]
    assert not stick.exists()  # nothing was written where the stick used to be
    both.sell(an_order(2))
    both.assert_exactly_one(2)
    stick.mkdir()  # a mount point without its disk
    both.register.advance(700)
    kept = keeping.keep_copies(both.till)
    assert (kept.made, codes(kept.troubles)) == ({}, ["backup_away"])
    assert list(stick.iterdir()) == []
    stick.rmdir()
    gone.rename(stick)
    assert keeping.keep_copies(both.till).made == {}  # not asked again at once
    both.register.advance(700)
    kept = keeping.keep_copies(both.till)
    assert set(kept.made) == {SECOND}
    assert kept.troubles == ()
    both.register.advance(24 * HOUR_S)
    assert place(both, SECOND).is_overdue(both.now())


def test_a_disk_that_refuses_copies_stops_no_sale(both: Shop) -> None:
    (both.folder / "backups").write_text("a file where a folder should be")
    kept = keeping.keep_copies(both.till)
    assert kept.made == {}
    assert codes(kept.troubles)[0] == "backup_failed"
    both.sell(an_order(2))
    both.assert_exactly_one(2)


def test_a_copy_that_cannot_be_restored_is_loud_and_pushes_out_no_other(both: Shop) -> None:
    good = keeping.keep_copies(both.till).made[LOCAL]
    both.register.advance(HOUR_S)
    bad = keeping.keep_copies(both.till).made[LOCAL]
    with closing(sqlite3.connect(bad)) as db, db:
        db.execute("DELETE FROM outbox")
    tried = keeping.try_newest(both.till, LOCAL)
    assert tried is not None
    assert not tried.is_sound
    assert tried.trouble is not None
    assert "outbox: 0 вместо 4" in str(tried.trouble.facts["what"])
    assert place(both, LOCAL).is_sound is False
    assert codes(keeping.state(both.till).troubles) == ["backup_unsound"]
    assert sorted(each.name for each in good.parent.iterdir()) == [good.name, bad.with_suffix(".unsound").name]
    again = keeping.try_newest(both.till, LOCAL)
    assert again is not None
    assert again.is_sound
    assert keeping.state(both.till).troubles == ()


@pytest.mark.parametrize("how", ["cut", "zeroed", "no database", "another schema", "a row is gone"])
def test_what_is_wrong_with_a_copy_is_found(both: Shop, stick: Path, how: str) -> None:
    copy = keeping.keep_copies(both.till).made[SECOND]
    damage(copy, how)
    tried = keeping.try_newest(both.till, SECOND)
    assert tried is not None
    assert tried.trouble is not None
    assert (tried.trouble.code, tried.copy) == ("backup_unsound", copy)


def damage(copy: Path, how: str) -> None:
    size = copy.stat().st_size
    match how:
        case "cut":
            with copy.open("r+b") as file:
                file.truncate(size - 1000)
        case "zeroed":
            with copy.open("r+b") as file:
                file.seek(size // PAGE // 2 * PAGE)
                file.write(bytes(PAGE))
        case "no database":
            copy.write_bytes(b"x" * size)
        case _:
            with closing(sqlite3.connect(copy)) as db, db:
                asked = {"another schema": "UPDATE alembic_version SET version_num = '9999'"}
                db.execute(asked.get(how, "DELETE FROM attempts"))


def test_a_copy_of_a_former_schema_is_restored_by_its_migration(both: Shop) -> None:
    copy = keeping.keep_copies(both.till).made[LOCAL]
    to_first_schema(copy)
    with closing(sqlite3.connect(copy)) as db, db:
        later = "'$.audit', '$.shifts', '$.courier_days', '$.refusals', '$.walk_ins'"
        db.execute(f"UPDATE facts SET value = json_remove(value, {later}) WHERE name = 'copy:counts'")
    tried = keeping.try_newest(both.till, LOCAL)
    assert tried is not None
    assert tried.is_sound
    assert tried.counts["receipts"] == 1


def zero_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_order'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(bytes(PAGE))


def test_damage_that_a_check_found_stops_every_process(both: Shop) -> None:
    both.close()
    zero_index(both.folder / JOURNAL_NAME)
    both.reopen()  # opening does not see it
    printed = len(both.register.receipts)
    with pytest.raises(JournalError) as found:
        keeping.check_if_due(both.till)
    assert found.value.code == "journal_damaged"
    with pytest.raises(JournalError):
        both.sell(an_order(2))
    assert keeping.state(both.till).blocks is not None
    both.close()
    with pytest.raises(JournalError) as refused:
        both.reopen()
    assert refused.value.code == "journal_damaged"
    assert len(both.register.receipts) == printed
    soundness_note = both.folder / soundness.DAMAGED_NAME
    soundness_note.unlink()
    both.reopen()


def test_the_whole_file_is_read_once_a_day_and_after_a_kill(both: Shop) -> None:
    assert keeping.check_if_due(both.till)
    assert not keeping.check_if_due(both.till)
    both.register.advance(24 * HOUR_S)
    assert keeping.check_if_due(both.till)
    killed = both.folder.with_name("killed")
    shutil.copytree(both.folder, killed)  # with its log: nobody has closed it
    both.close()
    both.reopen()
    assert not keeping.check_if_due(both.till)
    both.close()
    both.folder = killed
    both.reopen()
    assert keeping.check_if_due(both.till)


def test_the_damage_of_the_journal_is_not_called_a_bad_copy(both: Shop) -> None:
    both.close()
    zero_index(both.folder / JOURNAL_NAME)
    both.reopen()
    with pytest.raises(JournalError) as damaged:
        keeping.keep_copies(both.till)
    assert damaged.value.code == "journal_damaged"


# ---------------------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize("which", ["missing", "file", "data", "inside"])
def test_a_folder_that_is_no_place_for_copies(tmp_path: Path, which: str) -> None:
    data = tmp_path / "till"
    (data / "inside").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    folders = {"missing": tmp_path / "none", "file": tmp_path / "file", "data": data, "inside": data / "inside"}
    with pytest.raises(JournalError) as refused:
        copy_folder.prepare(folders[which], data, 0)
    assert refused.value.code == "backup_folder"


def test_a_folder_without_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError) as refused:
        copy_folder.prepare(tmp_path, tmp_path / "till", 1 << 60)
    assert refused.value.code == "backup_folder"
    assert not (tmp_path / copy_folder.SIGN).exists()


def test_the_same_disk_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    assert copy_folder.prepare(folder, tmp_path / "till", 0).same_disk is True
    memory = Path("/dev/shm")  # a file system of its own, on no disk at all
    if memory.is_dir() and memory.stat().st_dev != tmp_path.stat().st_dev:
        assert copy_folder.on_same_disk(memory, tmp_path) is not True


# ---------------------------------------------------------------------------------------------- leaving


def test_nothing_leaves_while_something_is_unsent(both: Shop) -> None:
    with pytest.raises(PosError) as unsent:
        leaving.refuse_unsent(both.till)
    assert unsent.value.code == "unsent"
    assert leaving.unsent(both.till) == leaving.Unsent(entries=4, receipts=0, operations=0)
    both.register.fault("8D", "drop_command")
    with pytest.raises(PosError):
        both.sell(an_order(2))
    both.register.heal()
    assert leaving.unsent(both.till).receipts == 1


def test_a_journal_older_than_its_own_copy_is_noticed(both: Shop) -> None:
    old = both.folder.with_name("old")
    both.close()
    shutil.copyfile(both.folder / JOURNAL_NAME, old)
    both.reopen()
    keeping.refuse_older(both.till)  # no copy yet
    both.sell(an_order(2))
    keeping.keep_copies(both.till)
    keeping.refuse_older(both.till)
    both.close()
    shutil.copyfile(old, both.folder / JOURNAL_NAME)
    both.reopen()
    with pytest.raises(JournalError) as older:
        keeping.refuse_older(both.till)
    assert older.value.code == "journal_damaged"
