"""A practice shop: a simulated portal and a simulated register, each in a process of its own, and a throw-away till.

Everything lives in a temporary directory and is gone at the end; no key of it ever reaches the keyring.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from posapp import vault
from posapp.domain.vat import VatRate
from posapp.errors import SetupError

READY_S = 30.0
CONTROL_S = 10.0


class PracticeShop:
    """Started by `with`. `folder` is a training directory that is set up: register, portal, VAT.

    `orders` is a number of practice orders, or the file of orders that the portal is to serve.
    """

    def __init__(self, orders: int | Path = 30, seed: int = 1) -> None:
        self._room = tempfile.TemporaryDirectory(prefix="posapp-practice-")
        self._processes: list[subprocess.Popen[str]] = []
        self._webhook_before = os.environ.get(vault.WEBHOOK_VARIABLE)
        self._orders, self._seed = orders, seed
        self.folder = Path(self._room.name) / "till"
        self.portal: dict[str, Any] = {}
        self.register: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        listen = "tcp:127.0.0.1:0" if sys.platform == "win32" else "pty"
        storage = Path(self._room.name) / "storage.json"
        self.register = self._serve("printer", "--listen", listen, "--storage", str(storage))
        self.portal = self._serve(
            "portal", "--listen", "127.0.0.1:0", "--orders", str(self._orders), "--seed", str(self._seed)
        )
        os.environ[vault.WEBHOOK_VARIABLE] = self.portal["webhook"]
        self._set_up()

    def _set_up(self) -> None:
        from posapp import app
        from posapp import settings as settings_file
        from posapp.devices.registry import make_printer
        from posapp.settings import PortalSettings
        from posapp.sync.bitrix.check import check_till_driven
        from posapp.sync.governor import CLOUD
        from posapp.till import setup

        settings = setup.begin(self.folder, training=True, identity=app.new_id())
        profile = setup.probe(make_printer("shtrih", self.register["port"]))
        settings = setup.with_printer(
            settings, profile, model="shtrih", port=self.register["port"], link="v1", password=30
        )
        with app.portal_client(vault.Secret(self.portal["webhook"]), CLOUD) as client:
            check = check_till_driven(client, "F")
        found = PortalSettings(check.portal, "till-driven", "F", check.is_simulated)
        settings = setup.with_portal(settings, found, check.vat_rows)
        now = app.now()
        proposed: dict[int, VatRate] = {
            line.row.row_id: line.proposed
            for line in setup.vat_lines(settings, now.date())
            if line.proposed is not None
        }
        settings = setup.with_vat(settings, proposed, now.date(), now.isoformat())
        settings_file.save(self.folder, settings)

    def _serve(self, *arguments: str) -> dict[str, Any]:
        """Starts a simulator and returns its ready line."""
        process = subprocess.Popen(
            [sys.executable, "-m", "posapp", "sim", *arguments, "--stop-on-eof"],
            stdin=subprocess.PIPE,  # closed by the end of this process, however it ends: nothing is left behind
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._processes.append(process)
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_first_line, args=(process, lines), daemon=True).start()
        try:
            line = lines.get(timeout=READY_S)
            ready: dict[str, Any] = json.loads(line)
            if "error" in ready:
                raise ValueError(line)
        except (queue.Empty, ValueError) as error:
            raise SetupError("not_set_up", what=f"учебная служба «{arguments[0]}» не поднялась", command="") from error
        return ready

    def state(self) -> dict[str, Any]:
        """What the portal holds (`/_sim/state`)."""
        found: dict[str, Any] = self._control(f"{self.portal['url'].rstrip('/')}/_sim/state")
        return found

    def network(self, *, up: bool) -> None:
        """Cuts the portal off, or brings it back."""
        self._control(f"{self.portal['url'].rstrip('/')}/_sim/network", {"up": up})

    def documents(self) -> list[dict[str, Any]]:
        """What the fiscal storage holds (`/_sim/documents`)."""
        found: list[dict[str, Any]] = self._control(f"{self.register['control'].rstrip('/')}/_sim/documents")
        return found

    def _control(self, url: str, body: object | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=CONTROL_S) as answer:  # noqa: S310  (our own process)
            text = answer.read()
        return json.loads(text) if text else None

    def close(self) -> None:
        """Ends both simulators and removes everything."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=READY_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        self._processes.clear()
        if self._webhook_before is None:
            os.environ.pop(vault.WEBHOOK_VARIABLE, None)
        else:
            os.environ[vault.WEBHOOK_VARIABLE] = self._webhook_before
        self._room.cleanup()


def _first_line(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    if process.stdout is not None:
        lines.put(process.stdout.readline())
