"""An administrator connects an application, checks it, follows a portal that moved, and leaves; all by commands."""

from __future__ import annotations

import io
import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from posapp import vault as secrets
from posapp.__main__ import main
from posapp.cli import setup_way
from posapp.cli.practice import PracticeShop
from posapp.journal.lock import DirectoryLock
from posapp.settings import load
from tests.cli.tills import Run
from tests.conftest import MemoryKeyring


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=6, seed=9) as started:
        yield started


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Portal:
    """The practice portal as its owner sees it."""

    def __init__(self, shop: PracticeShop) -> None:
        self.url = str(shop.portal["url"])
        self.oauth: dict[str, str] = shop.portal["oauth"]
        self.port = free_port()
        self.set({"app": {"redirect_url": f"http://127.0.0.1:{self.port}/", "is_installed": True,
                          "install_url": f"http://127.0.0.1:{self.port}/"},
                  "domain": "", "scopes": ["sale", "pay_system", "catalog", "crm", "cashbox"]})  # fmt: skip

    def steer(self, name: str, body: object) -> Any:
        parts = urlsplit(self.url)
        with closing(HTTPConnection(str(parts.hostname), parts.port, timeout=10)) as connection:
            connection.request("POST", f"/_sim/{name}", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())

    def set(self, settings: dict[str, Any]) -> None:
        self.steer("settings", settings)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What an administrator types, with the port of the application's card."""
        return ("--oauth", self.url, "--client-id", self.oauth["client_id"], "--port", str(self.port), "--no-browser")


@pytest.fixture
def portal(shop: PracticeShop) -> Portal:
    return Portal(shop)


