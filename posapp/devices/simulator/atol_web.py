"""A simulated «АТОЛ Web Requests» (the vendor's web server for its registers), with one register behind it.

    GET  /api/v2/serverInfo, /api/v2/utils/mapping, /api/v2/utils/deviceParametersStruct     without a login
    GET|PUT  /api/v2/settings        GET|POST /api/v2/devices        GET|PUT|DELETE /api/v2/devices/{id | default}
    POST /api/v2/setDefaultDevice    POST /api/v2/activateDevice, /api/v2/deactivateDevice
    POST /api/v2/requests            GET|DELETE /api/v2/requests/{uuid}      GET /api/v2/getRequestsQueueStatus
    POST /api/v2/operations/query…   questions outside of the queue

and the older names that clients of the server before it still use: POST /requests, GET|DELETE /requests/{uuid},
GET /stat/requests. `?deviceID=` chooses a register; the simulated one is device 1, others are names only.

Errors are `{"error": {"code": 505, "description": …}}` with the HTTP status that fits. Faults have the name of an
endpoint without its identifier (`POST /api/v2/requests`), of a task (`sell`) or of a step of the driver
(`closeReceipt`); see `faults.py` and `atol_queue.py`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_devices import Devices, mapping
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_http import Answer, BadBody, HttpServer, Request
from posapp.devices.simulator.atol_queue import Queue, QueueRefusal
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now

VERSION, DRIVER_VERSION = "1.0.4.0", "10.10.8.0"
LOOK_AROUND_S = 0.5
QUERIES = {
    "queryDeviceStatus": "getDeviceStatus",
    "queryDeviceInfo": "getDeviceInfo",
    "queryShiftStatus": "getShiftStatus",
    "queryShiftTotals": "getShiftTotals",
    "queryFnInfo": "getFnInfo",
    "queryFnStatus": "getFnStatus",
    "queryRegistrationInfo": "getRegistrationInfo",
    "queryOfdExchangeStatus": "ofdExchangeStatus",
    "queryCashDrawerStatus": "getCashDrawerStatus",
    "queryLicenses": "getLicenses",
}
OPEN_TO_ALL = frozenset(
    ("GET /api/v2/serverInfo", "GET /api/v2/utils/mapping", "GET /api/v2/utils/deviceParametersStruct")
)
PAGE = "<!doctype html><meta charset=utf-8><title>Учебный сервер</title><p>Учебный сервер запросов АТОЛ. /api/v2/"
_NAME = re.compile(r"\*|[a-z][A-Za-z]{1,63}|(GET|POST|PUT|DELETE) /[A-Za-z0-9/]{0,80}")
_WITH_ID = re.compile(r"(/api/v2/requests|/requests|/api/v2/devices)/([^/]+)")
_QUERY = re.compile(r"/api/v2/operations/([A-Za-z]+)")


def command_of(text: str) -> str | None:
    """A fault's command: a task, a step of the driver, or an endpoint with its verb; None for anything else."""
    return text if _NAME.fullmatch(text) else None


