"""How an application is let in: the code of the authorisation page, tokens that rotate, the install callback."""

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

REDIRECT = "http://till.example.test/callback?from=portal"


class Application:
    """A local application that knows its id and secret and speaks OAuth."""

    def __init__(self, portal: Any) -> None:
        self.portal = portal
        access = portal.server.portal.access
        self.keys = {"client_id": access.client_id, "client_secret": access.client_secret}

    def authorize(self, **more: str) -> Any:
        query = urlencode({"client_id": self.keys["client_id"], "state": "a b", **more})
        return self.portal.send("GET", f"/oauth/authorize/?{query}")

    def code(self) -> str:
        return str(parse_qs(urlsplit(self.authorize().headers["Location"]).query)["code"][0])

    def ask(self, **parameters: str) -> Any:
        return self.portal.send("GET", f"/oauth/token/?{urlencode({**self.keys, **parameters})}")

    def exchange(self, code: str) -> Any:
        return self.ask(grant_type="authorization_code", code=code)

    def renew(self, refresh_token: str) -> Any:
        return self.ask(grant_type="refresh_token", refresh_token=refresh_token)

    def profile(self, token: str) -> Any:
        return self.portal.send("GET", "/rest/profile", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def app(portal: Any) -> Application:
    portal.sim("settings", {"app": {"redirect_url": REDIRECT}})
    return Application(portal)


def test_the_browser_comes_back_to_the_card_with_a_code(portal: Any, app: Application) -> None:
    reply = app.authorize(redirect_uri="http://evil.example.test/")

    target = urlsplit(reply.headers["Location"])
    assert reply.status == 302
    assert (target.netloc, target.path) == ("till.example.test", "/callback")
    told = dict(parse_qsl(target.query))
    assert told.pop("code")
    assert told == {
        "from": "portal", "state": "a b", "domain": f"{portal.host}:{portal.port}",
        "server_domain": "oauth.bitrix.info",
        "member_id": portal.server.portal.access.member_id, "scope": "sale,pay_system,catalog,crm,cashbox",
    }  # fmt: skip


def test_nobody_is_sent_anywhere_for_an_unknown_application_or_without_a_redirect_url(
    portal: Any, app: Application
) -> None:
    assert app.authorize(client_id="local.other.1").error == (400, "invalid_client")
    portal.sim("settings", {"app": {"redirect_url": ""}})
    assert app.authorize().error == (400, "invalid_request")


def test_a_code_is_worth_one_pair_for_thirty_seconds(portal: Any, app: Application) -> None:
    code = app.code()
    portal.clock.turn(29)
    pair = app.exchange(code).json

    assert pair["expires"] == int(portal.clock().timestamp()) + 3600
    assert {key: pair[key] for key in ("expires_in", "domain", "status", "user_id", "client_endpoint", "scope")} == {
        "expires_in": 3600, "domain": "oauth.bitrix.info", "status": "L", "user_id": 1,
        "client_endpoint": f"http://{portal.host}:{portal.port}/rest/", "scope": "sale,pay_system,catalog,crm,cashbox",
    }  # fmt: skip
    assert app.profile(pair["access_token"]).result["ID"] == "1"
    assert app.exchange(code).error == (400, "invalid_grant")

    late = app.code()
    portal.clock.turn(30)
    assert app.exchange(late).error == (400, "invalid_grant")


def test_trap_55_a_refresh_token_works_once_and_a_second_process_that_has_the_old_one_is_out(
    portal: Any, app: Application
) -> None:
    first = app.exchange(app.code()).json
    second = app.renew(first["refresh_token"]).json

    assert second["refresh_token"] != first["refresh_token"]
    assert app.renew(first["refresh_token"]).error == (400, "invalid_grant")
    assert app.renew(second["refresh_token"]).status == 200


def test_two_grants_rotate_apart(portal: Any, app: Application) -> None:
    one, other = app.exchange(app.code()).json, app.exchange(app.code()).json

    assert app.renew(one["refresh_token"]).status == 200
    assert app.renew(other["refresh_token"]).status == 200


def test_a_refresh_token_lives_180_days(portal: Any, app: Application) -> None:
    pair = app.exchange(app.code()).json
    portal.clock.turn(180 * 86_400)

    assert app.renew(pair["refresh_token"]).error == (400, "invalid_grant")


def test_the_authorisation_server_has_its_own_errors(portal: Any, app: Application) -> None:
    portal.sim("settings", {"profile": "docs"})

    assert app.ask(grant_type="password").error == (400, "invalid_request")
    assert app.ask().error == (400, "invalid_request")
    assert app.ask(grant_type="refresh_token").error == (400, "invalid_grant")
    assert app.ask(grant_type="refresh_token", client_secret="x").error == (401, "invalid_client")
    assert app.ask(grant_type="refresh_token", client_id="x").error == (401, "invalid_client")


def test_a_token_is_taken_from_header_query_and_body_the_header_first(portal: Any, app: Application) -> None:
    token = app.exchange(app.code()).json["access_token"]
    kind = {"Content-Type": "application/json"}

    for name in ("auth", "access_token"):
        assert portal.send("GET", f"/rest/profile?{name}={token}").status == 200
        assert portal.send("POST", "/rest/profile", json.dumps({name: token}).encode(), kind).status == 200
        assert portal.send("POST", "/rest/profile.json", f"{name}={token}".encode()).status == 200
    assert portal.send("GET", f"/rest/profile?auth={token}", headers={"Authorization": "Bearer x"}).error == (
        401, "invalid_token")  # fmt: skip
    assert portal.send("GET", "/rest/profile").error == (401, "NO_AUTH_FOUND")


def test_what_an_administrator_does_to_a_key_shows_at_once(portal: Any, app: Application) -> None:
    pair = app.exchange(app.code()).json
    portal.sim("settings", {"expire_tokens": True})
    assert app.profile(pair["access_token"]).error == (401, "expired_token")

    pair = app.renew(pair["refresh_token"]).json
    portal.sim("settings", {"app": {"is_installed": False}})
    assert app.profile(pair["access_token"]).error == (401, "APPLICATION_NOT_FOUND")
    assert app.renew(pair["refresh_token"]).error == (401, "invalid_client")

    portal.sim("settings", {"app": {"is_installed": True}, "revoke_refresh": True})
    assert app.profile(pair["access_token"]).status == 200
    assert app.renew(pair["refresh_token"]).error == (400, "invalid_grant")

    told = portal.sim("settings", {"rotate_webhook": True})
    assert portal.call("profile").error == (401, "INVALID_CREDENTIALS")
    assert portal.send("GET", told["webhook"] + "profile").status == 200


def test_rights_are_asked_after_the_scope(portal: Any) -> None:
    portal.sim("settings", {"rights": {"right": "R", "is_admin": False}})

    assert portal.call("sale.order.get", {"id": 9071}).status == 200
    assert portal.call("sale.order.update", {"id": 9071, "fields": {}}).error == (400, "200040300020")
    assert portal.call("sale.paysystem.list").error == (403, "ACCESS_DENIED")
    assert portal.call("profile").result["ADMIN"] is False
    portal.sim("settings", {"rights": {"right": "D"}})
    assert portal.call("sale.order.list").error == (400, "200040300010")
    assert portal.batch({"a": "catalog.vat.list"})["result_error"]["a"]["error"] == "200040300010"


def test_an_application_without_pages_gets_its_first_pair_by_a_form(
    portal: Any, app: Application, callback: Any
) -> None:
    portal.sim("settings", {"app": {"install_url": f"{callback.url}/install?x=1"}})
    portal.sim("install", {})
    path, kind, form = callback.heard.get(timeout=20)

    assert (path, kind) == ("/install?x=1", "application/x-www-form-urlencoded")
    assert form["event"] == "ONAPPINSTALL"
    assert form["auth[application_token]"] == portal.server.portal.access.application_token
    assert form["auth[member_id]"] == portal.server.portal.access.member_id
    assert form["auth[domain]"] == f"{portal.host}:{portal.port}"
    assert app.profile(form["auth[access_token]"]).status == 200
    assert app.renew(form["auth[refresh_token]"]).status == 200


def test_an_installation_without_a_callback_is_refused(portal: Any) -> None:
    assert portal.send("POST", "/_sim/install", b"{}").status == 400
    assert portal.send("POST", "/_sim/settings", b'{"app": {"install_url": "ftp://x"}}').status == 400


def test_trap_70_a_renamed_portal_answers_302_and_whoever_follows_loses_the_body(portal: Any) -> None:
    old, new = f"127.0.0.1:{portal.port}", f"localhost:{portal.port}"
    portal.sim("settings", {"domain": new})
    reply = portal.send("POST", f"{portal.webhook}sale.order.list?x=1", b'{"filter": {"id": 9071}}',
                        {"Content-Type": "application/json", "Host": old})  # fmt: skip

    assert (reply.status, reply.headers["Location"]) == (302, f"http://{new}{portal.webhook}sale.order.list?x=1")
    followed = portal.send("GET", urlsplit(reply.headers["Location"]).path, headers={"Host": new})
    assert len(followed.result["orders"]) == 12  # the filter is gone with the body
    assert [row["http"] for row in portal.sim("state")["requests"]] == [302, 200]


def test_the_authorisation_server_is_not_renamed_and_tells_the_new_name(portal: Any, app: Application) -> None:
    code = app.code()
    new = f"localhost:{portal.port}"
    portal.sim("settings", {"domain": new})

    pair = app.exchange(code).json
    assert pair["client_endpoint"] == f"http://{new}/rest/"
    assert pair["member_id"] == portal.server.portal.access.member_id
    moved = app.authorize()
    assert moved.headers["Location"].startswith(f"http://{new}/oauth/authorize/?client_id=")


def test_a_portal_may_move_to_another_port(portal: Any, callback: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        port = int(placeholder.getsockname()[1])
    portal.sim("settings", {"domain": f"127.0.0.1:{port}"})

    assert portal.call("profile").status == 302
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", f"{portal.webhook}profile")
        assert connection.getresponse().status == 200
    taken = urlsplit(callback.url).port
    assert portal.send("POST", "/_sim/settings", json.dumps({"domain": f"127.0.0.1:{taken}"}).encode()).status == 400
