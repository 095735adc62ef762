"""The door for a site that pushes its orders: proof first, every order once, a till's order stays the till's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from posapp.domain.article_check import read_push
from posapp.domain.claim import SoldOrder, TakenFor
from posapp.domain.fiscal import FiscalMark
from posapp.errors import Rejected, SetupError
from posapp.gateway.app import make_app
from posapp.gateway.contract import SITE, Offer, Report
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.job_tables import jobs
from posapp.gateway.lease_store import KEPT, SqlLeases
from posapp.gateway.serve import serving
from posapp.gateway.signature import sealed
from posapp.gateway.site import BODY_MAX, SiteDoor, SiteSettings
from posapp.gateway.site_store import SiteStore
from posapp.gateway.site_telling import SiteTeller
from posapp.gateway.store import SqlStore, TillCard, open_store
from posapp.gateway.whole import CashboxSettings, gateway
from posapp.http import HttpClient, Response, SecretUrl
from tests.domain.test_article_check import push
from tests.gateway.conftest import SECRET
from tests.gateway.test_jobs import mark_of

SITE_SECRET = "a secret that the site and the gateway share"
PORTAL, TILL = "shop.example", "one"
MICROSECOND = timedelta(microseconds=1)


class Shop:
    """The gateway on a store, and requests of the site."""

    def __init__(self, url: str, http: HttpClient, store: SqlStore) -> None:
        self.url, self.http, self.store = url, http, store
        self.leases = SqlLeases(store.engine)
        self.later = timedelta(0)
        store.enrol(TillCard(PORTAL, TILL, "1"), self.now())

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def send(
        self, body: bytes, *, secret: str = SITE_SECRET, age_s: int = 0, nonce: str = "", **spoiled: str
    ) -> tuple[int, Any]:
        seal = sealed(secret, int(self.now().timestamp()) - age_s, nonce or uuid4().hex, body)
        return self.post("/site/orders", body, seal.headers() | spoiled)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        answer = self.http.post_bytes(SecretUrl(self.url + path), body, 20, headers)
        said = answer.json() if answer.body else {}
        return answer.status, said.get("status") or said.get("code")

    def push(self, nonce: str = "", **changes: Any) -> tuple[int, Any]:
        return self.send(json.dumps(push(**changes)).encode(), nonce=nonce)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """On a database in memory."""
    with _shop_on("sqlite://") as made:
        yield made


@pytest.fixture
def every_shop(url: str) -> Iterator[Shop]:
    """On every kind of database."""
    with _shop_on(url) as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


def site_door(settings: SiteSettings, store: SqlStore, clock: Callable[[], datetime]) -> SiteDoor:
    """The door alone: what a site is told, the test tells."""
    jobs_, pushes = SqlPortalJobs(store.engine), SiteStore(store.engine)
    return SiteDoor(settings, store, jobs_, pushes, clock, lambda: str(uuid4()), lambda: None)


@contextmanager
def _shop_on(url: str) -> Iterator[Shop]:
    store, http = open_store(url), HttpClient()
    settings = SiteSettings(PORTAL, [SITE_SECRET], "", "")
    with serving(make_app(store, SECRET, now, [site_door(settings, store, now)])) as address:
        yield Shop(address, http, store)
    http.close()


def test_an_order_is_one_job_however_often_it_is_pushed(every_shop: Shop) -> None:
    assert every_shop.push() == (200, "accepted")
    assert every_shop.push() == (200, "duplicate")
    job = every_shop.leases.take(PORTAL, TILL, ["777"], every_shop.now())
    assert job is not None
    assert (job.unique_id, job.content["order_id"], job.content["total_sum"]) == ("9071", 9071, "3670.00")
    assert every_shop.leases.take(PORTAL, TILL, ["777"], every_shop.now()) is None


def test_no_till_sells_it_meanwhile(shop: Shop) -> None:
    shop.push()
    (claim,) = shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    assert (claim.is_ours, claim.till) == (False, "сайт")


def test_what_a_till_has_is_not_taken_from_it(shop: Shop) -> None:
    shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    assert shop.push() == (409, "claimed")
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None


def _taken_over(shop: Shop) -> object:
    """A manager gives the site's order to a till."""
    (claim,) = shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    return shop.store.take_over(PORTAL, TILL, 9071, claim.fence, "Петрова", "сайт молчит", shop.now())


