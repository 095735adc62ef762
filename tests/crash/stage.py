"""A small world that can be played again and again from the same moment: register, portal, data directory.

The world lives in one process and the till in others. Whoever wants to try something forks the world: the fork serves
the same pseudo-terminal and the same port, from the same state, over the data directory as it was; what happens in it
is gone with it. So every try begins alike, and none costs more than a fork.

    base world ──fork──▶ a scene, prepared ──fork──▶ one try: serves ◀── till that dies, till that comes after

No process forks while it has threads: the tills of a try are forked first and wait, then the world begins to serve.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import termios
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import posapp
from posapp import vault
from posapp.cli import sim_portal
from posapp.devices.shtrih.frame import ENQ
from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import PtyChannel, Server, local_now
from posapp.devices.simulator.shtrih import ShtrihLine
from posapp.http import HttpClient
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.server import PortalServer

OWN_NUMBER = 10_012_345
ORDERS = 4
PATIENCE_S = 90.0
SECRET = "a secret of the shop, long enough to be one"


class Ended(Exception):
    """A forked process ended in a way that nobody asked for; the text is its traceback."""


class Child:
    """A forked process that waits for `go`, does its job and hands back what it returned, as JSON.

    `job` is given a function that the process may call to say where it is: the last word said is kept when it dies.
    """

    def __init__(self, job: Callable[[Callable[[str], None]], object]) -> None:
        waits, self._go = os.pipe()
        self._out, tells = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(waits)
            os.close(tells)
            return
        os.close(self._go)
        os.close(self._out)
        code = 70
        try:
            os.read(waits, 1)
            gc.disable()
            result = job(lambda word: _tell(tells, "at", word))
            _tell(tells, "done", result)
            code = 0
        except BaseException:  # noqa: BLE001  (a forked process must not return into its parent's code)
            with suppress(OSError):
                _tell(tells, "failed", traceback.format_exc())
        finally:
            os._exit(code)

    def go(self) -> None:
        """Begin."""
        os.write(self._go, b"!")
        os.close(self._go)

    def wait(self) -> tuple[str, Any]:
        """("killed", its last word) or ("done", its result). Raises Ended."""
        text = bytearray()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            ready, _, _ = select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                os.kill(self.pid, signal.SIGABRT)
                break
            piece = os.read(self._out, 65536)
            if not piece:
                break
            text += piece
        os.close(self._out)
        _, status = os.waitpid(self.pid, 0)
        lines = [json.loads(line) for line in text.decode().splitlines()]
        last = lines[-1] if lines else {}
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return "killed", last.get("at", "")
        if status != 0 or "done" not in last:
            raise Ended(str(last.get("failed") or f"status {status}, last word {last}"))
        return "done", last["done"]


_write = os.write  # a till that counts its steps does not count what it tells us


def _tell(pipe: int, name: str, value: object) -> None:
    _write(pipe, json.dumps({name: value}, default=str).encode() + b"\n")


class World:
    """Register, portal and data directory, at rest: nothing serves until a till is to be played."""

    def __init__(self, room: Path) -> None:
        self._disk, self._saved = room / "disk", room / "saved"
        self.folder = self._disk / "till"
        self.second = self._disk / "second"
        """A second place for copies; made by whoever wants one."""
        self._disk.mkdir()
        self.channel = PtyChannel()
        self.printer = Printer(identity_of(OWN_NUMBER), local_now())
        self.line = ShtrihLine(self.printer, Faults())
        self.portal = sim_portal.build(_few_orders(), seed=1, limits="off")
        self._http = PortalServer(("127.0.0.1", 0), self.portal)
        self.webhook = str(sim_portal.ready_line(self._http)["webhook"])
        self.orders = [(str(row["accountNumber"]), str(row["price"])) for row in self.portal.state()["orders"]]
        self.stock_before = dict(self.portal.state()["stock"])
        self.gateway: socket.socket | None = None
        """Where a gateway answers while this world serves; None in a shop with one till."""
        self.notes: dict[str, Any] = {}
        """What a scene wants to remember from its preparation for its check."""
        os.environ[vault.WEBHOOK_VARIABLE] = self.webhook
        self.save()

    @property
    def port(self) -> str:
        """The register's port."""
        return self.channel.url

    def open_gateway(self) -> str:
        """From now on the world has a gateway; its address."""
        from posapp.gateway.serve import listen, url_of

        self.gateway = listen("127.0.0.1", 0)
        os.environ[vault.GATEWAY_VARIABLE] = SECRET
        return url_of(self.gateway)

    @contextmanager
    def claims(self) -> Iterator[Any]:
        """The gateway's store, which lies on the same disk as the data directory."""
        from posapp.gateway.store import open_store

        store = open_store(f"sqlite:///{self._disk / 'gateway.sqlite'}")
        try:
            yield store
        finally:
            store.close()

    # --- the data directory

    def save(self) -> None:
        """From now on every try begins with the data directory as it is."""
        shutil.rmtree(self._saved, ignore_errors=True)
        shutil.copytree(self._disk, self._saved)

    def restore(self) -> None:
        """The data directory as it was saved."""
        shutil.rmtree(self._disk)
        shutil.copytree(self._saved, self._disk)

    # --- playing

    def play(self, *jobs: Callable[[Callable[[str], None]], object], is_last: bool = False) -> list[tuple[str, Any]]:
        """Runs the jobs one after another, each in a process of its own, while register and portal serve here.

        `is_last`: this process will end soon; it goes on serving, and may not fork any more.
        """
        children = [Child(job) for job in jobs]
        outcomes = []
        stop = self._serve()
        try:
            for child in children:
                child.go()
                outcomes.append(child.wait())
        finally:
            if not is_last:
                self._hear_out()
                stop()
        return outcomes

    def _hear_out(self) -> None:
        """What a till wrote before it died reaches the register: it answers an ENQ only after that."""
        line = self.channel._slave
        termios.tcflush(line, termios.TCIFLUSH)
        os.write(line, bytes((ENQ,)))
        if select.select([line], [], [], PATIENCE_S)[0]:
            os.read(line, 4096)

    def _serve(self) -> Callable[[], None]:
        """Register and portal answer until the function that is returned is called."""
        for descriptor in (self.channel._master, self.channel._slave):
            termios.tcflush(descriptor, termios.TCIOFLUSH)  # what a till that died has left on the wire is another's
        server = Server(self.line, self.channel)
        threads = [
            threading.Thread(target=server.serve, daemon=True),
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        ]
        for each in threads:
            each.start()
        end_gateway = self._serve_gateway(self.gateway) if self.gateway else lambda: None

        def stop() -> None:
            server.stop()
            self._http.shutdown()
            end_gateway()
            for each in set(threading.enumerate()) - {threading.current_thread()}:
                each.join()  # connections of tills that have ended among them

        return stop

    def _serve_gateway(self, door: socket.socket) -> Callable[[], None]:
        from posapp import app
        from posapp.gateway.app import make_app
        from posapp.gateway.serve import GatewayServer

        claims = self.claims()
        is_up = threading.Event()
        server = GatewayServer(make_app(claims.__enter__(), SECRET, app.now), is_up.set)
        own = door.dup()  # it closes what it is given
        threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True).start()
        if not is_up.wait(PATIENCE_S):
            raise Ended("the gateway did not start")

        def end() -> None:
            server.should_exit = True

        return end


