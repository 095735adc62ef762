"""Lanes keep order, know their caller and tell when they are idle."""

from __future__ import annotations

import threading

import pytest

from posapp.lanes import Lane, Lanes, OnTheSpot

DEADLINE_S = 10


def idle(lane: Lane) -> bool:
    """Asked anew each time."""
    return lane.is_idle


def test_jobs_run_one_after_the_other_in_the_order_given() -> None:
    lane, said = Lane("device"), list[int]()
    futures = [lane.submit(said.append, number) for number in range(200)]
    for future in futures:
        future.result(DEADLINE_S)
    lane.close()
    assert said == list(range(200))


def test_a_lane_knows_whether_its_caller_runs_on_it() -> None:
    device, sync = Lane("device"), Lane("sync")
    device.submit(device.check).result(DEADLINE_S)
    with pytest.raises(RuntimeError, match="device"):
        device.check()
    with pytest.raises(RuntimeError, match="device"):
        sync.submit(device.check).result(DEADLINE_S)
    device.close()
    sync.close()


def test_a_lane_is_busy_while_a_job_runs_or_waits() -> None:
    lane, go = Lane("device"), threading.Event()
    assert idle(lane)
    first = lane.submit(go.wait, DEADLINE_S)
    second = lane.submit(lambda: lane.is_idle)
    assert not idle(lane)
    go.set()
    assert first.result(DEADLINE_S)
    assert second.result(DEADLINE_S) is False  # it runs itself
    lane.close()
    assert idle(lane)


def test_a_failing_job_leaves_the_lane_usable() -> None:
    lane = Lane("sync")

    def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        lane.submit(fail).result(DEADLINE_S)
    assert lane.submit(lambda: "next").result(DEADLINE_S) == "next"
    assert lane.is_idle
    lane.close()


def test_a_closed_lane_takes_no_job() -> None:
    lane = Lane("sync")
    lane.close()
    with pytest.raises(RuntimeError):
        lane.submit(print)
    assert lane.is_idle


def test_on_the_spot_everything_runs_in_the_callers_thread() -> None:
    lanes = Lanes.on_the_spot()
    here = threading.current_thread()
    assert lanes.device.submit(threading.current_thread).result() is here
    lanes.device.submit(lanes.device.check).result()

    def nested() -> None:
        lanes.sync.submit(lanes.sync.check).result()
        lanes.device.check()

    lanes.device.submit(nested).result()
    with pytest.raises(RuntimeError):
        lanes.device.check()


def test_on_the_spot_a_failure_is_kept_for_whoever_asks() -> None:
    future = OnTheSpot().submit(int, "x")
    assert isinstance(future.exception(), ValueError)