@pytest.mark.parametrize("leased", [False, True])
def test_an_order_that_a_till_took_over_is_not_printed_for_the_site_too(every_shop: Shop, leased: bool) -> None:
    shop = every_shop
    shop.push()
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now()) if leased else None
    _taken_over(shop)
    if job is not None:
        with pytest.raises(Rejected) as lost:
            shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
        assert lost.value.code == "lease_lost"
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None
    assert shop.push() == (409, "claimed")
    assert SiteStore(shop.store.engine).due(PORTAL, shop.now(), 10) == []  # it is not told that there is no receipt


def test_an_order_that_is_not_the_sites_any_more_is_not_begun(every_shop: Shop) -> None:
    """It was taken over between the claim and the job: the claim decides at the last moment."""
    shop = every_shop
    shop.store.take(PORTAL, SITE, [9071], TakenFor.ROUTE, shop.now())
    _taken_over(shop)
    content = read_push(push(), shop.now().date())
    SqlPortalJobs(shop.store.engine).accept(PORTAL, [Offer("9071", str(uuid4()), "", content)], shop.now())
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    with pytest.raises(Rejected) as lost:
        shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    assert lost.value.code == "lease_lost"
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now() + timedelta(minutes=5)) is None
    assert SiteStore(shop.store.engine).due(PORTAL, shop.now(), 10) == []  # nobody says that there is no receipt


def test_without_a_callback_the_order_is_closed_all_the_same(every_shop: Shop) -> None:
    shop = every_shop
    shop.push()
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    mark = FiscalMark(15, "3000000015", 3, 7, "9999078900000001", "0000000001000001", datetime(2026, 11, 21, 12, 0))
    shop.leases.report(PORTAL, TILL, Report(job.job_id, job.fence, "done", "KEY", mark, ""), shop.now())
    settings = SiteSettings(PORTAL, [SITE_SECRET], "", "")
    later = shop.now() + timedelta(minutes=1)
    pushes = SiteStore(shop.store.engine)
    teller = SiteTeller(settings, shop.store, pushes, shop.http, UTC, lambda: later, lambda: uuid4().hex)
    assert teller.round() == 1
    (claim,) = shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    assert claim.state == "receipted"
    assert teller.round() == 0


def test_what_a_register_may_have_is_not_taken_over(every_shop: Shop) -> None:
    shop = every_shop
    shop.push()
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    with pytest.raises(Rejected) as refused:
        _taken_over(shop)
    assert refused.value.code == "site_prints"


def test_a_receipt_made_without_a_claim_ends_what_the_site_ordered(every_shop: Shop) -> None:
    """A manager's override: the till was alone, and tells of it later."""
    shop = every_shop
    shop.push()
    sold = SoldOrder(9071, None, "OTHER", "9999078900000001", 5, "2026-11-21T12:00:00")
    (closed,) = shop.store.close_orders(PORTAL, TILL, [sold], shop.now())
    assert closed.outcome == "late"
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None


def test_a_refused_order_may_be_pushed_again_and_is_told_again(every_shop: Shop) -> None:
    pushes = SiteStore(every_shop.store.engine)
    for reason in ("нет бумаги", "снова нет бумаги"):
        every_shop.push()
        job = every_shop.leases.take(PORTAL, TILL, ["777"], every_shop.now())
        assert job is not None
        every_shop.leases.report(
            PORTAL, TILL, Report(job.job_id, job.fence, "refused", "", None, reason), every_shop.now()
        )
        (told,) = pushes.due(PORTAL, every_shop.now(), 10)
        assert (told.state, told.reason) == ("refused", reason)
        assert pushes.due(PORTAL, every_shop.now(), 10) == []  # whoever else asks does not get it meanwhile
        pushes.heard(told, every_shop.now())
    assert pushes.due(PORTAL, every_shop.now() + timedelta(hours=1), 10) == []


def test_without_proof_nothing_is_kept(shop: Shop) -> None:
    body = json.dumps(push()).encode()
    spoiled: list[dict[str, Any]] = [
        {"secret": "another secret that is long enough too"},
        {"age_s": 400},
        {"age_s": -400},
        {"x-till-signature": "v1=" + "0" * 64},
        {"x-till-signature": "v2=" + "0" * 64},
        {"x-till-nonce": "A" * 32},
        {"x-till-timestamp": "9" * 40},
    ]
    for each in spoiled:
        assert shop.send(body, **each) == (401, "signature"), each
    assert shop.post("/site/orders", body, {}) == (401, "signature")
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None


