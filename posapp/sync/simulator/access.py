"""Who calls: the inbound webhook's secret in the path, or an OAuth token that lives an hour and is refreshed.

Everything is derived from a seed, so a portal started again with the same seed is the same portal.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.parameters import Parameters, text_of

USER_ID = 1
TOKEN_LIFETIME_S = 3600
ALL_SCOPES = ("sale", "pay_system", "catalog", "crm", "cashbox")


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: `name` keys the operating time, `kind` is `webhook` or `oauth`."""

    name: str
    kind: str


@dataclass
class Access:
    """Secrets, tokens and granted scopes of one portal."""

    seed: int
    scopes: tuple[str, ...] = ALL_SCOPES
    _expiry: dict[str, float] = field(default_factory=dict)
    _refresh: str = ""
    _issued: int = 0

    @property
    def webhook_secret(self) -> str:
        """The secret part of the inbound webhook's address."""
        return self._derive("webhook", 0)[:16]

    @property
    def poll_hash(self) -> str:
        """The 32 hex digits of the offline cashbox's poll link."""
        return self._derive("poll", 0)[:32]

    @property
    def client_id(self) -> str:
        """`client_id` of the local application."""
        return f"local.{self._derive('client', 0)[:14]}.{self.seed + 10**7}"

    @property
    def client_secret(self) -> str:
        """`client_secret` of the local application."""
        return self._derive("client-secret", 0)[:50]

    def issue(self, now: datetime) -> tuple[str, str]:
        """A new pair of access and refresh token; the refresh token before it stops working."""
        self._issued += 1
        token = self._derive("access", self._issued)
        self._refresh = self._derive("refresh", self._issued)
        self._expiry = {key: end for key, end in self._expiry.items() if end > now.timestamp() - 86_400}
        self._expiry[token] = now.timestamp() + TOKEN_LIFETIME_S
        return token, self._refresh

    def expire_tokens(self) -> None:
        """Make every access token too old; refreshing still works."""
        self._expiry = dict.fromkeys(self._expiry, 0.0)

    def by_webhook(self, user: str, secret: str) -> Caller:
        """The caller of `/rest/{user}/{secret}/…`."""
        if user != str(USER_ID) or not _is_same(secret, self.webhook_secret):
            raise PortalError("INVALID_CREDENTIALS", "Invalid request credentials", 401)
        return Caller("webhook", "webhook")

    def by_token(self, token: str, now: datetime) -> Caller:
        """The caller that shows an access token."""
        if not token:
            raise PortalError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if token not in self._expiry:
            raise PortalError("invalid_token", "Unable to get application by token", 401)
        if self._expiry[token] <= now.timestamp():
            raise PortalError("expired_token", "The access token provided has expired.", 401)
        return Caller(self.client_id, "oauth")

    def check_scope(self, scope: str) -> None:
        """Refuse a method whose scope was not granted; an empty scope is open to all."""
        if scope and scope not in self.scopes:
            raise PortalError(
                "insufficient_scope", "The request requires higher privileges than provided by the webhook token", 401
            )

    def refresh(self, parameters: Parameters, endpoint: str, now: datetime) -> dict[str, Any]:
        """`/oauth/token/` with `grant_type=refresh_token`; the rotation is final, as at the real server."""
        if parameters.get("grant_type") != "refresh_token":
            raise PortalError("invalid_request", "Only grant_type=refresh_token is served here")
        known = _is_same(text_of(parameters.get("client_id")), self.client_id)
        if not known or not _is_same(text_of(parameters.get("client_secret")), self.client_secret):
            raise PortalError("invalid_client", "Wrong client", 401)
        if not self._refresh or not _is_same(text_of(parameters.get("refresh_token")), self._refresh):
            raise PortalError("invalid_grant", "Wrong refresh token")
        token, refresh_token = self.issue(now)
        return {
            "access_token": token, "refresh_token": refresh_token, "expires_in": TOKEN_LIFETIME_S,
            "expires": int(now.timestamp()) + TOKEN_LIFETIME_S, "client_endpoint": endpoint,
            "server_endpoint": endpoint, "domain": "oauth.bitrix.info", "member_id": self._derive("member", 0)[:32],
            "scope": ",".join(self.scopes), "status": "L", "user_id": USER_ID,
        }  # fmt: skip

    def _derive(self, purpose: str, number: int) -> str:
        return hashlib.sha256(f"posapp practice portal {self.seed} {purpose} {number}".encode()).hexdigest()


def _is_same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())
