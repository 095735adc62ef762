"""Receipts that a site orders are printed beside the window: on its register's lane, until it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from posapp import app
from posapp.cli.window_jobs import WindowJobs
from posapp.errors import SetupError
from posapp.lanes import Lanes
from posapp.sync.bitrix.poll import Answer
from posapp.till.job_loop import Rounds, Waiting
from tests.till.rig import Register
from tests.till.shops import Shop, shop_at
from tests.till.sites import Site, assert_printed_once, site_of

DEADLINE_S = 30.0


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_at(tmp_path, Register()) as opened:
        yield opened


def until(is_so: Callable[[], bool]) -> None:
    end, tick = time.monotonic() + DEADLINE_S, threading.Event()
    while not is_so():
        assert time.monotonic() < end
        tick.wait(0.01)


@contextmanager
def lanes_of(count: list[str]) -> Iterator[Lanes]:
    lanes = Lanes.threads()
    usual = lanes.device.submit

    def submit(job: Callable[..., object], /, *args: object) -> object:
        count.append(threading.current_thread().name)
        return usual(job, *args)

    lanes.device.submit = submit  # type: ignore[method-assign, assignment]
    try:
        yield lanes
    finally:
        lanes.close()


def test_a_job_is_printed_on_the_lane_of_the_register(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    site = site_of(shop)
    site.order(417)

    @contextmanager
    def rounds_of(till: object) -> Iterator[Rounds]:
        yield Rounds(shop.till, site=site)

    monkeypatch.setattr(app, "rounds_of", rounds_of)
    asked: list[str] = []
    with lanes_of(asked) as lanes:
        jobs = WindowJobs(shop.till, lanes)
        jobs.start()
        until(lambda: site.state[417] == "Y")
        strip = jobs.strip()
        assert strip is not None
        assert (strip.waiting, strip.held, strip.trouble) == (0, 0, None)
        jobs.end()
    assert set(asked) == {"jobs"}
    assert_printed_once(shop, site, 417)


def test_the_window_closes_while_the_site_holds_the_request(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    held, may_go = threading.Event(), threading.Event()

    class Holding(Site):
        def ask(self, body: Mapping[str, Any]) -> Answer:
            held.set()
            may_go.wait(DEADLINE_S)
            raise AssertionError("nobody waits for it any more")

    site = Holding(shop.now, site_of(shop).zn)

    @contextmanager
    def rounds_of(till: object) -> Iterator[Rounds]:
        yield Rounds(shop.till, site=site)

    monkeypatch.setattr(app, "rounds_of", rounds_of)
    with lanes_of([]) as lanes:
        jobs = WindowJobs(shop.till, lanes)
        jobs.start()
        assert held.wait(DEADLINE_S)
        before = time.monotonic()
        jobs.end()
        assert time.monotonic() - before < DEADLINE_S / 2
    may_go.set()


def test_a_till_that_prints_nothing_by_order_starts_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with lanes_of([]) as lanes:
        jobs = WindowJobs(shop.till, lanes)
        jobs.start()
        assert jobs.strip() is None
        jobs.end()
        site_of(shop)

        @contextmanager
        def busy(till: object) -> Iterator[Rounds]:
            if till is not None:
                raise SetupError("poll_busy", site="shop.example")
            yield Rounds(shop.till)

        monkeypatch.setattr(app, "rounds_of", busy)
        jobs = WindowJobs(shop.till, lanes)
        jobs.start()
        until(lambda: (strip := jobs.strip()) is not None and strip.trouble is not None)
        jobs.end()


def test_a_site_at_another_address_is_seen_under_its_name(shop: Shop) -> None:
    """What it ordered is kept under the name that it was set up by; people see that, wherever it answers now."""
    site = site_of(shop)
    site.site = "moved.example"
    site.order(417)
    seen, _ = Rounds(shop.till, site=site).once(Waiting())
    assert (seen.printed, seen.untold) == (("check|shop.example|417",), 1)


def test_a_fault_of_the_program_is_said_at_the_foot(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is printed any more: nobody may take the last quiet round for the present."""

    class Odd(Site):
        def ask(self, body: Mapping[str, Any]) -> Answer:
            raise LookupError("no such row")

    site = Odd(shop.now, site_of(shop).zn)

    @contextmanager
    def rounds_of(till: object) -> Iterator[Rounds]:
        yield Rounds(shop.till, site=site)

    monkeypatch.setattr(app, "rounds_of", rounds_of)
    with lanes_of([]) as lanes:
        jobs = WindowJobs(shop.till, lanes)
        jobs.start()
        until(lambda: (strip := jobs.strip()) is not None and strip.trouble is not None)
        jobs.end()
