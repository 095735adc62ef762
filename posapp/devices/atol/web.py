"""ATOL's web server («АТОЛ Web Requests», the web server of the driver): tasks through a queue over HTTP.

    POST   /api/v2/requests {"uuid", "request": [task]}   201; 409 when the uuid is known (or the device switched off)
    GET    /api/v2/requests/UUID                          {"results": [{"status", "error", "result"}]}, 404 unknown
    DELETE /api/v2/requests/UUID                          only while it waits, else 409

    wait → inProgress → ready | error | interrupted | canceled;   blocked: stands, the server itself recovers

Design rule 9 as it is done here:

* a POST goes out once. Whatever else than 201 came back – 409, 500, nothing – is answered by GET of the same uuid;
* `wait`, `inProgress`, `blocked` and any status we do not know: it may still run. Nothing is concluded;
* `ready` is a result; `error`, `interrupted` and `canceled` are a "no" that proves nothing: the storage is read;
* **404 proves nothing**: the POST may still be on its way, or in the server's hands. Before its absence counts, the
  same uuid is taken by a question that makes nothing. Then the late POST meets a known uuid and is refused (409).

One queue per device, strictly one after another: so a question that is answered has everything before it behind it
(`reset`). Questions are taken back when they cannot be answered in time, so that none pile up behind a blockage.

Facts: reference/devices.md B.2, seen on version 1.0.4.0.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from posapp.devices.atol import json_text
from posapp.devices.atol.tasks import Busy, Lost, NotSent, OpenReceipt, TaskFailed
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl

BODY_MAX = 8 * 1024 * 1024  # a document of 30 KB as TLV, base64 and tags is far below
CONNECT_S = 3.0
WAIT, IN_PROGRESS, READY, BLOCKED = "wait", "inProgress", "ready", "blocked"
_OVER = {READY: 0, "error": 0, "interrupted": 502, "canceled": 503}
"""Statuses after which a task can no longer run, with the number of the error where none is told."""
_QUESTION = {"type": "getDeviceStatus"}
_BLOCKS = {
    "paperError": "нет бумаги или открыта крышка",
    "connectionError": "нет связи с ККТ",
    "fnError": "сбой ФН",
}
_UNSUPPORTED = 11
QUESTION_TRIES = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `poll`: between two looks; `answer`: for one exchange over HTTP; `blocked`: for a queue that stands;
    `end`: for a request that is to come to its end; `reset`: for the queue to do so; `lost`: for a server that does not
    answer any more, restarted perhaps."""

    poll: float = 0.05
    answer: float = 5.0
    blocked: float = 5.0
    end: float = 30.0
    reset: float = 30.0
    lost: float = 3.0


