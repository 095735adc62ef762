"""`posapp sim printer --model atol --transport web`: a simulated register behind a simulated «АТОЛ Web Requests»."""

from __future__ import annotations

import json
from pathlib import Path

from posapp.cli.sim_printer import Made, ready_line
from posapp.cli.simulated import REFUSED, WRONG_USAGE, call_at_end, fail, say
from posapp.devices.simulator import faults as fault_plans
from posapp.devices.simulator.atol_queue import Queue
from posapp.devices.simulator.atol_requests import FileDamaged, RequestFile
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import AtolWeb, command_of
from posapp.devices.simulator.control import Control
from posapp.devices.simulator.server import local_now
from posapp.devices.simulator.storage import StorageDamaged, StorageInUse

REQUESTS_SUFFIX = ".requests"


def run_web(made: Made, listen: str, faults: Path | None, login: str, *, stop_on_eof: bool) -> int:
    """Plays it until it is told to stop; the exit code. Requests live beside the storage, in `FILE.requests`."""
    try:
        address = web_address(listen)
        plan = fault_plans.parse(json.loads(faults.read_text("utf-8")), command_of) if faults else []
    except (ValueError, OSError) as error:
        return fail(WRONG_USAGE, "bad_arguments", str(error))
    try:
        printer, commit, close = made.open()
    except (StorageDamaged, StorageInUse, OSError) as error:
        return fail(REFUSED, "storage", str(error))
    file = RequestFile(made.storage.with_name(made.storage.name + REQUESTS_SUFFIX)) if made.storage else None
    try:
        queue = Queue(AtolTasks(printer), file, commit, fault_plans.Faults(plan))
        queue.restore(file.load() if file is not None else [], local_now())
        try:
            server = AtolWeb(address, queue, login)
        except (OSError, OverflowError) as error:
            return fail(REFUSED, "port_not_free", f"{listen}: {error}")
        _serve(server, queue, stop_on_eof=stop_on_eof)
    except (FileDamaged, OSError) as error:
        return fail(REFUSED, "storage", str(error))
    finally:
        if file is not None:
            file.close()
        close()
    return 0


def _serve(server: AtolWeb, queue: Queue, *, stop_on_eof: bool) -> None:
    def changed() -> None:
        queue.commit()
        server.wake()

    control = Control(server, changed, server.line.parse_faults, {"/_sim/queue": server.line.set_queue})
    call_at_end(server.stop, "register", stop_on_eof=stop_on_eof)
    control.start()
    server.start()
    try:
        say(ready_line(server.url, queue.tasks.printer, control))
        server.serve()
    finally:
        control.stop()
        server.close()


def web_address(listen: str) -> tuple[str, int]:
    """Host and port of `tcp:HOST:PORT`; `pty`, where a register on a line would be, is any port of this computer.

    Raises ValueError.
    """
    if listen == "pty":
        return "127.0.0.1", 0
    scheme, _, address = listen.partition(":")
    host, _, port = address.rpartition(":")
    if scheme != "tcp" or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"listen on tcp:HOST:PORT, not {listen!r}")
    return host.strip("[]"), int(port)
