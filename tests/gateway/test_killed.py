"""The gateway is killed again and again while a portal orders checks and a till prints: nothing doubled, nothing lost.

The portal is the simulated one, over real HTTP; a manager prints again what it shows as an error. The till keeps to the
contract as the program does: it prints after `started` was answered and never twice, and reports until it is heard.
`POSAPP_KILLS` and `POSAPP_CHECKS` make it a long run.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition, Event
from typing import Any

import pytest

from posapp.errors import Offline
from posapp.gateway.apply_store import SqlApplications
from posapp.gateway.store import open_store
from posapp.http import HttpClient, SecretUrl
from posapp.sync.bitrix import cashbox as portal_side
from tests.gateway.conftest import SECRET
from tests.gateway.test_cashbox import PATH
from tests.gateway.test_process import ROOT, ready
from tests.sync.portals import Bitrix, order_row, shop_of
from tests.sync.portals import serving as portal_serving

KILLS = int(os.environ.get("POSAPP_KILLS", "2"))
CHECKS = int(os.environ.get("POSAPP_CHECKS", "16"))
PATIENCE_S = 60 + 3 * KILLS + CHECKS / 2
KKT = "777"
ENGINES = ["sqlite", "postgresql"] if "POSAPP_KILLS" in os.environ else ["sqlite"]
"""Both engines in a long run; the suite has its ten minutes."""


class Steps:
    """How often something has happened; whoever waits for a number of it is woken."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = Condition()

    def add(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, more: int, timeout_s: float) -> None:
        """Until so many more have happened, or for so long at most."""
        with self._changed:
            goal = self._count + more
            self._changed.wait_for(lambda: self._count >= goal, timeout_s)