class WebTasks:
    """Tasks through the web server at `url`, which may name one of several devices: `http://host:16732/?deviceID=2`.

    `login` gives `user:password` when it is needed, "" for none. `clock` and `pause` are the time. See `Tasks`.
    """

    def __init__(
        self,
        url: str,
        login: Callable[[], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        new_uuid: Callable[[], str] = lambda: str(uuid4()),
        patience: Patience = Patience(),
    ) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}/api/v2/"
        self._query = f"?{parts.query}" if parts.query else ""
        self._login = login
        self._clock, self._pause, self._new_uuid, self._patience = clock, pause, new_uuid, patience
        self._http: HttpClient | None = None
        self._headers: Callable[[], dict[str, str]] = dict

    def door(self, path: str) -> SecretUrl:
        """The address of a part of the server."""
        return SecretUrl(f"{self._base}{path}{self._query}")

    def open(self) -> None:
        """Asks who is there. Raises NotSent `atol_server` when it is not ATOL's server."""
        if self._http is not None:
            return
        headers = _authorization(self._login())
        self._http = HttpClient(connect_timeout_s=CONNECT_S, body_max=BODY_MAX)
        self._headers = lambda: headers
        try:
            found = self._exchange("GET", "serverInfo")
            told = _object(found) if found.status == 200 else {}
            if "serverVersion" not in told and "driverVersion" not in told:
                raise NotSent("отвечает не сервер АТОЛ", "atol_server")
        except (NoAnswer, NotSent) as error:
            self.close()
            raise error if isinstance(error, NotSent) else NotSent(_silence(error)) from error

    def close(self) -> None:
        """Closes the connections; what is in the queue goes on."""
        if self._http is not None:
            self._http.close()
            self._http, self._headers = None, dict

    def reset(self) -> None:
        """A question behind everything that was sent: when it is answered, with whatever answer, that is over."""
        self.close()
        self.open()
        try:
            self._ask([_QUESTION], self._patience.reset)
        except TaskFailed:
            return

    # --- performing

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        """Without `request` a question under a uuid of its own: whatever is unclear about it, nothing was made."""
        if not request:
            return self.read([task], timeout_s)[0]
        self.open()
        self._submit(request, [task])
        return self._results(self._followed(request, timeout_s), 1)[0]

    def read(self, tasks: Sequence[Mapping[str, Any]], timeout_s: float) -> list[dict[str, Any]]:
        """Several questions in one request."""
        self.open()
        return self._ask(tasks, timeout_s)

    def _ask(self, tasks: Sequence[Mapping[str, Any]], timeout_s: float) -> list[dict[str, Any]]:
        uuid, stands = self._asked(tasks)
        try:
            patience_s = min(timeout_s, self._patience.blocked) if stands else timeout_s
            return self._results(self._followed(uuid, patience_s), len(tasks))
        except Lost as error:
            raise self._taken_back(uuid, str(error)) from error

    def _asked(self, tasks: Sequence[Mapping[str, Any]]) -> tuple[str, bool]:
        """The uuid under which a question was taken, and whether the queue stands. A connection that was kept may have
        gone meanwhile: a question, which makes nothing, is then asked once more."""
        for _ in range(QUESTION_TRIES - 1):
            uuid = self._new_uuid()
            try:
                return uuid, self._submit(uuid, tasks)
            except Lost:
                self._delete(uuid)
        uuid = self._new_uuid()
        try:
            return uuid, self._submit(uuid, tasks)
        except Lost as error:
            raise self._taken_back(uuid, str(error)) from error

    def _submit(self, uuid: str, tasks: Sequence[Mapping[str, Any]]) -> bool:
        """One POST, and GET where its answer is unclear; True when the queue was told to stand.

        Raises NotSent, or Lost when the uuid is not known either.
        """
        try:
            answer = self._post(uuid, tasks)
        except NoAnswer as error:
            if not error.sent:
                raise NotSent(_silence(error)) from error
            why = _silence(error)
        else:
            if answer.status == 201:
                return _object(answer).get("isBlocked") is True
            why = _description(answer)
        if self._look(uuid) is None:
            raise Lost(why)
        return False

    def _post(self, uuid: str, tasks: Sequence[Mapping[str, Any]]) -> Response:
        return self._exchange("POST", "requests", {"uuid": uuid, "request": list(tasks)})

    def _followed(self, uuid: str, timeout_s: float) -> list[Any]:
        """The results of a request that has come to its end. Raises Lost when it has not within the time."""
        states: list[Any] | None = []
        for states in self._looks(uuid, timeout_s):
            if states is None:
                raise Lost("сервер больше не знает задания")
            if _is_over(states):
                return states
        raise Lost(f"задание не кончилось: {', '.join(_statuses(states or [])) or 'нет ответа'}")

    def _looks(self, uuid: str, timeout_s: float) -> Iterator[list[Any] | None]:
        """What GET tells, again and again until the time is over, or that for a queue that stands.

        Raises Lost when the server has stopped to answer.
        """
        deadline, blocked_until, lost_until = self._clock() + timeout_s, None, None
        while True:
            try:
                states = self._look(uuid)
                lost_until = None
                yield states
                if BLOCKED in _statuses(states or []):
                    blocked_until = blocked_until or self._clock() + self._patience.blocked
            except Lost:
                lost_until = lost_until or self._clock() + self._patience.lost
                if self._clock() >= lost_until:
                    raise
            if self._clock() >= min(deadline, blocked_until or deadline):
                return
            self._pause(self._patience.poll)

    def _look(self, uuid: str) -> list[Any] | None:
        """The results as they stand, None for a uuid that is not known. Raises Lost when that cannot be told."""
        try:
            answer = self._exchange("GET", f"requests/{uuid}")
        except NoAnswer as error:
            raise Lost(_silence(error)) from error
        except NotSent as error:  # of this question; of the request that it is about that says nothing
            raise Lost(str(error)) from error
        if answer.status == 404:
            return None
        results = _object(answer).get("results")
        if answer.status != 200 or not isinstance(results, list) or not results:
            raise Lost(_description(answer))
        return results

    def _results(self, states: list[Any], count: int) -> list[dict[str, Any]]:
        """The result objects. Raises TaskFailed for the first task that failed, Lost for what makes no sense."""
        found: list[dict[str, Any]] = []
        for state in states:
            status, result = state["status"], state.get("result")
            if status != READY:
                error = state.get("error") if isinstance(state.get("error"), dict) else {}
                code = error.get("code")
                raise TaskFailed(code if type(code) is int else _OVER[status], _line(error.get("description")))
            if not isinstance(result, dict):
                raise Lost("ответ без результата")
            found.append(result)
        if len(found) != count:
            raise Lost(f"ответов {len(found)}, вопросов {count}")
        return found

    # --- ending

    def end_request(self, request: str) -> None:
        """Until it is over, or can never begin. See the top of this file."""
        self.open()
        try:
            for states in self._looks(request, self._patience.end):
                if states is None:
                    self._take_its_place(request)
                elif _is_over(states):
                    return
                elif set(_statuses(states)) <= {WAIT, *_OVER}:
                    self._delete(request)
        except Lost as error:
            raise (error.__cause__ if isinstance(error.__cause__, NotSent) else NotSent(str(error))) from error
        raise self._busy()

    def _take_its_place(self, uuid: str) -> None:
        """A question under the uuid of a request that never came, so that it never can. Asked for again afterwards."""
        try:
            answer = self._post(uuid, [_QUESTION])
        except NoAnswer:
            return
        if answer.status != 201 and self._look(uuid) is None:
            raise NotSent(_description(answer))  # it takes nothing now, and may later

    def _delete(self, uuid: str) -> None:
        """Takes a request back that waits. Whether it has worked, the next look tells."""
        try:
            self._exchange("DELETE", f"requests/{uuid}")
        except (NoAnswer, NotSent):
            return

    def result_of(self, request: str) -> Mapping[str, Any] | None:
        """What the queue keeps as the result of the request's first task that has one."""
        self.open()
        for state in self._look(request) or []:
            if isinstance(state, dict) and isinstance(state.get("result"), dict):
                result: dict[str, Any] = state["result"]
                return result
        return None

    def was_done(self, request: str) -> bool:
        """Whether the queue says of every task of it that it is ready."""
        try:
            self.open()
            states = self._look(request)
        except (Lost, NotSent):
            return False
        return states is not None and set(_statuses(states)) == {READY} and not _is_place_holder(states)

    def _taken_back(self, uuid: str, why: str) -> NotSent | Busy:
        """Takes a question back that was not answered; why it was not. Where it stood is looked at before: taken back,
        it is over in any case."""
        try:
            states = self._look(uuid)
        except Lost:
            self._delete(uuid)
            return NotSent(why)
        self._delete(uuid)
        try:
            told = _object(self._exchange("GET", "getRequestsQueueStatus"))
        except (NoAnswer, NotSent):
            return NotSent(why)
        if told.get("isBlocked") is True:
            return _blocked(told)
        if states is None or _is_over(states):
            return NotSent(why)
        return Busy("выполняется другое задание", "atol_queue", reason="выполняется другое задание")

    def _busy(self) -> Busy:
        try:
            return _blocked(_object(self._exchange("GET", "getRequestsQueueStatus")))
        except (NoAnswer, NotSent):
            return _blocked({})

    # --- what it cannot do

    def open_receipt(self) -> OpenReceipt | None:
        """The queue tells of no open receipt: a task opens and closes its own."""
        return None

    def cancel_receipt(self) -> None:
        """No task of the vendor cancels a receipt."""
        raise TaskFailed(_UNSUPPORTED, "веб-сервер не отменяет чеков")

    # --- HTTP

    def _exchange(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """One exchange. Raises NoAnswer, and NotSent `atol_login` for a login that is not taken: such a request is
        turned away at the door."""
        http, url, timeout_s = self._client(), self.door(path), self._patience.answer
        headers = self._headers() if path != "serverInfo" else {}
        if body is not None:
            payload = json_text.dumps(body).encode()
            answer = http.post_bytes(url, payload, timeout_s, headers)
        elif verb == "DELETE":
            answer = http.delete(url, timeout_s, headers=headers)
        else:
            answer = http.get(url, timeout_s, headers=headers)
        if answer.status == 401:
            raise NotSent("сервер не принял логин и пароль", "atol_login")
        return answer

    def _client(self) -> HttpClient:
        if self._http is None:
            raise NotSent("связь с сервером закрыта")
        return self._http


def _authorization(login: str) -> dict[str, str]:
    """The header of `user:password`; asked for once per connection, so that no vault stands between POST and GET."""
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}


