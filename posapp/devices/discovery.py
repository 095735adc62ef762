"""Finds registers by asking everybody at once, and harms nobody by it.

Every candidate is asked in a thread of its own, with a deadline. On a serial port: first nothing is said, and whoever
talks unasked is left alone; then one greeting of each make, at the likeliest speed first. The first answer that is no
register's ends it: whoever is there hears nothing more. What USB says is a modem, a scanner or a bank's terminal hears
nothing at all, and a port that another program holds is not opened. Nothing that is said prints, opens, closes or
cancels anything; what exactly is said: `shtrih/probe.py`, `atol/probe.py`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from posapp.devices import holders
from posapp.devices.asking import STRAY, Introduced, Strange, Unclear
from posapp.devices.atol import probe as atol
from posapp.devices.candidates import Candidate, Carrier
from posapp.devices.flow import Await, Flow, Port, PortError, drive
from posapp.devices.holders import Holder
from posapp.devices.port import SerialPort, SocketPort
from posapp.devices.shtrih import probe as shtrih
from posapp.errors import Unreachable

SPEEDS = (115_200, 9_600, 57_600, 19_200, 38_400, 4_800, 230_400, 460_800, 921_600, 2_400)
"""The likeliest first: 115200 is usual, 4800 what some leave the factory with."""
VENDORS = (shtrih.VENDOR, atol.VENDOR)
MOST_S = 9.0
LISTEN_S = 0.15
"""Before the first byte: whoever talks unasked is no register. Windows needs the time to open the port as well."""
GREETING_S = 0.15
TCP_GREETING_S = 0.4
CONNECT_S = 1.0
WEB_S = 2.0
FLOOD = 8192
NOISE_MAX = 3
"""A register that hears or answers at another speed makes one, two bytes of nonsense; more is somebody else's talk."""
WORKERS_MAX = 64
_GRACE_S = 1.0


class State(StrEnum):
    """What is known of a candidate in the end."""

    REGISTER = "register"
    WEB_SERVER = "web_server"  # АТОЛ's: which register stands behind it, it tells to whom it knows
    BUSY = "busy"  # another program has it
    DENIED = "denied"  # no right to open it
    LEFT_ALONE = "left_alone"  # USB says what it is; nothing was said to it
    FOREIGN = "foreign"  # answers or talks as no register does
    UNCLEAR = "unclear"  # answers as a register does and tells nothing
    SILENT = "silent"
    ABSENT = "absent"  # no such port, nobody listens at the address
    LATE = "late"  # the time was over


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate and what came of asking it.

    `why` of FOREIGN: `talks`, `floods`, `echoes`, `strange`; of LEFT_ALONE what it is (`usb_identity.Foreign`). `heard`
    are the first bytes that came. `baud` is None where there is no speed. `version` is a web server's.
    """

    candidate: Candidate
    state: State
    who: Introduced | None = None
    baud: int | None = None
    holder: Holder | None = None
    why: str = ""
    heard: bytes = b""
    group: str = ""
    version: str = ""

    def is_number(self, factory_number: str) -> bool:
        """Whether it is the register with this factory number."""
        return self.who is not None and same_number(self.who.factory_number, factory_number)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how long at most. `greeting_s`: so long the answer to a greeting is waited for. `web` asks a
    web server for its version within a time, "" for no answer."""

    vendors: tuple[str, ...] = VENDORS
    speeds: tuple[int, ...] = SPEEDS
    password: int = 30
    access_password: int = 0
    most_s: float = MOST_S
    greeting_s: float = GREETING_S
    web: Callable[[str, float], str] | None = None
    clock: Callable[[], float] = time.monotonic
    stopped: threading.Event = field(default_factory=threading.Event)

    def of(self, vendor: str, speeds: Iterable[int], most_s: float) -> Question:
        """The same question of one make, at these speeds in this order, for another time."""
        return replace(self, vendors=(vendor,), speeds=tuple(dict.fromkeys(speeds)), most_s=most_s)


