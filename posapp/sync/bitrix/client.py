"""The REST client of Bitrix (2.0, by webhook or application): single calls, batches of 50, lists by an id cursor.

What it promises to its callers:

- JSON goes out with the right Content-Type; with another one Bitrix drops the parameters without a word.
- Throttling (503, 429) never executes anything; it is waited out here, a bounded number of times.
- Nothing else is repeated. REST 2.0 has no idempotency: a write whose answer was lost is the caller's to read first.
- A batch is judged cell by cell. `batch` raises nothing: each `Cell` says what became of its command.
- An access token that is too old is renewed, once per call (see `auth.py`); the refused call did nothing.
- The key in the address appears in no log and no exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

from posapp.errors import Offline, Rejected, SyncError
from posapp.http import Poster, Response, SecretUrl
from posapp.sync.bitrix.answers import (
    OPERATION_LIMIT,
    QUERY_LIMIT,
    code_of,
    error_of,
    is_throttle,
    read_envelope,
    told_of,
    was_executed,
)
from posapp.sync.bitrix.auth import EXPIRED, UNKNOWN, PortalAccess, WebhookAccess
from posapp.sync.bitrix.parsing import as_decimal, as_object, as_time, rows_under
from posapp.sync.governor import Figures, Governor, Priority
from posapp.sync.masking import masked_exchange, masked_reason, masked_text, struck
from posapp.vault import held, hold

PAGE = 50
BATCH_MAX = 50
TRIES = 6  # of one request that is throttled: with doubling pauses about half a minute
TIMEOUT_S = 65.0  # the cloud cuts a request at 60 s; wait to hear it
RENEWED = "oauth_renewed"
AGAIN = ("throttled", RENEWED)  # the refused call did nothing and is made again
SIMULATOR_HEADER = "x-posapp-simulator"

HTTP_OK = 200
_READS = (".list", ".get", ".getfields", ".status", ".time")

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RequestLog:
    """A request that really went out, or one command inside a batch.

    `outcome` is `done`, `failed` (the portal declined) or `lost` (not reached, or no usable answer). `code` and
    `reason` are of our error table, empty when done. `key` is the command's key inside its batch, empty for a single
    call and for the batch itself (`method` is then `batch`). `wire` is what went out and came back.
    """

    method: str
    outcome: str
    http: int | None
    code: str
    reason: str
    duration_ms: int
    in_batch: bool = False
    key: str = ""
    wire: Wire | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Wire:
    """A request and its answer as they were: they hold personal data, so they are shown and kept only masked."""

    method: str
    params: Parameters = field(repr=False)
    answer: object = field(default=None, repr=False)

    def masked(self, known: Iterable[str] = ()) -> tuple[str, str]:
        """Request and answer as the sync log may keep them (see `masking`); `known`: what is known of the buyer."""
        return masked_exchange(self.method, self.params, self.answer, secrets=held(), known=known)

    def masked_reason(self, reason: str, known: Iterable[str] = ()) -> str:
        """The reason without our secrets and without names that the request or its answer shows, or that are known."""
        if not reason:
            return ""
        return masked_reason(reason, self.method, self.params, self.answer, secrets=held(), known=known)


class Recorder(Protocol):
    """Takes what is logged; a list does."""

    def append(self, entry: RequestLog, /) -> None:
        """One request, or one command of a batch."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a batch. `key` is ours, unique in the batch and no number: PHP renumbers numeric keys."""

    key: str
    method: str
    params: Parameters


class Fate(StrEnum):
    """What became of a command of a batch."""

    DONE = "done"  # the portal answered its result
    DECLINED = "declined"  # the portal answered an error; an update may be stored all the same
    NOT_RUN = "not_run"  # surely not executed: throttled, refused at the door, never sent
    UNKNOWN = "unknown"  # the answer was lost or broken: read before anything is repeated


@dataclass(frozen=True, slots=True)
class Cell:
    """The outcome of one command: a result when DONE, else the error that says why.

    `is_whole`: the error is the whole request's – the link, the access, the request budget – and not this command's.
    """

    fate: Fate
    result: Any = None
    error: SyncError | None = None
    is_whole: bool = False

    def value(self) -> Any:
        """The result. Raises the cell's error when there is none."""
        if self.error is not None:
            raise self.error
        return self.result


