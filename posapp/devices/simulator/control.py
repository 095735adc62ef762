"""The other door of a simulated register: HTTP on this computer, to look at its storage and to break things.

    GET  /_sim/documents   (?after=NUMBER: later ones only)
                           [{"number", "type", "kind", "total_kopecks", "sign", "at", "shift", "key", "tlv"}]
    GET  /_sim/tape        {"lines": […]}  what was printed
    POST /_sim/faults      [{"command", "nth", "when", "do", "value"?, "times"?}]  in place of those set before
    POST /_sim/power       {"on": false}
    POST /_sim/paper       {"state": "ok" | "out" | "cover"}
    GET  /_sim/line        {"is_on", "is_busy", "heard", "said"}  bytes so far, of a register on a line
    POST /_sim/clock       {"now": "2026-11-20T12:30:00"} the world's time, or {"drift_s": 600} its own clock is wrong
    POST /_sim/storage     {"room": 0}  for how many more documents it has room, null as at first
    POST /_sim/printing    {"seconds": 0.4}  how long it prints
    POST /_sim/ofd         {"up": false}  no tickets come while it is down
                           {"by_host": true}  the host has to carry the messages; an OFD answers where table 19 says
    POST /_sim/marking     {"server", "codes", "others"}  what is known of marked goods, see `checks.py`
    POST /_sim/queue       {"retry_s": 3}  how often a blocked web server of АТОЛ asks its register

A POST answers `{}`; a mistake answers status 400 and `{"error": {"code", "message"}}`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from posapp.devices.simulator import faults
from posapp.devices.simulator.documents import CAPACITY
from posapp.devices.simulator.faults import Fault, Faults
from posapp.devices.simulator.ofd import OfdServer
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now

BODY_MAX = 1_000_000


class Register(Protocol):
    """A register that can be looked at, broken and switched off, whatever it is reached by."""

    @property
    def printer(self) -> Printer: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def is_on(self) -> bool: ...
    def power_off(self) -> None: ...
    def power_on(self) -> None: ...


class Owner(Protocol):
    """Who plays it, and guards it by `lock`."""

    @property
    def lock(self) -> threading.Lock: ...
    @property
    def line(self) -> Register: ...


class Control:
    """The HTTP server; `url` is what the ready line tells. `parse` understands faults in the words of this register;
    `commit` makes a change durable, and is called with the lock held; `more` (POST) and `looks` (GET) are paths that
    only this register has."""

    def __init__(
        self,
        server: Owner,
        commit: Callable[[], None],
        parse: Callable[[object], list[Fault]] = faults.parse,
        more: Mapping[str, Callable[[Any], None]] | None = None,
        looks: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        self._server = server
        self._commit = commit
        self._parse = parse
        self._more = dict(more or {})
        self._ofd: OfdServer | None = None
        self._looks = dict(looks or {})
        control = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                control.respond(self, control.look(self.path))

            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
                control.respond(self, control.change(self.path, self.rfile.read(length)))

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: standard output and error belong to the register."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="sim-control", daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Answers in its own thread from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        if self._ofd is not None:
            self._ofd.close()

    def look(self, path: str) -> tuple[int, object]:
        """Status and body of a GET."""
        printer = self._server.line.printer
        with self._server.lock:
            name, _, number = path.partition("?after=")
            if name == "/_sim/documents" and (number.isdecimal() or not number):
                return 200, [document.as_json() for document in printer.storage.documents[int(number or 0) :]]
            if path == "/_sim/tape":
                return 200, {"lines": list(printer.tape)}
            if path in self._looks:
                return 200, self._looks[path]()
        return 404, _problem("not_found", f"there is no {path}")

    def change(self, path: str, body: bytes) -> tuple[int, object]:
        """Status and body of a POST."""
        action = {
            "/_sim/faults": self._set_faults,
            "/_sim/power": self._set_power,
            "/_sim/paper": self._set_paper,
            "/_sim/clock": self._set_clock,
            "/_sim/storage": self._set_storage,
            "/_sim/printing": self._set_printing,
            "/_sim/ofd": self._set_ofd,
            "/_sim/marking": self._set_marking,
            **self._more,
        }.get(path)
        if action is None:
            return 404, _problem("not_found", f"there is no {path}")
        try:
            given = json.loads(body or b"null")
            with self._server.lock:
                action(given)
                self._commit()
        except (ValueError, TypeError, KeyError) as error:
            return 400, _problem("bad_request", f"{type(error).__name__}: {error}")
        return 200, {}

    def _set_faults(self, given: object) -> None:
        self._server.line.faults.replace(self._parse(given))

    def _set_power(self, given: Any) -> None:
        line, on = self._server.line, _flag(given["on"])
        if on != line.is_on:
            (line.power_on if on else line.power_off)()

    def _set_paper(self, given: Any) -> None:
        self._server.line.printer.set_paper(given["state"], local_now())

    def _set_clock(self, given: Any) -> None:
        printer = self._server.line.printer
        if "drift_s" in given:
            printer.clock_offset = timedelta(seconds=given["drift_s"])
            return
        wanted = datetime.fromisoformat(given["now"]).replace(tzinfo=None)
        printer.world_offset += wanted - printer.clock(local_now())

    def _set_storage(self, given: Any) -> None:
        storage, room = self._server.line.printer.storage, given["room"]
        if isinstance(room, bool) or not (room is None or (isinstance(room, int) and room >= 0)):
            raise ValueError("room is a number of documents or null")
        storage.capacity = CAPACITY if room is None else storage.last_number + 1 + room

    def _set_printing(self, given: Any) -> None:
        self._server.line.printer.print_time = timedelta(seconds=given["seconds"])

    def _set_ofd(self, given: Any) -> None:
        printer = self._server.line.printer
        if "up" in given:
            printer.storage.is_ofd_up = _flag(given["up"])
        if "by_host" not in given:
            return
        by_host = _flag(given["by_host"])
        if by_host and self._ofd is None:
            self._ofd = OfdServer()
        if self._ofd is not None:
            printer.tables.write(19, 1, 1, b"127.0.0.1")
            printer.tables.write(19, 1, 2, self._ofd.port.to_bytes(2, "little"))
        printer.tables.write(21, 1, 2, bytes((0 if by_host else 1,)))

    def _set_marking(self, given: Any) -> None:
        self._server.line.printer.marking.set_world(given)

    @staticmethod
    def respond(request: BaseHTTPRequestHandler, answer: tuple[int, object]) -> None:
        """Writes status and JSON."""
        status, body = answer
        raw = json.dumps(body, ensure_ascii=False).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json; charset=utf-8")
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false expected")
    return value


def _problem(code: str, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message}}