def find(candidates: Iterable[Candidate], question: Question) -> Generator[Finding, None, None]:
    """Asks all of them at once; each finding as it is known, the last one when the time is over at the latest."""
    waiting = list(candidates)
    if not waiting:
        return
    question = replace(question, stopped=threading.Event())  # a bell of its own for each search
    deadline = question.clock() + question.most_s
    todo: queue.SimpleQueue[Candidate] = queue.SimpleQueue()
    known: queue.SimpleQueue[Finding] = queue.SimpleQueue()
    for each in waiting:
        todo.put(each)
    for number in range(min(len(waiting), WORKERS_MAX)):
        # Daemons: a system call that never returns (a dead Bluetooth port) must not keep the program from ending.
        name = f"find-{number}"
        threading.Thread(target=_work, args=(todo, known, question, deadline), name=name, daemon=True).start()
    try:
        while waiting:
            left = deadline + _GRACE_S - question.clock()
            try:
                finding = known.get(timeout=max(left, 0.0))
            except queue.Empty:
                break
            waiting.remove(finding.candidate)
            yield finding
        for each in waiting:
            yield Finding(each, State.LATE)
    finally:
        question.stopped.set()


def _work(
    todo: queue.SimpleQueue[Candidate], known: queue.SimpleQueue[Finding], question: Question, deadline: float
) -> None:
    """One asker: takes candidates until there are none."""
    while True:
        try:
            candidate = todo.get_nowait()
        except queue.Empty:
            return
        known.put(ask(candidate, question, deadline))


def ask(candidate: Candidate, question: Question, deadline: float) -> Finding:
    """Asks one candidate; never raises for what may be there. Its port is closed when this returns."""
    if candidate.foreign is not None:
        return Finding(candidate, State.LEFT_ALONE, why=candidate.foreign.value)
    if question.clock() >= deadline or question.stopped.is_set():
        return Finding(candidate, State.LATE)
    if candidate.carrier is Carrier.WEB:
        return _ask_web(candidate, question, deadline)
    holder = _user_of(candidate)
    if holder is not None:
        return Finding(candidate, State.BUSY, holder=holder)
    try:
        line = _Line(_open(candidate, question), question, deadline)
    except Unreachable as error:
        return _not_opened(candidate, error)
    try:
        if candidate.carrier is Carrier.TCP:
            return _ask_at(candidate, line, question, (None,))
        usb = candidate.usb
        speeds = question.speeds[:1] if usb is not None and usb.has_no_speed else question.speeds
        return _ask_at(candidate, line, question, speeds)
    finally:
        line.close()


def _user_of(candidate: Candidate) -> Holder | None:
    """Another program that uses the place, as far as the system tells without opening it."""
    if candidate.carrier is Carrier.TCP:
        return holders.connected_to(*candidate.address)
    return holders.open_before_us(candidate.port)


def _open(candidate: Candidate, question: Question) -> SerialPort | SocketPort:
    if candidate.carrier is Carrier.TCP:
        host, port = candidate.address
        return SocketPort(host, port, CONNECT_S)
    return SerialPort(candidate.port, question.speeds[0])


def _not_opened(candidate: Candidate, error: Unreachable) -> Finding:
    match error.code:
        case "port_held":
            return Finding(
                candidate, State.BUSY, holder=Holder(int(str(error.facts["pid"])), str(error.facts["program"]))
            )
        case "port_busy":
            return Finding(candidate, State.BUSY)
        case "port_denied":
            return Finding(candidate, State.DENIED, group=str(error.facts.get("group", "")))
    return Finding(candidate, State.ABSENT)