class FakeTill:
    """A till that prints in memory. `documents` are the receipts by the number of the portal's check."""

    def __init__(self, url: str, portal: str, steps: Steps) -> None:
        self._url, self._steps = url, steps
        self._who = {"portal": portal, "till": "one"}
        self._http = HttpClient()
        self.documents: dict[str, list[int]] = {}
        self.untold: dict[int, dict[str, Any]] = {}
        self._number = self._gap = 0
        self._told: dict[int, dict[str, Any]] = {}

    def close(self) -> None:
        self._http.close()

    def ask(self, what: str, **body: Any) -> tuple[int, Any]:
        """Raises Offline."""
        self._steps.add()
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = self._http.post_json(SecretUrl(f"{self._url}/v1/{what}"), self._who | body, 40, headers=headers)
        return answer.status, answer.json()

    def work(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            try:
                self._round()
            except Offline:
                self._steps.wait(1, 0.05)  # the gateway is away

    def _round(self) -> None:
        for job_id, report in list(self.untold.items()):
            status, answer = self.ask("jobs/report", **report)
            assert (status, answer) == (200, {}), answer
            self._told[job_id] = self.untold.pop(job_id)
        status, answer = self.ask("jobs/mine")
        for job in answer["jobs"] if status == 200 else ():
            self._print(job)
        status, answer = self.ask("jobs/take", registers=[KKT], wait_s=1, gap=self._gap)
        if status != 200:
            return
        if answer["gap"] != self._gap:  # after a kill it tells again what it printed
            self.untold |= self._told
            self._gap = answer["gap"]
        if answer["job"]:
            self._print(answer["job"])

    def _print(self, job: dict[str, Any]) -> None:
        lease = {"job_id": job["job_id"], "fence": job["fence"]}
        if job["unique_id"] not in self.documents:
            status, _ = self.ask("jobs/started", **lease, key=f"K{job['job_id']}", factory_number=KKT)
            if status != 200:
                return
            self._number += 1
            self.documents.setdefault(job["unique_id"], []).append(self._number)
        number = self.documents[job["unique_id"]][0]
        mark = {
            "document_number": number, "document_sign": str(number), "receipt_number": number, "shift_number": 1,
            "storage_number": "9999078900000001", "registration_number": "0000000001000001",
            "printed_at": "2026-11-21T12:00:00",
        }  # fmt: skip
        self.untold[job["job_id"]] = {**lease, "state": "done", "key": f"K{job['job_id']}", "mark": mark, "reason": ""}


def control(bitrix: Bitrix, name: str, value: Any = None) -> Any:
    """The simulator's own door."""
    http = HttpClient()
    try:
        url = SecretUrl(f"{bitrix.server.url}/_sim/{name}")
        answer = http.get(url, 60) if value is None else http.post_json(url, value, 60)
        return answer.json()
    finally:
        http.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def start(database: str, port: int, webhook: str) -> subprocess.Popen[str]:
    """A gateway with a cashbox, when it is ready."""
    secrets = {"POSAPP_GATEWAY_SECRET": SECRET, "POSAPP_GATEWAY_PRINT_PATH": PATH, "POSAPP_WEBHOOK": webhook}
    process = subprocess.Popen(
        [sys.executable, "-m", "posapp", "gateway", "--listen", f"127.0.0.1:{port}", "--database", database],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, **secrets, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    ready(process)
    return process


@contextmanager
def portal_of(count: int) -> Iterator[Bitrix]:
    orders = [order_row(number, userEmail="buyer@example.test") for number in range(1, count + 1)]
    with portal_serving(shop_of(*orders), timeout_s=60) as bitrix:
        bitrix.set("settings", {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"read_timeout_s": 20}})
        yield bitrix


def pay_all(bitrix: Bitrix, steps: Steps) -> None:
    for number in range(1, CHECKS + 1):
        bitrix.client.call("sale.payment.update", {"id": number * 10 + 1, "fields": {"paySystemId": 1, "paid": "Y"}})
        steps.add()


def manage(bitrix: Bitrix, steps: Steps, chance: random.Random, is_over: Callable[[], bool]) -> None:
    """A manager prints again what failed, and the portal's agent comes by."""
    while not is_over():
        for check in control(bitrix, "checks")["checks"]:
            if check["status"] == "E":
                control(bitrix, "checks", {"reprint": check["id"]})
                steps.add()
        if chance.random() < 0.2:
            control(bitrix, "agent", {})
        steps.wait(5, 0.2)


def is_settled(bitrix: Bitrix, till: FakeTill) -> bool:
    """Everything is printed, reported and on the portal – where "printed" may come before the receipt is made."""
    checks = control(bitrix, "checks")["checks"]
    is_printed = len(till.documents) == CHECKS and not till.untold
    return is_printed and len(checks) == CHECKS and all(check["status"] == "Y" for check in checks)


@pytest.mark.parametrize("shared_url", ENGINES, indirect=True)
@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_moments(shared_url: str, seed: int) -> None:
    chance, steps, over, port = random.Random(seed), Steps(), Event(), free_port()
    url = f"http://127.0.0.1:{port}"
    with portal_of(CHECKS) as bitrix, ThreadPoolExecutor(3) as pool:
        portal = bitrix.client.portal
        plan = portal_side.CashboxPlan(f"{url}/cb/{PATH}/print", f"{url}/cb/{PATH}/check", KKT, "a@b.test")
        portal_side.register(bitrix.client, plan)
        till = FakeTill(url, portal, steps)
        process = start(shared_url, port, bitrix.webhook)
        try:
            assert till.ask("tills", name="1")[0] == 200
            running = [pool.submit(till.work, over.is_set), pool.submit(pay_all, bitrix, steps)]
            running.append(pool.submit(manage, bitrix, steps, random.Random(seed), over.is_set))
            for _ in range(KILLS):
                steps.wait(chance.randint(1, 40), 1.5)
                process.kill()
                process.communicate()
                steps.wait(chance.randint(0, 3), 1)
                process = start(shared_url, port, bitrix.webhook)
            running[1].result(PATIENCE_S)
            until = time.monotonic() + PATIENCE_S
            while not is_settled(bitrix, till) and time.monotonic() < until:
                steps.wait(10, 0.5)
                assert not any(each.done() for each in (running[0], running[2]))
            judge(bitrix, till, shared_url, until)
        finally:
            over.set()
            process.kill()
            process.communicate()
            till.close()
        for each in running:
            each.result(60)


def judge(bitrix: Bitrix, till: FakeTill, database: str, until: float) -> None:
    """Each check has one receipt, and its marks, or stands in the list for a person."""
    checks = control(bitrix, "checks")["checks"]
    assert [check["status"] for check in checks] == ["Y"] * CHECKS
    assert {number: len(found) for number, found in till.documents.items()} == {str(c["id"]): 1 for c in checks}
    bare = {str(c["id"]) for c in checks if c["linkParams"].get("fiscal_doc_number") is None}
    for check in checks:
        number = till.documents[str(check["id"])][0]
        assert check["linkParams"].get("fiscal_doc_number") in (str(number), None)
    store = open_store(database)
    try:
        queue = SqlApplications(store.engine)
        listed: set[object] = set()
        while bare - listed and time.monotonic() < until:
            listed = {row["check"] for row in queue.list_jobs("doubtful", CHECKS)}
        assert bare <= listed
    finally:
        store.close()
