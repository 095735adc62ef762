"""The REST client against the simulated portal over HTTP: batches, cursors, errors by code, lost answers, secrets."""

import contextlib
import json
import logging
import socket
import ssl
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from posapp.errors import Offline, Rejected, SetupError, SyncError
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl
from posapp.sync.bitrix.answers import was_executed
from posapp.sync.bitrix.client import BitrixClient, Command, Fate, RequestLog, query_of
from posapp.sync.governor import CLOUD, Governor, Limits, Priority
from tests.sync.portals import NO_LIMITS, Bitrix, VirtualClock, order_row, serving, shop_of


@pytest.fixture(scope="module")
def running() -> Iterator[Bitrix]:
    with serving(shop_of(*(order_row(number) for number in range(1, 121)))) as bitrix:
        yield bitrix


@pytest.fixture
def bitrix(running: Bitrix) -> Bitrix:
    running.faults()
    running.set("settings", {"profile": "kernel", "limits": "off", "scopes": ["sale", "catalog", "crm", "pay_system"]})
    running.log.clear()
    running.clock.slept.clear()
    running.clock.now_s += 3600  # whatever was throttled before is not any more
    return running


@pytest.fixture
def connect() -> Iterator[Callable[[str], BitrixClient]]:
    """Clients of any address, closed at the end."""
    opened: list[HttpClient] = []

    def connected(webhook: str) -> BitrixClient:
        opened.append(HttpClient())
        return BitrixClient(webhook, opened[-1], Governor(lambda: 0.0, lambda _: None, NO_LIMITS))

    yield connected
    for http in opened:
        http.close()


def failing(call: Any) -> SyncError:
    with pytest.raises(SyncError) as caught:
        call()
    return caught.value


def test_a_call_returns_the_result_with_decimals_and_knows_the_simulator(bitrix: Bitrix) -> None:
    order = bitrix.client.call("sale.order.get", {"id": 7})["order"]
    assert order["accountNumber"] == "N-7"
    assert order["basketItems"][0]["vatRate"] == Decimal("0.22")
    assert not any(isinstance(value, float) for value in order["basketItems"][0].values())
    assert bitrix.client.is_simulator is True
    assert bitrix.client.server_time is not None
    assert [(entry.method, entry.outcome, entry.http) for entry in bitrix.log] == [("sale.order.get", "done", 200)]


def test_pages_bring_every_row_once_and_stop(bitrix: Bitrix) -> None:
    before = bitrix.http_requests()
    pages = list(bitrix.client.pages("sale.order.list", {"select": ["id"]}, "orders"))
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [row["id"] for page in pages for row in page] == list(range(1, 121))
    assert bitrix.http_requests() - before == 3
    assert bitrix.client.total("sale.order.list", {"select": ["id"]}) == 120


def test_a_batch_over_fifty_is_split_and_keeps_order(bitrix: Bitrix) -> None:
    before = bitrix.http_requests()
    commands = [Command(f"o{number}", "sale.order.get", {"id": number}) for number in range(1, 121)]
    cells = bitrix.client.batch(commands)
    assert bitrix.http_requests() - before == 3
    assert list(cells) == [command.key for command in commands]
    assert all(cell.value()["order"]["id"] == int(key[1:]) for key, cell in cells.items())
    assert sum(entry.in_batch for entry in bitrix.log) == 120


def test_trap_56_a_failing_cell_leaves_its_neighbours_alone(bitrix: Bitrix) -> None:
    cells = bitrix.client.batch(
        [
            Command("a", "sale.order.get", {"id": 1}),
            Command("b", "sale.order.get", {"id": 99999}),
            Command("c", "no.such.method", {}),
            Command("d", "sale.payment.update", {"id": 11, "fields": {"comments": "без платёжной системы"}}),
            Command("e", "sale.order.get", {"id": 2}),
        ]
    )
    assert [cells[key].fate for key in "abcde"] == [
        Fate.DONE,
        Fate.DECLINED,
        Fate.DECLINED,
        Fate.DECLINED,
        Fate.DONE,
    ]
    assert cells["b"].error is not None
    assert cells["b"].error.facts["error"] == "200540400001"
    with pytest.raises(Rejected, match="paySystemId"):
        cells["d"].value()
    assert {entry.key: entry.outcome for entry in bitrix.log if entry.in_batch} == {
        "a": "done",
        "b": "failed",
        "c": "failed",
        "d": "failed",
        "e": "done",
    }