def _few_orders() -> dict[str, Any]:
    """The shortest sellable orders of a practice shop, with its goods."""
    shop = practice_shop(60, 7, datetime.now(UTC))
    fit = [row for row in shop["orders"] if row["canceled"] == "N" and all(p["paid"] == "N" for p in row["payments"])]
    fit = [
        row for row in fit if len(row["payments"]) == 1 and all(each["canBuy"] == "Y" for each in row["basketItems"])
    ]
    shop["orders"] = sorted(fit, key=lambda row: (len(row["basketItems"]), row["id"]))[:ORDERS]
    return shop


def in_a_fork(job: Callable[[], object]) -> Any:
    """Runs `job` in a fork of this very world; its result. Raises Ended."""
    sys.stdout.flush()
    child = Child(lambda _: job())
    child.go()
    how, result = child.wait()
    if how == "killed":
        raise Ended("the world was killed")
    return result


def warm_up() -> None:
    """Imports once, before anybody forks, what a till imports when it needs it; reads the trust store."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # nobody's vault hears of these tills
    for found in pkgutil.walk_packages(posapp.__path__, "posapp."):
        if not found.name.startswith(
            (
                "posapp.ui",
                "posapp.gateway",
                "posapp.bench",
                "posapp.simulation",
                "posapp.journal.migrations",
                "posapp.journal.env",
                "posapp.__main__",
            )
        ):
            importlib.import_module(found.name)
    for name in ("alembic.command", "alembic.config", "alembic.script", "keyring.backends.fail"):
        importlib.import_module(name)
    HttpClient().close()
    trusted = ssl.create_default_context()
    ssl.create_default_context = lambda *_, **__: trusted
    gc.collect()
    gc.freeze()


@contextmanager
def room() -> Iterator[Path]:
    """A folder in memory where there is one: a kill leaves the same files there, and fsync costs nothing."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="posapp-crash-", dir=place) as folder:
        yield Path(folder)
