"""Sales without an order come back: a directory that went back in time, a damaged journal, a register without keys."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from posapp import settings as settings_file
from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import DeviceError, JournalError, ResolveNeeded
from posapp.journal.connect import JOURNAL_NAME
from posapp.till import adopt, keeping, resolve, restore, walkin
from tests.till.four import four_at
from tests.till.rig import Register
from tests.till.shops import Shop
from tests.till.test_restore import bring_back, keyless_shop, path_of
from tests.till.walkins import GOODS, MUG, TEA, assert_one_each, label, put_on_board, scan, sell, stored


# ------------------------------------------------------------------------------------------------ rule 11
def test_a_directory_that_went_back_takes_the_document_in_without_an_order(
    store: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store.close()
    kept = tmp_path_factory.mktemp("kept") / "journal"
    shutil.copytree(store.folder, kept)
    store.reopen()
    before = sell(store.till, TEA, label(350)).view
    store.close()
    shutil.rmtree(store.folder)
    shutil.copytree(kept, store.folder)
    store.reopen()
    with pytest.raises(ResolveNeeded):
        scan(store.till, TEA)
    (document,) = adopt.strays(store.till)
    done = resolve.decide_made(store.till, before.receipt.key, document.number)
    assert done.view.receipt.settlement == before.receipt.settlement
    assert done.view.receipt.lines == before.receipt.lines
    assert done.view.mark == before.mark
    assert done.outbox_pending == 0
    sell(store.till, TEA, label(350))
    assert_one_each(store)
    with pytest.raises(ResolveNeeded):
        resolve.decide_made(store.till, before.receipt.key, document.number)


# ------------------------------------------------------------------------------------------------ restore
@pytest.fixture
def copied(store: Shop) -> Shop:
    """One sale is in the copy; two came later, one of which nobody was told of; a fourth was begun."""
    settings_file.save(store.folder, store.settings)
    sell(store.till, TEA)
    store.register.advance(60)
    keeping.keep_copies(store.till)
    store.register.advance(60)
    sell(store.till, MUG)
    scan(store.till, label(350))
    store.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        scan(store.till, MUG, MUG)
    store.register.heal()
    return store


def test_a_journal_that_is_gone_comes_back_with_every_sale(copied: Shop) -> None:
    copied.close()
    for name in ("", "-wal", "-shm"):
        (copied.folder / f"{JOURNAL_NAME}{name}").unlink(missing_ok=True)
    assert bring_back(copied).waiting == ()
    assert_one_each(copied)
    assert len(copied.register.receipts) == 3
    sell(copied.till, TEA)
    assert_one_each(copied)


def test_what_was_sold_is_saved_from_a_damaged_journal(copied: Shop) -> None:
    before = {each.receipt.key: copied.till.journal.walk_in(each.receipt.key) for each in stored(copied)}
    copied.close()
    with closing(sqlite3.connect(path_of(copied))) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_order'").fetchone()[0]
    with path_of(copied).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    assert bring_back(copied).waiting == ()
    assert len(stored(copied)) == 4
    for key, sold in before.items():
        found = copied.till.journal.walk_in(key)
        assert found is not None
        assert sold is not None
        assert (found.content, found.goods) == (sold.content, sold.goods)
    (begun,) = walkin.begun(copied.till)
    put_on_board(copied)
    walkin.sell_begun(copied.till, begun.receipt.key)
    assert_one_each(copied)


def test_a_document_without_a_name_is_a_sale_without_an_order_when_a_person_says_so(
    register: Register, tmp_path: Path
) -> None:
    with keyless_shop(tmp_path / "till", register, {1084, 1192}) as shop:
        put_on_board(shop)
        settings_file.save(shop.folder, shop.settings)
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        sell(shop.till, TEA, label(350))
        number = register.receipts[-1].number
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        (case,) = bring_back(shop).waiting
        assert case.document == number
        assert f"{number}=walk-in" in case.why
        with pytest.raises(JournalError):
            sell(shop.till, MUG)
        assert restore.finish(shop.till, "по ленте", named={number: "walk-in"}).is_whole
        (one,) = stored(shop)
        assert one.state is State.FISCALIZED
        assert one.receipt.total == Money(52_934)
        assert one.receipt.settlement.portal == ""
        sell(shop.till, MUG)
        assert len(register.receipts) == 2


def test_the_sale_that_was_begun_then_is_the_one(register: Register, tmp_path: Path) -> None:
    with keyless_shop(tmp_path / "till", register, {1084, 1192}) as shop:
        put_on_board(shop)
        settings_file.save(shop.folder, shop.settings)
        register.fault("8D", "paper_out", "before")
        with pytest.raises(DeviceError):
            scan(shop.till, TEA)
        register.heal()
        (begun,) = walkin.begun(shop.till)
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        walkin.sell_begun(shop.till, begun.receipt.key)
        number = register.receipts[-1].number
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        assert bring_back(shop).waiting[0].document == number
        assert restore.finish(shop.till, "по ленте", named={number: "walk-in"}).is_whole
        (one,) = stored(shop)
        assert (one.receipt.key, one.state) == (begun.receipt.key, State.FISCALIZED)
        assert walkin.begun(shop.till) == []


# ------------------------------------------------------------------------------------------------ four witnesses
def test_a_reconciliation_finds_nothing_to_say(tmp_path: Path, register: Register) -> None:
    with four_at(tmp_path, register) as four:
        portal = four.shop.till.portal
        goods = [replace(each, portal=portal, vat_row=3) for each in GOODS[:2]]
        put_on_board(four.shop, *goods, portal=portal)
        four.wire()
        four.shop.till = replace(
            four.shop.till, settings=four.shop.till.settings.with_(catalogue=four.shop.settings.catalogue)
        )
        for _ in range(2):
            sell(four.shop.till, TEA)
        four.sell(1)
        four.days(0.01)
        report = four.reconcile()
        assert report.differences == ()
        assert report.not_checked == ()
        assert report.checked["journal"] == 3


def test_a_reconciliation_says_how_a_begun_sale_is_ended(tmp_path: Path, register: Register) -> None:
    with four_at(tmp_path, register) as four:
        portal = four.shop.till.portal
        put_on_board(four.shop, *[replace(each, portal=portal, vat_row=3) for each in GOODS[:2]], portal=portal)
        four.wire()
        four.shop.till = replace(
            four.shop.till, settings=four.shop.till.settings.with_(catalogue=four.shop.settings.catalogue)
        )
        register.fault("8D", "paper_out", "before")
        with pytest.raises(DeviceError):
            scan(four.shop.till, TEA)
        register.heal()
        four.days(0.5)
        (left,) = four.reconcile().differences
        (begun,) = walkin.begun(four.shop.till)
        assert (left.code, left.key) == ("not_printed", begun.receipt.key)
        assert f"posapp sell --begun {begun.receipt.key}" in str(left.as_json("ru"))
        walkin.sell_begun(four.shop.till, begun.receipt.key)
        four.days(0.01)
        assert four.reconcile().differences == ()
