"""The contract of the job store, held to every engine: a check is one job, and one till prints it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from posapp.domain.fiscal import FiscalMark
from posapp.errors import Rejected, UsageError
from posapp.gateway.apply_store import HOLD, SqlApplications
from posapp.gateway.contract import Job, JobState, Offer, Report
from posapp.gateway.job_store import TELL_AFTER, SqlPortalJobs
from posapp.gateway.job_tables import jobs
from posapp.gateway.lease_store import KEPT, LEASE, REST, STARTED, SqlLeases
from posapp.gateway.store import SqlStore, TillCard
from tests.gateway.checks import CHECK

PORTAL = "shop.example"
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ONE, TWO = "one", "two"
KKT = "00106700000001"


def mark_of(document: int) -> FiscalMark:
    """The mark of some receipt."""
    at = datetime(2026, 11, 21, 12, 0, document % 60)
    return FiscalMark(document, str(3_000_000_000 + document), document, 7, "9999078900000001", "0000000001000001", at)


class Shop:
    """A portal, two tills and a clock that goes on when it is told to."""

    def __init__(self, store: SqlStore) -> None:
        self.portal = SqlPortalJobs(store.engine)
        self.leases = SqlLeases(store.engine)
        self.queue = SqlApplications(store.engine)
        self.now = START
        self.count = 0
        for number, identity in enumerate((ONE, TWO), 1):
            store.enrol(TillCard(PORTAL, identity, str(number)), self.now)

    def wait(self, length: timedelta) -> None:
        self.now += length

    def order(self, unique_id: int = 417, register: str = "", **change: Any) -> str:
        """The portal orders a check; the uuid it is answered."""
        self.count += 1
        content = CHECK | {"unique_id": str(unique_id), "uuid": f"try {self.count}"} | change
        offer = Offer(str(unique_id), f"00000000-0000-4000-8000-{self.count:012}", register, content)
        return self.portal.accept(PORTAL, [offer], self.now)[0]

    def take(self, till: str = ONE, *registers: str) -> Job | None:
        return self.leases.take(PORTAL, till, registers, self.now)

    def have(self, till: str = ONE) -> Job:
        job = self.take(till)
        assert job is not None
        return job

    def begin(self, job: Job, till: str = ONE, key: str = "KEY1") -> None:
        self.leases.started(PORTAL, till, job.job_id, job.fence, key, KKT, self.now)

    def tell(self, job: Job, state: str, till: str = ONE, document: int = 15, reason: str = "нет бумаги") -> bool:
        mark = mark_of(document) if state == "done" else None
        return self.leases.report(PORTAL, till, Report(job.job_id, job.fence, state, "KEY1", mark, reason), self.now)

    def state(self, uuid: str) -> JobState:
        found = self.portal.verdict(PORTAL, uuid, self.now)
        assert found is not None
        return found.state

    def events(self, job: Job) -> list[object]:
        return [each["what"] for each in self.queue.story(job.job_id)]


@pytest.fixture
def shop(store: SqlStore) -> Shop:
    return Shop(store)


# ---------------------------------------------------------------------------------------------- once
def test_a_check_becomes_one_job_and_carries_what_was_sent(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    assert (job.uuid, job.unique_id, job.state, job.fence, job.received_at) == (uuid, "417", "leased", 1, START)
    assert job.content["items"] == CHECK["items"]
    assert shop.take() is None
    assert shop.take(TWO) is None


def test_trap_06_a_repeat_meets_the_same_job_whatever_its_state(shop: Shop) -> None:
    uuid = shop.order()
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: shop.have(),
        lambda: shop.begin(shop.leases.mine(PORTAL, ONE, shop.now)[0]),
        lambda: shop.tell(shop.leases.mine(PORTAL, ONE, shop.now)[0], "done"),
    ]
    for step, state in zip(steps, ("new", "leased", "started", "done"), strict=True):
        step()
        assert shop.order() == uuid
        assert shop.state(uuid) == state
    assert shop.take(TWO) is None


def test_only_a_refused_job_is_opened_anew_and_keeps_its_uuid(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    shop.tell(job, "refused")
    assert shop.portal.uuid_of(PORTAL, "417") == ""
    assert shop.order(total_sum="1") == uuid
    again = shop.have(TWO)
    assert (again.job_id, again.fence, again.content["total_sum"]) == (job.job_id, 2, "1")
    assert shop.portal.uuid_of(PORTAL, "417") == uuid
    assert "reopened" in shop.events(job)


def test_several_checks_at_once_repeats_among_them(shop: Shop) -> None:
    kept = shop.order(2)
    offers = [Offer(str(number), f"u{place}", "", CHECK) for place, number in enumerate((3, 1, 3, 2))]
    found = shop.portal.accept(PORTAL, offers, shop.now)
    assert found[3] == kept
    assert found[0] == found[2]
    assert len(set(found)) == 3
    assert [shop.have().unique_id for _ in range(3)] == ["2", "1", "3"]


def test_portals_have_checks_of_their_own(shop: Shop) -> None:
    mine = shop.order()
    other = shop.portal.accept("other.example", [Offer("417", "x", "", CHECK)], shop.now)
    assert other == ["x"]
    assert shop.portal.verdict("other.example", mine, shop.now) is None
    assert shop.have().uuid == mine
    assert shop.take() is None


def test_another_check_under_the_number_of_one_that_is_begun_is_declined(shop: Shop) -> None:
    """The portal's database was put back and counts its checks anew: they are not answered with other goods' marks."""
    first = shop.order()
    job = shop.have()
    assert shop.order(date_create="1786000999") == first
    assert shop.queue.list_jobs("open", 9)[0]["differs"] is False
    assert shop.order(total_sum="9") == ""
    assert shop.queue.list_jobs("open", 9)[0]["differs"] is True
    assert shop.leases.mine(PORTAL, ONE, shop.now)[0].content == job.content
    shop.begin(job)
    shop.tell(job, "done")
    assert shop.order(total_sum="9") == ""
    assert shop.order() == first
    assert shop.take() is None


def test_what_nobody_has_begun_is_printed_as_it_was_sent_last(shop: Shop) -> None:
    first = shop.order()
    assert shop.order(total_sum="9") == first
    assert shop.have().content["total_sum"] == "9"
    assert shop.take() is None


def test_bytes_and_odd_text_come_back_as_they_were(shop: Shop) -> None:
    odd = {"name": "a\0b\u2028«ё»\U0001f600", "nomenclature_code": {"base64": "RE0A/w=="}}
    shop.order(items=[odd])
    assert shop.have().content["items"] == [odd]


# ---------------------------------------------------------------------------------------------- leases
def test_a_lease_that_was_not_started_goes_to_another_till_and_the_slow_one_prints_nothing(shop: Shop) -> None:
    shop.order()
    slow = shop.have()
    shop.wait(LEASE + timedelta(seconds=1))
    assert shop.leases.expire(shop.now) == 1
    quick = shop.have(TWO)
    assert quick.fence > slow.fence
    with pytest.raises(Rejected) as lost:
        shop.begin(slow)
    assert lost.value.code == "lease_lost"
    shop.begin(quick, TWO)
    assert shop.leases.mine(PORTAL, ONE, shop.now) == []


def test_a_lease_that_was_started_is_never_handed_out_again(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    shop.wait(STARTED + timedelta(days=30))
    assert shop.leases.expire(shop.now) == 1
    assert shop.state(uuid) is JobState.UNKNOWN
    assert shop.order() == uuid
    assert shop.take(TWO) is None
    assert [(each.job_id, each.state) for each in shop.leases.mine(PORTAL, ONE, shop.now)] == [(job.job_id, "unknown")]


def test_a_late_report_under_the_same_fence_is_the_truth(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    shop.wait(STARTED * 2)
    shop.leases.expire(shop.now)
    assert shop.tell(job, "done") is True
    found = shop.portal.verdict(PORTAL, uuid, shop.now)
    assert found is not None
    assert (found.state, found.mark) == (JobState.DONE, mark_of(15))


def test_renewing_keeps_a_lease(shop: Shop) -> None:
    shop.order()
    job = shop.have()
    for _ in range(5):
        shop.wait(LEASE * 0.9)
        shop.leases.renew(PORTAL, ONE, job.job_id, job.fence, shop.now)
        assert shop.leases.expire(shop.now) == 0
    shop.begin(job)
    shop.wait(STARTED * 0.9)
    shop.leases.renew(PORTAL, ONE, job.job_id, job.fence, shop.now)
    shop.wait(STARTED * 0.9)
    assert shop.leases.expire(shop.now) == 0


@pytest.mark.parametrize("fence, till", [(0, ONE), (2, ONE), (1, TWO)])
def test_nothing_is_done_under_another_lease(shop: Shop, fence: int, till: str) -> None:
    shop.order()
    job = shop.have()
    asks: list[Callable[[], object]] = [
        lambda: shop.leases.started(PORTAL, till, job.job_id, fence, "K", KKT, shop.now),
        lambda: shop.leases.renew(PORTAL, till, job.job_id, fence, shop.now),
    ]
    for ask in asks:
        with pytest.raises(Rejected) as lost:
            ask()
        assert lost.value.code == "lease_lost"
    refused = Report(job.job_id, fence, "refused", "K", None, "")
    assert shop.leases.report(PORTAL, till, refused, shop.now) is False
    shop.begin(job)


def test_started_may_be_repeated_but_not_for_another_receipt(shop: Shop) -> None:
    shop.order()
    job = shop.have()
    shop.begin(job)
    shop.begin(job)
    with pytest.raises(Rejected):
        shop.begin(job, key="KEY2")


def test_what_was_given_back_rests_and_then_goes_to_any_till(shop: Shop) -> None:
    shop.order()
    job = shop.have()
    assert shop.tell(job, "given_back") is True
    assert shop.tell(job, "given_back") is True
    assert shop.take(TWO) is None
    shop.wait(REST)
    assert shop.have(TWO).fence == 2


def test_what_was_started_is_not_given_back(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    with pytest.raises(Rejected) as refused:
        shop.tell(job, "given_back")
    assert refused.value.code == "job_started"
    assert shop.state(uuid) is JobState.STARTED


def test_reports_may_be_repeated(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    assert [shop.tell(job, "done") for _ in range(3)] == [True, True, True]
    assert shop.events(job).count("done") == 1
    assert shop.tell(job, "refused") is False
    assert shop.tell(job, "done", document=16) is False
    assert shop.state(uuid) is JobState.DONE
    assert shop.events(job).count("evidence") == 2


def test_a_receipt_that_is_found_after_all_counts(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    shop.tell(job, "refused")
    shop.order()  # opened anew: nobody has it yet
    assert shop.tell(job, "done") is True
    assert shop.state(uuid) is JobState.DONE
    assert shop.take(TWO) is None


@pytest.mark.parametrize("is_held", [False, True])
def test_another_tills_receipt_stops_a_job_that_nobody_has_started(shop: Shop, is_held: bool) -> None:
    uuid = shop.order()
    slow = shop.have()
    shop.wait(LEASE * 2)
    shop.leases.expire(shop.now)
    quick = shop.have(TWO)
    if not is_held:
        shop.tell(quick, "given_back", TWO)
        shop.wait(REST)
    assert shop.tell(slow, "done") is False
    assert shop.state(uuid) is JobState.UNKNOWN
    assert shop.take(TWO) is None
    with pytest.raises(Rejected):
        shop.begin(quick, TWO)


def test_another_tills_receipt_beside_a_started_job_is_kept_as_evidence(shop: Shop) -> None:
    shop.order()
    slow = shop.have()
    shop.wait(LEASE * 2)
    shop.leases.expire(shop.now)
    quick = shop.have(TWO)
    shop.begin(quick, TWO)
    assert shop.tell(slow, "done") is False
    assert shop.tell(quick, "done", TWO, 20) is True
    evidence: Mapping[str, Any] = next(each for each in shop.queue.story(slow.job_id) if each["what"] == "evidence")
    assert evidence["mark"] == mark_of(15).as_json()


def test_a_job_for_a_certain_register_waits_for_it(shop: Shop) -> None:
    shop.order(1, register=KKT)
    shop.order(2)
    other = shop.take(TWO, "777")
    assert other is not None
    assert other.unique_id == "2"
    assert shop.take(TWO) is None
    mine = shop.take(ONE, "777", KKT)
    assert mine is not None
    assert mine.unique_id == "1"


def test_strangers_get_nothing(shop: Shop) -> None:
    shop.order()
    job = Job(1, "417", "", JobState.NEW, 0, START, {})
    asks: list[Callable[[], object]] = [
        lambda: shop.take("three"),
        lambda: shop.begin(job, "three"),
        lambda: shop.tell(job, "refused", "three"),
        lambda: shop.leases.mine(PORTAL, "three", START),
        lambda: shop.leases.renew(PORTAL, "three", 1, 1, START),
    ]
    for ask in asks:
        with pytest.raises(Rejected) as refused:
            ask()
        assert refused.value.code == "unknown_till"
    with pytest.raises(Rejected) as unknown:
        shop.tell(Job(99, "", "", JobState.NEW, 0, START, {}), "refused")
    assert unknown.value.code == "job_unknown"


def test_tills_tell_the_vat_rows_that_they_know(shop: Shop) -> None:
    assert shop.portal.vat_rows(PORTAL) is None
    shop.leases.take(PORTAL, ONE, [], shop.now, ["3", "5"])
    shop.leases.take(PORTAL, TWO, [], shop.now, ["7"])
    assert shop.portal.vat_rows(PORTAL) == frozenset({"3", "5", "7"})
    shop.leases.take(PORTAL, TWO, [], shop.now, [])
    assert shop.portal.vat_rows(PORTAL) == frozenset({"3", "5"})


# ---------------------------------------------------------------------------------------------- telling the portal
def done(shop: Shop, unique_id: int = 417) -> tuple[Job, str]:
    uuid = shop.order(unique_id)
    job = shop.have()
    shop.begin(job)
    shop.tell(job, "done")
    return job, uuid


def test_trap_41_the_portal_is_told_when_it_has_surely_kept_our_answer(shop: Shop) -> None:
    job, uuid = done(shop)
    assert shop.queue.due(PORTAL, shop.now, 50) == []
    shop.wait(TELL_AFTER)
    (found,) = shop.queue.due(PORTAL, shop.now, 50)
    assert (found.job_id, found.uuid, found.mark, found.tries) == (job.job_id, uuid, mark_of(15), 0)
    assert shop.queue.due(PORTAL, shop.now, 50) == []
    assert shop.queue.due("other.example", shop.now + HOLD, 50) == []


def test_what_was_taken_to_be_told_and_not_told_comes_again(shop: Shop) -> None:
    done(shop)
    shop.wait(TELL_AFTER)
    assert len(shop.queue.due(PORTAL, shop.now, 50)) == 1
    shop.wait(HOLD)
    assert len(shop.queue.due(PORTAL, shop.now, 50)) == 1


def test_what_the_portal_took_is_told_no_more_until_it_asks(shop: Shop) -> None:
    job, _ = done(shop)
    shop.queue.applied([job.job_id], shop.now)
    shop.wait(HOLD * 9)
    assert shop.queue.due(PORTAL, shop.now, 50) == []
    assert shop.queue.list_jobs("untold", 9) == []
    shop.order()  # a manager prints it again: the portal does not know it, or has it as an error
    shop.wait(TELL_AFTER)
    assert len(shop.queue.due(PORTAL, shop.now, 50)) == 1


def test_what_the_portal_did_not_take_is_told_later_or_listed(shop: Shop) -> None:
    job, _ = done(shop)
    shop.queue.not_applied(job.job_id, "ERROR_CHECK_NOT_FOUND", shop.now + timedelta(minutes=1), shop.now)
    shop.wait(timedelta(minutes=1))
    assert [each.tries for each in shop.queue.due(PORTAL, shop.now, 50)] == [1]
    shop.queue.not_applied(job.job_id, "ERROR_CHECK_APPLY", None, shop.now)
    shop.wait(HOLD * 9)
    assert shop.queue.due(PORTAL, shop.now, 50) == []
    (row,) = shop.queue.list_jobs("untold", 9)
    assert (row["job"], row["apply"], row["check"]) == (job.job_id, "ERROR_CHECK_APPLY", "417")


# ---------------------------------------------------------------------------------------------- gaps
def gap(shop: Shop) -> int:
    """The gateway dies and comes back after a minute; how many jobs are doubtful for it."""
    shop.wait(timedelta(minutes=1))
    began = shop.now
    last = shop.queue.arrive(PORTAL, f"p{began}", began)
    return shop.queue.judge_gap(PORTAL, f"p{began}", last, began)


def test_trap_03_what_was_open_across_a_gap_is_doubtful_until_the_portal_asks_for_it(shop: Shop) -> None:
    shop.queue.arrive(PORTAL, "p1", shop.now)
    told, _ = done(shop, 1)
    shop.queue.applied([told.job_id], shop.now)
    asked, uuid = done(shop, 2)
    silent, _ = done(shop, 3)
    shop.queue.alive(PORTAL, "p1", shop.now + timedelta(seconds=1))
    assert gap(shop) == 2
    assert [each["job"] for each in shop.queue.list_jobs("doubtful", 9)] == [silent.job_id, asked.job_id]
    shop.state(uuid)
    assert [each["job"] for each in shop.queue.list_jobs("doubtful", 9)] == [silent.job_id]
    shop.queue.applied([silent.job_id], shop.now)  # "true" proves nothing: a check in Y answers the same
    assert [each["job"] for each in shop.queue.list_jobs("doubtful", 9)] == [silent.job_id]
    shop.queue.settle(silent.job_id, "seen", "Старший", "признак виден на портале", shop.now, None)
    assert shop.queue.list_jobs("doubtful", 9) == []


def test_a_gap_that_a_process_had_no_time_to_judge_is_judged_by_the_next(shop: Shop) -> None:
    shop.queue.arrive(PORTAL, "p1", shop.now)
    silent, _ = done(shop, 1)
    shop.wait(timedelta(minutes=1))
    shop.queue.arrive(PORTAL, "p2", shop.now)
    shop.wait(timedelta(seconds=1))
    shop.queue.applied([silent.job_id], shop.now)  # p2 tells, and dies before it looks for gaps
    shop.queue.alive(PORTAL, "p2", shop.now)
    assert gap(shop) == 1
    assert gap(shop) == 0


def test_a_gap_that_another_process_bridged_is_none(shop: Shop) -> None:
    shop.queue.arrive(PORTAL, "p1", shop.now)
    done(shop)
    shop.wait(timedelta(minutes=1))
    last = shop.queue.arrive(PORTAL, "p2", shop.now)
    began = shop.now
    shop.wait(timedelta(seconds=3))
    shop.queue.alive(PORTAL, "p1", shop.now)
    assert shop.queue.judge_gap(PORTAL, "p2", last, began) == 0
    assert shop.queue.list_jobs("doubtful", 9) == []


def test_trap_03_a_refused_check_may_be_taken_for_printed_too(shop: Shop) -> None:
    shop.queue.arrive(PORTAL, "p1", shop.now)
    uuids = [shop.order(number) for number in (1, 2, 3)]
    for _ in uuids:
        shop.tell(shop.have(), "refused")
    shop.state(uuids[0])  # the portal was told before
    shop.wait(timedelta(seconds=1))
    shop.queue.alive(PORTAL, "p1", shop.now)
    assert gap(shop) == 2
    assert [each["check"] for each in shop.queue.list_jobs("doubtful", 9)] == ["3", "2"]
    shop.order(2)  # printed again by a manager: so the portal has it as an error
    assert [each["check"] for each in shop.queue.list_jobs("doubtful", 9)] == ["3"]
    job_id = int(str(shop.queue.list_jobs("doubtful", 9)[0]["job"]))
    shop.queue.settle(job_id, "seen", "Старший", "новый чек создан", shop.now, None)
    assert shop.queue.list_jobs("doubtful", 9) == []


def test_leases_survive_a_gap(shop: Shop) -> None:
    shop.order()
    job = shop.have()
    shop.wait(LEASE * 5)
    shop.leases.forgive(PORTAL, shop.now)
    assert shop.leases.expire(shop.now) == 0
    shop.begin(job)


# ---------------------------------------------------------------------------------------------- an older database
class Restored:
    """The database is put back to the moment before any till had a lease, and a gateway begins on it."""

    def __init__(self, shop: Shop, *jobs_: Job) -> None:
        forgotten = {"state": "new", "fence": 0, "identity": "", "mark": "", "receipt_key": "", "ended_at": 0,
                     "apply_due_at": 0}  # fmt: skip
        with shop.leases._engine.begin() as db:
            db.execute(sa.update(jobs).where(jobs.c.id.in_([each.job_id for each in jobs_])).values(**forgotten))
        shop.wait(timedelta(minutes=1))
        shop.leases.note_gap(shop.now)
        self._shop, self.gap = shop, shop.leases.gap()

    def take(self, till: str, *, told: bool) -> Job | None:
        return self._shop.leases.take(PORTAL, till, [], self._shop.now, None, self.gap if told else 0)


def test_in_an_older_database_nobody_prints_what_another_till_has_printed(shop: Shop) -> None:
    uuid = shop.order()
    job = shop.have()
    shop.begin(job)
    assert shop.tell(job, "done")
    after = Restored(shop, job)
    assert after.take(TWO, told=False) is None
    assert after.take(TWO, told=True) is None  # the other one has not said yet what it printed
    assert after.take(ONE, told=False) is None
    assert shop.tell(job, "done")  # it tells again: under a lease that this database does not know yet
    assert shop.state(uuid) is JobState.DONE
    assert after.take(ONE, told=True) is None
    assert after.take(TWO, told=True) is None


def test_what_nobody_has_printed_is_handed_out_when_all_have_told(shop: Shop) -> None:
    shop.order()
    after = Restored(shop)
    assert after.take(TWO, told=True) is None
    assert after.take(ONE, told=True) is not None


def test_a_receipt_of_a_check_that_an_older_database_does_not_know_is_kept(shop: Shop) -> None:
    """The portal may order it once more; another till must not print it then."""
    told = Report(99, 3, "done", "KEY9", mark_of(15), "", "9001")
    assert shop.leases.report(PORTAL, ONE, told, shop.now)
    assert shop.leases.report(PORTAL, ONE, told, shop.now)
    uuid = shop.order(9001)
    assert shop.state(uuid) is JobState.DONE
    assert shop.take(TWO) is None
    found = shop.portal.verdict(PORTAL, uuid, shop.now)
    assert found is not None
    assert found.mark == mark_of(15)
    with pytest.raises(Rejected):  # that there is no receipt is no news of a check that nobody knows
        shop.leases.report(PORTAL, ONE, Report(98, 3, "refused", "", None, "нет бумаги", "9002"), shop.now)


def test_checks_of_after_the_gap_and_of_a_named_register_wait_for_nobody(shop: Shop) -> None:
    shop.order(1, register=KKT)
    after = Restored(shop)
    shop.wait(timedelta(seconds=1))
    shop.order(2)
    found = after.take(TWO, told=False)
    assert found is not None
    assert found.unique_id == "2"
    mine = shop.leases.take(PORTAL, ONE, [KKT], shop.now)
    assert mine is not None
    assert mine.unique_id == "1"


def test_a_till_that_is_gone_for_long_is_not_waited_for(shop: Shop) -> None:
    shop.wait(timedelta(days=8))
    assert shop.take(TWO) is None  # one of them is still there
    shop.order()
    after = Restored(shop)
    assert after.take(TWO, told=True) is not None


def test_a_check_that_this_database_does_not_know_comes_to_a_person(shop: Shop) -> None:
    """The portal was answered its uuid, then an older copy was put back: it would be "printing" for ever."""
    uuid = "00000000-0000-4000-8000-00000000abcd"
    for asked in (uuid, "", "x" * 100, uuid.upper() + "0", uuid):
        assert shop.portal.verdict(PORTAL, asked, shop.now) is None
    assert [each["uuid"] for each in shop.queue.strangers()] == [uuid]
    with pytest.raises(Rejected):
        shop.queue.no_receipt("00000000-0000-4000-8000-00000000dcba", "Петрова", "нет")
    shop.queue.no_receipt(uuid, "Петрова", "в памяти касс его нет")
    found = shop.portal.verdict(PORTAL, uuid, shop.now)
    assert found is not None
    assert (found.state, found.reason) == (JobState.REFUSED, "чека нет (Петрова): в памяти касс его нет")
    assert shop.queue.strangers() == []


# ---------------------------------------------------------------------------------------------- people
def test_a_person_settles_what_is_unknown(shop: Shop) -> None:
    uuids = [shop.order(1), shop.order(2)]
    jobs = [shop.have(), shop.have()]
    for job in jobs:
        shop.begin(job)
    shop.wait(STARTED * 2)
    shop.leases.expire(shop.now)
    assert [each["check"] for each in shop.queue.list_jobs("unknown", 9)] == ["2", "1"]
    shop.queue.settle(jobs[0].job_id, "not-made", "Старший", "в памяти кассы чека нет", shop.now, None)
    shop.queue.settle(jobs[1].job_id, "made", "Старший", "чек на ленте", shop.now, mark_of(20).as_json())
    assert [shop.state(each) for each in uuids] == [JobState.REFUSED, JobState.DONE]
    assert shop.tell(jobs[0], "done") is True  # the till's proof outweighs what was decided
    assert shop.state(uuids[0]) is JobState.DONE
    with pytest.raises(UsageError):
        shop.queue.settle(jobs[0].job_id, "not-made", "Старший", "", shop.now, None)


def test_a_list_shows_no_contact_of_the_buyer(shop: Shop) -> None:
    shop.order(client_email="buyer@example.test", client_phone="+79990001122")
    assert "buyer" not in str(shop.queue.list_jobs("all", 9))
    assert "+7999" not in str(shop.queue.list_jobs("all", 9))


def test_goods_and_contacts_of_old_jobs_are_forgotten_and_the_job_is_still_known(shop: Shop) -> None:
    told, uuid = done(shop, 1)
    shop.queue.applied([told.job_id], shop.now)
    done(shop, 2)  # the portal does not know of it yet
    shop.order(3)
    shop.wait(KEPT + timedelta(days=1))
    assert shop.leases.forget(shop.now) == 1
    assert shop.leases.forget(shop.now) == 0
    assert shop.order(1) == uuid
    found = {row["check"]: row for row in shop.queue.list_jobs("all", 9)}
    assert (found["1"]["total"], found["2"]["total"], found["3"]["total"]) == (None, "3670", "3670")
    assert (found["1"]["mark"], found["1"]["differs"]) == (mark_of(15).as_json(), False)
    assert shop.have().unique_id == "3"
    assert shop.take() is None
