"""The queue of a simulated «АТОЛ Web Requests»: strictly one task after another, and what it does when it loses one.

    wait → inProgress → ready | error, the rest interrupted (502)          wait → canceled (503) by DELETE
                      → blocked (connectionError | paperError | fnError) → ready | error

A task that makes a document is begun with the number of the last document in hand. When the register is lost in the
middle, or the storage or the paper fails, nobody knows whether the document was made: the task is `blocked`, the queue
stands, and the server asks again and again. Once the register answers, a greater number means made (`ready`, with what
the storage tells of its *last* document – the server looks at nothing else), an equal one not made (`error`). What was
made and not printed to its end holds the queue (`paperError`) until `continuePrint` succeeds.

No threads, no clock, no I/O but the file: `step` does at most one thing and says when to call it again. What was begun
when the server was killed is found out in the same way when it comes back; a task that makes no document is then
error 241, for nobody can tell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator.atol_acts import Denied
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_requests import (
    BLOCKED,
    CANCELED,
    DONE,
    ERROR,
    IN_PROGRESS,
    LIVING,
    READY,
    WAIT,
    Request,
    RequestFile,
    said,
)
from posapp.devices.simulator.atol_tasks import FISCAL, AtolTasks
from posapp.devices.simulator.faults import AFTER_COMMIT, BEFORE, Fault, Faults

WAITING_MAX, TASKS_MAX = 1000, 100
LOST = 241
CONNECTION_ERRORS = frozenset((1, 2, 3, 4, LOST))
PAPER_ERRORS = frozenset((44, 45, 46, 114))
FN_ERRORS = frozenset((*range(115, 125), *range(133, 143), 159, 166, 177))
LOSSES = frozenset(("drop_command", "drop_reply", "flip", "truncate"))
"""Faults on the cable between the server and the register."""


class LinkLost(Exception):
    """The register stopped to answer in the middle of a task."""


class QueueRefusal(Exception):
    """The server says no to a request; `status` of HTTP and its words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(slots=True)
class _Begun:
    """The task that is on: the faults that strike it, and what came of it once it was done."""

    struck: dict[str, list[Fault]]
    outcome: tuple[int, str, Any] | None = None


@dataclass(slots=True)
class Settings:
    """What `/settings` says that the queue heeds."""

    keep: timedelta = timedelta(minutes=43_200)
    blocks_on_paper: bool = True
    retry: timedelta = timedelta(seconds=3)
    """How often a blocked queue asks the register."""


