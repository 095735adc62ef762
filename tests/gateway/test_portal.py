"""The gateway under the simulated portal: what a manager sees of checks that tills print, whatever breaks between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from posapp.cli.gateway_jobs import needs_person, todo
from posapp.domain.fiscal import FiscalMark
from posapp.errors import Offline, SetupError
from posapp.gateway import whole
from posapp.gateway.apply_store import SqlApplications
from posapp.gateway.applying import NOT_FOUND, NOT_FOUND_TRIES, Applier
from posapp.gateway.contract import Job, Report
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.serve import serving
from posapp.gateway.store import SqlStore, TillCard, open_store
from posapp.sync.bitrix import cashbox as portal_side
from posapp.sync.bitrix.cashbox import CashboxPlan
from tests.gateway.conftest import SECRET
from tests.gateway.test_cashbox import PATH
from tests.sync.portals import Bitrix, order_row, shop_of
from tests.sync.portals import serving as portal_serving

MOSCOW = ZoneInfo("Europe/Moscow")
ONE = "one"
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"read_timeout_s": 5}}
AT = datetime(2026, 11, 21, 12, 0, 5)


class World:
    """A portal with orders, a gateway that is its cashbox, and a till that takes jobs straight from the database."""

    def __init__(self, bitrix: Bitrix, store: SqlStore, database: str) -> None:
        self.bitrix = bitrix
        self.store = store
        self.database = database
        self.later = timedelta(0)
        self.leases = SqlLeases(store.engine)
        self.queue = SqlApplications(store.engine)
        self.applier = Applier(self.queue, self.portal, bitrix.client, MOSCOW, self.now)
        self.documents = 0
        store.enrol(TillCard(self.portal, ONE, "1"), self.now())

    @property
    def portal(self) -> str:
        return self.bitrix.client.portal

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def settings(self) -> whole.CashboxSettings:
        return whole.CashboxSettings(self.portal, PATH, MOSCOW, None)

    @contextmanager
    def gateway(self) -> Iterator[str]:
        """A gateway process of its own on the same database."""
        app = whole.gateway(open_store(self.database), SECRET, self.now, self.settings())
        with serving(app) as url:
            yield url

    def register(self, url: str, number: str = "777") -> portal_side.CashboxReport:
        plan = CashboxPlan(f"{url}/cb/{PATH}/print", f"{url}/cb/{PATH}/check", number, "till@example.test")
        return portal_side.register(self.bitrix.client, plan)

    def pay(self, order_id: int) -> None:
        fields = {"paySystemId": 1, "paid": "Y"}
        self.bitrix.client.call("sale.payment.update", {"id": order_id * 10 + 1, "fields": fields})

    def sim(self, name: str, value: Any = None) -> Any:
        """The simulator's own door."""
        from posapp.http import HttpClient, SecretUrl

        http = HttpClient()
        try:
            url = SecretUrl(f"{self.bitrix.server.url}/_sim/{name}")
            answer = http.get(url, 60) if value is None else http.post_json(url, value, 60)
            assert answer.status == 200, answer.body
            return answer.json()
        finally:
            http.close()

    def check(self, number: int = 0) -> Any:
        return self.sim("checks")["checks"][number]

    def print_next(self) -> Job | None:
        """The till prints one job to the end."""
        job = self.leases.take(self.portal, ONE, ["777"], self.now())
        if job is None:
            return None
        self.leases.started(self.portal, ONE, job.job_id, job.fence, f"K{job.job_id}", "777", self.now())
        self.documents += 1
        mark = FiscalMark(self.documents, str(4_000_000_000 + self.documents), self.documents, 7,
                          "9999078900000001", "0000000001000001", AT)  # fmt: skip
        self.leases.report(self.portal, ONE, Report(job.job_id, job.fence, "done", "K", mark, ""), self.now())
        return job

    def tell(self, after: timedelta = timedelta(seconds=10)) -> int:
        """Time passes, and the gateway tells the portal what is due."""
        self.later += after
        return self.applier.round()