class Register:
    """What the control door sees: the register behind the server. `power_off` cuts it off from the server."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.printer: Printer = queue.tasks.printer
        self.faults = queue.faults

    @property
    def is_on(self) -> bool:
        """Whether the server reaches it."""
        return self._queue.is_on

    def power_off(self) -> None:
        """It goes dark."""
        self._queue.is_on = False

    def power_on(self) -> None:
        """It comes back; what was open in it is open still."""
        self._queue.is_on = True
        self.printer.power_on()

    def set_queue(self, given: Any) -> None:
        """How long a blocked queue waits between two questions. ValueError, TypeError, KeyError for anything else."""
        seconds = given["retry_s"]
        if isinstance(seconds, bool) or not 0.001 <= seconds <= 3600:
            raise ValueError("retry_s is a number of seconds, 0.001 to 3600")
        self._queue.settings.retry = timedelta(seconds=seconds)

    def parse_faults(self, given: object) -> list[plans.Fault]:
        """Faults by the names that are known here."""
        return plans.parse(given, command_of)


class AtolWeb:
    """The server. `lock` guards register, queue and faults; `serve` works the queue until `stop`.

    `login` is `name:password`, "" lets everybody in.
    """

    def __init__(
        self,
        address: tuple[str, int],
        queue: Queue,
        login: str = "",
        clock: Callable[[], datetime] = local_now,
    ) -> None:
        self.lock = threading.Lock()
        self.queue = queue
        self.line = Register(queue)
        self._login = login
        self._clock = clock
        self._changed = threading.Condition(self.lock)
        self._stopped = threading.Event()
        self._devices = Devices(queue)
        self._http = HttpServer(address, self.answer)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="atol-web", daemon=True)

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return self._http.url

    def start(self) -> None:
        """Answers over HTTP from now on, in its own thread."""
        self._thread.start()

    def serve(self) -> None:
        """Works the queue until `stop`."""
        while not self._stopped.is_set():
            with self._changed:
                waits_s = self.queue.step(self._clock())
                if waits_s is None or waits_s > 0:
                    self._changed.wait(LOOK_AROUND_S if waits_s is None else min(waits_s, LOOK_AROUND_S))

    def wake(self) -> None:
        """Something has changed that the queue may have waited for; call it with the lock held."""
        self._changed.notify_all()

    def stop(self) -> None:
        """Ends `serve`; may be called from any thread and from a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Gives the port back; what waits in the queue stays in the file."""
        self._http.close()
        if self._thread.is_alive():
            self._thread.join()

    # --- one request

    def answer(self, request: Request) -> Answer:
        """What is answered, from whichever thread."""
        path = request.path.rstrip("/") or "/"
        found = _WITH_ID.fullmatch(path)
        name = f"{request.verb} {found.group(1) if found else path}"
        if request.verb == "OPTIONS":
            return _allowed(Answer(204), request)
        if name not in OPEN_TO_ALL and not self._may(request):
            refusal = Answer.problem(401, "unauthorized")
            realm = {"WWW-Authenticate": 'Basic realm="ATOL", charset="UTF-8"'}
            return _allowed(refusal.damaged(headers=realm), request)
        with self.lock:
            struck = self.queue.faults.strike(name)
            early = self._suffer(struck[plans.BEFORE])
        self._http.ended.wait(sum(fault.value for fault in struck[plans.BEFORE] if fault.do == "delay"))
        if early is not None:
            return early
        with self._changed:
            reply = self._handled(name, found.group(2) if found else "", path, request)
            self._changed.notify_all()
            return _allowed(self._spoilt(reply, struck[plans.AFTER_COMMIT]), request)

    def _handled(self, name: str, identifier: str, path: str, request: Request) -> Answer:
        try:
            return self._route(name, identifier, path, request)
        except BadBody as error:
            return Answer.problem(400, str(error))
        except QueueRefusal as refusal:
            return Answer.problem(refusal.status, str(refusal))
        except TaskError as error:
            return Answer.problem(400, error.text)

    def _may(self, request: Request) -> bool:
        """Basic authentication, compared in constant time."""
        if not self._login:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            told = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(told, self._login.encode())

    def _suffer(self, faults: list[plans.Fault]) -> Answer | None:
        """What faults do before the request is handled; an answer in place of handling it."""
        for fault in faults:
            match fault.do:
                case "power_off":
                    self.line.power_off()
                case "paper_out":
                    self.line.printer.set_paper("out", self._clock())
                case "error":
                    return Answer.problem(_status(fault), e.text_of(e.INTERNAL))
                case "drop_command" | "drop_reply" | "truncate" | "flip":
                    return Answer(0, is_cut=True)
        return None

    def _spoilt(self, reply: Answer, faults: list[plans.Fault]) -> Answer:
        """What faults do to the answer of a request that was handled."""
        for fault in faults:
            match fault.do:
                case "drop_reply" | "drop_command":
                    reply = reply.damaged(is_cut=True)
                case "truncate":
                    reply = reply.damaged(keep=int(fault.value))
                case "flip":
                    at = min(int(fault.value), max(0, len(reply.body) - 1))
                    body = reply.body
                    reply = reply.damaged(
                        body=body[:at] + bytes(each ^ 1 for each in body[at : at + 1]) + body[at + 1 :]
                    )
                case "error":
                    reply = Answer.problem(_status(fault), e.text_of(e.INTERNAL))
                case "delay":
                    reply = reply.damaged(waits_s=float(fault.value))
                case "power_off":
                    self.line.power_off()
                case "paper_out":
                    self.line.printer.interrupt_print()
                    self.queue.commit()
        return reply

    # --- what is where

    def _route(self, name: str, identifier: str, path: str, request: Request) -> Answer:
        now = self._clock()
        if found := _QUERY.fullmatch(path):
            return self._query(found.group(1), request, now)
        if identifier and name.endswith("requests"):
            return self._one_request(name, identifier, request, now)
        if name.endswith("/devices") or "Device" in name.rsplit("/", 1)[-1]:
            return self._devices.answer(name, identifier, request)
        if name in ("POST /api/v2/requests", "POST /requests"):
            return self._add(request, now)
        if name == "PUT /api/v2/settings":
            self._devices.change_settings(request.json())
            return Answer.of(200, {})
        if name == "GET /":
            return Answer(200, PAGE.encode(), "text/html; charset=utf-8")
        return Answer.of(200, self._told(name, request, now))

    def _told(self, name: str, request: Request, now: datetime) -> dict[str, Any]:
        """What can only be looked at."""
        match name:
            case "GET /api/v2/getRequestsQueueStatus":
                self._own(request)
                return self.queue.status(now)
            case "GET /stat/requests":
                told = self.queue.status(now)
                names = {"ready": "ready_count", "canceled": "canceled_count", "number": "not_ready_count"}
                return {names[each]: told[each] for each in names}
            case "GET /api/v2/settings":
                return self._devices.settings
            case "GET /api/v2/serverInfo":
                told_at = now.astimezone().isoformat(timespec="seconds")
                versions = {"serverVersion": VERSION, "driverVersion": DRIVER_VERSION, "os": "linux"}
                return {**versions, "currentDateTime": told_at, "product": "posapp-simulator"}
            case "GET /api/v2/utils/mapping":
                return mapping()
            case "GET /api/v2/utils/deviceParametersStruct":
                return self._devices.blank()
        raise QueueRefusal(404, f"Нет такого метода: {request.verb} {request.path}")

    def _own(self, request: Request) -> None:
        """Refuses when another register than the simulated one is asked for."""
        self._devices.connected(request.query.get("deviceID", ""))

    def _add(self, request: Request, now: datetime) -> Answer:
        given = request.json()
        if not isinstance(given, dict):
            raise BadBody("Ошибка разбора JSON: нужен объект")
        self._own(request)
        added = self.queue.add(given.get("uuid"), given.get("request"), now)
        return Answer.of(201, {"number": added.number, "uuid": added.uuid, **self.queue.block_state()})

    def _one_request(self, name: str, uuid: str, request: Request, now: datetime) -> Answer:
        self._own(request)
        if request.verb == "DELETE":
            self.queue.cancel(uuid, now)
            return Answer.of(200, {})
        if request.verb != "GET":
            raise QueueRefusal(405, f"Нет такого метода: {request.verb} {request.path}")
        results = self.queue.find(uuid, now).results
        return Answer.of(200, {"results": results if "/api/v2/" in name else [_as_before(each) for each in results]})

    def _query(self, operation: str, request: Request, now: datetime) -> Answer:
        if request.verb != "POST":
            raise QueueRefusal(405, f"Нет такого метода: {request.verb} {request.path}")
        if operation not in QUERIES:
            raise QueueRefusal(501, f"Операция {operation} не поддерживается")
        request.json()
        self._own(request)
        return Answer.of(200, self.queue.ask({"type": QUERIES[operation]}, now))


def _as_before(result: dict[str, Any]) -> dict[str, Any]:
    """A result as the server before this one told it: the error in two fields."""
    error = result["error"]
    rest = {name: value for name, value in result.items() if name != "error"}
    return {**rest, "errorCode": error["code"], "errorDescription": error["description"]}


def _status(fault: plans.Fault) -> int:
    """The HTTP status of an `error` fault: its value, or 500 for what is no status."""
    return int(fault.value) if 400 <= fault.value <= 599 else 500


def _allowed(answer: Answer, request: Request) -> Answer:
    """Pages of other sites may ask, as they may with the real one."""
    allowed = {"Access-Control-Allow-Origin": request.headers.get("origin", "*"), "Vary": "Origin"}
    if request.verb == "OPTIONS":
        wanted = request.headers.get("access-control-request-headers", "Content-Type, Authorization")
        allowed |= {"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS"}
        allowed |= {"Access-Control-Allow-Headers": wanted, "Access-Control-Max-Age": "600"}
    clean = {name: value.replace("\r", "").replace("\n", "")[:512] for name, value in allowed.items()}
    return answer.damaged(headers={**answer.headers, **clean})