def test_a_request_counts_once(every_shop: Shop) -> None:
    nonce = uuid4().hex
    assert every_shop.push(nonce) == (200, "accepted")
    assert every_shop.push(nonce) == (409, "replayed")


@pytest.mark.parametrize(
    "body, expected",
    [
        (b"", (422, "check_unfit")),
        (b"[]", (422, "check_unfit")),
        (b"\xff\xfe", (422, "check_unfit")),
        (b'{"order_id": NaN}', (422, "check_unfit")),
        (b"[" * 60_000, (422, "check_unfit")),
        (b'{"a":' * 12_000, (422, "check_unfit")),
        (b" " * (BODY_MAX + 1), (413, "too_large")),
        (json.dumps(push(price="1")).encode(), (422, "check_unfit")),
        (json.dumps(push(order_id="0 OR 1=1")).encode(), (422, "check_unfit")),
    ],
    ids=lambda each: str(each)[:24],
)
def test_what_cannot_be_read_is_refused(shop: Shop, body: bytes, expected: tuple[int, str]) -> None:
    assert shop.send(body) == expected
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None


def test_a_short_secret_is_none() -> None:
    for secrets in ([], ["short"], [SITE_SECRET, "short"]):
        with pytest.raises(SetupError) as refused:
            SiteSettings(PORTAL, secrets, "", "")
        assert refused.value.code == "site_secret"


class Site(HttpClient):
    """A site that takes whatever it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    def post_bytes(self, url: SecretUrl, payload: bytes, timeout_s: float, headers: Mapping[str, str]) -> Response:
        self.told.append(json.loads(payload))
        return Response(200, {"content-type": "application/json"}, b'{"status": "applied"}')


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def teller(shop: Shop, site: Site) -> SiteTeller:
    settings = SiteSettings(PORTAL, [SITE_SECRET], "", "https://shop.example/callback")
    pushes = SiteStore(shop.store.engine)
    return SiteTeller(settings, shop.store, pushes, site, UTC, shop.now, lambda: uuid4().hex)


def ended(shop: Shop, state: str, **changes: Any) -> None:
    """An order is pushed, and its job ends."""
    assert shop.push(**changes)[0] == 200
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    mark = mark_of(15) if state == "done" else None
    shop.leases.report(PORTAL, TILL, Report(job.job_id, job.fence, state, "KEY", mark, "нет бумаги"), shop.now())


def test_an_order_that_has_its_receipt_is_pushed_again_and_known(shop: Shop, site: Site) -> None:
    """A manager moves the order's status there and back: that is no trouble of anybody."""
    ended(shop, "done")
    shop.later = timedelta(minutes=1)
    assert teller(shop, site).round() == 1
    shop.later = timedelta(0)
    assert shop.push() == (200, "duplicate")
    assert shop.push(price="3671") == (422, "check_unfit")
    items = [{"name": "Другое", "quantity": 1, "price": 3670, "vat": "22"}]
    assert shop.push(items=items) == (409, "differs")
    shop.later = timedelta(minutes=2)
    assert teller(shop, site).round() == 1
    assert [each["key"] for each in site.told] == ["KEY", "KEY"]


def test_a_job_whose_goods_are_forgotten_keeps_nobody_else_waiting(shop: Shop, site: Site) -> None:
    """The site's callback is set up long after the first refusals, which then are told like all others."""
    ended(shop, "refused")
    with shop.store.engine.begin() as db:
        db.execute(sa.update(jobs).values(ended_at=jobs.c.ended_at - (KEPT + timedelta(days=1)) // MICROSECOND))
    assert shop.leases.forget(shop.now()) == 1
    ended(shop, "done", order_id=9072)
    shop.later = timedelta(minutes=1)
    assert teller(shop, site).round() == 2
    assert [(each["event"], each["order_id"]) for each in site.told] == [
        ("receipt.failed", 9071), ("receipt.created", 9072),
    ]  # fmt: skip


def test_a_portal_that_prints_by_its_cashbox_is_no_site_that_pushes(store: SqlStore) -> None:
    """Their receipts would be numbered by two hands."""
    cashbox = CashboxSettings(PORTAL, "p" * 40, UTC, None)
    with pytest.raises(SetupError) as refused:
        gateway(store, SECRET, now, cashbox, SiteSettings(PORTAL, [SITE_SECRET], "", ""))
    assert refused.value.code == "site_secret"
