"""The drop-in PHP of a site against the real gateway: pushes arrive, results are written once, nobody else gets in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from posapp.domain.claim import TakenFor
from posapp.domain.fiscal import FiscalMark
from posapp.gateway.app import make_app
from posapp.gateway.contract import Report
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.serve import serving
from posapp.gateway.signature import sealed
from posapp.gateway.site import SiteSettings
from posapp.gateway.site_store import SiteStore
from posapp.gateway.site_telling import SiteTeller
from posapp.gateway.store import SqlStore, TillCard, open_store
from posapp.http import HttpClient, Response, SecretUrl
from tests.gateway.test_site import site_door
from tests.site.shops import FILES, KERNEL, PHP, SECRET, Site, order, why_not

PORTAL, TILL = "shop.example", "one"
AT = datetime(2026, 11, 21, 12, 0, 5)
MARK = FiscalMark(4711, "0987654321", 14, 88, "9960440300112233", "0000012345670123", AT)

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    made.settle()
    with made.serving():
        yield made


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


Tell = Callable[..., Response]


@pytest.fixture
def tell(site: Site, http: HttpClient) -> Tell:
    """Tells the site something, signed as the gateway does; the seal may be spoiled."""

    def post(
        message: dict[str, Any], *, secret: str = SECRET, age_s: int = 0, nonce: str = "", **spoiled: str
    ) -> Response:
        body = json.dumps(message, ensure_ascii=False).encode()
        at = int(datetime.now(UTC).timestamp()) - age_s
        headers = sealed(secret, at, nonce or uuid4().hex, body).headers()
        return http.post_bytes(SecretUrl(site.url), body, 20, headers | spoiled)

    return post


def created(**changes: Any) -> dict[str, Any]:
    """What the gateway tells of a receipt."""
    return {
        "schema": 1, "event": "receipt.created", "receipt_uuid": "5b1e0000-0000-4000-8000-000000000001",
        "order_id": 9071, "payment_id": 11204, "total": "3670.00",
        "fiscal": {"kkt_reg": MARK.registration_number, "fn": MARK.storage_number, "fd": 4711, "fp": "0987654321",
                   "shift": 88, "receipt_no": 14, "at": "2026-11-21T12:00:05+03:00"},
    } | changes  # fmt: skip


def said(answer: Response) -> tuple[int, Any]:
    body = answer.json()
    return answer.status, body.get("status") or body.get("code")


@pytest.mark.parametrize("file", [*FILES.rglob("*.php"), *KERNEL.glob("*.php")], ids=lambda each: each.name)
def test_php_reads_every_file(file: Path) -> None:
    done = subprocess.run([str(PHP), "-l", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------------------------------------- the site is told
def test_a_receipt_is_written_once(site: Site, tell: Tell) -> None:
    site.put(order())
    assert said(tell(created())) == (200, "applied")
    now = site.look()
    (payment,) = now["payments"]
    assert (payment["PAID"], now["order"]["STATUS_ID"]) == ("Y", "F")
    assert payment["EXTERNAL_PAYMENT"] == "N"  # the article's advice would break the exchange with 1C
    assert payment["PS_STATUS_DESCRIPTION"] == (
        "fn=9960440300112233;fd=4711;fp=0987654321;rn=0000012345670123;sh=88;t=20261121T1200"
    )
    assert (payment["PAY_VOUCHER_NUM"], payment["PAY_VOUCHER_DATE"]) == ("4711", "2026-11-21")
    assert said(tell(created())) == (200, "duplicate")
    assert site.look() == now
    assert site.rows("SELECT saves FROM orders") == [(1,)]


def test_at_once_from_many_sides_it_is_still_written_once(site: Site, tell: Tell) -> None:
    site.put(order())
    with ThreadPoolExecutor(8) as pool:
        clients = [HttpClient() for _ in range(8)]
        answers = list(pool.map(lambda each: _tell_with(each, site), clients))
        for each in clients:
            each.close()
    assert answers.count((200, "applied")) == 1
    assert {code for code, _ in answers} <= {200, 500}  # who lost the race tries again, and hears "duplicate"
    assert site.rows("SELECT count(*) FROM posapp_receipt") == [(1,)]
    assert said(tell(created())) == (200, "duplicate")


def _tell_with(client: HttpClient, site: Site) -> tuple[int, Any]:
    body = json.dumps(created()).encode()
    seal = sealed(SECRET, int(datetime.now(UTC).timestamp()), uuid4().hex, body)
    return said(client.post_bytes(SecretUrl(site.url), body, 30, seal.headers()))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"secret": "another secret that is long enough as well"},
        {"age_s": 301},
        {"age_s": -400},
        {"x-till-signature": "v1=" + "0" * 64},
        {"x-till-signature": ""},
        {"x-till-nonce": "../../etc"},
        {"x-till-timestamp": "now"},
    ],
    ids=str,
)
def test_without_proof_nothing_is_even_looked_at(site: Site, tell: Tell, spoiled: dict[str, Any]) -> None:
    site.put(order())
    before = site.look()
    assert said(tell(created(), **spoiled)) == (401, "signature")
    assert site.look() == before


def test_what_was_said_once_cannot_be_said_again(site: Site, tell: Tell) -> None:
    site.put(order())
    nonce = uuid4().hex
    assert said(tell(created(event="receipt.nothing"), nonce=nonce)) == (422, "unknown_event")
    assert said(tell(created(), nonce=nonce)) == (401, "replayed")


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"order_id": 1}, (404, "unknown_order")),
        ({"total": "3669.99"}, (409, "sum")),
        ({"payment_id": 999}, (409, "payment")),
        ({"receipt_uuid": None}, (422, "unreadable")),
        ({"order_id": "9071"}, (422, "unreadable")),
        ({"order_id": 10**30}, (422, "unreadable")),
    ],
    ids=str,
)
def test_what_does_not_fit_the_order_changes_nothing(
    site: Site, tell: Tell, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    site.put(order())
    before = site.look()
    assert said(tell(created(**changes))) == expected
    assert site.look() == before


def test_a_second_receipt_of_a_payment_is_refused(site: Site, tell: Tell) -> None:
    site.put(order())
    assert said(tell(created())) == (200, "applied")
    other = created(receipt_uuid="5b1e0000-0000-4000-8000-000000000002")
    assert said(tell(other)) == (409, "other_receipt")


def test_a_pay_system_that_prints_is_left_alone(site: Site, tell: Tell) -> None:
    row = order()
    row["payments"][0]["PAY_SYSTEM"]["CAN_PRINT_CHECK"] = "Y"
    site.put(row)
    assert said(tell(created())) == (409, "prints")
    assert site.look()["payments"][0]["PAID"] == "N"


def test_what_bitrix_does_not_save_is_not_half_saved(site: Site, tell: Tell) -> None:
    row = order()
    row["payments"][0]["refuses"] = "PS_SUM"
    site.put(row)
    assert said(tell(created())) == (422, "not_saved")
    assert site.look() == row
    assert site.rows("SELECT count(*) FROM posapp_receipt") == [(0,)]


def test_a_bonus_payment_is_not_taken_for_the_buyers(site: Site, tell: Tell) -> None:
    row = order()
    row["payments"].insert(0, {"ID": 1, "SUM": 100, "PAID": "Y", "PAY_SYSTEM_ID": 9, "INNER": True})
    site.put(row)
    assert said(tell(created(payment_id=None))) == (200, "applied")
    assert [each["ID"] for each in site.look()["payments"] if "PS_STATUS" in each] == [11204]


def test_a_receipt_that_was_not_made_marks_the_order(site: Site, tell: Tell) -> None:
    site.put(order())
    failed = created(event="receipt.failed", reason="нет бумаги")
    assert said(tell(failed)) == (200, "applied")
    assert site.look()["order"]["MARKED"] == "Y"
    assert "нет бумаги" in site.look()["order"]["REASON_MARKED"]
    assert said(tell(failed)) == (200, "duplicate")


# ---------------------------------------------------------------------------------------------- the site pushes
class Shop:
    """The gateway with the site, and a till that takes jobs straight from the database."""

    def __init__(self, site: Site, store: SqlStore, http: HttpClient) -> None:
        self.site, self.store = site, store
        self.later = timedelta(0)
        self.settings = SiteSettings(PORTAL, [SECRET], "", site.url)
        self.leases = SqlLeases(store.engine)
        self.pushes = SiteStore(store.engine)
        self.teller = SiteTeller(self.settings, store, self.pushes, http, UTC, self.now, lambda: uuid4().hex)
        store.enrol(TillCard(PORTAL, TILL, "1"), self.now())

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def change_status(self, status: str = "DE", number: int = 9071) -> None:
        """The order gets a status on the site, and the site's agent runs."""
        self.site.run(f"""
            $order = \\Bitrix\\Sale\\Order::load({number});
            $handler = \\Bitrix\\Main\\EventManager::getInstance()->handlers['sale OnSaleStatusOrderChange'];
            $handler(new \\Bitrix\\Main\\Event(['ENTITY' => $order, 'VALUE' => '{status}', 'OLD_VALUE' => 'N']));
            \\Posapp\\Pusher::agent();
        """)

    def state(self) -> tuple[str, str]:
        (row,) = self.site.rows("SELECT state, answer FROM posapp_push")
        return row[0], row[1]

    def tell(self) -> int:
        self.later += timedelta(minutes=1)
        return self.teller.round()


