"""The bench of the journal does what it says: the same rows both ways. Its figures are nobody's test."""

from posapp.bench import journal as bench


def test_the_bench_writes_the_same_rows_both_ways() -> None:
    """`run` itself counts the rows of both files and raises when one wrote less."""
    told = bench.run(bench.ROUNDS)
    assert told["name"] == "journal"
    assert told["sales"] == bench.ROUNDS
    value, floor, ratio = told["value"], told["floor"], told["ratio"]
    assert isinstance(value, float)
    assert isinstance(floor, float)
    assert isinstance(ratio, float)
    assert abs(value / floor - ratio) < 0.01
