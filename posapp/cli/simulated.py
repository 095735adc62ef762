"""What all `posapp sim …` commands share: the ready line, the address to listen on, serving until told to stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


class Serving(Protocol):
    """A simulator on a port."""

    def serve_forever(self, poll_interval: float) -> None: ...
    def close(self) -> None: ...


def say(value: Mapping[str, Any]) -> None:
    """One object on a line of standard output, flushed."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def fail(exit_code: int, code: str, message: str) -> int:
    """Says what is wrong; returns `exit_code`."""
    say({"error": {"code": code, "message": message, "action": "see --help"}})
    return exit_code


def address_of(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; no host is this machine's. Raises ValueError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{listen!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def serve(server: Serving, name: str, ready: Mapping[str, Any], *, stop_on_eof: bool) -> None:
    """Serves in a thread called `name`, says `ready`, and ends with SIGTERM, SIGINT or the end of standard input."""
    stop = threading.Event()
    call_at_end(stop.set, name, stop_on_eof=stop_on_eof)
    serving = threading.Thread(target=server.serve_forever, name=name, kwargs={"poll_interval": 0.1})
    serving.start()
    say(ready)
    try:
        while not stop.wait(0.5):
            pass  # a short wait, because on Windows a signal does not wake a waiting main thread
    finally:
        server.close()
        serving.join()


def call_at_end(stop: Callable[[], None], name: str, *, stop_on_eof: bool) -> None:
    """`stop` is called on SIGTERM and SIGINT and, with `stop_on_eof`, at the end of standard input."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop())
    if stop_on_eof:
        threading.Thread(target=_wait_for_eof, args=(stop,), name=f"{name}-stdin", daemon=True).start()


def _wait_for_eof(stop: Callable[[], None]) -> None:
    # Past Python's buffer: a thread that waits inside it would abort the interpreter's end after SIGTERM.
    while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
        continue
    stop()
