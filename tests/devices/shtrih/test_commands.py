"""Every message survives the way to bytes and back, and nothing but its own shape is believed."""

import dataclasses
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.devices import fields as wire_fields
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import layout

CP1251 = "".join(bytes((b,)).decode("cp1251") for b in range(32, 256) if b != 0x98)
COMMANDS = sorted(layout.Command.REGISTERED.values(), key=lambda command: command.CODE)
DATES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))


STRATEGIES: list[tuple[type[wire_fields.FieldType], Callable[[Any], st.SearchStrategy[Any]]]] = [
    (layout.MaybeUInt, lambda wire: st.none() | st.integers(0, 256**wire.size - 2)),
    (layout.Int, lambda wire: st.integers(-(256**wire.size) // 2, 256**wire.size // 2 - 1)),
    (wire_fields.UInt, lambda wire: st.integers(0, 256**wire.size - 1)),
    (layout.UInts, lambda wire: st.tuples(*(st.integers(0, 256**wire.width - 1),) * wire.count)),
    (layout.RegisterNumber, lambda _: st.integers(0, 65535)),
    (wire_fields.Raw, lambda wire: st.binary(min_size=wire.size, max_size=wire.size)),
    (layout.Rest, lambda wire: st.binary(min_size=max(wire.least, 1), max_size=min(wire.most, 200))),
    (layout.Text, lambda wire: st.text(CP1251, max_size=wire.size)),
    (layout.RestText, lambda wire: st.text(CP1251, max_size=wire.most)),
    (wire_fields.Ascii, lambda wire: st.text("0123456789abcXYZ", max_size=wire.size)),
    (layout.DateDmy, lambda _: DATES),
    (layout.DateYmd, lambda _: DATES),
    (layout.DateTime5, lambda _: MOMENTS),
    (c.Counted, lambda _: st.binary(max_size=120)),
    (c.CodeAndTags, lambda _: st.tuples(st.binary(max_size=100), st.binary(max_size=100))),
    (layout.Time3, lambda _: st.times().map(lambda at: at.replace(microsecond=0))),
]
"""Values that a field of each wire type can hold; the first type that fits counts."""


def values_of(wire: wire_fields.FieldType) -> st.SearchStrategy[Any]:
    return next(make(wire) for kind, make in STRATEGIES if isinstance(wire, kind))


def messages(kind: type[Any], **given_fields: Any) -> st.SearchStrategy[Any]:
    fields = {name: values_of(wire) for name, wire, _ in wire_fields.layout_of(kind)}
    return st.builds(kind, **fields, **{name: st.just(value) for name, value in given_fields.items()})


def replies(command: type[layout.Command[Any]]) -> st.SearchStrategy[Any]:
    if command is c.FindDocument:
        details = st.integers(0, 255).flatmap(
            lambda kind: st.binary(
                min_size=6 if kind in c.SETTLEMENT_TYPES else 2, max_size=6 if kind in c.SETTLEMENT_TYPES else 2
            ).map(lambda data: (kind, data))
        )
        return details.flatmap(
            lambda pair: messages(c.FindDocumentReply).map(
                lambda reply: dataclasses.replace(reply, document_type=pair[0], details=pair[1])
            )
        )
    if issubclass(command.REPLY, layout.SharedReply):
        return messages(command.REPLY, opcode=command.CODE)
    return messages(command.REPLY)


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_a_command_comes_back_as_it_was(kind: type[layout.Command[Any]], data: st.DataObject) -> None:
    command = data.draw(messages(kind))
    assert c.decode_command(command.encode()) == command


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_a_reply_comes_back_as_it_was(kind: type[layout.Command[Any]], data: st.DataObject) -> None:
    reply = data.draw(replies(kind))
    command = data.draw(messages(kind))
    decoded = command.decode_reply(reply.encode())
    assert decoded == reply
    assert type(decoded) is kind.REPLY


@given(payload=st.binary(max_size=255))
def test_garbage_is_malformed_or_a_command(payload: bytes) -> None:
    try:
        command = c.decode_command(payload)
    except c.Malformed:
        return
    assert command.encode()[:1] == payload[:1]


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data(), tail=st.binary(max_size=100))
def test_garbage_after_the_opcode_is_malformed_or_a_reply(
    kind: type[layout.Command[Any]], data: st.DataObject, tail: bytes
) -> None:
    command = data.draw(messages(kind))
    try:
        reply = command.decode_reply(wire_fields.opcode_bytes(kind.CODE) + tail)
    except c.Malformed:
        return
    assert isinstance(reply, c.Reply | c.ErrorReply)


@given(payload=st.binary(max_size=30))
def test_a_closing_reply_is_believed_only_in_its_two_shapes(payload: bytes) -> None:
    close = c.CloseReceipt(30, (0,) * 16)
    for raw in (payload, b"\xff\x45" + payload, b"\xff\x45\x00" + payload):
        try:
            reply = close.decode_reply(raw)
        except c.Malformed:
            continue
        if isinstance(reply, c.ErrorReply):
            assert len(raw) == 3
        else:
            assert len(raw) in (16, 21)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "FF",
        "FF45",
        "FF46 00",
        "FF45 00",
        "FF45 00 0000000000 DC450000 B5BC48",
        "FF45 00 0000000000 DC450000 B5BC4811 00",
        "FF45 4D 00",
    ],
)
def test_closing_replies_that_prove_nothing(raw: str) -> None:
    with pytest.raises(c.Malformed):
        c.CloseReceipt(30, (0,) * 16).decode_reply(bytes.fromhex(raw))


