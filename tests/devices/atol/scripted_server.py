"""A web server that says what a test tells it to, over real HTTP: the double for ATOL's before its simulator.

It is a queue that knows uuids and nothing of registers. What a request goes through is a script: one status for each
GET, the last one for ever. Doors of the test: what a POST, GET or DELETE answers instead.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

READY = {"status": "ready", "error": {"code": 0, "description": "Ошибок нет"}, "result": {"done": True}}
CUT = (0, None)
"""Instead of an answer: the connection is cut."""

Answer = tuple[int, Any]


def failed(code: int, text: str = "нет") -> dict[str, Any]:
    """The result of a task that failed."""
    return {"status": "error", "error": {"code": code, "description": text}, "result": None}


@dataclass
class Entry:
    """A request that the queue has taken: its tasks and what each GET tells of it, the last one for ever."""

    tasks: list[dict[str, Any]]
    script: list[Any]
    is_deletable: bool = True


@dataclass
class Queue:
    """What the server does. `script` is that of the next request; `on_post`, `on_get`, `on_delete` answer in its place
    (None: as usual); `takes_before_answer` says whether a POST that is answered otherwise is taken all the same."""

    script: list[Any] = field(default_factory=lambda: [READY])
    known: dict[str, Entry] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    posted: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    on_post: Callable[[str], Answer | None] = lambda uuid: None
    on_get: Callable[[str], Answer | None] = lambda uuid: None
    on_delete: Callable[[str], Answer | None] = lambda uuid: None
    takes_before_answer: bool = True
    is_blocked: bool = False
    block_reason: str = ""
    login: str = ""
    info: Answer = (200, {"serverVersion": "1.0.4.0", "driverVersion": "10.10.8.0"})

    def answer(self, method: str, path: str, body: Any, authorization: str) -> Answer:
        """One exchange."""
        path = path.partition("?")[0]
        self.log.append((method, path.removeprefix("/api/v2")))
        if path == "/api/v2/serverInfo":
            return self.info
        if self.login and authorization != "Basic " + base64.b64encode(self.login.encode()).decode():
            return 401, {"error": {"code": 505, "description": "unauthorized"}}
        if path == "/api/v2/getRequestsQueueStatus":
            return 200, {"number": 1, "ready": 0, "canceled": 0, **self._blockage()}
        if method == "POST":
            return self._post(body)
        uuid = path.rpartition("/")[2]
        return self._get(uuid) if method == "GET" else self._delete(uuid)

    def _post(self, body: Any) -> Answer:
        uuid, tasks = body["uuid"], body["request"]
        self.posted.append((uuid, tasks))
        special = self.on_post(uuid)
        if special is not None and not self.takes_before_answer:
            return special
        if uuid in self.known:
            return special or (409, {"error": {"code": 505, "description": "задание с таким UUID уже есть"}})
        self.known[uuid] = Entry(tasks, list(self.script))
        return special or (201, {"number": 0, "uuid": uuid, **self._blockage()})

    def _blockage(self) -> dict[str, Any]:
        return {"isBlocked": self.is_blocked, "blockedUUID": "", "blockReason": self.block_reason}

    def _get(self, uuid: str) -> Answer:
        special = self.on_get(uuid)
        if special is not None:
            return special
        entry = self.known.get(uuid)
        if entry is None:
            return 404, {"error": {"code": 505, "description": f"Задание с UUID [{uuid}] не найдено"}}
        said = entry.script[0] if len(entry.script) == 1 else entry.script.pop(0)
        one = {"status": said, "error": None, "result": None} if isinstance(said, str) else said
        return 200, {"results": one if isinstance(one, list) else [one] * len(entry.tasks)}

    def _delete(self, uuid: str) -> Answer:
        special = self.on_delete(uuid)
        if special is not None:
            return special
        entry = self.known.get(uuid)
        if entry is None:
            return 404, {"error": {"code": 505, "description": "не найдено"}}
        now = entry.script[0]
        if now not in ("wait",):
            return 409, {"error": {"code": 505, "description": "задание уже выполняется"}}
        entry.script[:] = [{"status": "canceled", "error": {"code": 503, "description": "отменено"}, "result": None}]
        return 200, {}

    def tasks_of(self, uuid: str) -> list[dict[str, Any]]:
        """What the queue would do under this uuid."""
        return self.known[uuid].tasks


@contextmanager
def serving(queue: Queue) -> Iterator[str]:
    """The server's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(size) if size else b""
            body = json.loads(raw) if raw else None
            status, said = queue.answer(self.command, self.path, body, self.headers.get("Authorization") or "")
            if status == 0:
                self.close_connection = True
                return
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _do

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