@dataclass
class Queue:
    """The requests of one register. `commit` makes what the register did durable; see the top of the file."""

    tasks: AtolTasks
    file: RequestFile | None = None
    commit: Callable[[], None] = lambda: None
    faults: Faults = field(default_factory=Faults)
    settings: Settings = field(default_factory=Settings)
    is_on: bool = True
    """Whether the register has power and a cable."""
    is_active: bool = True
    """Whether the server is connected to it (`activateDevice`)."""

    def __post_init__(self) -> None:
        self._requests: dict[str, Request] = {}
        self._order: list[Request] = []
        self._ended: deque[Request] = deque()
        """What has ended, in that order: the first ones are forgotten first."""
        self._count = 0
        self._due: datetime | None = None
        self._begun: _Begun | None = None

    def restore(self, requests: list[Request], now: datetime) -> None:
        """Takes up what an earlier server left; what it was at is found out as after a lost cable."""
        for request in requests:
            if request.state == IN_PROGRESS and request.before is None:
                request.set_result(ERROR, said(LOST))
                request.next_task += 1
                request.end(now)
            elif request.state == IN_PROGRESS:
                self._block(request, "connectionError", said(LOST))
            self._requests[request.uuid] = request
            self._count = max(self._count, request.number)
        self._order = [each for each in requests if each.state in LIVING]
        over = [each for each in requests if each.ended_at is not None]
        self._ended = deque(sorted(over, key=lambda each: each.ended_at or now))
        self._forget(now)
        if self.file is not None:
            self.file.open(self._requests.values())

    # --- what clients do

    def add(self, uuid: object, tasks: object, now: datetime) -> Request:
        """Takes a request. 400 for one that makes no sense, 409 for a known uuid or without a register."""
        if not isinstance(uuid, str) or not 0 < len(uuid) <= 256:
            raise QueueRefusal(400, "Поле 'uuid' не задано")
        if isinstance(tasks, Mapping):
            tasks = [tasks]  # older servers took one task as it is, and clients still send it so
        if not isinstance(tasks, list) or not tasks:
            raise QueueRefusal(400, "Поле 'request' не задано или пустое")
        if len(tasks) > TASKS_MAX:
            raise QueueRefusal(400, f"В задании больше {TASKS_MAX} подзадач")
        self._forget(now)
        if uuid in self._requests:
            raise QueueRefusal(409, f"Не удалось добавить задание с UUID [{uuid}], задание с таким UUID уже есть")
        if not self.is_active:
            raise QueueRefusal(409, "ККТ [1] не подключена")
        if len(self._order) >= WAITING_MAX:
            raise QueueRefusal(503, "Очередь заданий переполнена")
        self._count += 1
        request = Request(uuid, tasks, self._count)
        if self.file is not None:
            self.file.add(request)
        self._requests[uuid] = request
        self._order.append(request)
        return request

    def find(self, uuid: str, now: datetime) -> Request:
        """A request by its uuid; 404."""
        self._forget(now)
        if uuid not in self._requests:
            raise QueueRefusal(404, f"Задание с UUID [{uuid}] для устройства [1] не найдено")
        return self._requests[uuid]

    def cancel(self, uuid: str, now: datetime) -> None:
        """Takes a request back that waits; 404, 409."""
        request = self.find(uuid, now)
        if request.state != WAIT or request.next_task:
            told = "нельзя отменить (выполнено, выполняется или уже отменено)"
            raise QueueRefusal(409, f"Задание с UUID [{uuid}] для устройства [1] {told}")
        request.cancel(now)
        self._order.remove(request)
        self._ended.append(request)
        self._keep(request, force=True)

    def status(self, now: datetime) -> dict[str, Any]:
        """`getRequestsQueueStatus`."""
        self._forget(now)
        states = [each.state for each in self._requests.values()]
        waiting = sum(each.state in LIVING for each in self._order)
        return {
            "number": waiting,
            "ready": states.count(DONE),
            "canceled": states.count(CANCELED),
            **self.block_state(),
        }

    def block_state(self) -> dict[str, Any]:
        """Whether the queue stands, on which request and why."""
        blocked = self._blocked()
        if blocked is None:
            return {"isBlocked": False, "blockedUUID": "", "blockReason": ""}
        return {"isBlocked": True, "blockedUUID": blocked.uuid, "blockReason": blocked.reason}

    def ask(self, task: dict[str, Any], now: datetime) -> Any:
        """A question outside of the queue (`operations/query…`), between two tasks. Raises TaskError."""
        if not self.is_active:
            raise QueueRefusal(409, "ККТ [1] не подключена")
        if not self.is_on:
            raise TaskError(e.NO_CONNECTION)
        return self.tasks.perform(task, now)

    # --- one step

    def step(self, now: datetime) -> float | None:
        """Does the next thing; seconds after which there is another one, None while there is nothing to do."""
        if self._due is not None and now < self._due:
            return (self._due - now).total_seconds()
        self._due = None
        if not self._order or (not self.is_active and self._begun is None):
            return None
        request = self._order[0]
        if request.state == BLOCKED:
            self._recover(request, now)
        elif self._begun is None:
            self._begin(request, now)
        elif self._begun.outcome is None:
            self._execute(request, self._begun, now)
        else:
            self._finish(request, *self._begun.outcome, now)
        return 0.0 if self._due is None else max(0.0, (self._due - now).total_seconds())

    def _begin(self, request: Request, now: datetime) -> None:
        """Marks the task as being in progress, with the document number before it where it makes one."""
        busy = self.tasks.acts(now).busy_for() if self.is_on else 0
        if busy > 0:
            self._due = now + timedelta(seconds=busy)
            return
        kind = _kind(request.task)
        self._begun = _Begun(self.faults.strike(kind))
        request.state = IN_PROGRESS
        request.set_result(IN_PROGRESS, said(e.OK))
        request.before = self.tasks.printer.storage.last_number if self.is_on and kind in FISCAL else None
        self._keep(request)
        self._wait(self._begun.struck[BEFORE], now)

    def _execute(self, request: Request, begun: _Begun, now: datetime) -> None:
        """Does the task and makes its effect durable, then what the faults make of its answer."""
        try:
            self._suffer_before(begun.struck[BEFORE], now)
            result = self.tasks.perform(request.task, now, self._suffer_inside)
            begun.outcome = (e.OK, e.text_of(e.OK), result)
        except TaskError as error:
            begun.outcome = (error.code, error.text, None)
        except LinkLost:
            begun.outcome = (e.NO_CONNECTION, e.text_of(e.NO_CONNECTION), None)
        self.commit()
        begun.outcome = self._suffer_after(begun.struck[AFTER_COMMIT], begun.outcome)
        self._wait(begun.struck[AFTER_COMMIT], now)

    def _finish(self, request: Request, code: int, text: str, result: Any, now: datetime) -> None:
        """Tells what came of it, and goes on with the next one, or stands."""
        self._begun = None
        error = said(code, text)
        if code == e.OK:
            request.set_result(READY, error, result)
            if self.settings.blocks_on_paper and _is_unprinted(result):
                request.before, request.state, request.reason = None, BLOCKED, "paperError"
                self._stand(request, now)
            else:
                self._go_on(request, now)
            return
        reason = self._reason(code) if request.before is not None else ""
        if reason:
            self._block(request, reason, error)
            self._stand(request, now)
            return
        self._fail(request, error, now)

    def _recover(self, request: Request, now: datetime) -> None:
        """One try to find out what became of the task, and to have its paper printed."""
        self._due = now + self.settings.retry
        if not self.is_on or not self.is_active:
            return
        if request.before is not None:
            last = self.tasks.printer.storage.last_number
            if last <= request.before:
                self._due = None
                self._fail(request, request.results[request.next_task]["error"], now)
                return
            request.set_result(READY, said(e.OK), self.tasks.recovered(last, now))
            request.before = None
            self._keep(request)
        try:
            self.tasks.acts(now).continue_print()
        except Denied:
            if self.settings.blocks_on_paper:
                request.reason = "paperError"
                self._keep(request)
                return
        self.commit()
        _forget_unprinted(request.results[request.next_task].get("result"))
        self._due = None
        self._go_on(request, now)

    # --- what faults do

    def _suffer_before(self, faults: list[Fault], now: datetime) -> None:
        for fault in faults:
            if fault.do == "paper_out":
                self.tasks.printer.set_paper("out", now)
            else:
                self._suffer(fault)
        if not self.is_on:
            raise LinkLost

    def _suffer_inside(self, step: str) -> None:
        """Faults that are set on a step of the driver (`closeReceipt`) strike before it."""
        for fault in self.faults.strike(step)[BEFORE]:
            self._suffer(fault)

    def _suffer(self, fault: Fault) -> None:
        if fault.do == "error":
            raise TaskError(int(fault.value))
        if fault.do == "power_off":
            self.is_on = False
        if fault.do in LOSSES or fault.do == "power_off":
            raise LinkLost

    def _suffer_after(self, faults: list[Fault], outcome: tuple[int, str, Any]) -> tuple[int, str, Any]:
        for fault in faults:
            if fault.do == "power_off":
                self.is_on = False
            if fault.do in LOSSES or fault.do == "power_off":
                outcome = (e.NO_CONNECTION, e.text_of(e.NO_CONNECTION), None)
            elif fault.do == "error":
                outcome = (int(fault.value), e.text_of(int(fault.value)), None)
            elif fault.do == "paper_out":
                self.tasks.printer.interrupt_print()
                self.commit()
                if isinstance(outcome[2], dict):
                    outcome[2].setdefault("warnings", {})["notPrinted"] = True
        return outcome

    def _wait(self, faults: list[Fault], now: datetime) -> None:
        seconds = sum(fault.value for fault in faults if fault.do == "delay")
        self._due = now + timedelta(seconds=seconds) if seconds else None

    # --- what becomes of requests

    def _reason(self, code: int) -> str:
        if code in CONNECTION_ERRORS:
            return "connectionError"
        if code in FN_ERRORS:
            return "fnError"
        return "paperError" if code in PAPER_ERRORS and self.settings.blocks_on_paper else ""

    def _block(self, request: Request, reason: str, error: dict[str, Any]) -> None:
        request.set_result(BLOCKED, error)
        request.state, request.reason = BLOCKED, reason

    def _stand(self, request: Request, now: datetime) -> None:
        """The first try to get on comes after a while."""
        self._due = now + self.settings.retry
        self._keep(request)

    def _blocked(self) -> Request | None:
        return next((each for each in self._order if each.state == BLOCKED), None)

    def _fail(self, request: Request, error: dict[str, Any], now: datetime) -> None:
        request.set_result(ERROR, error)
        request.next_task += 1
        self._end(request, now)

    def _go_on(self, request: Request, now: datetime) -> None:
        request.next_task += 1
        request.before, request.reason = None, ""
        if request.next_task >= len(request.tasks):
            self._end(request, now)
        else:
            request.state = WAIT
            self._keep(request)

    def _end(self, request: Request, now: datetime) -> None:
        request.end(now)
        self._order.remove(request)
        self._ended.append(request)
        self._keep(request)

    def _keep(self, request: Request, *, force: bool = False) -> None:
        if self.file is not None:
            self.file.write(request, force=force)

    def _forget(self, now: datetime) -> None:
        """Drops what ended too long ago."""
        while self._ended and now - (self._ended[0].ended_at or now) > self.settings.keep:
            self._requests.pop(self._ended.popleft().uuid, None)


def _kind(task: object) -> str:
    kind = task.get("type") if isinstance(task, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _is_unprinted(result: object) -> bool:
    warnings = result.get("warnings") if isinstance(result, dict) else None
    return isinstance(warnings, dict) and bool(warnings.get("notPrinted"))


def _forget_unprinted(result: object) -> None:
    warnings = result.get("warnings") if isinstance(result, dict) else None
    if isinstance(warnings, dict):
        warnings.pop("notPrinted", None)
