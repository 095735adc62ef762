"""Tills that want the same orders at the same moment: threads of one gateway, processes on one database."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

from posapp.domain.claim import TakenFor
from posapp.gateway.contract import Offer
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.store import SqlStore, TillCard, open_store

PORTAL = "shop.example"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RACER = Path(__file__).with_name("racer.py")
ROOT = Path(__file__).parents[2]
TILLS = ("a", "b", "c", "d")


def test_threads_that_race_for_the_same_orders(store: SqlStore) -> None:
    for name in TILLS:
        store.enrol(TillCard(PORTAL, name, name), AT)
    start = Barrier(len(TILLS))

    def race(name: str) -> set[int]:
        start.wait(30)
        orders = range(1, 31) if name in "ac" else range(30, 0, -1)
        return {number for number in orders if store.take(PORTAL, name, [number], TakenFor.SALE, AT)[0].may_sell}

    with ThreadPoolExecutor(len(TILLS)) as pool:
        won = list(pool.map(race, TILLS))
    assert sorted(number for each in won for number in each) == list(range(1, 31))


def test_processes_that_race_for_the_same_orders(shared_url: str) -> None:
    open_store(shared_url).close()
    command = [sys.executable, str(RACER), shared_url]
    racers = [
        subprocess.Popen(
            [*command, name, "45"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )
        for name in TILLS
    ]  # fmt: skip
    try:
        for each in racers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in racers:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        said = [each.communicate(timeout=100)[0] for each in racers]
    finally:
        for each in racers:
            each.kill()
            each.wait()
    won = [{int(number): fence for number, fence in json.loads(text).items()} for text in said]
    assert sorted(number for each in won for number in each) == list(range(1, 46))
    fences = [fence for each in won for fence in each.values()]
    assert len(set(fences)) == len(fences)
    store = open_store(shared_url)
    try:
        held = {name: {each.order_id: each.fence for each in store.holdings(PORTAL, name, AT).held} for name in TILLS}
    finally:
        store.close()
    assert held == dict(zip(TILLS, won, strict=True))


def test_tills_that_race_for_the_same_checks(store: SqlStore) -> None:
    for name in TILLS:
        store.enrol(TillCard(PORTAL, name, name), AT)
    portal, leases = SqlPortalJobs(store.engine), SqlLeases(store.engine)
    portal.accept(PORTAL, [Offer(str(number), f"u{number}", "", {}) for number in range(60)], AT)
    start = Barrier(len(TILLS))

    def race(name: str) -> list[str]:
        start.wait(30)
        won = []
        while (job := leases.take(PORTAL, name, [], AT)) is not None:
            leases.started(PORTAL, name, job.job_id, job.fence, "K", "7", AT)
            won.append(job.unique_id)
        return won

    with ThreadPoolExecutor(len(TILLS)) as pool:
        found = [number for won in pool.map(race, TILLS) for number in won]
    assert sorted(found, key=int) == [str(number) for number in range(60)]


def test_one_check_that_comes_to_several_gateways_at_once_is_one_job(shared_url: str) -> None:
    stores = [open_store(shared_url) for _ in range(3)]
    start = Barrier(len(stores))

    def keep(place: int) -> list[list[str]]:
        jobs = SqlPortalJobs(stores[place].engine)
        start.wait(30)
        numbers = range(20) if place % 2 else range(19, -1, -1)
        offers = [Offer(str(number), f"{place}-{number}", "", {}) for number in numbers]
        return [
            jobs.accept(PORTAL, sorted(offers[at : at + 5], key=lambda each: each.uuid), AT) for at in (0, 5, 10, 15)
        ]

    try:
        with ThreadPoolExecutor(len(stores)) as pool:
            answers = [uuid for parts in pool.map(keep, range(len(stores))) for part in parts for uuid in part]
    finally:
        for each in stores:
            each.close()
    assert len(answers) == 60
    assert len(set(answers)) == 20
