"""The doors at which a connection is waited for: one answer is heard, the rest is refused cheaply."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest

from posapp.errors import SetupError
from posapp.sync.bitrix import callback
from posapp.sync.bitrix.callback import BODY_MAX, CONNECTIONS_MAX, PROOFS_MAX, Granted, wait_for_code, wait_for_install
from posapp.sync.bitrix.oauth import Installed, read_install

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INSTALL = {
    "event": "ONAPPINSTALL", "auth[access_token]": "a", "auth[refresh_token]": "r3fresh", "auth[member_id]": "m1",
    "auth[application_token]": "apptoken", "auth[client_endpoint]": "https://my.bitrix24.ru/rest/", "ts": "1",
}  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Door:
    """A door that waits in a thread; `send` is what comes to it."""

    def __init__(self, port: int, waiting: Future[Any]) -> None:
        self.port = port
        self.waiting = waiting

    def send(self, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(verb, path, body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def result(self) -> Any:
        return self.waiting.result(20)


@contextmanager
def door(wait: Callable[[int, Callable[[], None]], Any]) -> Any:
    port, is_open = free_port(), Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait, port, is_open.set)
        assert is_open.wait(10)
        yield Door(port, waiting)


def for_code(wait_s: float = 20) -> Any:
    return door(lambda port, ready: wait_for_code(port, "our state", wait_s, ready))


def refused(call: Callable[[], object]) -> SetupError:
    with pytest.raises(SetupError) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------------------------------------- the browser
def test_the_browser_brings_its_code_and_the_page_says_nothing_of_it() -> None:
    with for_code() as waiting:
        told = {"code": "c0de", "state": "our state", "member_id": "m1", "server_domain": "oauth.bitrix.info"}
        status, page = waiting.send("GET", f"/?{urlencode(told)}")
        assert waiting.result() == Granted("c0de", "m1", "oauth.bitrix.info")
    assert status == 200
    assert "c0de" not in page
    assert "our state" not in page


@pytest.mark.parametrize(
    "verb, path, headers, status",
    [
        ("GET", "/?code=evil&state=other", {}, 400),
        ("GET", "/?code=evil", {}, 400),
        ("GET", "/?code=evil&state=", {}, 400),
        ("GET", "/favicon.ico", {}, 404),
        ("GET", "/?code=evil&state=our+state", {"Host": "evil.example"}, 404),
        ("POST", "/?code=evil&state=our+state", FORM, 405),
        ("GET", "/?" + "&".join(f"a{number}=1" for number in range(99)), {}, 400),
        ("PUT", "/", {}, 501),
    ],
)
def test_what_is_not_our_answer_is_refused_and_the_waiting_goes_on(
    verb: str, path: str, headers: dict[str, str], status: int
) -> None:
    with for_code() as waiting:
        assert waiting.send(verb, path, b"x" if verb == "POST" else b"", headers)[0] == status
        assert waiting.send("GET", "/?code=ours&state=our+state")[0] == 200
        assert waiting.result().code == "ours"


def test_a_person_who_says_no_ends_it_and_so_does_nobody() -> None:
    with for_code() as waiting:
        waiting.send("GET", "/?error=access_denied&state=our+state")
        error = refused(waiting.result)
    assert error.code == "oauth_unanswered"
    assert "access_denied" in error.message()
    assert f"http://127.0.0.1:{waiting.port}/" in error.action()
    with for_code(wait_s=0.01) as waiting:
        assert refused(waiting.result).code == "oauth_unanswered"


def test_connections_that_only_open_do_not_stand_in_the_way() -> None:
    """A browser opens some in advance and sends its request on another one."""
    with for_code() as waiting:
        idle = [socket.create_connection(("127.0.0.1", waiting.port)) for _ in range(3)]
        assert waiting.send("GET", "/?code=ours&state=our+state")[0] == 200
        for each in idle:
            each.close()
        assert waiting.result().code == "ours"


def test_a_port_that_is_taken_says_who_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        error = refused(lambda: wait_for_code(port, "s", 1, lambda: None))
    assert error.code == "oauth_port"
    assert "держит другая программа" in error.message()
    assert "--port" in error.action()


# ---------------------------------------------------------------------------------------------- the portal
def test_an_installation_is_read_from_its_form() -> None:
    told = read_install(urlencode(INSTALL).encode())
    assert isinstance(told, Installed)
    assert (told.refresh_token, told.member_id, told.host) == ("r3fresh", "m1", "my.bitrix24.ru")
    assert told.application_token.reveal() == "apptoken"
    assert "r3fresh" not in repr(told)
    assert "apptoken" not in repr(told)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "ONAPPUNINSTALL"}, {"event": ""}, {"auth[refresh_token]": ""}, {"auth[application_token]": ""},
        {"auth[refresh_token]": "x" * 301}, {"auth[refresh_token]": "a b"}, {"auth[application_token]": "я"},
    ],
)  # fmt: skip
def test_what_is_no_installation_is_none(changes: dict[str, str]) -> None:
    assert read_install(urlencode({**INSTALL, **changes}).encode()) is None


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"&" * 10_000, b"a=1&" * 5_000, b"%00" * 1_000])
def test_no_body_breaks_the_reading(body: bytes) -> None:
    assert read_install(body) is None


def for_install(proves: Callable[[Installed], bool], wait_s: float = 20) -> Any:
    return door(lambda port, ready: wait_for_install(("127.0.0.1", port), wait_s, ready, proves))


def test_only_a_proven_installation_ends_the_waiting() -> None:
    told: list[str] = []

    def proves(found: Installed) -> bool:
        told.append(found.refresh_token)
        return found.refresh_token == "ours"

    with for_install(proves) as waiting:
        for token in ("theirs", "ours"):
            body = urlencode({**INSTALL, "auth[refresh_token]": token}).encode()
            status, page = waiting.send("POST", "/any/path", body, FORM)
            assert status == 200
            assert token not in page
        waiting.result()
    assert told == ["theirs", "ours"]


@pytest.mark.parametrize(
    "verb, body, headers, status",
    [
        ("GET", b"", {}, 405),
        ("POST", b"{}", {"Content-Type": "application/json"}, 415),
        ("POST", b"event=ONAPPINSTALL", FORM, 400),
        ("POST", b"x", {**FORM, "Content-Length": str(BODY_MAX + 1)}, 413),
        ("POST", b"x", {**FORM, "Content-Length": "9" * 5000}, 413),
        ("POST", b"x", {**FORM, "Content-Length": "-1"}, 413),
        ("POST", b"x", {**FORM, "Transfer-Encoding": "chunked", "Content-Length": ""}, 413),
    ],
)
def test_hostile_requests_are_refused_before_anybody_is_asked(
    verb: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    asked: list[Installed] = []

    def proves(found: Installed) -> bool:
        asked.append(found)
        return True

    with for_install(proves) as waiting:
        assert waiting.send(verb, "/", body, headers)[0] == status
        assert asked == []
        waiting.send("POST", "/", urlencode(INSTALL).encode(), FORM)
        waiting.result()
    assert len(asked) == 1


def test_a_flood_of_forms_costs_a_few_questions_and_ends() -> None:
    asked: list[Installed] = []

    def proves(found: Installed) -> bool:
        asked.append(found)
        return False

    with for_install(proves) as waiting:
        for _ in range(PROOFS_MAX + 3):
            try:
                waiting.send("POST", "/", urlencode(INSTALL).encode(), FORM)
            except OSError:
                break  # the door is closed
        error = refused(waiting.result)
    assert (error.code, len(asked)) == ("oauth_unanswered", PROOFS_MAX)


def test_a_flood_of_connections_is_bounded_and_the_next_one_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "CONNECTION_S", 0.3)  # whoever says nothing for so long is cut off
    with for_install(lambda _: True) as waiting:
        idle = [socket.create_connection(("127.0.0.1", waiting.port)) for _ in range(CONNECTIONS_MAX * 2)]
        for each in idle[CONNECTIONS_MAX:]:
            each.settimeout(10)
            assert each.recv(1) == b""  # one too many: closed at once
        for each in idle[:CONNECTIONS_MAX]:
            each.settimeout(10)
            assert each.recv(1) == b""  # said nothing: closed a little later
        for each in idle:
            each.close()
        assert waiting.send("POST", "/", urlencode(INSTALL).encode(), FORM)[0] == 200
        waiting.result()


def test_what_the_proof_raises_ends_the_waiting() -> None:
    def proves(_: Installed) -> bool:
        raise SetupError("oauth_unanswered", why="сервер молчит", address="x")

    with for_install(proves) as waiting:
        waiting.send("POST", "/", urlencode(INSTALL).encode(), FORM)
        assert "сервер молчит" in refused(waiting.result).message()