def test_values_survive_the_query_of_a_batch(bitrix: Bitrix) -> None:
    text = "100% «да» & a=b [x] +7 \n ж;#"
    cells = bitrix.client.batch([Command("w", "sale.order.update", {"id": 3, "fields": {"comments": text}})])
    assert cells["w"].value()["order"]["comments"] == text
    assert bitrix.client.call("sale.order.get", {"id": 3})["order"]["comments"] == text


def test_queries_are_written_as_php_reads_them() -> None:
    params = {"filter": {">=dateUpdate": "2026-01-01T00:00:00+03:00"}, "select": ["id", "x"], "empty": None, "s": ""}
    assert query_of(params) == (
        "filter[%3E%3DdateUpdate]=2026-01-01T00%3A00%3A00%2B03%3A00&select[0]=id&select[1]=x&s="
    )
    assert query_of({"sum": Decimal("1E+2")}) == "sum=100"
    for wrong in (1.5, True):
        with pytest.raises(TypeError):
            query_of({"fields": {"sum": wrong}})


@pytest.mark.parametrize("profile", ["kernel", "docs"])
def test_a_wrong_key_is_access_under_either_status(
    bitrix: Bitrix, connect: Callable[[str], BitrixClient], profile: str
) -> None:
    bitrix.set("settings", {"profile": profile})
    stranger = connect(f"{bitrix.server.url}/rest/1/wrongwrongwrong/")
    error = failing(lambda: stranger.call("sale.order.get", {"id": 1}))
    assert (type(error), error.code, error.facts["error"]) == (Rejected, "webhook_unknown", "INVALID_CREDENTIALS")
    cell = stranger.batch([Command("a", "sale.order.get", {"id": 1})])["a"]
    assert (cell.fate, cell.error and cell.error.code) == (Fate.NOT_RUN, "webhook_unknown")


def test_a_missing_scope_is_access_in_a_cell(bitrix: Bitrix) -> None:
    bitrix.set("settings", {"scopes": ["sale"]})
    cells = bitrix.client.batch([Command("p", "sale.paysystem.list", {}), Command("o", "sale.order.get", {"id": 1})])
    assert cells["p"].error is not None
    assert cells["p"].error.code == "scope_missing"
    assert cells["o"].fate is Fate.DONE


def test_throttling_is_waited_out_with_growing_pauses(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "do": "http", "value": 503, "times": 3})
    assert bitrix.client.call("sale.order.get", {"id": 1})["order"]["id"] == 1
    assert bitrix.clock.slept == [1.0, 2.0, 4.0]
    assert [entry.code for entry in bitrix.log] == ["throttled", "throttled", "throttled", ""]


def test_throttling_without_end_gives_up_as_throttled(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "*", "do": "http", "value": 503, "times": -1})
    before = bitrix.http_requests()
    assert failing(lambda: bitrix.client.call("sale.order.get", {"id": 1})).code == "throttled"
    assert bitrix.http_requests() - before == 4  # after 1, 2 and 4 s; another 8 s are beyond the 10 s of this client
    cell = bitrix.client.batch([Command("a", "sale.order.get", {"id": 1})])["a"]
    assert (cell.fate, cell.error and cell.error.code) == (Fate.NOT_RUN, "throttled")