def _object(answer: Response) -> dict[str, Any]:
    """The body as an object, {} when it is none."""
    try:
        body = json_text.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _description(answer: Response) -> str:
    """What the server says went wrong, at most a line of it."""
    error = _object(answer).get("error")
    said = _line(error.get("description")) if isinstance(error, dict) else ""
    return f"HTTP {answer.status}" + (f": {said}" if said else "")


def _line(said: object) -> str:
    """A text of the server's, at most a line of it; "" for what is no text."""
    return said[:200] if isinstance(said, str) else ""


def _silence(error: NoAnswer) -> str:
    """Who does not answer: `NoAnswer` itself speaks of the portal."""
    return f"веб-сервер АТОЛ не отвечает ({error.facts['reason']})"


def _statuses(states: list[Any]) -> list[str]:
    """The status of each task, "?" for what is none."""
    told = [each.get("status") if isinstance(each, dict) else None for each in states]
    return [each[:20] if isinstance(each, str) else "?" for each in told]


def _is_place_holder(states: list[Any]) -> bool:
    """Whether it is our question in the place of a request that never came."""
    results = [each.get("result") for each in states if isinstance(each, dict)]
    return any(isinstance(each, dict) and "deviceStatus" in each for each in results)


def _is_over(states: list[Any]) -> bool:
    return bool(states) and all(each in _OVER for each in _statuses(states))


def _blocked(told: Mapping[str, Any]) -> Busy:
    """Why the queue stands."""
    why = str(told.get("blockReason") or "") if told.get("isBlocked") else ""
    text = _BLOCKS.get(why, "выполняется другое задание")
    return Busy(text, "atol_queue", reason=text)