@contextmanager
def world_of(*orders: int, database: str = "sqlite://") -> Iterator[World]:
    rows = [order_row(each, propertyValues=[], userEmail="buyer@example.test") for each in orders]
    with ExitStack() as stack:
        bitrix = stack.enter_context(portal_serving(shop_of(*rows), timeout_s=60))
        bitrix.set("settings", PRINTS)
        store = open_store(database)
        stack.callback(store.close)
        yield World(bitrix, store, database)


@pytest.fixture
def world() -> Iterator[World]:
    with world_of(7, 8) as found, serving(whole.gateway(found.store, SECRET, found.now, found.settings())) as url:
        found.register(url)
        yield found


def test_trap_02_paying_answers_although_nobody_has_printed_yet(world: World) -> None:
    world.pay(7)
    assert world.check()["status"] == "P"
    job = world.print_next()
    assert job is not None
    assert (world.check()["externalUuid"], world.check()["status"]) == (job.uuid, "P")
    assert job.content["items"][0]["name"] == "Кружка"


def test_trap_54_what_the_gateway_tells_is_on_the_portal_with_the_time_of_the_receipt(world: World) -> None:
    world.pay(7)
    world.print_next()
    assert world.tell() == 1
    check = world.check()
    assert check["status"] == "Y"
    told = check["linkParams"]
    assert (told["fiscal_doc_number"], told["fn_number"]) == ("1", "9999078900000001")
    assert "20261121T1200" in check["link"]
    assert world.tell() == 0
    assert world.queue.list_jobs("untold", 9) == []


def test_check_url_alone_also_brings_the_marks(world: World) -> None:
    world.pay(7)
    world.sim("agent", {})
    assert world.check()["status"] == "P"
    world.print_next()
    world.sim("agent", {})
    assert (world.check()["status"], world.check()["linkParams"]["fiscal_doc_number"]) == ("Y", "1")


def test_trap_40_telling_a_check_that_has_its_marks_changes_nothing(world: World) -> None:
    world.pay(7)
    world.print_next()
    world.sim("agent", {})
    before = world.check()
    assert world.tell() == 1
    assert world.check() == before


def test_trap_06_an_answer_that_was_lost_makes_no_second_receipt(world: World) -> None:
    world.bitrix.faults({"method": "print_url", "nth": 1, "when": "after_commit", "do": "reset"})
    world.pay(7)
    assert world.check()["status"] == "E"
    assert world.print_next() is not None
    world.tell()
    (row,) = world.queue.list_jobs("untold", 9)
    assert row["apply"] == NOT_FOUND
    world.sim("checks", {"reprint": world.check()["id"]})
    assert world.print_next() is None
    assert world.check()["status"] == "P"
    assert world.tell() == 1
    assert (world.check()["status"], world.check()["linkParams"]["fiscal_doc_number"]) == ("Y", "1")
    assert world.documents == 1


def test_trap_41_a_check_that_is_never_found_is_left_to_a_person_after_some_tries(world: World) -> None:
    world.bitrix.faults({"method": "print_url", "nth": 1, "when": "after_commit", "do": "reset"})
    world.pay(7)
    world.print_next()
    rounds = [world.tell(timedelta(minutes=10)) for _ in range(NOT_FOUND_TRIES + 5)]
    assert rounds == [1] * NOT_FOUND_TRIES + [0] * 5


@pytest.mark.parametrize("fault", ["reset", "slow", "http", "html"])
@pytest.mark.parametrize("when", ["before", "after_commit"])
def test_whatever_becomes_of_telling_it_is_told_again(world: World, fault: str, when: str) -> None:
    value = {"http": 500, "html": 502, "slow": 0.01}.get(fault)
    world.pay(7)
    world.print_next()
    world.bitrix.faults({"method": "batch", "nth": 1, "when": when, "do": fault, "value": value})
    for _ in range(3):
        world.tell(timedelta(minutes=3))
    assert world.check()["status"] == "Y"
    assert world.queue.list_jobs("untold", 9) == []