@pytest.fixture
def run(typed: Run, folder: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A data directory of its own, no webhook, the application's secret in the environment."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    monkeypatch.delenv("POSAPP_WEBHOOK", raising=False)
    monkeypatch.setenv("POSAPP_CLIENT_SECRET", portal.oauth["client_secret"])
    return typed


def browser(url: str) -> None:
    """A browser in which the user is logged in: follows the portal's redirect."""
    parts = urlsplit(url)
    with closing(HTTPConnection(str(parts.hostname), parts.port, timeout=10)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 302)
        if answer.status == 302:
            browser(str(answer.getheader("Location")))


class Person:
    """Who does what the first line of the command asks for, as soon as it is printed."""

    def __init__(self, act: Callable[[dict[str, Any]], None], monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[dict[str, Any]] = []
        self.threads: list[Thread] = []
        self._act = act
        monkeypatch.setattr(setup_way, "_tell", self._hear)

    def _hear(self, body: dict[str, Any], text: str, *, as_json: bool) -> None:
        self.told.append(body)
        assert as_json
        assert text
        thread = Thread(target=self._act, args=(body,))
        thread.start()
        self.threads.append(thread)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(20)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    who = Person(lambda body: browser(body["open"]), monkeypatch)
    yield who
    who.join()


PORTAL = ("setup", "portal", "--mode", "till-driven")


@pytest.fixture
def connected(run: Run, portal: Portal, person: Person, monkeypatch: pytest.MonkeyPatch) -> Run:
    code, answer = run(*PORTAL, *portal.arguments, "--training")
    assert code == 0, answer
    monkeypatch.delenv("POSAPP_CLIENT_SECRET")  # from here on the vault alone
    return run


def names(vault: MemoryKeyring) -> list[str]:
    return sorted(name.split(":")[0] for _, name in vault.secrets)


def hidden(vault: MemoryKeyring, portal: Portal) -> list[str]:
    """Everything that may be seen nowhere."""
    pair: dict[str, str] = next(
        (json.loads(text) for (_, name), text in vault.secrets.items() if name.startswith("tokens")), {}
    )
    return [portal.oauth["client_secret"], *(pair[name] for name in ("access_token", "refresh_token") if name in pair)]


# ---------------------------------------------------------------------------------------------- the browser
def test_an_application_is_connected_by_the_browser_and_works(
    run: Run, portal: Portal, person: Person, vault: MemoryKeyring, folder: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    code, answer = run(*PORTAL, *portal.arguments, "--training")
    assert (code, answer["access"], answer["secret"]) == (0, "oauth", "keyring")
    assert person.told[0]["open"].startswith(f"{portal.url}/oauth/authorize/?client_id={portal.oauth['client_id']}&")
    assert person.told[0]["card"] == f"http://127.0.0.1:{portal.port}/"
    assert answer["oauth"]["member_id"] == portal.oauth["member_id"]
    assert answer["check"]["fit"]
    assert names(vault) == ["client", "tokens"]
    monkeypatch.delenv("POSAPP_CLIENT_SECRET")
    assert run("setup", "vat")[0] == 0
    portal.set({"expire_tokens": True})
    before = hidden(vault, portal)
    assert run("orders", "pull")[1]["complete"]
    assert hidden(vault, portal)[1] != before[1]
    assert run("setup", "portal")[1]["access"] == "oauth"  # proven again, without a browser
    assert main(["setup", "show"]) == 0
    assert f"приложение {portal.oauth['client_id']}" in capsys.readouterr().out
    everything = "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())
    assert not [each for each in (*before, *hidden(vault, portal)) if each in everything + json.dumps(answer)]


def test_the_secret_comes_by_stdin_and_without_one_nothing_begins(
    run: Run, portal: Portal, person: Person, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.delenv("POSAPP_CLIENT_SECRET")
    code, answer = run(*PORTAL, *portal.arguments, "--training")
    assert (code, answer["error"]["code"], person.told) == (2, "usage", [])
    given = io.TextIOWrapper(io.BytesIO(f"{portal.oauth['client_secret']}\n".encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", given)
    assert run(*PORTAL, *portal.arguments, "--training", "--client-secret-stdin")[0] == 0
    assert portal.oauth["client_secret"] not in (folder / "settings.json").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--oauth", "http://my.bitrix24.ru", "--client-id", "x"),
        ("--oauth", "https://my.bitrix24.ru/rest/1/secret/", "--client-id", "x"),
        ("--oauth", "my.bitrix24.ru"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "ид"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "x", "--port", "0"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "x", "--token-url", "http://evil.example/"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "x", "--install-callback", "nowhere"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "x", "--webhook-stdin"),
        ("--oauth", "my.bitrix24.ru", "--client-id", "x", "--renamed", "y.ru"),
        ("--client-id", "x"),
        ("--renamed", "http://y.ru/rest/1/secret/"),
    ],
)
def test_what_is_typed_wrongly_begins_nothing(
    run: Run, person: Person, folder: Path, vault: MemoryKeyring, arguments: tuple[str, ...]
) -> None:
    code, answer = run(*PORTAL, *arguments, "--training")
    assert code in (1, 2)
    assert answer["error"]["code"] in ("usage", "not_set_up")
    assert "secret/" not in answer["error"]["message"]
    assert (person.told, folder.exists(), vault.secrets) == ([], False, {})


def test_a_wrong_secret_a_dead_code_and_no_browser_are_told_apart(
    run: Run, portal: Portal, person: Person, monkeypatch: pytest.MonkeyPatch, vault: MemoryKeyring, folder: Path
) -> None:
    monkeypatch.setenv("POSAPP_CLIENT_SECRET", "wrong")
    assert run(*PORTAL, *portal.arguments, "--training")[1]["error"]["code"] == "oauth_client"
    monkeypatch.setenv("POSAPP_CLIENT_SECRET", portal.oauth["client_secret"])

    def too_late(body: dict[str, Any]) -> None:
        state = body["open"].rpartition("=")[2]
        browser(f"{body['card']}?code=dead&state={state}")

    late = Person(too_late, monkeypatch)
    error = run(*PORTAL, *portal.arguments, "--training")[1]["error"]
    late.join()
    assert (error["code"], "30 секунд" in error["message"]) == ("oauth_unanswered", True)
    nobody = Person(lambda _: None, monkeypatch)
    error = run(*PORTAL, *portal.arguments, "--training", "--wait", "1")[1]["error"]
    nobody.join()
    assert (error["code"], "браузер не вернулся" in error["message"]) == ("oauth_unanswered", True)
    assert (vault.secrets, folder.exists()) == ({}, False)


def test_a_portal_by_another_name_than_its_own_is_refused_by_that_name(
    run: Run, portal: Portal, person: Person, vault: MemoryKeyring
) -> None:
    theirs = portal.url.replace("127.0.0.1", "localhost")
    portal.set({"domain": urlsplit(portal.url).netloc})
    code, answer = run(*PORTAL, "--oauth", theirs, *portal.arguments[2:], "--training")
    assert (code, answer["error"]["code"]) == (1, "oauth_unanswered")
    assert urlsplit(portal.url).netloc in answer["error"]["message"]
    assert vault.secrets == {}


def test_a_taken_port_is_said_before_anybody_is_asked(run: Run, portal: Portal, person: Person) -> None:
    with socket.create_server(("127.0.0.1", portal.port)):
        code, answer = run(*PORTAL, *portal.arguments, "--training")
    assert (code, answer["error"]["code"], person.told) == (1, "oauth_port", [])


def test_without_a_vault_an_application_is_refused_and_the_browser_stays_closed(
    run: Run, portal: Portal, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryKeyring, "set_password", lambda *_: None)  # takes everything, keeps nothing
    code, answer = run(*PORTAL, *portal.arguments, "--training")
    assert (code, answer["error"]["code"], person.told) == (1, "oauth_unkept", [])
    assert "POSAPP_WEBHOOK" in answer["error"]["action"]


def test_a_set_up_that_fails_later_leaves_the_vault_as_it_was(
    connected: Run, portal: Portal, vault: MemoryKeyring, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, settings = dict(vault.secrets), load(folder)
    portal.set({"scopes": ["sale"]})
    code, answer = connected("setup", "portal", *portal.arguments)
    assert (code, answer["error"]["code"]) == (1, "portal_no_paysystems")
    missing = [each["name"] for each in answer["check"]["points"] if each["mark"] == "missing"]
    assert missing == ["pay_system", "catalog"]
    assert vault.secrets == before
    assert load(folder) == settings
    portal.set({"scopes": ["sale", "pay_system", "catalog"]})
    assert connected("orders", "pull")[1]["complete"]


def test_a_directory_that_another_program_holds_changes_no_secret(
    run: Run, shop: PracticeShop, portal: Portal, person: Person, vault: MemoryKeyring, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    given = io.TextIOWrapper(io.BytesIO(shop.portal["webhook"].encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", given)
    assert run(*PORTAL, "--webhook-stdin", "--training")[0] == 0
    before = dict(vault.secrets)
    lock = DirectoryLock(folder)
    try:
        code, answer = run("setup", "portal", *portal.arguments)
        assert (code, answer["error"]["code"], person.told) == (1, "journal_busy", [])
    finally:
        lock.release()

    def opens_the_window_meanwhile(body: dict[str, Any]) -> None:
        self_lock.append(DirectoryLock(folder))
        browser(body["open"])

    self_lock: list[DirectoryLock] = []
    late = Person(opens_the_window_meanwhile, monkeypatch)
    code, answer = run("setup", "portal", *portal.arguments)
    late.join()
    self_lock[0].release()
    assert (code, answer["error"]["code"]) == (1, "journal_busy")
    assert vault.secrets == before
    assert run("orders", "pull")[1]["complete"]


# ---------------------------------------------------------------------------------------------- the install callback
@pytest.fixture
def installed(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    def act(_: dict[str, Any]) -> None:
        with closing(HTTPConnection("127.0.0.1", portal.port, timeout=10)) as connection:
            host = f"{portal.url}/rest/"
            evil = f"event=ONAPPINSTALL&auth[refresh_token]=e&auth[application_token]=e&auth[client_endpoint]={host}"
            connection.request("POST", "/", evil, {"Content-Type": "application/x-www-form-urlencoded"})
            assert connection.getresponse().status == 200
        portal.steer("install", {})

    who = Person(act, monkeypatch)
    yield who
    who.join()


def test_an_application_without_pages_is_connected_by_its_installation(
    run: Run, portal: Portal, installed: Person, vault: MemoryKeyring
) -> None:
    where = f"127.0.0.1:{portal.port}"
    code, answer = run(*PORTAL, *portal.arguments, "--install-callback", where, "--training")
    assert (code, answer["access"]) == (0, "oauth")
    assert installed.told == [{"waiting": where}]
    assert names(vault) == ["client", "install", "tokens"]
    token = portal.oauth["application_token"]
    assert token in next(text for (_, name), text in vault.secrets.items() if name.startswith("install"))
    assert token not in json.dumps(answer)
    assert run("orders", "pull")[1]["complete"]
    assert run("setup", "portal", *portal.arguments, "--install-callback", where)[0] == 0  # again: the same token


def test_an_installation_with_another_application_token_is_not_ours(
    run: Run, portal: Portal, installed: Person, vault: MemoryKeyring
) -> None:
    where = ("--install-callback", f"127.0.0.1:{portal.port}")
    assert run(*PORTAL, *portal.arguments, *where, "--training")[0] == 0
    entry = next(key for key in vault.secrets if key[1].startswith("install"))
    vault.secrets[entry] = f"{portal.oauth['client_id']} another"
    before = dict(vault.secrets)
    code, answer = run("setup", "portal", *portal.arguments, *where, "--wait", "1")
    assert (code, answer["error"]["code"]) == (1, "oauth_unanswered")
    assert "чужих сообщений" in answer["error"]["message"]
    assert vault.secrets == before


# ---------------------------------------------------------------------------------------------- check
def test_the_check_names_what_is_missing_and_exits_by_it(
    connected: Run, portal: Portal, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = connected("setup", "check")
    assert (code, answer["fit"], answer["access"], answer["offline_events"]) == (0, True, "oauth", True)
    portal.set({"scopes": ["sale", "crm"]})
    code, answer = connected("setup", "check")
    assert (code, answer["fit"], answer["scopes"]) == (1, False, ["crm", "sale"])
    assert main(["setup", "check"]) == 1
    text = capsys.readouterr().out
    assert "✗ нет права pay_system" in text
    assert "✗ нет права catalog" in text
    assert answer["prints"] is None
    assert "печатают чеки сами: портал не сказал." in text
    assert "posapp setup portal --oauth" in text
    portal.set({"app": {"is_installed": False}})
    code, answer = connected("setup", "check")
    assert (code, answer["error"]["code"]) == (1, "oauth_client")


def test_the_check_of_a_webhook_and_of_nothing(
    run: Run, shop: PracticeShop, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("setup", "check")[1]["error"]["code"] == "not_set_up"
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    assert run(*PORTAL, "--training")[0] == 0
    code, answer = run("setup", "check")
    assert (code, answer["access"], answer["offline_events"]) == (0, "webhook", False)


# ---------------------------------------------------------------------------------------------- rename
def test_trap_70_a_portal_that_moved_is_followed_by_a_persons_word_only(
    connected: Run, portal: Portal, folder: Path, vault: MemoryKeyring
) -> None:
    former = urlsplit(portal.url).netloc
    new = former.replace("127.0.0.1", "localhost")
    portal.set({"domain": new})
    error = connected("orders", "pull")[1]["error"]
    assert error["code"] == "portal_moved"
    assert f"--renamed {new}" in error["action"]
    before = load(folder)
    assert connected("setup", "portal", "--renamed", "evil.example")[1]["error"]["code"] == "not_renamed"
    assert load(folder) == before
    code, answer = connected("setup", "portal", "--renamed", new)
    assert code == 0, answer
    assert (answer["portal"]["portal"], answer["portal"]["address"]) == (former, new)
    assert answer["oauth"]["endpoint"] == f"http://{new}/rest/"
    assert connected("orders", "pull")[1]["complete"]
    assert names(vault) == ["client", "tokens"]


def test_trap_70_the_same_for_a_webhook(
    run: Run, shop: PracticeShop, portal: Portal, folder: Path, vault: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = io.TextIOWrapper(io.BytesIO(shop.portal["webhook"].encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", given)
    assert run(*PORTAL, "--webhook-stdin", "--training")[0] == 0
    former = urlsplit(portal.url).netloc
    new = former.replace("127.0.0.1", "localhost")
    error = run("setup", "portal", "--renamed", new)[1]["error"]
    assert (error["code"], "по прежнему адресу" in error["message"]) == ("not_renamed", True)
    portal.set({"domain": new})
    error = run("setup", "portal", "--renamed", "evil.example")[1]["error"]
    assert (error["code"], new in error["message"]) == ("not_renamed", True)
    code, answer = run("setup", "portal", "--renamed", new)
    assert (code, answer["portal"]["portal"], answer["portal"]["address"]) == (0, former, new)
    assert [urlsplit(text).netloc for text in vault.secrets.values()] == [new]
    assert run("orders", "pull")[1]["complete"]


# ---------------------------------------------------------------------------------------------- leaving, changing
def test_one_way_at_a_time_and_the_other_ones_secrets_go(
    connected: Run, shop: PracticeShop, portal: Portal, vault: MemoryKeyring, person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    assert connected("setup", "check")[1]["access"] == "webhook"  # the environment goes first
    code, answer = connected("setup", "portal")
    assert (code, answer["access"], answer["oauth"]) == (0, "webhook", None)
    assert names(vault) == ["webhook"]
    monkeypatch.delenv("POSAPP_WEBHOOK")
    monkeypatch.setenv("POSAPP_CLIENT_SECRET", portal.oauth["client_secret"])
    assert connected("setup", "portal", *portal.arguments)[1]["access"] == "oauth"
    assert names(vault) == ["client", "tokens"]


@pytest.mark.parametrize("command", [("setup", "sign-out"), ("uninstall",)])
def test_leaving_forgets_tokens_and_secret(connected: Run, vault: MemoryKeyring, command: tuple[str, ...]) -> None:
    code, answer = connected(*command)
    assert (code, answer["secrets"]["removed"]) == (0, ["client", "tokens"])
    assert vault.secrets == {}
    assert connected("orders", "pull")[1]["error"]["code"] == "secret_missing"


def test_a_restored_directory_with_the_same_vault_works(
    connected: Run, shop: PracticeShop, folder: Path, tmp_path: Path, vault: MemoryKeyring, portal: Portal
) -> None:
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"])
    assert connected(*printer)[0] == 0
    assert connected("orders", "pull")[1]["complete"]
    assert connected("backup", "now")[0] == 0
    copies = "".join(path.read_bytes().decode("latin-1") for path in (folder / "backups").rglob("*") if path.is_file())
    assert not [each for each in hidden(vault, portal) if each in copies]
    for each in ("settings.json", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (folder / each).unlink(missing_ok=True)
    assert connected("restore")[0] in (0, 3)
    portal.set({"expire_tokens": True})
    assert connected("orders", "pull")[1]["complete"]


def test_a_pair_whose_renewal_was_cut_off_says_so_to_the_administrator(
    connected: Run, portal: Portal, vault: MemoryKeyring, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(key for key in vault.secrets if key[1].startswith("tokens"))
    pair = json.loads(vault.secrets[entry])
    vault.secrets[entry] = json.dumps({**pair, "renewing": "2026-03-09T06:00:00", "refresh_token": "used-up"})
    portal.set({"expire_tokens": True})
    error = connected("orders", "pull")[1]["error"]
    assert (error["code"], "2026-03-09 06:00 оборвалось" in error["message"]) == ("oauth_grant", True)
    monkeypatch.setenv("POSAPP_CLIENT_SECRET", portal.oauth["client_secret"])
    assert connected("setup", "portal", *portal.arguments)[0] == 0
    assert connected("orders", "pull")[1]["complete"]


def test_the_names_of_the_vault_are_all_known_to_leaving() -> None:
    assert set(secrets.OF_APPLICATION) < set(secrets.NAMES)
