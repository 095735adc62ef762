"""The gateway's real store of jobs in this process, behind a line that fails as told; and a portal that orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from posapp.domain.fiscal import FiscalMark
from posapp.errors import Offline
from posapp.gateway.contract import JobState, Offer, Report
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.store import SqlStore, TillCard
from posapp.settings import JobSettings, VatSettings
from posapp.sync.jobs import WAIT_S, GatewayJob
from posapp.till import gateway_jobs
from posapp.till.gateway_jobs import Round
from tests.domain.checks import cashbox_body
from tests.till.shops import PORTAL, Shop

T = TypeVar("T")
RATES = VatSettings(confirmed={1: 11, 0: 11}, rows={1: ("НДС 22 %", "22")})


class Desk:
    """A `gateway_jobs.JobDesk` for one till. `loses`: so many next answers are lost after they had their effect."""

    def __init__(self, store: SqlStore, identity: str, now: Callable[[], datetime]) -> None:
        self._leases = SqlLeases(store.engine)
        self._identity = identity
        self._now = now
        self.is_away = False
        self.loses = 0
        self.gap = 0
        self.before_started: Callable[[], None] = lambda: None

    def _over(self, call: Callable[[], T]) -> T:
        if self.is_away:
            raise Offline("gateway_offline", reason="нет соединения")
        answer = call()
        if self.loses:
            self.loses -= 1
            raise Offline("gateway_offline", reason="ответа нет")
        return answer

    def take_job(
        self, registers: Sequence[str], wait_s: int = WAIT_S, vat_rows: Sequence[int] = (), told: int = 0
    ) -> GatewayJob | None:
        rows = [str(each) for each in vat_rows] or None
        found = self._over(lambda: self._leases.take(PORTAL, self._identity, registers, self._now(), rows, told))
        self.gap = self._leases.gap()
        return None if found is None else GatewayJob.from_json(found.as_json())

    def started(self, job_id: int, fence: int, key: str, factory_number: str, unique_id: str) -> None:
        self.before_started()
        begun = (PORTAL, self._identity, job_id, fence, key, factory_number, self._now(), unique_id)
        self._over(lambda: self._leases.started(*begun))

    def renew(self, job_id: int, fence: int, unique_id: str) -> None:
        self._over(lambda: self._leases.renew(PORTAL, self._identity, job_id, fence, self._now(), unique_id))

    def report(
        self, job_id: int, fence: int, state: str, key: str, mark: FiscalMark | None, reason: str, unique_id: str
    ) -> bool:
        told = Report(job_id, fence, state, key, mark, reason, unique_id)
        return self._over(lambda: self._leases.report(PORTAL, self._identity, told, self._now()))

    def mine(self) -> list[GatewayJob]:
        found = self._over(lambda: self._leases.mine(PORTAL, self._identity, self._now()))
        return [GatewayJob.from_json(each.as_json()) for each in found]


class Portal:
    """It orders checks at the gateway; `expire` lets time run out there."""

    def __init__(self, store: SqlStore, now: Callable[[], datetime]) -> None:
        self._jobs = SqlPortalJobs(store.engine)
        self._leases = SqlLeases(store.engine)
        self._now = now
        self._count = 0

    def order(self, number: int = 417, **change: Any) -> str:
        self._count += 1
        offer = Offer(str(number), f"00000000-0000-4000-8000-{self._count:012}", "", cashbox_body(number, **change))
        return self._jobs.accept(PORTAL, [offer], self._now())[0]

    def state(self, uuid: str) -> JobState:
        found = self._jobs.verdict(PORTAL, uuid, self._now())
        assert found is not None
        return found.state

    def mark(self, uuid: str) -> FiscalMark | None:
        found = self._jobs.verdict(PORTAL, uuid, self._now())
        assert found is not None
        return found.mark

    def expire(self) -> int:
        return self._leases.expire(self._now())


def desk_of(shop: Shop, store: SqlStore, name: str = "1") -> Desk:
    """The till joins the gateway and prints by the portal's orders."""
    shop.settings = shop.settings.with_(vat=RATES, jobs=JobSettings(is_simulated=True))
    shop.restart()
    identity = shop.settings.identity
    store.enrol(TillCard(PORTAL, identity, name), shop.now())
    return Desk(store, identity, shop.now)


def rounds(shop: Shop, desk: Desk, times: int = 1) -> list[Round]:
    return [gateway_jobs.round_of(shop.till, desk, wait_s=0) for _ in range(times)]
