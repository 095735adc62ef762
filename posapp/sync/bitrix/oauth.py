"""OAuth of Bitrix: how a local application is let in, and what the authorisation server answers (reference: 1.2).

    browser  → {portal}/oauth/authorize/?client_id=…&state=…        a person says yes
             ← to the address in the application's card, with code, state, member_id …    (the code lives 30 s)
    exchange → token server, grant_type=authorization_code           ← a `Pair`
    renewal  → token server, grant_type=refresh_token                ← a new `Pair`; the old refresh token is used up

The access token lives an hour, the refresh token 180 days or until it is used. Both exchanges are POSTs with a form:
secrets travel in the body, never in an address. An application without pages ("API only") is told its first pair by a
form POST instead, `event=ONAPPINSTALL`; see `callback.py` for both ways in and `renewal.py` for keeping the pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from posapp.errors import Offline, Rejected, SetupError, SyncError, UsageError
from posapp.http import NoAnswer, Response, SecretUrl
from posapp.sync.bitrix.answers import ACCESS_CODES, error_of
from posapp.sync.bitrix.parsing import as_int, as_object, as_text
from posapp.vault import Secret

CENTRAL = "https://oauth.bitrix.info/oauth/token/"
TOKEN_SERVERS = ("oauth.bitrix.info", "oauth.bitrix24.tech")
"""Hosts of Bitrix that may be told the application's secret when a redirect names one of them."""
TIMEOUT_S = 30.0  # a renewal that is given up half-way may have cost the old token: be patient
TOKEN_MAX, URL_MAX = 500, 300  # characters
EVENT = "ONAPPINSTALL"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

PostForm = Callable[[SecretUrl, Mapping[str, str], float], Response]
"""How a form goes out: address, fields, seconds. Raises NoAnswer."""


@dataclass(frozen=True, slots=True)
class Application:
    """The local application as its card in Bitrix shows it, and the server that gives its tokens."""

    client_id: str
    client_secret: Secret
    token_url: str = CENTRAL


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """What an application calls a portal with. Its `repr` shows no token.

    `member_id` is the portal's own id, which outlives its address; `endpoint` is where that portal answers now
    (`https://portal/rest/`). `renewing`: when a renewal with this pair was begun whose end is not known (ISO), "" for
    none: after a crash it tells why the refresh token is no good any more. `expires`: until when the access token is
    good (unix time), 0 when nobody said.
    """

    access_token: str
    refresh_token: str
    member_id: str
    endpoint: str
    renewing: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return f"Pair({self.host or '?'})"

    @property
    def host(self) -> str:
        """Host (and port) of the portal."""
        return SecretUrl(self.endpoint).host

    def as_secret(self) -> Secret:
        """As the vault keeps it: one entry, so that no half of it is ever kept."""
        return Secret(json.dumps(asdict(self), separators=(",", ":")))

    @classmethod
    def of_secret(cls, secret: Secret) -> Pair | None:
        """The reverse; None for what is no pair."""
        try:
            body = json.loads(secret.reveal())
            pair = cls(**body)
        except (ValueError, TypeError, RecursionError):
            return None
        texts = (pair.access_token, pair.refresh_token, pair.member_id, pair.endpoint, pair.renewing)
        is_pair = all(isinstance(each, str) for each in texts) and isinstance(pair.expires, int)
        return pair if is_pair and pair.access_token else None

    @classmethod
    def of_answer(cls, body: Mapping[str, Any], former: Pair | None = None) -> Pair | None:
        """From the token server's JSON; None when a token or a usable endpoint is missing.

        What a renewal does not say stays as it was in the `former` pair: it is worth more than a whole answer, because
        it cannot be had again.
        """
        access, refresh = (_token(body.get(name)) for name in ("access_token", "refresh_token"))
        member_id, endpoint = as_text(body.get("member_id")), as_text(body.get("client_endpoint"))
        if not re.fullmatch(r"[!-~]{1,64}", member_id):
            member_id = former.member_id if former else ""
        if not is_safe(endpoint):
            endpoint = former.endpoint if former else ""
        refresh = refresh or (former.refresh_token if former else "")
        if not (access and refresh and endpoint):
            return None
        return cls(access, refresh, member_id, endpoint.rstrip("/") + "/", expires=as_int(body.get("expires")) or 0)


