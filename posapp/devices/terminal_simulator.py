"""A simulated card terminal with its bank: what `terminal.TcpTerminal` speaks to in practice and in tests.

`Bank` knows every operation by its reference, also after a restart when it has a file. `TerminalServer` is the line: a
thread a connection, so that an operation may be asked about while another connection waits for its card. Faults are
given at the start or at run time:

    {"op": "charge", "nth": 1, "when": "before", "do": "drop"}      before approval: the line breaks, no money moves
    {"op": "charge", "nth": 1, "when": "after",  "do": "drop"}      approved, and the answer is lost
    … "do": "decline" (with "value": the reason) | "slow" ("value" seconds) | "silent" | "garbage" | "kill"

`kill` ends the process as a power cut does. `op` is charge, refund, cancel, inquire or hello; `nth` counts from 1 among
the operations of that kind since the fault was set; `times` (1) says for how many it goes on.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

MONEY = ("charge", "refund", "cancel")
OPS = (*MONEY, "inquire", "hello")
ACTS = ("drop", "decline", "slow", "silent", "garbage", "kill")
LINE_MAX = 8192
APPROVED, DECLINED, UNKNOWN = "approved", "declined", "unknown"
PROMPT = "Приложите карту"


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned trouble, see the module."""

    op: str
    do: str
    when: str = "before"
    nth: int = 1
    times: int = 1
    value: str | float = ""

    def __post_init__(self) -> None:
        if self.op not in OPS or self.do not in ACTS or self.when not in ("before", "after"):
            raise ValueError(f"no such fault: {self.op} {self.when} {self.do}")
        if self.nth < 1 or self.times < 1:
            raise ValueError("nth and times count from 1")