def test_a_real_bucket_is_respected() -> None:
    with serving(shop_of(order_row(1)), limits="cloud", governed=CLOUD) as bitrix:
        bitrix.server.clock = lambda: datetime.fromtimestamp(1_700_000_000 + bitrix.clock.now_s, UTC)
        for _ in range(120):
            bitrix.client.call("server.time")
        assert not [row for row in bitrix.requests() if row["error"]]
        assert bitrix.http_requests() == 120
        assert sum(bitrix.clock.slept) == pytest.approx((120 - 39) / 2, abs=0.6)  # pulls leave ten for the counter


def test_operating_time_blocks_one_method_only() -> None:
    with serving(shop_of(order_row(1)), limits="cloud", governed=Limits(patience_s=5)) as bitrix:
        bitrix.faults({"method": "sale.order.get", "do": "busy", "value": 500, "when": "after_commit"})
        assert bitrix.client.call("sale.order.get", {"id": 1})
        assert failing(lambda: bitrix.client.call("sale.order.get", {"id": 1})).code == "throttled"
        assert [row["error"] for row in bitrix.requests()] == [None], "the second call must not go out at all"
        assert bitrix.client.call("sale.payment.get", {"id": 11})


def test_429_for_a_cell_is_not_run(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "do": "http", "value": 429, "times": 1})
    cells = bitrix.client.batch(
        [Command("a", "sale.order.get", {"id": 1}), Command("b", "sale.payment.get", {"id": 11})]
    )
    assert (cells["a"].fate, cells["b"].fate) == (Fate.NOT_RUN, Fate.DONE)
    assert cells["a"].error is not None
    assert cells["a"].error.code == "throttled"


@pytest.mark.parametrize(
    "fault",
    [
        {"method": "batch", "do": "reset"},
        {"method": "batch", "do": "reset", "when": "after_commit"},
        {"method": "batch", "do": "html", "value": 502},
        {"method": "batch", "do": "http", "value": 500},
    ],
)
def test_trap_76_a_lost_batch_is_unknown_in_every_cell_and_not_repeated(bitrix: Bitrix, fault: dict[str, Any]) -> None:
    bitrix.faults(fault)
    before = bitrix.http_requests()
    commands = [Command(f"o{number}", "sale.order.get", {"id": number}) for number in range(1, 61)]
    cells = bitrix.client.batch(commands)
    assert [cells[f"o{number}"].fate for number in range(1, 51)] == [Fate.UNKNOWN] * 50
    assert [cells[f"o{number}"].fate for number in range(51, 61)] == [Fate.NOT_RUN] * 10
    assert all(isinstance(cell.error, Offline) for cell in cells.values())
    assert bitrix.http_requests() - before == 1
    lost = [entry for entry in bitrix.log if entry.in_batch]
    assert len(lost) == 50
    assert {entry.outcome for entry in lost} == {"lost"}


def test_a_breakdown_inside_a_batch_is_unknown_for_that_cell(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "do": "http", "value": 500, "nth": 2})
    cells = bitrix.client.batch([Command(f"o{number}", "sale.order.get", {"id": number}) for number in (1, 2, 3)])
    assert [cell.fate for cell in cells.values()] == [Fate.DONE, Fate.UNKNOWN, Fate.DONE]


def test_a_cursor_that_the_portal_ignores_is_noticed() -> None:
    class Stubborn:
        """Answers the same page whatever is asked, as a portal does that dropped the filter."""

        def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
            rows = b",".join(b'{"id":%d}' % number for number in range(1, 51))
            return Response(200, {"content-type": "application/json"}, b'{"result":{"orders":[' + rows + b"]}}")

    clock = VirtualClock()
    client = BitrixClient("https://x.example/rest/1/k/", Stubborn(), Governor(clock.monotonic, clock.sleep))
    with pytest.raises(Offline, match="отбор"):
        list(client.pages("sale.order.list", {"select": ["id"]}, "orders"))


