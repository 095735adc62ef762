"""`posapp sim terminal`: a simulated card terminal (`posapp.devices.terminal_simulator`), and the door to break it.

The ready line, one JSON object on standard output: `{"port": "socket://…", "terminal", "control": "http://…"}`.

    GET  /_sim/operations   [{"reference", "op", "amount_kopecks", "outcome", "rrn", "authorization", "card", …}]
    POST /_sim/faults       [{"op", "nth", "when", "do", "value"?, "times"?}]  in place of those set before
"""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from posapp.cli.simulated import DONE, REFUSED, WRONG_USAGE, address_of, call_at_end, fail, say
from posapp.devices.terminal_simulator import Bank, Faults, TerminalServer, parse_faults

BODY_MAX = 1_000_000


def run(
    listen: str = "127.0.0.1:0",
    name: str = "SIM-1",
    storage: Path | None = None,
    faults: Path | None = None,
    *,
    stop_on_eof: bool = False,
) -> int:
    """Plays a terminal until SIGTERM or SIGINT; the exit code."""
    try:
        host, port = address_of(listen)
        plan = parse_faults(json.loads(faults.read_text("utf-8"))) if faults else []
        bank = Bank(name, storage, int.from_bytes(os.urandom(4), "big"))
    except (ValueError, OSError, TypeError) as error:
        return fail(WRONG_USAGE, "bad_arguments", str(error))
    try:
        server = TerminalServer(bank, Faults(plan), host, port)
    except OSError as error:
        return fail(REFUSED, "port_not_free", f"{listen}: {error.strerror or error}")
    control = Control(server)
    stop = threading.Event()
    call_at_end(stop.set, "terminal", stop_on_eof=stop_on_eof)
    server.start()
    control.start()
    say({"port": server.url, "terminal": name, "control": control.url})
    try:
        while not stop.wait(0.5):
            pass  # a short wait, because on Windows a signal does not wake a waiting main thread
    finally:
        control.stop()
        server.close()
    return DONE


class Control:
    """The HTTP door."""

    def __init__(self, server: TerminalServer) -> None:
        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                known = self.path == "/_sim/operations"
                self._respond(200 if known else 404, server.bank.operations() if known else _problem("no such door"))

            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
                raw = self.rfile.read(length)
                if self.path != "/_sim/faults":
                    self._respond(404, _problem("no such door"))
                    return
                try:
                    server.faults.set(parse_faults(json.loads(raw)))
                except ValueError as error:
                    self._respond(400, _problem(str(error)))
                    return
                self._respond(200, {})

            def _respond(self, status: int, body: object) -> None:
                data = json.dumps(body, ensure_ascii=False).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: standard output belongs to the ready line."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="sim-control", daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Answers from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _problem(message: str) -> dict[str, Any]:
    return {"error": {"code": "bad_request", "message": message}}
