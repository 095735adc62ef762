"""Receipts that a portal orders through the gateway: the real store of leases, two tills, lost words, kills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from posapp.domain.portal_check import check_keys
from posapp.domain.settlement import State
from posapp.errors import Offline, PosError
from posapp.gateway.contract import JobState
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.store import SqlStore, open_store
from posapp.settings import VatSettings
from posapp.till import gateway_jobs, jobs, recover, resolve
from posapp.till.gateway_jobs import GatewaySource
from tests.till.colleagues import Colleague
from tests.till.desks import RATES, Desk, Portal, desk_of, rounds
from tests.till.rig import Killed
from tests.till.shops import PORTAL, Shop
from tests.till.test_jobs import kill_commit


@pytest.fixture
def store() -> Iterator[SqlStore]:
    opened = open_store("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def desk(shop: Shop, store: SqlStore) -> Desk:
    return desk_of(shop, store)


@pytest.fixture
def portal(shop: Shop, store: SqlStore) -> Portal:
    return Portal(store, shop.now)


def job_of(shop: Shop, number: int = 417) -> Any:
    found = shop.till.journal.job(f"gateway:{PORTAL}", f"check|{PORTAL}|{number}")
    assert found is not None
    return found


def settle(shop: Shop, desk: Desk, portal: Portal, *uuids: str) -> None:
    for _ in range(8):
        if all(portal.state(each) in (JobState.DONE, JobState.REFUSED) for each in uuids):
            return
        with suppress(Offline):
            rounds(shop, desk)
        shop.register.advance(20)
        portal.expire()


def assert_printed_once(shop: Shop, portal: Portal, **uuids: str) -> None:
    assert len(shop.register.receipts) == len(uuids)
    for name, uuid in uuids.items():
        job = job_of(shop, int(name.removeprefix("n")))
        stored = shop.till.journal.receipt(job.receipt_key)
        assert stored is not None
        assert stored.state is State.FISCALIZED
        (document,) = shop.register.with_key(stored.receipt.key)
        mark = portal.mark(uuid)
        assert mark is not None
        assert mark == stored.mark
        assert mark.document_number == document.number
        assert portal.state(uuid) is JobState.DONE
        assert (job.state, job.is_told) == ("done", True)
    assert shop.register.printer.receipt is None


# ------------------------------------------------------------------------------------------------ the way
def test_a_check_of_the_portal_is_printed_and_its_marks_told(shop: Shop, desk: Desk, portal: Portal) -> None:
    uuid = portal.order()
    (done,) = rounds(shop, desk)
    assert (done.taken, done.told, done.worked.printed) == (1, 1, [f"check|{PORTAL}|417"])
    assert_printed_once(shop, portal, n417=uuid)
    assert shop.register.receipts[0].total_kopecks == 367_000
    assert rounds(shop, desk)[0].taken == 0
    assert portal.order() == uuid
    assert rounds(shop, desk)[0].taken == 0


def test_a_check_has_one_name_however_its_number_is_written(shop: Shop, desk: Desk, portal: Portal) -> None:
    """The gateway knows it by the bare number; the receipt's settlement and stamp are named by the same."""
    uuid = portal.order(417, unique_id="0417")
    settle(shop, desk, portal, uuid)
    stored = shop.till.journal.receipt(job_of(shop).receipt_key)
    assert stored is not None
    assert (stored.receipt.settlement.part, stored.receipt.order_number) == (
        f"check:check|{PORTAL}|417", f"check|{PORTAL}|417",
    )  # fmt: skip


@pytest.mark.parametrize("call", ["started", "report", "take_job"])
def test_a_lost_word_of_the_gateway_prints_nothing_twice(shop: Shop, desk: Desk, portal: Portal, call: str) -> None:
    uuid = portal.order()
    usual = getattr(desk, call)

    def losing(*args: Any, **more: Any) -> Any:
        setattr(desk, call, usual)
        usual(*args, **more)
        raise Offline("gateway_offline", reason="ответа нет")

    setattr(desk, call, losing)
    with suppress(Offline):
        rounds(shop, desk)
    assert len(shop.register.receipts) == (call == "report")
    if call == "take_job":  # nobody told this till what it holds: it asks when it starts, else the lease runs out
        shop.register.advance(61)
        portal.expire()
    settle(shop, desk, portal, uuid)
    rounds(shop, desk)
    assert_printed_once(shop, portal, n417=uuid)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_commit_it_is_printed_once(shop: Shop, desk: Desk, portal: Portal, after: bool) -> None:
    number, killed, uuids = 0, True, {}
    while killed:
        number += 1
        uuids[f"n{1000 + number}"] = uuid = portal.order(1000 + number)
        kill_commit(shop, number, after=after)
        killed = False
        try:
            rounds(shop, desk)
        except Killed:
            killed = True
        shop.restart()
        gateway_jobs.after_restart(shop.till, desk)
        with suppress(PosError):
            recover.recover(shop.till)
        for each in shop.till.journal.receipts_in(State.SENDING):
            resolve.decide_not_made(shop.till, each.receipt.key)
        settle(shop, desk, portal, uuid)
        assert portal.state(uuid) is JobState.DONE
        assert number < 40
    assert number > 6
    assert_printed_once(shop, portal, **uuids)


