"""АТОЛ through the vendor's driver (libfptr10, DTO 10), which the user installs and which is loaded at run time.

The library runs in a process of its own (`library_process.py`). Every wait has an end; whatever is in doubt – silence,
an answer that is none, a crash – ends that process, and it is seen to be gone before anything is concluded (design
rule 6). What a caller may conclude:

* the process ended, or was ended, *before* it told that it hands the task over: NotSent;
* after that: Lost. Its outcome is read from the storage;
* the library answered "no": TaskFailed. Of a task that makes a document it says nothing.

The vendor's own reconnecting is switched off: after a lost connection it adds its unanswered command a second time, and
a device that was switched off in between performs it twice (reference/devices.md B.3.5).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from posapp.devices.atol import json_text, library_process
from posapp.devices.atol.library_child import Child, Ended
from posapp.devices.atol.library_places import (
    FACTORY_PASSWORD,
    bits,
    library_paths,
    lock_path,
    settings_of,
    where,
)
from posapp.devices.atol.tasks import Busy, Lost, NotSent, OpenReceipt, TaskFailed
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money

NO_CONNECTION = frozenset((1, 2, 3, 4, 241))
"""Codes after which the port has to be opened anew (reference/devices.md B.1.5)."""
PORT_BUSY, UEMA, NOT_LOADED = 3, 11, 14
"""Codes at opening. 11 is what newer drivers answer when the vendor's background service does not run, 14 that a part
of the driver is missing."""

_KINDS = {
    1: (ReceiptKind.SELL, False),
    2: (ReceiptKind.SELL_REFUND, False),
    4: (ReceiptKind.BUY, False),
    5: (ReceiptKind.BUY_REFUND, False),
    7: (ReceiptKind.SELL, True),
    8: (ReceiptKind.SELL_REFUND, True),
    9: (ReceiptKind.BUY, True),
    10: (ReceiptKind.BUY_REFUND, True),
}
"""The library's numbers of receipt types (the header's libfptr_receipt_type)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long each sort of call may take, in seconds; tasks bring their own time.

    `open_s` covers the start of the process, `lock_s` for an earlier one to be gone, and what the library itself takes
    to find a device. `end_s`: until a process that was killed is gone.
    """

    open_s: float = 40.0
    lock_s: float = 5.0
    look_s: float = 15.0
    cancel_s: float = 30.0
    close_s: float = 3.0
    end_s: float = 5.0


class LibraryTasks:
    """`Tasks` through the vendor's library. Used from one thread.

    `port` is what the till knows: `COM3`, `/dev/ttyACM0`, `socket://192.168.1.10:5555`, `usb`, `usb:PATH`,
    `bluetooth:MAC`. `library` is the path of the library or its folder, "" for the usual places. Raises UsageError for
    a port that the library cannot open.
    """

    def __init__(
        self,
        port: str,
        *,
        baud: int = 115_200,
        password: int = FACTORY_PASSWORD,
        library: str = "",
        waits: Waits | None = None,
    ) -> None:
        self._port = port
        self._settings = settings_of(port, baud, password)
        self._library = library
        self._waits = waits or Waits()
        self._child: Child | None = None
        self._is_stale = False
        self.version = ""

    def open(self) -> None:
        """Starts the process and opens the port; nothing when it is open. Makes and prints nothing.

        Raises NotSent: when the device does not answer, and with words of its own when the library is missing, made for
        other processors, broken, or asks for the vendor's service.
        """
        if self._child is not None and not self._is_stale:
            return
        if not self._end():
            raise NotSent("прежний процесс драйвера АТОЛ не завершается")
        self._child = Child(self._waits.end_s)
        order = {
            "do": "open",
            "libraries": library_paths(self._library),
            "settings": self._settings,
            "lock": str(lock_path(self._port)),
            "lock_s": self._waits.lock_s,
        }
        try:
            outcome, _ = self._child.ask(order, self._waits.open_s)
        except Ended as ended:
            self._end()
            if ended.is_timeout:
                raise NotSent(f"драйвер АТОЛ не открыл {self._port} за {self._waits.open_s:.0f} с") from None
            raise NotSent(ended.why, "atol_library_crashed", why=ended.why) from None
        if outcome.get("event") == "opened":
            self.version = str(outcome.get("version", ""))
            return
        self._end()
        raise self._why_not_open(outcome)

    def close(self) -> None:
        """Closes the port and ends the process; one that does not end by itself is killed."""
        if self._child is not None and not self._is_stale:
            with contextlib.suppress(Ended):
                self._child.ask({"do": "close"}, self._waits.close_s)
        self._end()

    def reset(self) -> None:
        """Ends the process at once and sees it gone. Raises Busy when the system does not let it go."""
        if not self._end():
            raise Busy("процесс драйвера АТОЛ не завершается")

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        """The result of one task; `request` is not needed here. Raises TaskFailed, NotSent, Lost."""
        outcome = self._order({"do": "task", "task": json_text.dumps(task)}, timeout_s)
        try:
            result = json_text.loads(str(outcome["result"]) or "{}")
        except (ValueError, KeyError, RecursionError):
            result = None
        if not isinstance(result, dict):
            self._doubt(f"{task.get('type')}: the result is no JSON object")
        return result

    def end_request(self, request: str) -> None:
        """Nothing: there is no queue. What was begun ends with the process."""

    def open_receipt(self) -> OpenReceipt | None:
        """The receipt that is open on the device. Raises as `perform`."""
        outcome = self._order({"do": "receipt_state"}, self._waits.look_s)
        number = outcome.get("type")
        if number == 0:
            return None
        try:
            total = Decimal(str(outcome.get("sum")))
            kind, is_correction = _KINDS[int(str(number))]
            return OpenReceipt(kind, Money(int((total * 100).to_integral_exact())), is_correction)
        except (KeyError, ValueError, ArithmeticError, InvalidOperation):
            self._doubt(f"no receipt state: {outcome}")

    def cancel_receipt(self) -> None:
        """Cancels the open receipt. Raises as `perform`; TaskFailed 81 when none is open."""
        self._order({"do": "cancel_receipt"}, self._waits.cancel_s)

    def _order(self, order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """The good answer to something that was handed to the library."""
        if self._child is None:
            raise NotSent("драйвер АТОЛ не открыт")
        try:
            outcome, is_handed = self._child.ask(order, timeout_s)
        except Ended as ended:
            self._end()
            if ended.is_handed:
                raise Lost(ended.why) from None
            raise NotSent(f"драйвер АТОЛ: {ended.why}") from None
        match outcome:
            case {"event": "done" | "state"}:
                return outcome
            case {"event": "no", "code": int(code), "text": str(text)} if is_handed:
                self._is_stale = code in NO_CONNECTION
                raise TaskFailed(code, text)
            case {"event": "no"} if self._end():
                raise NotSent("драйвер АТОЛ не открыт")
        self._doubt(str(outcome)[:200])

    def _doubt(self, why: str) -> NoReturn:
        """An answer that is none: the process is ended, what it did is not known."""
        log.warning("the driver's process is ended: %s", why)
        self._end()
        raise Lost(why)

    def _end(self) -> bool:
        """Ends the process; False when it does not go. Then it stays ours, and nothing is opened beside it."""
        child, self._child, self._is_stale = self._child, None, False
        if child is not None and not child.end():
            self._child, self._is_stale = child, True
            return False
        return True

    def _why_not_open(self, outcome: Mapping[str, Any]) -> NotSent:
        why, text, code = outcome.get("why"), str(outcome.get("text", "")), outcome.get("code")
        log.info("the driver was not opened: %s", outcome)
        match why:
            case library_process.MISSING:
                return NotSent(text, "atol_library_missing", where=where(self._library), bits=bits())
            case library_process.ARCHITECTURE:
                path = text.partition(": ")[0]
                return NotSent(text, "atol_library_architecture", path=path, bits=bits())
            case library_process.UNLOADABLE:
                return NotSent(text, "atol_library_broken", why=text)
            case library_process.LOCKED:
                return NotSent(text, "port_busy")
            case library_process.REFUSED if code == UEMA:
                return NotSent(text, "atol_service_missing", why=text)
            case library_process.REFUSED if code == NOT_LOADED:
                return NotSent(text, "atol_library_broken", why=text)
            case library_process.REFUSED if code == PORT_BUSY:
                return NotSent(text, "port_busy")
        return NotSent(f"{text or 'драйвер АТОЛ не ответил'} ({code})")
