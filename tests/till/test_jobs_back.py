"""Receipts that a site orders, where the journal went back in time, is gone, or another till prints beside us."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from posapp import settings as settings_file
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.portal_check import check_keys, check_settlement
from posapp.domain.settlement import State
from posapp.errors import PosError, ResolveNeeded
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import JobSettings, VatSettings
from posapp.till import adopt, counters, exchange, keeping, refund, resolve, restore, site_poll
from tests.domain.checks import site_item
from tests.till.four import four_at
from tests.till.rig import Killed, Register
from tests.till.shops import Shop
from tests.till.sites import HOST, Site, assert_printed_once, job_of, rounds, settle, site_of
from tests.till.test_restore import bring_back, keyless_shop, path_of


@pytest.fixture
def site(shop: Shop) -> Site:
    return site_of(shop)


def went_back(shop: Shop, kept: Path) -> None:
    """An older copy of the whole data directory is put in its place."""
    shop.close()
    shutil.rmtree(shop.folder)
    shutil.copytree(kept, shop.folder)
    shop.reopen()


def keep(shop: Shop, place: Path) -> Path:
    shop.close()
    shutil.copytree(shop.folder, place)
    shop.reopen()
    return place


@pytest.mark.parametrize("is_return", [False, True])
@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_an_older_directory_never_prints_a_second_one(
    shop: Shop, site: Site, tmp_path_factory: pytest.TempPathFactory, is_acknowledged: bool, is_return: bool
) -> None:
    kept = keep(shop, tmp_path_factory.mktemp("kept") / "journal")
    site.order(417, type="sellReturn" if is_return else "sell")
    rounds(shop, site, 1 + is_acknowledged)
    key = shop.register.receipts[-1].key
    went_back(shop, kept)
    site.state[417] = "P"
    shop.register.advance(241)
    for _ in range(3):  # the register holds a document of this till that the journal does not know: a person looks
        (done,) = rounds(shop, site)
        assert isinstance(done.worked.trouble, ResolveNeeded)
    assert len(shop.register.receipts) == 1
    assert all(each["code"] == 0 for each in site.results.get(417, []))
    (document,) = adopt.strays(shop.till)
    assert document.stamp is not None
    assert key is not None
    done_now = resolve.decide_made(shop.till, key, document.number)
    kind = ReceiptKind.SELL_REFUND if is_return else ReceiptKind.SELL
    assert done_now.view.receipt.settlement == check_settlement(f"check|{HOST}|417", kind)
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    assert counters.compare(shop.till).agrees


def test_an_older_directory_that_had_begun_it(
    shop: Shop, site: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise Killed

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    kept = keep(shop, tmp_path_factory.mktemp("kept") / "journal")
    rounds(shop, site)
    went_back(shop, kept)
    for _ in range(3):
        rounds(shop, site)
        shop.register.advance(100)
    assert len(shop.register.receipts) == 1
    (document,) = adopt.strays(shop.till)
    resolve.decide_made(shop.till, shop.register.receipts[0].key or "", document.number)
    rounds(shop, site, 2)
    assert_printed_once(shop, site, 417)


def test_a_journal_that_is_gone_comes_back_with_every_receipt(shop: Shop, site: Site) -> None:
    settings_file.save(shop.folder, shop.settings)
    site.order(1)
    settle(shop, site)
    keeping.keep_copies(shop.till)
    site.order(2)
    rounds(shop, site)  # printed, and not told yet
    shop.close()
    for name in ("", "-wal", "-shm"):
        (shop.folder / f"{JOURNAL_NAME}{name}").unlink(missing_ok=True)
    assert bring_back(shop).waiting == ()
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 1, 2)


def test_a_begun_one_gives_way_to_the_document_that_came_after_it(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy knows the first receipt of the check as begun; it was given up later, and the second one printed."""

    def die(*_: object) -> int:
        raise Killed

    settings_file.save(shop.folder, shop.settings)
    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
    resolve.cancel(shop.till, check_keys(f"check|{HOST}|417")[0], "передумали")
    settle(shop, site)
    site.reprint(417)
    settle(shop, site)
    assert shop.register.receipts[0].key == check_keys(f"check|{HOST}|417")[1]
    shop.close()
    shutil.copyfile(copy, path_of(shop))
    assert bring_back(shop).waiting == ()
    site.state[417] = "P"
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_a_register_without_keys_a_person_names_the_check(register: Register, tmp_path: Path) -> None:
    with keyless_shop(tmp_path / "till", register, {1084, 1192}) as shop:
        site = site_of(shop)
        settings_file.save(shop.folder, shop.settings)
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        site.order()
        rounds(shop, site)
        number = register.receipts[-1].number
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        (case,) = bring_back(shop).waiting
        assert case.document == number
        site.state[417] = "P"
        register.advance(241)
        with suppress(PosError):
            rounds(shop, site)
        assert len(register.receipts) == 1
        assert restore.finish(shop.till, "по ленте", named={number: f"check|{HOST}|417"}).is_whole
        settle(shop, site)
        assert len(register.receipts) == 1
        assert site.state[417] == "Y"
        stored = shop.till.journal.receipt(job_of(shop).receipt_key)
        assert stored is not None
        assert stored.state is State.FISCALIZED


