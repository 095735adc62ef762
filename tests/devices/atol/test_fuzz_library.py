"""Whatever comes out of the library's process: never another error, never "nothing was sent" after a byte of it."""

from __future__ import annotations

import os
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from posapp.devices.atol.library_child import Child, Ended
from posapp.devices.atol.library_process import MESSAGE_MAX, Garbled, pack, receive

EVENTS: list[dict[str, Any]] = [
    {"event": "handed", "number": 1},
    {"event": "handed", "number": 2},
    {"event": "handed"},
    {"event": "done", "number": 1, "result": "{}"},
    {"event": "done", "number": 0, "result": "{}"},
    {"event": "no", "number": 1, "code": 68, "text": "Смена превысила 24 часа"},
    {"event": "state", "number": 1, "type": 0, "sum": "0.00"},
    {"event": "garbled", "number": 1, "text": "no text"},
    {"event": "end"},
    {"event": 5, "number": [1]},
    {},
]
FINAL = ("done", "no", "state")
pieces = st.one_of(st.sampled_from([pack(each) for each in EVENTS]), st.binary(max_size=9))
streams = st.lists(pieces, max_size=5).map(b"".join)


class Pipes:
    """What a process looks like from outside: this came out of it, and it is gone."""

    def __init__(self, came_out: bytes) -> None:
        nowhere, into = os.pipe()
        os.close(nowhere)
        outlet, inlet = os.pipe()
        os.write(inlet, came_out)
        os.close(inlet)
        self.stdin, self.stdout = os.fdopen(into, "wb", 0), os.fdopen(outlet, "rb", 0)
        self.pid, self.returncode = -1, 0

    def wait(self, timeout: float) -> int:
        """It is gone."""
        return self.returncode


class Written(Child):
    """A child whose words are written down before."""

    def __init__(self, came_out: bytes) -> None:
        self._came_out = came_out
        super().__init__(20.0)

    def _start(self) -> Any:
        return Pipes(self._came_out)


def whole(stream: bytes) -> list[bytes]:
    """The beginning of a stream that is whole messages."""
    found, at = [], 0
    while (end := at + 4 + int.from_bytes(stream[at : at + 4], "big")) <= len(stream) and end > at + 4:
        found.append(stream[at:end])
        at = end
    return found


def asked(stream: bytes) -> tuple[dict[str, Any] | None, bool]:
    """The answer, None where there is none, and whether the library may have been called."""
    try:
        return Written(stream).ask({"do": "task"}, 20.0)
    except Ended as ended:
        return None, ended.is_handed


@given(streams)
@example(b"")
@example(pack(EVENTS[0]))
@example(pack(EVENTS[0])[:-1])
@example(pack(EVENTS[0]) + pack(EVENTS[3]))
@example(pack(EVENTS[8]))
def test_what_is_concluded_of_any_stream(stream: bytes) -> None:
    event, is_handed = asked(stream)
    if event is None:
        assert is_handed or not stream
        return
    messages = whole(stream)
    assert event["event"] in FINAL
    assert messages.index(pack(event)) == int(is_handed)
    assert is_handed is (messages[0] == pack(EVENTS[0]))


def read(data: bytes) -> list[dict[str, Any]]:
    """Everything that is received of these bytes. Raises Garbled."""
    outlet, inlet = os.pipe()
    try:
        os.write(inlet, data)
        os.close(inlet)
        found = []
        while (message := receive(outlet)) is not None:
            found.append(message)
        return found
    finally:
        os.close(outlet)


@given(st.lists(st.sampled_from(EVENTS), max_size=5))
def test_messages_come_out_as_they_went_in(messages: list[dict[str, Any]]) -> None:
    assert read(b"".join(pack(each) for each in messages)) == messages


@given(st.sampled_from(EVENTS), st.integers(0, 31))
def test_a_bit_that_flips_in_the_length_is_never_a_message(message: dict[str, Any], bit: int) -> None:
    data = bytearray(pack(message))
    data[bit // 8] ^= 1 << bit % 8
    try:
        assert read(bytes(data)) == []
    except Garbled:
        return
    raise AssertionError("a message of another length was believed")


@given(st.binary(max_size=40))
@example((MESSAGE_MAX + 1).to_bytes(4, "big") + b"{}")
@example(b"\0\0\0\2[]")
@example(b"\0\0\0\2\xff\xff")
def test_noise_is_a_message_or_garbled(data: bytes) -> None:
    try:
        found = read(data)
    except Garbled:
        return
    assert all(isinstance(cast(object, each), dict) for each in found)