@pytest.mark.parametrize(
    "status, kind, body, error",
    [
        (302, "text/html", b"", "portal_moved"),
        (200, "text/html", b"<html>login</html>", "portal_garbled"),
        (200, "application/json", b"{not json", "portal_garbled"),
        (200, "application/json", b"[1,2]", "portal_garbled"),
        (200, "application/json", b'{"result": NaN}', "portal_garbled"),
        (200, "application/json", b"\xff\xfe", "portal_garbled"),
        (200, "application/json", b'{"time": {}}', "portal_garbled"),
        (
            400,
            "application/json",
            b'{"error": 0, "error_description": "<b>No</b> &quot;x&quot;<br>"}',
            "portal_rejected",
        ),
        (400, "application/json", b'{"error": "", "error_description": ""}', "portal_rejected"),
        (403, "application/json", b'{"error": 200040300020}', "rights_missing"),
        (200, "application/json", b'{"error": "expired_token"}', "oauth_grant"),
        (503, "application/json", b'{"error": "OVERLOAD_LIMIT"}', "access"),
    ],
)
def test_answers_that_are_no_result(status: int, kind: str, body: bytes, error: str) -> None:
    class Canned:
        def post_json(self, url: SecretUrl, body_: object, timeout_s: float) -> Response:
            return Response(status, {"content-type": kind}, body)

    clock = VirtualClock()
    client = BitrixClient("https://x.example/rest/1/k/", Canned(), Governor(clock.monotonic, clock.sleep))
    caught = failing(lambda: client.call("sale.order.get", {"id": 1}))
    assert caught.code == error
    assert "<" not in caught.message()


