"""What every maker's "who is there?" shares: what it may find, and how little it may say.

A stranger's port is asked with one short greeting at a time. Whoever answers as no register does hears nothing more:
`Strange` ends the conversation. Pure: the bytes and the time come through the steps of the flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from posapp.devices.flow import Await, Flow, PortError, Send

T = TypeVar("T")

PATIENCE_S = 1.0
"""So long an answer is waited for at most: the questions are the quickest that there are."""
STRAY = b"\xff\x00"
"""What a converter makes of a plug, of a port being opened, of a line at rest: no word of anybody."""
STRAY_MAX = 16


class Strange(Exception):
    """Somebody answers who is no register, or not one that we understand. `data` is what came."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data[:16].hex(" "))
        self.data = data


class Unclear(Exception):
    """Somebody answers as a register does and tells nothing: one that is busy, or another make of device."""


@dataclass(frozen=True, slots=True)
class Introduced:
    """A register that has said who it is. Numbers are "" where it did not tell them; `wants_password`: it refused ours.

    `pending` are answers to earlier commands that it still held: whoever speaks with it next is owed them (rule 5).
    """

    vendor: str
    link: str
    model: str
    factory_number: str = ""
    storage_number: str = ""
    registration_number: str = ""
    wants_password: bool = False
    pending: tuple[bytes, ...] = ()


def said(data: bytes, wait_s: float) -> Flow[bytes | None]:
    """Says something and gives what is answered; stray bytes alone are no answer."""
    yield Send(data)
    for _ in range(STRAY_MAX):
        heard = yield Await(wait_s)
        if heard is None or heard.strip(STRAY):
            return heard
    return None


def hurried(flow: Flow[T], most_s: float) -> Flow[T]:
    """The same conversation with no wait longer than `most_s`."""
    answer: bytes | None = None
    failure: PortError | None = None
    while True:
        try:
            step = flow.send(answer) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        answer, failure = None, None
        try:
            answer = yield Await(min(step.timeout_s, most_s)) if isinstance(step, Await) else step
        except PortError as error:
            failure = error