class BitrixClient:
    """One portal, one right to call it, one thread.

    Args:
        access: an application's access, or the whole address of an inbound webhook, `https://portal/rest/1/secret/`.
        http: how a request goes out.
        governor: the request budget; its clock measures durations.
        log: told of every real request and of every command in a batch.
        kept_as: the name under which this portal is kept, when that is not its present address.
    """

    def __init__(
        self,
        access: str | PortalAccess,
        http: Poster,
        governor: Governor,
        log: Callable[[RequestLog], None] = lambda _entry: None,
        *,
        timeout_s: float = TIMEOUT_S,
        kept_as: str = "",
    ) -> None:
        self._access = WebhookAccess(access) if isinstance(access, str) else access
        self._kept_as = kept_as
        self._http = http
        self._governor = governor
        self._log = log
        self._timeout_s = timeout_s
        self._recorders: list[Recorder] = []
        self._seen: tuple[int | None, object] = (None, None)  # status and page of the last request that failed
        self._priority = Priority.PULL
        self.connector = ""  # sent with every write: what we write ourselves makes no event for us (`events.py`)
        self.is_simulator: bool | None = None  # known after the first answer
        self.server_time: datetime | None = None  # the portal's clock when it began its last answer

    def __repr__(self) -> str:
        return f"BitrixClient({self.portal})"

    @property
    def portal(self) -> str:
        """The name of the portal: its host (and port), or what it is kept as."""
        return self._kept_as or self._access.address

    @property
    def address(self) -> str:
        """Host (and port) that is called."""
        return self._access.address

    @property
    def is_application(self) -> bool:
        """Whether an application calls, which may hear of events; a webhook may not (`WRONG_AUTH_TYPE`)."""
        return self._access.is_application

    @property
    def budget(self) -> Figures:
        """How the request budget stands."""
        return self._governor.figures()

    @contextmanager
    def recording(self) -> Iterator[list[RequestLog]]:
        """Collects what is logged inside the block, besides the log itself."""
        entries: list[RequestLog] = []
        with self.recording_to(entries):
            yield entries

    @contextmanager
    def recording_to(self, recorder: Recorder) -> Iterator[None]:
        """Tells `recorder` what is logged inside the block: for long work, whose records must not pile up."""
        self._recorders.append(recorder)
        try:
            yield
        finally:
            self._recorders = [each for each in self._recorders if each is not recorder]

    @contextmanager
    def within(self, timeout_s: float) -> Iterator[None]:
        """Inside the block a request may take this long at most, waiting for the budget included, and goes first.

        For reads that a person waits for: with a dead network the copy on board must serve in seconds.
        """
        usual = self._timeout_s
        self._timeout_s = min(timeout_s, usual)
        try:
            with self.at(Priority.PERSON):
                yield
        finally:
            self._timeout_s = usual

    @contextmanager
    def at(self, priority: Priority) -> Iterator[None]:
        """Inside the block requests are as urgent as this, outside as pulls are. A person's stay a person's."""
        usual = self._priority
        self._priority = Priority.PERSON if usual is Priority.PERSON else priority
        try:
            yield
        finally:
            self._priority = usual

    # ---------------------------------------------------------------------------------------------- single calls
    def call(self, method: str, params: Parameters | None = None) -> Any:
        """Call a method and return its `result`.

        Raises:
            Offline: not reached, throttled beyond patience, or the answer lost or broken (then a write's outcome is
                unknown).
            Rejected: declined; `access` when the program is not welcome, else `portal_rejected` with the reason.
        """
        return self._request(method, params or {}, (method,))["result"]

    def total(self, method: str, params: Parameters) -> int:
        """How many rows a list has by the portal's own count. Raises as `call`; `portal_garbled` without one."""
        total = as_decimal(self._request(method, {**params, "start": 0}, (method,)).get("total"))
        if total is None:
            raise Offline("portal_garbled", reason="портал не сосчитал строки")
        return int(total)

    def pages(self, method: str, params: Parameters, key: str, after: int = 0) -> Iterator[list[dict[str, Any]]]:
        """All rows of a list, page by page in the order of their id, immune to rows that come and go meanwhile.

        Args:
            method: a `sale.*` or `catalog.*` list with a numeric `id`.
            params: `select` (must contain `id`) and `filter`; order and start are set here.
            key: the key of the rows in the answer, for instance `orders`.
            after: begin behind this id.

        Raises:
            Offline, Rejected: as `call`; `portal_garbled` when the rows do not obey the cursor.
        """
        while True:
            rows = rows_under(self.call(method, cursor(params, after)), key)
            last = check_cursor(rows, after)
            yield rows
            if len(rows) < PAGE:
                return
            after = last

    # ---------------------------------------------------------------------------------------------- batches
    def batch(self, commands: Sequence[Command]) -> dict[str, Cell]:
        """Run commands in as few requests as fit; every command gets a cell, in the order given.

        Commands of a batch run one after the other and independently (`halt` 0). When a request is lost, those after
        it are not sent.
        """
        if len({command.key for command in commands}) != len(commands):
            raise ValueError("keys of a batch are unique")
        cells: dict[str, Cell] = {}
        stopped: SyncError | None = None
        for start in range(0, len(commands), BATCH_MAX):
            part = commands[start : start + BATCH_MAX]
            if stopped is not None:
                cells |= {command.key: Cell(Fate.NOT_RUN, error=stopped, is_whole=True) for command in part}
                continue
            try:
                cells |= self._one_batch(part)
            except SyncError as error:
                fate = Fate.NOT_RUN if was_executed(error) is False else Fate.UNKNOWN
                cells |= {command.key: Cell(fate, error=error, is_whole=True) for command in part}
                stopped = error
        return cells

    def _one_batch(self, commands: Sequence[Command]) -> dict[str, Cell]:
        lines = {command.key: f"{command.method}?{query_of(command.params)}" for command in commands}
        methods = tuple({command.method: None for command in commands})
        started = self._governor.now()
        try:
            envelope = self._request("batch", {"halt": 0, "cmd": lines}, methods)
            body = envelope["result"]
            if not isinstance(body, dict) or "result" not in body:
                self._seen = (HTTP_OK, None)
                raise Offline("portal_garbled", reason="ответ на пакет без результатов")
        except SyncError as error:
            if was_executed(error) is None:  # nobody knows which of them ran: each of them was lost
                for command in commands:
                    http, page = self._seen
                    wire = Wire(command.method, command.params, page)
                    self._record(wire, started, error, http=http, in_batch=True, key=command.key)
            raise
        results, errors = as_object(body["result"]), as_object(body.get("result_error"))
        times = as_object(body.get("result_time"))
        cells = {}
        for command in commands:
            cell = self._cell(command, results, errors)
            self._note_time(command.method, times.get(command.key))
            wire = Wire(command.method, command.params, errors.get(command.key, results.get(command.key)))
            self._record(wire, started, cell.error, http=200, in_batch=True, key=command.key)
            cells[command.key] = cell
        return cells

    def _cell(self, command: Command, results: dict[str, Any], errors: dict[str, Any]) -> Cell:
        if command.key in errors:
            failure = as_object(errors[command.key])
            code = code_of(failure)
            error = error_of(code, failure.get("error_description"))
            if code == OPERATION_LIMIT:
                self._governor.note_blocked(command.method)
            if is_throttle(code):
                return Cell(Fate.NOT_RUN, error=error)
            return Cell(Fate.UNKNOWN if isinstance(error, Offline) else Fate.DECLINED, error=error)
        if command.key in results:
            return Cell(Fate.DONE, results[command.key])
        return Cell(Fate.NOT_RUN, error=Offline("portal_garbled", reason="команды пакета нет в ответе"))

    # ---------------------------------------------------------------------------------------------- the wire
    def _request(self, method: str, params: Parameters, methods: tuple[str, ...]) -> dict[str, Any]:
        """One request, repeated only while it is throttled or to show a renewed key. Returns the success envelope."""
        if self.connector and not all(each.endswith(_READS) for each in methods):
            params = {**params, "auth_connector": self.connector}
        began, is_renewed = self._governor.now(), False
        for attempt in range(1, TRIES + 1):
            self._governor.wait(methods, max(0.0, began + self._timeout_s - self._governor.now()), self._priority)
            started = self._governor.now()
            status: int | None = None
            url = self._access.to(method)
            hold(url.reveal())
            hold(url.bearer())
            response: Response | None = None
            try:
                response = self._http.post_json(url, params, self._timeout_s)
                status = response.status
                envelope = self._read(method, response)
            except SyncError as error:
                answer = None if response is None else told_of(response)
                self._seen = (status, answer)
                told = error if is_renewed or attempt == TRIES else self._mended(error, url, began)
                self._record(Wire(method, params, answer), started, told, http=status)
                if told.code in AGAIN and attempt < TRIES:
                    is_renewed = is_renewed or told.code == RENEWED
                    continue
                if told is error:
                    raise
                raise told from None
            self._governor.note_answer(self._governor.now() - started)
            self._record(Wire(method, params, envelope), started, None, http=status)
            return envelope
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _mended(self, error: SyncError, shown: SecretUrl, began: float) -> SyncError:
        """What a refusal comes to once the key was renewed, if that is what it wants: `oauth_renewed` when there is
        another key, else the renewal's own trouble; any other refusal as it is."""
        code = str(error.facts.get("error", "")).upper()
        if code not in (EXPIRED, UNKNOWN):
            return error
        try:
            has_key = self._access.renew(shown, code, began + self._timeout_s - self._governor.now())
        except SyncError as trouble:
            return trouble
        return Rejected(RENEWED) if has_key else error

    def _read(self, method: str, response: Response) -> dict[str, Any]:
        if response.status in (429, 503) and not response.is_json:
            self._governor.note_throttled()  # a web server in front protects itself
        envelope = read_envelope(response)
        self.is_simulator = SIMULATOR_HEADER in response.headers  # said by a portal, not by a page in between
        code = code_of(envelope) if "error" in envelope else None
        if code == QUERY_LIMIT:
            self._governor.note_throttled()
        else:
            self._governor.note_answer()
        if code == OPERATION_LIMIT:
            self._governor.note_blocked(method)
        if code is not None:
            raise error_of(code, envelope.get("error_description"))
        self.server_time = as_time(as_object(envelope.get("time")).get("date_start")) or self.server_time
        self._note_time(method, envelope.get("time"))
        return envelope

    def _note_time(self, method: str, block: object) -> None:
        """`operating` is the sum so far; the reset is a moment of the portal's clock, so compare it with that clock."""
        times = as_object(block)
        used, reset = as_decimal(times.get("operating")), as_decimal(times.get("operating_reset_at"))
        finish = as_decimal(times.get("finish"))
        if method != "batch" and used is not None and reset is not None and finish is not None:
            self._governor.note_operating(method, float(used), float(reset - finish))

    def _record(
        self,
        wire: Wire,
        started: float,
        error: SyncError | None,
        *,
        http: int | None = None,
        in_batch: bool = False,
        key: str = "",
    ) -> None:
        is_lost = isinstance(error, Offline) and error.code != "throttled"
        outcome = "done" if error is None else "lost" if is_lost else "failed"
        entry = RequestLog(
            method=wire.method,
            outcome=outcome,
            http=http,
            code="" if error is None else error.code,
            reason="" if error is None else masked_text(struck(error.message(), held())),
            duration_ms=max(0, round((self._governor.now() - started) * 1000)),
            in_batch=in_batch,
            key=key,
            wire=wire,
        )
        self._log(entry)
        for recorder in self._recorders:
            recorder.append(entry)