@pytest.mark.parametrize("opcode", [0x8D, 0xFF0C, 0xFF45])
def test_killed_while_printing_for_so_long_that_the_gateway_gave_up_waiting(
    shop: Shop, desk: Desk, portal: Portal, opcode: int
) -> None:
    uuid = portal.order()
    shop.register.killed_at = (opcode, True)
    with pytest.raises(Killed):
        rounds(shop, desk)
    shop.register.killed_at = None
    shop.register.advance(600)
    portal.expire()
    assert portal.state(uuid) is JobState.UNKNOWN
    shop.restart()
    gateway_jobs.after_restart(shop.till, desk)
    for each in shop.till.journal.receipts_in(State.SENDING):
        with suppress(PosError):
            recover.recover(shop.till)
        stored = shop.till.journal.receipt(each.receipt.key)
        if stored is not None and stored.state is State.SENDING:
            resolve.decide_not_made(shop.till, each.receipt.key)
    settle(shop, desk, portal, uuid)
    if opcode == 0xFF45:  # it was made: the late report counts
        assert_printed_once(shop, portal, n417=uuid)
        return
    assert shop.register.receipts == []  # proven not made: told so, and printed when it is ordered again
    assert portal.state(uuid) is JobState.REFUSED
    assert portal.order() == uuid
    settle(shop, desk, portal, uuid)
    assert_printed_once(shop, portal, n417=uuid)


def test_a_lease_that_another_till_got_prints_nothing_here(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore, tmp_path: Path
) -> None:
    other = Colleague(tmp_path / "two", "2", None)
    try:
        from posapp.till import shift

        shift.open_shift(other.till)
        theirs = desk_of(other, store, "2")
        theirs._now = shop.now
        uuid = portal.order()

        def late() -> None:  # this till was slow: its lease ran out, and another one has printed
            desk.before_started = lambda: None
            shop.register.advance(61)
            portal.expire()
            rounds(other, theirs)

        desk.before_started = late
        rounds(shop, desk)
        assert shop.register.receipts == []
        assert len(other.register.receipts) == 1
        assert portal.state(uuid) is JobState.DONE
        job = job_of(shop)
        assert (job.state, job.code, job.is_told) == ("refused", "lease_lost", True)
        (given_up,) = shop.till.journal.receipts_in(State.CANCELLED)
        assert given_up.receipt.key == check_keys(f"check|{PORTAL}|417")[0]
        assert rounds(shop, desk)[0].taken == 0
    finally:
        other.close()


def test_a_register_that_cannot_print_asks_for_nothing_and_gives_back(shop: Shop, desk: Desk, portal: Portal) -> None:
    uuid = portal.order()
    shop.register.fault("10", "paper_out", "before")
    (done,) = rounds(shop, desk)
    assert done.trouble is not None
    assert portal.state(uuid) is JobState.NEW
    shop.register.heal()
    held = desk.take_job([])
    assert held is not None
    jobs.take_in(shop.till, [gateway_jobs._new(shop.till, held)])
    shop.register.unplug()
    (done,) = rounds(shop, desk)
    assert done.worked.trouble is not None
    assert portal.state(uuid) is JobState.NEW
    shop.register.heal()
    shop.till.printer.close()
    shop.register.advance(20)
    settle(shop, desk, portal, uuid)
    assert_printed_once(shop, portal, n417=uuid)


def test_an_unmapped_rate_is_held_under_its_lease_until_it_is_confirmed(shop: Shop, desk: Desk, portal: Portal) -> None:
    shop.settings = shop.settings.with_(vat=VatSettings(confirmed={0: 11}, rows=RATES.rows))
    shop.restart()
    uuid = portal.order()
    for _ in range(5):
        rounds(shop, desk)
        shop.register.advance(50)
        portal.expire()
    assert (job_of(shop).state, job_of(shop).code) == ("held", "vat_unmapped")
    assert portal.state(uuid) is JobState.LEASED
    shop.settings = shop.settings.with_(vat=RATES)
    shop.restart()
    assert gateway_jobs.after_restart(shop.till, desk) == 0
    settle(shop, desk, portal, uuid)
    assert_printed_once(shop, portal, n417=uuid)


