"""Rules 11 and 20: a copied directory is noticed when it is opened, sells nothing, and can be taken over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from posapp import settings as settings_file
from posapp.errors import PosError, ResolveNeeded, SetupError
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.till import place, recover, restore, sale, shift
from posapp.till.place import Place
from posapp.till.restore import Report
from tests.till.rig import Register
from tests.till.shops import Shop, an_order

OURS, OTHERS = "computer 1", "computer 2"


class PlacedShop(Shop):
    """A till that knows on which computer its directory lies, as `app.open_till` makes it."""

    def __init__(self, folder: Path, register: Register, machine: str = OURS, first_id: int = 1) -> None:
        super().__init__(folder, register)
        self.machine, self.first_id = machine, first_id
        self.settle()

    def settle(self) -> None:
        here = Place(self.machine, str(self.folder.resolve()))
        self.till = replace(self.till, place=here, new_id=self._own_id)
        place.settle(self.till.journal, here)

    def _own_id(self) -> UUID:
        self.first_id += 1
        return UUID(int=(7 << 64) + self.first_id)

    def reopen(self) -> None:
        super().reopen()
        self.settle()

    def bring_back(self) -> Report:
        self.close()
        lock = DirectoryLock(self.folder)
        _, rebuilt = restore.files(self.folder, self.now)
        lock.release()
        self.reopen()
        restore.begin(self.till, rebuilt)
        return restore.finish(self.till, "прежний компьютер сгорел")


@pytest.fixture
def ours(tmp_path: Path, register: Register) -> Iterator[PlacedShop]:
    shop = PlacedShop(tmp_path / "till", register)
    settings_file.save(shop.folder, shop.settings)
    shift.open_shift(shop.till)
    shop.till.journal.save_orders([an_order(number) for number in range(1, 10)], claimed=True)
    yield shop
    shop.close()


def copied(shop: PlacedShop, machine: str = OTHERS) -> PlacedShop:
    """A copy of the directory, taken while the till is closed, and opened."""
    shop.close()
    folder = shop.folder.parent / "copy"
    shutil.copytree(shop.folder, folder)
    shop.reopen()
    return PlacedShop(folder, shop.register, machine, first_id=1000)


@pytest.mark.parametrize("machine", [OURS, OTHERS])
def test_a_copy_sells_nothing_and_the_original_goes_on(ours: PlacedShop, machine: str) -> None:
    ours.sell(an_order(1))
    copy = copied(ours, machine)
    try:
        for number in (1, 2):
            with pytest.raises(PosError) as refused:
                copy.sell(an_order(number))
            assert refused.value.code in ("directory_copied", "already_receipted")
        for act in (shift.x_report, shift.close_shift, recover.recover):
            with pytest.raises(SetupError) as copied_:
                act(copy.till)
            assert copied_.value.code == "directory_copied"
        ours.sell(an_order(2))
        ours.assert_exactly_one(2)
        copy.close()
        copy.reopen()  # also after a restart
        with pytest.raises(SetupError):
            copy.sell(an_order(3))
    finally:
        copy.close()
    assert len(ours.register.receipts) == 2


def test_neither_sells_what_the_other_has_sold_whoever_comes_first(ours: PlacedShop) -> None:
    """The copy is taken over while the original goes on selling on the same register: every order once."""
    ours.sell(an_order(1))
    copy = copied(ours)
    try:
        ours.sell(an_order(2))
        report = copy.bring_back()
        assert report.is_whole
        assert [each["order"] for each in report.adopted] == ["1002"]
        with pytest.raises(sale.AlreadyReceipted):
            copy.sell(an_order(2))
        copy.sell(an_order(3))
        for number in (3, 4):
            with pytest.raises(ResolveNeeded):  # a document of this till that it does not know
                ours.sell(an_order(number))
        copy.sell(an_order(4))
        assert ours.bring_back().is_whole
        ours.sell(an_order(5))
        for number in (5, 6):
            with pytest.raises(ResolveNeeded):
                copy.sell(an_order(number))
        for number in (1, 2, 3, 4, 5):
            ours.assert_exactly_one(number)
        keys = [each.key for each in ours.register.receipts]
        assert len(keys) == len(set(keys)) == 5
    finally:
        copy.close()


def test_a_directory_that_was_moved_or_linked_is_no_copy(ours: PlacedShop, tmp_path: Path) -> None:
    ours.close()
    link = tmp_path / "link"
    link.symlink_to(ours.folder)
    ours.folder = link
    ours.reopen()
    ours.sell(an_order(1))
    ours.close()
    moved = tmp_path / "moved"
    (tmp_path / "till").rename(moved)
    ours.folder = moved
    ours.reopen()
    ours.sell(an_order(2))
    known = place.known(ours.till.journal)
    assert known is not None
    assert known.folder == str(moved.resolve())


def test_a_computer_that_cannot_be_named_is_told_by_its_folder(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / JOURNAL_NAME).write_bytes(b"")
    assert not place.is_copy(Place("", str(here)), Place("m", str(here)))
    assert place.is_copy(Place("", str(here)), Place("", str(there)))
    os.link(here / JOURNAL_NAME, tmp_path / JOURNAL_NAME)  # one file by two names
    assert not place.is_copy(Place("", str(here)), Place("", str(tmp_path)))
    (here / JOURNAL_NAME).unlink()
    assert not place.is_copy(Place("", str(here)), Place("", str(there)))


def test_this_computer_has_one_name() -> None:
    first = place.here(Path())
    assert first == place.here(Path())
    assert len(first.machine) in (0, 64)
