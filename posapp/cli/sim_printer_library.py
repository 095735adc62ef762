"""`posapp sim printer --model atol --transport library`: a simulated register for the vendor's driver library.

The ready line has `library` besides: what to load in place of the vendor's library. That is a Python file of ours, for
our own till alone; with a folder, a shared library is built there, which every program loads that loads libfptr10.
"""

from __future__ import annotations

import json
from pathlib import Path

from posapp.cli.sim_printer import Made, ready_line
from posapp.cli.sim_printer_web import web_address
from posapp.cli.simulated import REFUSED, WRONG_USAGE, call_at_end, fail, say
from posapp.devices.simulator import atol_library
from posapp.devices.simulator.atol_library_build import CannotBuild, build
from posapp.devices.simulator.atol_library_door import LibraryDoor
from posapp.devices.simulator.atol_library_register import LibraryRegister
from posapp.devices.simulator.control import Control
from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.storage import StorageDamaged, StorageInUse


def run_library(made: Made, listen: str, faults: Path | None, folder: Path | None, *, stop_on_eof: bool) -> int:
    """Plays it until it is told to stop; the exit code. `folder`: where the shared library is built."""
    try:
        host, port = web_address(listen)
        plan = LibraryRegister.parse_faults(json.loads(faults.read_text("utf-8"))) if faults else []
    except (ValueError, OSError) as error:
        return fail(WRONG_USAGE, "bad_arguments", str(error))
    try:
        library = str(build(folder) if folder else Path(atol_library.__file__))
    except (CannotBuild, OSError) as error:
        return fail(REFUSED, "cannot_build", str(error))
    try:
        printer, commit, close = made.open()
    except (StorageDamaged, StorageInUse, OSError) as error:
        return fail(REFUSED, "storage", str(error))
    register = LibraryRegister(printer, Faults(plan), commit)
    try:
        try:
            door = LibraryDoor(register, host, port)
        except (OSError, OverflowError) as error:
            return fail(REFUSED, "port_not_free", f"{listen}: {error}")
        control = Control(register, commit, LibraryRegister.parse_faults)
        call_at_end(door.stop, "register", stop_on_eof=stop_on_eof)
        control.start()
        try:
            say({**ready_line(door.url, printer, control), "library": library})
            door.serve()
        finally:
            control.stop()
    finally:
        close()
    return 0
