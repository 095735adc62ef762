"""The authorisation server beside the portal, and the card of the one local application that it knows.

Real portals leave this to `oauth.bitrix.info`; here one address is both (reference: Bitrix REST 1.2).

    browser → GET /oauth/authorize/?client_id=…&state=…
            ← 302 to the redirect URL of the application's card: code, state, domain, member_id, scope, server_domain
    client  → GET /oauth/token/?grant_type=authorization_code&client_id=…&client_secret=…&code=…     within 30 seconds
            → GET /oauth/token/?grant_type=refresh_token&client_id=…&client_secret=…&refresh_token=…
            ← the token JSON; the refresh token in it replaces the one that was shown

The redirect URL is *not* taken from the request, as on a real portal. Nobody asks the user: the practice portal lets
everyone in. An application without pages ("API only") is instead told its first pair by a form POST to its install
callback, `event=ONAPPINSTALL`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from posapp.sync.simulator.access import TOKEN_LIFETIME_S, USER_ID, Access, is_same
from posapp.sync.simulator.envelope import Answer, PortalError, json_answer
from posapp.sync.simulator.events import OFFLINE_NOTICE, Binding
from posapp.sync.simulator.parameters import Parameters, text_of
from posapp.sync.simulator.pushes import Push

SERVER_DOMAIN = "oauth.bitrix.info"


@dataclass
class Card:
    """The application's card on the portal: where the browser is sent back to, and who is told of the installation."""

    redirect_url: str = ""
    install_url: str = ""


def check_url(text: str) -> str:
    """An address for the card. Raises ValueError for what no browser could be sent to."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError(f"{text!r} is not an http address")
    return text


def authorize(access: Access, card: Card, parameters: Parameters, origin: str, now: datetime) -> Answer:
    """`/oauth/authorize/`: send the browser to the application with a code, or say why not."""
    if not is_same(text_of(parameters.get("client_id")), access.client_id) or not access.is_installed:
        return _refuse(PortalError("invalid_client", "Invalid client"))
    if not card.redirect_url:
        return _refuse(PortalError("invalid_request", "The card of the application has no redirect URL"))
    told = {
        "code": access.issue_code(now), "state": text_of(parameters.get("state")), "domain": urlsplit(origin).netloc,
        "member_id": access.member_id, "scope": ",".join(access.scopes), "server_domain": SERVER_DOMAIN,
    }  # fmt: skip
    joint = "&" if urlsplit(card.redirect_url).query else "?"
    return Answer(302, b"", "text/html", {"Location": f"{card.redirect_url}{joint}{urlencode(told)}"})


def give_token(access: Access, card: Card, parameters: Parameters, origin: str, now: datetime) -> Answer:
    """`/oauth/token/`: exchange a code or a refresh token; the old one is used up, as at the real server."""
    del card  # only the page that a person sees needs it
    try:
        _check_client(access, parameters)
        grant = text_of(parameters.get("grant_type"))
        if grant == "authorization_code":
            is_good = access.take_code(text_of(parameters.get("code")), now)
        elif grant == "refresh_token":
            is_good = access.take_refresh(text_of(parameters.get("refresh_token")), now)
        else:
            raise PortalError("invalid_request", "grant_type is authorization_code or refresh_token")
        if not is_good:
            raise PortalError("invalid_grant", "Invalid grant")
    except PortalError as error:
        return _refuse(error)
    return json_answer(200, token_json(access, origin, now))


def token_json(access: Access, origin: str, now: datetime) -> dict[str, Any]:
    """A fresh pair in the shape of the authorisation server's answer. `domain` is that server's, not the portal's."""
    token, refresh_token = access.issue(now)
    return {
        "access_token": token, "expires": int(now.timestamp()) + TOKEN_LIFETIME_S, "expires_in": TOKEN_LIFETIME_S,
        "scope": ",".join(access.scopes), "domain": SERVER_DOMAIN, "server_endpoint": f"{origin}/rest/",
        "status": "L", "client_endpoint": f"{origin}/rest/", "member_id": access.member_id, "user_id": USER_ID,
        "refresh_token": refresh_token,
    }  # fmt: skip


def installation(access: Access, card: Card, origin: str, now: datetime) -> Push:
    """The `ONAPPINSTALL` form for the install callback. Raises ValueError when the card names none."""
    if not card.install_url:
        raise ValueError("the card of the application has no install callback")
    auth = call_auth(access, origin, now) | token_json(access, origin, now) | {"domain": urlsplit(origin).netloc}
    data = {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"}
    return Push.of(card.install_url, "ONAPPINSTALL", {"data": data, "ts": int(now.timestamp()), "auth": auth})


def event_push(access: Access, binding: Binding, event: str, data: dict[str, Any], origin: str, now: datetime) -> Push:
    """An event on its way to the handler that was bound; only the offline notice carries a refresh token."""
    auth = call_auth(access, origin, now) | {"expires_in": TOKEN_LIFETIME_S, "user_id": binding.user or USER_ID}
    pair = dict(zip(("access_token", "refresh_token"), access.issue(now), strict=True))
    if binding.event != OFFLINE_NOTICE:
        del pair["refresh_token"]
    told = {"event_handler_id": binding.number, "data": data, "ts": int(now.timestamp()), "auth": auth | pair}
    return Push.of(binding.handler, event, told)


def call_auth(access: Access, origin: str, now: datetime) -> dict[str, Any]:
    """What every call of the portal to the application says of itself under `auth`, tokens aside."""
    return {
        "scope": ",".join(access.scopes), "domain": urlsplit(origin).netloc, "server_endpoint": f"{origin}/rest/",
        "status": "L", "client_endpoint": f"{origin}/rest/", "member_id": access.member_id,
        "application_token": access.application_token,
    }  # fmt: skip


def _check_client(access: Access, parameters: Parameters) -> None:
    if not text_of(parameters.get("client_id")) or not text_of(parameters.get("grant_type")):
        raise PortalError("invalid_request", "client_id and grant_type are required")
    known = is_same(text_of(parameters.get("client_id")), access.client_id)
    if not known or not access.is_installed:
        raise PortalError("invalid_client", "Invalid client", 401)
    if not is_same(text_of(parameters.get("client_secret")), access.client_secret):
        raise PortalError("invalid_client", "Invalid client", 401)


def _refuse(error: PortalError) -> Answer:
    """The authorisation server's own error envelope: the words of OAuth, without the portal's two profiles."""
    return json_answer(error.http, {"error": error.code, "error_description": error.text})
