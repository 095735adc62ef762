"""The power goes: what was synced is left, of the rest any part. What was acknowledged is there, nothing is half."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from posapp.errors import PosError
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.soundness import quick_check
from tests.crash.acts import ACTS, a_shop, finish
from tests.crash.disk import AVAILABLE, OK, Cut, Disk, Event, standing
from tests.journal.samples import FISCALIZED, NOTHING, PENDING, SENDING, look, open_journal, receipt, sell
from tests.till.rig import Register

pytestmark = [
    pytest.mark.skipif(not AVAILABLE, reason="SQLite is built into Python here"),
    pytest.mark.timeout(400),
]

SALES = 3
LADDER = (NOTHING, PENDING, SENDING, FISCALIZED)
NO_POWER = 10  # SQLITE_IOERR


@dataclass
class Recorder:
    """Cuts the power in thought before every event; knows how many sales had been acknowledged then."""

    disk: Disk = field(default_factory=Disk)
    cuts: list[Cut] = field(default_factory=list)
    sold: int = 0

    def __post_init__(self) -> None:
        self.disk.decide = self._note

    def _note(self, _: Event) -> int:
        self.cuts.append(self.disk.cut(self.sold))
        return OK


def played(folder: Path, checkpoint_pages: int) -> list[Cut]:
    """Sales in one process, and one more after a new start; the WAL goes into the file now and then."""
    open_journal(folder).close()
    recorder = Recorder()
    with standing(recorder.disk):
        for numbers in (range(1, SALES), range(SALES, SALES + 1)):
            with open_journal(folder) as journal:
                journal._write(lambda changes: changes._db.execute(f"PRAGMA wal_autocheckpoint={checkpoint_pages}"))
                for number in numbers:
                    sell(journal, number)
                    recorder.sold = number
        recorder.cuts.append(recorder.disk.cut(recorder.sold))
    return recorder.cuts


def images(cut: Cut, folder: Path, seed: int, lucky: int) -> Iterator[Path]:
    """Data directories after the cut: one with nothing but what was synced, the others with a part of the rest."""
    for number in range(1 + lucky if cut.pending else 1):
        image = folder / f"image-{number}"
        shutil.rmtree(image, ignore_errors=True)
        image.mkdir()
        cut.image(image, Random(seed * 100 + number) if number else None)
        yield image


@pytest.mark.parametrize("checkpoint_pages", [1000, 8])
def test_what_was_acknowledged_is_there_after_a_power_cut_at_any_write(tmp_path: Path, checkpoint_pages: int) -> None:
    cuts = played(tmp_path / "data", checkpoint_pages)
    assert len(cuts) > 100
    assert {cut.facts for cut in cuts} == set(range(SALES + 1))
    for seed, cut in enumerate(cuts):
        for image in images(cut, tmp_path, seed, lucky=1):
            with open_journal(image) as journal:
                for number in range(1, SALES + 1):
                    found = look(journal, receipt(number).key)
                    assert found in LADDER, f"cut {seed}: sale {number} is half there"
                    assert found == FISCALIZED or number > cut.facts, f"cut {seed}: acknowledged sale {number} is gone"
                    assert found == NOTHING or number <= cut.facts + 1
            quick_check(image / JOURNAL_NAME)


def test_without_syncing_a_power_cut_would_take_sales_back(tmp_path: Path) -> None:
    """What the tests above rest on: the disk really forgets what nobody forced out."""
    open_journal(tmp_path / "data").close()
    disk = Disk()
    with standing(disk), open_journal(tmp_path / "data") as journal:
        before = disk.cut()
        sell(journal, 1)
        after = disk.cut()
    assert after.pending == []
    for cut, expected in ((before, NOTHING), (after, FISCALIZED)):
        for image in images(cut, tmp_path, 1, lucky=0):
            with open_journal(image) as journal:
                assert look(journal, receipt(1).key) == expected


@pytest.mark.parametrize("name", list(ACTS))
def test_the_power_goes_at_any_write_of_an_act(tmp_path: Path, name: str) -> None:
    """The whole till: disk and cable are dead from the n-th event on, for every n. Then the shop goes on."""
    act, nth, cuts = ACTS[name], 0, [Cut({}, [])]
    while cuts:
        nth += 1
        disk = Disk()
        with a_shop(tmp_path / f"{nth}" / "data") as shop:
            shop.close()
            with standing(disk):
                shop.reopen()
                cuts = _dies_at(nth + disk.count, disk, shop.register)
                with suppress(PosError):
                    act.do(shop)
                shop.close()
            if cuts:
                shop.folder = list(images(cuts[0], tmp_path / f"{nth}", nth, lucky=nth % 2))[-1]
                shop.register.heal()
            shop.reopen()
            finish(act, shop)
    assert nth > 10


def _dies_at(nth: int, disk: Disk, register: Register) -> list[Cut]:
    """Ends everything at the `nth` event; the list then holds what is left on the disk."""
    cuts: list[Cut] = []

    def decide(event: Event) -> int:
        if event.number >= nth and not cuts:
            cuts.append(disk.cut())
            register.unplug()
        return NO_POWER if cuts else OK

    disk.decide = decide
    return cuts


class Copier:
    """Copies the two files of a journal now and then, one after the other, while events go by between them."""

    def __init__(self, data: Path, to: Path, seed: int) -> None:
        self.sold = 0
        self.copies: list[tuple[int, Path]] = []
        """What was acknowledged when each copy was begun."""
        self._data, self._to = data, to
        self._luck = Random(seed)
        self._waiting: list[tuple[int, str, Path]] = []

    def __call__(self, event: Event) -> int:
        """Begins a copy at every seventh event, copies what is due."""
        if event.number % 7 == 0:
            place = self._to / f"copy-{event.number}"
            place.mkdir()
            self.copies.append((self.sold, place))
            for name in (JOURNAL_NAME, f"{JOURNAL_NAME}-wal"):
                self._waiting.append((event.number + self._luck.randrange(20), name, place))
        self.copy_until(event.number)
        return OK

    def copy_until(self, number: int) -> None:
        """Copies the files whose turn has come."""
        for each in [each for each in self._waiting if each[0] <= number]:
            self._waiting.remove(each)
            if (self._data / each[1]).exists():
                shutil.copy(self._data / each[1], each[2])


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_of_the_directory_taken_while_the_till_runs(tmp_path: Path, seed: int) -> None:
    """Files copied one after another, in any order, while sales go on: all that was sold before is in the copy."""
    data = tmp_path / "data"
    open_journal(data).close()
    copier, disk = Copier(data, tmp_path, seed), Disk()
    with standing(disk), open_journal(data) as journal:
        disk.decide = copier
        for number in range(1, SALES + 2):
            sell(journal, number)
            copier.sold = number
        copier.copy_until(disk.count + 20)
        disk.decide = lambda _: OK
    assert len(copier.copies) > 20
    for known, place in copier.copies:
        with open_journal(place) as journal:
            for number in range(1, SALES + 2):
                found = look(journal, receipt(number).key)
                assert found in LADDER
                assert found == FISCALIZED or number > known
        quick_check(place / JOURNAL_NAME)
