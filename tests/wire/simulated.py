"""A simulated register in its own process, and a client that knows nothing of our codec: it speaks literal bytes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0


class Simulated:
    """The process with its ready line. With `ends_with_us` it does not outlive a test run that is killed."""

    def __init__(self, *arguments: str, ends_with_us: bool = True) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "posapp.cli.sim_printer", *arguments, *(["--stop-on-eof"] if ends_with_us else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.ready["control"] + path, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Status and body, also of a refusal."""
        request = urllib.request.Request(self.ready["control"] + path, json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read())

    def documents(self) -> list[dict[str, Any]]:
        documents: list[dict[str, Any]] = self.get("/_sim/documents")
        return documents

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._close_pipes()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Waits for the end; the exit code."""
        code = self.process.wait(DEADLINE_S)
        self._close_pipes()
        return code

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextlib.contextmanager
def simulated(*arguments: str, ends_with_us: bool = True) -> Iterator[Simulated]:
    """A register that is gone afterwards, whatever happened."""
    register = Simulated(*arguments, ends_with_us=ends_with_us)
    try:
        yield register
    finally:
        if register.process.poll() is None:
            register.stop()


class Client:
    """A driver of link v1 in its barest form, over a terminal or a socket."""

    def __init__(self, url: str, patience_s: float = DEADLINE_S) -> None:
        self._patience_s = patience_s
        self._socket: socket.socket | None = None
        if url.startswith("socket://"):
            host, _, port = url.removeprefix("socket://").rpartition(":")
            self._socket = socket.create_connection((host, int(port)), timeout=DEADLINE_S)
            self._fd = self._socket.fileno()
        else:
            import tty

            self._fd = os.open(url, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self._fd)
        self._unread = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        else:
            os.close(self._fd)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]

    def read(self, count: int, timeout_s: float | None = None) -> bytes:
        """Exactly `count` bytes, or fewer when none come any more within the time."""
        deadline = time.monotonic() + (self._patience_s if timeout_s is None else timeout_s)
        while len(self._unread) < count:
            ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                break
            fresh = os.read(self._fd, 4096)
            if not fresh:
                break
            self._unread += fresh
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def answer(self) -> bytes:
        """The payload of the frame that comes, acknowledged."""
        head = self.read(2)
        assert head[:1] == b"\x02", f"no STX: {head.hex(' ')}"
        rest = self.read(head[1] + 1)
        assert reduce(xor, rest[:-1], head[1]) == rest[-1], "wrong LRC"
        self.write(b"\x06")
        return rest[:-1]

    def ask(self, payload: str | bytes, enq: bool = True) -> bytes:
        """One exchange: the answer's payload to a command's payload (hex or bytes)."""
        raw = bytes.fromhex(payload) if isinstance(payload, str) else payload
        if enq:
            self.write(b"\x05")
            assert self.read(1) == b"\x15", "not idle"
        body = bytes((len(raw),)) + raw
        self.write(b"\x02" + body + bytes((reduce(xor, body, 0),)))
        assert self.read(1) == b"\x06", "no acknowledgement"
        return self.answer()
