"""`posapp sim printer` and `posapp sim dump`: a simulated register, and what it has fiscalized.

The ready line, one JSON object on standard output, goes out when the port is open:
`{"port", "factory_number", "fn", "registration_number", "ffd", "control"}`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from posapp.cli.simulated import REFUSED, WRONG_USAGE, call_at_end, fail, say
from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_wire
from posapp.devices.simulator import faults as fault_plans
from posapp.devices.simulator.control import Control
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.line import Line
from posapp.devices.simulator.printer import Printer, Traits
from posapp.devices.simulator.server import Server, local_now, open_channel
from posapp.devices.simulator.shtrih import ShtrihLine
from posapp.devices.simulator.storage import StorageDamaged, StorageInUse, open_storage, stored_documents

FFDS = (Ffd.V1_05.text, Ffd.V1_2.text)
WIRE, WEB, LIBRARY = "wire", "web", "library"
ATOL = "atol"
TRANSPORTS = {"shtrih": (WIRE,), "atol": (WIRE, WEB, LIBRARY)}
"""By what each simulated model can be reached."""
ONLY_1_05 = "АТОЛ's protocol is known for FFD 1.05 only; --transport web plays 1.2"


def run(
    model: str = "shtrih",
    listen: str = "pty",
    baud: int | None = None,
    storage: Path | None = None,
    faults: Path | None = None,
    factory_number: int | None = None,
    strict_enq: bool = False,
    print_time_s: float = 0.0,
    stop_on_eof: bool = False,
    refuse_tags: Sequence[int] = (),
    opens_shift: bool = False,
    ffd: str | None = None,
    refuse_correction_tags: Sequence[int] = (),
    transport: str = WIRE,
    login: str = "",
    library: Path | None = None,
) -> int:
    """Plays a register until SIGTERM or SIGINT (or, with `stop_on_eof`, the end of standard input); the exit code.

    A register without a storage file, or with a new one, gets a factory number of its own unless `factory_number` says
    otherwise: two practice registers are never the same one. `refuse_tags` (of FF0C) and `opens_shift` (by the first
    receipt) and `refuse_correction_tags` make it another model. `ffd`: the format that it writes, `1.05` or `1.2`;
    left out, that of its storage, 1.05 for a new one. A register keeps the format it was registered with. `transport`
    `web`: behind the vendor's web server, which lets in who knows `login` (`name:password`; "" everybody); `library`:
    behind a stand-in for the vendor's driver library, built into the folder `library` when that is given.
    """
    if ffd is not None and ffd not in FFDS:
        return fail(WRONG_USAGE, "bad_arguments", f"ffd is one of {', '.join(FFDS)}, not {ffd!r}")
    version = Ffd.parse(ffd) if ffd is not None else None
    if transport not in TRANSPORTS.get(model, ()):
        told = ", ".join(f"{each} ({', '.join(ways)})" for each, ways in TRANSPORTS.items())
        return fail(WRONG_USAGE, "unknown_model", f"there is no simulated {model!r} over {transport!r}, only {told}")
    traits = Traits(frozenset(refuse_tags), opens_shift, refused_correction_tags=frozenset(refuse_correction_tags))
    made = Made(storage, factory_number, timedelta(seconds=print_time_s), version, traits)
    if transport == WEB:
        from posapp.cli.sim_printer_web import run_web

        return run_web(made, listen, faults, login, stop_on_eof=stop_on_eof)
    if transport == LIBRARY:
        from posapp.cli.sim_printer_library import run_library

        return run_library(made, listen, faults, library, stop_on_eof=stop_on_eof)
    if model == ATOL and version is Ffd.V1_2:
        return fail(WRONG_USAGE, "bad_arguments", ONLY_1_05)
    actions = atol_wire.ACTIONS if model == ATOL else fault_plans.ACTIONS
    try:
        plan = fault_plans.parse(json.loads(faults.read_text("utf-8")), actions=actions) if faults else []
    except (ValueError, OSError) as error:
        return fail(WRONG_USAGE, "bad_arguments", str(error))
    try:
        channel = open_channel(listen)
    except (ValueError, OverflowError) as error:  # OverflowError: a port beyond 65535
        return fail(WRONG_USAGE, "bad_arguments", str(error))
    except OSError as error:
        return fail(REFUSED, "port_not_free", f"{listen}: {error.strerror or error}")
    try:
        printer, commit, close = made.open()
    except (StorageDamaged, StorageInUse, OSError) as error:
        channel.close()
        return fail(REFUSED, "storage", str(error))
    line: Line
    if model == ATOL:
        line = atol_wire.AtolLine(printer, fault_plans.Faults(plan), commit)
    else:
        line = ShtrihLine(printer, fault_plans.Faults(plan), commit, strict_enq)
    server = Server(line, channel, baud)
    looks = {"/_sim/line": server.counts}
    control = Control(server, commit, lambda given: fault_plans.parse(given, actions=actions), looks=looks)
    try:
        if model == ATOL and printer.storage.version is not Ffd.V1_05:
            return fail(REFUSED, "storage", ONLY_1_05)
        _serve(server, control, printer, stop_on_eof)
    finally:
        channel.close()
        close()
    return 0


@dataclass(frozen=True, slots=True)
class Made:
    """How the register is made, or found in its file."""

    storage: Path | None
    factory_number: int | None
    print_time: timedelta
    version: Ffd | None
    traits: Traits

    def open(self) -> tuple[Printer, Callable[[], None], Callable[[], None]]:
        """The register, what makes its changes durable, and what gives its file back.

        Raises StorageDamaged, StorageInUse, OSError.
        """
        number = self.factory_number or 10_000_000 + int.from_bytes(os.urandom(4), "big") % 90_000_000
        if self.storage is not None:
            file = open_storage(self.storage, number, local_now(), self.print_time, self.version)
            file.printer.traits = self.traits
            return file.printer, file.commit, file.close
        printer = Printer(identity_of(number), local_now(), self.print_time, self.version or Ffd.V1_05)
        printer.traits = self.traits
        return printer, lambda: None, lambda: None


def ready_line(port: str, printer: Printer, control: Control) -> dict[str, Any]:
    """What is said once the port is open."""
    return {
        "port": port,
        "factory_number": printer.identity.factory_number,
        "fn": printer.identity.storage_number,
        "registration_number": printer.identity.registration_number,
        "ffd": printer.storage.version.text,
        "control": control.url,
    }


def _serve(server: Server, control: Control, printer: Printer, stop_on_eof: bool) -> None:
    """Says that it is ready, answers until it is told to stop."""
    call_at_end(server.stop, "register", stop_on_eof=stop_on_eof)
    control.start()
    try:
        say(ready_line(server.channel.url, printer, control))
        server.serve()
    finally:
        control.stop()


def dump(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of `/_sim/documents` from a storage file, also while its register runs and after it was killed.

    Raises OSError and StorageDamaged.
    """
    for document in stored_documents(path):
        yield document.as_json()