def test_what_is_wrong_is_refused_and_a_person_may_refuse_what_is_held(shop: Shop, desk: Desk, portal: Portal) -> None:
    wrong = portal.order(1, total_sum="1")
    rounds(shop, desk)
    assert portal.state(wrong) is JobState.REFUSED
    shop.settings = shop.settings.with_(vat=VatSettings(confirmed={0: 11}, rows=RATES.rows))
    shop.restart()
    uuid = portal.order(2)
    rounds(shop, desk)
    jobs.refuse(shop.till, "2", "ошибка в заказе")
    rounds(shop, desk)
    assert portal.state(uuid) is JobState.REFUSED
    assert shop.register.receipts == []
    assert jobs.ended(shop.till, GatewaySource(shop.till, desk)) == []


def test_an_empty_journal_that_holds_a_started_job_prints_nothing(
    shop: Shop, desk: Desk, portal: Portal, tmp_path: Path
) -> None:
    """The journal is gone, another register is set up, and the gateway says that a receipt was begun: a person."""
    uuid = portal.order()
    held = desk.take_job([])
    assert held is not None
    desk.started(held.job_id, held.fence, check_keys(f"check|{PORTAL}|417")[0], "00106709999999", "417")
    gateway_jobs.after_restart(shop.till, desk)
    for _ in range(3):
        rounds(shop, desk)
    assert shop.register.receipts == []
    assert (job_of(shop).state, job_of(shop).code) == ("held", "job_begun")
    assert portal.state(uuid) is JobState.STARTED
    jobs.refuse(shop.till, "417", "в ОФД чека нет")
    rounds(shop, desk)
    assert portal.state(uuid) is JobState.REFUSED


def test_after_a_gap_of_the_gateway_this_till_tells_again_what_it_printed(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore
) -> None:
    """Its database may be an older copy, where the job is new: another till must not print it."""
    uuid = portal.order()
    settle(shop, desk, portal, uuid)
    with store.engine.begin() as db:
        db.execute(sa.text("UPDATE jobs SET state = 'new', fence = 0, identity = '', mark = '', ended_at = 0"))
    shop.register.advance(60)
    SqlLeases(store.engine).note_gap(shop.now())
    rounds(shop, desk)
    assert portal.state(uuid) is JobState.DONE
    assert_printed_once(shop, portal, n417=uuid)
    rounds(shop, desk)
    assert_printed_once(shop, portal, n417=uuid)


def put_back(shop: Shop, store: SqlStore) -> None:
    """The gateway's database is a copy from before any check came: its numbers of jobs begin anew."""
    with store.engine.begin() as db:
        db.execute(sa.text("DELETE FROM jobs"))
    shop.register.advance(60)
    SqlLeases(store.engine).note_gap(shop.now())


def test_in_an_older_database_a_mark_stays_with_its_check_whatever_job_has_its_number(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore
) -> None:
    settle(shop, desk, portal, portal.order())
    first = job_of(shop)
    put_back(shop, store)
    uuid = portal.order(418)
    settle(shop, desk, portal, uuid)
    second = job_of(shop, 418)
    assert (second.lease["job_id"], second.lease["fence"]) == (first.lease["job_id"], first.lease["fence"])
    stored = shop.till.journal.receipt(second.receipt_key)
    assert stored is not None
    assert portal.mark(uuid) == stored.mark
    assert len(shop.register.receipts) == 2


def test_in_an_older_database_a_printed_check_that_is_ordered_anew_takes_its_mark(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore
) -> None:
    settle(shop, desk, portal, portal.order())
    put_back(shop, store)
    other, uuid = portal.order(418), portal.order()
    settle(shop, desk, portal, uuid, other)
    assert_printed_once(shop, portal, n417=uuid, n418=other)


def test_a_lease_of_an_older_database_begins_no_other_check(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore
) -> None:
    """A job was taken before the database was put back; its number and fence are those of another check by now."""
    portal.order()
    held = desk.take_job([])
    assert held is not None
    jobs.take_in(shop.till, [gateway_jobs._new(shop.till, held)])
    put_back(shop, store)
    uuid = portal.order(418)
    other = desk.take_job([])
    assert other is not None
    assert (other.job_id, other.fence) == (held.job_id, held.fence)
    jobs.take_in(shop.till, [gateway_jobs._new(shop.till, other)])
    settle(shop, desk, portal, uuid)
    assert_printed_once(shop, portal, n418=uuid)
    assert (job_of(shop).state, job_of(shop).code) == ("refused", "lease_lost")


def test_a_refusal_of_a_check_that_the_gateway_has_lost_keeps_no_other_one_waiting(
    shop: Shop, desk: Desk, portal: Portal, store: SqlStore
) -> None:
    portal.order(total_sum="1")
    held = desk.take_job([])
    assert held is not None
    jobs.take_in(shop.till, [gateway_jobs._new(shop.till, held)])
    put_back(shop, store)
    for _ in range(2):
        with suppress(PosError):
            rounds(shop, desk)
    assert (job_of(shop).state, job_of(shop).is_told) == ("refused", True)
    uuid = portal.order(418)
    settle(shop, desk, portal, uuid)
    assert_printed_once(shop, portal, n418=uuid)