def test_a_refused_check_may_be_printed_again_by_a_manager(world: World) -> None:
    world.pay(7)
    job = world.leases.take(world.portal, ONE, ["777"], world.now())
    assert job is not None
    world.leases.report(world.portal, ONE, Report(job.job_id, job.fence, "refused", "", None, "НДС"), world.now())
    world.sim("agent", {})
    assert (world.check()["status"], world.check()["errorMessage"]) == ("E", "НДС")
    world.sim("checks", {"reprint": world.check()["id"]})
    again = world.print_next()
    assert again is not None
    assert (again.job_id, again.uuid) == (job.job_id, job.uuid)
    world.tell()
    assert world.check()["status"] == "Y"


def test_trap_03_what_the_portal_took_for_printed_while_we_were_away_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posapp.gateway.applying.ALIVE_EVERY_S", 0.02)
    monkeypatch.setattr("posapp.gateway.applying.JUDGE_AFTER", timedelta(seconds=0.2))
    with world_of(7, 8, database=f"sqlite:///{tmp_path / 'gateway.sqlite'}") as world:
        with world.gateway() as url:
            world.register(url)
            world.pay(7)
        world.sim("agent", {})  # CHECK_URL is away: printed, says the kernel
        assert (world.check()["status"], world.check()["linkParams"]["fiscal_doc_number"]) == ("Y", None)
        world.print_next()
        with world.gateway() as url:
            rows: list[dict[str, object]] = []
            until = time.monotonic() + 30
            while not rows and time.monotonic() < until:
                rows = world.queue.list_jobs("doubtful", 9)
            world.register(url)
            world.pay(8)  # after the gap: in no doubt
            world.print_next()
        assert world.tell() == 2
        (row,) = world.queue.list_jobs("doubtful", 9)
        assert row["check"] == str(world.check()["id"])
        assert needs_person(row, world.now())
        assert "признаков" in todo(row)
        assert world.check()["linkParams"]["fiscal_doc_number"] is None
        assert world.check(1)["linkParams"]["fiscal_doc_number"] == "2"


# ---------------------------------------------------------------------------------------------- set-up
def test_set_up_makes_handler_and_cashbox_once(world: World) -> None:
    first = world.sim("checks")
    report = world.register("http://127.0.0.1:9")
    assert report.changed == ("handler",)
    again = world.register("http://127.0.0.1:9")
    assert again.changed == ()
    assert (again.handler_id, again.cashbox_id) == (report.handler_id, report.cashbox_id)
    now = world.sim("checks")
    assert (len(now["handlers"]), len(now["cashboxes"])) == (len(first["handlers"]), len(first["cashboxes"]))
    assert now["handlers"][0]["SETTINGS"]["PRINT_URL"] == f"http://127.0.0.1:9/cb/{PATH}/print"
    assert portal_side.print_url_of(world.bitrix.client) == f"http://127.0.0.1:9/cb/{PATH}/print"


def test_trap_42_to_44_the_cashbox_is_active_knows_ffd_105_and_others_are_named(world: World) -> None:
    (handler,), (box,) = world.sim("checks")["handlers"], world.sim("checks")["cashboxes"]
    assert handler["SETTINGS"]["SUPPORTS_FFD105"] == "Y"
    assert (handler["SETTINGS"]["HTTP_VERSION"], box["ACTIVE"], box["NUMBER_KKM"]) == ("1.1", "Y", "777")
    other = {"NAME": "Старая касса", "REST_CODE": "posapp", "EMAIL": "a@b.test"}
    world.bitrix.client.call("sale.cashbox.add", other)
    assert world.register("http://127.0.0.1:9").others == ()
    world.bitrix.client.call("sale.cashbox.add", {**other, "ACTIVE": "Y"})
    assert world.register("http://127.0.0.1:9").others == ("Старая касса",)


def test_trap_78_a_cashbox_is_found_again_by_its_name(world: World) -> None:
    box = world.sim("checks")["cashboxes"][0]
    world.bitrix.client.call("sale.cashbox.update", {"ID": box["ID"], "FIELDS": {"ACTIVE": "N", "NUMBER_KKM": "1"}})
    report = world.register("http://127.0.0.1:9")
    assert "cashbox" in report.changed
    assert report.cashbox_id == box["ID"]
    assert world.sim("checks")["cashboxes"][0]["ACTIVE"] == "Y"


