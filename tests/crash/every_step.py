"""Kills a till at every durable write, every byte to the register and every request to the portal, and starts it again.

Not a test by itself: `test_every_step.py` runs it as a program. It loads the till once and forks a process for each
try, so that each try is a real process, killed by SIGKILL, while hundreds of tries stay affordable.

    every_step.py sell|deliver FOLDER ORDER…     one line of JSON for each step: what was killed, what came after

The first order is sold without a kill to count the steps; each further order dies at the next step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from posapp import app
from posapp.devices.port import SerialPort
from posapp.devices.shtrih.frame import STX
from posapp.domain.receipt import Tender, TenderKind
from posapp.errors import PosError
from posapp.http import HttpClient
from posapp.journal.writer import Writer
from posapp.till import exchange, orders, sale


class Steps:
    """Counts the steps of this process and kills it at number `last` (0 = never), after telling `pipe` its name."""

    def __init__(self, last: int, pipe: int) -> None:
        self.count = 0
        self._last = last
        self._pipe = pipe

    def __call__(self, name: str) -> None:
        """One step."""
        self.count += 1
        if self.count == self._last:
            os.write(self._pipe, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, method: str, name: Callable[..., str]) -> None:
        """Makes a step before and after each call of a method to which `name` gives a name."""
        original = getattr(owner, method)

        def stepped(*args: Any, **kwargs: Any) -> Any:
            what = name(*args)
            if what:
                self(f"before {what}")
            result = original(*args, **kwargs)
            if what:
                self(f"after {what}")
            return result

        setattr(owner, method, stepped)


def in_a_process(job: Callable[[], dict[str, object]], last: int) -> tuple[str, dict[str, object] | None]:
    """Runs `job` in a forked process that dies at step `last`. Returns the step's name, or the job's result."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 70
        try:
            steps = Steps(last, writer)
            steps.around(Writer, "run", lambda *_: "a commit of the journal")
            steps.around(SerialPort, "write", lambda _port, data: f"frame {data[2:4].hex()}" if data[0] == STX else "")
            steps.around(HttpClient, "post_json", lambda *_: "a request to the portal")
            result = job() | {"steps": steps.count}
            os.write(writer, json.dumps(result).encode() + b"\n")
            code = 0
        except BaseException:  # noqa: BLE001  (a forked process must not return into its parent's code)
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return text.strip(), None
    if os.WEXITSTATUS(status) != 0 or not text:
        raise SystemExit(f"the till ended with {status}: {text!r}")
    return "", json.loads(text)


def sell(folder: Path, number: str) -> dict[str, object]:
    """Sells one order for exact cash, as the cashier who starts again would."""
    with app.open_till(folder) as till:
        order = orders.find(till, number)
        try:
            done = sale.sell(till, order, (Tender(TenderKind.CASH, order.price),))
        except sale.AlreadyReceipted as error:
            return {"outcome": "already_receipted", "key": error.view.receipt.key}
        except PosError as error:
            return {"outcome": error.code}
        return {"outcome": "sold", "key": done.view.receipt.key}


def deliver(folder: Path, number: str) -> dict[str, object]:
    """Sells one order and tells the portal, or tells it what an earlier process left."""
    with app.open_till(folder) as till:
        order = orders.find(till, number)
        with suppress(sale.AlreadyReceipted):
            sale.sell(till, order, (Tender(TenderKind.CASH, order.price),))
        report = exchange.deliver(till, force=True)
        return {"outcome": "delivered" if not report.left and not report.failed else str(report)}


def main(arguments: list[str]) -> None:
    """See the top of this file."""
    what, folder = {"sell": sell, "deliver": deliver}[arguments[0]], Path(arguments[1])
    first, *rest = arguments[2:]
    _, counted = in_a_process(lambda: what(folder, first), 0)
    if counted is None:
        raise SystemExit("the first order was killed")
    print(json.dumps({"order": first, "steps": counted["steps"], "after": counted["outcome"]}), flush=True)
    total = int(str(counted["steps"]))
    for step, number in zip(range(1, total + 1), rest, strict=False):
        name, done = in_a_process(lambda number=number: what(folder, number), step)  # type: ignore[misc]
        _, after = in_a_process(lambda number=number: what(folder, number), 0)  # type: ignore[misc]
        print(
            json.dumps(
                {
                    "order": number,
                    "step": step,
                    "killed": name,
                    "unhurt": done is not None,
                    "after": (after or {}).get("outcome"),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
