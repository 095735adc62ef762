"""The OFD's adapter: what it asks, how it pages, and that nothing from outside is believed that makes no sense."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.answering import JsonRequest
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.errors import Offline, Rejected, SetupError, SyncError
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl
from posapp.sync.ofd import BODY_MAX, PAGE, HttpOfd, OfdDocument, check_url
from posapp.sync.simulator.ofd import BadFault, SimulatedOfd, document_json
from posapp.sync.simulator.ofd_server import OfdServer

STORAGE = "9999078900005488"
TOKEN = "key"
BEGIN = datetime(2026, 11, 21, 9, 0)


class InMemory:
    """A poster that asks a simulated OFD without a wire, and keeps what was asked."""

    def __init__(self, ofd: SimulatedOfd | None = None) -> None:
        self.ofd = ofd or SimulatedOfd(TOKEN)
        self.asked: list[dict[str, Any]] = []
        self.answer: Response | NoAnswer | None = None

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        assert isinstance(body, dict)
        self.asked.append(body)
        if isinstance(self.answer, NoAnswer):
            raise self.answer
        if self.answer is not None:
            return self.answer
        names = {name.lower(): value for name, value in (headers or {}).items()}
        given = self.ofd.answer(JsonRequest("POST", "/documents", names, body), BEGIN + timedelta(days=9))
        return Response(
            given.status, {"content-type": given.content_type, "x-posapp-simulator": "training"}, given.body
        )

    def close(self) -> None:
        """Nothing is open."""


def a_document(number: int) -> OfdDocument:
    at = BEGIN + timedelta(minutes=number)
    return OfdDocument(number, DocumentType.RECEIPT, ReceiptKind.SELL, Money(100 + number), str(number * 7), at)


def filled(count: int) -> InMemory:
    poster = InMemory()
    poster.ofd.take(STORAGE, map(a_document, range(1, count + 1)))
    return poster


def adapter(poster: InMemory, token: str = TOKEN) -> HttpOfd:
    return HttpOfd("https://ofd.example", token, poster)


def all_of(pages: Iterator[list[OfdDocument]]) -> list[OfdDocument]:
    return [each for page in pages for each in page]


# ------------------------------------------------------------------------------------------------ asking
def test_every_document_once_in_pages() -> None:
    poster = filled(2 * PAGE + 3)
    assert all_of(adapter(poster).documents(STORAGE, 1)) == list(map(a_document, range(1, 2 * PAGE + 4)))
    assert [each["from"] for each in poster.asked] == [1, PAGE + 1, 2 * PAGE + 1]
    assert all(each["limit"] == PAGE and "to" not in each for each in poster.asked)


@pytest.mark.parametrize(
    "first, last, expected", [(3, 5, [3, 4, 5]), (9, None, [9, 10]), (11, None, []), (0, 2, [1, 2])]
)
def test_between_two_numbers(first: int, last: int | None, expected: list[int]) -> None:
    found = all_of(adapter(filled(10)).documents(STORAGE, first, last))
    assert [each.number for each in found] == expected


def test_between_two_moments() -> None:
    ofd = adapter(filled(10))
    since = BEGIN + timedelta(minutes=4)
    numbers = [each.number for each in all_of(ofd.documents_between(STORAGE, since, since + timedelta(minutes=3)))]
    assert numbers == [4, 5, 6]
    assert [each.number for each in all_of(ofd.documents_between(STORAGE, since))] == [4, 5, 6, 7, 8, 9, 10]


def test_over_real_http_and_who_answered() -> None:
    server = OfdServer(("127.0.0.1", 0), filled(3).ofd, lambda: BEGIN)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    ofd = HttpOfd(server.url, TOKEN, HttpClient())
    try:
        before = ofd.is_simulator
        assert len(all_of(ofd.documents(STORAGE, 1))) == 3
        assert (before, ofd.is_simulator) == (None, True)
    finally:
        ofd.close()
        server.close()
        thread.join(10)
    gone = HttpOfd(server.url, TOKEN, HttpClient())
    with pytest.raises(Offline, match="ОФД не ответил: нет соединения"):
        list(gone.documents(STORAGE, 1))
    gone.close()


# ------------------------------------------------------------------------------------------------ refusals
def test_a_wrong_key_and_an_unknown_storage() -> None:
    with pytest.raises(Rejected, match="ключ доступа не принят"):
        list(adapter(filled(1), "another").documents(STORAGE, 1))
    with pytest.raises(Rejected, match="такого ФН не знают"):
        list(adapter(filled(1)).documents("9999000000000000", 1))


def test_the_key_is_in_no_message_and_no_picture() -> None:
    poster = filled(1)
    poster.answer = NoAnswer("соединение оборвалось", sent=True)
    ofd = HttpOfd("https://ofd.example", "verysecret", poster)
    with pytest.raises(Offline) as told:
        list(ofd.documents(STORAGE, 1))
    assert "verysecret" not in repr(told.value) + str(told.value) + repr(ofd) + repr(vars(told.value))


@pytest.mark.parametrize("token", ["", "пароль", "a b", "line\nbreak", "x" * 5000])
def test_a_key_that_is_none(token: str) -> None:
    with pytest.raises(SetupError) as told:
        HttpOfd("https://ofd.example", token, InMemory())
    assert token == "" or token not in str(told.value)


@pytest.mark.parametrize(
    "url", ["", "ofd.example", "ftp://ofd", "https://", "https://a:b@c", "https://a/?k=1", "https://a/#k", "http://a:x"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SetupError):
        check_url(url)


# ------------------------------------------------------------------------------------------------ nonsense
def answered(body: object, status: int = 200, kind: str = "application/json") -> InMemory:
    poster = InMemory()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    poster.answer = Response(status, {"content-type": kind}, raw)
    return poster


GOOD = document_json(a_document(1))


def _with(**changes: object) -> dict[str, object]:
    return {"documents": [{**GOOD, **changes}], "more": False}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[" * 100_000,
        [],
        {},
        {"documents": []},
        {"documents": {}, "more": False},
        {"documents": [1], "more": False},
        {"documents": [], "more": "no"},
        {"documents": [], "more": True},
        {"documents": [GOOD] * 2, "more": False},
        {"documents": [GOOD] * (PAGE + 1), "more": False},
        _with(number=0),
        _with(number=1 << 32),
        _with(number=True),
        _with(number="1"),
        _with(type=256),
        _with(kind=5),
        _with(total_kopecks=-1),
        _with(total_kopecks=1.5),
        _with(total_kopecks=1 << 40),
        _with(sign=7),
        _with(sign="-1"),
        _with(sign="٣"),
        _with(sign="4294967296"),
        _with(sign="9" * 5000),
        _with(at="вчера"),
        _with(at="2026-11-21T09:00:00+03:00"),
        _with(at=None),
        _with(stamp=1),
        _with(stamp="x" * 257),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(answer: object) -> None:
    with pytest.raises(Offline) as told:
        list(adapter(answered(answer)).documents(STORAGE, 1))
    assert told.value.code == "ofd_unreachable"


def test_documents_that_were_not_asked_for_are_no_answer() -> None:
    with pytest.raises(Offline, match="не из того отрезка"):
        list(adapter(answered(_with(number=9))).documents(STORAGE, 1, 5))
    with pytest.raises(Offline, match="не по порядку"):
        list(adapter(answered(_with(number=2))).documents(STORAGE, 5))
    with pytest.raises(Offline, match="не из того отрезка"):
        list(adapter(answered(_with())).documents_between(STORAGE, BEGIN + timedelta(days=1)))


@pytest.mark.parametrize("status", [204, 302, 400, 429, 500, 503])
def test_other_answers_are_no_answer(status: int) -> None:
    with pytest.raises(Offline, match=f"HTTP {status}"):
        list(adapter(answered({}, status)).documents(STORAGE, 1))


def test_a_page_of_a_server_in_between_and_an_answer_beyond_measure() -> None:
    with pytest.raises(Offline, match="не JSON"):
        list(adapter(answered({"documents": [], "more": False}, kind="text/html")).documents(STORAGE, 1))
    with pytest.raises(Offline, match="слишком велик"):
        list(adapter(answered(b" " * (BODY_MAX + 1))).documents(STORAGE, 1))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "documents", "more"]), inner),
    max_leaves=30,
)


@given(_json)
def test_anything_at_all_gives_documents_or_an_error_of_ours(answer: object) -> None:
    codes, found = set[str](), list[OfdDocument]()
    try:
        found = all_of(adapter(answered(answer)).documents(STORAGE, 1))
    except SyncError as error:
        codes.add(error.code)
    assert codes <= {"ofd_unreachable"}
    assert all(isinstance(each, OfdDocument) for each in found)


# ------------------------------------------------------------------------------------------------ the simulator
@given(st.lists(st.integers(1, 60), unique=True), st.integers(1, 60), st.integers(1, 60))
def test_the_simulator_and_the_adapter_agree_on_every_interval(numbers: list[int], first: int, width: int) -> None:
    poster = InMemory()
    poster.ofd.take(STORAGE, map(a_document, numbers))
    found = all_of(adapter(poster).documents(STORAGE, first, first + width))
    assert [each.number for each in found] == sorted(each for each in numbers if first <= each <= first + width)


@pytest.mark.parametrize(
    "fault, seen",
    [
        ({"do": "silent", "days": 9}, lambda found: found == []),
        ({"do": "missing", "number": 2}, lambda found: [each.number for each in found] == [1, 3]),
        ({"do": "changed", "number": 2, "total_kopecks": 5}, lambda found: found[1].total == Money(5)),
        ({"do": "changed", "number": 2, "kind": 2}, lambda found: found[1].kind is ReceiptKind.SELL_REFUND),
        ({"do": "changed", "number": 2, "sign": "99"}, lambda found: found[1].sign == "99"),
        ({"do": "changed", "number": 7, "sign": "99"}, lambda found: len(found) == 3),
        ({"do": "extra", "number": 8, "stamp": "1·2·3"}, lambda found: found[3].stamp == "1·2·3"),
        ({"do": "extra", "number": 8, "storage": "1"}, lambda found: len(found) == 3),
    ],
)
def test_faults(fault: dict[str, Any], seen: Callable[[list[OfdDocument]], bool]) -> None:
    poster = filled(3)
    poster.ofd.set_faults([fault])
    assert seen(all_of(adapter(poster).documents(STORAGE, 1)))
    poster.ofd.set_faults([])
    assert len(all_of(adapter(poster).documents(STORAGE, 1))) == 3


def test_http_faults_are_counted() -> None:
    poster = filled(1)
    poster.ofd.set_faults([{"do": "http", "value": 503, "times": 2}])
    for _ in range(2):
        with pytest.raises(Offline):
            list(adapter(poster).documents(STORAGE, 1))
    assert len(all_of(adapter(poster).documents(STORAGE, 1))) == 1


@pytest.mark.parametrize(
    "faults",
    [
        {},
        ["silent"],
        [{"do": "explode"}],
        [{"do": "silent"}],
        [{"do": "silent", "days": "3"}],
        [{"do": "missing", "number": -1}],
        [{"do": "changed", "number": 1, "kind": 9}],
        [{"do": "changed", "number": 1, "sign": "x"}],
        [{"do": "http", "value": 700}],
        [{"do": "http"}],
        [{"do": "missing", "number": 1, "days": 2}],
        [{"do": "extra", "number": 1, "at": "noon"}],
    ],
)
def test_a_fault_that_makes_no_sense_changes_nothing(faults: object) -> None:
    poster = filled(2)
    poster.ofd.set_faults([{"do": "missing", "number": 1}])
    with pytest.raises(BadFault):
        poster.ofd.set_faults(faults)
    assert len(all_of(adapter(poster).documents(STORAGE, 1))) == 1


def test_a_document_that_came_once_stays_as_it_came() -> None:
    ofd = SimulatedOfd(TOKEN)
    ofd.take(STORAGE, [a_document(1)])
    ofd.take(STORAGE, [OfdDocument(1, 3, ReceiptKind.SELL, Money(1), "1", BEGIN)])
    assert all_of(adapter(InMemory(ofd)).documents(STORAGE, 1)) == [a_document(1)]


def test_the_simulators_own_door() -> None:
    ofd = filled(2).ofd
    state = ofd.answer(JsonRequest("GET", "/_sim/state", {}, None), BEGIN)
    assert json.loads(state.body)["storages"] == {STORAGE: 2}
    assert ofd.answer(JsonRequest("POST", "/_sim/faults", {}, [{"do": "x"}]), BEGIN).status == 400
    assert ofd.answer(JsonRequest("POST", "/_sim/faults", {}, [{"do": "missing", "number": 1}]), BEGIN).status == 200
    assert ofd.answer(JsonRequest("GET", "/_sim/other", {}, None), BEGIN).status == 404
    assert ofd.answer(JsonRequest("GET", "/documents", {"authorization": f"Bearer {TOKEN}"}, None), BEGIN).status == 404
    assert (
        ofd.answer(JsonRequest("POST", "/documents", {"authorization": f"Bearer {TOKEN}"}, None), BEGIN).status == 400
    )
