"""Asking «Честный знак» whether codes may be sold: online first within the lawful 1.5 seconds, then the local module.

One protocol, `MarkingCheck`, and one implementation of it over HTTP. What it speaks:

    online, X-API-KEY                                          (True API v4; the list of its hosts lives in `HostBook`)
      GET  <base>/api/v4/true-api/cdn/info          {"code": 0, "hosts": [{"host": "https://cdn01…"}]}
      GET  <host>/api/v4/true-api/cdn/health/check  {"code": 0, "avgTimeMs": 42}
      POST <host>/api/v4/true-api/codes/check       {"codes": [whole code, GS kept], "fiscalDriveNumber": 1041}
           {"code": 0, "reqId", "reqTimestamp" ms, "codes": [{"cis", "found", "valid", "verified", "utilised",
            "realizable", "sold", "isBlocked", "expireDate"?, …}]}
    local module (ЛМ ЧЗ), Basic
      GET  <local>/api/v2/status                    {"status": "ready", "inst", "version", "lastSync" ms}
      POST <local>/api/v2/cis/outCheck              {"cis_list": [identity]}
           {"results": [{"reqId", "reqTimestamp", "inst", "version", "codes": [{"cis", "isBlocked", "sold"}]}]}

HTTP 203 or 204 is the service's own word for its emergency mode: it checks nothing and selling goes on. A host that
failed three times in a row is left alone for fifteen minutes. An answer that is about other codes, has no id, or is
dated days away from our clock is no answer: whoever gives it is treated as a host that failed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from posapp.domain.marking import MarkingCode
from posapp.domain.permission import Permission, Source, judge_local, judge_online
from posapp.errors import SaleError, SetupError
from posapp.http import NoAnswer, Response, SecretUrl

ONLINE_S = 1.5
"""For the whole online question, all hosts together: after that the local module is asked."""
LOCAL_S = 1.5
PATIENCE_S = 10.0
"""For set-up and the list of hosts, which no customer waits for."""
FAILURES_MAX, AWAY = 3, timedelta(minutes=15)
HOSTS_AGE = timedelta(hours=6)
HOSTS_MAX = 20
CODES_MAX = 100  # in one question
BODY_MAX = 1024 * 1024
SKEW = timedelta(days=2)
SIMULATOR_HEADER = "x-posapp-simulator"
_API = "api/v4/true-api"
_EMERGENCY = (203, 204)


class Unanswered(Exception):
    """Nobody said in time whether the codes may be sold; `reason` is in the words of whoever looks after the till."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MarkingCheck(Protocol):
    """Who says whether a marked thing may be sold. Used from one thread at a time."""

    @property
    def is_simulator(self) -> bool | None:
        """Whether the simulator answered; None before the first answer."""
        ...

    @property
    def hosts(self) -> HostBook:
        """What is known of the hosts now; whoever keeps it gives it to the next adapter."""
        ...

    def ask(self, codes: Sequence[MarkingCode], storage_number: str) -> tuple[Permission, ...]:
        """One answer for each code, in their order. `storage_number` is 1041.

        Raises Unanswered, SaleError `marking_access` (the key or password is not accepted).
        """
        ...

    def look(self) -> Look:
        """Who is there, for set-up; also renews the list of hosts. Raises SaleError `marking_access`."""
        ...

    def close(self) -> None:
        """Lets the connections go."""
        ...


