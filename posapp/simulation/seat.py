"""A till as a process on a computer: started, stopped, killed; its data directory outlives it.

The program of a seat is exactly what `app.open_till` builds, on the virtual clock and on simulated wires.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.errors import PosError, SetupError
from posapp.journal.lock import LOCK_NAME
from posapp.journal.store import Journal
from posapp.settings import Settings
from posapp.simulation.clock import Clock
from posapp.simulation.disk import Disk
from posapp.simulation.gateway_line import GatewayLine
from posapp.simulation.portal_line import PortalLine
from posapp.simulation.register import Register, driver_of
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import CLOUD, Governor
from posapp.till import place
from posapp.till.context import Till


@dataclass
class Seat:
    """One till. `pc_offset` is how wrong the computer's clock is."""

    name: str
    index: int
    folder: Path
    clock: Clock
    register: Register
    line: PortalLine
    webhook: str
    settings: Settings
    new_id: Callable[[], UUID]
    disk: Disk
    gateway: GatewayLine | None = None
    pc_offset: timedelta = field(default_factory=timedelta)
    deaths: int = 0
    _till: Till | None = None

    @property
    def is_running(self) -> bool:
        """Whether its program runs."""
        return self._till is not None

    @property
    def till(self) -> Till:
        """The program that runs; use only while it does."""
        if self._till is None:
            raise RuntimeError(f"till {self.name} does not run")
        return self._till

    @property
    def driver(self) -> ShtrihPrinter:
        """The register's driver of the program that runs."""
        driver = self.till.printer
        if not isinstance(driver, ShtrihPrinter):
            raise TypeError("a seat's register is a Штрих-М")
        return driver

    def now(self) -> datetime:
        """What the computer's clock shows."""
        return self.clock.aware + self.pc_offset

    def start(self) -> Till:
        """A new process. Raises JournalError."""
        if self._till is None:
            self._till = self.program(self.folder)
        return self._till

    def release_register(self) -> None:
        """The program that runs lets go of the port; it opens it again when it needs it."""
        if self._till is not None:
            with suppress(PosError):
                self._till.printer.close()

    def program(self, folder: Path, machine: str = "", *, is_clone: bool = False) -> Till:
        """The program on a data directory, as `app.open_till` makes it. Raises JournalError.

        `machine` is another computer's name, when it is not the seat's own; a clone believes to be the original.
        """
        journal = Journal.open(folder, now=self.now, connect=self.disk.connect)
        governor = Governor(self.clock.seconds, self.clock.advance, CLOUD)
        client = BitrixClient(self.webhook, self.line, governor)
        driver = driver_of(self.register, self.name)
        here = place.Place(machine or f"computer {self.name}", str(self.folder if is_clone else folder))
        place.settle(journal, here)
        return Till(
            self.settings,
            journal,
            self.now,
            self.new_id,
            driver,
            lambda: client,
            person="Старший",
            claims=self._claims,
            place=here,
        )

    def _claims(self) -> GatewayLine:
        if self.gateway is None:
            raise SetupError("not_set_up", what="не указан шлюз", command="gateway")
        return self.gateway

    def stop(self) -> None:
        """An orderly end."""
        till, self._till = self._till, None
        if till is not None:
            let_go(till)

    def die(self) -> None:
        """SIGKILL, or a power cut: what the files hold at this moment is what the next process finds."""
        till, self._till = self._till, None
        if till is None:
            return
        self.deaths += 1
        with suppress(PosError):
            till.printer.close()  # the operating system closes the port
        kept = self.folder.with_name(f"{self.folder.name}.{self.deaths}")
        copy_of_directory(self.folder, kept)
        till.journal.close()  # this process' own copy of the journal: its checkpoint must not touch what was kept
        shutil.rmtree(self.folder)
        kept.rename(self.folder)
        for name, content in self.disk.torn.items():
            (self.folder / name).write_bytes(content)
        self.disk.torn = {}


def let_go(till: Till) -> None:
    """Ends a program in order, whatever the register says."""
    with suppress(PosError):
        till.printer.close()
    till.journal.close()


def copy_of_directory(source: Path, target: Path) -> None:
    """A data directory as it lies on the disk, without what belongs to a running process."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*-shm", LOCK_NAME, "backups"))
