"""Codes of marked goods on the simulated register: checked, decided about, bound, and what the receipt says of them."""

from __future__ import annotations

from typing import Any

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.printer import Traits
from posapp.domain import ffd
from tests.devices.simulator.benches import PASSWORD, Bench, item, pay

P = PASSWORD
GS = b"\x1d"
MILK = b"010460710382070021" + b"55kTHg" + GS + b"93dGVz"
SHOES = b"0104606203084623215pc.oW/;X'lQq" + GS + b"91FFD0" + GS + b"92" + b"A" * 44
ELECTRONICS = SHOES[:-44] + b"B" * 88
PACK = b"04606203084623ABCDEFGABCDWXYZ"


def check(code: bytes, status: int = 1, tlv: bytes = b"") -> c.CheckMarking:
    return c.CheckMarking(P, status, 0, (code, tlv))


def accept(bench: Bench, code: bytes) -> int | None:
    bench.ok(check(code))
    return bench.ok(c.DecideMarking(P, c.ACCEPT)).result


def sell(bench: Bench, code: bytes, **more: Any) -> c.BindMarkingReply:
    bench.ok(c.OpenReceipt(P, 0))
    bench.ok(item(payment_object=33, **more))
    bound = bench.ok(c.BindMarking(P, code))
    bench.ok(pay(cash=10_000))
    return bound


@pytest.mark.parametrize(
    "code, kind, local", [(MILK, 5, (0, 1)), (SHOES, 3, (3, 0)), (ELECTRONICS, 2, (3, 0)), (PACK, 1, (0, 1))]
)
def test_a_good_code_of_each_type(newer: Bench, code: bytes, kind: int, local: tuple[int, int]) -> None:
    found = newer.ok(check(code))
    assert (found.code_type, (found.local_status, found.local_reason)) == (kind, local)
    assert (found.storage_code, found.result) == (0, 15)
    assert {entry.tag: entry.value for entry in ffd.decode(found.tags) if entry.tag != 2114} == {
        2105: 0,
        2005: 15,
        2109: 1,
    }
    assert newer.ok(c.DecideMarking(P, c.ACCEPT)).result == 15
    assert newer.ok(c.MarkingState(P)).accepted == 1


@pytest.mark.parametrize(
    "answer, result",
    [
        ({"local": "false"}, 0b1101),
        ({"status": 2}, 0b0111),
        ({"status": 3}, 0b0111),
        ({"planned": False}, 0b0111),
        ({"processing": 2}, 0b0011),
        ({"local": "no_key"}, 0b1111),
    ],
)
def test_what_the_world_knows_of_a_code(newer: Bench, answer: dict[str, object], result: int) -> None:
    newer.printer.marking.set_world({"codes": {SHOES.decode(): answer}})
    assert newer.ok(check(SHOES)).result == result
    newer.ok(c.DecideMarking(P, c.REJECT))
    assert newer.ok(check(ELECTRONICS)).result == 15, "the others are well"


@pytest.mark.parametrize("server, code, result", [("silent", 0xFF, 3), ("wrong", 0x20, 3)])
def test_without_the_server_the_storage_alone_has_checked(newer: Bench, server: str, code: int, result: int) -> None:
    newer.printer.marking.set_world({"server": server})
    found = newer.ok(check(SHOES))
    assert (found.storage_code, found.result, found.tags) == (code, result, b"")
    assert newer.ok(c.DecideMarking(P, c.ACCEPT)).result == result
    sell(newer, SHOES)
    assert (newer.value(1059, 2106), newer.value(2107)) == (result, 1)
    assert newer.ok(c.MarkingState(P)).queued == 1
    newer.printer.marking.set_world({})
    sell(newer, MILK)
    assert newer.ok(c.MarkingState(P)).queued == 0


def test_the_line_names_the_thing_as_real_receipts_do(newer: Bench) -> None:
    """Of a real receipt: 1305 holds GTIN and serial with their AIs, 2102 is 0, 2106 is 15, and 2107 then 0."""
    assert accept(newer, MILK) == 15
    bound = sell(newer, MILK)
    assert (bound.code_type, bound.checked) == (b"\x44\x4d", b""), "checked before, so nothing is told again"
    assert newer.value(1059, 1163, 1305) == "01046071038207002155kTHg"
    assert [newer.value(1059, tag) for tag in (2102, 2106, 1212)] == [0, 15, 33]
    assert newer.value(2107) == 0
    (line,) = [entry.items or () for entry in ffd.read_document(newer.last().tlv).entries if entry.tag == 1059]
    assert [each.tag for each in line][-4:] == [1212, 1163, 2106, 2102]


def test_a_code_that_was_not_checked_is_checked_when_it_is_bound(newer: Bench) -> None:
    bound = sell(newer, SHOES)
    assert (bound.checked[:3], bound.checked[5]) == (bytes((3, 0, 3)), 15)
    assert newer.value(1059, 2106) == 15