def test_the_link_says_whether_anything_was_sent(bitrix: Bitrix, connect: Callable[[str], BitrixClient]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = connect(f"http://127.0.0.1:{unused.getsockname()[1]}/rest/1/secretsecret/")
        error = failing(lambda: dead.call("profile"))
        assert isinstance(error, NoAnswer)
        assert error.sent is False
        assert dead.batch([Command("a", "profile", {})])["a"].fate is Fate.NOT_RUN
    bitrix.faults({"method": "profile", "do": "reset"})
    error = failing(lambda: bitrix.client.call("profile"))
    assert isinstance(error, NoAnswer)
    assert error.sent is True


def test_a_slow_answer_ends_at_the_time_limit() -> None:
    with serving(shop_of(order_row(1)), timeout_s=0.3) as bitrix:
        bitrix.faults({"method": "profile", "do": "slow", "value": 60})
        error = failing(lambda: bitrix.client.call("profile"))
        assert isinstance(error, NoAnswer)
        assert error.sent is True


def test_a_person_waits_shorter() -> None:
    with serving(shop_of(order_row(1)), timeout_s=60) as bitrix:
        bitrix.faults({"method": "profile", "do": "slow", "value": 60}, {"method": "scope", "do": "http", "times": -1})
        with bitrix.client.within(0.3):
            assert isinstance(failing(lambda: bitrix.client.call("profile")), NoAnswer)
        with bitrix.client.within(2.5):
            assert failing(lambda: bitrix.client.call("scope")).code == "throttled"
        assert bitrix.clock.slept == [1.0], "the second pause of 2 s would have been too long"
        bitrix.clock.slept.clear()
        bitrix.clock.now_s += 100
        assert failing(lambda: bitrix.client.call("scope")).code == "throttled"
        assert sum(bitrix.clock.slept) > 10


def test_a_huge_answer_is_refused() -> None:
    with serving(shop_of(*(order_row(number) for number in range(1, 30)))) as bitrix:
        small = HttpClient(body_max=1000)
        with pytest.raises(NoAnswer, match="больше"):
            small.post_json(SecretUrl(bitrix.webhook) / "sale.order.list", {}, 5)
        small.close()


def test_a_certificate_that_is_not_trusted_is_said_to_be_that(connect: Callable[[str], BitrixClient]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parent / "simulator" / "localhost.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                context.wrap_socket(connection, server_side=True)

        thread = Thread(target=answer)
        thread.start()
        error = failing(lambda: connect(f"https://127.0.0.1:{listener.getsockname()[1]}/rest/1/k/").call("profile"))
        thread.join(10)
    assert isinstance(error, NoAnswer)
    assert (error.sent, "сертификат" in error.message()) == (False, True)


def test_redirects_are_not_followed(connect: Callable[[str], BitrixClient]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen: list[bytes] = []

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/rest/\r\nContent-Length: 0\r\n"
                    b"Connection: close\r\n\r\n"
                )

        thread = Thread(target=answer)
        thread.start()
        client = connect(f"http://127.0.0.1:{listener.getsockname()[1]}/rest/1/topsecret/")
        error = failing(lambda: client.call("profile"))
        thread.join(10)
    assert (type(error), error.code, error.facts["found"]) == (Rejected, "portal_moved", "127.0.0.1:9")
    assert seen[0].startswith(b"POST ")


def test_the_secret_is_nowhere(bitrix: Bitrix, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bitrix.faults({"method": "profile", "do": "reset"}, {"method": "scope", "do": "html"})
    shown = [repr(bitrix.client), repr(SecretUrl(bitrix.webhook)), str(SecretUrl(bitrix.webhook))]
    for method in ("profile", "scope", "no.such.method"):
        try:
            bitrix.client.call(method)
        except SyncError as error:
            chain: list[BaseException] = [error]
            while following := chain[-1].__cause__ or chain[-1].__context__:
                chain.append(following)
            shown += [repr(vars(each)) + str(each) for each in chain] + traceback.format_exception(error)
    shown += [repr(entry) for entry in bitrix.log] + [caplog.text]
    assert len(bitrix.log) >= 3
    assert not [text for text in shown if bitrix.secret in text]


def test_what_is_no_webhook_is_said_so(connect: Callable[[str], BitrixClient]) -> None:
    for text in ("", "shop.bitrix24.ru", "https://shop.bitrix24.ru/", "http://[::1/rest/1/k/"):
        with pytest.raises(SetupError) as caught:
            connect(text)
        assert "вебхук" in caught.value.message()


# ---------------------------------------------------------------------- what is told of every request
def test_what_went_out_and_came_back_is_told_masked_and_never_shown_by_accident(bitrix: Bitrix) -> None:
    bitrix.client.call("sale.order.update", {"id": 3, "fields": {"userDescription": "Ольге, тел. 79123456789"}})
    (told,) = bitrix.log
    assert told.wire is not None
    request, answer = told.wire.masked()
    assert "Ольге" not in request + answer
    assert "79123456789" not in request + answer
    assert json.loads(answer)["result"]["order"]["accountNumber"] == "N-3"
    assert "Ольге" not in repr(told) + repr(told.wire)
    assert bitrix.secret not in request + answer


def test_the_portals_error_does_not_bring_our_own_key_into_the_log(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.update", "nth": 1, "when": "before", "do": "warning",
                   "value": f"нельзя: {bitrix.secret}, гость Зинаида"})  # fmt: skip
    failing(lambda: bitrix.client.call("sale.order.update", {"id": 3, "fields": {"statusId": "F"}}))
    (told,) = bitrix.log
    assert told.wire is not None
    kept = told.reason + told.wire.masked_reason(told.reason) + told.wire.masked()[1]
    assert "нельзя" in kept
    assert bitrix.secret not in kept
    assert "Зинаида" not in told.wire.masked_reason(told.reason) + told.wire.masked()[1]


def test_each_command_of_a_batch_has_its_own_request_and_answer(bitrix: Bitrix) -> None:
    bitrix.client.batch([Command("a", "sale.order.get", {"id": 1}), Command("b", "sale.order.get", {"id": 99999})])
    told = {each.key: each.wire.masked() for each in bitrix.log if each.wire is not None}
    assert json.loads(told["a"][0]) == {"id": 1}
    assert json.loads(told["a"][1])["order"]["id"] == 1
    assert "error" in json.loads(told["b"][1])
    whole = json.loads(told[""][1])["result"]["result"]
    assert whole["a"]["order"]["id"] == 1


def test_a_page_is_told_with_its_status_and_its_beginning_masked_for_each_command_too() -> None:
    page = (
        "<html><style>b{}</style><h1>502 Bad Gateway</h1><!-- x --><p>гость Зинаида, key=1</p>" + "слово " * 900
    ).encode()

    class Canned:
        def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
            return Response(502, {"content-type": "text/html"}, page)

    clock, log = VirtualClock(), list[RequestLog]()
    client = BitrixClient(
        "https://x.example/rest/1/k/", Canned(), Governor(clock.monotonic, clock.sleep), log.append
    )  # fmt: skip
    client.batch([Command("a", "sale.order.get", {"id": 1})])
    assert {each.key for each in log} == {"", "a"}
    for told in log:
        assert told.wire is not None
        assert (told.http, told.outcome) == (502, "lost")
        kept = json.loads(told.wire.masked()[1])
        assert (kept["http"], kept["bytes"]) == (502, len(page))
        assert kept["page"].startswith("502 Bad Gateway гость •••, key=•••")
        assert len(kept["page"]) <= 601


def test_broken_json_tells_no_beginning(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "nth": 1, "when": "before", "do": "body", "times": 1})
    failing(lambda: bitrix.client.call("sale.order.get", {"id": 1}))
    (told,) = bitrix.log
    assert told.wire is not None
    assert "page" not in json.loads(told.wire.masked()[1])


def test_a_page_instead_of_an_answer_is_told_by_its_size(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "nth": 1, "when": "before", "do": "html", "value": 502, "times": 1})
    failing(lambda: bitrix.client.call("sale.order.get", {"id": 1}))
    (told,) = bitrix.log
    assert told.wire is not None
    assert json.loads(told.wire.masked()[1])["http"] == 502


