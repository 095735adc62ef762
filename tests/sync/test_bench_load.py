"""The bench of the first load does what it says; its figure is nobody's test."""

from posapp.bench import load as bench


def test_the_bench_loads_what_it_counts_within_the_limits() -> None:
    """`run` itself refuses a load that is not complete; the portal it asks enforces 50/2."""
    told = bench.run(2_600)
    assert (told["name"], told["orders"], told["refused"]) == ("load", 2_600, 0)
    value, floor, ratio, requests = told["value"], told["floor"], told["ratio"], told["requests"]
    assert isinstance(value, float)
    assert isinstance(floor, float)
    assert isinstance(ratio, float)
    assert isinstance(requests, int)
    assert abs(value / floor - ratio) < 0.01
    assert requests <= 2_600 / 49 + 8