# ---------------------------------------------------------------------------------------------- parameters
def cursor(params: Parameters, after: int) -> dict[str, Any]:
    """The parameters of the next page behind an id; `start=-1` spares the portal the count."""
    condition = {**as_object(params.get("filter")), ">id": after}
    return {**params, "filter": condition, "order": {"id": "ASC"}, "start": -1}


def check_cursor(rows: Sequence[Mapping[str, Any]], after: int) -> int:
    """The last id of a page. Raises Offline `portal_garbled` when its ids do not rise from `after` on.

    Bitrix drops a filter that it does not understand, without an error: without this check a misread cursor would go
    round for ever, or page through the whole shop.
    """
    last = after
    for row in rows:
        number = as_decimal(row.get("id"))
        if number is None or number <= last:
            raise Offline("portal_garbled", reason="портал не применил отбор по id")
        last = int(number)
    return last


def require(rows: Sequence[Mapping[str, Any]], holds: Callable[[Mapping[str, Any]], bool], what: str) -> None:
    """Raises Rejected `portal_garbled` when a row does not satisfy the filter that was asked for."""
    if not all(holds(row) for row in rows):
        raise Rejected("portal_garbled", reason=f"портал не применил отбор: {what}")


def query_of(params: Parameters) -> str:
    """Parameters as PHP reads them from a query: `fields[sum]=10&select[]=id`, names and values percent-encoded.

    Null is left out, for a query has no null. Raises TypeError for floats and booleans: money is no float, and
    Bitrix's booleans are `Y` and `N`.
    """
    return "&".join(f"{name}={value}" for name, value in _pairs(params))


def _pairs(params: Parameters) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        yield from _flat(quote(str(name), safe=""), value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        for inner, item in value.items():
            yield from _flat(f"{name}[{quote(str(inner), safe='')}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flat(f"{name}[{index}]", item)
    elif isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError(f"{name}: {type(value).__name__} does not go into a request")
    else:
        yield name, quote(f"{value:f}" if isinstance(value, Decimal) else str(value), safe="")
