"""The bench of the sync log fills a real journal and does what a manager does. Its figures are nobody's test."""

from pytestqt.qtbot import QtBot

from posapp.bench import log


def test_the_bench_opens_filters_searches_and_scrolls_a_full_log(qtbot: QtBot) -> None:
    told = log.run(2_000)
    assert (told["rows"], told["rows_scrolled"]) == (2_000, 2_000)
    steps = told["steps_ms"]
    assert isinstance(steps, dict)
    assert set(steps) == {"open", "filter all", "filter way", "filter done", "search", "clear", "request", "scroll"}
    assert told["value"] == max(steps.values())
