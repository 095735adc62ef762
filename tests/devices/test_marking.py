"""Asking whether codes may be sold: the limit, the fallback, hosts that fail, and that no lie is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.answering import JsonRequest
from posapp.devices.marking import (
    AWAY,
    BODY_MAX,
    FAILURES_MAX,
    HOSTS_AGE,
    LOCAL_S,
    ONLINE_S,
    Access,
    Host,
    HostBook,
    HttpMarkingCheck,
    Unanswered,
    check_url,
)
from posapp.devices.simulator.marking import BadFault, SimulatedMarking
from posapp.devices.simulator.marking_server import MarkingServer
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.permission import Ban, Permission, Source
from posapp.errors import SaleError, SetupError
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=3)))
STORAGE = "9999078900005488"
MILK = parse_marking("01046071038207002155kTHg\x1d93dGVz")
WATER = parse_marking("0104610017240052215OUcbCOV!r0fB\x1d93dGVz")
PACK = parse_marking("00000046210654JgXJ5.TABkJQdGV")
ONLINE, LOCAL = "https://cdn.example", "http://localhost:5995"


class InMemory:
    """HTTP without a wire: a virtual clock, a simulated system, hosts that are gone, and what was asked."""

    def __init__(self, marking: SimulatedMarking) -> None:
        self.marking = marking
        marking.url = f"{ONLINE}/host1"
        self.seconds = 0.0
        self.gone: set[str] = set()
        self.asked: list[tuple[str, float]] = []
        self.bodies: list[Any] = []
        self.answer: Response | None = None

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        self.bodies.append(body)
        return self._ask("POST", url, json.loads(json.dumps(body)), timeout_s, headers or {})

    def get(self, url: SecretUrl, timeout_s: float, *, headers: Mapping[str, str] | None = None) -> Response:
        return self._ask("GET", url, None, timeout_s, headers or {})

    def _ask(self, verb: str, url: SecretUrl, body: Any, timeout_s: float, headers: Mapping[str, str]) -> Response:
        self.asked.append((url.reveal(), timeout_s))
        if any(url.reveal().startswith(each) for each in self.gone):
            raise NoAnswer("нет соединения", sent=False)
        if self.answer is not None:
            return self.answer
        path = "/api/" + url.reveal().split("/api/", 1)[1]
        lower = {name.lower(): value for name, value in headers.items()}
        given = self.marking.answer(JsonRequest(verb, path, lower, body), self.now)
        if given.waits_s >= timeout_s:
            self.seconds += timeout_s
            raise NoAnswer("ответа нет за отведённое время", sent=True)
        self.seconds += given.waits_s
        return Response(
            given.status, {"content-type": given.content_type, "x-posapp-simulator": "training"}, given.body
        )

    def close(self) -> None:
        """Nothing is open."""


class Shop:
    """An adapter and what is behind it."""

    def __init__(
        self, *, online: str = ONLINE, local: str = LOCAL, hosts: tuple[str, ...] = (f"{ONLINE}/host1",)
    ) -> None:
        self.marking = SimulatedMarking("key", "u:p")
        self.http = InMemory(self.marking)
        book = HostBook(tuple(Host(each) for each in hosts), NOW if hosts else None)
        self.check = HttpMarkingCheck(
            Access(online, "key", local, "u:p"), self.http, lambda: self.http.now, lambda: self.http.seconds, book
        )

    def ask(self, *codes: MarkingCode) -> tuple[Permission, ...]:
        return self.check.ask(codes or (MILK,), STORAGE)

    def fault(self, *faults: dict[str, Any]) -> None:
        self.marking.set_faults(list(faults))


# ------------------------------------------------------------------------------------------------ answers
def test_online_first_the_whole_code_and_the_storage_are_sent() -> None:
    shop = Shop()
    milk, water = shop.ask(MILK, WATER)
    assert (milk.source, milk.is_allowed, milk.identity) == (Source.ONLINE, True, MILK.identity)
    assert water.identity == WATER.identity
    assert milk.detail is not None
    assert milk.detail.value == f"UUID={milk.request_id}&Time={milk.request_time}"
    assert shop.http.bodies == [{"codes": [MILK.text, WATER.text], "fiscalDriveNumber": STORAGE}]
    assert [url for url, _ in shop.http.asked] == [f"{ONLINE}/host1/api/v4/true-api/codes/check"]
    assert shop.check.is_simulator is True


@pytest.mark.parametrize("number", range(7))
def test_every_ban_reaches_the_cashier(number: int) -> None:
    shop = Shop()
    shop.fault({"do": "refuse", "value": number})
    (found,) = shop.ask()
    assert found.ban is Ban(number)
    assert found.source is Source.ONLINE


def test_one_bad_code_among_good_ones() -> None:
    shop = Shop()
    shop.marking.set_codes({WATER.identity: {"sold": True, "realizable": False}})
    assert [each.ban for each in shop.ask(MILK, WATER, PACK)] == [None, Ban.SOLD, None]


def test_more_codes_than_one_question_takes() -> None:
    shop = Shop()
    codes = [parse_marking(f"010460710382070021{number:07}\x1d93dGVz") for number in range(230)]
    found = shop.check.ask(codes, STORAGE)
    assert [each.identity for each in found] == [each.identity for each in codes]
    assert [len(each["codes"]) for each in shop.http.bodies] == [100, 100, 30]


# ------------------------------------------------------------------------------------------------ time and fallback
def test_a_slow_service_has_a_second_and_a_half_then_the_local_module_is_asked() -> None:
    shop = Shop()
    shop.fault({"do": "slow", "value": 30.0})
    (found,) = shop.ask()
    assert (found.source, found.is_allowed) == (Source.LOCAL, True)
    assert found.detail is not None
    assert found.detail.value.endswith(f"&Inst={found.instance}&Ver={found.version}")
    assert shop.http.seconds == ONLINE_S
    assert shop.http.bodies[-1] == {"cis_list": [MILK.identity]}


def test_the_tobacco_pack_is_named_without_its_check_code() -> None:
    shop = Shop(online="")
    assert [each.identity for each in shop.ask(PACK)] == [PACK.text[:21]]
    assert shop.http.bodies == [{"cis_list": [PACK.text[:21]]}]


def test_all_hosts_together_have_a_second_and_a_half() -> None:
    shop = Shop(hosts=tuple(f"{ONLINE}/host{number}" for number in range(1, 6)))
    shop.fault({"do": "slow", "value": 1.0}, {"do": "http", "value": 500})
    (found,) = shop.ask()
    assert found.source is Source.LOCAL
    limits = [limit for url, limit in shop.http.asked if "codes/check" in url]
    assert limits == [ONLINE_S, ONLINE_S - 1.0]
    assert shop.http.seconds <= ONLINE_S


def test_the_next_host_answers_when_the_first_fails() -> None:
    shop = Shop(hosts=(f"{ONLINE}/host1", f"{ONLINE}/host2"))
    shop.fault({"do": "http", "value": 503, "times": 1})
    (found,) = shop.ask()
    assert found.source is Source.ONLINE
    assert [each.failures for each in shop.check.hosts.hosts] == [1, 0]


def test_nobody_answers() -> None:
    shop = Shop()
    shop.fault({"do": "slow", "value": 30.0}, {"do": "slow", "value": 30.0, "at": "local"})
    with pytest.raises(Unanswered) as caught:
        shop.ask()
    assert shop.http.seconds == ONLINE_S + LOCAL_S
    assert "«Честный знак»" in caught.value.reason
    assert "локальный модуль" in caught.value.reason


def test_nobody_to_ask() -> None:
    with pytest.raises(Unanswered):
        Shop(online="", local="").ask()


@pytest.mark.parametrize("status", [203, 204])
def test_the_emergency_mode_is_the_services_own_word(status: int) -> None:
    shop = Shop()
    shop.fault({"do": "http", "value": status})
    (found,) = shop.ask()
    assert (found.source, found.is_allowed, found.detail) == (Source.EMERGENCY, True, None)


def test_the_emergency_of_the_local_module() -> None:
    shop = Shop()
    shop.fault({"do": "http", "value": 500}, {"do": "http", "value": 203, "at": "local"})
    assert shop.ask()[0].source is Source.EMERGENCY


# ------------------------------------------------------------------------------------------------ hosts
def test_three_failures_and_a_host_is_left_alone_for_a_while() -> None:
    shop = Shop(hosts=(f"{ONLINE}/host1",))
    shop.fault({"do": "http", "value": 502})
    for _ in range(FAILURES_MAX):
        shop.ask()
    before = len(shop.http.asked)
    shop.ask()
    assert [url for url, _ in shop.http.asked[before:]] == [f"{LOCAL}/api/v2/cis/outCheck"]
    shop.fault()
    shop.http.seconds += AWAY.total_seconds()
    assert shop.ask()[0].source is Source.ONLINE
    assert shop.check.hosts.hosts[0].failures == 0


def test_an_answer_forgives_earlier_failures() -> None:
    shop = Shop()
    for _ in range(5):
        shop.fault({"do": "http", "value": 502, "times": FAILURES_MAX - 1})
        for _ in range(FAILURES_MAX):
            shop.ask()
    assert shop.check.hosts.usable(shop.http.now) == [f"{ONLINE}/host1"]


def test_without_a_list_the_hosts_are_asked_for_within_the_same_limit() -> None:
    shop = Shop(hosts=())
    assert shop.ask()[0].source is Source.ONLINE
    assert [url.rsplit("/", 1)[1] for url, _ in shop.http.asked] == ["info", "check", "check"]
    assert shop.check.hosts.usable(NOW) == [f"{ONLINE}/host1"]
    slow = Shop(hosts=())
    slow.fault({"do": "slow", "value": 1.0})
    assert slow.ask()[0].source is Source.LOCAL
    assert slow.http.seconds <= ONLINE_S


def test_the_quickest_host_comes_first_and_the_list_grows_old() -> None:
    book = HostBook((Host("https://a", 5), Host("https://b", 2)), NOW)
    assert not book.is_due(NOW + HOSTS_AGE - timedelta(seconds=1))
    assert book.is_due(NOW + HOSTS_AGE)
    assert book.is_due(NOW - timedelta(minutes=1))
    assert HostBook().is_due(NOW)


moments = st.none() | st.datetimes(timezones=st.just(NOW.tzinfo))


@given(st.lists(st.builds(Host, st.just("https://a"), st.integers(0, 9999), st.integers(0, 3), moments)), moments)
def test_what_is_known_of_hosts_survives_the_journal(hosts: list[Host], at: datetime | None) -> None:
    book = HostBook(tuple(hosts[:20]), at)
    assert HostBook.from_json(json.loads(json.dumps(book.as_json()))) == book


# ------------------------------------------------------------------------------------------------ lies and refusals
@pytest.mark.parametrize(
    "fault",
    [
        {"do": "lie", "value": "codes"},
        {"do": "lie", "value": "id"},
        {"do": "lie", "value": "time"},
        {"do": "garbage", "value": "<html>"},
        {"do": "garbage", "value": "[]"},
        {"do": "garbage", "value": '{"code": 5000, "description": "?"}'},
        {"do": "garbage", "value": "{" * 5000},
        {"do": "http", "value": 400},
        {"do": "http", "value": 429},
    ],
)
@pytest.mark.parametrize("at", ["online", "local"])
def test_an_answer_that_cannot_be_right_is_no_answer(fault: dict[str, Any], at: str) -> None:
    shop = Shop(online=ONLINE if at == "online" else "")
    shop.fault({**fault, "at": at})
    if at == "online":
        assert shop.ask()[0].source is Source.LOCAL
        assert shop.check.hosts.hosts[0].failures == 1
    else:
        with pytest.raises(Unanswered):
            shop.ask()


@pytest.mark.parametrize("key, login", [("other", "u:p"), ("key", "u:other")])
def test_a_key_that_is_not_accepted_is_said_at_once(key: str, login: str) -> None:
    shop = Shop()
    shop.marking.key, shop.marking.login = key, login
    if key == "key":
        shop.http.gone.add(f"{ONLINE}/host1")
    with pytest.raises(SaleError) as caught:
        shop.ask()
    assert caught.value.code == "marking_access"


def test_an_answer_that_is_too_big_is_not_read() -> None:
    shop = Shop(local="")
    shop.http.answer = Response(200, {"content-type": "application/json"}, b" " * (BODY_MAX + 1))
    with pytest.raises(Unanswered):
        shop.ask()


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(MILK.text) | st.just(MILK.identity),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["codes", "cis", "reqId", "reqTimestamp", "results", "sold", "code", "hosts", "host", "valid"]),
        inner, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_any_json_gives_permission_or_no_answer(value: Any) -> None:
    shop = Shop(local="")
    shop.http.answer = Response(200, {"content-type": "application/json"}, json.dumps(value).encode())
    module = Shop(online="")
    module.http.answer = shop.http.answer
    for each in (shop, module):
        try:
            (found,) = each.ask()
        except Unanswered:
            continue
        assert found.identity == MILK.identity


# ------------------------------------------------------------------------------------------------ set-up
def test_what_set_up_sees() -> None:
    shop = Shop(hosts=())
    seen = shop.check.look()
    assert (seen.hosts, seen.local_status, seen.local_version, seen.troubles) == (
        (f"{ONLINE}/host1",), "ready", "2.5.1", (),
    )  # fmt: skip
    shop.http.gone |= {ONLINE, LOCAL}
    gone = shop.check.look()
    assert (gone.hosts, gone.local_status, len(gone.troubles)) == ((), "", 2)


@pytest.mark.parametrize(
    "text", ["", "cdn.crpt.ru", "ftp://a", "https://u:p@a", "https://a?key=1", "https://", "http://a:0"]
)
def test_addresses_that_may_not_be_kept(text: str) -> None:
    with pytest.raises(SetupError):
        check_url(text)


@pytest.mark.parametrize(
    "access", [Access(ONLINE, ""), Access(ONLINE, "a b"), Access(ONLINE, "ключ"), Access("", "", LOCAL, "nopassword")]
)
def test_secrets_that_no_header_carries_are_in_no_message(access: Access) -> None:
    with pytest.raises(SetupError) as caught:
        HttpMarkingCheck(access, InMemory(SimulatedMarking()), lambda: NOW, lambda: 0.0)
    assert "nopassword" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ the simulator
@pytest.mark.parametrize(
    "fault",
    [
        {}, {"do": "slow"}, {"do": "slow", "value": True}, {"do": "http", "value": 99}, {"do": "refuse", "value": 7},
        {"do": "lie", "value": "all"}, {"do": "slow", "value": 1, "at": "both"}, {"do": "http", "value": 500, "n": 1},
        {"do": "http", "value": 500, "times": -1}, "slow",
    ],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_changes_nothing(fault: object) -> None:
    marking = SimulatedMarking()
    with pytest.raises(BadFault):
        marking.set_faults([{"do": "http", "value": 500}, fault])
    assert marking.answer(JsonRequest("GET", "/api/v2/status", {}, None), NOW).status == 401


def test_what_the_local_module_was_told_is_sold_online_too() -> None:
    shop = Shop()
    login = {"authorization": "Basic dTpw"}
    shop.marking.answer(JsonRequest("POST", "/api/v2/cis/sell", login, {"cis_list": [MILK.identity]}), NOW)
    assert shop.ask()[0].ban is Ban.SOLD


def test_over_real_http() -> None:
    marking = SimulatedMarking("key", "u:p")
    server = MarkingServer(("127.0.0.1", 0), marking, lambda: NOW)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    access = Access(server.url, "key", server.url, "u:p")
    check = HttpMarkingCheck(access, HttpClient(body_max=BODY_MAX), lambda: NOW, lambda: 0.0)
    try:
        assert check.look().local_status == "ready"
        assert check.ask([MILK, WATER], STORAGE)[1].source is Source.ONLINE
        marking.set_faults([{"do": "http", "value": 204}])
        assert check.ask([MILK], STORAGE)[0].source is Source.EMERGENCY
        marking.set_faults([{"do": "http", "value": 500}])
        assert check.ask([MILK], STORAGE)[0].source is Source.LOCAL
        assert check.is_simulator is True
    finally:
        check.close()
        server.close()
        thread.join(10)
