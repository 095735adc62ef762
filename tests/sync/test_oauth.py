"""An application's access against the simulated portal: one renewal at a time, no pair lost in silence."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import keyring
import pytest
from keyring.errors import PasswordSetError

from posapp import vault as secrets
from posapp.errors import WORDS, Rejected, SetupError, SyncError, UsageError
from posapp.http import HttpClient, NoAnswer, Response, SecretUrl
from posapp.sync.bitrix import renewal
from posapp.sync.bitrix.auth import EXPIRED
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.connect import Clock, VaultPairs, application_access, post_form
from posapp.sync.bitrix.oauth import (
    CENTRAL,
    Application,
    Pair,
    TokenServer,
    authorize_url,
    is_safe,
    portal_url,
    token_url_of,
)
from posapp.sync.bitrix.renewal import ApplicationAccess
from posapp.sync.governor import Governor
from tests.conftest import MemoryKeyring
from tests.sync.application import FILE, IDENTITY, KILLED, connection, first_pair
from tests.sync.portals import NO_LIMITS, Bitrix, VirtualClock, order_row, serving, shop_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[Bitrix]:
    with serving(shop_of(order_row(1))) as bitrix:
        yield bitrix


@dataclass
class Till:
    """A till that is connected as an application; `asked` counts what the authorisation server was asked."""

    bitrix: Bitrix
    folder: Path
    http: HttpClient
    asked: list[dict[str, str]] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)
    before: Callable[[], None] = lambda: None
    lose: Callable[[], None] = lambda: None

    def post(self, url: SecretUrl, fields: Any, timeout_s: float) -> Response:
        """A form to the authorisation server, counted; something may happen before, `lose` may lose the answer."""
        self.asked.append(dict(fields))
        self.before()
        answer = post_form(url, fields, timeout_s)
        self.lose()
        return answer

    def access(self, **changes: Any) -> ApplicationAccess:
        """A new access, as another program of the same data directory would have."""
        told = connection(self.bitrix.portal, self.bitrix.server.url)
        secret = secrets.Secret(self.bitrix.portal.access.client_secret)
        server = TokenServer(Application(told.client_id, secret, told.token_url), self.post)
        return ApplicationAccess(
            changes.get("endpoint", told.endpoint), told.member_id, server, VaultPairs(IDENTITY), self.folder,
            now=lambda: datetime(2026, 3, 9, 6, 0, tzinfo=UTC), monotonic=self.clock.monotonic, sleep=self.clock.sleep,
        )  # fmt: skip

    def client(self, access: ApplicationAccess | None = None) -> BitrixClient:
        governor = Governor(self.clock.monotonic, self.clock.sleep, NO_LIMITS)
        return BitrixClient(access or self.access(), self.http, governor, self.bitrix.log.append)

    @property
    def kept(self) -> Pair:
        """What the vault holds."""
        found = VaultPairs(IDENTITY).load()
        assert found is not None
        return found

    def expire(self) -> None:
        self.bitrix.set("settings", {"expire_tokens": True})


@pytest.fixture
def till(running: Bitrix, tmp_path: Path) -> Iterator[Till]:
    running.faults()
    running.set("settings", {"profile": "kernel", "domain": "", "app": {"is_installed": True}})
    running.log.clear()
    VaultPairs(IDENTITY).save(first_pair(running.portal, running.server.url, datetime.now(UTC)))
    http = HttpClient()
    yield Till(running, tmp_path, http)
    http.close()


def failing(call: Callable[[], object]) -> SyncError:
    with pytest.raises(SyncError) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------------------------------------- calling
def test_an_application_calls_and_asks_for_no_new_key_while_the_old_one_is_good(till: Till) -> None:
    client = till.client()
    assert client.is_application
    assert client.portal == SecretUrl(till.bitrix.server.url).host
    assert client.call("sale.order.get", {"id": 1})["order"]["accountNumber"] == "N-1"
    assert client.call("event.get") == []  # a webhook may not
    assert till.asked == []


def test_the_token_goes_in_a_header_and_never_in_the_address(till: Till) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen: list[bytes] = []

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = Thread(target=answer)
        thread.start()
        access = till.access(endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}/rest/")
        failing(lambda: till.client(access).call("profile", {"a": "b"}))
        thread.join(10)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    token = till.kept.access_token.encode()
    assert head.splitlines()[0] == b"POST /rest/profile HTTP/1.1"
    assert b"authorization: bearer " + token in head.lower()
    assert token not in body


@pytest.mark.parametrize("profile", ["kernel", "docs"])
def test_trap_69_an_expired_key_is_renewed_whatever_the_status(till: Till, profile: str) -> None:
    till.bitrix.set("settings", {"profile": profile})
    before = till.kept
    till.expire()
    client = till.client()
    assert client.call("profile")["ID"] == "1"
    assert [each["grant_type"] for each in till.asked] == ["refresh_token"]
    after = till.kept
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert after.renewing == ""
    assert [(entry.outcome, entry.code) for entry in till.bitrix.log] == [("failed", "oauth_renewed"), ("done", "")]
    client.call("profile")
    assert len(till.asked) == 1


def test_a_batch_is_repeated_with_the_new_key_for_nothing_of_it_was_run(till: Till) -> None:
    from posapp.sync.bitrix.client import Command, Fate

    till.expire()
    update = Command("u", "sale.order.update", {"id": 1, "fields": {"comments": "раз"}})
    cells = till.client().batch([update, Command("g", "sale.order.get", {"id": 1})])
    assert [cell.fate for cell in cells.values()] == [Fate.DONE, Fate.DONE]
    assert [row["method"] for row in till.bitrix.requests() if row["in_batch"]][-2:] == [
        "sale.order.update", "sale.order.get",
    ]  # fmt: skip
    assert len(till.asked) == 1


def test_no_other_refusal_begins_a_renewal(till: Till) -> None:
    till.bitrix.faults({"method": "profile", "do": "http", "value": {"status": 401, "error": "insufficient_scope"}})
    assert failing(lambda: till.client().call("profile")).code == "scope_missing"
    VaultPairs(IDENTITY).save(Pair("unknown", till.kept.refresh_token, "", till.kept.endpoint, expires=2**31))
    error = failing(lambda: till.client().call("profile"))
    assert (error.code, error.facts["error"]) == ("oauth_grant", "invalid_token")
    assert till.asked == []


def test_a_till_that_was_off_for_days_renews_a_token_that_the_portal_has_forgotten(till: Till) -> None:
    VaultPairs(IDENTITY).save(replace(till.kept, access_token="forgotten", expires=1))
    assert till.client().call("profile")["ID"] == "1"
    assert len(till.asked) == 1


def test_a_key_that_is_expired_again_at_once_ends_in_words_and_no_loop(till: Till) -> None:
    fault = {"method": "profile", "do": "http", "value": {"status": 401, "error": "expired_token"}, "times": 9}
    till.bitrix.faults(fault)
    error = failing(lambda: till.client().call("profile"))
    assert (error.code, len(till.asked)) == ("oauth_grant", 1)


# ---------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    "code, ours",
    [
        ("invalid_grant", "oauth_grant"),
        ("invalid_client", "oauth_client"),
        ("invalid_request", "oauth_client"),
        ("PAYMENT_REQUIRED", "portal_unpaid"),
        ("insufficient_scope", "scope_missing"),
        ("invalid_scope", "scope_missing"),
        ("PORTAL_DELETED", "portal_deleted"),
        ("something_new", "oauth_client"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_each_refusal_of_the_authorisation_server_has_its_words(code: str, ours: str, status: int) -> None:
    body = json.dumps({"error": code, "error_description": "<b>x</b>"}).encode()
    answer = Response(status, {"content-type": "application/json"}, body)
    server = TokenServer(Application("local.1", secrets.Secret("s3cret")), lambda *_: answer)
    error = failing(lambda: server.renew("r"))
    assert (type(error), error.code) == (Rejected, ours)
    assert code in error.message()
    assert "s3cret" not in f"{error}{error.facts}{error.action()}"


@pytest.mark.parametrize(
    "code, ours",
    [
        ("INVALID_CREDENTIALS", "webhook_unknown"),
        ("NO_AUTH_FOUND", "webhook_unknown"),
        ("PAYMENT_REQUIRED", "portal_unpaid"),
        ("PORTAL_DELETED", "portal_deleted"),
        ("ACCESS_DENIED", "rights_missing"),
        ("APPLICATION_NOT_FOUND", "oauth_client"),
        ("user_access_error", "rights_missing"),
        ("OVERLOAD_LIMIT", "access"),
    ],
)
@pytest.mark.parametrize("status", [401, 403, 500])
def test_trap_69_each_refusal_of_the_portal_has_its_words_under_any_status(
    till: Till, code: str, ours: str, status: int
) -> None:
    till.bitrix.faults({"method": "profile", "do": "http", "value": {"status": status, "error": code}})
    error = failing(lambda: till.bitrix.client.call("profile"))
    assert (type(error), error.code) == (Rejected, ours)
    assert WORDS[ours].ru_action
    assert WORDS[ours].en_action


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"access_token": "a"}', b'{"access_token": "a", "refresh_token": ""}',
     b'{"access_token": "a", "refresh_token": "b", "client_endpoint": "http://evil.example/rest/"}',
     b'{"access_token": "a b", "refresh_token": "b", "client_endpoint": "https://x.example/rest/"}',
     b'{"access_token": {}, "refresh_token": [], "client_endpoint": 5}', b"[" * 100_000],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_pair_is_no_answer(body: bytes) -> None:
    server = TokenServer(
        Application("local.1", secrets.Secret("s")),
        lambda *_: Response(200, {"content-type": "application/json"}, body),
    )
    with pytest.raises(NoAnswer) as lost:
        server.renew("r")
    assert lost.value.sent


def test_a_refused_refresh_token_is_shown_once_and_not_for_ever(till: Till) -> None:
    till.expire()
    till.bitrix.set("settings", {"revoke_refresh": True})
    client = till.client()
    for _ in range(3):
        error = failing(lambda: client.call("profile"))
        assert (error.code, error.facts["error"]) == ("oauth_grant", "invalid_grant")
        assert "posapp setup portal --oauth" in error.action()
    assert len(till.asked) == 1
    VaultPairs(IDENTITY).save(first_pair(till.bitrix.portal, till.bitrix.server.url, datetime.now(UTC)))
    assert client.call("profile")["ID"] == "1"  # a person has connected again beside it


# ---------------------------------------------------------------------------------------------- one at a time
def test_trap_55_of_many_threads_one_renews(till: Till) -> None:
    till.expire()
    access, start, told = till.access(), Barrier(8), list[str]()

    def work() -> None:
        http = HttpClient()
        try:
            client = BitrixClient(access, http, Governor(lambda: 0.0, lambda _: None, NO_LIMITS))
            start.wait(10)
            told.append(client.call("profile")["ID"])
        finally:
            http.close()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert told == ["1"] * 8
    assert len(till.asked) == 1


def test_trap_55_another_program_has_renewed_its_pair_is_taken(till: Till) -> None:
    mine, theirs = till.client(), till.client()
    till.expire()
    assert theirs.call("profile")["ID"] == "1"
    assert mine.call("profile")["ID"] == "1"
    assert len(till.asked) == 1


def test_trap_55_a_copy_of_the_directory_with_a_lock_of_its_own_was_quicker(till: Till) -> None:
    till.expire()
    mine = till.access()

    def quicker() -> None:
        till.before = lambda: None
        till.folder = till.folder / "copy"
        till.folder.mkdir()
        assert till.client().call("profile")["ID"] == "1"

    till.before = quicker  # they renew while ours is on its way, and ours is refused
    assert till.client(mine).call("profile")["ID"] == "1"
    assert len(till.asked) == 2


class Children:
    """Tills in processes of their own, on the vault in a file."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.file = till.folder / "vault.json"
        told = connection(till.bitrix.portal, till.bitrix.server.url)
        (till.folder / FILE).write_text(json.dumps(asdict(told)))
        kept = {
            f"posapp/tokens:{IDENTITY}": till.kept.as_secret().reveal(),
            f"posapp/client:{IDENTITY}": till.bitrix.portal.access.client_secret,
        }
        self.file.write_text(json.dumps(kept))
        self.renewals: list[str] = []
        access = till.bitrix.portal.access
        self._take, self._access = access.take_refresh, access

    def __enter__(self) -> Children:
        def counted(token: str, now: datetime) -> bool:
            self.renewals.append(token)
            return self._take(token, now)

        self._access.take_refresh = counted  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        del self._access.take_refresh

    def start(self, kill_at: str = "") -> subprocess.Popen[str]:
        env = {**os.environ, "KEYRING_FILE": str(self.file), "KILL_AT": kill_at, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.sync.application", str(self.till.folder)]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def ended(child: subprocess.Popen[str]) -> Any:
        out, err = child.communicate(timeout=60)
        assert child.returncode in (0, KILLED), err
        return json.loads(out) if out else None

    def pair(self) -> Pair:
        found = Pair.of_secret(secrets.Secret(json.loads(self.file.read_text())[f"posapp/tokens:{IDENTITY}"]))
        assert found is not None
        return found


def test_trap_55_of_three_processes_one_renews(till: Till) -> None:
    till.expire()
    with Children(till) as children:
        told = [children.ended(child) for child in [children.start() for _ in range(3)]]
        assert told == [{"user": "1"}] * 3
        assert len(children.renewals) == 1


@pytest.mark.parametrize(
    "kill_at, is_used_up, left",
    [
        ("before:1", False, {"user": "1"}),  # nothing was begun
        ("after:1", False, {"user": "1"}),  # begun, not asked: the token is good
        ("before:2", True, None),  # asked and answered, not kept: lost, and said to be that
        ("after:2", True, {"user": "1"}),  # kept, not used
    ],
)
def test_a_till_killed_in_a_renewal_goes_on_or_says_why_not(
    till: Till, kill_at: str, is_used_up: bool, left: Any, vault: MemoryKeyring
) -> None:
    before = till.kept
    till.expire()
    with Children(till) as children:
        assert children.ended(children.start(kill_at)) is None
        assert (children.renewals == [before.refresh_token]) is is_used_up
        vault.secrets["posapp", f"tokens:{IDENTITY}"] = children.pair().as_secret().reveal()
        after = till.client()  # the next program of the same directory: the lock of the killed one is free
        if left is not None:
            assert after.call("profile")["ID"] == left["user"]
            return
        error = failing(lambda: after.call("profile"))
    assert error.code == "oauth_grant"
    assert "оборвалось" in error.message()
    assert "posapp setup portal --oauth" in error.action()


def test_a_till_killed_while_the_server_has_answered_and_nobody_reads_says_why(
    till: Till, vault: MemoryKeyring
) -> None:
    till.expire()
    asked = Event()
    with Children(till) as children:
        counted = till.bitrix.portal.access.take_refresh

        def then_tell(token: str, now: datetime) -> bool:
            is_good = counted(token, now)
            asked.set()
            return is_good

        till.bitrix.portal.access.take_refresh = then_tell  # type: ignore[method-assign]
        till.bitrix.faults({"method": "oauth.token", "do": "slow", "value": 5, "when": "after_commit"})
        child = children.start()
        assert asked.wait(20)
        child.kill()
        child.communicate(timeout=20)
        till.bitrix.faults()
        assert children.pair().renewing
        vault.secrets["posapp", f"tokens:{IDENTITY}"] = children.pair().as_secret().reveal()
        error = failing(lambda: till.client().call("profile"))
    assert (error.code, "оборвалось" in error.message()) == ("oauth_grant", True)


# ---------------------------------------------------------------------------------------------- lost answers
@pytest.mark.parametrize("when, is_used_up", [("before", False), ("after_commit", True)])
@pytest.mark.parametrize(
    "do", [{"do": "reset"}, {"do": "half"}, {"do": "html", "value": 502}, {"do": "html", "value": 429}, {"do": "body"}]
)
def test_whatever_becomes_of_the_answer_nothing_is_lost_in_silence(
    till: Till, do: dict[str, Any], when: str, is_used_up: bool
) -> None:
    till.expire()
    till.bitrix.faults({"method": "oauth.token", "when": when, **do})
    client = till.client()
    error = failing(lambda: client.call("sale.order.update", {"id": 1, "fields": {"comments": "четыре"}}))
    assert isinstance(error, NoAnswer)
    assert not error.sent
    if not is_used_up:
        assert client.call("profile")["ID"] == "1"
        return
    told = failing(lambda: client.call("profile"))
    assert (told.code, "2026-03-09 06:00 оборвалось" in told.message()) == ("oauth_grant", True)


def test_a_lost_answer_leaves_a_trace_and_the_business_call_surely_did_nothing(till: Till) -> None:
    def lose() -> None:
        raise NoAnswer("ответа нет за отведённое время", sent=True)

    till.expire()
    till.lose = lose
    client = till.client()
    error = failing(lambda: client.call("sale.order.update", {"id": 1, "fields": {"comments": "два"}}))
    assert isinstance(error, NoAnswer)
    assert not error.sent  # the portal refused the call before it ran
    assert till.kept.renewing.startswith("2026-03-09T06:00")
    till.lose = lambda: None
    error = failing(lambda: client.call("profile"))
    assert error.code == "oauth_grant"
    assert "2026-03-09 06:00" in error.message()
    assert [entry.code for entry in till.bitrix.log] == [
        "offline",
        "oauth_grant",
    ]  # the log says it as the person hears


def test_an_answer_that_was_lost_before_it_was_asked_costs_nothing(till: Till) -> None:
    till.expire()
    real, till.post = till.post, lambda *_: _refuse()  # type: ignore[method-assign]

    def _refuse() -> Response:
        raise NoAnswer("нет соединения", sent=False)

    client = till.client()
    assert isinstance(failing(lambda: client.call("profile")), NoAnswer)
    assert till.kept.renewing == ""
    till.post = real  # type: ignore[method-assign]
    assert till.client().call("profile")["ID"] == "1"


def test_a_person_waits_no_longer_than_his_patience_and_the_renewal_goes_on(till: Till) -> None:
    goes_on = Event()
    till.before = lambda: _must(goes_on.wait(20))
    before = till.kept
    till.expire()
    access = till.access()
    error = failing(lambda: access.renew(access.to("profile"), EXPIRED, patience_s=0.0))
    assert isinstance(error, NoAnswer)
    assert "ещё продлевается" in error.message()
    goes_on.set()
    assert till.client(access).call("profile")["ID"] == "1"  # waits for the one that is on its way
    assert till.kept.refresh_token != before.refresh_token
    assert len(till.asked) == 1


def _must(happened: bool) -> None:
    assert happened


@pytest.mark.parametrize("gone", ["client_endpoint", "member_id", "refresh_token", "expires"])
def test_an_answer_that_is_not_whole_is_kept_for_it_cannot_be_had_again(till: Till, gone: str) -> None:
    before = till.kept
    body = {"access_token": "new", "refresh_token": "newer", "member_id": before.member_id, "expires": 5,
            "client_endpoint": before.endpoint}  # fmt: skip
    found = Pair.of_answer({name: value for name, value in body.items() if name != gone}, before)
    assert found is not None
    assert found.access_token == "new"
    assert found.refresh_token == (before.refresh_token if gone == "refresh_token" else "newer")
    assert (found.member_id, found.endpoint) == (before.member_id, before.endpoint)


def test_a_server_that_asks_us_to_slow_down_has_done_nothing(till: Till) -> None:
    till.expire()
    busy = Response(503, {"content-type": "application/json"}, b'{"error": "QUERY_LIMIT_EXCEEDED"}')
    real, till.post = till.post, lambda *_: busy  # type: ignore[method-assign]
    assert isinstance(failing(lambda: till.client().call("profile")), NoAnswer)
    assert till.kept.renewing == ""
    till.post = real  # type: ignore[method-assign]
    assert till.client().call("profile")["ID"] == "1"


def test_a_plan_that_ended_costs_no_token(till: Till) -> None:
    till.expire()
    unpaid = Response(401, {"content-type": "application/json"}, b'{"error": "PAYMENT_REQUIRED"}')
    real, till.post = till.post, lambda *_: unpaid  # type: ignore[method-assign]
    client = till.client()
    for _ in range(2):
        assert failing(lambda: client.call("profile")).code == "portal_unpaid"
    assert till.kept.renewing == ""
    till.post = real  # type: ignore[method-assign]
    assert till.client().call("profile")["ID"] == "1"


# ---------------------------------------------------------------------------------------------- the vault
class Moody(MemoryKeyring):
    """A vault that refuses writes after so many, or takes them and keeps nothing."""

    def __init__(self, secrets: dict[tuple[str, str], str]) -> None:
        super().__init__()
        self.secrets = dict(secrets)
        self.writes_left = 99
        self.swallows = False

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.writes_left <= 0:
            raise PasswordSetError("locked")
        self.writes_left -= 1
        if not self.swallows:
            super().set_password(service, username, password)


@pytest.fixture
def moody(till: Till, vault: MemoryKeyring) -> Moody:
    found = Moody(vault.secrets)
    keyring.set_keyring(found)
    return found


@pytest.mark.parametrize("swallows", [False, True])
def test_a_vault_that_takes_nothing_is_found_before_the_old_key_is_given_up(
    till: Till, moody: Moody, swallows: bool
) -> None:
    till.expire()
    moody.writes_left, moody.swallows = 99 * swallows, swallows
    client = till.client()
    assert failing(lambda: client.call("profile")).code == "oauth_unkept"
    assert till.asked == []
    moody.writes_left, moody.swallows = 99, False
    assert client.call("profile")["ID"] == "1"


def test_a_vault_that_fails_at_the_new_pair_keeps_it_in_memory_and_unused(till: Till, moody: Moody) -> None:
    before, before_it = till.kept, len(till.bitrix.requests())
    till.expire()
    moody.writes_left = 1  # the mark, and then it is locked
    client = till.client()
    for _ in range(2):
        error = failing(lambda: client.call("profile"))
        assert error.code == "oauth_unkept"
        assert "не закрывайте" in error.message()
    assert till.kept.refresh_token == before.refresh_token
    assert len(till.asked) == 1
    calls = [row["http"] for row in till.bitrix.requests(before_it) if row["method"] == "profile"]
    assert calls == [401], "the unkept key was shown to nobody"
    assert till.clock.slept.count(renewal.KEEP_PAUSE_S) >= renewal.KEEP_TRIES - 1
    moody.writes_left = 99
    assert client.call("profile")["ID"] == "1"
    assert till.kept.refresh_token != before.refresh_token
    assert len(till.asked) == 1


def test_a_pair_that_could_not_be_kept_is_tried_at_the_end_and_its_loss_is_said(
    till: Till, moody: Moody, caplog: pytest.LogCaptureFixture
) -> None:
    till.expire()
    moody.writes_left = 1
    access = till.access()
    failing(lambda: till.client(access).call("profile"))
    access.close()
    assert [record.levelname for record in caplog.records if record.name == renewal.__name__] == ["ERROR"]
    moody.writes_left = 99
    access.close()
    assert till.client().call("profile")["ID"] == "1"


def test_a_person_who_connected_anew_beside_an_unkept_pair_is_not_overwritten(till: Till, moody: Moody) -> None:
    till.expire()
    moody.writes_left = 1
    client = till.client()
    failing(lambda: client.call("profile"))
    moody.writes_left = 99
    theirs = first_pair(till.bitrix.portal, till.bitrix.server.url, datetime.now(UTC))
    VaultPairs(IDENTITY).save(theirs)
    assert client.call("profile")["ID"] == "1"
    assert till.kept == theirs


def test_a_pair_that_is_gone_or_of_another_portal_is_said_to_be_that(till: Till, vault: MemoryKeyring) -> None:
    client = till.client()
    till.expire()
    del vault.secrets["posapp", f"tokens:{IDENTITY}"]
    assert failing(lambda: client.call("profile")).code == "oauth_grant"
    with pytest.raises(SetupError) as gone:
        till.access()
    assert gone.value.code == "secret_missing"
    VaultPairs(IDENTITY).save(Pair("a", "b", "another", "https://other.example/rest/"))
    with pytest.raises(SetupError) as other:
        till.access()
    assert (other.value.code, other.value.facts["found"]) == ("other_portal", "other.example")


def test_a_directory_that_cannot_be_locked_gives_nothing_up(till: Till) -> None:
    till.expire()
    access = till.access()
    till.folder.joinpath(renewal.LOCK_NAME).mkdir()
    assert failing(lambda: till.client(access).call("profile")).code == "oauth_unkept"
    assert till.asked == []


def test_another_program_that_renews_for_ever_is_waited_for_within_bounds(till: Till) -> None:
    from posapp.journal.lock import DirectoryLock

    till.expire()
    client, lock = till.client(), DirectoryLock(till.folder, renewal.LOCK_NAME)
    try:
        error = failing(lambda: client.call("profile"))
    finally:
        lock.release()
    assert isinstance(error, NoAnswer)
    assert sum(till.clock.slept) <= renewal.LOCK_PATIENCE_S + 1
    assert client.call("profile")["ID"] == "1"


# ---------------------------------------------------------------------------------------------- rename, secrets
def test_trap_70_a_renamed_portal_is_recognised_and_the_key_is_not_shown_to_the_new_host(till: Till) -> None:
    before = len(till.bitrix.requests())
    port = till.bitrix.server.server_address[1]
    till.bitrix.set("settings", {"domain": f"localhost:{port}"})
    for client in (till.client(), till.bitrix.client):
        error = failing(partial(client.call, "sale.order.update", {"id": 1, "fields": {"comments": "три"}}))
        assert (type(error), error.code, error.facts["found"]) == (Rejected, "portal_moved", f"localhost:{port}")
        assert f"--renamed localhost:{port}" in error.action()
    assert [row["http"] for row in till.bitrix.requests()[before:]] == [302, 302]


def test_trap_71_tokens_and_secret_are_nowhere(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pair, told = till.kept, [repr(till.kept), str(till.access()), repr(till.access().to("profile"))]
    till.expire()
    till.bitrix.set("settings", {"revoke_refresh": True})
    try:
        till.client().call("profile")
    except Rejected as error:
        told += ["".join(traceback.format_exception(error)), repr(error.facts), error.message(), error.action()]
    told += [caplog.text, repr(till.bitrix.log)]
    hidden = (pair.access_token, pair.refresh_token, till.bitrix.portal.access.client_secret)
    assert len(told) == 9
    assert not [each for each in hidden for text in told if each in text]


# ---------------------------------------------------------------------------------------------- addresses
@pytest.mark.parametrize(
    "typed, url",
    [
        ("my.bitrix24.ru", "https://my.bitrix24.ru"),
        (" https://my.bitrix24.ru/ ", "https://my.bitrix24.ru"),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("localhost", "http://localhost"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("https://портал.рф", "https://портал.рф"),
    ],
)
def test_a_portal_is_typed_in_any_usual_way(typed: str, url: str) -> None:
    assert portal_url(typed) == url


@pytest.mark.parametrize(
    "typed",
    ["", "http://my.bitrix24.ru", "ftp://x", "https://u:p@x.ru", "https://x.ru/rest/1/secret/", "https://x.ru?a=b",
     "https://x.ru:99999", "https://[::1", "https://"],
)  # fmt: skip
def test_what_is_no_portal_or_not_safe_is_wrong_usage(typed: str) -> None:
    with pytest.raises(UsageError) as wrong:
        portal_url(typed)
    assert "secret" not in wrong.value.message()


def test_the_secret_goes_only_to_servers_of_bitrix() -> None:
    assert token_url_of("https://my.bitrix24.ru") == CENTRAL
    assert token_url_of("https://my.bitrix24.ru", "oauth.bitrix24.tech") == "https://oauth.bitrix24.tech/oauth/token/"
    assert token_url_of("https://my.bitrix24.ru", "evil.example") == CENTRAL
    assert token_url_of("http://127.0.0.1:1", "evil.example") == "http://127.0.0.1:1/oauth/token/"
    assert token_url_of("https://localhost:1", "evil.example") == "https://localhost:1/oauth/token/"
    assert not is_safe("http://example.com/rest/")
    assert not is_safe("https://" + "x" * 400)
    assert (
        authorize_url("https://x.ru", "local.1", "a b") == "https://x.ru/oauth/authorize/?client_id=local.1&state=a+b"
    )


def test_a_vault_that_never_held_the_application_is_a_missing_secret(till: Till) -> None:
    told = connection(till.bitrix.portal, till.bitrix.server.url)
    clock = Clock(lambda: datetime.now(UTC), lambda: 0.0, lambda _: None)
    with pytest.raises(SetupError) as missing:
        application_access("nobody", told, till.folder, clock)
    assert missing.value.code == "secret_missing"