def test_an_error_answer_is_an_object() -> None:
    reply = c.CloseReceipt(30, (0,) * 16).decode_reply(bytes.fromhex("FF45 4D"))
    assert reply == c.ErrorReply(0xFF45, 0x4D)
    assert c.ErrorReply(0x88, 0x73).encode() == bytes.fromhex("88 73")


@pytest.mark.parametrize("raw, code", [("60 01", 0x60), ("FF 60 1E000000", 0xFF60), ("FE F4 00000000", 0xFE)])
def test_an_unknown_opcode_is_told_as_such(raw: str, code: int) -> None:
    command = c.decode_command(bytes.fromhex(raw))
    assert isinstance(command, c.UnknownCommand)
    assert command.code == code


def test_item_bytes_are_those_of_the_protocol() -> None:
    command = c.Operation(30, 1, 2_500_000, 5999, None, None, c.RATE_BYTE[11], 1, 4, 1, "Молоко")
    assert command.encode() == bytes.fromhex(
        "FF46 1E000000 01 A02526000000 6F17000000 FFFFFFFFFF FFFFFFFFFF CB 01 04 01"
    ) + "Молоко".encode("cp1251")


def test_zero_tax_is_not_computed_tax() -> None:
    zero = c.Operation(30, 1, 1_000_000, 100, 100, 0, 1, 1, 4, 1, "")
    computed = dataclasses.replace(zero, tax_kopecks=None)
    assert zero.encode() != computed.encode()
    assert c.decode_command(zero.encode()) == zero


def test_a_classic_item_is_padded_to_40_characters() -> None:
    payload = c.Sale(30, 1000, 100, 1, (0, 0, 0, 0), "Хлеб").encode()
    assert len(payload) == 60
    assert c.decode_command(payload) == c.Sale(30, 1000, 100, 1, (0, 0, 0, 0), "Хлеб")


def test_values_that_do_not_fit_are_told_before_they_are_sent() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        c.CashIn(30, 256**5).encode()
    with pytest.raises(ValueError, match="16 numbers"):
        c.CloseReceipt(30, (0,)).encode()


@pytest.mark.parametrize("length, present", [(47, set()), (48, {"more"}), (64, {"more", "ofd_inn", "reasons"})])
def test_the_registration_answer_has_three_lengths(length: int, present: set[str]) -> None:
    full = c.RegistrationResultReply(
        datetime(2026, 1, 2, 3, 4), "7707083893", "1" * 16, 1, 0, 1, "7704358518", 2, 1, 77
    )
    left_out = dict.fromkeys({"more", "ofd_inn", "reasons"} - present)
    reply = dataclasses.replace(full, **left_out)  # type: ignore[arg-type]
    raw = reply.encode()
    assert len(raw) == 3 + length
    assert c.RegistrationResult(30).decode_reply(raw) == reply


@pytest.mark.parametrize("details", ["", "0100", "01 0000000000 00"])
def test_a_found_receipt_must_tell_kind_and_total(details: str) -> None:
    raw = bytes.fromhex("FF0A 00 03 00 1A01010A0A 01000000 02000000" + details)
    with pytest.raises(c.Malformed):
        c.FindDocument(30, 1).decode_reply(raw)


def test_a_found_receipt() -> None:
    raw = bytes.fromhex("FF0A 00 03 00 1A01010A0A 01000000 02000000 01 6F17000000")
    reply = c.FindDocument(30, 1).decode_reply(raw)
    assert isinstance(reply, c.FindDocumentReply)
    assert (reply.kind, reply.total_kopecks, reply.shift_number) == (1, 5999, None)
