"""`posapp sim marking`: a simulated «Честный знак» and local module on a port.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8097", "key": "training", "login": "admin:admin", "control": "http://127.0.0.1:8097/_sim/"}

One address is both: the online service under `/api/v4/true-api/`, the local module under `/api/v2/`. Every code that
reads well may be sold until `--codes` or the control address says otherwise.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from posapp.cli.simulated import DONE, REFUSED, WRONG_USAGE, address_of, fail, serve
from posapp.devices.simulator.marking import SimulatedMarking, read_faults
from posapp.devices.simulator.marking_server import MarkingServer


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
        address = address_of(listen)
        marking.set_codes(json.loads(codes.read_text("utf-8")) if codes else {})
        marking.set_faults(read_faults(faults.read_text("utf-8")) if faults else [])
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return fail(WRONG_USAGE, "wrong_usage", f"{type(error).__name__}: {error}")
    try:
        server = MarkingServer(address, marking, lambda: datetime.now().astimezone())
    except OSError as error:
        return fail(REFUSED, "port_not_free", f"{listen}: {error.strerror or error}")
    ready = {"url": server.url, "key": key, "login": login, "control": f"{server.url}/_sim/"}
    serve(server, "marking", ready, stop_on_eof=stop_on_eof)
    return DONE