@pytest.fixture
def shop(site: Site, http: HttpClient, tmp_path: Path) -> Iterator[Shop]:
    address = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    store = open_store(address)
    made = Shop(site, store, http)
    quiet = SiteSettings(PORTAL, [SECRET], "", "")  # the test tells the site itself
    door = site_door(quiet, store, made.now)
    with serving(make_app(open_store(address), "the tills' secret, long enough to be one", made.now, [door])) as url:
        site.settle(f"{url}/site/orders")
        yield made
    store.close()


def test_from_the_status_to_the_paid_order(shop: Shop) -> None:
    shop.site.put(order())
    shop.change_status("P")
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None  # another status orders nothing
    shop.change_status()
    assert shop.state() == ("sent", "accepted")
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    assert [(each["name"], each["price"], each["rate"]) for each in job.content["items"]] == [
        ("Термос 0,75 л", "1710", 11), ("Доставка", "250.00", 6),
    ]  # fmt: skip
    assert job.content["payments"] == [{"id": 11204, "kind": "cash", "sum": "3670.00"}]
    shop.change_status()  # a manager moves it there and back
    assert shop.state() == ("sent", "duplicate")
    shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    shop.leases.report(PORTAL, TILL, Report(job.job_id, job.fence, "done", "KEY", MARK, ""), shop.now())
    assert shop.tell() == 1
    assert shop.tell() == 0
    now = shop.site.look()
    assert (now["payments"][0]["PAID"], now["payments"][0]["PAY_VOUCHER_NUM"], now["order"]["STATUS_ID"]) == (
        "Y",
        "4711",
        "F",
    )
    (claim,) = shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    assert claim.state == "receipted"


