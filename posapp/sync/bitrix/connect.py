"""The access to the portal that is set up: the environment's webhook first, then the application, then the vault's.

One place joins settings, vault and http for it, so that whoever needs a client asks here and holds no key of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from posapp import vault
from posapp.errors import SetupError
from posapp.http import HttpClient, Response, SecretUrl
from posapp.settings import OAuthSettings, Settings
from posapp.sync.bitrix import renewal
from posapp.sync.bitrix.auth import PortalAccess, WebhookAccess
from posapp.sync.bitrix.oauth import Application, Pair, TokenServer
from posapp.sync.bitrix.renewal import ApplicationAccess

CONNECT_S = 5.0  # a cashier may wait behind a renewal; what has not connected has lost nothing


@dataclass(frozen=True, slots=True)
class Clock:
    """What an access needs of time; the composition root gives it."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def alone(folder: Path, clock: Clock) -> AbstractContextManager[None]:
    """Inside the block nobody else of this data directory changes the pair; a directory that is not there has nobody.

    Raises NoAnswer, Rejected `oauth_unkept`.
    """
    return renewal.alone(folder, clock.monotonic, clock.sleep) if folder.exists() else nullcontext()


class VaultPairs:
    """The `PairStore` of a data directory in the system's vault."""

    def __init__(self, identity: str) -> None:
        self._identity = identity

    def load(self) -> Pair | None:
        """The pair as the vault holds it now; None for none or for one that cannot be read."""
        found = vault.tokens(self._identity)
        return None if found is None else Pair.of_secret(found)

    def save(self, pair: Pair) -> bool:
        """Whether it is kept and reads back."""
        return vault.keep_tokens(self._identity, pair.as_secret())


def access_of(settings: Settings, folder: Path, clock: Clock) -> PortalAccess:
    """How this till calls its portal. Raises SetupError `secret_missing`, `vault_missing`, `other_portal`."""
    given = vault.given_webhook()
    if given is not None:
        return WebhookAccess(given.reveal())
    if settings.oauth is not None:
        return application_access(settings.identity, settings.oauth, folder, clock)
    return WebhookAccess(vault.webhook(settings.identity).reveal())


def application_access(identity: str, oauth: OAuthSettings, folder: Path, clock: Clock) -> ApplicationAccess:
    """The access of the application that is set up, with the pair in the vault. Raises SetupError."""
    secret = vault.client_secret(identity)
    if secret is None:
        raise SetupError("secret_missing")
    server = TokenServer(Application(oauth.client_id, secret, oauth.token_url), post_form)
    return ApplicationAccess(
        oauth.endpoint,
        oauth.member_id,
        server,
        VaultPairs(identity),
        folder,
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )


def post_form(url: SecretUrl, fields: Mapping[str, str], timeout_s: float) -> Response:
    """A form on a connection of its own: renewals are rare, and threads share no connection. Raises NoAnswer."""
    http = HttpClient(connect_timeout_s=CONNECT_S)
    try:
        return http.post_form(url, fields, timeout_s)
    finally:
        http.close()
