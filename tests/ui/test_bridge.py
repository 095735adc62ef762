"""Results and failures come back to the thread of the window."""

from __future__ import annotations

import logging
import threading

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from posapp.errors import SaleError
from posapp.lanes import Lane
from posapp.ui.bridge import Bridge, Bug, Failure


def unwanted(what: object) -> None:
    """A result or a failure that must not come."""
    raise AssertionError(what)


def nothing() -> None:
    """A job without a result."""


def test_a_result_arrives_in_the_windows_thread_in_order(qtbot: QtBot) -> None:
    bridge, lane = Bridge(), Lane("journal")
    results: list[tuple[int, bool]] = []
    ran_here: list[bool] = []

    def job(number: int) -> int:
        ran_here.append(threading.current_thread() is threading.main_thread())
        return number

    for number in range(50):
        bridge.run(
            lane,
            lambda which=number: job(which),  # type: ignore[misc]
            lambda result: results.append((result, QThread.currentThread() is bridge.thread())),
            unwanted,
        )
    qtbot.waitUntil(lambda: len(results) == 50)
    lane.close()
    assert results == [(number, True) for number in range(50)]
    assert not any(ran_here)


def test_an_expected_failure_comes_as_it_is(qtbot: QtBot) -> None:
    bridge, lane = Bridge(), Lane("journal")
    failures: list[Failure] = []

    def job() -> None:
        raise SaleError("unknown_order", order="7")

    bridge.run(lane, job, unwanted, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    lane.close()
    assert isinstance(failures[0], SaleError)


def test_anything_else_is_a_bug_with_a_code_and_a_traceback_in_the_log(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    bridge, lane = Bridge(), Lane("journal")
    failures: list[Failure] = []

    def job() -> None:
        raise ZeroDivisionError("no cashier has ever seen this")

    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            bridge.run(lane, job, unwanted, failures.append)
        qtbot.waitUntil(lambda: len(failures) == 2)
    lane.close()
    first, second = failures
    assert isinstance(first, Bug)
    assert isinstance(second, Bug)
    assert first.code == second.code  # the same place has the same code
    assert first.code.startswith("499-")
    assert first.code in caplog.text
    assert "no cashier has ever seen this" in caplog.text


def test_after_closing_nothing_is_delivered(qtbot: QtBot) -> None:
    bridge, lane, go = Bridge(), Lane("device"), threading.Event()
    bridge.run(lane, lambda: go.wait(10), unwanted, unwanted)
    bridge.close()
    go.set()
    lane.close()
    bridge.run(lane, nothing, unwanted, unwanted)  # a closed lane would raise: it is not even asked
    qtbot.wait(1)
