"""The terminal's line: whatever comes over it, an outcome is never taken for another one."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.devices.base import CardOutcome
from posapp.devices.terminal import TcpTerminal, address_of, masked, result_of
from posapp.devices.terminal_simulator import Bank, Fault, parse_faults
from posapp.domain.money import Money
from posapp.errors import PosError, Unreachable
from tests.devices.terminals import terminal

REFERENCE = "0123456789ABCDEF"
HELLO = json.dumps({"op": "hello", "protocol": 1, "terminal": "T"}).encode() + b"\n"


def result(outcome: str, reference: str = REFERENCE) -> bytes:
    return json.dumps({"op": "result", "reference": reference, "outcome": outcome, "rrn": "1"}).encode() + b"\n"


@contextmanager
def answering(*answers: bytes) -> Iterator[TcpTerminal]:
    """A peer that gives these bytes to each request in turn, whatever it asks, then closes the line."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = server.accept()
        with line, line.makefile("rb") as asked:
            for each in answers:
                if not asked.readline():
                    return
                line.sendall(each)

    thread = threading.Thread(target=serve)
    thread.start()
    client = TcpTerminal(f"socket://127.0.0.1:{server.getsockname()[1]}", charge_s=10, speaks_s=10)
    try:
        yield client
    finally:
        client.close()
        thread.join(10)
        server.close()


def charge(client: TcpTerminal) -> CardOutcome:
    return client.charge(REFERENCE, Money(100)).outcome


@pytest.mark.parametrize(
    "answer, outcome",
    [
        (result("approved"), CardOutcome.APPROVED),
        (result("declined"), CardOutcome.DECLINED),
        (result("approved", "another") + result("declined"), CardOutcome.DECLINED),
        (b'{"op": "new", "reference": "' + REFERENCE.encode() + b'"}\n' + result("approved"), CardOutcome.APPROVED),
        (result("unknown"), CardOutcome.UNKNOWN),
        (result("APPROVED"), CardOutcome.UNKNOWN),
        (result("approved")[:-1], CardOutcome.UNKNOWN),  # the line broke before its end
        (b"", CardOutcome.UNKNOWN),
        (b"\xff\xfe\x00{}\n", CardOutcome.UNKNOWN),
        (b"[]\n", CardOutcome.UNKNOWN),
        (b"[" * 5_000 + b"\n", CardOutcome.UNKNOWN),
        (b"x" * 20_000, CardOutcome.UNKNOWN),
    ],
)
def test_an_answer_is_what_it_says_or_unknown(answer: bytes, outcome: CardOutcome) -> None:
    with answering(HELLO, answer) as client:
        assert charge(client) is outcome


@pytest.mark.parametrize("hello", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b'{"op": "hello", "protocol": 2}\n'])
def test_nothing_is_asked_of_what_is_no_terminal(hello: bytes) -> None:
    answers = (hello, result("approved")) if hello else ()
    with answering(*answers) as client, pytest.raises(Unreachable) as refused:
        charge(client)
    assert refused.value.code == "terminal_unreachable"


def test_a_terminal_that_falls_silent_leaves_it_unknown_in_bounded_time() -> None:
    with terminal() as desk:
        desk.breaks(Fault("charge", "silent", value=30))
        client = desk.client(charge_s=0.1)
        assert charge(client) is CardOutcome.UNKNOWN
        desk.switch_off()


def test_while_the_card_is_awaited_it_is_unknown_and_then_it_is_known() -> None:
    with terminal() as desk:
        waits = threading.Event()
        desk.breaks(Fault("charge", "slow", value=30))
        paying = desk.client()

        def said(words: str) -> None:
            waits.set()

        found: list[CardOutcome] = []

        def pay() -> None:
            found.append(paying.charge(REFERENCE, Money(100), said).outcome)

        thread = threading.Thread(target=pay)
        thread.start()
        assert waits.wait(10)
        asked = desk.client().inquire(REFERENCE)
        assert (asked.outcome, asked.reason) == (CardOutcome.UNKNOWN, "ждёт карту")
        desk.server.bank.decide(REFERENCE)
        assert desk.client().inquire(REFERENCE).outcome is CardOutcome.APPROVED
        desk.server._stopped.set()
        thread.join(10)
        assert found == [CardOutcome.APPROVED]


def test_a_reference_moves_money_once() -> None:
    with terminal() as desk:
        client = desk.client()
        first, again = client.charge(REFERENCE, Money(100)), client.charge(REFERENCE, Money(100))
        assert first == again
        assert client.charge(REFERENCE, Money(101)).outcome is CardOutcome.DECLINED
        assert desk.moved() == [100]


def test_money_goes_back_to_what_was_charged_and_no_more() -> None:
    with terminal() as desk:
        client = desk.client()
        rrn = client.charge(REFERENCE, Money(100)).rrn
        assert client.refund("R" * 16, Money(60), rrn).outcome is CardOutcome.APPROVED
        assert client.refund("S" * 16, Money(60), rrn).outcome is CardOutcome.DECLINED
        assert client.cancel("T" * 16, Money(40), "no such").outcome is CardOutcome.DECLINED
        assert client.cancel("U" * 16, Money(40), rrn).outcome is CardOutcome.APPROVED


def test_a_bank_has_its_operations_after_the_power_went(tmp_path: Path) -> None:
    file = tmp_path / "bank.jsonl"
    before = Bank("T", file)
    before.begin("charge", REFERENCE, 100, "")
    done = before.decide(REFERENCE)
    before.begin("charge", "W" * 16, 100, "")  # waits for its card
    after = Bank("T", file)
    assert after.inquire(REFERENCE) == done
    assert after.inquire("W" * 16).outcome == "declined"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["outcome", "rrn", "card", "reason", "terminal"]), st.text() | st.integers()))
def test_no_answer_shows_a_whole_card_or_makes_approved_of_something_else(answer: dict[str, object]) -> None:
    told = result_of(answer)
    assert (told.outcome is CardOutcome.APPROVED) == (answer.get("outcome") == "approved")
    assert sum(each.isdigit() for each in told.card) <= 4
    assert told.rrn.isprintable()


def test_only_the_last_four_digits_go_further() -> None:
    assert masked("2200 7000 1234 5678") == "•••• 5678"
    assert masked("no card") == ""


@pytest.mark.parametrize("text", ["", "host:1", "http://a:1", "socket://a", "socket://a:70000", "socket://[a:1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(PosError):
        address_of(text)


@pytest.mark.parametrize("plan", [{}, [{"op": "sell", "do": "drop"}], [{"op": "charge", "do": "drop", "nth": 0}], [1]])
def test_a_plan_of_faults_that_means_nothing_is_refused(plan: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_faults(plan)