@pytest.mark.parametrize("method", ["sale.cashbox.handler.add", "sale.cashbox.add"])
def test_trap_36_an_add_whose_answer_was_lost_is_not_made_twice(method: str) -> None:
    with world_of(7) as world:
        world.bitrix.faults({"method": method, "nth": 1, "when": "after_commit", "do": "reset"})
        world.register("http://127.0.0.1:9")
        found = world.sim("checks")
        assert (len(found["handlers"]), len(found["cashboxes"])) == (1, 1)


def test_what_the_portal_declines_is_said_in_its_words(world: World) -> None:
    fault = {"method": "sale.cashbox.list", "nth": 1, "when": "before", "do": "http", "times": 9}
    world.bitrix.faults(fault | {"value": {"status": 403, "error": "ACCESS_DENIED"}})
    with pytest.raises((SetupError, Offline)):
        world.register("http://127.0.0.1:9")


def test_removing_takes_both_away_and_nothing_else(world: World) -> None:
    other = {"CODE": "other", "NAME": "other", "SETTINGS": {"PRINT_URL": "x", "CHECK_URL": "y", "CONFIG": {"A": {}}}}
    world.bitrix.client.call("sale.cashbox.handler.add", other)
    world.bitrix.client.call("sale.cashbox.add", {"NAME": "Другая", "REST_CODE": "other", "EMAIL": "a@b.test"})
    assert len(portal_side.remove(world.bitrix.client)) == 2
    found = world.sim("checks")
    assert [each["CODE"] for each in found["handlers"]] == ["other"]
    assert [each["NAME"] for each in found["cashboxes"]] == ["Другая"]
    assert portal_side.remove(world.bitrix.client) == ()


def setup_cashbox(monkeypatch: pytest.MonkeyPatch, folder: Path, webhook: str, *arguments: str) -> int:
    from posapp.__main__ import main

    monkeypatch.setenv("POSAPP_WEBHOOK", webhook)
    return main(["setup", "cashbox", *arguments, "--data-dir", str(folder), "--json"])


def test_the_command_keeps_its_secret_path_and_says_whether_the_gateway_answers(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("POSAPP_GATEWAY_PRINT_PATH", raising=False)
    url = portal_side.print_url_of(world.bitrix.client).partition("/cb/")[0]
    base = ["--url", url, "--email", "a@b.test", "--register", "777"]
    assert setup_cashbox(monkeypatch, tmp_path, world.bitrix.webhook, *base) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["environment"]["POSAPP_GATEWAY_PRINT_PATH"] == PATH
    assert (first["gateway"], first["other_active"]) == ("answers", [])
    assert setup_cashbox(monkeypatch, tmp_path, world.bitrix.webhook, *base, "--new-path") == 0
    second = json.loads(capsys.readouterr().out)
    assert len(second["environment"]["POSAPP_GATEWAY_PRINT_PATH"]) >= 32
    assert second["environment"]["POSAPP_GATEWAY_PRINT_PATH"] != PATH
    assert second["gateway"] == "other"
    assert setup_cashbox(monkeypatch, tmp_path, world.bitrix.webhook, "--remove", "--any-register") == 0
    assert world.sim("checks")["handlers"] == []


@pytest.mark.parametrize(
    "arguments, exit_code, code",
    [
        (["--email", "a@b.test", "--any-register"], 2, "usage"),
        (["--url", "https://x.example", "--any-register"], 2, "usage"),
        (["--url", "https://x.example", "--email", "a@b.test"], 2, "usage"),
        (["--url", "https://x.example", "--email", "a@b.test", "--register", "KKT"], 2, "usage"),
        (["--url", "https://x.example", "--email", "a@b.test", "--register", "7", "--ofd", "x"], 2, "usage"),
        (["--url", "http://x.example", "--email", "a@b.test", "--register", "7"], 1, "cashbox_address"),
    ],
)
def test_what_set_up_does_not_do(
    arguments: list[str], exit_code: int, code: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert setup_cashbox(monkeypatch, tmp_path, "https://x.example/rest/1/secret/", *arguments) == exit_code
    out = capsys.readouterr().out
    assert json.loads(out)["error"]["code"] == code
    assert "secret" not in out