def _ask_at(candidate: Candidate, line: _Line, question: Question, speeds: tuple[int | None, ...]) -> Finding:
    """Listens, then greets at one speed after another until somebody answers."""
    nonsense = b""
    for speed in speeds:
        try:
            if speed is not None:
                line.set_speed(speed)
            who = drive(_conversation(line, candidate, question, is_first=speed == speeds[0]), line)
        except Strange as error:
            if speed is not None and len(error.data) <= NOISE_MAX and error.data != line.last_sent:
                nonsense = nonsense or error.data
                continue
            return Finding(candidate, State.FOREIGN, why=_how(error.data, line), heard=error.data[:16], baud=speed)
        except Unclear:
            return Finding(candidate, State.UNCLEAR, baud=speed, heard=line.first)
        except PortError:
            return _broken(candidate, line)
        if who is not None:
            return Finding(candidate, State.REGISTER, who, speed)
    if nonsense:
        return Finding(candidate, State.FOREIGN, why="strange", heard=nonsense)
    return Finding(candidate, State.SILENT)


def _broken(candidate: Candidate, line: _Line) -> Finding:
    """Why a line ended before its time."""
    if line.is_flooded:
        return Finding(candidate, State.FOREIGN, why="floods", heard=line.first)
    if line.is_over:
        return Finding(candidate, State.LATE)
    return Finding(candidate, State.ABSENT if not line.first else State.FOREIGN, why="strange", heard=line.first)


def _how(data: bytes, line: _Line) -> str:
    """In what way somebody is strange."""
    if not line.last_sent:
        return "talks"
    return "echoes" if data == line.last_sent else "strange"


def _conversation(line: _Line, candidate: Candidate, question: Question, *, is_first: bool) -> Flow[Introduced | None]:
    """Everything that is said at one speed."""
    is_tcp = candidate.carrier is Carrier.TCP
    wait_s = max(TCP_GREETING_S, question.greeting_s) if is_tcp else question.greeting_s
    if is_first:
        unasked = yield Await(LISTEN_S)
        if unasked is not None and unasked.strip(STRAY) and not shtrih.is_answer_to_enq(unasked):
            raise Strange(unasked + b"\0" * NOISE_MAX)  # never taken for a wrong speed: nobody has asked anything yet
    who: Introduced | None = None
    if shtrih.VENDOR in question.vendors:
        who = yield from shtrih.introduce(question.password, wait_s)
    if who is None and atol.VENDOR in question.vendors:
        who = yield from atol.introduce(question.access_password, wait_s, is_alone=not is_tcp)
    return who


def _ask_web(candidate: Candidate, question: Question, deadline: float) -> Finding:
    if question.web is None:
        return Finding(candidate, State.LATE)
    version = question.web(candidate.port, min(WEB_S, deadline - question.clock()))
    if version:
        return Finding(candidate, State.WEB_SERVER, version=version)
    return Finding(candidate, State.ABSENT)


class _Line:
    """A port with a deadline, a limit to what we are willing to hear, and a memory of the last words on both sides."""

    def __init__(self, port: Port, question: Question, deadline: float) -> None:
        self._port = port
        self._question = question
        self._deadline = deadline
        self._heard = 0
        self.first = b""
        self.last_sent = b""
        self.is_over = False
        self.is_flooded = False

    def set_speed(self, baud: int) -> None:
        if isinstance(self._port, SerialPort):
            self._port.set_speed(baud)

    def write(self, data: bytes) -> None:
        self._check()
        self.last_sent = data
        self._port.write(data)

    def read(self, timeout_s: float) -> bytes | None:
        self._check()
        data = self._port.read(max(0.0, min(timeout_s, self._deadline - self._question.clock())))
        if data:
            self._heard += len(data)
            self.first = self.first or data[:16]
            if self._heard > FLOOD:
                self.is_flooded = True
                raise PortError("a flood of bytes")
        return data

    def _check(self) -> None:
        if self._question.clock() >= self._deadline or self._question.stopped.is_set():
            self.is_over = True
            raise PortError("the time is over")

    def close(self) -> None:
        try:
            self._port.close()
        except PortError:
            return  # it is gone, which is what was wanted


def same_number(one: str, other: str) -> bool:
    """Whether two factory numbers are the same one: makers and commands differ in leading zeros."""
    return bool(one.strip("0")) and one.lstrip("0") == other.lstrip("0")
