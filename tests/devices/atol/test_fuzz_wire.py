"""Whole shifts by the raw protocol over a bad cable: what is said of a receipt is what the storage holds.

`POSAPP_FUZZ` says how many registers are played, 12 attempts each (5), `POSAPP_FUZZ_SEED` which is the first.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from posapp.devices.atol import commands as c
from posapp.devices.atol.tasks import Busy, Lost, NotSent, TaskFailed
from posapp.errors import Refused, Unreachable
from tests.devices.atol.wired import Wired

REGISTERS = int(os.environ.get("POSAPP_FUZZ", "5"))
SEED = int(os.environ.get("POSAPP_FUZZ_SEED", "1"))
ATTEMPTS = 12
PATIENCE = 1000
CASHIER = {"name": "Кассир"}
CLOSING = {c.CloseReceipt.CODE, c.OpenShift.CODE, c.CloseShift.CODE, c.CashIn.CODE, c.CashOut.CODE, c.Report.CODE}
DOUBTS = (NotSent, Lost, TaskFailed, Busy, Refused, Unreachable)

T = TypeVar("T")


def sale(key: str, random: Random) -> dict[str, Any]:
    count = random.randint(1, 3)
    items = [
        {
            "type": "position",
            "name": f"Товар {each}",
            "price": 10,
            "quantity": 2,
            "amount": 20,
            "tax": {"type": "vat10"},
        }
        for each in range(count)
    ]
    return {
        "type": random.choice(("sell", "sell", "sellReturn")),
        "taxationType": "osn",
        "operator": CASHIER,
        "items": [{"type": "userAttribute", "name": "posapp", "value": f"1|17|{key}"}, *items],
        "payments": [{"type": "electronically", "sum": 20 * count}],
    }


def insist(bench: Wired, look: Callable[[], T]) -> T:
    """A question, asked until it is answered; the cable is as bad as before."""
    for _ in range(PATIENCE):
        try:
            bench.tasks.open()
            return look()
        except DOUBTS as doubt:
            bench.cable.note(f"  (asked again: {doubt!r})")
            bench.tasks.close()
    raise AssertionError("nothing can be asked any more\n" + bench.cable.story())


def found_by_key(bench: Wired, key: str, before: int) -> int:
    """What a till does with a doubt: resets, reads every later document, looks for its key."""
    insist(bench, bench.tasks.reset)

    def last() -> int:
        told = bench.tasks.perform({"type": "getFnStatus"}, 30)["fnStatus"]["fiscalDocumentNumber"]
        assert isinstance(told, int)
        return told

    return sum(has_key(bench, number, key) for number in range(before + 1, insist(bench, last) + 1))


def has_key(bench: Wired, number: int, key: str) -> bool:
    task = {"type": "getFnDocument", "fiscalDocumentNumber": number}
    told = insist(bench, lambda: bench.tasks.perform(task, 30))
    assert told["documentTLV"]["short"] is False, bench.cable.story()
    return key.encode() in base64.b64decode(told["rawData"])


def clear(bench: Wired) -> None:
    """What was left open is cancelled, the shift is opened where it is closed: over the same cable."""

    def cleared() -> None:
        if bench.tasks.open_receipt() is not None:
            bench.tasks.cancel_receipt()
        if bench.tasks.perform({"type": "getShiftStatus"}, 30)["shiftStatus"]["state"] == "closed":
            bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)

    insist(bench, cleared)


def play(seed: int) -> dict[str, int]:
    """One register; how often each thing was said."""
    random = Random(seed)
    bench = Wired(seed)
    bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    bench.tasks.perform({"type": "cashIn", "cashSum": 1000}, 60)
    bench.cable.rate = random.choice((0.01, 0.03, 0.06))
    said: dict[str, int] = {}
    for number in range(ATTEMPTS):
        key = f"{seed:08d}{number:08d}"
        task: dict[str, Any] = sale(key, random) if random.random() < 0.85 else other(random)
        word = attempt(bench, task, key, f"seed {seed}, attempt {number}, {task['type']}")
        said[word] = said.get(word, 0) + 1
        clear(bench)
    return said


def other(random: Random) -> dict[str, Any]:
    return random.choice(
        [
            {"type": "closeShift", "operator": CASHIER},
            {"type": "cashIn", "cashSum": 10},
            {"type": "cashOut", "cashSum": 1},
            {"type": "reportX"},
        ]
    )


def attempt(bench: Wired, task: dict[str, Any], key: str, name: str) -> str:
    """Plays one task, then the recovery of a till; what was said must be so."""
    before, drawer = len(bench.documents()), bench.printer.registers.drawer_kopecks
    bench.performed.clear()
    if bench.random.random() < 0.1:
        bench.forgets.add(bench.random.choice(sorted(CLOSING)))
    said: Exception | None = None
    try:
        bench.tasks.perform(task, 60)
    except DOUBTS as error:
        said = error
    bench.forgets.clear()
    bench.cable.note(f"{name}: {said!r}")
    done = sum(bench.performed[each] for each in CLOSING)
    moved = bench.printer.registers.drawer_kopecks - drawer
    story = f"{name}: {said!r}, {done} done, {len(bench.documents()) - before} made\n{bench.cable.story()}"
    assert done <= 1, story
    if said is None:
        assert done == 1, story
        assert "cashSum" not in task or abs(moved) == task["cashSum"] * 100, story
    elif isinstance(said, NotSent | Refused | Busy | Unreachable):
        assert not done, story
        assert bench.printer.receipt is None, story
    if "items" in task:
        made = len(bench.with_key(key))
        assert made == (len(bench.documents()) > before), story
        assert said is not None or made == 1, story
        found = found_by_key(bench, key, before)  # what was still on its way has arrived by then
        assert found == len(bench.with_key(key)) <= 1, story
        assert found >= made, story
    assert sum(bench.performed[each] for each in CLOSING) <= 1, story
    return type(said).__name__


def test_what_is_said_of_a_receipt_is_what_the_storage_holds() -> None:
    said: dict[str, int] = {}
    for seed in range(SEED, SEED + REGISTERS):
        for word, count in play(seed).items():
            said[word] = said.get(word, 0) + count
    assert said["NoneType"] > REGISTERS * ATTEMPTS // 4, "the cable is too bad to test anything"
    assert said["Lost"], "the cable is too good to test anything"
