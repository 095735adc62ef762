"""`posapp sim marking`: a simulated «Честный знак» and local module on a port.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8097", "key": "training", "login": "admin:admin", "control": "http://127.0.0.1:8097/_sim/"}

One address is both: the online service under `/api/v4/true-api/`, the local module under `/api/v2/`. Every code that
reads well may be sold until `--codes` or the control address says otherwise.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from posapp.devices.simulator.marking import SimulatedMarking, read_faults
from posapp.devices.simulator.marking_server import MarkingServer

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


def run(
    listen: str = "127.0.0.1:0",
    key: str = "training",
    login: str = "admin:admin",
    codes: Path | None = None,
    faults: Path | None = None,
    stop_on_eof: bool = False,
) -> int:
    """Serves a marking system until SIGTERM or SIGINT; the exit code."""
    marking = SimulatedMarking(key, login)
    try:
        address = _address(listen)
        marking.set_codes(json.loads(codes.read_text("utf-8")) if codes else {})
        marking.set_faults(read_faults(faults.read_text("utf-8")) if faults else [])
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return _fail("wrong_usage", f"{type(error).__name__}: {error}", WRONG_USAGE)
    try:
        server = MarkingServer(address, marking, lambda: datetime.now().astimezone())
    except OSError as error:
        return _fail("port_not_free", f"{listen}: {error.strerror or error}", REFUSED)
    _serve(server, stop_on_eof=stop_on_eof)
    return DONE


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{listen!r} is not HOST:PORT")
    return host or "127.0.0.1", int(port)


def _serve(server: MarkingServer, *, stop_on_eof: bool) -> None:
    stop = threading.Event()
    if stop_on_eof:
        threading.Thread(target=_stop_at_eof, args=(stop,), name="marking-stdin", daemon=True).start()
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
    serving = threading.Thread(target=server.serve_forever, name="marking", kwargs={"poll_interval": 0.1})
    serving.start()
    ready = {"url": server.url, "key": server.marking.key, "login": server.marking.login}
    _say({**ready, "control": f"{server.url}/_sim/"})
    try:
        while not stop.wait(0.5):
            pass  # a short wait, because on Windows a signal does not wake a waiting main thread
    finally:
        server.close()
        serving.join()


def _stop_at_eof(stop: threading.Event) -> None:
    # Past Python's buffer: a thread that waits inside it would abort the interpreter's end after SIGTERM.
    while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
        continue
    stop.set()


def _say(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _fail(code: str, message: str, exit_code: int) -> int:
    _say({"error": {"code": code, "message": message, "action": "see --help"}})
    return exit_code
