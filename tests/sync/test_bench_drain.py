"""The bench of the write-back looks at every order of the portal. Its figures are nobody's test."""

from posapp.bench import drain


def test_the_bench_tells_the_portal_of_every_receipt_within_its_budget() -> None:
    """`run` itself looks at every order and raises when one is not as it should be, or a request was refused."""
    told = drain.run(98)
    assert (told["receipts"], told["refused"]) == (98, 0)
    assert told["value"] == 2 * 5, "49 receipts a round: one read, four writes"
    assert told["log_rows"] == 98 * 5