def run_dump(path: Path) -> int:
    """`posapp sim dump`: one object a line; the exit code."""
    try:
        for document in dump(path):
            say(document)
    except (OSError, StorageDamaged) as error:
        return fail(REFUSED, "storage", str(error))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command without the rest of the program."""
    parser = argparse.ArgumentParser(description="A simulated register.")
    parser.add_argument("--model", default="shtrih")
    parser.add_argument("--transport", default=WIRE, help="wire, web or library")
    parser.add_argument("--login", default="", metavar="NAME:PASSWORD", help="who may use the web server")
    parser.add_argument("--library", type=Path, metavar="FOLDER", help="build the stand-in library there")
    parser.add_argument("--listen", default="pty", help="pty or tcp:HOST:PORT")
    parser.add_argument("--baud", type=int, help="pace bytes like a line of this speed")
    parser.add_argument("--storage", type=Path, help="keep the fiscal storage in this file")
    parser.add_argument("--faults", type=Path, help="a JSON list of faults")
    parser.add_argument("--factory-number", type=int)
    parser.add_argument("--strict-enq", action="store_true", help="refuse frames that no ENQ announced")
    parser.add_argument("--print-time", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--stop-on-eof", action="store_true")
    parser.add_argument("--refuse-tag", type=int, action="append", default=[], help="a tag that FF0C refuses")
    parser.add_argument("--opens-shift", action="store_true", help="the first receipt opens the shift")
    parser.add_argument("--ffd", help=f"the fiscal data format: {' or '.join(FFDS)}")
    parser.add_argument(
        "--refuse-correction-tag", type=int, action="append", default=[], help="a tag that FF0C refuses in a correction"
    )
    parser.add_argument("--dump", type=Path, metavar="FILE", help="print the documents in a storage file and end")
    given = parser.parse_args(arguments)
    if given.dump is not None:
        return run_dump(given.dump)
    return run(
        given.model,
        given.listen,
        given.baud,
        given.storage,
        given.faults,
        given.factory_number,
        given.strict_enq,
        given.print_time,
        given.stop_on_eof,
        given.refuse_tag,
        given.opens_shift,
        given.ffd,
        given.refuse_correction_tag,
        given.transport,
        given.login,
        given.library,
    )


if __name__ == "__main__":
    sys.exit(main())