def test_a_site_that_is_away_hears_of_it_later(shop: Shop) -> None:
    shop.site.put(order())
    shop.change_status()
    job = shop.leases.take(PORTAL, TILL, ["777"], shop.now())
    assert job is not None
    shop.leases.started(PORTAL, TILL, job.job_id, job.fence, "KEY", "777", shop.now())
    shop.leases.report(PORTAL, TILL, Report(job.job_id, job.fence, "done", "KEY", MARK, ""), shop.now())
    away = SiteSettings(PORTAL, [SECRET], "", "http://127.0.0.1:9/")
    http = HttpClient()
    gone = SiteTeller(away, shop.store, shop.pushes, http, UTC, shop.now, lambda: uuid4().hex)
    shop.later += timedelta(minutes=1)
    assert gone.round() == 1
    http.close()
    assert shop.site.look()["payments"][0]["PAID"] == "N"
    assert shop.tell() == 1
    assert shop.site.look()["payments"][0]["PAID"] == "Y"


def test_what_cannot_be_a_receipt_is_left_to_a_person(shop: Shop) -> None:
    row = order()
    row["order"]["PRICE"] = 3700
    shop.site.put(row)
    shop.change_status()
    state, answer = shop.state()
    assert state == "left"
    assert "check_unfit" in answer
    assert len(shop.site.rows("SELECT text FROM event_log")) == 1


def test_an_order_that_a_till_has_is_the_tills(shop: Shop) -> None:
    shop.store.take(PORTAL, TILL, [9071], TakenFor.SALE, shop.now())
    shop.site.put(order())
    shop.change_status()
    state, answer = shop.state()
    assert (state, json.loads(answer)["code"]) == ("left", "claimed")
    assert shop.leases.take(PORTAL, TILL, ["777"], shop.now()) is None


def test_with_the_gateway_away_the_order_waits_on_the_site(shop: Shop) -> None:
    shop.site.settle()
    shop.site.put(order())
    shop.change_status()
    assert shop.state()[0] == "waits"


def test_an_old_secret_is_good_while_it_is_changed(shop: Shop, site: Site, tell: Tell) -> None:
    site.settle(secrets=["the new secret of the site, long enough", SECRET])
    site.put(order())
    assert said(tell(created())) == (200, "applied")
    site.settle(secrets=["the new secret of the site, long enough"])
    assert said(tell(created())) == (401, "signature")