# ------------------------------------------------------------------------------------------------ hosts
@dataclass(frozen=True, slots=True)
class Host:
    """A host of the online service. `away_until` is set after three failures in a row."""

    url: str
    average_ms: int = 0
    failures: int = 0
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostBook:
    """The hosts, the quickest first, and when they were listed."""

    hosts: tuple[Host, ...] = ()
    listed_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the list is to be asked for again."""
        return self.listed_at is None or not timedelta(0) <= now - self.listed_at < HOSTS_AGE

    def usable(self, now: datetime) -> list[str]:
        """The hosts that may be asked now."""
        return [each.url for each in self.hosts if each.away_until is None or each.away_until <= now]

    def postponed(self, now: datetime) -> HostBook:
        """The book when the list was asked for in vain: what was known stays, and it is asked for again in a while."""
        return replace(self, listed_at=now - HOSTS_AGE + AWAY)

    def noted(self, url: str, now: datetime, *, answered: bool) -> HostBook:
        """The book after an answer or a failure of a host."""
        return replace(
            self, hosts=tuple(_noted(each, now, answered) if each.url == url else each for each in self.hosts)
        )

    def as_json(self) -> dict[str, object]:
        """For the journal's small facts."""
        return {
            "listed_at": None if self.listed_at is None else self.listed_at.isoformat(),
            "hosts": [
                {
                    "url": each.url,
                    "average_ms": each.average_ms,
                    "failures": each.failures,
                    "away_until": None if each.away_until is None else each.away_until.isoformat(),
                }
                for each in self.hosts
            ],
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> HostBook:
        """The reverse. Raises ValueError, KeyError, TypeError for anything else."""
        return cls(
            tuple(
                Host(
                    check_url(str(each["url"])),
                    int(each["average_ms"]),
                    int(each["failures"]),
                    _moment(each["away_until"]),
                )
                for each in body["hosts"][:HOSTS_MAX]
            ),
            _moment(body["listed_at"]),
        )


def _noted(host: Host, now: datetime, answered: bool) -> Host:
    if answered:
        return replace(host, failures=0, away_until=None)
    failures = host.failures + 1
    return (
        replace(host, failures=0, away_until=now + AWAY)
        if failures >= FAILURES_MAX
        else replace(host, failures=failures)
    )


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text))


def check_url(text: str) -> str:
    """An address as it may be kept in a file. Raises SetupError for one that is none or holds a secret."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or parts.username or parts.password or parts.query or parts.fragment or len(url) > 500:
        raise SetupError("not_set_up", what="адрес не вида https://… (ключ в адрес не пишут)", command="marking")
    return url


# ------------------------------------------------------------------------------------------------ over HTTP
class Asker(Protocol):
    """What the adapter needs of HTTP; `posapp.http.HttpClient` has it."""

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One POST. Raises `posapp.http.NoAnswer`."""
        ...

    def get(self, url: SecretUrl, timeout_s: float, *, headers: Mapping[str, str] | None = None) -> Response:
        """One GET. Raises `posapp.http.NoAnswer`."""
        ...

    def close(self) -> None:
        """Closes the connections."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """Where to ask and with what: online address and key, address of the local module and its `user:password`.

    An empty address is not asked. Secrets go into headers and nowhere else.
    """

    online: str = ""
    key: str = ""
    local: str = ""
    local_login: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What set-up sees: the hosts that answer, and the local module's own word about itself ("" when it has none)."""

    hosts: tuple[str, ...] = ()
    local_status: str = ""
    local_version: str = ""
    troubles: tuple[str, ...] = ()


class _Failed(Exception):
    """A host or the local module has not given an answer that counts."""


class _InEmergency(Exception):
    """The service says that it checks nothing now."""