def parse_faults(given: object) -> list[Fault]:
    """Faults from JSON. Raises ValueError."""
    if not isinstance(given, list):
        raise ValueError("faults are a list")
    try:
        return [Fault(**each) for each in given]
    except TypeError as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation as the bank has it. `outcome` is "" while the card is awaited."""

    reference: str
    op: str
    amount_kopecks: int
    outcome: str
    original: str = ""
    rrn: str = ""
    authorization: str = ""
    card: str = ""
    reason: str = ""


class Bank:
    """Every operation by its reference; `lock` is held by whoever looks and changes."""

    def __init__(self, terminal: str, file: Path | None = None, first: int = 0) -> None:
        self.terminal = terminal
        self.lock = threading.RLock()
        self._file = file
        self._entries: dict[str, Entry] = {}
        self._first = first
        if file is not None and file.exists():
            for line in file.read_text("utf-8").splitlines():
                entry = Entry(**json.loads(line))
                # A card that was awaited when the power went: nothing was charged, and nothing will be.
                self._entries[entry.reference] = entry if entry.outcome else replace(entry, outcome=DECLINED)

    def operations(self) -> list[dict[str, Any]]:
        """All of them, in the order in which they were asked for."""
        with self.lock:
            return [asdict(each) for each in self._entries.values()]

    def begin(self, op: str, reference: str, amount: int, original: str) -> Entry | None:
        """What is known of the reference already; None when it is new, and now awaits its card."""
        with self.lock:
            known = self._entries.get(reference)
            if known is None:
                self._keep(Entry(reference, op, amount, "", original))
                return None
            if (known.op, known.amount_kopecks) != (op, amount):
                return replace(known, outcome=DECLINED, reason="номер операции уже занят")
            return known

    def decide(self, reference: str, refusal: str = "") -> Entry:
        """The card was presented, or refused with a reason."""
        with self.lock:
            entry = self._entries[reference]
            if entry.outcome:
                return entry
            refusal = refusal or self._refusal(entry)
            if refusal:
                return self._keep(replace(entry, outcome=DECLINED, reason=refusal))
            number = self._first + sum(each.outcome == APPROVED for each in self._entries.values()) + 1
            card = self._card_of(entry.original) or f"220070******{1000 + number % 9000:04d}"
            return self._keep(
                replace(
                    entry, outcome=APPROVED, rrn=f"{number:012d}", authorization=f"{number % 1_000_000:06d}", card=card
                )
            )

    def inquire(self, reference: str) -> Entry:
        """What became of a reference; one that was never heard of is burnt: should it arrive, it is refused."""
        with self.lock:
            known = self._entries.get(reference)
            if known is None:
                burnt = Entry(reference, "inquire", 0, DECLINED, reason="терминал такой операции не знает")
                return self._keep(burnt)
            return known if known.outcome else replace(known, outcome=UNKNOWN, reason="ждёт карту")

    def _refusal(self, entry: Entry) -> str:
        """Money goes back only to what was charged, and not twice."""
        if entry.op == "charge" or not entry.original:
            return ""
        of = [each for each in self._entries.values() if each.outcome == APPROVED]
        charged = sum(each.amount_kopecks for each in of if each.op == "charge" and each.rrn == entry.original)
        given = sum(each.amount_kopecks for each in of if each.op != "charge" and each.original == entry.original)
        if not charged:
            return "такой операции не было"
        return "уже возвращено" if given + entry.amount_kopecks > charged else ""

    def _card_of(self, rrn: str) -> str:
        return next((each.card for each in self._entries.values() if rrn and each.rrn == rrn), "")

    def _keep(self, entry: Entry) -> Entry:
        self._entries[entry.reference] = entry
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        return entry


class Faults:
    """The plan, and how many operations of each kind came since it was set."""

    def __init__(self, plan: Sequence[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self.set(plan)

    def set(self, plan: Sequence[Fault]) -> None:
        """A new plan in place of the former one; counting begins anew."""
        with self._lock:
            self._plan = tuple(plan)
            self._seen: dict[str, int] = {}

    def next(self, op: str) -> dict[str, Fault]:
        """What goes wrong with this operation, by `when`."""
        with self._lock:
            number = self._seen[op] = self._seen.get(op, 0) + 1
            found = [each for each in self._plan if each.op == op and each.nth <= number < each.nth + each.times]
        return {each.when: each for each in found}


class _Dropped(Exception):
    """The line breaks here."""


class TerminalServer:
    """The terminal on a TCP port."""

    def __init__(
        self,
        bank: Bank,
        faults: Faults,
        host: str = "127.0.0.1",
        port: int = 0,
        die: Callable[[], None] = lambda: os._exit(9),
    ) -> None:
        self.bank, self.faults, self._die = bank, faults, die
        self._stopped = threading.Event()
        server = self

        class Handler(socketserver.StreamRequestHandler):
            """One connection."""

            def handle(self) -> None:
                with suppress(_Dropped, OSError):
                    server.converse(self)

        class Tcp(socketserver.ThreadingTCPServer):
            """A thread a connection."""

            allow_reuse_address = True
            daemon_threads = True

        self._tcp = Tcp((host, port), Handler)
        self._thread = threading.Thread(target=self._tcp.serve_forever, args=(0.05,), name="sim-terminal", daemon=True)

    @property
    def url(self) -> str:
        """`socket://HOST:PORT`."""
        host, port = self._tcp.server_address[:2]
        return f"socket://{host!s}:{port}"

    def start(self) -> None:
        """Answers from now on."""
        self._thread.start()

    def close(self) -> None:
        """Ends it; what awaits its card is left as it is."""
        self._stopped.set()
        self._tcp.shutdown()
        self._tcp.server_close()
        self._thread.join()

    # ------------------------------------------------------------------------------------------ a conversation
    def converse(self, line: socketserver.StreamRequestHandler) -> None:
        """Reads requests and answers them until the line ends."""
        while raw := line.rfile.readline(LINE_MAX):
            try:
                body = json.loads(raw)
                op, reference = str(body["op"]), str(body.get("reference", ""))
            except (ValueError, KeyError, TypeError, RecursionError):
                return
            if op not in OPS:
                return
            self._answer(line, op, reference, body)

    def _answer(
        self, line: socketserver.StreamRequestHandler, op: str, reference: str, body: Mapping[str, Any]
    ) -> None:
        trouble = self.faults.next(op)
        if op == "hello":
            self._trouble(trouble.get("before"), line)
            _send(line, {"op": "hello", "protocol": 1, "terminal": self.bank.terminal, "simulated": True})
            return
        if op == "inquire":
            self._trouble(trouble.get("before"), line)
            self._tell(line, self.bank.inquire(reference), trouble.get("after"))
            return
        before = trouble.get("before")
        if before is not None and before.do in ("drop", "kill", "silent", "garbage"):
            self._trouble(before, line)  # the request has not reached the bank
        amount, original = body.get("amount_kopecks"), str(body.get("original", ""))
        if not isinstance(amount, int) or amount <= 0 or len(reference) != 16:
            raise _Dropped
        known = self.bank.begin(op, reference, amount, original)
        if known is None:
            _send(line, {"op": "status", "reference": reference, "text": PROMPT})
            if before is not None and before.do == "slow":
                self._stopped.wait(float(before.value or 1))
            refusal = (
                str(before.value or "недостаточно средств") if before is not None and before.do == "decline" else ""
            )
            known = self.bank.decide(reference, refusal)
        self._tell(line, known, trouble.get("after"))

    def _tell(self, line: socketserver.StreamRequestHandler, entry: Entry, trouble: Fault | None) -> None:
        self._trouble(trouble, line)
        answer = {"op": "result", "reference": entry.reference, "outcome": entry.outcome or UNKNOWN}
        told = {name: getattr(entry, name) for name in ("rrn", "authorization", "card", "reason")}
        _send(line, {**answer, **told, "terminal": self.bank.terminal})

    def _trouble(self, fault: Fault | None, line: socketserver.StreamRequestHandler) -> None:
        """Raises _Dropped where the conversation ends here."""
        if fault is None or fault.do == "decline":
            return
        if fault.do == "kill":
            self._die()
        if fault.do == "slow":
            self._stopped.wait(float(fault.value or 1))
            return
        if fault.do == "garbage":
            line.wfile.write(b"\x06\xff}{ not json\n")
        if fault.do == "silent":
            self._stopped.wait(float(fault.value or 600))
        raise _Dropped


def _send(line: socketserver.StreamRequestHandler, body: Mapping[str, object]) -> None:
    line.wfile.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
    line.wfile.flush()
