"""Card terminals to test with: a real socket, the simulated bank behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posapp.devices.terminal import TcpTerminal
from posapp.devices.terminal_simulator import Bank, Fault, Faults, TerminalServer


class Desk:
    """A running terminal and its bank."""

    def __init__(self, server: TerminalServer) -> None:
        self.server = server
        self._clients: list[TcpTerminal] = []

    def client(self, charge_s: float = 20.0) -> TcpTerminal:
        """The till's side, closed with the terminal."""
        made = TcpTerminal(self.url, charge_s, speaks_s=5.0)
        self._clients.append(made)
        return made

    def switch_off(self) -> None:
        """Nobody listens any more; the clients' lines are closed too."""
        for each in self._clients:
            each.close()
        if not self._is_off:
            self._is_off = True
            self.server.close()

    _is_off = False

    @property
    def url(self) -> str:
        return self.server.url

    def breaks(self, *faults: Fault) -> None:
        self.server.faults.set(faults)

    def moved(self, op: str = "charge") -> list[int]:
        """The sums of what was really approved, in kopecks."""
        done = self.server.bank.operations()
        return [each["amount_kopecks"] for each in done if each["outcome"] == "approved" and each["op"] == op]


@contextmanager
def terminal(file: Path | None = None) -> Iterator[Desk]:
    died: list[str] = []
    server = TerminalServer(Bank("SIM-1", file, 451_200), Faults(), die=lambda: died.append("killed"))
    server.start()
    desk = Desk(server)
    try:
        yield desk
    finally:
        desk.switch_off()