class TokenServer:
    """The authorisation server for one application.

    Args:
        application: who asks.
        post: how a form goes out.
    """

    def __init__(self, application: Application, post: PostForm) -> None:
        self._application = application
        self._post = post

    def exchange(self, code: str) -> Pair:
        """The first pair, for the code that the browser brought within 30 seconds. Raises as `renew`."""
        return self._ask({"grant_type": "authorization_code", "code": code}, None)

    def renew(self, refresh_token: str, former: Pair | None = None) -> Pair:
        """A new pair for a refresh token, which is used up by that; `former` is the pair that it was of.

        Raises:
            NoAnswer: `sent` True when the server may have renewed although we know no answer of it.
            Rejected: `oauth_grant`, `oauth_client`, `portal_unpaid` and other refusals by Bitrix's code.
        """
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token}, former)

    def _ask(self, fields: Mapping[str, str], former: Pair | None) -> Pair:
        who = {"client_id": self._application.client_id, "client_secret": self._application.client_secret.reveal()}
        response = self._post(SecretUrl(self._application.token_url), {**fields, **who}, TIMEOUT_S)
        try:
            body = as_object(response.json())
        except (ValueError, RecursionError):
            body = {}
        if "error" in body:
            raise refusal_of(as_text(body["error"]), body.get("error_description"))
        pair = Pair.of_answer(body, former)
        if pair is None:
            raise NoAnswer(f"сервер авторизации ответил не ключом, HTTP {response.status}", sent=True)
        return pair


def _token(value: object) -> str:
    """A token as text, "" for what is none."""
    text = as_text(value)
    return text if re.fullmatch(rf"[!-~]{{1,{TOKEN_MAX}}}", text) else ""


def refusal_of(code: str, description: object) -> SyncError:
    """Our error for a refusal of the authorisation server, by its code."""
    found = error_of(code, description)
    if isinstance(found, Offline) or code.upper() in ACCESS_CODES:
        return found
    return Rejected("oauth_client", error=code)  # invalid_request, unauthorized_client …: what we said of ourselves


# ---------------------------------------------------------------------------------------------- addresses
def portal_url(text: str) -> str:
    """The address of a portal as typed: `my.bitrix24.ru`, `https://my.bitrix24.ru/`. Plain http only on this machine.

    Raises UsageError.
    """
    typed = text.strip()
    url = (typed if "://" in typed else f"{_scheme_of(typed)}://{typed}").rstrip("/")
    parts = _split(url)
    if (
        parts is None
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.username
        or not is_safe(url)
    ):
        raise UsageError("usage", what=f"--oauth {SecretUrl(url).host or '?'}: ждём адрес портала вида https://портал")
    return url


def _scheme_of(host: str) -> str:
    """How an address without a scheme is meant: a portal on this machine is the practice one."""
    parts = _split(f"//{host}")
    return "http" if parts is not None and parts.hostname in _LOOPBACK else "https"


def is_safe(url: str) -> bool:
    """Whether an access token may go there: https, or plain http to this very machine (the practice portal)."""
    parts = _split(url)
    if parts is None or not parts.hostname or len(url) > URL_MAX:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def token_url_of(portal: str, server_domain: str = "") -> str:
    """Which server gives tokens: the one that the portal named, if it is one of Bitrix's own; a practice portal itself.

    Args:
        portal: from `portal_url`.
        server_domain: as the redirect told it; "" when it told none.
    """
    parts = _split(portal)
    if parts is not None and parts.hostname in _LOOPBACK:
        return f"{portal}/oauth/token/"
    return f"https://{server_domain}/oauth/token/" if server_domain in TOKEN_SERVERS else CENTRAL


def authorize_url(portal: str, client_id: str, state: str) -> str:
    """The page on which a person lets the application in. Bitrix takes the way back from the application's card."""
    return f"{portal}/oauth/authorize/?{urlencode({'client_id': client_id, 'state': state})}"


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


# ---------------------------------------------------------------------------------------------- ONAPPINSTALL
@dataclass(frozen=True, slots=True, repr=False)
class Installed:
    """What the portal told of a finished installation. Nothing of it is believed before a renewal has proven it."""

    refresh_token: str
    member_id: str
    host: str
    application_token: Secret


def read_install(body: bytes) -> Installed | None:
    """The form of `ONAPPINSTALL` (`auth[refresh_token]=…`); None for anything else."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None
    form = dict(pairs)
    token, told = form.get("auth[refresh_token]", ""), form.get("auth[application_token]", "")
    if form.get("event", "").upper() != EVENT or not all(re.fullmatch(r"[!-~]{1,300}", each) for each in (token, told)):
        return None
    endpoint = form.get("auth[client_endpoint]", "")
    return Installed(token, form.get("auth[member_id]", "")[:64], SecretUrl(endpoint).host, Secret(told))


def check_host(found: str, portal: str, card: str) -> None:
    """Raises SetupError `oauth_unanswered` when tokens are of another portal than the one that was asked for.

    Args:
        found: host (and port) of the endpoint that the authorisation server names.
        portal: from `portal_url`.
        card: the address that the application's card should name, for the words.
    """
    asked = SecretUrl(portal).host
    if found != asked:
        why = f"Битрикс называет портал {found}, а подключали {asked}"
        raise SetupError("oauth_unanswered", why=why, address=card)
