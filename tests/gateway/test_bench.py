"""The bench of the gateway does what it says: as many checks both ways, durable. Its figures are nobody's test."""

import pytest

from posapp.bench import gateway as bench


def test_the_bench_keeps_as_many_checks_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` itself counts the rows of both files and raises when one kept less."""
    monkeypatch.setattr(bench, "ROUNDS", 3)
    told = bench.run(bench.AT_ONCE)
    assert told["name"] == "gateway"
    assert told["checks"] == bench.AT_ONCE * bench.ROUNDS
    value, floor, ratio = told["value"], told["floor"], told["ratio"]
    assert isinstance(value, float)
    assert isinstance(floor, float)
    assert isinstance(ratio, float)
    assert abs(value / floor - ratio) < 0.01
