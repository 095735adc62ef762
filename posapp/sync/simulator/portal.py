"""The simulated portal: a request goes in, an answer comes out, orders change in between. Pure.

    bytes → path, parameters → limits → method → faults → access → order engine → envelope → bytes

Nothing here opens a socket, reads a clock or starts a thread; time is an argument. Only a fault can make a call
wait, so `Portal.answer` is a generator: it yields seconds to wait and is sent the time at which it goes on. The
HTTP server sleeps between the two, a simulated day just turns its clock. A check that is sent to a REST cashbox is an
`Errand` among these steps (`outgoing.py`).

What the portal does beside REST: `/oauth/…` lets applications in (`oauth.py`), polling cash registers fetch their work
(`poll.py`), events are pushed to whoever bound them (`pushes.py`), and `/_sim/…` (see `control.py`)
shows and steers it all. A portal that was renamed answers 302 under every name but its new one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from posapp.sync.simulator import legacy
from posapp.sync.simulator.access import Access, Caller
from posapp.sync.simulator.batch import split_command
from posapp.sync.simulator.call import Call, Listed
from posapp.sync.simulator.catalogue import DOCUMENT, DOCUMENT_ELEMENT
from posapp.sync.simulator.check_data import option
from posapp.sync.simulator.envelope import (
    Answer,
    PortalError,
    error_body,
    error_status,
    html_answer,
    iso,
    json_answer,
    php_array,
    time_block,
)  # fmt: skip
from posapp.sync.simulator.events import OfflineQueue, connector_of
from posapp.sync.simulator.faults import CUT_S, Broken, Fault, FaultPlan, mishap
from posapp.sync.simulator.irregular import irregular, irregular_time
from posapp.sync.simulator.limits import Limiter
from posapp.sync.simulator.methods import METHODS, order_view
from posapp.sync.simulator.oauth import Card, authorize, event_push, give_token
from posapp.sync.simulator.outgoing import Errand, PhpFatal, Step, Steps, refuse_errand, with_faults
from posapp.sync.simulator.parameters import Parameters, decimal_of, get_any_case, items_of, read_parameters, text_of
from posapp.sync.simulator.poll import poll
from posapp.sync.simulator.printing import run_agent, settle
from posapp.sync.simulator.pushes import Pushes
from posapp.sync.simulator.rows import Row, show
from posapp.sync.simulator.shop import Shop

MAX_BATCH = 50
MAX_LOG = 100_000
_NOT_IN_A_BATCH = ("batch", "download", "upload")


@dataclass(frozen=True)
class Request:
    """An HTTP request as the portal needs it.

    `source` is the caller's address, `origin` the portal's own, `host` what the caller takes for the portal's name
    and port; empty where there is no such thing.
    """

    verb: str
    path: str
    query: str = ""
    content_type: str = ""
    body: bytes = b""
    authorization: str = ""
    source: str = "127.0.0.1"
    origin: str = "http://127.0.0.1"
    host: str = ""


@dataclass
class _Visit:
    """One HTTP request on its way: who makes it, since when its time runs, whether the front end still waits."""

    caller: Caller
    started: datetime
    is_given_up: bool = False


@dataclass
class Portal:
    """One portal: its shop, who may call it, its limits, its planned faults, its log of requests.

    `origin` is its address as it tells it by itself, `domain` its name and port since it was renamed. A server divides
    the seconds that faults make it wait by `time_scale` and turns the portal's clock by the rest.
    """

    shop: Shop
    access: Access
    limiter: Limiter
    faults: FaultPlan = field(default_factory=FaultPlan)
    queue: OfflineQueue = field(default_factory=OfflineQueue)
    card: Card = field(default_factory=Card)
    pushes: Pushes = field(default_factory=Pushes)
    origin: str = "http://127.0.0.1"
    domain: str = ""
    ahead: timedelta = timedelta(0)  # how far the portal's clock was turned
    time_scale: float = 1.0
    profile: str = "kernel"
    is_irregular: bool = False
    is_network_up: bool = True
    requests: deque[Row] = field(default_factory=lambda: deque(maxlen=MAX_LOG))
    _count: int = 0
    _agent_due: datetime | None = None

    def __post_init__(self) -> None:
        self.shop.fiscal.sow(self.access.seed)

    def handle(self, request: Request, now: datetime, carry: Callable[[Errand], None] = refuse_errand) -> Answer:
        """Answer at once; waits that faults ask for are only added up in `waited_s`, `carry` makes the errands."""
        steps, waited = self.answer(request, now), 0.0
        try:
            step = next(steps)
            while True:
                if isinstance(step, Errand):
                    carry(step)
                else:
                    waited += step
                step = steps.send(now + timedelta(seconds=waited))
        except StopIteration as stop:
            answer: Answer = stop.value
            return replace(answer, waited_s=waited)

    def answer(self, request: Request, now: datetime) -> Generator[Step, datetime, Answer]:
        """Answer a request; yields seconds to wait and errands, is sent the time after each, returns the answer."""
        target = _Target.of(request.path)
        if request.path.startswith("/oauth/token"):  # the authorisation server is no part of what was renamed
            told: Answer = yield from self._let_in("oauth.token", give_token, request, now)
            return told
        if self.domain and request.host not in ("", self.domain):
            return self._moved(request, target, now)
        if request.path.startswith("/oauth/authorize"):
            told = yield from self._let_in("oauth.authorize", authorize, request, now)
            return told
        if request.path.startswith("/bitrix/tools/sale_check_print.php"):
            polled: Answer = yield from self._poll(request, now)
            return polled
        if request.path == legacy.PATH:
            paged: Answer = yield from self._legacy(request, now)
            return paged
        if target is None:
            return html_answer(404)
        entry = self._log(target.method, now, in_batch=False)
        if not self.limiter.admits(request.source, now.timestamp()):
            return self._refuse(entry, PortalError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503))
        if target.transport != "json":
            return self._refuse(entry, PortalError("INTERNAL_WRONG_TRANSPORT", "Wrong transport!", 500))
        try:
            body = yield from self._serve(request, target, entry, now)
        except PortalError as error:
            return self._refuse(entry, error)
        except Broken as broken:
            entry |= {"http": None if broken.answer.is_reset else broken.answer.status, "error": broken.reason}
            return broken.answer
        except PhpFatal:
            entry |= {"http": 500, "error": "php"}
            return html_answer(500)
        entry["http"] = 200
        return json_answer(200, body)

    def state(self) -> Row:
        """Everything a test may want to see, in the shape of `GET /_sim/state`."""
        return {
            "orders": [order_view(order) for order in self.shop.orders.values()],
            "stock": {str(key): f"{row.get('quantity') or 0:.3f}" for key, row in self.shop.products.items()},
            "documents": self._documents(), "checks": list(self.shop.checks), "requests": list(self.requests),
            "accounts": list(self.shop.tables["accounts"]), "account_moves": list(self.shop.account_moves),
            "refunds": list(self.shop.refunds),
        }  # fmt: skip

    def _documents(self) -> list[Row]:
        shown = {row["id"]: {**show(row, DOCUMENT), "elements": []} for row in self.shop.tables["documents"]}
        for line in self.shop.tables["documentElements"]:
            shown[line["docId"]]["elements"].append(show(line, DOCUMENT_ELEMENT))
        return list(shown.values())

    def is_agent_due(self, now: datetime) -> bool:
        """Whether the agent that asks CHECK_URL has to run; it then counts as begun."""
        if self._agent_due is None or self._agent_due > now + self._agent_period:
            self._agent_due = now + self._agent_period  # the first look, or the clock was turned back
        if now < self._agent_due:
            return False
        self._agent_due = now + self._agent_period
        return any(check["status"] == "P" for check in self.shop.checks)

    def run_agent(self, now: datetime) -> Steps:
        """One run of that agent. Returns the ids of the checks that it asked about, and the time."""
        asked, now = yield from self.fiscal(run_agent(self.shop, now), now)
        return asked, now

    def fiscal(self, steps: Steps, now: datetime) -> Steps:
        """Go through steps of the check engine, with planned faults for its errands. Returns what they return.

        What they save on the way – a failed check marks its order – is told as events like any other save.
        """
        try:
            return (yield from with_faults(steps, self.faults))
        finally:
            saved, self.shop.fiscal.saved = self.shop.fiscal.saved, {}
            for (event, _), data in saved.items():
                self._tell(event, data, "", now)

    @property
    def _agent_period(self) -> timedelta:
        return timedelta(seconds=float(option(self.shop, "agent_period_s")))

    # ------------------------------------------------------------------------------------------ REST
    def _serve(self, request: Request, target: _Target, entry: Row, now: datetime) -> Steps:
        started = now
        parameters = _parameters(request)
        token = _take_token(parameters, request.authorization)
        if target.method not in METHODS:  # looked up before the caller is: a typo looks the same with a wrong key
            raise PortalError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        caller = (self.access.by_webhook(target.user, target.secret) if target.user
                  else self.access.by_token(token, now))  # fmt: skip
        visit = _Visit(caller, started)
        fault = self.faults.pick(target.method)
        now = yield from self._strike(fault, "before", visit, target.method, now)
        if target.method == "batch":
            result, now = yield from self._batch(parameters, visit, now)
        else:
            result, now = yield from self._run(target.method, parameters, caller, now)
        now = yield from self._strike(fault, "after_commit", visit, target.method, now)
        if visit.is_given_up or self.limiter.left((now - started).total_seconds()) <= 0:
            raise Broken(html_answer(504), "cut")  # all of it was done, and nobody is there to hear it
        return self._envelope(result, target.method, caller, started, now)

    def _run(self, method: str, parameters: Parameters, caller: Caller, now: datetime) -> Steps:
        """Execute, then send the checks that it has made – before the caller is answered. Returns result and time."""
        result = self._execute(method, parameters, caller, now)
        now = yield from self.fiscal(settle(self.shop, now), now)
        return result, now

    def _execute(self, method: str, parameters: Parameters, caller: Caller, now: datetime) -> Any:
        if self.limiter.is_blocked(caller.name, method, now.timestamp()):
            raise PortalError("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)
        self.access.check_scope(METHODS[method].scope)
        self.access.check_right(method)
        # A method of events asks for its connector's rows; any other call names by it whose doing its events are.
        connector = "" if method.startswith("event.") else connector_of(parameters)
        start = decimal_of(text_of(parameters.pop("start", 0)))
        call = Call(self.shop, parameters, int(start or 0), now, caller, self.access, self.queue, METHODS,
                    self.address)  # fmt: skip
        self.shop.events.clear()
        result = METHODS[method].run(call)
        for (event, _), data in self.shop.events.items():
            self._tell(event, data, connector, now)
        return result

    def _tell(self, event: str, data: Row, connector: str, now: datetime) -> None:
        """Queue an event for the application and push it to its handlers. One that is gone hears nothing."""
        if self.access.is_installed:
            for binding in self.queue.push(event, data, connector, now):
                told = data if binding.event == event else {}
                self.pushes.waiting.append(event_push(self.access, binding, binding.event, told, self.address, now))

    @property
    def address(self) -> str:
        """Scheme, name and port that the portal now goes by."""
        return f"{self.origin.partition(':')[0]}://{self.domain}" if self.domain else self.origin

    def _envelope(self, result: Any, method: str, caller: Caller, started: datetime, now: datetime) -> Row:
        body: Row = {"result": result}
        if isinstance(result, Listed):
            body = {"result": result.value}
            if result.page.next_start is not None:
                body["next"] = result.page.next_start
            if result.page.total is not None:
                body["total"] = result.page.total
        spent = self.limiter.spent(caller.name, method, now.timestamp())
        times = time_block(started, now, spent)
        if self.is_irregular:
            return {**body, "result": irregular(body["result"]), "time": irregular_time(times)}
        return {**body, "time": times}

    def _batch(self, parameters: Parameters, visit: _Visit, now: datetime) -> Steps:
        """Run the commands one after another; what fails is in `result_error`, what follows still runs."""
        done: dict[str, Row] = {"result": {}, "next": {}, "total": {}, "time": {}, "error": {}}
        connector = connector_of(parameters)  # of the batch is of its commands
        halts = text_of(get_any_case(parameters, "halt")) not in ("", "0")
        for number, (key, command) in enumerate(items_of(get_any_case(parameters, "cmd"))):
            try:
                if number >= MAX_BATCH:
                    raise PortalError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
                if not isinstance(command, str):
                    continue  # skipped in silence, as the kernel does
                body, now = yield from self._command(command, connector, done, visit, now)
                for name, value in body.items():
                    done[name][key] = value
            except PortalError as error:
                done["error"][key] = error_body(error, is_numeric=self.is_irregular or self.profile == "docs")
                if halts:
                    break
        return {
            "result": php_array(done["result"]), "result_error": php_array(done["error"]),
            "result_total": php_array(done["total"]), "result_next": php_array(done["next"]),
            "result_time": php_array(done["time"]),
        }, now  # fmt: skip

    def _command(self, command: str, connector: str, done: dict[str, Row], visit: _Visit, now: datetime) -> Steps:
        """One command of a batch, with its own line in the log. Returns its envelope and the time."""
        started = now
        method, parameters = split_command(command, done)
        if connector:
            parameters["auth_connector"] = connector
        entry = self._log(method, now, in_batch=True)
        try:
            if method in _NOT_IN_A_BATCH:
                raise PortalError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
            fault = self.faults.pick(method)
            now = yield from self._strike(fault, "before", visit, method, now)
            if method not in METHODS:
                raise PortalError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
            result, now = yield from self._run(method, parameters, visit.caller, now)
            now = yield from self._strike(fault, "after_commit", visit, method, now)
        except PortalError as error:
            entry |= {"http": error_status(error, self.profile), "error": error.code}
            raise
        except Broken as broken:
            entry["error"] = broken.reason
            raise
        entry["http"] = 200
        return self._envelope(result, method, visit.caller, started, now), now

    # ------------------------------------------------------------------------------------------ faults and log
    def _strike(self, fault: Fault | None, moment: str, visit: _Visit, method: str, now: datetime) -> Steps:
        """Let a planned fault happen if this is its moment. Returns the time after it."""
        if fault is None or (fault.when if fault.do != "warning" else "after_commit") != moment:
            return now
        if fault.do == "slow":
            # The front end does not wait longer than it waits; what the portal does after that it does at once.
            left = self.limiter.left((now - visit.started).total_seconds())
            visit.is_given_up = visit.is_given_up or float(fault.value) >= left
            now = yield max(0.0, min(float(fault.value), left))
            self.limiter.spend(visit.caller.name, method, float(fault.value), now.timestamp())
        elif fault.do == "busy":
            self.limiter.spend(visit.caller.name, method, float(fault.value), now.timestamp())
        elif fault.do == "cut":
            now = yield max(0.0, CUT_S - (now - visit.started).total_seconds())
        if (trouble := mishap(fault)) is not None:
            raise trouble
        return now

    def _refuse(self, entry: Row, error: PortalError) -> Answer:
        status = error_status(error, self.profile)
        entry |= {"http": status, "error": error.code}
        return json_answer(status, error_body(error, is_numeric=self.is_irregular or self.profile == "docs"))

    def _log(self, method: str, now: datetime, *, in_batch: bool) -> Row:
        self._count += 1
        entry = {"n": self._count, "at": iso(now), "method": method[:100], "in_batch": in_batch, "http": None,
                 "error": None}  # fmt: skip
        self.requests.append(entry)
        return entry

    # ------------------------------------------------------------------------------------------ beside REST
    def _let_in(self, name: str, page: Callable[..., Answer], request: Request, now: datetime) -> Steps:
        """A page of the authorisation server, with the faults that are planned for it."""
        entry = self._log(name, now, in_batch=False)
        visit = _Visit(Caller(name, "oauth"), now)
        fault = self.faults.pick(name)
        try:
            now = yield from self._strike(fault, "before", visit, name, now)
            answer = page(self.access, self.card, _parameters(request), request.origin, now)
            entry["http"] = answer.status
            yield from self._strike(fault, "after_commit", visit, name, now)
        except PortalError as error:
            return self._refuse(entry, error)
        except Broken as broken:
            entry |= {"http": None if broken.answer.is_reset else broken.answer.status, "error": broken.reason}
            return broken.answer
        return answer

    def _moved(self, request: Request, target: _Target | None, now: datetime) -> Answer:
        """Under its old name the portal only says the new one. Whoever follows turns a POST into a GET without body."""
        if target is not None:
            self._log(target.method, now, in_batch=False).update({"http": 302, "error": "renamed"})
        scheme = request.origin.partition(":")[0]
        query = f"?{request.query}" if request.query else ""
        return Answer(302, b"", "text/html", {"Location": f"{scheme}://{self.domain}{request.path}{query}"})

    def _legacy(self, request: Request, now: datetime) -> Steps:
        """The page of the shop-side article; paying by it prints like any other paying."""
        answer = legacy.callback(self.shop, request.body, now)
        yield from self.fiscal(settle(self.shop, now), now)
        return answer

    def _poll(self, request: Request, now: datetime) -> Steps:
        """The offline cashbox's long poll; the hash is all that lets in."""
        parameters = read_parameters(request.query, "", b"")
        if text_of(parameters.get("hash")).strip() != self.access.poll_hash:
            return Answer(403, b"")
        return (yield from self.fiscal(poll(self.shop, request.body, now), now))


@dataclass(frozen=True)
class _Target:
    """What a path under `/rest/` names."""

    user: str
    secret: str
    method: str
    transport: str

    @classmethod
    def of(cls, path: str) -> _Target | None:
        """`/rest/1/secret/sale.order.list.json/` or `/rest/sale.order.list`; None for anything else."""
        parts = [unquote(part) for part in path.split("/") if part]  # nginx makes one slash of several
        if parts[:1] != ["rest"] or len(parts) not in (2, 4):
            return None
        method = parts[-1].lower()
        transport = "json"
        if suffix := re.search(r"\.(json|xml)$", method):
            transport, method = suffix.group(1), method[: suffix.start()]
        user, secret = (parts[1], parts[2]) if len(parts) == 4 else ("", "")
        return cls(user, secret, method, transport)


def _parameters(request: Request) -> Parameters:
    return read_parameters(request.query, request.content_type, request.body)


def _take_token(parameters: Parameters, authorization: str) -> str:
    """The access token of a call, the header first; it is no parameter of the method and is taken out."""
    shown = [text_of(parameters.pop(name, "")) for name in ("auth", "access_token")]
    scheme, _, bearer = authorization.partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return next(filter(None, shown), "")
