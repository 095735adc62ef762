"""What the portal asks others for while it works: PRINT_URL and CHECK_URL as values; the socket is in `caller.py`.

The portal is a generator. Where it has to wait it yields seconds, where it has to call somebody it yields an `Errand`;
whoever drives the generator carries the errand out, writes its outcome into it and sends the time at which that was
done. So the engine stays a function of its input, and the lock of the portal is free while a slow gateway answers –
which is what makes the classical deadlock of this protocol possible here as it is on a real portal.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.sync.simulator.envelope import html_answer
from posapp.sync.simulator.faults import FaultPlan


@dataclass(frozen=True)
class Outgoing:
    """An HTTP request of the portal's own client, as `Bitrix\\Main\\Web\\HttpClient` makes it.

    Args:
        url: absolute; `user:password@` in it becomes Basic authentication.
        body: form-encoded, possibly empty.
        version: `1.0` or `1.1`.
        connect_timeout_s, read_timeout_s: the kernel's are 30 and 60.
    """

    url: str
    body: bytes
    version: str = "1.1"
    connect_timeout_s: float = 30.0
    read_timeout_s: float = 60.0


@dataclass(frozen=True)
class Reply:
    """What came back at the end of all redirects."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Errand:
    """One request on its way; `reply` and `failure` are filled in by whoever carries it out.

    `name` is `print_url` or `check_url`: planned faults name it like a method.
    """

    name: str
    request: Outgoing
    reply: Reply | None = None
    failure: str = ""


class PhpFatal(Exception):
    """A PHP TypeError inside the kernel: the hit dies with HTTP 500 and nothing after that point is done."""


Step = float | Errand
Steps = Generator[Step, datetime, Any]


def refuse_errand(errand: Errand) -> None:
    """The outcome of an errand where there is no network at all."""
    errand.failure = "Connection refused"


def with_faults(steps: Steps, plan: FaultPlan) -> Steps:
    """Pass the steps on, and let planned faults for `print_url` and `check_url` happen to the errands among them.

    | `do` | `before` | `after_commit` |
    | --- | --- | --- |
    | `reset` | nothing is sent, the portal sees a dead connection | it is sent, the answer is lost |
    | `slow` | `value` seconds pass before it is sent | the answer comes `value` seconds late |
    | `http`, `html` | nothing is sent; a proxy answers with that status | it is sent, the proxy replaces the answer |
    """
    try:
        step = next(steps)
        while True:
            if isinstance(step, Errand):
                now = yield from _carry(step, plan)
            else:
                now = yield step
            step = steps.send(now)
    except StopIteration as stop:
        return stop.value


def _carry(errand: Errand, plan: FaultPlan) -> Steps:
    # Only faults that name it: `*` means the methods of REST.
    hits = [fault for fault in plan.faults if fault.method == errand.name and fault.meets(errand.name)]
    fault = hits[0] if hits else None
    if fault is None:
        return (yield errand)
    is_before = fault.when == "before"
    if fault.do == "slow":
        if is_before:
            yield float(fault.value)
            return (yield errand)
        yield errand
        return (yield float(fault.value))
    now = (yield 0.0) if is_before else (yield errand)
    errand.reply, errand.failure = None, ""
    if fault.do in ("http", "html"):
        told = fault.value["status"] if isinstance(fault.value, dict) else fault.value
        errand.reply = Reply(int(told or 502), html_answer(int(told or 502)).body)
    else:
        errand.failure = "Connection reset by peer" if is_before else "Stream reading timeout has been reached"
    return now
