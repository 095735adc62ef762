"""A register behind the stand-in library that counts what it performed, and transports that speak to it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from posapp.devices.atol.library import LibraryTasks, Waits
from posapp.devices.simulator import atol_library as stand_in
from posapp.devices.simulator.atol_library_door import MISDEEDS, Answer, LibraryDoor, Silence

STAND_IN = str(Path(stand_in.__file__))
QUICK = Waits(open_s=20.0, look_s=20.0, cancel_s=20.0, close_s=5.0, end_s=10.0)
ENOUGH_S = 20.0
DEVICE_INFO = {"deviceInfo": {"modelName": "АТОЛ 91Ф «Ё» 𝄞", "serial": "00106327428822"}}


class Register:
    """Performs a few tasks. `deed` strikes the next call: a misdeed of the library, before or after its effect."""

    def __init__(self) -> None:
        self.documents = 0
        self.calls: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.result: dict[str, Any] | None = None
        self.text: str | None = None
        self.receipt: tuple[int, str] = (0, "")
        self.reached = threading.Event()
        self._deed: tuple[str, bool] | None = None

    def deed(self, name: str, *, after: bool) -> None:
        """The next task meets this."""
        self._deed = name, after
        self.reached.clear()

    def call(self, letter: int, text: str, stopped: threading.Event) -> Answer:
        """See `Behind`."""
        self.calls.append(chr(letter))
        if letter == stand_in.OPEN:
            return Answer() if self.refusal is None else Answer(stand_in.REFUSED, *self.refusal)
        if letter == stand_in.RECEIPT:
            return Answer(stand_in.DONE, *self.receipt)
        deed, self._deed = self._deed, None
        if deed is not None and not deed[1]:
            return self._misdeed(deed[0], "", stopped)
        if self.refusal is not None:
            return Answer(stand_in.REFUSED, *self.refusal)
        result = self.result if letter == stand_in.PROCESS else {}
        if result is None:
            result = self._perform(json.loads(text))
        answer = json.dumps(result, ensure_ascii=False) if self.text is None else self.text
        return Answer(text=answer) if deed is None else self._misdeed(deed[0], answer, stopped)

    def _perform(self, task: dict[str, Any]) -> dict[str, Any]:
        if task["type"] == "sell":
            self.documents += 1
            return {"fiscalParams": {"fiscalDocumentNumber": self.documents, "total": 59.99}}
        return DEVICE_INFO

    def _misdeed(self, name: str, answer: str, stopped: threading.Event) -> Answer:
        self.reached.set()
        if name == "silence":
            stopped.wait()
        if name in ("silence", "cut"):
            raise Silence
        return Answer(MISDEEDS[name], 0, answer)


class Bench:
    """The register, its door, and as many transports as are asked for; all of them end with it."""

    def __init__(self, port: int = 0) -> None:
        self.register = Register()
        self.door = LibraryDoor(self.register, port=port)
        self._thread = threading.Thread(target=self.door.serve, daemon=True)
        self._made: list[LibraryTasks] = []

    def tasks(self, library: str = STAND_IN, waits: Waits = QUICK, port: str = "") -> LibraryTasks:
        """A transport, not open yet."""
        made = LibraryTasks(port or self.door.url, library=library, waits=waits)
        self._made.append(made)
        return made

    def opened(self, library: str = STAND_IN) -> LibraryTasks:
        """A transport that is open."""
        made = self.tasks(library)
        made.open()
        return made

    def start(self) -> None:
        """Answers from now on."""
        self._thread.start()

    def end(self) -> None:
        """Nothing is left."""
        for each in self._made:
            each.close()
        self.door.stop()
        self._thread.join()


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """A bench that is gone afterwards."""
    made = Bench()
    made.start()
    try:
        yield made
    finally:
        made.end()
