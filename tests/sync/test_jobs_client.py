"""The gateway's jobs over HTTP: a till takes a lease, says that it starts, tells what came of it; refusals by code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from posapp.domain.fiscal import FiscalMark
from posapp.errors import Offline, PosError, Rejected
from posapp.gateway.contract import JobState, Offer
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.serve import serving
from posapp.gateway.store import SqlStore, TillCard, open_store
from posapp.gateway.whole import gateway
from posapp.http import HttpClient
from posapp.sync.jobs import GatewayJobs
from posapp.vault import Secret
from tests.domain.checks import cashbox_body

PORTAL, SECRET, KKT = "shop.example", "s" * 40, "00106700000001"
MARK = FiscalMark(15, "3000000015", 3, 7, "9999078900000001", "0000000001000001", datetime(2026, 11, 21, 12, 0, 1))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store() -> SqlStore:
    return open_store("sqlite://")


@pytest.fixture
def desk(store: SqlStore) -> Iterator[GatewayJobs]:
    store.enrol(TillCard(PORTAL, "id-1", "1"), now())
    http = HttpClient()
    with serving(gateway(store, SECRET, now)) as url:
        yield GatewayJobs(url, Secret(SECRET), PORTAL, "id-1", lambda: http, time.monotonic, timeout_s=30.0)
    http.close()


def order(store: SqlStore, number: int) -> str:
    offer = Offer(str(number), f"00000000-0000-4000-8000-{number:012}", "", cashbox_body(number))
    return SqlPortalJobs(store.engine).accept(PORTAL, [offer], now())[0]


def code_of(error: pytest.ExceptionInfo[PosError]) -> str:
    return error.value.code


def test_the_whole_way_of_a_job(desk: GatewayJobs, store: SqlStore) -> None:
    assert desk.take_job([KKT], wait_s=0) is None
    uuid = order(store, 417)
    job = desk.take_job([KKT], wait_s=1, vat_rows=[0, 1])
    assert job is not None
    assert (job.unique_id, job.state, job.check["total_sum"]) == ("417", "leased", "3670")
    assert [each.job_id for each in desk.mine()] == [job.job_id]
    desk.renew(job.job_id, job.fence, "417")
    for _ in range(2):
        desk.started(job.job_id, job.fence, "KEY1", KKT, "417")
    with pytest.raises(Rejected) as told:
        desk.started(job.job_id, job.fence + 1, "KEY1", KKT, "417")
    assert code_of(told) == "lease_lost"
    with pytest.raises(Rejected) as told:
        desk.started(job.job_id, job.fence, "KEY1", KKT, "418")
    assert code_of(told) == "job_unknown"
    with pytest.raises(Rejected) as told:
        desk.report(job.job_id, job.fence, "given_back", "", None, "нет бумаги", "417")
    assert code_of(told) == "job_started"
    for _ in range(2):
        assert desk.report(job.job_id, job.fence, "done", "KEY1", MARK, "", "417")
    assert not desk.report(job.job_id, job.fence - 1, "refused", "", None, "поздно", "417")
    found = SqlPortalJobs(store.engine).verdict(PORTAL, uuid, now())
    assert found is not None
    assert (found.state, found.mark) == (JobState.DONE, MARK)
    assert desk.mine() == []


def test_a_till_that_is_not_known_and_a_wrong_secret(desk: GatewayJobs, store: SqlStore) -> None:
    http = HttpClient()
    try:
        for secret, identity, code in ((SECRET, "id-9", "unknown_till"), ("w" * 40, "id-1", "gateway_access")):
            other = GatewayJobs(
                desk._url.reveal(), Secret(secret), PORTAL, identity, lambda: http, time.monotonic, timeout_s=30.0
            )
            with pytest.raises(Rejected) as told:
                other.take_job([KKT], wait_s=0)
            assert code_of(told) == code
        with pytest.raises(Offline):
            GatewayJobs("http://127.0.0.1:9", Secret(SECRET), PORTAL, "id-1", lambda: http, time.monotonic).mine()
    finally:
        http.close()