def test_what_another_till_has_printed_on_this_register_is_not_printed_here(
    shop: Shop, site: Site, tmp_path: Path
) -> None:
    site.order()
    rounds(shop, site)
    shop.close()
    other = Shop(tmp_path / "other", shop.register)
    try:
        other.settings = other.settings.with_(till="2", jobs=JobSettings(HOST, is_simulated=True, rates=(11,)))
        other.restart()
        site.state[417] = "P"
        other.register.advance(241)
        for _ in range(3):
            site_poll.round_of(other.till, site)
        assert len(other.register.receipts) == 1
        job = other.till.journal.job(f"site:{HOST}", f"check|{HOST}|417")
        assert job is not None
        assert (job.state, job.code) == ("held", "receipted_elsewhere")
    finally:
        other.close()
        shop.reopen()


def test_the_desk_tells_of_the_job_and_who_prints_it(shop: Shop, site: Site) -> None:
    site.order()
    shop.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        rounds(shop, site)
    shop.register.killed_at = None
    shop.restart()
    shop.register.unplug()
    (case,) = resolve.cases(shop.till, "ru")
    assert "заданию портала" in case.title
    shop.register.heal()
    shop.till.printer.close()
    shop.register.lose_tlv(shop.register.receipts[-1].number)
    (case,) = resolve.cases(shop.till, "en")
    told = "\n".join([case.title, *case.story, *(each.consequence for each in case.choices)])
    assert "by itself" in told
    assert "{" not in told
    made = next(each for each in case.choices if each.id.startswith("made:"))
    resolve.decide(shop.till, case.key, made.id, "Иванова", "по ленте", {}, "ru")
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_a_reconciliation_finds_nothing_to_say(tmp_path: Path, register: Register) -> None:
    with four_at(tmp_path, register) as four:
        site = site_of(four.shop)
        four.wire()
        four.shop.till = replace(four.shop.till, settings=four.shop.till.settings.with_(jobs=four.shop.settings.jobs))
        site.order(1)
        rounds(four.shop, site, 2)
        site.order(2, type="sellReturn")
        rounds(four.shop, site, 2)
        four.sell(1)
        four.days(0.01)
        report = four.reconcile()
        assert report.differences == ()
        assert report.not_checked == ()
        assert report.checked["journal"] == 3


def test_a_refund_at_the_till_of_what_the_site_ordered_comes_back_as_its_own(
    shop: Shop, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site.order(417, site_item(quantity=2))
    settle(shop, site)
    key = shop.register.receipts[0].key or ""
    kept = keep(shop, tmp_path_factory.mktemp("kept") / "journal")
    part = refund.refund(shop.till, key, {0: Quantity.of("1")})
    refund.told(shop.till, part)
    assert part.outbox_pending == 0
    went_back(shop, kept)
    (document,) = adopt.strays(shop.till)
    taken = resolve.decide_made(shop.till, part.view.receipt.key, document.number).view.receipt
    assert taken.settlement == part.view.receipt.settlement
    assert taken.basis is not None
    assert taken.basis.key == key
    rest = refund.refund(shop.till, key)
    assert rest.view.receipt.total + part.view.receipt.total == Money(380_000)
    site.state[417] = "N"
    settle(shop, site)
    assert len(shop.register.receipts) == 3
    assert (job_of(shop).state, site.state[417]) == ("done", "Y")
    assert counters.compare(shop.till).agrees
    site.order(418, type="sellReturn")
    settle(shop, site)
    assert len(shop.register.receipts) == 4
    assert job_of(shop, 418).state == "done"


def test_a_till_that_knows_no_portal_but_the_sites_link(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop.settings = shop.settings.with_(portal=None, vat=VatSettings())
    site = site_of(shop)
    kept = keep(shop, tmp_path_factory.mktemp("kept") / "journal")
    site.order()
    rounds(shop, site)
    went_back(shop, kept)
    site.state[417] = "P"
    shop.register.advance(241)
    rounds(shop, site)
    (case,) = resolve.cases(shop.till, "ru")
    assert "ФД" in case.title
    (document,) = adopt.strays(shop.till)
    resolve.decide_made(shop.till, shop.register.receipts[0].key or "", document.number)
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    report, pulled = exchange.sync(shop.till)
    assert (report.offline, pulled) == (None, None)
    assert not exchange.strip(shop.till).is_offline
