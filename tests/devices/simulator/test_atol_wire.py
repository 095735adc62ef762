"""The simulated АТОЛ line: its buffer of tasks, and that no task makes two documents whatever becomes of the line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.atol import commands as a
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.task_layer import Refusal, Result
from posapp.devices.simulator.line import Pause, Reply
from tests.devices.simulator.atol_hosts import Host, heard, is_cut, item

DONE = bytes.fromhex("55 00 00")
CLOSE = a.CloseReceipt(0, a.CASH)


@pytest.fixture
def host() -> Host:
    host = Host()
    host.open_shift()
    return host


@pytest.fixture
def paid(host: Host) -> Host:
    """With a receipt that only has to be closed."""
    host.begin()
    host.ok(a.Payment(0, a.CASH, 10_000))
    return host


def told(data: bytes) -> layer.Told:
    return layer.Told(Result.RESULT, data)


# --- one task, one document


@pytest.mark.parametrize("do", ["drop_reply", "hang_up", "truncate", "flip"])
def test_a_lost_answer_is_told_when_the_host_asks_and_nothing_is_made_again(paid: Host, do: str) -> None:
    paid.faults({"command": "4A", "do": do, "when": "after_commit", "value": 4})
    assert paid.add(CLOSE) == []
    assert is_cut(paid.steps) == (do == "hang_up")
    if do == "hang_up":
        paid.line.new_connection()
    assert paid.receipts == 1
    assert paid.ask() == told(DONE)
    assert paid.receipts == 1


def test_a_task_that_is_known_is_refused_and_not_performed_again(paid: Host) -> None:
    assert paid.add(CLOSE, tid=7) == [told(DONE)]
    paid.line.new_connection()
    assert paid.add(CLOSE, tid=7) == [layer.Refused(Refusal.ALREADY_EXISTS)]
    assert paid.ask(7) == told(DONE)
    assert paid.receipts == 1


def test_a_command_that_never_came_is_not_known_and_may_be_added(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "hang_up"})
    assert paid.add(CLOSE, tid=7) == []
    assert is_cut(paid.steps)
    paid.line.new_connection()
    assert paid.ask(7) == layer.Refused(Refusal.NOT_FOUND)
    assert paid.receipts == 0
    assert paid.add(CLOSE, tid=7) == [told(DONE)]
    assert paid.receipts == 1


def test_a_damaged_packet_is_not_heard(paid: Host) -> None:
    whole = frame.encode(9, layer.Add(1, 7, CLOSE.encode()).encode())
    for at in range(1, len(whole)):
        paid.line.forget_half_frame()
        spoilt = whole[:at] + bytes((whole[at] ^ 0x20,)) + whole[at + 1 :]
        assert all(layer.Told(Result.RESULT, DONE) != each for each in heard(list(paid.line.receive(spoilt, paid.now))))
        assert paid.receipts == 0


@pytest.mark.parametrize("forget", [layer.Acknowledge(7), layer.Abort()])
def test_what_is_acknowledged_or_aborted_is_forgotten(paid: Host, forget: layer.Request) -> None:
    assert paid.add(CLOSE, tid=7) == [told(DONE)]
    assert paid.say(forget) == [layer.Told(Result.RESULT)]
    assert paid.ask(7) == layer.Refused(Refusal.NOT_FOUND)
    assert paid.receipts == 1


def test_a_power_cut_forgets_tasks_so_that_not_known_does_not_mean_not_performed(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "power_off", "when": "after_commit"})
    assert paid.add(CLOSE, tid=7) == []
    assert paid.add(a.Status()) == [], "a dark register answers nothing"
    paid.line.power_on()
    assert paid.ask(7) == layer.Refused(Refusal.NOT_FOUND)
    assert paid.receipts == 1
    found = paid.ok(a.FindDocument(paid.ok(a.LastReceipt()).document_number))
    assert (found.document_type, found.kind, found.total_kopecks) == (3, 1, 10_000)


def test_an_error_after_the_document_was_made_is_an_error_for_whoever_asks_again(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "error", "when": "after_commit", "value": 0xD2})
    assert paid.add(CLOSE) == [told(bytes.fromhex("55 D2 00"))]
    assert paid.ask() == told(bytes.fromhex("55 D2 00"))
    assert paid.receipts == 1, "an error answer proves nothing"


# --- what goes on behind an answer


def test_a_task_in_the_background_is_told_unasked(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "background", "value": 1.5})
    assert paid.add(CLOSE, tid=7) == [layer.Told(Result.IN_PROGRESS), layer.TidTold(Result.ASYNC_RESULT, 7, DONE)]
    assert [step.seconds for step in paid.steps if isinstance(step, Pause)] == [1.5]
    unasked = paid.steps[-1]
    assert isinstance(unasked, Reply)
    assert unasked.data[3] == frame.UNASKED
    assert paid.ask(7) == told(DONE)
    assert paid.receipts == 1


def test_a_report_that_prints_goes_on_in_the_background() -> None:
    host = Host(print_time=timedelta(seconds=2))
    host.open_shift()
    host.now += timedelta(seconds=3)
    host.enter(a.CLOSING)
    assert host.add(a.CloseShift(), tid=7) == [
        layer.Told(Result.IN_PROGRESS),
        layer.TidTold(Result.ASYNC_RESULT, 7, DONE),
    ]
    assert host.documents[-1].form == 5


def test_while_a_task_goes_on_questions_are_answered_and_the_rest_waits(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "background", "value": 1.0})
    steps = paid.line.receive(frame.encode(1, layer.Add(1, 7, CLOSE.encode()).encode()), paid.now)
    assert heard([next(steps)]) == [layer.Told(Result.IN_PROGRESS)]
    assert isinstance(next(steps), Pause)

    def meanwhile(request: layer.Request) -> list[layer.Response]:
        return heard([Reply(paid.line.while_busy(frame.encode(2, request.encode())))])

    assert meanwhile(layer.Ask(7)) == [layer.Told(Result.IN_PROGRESS)]
    assert meanwhile(layer.Ask(8)) == [layer.Refused(Refusal.NOT_FOUND)]
    assert meanwhile(layer.Add(1, 8, a.Status().encode())) == []
    assert meanwhile(layer.Abort()) == []
    after = heard(list(steps))
    assert after[0] == layer.TidTold(Result.ASYNC_RESULT, 7, DONE)
    status, aborted = after[1:]
    assert isinstance(status, layer.Told)
    assert isinstance(a.Status().decode_reply(status.data), a.StatusReply)
    assert aborted == layer.Told(Result.RESULT)
    assert paid.ask(7) == layer.Refused(Refusal.NOT_FOUND), "aborted when it had ended"
    assert paid.receipts == 1


def test_an_answer_for_a_connection_that_is_gone_stays_in_the_buffer(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "delay", "value": 1.0})
    steps = paid.line.receive(frame.encode(1, layer.Add(1, 7, CLOSE.encode()).encode()), paid.now)
    assert isinstance(next(steps), Pause)
    paid.line.new_connection()
    assert heard(list(steps)) == []
    assert paid.ask(7) == told(DONE)


def test_a_task_whose_result_nobody_needs_is_forgotten(host: Host) -> None:
    text = a.PrintLine("привет").encode()
    assert host.say(layer.Add(0, 9, text)) == [told(DONE)]
    assert host.ask(9) == layer.Refused(Refusal.NOT_FOUND)
    assert host.printer.tape[-1] == "привет"


def test_the_buffer_has_an_end(host: Host) -> None:
    for tid in range(64):
        assert isinstance(host.add(a.StateCode(), tid=tid)[0], layer.Told)
    assert host.add(a.StateCode(), tid=200) == [layer.Refused(Refusal.OVERFLOW)]
    host.say(layer.Acknowledge(5))
    assert isinstance(host.add(a.StateCode(), tid=200)[0], layer.Told)


@pytest.mark.parametrize("raw", ["C5 01 01 02 00 00 3F", "C1", "C2", "99", "C4 00"])
def test_what_the_task_layer_does_not_know_is_an_illegal_value(host: Host, raw: str) -> None:
    steps = list(host.line.receive(frame.encode(3, bytes.fromhex(raw)), host.now))
    assert heard(steps) == [layer.Refused(Refusal.ILLEGAL_VALUE)]


def test_the_probe_before_the_first_packet_is_skipped(host: Host) -> None:
    abort = frame.encode(0, layer.Abort().encode())
    steps = list(host.line.receive(bytes.fromhex("24 40 0D 00 20 01 F7 40 74 65 73 74 65") + abort, host.now))
    assert heard(steps) == [layer.Told(Result.RESULT)]


def test_a_packet_may_come_in_parts(host: Host) -> None:
    whole = frame.encode(0, layer.Add(1, 1, a.Status().encode()).encode())
    said = [step for byte in whole for step in host.line.receive(bytes((byte,)), host.now)]
    assert len(heard(said)) == 1


# --- faults that are no business of the buffer


def test_busy_is_an_error_byte_of_its_own() -> None:
    host = Host(print_time=timedelta(seconds=2))
    host.open_shift()
    assert host.refusal(a.OpenReceipt(0, a.SELL)) == 0x76
    host.now += timedelta(seconds=3)
    host.sell()
    assert host.refusal(a.RepeatReceipt()) == 0x76


@pytest.mark.parametrize("error", range(1, 256))
def test_every_error_byte_can_be_played(host: Host, error: int) -> None:
    host.faults({"command": "910A", "do": "error", "value": error})
    assert host.refusal(a.Drawer()) == error
    host.ok(a.Drawer())


def test_paper_that_ends_in_the_middle_of_a_receipt(paid: Host) -> None:
    paid.faults({"command": "4A", "do": "paper_out", "when": "after_commit"})
    assert paid.add(CLOSE) == [told(DONE)]
    assert paid.receipts == 1
    status = paid.ok(a.Status())
    assert not status.has_paper
    assert paid.ok(a.StateCode()).printer & 1
    assert paid.ok(a.PrintCounters()).data[0] >= 0x10
    assert paid.refusal(a.ContinuePrint()) == 0x67
    assert paid.refusal(a.OpenReceipt(0, a.SELL)) == 0x67
    paid.printer.set_paper("ok", paid.now)
    paid.ok(a.ContinuePrint())
    assert paid.ok(a.PrintCounters()).data[0] == 0
    paid.sell()
    assert paid.receipts == 2


def test_paper_that_is_out_before_a_receipt_is_closed(paid: Host) -> None:
    paid.printer.set_paper("out", paid.now)
    assert paid.refusal(CLOSE) == 0x67
    paid.printer.set_paper("ok", paid.now)
    paid.ok(CLOSE)
    assert paid.receipts == 1


def test_an_electronic_receipt_needs_no_paper(host: Host) -> None:
    host.printer.set_paper("out", host.now)
    host.ok(a.OpenReceipt(a.ELECTRONIC, a.SELL))
    host.ok(a.BeginItem())
    host.ok(a.EndItem(0, 100, 1000, 100, 6, 0, 0, 1, 4, 0, 0, 0, "Хлеб"))
    host.ok(a.Payment(0, a.CASHLESS, 100))
    host.ok(a.CloseReceipt(0, a.CASHLESS))
    assert host.receipts == 1


# --- whatever comes

COMMANDS: list[a.AnyCommand] = [
    CLOSE,
    a.CancelReceipt(),
    a.Payment(0, a.CASH, 10_000),
    a.OpenReceipt(0, a.SELL),
    a.Status(),
]
REQUESTS = st.one_of(
    st.builds(layer.Acknowledge, st.integers(0, 9)),
    st.builds(layer.Ask, st.integers(0, 9)),
    st.just(layer.Abort()),
    st.builds(
        layer.Add,
        st.integers(0, 7),
        st.integers(0, 9),
        st.sampled_from([each.encode() for each in COMMANDS]),
    ),
)


@given(said=st.lists(st.one_of(REQUESTS, st.binary(max_size=12)), max_size=30), seed=st.integers(0, 3))
def test_no_order_of_requests_makes_more_documents_than_closings(said: list[Any], seed: int) -> None:
    host = Host()
    host.open_shift()
    host.begin()
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.say(layer.Abort())
    closings: set[tuple[int, int]] = set()
    life = 0
    for each in said:
        if isinstance(each, bytes):
            list(host.line.receive(each, host.now))
            host.line.forget_half_frame()
            continue
        if isinstance(each, layer.Abort | layer.Acknowledge):
            life += 1
        if isinstance(each, layer.Add) and each.data == CLOSE.encode():
            closings.add((life, each.tid))
        responses = host.say(each)
        assert len(responses) == 1
        if seed:
            host.line.new_connection()
    assert host.receipts <= len(closings)
    assert host.receipts <= 1, "one receipt was open"


def sale(first: int) -> list[bytes]:
    """The packets of one whole sale, whose tasks nobody acknowledges."""
    commands: list[a.AnyCommand] = [
        a.OpenReceipt(0, a.SELL),
        a.BeginItem(),
        item(10_000),
        a.Payment(0, a.CASH, 10_000),
        CLOSE,
    ]
    return [
        frame.encode(at % 0xDE, layer.Add(1, first + at, command.encode()).encode())
        for at, command in enumerate(commands)
    ]


@given(damage=st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from("dnfct"), st.binary(max_size=6)), max_size=12))
def test_no_noise_on_the_line_makes_a_document_more(damage: list[tuple[int, str, bytes]]) -> None:
    """Packets lost, doubled, cut off, flipped at a bit, with foreign bytes between and inside them."""
    host = Host()
    host.open_shift()
    host.say(layer.Abort())
    packets = [packet for number in range(5) for packet in sale(10 * number)]
    for place, kind, noise in damage:
        at = place % len(packets)
        whole = packets[at]
        inside = place % max(1, len(whole))
        packets[at] = {
            "d": whole + whole,
            "n": noise + whole,
            "f": whole[:inside] + bytes((whole[inside] ^ 1 << place % 8,)) + whole[inside + 1 :] if whole else whole,
            "c": whole[:inside],
            "t": b"",
        }[kind]
    for packet in packets:
        list(host.line.receive(packet, host.now))
    assert host.receipts <= 5
    totals = [document.total_kopecks or 0 for document in host.documents if document.kind]
    assert all(total % 10_000 == 0 for total in totals), "this host hears no refusals, so two sales may become one"
    for number in range(5):
        told_ = host.ask(10 * number + 4)
        assert told_ == layer.Refused(Refusal.NOT_FOUND) or isinstance(told_, layer.Told)
    assert host.receipts == sum(host.ask(10 * number + 4) == told(DONE) for number in range(5))