def test_records_of_long_work_need_not_pile_up(bitrix: Bitrix) -> None:
    seen: list[str] = []

    class Counter:
        def append(self, entry: RequestLog) -> None:
            seen.append(entry.method)

    with bitrix.client.recording_to(Counter()):
        bitrix.client.call("server.time")
    bitrix.client.call("server.time")
    assert seen == ["server.time"]


def test_trap_68_a_page_of_a_web_server_is_no_answer_and_asks_us_to_slow_down(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.order.get", "nth": 1, "when": "before", "do": "html", "value": 503, "times": 1})
    error = failing(lambda: bitrix.client.call("sale.order.get", {"id": 1}))
    assert (error.code, was_executed(error)) == ("portal_garbled", None)
    bitrix.client.call("sale.order.get", {"id": 1})
    assert bitrix.clock.slept[-1] >= 1, "a server in front protects itself: the next request waits"


def test_trap_57_no_command_of_ours_refers_to_another(bitrix: Bitrix) -> None:
    """A reference that does not resolve writes an empty id: every value of a command is our own, and quoted."""
    with bitrix.client.recording() as told:
        bitrix.client.batch([Command("a", "sale.order.get", {"id": 1}), Command("b", "sale.order.get", {"id": 2})])
    whole = next(each.wire for each in told if not each.in_batch)
    assert whole is not None
    assert "$result" not in str(whole.params)
    assert query_of({"comments": "$result[a][order][id]"}) == "comments=%24result%5Ba%5D%5Border%5D%5Bid%5D"


def test_what_a_person_waits_for_goes_before_pulls(bitrix: Bitrix) -> None:
    """The bucket is as full as pulls may make it; a read at the counter goes at once."""
    clock = VirtualClock()
    http = HttpClient()
    try:
        client = BitrixClient(bitrix.webhook, http, Governor(clock.monotonic, clock.sleep, CLOUD))
        for _ in range(39):
            client.call("server.time")
        assert clock.slept == []
        with client.within(3):
            client.call("server.time")
        assert clock.slept == []
        with client.at(Priority.MARK):
            client.call("server.time")
        assert clock.slept == []
        client.call("server.time")
        assert sum(clock.slept) == pytest.approx(1.5)
        assert client.budget.used_per_s == pytest.approx(42 / 60)
    finally:
        http.close()
