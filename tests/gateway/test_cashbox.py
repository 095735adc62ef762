"""PRINT_URL and CHECK_URL over the wire: always 200 and harmless for the portal, nothing for anybody else."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from posapp.errors import JournalError, SetupError
from posapp.gateway import door, serve, whole
from posapp.gateway.app import make_app
from posapp.gateway.cashbox import PATH_MIN, Cashbox
from posapp.gateway.contract import Offer, Verdict
from posapp.gateway.phpform import SIZE_MAX
from posapp.gateway.serve import serving
from posapp.gateway.store import SqlStore, open_store
from tests.gateway.checks import CHECK, wire
from tests.gateway.conftest import SECRET

PORTAL = "shop.example"
PATH = "k9v" * 16
PRINT, CHECK_URL = f"/cb/{PATH}/print", f"/cb/{PATH}/check"
MOSCOW = ZoneInfo("Europe/Moscow")
MARK = {
    "document_number": 4711, "document_sign": "0987654321", "receipt_number": 14, "shift_number": 88,
    "storage_number": "9999078900000001", "registration_number": "0000012345670123",
    "printed_at": "2026-03-09T18:20:00",
}  # fmt: skip
Where = tuple[str, int]


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def gateway(store: SqlStore) -> Iterator[Where]:
    """A gateway with a cashbox, a till `one` known to it."""
    app = whole.gateway(store, SECRET, now, whole.CashboxSettings(PORTAL, PATH, MOSCOW, None))
    with serving(app) as url:
        parts = urlsplit(url)
        where = (parts.hostname or "", parts.port or 0)
        assert till(where, "tills", name="1") == (200, {})
        yield where


@pytest.fixture
def where(store: SqlStore) -> Iterator[Where]:
    with gateway(store) as found:
        yield found


@pytest.fixture
def here() -> Iterator[Where]:
    """A gateway in memory, where the database does not matter."""
    with gateway(open_store("sqlite://")) as found:
        yield found


def ask(where: Where, path: str, body: bytes, verb: str = "POST", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*where, timeout=60)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        connection.request(verb, path, body, kind | headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else None
    finally:
        connection.close()


def whole_answer(line: socket.socket) -> bytes:
    """All that comes until the gateway closes."""
    answer = b""
    while piece := line.recv(65536):
        answer += piece
    return answer


def printed(where: Where, **change: Any) -> Any:
    """The portal orders a check; what it is answered."""
    status, answer = ask(where, PRINT, wire(CHECK | change))
    assert status == 200
    return answer


def checked(where: Where, uuid: str) -> Any:
    """The portal asks for a check; what it is answered."""
    status, answer = ask(where, CHECK_URL, wire({"uuid": uuid}))
    assert status == 200
    return answer


def till(where: Where, what: str, **body: Any) -> tuple[int, Any]:
    sent = json.dumps({"portal": PORTAL, "till": "one", **body}).encode()
    return ask(where, f"/v1/{what}", sent, Authorization=f"Bearer {SECRET}")


def take(where: Where, wait_s: int = 0) -> Any:
    _, first = till(where, "jobs/take", registers=["777"], wait_s=0)
    if first["job"] is not None:
        return first["job"]
    status, answer = till(where, "jobs/take", registers=["777"], wait_s=wait_s, gap=first["gap"])
    assert status == 200
    return answer["job"]


def test_a_check_from_the_portal_to_its_marks(where: Where) -> None:
    uuid = printed(where)["UUID"]
    assert checked(where, uuid) == {"STATUS": "WAIT"}
    job = take(where)
    assert (job["uuid"], job["unique_id"], job["check"]["items"]) == (uuid, "417", CHECK["items"])
    lease = {"job_id": job["job_id"], "fence": job["fence"]}
    assert till(where, "jobs/renew", **lease) == (200, {})
    assert till(where, "jobs/started", **lease, key="KEY1", factory_number="777") == (200, {})
    assert checked(where, uuid) == {"STATUS": "WAIT"}
    assert [each["state"] for each in till(where, "jobs/mine")[1]["jobs"]] == ["started"]
    report = {**lease, "state": "done", "key": "KEY1", "mark": MARK, "reason": ""}
    assert till(where, "jobs/report", **report) == (200, {})
    assert till(where, "jobs/report", **report) == (200, {})
    assert checked(where, uuid) == {
        "STATUS": "DONE", "UUID": uuid, "REG_NUMBER_KKT": "0000012345670123", "FN_NUMBER": "9999078900000001",
        "FISCAL_DOC_NUMBER": "4711", "FISCAL_DOC_ATTR": "0987654321", "FISCAL_RECEIPT_NUMBER": "14",
        "SHIFT_NUMBER": "88", "PRINT_END_TIME": int(datetime(2026, 3, 9, 15, 20, tzinfo=UTC).timestamp()),
    }  # fmt: skip
    assert printed(where) == {"UUID": uuid}


def test_only_a_refused_check_is_an_error_and_may_be_printed_again(where: Where) -> None:
    uuid = printed(where)["UUID"]
    job = take(where)
    report = {"job_id": job["job_id"], "fence": job["fence"], "state": "refused", "key": "", "mark": None}
    assert till(where, "jobs/report", **report, reason="смена закрыта") == (200, {})
    assert checked(where, uuid) == {"STATUS": "ERROR", "ERROR": "смена закрыта"}
    assert printed(where) == {"UUID": uuid}
    assert checked(where, uuid) == {"STATUS": "WAIT"}
    assert take(where)["fence"] == 2


def test_trap_06_replayed_a_hundred_times_at_once_it_is_one_job(where: Where) -> None:
    bodies = [wire(CHECK | {"uuid": f"check|shop.example|417|{number}"}) for number in range(100)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda body: ask(where, PRINT, body), bodies))
    assert {status for status, _ in answers} == {200}
    assert len({answer["UUID"] for _, answer in answers}) == 1
    assert take(where) is not None
    assert take(where) is None


def test_a_till_that_waits_is_woken(where: Where) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(take, where, 25)
        uuid = printed(where)["UUID"]
        assert waiting.result(20)["uuid"] == uuid


def test_a_till_that_waits_at_another_process_gets_it_too(shared_url: str) -> None:
    with gateway(open_store(shared_url)) as one, gateway(open_store(shared_url)) as two, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(take, two, 25)
        uuid = printed(one)["UUID"]
        assert waiting.result(20)["uuid"] == uuid
        assert printed(two) == {"UUID": uuid}


# ---------------------------------------------------------------------------------------------- never another answer
def is_harmless(what: str, answer: Any) -> bool:
    """Whether the kernel makes no receipt, and no check that hangs for ever, of an answer."""
    if what == CHECK_URL:
        return bool(answer == {"STATUS": "WAIT"})
    errors = answer.get("ERRORS")
    return "UUID" not in answer and isinstance(errors, list) and bool(errors) and all(map(str.strip, errors))


BAD = [
    b"", b"uuid=", b"{}", b'{"uuid": 1}', b"\xff\xfe", b"a[b=1", b"&" * 50_000, b"uuid=%00", b"uuid[x]=1",
    b"uuid=" + b"x" * 200, wire(CHECK | {"type": "correction_sell"}), wire(CHECK | {"total_sum": "1"}),
    wire(CHECK | {"unique_id": ""}), b"a" + b"[b]" * 100_000 + b"=1", b"x=" + b"y" * SIZE_MAX,
]  # fmt: skip


@pytest.mark.parametrize("what", [PRINT, CHECK_URL])
@pytest.mark.parametrize("verb", ["POST", "GET"])
def test_trap_04_and_05_whatever_comes_the_answer_is_200_and_harmless(here: Where, what: str, verb: str) -> None:
    for body in BAD:
        status, answer = ask(here, what, body, verb)
        assert status == 200, body[:80]
        assert is_harmless(what, answer), (body[:80], answer)
    assert take(here) is None


@pytest.mark.parametrize("what", [PRINT, CHECK_URL])
def test_a_database_that_fails_is_an_error_to_print_and_a_wait_to_check(
    where: Where, store: SqlStore, what: str
) -> None:
    uuid = printed(where)["UUID"]
    with store.engine.begin() as db:
        db.exec_driver_sql("DROP TABLE jobs")
    status, answer = ask(where, what, wire(CHECK | {"uuid": uuid}))
    assert status == 200
    assert is_harmless(what, answer)


class Broken:
    """Jobs of a gateway with a mistake in it."""

    def accept(self, portal: str, offers: Sequence[Offer], at: datetime) -> list[str]:
        raise AttributeError("a mistake")

    def uuid_of(self, portal: str, unique_id: str) -> str:
        raise AttributeError("a mistake")

    def verdict(self, portal: str, uuid: str, at: datetime) -> Verdict | None:
        raise AttributeError("a mistake")

    def vat_rows(self, portal: str) -> frozenset[str] | None:
        raise JournalError("gateway_store", what="x")


@pytest.mark.parametrize("body", [wire(CHECK), wire(CHECK | {"type": "x"})])
def test_a_mistake_of_ours_is_an_error_to_print_and_a_wait_to_check(body: bytes) -> None:
    cashbox = Cashbox(Broken(), PORTAL, PATH, MOSCOW, now, lambda: "u", lambda: None)
    with serving(make_app(open_store("sqlite://"), SECRET, now, [cashbox])) as url:
        parts = urlsplit(url)
        for what in (PRINT, CHECK_URL):
            status, answer = ask((parts.hostname or "", parts.port or 0), what, body)
            assert status == 200
            assert is_harmless(what, answer)


def test_one_check_that_cannot_be_kept_takes_no_other_with_it(here: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    from posapp.gateway.job_store import SqlPortalJobs

    real: Callable[..., list[str]] = SqlPortalJobs.accept

    def poisoned(self: SqlPortalJobs, portal: str, offers: Sequence[Offer], at: datetime) -> list[str]:
        if any(each.unique_id == "13" for each in offers):
            raise JournalError("gateway_store", what="x")
        return real(self, portal, offers, at)

    monkeypatch.setattr(SqlPortalJobs, "accept", poisoned)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: printed(here, unique_id=str(number)), range(1, 31)))
    assert [number for number, answer in enumerate(answers, 1) if "UUID" not in answer] == [13]


def test_a_refusal_does_not_hide_a_check_that_is_known(where: Where) -> None:
    uuid = printed(where)["UUID"]
    take(where)
    assert printed(where, total_sum="1") == {"UUID": uuid}


def test_trap_07_a_vat_row_that_no_till_has_told_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.gateway.cashbox.VAT_EVERY_S", 0.01)
    with gateway(open_store("sqlite://")) as where:
        assert "UUID" in printed(where, unique_id="1")
        till(where, "jobs/take", registers=[], wait_s=0, vat_rows=["3"])
        until = time.monotonic() + 30
        answers = (printed(where, unique_id=str(number)) for number in itertools.count(2))
        refused = next(each for each in answers if "ERRORS" in each or time.monotonic() > until)
    assert "НДС" in refused["ERRORS"][0]


# ---------------------------------------------------------------------------------------------- who comes in
@pytest.mark.parametrize(
    "path",
    [f"/cb/{PATH[:-1]}/print", f"/cb/{PATH}x/check", "/cb//print", "/cb/x/print", f"/cb/{PATH}/prin", f"/cb/{PATH}",
     f"/cb/{PATH}/print/x", f"/cb/{PATH.upper()}/print", f"/cb/%00{PATH}/print", "/cb/%ff/print", f"/CB/{PATH}/print"],
)  # fmt: skip
def test_without_the_secret_there_is_nothing_and_no_database_is_asked(path: str) -> None:
    cashbox = Cashbox(Broken(), PORTAL, PATH, MOSCOW, now, lambda: "u", lambda: None)
    with serving(make_app(open_store("sqlite://"), SECRET, now, [cashbox])) as url:
        parts = urlsplit(url)
        assert ask((parts.hostname or "", parts.port or 0), path, wire(CHECK)) == (404, None)


def test_without_the_secret_no_body_is_read(here: Where) -> None:
    with socket.create_connection(here, timeout=30) as line:
        line.sendall(b"POST /cb/guess/print HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert line.recv(64).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("path", ["", "short", "x" * (PATH_MIN - 1), "/" * 40, "й" * 40, "a b" * 20])
def test_a_path_that_is_no_secret_is_refused_at_the_start(path: str) -> None:
    store = open_store("sqlite://")
    with pytest.raises(SetupError) as refused:
        whole.gateway(store, SECRET, now, whole.CashboxSettings(PORTAL, path, MOSCOW, None))
    store.close()
    assert refused.value.code == "print_path"
    assert not path or path not in str(refused.value)


def test_http_1_0_as_the_portal_may_speak_it(here: Where) -> None:
    body = wire(CHECK)
    head = f"POST {PRINT} HTTP/1.0\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(here, timeout=30) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        answer = whole_answer(line)
    top, _, rest = answer.partition(b"\r\n\r\n")
    assert top.split(b" ")[1] == b"200"
    assert b"transfer-encoding" not in top.lower()
    assert "UUID" in json.loads(rest)


def test_a_body_that_comes_by_drops_is_let_go_harmlessly(here: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BODY_S", 0.05)
    for what in (PRINT, CHECK_URL):
        with socket.create_connection(here, timeout=30) as line:
            head = f"POST {what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n"
            line.sendall(head.encode() + b"uuid=")
            answer = whole_answer(line)
        assert answer.split(b" ")[1] == b"200"
        assert is_harmless(what, json.loads(answer.partition(b"\r\n\r\n")[2]))


def test_a_crowd_that_says_nothing_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CROWD", 20)
    monkeypatch.setattr(serve, "MANNERS_S", 0.0)
    monkeypatch.setattr(serve, "CONNECTIONS_MAX", 50)
    with gateway(open_store("sqlite://")) as where:
        crowd = [socket.create_connection(where, timeout=30) for _ in range(200)]
        try:
            answers = [printed(where, unique_id=str(number)) for number in range(1, 21)]
        finally:
            for each in crowd:
                each.close()
    assert all("UUID" in each for each in answers)


def test_a_connection_that_asks_for_nothing_is_closed(here: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "HEAD_S", 0.05)
    with socket.create_connection(here, timeout=30) as line:
        line.sendall(b"POST /cb/")
        with suppress(ConnectionResetError):
            assert line.recv(64) == b""


def test_the_secret_is_in_no_log(here: Where, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        printed(here)
        ask(here, PRINT, b"a[b=1")
        ask(here, f"/cb/{PATH}/nothing", b"")
    assert PATH not in caplog.text


@pytest.mark.parametrize(
    "what, body",
    [
        ("take", {}), ("take", {"registers": "x", "wait_s": 0}), ("take", {"registers": [1], "wait_s": 0}),
        ("take", {"registers": ["1"] * 51, "wait_s": 0}), ("take", {"registers": [], "wait_s": -1}),
        ("take", {"registers": [], "wait_s": 1.5}), ("take", {"registers": [], "wait_s": 0, "vat_rows": "3"}),
        ("started", {"job_id": 1, "fence": 1}),
        ("started", {"job_id": "1", "fence": 1, "key": "K", "factory_number": "7"}),
        ("renew", {"job_id": 1}), ("report", {"job_id": 1, "fence": 1, "state": "printed"}),
        ("report", {"job_id": 1, "fence": 1, "state": "done", "key": "K", "mark": None}),
        ("report", {"job_id": 1, "fence": 1, "state": "done", "key": "K", "mark": MARK | {"document_number": "4711"}}),
        ("report", {"job_id": 1, "fence": 1, "state": "done", "key": "K", "mark": MARK | {"more": 1}}),
        ("report", {"job_id": 1, "fence": 1, "state": "done", "key": "K", "mark": MARK | {"printed_at": "now"}}),
        ("report", {"job_id": 1, "fence": 1, "state": "refused", "key": 7}),
    ],
)  # fmt: skip
def test_what_is_no_request_of_a_till_is_refused(here: Where, what: str, body: Mapping[str, Any]) -> None:
    status, answer = till(here, f"jobs/{what}", **body)
    assert (status, answer["error"]["code"]) == (400, "bad_input")


def test_a_long_wait_is_cut_to_what_is_allowed(here: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.gateway.leases.WAIT_MAX_S", 0.05)
    assert take(here, wait_s=10**6) is None


CALLER = """
[$url, $version, $check] = json_decode(stream_get_contents(STDIN), true);
foreach ($check['items'] as &$item) { $item['nomenclature_code'] = "DM\\x00\\x05[&=%+]\\xff\\xfe" . $item['name']; }
$http = ['method' => 'POST', 'protocol_version' => $version, 'ignore_errors' => true, 'timeout' => 60,
    'header' => "Content-Type: application/x-www-form-urlencoded\\r\\nConnection: close\\r\\n",
    'content' => http_build_query($check)];
$answer = file_get_contents($url, false, stream_context_create(['http' => $http]));
echo json_encode([$http_response_header[0], json_decode($answer, true)]);
"""


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_trap_16_called_by_php_itself(here: Where, version: str) -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("PHP is not installed here (Debian: apt-get install php-cli)")
    sent = json.dumps([f"http://{here[0]}:{here[1]}{PRINT}", float(version), CHECK])
    done = subprocess.run([php, "-n", "-r", CALLER], input=sent, capture_output=True, text=True, timeout=60, check=True)
    head, answer = json.loads(done.stdout)
    assert head.split()[1] == "200"
    assert list(answer) == ["UUID"]
    item = take(here)["check"]["items"][0]
    code = base64.b64decode(item.pop("nomenclature_code")["base64"])
    assert code == b"DM\x00\x05[&=%+]\xff\xfe" + item["name"].encode()
    assert item == CHECK["items"][0]
