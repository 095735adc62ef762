"""A way to have tasks performed that ends in the simulated register of this process, with troubles of a real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.atol.json_text import dumps, loads
from posapp.devices.atol.tasks import Busy, Lost, NotSent, OpenReceipt, TaskFailed
from posapp.devices.base import Ffd
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money

BEGAN = datetime(2026, 11, 20, 9)
Trouble = Callable[[], Exception]


class SimTasks:
    """`before` and `after` hold troubles by the name of a task: raised once, before it is performed or after."""

    def __init__(self, ffd: Ffd = Ffd.V1_05) -> None:
        self.printer = Printer(identity_of(1_234_567), BEGAN, ffd=ffd)
        self.register = AtolTasks(self.printer)
        self.now = BEGAN + timedelta(hours=1)
        self.before: dict[str, Trouble] = {}
        self.after: dict[str, Trouble] = {}
        self.told: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda name, result: result
        self.performed: list[tuple[str, str]] = []
        self.ended: list[str] = []
        self.resets = 0
        self.open_one: OpenReceipt | None = None
        self.is_there = True

    def open(self) -> None:
        if not self.is_there:
            raise NotSent("нет соединения")

    def close(self) -> None:
        """Nothing to close."""

    def reset(self) -> None:
        self.resets += 1

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        self.open()
        sent = loads(dumps(task))  # what cannot be said in JSON fails here
        name = str(sent["type"])
        self.performed.append((name, request))
        if name in self.before:
            raise self.before.pop(name)()
        self.now += timedelta(seconds=1)
        try:
            result: dict[str, Any] = loads(dumps(self.register.perform(sent, self.now)))
        except TaskError as error:
            raise TaskFailed(error.code, str(error)) from error
        if name in self.after:
            raise self.after.pop(name)()
        return self.told(name, result)

    def end_request(self, request: str) -> None:
        self.ended.append(request)

    def open_receipt(self) -> OpenReceipt | None:
        return self.open_one

    def cancel_receipt(self) -> None:
        if self.open_one is None:
            raise TaskFailed(81, "Чек закрыт")
        self.open_one = None

    # --- what a test says

    def opened_by_another(self) -> None:
        """Another program has a receipt open."""
        self.open_one = OpenReceipt(ReceiptKind.SELL, Money(100))

    @property
    def documents(self) -> int:
        """How many the storage holds."""
        return self.printer.storage.last_number


def lost() -> Exception:
    """The answer is lost."""
    return Lost("нет ответа")


def not_sent() -> Exception:
    """Nothing went out."""
    return NotSent("нет соединения")


def busy() -> Exception:
    """The queue stands."""
    return Busy("нет бумаги", "atol_queue")


def failed(code: int) -> Trouble:
    """The device's "no"."""
    return lambda: TaskFailed(code, "нет")