class HttpMarkingCheck:
    """The protocol at the top of this file.

    Args:
        access: where, and with which secrets.
        http: how a request goes out.
        now: aware local time, for the age of answers.
        monotonic_s: seconds that only go forward, for the limit.
        hosts: what an earlier adapter learned.
    """

    def __init__(
        self,
        access: Access,
        http: Asker,
        now: Callable[[], datetime],
        monotonic_s: Callable[[], float],
        hosts: HostBook = HostBook(),
    ) -> None:
        self._online = check_url(access.online) if access.online else ""
        self._local = check_url(access.local) if access.local else ""
        self._key = {"X-API-KEY": _header_text(access.key)} if self._online else {}
        self._login = {"Authorization": f"Basic {_basic(access.local_login)}"} if self._local else {}
        self._http = http
        self._now = now
        self._clock = monotonic_s
        self._hosts = hosts
        self._is_simulator: bool | None = None

    @property
    def is_simulator(self) -> bool | None:
        """Whether the simulator answered; None before the first answer."""
        return self._is_simulator

    @property
    def hosts(self) -> HostBook:
        """What is known of the hosts now."""
        return self._hosts

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    # --- asking

    def ask(self, codes: Sequence[MarkingCode], storage_number: str) -> tuple[Permission, ...]:
        """Online, then the local module."""
        found: list[Permission] = []
        for start in range(0, len(codes), CODES_MAX):
            found += self._ask(codes[start : start + CODES_MAX], storage_number)
        return tuple(found)

    def _ask(self, codes: Sequence[MarkingCode], storage_number: str) -> list[Permission]:
        reasons = []
        for is_there, ask in ((self._online, self._ask_online), (self._local, self._ask_local)):
            if not is_there:
                continue
            try:
                return ask(codes, storage_number)
            except _InEmergency:
                return [Permission(each.identity, Source.EMERGENCY, self._now()) for each in codes]
            except _Failed as failed:
                reasons.append(str(failed))
        raise Unanswered("; ".join(reasons) or "не указано, у кого спрашивать")

    def _ask_online(self, codes: Sequence[MarkingCode], storage_number: str) -> list[Permission]:
        until = self._clock() + ONLINE_S
        hosts = self._hosts.usable(self._now())
        if not self._hosts.hosts:
            hosts = self._listed(until)
        reason = "все площадки «Честного знака» отложены после сбоев"
        body = {"codes": [each.text for each in codes], "fiscalDriveNumber": storage_number}
        for host in hosts:
            left_s = until - self._clock()
            if left_s <= 0:
                break
            try:
                answer = self._post(SecretUrl(host) / f"{_API}/codes/check", body, left_s, self._key)
                found = self._online_permissions(answer, codes)
            except _Failed as failed:
                reason = f"«Честный знак» – {failed}"
                self._hosts = self._hosts.noted(host, self._now(), answered=False)
                continue
            self._hosts = self._hosts.noted(host, self._now(), answered=True)
            return found
        raise _Failed(reason)

    def _online_permissions(self, answer: Mapping[str, Any], codes: Sequence[MarkingCode]) -> list[Permission]:
        if answer.get("code") not in (0, None):
            raise _Failed(f"код ответа {str(answer['code'])[:20]}")
        now = self._now()
        rows = _matched(answer.get("codes"), codes)
        try:
            return [
                Permission(
                    identity=code.identity,
                    source=Source.ONLINE,
                    at=now,
                    ban=judge_online(row, now),
                    request_id=_text(answer.get("reqId")),
                    request_time=_time(answer.get("reqTimestamp"), now),
                )
                for code, row in zip(codes, rows, strict=True)
            ]
        except ValueError as error:
            raise _Failed("ответ нельзя прочитать") from error

    def _ask_local(self, codes: Sequence[MarkingCode], storage_number: str) -> list[Permission]:
        body = {"cis_list": [each.identity for each in codes]}
        try:
            answer = self._post(SecretUrl(self._local) / "api/v2/cis/outCheck", body, LOCAL_S, self._login)
            return self._local_permissions(answer, codes)
        except _Failed as failed:
            raise _Failed(f"локальный модуль – {failed}") from failed

    def _local_permissions(self, answer: Mapping[str, Any], codes: Sequence[MarkingCode]) -> list[Permission]:
        now = self._now()
        results = answer.get("results")
        if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
            raise _Failed("в ответе нет результатов")
        rows = [(result, row) for result in results for row in _rows(result.get("codes"))]
        matched = _matched([row for _, row in rows], codes)
        of_row = {id(row): result for result, row in rows}
        try:
            return [
                Permission(
                    identity=code.identity,
                    source=Source.LOCAL,
                    at=now,
                    ban=judge_local(row),
                    request_id=_text(of_row[id(row)].get("reqId")),
                    request_time=_time(of_row[id(row)].get("reqTimestamp"), now),
                    instance=_text(of_row[id(row)].get("inst")),
                    version=_text(of_row[id(row)].get("version")),
                )
                for code, row in zip(codes, matched, strict=True)
            ]
        except ValueError as error:
            raise _Failed("ответ нельзя прочитать") from error

    # --- set-up

    def look(self) -> Look:
        """The hosts with their times, and the local module."""
        hosts: list[str] = []
        troubles: list[str] = []
        status = version = ""
        if self._online:
            try:
                hosts = self._listed(self._clock() + PATIENCE_S)
            except (_Failed, _InEmergency) as failed:
                troubles.append(f"«Честный знак»: {failed}")
        if self._local:
            try:
                found = self._get(SecretUrl(self._local) / "api/v2/status", PATIENCE_S, self._login)
                status, version = str(found.get("status", ""))[:40], str(found.get("version", ""))[:40]
            except (_Failed, _InEmergency) as failed:
                troubles.append(f"локальный модуль: {failed}")
        return Look(tuple(hosts), status, version, tuple(troubles))

    def _listed(self, until: float) -> list[str]:
        """Asks for the hosts and how quick they are, and keeps both; those that do not answer stay out."""
        listing = self._get(SecretUrl(self._online) / f"{_API}/cdn/info", self._left(until), self._key)
        found: list[Host] = []
        for row in _rows(listing.get("hosts"))[:HOSTS_MAX]:
            try:
                url = check_url(str(row.get("host", "")))
                health = self._get(SecretUrl(url) / f"{_API}/cdn/health/check", self._left(until), self._key)
                found.append(Host(url, _whole(health.get("avgTimeMs"))))
            except (SetupError, _Failed, ValueError):
                continue
        if not found:
            raise _Failed("ни одна площадка не отвечает")
        found.sort(key=lambda each: each.average_ms)
        self._hosts = HostBook(tuple(found), self._now())
        return [each.url for each in found]

    def _left(self, until: float) -> float:
        left_s = until - self._clock()
        if left_s <= 0:
            raise _Failed("не уложился в отведённое время")
        return left_s

    # --- the wire

    def _post(self, url: SecretUrl, body: object, timeout_s: float, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            return self._read(self._http.post_json(url, body, timeout_s, headers=headers))
        except NoAnswer as lost:
            raise _Failed(str(lost.facts.get("reason", ""))) from lost

    def _get(self, url: SecretUrl, timeout_s: float, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            return self._read(self._http.get(url, timeout_s, headers=headers))
        except NoAnswer as lost:
            raise _Failed(str(lost.facts.get("reason", ""))) from lost

    def _read(self, response: Response) -> dict[str, Any]:
        if response.status in (401, 403):
            raise SaleError("marking_access", reason="ключ или пароль не принят")
        if response.status in _EMERGENCY:
            raise _InEmergency("аварийный режим")
        if response.status != 200 or len(response.body) > BODY_MAX:
            raise _Failed(f"HTTP {response.status}")
        try:
            answer = response.json() if response.is_json else None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise _Failed("ответ не JSON")
        self._is_simulator = SIMULATOR_HEADER in response.headers
        return answer


def _rows(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _Failed("в ответе нет списка")
    return value


def _matched(value: object, codes: Sequence[MarkingCode]) -> list[dict[str, Any]]:
    """The row of each code. Rows may name the code whole or without its check code. Raises _Failed for any other."""
    by_name: dict[str, dict[str, Any]] = {}
    for row in _rows(value):
        name = row.get("cis")
        if not isinstance(name, str) or name in by_name:
            raise _Failed("в ответе код без имени или дважды")
        by_name[name] = row
    found = []
    for code in codes:
        name = code.text if code.text in by_name else code.identity
        if name not in by_name:
            raise _Failed("ответ не о тех кодах")
        found.append(by_name.pop(name))
    if by_name:
        raise _Failed("ответ не о тех кодах")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 10**9:
        raise ValueError("no whole number")
    return value


def _time(value: object, now: datetime) -> int:
    """Milliseconds since 1970, near our own clock."""
    if type(value) is not int or abs(timedelta(milliseconds=value) - timedelta(seconds=now.timestamp())) > SKEW:
        raise ValueError("no time of today")
    return value


def _header_text(key: str) -> str:
    """A key as a header carries it. Raises SetupError; the key itself is in no message."""
    if not key or not (key.isascii() and key.isprintable()) or " " in key or len(key) > 4096:
        raise SetupError("not_set_up", what="ключ «Честного знака» пуст или не из букв и цифр", command="marking")
    return key


def _basic(login: str) -> str:
    """`user:password` as HTTP Basic carries it. Raises SetupError."""
    if ":" not in login or len(login) > 1024:
        raise SetupError("not_set_up", what="доступ к локальному модулю не вида «имя:пароль»", command="marking")
    try:
        return base64.b64encode(login.encode()).decode()
    except (UnicodeEncodeError, binascii.Error):
        raise SetupError("not_set_up", what="доступ к локальному модулю не читается", command="marking") from None
