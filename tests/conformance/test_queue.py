"""A register behind a request queue in a process of its own, struck around the POST: the rest is tried in
tests/devices/atol/test_web_simulated.py, where nobody waits for a server to look again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from posapp.devices.base import FiscalPrinter
from posapp.errors import OutcomeUnknown, Unreachable
from tests.conformance.conftest import Bench
from tests.conformance.test_printers import receipt

POST, GET = "POST /api/v2/requests", "GET /api/v2/requests"
STRIKES: dict[str, dict[str, Any]] = {
    "the POST never arrives": {"command": POST, "do": "drop_command", "when": "before", "nth": 2},
    "the answer to the POST is lost": {"command": POST, "do": "drop_reply", "when": "after_commit", "nth": 2},
    "the POST is answered 500": {"command": POST, "do": "error", "when": "after_commit", "nth": 2},
    "every GET is lost": {"command": GET, "do": "drop_reply", "when": "after_commit", "nth": 2, "times": 6},
}
"""The first exchange of `print_receipt` is a question, the second the receipt."""


@pytest.fixture
def printer(bench: Bench) -> Iterator[FiscalPrinter]:
    """A fresh driver, its register with an open shift."""
    if bench.link != "web":
        pytest.skip("no queue")
    bench.printer.open_shift("Кассир")
    made = bench.another_driver()
    yield made
    made.close()


@pytest.mark.parametrize("name", STRIKES)
def test_a_receipt_struck_around_its_post_is_one_document(bench: Bench, printer: FiscalPrinter, name: str) -> None:
    made, uuid = receipt(), str(uuid4())
    after = printer.last_document_number()
    printer.format()
    bench.tell("faults", [STRIKES[name]])
    with suppress(OutcomeUnknown, Unreachable):  # the question may need more than one GET, then that one is struck
        printer.print_receipt(made, after, request=uuid)
    bench.tell("faults", [])
    printer.end_request(uuid)
    printer.reset_link()
    if not any(made.key in (each.stamp or "") for each in printer.documents_after(after)):
        printer.print_receipt(made, printer.last_document_number(), request=str(uuid4()))
    assert sum(made.key in (each.stamp or "") for each in printer.documents_after(after)) == 1