def test_a_code_without_separators_is_not_recognised(newer: Bench) -> None:
    newer.ok(check(SHOES.replace(GS, b"")))
    assert newer.ok(c.DecideMarking(P, c.REJECT)).result is not None
    assert newer.ok(c.MarkingState(P)).accepted == 0


def test_a_label_that_cannot_be_read_is_sold_with_an_empty_code(newer: Bench) -> None:
    sell(newer, b"")
    assert (newer.value(1059, 2106), newer.value(2107)) == (0, 1)
    assert newer.value(1059, 1163, 1300) is not None


def test_marked_goods_are_not_sold_without_their_code(newer: Bench) -> None:
    newer.ok(c.OpenReceipt(P, 0))
    newer.ok(item(payment_object=33))
    assert newer.refusal(pay(cash=10_000)) == 0xAA
    newer.ok(c.BindMarking(P, MILK))
    newer.ok(pay(cash=10_000))


def test_the_order_of_the_commands(newer: Bench) -> None:
    assert newer.refusal(c.DecideMarking(P, c.ACCEPT)) == 0xA1, "nothing was checked"
    newer.ok(check(MILK))
    assert newer.refusal(check(SHOES)) == 0xA1, "the first one waits for its decision"
    newer.ok(c.DecideMarking(P, c.REJECT))
    assert newer.refusal(c.BindMarking(P, MILK)) == 0x02, "no item"
    newer.ok(c.OpenReceipt(P, 0))
    newer.ok(item(payment_object=33))
    newer.ok(c.SendItemTlv(P, ffd.encode(2108, 0)))
    assert newer.refusal(c.BindMarking(P, MILK)) == 0x33, "2108 was sent before the code"
    newer.ok(item(payment_object=33))
    newer.ok(c.BindMarking(P, MILK))
    assert newer.refusal(c.BindMarking(P, SHOES)) == 0x33, "one code a line"
    newer.ok(c.SendItemTlv(P, ffd.encode(2108, 0)))


@pytest.mark.parametrize("how", ["document", "cancel", "clear"])
def test_results_are_not_kept_for_a_second_receipt(newer: Bench, how: str) -> None:
    accept(newer, MILK)
    accept(newer, SHOES)
    assert newer.ok(c.MarkingState(P)).accepted == 2
    newer.ok(c.OpenReceipt(P, 0))
    if how == "cancel":
        newer.ok(c.CancelReceipt(P))
    elif how == "document":
        newer.ok(item())
        newer.ok(pay(cash=10_000))
    else:
        newer.ok(c.DecideMarking(P, c.CLEAR))
    assert newer.ok(c.MarkingState(P)).accepted == 0


def test_a_part_of_a_package_says_how_much(newer: Bench) -> None:
    assert newer.refusal(check(MILK, 2)) == 0x33
    newer.ok(check(MILK, 2, ffd.encode_all([(2108, 11), (1023, 1)])))
    newer.ok(c.DecideMarking(P, c.REJECT))
    assert newer.refusal(check(MILK, 7)) == 0x33
    assert newer.refusal(check(b"")) == 0x33


def test_ffd_1_05_checks_nothing_and_writes_1162(selling: Bench) -> None:
    for command in (check(MILK), c.DecideMarking(P, c.CLEAR), c.MarkingState(P)):
        assert selling.refusal(command) == 0x37
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(item())
    assert selling.ok(c.BindMarking(P, MILK)).code_type == b"\x44\x4d"
    selling.ok(pay(cash=10_000))
    assert selling.value(1059, 1162).hex() == "444d" + f"{4607103820700:012x}" + b"55kTHg".hex()
    assert [selling.value(1059, 2106), selling.value(2107)] == [None, None]


def test_firmware_that_knows_no_marking(newer: Bench) -> None:
    newer.printer.traits = Traits(knows_marking=False)
    for command in (check(MILK), c.DecideMarking(P, c.CLEAR), c.MarkingState(P), c.BindMarking(P, MILK)):
        assert newer.refusal(command) == 0x37


def test_what_was_accepted_survives_a_restart(newer: Bench) -> None:
    accept(newer, MILK)
    newer.ok(c.OpenReceipt(P, 0))
    newer.ok(item(payment_object=33))
    newer.ok(c.BindMarking(P, SHOES))
    newer.ok(check(ELECTRONICS))
    state = newer.printer.as_dict()
    again = type(newer)(newer.printer.storage.version)
    again.printer.storage.documents = newer.printer.storage.documents
    again.printer.restore(state)
    assert again.printer.as_dict() == state
    assert again.printer.marking.accepted.keys() == {MILK}


@pytest.mark.parametrize("given", [[], {"server": "down"}, {"codes": {"x": {"status": 9}}}, {"other": 1}])
def test_a_world_that_cannot_be(newer: Bench, given: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        newer.printer.marking.set_world(given)
    assert newer.printer.marking.world == {}
