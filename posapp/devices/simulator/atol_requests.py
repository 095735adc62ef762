"""One request to a simulated web server of АТОЛ, and the file in which requests and results outlive the server.

The file stands beside that of the register (`FILE.requests`): one JSON object a line, only ever appended. The first
line of a uuid has the tasks, later ones what has changed since; the last one counts. A torn last line (cut by a kill)
was never answered for and is dropped. Old requests, and lines that later ones replace, go when the file is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from posapp.devices.atol import json_text
from posapp.devices.simulator import atol_errors as e

WAIT, IN_PROGRESS, READY, ERROR = "wait", "inProgress", "ready", "error"
INTERRUPTED, CANCELED, BLOCKED = "interrupted", "canceled", "blocked"
LIVING = frozenset((WAIT, IN_PROGRESS, BLOCKED))
"""States in which a request may still run."""
DONE = "done"


class FileDamaged(Exception):
    """The file is no queue of requests, or is damaged other than at its end."""


def said(code: int, text: str | None = None) -> dict[str, Any]:
    """An error as the results have it."""
    return {"code": code, "description": e.text_of(code) if text is None else text}


@dataclass(slots=True)
class Request:
    """A request and what has become of it.

    `state`: wait, inProgress, blocked, done or canceled. `next_task` is the first task that has not come to its end.
    `before`: the number of the last document when the task in progress began, None for one that makes none (or whose
    outcome is known); by it the server finds out what became of a task that it has lost.
    """

    uuid: str
    tasks: list[Any]
    number: int
    results: list[dict[str, Any]] = field(default_factory=list)
    state: str = WAIT
    next_task: int = 0
    before: int | None = None
    reason: str = ""
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.results:
            self.results = [{"error": said(e.OK), "status": WAIT} for _ in self.tasks]

    @property
    def task(self) -> Any:
        """The task that is on."""
        return self.tasks[self.next_task]

    def set_result(self, status: str, error: dict[str, Any], result: Any = None) -> None:
        """What is told of the task that is on."""
        told: dict[str, Any] = {"error": error, "status": status}
        self.results[self.next_task] = {**told, "result": result} if status == READY else told

    def end(self, now: datetime) -> None:
        """Its last task has ended; those that were not begun are interrupted."""
        for number in range(self.next_task, len(self.tasks)):
            self.results[number] = {"error": said(e.INTERRUPTED), "status": INTERRUPTED}
        self.state, self.before, self.reason, self.ended_at = DONE, None, "", now

    def cancel(self, now: datetime) -> None:
        """It was deleted while it waited."""
        self.results = [{"error": said(e.CANCELED), "status": CANCELED} for _ in self.tasks]
        self.state, self.ended_at = CANCELED, now

    def as_dict(self) -> dict[str, Any]:
        """For the file, whole."""
        return {"tasks": self.tasks, **self.changes()}

    def changes(self) -> dict[str, Any]:
        """For the file: what may have changed since it came."""
        return {
            "uuid": self.uuid,
            "number": self.number,
            "results": self.results,
            "state": self.state,
            "next_task": self.next_task,
            "before": self.before,
            "reason": self.reason,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Request:
        """The reverse."""
        ended = data["ended_at"]
        return cls(**{**data, "ended_at": datetime.fromisoformat(ended) if ended else None})


class RequestFile:
    """The file. A new request is forced to the disk before it is answered for, the rest reaches the system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state: dict[str, Any] = {}
        """What else the server remembers: settings and devices."""
        self._file: BinaryIO | None = None

    def load(self) -> list[Request]:
        """The requests in the file, in the order in which they came. Raises FileDamaged, OSError."""
        found: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            for number, raw in enumerate(self.path.read_bytes().splitlines(keepends=True), 1):
                if not raw.endswith(b"\n"):
                    break
                try:
                    line = json_text.loads(raw)
                    self.state |= line.get("state", {})
                    if "request" in line:
                        told = line["request"]
                        found[told["uuid"]] = {**found.get(told["uuid"], {}), **told}
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                    raise FileDamaged(f"{self.path}, line {number}: {error}") from error
        try:
            requests = [Request.from_dict(each) for each in found.values()]
        except (ValueError, TypeError, KeyError) as error:
            raise FileDamaged(f"{self.path}: {error}") from error
        return sorted(requests, key=lambda each: each.number)

    def open(self, requests: Iterable[Request]) -> None:
        """Puts a file with these requests in the place of the old one, and goes on in it."""
        fresh = self.path.with_name(self.path.name + ".new")
        with fresh.open("wb") as file:
            file.write(b"".join([_line({"state": self.state}), *(_line({"request": r.as_dict()}) for r in requests)]))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._file = self.path.open("ab")

    def add(self, request: Request) -> None:
        """Keeps a new request; returns when it is safe on the disk."""
        self._append({"request": request.as_dict()}, force=True)

    def write(self, request: Request, *, force: bool = False) -> None:
        """Keeps what has become of it; `force`: returns when that is safe on the disk."""
        self._append({"request": request.changes()}, force=force)

    def write_state(self, name: str, value: Any) -> None:
        """Keeps something else."""
        self.state[name] = value
        self._append({"state": {name: value}}, force=True)

    def _append(self, line: dict[str, Any], *, force: bool) -> None:
        if self._file is None:
            return
        self._file.write(_line(line))
        self._file.flush()
        if force:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Everything is in it already."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(value: dict[str, Any]) -> bytes:
    return (json_text.dumps(value) + "\n").encode()
